//! What an event type does: OCSF class, activity and coarse access; and its name where it has none.

use std::borrow::Cow;

use model::Access;

use super::record::{Details, Text, first, said};
pub(super) use crate::fill::Act;
use crate::fill::act;

/// The event type: as said; of events from before there were types, by the field that says what was done.
pub(super) fn operation<'a>(details: &Details<'a>) -> Text<'a> {
    let typed = first(&[&details.event_type, &details.event_name]);
    if typed.is_some() {
        return typed;
    }
    let old = [
        (&details.failed_login, "login_failed"),
        (&details.with, "user_signed_in"),
        (&details.add, "add"),
        (&details.remove, "remove"),
        (&details.change, "change"),
    ];
    let named = old.into_iter().find_map(|(field, name)| Some((said(field)?, name)));
    match named {
        Some((_, name @ ("login_failed" | "user_signed_in"))) => Some(Cow::Borrowed(name)),
        Some((what, name)) => Some(Cow::Owned(format!("{name}_{what}"))),
        None => said(&details.custom_message.words),
    }
}

/// Class, activity and access of an event type.
pub(super) fn classify(operation: &str, git: Option<&str>) -> Act {
    if let Some(git) = git {
        return match git {
            "git-receive-pack" => act(6003, 3, Access::Modify),
            _ => act(6003, 2, Access::Read),
        };
    }
    let has = |words: &[&str]| words.iter().any(|word| operation.contains(word));
    let access = access(operation);
    if let Some(act) = streaming(operation, access) {
        return act;
    }
    if has(&["deployment_approved", "deployment_rejected"]) {
        return act(6003, 99, Access::Grant);
    }
    if has(&["login_failed", "signed_in", "authenticated_with", "user_logged_in", "failed_login"]) {
        return act(3002, 1, Access::Authenticate);
    }
    if has(&["impersonation"]) && !has(&["token"]) {
        return act(3002, 99, Access::Authenticate);
    }
    if is_credential(operation) {
        return match access {
            Access::Create => act(3007, 18, Access::Issue),
            Access::Delete => act(3007, 19, Access::Delete),
            _ => act(3007, 99, access),
        };
    }
    if has(&["member_", "_user_access", "access_level", "group_share", "project_group_link"]) {
        return match access {
            Access::Create => act(3006, 3, Access::Grant),
            Access::Delete => act(3006, 4, Access::Grant),
            _ => act(3006, 9, Access::Grant),
        };
    }
    if operation.starts_with("user_") && !has(&["settings"]) {
        return match access {
            Access::Create => act(3007, 1, access),
            Access::Delete => act(3007, 3, access),
            _ => act(3007, 2, access),
        };
    }
    if has(&[
        "protected_",
        "environment_protected",
        "environment_unprotected",
        "approval_",
        "job_token",
        "policy",
        "saml",
        "setting",
    ]) {
        let activity = match access {
            Access::Create => 1,
            Access::Delete => 4,
            _ => 3,
        };
        return act(3004, activity, if access == Access::Other { Access::Modify } else { access });
    }
    let activity = match access {
        Access::Create => 1,
        Access::Read => 2,
        Access::Modify => 3,
        Access::Delete => 4,
        _ => 99,
    };
    act(6003, activity, access)
}

/// The stream of audit events itself: where it goes, and what is left out of it.
fn streaming(operation: &str, access: Access) -> Option<Act> {
    let has = |words: &[&str]| words.iter().any(|word| operation.contains(word));
    if has(&["streaming_destination", "google_cloud_logging_configuration", "amazon_s3_configuration"]) {
        return Some(match access {
            Access::Create => act(1008, 9, access),
            Access::Delete => act(1008, 10, access),
            _ => act(1008, 99, Access::Modify),
        });
    }
    has(&["audit_events_streaming", "event_type_filters_", "http_namespace_filter"])
        .then(|| act(1008, 99, Access::Modify))
}

/// Whether an event type is about a token or a key itself.
pub(super) fn is_credential(operation: &str) -> bool {
    ["access_token", "deploy_token", "deploy_key", "impersonation_token", "ssh_key", "gpg_key", "trigger_token"]
        .iter()
        .any(|word| operation.contains(word))
        && !operation.contains("setting")
}

/// What the verb of an event type means.
fn access(operation: &str) -> Access {
    let ends = |words: &[&str]| words.iter().any(|word| operation.ends_with(word));
    let begins = |words: &[&str]| words.iter().any(|word| operation.starts_with(word));
    if ends(&["_created", "_added", "_create", "_issued", "_registered", "_protected", "_creation_failed"])
        || begins(&["add_", "create_", "created_"])
    {
        Access::Create
    } else if ends(&[
        "_deleted",
        "_destroyed",
        "_removed",
        "_revoked",
        "_destroy",
        "_unprotected",
        "_revocation_failed",
    ]) || begins(&["remove_", "delete_", "deleted_", "destroy_"])
    {
        Access::Delete
    } else if ends(&["_updated", "_update", "_changed", "_enabled", "_disabled", "_rotated"])
        || begins(&["change_", "update_", "updated_"])
    {
        Access::Modify
    } else if ends(&["_accessed", "_downloaded", "_exported", "_viewed"]) {
        Access::Read
    } else if ends(&["_started", "_run", "_triggered"]) {
        Access::Execute
    } else {
        Access::Other
    }
}
