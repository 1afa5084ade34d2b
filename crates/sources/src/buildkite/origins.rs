//! Column by column, where values come from: the REST form, GraphQL's, and the parts of EventBridge.

use crate::Origin;

const fn from(column: &'static str, pointers: &'static [&'static str]) -> Origin {
    Origin { column, pointers }
}

pub(super) const ORIGINS: &[Origin] = &[
    from("source_event_id", &["/uuid", "/event/uuid"]),
    from("time", &["/occurred_at", "/occurredAt", "/event/occurred_at"]),
    from("time_raw", &["/occurred_at", "/occurredAt", "/event/occurred_at"]),
    from("class_uid", &["/type", "/event/type"]),
    from("access", &["/type", "/event/type"]),
    from("api_operation", &["/type", "/event/type"]),
    from("api_request_id", &["/context/request_id", "/event/context"]),
    from("correlation_ids", &["/context/request_id", "/event/context"]),
    from("status_id", &["/type", "/event/type"]),
    from("tenant", &["/organization/slug", "/url"]),
    from("actor_principal", &["/actor/uuid"]),
    from("actor_name", &["/actor/name", "/actor/uuid"]),
    from("actor_kind", &["/actor/type", "/actor/__typename", "/context/type", "/context/__typename"]),
    from("is_human", &["/actor/type", "/context/type", "/context/request_api_access_token_uuid", "/event/context"]),
    from(
        "credential_native_id",
        &["/context/request_api_access_token_uuid", "/context/requestApiAccessTokenUuid", "/event/context"],
    ),
    from("issued_credential_native_id", &["/subject/uuid", "/event/subject_uuid"]),
    from("credential_changes", &["/subject/uuid", "/event/subject_uuid"]),
    from(
        "resources",
        &["/subject/name", "/subject/uuid", "/event/subject_name", "/event/subject_uuid", "/organization/slug"],
    ),
    from("secret_access_path", &["/subject/name", "/event/subject_name"]),
    from("src_ip", &["/context/request_ip", "/context/requestIpAddress", "/event/context"]),
    from("user_agent", &["/context/request_user_agent", "/context/requestUserAgent", "/event/context"]),
];
