//! Where a record stood at its sender, so that the same delivery twice adds nothing and a run that
//! was killed goes on where it stopped (`architecture.md` 4, *Twice*).

use crate::HeaderError;

/// The sender's position, inside the sealed header of a record or a delivery.
///
/// Encoded as `tag u8 | length u16 | value` in ascending order of tags, each at most once;
/// integers are big-endian without leading zero bytes, so each position has exactly one encoding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Number of the delivery at its source, from 0.
    pub delivery: Option<u64>,
    /// Number of the record in its delivery, from 0.
    pub ordinal: Option<u64>,
    /// First byte of the record in the decoded content of the delivery (for a growing file: of the file).
    pub offset: Option<u64>,
    /// Path, object key or stream name, as the collector saw it. On the first record of a delivery.
    pub name: Option<String>,
    /// Device of a file. On the first record of a delivery.
    pub device: Option<u64>,
    /// Inode of a file. On the first record of a delivery.
    pub inode: Option<u64>,
    /// How many bytes `head_sha256` covers: 4,096 or the length of a shorter file.
    pub head_bytes: Option<u64>,
    /// SHA-256 of the first bytes of a file: tells a recycled inode from a grown file.
    pub head_sha256: Option<[u8; 32]>,
    /// SHA-256 of the decoded content, on the record of a delivery that is exactly one record; on a
    /// record over the size limit, of which only the beginning is kept, SHA-256 of the whole record.
    pub content_sha256: Option<[u8; 32]>,
    /// Idempotency key or request id of a sender over the network.
    pub request: Option<String>,
    /// The length that `content_sha256` covers.
    pub full_bytes: Option<u64>,
}

const DELIVERY: u8 = 1;
const ORDINAL: u8 = 2;
const OFFSET: u8 = 3;
const NAME: u8 = 4;
const DEVICE: u8 = 5;
const INODE: u8 = 6;
const HEAD_BYTES: u8 = 7;
const HEAD_SHA256: u8 = 8;
const CONTENT_SHA256: u8 = 9;
const REQUEST: u8 = 10;
const FULL_BYTES: u8 = 11;

/// Longest text in a position; a longer path is cut at a character boundary by the encoder.
const TEXT_BYTES_MAX: usize = 4_096;

impl Position {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        put_integer(out, DELIVERY, self.delivery);
        put_integer(out, ORDINAL, self.ordinal);
        put_integer(out, OFFSET, self.offset);
        put_text(out, NAME, self.name.as_deref());
        put_integer(out, DEVICE, self.device);
        put_integer(out, INODE, self.inode);
        put_integer(out, HEAD_BYTES, self.head_bytes);
        put(out, HEAD_SHA256, self.head_sha256.as_ref().map(<[u8; 32]>::as_slice));
        put(out, CONTENT_SHA256, self.content_sha256.as_ref().map(<[u8; 32]>::as_slice));
        put_text(out, REQUEST, self.request.as_deref());
        put_integer(out, FULL_BYTES, self.full_bytes);
    }

    pub(crate) fn decode(mut bytes: &[u8]) -> Result<Position, HeaderError> {
        let mut position = Position::default();
        let mut last = 0;
        while let [tag, l0, l1, rest @ ..] = bytes {
            let length = usize::from(u16::from_be_bytes([*l0, *l1]));
            let (value, after) = rest.split_at_checked(length).ok_or(HeaderError::Short)?;
            if *tag <= last {
                return Err(HeaderError::Position { tag: *tag });
            }
            last = *tag;
            bytes = after;
            let wrong = HeaderError::Position { tag: *tag };
            match *tag {
                DELIVERY => position.delivery = Some(integer(value).ok_or(wrong)?),
                ORDINAL => position.ordinal = Some(integer(value).ok_or(wrong)?),
                OFFSET => position.offset = Some(integer(value).ok_or(wrong)?),
                NAME => position.name = Some(text(value).ok_or(wrong)?),
                DEVICE => position.device = Some(integer(value).ok_or(wrong)?),
                INODE => position.inode = Some(integer(value).ok_or(wrong)?),
                HEAD_BYTES => position.head_bytes = Some(integer(value).ok_or(wrong)?),
                HEAD_SHA256 => position.head_sha256 = Some(value.try_into().map_err(|_| wrong)?),
                CONTENT_SHA256 => position.content_sha256 = Some(value.try_into().map_err(|_| wrong)?),
                REQUEST => position.request = Some(text(value).ok_or(wrong)?),
                FULL_BYTES => position.full_bytes = Some(integer(value).ok_or(wrong)?),
                _ => return Err(wrong),
            }
        }
        if bytes.is_empty() { Ok(position) } else { Err(HeaderError::Short) }
    }
}

fn put(out: &mut Vec<u8>, tag: u8, value: Option<&[u8]>) {
    if let Some(value) = value {
        // Integers have 8 bytes, digests 32, texts at most TEXT_BYTES_MAX: the length fits.
        let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
        out.push(tag);
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(value);
    }
}

fn put_integer(out: &mut Vec<u8>, tag: u8, value: Option<u64>) {
    let bytes = value.map(u64::to_be_bytes);
    let significant = bytes.as_ref().map(|bytes| {
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        bytes.get(zeros..).unwrap_or_default()
    });
    put(out, tag, significant);
}

fn put_text(out: &mut Vec<u8>, tag: u8, value: Option<&str>) {
    let cut = |text: &'_ str| text.floor_char_boundary(TEXT_BYTES_MAX);
    put(out, tag, value.and_then(|text| text.as_bytes().get(..cut(text))));
}

fn integer(bytes: &[u8]) -> Option<u64> {
    if bytes.len() > 8 || bytes.first() == Some(&0) {
        return None;
    }
    Some(bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

fn text(bytes: &[u8]) -> Option<String> {
    if bytes.len() > TEXT_BYTES_MAX { None } else { std::str::from_utf8(bytes).ok().map(str::to_owned) }
}
