//! What operations mean. There is no list of them: they are told by their words.

use model::Access;

use crate::fill::{Act, act, by_verb};

/// Class, activity and access; and whether the operation says of itself that it did not work.
pub(super) fn classify(operation: &str) -> (Act, bool) {
    let name = operation.to_ascii_lowercase();
    let has = |word: &str| name.contains(word);
    let failed = ["failed", "denied", "dropped", "rejected_login"].iter().any(|word| has(word));
    let last = name.trim_end_matches("_failed").trim_end_matches("_denied").rsplit('_').next().unwrap_or_default();
    let act = match () {
        () if has("audit") && (has("purge") || has("delete")) => act(1008, 2, Access::Delete),
        () if has("audit") && has("disable") => act(1008, 10, Access::Modify),
        () if has("audit") && has("enable") => act(1008, 9, Access::Modify),
        () if has("logged_in") || has("authentication") || has("auto_logon") => act(3002, 1, Access::Authenticate),
        () if has("logged_out") => act(3002, 2, Access::Authenticate),
        () if has("session_started") || has("session_failed") => act(3002, 1, Access::Execute),
        () if has("session_ended") || has("session_terminated") => act(3002, 2, Access::Execute),
        () if has("share_given") || has("share_added") => act(3007, 14, Access::Grant),
        () if has("share_revoked") || has("share_removed") => act(3007, 15, Access::Grant),
        () if has("access_control") => act(3004, 3, Access::Grant),
        () if name.starts_with("password_") || has("_password_") => password(&name),
        () if name.starts_with("user_group") => act(3006, group(last), by_verb(last).access),
        () if name.starts_with("user_imported") => act(3007, 1, Access::Create),
        () if name.starts_with("user_") && !matches!(by_verb(last).activity_id, 2 | 99) => {
            let did = by_verb(last);
            act(3007, did.managed(), did.access)
        }
        () if has("setting") => act(3004, 3, Access::Modify),
        () if has("discovery") => act(6003, 2, Access::Read),
        () if has("installed") || has("installation") => act(6002, 1, Access::Create),
        () => by_verb(last),
    };
    (act, failed)
}

/// Passwords of accounts: looked at, borrowed, asked for, changed.
fn password(name: &str) -> Act {
    let has = |word: &str| name.contains(word);
    match () {
        () if has("retrieved") || has("checked_out") || has("copied") => act(6003, 2, Access::Read),
        () if has("requested") || has("approved") || has("rejected") || has("checked_in") => {
            act(6003, 99, Access::Grant)
        }
        () if has("verif") => act(6003, 99, Access::Execute),
        () if has("reset") => act(3007, 9, Access::Modify),
        () if has("change") => act(3007, 8, Access::Modify),
        () => by_verb(name.rsplit('_').next().unwrap_or_default()),
    }
}

fn group(verb: &str) -> u8 {
    match by_verb(verb).activity_id {
        1 => 6,
        3 => 9,
        4 => 5,
        _ => 99,
    }
}
