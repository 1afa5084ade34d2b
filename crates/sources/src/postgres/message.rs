//! What a line of the log tells, read off the beginning of its message.

use std::borrow::Cow;

use super::record::Text;
use crate::split::csv::values;

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Told<'a> {
    /// `connection received`: somebody is there, not yet anybody.
    Received,
    /// `connection authenticated`: an identity of the method, proved.
    Authenticated { identity: Text<'a>, method: Text<'a> },
    /// `connection authorized`: the role may use the database.
    Authorized { principal: Text<'a>, tls: bool },
    /// `disconnection`, with the length of the session in milliseconds.
    Disconnected { length_ms: Option<i64> },
    /// A line of pgaudit.
    Audit(Audit<'a>),
    /// A statement, before it runs, or with its duration in milliseconds after it has.
    Statement { statement: Cow<'a, str>, duration_ms: Option<i64> },
    /// Anything else.
    Other,
}

/// The values of a pgaudit line.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Audit<'a> {
    pub(super) class: Text<'a>,
    pub(super) command: Text<'a>,
    pub(super) object_type: Text<'a>,
    pub(super) object_name: Text<'a>,
    pub(super) statement: Text<'a>,
    pub(super) rows: Option<i64>,
}

/// Reads a message.
pub(super) fn read<'a>(message: &Cow<'a, str>) -> Told<'a> {
    let own = |part: &str| Cow::Owned(part.to_owned());
    let text: &str = message;
    if let Some(line) = text.strip_prefix("AUDIT: ") {
        return audit(line).map_or(Told::Other, Told::Audit);
    }
    if text.starts_with("connection received:") {
        return Told::Received;
    }
    if let Some(rest) = text.strip_prefix("connection authenticated:") {
        let identity = rest.split_once("identity=\"").and_then(|(_, rest)| rest.rsplit_once("\" method="));
        return match identity {
            Some((identity, method)) => {
                Told::Authenticated { identity: Some(own(identity)), method: method.split_whitespace().next().map(own) }
            }
            None => Told::Authenticated { identity: None, method: None },
        };
    }
    if text.contains("connection authorized:") {
        let principal = text.split_once("principal=").and_then(|(_, rest)| rest.split([')', ',']).next()).map(own);
        return Told::Authorized { principal, tls: text.contains("SSL enabled") };
    }
    if let Some(rest) = text.strip_prefix("disconnection: session time: ") {
        return Told::Disconnected { length_ms: rest.split_whitespace().next().and_then(clock_ms) };
    }
    let (duration_ms, rest) = match text.strip_prefix("duration: ").and_then(|rest| rest.split_once(" ms")) {
        Some((number, rest)) => (milliseconds(number), rest.trim_start()),
        None => (None, text),
    };
    let statement = rest.strip_prefix("statement: ").or_else(|| {
        // `execute <name>: select ...` of the extended protocol.
        let (head, statement) = rest.split_once(": ")?;
        head.starts_with("execute ").then_some(statement)
    });
    statement.map_or(Told::Other, |statement| Told::Statement { statement: own(statement), duration_ms })
}

/// `SESSION,1,1,READ,SELECT,TABLE,public.account,select ...,<not logged>`, and the rows if wanted.
fn audit<'a>(line: &str) -> Option<Audit<'a>> {
    let mut parts = values(line)?;
    if !matches!(parts.first()?.as_deref(), Some("SESSION" | "OBJECT")) || parts.len() < 8 {
        return None;
    }
    let mut take = |at: usize| parts.get_mut(at).and_then(Option::take).map(|part| Cow::Owned(part.into_owned()));
    Some(Audit {
        class: take(3),
        command: take(4),
        object_type: take(5),
        object_name: take(6),
        statement: take(7),
        rows: take(9).and_then(|rows: Cow<'_, str>| rows.parse().ok()),
    })
}

/// `0:00:12.031` in milliseconds.
fn clock_ms(text: &str) -> Option<i64> {
    let mut parts = text.splitn(3, ':');
    let (hours, minutes) = (parts.next()?.parse::<i64>().ok()?, parts.next()?.parse::<i64>().ok()?);
    let seconds = milliseconds(parts.next()?)?;
    hours.checked_mul(3_600_000)?.checked_add(minutes.checked_mul(60_000)?)?.checked_add(seconds.checked_mul(1_000)?)
}

/// The whole part of a decimal number.
fn milliseconds(text: &str) -> Option<i64> {
    text.split('.').next()?.trim().parse().ok()
}

/// The object of `permission denied for table account`: its type and name.
pub(super) fn denied_object(message: &str) -> Option<(&str, &str)> {
    let rest = message.strip_prefix("permission denied for ")?;
    let (kind, name) = rest.rsplit_once(' ')?;
    Some((kind, name.trim_matches('"')))
}

/// The role that a statement makes, changes or drops, and until when it may log in: `CREATE ROLE
/// "x" LOGIN ... VALID UNTIL '...'`. Passwords are passed over.
pub(super) fn role(statement: &str) -> Option<(&str, Option<&str>)> {
    let mut rest = statement.trim_start();
    let mut word = || {
        let (word, after) = rest.split_once(char::is_whitespace)?;
        rest = after.trim_start();
        Some(word.to_ascii_uppercase())
    };
    if !matches!(word()?.as_str(), "CREATE" | "ALTER" | "DROP")
        || !matches!(word()?.as_str(), "ROLE" | "USER" | "GROUP")
    {
        return None;
    }
    let rest = rest.strip_prefix("IF EXISTS ").unwrap_or(rest);
    let (name, after) = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?,
        None => rest.split_at(rest.find(|c: char| c.is_whitespace() || c == ';').unwrap_or(rest.len())),
    };
    let upper = after.to_ascii_uppercase();
    let until = upper.find("VALID UNTIL").and_then(|at| after.get(at..)?.split('\'').nth(1));
    (!name.is_empty()).then_some((name, until))
}

/// The role that a statement switches to.
pub(super) fn switched_to(statement: &str) -> Option<&str> {
    let upper = statement.trim_start().to_ascii_uppercase();
    let marks = ["SET ROLE ", "SET SESSION AUTHORIZATION ", "SET LOCAL ROLE "];
    let mark = marks.iter().find(|mark| upper.starts_with(**mark))?;
    let name = statement.trim_start().get(mark.len()..)?.trim().trim_end_matches(';').trim_matches(['"', '\'']);
    (!name.is_empty()).then_some(name)
}
