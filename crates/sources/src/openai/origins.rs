//! Column by column, where values come from. Details stand under the name of the event's type, with dots or with
//! underscores: `*` cannot say that, so the types that matter are named.

use crate::Origin;

const fn from(column: &'static str, pointers: &'static [&'static str]) -> Origin {
    Origin { column, pointers }
}

pub(super) const ORIGINS: &[Origin] = &[
    from("source_event_id", &["/id"]),
    from("time", &["/effective_at"]),
    from("time_raw", &["/effective_at"]),
    from("class_uid", &["/type"]),
    from("access", &["/type"]),
    from("api_operation", &["/type"]),
    from("status_id", &["/type"]),
    from("error_code", &["/login.failed/error_code", "/login_failed/error_code", "/logout.failed/error_code"]),
    from(
        "error_message",
        &["/login.failed/error_message", "/login_failed/error_message", "/logout.failed/error_message"],
    ),
    from("actor_principal", &["/actor/session/user/id", "/actor/api_key/service_account/id", "/actor/api_key/user/id"]),
    from(
        "actor_name",
        &[
            "/actor/session/user/email",
            "/actor/api_key/user/email",
            "/actor/api_key/service_account/id",
            "/actor/api_key/user/id",
            "/actor/session/user/id",
        ],
    ),
    from("actor_kind", &["/actor/type", "/actor/api_key/type"]),
    from("is_human", &["/actor/type", "/actor/api_key/type"]),
    from("credential_native_id", &["/actor/api_key/id"]),
    from("issued_credential_native_id", &["/api_key.created/id", "/api_key_created/id"]),
    from("issued_credential_scopes", &["/api_key.created/data/scopes", "/api_key_created/data/scopes"]),
    from("credential_changes", &["/api_key.deleted/id", "/api_key_deleted/id"]),
    from("grants", &["/role.assignment.created", "/role_assignment_created", "/role.assignment.deleted"]),
    from("grant_refs", &["/role.assignment.created/id", "/role_assignment_created/id", "/role.assignment.deleted/id"]),
    from("changes", &["/organization.updated/changes_requested", "/api_key.updated/changes_requested"]),
    from("resources", &["/api_key.created/id", "/project/id", "/project/name"]),
    from("src_ip", &["/actor/session/ip_address"]),
    from("src_country", &["/actor/session/ip_address_details/country"]),
    from("src_network", &["/actor/session/ip_address_details/asn"]),
    from("user_agent", &["/actor/session/user_agent"]),
];
