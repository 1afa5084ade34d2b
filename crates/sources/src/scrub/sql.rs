//! Passwords in statements of SQL: `ALTER ROLE app PASSWORD 'x'`, `... IDENTIFIED BY 'x'`.

use super::check::Found;
use super::field;

/// Most bytes between the word and the quote: blanks, an equals sign, the `E` of a string with escapes.
const GAP_BYTES_MAX: usize = 32;

/// The literal after a word that says that a password follows; `at` is within that word. Without an end
/// of its own it ends with the string that the statement is in, or with the record: a statement that was
/// cut off is no less secret.
pub(super) fn password(record: &[u8], at: usize) -> Option<Found> {
    let rest = record.get(at..)?;
    let (word, rest) = rest.split_at(rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count());
    let gap_end = at + word.len() + rest.len().min(GAP_BYTES_MAX);
    let mut gap = rest.get(..rest.len().min(GAP_BYTES_MAX))?;
    if word.eq_ignore_ascii_case(b"dentified") {
        gap = blanks(gap).strip_prefix(b"BY").or_else(|| blanks(gap).strip_prefix(b"by"))?;
    } else if !word.eq_ignore_ascii_case(b"assword") {
        return None;
    }
    gap = blanks(gap);
    gap = blanks(gap.strip_prefix(b"=").unwrap_or(gap));
    let escapes = gap.strip_prefix(b"E").or_else(|| gap.strip_prefix(b"e"));
    let begin = gap_end - escapes.unwrap_or(gap).strip_prefix(b"'")?.len();
    let slashes = field::slashes_around(record, at);
    let levels = slashes.and_then(field::depth).unwrap_or(0);
    let end = end(record, begin, slashes, escapes.map(|_| levels));
    let value = record.get(begin..end)?;
    (!value.is_empty() && !field::is_masked(value)).then_some(Found { begin, end, levels, percent: false })
}

/// The text without the blanks before it, those that JSON writes with a backslash included.
fn blanks(mut text: &[u8]) -> &[u8] {
    loop {
        text = text.trim_ascii_start();
        let slashes = text.iter().take_while(|byte| **byte == b'\\').count();
        match text.get(slashes) {
            Some(b'n' | b't' | b'r') if slashes > 0 => text = text.get(slashes + 1..).unwrap_or_default(),
            _ => return text,
        }
    }
}

/// The quote that ends the literal. A quote in it is written twice, or, with escapes, after a backslash.
fn end(record: &[u8], begin: usize, slashes: Option<usize>, escapes: Option<usize>) -> usize {
    let mut at = begin;
    while let Some(skip) = record.get(at..).and_then(|rest| memchr::memchr2(b'\'', b'"', rest)) {
        at += skip;
        if record.get(at) == Some(&b'"') {
            if slashes.is_some_and(|slashes| !field::is_escaped_once(record, at, slashes)) {
                let before = record.get(begin..at).unwrap_or_default();
                return at - before.iter().rev().take_while(|byte| **byte == b'\\').count();
            }
            at += 1;
        } else if record.get(at + 1) == Some(&b'\'') {
            at += 2;
        } else if escapes.is_some_and(|levels| is_escaped(record, begin, at, levels)) {
            at += 1;
        } else {
            return at;
        }
    }
    record.len()
}

/// Whether a backslash of the statement takes the quote: each of them is as many in the record as the
/// strings around the statement double it to.
fn is_escaped(record: &[u8], begin: usize, quote: usize, levels: usize) -> bool {
    let before = record.get(begin..quote).unwrap_or_default();
    let found = before.iter().rev().take_while(|byte| **byte == b'\\').count();
    (found >> levels) % 2 == 1
}
