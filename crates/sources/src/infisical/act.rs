//! What event types mean. They begin with their verb: `create-secret`, `get-identity-token-auth`.

use model::Access;

use crate::fill::{Act, act, by_verb};

pub(super) fn classify(kind: &str) -> Act {
    let (verb, of) = kind.split_once('-').unwrap_or((kind, ""));
    // Later types have the verb at their end.
    let plain = match by_verb(verb) {
        Act { activity_id: 99, .. } => by_verb(kind.rsplit('-').next().unwrap_or_default()),
        plain => plain,
    };
    let Act { activity_id: activity, access, .. } = plain;
    let deletes = activity == 4;
    match of {
        _ if verb == "login" || kind == "user-login" => act(3002, 1, Access::Authenticate),
        _ if kind.contains("audit-log-stream") => match activity {
            1 => act(1008, 9, Access::Create),
            4 => act(1008, 10, Access::Delete),
            2 => plain,
            _ => act(1008, 99, Access::Modify),
        },
        _ if kind.contains("approval") || kind.contains("access-request") => act(6003, activity, Access::Grant),
        _ if activity == 2 => plain,
        _ if of.ends_with("client-secret") || of == "service-token" || kind.starts_with("create-token-identity") => {
            if deletes {
                act(3007, 19, Access::Delete)
            } else {
                act(3007, 18, Access::Issue)
            }
        }
        _ if of.ends_with("access-token") && deletes => act(3007, 19, Access::Delete),
        _ if of.starts_with("identity") && of.ends_with("-auth") => {
            // How an identity may prove itself is who may act as it.
            act(3004, if activity == 99 { 3 } else { activity }, Access::Grant)
        }
        "identity" | "user" => act(3007, plain.managed(), access),
        _ if of.contains("role") && !of.contains("user") && !of.contains("membership") => {
            act(3008, plain.managed(), Access::Grant)
        }
        _ if ["member", "user-workspace", "privilege", "permission"].iter().any(|word| of.contains(word)) => {
            act(3007, if deletes { 15 } else { 14 }, Access::Grant)
        }
        _ if of.contains("lease") && activity == 1 => act(6003, 1, Access::Issue),
        _ if matches!(verb, "issue" | "sign") => act(6003, 1, Access::Issue),
        _ if verb == "revoke" => act(6003, 4, Access::Delete),
        _ => plain,
    }
}
