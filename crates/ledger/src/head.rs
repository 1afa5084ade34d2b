//! The head of the log: the state that the next group is numbered from, as a value. Sealing is a
//! function from one head to the next, so a group that could not be written changes nothing.

use bytes::Bytes;
use model::{Header, Kind, LEAF_BYTES, Leaf, LeafIndex, Millis, Position, Prepared, TreeSize};
use tlog::checkpoint::Checkpoint;
use tlog::leaf_hash;
use tlog::note::SignerKey;
use tlog::tree::Frontier;

use crate::append::Entry;
use crate::checkpoint::Signed;
use crate::stored::Item;
use crate::wal::{FileHeader, FrameHeader, FrameKind};
use crate::{Error, Result};

/// What the next group is numbered from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// Right edge of the tree: size and root.
    pub(crate) tree: Frontier,
    /// Number of the next group.
    pub(crate) group: u64,
    /// Time of the last group.
    pub(crate) sequenced_at: Millis,
    /// Leaves of source 0 so far: the next one's `source_seq`.
    pub(crate) own_leaves: u64,
}

impl Head {
    /// Index of the next leaf.
    pub(crate) fn next(&self) -> LeafIndex {
        LeafIndex(self.tree.size())
    }

    /// The first page of a WAL file that goes on from here.
    pub(crate) fn file_header(&self, origin: [u8; 32], number: u64) -> Result<FileHeader> {
        let [salt] = crate::append::salts(1)?.try_into().unwrap_or([[0; 16]]);
        Ok(FileHeader {
            origin,
            number,
            mark: u64::from_be_bytes(salt.first_chunk().copied().unwrap_or_default()),
            group: self.group,
            sequenced_at: self.sequenced_at,
            own_leaves: self.own_leaves,
            edge: self.tree.encode(),
        })
    }

    /// The head that a WAL file goes on from.
    pub(crate) fn from_file_header(header: &FileHeader) -> Result<Head> {
        let tree = Frontier::decode(&header.edge).map_err(|e| Error::corrupt(e.to_string()))?;
        Ok(Head { tree, group: header.group, sequenced_at: header.sequenced_at, own_leaves: header.own_leaves })
    }

    /// The head after a group that was read back, if the group follows from this head: its numbers,
    /// its time and its root.
    pub(crate) fn follow(&self, frame: &FrameHeader, entries: &[[u8; LEAF_BYTES]]) -> Option<Head> {
        let mut tree = self.tree.clone();
        tree.append_all(entries.iter().map(|entry| leaf_hash(entry)));
        let follows = frame.group == self.group
            && frame.first == self.tree.size()
            && frame.size == tree.size()
            && frame.root == tree.root().0
            && frame.sequenced_at >= self.sequenced_at
            && frame.own_leaves >= self.own_leaves;
        follows.then(|| Head {
            tree,
            group: self.group + 1,
            sequenced_at: frame.sequenced_at,
            own_leaves: frame.own_leaves,
        })
    }

    /// Signs "the log has these leaves and this root". Ed25519 is deterministic: the same head gives
    /// the same note, whoever signs and however often.
    pub(crate) fn sign(&self, origin: &str, signer: &SignerKey) -> Result<Signed> {
        sign(origin, self.tree.size(), self.tree.root(), signer)
    }
}

/// Signs a checkpoint.
pub(crate) fn sign(origin: &str, size: u64, root: tlog::Hash, signer: &SignerKey) -> Result<Signed> {
    let note = Checkpoint::new(origin, size, root).sign(signer).map_err(|e| Error::fatal(e.to_string()))?;
    Ok(Signed { size: TreeSize(size), root: root.0, note: Bytes::from(note.encode()) })
}

/// A group with its numbers, not written yet.
#[derive(Debug)]
pub(crate) struct Numbered {
    pub(crate) items: Vec<Item>,
    pub(crate) entries: Vec<[u8; LEAF_BYTES]>,
    /// The head after it.
    pub(crate) head: Head,
    /// Its frame, without lengths and without the mark of the file.
    pub(crate) frame: FrameHeader,
}

/// Gives numbers and one time to the leaves and folds them into the tree.
pub(crate) fn number(head: &Head, entries: impl IntoIterator<Item = Entry>, now: Millis) -> Result<Numbered> {
    let sequenced_at = now.max(head.sequenced_at);
    let mut after = Head { sequenced_at, group: head.group + 1, ..head.clone() };
    let (mut items, mut leaves) = (Vec::new(), Vec::new());
    for entry in entries {
        let item = match entry {
            Entry::Prepared(item) => item,
            Entry::Own(kind, body) => {
                after.own_leaves += 1;
                own_leaf(kind, body, after.own_leaves - 1, now)?
            }
        };
        let leaf = Leaf { sequenced_at, commitment: item.commitment }.encode();
        after.tree.append(leaf_hash(&leaf));
        leaves.push(leaf);
        items.push(item);
    }
    let frame = FrameHeader {
        kind: FrameKind::Group,
        mark: 0,
        frame_bytes: 0,
        payload_bytes: 0,
        group: head.group,
        first: head.tree.size(),
        count: u32::try_from(items.len()).map_err(|_| Error::fatal("group has more than 2^32 leaves"))?,
        note_bytes: 0,
        manifests: items.iter().any(|item| item.kind == Kind::Manifest),
        sequenced_at,
        size: after.tree.size(),
        root: after.tree.root().0,
        own_leaves: after.own_leaves,
    };
    Ok(Numbered { items, entries: leaves, head: after, frame })
}

/// The frame of the note over a group.
pub(crate) fn note_frame(group: &FrameHeader) -> FrameHeader {
    FrameHeader { kind: FrameKind::Note, first: group.size, count: 0, manifests: false, note_bytes: 0, ..*group }
}

/// A leaf of the log itself: source 0, numbered by the writer.
fn own_leaf(kind: Kind, body: Vec<u8>, source_seq: u64, received_at: Millis) -> Result<Item> {
    let [salt] = crate::append::salts(1)?.try_into().unwrap_or([[0; 16]]);
    let header = Header {
        kind,
        flags: 0,
        source: 0,
        source_seq,
        received_at,
        body_bytes: 0,
        replacements: Vec::new(),
        position: Position::default(),
    };
    Item::new(Prepared::new(salt, header, body)).ok_or_else(|| Error::fatal("own leaf has no kind"))
}
