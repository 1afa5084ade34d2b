//! A look at the top level of a JSON object, cheap enough to be taken of every record.

use std::cell::OnceCell;

use crate::nesting::{Braces, Brackets, Step};

/// The keys of a record's top level, found when first asked for. What is between them is skipped,
/// not parsed: a probe recognises records, it does not check them.
pub struct Probe<'a> {
    text: &'a str,
    top: OnceCell<Vec<(&'a str, &'a str)>>,
}

impl<'a> Probe<'a> {
    /// Looks at a record: JSON text, unwrapped.
    pub fn new(text: &'a str) -> Probe<'a> {
        Probe { text, top: OnceCell::new() }
    }

    /// The record itself.
    pub fn record(&self) -> &'a str {
        self.text
    }

    /// Whether the record contains these bytes anywhere: a fast first look, to be confirmed with
    /// [`Probe::has`].
    pub fn contains(&self, needle: &str) -> bool {
        memchr::memmem::find(self.text.as_bytes(), needle.as_bytes()).is_some()
    }

    /// The first bytes of the record, at most so many: decisive where a platform always writes its keys
    /// in one order, and far cheaper than a look at all of them.
    pub fn head(&self, bytes_max: usize) -> &'a str {
        self.text.get(..self.text.floor_char_boundary(bytes_max)).unwrap_or(self.text)
    }

    /// Whether the top level has this key.
    pub fn has(&self, key: &str) -> bool {
        self.raw(key).is_some()
    }

    /// The value of a top-level key as JSON text; of a repeated key the last one.
    pub fn raw(&self, key: &str) -> Option<&'a str> {
        let top = self.top.get_or_init(|| top_level(self.text).unwrap_or_default());
        top.iter().rev().find(|(name, _)| *name == key).map(|(_, value)| *value)
    }

    /// The value of a top-level key, if it is a text without escapes.
    pub fn text(&self, key: &str) -> Option<&'a str> {
        self.raw(key)?.strip_prefix('"')?.strip_suffix('"')
    }
}

/// Keys and values as they are written; `None` if this is no object that ends.
fn top_level(text: &str) -> Option<Vec<(&str, &str)>> {
    let bytes = text.as_bytes();
    let mut top = Vec::with_capacity(32);
    let mut at = token(bytes, 0)?;
    if bytes.get(at) != Some(&b'{') {
        return None;
    }
    at = token(bytes, at + 1)?;
    if bytes.get(at) == Some(&b'}') {
        return Some(top);
    }
    loop {
        let end = string_end(bytes, at)?;
        let key = text.get(at + 1..end - 1)?;
        let colon = token(bytes, end)?;
        if bytes.get(colon) != Some(&b':') {
            return None;
        }
        let begin = token(bytes, colon + 1)?;
        let end = value_end(bytes, begin)?;
        top.push((key, text.get(begin..end)?));
        at = token(bytes, end)?;
        match bytes.get(at)? {
            b',' => at = token(bytes, at + 1)?,
            b'}' => return Some(top),
            _ => return None,
        }
    }
}

/// The next byte that is no white space.
fn token(bytes: &[u8], at: usize) -> Option<usize> {
    bytes.get(at..)?.iter().position(|byte| !byte.is_ascii_whitespace()).map(|skip| at + skip)
}

/// Behind the closing quote of the string that begins at `at`.
pub(crate) fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at) != Some(&b'"') {
        return None;
    }
    let mut at = at + 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes.get(at) == Some(&b'"') {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// Behind the value that begins at `at`.
fn value_end(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    let step = match rest.first()? {
        b'"' => return string_end(bytes, at),
        b'{' => Braces::default().advance(rest),
        b'[' => Brackets::default().advance(rest),
        _ => Step::Closed(rest.iter().position(|byte| matches!(byte, b',' | b'}') || byte.is_ascii_whitespace())?),
    };
    match step {
        Step::Closed(length) if length > 0 => Some(at + length),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
