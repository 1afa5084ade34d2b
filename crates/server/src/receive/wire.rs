//! The wire format of Protocol Buffers (protobuf.dev, *Encoding*), read where it lies.
//!
//! An empty message takes two bytes on the wire and a hundred once it is an object of its own, so that a body within its
//! limit would be gigabytes in memory. So nothing is built: whoever reads walks over the fields.

use std::ops::Range;

/// What a field holds, as far as the wire tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    /// A text, bytes, or a message.
    Bytes(&'a [u8]),
}

/// A field, and where it is in its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field<'a> {
    pub(crate) number: u32,
    pub(crate) value: Value<'a>,
    pub(crate) at: Range<usize>,
}

/// The bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no protobuf message: {what} at byte {at} of it")]
pub(crate) struct Damaged {
    what: &'static str,
    at: usize,
}

/// The fields of a message in their order. After damage there are none.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(message: &'a [u8]) -> Fields<'a> {
        Fields { message, at: 0 }
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(count)?;
        let bytes = self.message.get(self.at..end)?;
        self.at = end;
        Some(bytes)
    }

    /// At most ten bytes of seven bits each, the lowest first.
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..70).step_by(7) {
            let byte = *self.message.get(self.at)?;
            self.at += 1;
            let bits = u64::from(byte & 0x7f);
            // Of the tenth byte one bit is left.
            if shift == 63 && bits > 1 {
                return None;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn field(&mut self) -> Result<Field<'a>, &'static str> {
        let begin = self.at;
        let key = self.varint().ok_or("a key ends early")?;
        let number = u32::try_from(key >> 3).ok().filter(|number| (1..1 << 29).contains(number));
        let number = number.ok_or("a field has no number")?;
        let value = match key & 7 {
            0 => self.varint().map(Value::Varint),
            1 => self.take(8).and_then(|bytes| Some(Value::Fixed64(u64::from_le_bytes(bytes.try_into().ok()?)))),
            2 => self.varint().and_then(|length| self.take(usize::try_from(length).ok()?)).map(Value::Bytes),
            5 => self.take(4).and_then(|bytes| Some(Value::Fixed32(u32::from_le_bytes(bytes.try_into().ok()?)))),
            _ => return Err("a field has an unknown type"),
        };
        Ok(Field { number, value: value.ok_or("a field ends early")?, at: begin..self.at })
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, Damaged>;

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.at;
        if at >= self.message.len() {
            return None;
        }
        let field = self.field().map_err(|what| Damaged { what, at });
        if field.is_err() {
            self.at = self.message.len();
        }
        Some(field)
    }
}
