//! What rules make sure by: which bytes, how many, and that no word runs into them.

/// A range of a record, and how it may be written there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) begin: usize,
    pub(super) end: usize,
    /// How often it is wrapped in JSON strings when it may hold escapes.
    pub(super) levels: usize,
    /// Whether it may hold the escapes of URLs.
    pub(super) percent: bool,
}

/// The bytes that a part of a token is made of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Class {
    Digit,
    Hex,
    Letter,
    Alnum,
    Lower,
    Upper,
    /// Letters, digits, `_`, `-`.
    Token,
    /// The same, and `.`.
    Dotted,
    /// The same, and `=`.
    Padded,
    /// Letters, digits, `+`, `/`.
    Base64,
    /// The same, and `=`.
    Base64Padded,
    /// Letters, digits, `_`, `~`, `.`, `-`.
    Unreserved,
}

impl Class {
    pub(super) fn has(self, byte: u8) -> bool {
        match self {
            Class::Digit => byte.is_ascii_digit(),
            Class::Hex => byte.is_ascii_hexdigit(),
            Class::Letter => byte.is_ascii_alphabetic(),
            Class::Alnum => byte.is_ascii_alphanumeric(),
            Class::Lower => byte.is_ascii_lowercase() || byte.is_ascii_digit(),
            Class::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Class::Token => is_token(byte),
            Class::Dotted => is_token(byte) || byte == b'.',
            Class::Padded => is_token(byte) || matches!(byte, b'.' | b'='),
            Class::Base64 => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'),
            Class::Base64Padded => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='),
            Class::Unreserved => is_token(byte) || matches!(byte, b'.' | b'~'),
        }
    }
}

/// A part of a token.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Text(&'static str),
    /// So many bytes of a class, at least and at most.
    Run(Class, usize, usize),
}

/// How a kind of token looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// What stands before the first part and belongs to the token.
    before: Option<(Class, usize, usize)>,
    /// The first of them is the text by which it is found.
    parts: &'static [Part],
    /// Whether it has letters of both cases behind its first part, as a word has not.
    mixed: bool,
}

/// A token that begins with its first part.
pub(super) const fn shape(parts: &'static [Part]) -> Shape {
    Shape { before: None, parts, mixed: false }
}

impl Shape {
    pub(super) const fn mixed(self) -> Shape {
        Shape { mixed: true, ..self }
    }

    /// With so many bytes before the first part.
    pub(super) const fn behind(self, class: Class, least: usize, most: usize) -> Shape {
        Shape { before: Some((class, least, most)), ..self }
    }

    /// The text by which it is found.
    pub(super) fn anchor(&self) -> Option<&'static str> {
        match self.parts.first() {
            Some(Part::Text(text)) => Some(*text),
            _ => None,
        }
    }

    /// The token whose first part is at `at`.
    pub(super) fn at(&self, record: &[u8], at: usize) -> Option<Found> {
        let begin = match self.before {
            None => Some(at).filter(|begin| starts_clean(record, *begin)),
            Some((class, least, most)) => {
                let before = record.get(at.saturating_sub(most)..at)?;
                let length = before.iter().rev().take_while(|byte| class.has(**byte)).count();
                // The first of them may be the letter of an escape.
                let lengths = [Some(length), length.checked_sub(1)].into_iter().flatten();
                lengths
                    .filter(|length| *length >= least)
                    .map(|length| at - length)
                    .find(|begin| starts_clean(record, *begin))
            }
        }?;
        let mut end = at;
        for (number, part) in self.parts.iter().enumerate() {
            let rest = record.get(end..)?;
            end += match *part {
                Part::Text(text) => rest.starts_with(text.as_bytes()).then_some(text.len())?,
                Part::Run(class, least, most) => {
                    let length = rest.iter().take(most.saturating_add(1)).take_while(|byte| class.has(**byte)).count();
                    let is_last = number + 1 == self.parts.len();
                    if length < least || (is_last && length > most) {
                        return None;
                    }
                    length.min(most)
                }
            };
        }
        let token = record.get(at + self.anchor().map_or(0, str::len)..end)?;
        let mixed = token.iter().any(u8::is_ascii_lowercase) && token.iter().any(u8::is_ascii_uppercase);
        (mixed || !self.mixed).then(|| plain(begin, end))
    }
}

/// The token of the first shape that fits.
pub(super) fn any(shapes: &[Shape], record: &[u8], at: usize) -> Option<Found> {
    shapes.iter().find_map(|shape| shape.at(record, at))
}

pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// How many bytes from `from` on pass.
pub(super) fn run(record: &[u8], from: usize, passes: impl Fn(u8) -> bool) -> usize {
    record.get(from..).unwrap_or_default().iter().take_while(|byte| passes(**byte)).count()
}

/// A prefix is one only where no word runs into it, and no backslash takes its first letter.
pub(super) fn starts_clean(record: &[u8], at: usize) -> bool {
    match at.checked_sub(1).and_then(|before| record.get(before)) {
        Some(b'\\') => !matches!(record.get(at), Some(b'n' | b't' | b'r' | b'b' | b'f' | b'u')),
        Some(byte) => !is_token(*byte) || ends_with_escape(record.get(..at).unwrap_or_default()),
        None => true,
    }
}

/// Whether the last letter belongs to an escape, as in `\n`, `\u003e` or `%3D`.
pub(super) fn ends_with_escape(before: &[u8]) -> bool {
    match before {
        [.., b'\\', b'n' | b't' | b'r'] => true,
        [.., b'%', a, b] if [a, b].into_iter().all(|byte| byte.is_ascii_hexdigit()) => true,
        [.., b'\\', b'u', a, b, c, d] => [a, b, c, d].into_iter().all(u8::is_ascii_hexdigit),
        _ => false,
    }
}

pub(super) fn exactly(
    record: &[u8],
    at: usize,
    prefix: usize,
    length: usize,
    passes: impl Fn(u8) -> bool,
) -> Option<Found> {
    (starts_clean(record, at) && run(record, at + prefix, passes) == length).then(|| plain(at, at + prefix + length))
}

pub(super) fn at_least(
    record: &[u8],
    at: usize,
    prefix: usize,
    least: usize,
    passes: impl Fn(u8) -> bool,
) -> Option<Found> {
    // First what is soon done: a run may be as long as the record.
    if !starts_clean(record, at) {
        return None;
    }
    let length = run(record, at + prefix, passes);
    (length >= least).then(|| plain(at, at + prefix + length))
}

pub(super) fn plain(begin: usize, end: usize) -> Found {
    Found { begin, end, levels: 0, percent: false }
}

pub(super) fn has_digit(record: &[u8], found: &Found) -> bool {
    record.get(found.begin..found.end).unwrap_or_default().iter().any(u8::is_ascii_digit)
}
