//! Lines of comma-separated values whose quoted values may hold line ends.

use std::borrow::Cow;

/// Bytes of a time of the form `2026-11-20 10:41:07.123 `: digits stand for any digit.
const SHAPE: &[u8] = b"0000-00-00 00:00:00.000 ";

/// Longest name of a time zone, or offset, behind the time.
const ZONE_BYTES_MAX: usize = 6;

/// As many bytes decide [`begins`].
pub(crate) const HEAD_BYTES: usize = SHAPE.len() + ZONE_BYTES_MAX + 1;

/// Whether a record of a database's log begins here: a time with its zone as the first value.
/// `None` if there are too few bytes to tell; `whole` says that there will be no more.
pub(crate) fn begins(bytes: &[u8], whole: bool) -> Option<bool> {
    let unknown = if whole { Some(false) } else { None };
    for (at, wanted) in SHAPE.iter().enumerate() {
        let Some(byte) = bytes.get(at) else { return unknown };
        let fits = if wanted.is_ascii_digit() { byte.is_ascii_digit() } else { byte == wanted };
        if !fits {
            return Some(false);
        }
    }
    for at in 0..=ZONE_BYTES_MAX {
        match bytes.get(SHAPE.len() + at) {
            None => return unknown,
            Some(b',') => return Some(at > 0),
            Some(byte) if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b':') => {}
            Some(_) => return Some(false),
        }
    }
    Some(false)
}

/// The values of a line; an empty one that is not quoted is absent. `None` if a quote is not closed.
pub(crate) fn values(line: &str) -> Option<Vec<Option<Cow<'_, str>>>> {
    let mut values = Vec::with_capacity(26);
    let mut rest = line.trim_end_matches(['\r', '\n']);
    loop {
        let (value, after) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let (value, after) = unquote(quoted)?;
                (Some(value), after)
            }
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                let (value, after) = rest.split_at(end);
                (Some(Cow::Borrowed(value)).filter(|value: &Cow<'_, str>| !value.is_empty()), after)
            }
        };
        values.push(value);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None if after.is_empty() => return Some(values),
            None => return None,
        }
    }
}

/// The value up to its closing quote, two quotes being one, and what follows.
fn unquote(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let mut at = 0;
    loop {
        at += memchr::memchr(b'"', text.as_bytes().get(at..)?)?;
        match text.as_bytes().get(at + 1) {
            Some(b'"') => at += 2,
            _ => break,
        }
    }
    let (value, after) = (text.get(..at)?, text.get(at + 1..)?);
    let value = if value.contains('"') { Cow::Owned(value.replace("\"\"", "\"")) } else { Cow::Borrowed(value) };
    Some((value, after))
}

/// First columns of an inventory kept by hand, in their order.
const INVENTORY: [&str; 5] = ["identity", "owner", "team", "purpose", "sensitivity"];

/// How the names of the columns of an export of eDiscovery begin.
const EXPORT: &str = "File ID,Status,Error warning,Added by,";

/// The length of the line of headers with which an export of eDiscovery begins; `None` if `text` begins with none.
pub(crate) fn export_header(text: &str) -> Option<usize> {
    let line = text.split(['\r', '\n']).next()?;
    line.starts_with(EXPORT).then_some(line.len())
}

/// The length of the line of headers with which an inventory begins; `None` if `text` begins with none.
pub(crate) fn inventory_header(text: &str) -> Option<usize> {
    let line = text.split(['\r', '\n']).next()?;
    let values = values(line)?;
    let fits = |(value, wanted): (&Option<Cow<'_, str>>, &&str)| {
        value.as_ref().is_some_and(|value| value.trim().eq_ignore_ascii_case(wanted))
    };
    (values.len() >= INVENTORY.len() && values.iter().zip(&INVENTORY).all(fits)).then_some(line.len())
}
