//! MessagePack, as far as it has to be read here: heads of values, where a value ends, and a value as JSON.
//!
//! A library would build a tree of each value: forty bytes and more for a byte of input. So it is read off the bytes and
//! written as JSON at once, within limits. The facts are those of the specification (msgpack.org, *Formats*).

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// How deep values may be nested: as deep as JSON is read.
const DEPTH_MAX: usize = 120;

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Wrong {
    /// The value is longer than the bytes.
    #[error("it ends too early")]
    Short,
    /// A first byte that no value has.
    #[error("byte 0xc1 begins no value")]
    Never,
    #[error("it is nested deeper than {DEPTH_MAX} levels")]
    Deep,
    /// As JSON it is over the limit.
    #[error("it has more bytes, written out, than a delivery may have")]
    Large,
    /// Not of the form that the protocol knows.
    #[error("{0}")]
    Form(&'static str),
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Nil,
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    /// As a rule in UTF-8.
    Text(&'a [u8]),
    Binary(&'a [u8]),
    Extension(i8, &'a [u8]),
    /// So many values follow.
    List(u64),
    /// So many pairs of values follow.
    Map(u64),
}

impl<'a> Value<'a> {
    /// The bytes of a text or of a binary: senders use either for both.
    pub(super) fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Value::Text(bytes) | Value::Binary(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// How many values are in it.
    fn children(self) -> u64 {
        match self {
            Value::List(count) => count,
            Value::Map(pairs) => pairs.saturating_mul(2),
            _ => 0,
        }
    }
}

/// Reads values one after the other; those in a list follow its head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0 }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    fn take(&mut self, count: u64) -> Result<&'a [u8], Wrong> {
        let end = usize::try_from(count).ok().and_then(|count| self.at.checked_add(count)).ok_or(Wrong::Short)?;
        let taken = self.bytes.get(self.at..end).ok_or(Wrong::Short)?;
        self.at = end;
        Ok(taken)
    }

    /// An integer of so many bytes, big-endian.
    fn number(&mut self, bytes: u64) -> Result<u64, Wrong> {
        Ok(self.take(bytes)?.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    fn extension(&mut self, length: u64) -> Result<Value<'a>, Wrong> {
        let kind = self.number(1)? as u8 as i8;
        Ok(Value::Extension(kind, self.take(length)?))
    }

    /// The next value; of a list or a map the head. After an error it stands where it stood.
    pub(super) fn next(&mut self) -> Result<Value<'a>, Wrong> {
        let begin = self.at;
        let read = self.read();
        if read.is_err() {
            self.at = begin;
        }
        read
    }

    fn read(&mut self) -> Result<Value<'a>, Wrong> {
        let first = self.number(1)?;
        Ok(match first {
            0x00..=0x7f => Value::Unsigned(first),
            0x80..=0x8f => Value::Map(first & 0x0f),
            0x90..=0x9f => Value::List(first & 0x0f),
            0xa0..=0xbf => Value::Text(self.take(first & 0x1f)?),
            0xc0 => Value::Nil,
            0xc2 | 0xc3 => Value::Bool(first == 0xc3),
            // 1, 2 and 4 bytes of length.
            0xc4..=0xc6 => {
                let length = self.number(1 << (first - 0xc4))?;
                Value::Binary(self.take(length)?)
            }
            0xc7..=0xc9 => {
                let length = self.number(1 << (first - 0xc7))?;
                self.extension(length)?
            }
            0xca => Value::Float(f64::from(f32::from_bits(self.number(4)? as u32))),
            0xcb => Value::Float(f64::from_bits(self.number(8)?)),
            0xcc..=0xcf => Value::Unsigned(self.number(1 << (first - 0xcc))?),
            0xd0 => Value::Signed(i64::from(self.number(1)? as u8 as i8)),
            0xd1 => Value::Signed(i64::from(self.number(2)? as u16 as i16)),
            0xd2 => Value::Signed(i64::from(self.number(4)? as u32 as i32)),
            0xd3 => Value::Signed(self.number(8)? as i64),
            // 1, 2, 4, 8 and 16 bytes.
            0xd4..=0xd8 => self.extension(1 << (first - 0xd4))?,
            0xd9..=0xdb => {
                let length = self.number(1 << (first - 0xd9))?;
                Value::Text(self.take(length)?)
            }
            0xdc | 0xdd => Value::List(self.number(2 << (first - 0xdc))?),
            0xde | 0xdf => Value::Map(self.number(2 << (first - 0xde))?),
            0xe0..=0xff => Value::Signed(first as i64 - 0x100),
            _ => return Err(Wrong::Never),
        })
    }

    /// Goes past the next value with all that is in it.
    pub(super) fn skip(&mut self) -> Result<(), Wrong> {
        let mut extent = Extent { at: self.at, open: 1 };
        match extent.advance(self.bytes)? {
            Some(end) => {
                self.at = end;
                Ok(())
            }
            None => Err(Wrong::Short),
        }
    }
}

/// Where a value ends that comes in pieces: each byte is looked at once, however many pieces there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    at: usize,
    /// Values that are still to come.
    open: u64,
}

impl Default for Extent {
    fn default() -> Extent {
        Extent { at: 0, open: 1 }
    }
}

impl Extent {
    /// Reads on in what came so far, from its first byte on; where the value ends, if it does.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> Result<Option<usize>, Wrong> {
        let mut reader = Reader { bytes, at: self.at };
        while self.open > 0 {
            match reader.next() {
                Ok(value) => self.open = (self.open - 1).saturating_add(value.children()),
                Err(Wrong::Short) => {
                    self.at = reader.at;
                    return Ok(None);
                }
                Err(wrong) => return Err(wrong),
            }
        }
        self.at = reader.at;
        Ok(Some(reader.at))
    }
}

