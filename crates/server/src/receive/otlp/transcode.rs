//! From the wire format to JSON, after the tables of [`super::schema`].
//!
//! Written is what is on the wire and nothing else: no default is filled in, and fields that the tables do not have
//! are kept as they came, in base64, under a name that readers of OTLP/JSON pass over ("unknown fields are ignored").

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::schema::{FIELDS_MAX, Field, Holds, Message};
use crate::receive::records::{Wrong, text};
use crate::receive::wire::{Fields, Value};

/// Messages within each other: as many as other readers of protobuf take.
const DEPTH_MAX: usize = 100;

/// Where fields go that no table has.
const UNKNOWN: &str = "unknownFields";

/// Fields of one number in a message.
#[derive(Clone, Copy, Default)]
struct Seen {
    count: usize,
    begin: usize,
    end: usize,
}

/// Writes a message as an object.
pub(super) fn object(message: &Message, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Wrong> {
    nested(message, bytes, 0, out)
}

/// Writes the members of a message, each followed by a comma, but not its list, the field `list`.
pub(super) fn members(message: &Message, list: u32, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Wrong> {
    write(message, Some(list), bytes, 0, out)
}

fn nested(message: &Message, bytes: &[u8], depth: usize, out: &mut Vec<u8>) -> Result<(), Wrong> {
    if depth == DEPTH_MAX {
        return Err(Wrong::Shape(format!("messages are nested deeper than {DEPTH_MAX} levels")));
    }
    out.push(b'{');
    write(message, None, bytes, depth, out)?;
    close(b'}', out);
    Ok(())
}

/// In two walks: which fields there are and where, then each of them.
fn write(message: &Message, list: Option<u32>, bytes: &[u8], depth: usize, out: &mut Vec<u8>) -> Result<(), Wrong> {
    let mut seen = [Seen::default(); FIELDS_MAX];
    let mut unknown = Vec::new();
    for found in Fields::new(bytes) {
        let found = found?;
        if list == Some(found.number) {
            continue;
        }
        let place = message.fields.iter().position(|field| field.number == found.number);
        let Some(seen) = place.and_then(|place| seen.get_mut(place)) else {
            unknown.extend_from_slice(bytes.get(found.at).unwrap_or_default());
            continue;
        };
        if seen.count == 0 {
            seen.begin = found.at.start;
        }
        seen.count += 1;
        seen.end = found.at.end;
    }
    if message.is_oneof && seen.iter().map(|seen| seen.count).sum::<usize>() > 1 {
        return Err(Wrong::Shape("a value is given twice".to_owned()));
    }
    for (field, seen) in message.fields.iter().zip(seen).filter(|(_, seen)| seen.count > 0) {
        if seen.count > 1 && !field.is_list {
            // The last would count for some, both together for others.
            return Err(Wrong::Shape(format!("`{}` is there twice", field.name)));
        }
        key(field.name, out);
        if field.is_list {
            out.push(b'[');
        }
        for found in Fields::new(bytes.get(seen.begin..seen.end).unwrap_or_default()) {
            let found = found?;
            if found.number == field.number {
                value(field, found.value, depth, out)?;
                out.push(b',');
            }
        }
        if field.is_list {
            close(b']', out);
            out.push(b',');
        }
    }
    if !unknown.is_empty() {
        key(UNKNOWN, out);
        text(out, &STANDARD.encode(unknown));
        out.push(b',');
    }
    Ok(())
}

fn key(name: &str, out: &mut Vec<u8>) {
    text(out, name);
    out.push(b':');
}

/// Ends an object or a list; behind its last element is a comma.
fn close(end: u8, out: &mut Vec<u8>) {
    if out.last() == Some(&b',') {
        out.pop();
    }
    out.push(end);
}

fn value(field: &Field, value: Value<'_>, depth: usize, out: &mut Vec<u8>) -> Result<(), Wrong> {
    match (field.holds, value) {
        (Holds::Message(message), Value::Bytes(bytes)) => return nested(message, bytes, depth + 1, out),
        (Holds::Text, Value::Bytes(bytes)) => match std::str::from_utf8(bytes) {
            Ok(said) => text(out, said),
            Err(_) => return Err(Wrong::Shape(format!("`{}` is not UTF-8", field.name))),
        },
        (Holds::Hex, Value::Bytes(bytes)) => text(out, &model::hex(bytes)),
        (Holds::Bytes, Value::Bytes(bytes)) => text(out, &STANDARD.encode(bytes)),
        (Holds::Bool, Value::Varint(bits)) => out.extend_from_slice(if bits == 0 { b"false" } else { b"true" }),
        // Of a number of 32 bits the lower bits count, also where a sign fills up the upper.
        (Holds::U32, Value::Varint(bits)) => number(bits & u64::from(u32::MAX), out),
        (Holds::I32, Value::Varint(bits)) => number((bits & u64::from(u32::MAX)) as u32 as i32, out),
        (Holds::I64, Value::Varint(bits)) => text(out, &bits.cast_signed().to_string()),
        (Holds::Fixed32, Value::Fixed32(bits)) => number(bits, out),
        (Holds::Fixed64, Value::Fixed64(bits)) => text(out, &bits.to_string()),
        (Holds::Double, Value::Fixed64(bits)) => match f64::from_bits(bits) {
            double if double.is_nan() => text(out, "NaN"),
            double if double.is_infinite() => text(out, if double > 0.0 { "Infinity" } else { "-Infinity" }),
            double => {
                // Writing to memory cannot fail.
                let _ = serde_json::to_writer(out, &double);
            }
        },
        _ => return Err(Wrong::Shape(format!("`{}` has another type on the wire", field.name))),
    }
    Ok(())
}

fn number(number: impl ToString, out: &mut Vec<u8>) {
    out.extend_from_slice(number.to_string().as_bytes());
}
