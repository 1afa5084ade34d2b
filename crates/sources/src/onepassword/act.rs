//! What an action does: class, activity and access.

use model::Access;

use crate::fill::{Act, act};

/// Use of an item: most of them show its secret to somebody.
pub(super) fn of_usage(action: &str) -> Act {
    match action {
        "server-create" => Act::api(Access::Create),
        "server-update" => Act::api(Access::Modify),
        "share" => act(6001, 8, Access::Grant),
        "export" => act(6001, 7, Access::Read),
        _ => Act::api(Access::Read),
    }
}

/// An audit event, by what was done to which type of object.
pub(super) fn of_audit(object: &str, action: &str) -> Act {
    let access = access(action);
    let pick = |create, alter, delete| match access {
        Access::Create | Access::Grant => create,
        Access::Delete => delete,
        _ => alter,
    };
    match (object, action) {
        ("satoken" | "satkn" | "ssotkn" | "cred" | "device", "delete" | "revoke" | "deldev" | "rvkmfa" | "expire") => {
            act(3007, 19, Access::Delete)
        }
        ("satoken" | "satkn" | "cred", "create" | "replace") => act(3007, 18, Access::Issue),
        ("gm", "role") => act(3007, 16, Access::Grant),
        ("gm", _) => act(3006, if gives(action) { 3 } else { 4 }, Access::Grant),
        ("gva", _) => act(3008, if gives(action) { 4 } else { 5 }, Access::Grant),
        ("uva" | "sva", _) => act(3007, if gives(action) { 14 } else { 15 }, Access::Grant),
        ("group", _) => act(3006, pick(6, 9, 5), access),
        (_, "enblmfa" | "enblduo") => act(3007, 12, Access::Modify),
        (_, "disblmfa" | "disblduo" | "rvkmfa") => act(3007, 13, Access::Modify),
        (_, "changemk" | "changesk" | "changeks") => act(3007, 8, Access::Modify),
        ("user" | "sa", "suspend") => act(3007, 5, Access::Modify),
        ("user" | "sa", "reactive") => act(3007, 4, Access::Modify),
        ("user" | "sa" | "invite", _) => act(3007, pick(1, 2, 3), access),
        ("sso" | "stngs" | "account" | "ec" | "slackapp" | "report" | "provsn" | "vault", _) => Act::entity(access),
        ("items" | "item" | "file" | "itemhist", "export" | "view") => act(6001, 7, Access::Read),
        _ => Act::api(access),
    }
}

/// Whether an action gives what the object type stands for.
pub(super) fn gives(action: &str) -> bool {
    matches!(action, "grant" | "join" | "create" | "update" | "updatea" | "role" | "share" | "confirm" | "activate")
}

fn access(action: &str) -> Access {
    match action {
        "view" | "export" | "verify" | "launchi" => Access::Read,
        "create" | "join" | "activate" | "enroll" | "provsn" => Access::Create,
        "delete" | "purge" | "leave" | "revoke" | "deldev" | "deloldev" | "delshare" | "unlink" | "expire"
        | "cancel" => Access::Delete,
        "grant" | "role" | "share" => Access::Grant,
        "" | "unknown" => Access::Other,
        _ => Access::Modify,
    }
}
