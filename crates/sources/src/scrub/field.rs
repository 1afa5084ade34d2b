//! Fields of JSON objects, at any depth of JSON inside of JSON strings.

use super::check::Found;

/// Longest key that is looked at.
const KEY_BYTES_MAX: usize = 64;

/// How far before a private key the quote is looked for that its string begins with.
const STRING_BYTES_MAX: usize = 64 << 10;

/// The text value of the field whose key holds the byte at `at`, and what `wanted` says to the key
/// in lowercase. Values that the platform has masked are not secrets. Backslashes before `done` are
/// part of a secret that ends there, and do not count.
pub(super) fn value<T>(
    record: &[u8],
    at: usize,
    done: usize,
    wanted: impl Fn(&str) -> Option<T>,
) -> Option<(T, Found)> {
    let before = record.get(at.saturating_sub(KEY_BYTES_MAX)..at)?;
    let back = before.iter().rev().take_while(|byte| is_key(**byte)).count();
    let begin = at - back;
    let length = record.get(begin..)?.iter().take(KEY_BYTES_MAX + 1).take_while(|byte| is_key(**byte)).count();
    let end = begin + length;
    let quote = begin.checked_sub(1)?;
    let levels = slashes_before(record, quote).min(quote.saturating_sub(done));
    if record.get(quote) != Some(&b'"') || !is_delimiter(record, end, levels) {
        return None;
    }
    let key: String = record.get(begin..end)?.iter().map(|byte| byte.to_ascii_lowercase() as char).collect();
    let wanted = wanted(&key)?;
    let colon = skip_space(record, end + levels + 1);
    if record.get(colon) != Some(&b':') {
        return None;
    }
    let quote = skip_space(record, colon + 1);
    if !is_delimiter(record, quote, levels) {
        return None;
    }
    let depth = depth(levels)?;
    let begin = quote + levels + 1;
    let end = closing(record, begin, levels)?;
    let value = record.get(begin..end)?;
    (!is_masked(value)).then_some((wanted, Found { begin, end, levels: depth, percent: false }))
}

/// The last byte of the key whose value begins with the quote at `quote`.
pub(super) fn key_before(record: &[u8], quote: usize) -> Option<usize> {
    let slashes = slashes_before(record, quote);
    let before = record.get(..quote - slashes)?.trim_ascii_end().strip_suffix(b":")?.trim_ascii_end();
    let key = before.strip_suffix(b"\"")?;
    key.len().checked_sub(slashes + 1)
}

pub(super) fn is_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

pub(super) fn skip_space(record: &[u8], at: usize) -> usize {
    at + record.get(at..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

pub(super) fn slashes_before(record: &[u8], at: usize) -> usize {
    record.get(..at).unwrap_or_default().iter().rev().take_while(|byte| **byte == b'\\').count()
}

/// Whether a quote with so many backslashes before it stands at `at`.
pub(super) fn is_delimiter(record: &[u8], at: usize, slashes: usize) -> bool {
    let found = record.get(at..).unwrap_or_default().iter().take_while(|byte| **byte == b'\\').count();
    found == slashes && record.get(at + slashes) == Some(&b'"')
}

/// Where the value ends: before the quote with exactly so many backslashes of its own. Pairs of
/// backslashes before it belong to the value, as many as its depth doubles them to.
pub(super) fn closing(record: &[u8], begin: usize, slashes: usize) -> Option<usize> {
    let mut at = begin;
    loop {
        at += memchr::memchr(b'"', record.get(at..)?)?;
        if closes(record, begin, at, slashes) {
            // A string around this one may end first: then this is no JSON.
            return at.checked_sub(slashes).filter(|end| *end >= begin && slashes_before(record, at) >= slashes);
        }
        at += 1;
    }
}

/// How often a text is wrapped in JSON strings, by the backslashes before its quotes: 0, 1, 3, 7.
pub(super) fn depth(slashes: usize) -> Option<usize> {
    match slashes {
        0 => Some(1),
        1 => Some(2),
        3 => Some(3),
        7 => Some(4),
        _ => None,
    }
}

/// How many backslashes the quotes have of the string that the byte at `at` is in; `None` if no quote
/// stands before it. One that is far is taken for that of a string that is in no other.
pub(super) fn slashes_around(record: &[u8], at: usize) -> Option<usize> {
    let from = at.saturating_sub(STRING_BYTES_MAX);
    match memchr::memrchr(b'"', record.get(from..at)?) {
        Some(quote) => Some(slashes_before(record, from + quote)),
        None => (from > 0).then_some(0),
    }
}

/// Whether the quote at `quote` ends a text that began at `begin` inside of quotes with so many
/// backslashes: with exactly as many of its own, or with fewer, as the end of a string around it.
fn closes(record: &[u8], begin: usize, quote: usize, slashes: usize) -> bool {
    let before = slashes_before(record.get(begin..quote).unwrap_or_default(), quote - begin);
    // An escaped backslash of the text takes two units, an escaped quote one.
    before < slashes || (before - slashes).is_multiple_of(2 * (slashes + 1))
}

/// Whether the quote at `quote` belongs to a text inside of quotes with so many backslashes. Whatever
/// the quote was that they were counted at, no end of a string of JSON has this many.
pub(super) fn is_escaped_once(record: &[u8], quote: usize, slashes: usize) -> bool {
    slashes_before(record, quote) == 2 * slashes + 1
}

/// Takes the escapes off a text that is wrapped in so many JSON strings; `None` if it cannot be.
pub(super) fn unescape(raw: &[u8], levels: usize) -> Option<String> {
    let mut text = std::str::from_utf8(raw).ok()?.to_owned();
    for _ in 0..levels {
        if !text.contains('\\') {
            break;
        }
        text = serde_json::from_str(&format!("\"{text}\"")).ok()?;
    }
    Some(text)
}

/// Takes the escapes of URLs off a text; `None` if it has none, or others.
pub(super) fn percent_decoded(text: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut parts = text.split(|byte| *byte == b'%');
    decoded.extend_from_slice(parts.next()?);
    for part in parts {
        let digits = std::str::from_utf8(part.get(..2)?).ok()?;
        decoded.push(u8::from_str_radix(digits, 16).ok()?);
        decoded.extend_from_slice(part.get(2..)?);
    }
    (decoded.len() < text.len()).then_some(decoded)
}

/// Values that say that there was a secret, but are none.
pub(super) fn is_masked(value: &[u8]) -> bool {
    const PREFIXES: [&[u8]; 9] = [
        b"hmac-sha256:",
        b"\\u003c",
        b"HIDDEN_DUE_TO",
        b"deedbook:secret:",
        b"REDACTED",
        b"redacted",
        b"[REDACTED",
        b"arn:",
        b"projects/",
    ];
    const WORDS: [&[u8]; 7] = [b"true", b"false", b"null", b"none", b"None", b"hidden", b"masked"];
    let wrapped = matches!(
        (value.first(), value.last()),
        (Some(b'<'), Some(b'>')) | (Some(b'('), Some(b')')) | (Some(b'['), Some(b']'))
    );
    value.iter().all(|byte| matches!(byte, b'*' | b'x' | b'X' | b'-' | b'.' | b' '))
        || wrapped
        || PREFIXES.iter().any(|prefix| value.starts_with(prefix))
        || WORDS.contains(&value)
}
