//! Column by column, where values come from. Fields of `details` may stand beside them, too.

use crate::Origin;

const fn from(column: &'static str, pointers: &'static [&'static str]) -> Origin {
    Origin { column, pointers }
}

pub(super) const ORIGINS: &[Origin] = &[
    from("source_event_id", &["/id"]),
    from("time", &["/created_at", "/time", "/approval/created_at", "/status_changed_at"]),
    from("time_raw", &["/created_at", "/time", "/approval/created_at", "/status_changed_at"]),
    from("class_uid", &["/event_type", "/event_name", "/details/event_name", "/details/custom_message/action"]),
    from("access", &["/event_type", "/event_name", "/details/event_name", "/details/custom_message/action"]),
    from(
        "api_operation",
        &[
            "/event_type",
            "/event_name",
            "/details/event_name",
            "/details/custom_message",
            "/details/add",
            "/details/change",
            "/status",
        ],
    ),
    from("api_request_id", &["/correlation_id"]),
    from("correlation_ids", &["/correlation_id", "/deployable_id"]),
    from("status_id", &["/event_type", "/details/custom_message", "/status"]),
    from("status_code", &["/status"]),
    from("error_message", &["/details/reason", "/details/custom_message", "/custom_message"]),
    from("authority", &["/project/web_url"]),
    from("tenant", &["/entity_path", "/details/entity_path", "/project/path_with_namespace"]),
    from("actor_principal", &["/author_id", "/details/author_name", "/approver/id", "/user/id"]),
    from("actor_name", &["/details/author_name", "/author_name", "/author_id", "/approver/username", "/user/username"]),
    from("actor_kind", &["/details/author_class", "/author_id", "/details/author_name"]),
    from("is_human", &["/details/author_class", "/author_id", "/details/author_name", "/details/with"]),
    from("initiator_principal", &["/details/impersonated_by"]),
    from("chain", &["/details/impersonated_by", "/author_id"]),
    from("credential_native_id", &["/details/author_name", "/author_name"]),
    from(
        "issued_credential_native_id",
        &["/details/target_id", "/target_id", "/details/custom_message", "/custom_message"],
    ),
    from("credential_changes", &["/details/target_id", "/details/custom_message"]),
    from(
        "grants",
        &[
            "/event_type",
            "/details/target_id",
            "/details/as",
            "/details/expiry_to",
            "/status",
            "/deployment_id",
            "/environment",
            "/user/id",
            "/approver/id",
            "/approval/comment",
        ],
    ),
    from("grant_refs", &["/details/target_id", "/deployment_id"]),
    from("authn_method", &["/details/with", "/details/failed_login", "/with", "/failed_login"]),
    from("authn_protocol", &["/details/custom_message/protocol"]),
    from("changes", &["/details/change", "/details/from", "/details/to", "/change", "/from", "/to"]),
    from(
        "resources",
        &[
            "/details/target_details",
            "/target_details",
            "/details/target_id",
            "/details/entity_path",
            "/entity_path",
            "/entity_id",
            "/environment",
            "/project/path_with_namespace",
        ],
    ),
    from("secret_access_path", &["/details/target_details"]),
    from("session_uri", &["/deployable_id"]),
    from("src_ip", &["/ip_address", "/details/ip_address"]),
    from("workload_uid", &["/deployable_id"]),
    from("workload_namespace", &["/project/path_with_namespace"]),
    from("purpose_job", &["/ref"]),
];
