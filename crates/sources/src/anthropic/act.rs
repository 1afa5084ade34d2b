//! What the types of activities mean.

use model::{Access, Status};

use crate::fill::{Act, act, by_verb};

pub(super) fn classify(kind: &str, of_group: bool) -> Act {
    if let Some(act) = identity(kind, of_group) {
        return act;
    }
    let verb = kind.rsplit('_').next().unwrap_or_default();
    match (kind, verb) {
        ("mcp_tool_policy_updated", _) => act(3004, 3, Access::Grant),
        ("integration_user_connected" | "ghe_user_connected", _) => act(6002, 6, Access::Grant),
        ("integration_user_disconnected" | "ghe_user_disconnected", _) => act(6002, 7, Access::Grant),
        ("claude_organization_settings_updated", _) => act(3004, 3, Access::Modify),
        _ if kind.starts_with("mcp_server_") || kind.contains("_integration_") || kind.contains("_plugin_") => {
            let Act { activity_id: activity, access, .. } = by_verb(verb);
            act(6002, [99, 1, 99, 8, 2].get(usize::from(activity)).copied().unwrap_or(99), access)
        }
        _ if kind.ends_with("_sharing_updated") || kind.contains("_share_created") => act(6001, 8, Access::Grant),
        (_, "failed") if kind.contains("_deletion_") => act(6003, 4, Access::Delete),
        (_, "failed") if kind.contains("_access_") => act(6003, 2, Access::Read),
        (_, "enabled") if kind.starts_with("org_") => act(3004, 8, Access::Modify),
        (_, "disabled") if kind.starts_with("org_") => act(3004, 9, Access::Modify),
        (_, "toggled") => act(3004, 3, Access::Modify),
        _ => by_verb(verb),
    }
}

/// Sign-ins, credentials, users, groups and roles.
fn identity(kind: &str, of_group: bool) -> Option<Act> {
    Some(match kind {
        "user_logged_out" | "session_revoked" => act(3002, 2, Access::Authenticate),
        "org_magic_link_second_factor_toggled" => act(3004, 3, Access::Modify),
        _ if kind.contains("login") || kind.starts_with("phone_code_") || kind.contains("_second_factor_") => {
            act(3002, 1, Access::Authenticate)
        }
        _ if kind.ends_with("api_key_created") || kind == "service_key_created" => act(3007, 18, Access::Issue),
        _ if kind.ends_with("api_key_updated") => act(3007, 2, Access::Modify),
        _ if kind.ends_with("api_key_deleted") || kind == "service_key_revoked" => act(3007, 19, Access::Delete),
        "service_created" | "scim_user_created" => act(3007, 1, Access::Create),
        "scim_user_updated" => act(3007, 2, Access::Modify),
        "service_deleted" | "scim_user_deleted" | "org_user_deleted" => act(3007, 3, Access::Delete),
        "role_assignment_granted" | "rbac_role_assigned" if of_group => act(3006, 12, Access::Grant),
        "role_assignment_revoked" | "rbac_role_unassigned" if of_group => act(3006, 13, Access::Grant),
        "role_assignment_granted" | "rbac_role_assigned" => act(3007, 16, Access::Grant),
        "role_assignment_revoked" | "rbac_role_unassigned" => act(3007, 17, Access::Grant),
        "primary_owner_transferred" | "claude_user_role_updated" => act(3007, 16, Access::Grant),
        "platform_workspace_member_added" | "platform_workspace_member_updated" => act(3007, 14, Access::Grant),
        "platform_workspace_member_removed" => act(3007, 15, Access::Grant),
        "rbac_role_created" => act(3008, 1, Access::Create),
        "rbac_role_updated" => act(3008, 2, Access::Grant),
        "rbac_role_deleted" => act(3008, 3, Access::Delete),
        "rbac_role_permission_added" => act(3008, 4, Access::Grant),
        "rbac_role_permission_removed" => act(3008, 5, Access::Grant),
        "group_created" => act(3006, 6, Access::Create),
        "group_updated" => act(3006, 9, Access::Modify),
        "group_deleted" => act(3006, 5, Access::Delete),
        "group_member_added" => act(3006, 3, Access::Grant),
        "group_member_removed" => act(3006, 4, Access::Grant),
        "org_user_invite_sent" | "org_user_invite_accepted" | "org_join_request_approved" => {
            act(6003, 1, Access::Grant)
        }
        _ => return None,
    })
}

/// What a type says of the outcome; a sign-in that has only begun has none yet.
pub(super) fn status(kind: &str) -> Status {
    match kind.rsplit('_').next() {
        Some("failed" | "blocked" | "invalid" | "rejected") => Status::Failure,
        Some("initiated" | "attempted" | "started" | "sent") if !kind.contains("invite") => Status::Other,
        _ => Status::Success,
    }
}
