//! The sender's own numbers: by them it can be told that single records never came.
//!
//! Only numbers that go up by one with each record of a row count here. Offsets of Kafka do not (a transaction takes some),
//! nor do serials of auditd (the kernel counts what no rule logs), nor the event index of Teleport (some events are in the
//! recording alone).

use model::Platform;
use serde::Deserialize;

use crate::json;
use crate::split::csv;

/// The number of a record, and the row of numbers that it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// Whose numbers they are: a session, a process, a host.
    pub row: String,
    /// The number.
    pub number: u64,
}

/// Platforms whose records may have a number.
pub const NUMBERED: [Platform; 2] = [Platform::Postgres, Platform::Syslog];

/// The number that a sender gave to a record, where it gives any.
pub fn of(platform: Platform, record: &str) -> Option<Number> {
    match platform {
        Platform::Postgres => postgres(record),
        Platform::Syslog => syslog(record),
        _ => None,
    }
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    session_id: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    line_num: Option<std::borrow::Cow<'a, str>>,
}

/// Each session numbers its lines (`log_line_prefix`, `%c` and `%l`), in both structured forms.
fn postgres(record: &str) -> Option<Number> {
    if record.starts_with('{') {
        let line: Line<'_> = serde_json::from_str(record).ok()?;
        return Some(Number { row: line.session_id?.into_owned(), number: line.line_num?.parse().ok()? });
    }
    let values = csv::values(record)?;
    let value = |column: usize| values.get(column)?.as_deref();
    Some(Number { row: value(5)?.to_owned(), number: value(6)?.parse().ok()? })
}

/// `[meta sequenceId="N"]` (RFC 5424 section 7.3.1): one row for each host and program; after 2147483647 comes 1.
fn syslog(record: &str) -> Option<Number> {
    let header = record.strip_prefix('<')?.split_once(">1 ")?.1;
    let mut words = header.splitn(6, ' ');
    let (_, host, app) = (words.next()?, words.next()?, words.next()?);
    let data = words.nth(2)?;
    let meta = data.split_once("[meta ")?.1;
    // What the message says is no data of its header.
    let begins = data.find("[meta ")?;
    let before = data.get(..begins)?;
    if !before.is_empty() && !before.ends_with(']') {
        return None;
    }
    let number = meta.split_once("sequenceId=\"")?.1.split('"').next()?;
    Some(Number { row: format!("{host} {app}"), number: number.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_where_a_sender_gives_them_and_nowhere_else() {
        let json = r#"{"timestamp":"2026-01-01 00:00:00.000 UTC","session_id":"65c9.1f","line_num":7,"message":"x"}"#;
        assert_eq!(of(Platform::Postgres, json), Some(Number { row: "65c9.1f".to_owned(), number: 7 }));
        let line = r#"<165>1 2026-01-01T00:00:00Z web-1 app 12 ID47 [x@1 a="b"][meta sequenceId="29"] said"#;
        assert_eq!(of(Platform::Syslog, line), Some(Number { row: "web-1 app".to_owned(), number: 29 }));
        let said = r#"<165>1 2026-01-01T00:00:00Z web-1 app 12 ID47 - a [meta sequenceId="29"]"#;
        assert_eq!(of(Platform::Syslog, said), None, "in the message");
        assert_eq!(of(Platform::Aws, json), None);
    }
}
