//! Values of Kubernetes Secrets, as requests and answers in audit logs hold them.

use super::check::{Found, plain};
use super::field;
use super::rule::{How, Rule};

/// Rule 99.
pub(super) static RULES: [Rule; 1] = [Rule {
    number: 99,
    name: "kubernetes-secret",
    what: "values of data and stringData of a Kubernetes Secret, a list of them, or a request to the resource secrets",
    how: How::Around(&["Secret\"", "Secret\\", "SecretList", "secrets\"", "secrets\\"], secret),
}];

/// Most objects within one another that are told apart.
const DEPTH_MAX: usize = 64;

/// An object that is open, or a list.
#[derive(Default)]
struct Level {
    /// The key whose value comes next.
    key: (usize, usize),
    is_list: bool,
    expects_value: bool,
    /// Whether it says that it is a Secret, or what is inside of it is.
    is_secret: bool,
    /// Whether it says that it is something else.
    is_other: bool,
    /// Whether it is the `data` of an object.
    is_data: bool,
    /// Values of `data` of it, and of what is inside and has not said yet what it is.
    values: Vec<Found>,
}

/// What says of itself that it is a Secret, at `kind` or `resource`. All of the text around it is looked
/// through, once.
fn secret(record: &[u8], at: usize, out: &mut Vec<Found>) -> usize {
    let Some(quote) = at.checked_sub(1).filter(|quote| record.get(*quote) == Some(&b'"')) else { return at };
    let slashes = field::slashes_before(record, quote);
    let Some(word) = word(record, at, slashes) else { return at };
    let key = field::key_before(record, quote).and_then(|last| record.get(..=last));
    let says = match word {
        b"Secret" | b"SecretList" => key.is_some_and(|key| key.ends_with(b"\"kind")),
        b"secrets" => key.is_some_and(|key| key.ends_with(b"\"resource")),
        _ => false,
    };
    if !says {
        return at;
    }
    let (begin, end) = around(record, at, slashes);
    walk(record, begin, end, slashes, word == b"secrets", out);
    end
}

/// The text from `at` to the quote that ends it.
fn word(record: &[u8], at: usize, slashes: usize) -> Option<&[u8]> {
    let length = record.get(at..)?.iter().take(16).take_while(|byte| byte.is_ascii_alphabetic()).count();
    field::is_delimiter(record, at + length, slashes).then(|| record.get(at..at + length))?
}

/// The text of JSON that the byte at `at` is in: the record, or a string of it.
fn around(record: &[u8], at: usize, slashes: usize) -> (usize, usize) {
    if slashes == 0 {
        return (0, record.len());
    }
    let mut begin = at;
    while let Some(quote) = record.get(..begin).and_then(|before| memchr::memrchr(b'"', before)) {
        if field::slashes_before(record, quote) < slashes {
            let end = field::closing(record, quote + 1, field::slashes_before(record, quote));
            return (quote + 1, end.unwrap_or(record.len()));
        }
        begin = quote;
    }
    (0, record.len())
}

/// Walks through a text of JSON whose quotes have so many backslashes.
fn walk(record: &[u8], begin: usize, end: usize, slashes: usize, all: bool, out: &mut Vec<Found>) {
    let Some(depth) = field::depth(slashes) else { return };
    let mut levels = vec![Level { is_secret: all, ..Level::default() }];
    let mut at = begin;
    while let Some(byte) = record.get(at).filter(|_| at < end) {
        match byte {
            b'{' | b'[' => {
                let (is_data, is_secret) = levels.last().map_or((false, false), |level| {
                    let key = record.get(level.key.0..level.key.1).unwrap_or_default();
                    let is_data = !level.is_list && matches!(key, b"data" | b"stringData");
                    (is_data && *byte == b'{', level.is_secret)
                });
                if levels.len() >= DEPTH_MAX {
                    break;
                }
                levels.push(Level { is_list: *byte == b'[', is_data, is_secret, ..Level::default() });
            }
            b'}' | b']' if levels.len() > 1 => close(&mut levels, out),
            b':' => levels.iter_mut().last().into_iter().for_each(|level| level.expects_value = true),
            b',' => levels.iter_mut().last().into_iter().for_each(|level| level.expects_value = false),
            b'"' => {
                let Some(close) = field::closing(record, at + 1, slashes).filter(|close| *close <= end) else { break };
                if let Some(level) = levels.last_mut() {
                    text(record, level, plain(at + 1, close), depth);
                }
                at = close + slashes;
            }
            _ => {}
        }
        at += 1;
    }
    // A record that was cut off is no less secret.
    while levels.len() > 1 {
        close(&mut levels, out);
    }
}

/// What a string is in its object: a key, a word that says what the object is, or a value.
fn text(record: &[u8], level: &mut Level, found: Found, depth: usize) {
    if !level.is_list && !level.expects_value {
        level.key = (found.begin, found.end);
        return;
    }
    let key = record.get(level.key.0..level.key.1).unwrap_or_default();
    let value = record.get(found.begin..found.end).unwrap_or_default();
    if key == b"kind" {
        let is_secret = matches!(value, b"Secret" | b"SecretList");
        (level.is_secret, level.is_other) = (level.is_secret || is_secret, !is_secret);
    }
    if level.is_data && !value.is_empty() && !field::is_masked(value) {
        level.values.push(Found { levels: depth, ..found });
    }
}

/// Ends the innermost object: its values are secrets, or it is for the one around it to say.
fn close(levels: &mut Vec<Level>, out: &mut Vec<Found>) {
    let Some(mut level) = levels.pop() else { return };
    match levels.last_mut() {
        _ if level.is_secret => out.append(&mut level.values),
        // The object around it may say so, as a list does for its items.
        Some(around) if !level.is_other => around.values.append(&mut level.values),
        _ => {}
    }
}
