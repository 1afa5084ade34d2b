//! What an event does: OCSF class, activity and coarse access, by application and name.

pub(super) use crate::fill::Act;
use crate::fill::act;
use model::Access;

/// Class, activity and access of an event.
pub(super) fn classify(application: &str, name: &str) -> Act {
    let folded = name.to_ascii_lowercase();
    if let Some(found) = by_name(application, &folded) {
        return found;
    }
    match application {
        "drive" => drive(&folded),
        "admin" => admin(&folded),
        "rules" => act(2004, 1, Access::Other),
        "login" | "saml" => act(3002, 99, Access::Authenticate),
        _ => by_verb(&folded),
    }
}

/// Whether the platform only suspects or refuses, so that nobody has proved to be whom the record names.
pub(super) fn is_unproved(name: &str) -> bool {
    name == "login_failure"
        || name.starts_with("suspicious_")
        || name.starts_with("account_disabled")
        || name.ends_with("_warning")
}

/// Events with a meaning of their own, whatever their verb is.
fn by_name(application: &str, name: &str) -> Option<Act> {
    Some(match name {
        "login_success" | "login_failure" => act(3002, 1, Access::Authenticate),
        "logout" => act(3002, 2, Access::Authenticate),
        "2sv_enroll" | "titanium_enroll" => act(3007, 12, Access::Modify),
        "2sv_disable" | "titanium_unenroll" | "unenroll_user_from_strong_auth" | "turn_off_2_step_verification" => {
            act(3007, 13, Access::Modify)
        }
        "password_edit" => act(3007, 8, Access::Modify),
        "change_password" => act(3007, 9, Access::Modify),
        "authorize" if application == "token" => act(3002, 3, Access::Issue),
        "revoke" if application == "token" => act(3007, 19, Access::Delete),
        "access_deny_event" | "access_deny_internal_error_event" => act(3003, 99, Access::Authenticate),
        "create_user" => act(3007, 1, Access::Create),
        "delete_user" => act(3007, 3, Access::Delete),
        "suspend_user" | "archive_user" => act(3007, 5, Access::Modify),
        "unsuspend_user" | "undelete_user" | "unarchive_user" => act(3007, 4, Access::Modify),
        "assign_role" => act(3007, 16, Access::Grant),
        "unassign_role" => act(3007, 17, Access::Grant),
        "grant_admin_privilege" | "grant_delegated_admin_privileges" => act(3007, 14, Access::Grant),
        "revoke_admin_privilege" | "revoke_delegated_admin_privileges" => act(3007, 15, Access::Grant),
        "generate_2sv_scratch_codes" | "add_security_key" => act(3007, 18, Access::Issue),
        "revoke_3lo_token" | "revoke_3lo_device_tokens" | "revoke_asp" | "revoke_security_key" => {
            act(3007, 19, Access::Delete)
        }
        "create_role" => act(3008, 1, Access::Create),
        "rename_role" | "update_role" => act(3008, 2, Access::Modify),
        "delete_role" => act(3008, 3, Access::Delete),
        "add_privilege" => act(3008, 4, Access::Grant),
        "remove_privilege" => act(3008, 5, Access::Grant),
        "create_group" | "group_create" => act(3006, 6, Access::Create),
        "delete_group" | "group_delete" => act(3006, 5, Access::Delete),
        "add_group_member" | "add_user" | "add_member" | "accept_invitation" | "join" | "approve_join_request" => {
            act(3006, 3, Access::Grant)
        }
        "remove_group_member" | "remove_user" | "remove_member" | "ban_user_with_moderation" => {
            act(3006, 4, Access::Grant)
        }
        "update_group_member" | "add_member_role" | "remove_member_role" | "change_acl_permission" => {
            act(3006, 9, Access::Grant)
        }
        "authorize_api_client_access" | "remove_api_client_access" => act(3004, 3, Access::Grant),
        "device_register_unregister_event" => act(3004, 6, Access::Modify),
        _ if is_warning(name) => act(2004, 1, Access::Other),
        _ if name.starts_with("customer_takeout") || name.starts_with("customer_user_data_takeout") => {
            act(6001, 7, Access::Read)
        }
        _ => return None,
    })
}

/// What the platform noticed, and nobody did.
fn is_warning(name: &str) -> bool {
    is_unproved(name)
        || ["device_compromised_event", "suspicious_activity_event", "failed_password_attempts_event"].contains(&name)
}

/// What was done to a document or a shared drive.
fn drive(name: &str) -> Act {
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&[
        "access",
        "visibility",
        "acl",
        "change_owner",
        "membership",
        "sharing",
        "publish",
        "shared_drive_settings",
    ]) {
        return act(6001, 8, Access::Grant);
    }
    match name {
        "view" | "preview" | "print" | "source_copy" | "email_as_attachment" | "sheets_import_range" => {
            act(6001, 2, Access::Read)
        }
        "download" => act(6001, 7, Access::Read),
        "create" | "upload" | "copy" => act(6001, 1, Access::Create),
        "trash" | "delete" | "purge" => act(6001, 4, Access::Delete),
        _ => act(6001, 3, Access::Modify),
    }
}

/// Settings of the administrator: what a verb in front says, of a policy.
fn admin(name: &str) -> Act {
    let about_user = name.contains("user") || name.contains("recovery") || name.contains("alias");
    let verb = by_verb(name);
    match (verb.access, about_user && !name.contains("setting")) {
        (Access::Read, _) => verb,
        (Access::Other, _) => act(6003, 99, Access::Other),
        (access, true) => act(3007, 2, access),
        (Access::Create, false) => act(3004, 1, Access::Create),
        (Access::Delete, false) => act(3004, 4, Access::Delete),
        (access, false) => act(3004, 3, access),
    }
}

/// The first or the last word is a verb.
fn by_verb(name: &str) -> Act {
    let words = [name.split('_').next().unwrap_or_default(), name.rsplit('_').next().unwrap_or_default()];
    let is = |verbs: &[&str]| words.iter().any(|word| verbs.contains(word));
    if is(&["create", "add", "upload", "insert", "new", "created", "added", "invite"]) {
        act(6003, 1, Access::Create)
    } else if is(&["delete", "remove", "purge", "deleted", "removed", "revoke", "cancel"]) {
        act(6003, 4, Access::Delete)
    } else if is(&[
        "view",
        "download",
        "list",
        "get",
        "search",
        "query",
        "export",
        "read",
        "open",
        "accessed",
        "viewed",
        "downloaded",
    ]) {
        act(6003, 2, Access::Read)
    } else if is(&[
        "change", "update", "edit", "set", "toggle", "rename", "move", "enable", "disable", "modify", "allow", "block",
        "suspend", "transfer", "assign", "unassign", "updated", "changed", "edited", "enroll", "domain",
    ]) {
        act(6003, 3, Access::Modify)
    } else if is(&["authorize", "grant"]) {
        act(6003, 3, Access::Grant)
    } else if is(&["request", "start", "activity", "run", "execute", "delivery", "send", "sent"]) {
        act(6003, 99, Access::Execute)
    } else {
        act(6003, 99, Access::Other)
    }
}
