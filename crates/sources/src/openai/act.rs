//! What the types of OpenAI's audit log mean.

use model::Access;

use crate::fill::{Act, act, by_verb};

pub(super) fn classify(kind: &str) -> Act {
    match kind {
        "login.succeeded" | "login.failed" => act(3002, 1, Access::Authenticate),
        "logout.succeeded" | "logout.failed" => act(3002, 2, Access::Authenticate),
        "api_key.created" => act(3007, 18, Access::Issue),
        "api_key.updated" => act(3007, 2, Access::Modify),
        "api_key.deleted" => act(3007, 19, Access::Delete),
        "service_account.created" | "user.added" => act(3007, 1, Access::Create),
        "service_account.updated" | "user.updated" => act(3007, 2, Access::Grant),
        "service_account.deleted" | "user.deleted" => act(3007, 3, Access::Delete),
        "role.assignment.created" => act(3007, 16, Access::Grant),
        "role.assignment.deleted" => act(3007, 17, Access::Grant),
        "role.created" => act(3008, 1, Access::Create),
        "role.updated" => act(3008, 2, Access::Grant),
        "role.deleted" => act(3008, 3, Access::Delete),
        "group.created" => act(3006, 6, Access::Create),
        "group.updated" => act(3006, 9, Access::Modify),
        "group.deleted" => act(3006, 5, Access::Delete),
        "invite.sent" | "invite.accepted" | "checkpoint.permission.created" => act(6003, 1, Access::Grant),
        "checkpoint.permission.deleted" | "invite.deleted" => act(6003, 4, Access::Grant),
        "organization.updated" => act(3004, 3, Access::Modify),
        "scim.enabled" | "ip_allowlist.config.activated" | "certificates.activated" => act(3004, 8, Access::Modify),
        "scim.disabled" | "ip_allowlist.config.deactivated" | "certificates.deactivated" => {
            act(3004, 9, Access::Modify)
        }
        "ip_allowlist.created" | "certificate.created" => act(3004, 1, Access::Create),
        "ip_allowlist.updated" | "certificate.updated" => act(3004, 3, Access::Modify),
        "ip_allowlist.deleted" | "certificate.deleted" => act(3004, 4, Access::Delete),
        _ => by_verb(kind.rsplit('.').next().unwrap_or_default()),
    }
}

/// Whether an event changes who may do what, or a setting of the whole organisation.
pub(super) fn is_privileged(Act { class_uid, access, .. }: Act) -> bool {
    matches!(access, Access::Issue | Access::Grant) || matches!(class_uid, 1008 | 3004 | 3008)
}
