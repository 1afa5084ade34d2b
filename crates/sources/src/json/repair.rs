//! The slow way to read a record, for what the typed parse refuses though it is JSON.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use serde_json::value::RawValue;

use crate::{Reject, RejectKind};

/// Deeper nesting is a reject: readers of the raw record would refuse it.
pub const DEPTH_MAX: usize = 128;

/// What [`repair`] changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repaired {
    /// An object had the same key twice; the last one stayed.
    pub duplicate_keys: bool,
    /// Something no text or number can hold was written in another way: half of a surrogate pair
    /// as U+FFFD, a number outside of every range as a text with its digits.
    pub spellings: bool,
}

impl Repaired {
    /// Whether the rewritten record differs from the given one.
    pub fn changed(self) -> bool {
        self.duplicate_keys || self.spellings
    }
}

/// Rewrites a JSON object so that a typed parse can read it. Everything else, the spelling of
/// numbers and the order of keys too, is copied as it is.
pub fn repair(text: &str, out: &mut String) -> Result<Repaired, Reject> {
    let Scan { mut edits, repaired } = scan(text)?;
    edits.sort_by_key(|edit| (edit.range.start, usize::MAX - edit.range.end));
    out.clear();
    let mut at = 0;
    for Edit { range, text: with } in edits {
        // An edit inside of what was dropped does not matter.
        if range.start >= at {
            out.push_str(text.get(at..range.start).unwrap_or_default());
            out.push_str(&with);
            at = range.end;
        }
    }
    out.push_str(text.get(at..).unwrap_or_default());
    Ok(repaired)
}

/// Whether a text is JSON at all, and an object.
pub fn check(text: &str) -> Result<(), Reject> {
    scan(text)?;
    if text.trim_start().starts_with('{') {
        Ok(())
    } else {
        Err(Reject::new(RejectKind::NotJson, "JSON, but not an object"))
    }
}

/// A parse error of serde_json as a reject.
pub fn not_json(error: &serde_json::Error) -> Reject {
    let kind = if error.to_string().starts_with("recursion limit") { RejectKind::TooDeep } else { RejectKind::NotJson };
    Reject::new(kind, error.to_string())
}

struct Edit {
    range: Range<usize>,
    text: Cow<'static, str>,
}

#[derive(Default)]
struct Scan {
    edits: Vec<Edit>,
    repaired: Repaired,
}

/// An object or list that is not closed yet; a list has no keys.
struct Frame<'a> {
    keys: Option<HashMap<Cow<'a, str>, usize>>,
}

/// Walks over text that is known to be JSON; what has to be edited is noted.
fn scan(text: &str) -> Result<Scan, Reject> {
    if text.trim().is_empty() {
        return Err(Reject::new(RejectKind::Empty, "nothing but white space"));
    }
    let _: &RawValue = serde_json::from_str(text).map_err(|error| not_json(&error))?;
    let bytes = text.as_bytes();
    let mut scan = Scan::default();
    let mut frames: Vec<Frame<'_>> = Vec::new();
    let mut at = 0;
    // A string is a key where an object expects one.
    let mut key_next = false;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' => {
                if frames.len() == DEPTH_MAX {
                    let detail = format!("nested deeper than {DEPTH_MAX} levels at byte {at}");
                    return Err(Reject::new(RejectKind::TooDeep, detail));
                }
                key_next = *byte == b'{';
                frames.push(Frame { keys: key_next.then(HashMap::new) });
                at += 1;
            }
            b'}' | b']' => {
                frames.pop();
                key_next = false;
                at += 1;
            }
            b',' => {
                key_next = frames.last().is_some_and(|frame| frame.keys.is_some());
                at += 1;
            }
            b'"' => {
                let end = crate::probe::string_end(bytes, at).unwrap_or(bytes.len());
                scan.surrogates(bytes, at..end);
                if std::mem::take(&mut key_next) {
                    let keys = frames.last_mut().and_then(|frame| frame.keys.as_mut());
                    let key = unescaped(text.get(at + 1..end.saturating_sub(1)).unwrap_or_default());
                    if let Some(earlier) = keys.and_then(|keys| keys.insert(key, at)) {
                        let entry = entry_end(bytes, earlier);
                        scan.edits.push(Edit { range: earlier..entry, text: Cow::Borrowed("") });
                        scan.repaired.duplicate_keys = true;
                    }
                }
                at = end;
            }
            b'-' | b'0'..=b'9' => {
                let digits = text.get(at..).unwrap_or_default();
                let length = digits
                    .bytes()
                    .take_while(|byte| !matches!(byte, b',' | b'}' | b']') && !byte.is_ascii_whitespace())
                    .count();
                scan.number(digits.get(..length).unwrap_or_default(), at);
                at += length;
            }
            _ => at += 1,
        }
    }
    Ok(scan)
}

/// Where the entry ends whose key begins at `at`, its comma and the space after it included. There
/// is a comma: another entry with this key follows.
fn entry_end(bytes: &[u8], at: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = at;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = crate::probe::string_end(bytes, at).unwrap_or(bytes.len());
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => break,
            _ => {}
        }
        at += 1;
    }
    let space = bytes.get(at + 1..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    at + 1 + space
}

/// A key as it is meant, so that `a` and `\u0061` are the same one.
fn unescaped(key: &str) -> Cow<'_, str> {
    if !key.contains('\\') {
        return Cow::Borrowed(key);
    }
    serde_json::from_str(&format!("\"{key}\"")).map_or(Cow::Borrowed(key), Cow::Owned)
}

impl Scan {
    /// Notes each `\uD800` to `\uDFFF` that is no half of a pair.
    fn surrogates(&mut self, bytes: &[u8], range: Range<usize>) {
        let mut at = range.start;
        while let Some(skip) = bytes.get(at..range.end).and_then(|rest| memchr::memchr(b'\\', rest)) {
            at += skip;
            match (unit(bytes, at), unit(bytes, at + 6)) {
                (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => at += 12,
                (Some(0xd800..=0xdfff), _) => {
                    self.edits.push(Edit { range: at..at + 6, text: Cow::Borrowed("\\ufffd") });
                    self.repaired.spellings = true;
                    at += 6;
                }
                _ => at += 2,
            }
        }
    }

    /// Notes a number that no type of ours can hold.
    fn number(&mut self, digits: &str, at: usize) {
        if serde_json::from_str::<serde_json::Number>(digits).is_err() {
            self.edits.push(Edit { range: at..at + digits.len(), text: Cow::Owned(format!("\"{digits}\"")) });
            self.repaired.spellings = true;
        }
    }
}

/// The UTF-16 unit of the escape `\uXXXX` at `at`.
fn unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}
