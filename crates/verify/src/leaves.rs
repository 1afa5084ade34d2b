//! Leaves with their openings: each must open the entry that the log has at its place.

use std::fmt::Display;

use model::{Header, Leaf, Millis, commitment};

use crate::report::Findings;
use crate::sealed::Sealed;
use crate::tree::{Entries, Tree};
use crate::{Failure, Result};

/// What opens a leaf, as evidence and WAL keep it.
pub(crate) struct Opening<'b> {
    pub(crate) index: u64,
    pub(crate) kind: i32,
    pub(crate) sequenced_at: u64,
    pub(crate) salt: &'b [u8],
    pub(crate) header: &'b [u8],
    pub(crate) body: &'b [u8],
}

/// What is done with each leaf of a file.
pub(crate) type Each<'e> = &'e mut dyn FnMut(&Opening<'_>) -> Result;

/// The log while its leaves are opened, in order.
pub(crate) struct Leaves<'k> {
    pub(crate) entries: Entries,
    /// The tree, which the leaves above the published ones go on with; `None` once it is known to be
    /// wrong.
    pub(crate) tree: Option<Tree<'k>>,
    /// The first leaf that was not seen yet.
    pub(crate) next: u64,
    pub(crate) opened: u64,
    pub(crate) sealed: Sealed,
}

impl Leaves<'_> {
    /// Checks one leaf. A leaf that was opened before (generations and WAL overlap) is checked again
    /// and not counted.
    pub(crate) fn open(&mut self, place: &dyn Display, leaf: &Opening<'_>) -> Result {
        let is_new = leaf.index == self.next;
        // Also when it turns out to be wrong: it is there.
        self.next += u64::from(is_new);
        let at = |what: &str| Failure::Altered(format!("{place}: leaf {}: {what}", leaf.index));
        let salt = leaf.salt.try_into().map_err(|_| at("salt has not 16 bytes"))?;
        let commitment = commitment(salt, leaf.header, leaf.body);
        let entry = Leaf { sequenced_at: Millis(leaf.sequenced_at), commitment }.encode();
        match self.entries.get(leaf.index)? {
            Some(published) if published != entry => {
                let (here, there) = (tlog::leaf_hash(&entry), tlog::leaf_hash(published));
                return Err(at(&format!("salt, header, body and time give leaf hash {here}, the log has {there}")));
            }
            Some(_) => {}
            // Above the published ones: the notes in the WAL say what the root must be then.
            None => {
                if let Some(mut tree) = self.tree.take_if(|tree| tree.builder.size() == leaf.index) {
                    tree.append(&entry, |_, _| Ok(()))?;
                    self.tree = Some(tree);
                }
            }
        }
        // The bytes are the sealed ones. What divides header from body is the header's own length.
        let header = Header::decode(leaf.header).map_err(|e| at(&e.to_string()))?;
        if header.body_bytes != leaf.body.len() as u64 || i32::from(header.kind.number()) != leaf.kind {
            return Err(at("kind or length of the body is not what the sealed header says"));
        }
        if is_new {
            self.opened += 1;
            let noted = self.sealed.note(leaf.index, header.kind, leaf.body);
            noted.map_err(|what| Failure::Altered(format!("leaf {}: {what}", leaf.index)))?;
        }
        Ok(())
    }

    /// Goes on at leaf `first`, and tells at `place` of leaves that nothing before it has opened.
    pub(crate) fn skip_to(&mut self, first: u64, place: &str, findings: &mut Findings) {
        if let Some(last) = first.checked_sub(1).filter(|last| *last >= self.next) {
            let missing = format!("leaves {} to {last}", self.next);
            findings.altered.add(format!("{place}: {missing} are in no evidence file and not in the WAL"));
            self.next = first;
        }
    }
}
