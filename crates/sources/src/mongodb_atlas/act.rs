//! What an event type means: class, activity and access.

use model::Access;

use crate::fill::{Act, act};

/// Class, activity and access of an event type.
pub(super) fn of(kind: &str) -> Act {
    let has = |words: &[&str]| words.iter().any(|word| kind.contains(word));
    let access = access(kind);
    let pick = |create, alter, delete| match access {
        Access::Create => create,
        Access::Delete => delete,
        _ => alter,
    };
    // The audit log of databases and the export of logs; the events that this is one of cannot be switched off.
    if has(&["AUDIT_LOG_CONFIGURATION", "LOG_EXPORT", "AUDITING", "LOG_STREAMING"]) {
        let activity = match kind {
            _ if has(&["ENABLED", "ADDED", "CREATED"]) => 9,
            _ if has(&["DISABLED", "REMOVED", "DELETED"]) => 10,
            _ => 99,
        };
        return act(1008, activity, Access::Modify);
    }
    if has(&["ACCESS_LIST", "WHITELIST", "NETWORK_PERMISSION", "TWO_FACTOR", "ALERT_CONFIG", "RESOURCE_POLICY"])
        || has(&["FEDERATION", "IDENTITY_PROVIDER", "ENCRYPTION_AT_REST", "PRIVATE_ENDPOINT", "PEER_CREATED"])
    {
        return Act::entity(if access == Access::Other { Access::Modify } else { access });
    }
    if has(&["X509_CERT", "SERVICE_ACCOUNT_SECRET", "ACCESS_TOKEN"]) && !has(&["EXPIR"]) {
        return match access {
            Access::Delete => act(3007, 19, Access::Delete),
            _ => act(3007, 18, Access::Issue),
        };
    }
    if has(&["API_KEY", "SERVICE_ACCOUNT"]) && !has(&["EXPIR"]) {
        let key = has(&["API_KEY"]);
        return match access {
            _ if has(&["ROLES", "ADDED_TO_GROUP", "ADDED_TO_PROJECT"]) => act(3007, 16, Access::Grant),
            _ if has(&["REMOVED_FROM"]) => act(3007, 17, Access::Grant),
            Access::Create if key => act(3007, 18, Access::Issue),
            Access::Delete if key => act(3007, 19, Access::Delete),
            _ => act(3007, pick(1, 2, 3), access),
        };
    }
    if has(&["ROLES_CHANGED", "ROLE_CHANGED"]) {
        return act(3007, 16, Access::Grant);
    }
    if has(&["JOINED_", "INVITED_TO", "ADDED_TO_"]) {
        return act(3006, 3, Access::Grant);
    }
    if has(&["REMOVED_FROM", "LEFT_", "INVITATION_DELETED", "INVITATION_DECLINED"]) {
        return act(3006, 4, Access::Grant);
    }
    if has(&["MONGODB_ROLE"]) {
        return act(3008, pick(1, 2, 3), access);
    }
    if has(&["MONGODB_USER", "DATABASE_USER"]) || kind.starts_with("USER_") || kind == "ACCOUNT_MODIFIED" {
        return act(3007, pick(1, 2, 3), access);
    }
    if kind.starts_with("TEAM_") {
        return act(3006, pick(6, 9, 5), access);
    }
    if has(&["LOGIN"]) {
        return act(3002, 1, Access::Authenticate);
    }
    if has(&["DATA_EXPLORER"]) {
        return if has(&["CRUD"]) { act(6005, 2, Access::Modify) } else { act(6005, 1, Access::Read) };
    }
    if kind.starts_with("ORG_") || has(&["SETTINGS"]) {
        return Act::entity(if access == Access::Other { Access::Modify } else { access });
    }
    Act::api(access)
}

/// What the verb of an event type means: it stands at the end, before a word for the form of the record.
fn access(kind: &str) -> Access {
    let kind = kind.strip_suffix("_AUDIT").unwrap_or(kind);
    let ends = |words: &[&str]| words.iter().any(|word| kind.ends_with(word));
    if ends(&["_CREATED", "_ADDED", "_STARTED", "_REGISTERED", "_REQUESTED", "_UPLOADED", "_GENERATED"]) {
        Access::Create
    } else if ends(&["_DELETED", "_REMOVED", "_REVOKED", "_TERMINATED", "_DETACHED", "_DROPPED"]) {
        Access::Delete
    } else if ends(&[
        "_CHANGED",
        "_UPDATED",
        "_MODIFIED",
        "_ENABLED",
        "_DISABLED",
        "_REQUIRED",
        "_OPTIONAL",
        "_RENAMED",
        "_RESUMED",
        "_PAUSED",
        "_ROTATED",
        "_SUBMITTED",
        "_RESTARTED",
    ]) {
        Access::Modify
    } else if ends(&["_ACCESSED", "_VIEWED", "_DOWNLOADED", "_EXPORTED", "_RETRIEVED"]) || kind.contains("_DOWNLOAD") {
        Access::Read
    } else {
        Access::Other
    }
}
