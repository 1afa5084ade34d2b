//! What actions of the Vault mean. Their texts are stable since many versions, and told by their words.

use model::Access;

use crate::fill::{Act, act, by_verb};

/// Class, activity and access; and whether the action says of itself that it did not work.
pub(super) fn classify(action: &str) -> (Act, bool) {
    let name = action.to_ascii_lowercase();
    let has = |word: &str| name.contains(word);
    let failed = ["fail", "unauthorized", "denied", "undefined user", "suspended"].iter().any(|word| has(word));
    let act = match () {
        () if has("clear") && has("history") => act(1008, 1, Access::Delete),
        () if has("psm") && has("disconnect") || has("session end") => act(3002, 2, Access::Execute),
        () if has("psm") && has("connect") || has("session start") => act(3002, 1, Access::Execute),
        () if has("logoff") => act(3002, 2, Access::Authenticate),
        () if has("logon") || has("authentication") || has("gateway connection") => act(3002, 1, Access::Authenticate),
        () if has("request") => act(6003, if has("create") { 1 } else { 99 }, Access::Grant),
        () if has("sql command") || has("keystroke") || has("window title") => act(6003, 99, Access::Execute),
        () if has("retrieve") || has("use password") || has("show password") || has("copy password") => {
            act(6003, 2, Access::Read)
        }
        () if has("verify") => act(6003, 99, Access::Execute),
        () if has("change password") || has("reconcile") || has("set password") => act(3007, 8, Access::Modify),
        () if has("store") => act(6003, 3, Access::Modify),
        () if has("group member") => act(3006, if is_removal(&name) { 4 } else { 3 }, Access::Grant),
        () if has("group") => act(3006, if is_removal(&name) { 5 } else { 6 }, by_verb(verb(&name)).access),
        () if has("owner") || has("safe member") => act(3007, if is_removal(&name) { 15 } else { 14 }, Access::Grant),
        () if has("enable user") || has("activate") => act(3007, 4, Access::Modify),
        () if has("disable user") => act(3007, 5, Access::Modify),
        () if has("user") => {
            let did = by_verb(verb(&name));
            act(3007, did.managed(), did.access)
        }
        () if has("platform") || has("policy") || has("rule") => {
            act(3004, by_verb(verb(&name)).activity_id, Access::Modify)
        }
        () => by_verb(verb(&name)),
    };
    (act, failed)
}

fn is_removal(name: &str) -> bool {
    name.contains("delete") || name.contains("remove")
}

/// The first word, behind the name of the component that acts.
fn verb(name: &str) -> &str {
    let mut words = name.split([' ', '_']).filter(|word| !matches!(*word, "cpm" | "psm" | "pvwa"));
    words.next().unwrap_or_default()
}
