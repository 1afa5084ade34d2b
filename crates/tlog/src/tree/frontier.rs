//! The right edge of a growing tree: all that is needed to append and to know the root.

use crate::{Error, HASH_BYTES, Hash, Result, node_hash};

use super::{HashReader, TREE_SIZE_MAX, range_nodes};

/// A tree as the hashes of its largest perfect subtrees, left to right: one for each bit that is
/// set in its size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    nodes: Vec<Hash>,
}

impl Frontier {
    /// The tree without leaves.
    pub fn new() -> Frontier {
        Frontier::default()
    }

    /// The tree of the first `size` leaves, read from its nodes.
    pub fn read<R: HashReader>(reader: &mut R, size: u64) -> Result<Frontier, R::Error> {
        check_size(size)?;
        let nodes = range_nodes(0, size).map(|node| reader.node(node)).collect::<Result<_, _>>()?;
        Ok(Frontier { size, nodes })
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends one leaf hash.
    pub fn append(&mut self, leaf: Hash) {
        self.append_noting(leaf, |_, _| ());
    }

    /// Appends leaf hashes in order.
    pub fn append_all(&mut self, leaves: impl IntoIterator<Item = Hash>) {
        for leaf in leaves {
            self.append(leaf);
        }
    }

    /// Appends one leaf hash and shows each node that it completes, the leaf first, as (level, hash).
    pub(crate) fn append_noting(&mut self, leaf: Hash, mut completed: impl FnMut(u8, &Hash)) {
        let mut node = leaf;
        completed(0, &node);
        // Each trailing one of the size is a perfect subtree that the new leaf doubles.
        for level in 1..=self.size.trailing_ones() {
            let Some(left) = self.nodes.pop() else { break };
            node = node_hash(&left, &node);
            completed(level as u8, &node);
        }
        self.nodes.push(node);
        self.size += 1;
    }

    /// The RFC 6962 root; the tree is not changed.
    pub fn root(&self) -> Hash {
        let folded = self.nodes.iter().rev().copied().reduce(|right, left| node_hash(&left, &right));
        folded.unwrap_or(Hash::EMPTY_TREE)
    }

    /// `size u64 big-endian | hashes, left to right`.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(8 + self.nodes.len() * HASH_BYTES);
        bytes.extend_from_slice(&self.size.to_be_bytes());
        for node in &self.nodes {
            bytes.extend_from_slice(&node.0);
        }
        bytes
    }

    /// The inverse of [`Frontier::encode`]; refuses whatever `encode` would not write.
    pub fn decode(bytes: &[u8]) -> Result<Frontier> {
        let short = || Error::invalid(format!("right edge has {} bytes, its size alone takes 8", bytes.len()));
        let (size, rest) = bytes.split_first_chunk::<8>().ok_or_else(short)?;
        let size = u64::from_be_bytes(*size);
        check_size(size)?;
        let (nodes, left_over) = rest.as_chunks::<HASH_BYTES>();
        if nodes.len() != size.count_ones() as usize || !left_over.is_empty() {
            return Err(Error::invalid(format!(
                "right edge of {size} leaves has {} bytes of hashes, expected {}",
                rest.len(),
                size.count_ones() as usize * HASH_BYTES
            )));
        }
        Ok(Frontier { size, nodes: nodes.iter().map(|node| Hash(*node)).collect() })
    }
}

pub(crate) fn check_size(size: u64) -> Result<()> {
    if size > TREE_SIZE_MAX {
        return Err(Error::invalid(format!("tree size {size} is over the limit of {TREE_SIZE_MAX}")));
    }
    Ok(())
}
