//! The leaf: 44 bytes, fixed, content-free (`sealed-log.md` 5.1).

use std::fmt;
use std::str::FromStr;

use crate::{Commitment, Millis};

/// Size of an encoded leaf.
pub const LEAF_BYTES: usize = 44;

/// The only leaf version so far. Format 0 is not frozen until erasure and bundles exist.
pub const LEAF_VERSION: u8 = 0;

/// Position of a leaf in the log, from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeafIndex(pub u64);

/// Number of leaves of a tree: one more than the last index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeSize(pub u64);

impl fmt::Display for LeafIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for TreeSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a leaf commits to. The kind is inside the commitment, so the published log does not show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// What arrived, byte for byte.
    Record = 1,
    /// An evidence file: range, generation, SHA-256, length.
    Manifest = 2,
    /// An erasure by law: exact leaves and reason, never the subject.
    Tombstone = 3,
    /// A leaf with force: key change, policy, hold, token, pause, setting, mapping, approval.
    Directive = 4,
    /// Expected against received.
    Heartbeat = 5,
    /// A time stamp token or a cosignature.
    AnchorReceipt = 6,
    /// Exact leaf ranges whose bytes have expired under a rule.
    RetentionCut = 7,
    /// The result of a detection.
    Finding = 8,
    /// Who took which evidence out.
    Export = 9,
    /// A recovery or a clock step, noted by the ledger itself.
    Note = 10,
    /// What was done with Deedbook itself.
    Audit = 11,
    /// Lake files of a leaf range.
    ViewManifest = 12,
    /// What arrived in one piece when that was not exactly one record.
    Delivery = 13,
}

impl Kind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Kind; 13] = [
        Kind::Record,
        Kind::Manifest,
        Kind::Tombstone,
        Kind::Directive,
        Kind::Heartbeat,
        Kind::AnchorReceipt,
        Kind::RetentionCut,
        Kind::Finding,
        Kind::Export,
        Kind::Note,
        Kind::Audit,
        Kind::ViewManifest,
        Kind::Delivery,
    ];

    /// The number on the wire.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The kind with this number, if it is one.
    pub fn from_number(number: u8) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// The entry of the log. `docs/format/leaf.md` has it byte by byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// When the writer numbered it: the operator's claim, one value per frame group.
    pub sequenced_at: Millis,
    /// What it commits to.
    pub commitment: Commitment,
}

/// Why 44 bytes are not a leaf of this format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    /// Wrong length.
    #[error("leaf has {0} bytes, a leaf has 44")]
    Length(usize),
    /// A version this program does not know.
    #[error("leaf version {0}, this program reads version 0")]
    Version(u8),
    /// Flags and reserved bytes are zero in version 0.
    #[error("leaf has flags {flags:#04x} and reserved {reserved:#06x}, both are zero in version 0")]
    Reserved {
        /// Byte 1.
        flags: u8,
        /// Bytes 2 and 3.
        reserved: u16,
    },
}

impl Leaf {
    /// `version u8 | flags u8 | reserved u16 | sequenced_at ms u64 | commitment 32`, big-endian.
    pub fn encode(&self) -> [u8; LEAF_BYTES] {
        let mut bytes = [0; LEAF_BYTES];
        bytes[0] = LEAF_VERSION;
        bytes[4..12].copy_from_slice(&self.sequenced_at.0.to_be_bytes());
        bytes[12..].copy_from_slice(&self.commitment.0);
        bytes
    }

    /// The inverse of [`Leaf::encode`]; refuses whatever `encode` would not write.
    pub fn decode(bytes: &[u8]) -> Result<Leaf, LeafError> {
        let bytes: &[u8; LEAF_BYTES] = bytes.try_into().map_err(|_| LeafError::Length(bytes.len()))?;
        let [version, flags, r0, r1, rest @ ..] = bytes;
        let (time, commitment) = rest.split_at(8);
        let reserved = u16::from_be_bytes([*r0, *r1]);
        if *version != LEAF_VERSION {
            return Err(LeafError::Version(*version));
        }
        if *flags != 0 || reserved != 0 {
            return Err(LeafError::Reserved { flags: *flags, reserved });
        }
        let mut leaf = Leaf { sequenced_at: Millis(0), commitment: Commitment([0; 32]) };
        leaf.sequenced_at.0 = time.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
        leaf.commitment.0.copy_from_slice(commitment);
        Ok(leaf)
    }
}

/// Names an event, and the record behind it, everywhere: `<log>-<index>`, as in `3f2a91c0-41022`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EventId {
    /// [`crate::log_short`] of the log's origin.
    pub log: String,
    /// The leaf of the record.
    pub index: LeafIndex,
}

/// Why a text is not an event id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an event id, which looks like 3f2a91c0-41022 (log, leaf index)")]
pub struct EventIdError(pub String);

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.log, self.index)
    }
}

impl FromStr for EventId {
    type Err = EventIdError;

    fn from_str(text: &str) -> Result<EventId, EventIdError> {
        let wrong = || EventIdError(text.to_owned());
        let (log, index) = text.split_once('-').ok_or_else(wrong)?;
        let hex = log.len() == 8 && log.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let canonical = index.bytes().all(|b| b.is_ascii_digit()) && (index == "0" || !index.starts_with('0'));
        if !hex || !canonical {
            return Err(wrong());
        }
        let index = LeafIndex(index.parse().map_err(|_| wrong())?);
        Ok(EventId { log: log.to_owned(), index })
    }
}
