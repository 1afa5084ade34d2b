//! Nodes read out of tiles.

use std::sync::Arc;

use crate::tree::{HashReader, Node};
use crate::{Error, HASH_BYTES, Hash, Result, node_hash};

use super::{ROW_LEVELS, Row, TILE_WIDTH, Tile, hashes, place_of};

/// Tiles kept after use; a proof in a log of 10^9 leaves touches at most eight.
const CACHED_TILES_MAX: usize = 32;

/// Where tiles come from: files, a server, memory.
pub trait TileReader {
    /// What reading can meet; this crate's own errors turn into it.
    type Error: From<Error>;

    /// The bytes of exactly this tile. A source that has replaced a partial tile by its full one
    /// returns the first `width * 32` bytes of that.
    fn tile(&mut self, tile: Tile) -> Result<Vec<u8>, Self::Error>;

    /// This tile with the nodes inside it. A source that keeps tiles gives what it has kept, so that
    /// nothing is hashed again; that may be wider than `tile`, never narrower.
    fn folded(&mut self, tile: Tile) -> Result<Arc<FoldedTile>, Self::Error> {
        let bytes = self.tile(tile)?;
        tile.check_bytes(&bytes)?;
        Ok(Arc::new(FoldedTile::new(&bytes)))
    }
}

/// A tile with the roots of all perfect subtrees inside it: half of a full one is hashed, half is as
/// it was stored. As little authenticated as the tile itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoldedTile {
    width: usize,
    /// Level after level above the row, 0 to 7: level `n` has `width >> n` nodes.
    nodes: Vec<Hash>,
}

impl FoldedTile {
    /// Folds the bytes of a tile, full or partial. Bytes that do not fill a hash are left out.
    pub fn new(bytes: &[u8]) -> FoldedTile {
        let width = bytes.len() / HASH_BYTES;
        let mut nodes = Vec::with_capacity(2 * width);
        nodes.extend(hashes(bytes));
        let mut below = 0;
        for level in 0..ROW_LEVELS - 1 {
            let end = nodes.len();
            for left in (below..below + (width >> level)).step_by(2) {
                // The last one of an odd number has no sibling inside the tile.
                if let Some([left, right]) = nodes.get(left..end).and_then(<[Hash]>::first_chunk) {
                    nodes.push(node_hash(left, right));
                }
            }
            below = end;
        }
        FoldedTile { width, nodes }
    }

    /// The hashes of the tile itself, left to right.
    pub fn hashes(&self) -> &[Hash] {
        self.nodes.get(..self.width).unwrap_or_default()
    }

    /// The hash over all of a full tile, which the row above holds; `None` for a partial one.
    pub fn root(&self) -> Option<Hash> {
        let top = self.nodes.last_chunk().filter(|_| self.width == usize::from(TILE_WIDTH));
        top.map(|[left, right]| node_hash(left, right))
    }

    /// Memory it takes, bytes.
    pub fn memory_bytes(&self) -> usize {
        size_of::<FoldedTile>() + self.nodes.capacity() * HASH_BYTES
    }

    /// The node `inside` on level `above` over the row.
    pub(super) fn node(&self, above: u8, inside: usize) -> Option<Hash> {
        let below: usize = (0..above).map(|level| self.width >> level).sum();
        self.nodes.get(below + inside).copied().filter(|_| inside < self.width >> above)
    }
}

/// Reads nodes of a tree of fixed size out of its tiles and keeps the tiles used last.
///
/// Tiles are not authenticated: verify the proof built from them against a signed root.
#[derive(Debug)]
pub struct TileHashReader<R> {
    tiles: R,
    size: u64,
    /// Row and index of each; most recently used first.
    cache: Vec<(u8, u64, Arc<FoldedTile>)>,
}

impl<R: TileReader> TileHashReader<R> {
    /// A reader of the tree of `size` leaves.
    pub fn new(tiles: R, size: u64) -> TileHashReader<R> {
        TileHashReader { tiles, size, cache: Vec::new() }
    }

    /// The source of tiles.
    pub fn tiles(&mut self) -> &mut R {
        &mut self.tiles
    }

    fn folded(&mut self, level: u8, index: u64) -> Result<Option<&FoldedTile>, R::Error> {
        if let Some(at) = self.cache.iter().position(|(row, at, _)| *row == level && *at == index) {
            self.cache.get_mut(..=at).unwrap_or_default().rotate_right(1);
        } else if let Some(tile) = Tile::at_size(Row::Level(level), index, self.size) {
            let folded = self.tiles.folded(tile)?;
            self.cache.truncate(CACHED_TILES_MAX - 1);
            self.cache.insert(0, (level, index, folded));
        } else {
            return Ok(None);
        }
        Ok(self.cache.first().map(|(_, _, tile)| tile.as_ref()))
    }
}

impl<R: TileReader> HashReader for TileHashReader<R> {
    type Error = R::Error;

    fn node(&mut self, node: Node) -> Result<Hash, R::Error> {
        let size = self.size;
        let (level, index, above, inside) = place_of(node);
        // A tile may be wider than the tree: its leaves must be in the tree, not only in the tile.
        let span = 1_u64.checked_shl(u32::from(node.level));
        let end = span.and_then(|span| node.index.checked_add(1)?.checked_mul(span));
        let tile = if end.is_some_and(|end| end <= size) { self.folded(level, index)? } else { None };
        let hash = tile.and_then(|tile| tile.node(above, inside));
        let missing =
            || Error::invalid(format!("node {} of level {} is not in a tree of {size} leaves", node.index, node.level));
        hash.ok_or_else(|| missing().into())
    }
}
