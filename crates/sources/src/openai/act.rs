//! What the types of OpenAI's audit log mean.

use model::Access;

use crate::audit::{Act, by_verb};

pub(super) fn classify(kind: &str) -> Act {
    match kind {
        "login.succeeded" | "login.failed" => (3002, 1, Access::Authenticate),
        "logout.succeeded" | "logout.failed" => (3002, 2, Access::Authenticate),
        "api_key.created" => (3007, 18, Access::Issue),
        "api_key.updated" => (3007, 2, Access::Modify),
        "api_key.deleted" => (3007, 19, Access::Delete),
        "service_account.created" | "user.added" => (3007, 1, Access::Create),
        "service_account.updated" | "user.updated" => (3007, 2, Access::Grant),
        "service_account.deleted" | "user.deleted" => (3007, 3, Access::Delete),
        "role.assignment.created" => (3007, 16, Access::Grant),
        "role.assignment.deleted" => (3007, 17, Access::Grant),
        "role.created" => (3008, 1, Access::Create),
        "role.updated" => (3008, 2, Access::Grant),
        "role.deleted" => (3008, 3, Access::Delete),
        "group.created" => (3006, 6, Access::Create),
        "group.updated" => (3006, 9, Access::Modify),
        "group.deleted" => (3006, 5, Access::Delete),
        "invite.sent" | "invite.accepted" | "checkpoint.permission.created" => (6003, 1, Access::Grant),
        "checkpoint.permission.deleted" | "invite.deleted" => (6003, 4, Access::Grant),
        "organization.updated" => (3004, 3, Access::Modify),
        "scim.enabled" | "ip_allowlist.config.activated" | "certificates.activated" => (3004, 8, Access::Modify),
        "scim.disabled" | "ip_allowlist.config.deactivated" | "certificates.deactivated" => (3004, 9, Access::Modify),
        "ip_allowlist.created" | "certificate.created" => (3004, 1, Access::Create),
        "ip_allowlist.updated" | "certificate.updated" => (3004, 3, Access::Modify),
        "ip_allowlist.deleted" | "certificate.deleted" => (3004, 4, Access::Delete),
        _ => by_verb(kind.rsplit('.').next().unwrap_or_default()),
    }
}

/// Whether an event changes who may do what, or a setting of the whole organisation.
pub(super) fn is_privileged((class, _, access): Act) -> bool {
    matches!(access, Access::Issue | Access::Grant) || matches!(class, 1008 | 3004 | 3008)
}
