//! The header of a leaf: what the commitment covers beside salt and body (`sealed-log.md` 5.1).

use crate::{Kind, Millis, Position};

/// The body is the beginning of a record over the size limit; its whole length and digest are in the
/// position (`full_bytes`, `content_sha256`).
pub const FLAG_TRUNCATED: u8 = 1;

/// A known secret that was replaced before sealing (`sealed-log.md` 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// First byte of the replacement text in the kept body.
    pub offset: u32,
    /// Length of the replacement text in the kept body.
    pub length: u32,
    /// Number of the rule that matched (`docs/format/header.md` lists them).
    pub rule: u16,
}

/// Kind, source, times, replacements and position of one leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the body is.
    pub kind: Kind,
    /// [`FLAG_TRUNCATED`] or 0.
    pub flags: u8,
    /// Number of the source; 0 is the log itself. Names are in `source` directives.
    pub source: u32,
    /// Ours, gapless per source, from 0.
    pub source_seq: u64,
    /// When the collector took the delivery.
    pub received_at: Millis,
    /// Length of the body in bytes, as kept.
    pub body_bytes: u64,
    /// Replaced secrets, by offset.
    pub replacements: Vec<Replacement>,
    /// Where it stood at its sender.
    pub position: Position,
}

/// Why bytes are not a header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// The bytes end before the header does.
    #[error("header ends too early")]
    Short,
    /// Bytes are left over.
    #[error("header is followed by {0} bytes that do not belong to it")]
    Long(usize),
    /// Unknown kind of leaf.
    #[error("leaf kind {0} is not known to this program")]
    Kind(u8),
    /// A position field out of order, repeated, unknown or malformed.
    #[error("position field {tag} is malformed or out of order")]
    Position {
        /// Its tag.
        tag: u8,
    },
}

impl Header {
    /// Appends the encoding to `out`; `docs/format/header.md` has it byte by byte.
    ///
    /// `kind u8 | flags u8 | source u32 | source_seq u64 | received_at u64 | body_bytes u64 |
    /// replacements u16, each offset u32, length u32, rule u16 | position length u16, position`
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.kind.number());
        out.push(self.flags);
        out.extend_from_slice(&self.source.to_be_bytes());
        out.extend_from_slice(&self.source_seq.to_be_bytes());
        out.extend_from_slice(&self.received_at.0.to_be_bytes());
        out.extend_from_slice(&self.body_bytes.to_be_bytes());
        let count = u16::try_from(self.replacements.len()).unwrap_or(u16::MAX);
        out.extend_from_slice(&count.to_be_bytes());
        for replacement in self.replacements.iter().take(usize::from(count)) {
            out.extend_from_slice(&replacement.offset.to_be_bytes());
            out.extend_from_slice(&replacement.length.to_be_bytes());
            out.extend_from_slice(&replacement.rule.to_be_bytes());
        }
        let at = out.len();
        out.extend_from_slice(&[0, 0]);
        self.position.encode(out);
        // A position holds eleven fields of at most 4,096 bytes, so its length fits.
        let length = u16::try_from(out.len() - at - 2).unwrap_or(u16::MAX);
        if let Some(slot) = out.get_mut(at..at + 2) {
            slot.copy_from_slice(&length.to_be_bytes());
        }
    }

    /// The inverse of [`Header::encode`]. A header has exactly one encoding; others are refused.
    pub fn decode(bytes: &[u8]) -> Result<Header, HeaderError> {
        let mut rest = bytes;
        let number = take::<1>(&mut rest)?[0];
        let header = Header {
            kind: Kind::from_number(number).ok_or(HeaderError::Kind(number))?,
            flags: take::<1>(&mut rest)?[0],
            source: u32::from_be_bytes(take(&mut rest)?),
            source_seq: u64::from_be_bytes(take(&mut rest)?),
            received_at: Millis(u64::from_be_bytes(take(&mut rest)?)),
            body_bytes: u64::from_be_bytes(take(&mut rest)?),
            replacements: replacements(&mut rest)?,
            position: {
                let length = usize::from(u16::from_be_bytes(take(&mut rest)?));
                let (position, after) = rest.split_at_checked(length).ok_or(HeaderError::Short)?;
                rest = after;
                Position::decode(position)?
            },
        };
        if rest.is_empty() { Ok(header) } else { Err(HeaderError::Long(rest.len())) }
    }
}

fn replacements(rest: &mut &[u8]) -> Result<Vec<Replacement>, HeaderError> {
    let count = u16::from_be_bytes(take(rest)?);
    (0..count)
        .map(|_| {
            Ok(Replacement {
                offset: u32::from_be_bytes(take(rest)?),
                length: u32::from_be_bytes(take(rest)?),
                rule: u16::from_be_bytes(take(rest)?),
            })
        })
        .collect()
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], HeaderError> {
    let (head, tail) = rest.split_first_chunk::<N>().ok_or(HeaderError::Short)?;
    *rest = tail;
    Ok(*head)
}
