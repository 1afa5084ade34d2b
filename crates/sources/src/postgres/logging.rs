//! Statements and messages by which the server is made to write more or less into its log.

use model::Access;

/// The settings that decide what of a session is written down, by their beginnings.
const SETTINGS: [&str; 12] = [
    "log_statement",
    "log_connections",
    "log_disconnections",
    "log_destination",
    "log_min_",
    "log_duration",
    "log_hostname",
    "log_parameter",
    "log_rotation",
    "log_truncate",
    "logging_collector",
    "pgaudit.",
];

/// Activity of Event Log Activity, and access, of a statement that changes what is logged.
pub(super) fn of_statement(statement: &str) -> Option<(u8, Access)> {
    let lower = statement.trim().trim_end_matches(';').to_ascii_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    match words.as_slice() {
        ["create", "extension", ..] if words.contains(&"pgaudit") => return Some((9, Access::Create)),
        ["drop", "extension", ..] if words.contains(&"pgaudit") => return Some((10, Access::Delete)),
        ["alter", "system" | "role" | "user" | "database", ..] | ["set" | "reset", ..] => {}
        _ => return None,
    }
    let at = words.iter().position(|word| matches!(*word, "set" | "reset"))?;
    let rest = words.get(at + 1..).unwrap_or_default();
    let rest = match rest {
        ["session" | "local", rest @ ..] => rest,
        rest => rest,
    };
    let (name, value) = rest.join(" ").split_once(['=', ' ']).map_or_else(
        || (rest.join(" "), String::new()),
        |(name, value)| {
            (name.trim().to_owned(), value.trim().trim_start_matches("to ").trim_start_matches('=').to_owned())
        },
    );
    let name = name.trim_matches('"');
    if !is_setting(name) {
        return None;
    }
    let reset = words.get(at) == Some(&"reset");
    Some((if reset { 99 } else { by_value(name, &value) }, Access::Modify))
}

/// `parameter "log_statement" changed to "none"`, as the server says when it reads its settings again.
pub(super) fn of_message(message: &str) -> Option<(u8, Access)> {
    let rest = message.strip_prefix("parameter \"")?;
    let (name, rest) = rest.split_once('"')?;
    if !is_setting(name) {
        return None;
    }
    let value = rest.strip_prefix(" changed to ");
    Some((value.map_or(99, |value| by_value(name, value)), Access::Modify))
}

fn is_setting(name: &str) -> bool {
    SETTINGS.iter().any(|setting| name.starts_with(setting))
}

/// Off is off, and on is on; of what lies between the record alone does not say whether it is less than before.
fn by_value(name: &str, value: &str) -> u8 {
    const SWITCHES: [&str; 6] =
        ["log_statement", "log_connections", "log_disconnections", "log_duration", "logging_collector", "pgaudit.log"];
    if !SWITCHES.contains(&name) {
        return 99;
    }
    match value.trim().trim_matches(['\'', '"', ' ']).trim() {
        "none" | "off" | "false" | "no" | "0" | "" => 10,
        "all" | "on" | "true" | "yes" | "1" => 9,
        _ => 99,
    }
}
