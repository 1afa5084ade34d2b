//! Lines that are no JSON: pairs of keys and values, and CSV.

use std::borrow::Cow;

/// How a line is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A JSON object.
    Json,
    /// `key=value` pairs between separators; a value with a separator in it stands in double quotes.
    Pairs(char),
    /// Values in the order of these columns, between separators; RFC 4180 quotes.
    Csv(char, Vec<Box<str>>),
}

/// The pairs of a line. What has no `=` belongs to nothing and is left out.
pub(super) fn pairs(line: &str, separator: char) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
    let mut rest = line;
    std::iter::from_fn(move || {
        loop {
            rest = rest.trim_start_matches(|c: char| c == separator || c.is_whitespace());
            if rest.is_empty() {
                return None;
            }
            let end = rest.find(['=', separator]).unwrap_or(rest.len());
            let (name, behind) = rest.split_at_checked(end)?;
            let Some(value) = behind.strip_prefix('=') else {
                rest = behind;
                continue;
            };
            let name = name.trim();
            let (value, behind) = match value.strip_prefix('"') {
                Some(inside) => quoted(inside),
                None => {
                    let end = value.find(separator).unwrap_or(value.len());
                    let (value, behind) = value.split_at_checked(end)?;
                    (Cow::Borrowed(value.trim_end()), behind)
                }
            };
            rest = behind;
            return Some((name, value));
        }
    })
}

/// A text up to its closing quote, with `\"` and `\\` taken for what they stand for, and what is behind it.
fn quoted(text: &str) -> (Cow<'_, str>, &str) {
    let mut owned: Option<String> = None;
    let mut begin = 0;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        let before = text.get(begin..at).unwrap_or_default();
        if c == '"' {
            let value = owned.map_or(Cow::Borrowed(before), |owned| Cow::Owned(owned + before));
            return (value, text.get(at + 1..).unwrap_or_default());
        }
        if c == '\\' {
            owned.get_or_insert_default().push_str(before);
            begin = at + 1;
            chars.next();
        }
    }
    (Cow::Borrowed(text), "")
}

/// The values of a line of CSV.
pub(super) fn values(line: &str, separator: char) -> impl Iterator<Item = Cow<'_, str>> {
    let mut rest = Some(line.trim_end_matches(['\r', '\n']));
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(inside) = text.strip_prefix('"') else {
            let (value, behind) = text.split_once(separator).map_or((text, None), |(value, b)| (value, Some(b)));
            rest = behind;
            return Some(Cow::Borrowed(value));
        };
        let (mut at, mut doubled) = (0, false);
        let end = loop {
            let Some(quote) = inside.get(at..).and_then(|rest| rest.find('"')) else { break inside.len() };
            at += quote;
            if inside.get(at + 1..).is_some_and(|rest| rest.starts_with('"')) {
                doubled = true;
                at += 2;
            } else {
                break at;
            }
        };
        let behind = inside.get(end + 1..).unwrap_or_default();
        rest = behind.split_once(separator).map(|(_, behind)| behind);
        let value = inside.get(..end).unwrap_or_default();
        Some(if doubled { Cow::Owned(value.replace("\"\"", "\"")) } else { Cow::Borrowed(value) })
    })
}
