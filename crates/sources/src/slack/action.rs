//! What an action does: class, activity and access.

use model::Access;

use crate::fill::{Act, act};

/// Class, activity and access of an action.
pub(super) fn of(action: &str) -> Act {
    let access = access(action);
    let begins = |words: &[&str]| words.iter().any(|word| action.starts_with(word));
    match action {
        "user_login" | "user_login_failed" => return act(3002, 1, Access::Authenticate),
        "anomaly" => return act(2004, 1, Access::Other),
        "user_created" | "guest_created" => return act(3007, 1, Access::Create),
        "user_deactivated" | "guest_deactivated" | "guest_expired" => return act(3007, 5, Access::Modify),
        "user_reactivated" | "guest_reactivated" => return act(3007, 4, Access::Modify),
        // Slack's own log cannot be switched off; what encryption keys log to can.
        "ekm_logging_config_set" => return act(1008, 99, Access::Modify),
        _ => {}
    }
    if begins(&["user_logout"]) {
        return act(3002, 2, Access::Authenticate);
    }
    if action.contains("session_reset") || action.contains("session_invalidated") {
        return act(3002, 2, Access::Modify);
    }
    if begins(&["role_change_to_", "owner_transferred", "primary_owner_transferred", "role_assigned"])
        || action.contains("role_assignment")
    {
        return act(3007, 16, Access::Grant);
    }
    if begins(&["role_removed"]) {
        return act(3007, 17, Access::Grant);
    }
    if let Some(activity) = app(action) {
        return activity;
    }
    if begins(&["manual_export_", "scheduled_export_", "corporate_export", "channel_export"]) {
        return if action.ends_with("deleted") { act(6001, 4, Access::Delete) } else { act(6001, 7, Access::Read) };
    }
    if let Some(member) = membership(action) {
        return member;
    }
    if begins(&["user_", "guest_"]) && matches!(access, Access::Modify | Access::Delete) {
        return act(3007, if access == Access::Delete { 3 } else { 2 }, access);
    }
    if begins(&["pref.", "idp_", "ekm_", "intune_", "native_dlp_rule", "barrier_", "approved_orgs", "emm_", "saml_"]) {
        return Act::entity(if access == Access::Other { Access::Modify } else { access });
    }
    if begins(&["file_", "canvas_", "list_"]) {
        let activity = match access {
            Access::Create => 1,
            Access::Read => 2,
            Access::Modify => 3,
            Access::Delete => 4,
            _ if action.contains("share") || action.contains("public_link") => 8,
            _ => 99,
        };
        return act(6001, activity, access);
    }
    Act::api(access)
}

/// Apps: what they may do is given with them.
fn app(action: &str) -> Option<Act> {
    Some(match action {
        "app_installed" | "org_app_workspace_added" => act(6002, 1, Access::Grant),
        "app_uninstalled" | "org_app_workspace_removed" | "app_deleted" | "app_removed_from_whitelist" => {
            act(6002, 2, Access::Grant)
        }
        "app_approved" | "app_unrestricted" => act(6002, 6, Access::Grant),
        "app_restricted" | "app_rejected" | "app_denied" => act(6002, 7, Access::Grant),
        "app_scopes_expanded" | "app_resources_granted" | "app_resources_added" | "bot_token_upgraded" => {
            act(6002, 8, Access::Grant)
        }
        _ if action.starts_with("app_") || action.starts_with("bot_token") || action.starts_with("org_app_") => {
            act(6002, 8, if action.starts_with("bot_token") { Access::Grant } else { access(action) })
        }
        _ => return None,
    })
}

/// Who is in a channel, a group of users or a workspace.
fn membership(action: &str) -> Option<Act> {
    let place = ["channel", "usergroup", "workspace", "_team"].iter().any(|word| action.contains(word));
    let who = ["user_", "guest_", "member"].iter().any(|word| action.contains(word));
    if !place || !who {
        return None;
    }
    let has = |words: &[&str]| words.iter().any(|word| action.contains(word));
    if has(&["_join", "_added", "_invited", "_invite"]) {
        Some(act(3006, 3, Access::Grant))
    } else if has(&["_leave", "_left", "_removed", "_kicked"]) {
        Some(act(3006, 4, Access::Grant))
    } else {
        None
    }
}

/// What the verb of an action means.
fn access(action: &str) -> Access {
    let has = |words: &[&str]| words.iter().any(|word| action.contains(word));
    if has(&["_downloaded", "_viewed", "_read", "_searched", "_exported", "export_started", "_previewed"]) {
        Access::Read
    } else if has(&["_deleted", "_removed", "_tombstoned", "_purged", "_revoked"]) {
        Access::Delete
    } else if has(&["_created", "_uploaded", "_added", "_copied", "_posted", "_started", "_installed"]) {
        Access::Create
    } else if has(&[
        "_changed",
        "_updated",
        "_set",
        "_unset",
        "_enabled",
        "_disabled",
        "_activated",
        "_deactivated",
        "_renamed",
        "_edited",
        "_converted",
        "_archive",
        "_unarchive",
        "_moved",
        "_reset",
        "_enrolled",
        "_shared",
        "_unshared",
        "_transferred",
        "_modified",
        "_toggled",
        "_migrated",
        "_approved",
        "_denied",
        "_restored",
    ]) {
        Access::Modify
    } else {
        Access::Other
    }
}
