//! What event types mean. They begin with their verb: `create-secret`, `get-identity-token-auth`.

use model::Access;

use crate::audit::{Act, by_verb};

pub(super) fn classify(kind: &str) -> Act {
    let (verb, of) = kind.split_once('-').unwrap_or((kind, ""));
    // Later types have the verb at their end.
    let plain = match by_verb(verb) {
        (_, 99, _) => by_verb(kind.rsplit('-').next().unwrap_or_default()),
        plain => plain,
    };
    let (_, activity, access) = plain;
    let deletes = activity == 4;
    match of {
        _ if verb == "login" || kind == "user-login" => (3002, 1, Access::Authenticate),
        _ if kind.contains("audit-log-stream") => match activity {
            1 => (1008, 9, Access::Create),
            4 => (1008, 10, Access::Delete),
            2 => plain,
            _ => (1008, 99, Access::Modify),
        },
        _ if kind.contains("approval") || kind.contains("access-request") => (6003, activity, Access::Grant),
        _ if activity == 2 => plain,
        _ if of.ends_with("client-secret") || of == "service-token" || kind.starts_with("create-token-identity") => {
            if deletes {
                (3007, 19, Access::Delete)
            } else {
                (3007, 18, Access::Issue)
            }
        }
        _ if of.ends_with("access-token") && deletes => (3007, 19, Access::Delete),
        _ if of.starts_with("identity") && of.ends_with("-auth") => {
            // How an identity may prove itself is who may act as it.
            (3004, if activity == 99 { 3 } else { activity }, Access::Grant)
        }
        "identity" | "user" => (3007, [99, 1, 99, 2, 3].get(usize::from(activity)).copied().unwrap_or(99), access),
        _ if of.contains("role") && !of.contains("user") && !of.contains("membership") => {
            (3008, [99, 1, 99, 2, 3].get(usize::from(activity)).copied().unwrap_or(99), Access::Grant)
        }
        _ if ["member", "user-workspace", "privilege", "permission"].iter().any(|word| of.contains(word)) => {
            (3007, if deletes { 15 } else { 14 }, Access::Grant)
        }
        _ if of.contains("lease") && activity == 1 => (6003, 1, Access::Issue),
        _ if matches!(verb, "issue" | "sign") => (6003, 1, Access::Issue),
        _ if verb == "revoke" => (6003, 4, Access::Delete),
        _ => plain,
    }
}