/// Writes the next value as JSON. What JSON has no word for is an object: `{"$binary": base64}`, `{"$extension": [type,
/// base64]}`. Texts and binaries that are UTF-8 are texts; a key that is no text is the text of its JSON.
pub(super) fn json(reader: &mut Reader<'_>, out: &mut Vec<u8>, limit: usize) -> Result<(), Wrong> {
    nested(reader, out, limit, 0)
}

fn nested(reader: &mut Reader<'_>, out: &mut Vec<u8>, limit: usize, depth: usize) -> Result<(), Wrong> {
    if depth > DEPTH_MAX {
        return Err(Wrong::Deep);
    }
    match reader.next()? {
        Value::Nil => out.extend_from_slice(b"null"),
        Value::Bool(value) => out.extend_from_slice(if value { b"true" } else { b"false" }),
        // Writing to a vector cannot fail, here and below.
        Value::Signed(value) => drop(write!(out, "{value}")),
        Value::Unsigned(value) => drop(write!(out, "{value}")),
        // Not a number, and without end: texts.
        Value::Float(value) if !value.is_finite() => drop(write!(out, "\"{value}\"")),
        Value::Float(value) => drop(serde_json::to_writer(&mut *out, &value)),
        Value::Text(bytes) | Value::Binary(bytes) => text(bytes, out),
        Value::Extension(0, bytes) if bytes.len() == 8 => event_time(bytes, out),
        Value::Extension(kind, bytes) => {
            drop(write!(out, "{{\"$extension\":[{kind},\"{}\"]}}", STANDARD.encode(bytes)));
        }
        Value::List(count) => {
            out.push(b'[');
            for nth in 0..count {
                if nth > 0 {
                    out.push(b',');
                }
                nested(reader, out, limit, depth + 1)?;
            }
            out.push(b']');
        }
        Value::Map(count) => {
            out.push(b'{');
            for nth in 0..count {
                if nth > 0 {
                    out.push(b',');
                }
                key(reader, out, limit, depth + 1)?;
                out.push(b':');
                nested(reader, out, limit, depth + 1)?;
            }
            out.push(b'}');
        }
    }
    if out.len() > limit { Err(Wrong::Large) } else { Ok(()) }
}

fn key(reader: &mut Reader<'_>, out: &mut Vec<u8>, limit: usize, depth: usize) -> Result<(), Wrong> {
    let begin = out.len();
    nested(reader, out, limit, depth)?;
    if out.get(begin) != Some(&b'"') {
        let other = out.split_off(begin);
        text(&other, out);
    }
    Ok(())
}

/// Bytes as a text of JSON.
pub(super) fn text(bytes: &[u8], out: &mut Vec<u8>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => drop(serde_json::to_writer(out, text)),
        Err(_) => drop(write!(out, "{{\"$binary\":\"{}\"}}", STANDARD.encode(bytes))),
    }
}

/// `EventTime`, extension 0: seconds and nanoseconds, 32 bits each. All digits are written.
fn event_time(bytes: &[u8], out: &mut Vec<u8>) {
    let all = bytes.iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte));
    let (seconds, nanos) = (all >> 32, all & 0xffff_ffff);
    match nanos {
        0 => drop(write!(out, "{seconds}")),
        1..1_000_000_000 => drop(write!(out, "{seconds}.{nanos:09}")),
        _ => drop(write!(out, "[{seconds},{nanos}]")),
    }
}
