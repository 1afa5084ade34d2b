//! Values of LDIF attributes that hold passwords, their hashes, or keys made of them.

use super::check::Found;
use super::field;

/// Longest attribute name that is looked at, with its options.
const NAME_BYTES_MAX: usize = 64;

/// How names of such attributes end, in lower case.
const NAMES: [&[u8]; 9] = [
    b"password",
    b"pwd",
    b"passwordhistory",
    b"pwdhistory",
    b"nthash",
    b"principalkey",
    b"pkcs12",
    b"credentials",
    b"rootpw",
];

/// The value of the attribute whose name holds the byte at `at`: a whole line, and those that go on with a
/// blank. A name stands at the beginning of a line.
pub(super) fn value(record: &[u8], at: usize) -> Option<Found> {
    let before = record.get(at.saturating_sub(NAME_BYTES_MAX)..at)?;
    let begin = at - before.iter().rev().take_while(|byte| is_name(**byte)).count();
    if !matches!(begin.checked_sub(1).map(|last| record.get(last)), None | Some(Some(b'\n'))) {
        return None;
    }
    let name = record.get(begin..)?.iter().take(NAME_BYTES_MAX).take_while(|byte| is_name(**byte)).count();
    let colon = begin + name;
    let name = record.get(begin..colon)?.to_ascii_lowercase();
    if record.get(colon) != Some(&b':') || !NAMES.iter().any(|wanted| name.ends_with(wanted)) {
        return None;
    }
    // Base64 and addresses have a mark of their own behind the colon.
    let marked = usize::from(matches!(record.get(colon + 1), Some(b':' | b'<')));
    let blanks = record.get(colon + 1 + marked..)?.iter().take_while(|byte| **byte == b' ').count();
    let begin = colon + 1 + marked + blanks;
    let end = end(record, begin);
    let value = record.get(begin..end)?;
    (!value.is_empty() && !field::is_masked(value)).then_some(Found { begin, end, levels: 0, percent: false })
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b';' | b'.')
}

/// The end of the line, and of those that go on with it.
fn end(record: &[u8], begin: usize) -> usize {
    let mut at = begin;
    while let Some(skip) = record.get(at..).and_then(|rest| memchr::memchr(b'\n', rest)) {
        at += skip;
        if record.get(at + 1) != Some(&b' ') {
            let carriage = at.checked_sub(1).and_then(|last| record.get(last)) == Some(&b'\r');
            return if carriage && at > begin { at - 1 } else { at };
        }
        at += 1;
    }
    record.len()
}
