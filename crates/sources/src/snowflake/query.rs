//! What a statement does: class, activity and access, by the type Snowflake gave it and its first words.

use model::Access;

use crate::fill::{Act, act};
use crate::sql;

/// Class, activity and access of a statement.
pub(super) fn of(kind: &str, text: &str) -> Act {
    if let Some(found) = logging(text) {
        return found;
    }
    if let Some(found) = security(kind, text) {
        return found;
    }
    match kind {
        "GET_FILES" | "LIST_FILES" | "UNLOAD" => act(6005, 1, Access::Read),
        "PUT_FILES" | "COPY" => act(6005, 5, Access::Modify),
        "REMOVE_FILES" => act(6005, 7, Access::Delete),
        "SHOW" | "DESCRIBE" | "DESC" => act(6005, 8, Access::Read),
        "USE" => act(3002, 7, Access::Other),
        "" => by_words(text),
        _ if text.is_empty() => by_words(&kind.replace('_', " ")),
        _ => by_words(text),
    }
}

fn by_words(text: &str) -> Act {
    match sql::verb(text).as_str() {
        "GET" | "LIST" | "LS" => act(6005, 1, Access::Read),
        "PUT" => act(6005, 5, Access::Modify),
        "REMOVE" | "RM" => act(6005, 7, Access::Delete),
        "DESCRIBE" | "DESC" => act(6005, 8, Access::Read),
        "UNDROP" => act(6005, 6, Access::Create),
        "SET" | "UNSET" | "BEGIN" | "COMMIT" | "ROLLBACK" => act(6005, 99, Access::Other),
        "USE" => act(3002, 7, Access::Other),
        _ => {
            let (activity, access) = sql::act(text);
            act(6005, activity, access)
        }
    }
}

/// The event table is where Snowflake writes what tasks, functions and policies log; the history that these
/// rows come from cannot be switched off.
fn logging(text: &str) -> Option<Act> {
    let text = upper(text);
    if !text.starts_with("ALTER ") || !(text.contains("EVENT_TABLE") || text.contains("LOG_LEVEL")) {
        return None;
    }
    Some(
        match text.contains("UNSET EVENT_TABLE") || text.contains("LOG_LEVEL = OFF") || text.contains("LOG_LEVEL=OFF") {
            true => act(1008, 10, Access::Modify),
            false => act(1008, 9, Access::Modify),
        },
    )
}

/// Statements about users, roles, and what protects an account.
fn security(kind: &str, text: &str) -> Option<Act> {
    let text = upper(if text.is_empty() { kind } else { text }).replace('_', " ");
    let mut words = text.split_whitespace().filter(|word| !matches!(*word, "OR" | "REPLACE" | "IF" | "NOT" | "EXISTS"));
    let verb = words.next()?;
    let what = words.next()?;
    let access = match verb {
        "CREATE" => Access::Create,
        "ALTER" => Access::Modify,
        "DROP" => Access::Delete,
        "GRANT" | "REVOKE" => return Some(granted(verb, &text)),
        _ => return None,
    };
    let pick = |create, alter, drop| match access {
        Access::Create => create,
        Access::Delete => drop,
        _ => alter,
    };
    Some(match what {
        "USER" => user(access, &text, pick(1, 2, 3)),
        "ROLE" => act(3008, pick(1, 2, 3), access),
        "SECURITY" | "NETWORK" | "SESSION" | "PASSWORD" | "AUTHENTICATION" | "API" | "NOTIFICATION" | "STORAGE"
        | "MASKING" | "ROW" | "SHARE" => act(3004, pick(1, 3, 4), access),
        _ => return None,
    })
}

/// Changes of a user: its tokens and keys, whether it may sign in, its password.
fn user(access: Access, text: &str, activity: u8) -> Act {
    let token = text.contains("PROGRAMMATIC ACCESS TOKEN") || text.contains(" PAT ");
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if token && (text.contains(" ADD ") || text.contains(" ROTATE ")) {
        act(3007, 18, Access::Issue)
    } else if token && text.contains(" REMOVE ") {
        act(3007, 19, Access::Delete)
    } else if compact.contains("RSAPUBLICKEY") && access == Access::Modify {
        if compact.contains("UNSET") { act(3007, 19, Access::Delete) } else { act(3007, 18, Access::Issue) }
    } else if compact.contains("DISABLED=TRUE") {
        act(3007, 5, access)
    } else if compact.contains("DISABLED=FALSE") && access == Access::Modify {
        act(3007, 4, access)
    } else if compact.contains("PASSWORD=") && access == Access::Modify {
        act(3007, 8, access)
    } else {
        act(3007, activity, access)
    }
}

/// The user that a statement is about, as it is written there.
pub(super) fn user_of(text: &str) -> Option<&str> {
    let mut words = text.split_whitespace().skip_while(|word| !word.eq_ignore_ascii_case("USER")).skip(1);
    let skipped = |word: &&str| ["IF", "NOT", "EXISTS"].iter().any(|skip| word.eq_ignore_ascii_case(skip));
    let name = words.find(|word| !skipped(word))?.trim_end_matches(';').trim_matches('"');
    Some(name).filter(|name| !name.is_empty())
}

/// A role given to a user or a role, or a privilege to a role.
fn granted(verb: &str, text: &str) -> Act {
    let gives = verb == "GRANT";
    let role = text.split_whitespace().nth(1) == Some("ROLE");
    match (role && text.contains(" USER "), gives) {
        (true, true) => act(3007, 16, Access::Grant),
        (true, false) => act(3007, 17, Access::Grant),
        (false, true) => act(3008, 4, Access::Grant),
        (false, false) => act(3008, 5, Access::Grant),
    }
}

/// The beginning of a statement in capital letters: what decides stands there.
fn upper(text: &str) -> String {
    text.chars().take(400).flat_map(char::to_uppercase).collect()
}
