//! Column by column, where values come from.

use crate::Origin;

const fn from(column: &'static str, pointers: &'static [&'static str]) -> Origin {
    Origin { column, pointers }
}

const WHO: &[&str] = &[
    "/user/uuid",
    "/target_user/uuid",
    "/actor_uuid",
    "/user/email",
    "/target_user/email",
    "/actor_details/email",
    "/user/name",
];

pub(super) const ORIGINS: &[Origin] = &[
    from("source_event_id", &["/uuid"]),
    from("time", &["/timestamp"]),
    from("time_raw", &["/timestamp"]),
    from("class_uid", &["/action", "/category", "/object_type"]),
    from("activity_id", &["/action", "/category", "/object_type"]),
    from("access", &["/action", "/category", "/object_type"]),
    from("api_operation", &["/action", "/object_type", "/category"]),
    from("status_id", &["/category"]),
    from("status_code", &["/category"]),
    from("error_code", &["/type"]),
    from("error_message", &["/category"]),
    from("decision_effect", &["/category"]),
    from("decision_rule", &["/type"]),
    from("decision_reason", &["/details/value"]),
    from("authority", &["/account_uuid"]),
    from("tenant", &["/account_uuid"]),
    from("actor_principal", WHO),
    from("actor_name", WHO),
    from("actor_kind", &["/user/email", "/target_user/email", "/actor_details/email", "/client/app_name"]),
    from("is_human", &["/user/email", "/target_user/email", "/actor_details/email", "/client/app_name"]),
    from("aliases", WHO),
    from("session_uri", &["/session_uuid", "/session/uuid"]),
    from("correlation_ids", &["/session_uuid", "/session/uuid"]),
    from("issued_credential_native_id", &["/object_uuid"]),
    from("credential_changes", &["/action", "/object_uuid"]),
    from("grants", &["/object_type", "/action", "/object_uuid", "/aux_uuid", "/aux_info"]),
    from("grant_refs", &["/object_type", "/object_uuid", "/aux_uuid"]),
    from("authn_method", &["/type"]),
    from("authn_mfa", &["/type"]),
    from("secret_access_path", &["/vault_uuid", "/item_uuid"]),
    from("secret_access_version", &["/used_version"]),
    from("resources", &["/item_uuid", "/vault_uuid", "/object_uuid", "/aux_uuid", "/account_uuid"]),
    from("src_ip", &["/client/ip_address", "/session/ip"]),
    from("src_country", &["/location/country", "/country"]),
    from("client_app", &["/client/app_name", "/client/app_version"]),
    from("device_id", &["/session/device_uuid"]),
    from("device_name", &["/client/platform_name"]),
    from("device_os", &["/client/os_name", "/client/os_version"]),
];
