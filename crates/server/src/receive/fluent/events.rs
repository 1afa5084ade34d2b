//! The events of one message, whichever of the four modes it has.
//!
//! Each becomes a record `{"tag":..,"time":..,"record":..}`: what the sender put around an event is sealed with it, and
//! an event of a known platform is recognised inside, as in any envelope. `metadata` is there if the sender gives some.

use std::borrow::Cow;
use std::io::Read as _;

use flate2::read::MultiGzDecoder;

use super::wire::{Reader, Value, Wrong, json};
use crate::receive::socket::Batch;

/// What a message says besides its events.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// The id under which the sender waits for an acknowledgement.
    pub(super) chunk: Option<Vec<u8>>,
}

/// What follows the events.
#[derive(Debug, Default)]
struct Options<'a> {
    chunk: Option<&'a [u8]>,
    is_compressed: bool,
}

/// Reads a message (*Forward Protocol Specification v1*, 2.1 to 2.4: Message, Forward, PackedForward,
/// CompressedPackedForward) and adds its events to the batch. Written out, the batch has at most `limit` bytes.
///
/// # Errors
/// What is wrong with it; some of its events may be in the batch then.
pub(super) fn read(message: &[u8], limit: usize, batch: &mut Batch) -> Result<Told, Wrong> {
    let mut reader = Reader::new(message);
    let count = match reader.next()? {
        Value::List(count) => count,
        // Old senders keep a connection alive so.
        Value::Nil => return Ok(Told::default()),
        _ => return Err(Wrong::Form("a message is a list")),
    };
    if !(2..=4).contains(&count) {
        return Err(Wrong::Form("a message has a tag, events, and perhaps options"));
    }
    let mut tag = Vec::new();
    let first = reader.next()?.bytes().ok_or(Wrong::Form("a message begins with its tag"))?;
    super::wire::text(first, &mut tag);
    let mut entries = Entries { tag, limit, record: Vec::new(), batch };
    let begin = reader;
    let options = match reader.next()? {
        Value::List(events) => {
            let mut past = begin;
            past.skip()?;
            let options = options(&mut past, count - 2)?;
            for _ in 0..events {
                entries.pair(&mut reader)?;
            }
            options
        }
        Value::Text(packed) | Value::Binary(packed) => {
            let options = options(&mut reader, count - 2)?;
            let packed =
                if options.is_compressed { Cow::Owned(unpacked(packed, limit)?) } else { Cow::Borrowed(packed) };
            let mut inside = Reader::new(&packed);
            while !inside.is_at_end() {
                entries.pair(&mut inside)?;
            }
            options
        }
        // The time of the one event, which follows.
        _ => {
            if count < 3 {
                return Err(Wrong::Form("an event has a time and a record"));
            }
            reader = begin;
            entries.event(&mut reader)?;
            options(&mut reader, count - 3)?
        }
    };
    Ok(Told { chunk: options.chunk.map(<[u8]>::to_vec) })
}

fn options<'a>(reader: &mut Reader<'a>, left: u64) -> Result<Options<'a>, Wrong> {
    let mut options = Options::default();
    if left == 0 {
        return Ok(options);
    }
    if left > 1 {
        return Err(Wrong::Form("nothing follows the options"));
    }
    let pairs = match reader.next()? {
        Value::Map(pairs) => pairs,
        Value::Nil => 0,
        _ => return Err(Wrong::Form("options are a map")),
    };
    for _ in 0..pairs {
        let key = reader.next()?.bytes().ok_or(Wrong::Form("the name of an option is a text"))?;
        let mut value = *reader;
        match key {
            b"chunk" => options.chunk = value.next()?.bytes(),
            b"compressed" => match value.next()?.bytes() {
                Some(b"gzip") => options.is_compressed = true,
                Some(b"text") | None => {}
                Some(_) => return Err(Wrong::Form("events are compressed with gzip or not at all")),
            },
            _ => {}
        }
        reader.skip()?;
    }
    Ok(options)
}

/// At most `limit` bytes: a small message may unpack to anything.
fn unpacked(packed: &[u8], limit: usize) -> Result<Vec<u8>, Wrong> {
    let mut bytes = Vec::new();
    let read = MultiGzDecoder::new(packed).take(limit as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|_| Wrong::Form("the events are no gzip"))?;
    if bytes.len() > limit { Err(Wrong::Large) } else { Ok(bytes) }
}

/// Events on their way into a batch.
struct Entries<'b> {
    /// As JSON.
    tag: Vec<u8>,
    limit: usize,
    record: Vec<u8>,
    batch: &'b mut Batch,
}

impl Entries<'_> {
    /// `[time, record]`.
    fn pair(&mut self, reader: &mut Reader<'_>) -> Result<(), Wrong> {
        match reader.next()? {
            Value::List(2) => self.event(reader),
            _ => Err(Wrong::Form("an event is a list of a time and a record")),
        }
    }

    /// A time and a record. Newer senders write `[time, metadata]` for the time.
    fn event(&mut self, reader: &mut Reader<'_>) -> Result<(), Wrong> {
        let Entries { tag, limit, record, batch } = self;
        record.clear();
        record.extend_from_slice(b"{\"tag\":");
        record.extend_from_slice(tag);
        record.extend_from_slice(b",\"time\":");
        let mut metadata = None;
        let mut inside = *reader;
        if inside.next()? == Value::List(2) {
            json(&mut inside, record, *limit)?;
            metadata = Some(inside);
        } else {
            json(&mut *reader, record, *limit)?;
        }
        if let Some(mut inside) = metadata {
            let is_empty = inside.clone().next()? == Value::Map(0);
            if is_empty {
                inside.skip()?;
            } else {
                record.extend_from_slice(b",\"metadata\":");
                json(&mut inside, record, *limit)?;
            }
            *reader = inside;
        }
        record.extend_from_slice(b",\"record\":");
        json(reader, record, *limit)?;
        record.push(b'}');
        if batch.bytes() + record.len() > *limit {
            return Err(Wrong::Large);
        }
        batch.push(record);
        Ok(())
    }
}
