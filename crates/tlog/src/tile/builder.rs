//! The tiles of a growing log, with memory for its right edge only.

use crate::tree::{Frontier, TREE_SIZE_MAX};
use crate::{Error, HASH_BYTES, Hash, Result};

use super::{ROW_LEVELS, Row, TILE_BYTES, TILE_WIDTH, Tile, TileReader, hashes, items_in_row, partial_tile};

/// Takes leaf hashes in order and gives the tiles they complete.
///
/// Holds the partial tile of each row (at most 255 hashes) and the frontier; each node of the tree
/// is hashed once, for both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TileBuilder {
    frontier: Frontier,
    /// The bytes of the partial tile of row 0, 1, ..
    rows: Vec<Vec<u8>>,
}

impl TileBuilder {
    /// The builder of an empty log.
    pub fn new() -> TileBuilder {
        TileBuilder::default()
    }

    /// The builder of a log of `size` leaves, from the partial tiles of that size.
    ///
    /// Nothing is authenticated here: compare [`TileBuilder::root`] with a signed root.
    /// Errors: `Invalid` for a tile of the wrong length; whatever the reader returns.
    pub fn restore<R: TileReader>(reader: &mut R, size: u64) -> Result<TileBuilder, R::Error> {
        if size > TREE_SIZE_MAX {
            return Err(Error::invalid(format!("tree size {size} is over the limit of {TREE_SIZE_MAX}")).into());
        }
        let mut rows = Vec::new();
        let mut nodes = Vec::new();
        for level in (0..ROW_LEVELS).take_while(|level| items_in_row(Row::Level(*level), size) > 0) {
            let Some(tile) = partial_tile(Row::Level(level), size) else {
                rows.push(Vec::new());
                continue;
            };
            let bytes = reader.tile(tile)?;
            tile.check_bytes(&bytes)?;
            nodes.splice(0..0, largest_subtrees(&bytes));
            rows.push(bytes);
        }
        // The right edge is the partial tiles folded, from the highest row down.
        let mut edge = size.to_be_bytes().to_vec();
        edge.extend(nodes.iter().flat_map(|node: &Hash| node.0));
        Ok(TileBuilder { frontier: Frontier::decode(&edge)?, rows })
    }

    /// Appends one leaf hash; `full` is called for each tile this completes, lowest row first.
    pub fn append(&mut self, leaf: Hash, mut full: impl FnMut(Tile, &[u8])) {
        let index = self.frontier.size();
        let rows = &mut self.rows;
        self.frontier.append_noting(leaf, |level, hash| {
            if !level.is_multiple_of(ROW_LEVELS) {
                return;
            }
            let row = usize::from(level / ROW_LEVELS);
            if rows.len() == row {
                rows.push(Vec::with_capacity(TILE_BYTES));
            }
            let Some(bytes) = rows.get_mut(row) else { return };
            bytes.extend_from_slice(&hash.0);
            if bytes.len() == TILE_BYTES {
                let tile = Tile {
                    row: Row::Level(level / ROW_LEVELS),
                    index: index >> level >> ROW_LEVELS,
                    width: TILE_WIDTH,
                };
                full(tile, bytes);
                bytes.clear();
            }
        });
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// The RFC 6962 root.
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// The right edge.
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// The partial tiles at this size, lowest row first: with the full ones given so far they are
    /// all tiles of the tree.
    pub fn partial_tiles(&self) -> impl Iterator<Item = (Tile, &[u8])> {
        self.rows.iter().enumerate().filter_map(|(row, bytes)| {
            let tile = partial_tile(Row::Level(row as u8), self.size())?;
            debug_assert_eq!(bytes.len(), usize::from(tile.width) * HASH_BYTES);
            Some((tile, bytes.as_slice()))
        })
    }
}

/// The largest perfect subtrees of a partial tile, left to right.
fn largest_subtrees(bytes: &[u8]) -> Vec<Hash> {
    let mut inside = Frontier::new();
    inside.append_all(hashes(bytes));
    let encoded = inside.encode();
    hashes(encoded.get(8..).unwrap_or_default()).collect()
}
