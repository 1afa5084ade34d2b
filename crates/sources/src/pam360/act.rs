//! What operations mean. There is no list of them: they are told by their words.

use model::Access;

use crate::audit::{Act, by_verb};

/// Class, activity and access; and whether the operation says of itself that it did not work.
pub(super) fn classify(operation: &str) -> (Act, bool) {
    let name = operation.to_ascii_lowercase();
    let has = |word: &str| name.contains(word);
    let failed = ["failed", "denied", "dropped", "rejected_login"].iter().any(|word| has(word));
    let last = name.trim_end_matches("_failed").trim_end_matches("_denied").rsplit('_').next().unwrap_or_default();
    let act = match () {
        () if has("audit") && (has("purge") || has("delete")) => (1008, 2, Access::Delete),
        () if has("audit") && has("disable") => (1008, 10, Access::Modify),
        () if has("audit") && has("enable") => (1008, 9, Access::Modify),
        () if has("logged_in") || has("authentication") || has("auto_logon") => (3002, 1, Access::Authenticate),
        () if has("logged_out") => (3002, 2, Access::Authenticate),
        () if has("session_started") || has("session_failed") => (3002, 1, Access::Execute),
        () if has("session_ended") || has("session_terminated") => (3002, 2, Access::Execute),
        () if has("share_given") || has("share_added") => (3007, 14, Access::Grant),
        () if has("share_revoked") || has("share_removed") => (3007, 15, Access::Grant),
        () if has("access_control") => (3004, 3, Access::Grant),
        () if name.starts_with("password_") || has("_password_") => password(&name),
        () if name.starts_with("user_group") => (3006, group(last), by_verb(last).2),
        () if name.starts_with("user_imported") => (3007, 1, Access::Create),
        () if name.starts_with("user_") && by_verb(last).1 != 2 && by_verb(last).1 != 99 => {
            let (_, activity, access) = by_verb(last);
            (3007, [99, 1, 99, 2, 3].get(usize::from(activity)).copied().unwrap_or(99), access)
        }
        () if has("setting") => (3004, 3, Access::Modify),
        () if has("discovery") => (6003, 2, Access::Read),
        () if has("installed") || has("installation") => (6002, 1, Access::Create),
        () => by_verb(last),
    };
    (act, failed)
}

/// Passwords of accounts: looked at, borrowed, asked for, changed.
fn password(name: &str) -> Act {
    let has = |word: &str| name.contains(word);
    match () {
        () if has("retrieved") || has("checked_out") || has("copied") => (6003, 2, Access::Read),
        () if has("requested") || has("approved") || has("rejected") || has("checked_in") => (6003, 99, Access::Grant),
        () if has("verif") => (6003, 99, Access::Execute),
        () if has("reset") => (3007, 9, Access::Modify),
        () if has("change") => (3007, 8, Access::Modify),
        () => by_verb(name.rsplit('_').next().unwrap_or_default()),
    }
}

fn group(verb: &str) -> u8 {
    match by_verb(verb).1 {
        1 => 6,
        3 => 9,
        4 => 5,
        _ => 99,
    }
}
