//! Column by column, where values come from: in the envelope, and without it.

use crate::{Origin, origin};

pub(super) static ORIGINS: &[Origin] = &[
    origin("source_event_id", &["/id", "/data/id"]),
    origin("time", &["/data/timestamp", "/data/start", "/time", "/timestamp", "/start"]),
    origin("time_raw", &["/data/timestamp", "/data/start", "/time", "/timestamp", "/start"]),
    origin(
        "class_uid",
        &[
            "/data/request_info/method",
            "/data/request_info/path",
            "/type",
            "/request_info/method",
            "/request_info/path",
        ],
    ),
    origin(
        "activity_id",
        &["/data/request_info/method", "/data/request_info/path", "/request_info/method", "/request_info/path"],
    ),
    origin(
        "access",
        &["/data/request_info/method", "/data/request_info/path", "/request_info/method", "/request_info/path"],
    ),
    origin(
        "status_id",
        &["/data/response/status_code", "/data/status", "/data/error", "/response/status_code", "/status", "/error"],
    ),
    origin("status_code", &["/data/response/status_code", "/data/status", "/response/status_code", "/status"]),
    origin(
        "error_code",
        &[
            "/data/error_fields/Code",
            "/data/response/status_code",
            "/data/status",
            "/error_fields/Code",
            "/response/status_code",
            "/status",
        ],
    ),
    origin("error_message", &["/data/error", "/data/response/details/message", "/error", "/response/details/message"]),
    origin(
        "tenant",
        &[
            "/data/response/details/item/scope/id",
            "/data/response/details/item/scope_id",
            "/response/details/item/scope/id",
            "/response/details/item/scope_id",
        ],
    ),
    origin(
        "actor_principal",
        &[
            "/data/auth/user_info/id",
            "/data/response/details/item/attributes/user_id",
            "/data/response/details/attributes/user_id",
            "/data/request/details/worker_id",
            "/source",
            "/data/request_info/client_ip",
            "/auth/user_info/id",
            "/response/details/item/attributes/user_id",
            "/response/details/attributes/user_id",
            "/request/details/worker_id",
            "/request_info/client_ip",
        ],
    ),
    origin(
        "actor_name",
        &[
            "/data/auth/user_email",
            "/data/auth/user_name",
            "/data/auth/user_info/id",
            "/data/response/details/item/attributes/user_id",
            "/data/response/details/attributes/user_id",
            "/data/request/details/worker_id",
            "/source",
            "/auth/user_email",
            "/auth/user_name",
            "/auth/user_info/id",
            "/response/details/item/attributes/user_id",
            "/response/details/attributes/user_id",
            "/request/details/worker_id",
        ],
    ),
    origin(
        "credential_native_id",
        &["/data/auth/auth_token_id", "/data/request_info/public_id", "/auth/auth_token_id", "/request_info/public_id"],
    ),
    origin(
        "issued_credential_native_id",
        &[
            "/data/response/details/item/attributes/id",
            "/data/response/details/item/id",
            "/data/response/details/attributes/id",
            "/data/response/details/item/session_id",
            "/response/details/item/attributes/id",
            "/response/details/item/id",
            "/response/details/attributes/id",
            "/response/details/item/session_id",
        ],
    ),
    origin(
        "issued_credential_not_after",
        &[
            "/data/response/details/item/expiration",
            "/data/response/details/item/expiration_time",
            "/data/response/details/item/attributes/expiration_time",
            "/response/details/item/expiration",
            "/response/details/item/expiration_time",
            "/response/details/item/attributes/expiration_time",
        ],
    ),
    origin("credential_changes", &["/data/request_info/path", "/request_info/path"]),
    origin(
        "session_uri",
        &[
            "/data/response/details/item/session_id",
            "/data/request/details/session_id",
            "/data/request_info/path",
            "/response/details/item/session_id",
            "/request/details/session_id",
            "/request_info/path",
        ],
    ),
    origin(
        "grants",
        &[
            "/data/response/details/item/session_id",
            "/data/request/details/session_id",
            "/data/request_info/path",
            "/response/details/item/session_id",
            "/request/details/session_id",
            "/request_info/path",
        ],
    ),
    origin(
        "grant_refs",
        &[
            "/data/response/details/item/session_id",
            "/data/request/details/session_id",
            "/response/details/item/session_id",
            "/request/details/session_id",
        ],
    ),
    origin("decision_policies", &["/data/auth/grants_info/grants/*/role_id", "/auth/grants_info/grants/*/role_id"]),
    origin("decision_reason", &["/data/response/details/message", "/response/details/message"]),
    origin("api_service", &["/type"]),
    origin(
        "api_operation",
        &[
            "/data/op",
            "/op",
            "/data/request_info/method",
            "/data/request_info/path",
            "/request_info/method",
            "/request_info/path",
        ],
    ),
    origin("api_request_id", &["/data/request_info/id", "/request_info/id"]),
    origin(
        "resources",
        &[
            "/data/request_info/path",
            "/data/response/details/item/host_id",
            "/data/request/details/connection_id",
            "/data/request/details/worker_id",
            "/request_info/path",
            "/response/details/item/host_id",
            "/request/details/connection_id",
            "/request/details/worker_id",
        ],
    ),
    origin(
        "secret_access_path",
        &[
            "/data/response/details/item/credentials/*/credential_source/name",
            "/response/details/item/credentials/*/credential_source/name",
        ],
    ),
    origin(
        "src_ip",
        &[
            "/data/request_info/client_ip",
            "/data/request/details/client_tcp_address",
            "/request_info/client_ip",
            "/request/details/client_tcp_address",
        ],
    ),
    origin("dst_ip", &["/data/request/details/endpoint_tcp_address", "/request/details/endpoint_tcp_address"]),
    origin("user_agent", &["/data/request_info/user_agent", "/request_info/user_agent"]),
    origin("duration_ms", &["/data/latency-ms", "/latency-ms"]),
    origin(
        "data_bytes_in",
        &["/data/request/details/close_request_data/*/bytes_up", "/request/details/close_request_data/*/bytes_up"],
    ),
    origin(
        "data_bytes_out",
        &["/data/request/details/close_request_data/*/bytes_down", "/request/details/close_request_data/*/bytes_down"],
    ),
    origin("workload_node", &["/source"]),
    origin(
        "correlation_ids",
        &["/data/request_info/id", "/data/correlation_id", "/data/id", "/request_info/id", "/correlation_id", "/id"],
    ),
];
