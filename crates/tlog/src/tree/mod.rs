//! The Merkle tree of RFC 6962 section 2.1: its right edge, its nodes and its proofs.

mod frontier;
mod proof;
#[cfg(test)]
mod tests;

pub use frontier::Frontier;
pub use proof::{prove_consistency, prove_inclusion, root_from_inclusion, verify_consistency, verify_inclusion};

use crate::{Error, Hash, Result, node_hash};

/// Largest number of leaves of a tree: sizes stay below the sign bit, as other implementations do.
pub const TREE_SIZE_MAX: u64 = (1 << 63) - 1;

/// A perfect subtree: the hash over leaves `index << level` up to `(index + 1) << level`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    /// Height above the leaf hashes, which are at level 0.
    pub level: u8,
    /// Place among the nodes of this level, from the left.
    pub index: u64,
}

/// Where the nodes of a tree come from: memory, tiles, a test.
pub trait HashReader {
    /// What reading can meet; this crate's own errors turn into it.
    type Error: From<Error>;

    /// The hash of a node. Only nodes whose leaves are all in the tree are asked for.
    fn node(&mut self, node: Node) -> Result<Hash, Self::Error>;
}

/// The perfect subtrees that leaves `start..end` fall into, from left to right, largest first.
///
/// `start` is a multiple of the smallest power of two that is not below `end - start`, which is
/// what makes the range a subtree of the log.
pub(crate) fn range_nodes(start: u64, end: u64) -> impl DoubleEndedIterator<Item = Node> {
    let count = end.saturating_sub(start);
    (0..64u8).rev().filter(move |level| count >> level & 1 == 1).map(move |level| {
        // The leaves before this node: all larger powers of two in `count`.
        let before = count & u64::MAX.checked_shl(u32::from(level) + 1).unwrap_or(0);
        Node { level, index: (start + before) >> level }
    })
}

/// The RFC 6962 hash over leaves `start..end`; the root of a tree is `0..size`.
///
/// Errors: `Invalid` when the range is not a subtree (`start` must be a multiple of the smallest
/// power of two not below `end - start`); whatever the reader returns.
pub fn subtree_root<R: HashReader>(reader: &mut R, start: u64, end: u64) -> Result<Hash, R::Error> {
    let aligned = match end.checked_sub(start) {
        Some(count) if end <= TREE_SIZE_MAX => start.is_multiple_of(count.next_power_of_two()),
        _ => false,
    };
    if !aligned {
        return Err(Error::invalid(format!("leaves {start}..{end} are not a subtree of a log")).into());
    }
    let mut root = None;
    for node in range_nodes(start, end).rev() {
        let left = reader.node(node)?;
        root = Some(match root {
            None => left,
            Some(right) => node_hash(&left, &right),
        });
    }
    Ok(root.unwrap_or(Hash::EMPTY_TREE))
}
