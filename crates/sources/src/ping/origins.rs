//! Column by column, where values come from.

use crate::Origin;

const fn from(column: &'static str, pointers: &'static [&'static str]) -> Origin {
    Origin { column, pointers }
}

pub(super) const ORIGINS: &[Origin] = &[
    from("source_event_id", &["/id"]),
    from("time", &["/recordedAt", "/createdAt"]),
    from("time_raw", &["/recordedAt", "/createdAt"]),
    from("class_uid", &["/action/type"]),
    from("access", &["/action/type"]),
    from("api_operation", &["/action/type"]),
    from("api_request_id", &["/correlationId"]),
    from("correlation_ids", &["/correlationId", "/internalCorrelation/transactionId"]),
    from("status_id", &["/result/status"]),
    from("status_code", &["/result/status"]),
    from("error_message", &["/result/description"]),
    from("decision_effect", &["/action/type"]),
    from("decision_reason", &["/result/description"]),
    from("authority", &["/resources/*/environment/id", "/actors/user/environment/id", "/actors/client/environment/id"]),
    from("actor_principal", &["/actors/user/id", "/actors/client/id"]),
    from("actor_name", &["/actors/user/name", "/actors/user/id", "/actors/client/name", "/actors/client/id"]),
    from("actor_kind", &["/actors/user/id", "/actors/client/id", "/action/type"]),
    from("is_human", &["/actors/user/id", "/actors/client/id", "/action/type"]),
    from("grants", &["/action/type", "/resources/*/id"]),
    from("grant_refs", &["/resources/*/id"]),
    from("session_uri", &["/internalCorrelation/sessionId"]),
    from("secret_access_path", &["/resources/*/name", "/resources/*/id"]),
    from("resources", &["/resources/*/name", "/resources/*/id"]),
    from("client_app", &["/actors/client/name"]),
    from("src_ip", &["/source/ipAddress"]),
    from("user_agent", &["/source/userAgent"]),
];
