//! Where the columns come from: the parts of a line, written like pointers.

use crate::Origin;

const fn from(column: &'static str, pointers: &'static [&'static str]) -> Origin {
    Origin { column, pointers }
}

/// The preferred part first.
pub(super) const ORIGINS: &[Origin] = &[
    from("time", &["/date"]),
    from("time_raw", &["/date"]),
    from("class_uid", &["/operation"]),
    from("access", &["/operation"]),
    from("api_operation", &["/operation"]),
    from("api_service", &["/trail"]),
    from("status_id", &["/operation", "/status"]),
    from("status_code", &["/status"]),
    from("error_message", &["/details/reason"]),
    from("authority", &["/server"]),
    from("actor_principal", &["/operator", "/details/user"]),
    from("actor_name", &["/operator", "/details/user"]),
    from("actor_kind", &["/operator", "/operation"]),
    from("is_human", &["/operator", "/operation"]),
    from("credential_changes", &["/details/resource", "/details/account"]),
    from("grants", &["/operation", "/operator", "/details"]),
    from("grant_refs", &["/operator", "/details"]),
    from("decision_effect", &["/operation"]),
    from("decision_reason", &["/details/reason"]),
    from("resources", &["/details/resource", "/details/account", "/details/user", "/server"]),
    from("secret_access_path", &["/details/resource", "/details/account"]),
    from("src_ip", &["/from"]),
    from("src_host", &["/from"]),
    from("dst_host", &["/server"]),
    from("purpose_reason", &["/details/reason"]),
    from("purpose_ticket", &["/details/reason"]),
];
