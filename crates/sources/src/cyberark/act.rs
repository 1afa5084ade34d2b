//! What actions of the Vault mean. Their texts are stable since many versions, and told by their words.

use model::Access;

use crate::audit::{Act, by_verb};

/// Class, activity and access; and whether the action says of itself that it did not work.
pub(super) fn classify(action: &str) -> (Act, bool) {
    let name = action.to_ascii_lowercase();
    let has = |word: &str| name.contains(word);
    let failed = ["fail", "unauthorized", "denied", "undefined user", "suspended"].iter().any(|word| has(word));
    let act = match () {
        () if has("clear") && has("history") => (1008, 1, Access::Delete),
        () if has("psm") && has("disconnect") || has("session end") => (3002, 2, Access::Execute),
        () if has("psm") && has("connect") || has("session start") => (3002, 1, Access::Execute),
        () if has("logoff") => (3002, 2, Access::Authenticate),
        () if has("logon") || has("authentication") || has("gateway connection") => (3002, 1, Access::Authenticate),
        () if has("request") => (6003, if has("create") { 1 } else { 99 }, Access::Grant),
        () if has("sql command") || has("keystroke") || has("window title") => (6003, 99, Access::Execute),
        () if has("retrieve") || has("use password") || has("show password") || has("copy password") => {
            (6003, 2, Access::Read)
        }
        () if has("verify") => (6003, 99, Access::Execute),
        () if has("change password") || has("reconcile") || has("set password") => (3007, 8, Access::Modify),
        () if has("store") => (6003, 3, Access::Modify),
        () if has("group member") => (3006, if is_removal(&name) { 4 } else { 3 }, Access::Grant),
        () if has("group") => (3006, if is_removal(&name) { 5 } else { 6 }, by_verb(verb(&name)).2),
        () if has("owner") || has("safe member") => (3007, if is_removal(&name) { 15 } else { 14 }, Access::Grant),
        () if has("enable user") || has("activate") => (3007, 4, Access::Modify),
        () if has("disable user") => (3007, 5, Access::Modify),
        () if has("user") => {
            let (_, activity, access) = by_verb(verb(&name));
            (3007, [99, 1, 99, 2, 3].get(usize::from(activity)).copied().unwrap_or(99), access)
        }
        () if has("platform") || has("policy") || has("rule") => (3004, by_verb(verb(&name)).1, Access::Modify),
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
