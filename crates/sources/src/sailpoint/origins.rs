//! Column by column, where values come from.

use crate::Origin;

const fn from(column: &'static str, pointers: &'static [&'static str]) -> Origin {
    Origin { column, pointers }
}

pub(super) const ORIGINS: &[Origin] = &[
    from("source_event_id", &["/id"]),
    from("time", &["/created"]),
    from("time_raw", &["/created"]),
    from("class_uid", &["/type", "/operation", "/technicalName"]),
    from("access", &["/type", "/operation", "/technicalName"]),
    from("api_operation", &["/technicalName", "/action"]),
    from("api_service", &["/stack"]),
    from("api_request_id", &["/trackingNumber"]),
    from("correlation_ids", &["/trackingNumber", "/attributes/accessRequestId", "/attributes/requestId"]),
    from("status_id", &["/status"]),
    from("status_code", &["/status"]),
    from("error_message", &["/attributes/errors"]),
    from("authority", &["/org"]),
    from("tenant", &["/org"]),
    from("actor_principal", &["/actor/name"]),
    from("actor_name", &["/actor/name"]),
    from("actor_kind", &["/actor/name", "/type"]),
    from("is_human", &["/actor/name", "/type"]),
    from("credential_native_id", &["/attributes/clientId"]),
    from("grants", &["/type", "/operation", "/attributes/accessRequestId", "/attributes/requestId", "/target/name"]),
    from("grant_refs", &["/attributes/accessRequestId", "/attributes/requestId"]),
    from(
        "resources",
        &["/target/name", "/attributes/accountName", "/attributes/sourceName", "/attributes/roleName", "/type"],
    ),
    from("purpose_reason", &["/attributes/comment"]),
    from("src_ip", &["/ipAddress"]),
];
