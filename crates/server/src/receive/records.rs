//! Records that are put together from a body, where the body itself is not what is sealed: binary, or several records
//! that share what is said once.

use std::io::Read as _;
use std::ops::Range;

use axum::http::{HeaderMap, header};
use bytes::Bytes;
use collect::Cut;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use tokio::sync::OwnedSemaphorePermit;

use crate::app::App;
use crate::problem::Problem;

/// Longest record: what is longer is no record of the log.
const RECORD_BYTES_MAX: usize = 16 << 20;

/// Bytes of all records of one request, and of its body once it is decoded: `decoded_bytes_max` of a delivery.
pub(crate) const DECODED_BYTES_MAX: usize = 64 << 20;

/// A decoded body grows by so much, and takes its place in memory, at a time.
const GROW_BYTES: usize = 256 << 10;

/// Names in an object that envelopes records: a handful, as a rule.
const NAMES_MAX: usize = 256;

/// Why nothing of a body can be a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Wrong {
    /// It is not what it should be.
    #[error("{0}")]
    Shape(String),
    /// One record is over its limit.
    #[error("a record has more than {RECORD_BYTES_MAX} bytes (record_bytes_max)")]
    RecordTooLong,
    /// The body is over its limit.
    #[error("the body has more than {DECODED_BYTES_MAX} bytes, decoded (decoded_bytes_max); send it in parts")]
    BodyTooLong,
    /// All records together are over theirs.
    #[error(
        "the records have more than {DECODED_BYTES_MAX} bytes, each with what they share (decoded_bytes_max); send it in parts"
    )]
    TooLong,
}

impl From<Wrong> for Problem {
    fn from(wrong: Wrong) -> Problem {
        match wrong {
            Wrong::Shape(what) => Problem::invalid(what),
            long => Problem::too_long_by(long.to_string()),
        }
    }
}

impl From<super::wire::Damaged> for Wrong {
    fn from(damaged: super::wire::Damaged) -> Wrong {
        Wrong::Shape(damaged.to_string())
    }
}

impl From<serde_json::Error> for Wrong {
    fn from(error: serde_json::Error) -> Wrong {
        Wrong::Shape(format!("the body cannot be read: {error}"))
    }
}

/// Records in one body, a line feed between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Records {
    bytes: Vec<u8>,
    at: Vec<Range<usize>>,
}

impl Records {
    /// Adds one more, put together from parts.
    ///
    /// # Errors
    /// When it is too long, or all of them are; it is not added then.
    pub(crate) fn push(&mut self, parts: &[&[u8]]) -> Result<(), Wrong> {
        // Before a byte is copied: what is shared may be long, and the records that are refused many.
        let length: usize = parts.iter().map(|part| part.len()).sum();
        if length > RECORD_BYTES_MAX {
            return Err(Wrong::RecordTooLong);
        }
        if self.bytes.len() + length + 1 > DECODED_BYTES_MAX {
            return Err(Wrong::TooLong);
        }
        if !self.bytes.is_empty() {
            self.bytes.push(b'\n');
        }
        let start = self.bytes.len();
        parts.iter().for_each(|part| self.bytes.extend_from_slice(part));
        self.at.push(start..self.bytes.len());
        Ok(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    pub(crate) fn len_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Each record, for tests and fuzz targets.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.at.iter().filter_map(|at| self.bytes.get(at.clone()))
    }

    /// As a parcel has them.
    pub(crate) fn into_cut(self) -> (Bytes, Cut) {
        (self.bytes.into(), Cut::At(self.at.into()))
    }
}

/// Whether a body is gzip, as the header says.
///
/// # Errors
/// Unsupported, for another encoding.
pub(crate) fn is_gzip(headers: &HeaderMap, name: &header::HeaderName) -> Result<bool, Problem> {
    let said = headers.get(name).map_or(Some(""), |value| value.to_str().ok()).map(|value| value.trim());
    match said {
        Some("" | "identity") => Ok(false),
        Some(value) if value.eq_ignore_ascii_case("gzip") => Ok(true),
        _ => Err(Problem::encoding_unsupported(name.as_str())),
    }
}

/// Decodes a body; what it grows to takes its place in memory before it is there.
///
/// # Errors
/// Invalid, if it is no gzip; too long; busy, if there is no room.
pub(crate) fn gunzip(app: &App, body: &[u8]) -> Result<(Bytes, OwnedSemaphorePermit), Problem> {
    let mut decoder = flate2::read::MultiGzDecoder::new(body);
    let (mut decoded, mut permit) = (Vec::new(), app.room(0)?);
    loop {
        permit.merge(app.room(GROW_BYTES)?);
        let read = decoder.by_ref().take(GROW_BYTES as u64).read_to_end(&mut decoded);
        let count = read.map_err(|error| Problem::damaged(format!("the gzip of the body: {error}")))?;
        if decoded.len() > DECODED_BYTES_MAX {
            return Err(Wrong::BodyTooLong.into());
        }
        if count == 0 {
            return Ok((decoded.into(), permit));
        }
    }
}

/// Calls `each` with every element of a JSON list; a `null` has none.
pub(crate) fn elements(list: &RawValue, each: &mut dyn FnMut(&RawValue) -> Result<(), Wrong>) -> Result<(), Wrong> {
    struct Elements<'f> {
        each: &'f mut dyn FnMut(&RawValue) -> Result<(), Wrong>,
        wrong: &'f mut Option<Wrong>,
    }
    impl<'de> Visitor<'de> for Elements<'_> {
        type Value = ();
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a list")
        }
        fn visit_unit<E>(self) -> Result<(), E> {
            Ok(())
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
            while let Some(element) = list.next_element::<&RawValue>()? {
                if let Err(wrong) = (self.each)(element) {
                    *self.wrong = Some(wrong);
                    return Err(serde::de::Error::custom("stopped"));
                }
            }
            Ok(())
        }
    }
    let mut wrong = None;
    let mut json = serde_json::Deserializer::from_str(list.get());
    let read = json.deserialize_any(Elements { each, wrong: &mut wrong });
    match (wrong, read) {
        (Some(wrong), _) => Err(wrong),
        (None, read) => Ok(read?),
    }
}

/// The members of an object, in their order, each as it came. A name that is there twice is an error: two readers could
/// read two things.
#[derive(Debug)]
pub(crate) struct Members<'a>(pub(crate) Vec<(String, &'a RawValue)>);

impl<'a> Members<'a> {
    pub(crate) fn read(object: &'a str) -> Result<Members<'a>, Wrong> {
        let mut json = serde_json::Deserializer::from_str(object);
        let members = Members(Vec::new()).deserialize(&mut json)?;
        json.end()?;
        Ok(members)
    }

    /// The value of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find_map(|(known, value)| (known == name).then_some(*value))
    }
}

impl<'de> DeserializeSeed<'de> for Members<'de> {
    type Value = Members<'de>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Members<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members<'de> {
    type Value = Members<'de>;
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Members<'de>, A::Error> {
        while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
            if self.get(&name).is_some() {
                return Err(serde::de::Error::custom(format_args!("`{name}` is there twice")));
            }
            if self.0.len() == NAMES_MAX {
                return Err(serde::de::Error::custom(format_args!("an object has more than {NAMES_MAX} names")));
            }
            self.0.push((name, value));
        }
        Ok(self)
    }
}

/// Writes a text as JSON.
pub(crate) fn text(out: &mut Vec<u8>, text: &str) {
    // Writing to memory cannot fail.
    let _ = serde_json::to_writer(out, text);
}
