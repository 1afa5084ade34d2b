//! Column by column, where values come from. Fields of a line are named as the documentation of the plugin names them.

use crate::{Origin, origin};

pub(super) static ORIGINS: &[Origin] = &[
    origin("source_event_id", &["/id", "/timestamp", "/audit_record/record"]),
    origin("time", &["/timestamp", "/audit_record/timestamp"]),
    origin("time_raw", &["/timestamp", "/audit_record/timestamp"]),
    origin("authority", &["/serverhost"]),
    origin("class_uid", &["/class", "/event", "/operation", "/audit_record/name"]),
    origin(
        "activity_id",
        &["/class", "/event", "/operation", "/general_data/query", "/query_data/query", "/audit_record/sqltext"],
    ),
    origin(
        "access",
        &["/class", "/event", "/operation", "/general_data/query", "/query_data/query", "/audit_record/sqltext"],
    ),
    origin(
        "status_id",
        &["/connection_data/status", "/general_data/status", "/query_data/status", "/audit_record/status", "/retcode"],
    ),
    origin(
        "status_code",
        &["/connection_data/status", "/general_data/status", "/query_data/status", "/audit_record/status", "/retcode"],
    ),
    origin(
        "error_code",
        &["/connection_data/status", "/general_data/status", "/query_data/status", "/audit_record/status", "/retcode"],
    ),
    origin("actor_principal", &["/account/user", "/login/user", "/audit_record/user", "/username"]),
    origin("actor_name", &["/account/user", "/login/user", "/audit_record/user", "/username"]),
    origin("role", &["/account/user", "/account/host"]),
    origin("credential_native_id", &["/account/user", "/login/user", "/audit_record/user", "/username"]),
    origin(
        "issued_credential_native_id",
        &["/general_data/query", "/query_data/query", "/audit_record/sqltext", "/object"],
    ),
    origin("credential_changes", &["/general_data/query", "/query_data/query", "/audit_record/sqltext", "/object"]),
    origin("session_uri", &["/connection_id", "/audit_record/connection_id"]),
    origin(
        "api_operation",
        &["/event", "/class", "/general_data/query", "/query_data/query", "/audit_record/sqltext", "/operation"],
    ),
    origin(
        "resources",
        &[
            "/connection_data/db",
            "/table_access_data/db",
            "/table_access_data/table",
            "/audit_record/db",
            "/database",
            "/object",
        ],
    ),
    origin("src_ip", &["/login/ip", "/audit_record/ip", "/host"]),
    origin("src_host", &["/account/host", "/audit_record/host", "/host"]),
    origin("client_app", &["/connection_data/connection_attributes/program_name"]),
    origin("duration_ms", &["/query_statistics/query_time"]),
    origin("data_rows", &["/query_statistics/rows_sent"]),
    origin("workload_node", &["/serverhost"]),
];
