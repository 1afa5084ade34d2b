//! Column by column, where values come from in the JSON form; of lines there are no pointers.

use crate::Origin;

const fn from(column: &'static str, pointers: &'static [&'static str]) -> Origin {
    Origin { column, pointers }
}

pub(super) const ORIGINS: &[Origin] = &[
    from("time", &["/syslog/audit_record/IsoTimestamp", "/syslog/audit_record/Timestamp"]),
    from("time_raw", &["/syslog/audit_record/IsoTimestamp", "/syslog/audit_record/Timestamp"]),
    from("class_uid", &["/syslog/audit_record/Action", "/syslog/audit_record/Message"]),
    from("access", &["/syslog/audit_record/Action", "/syslog/audit_record/Message"]),
    from("api_operation", &["/syslog/audit_record/Action", "/syslog/audit_record/Message"]),
    from("status_id", &["/syslog/audit_record/Action", "/syslog/audit_record/Severity"]),
    from("status_code", &["/syslog/audit_record/MessageID"]),
    from("error_message", &["/syslog/audit_record/Reason", "/syslog/audit_record/Message"]),
    from("authority", &["/syslog/audit_record/Hostname"]),
    from("actor_principal", &["/syslog/audit_record/Issuer", "/syslog/audit_record/SourceUser"]),
    from("actor_name", &["/syslog/audit_record/Issuer", "/syslog/audit_record/SourceUser"]),
    from("actor_kind", &["/syslog/audit_record/Issuer"]),
    from("is_human", &["/syslog/audit_record/Issuer"]),
    from("credential_changes", &["/syslog/audit_record/Safe", "/syslog/audit_record/File"]),
    from(
        "grants",
        &["/syslog/audit_record/RequestId", "/syslog/audit_record/Action", "/syslog/audit_record/TargetUser"],
    ),
    from("grant_refs", &["/syslog/audit_record/RequestId", "/syslog/audit_record/Safe"]),
    from(
        "resources",
        &[
            "/syslog/audit_record/File",
            "/syslog/audit_record/Safe",
            "/syslog/audit_record/TargetUser",
            "/syslog/audit_record/CAProperties/CAProperty/*/Value",
            "/syslog/audit_record/Hostname",
        ],
    ),
    from("secret_access_path", &["/syslog/audit_record/Safe", "/syslog/audit_record/File"]),
    from("src_ip", &["/syslog/audit_record/Station", "/syslog/audit_record/GatewayStation"]),
    from("src_host", &["/syslog/audit_record/Station"]),
    from("dst_host", &["/syslog/audit_record/CAProperties/CAProperty/*/Value"]),
    from("purpose_reason", &["/syslog/audit_record/Reason"]),
    from("purpose_ticket", &["/syslog/audit_record/TicketId"]),
];
