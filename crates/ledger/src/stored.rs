//! A leaf with its opening, and the groups in which leaves become durable.

use bytes::Bytes;
use model::{Commitment, Kind, LEAF_BYTES, Leaf, LeafIndex, Millis, Prepared, Salt, TreeSize};

use crate::checkpoint::Signed;

/// One sealed leaf with everything that opens its commitment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its place in the log.
    pub index: LeafIndex,
    /// What the body is; equal to the first byte of the header.
    pub kind: Kind,
    /// The time of its frame group.
    pub sequenced_at: Millis,
    /// The opening.
    pub salt: Salt,
    /// The encoded [`model::Header`].
    pub header: Bytes,
    /// The bytes kept; empty when a scan was asked to skip bodies.
    pub body: Bytes,
}

impl Stored {
    /// The entry of the log, computed from salt, header and body (not read from disk).
    pub fn leaf(&self) -> [u8; LEAF_BYTES] {
        let commitment = model::commitment(&self.salt, &self.header, &self.body);
        Leaf { sequenced_at: self.sequenced_at, commitment }.encode()
    }

    /// The RFC 6962 hash of the entry.
    pub fn leaf_hash(&self) -> [u8; 32] {
        tlog::leaf_hash(&self.leaf()).0
    }

    /// Raw bytes this leaf counts for in limits.
    pub(crate) fn raw_bytes(&self) -> usize {
        self.header.len() + self.body.len()
    }
}

/// A run of consecutive leaves, as followers get it: one frame group from memory, or a chunk read
/// back from the WAL or from evidence.
#[derive(Debug)]
pub struct Group {
    /// The leaves, in order, without gaps; never empty.
    pub leaves: Vec<Stored>,
    /// The signed statement that covers them; `None` for a chunk that was read back.
    pub checkpoint: Option<Signed>,
    /// The entries of the log, in the same order.
    pub(crate) entries: Vec<[u8; LEAF_BYTES]>,
}

impl Group {
    /// Index of the first leaf.
    pub fn first(&self) -> LeafIndex {
        self.leaves.first().map_or(LeafIndex(0), |leaf| leaf.index)
    }

    /// Size of the tree after the last leaf.
    pub fn end(&self) -> TreeSize {
        TreeSize(self.leaves.last().map_or(0, |leaf| leaf.index.0 + 1))
    }

    /// A chunk that was read back: its entries are computed from what opens them.
    pub(crate) fn read_back(leaves: Vec<Stored>) -> Group {
        let entries = leaves.iter().map(Stored::leaf).collect();
        Group { leaves, entries, checkpoint: None }
    }

    /// The group without its first `skip` leaves.
    pub(crate) fn from(&self, skip: usize) -> Group {
        Group {
            leaves: self.leaves.get(skip..).unwrap_or_default().to_vec(),
            entries: self.entries.get(skip..).unwrap_or_default().to_vec(),
            checkpoint: self.checkpoint.clone(),
        }
    }

    /// Raw bytes of all leaves.
    pub(crate) fn raw_bytes(&self) -> usize {
        self.leaves.iter().map(Stored::raw_bytes).sum()
    }
}

/// A prepared leaf on its way to the writer: vectors became shared bytes on the caller's thread, so
/// the writer only moves it.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) kind: Kind,
    pub(crate) salt: Salt,
    pub(crate) header: Bytes,
    pub(crate) body: Bytes,
    pub(crate) commitment: Commitment,
}

impl Item {
    /// `None` when the header does not begin with a known kind.
    pub(crate) fn new(prepared: Prepared) -> Option<Item> {
        let Prepared { salt, header, body, commitment } = prepared;
        let kind = Kind::from_number(*header.first()?)?;
        Some(Item { kind, salt, header: header.into(), body: body.into(), commitment })
    }

    pub(crate) fn raw_bytes(&self) -> usize {
        self.header.len() + self.body.len()
    }

    pub(crate) fn into_stored(self, index: LeafIndex, sequenced_at: Millis) -> Stored {
        Stored { index, kind: self.kind, sequenced_at, salt: self.salt, header: self.header, body: self.body }
    }
}
