//! Nodes read out of tiles.

use crate::tree::{HashReader, Node};
use crate::{Error, Hash, Result, node_hash};

use super::{ROW_LEVELS, Row, Tile, hashes, place_of};

/// Tiles kept after use; a proof in a log of 10^9 leaves touches at most eight.
const CACHED_TILES_MAX: usize = 32;

/// Where tiles come from: files, a server, memory.
pub trait TileReader {
    /// What reading can meet; this crate's own errors turn into it.
    type Error: From<Error>;

    /// The bytes of exactly this tile. A source that has replaced a partial tile by its full one
    /// returns the first `width * 32` bytes of that.
    fn tile(&mut self, tile: Tile) -> Result<Vec<u8>, Self::Error>;
}

/// Reads nodes of a tree of fixed size out of its tiles and keeps the tiles used last.
///
/// Tiles are not authenticated: verify the proof built from them against a signed root.
#[derive(Debug)]
pub struct TileHashReader<R> {
    tiles: R,
    size: u64,
    /// Most recently used first.
    cache: Vec<Folded>,
}

/// One tile with all perfect subtrees inside it.
#[derive(Debug)]
struct Folded {
    level: u8,
    index: u64,
    /// Nodes by level above the row, 0 to 7.
    nodes: Vec<Vec<Hash>>,
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

    fn folded(&mut self, level: u8, index: u64) -> Result<Option<&Folded>, R::Error> {
        if let Some(at) = self.cache.iter().position(|tile| tile.level == level && tile.index == index) {
            self.cache.get_mut(..=at).unwrap_or_default().rotate_right(1);
        } else if let Some(tile) = Tile::at_size(Row::Level(level), index, self.size) {
            let bytes = self.tiles.tile(tile)?;
            tile.check_bytes(&bytes)?;
            self.cache.truncate(CACHED_TILES_MAX - 1);
            self.cache.insert(0, Folded { level, index, nodes: fold(&bytes) });
        } else {
            return Ok(None);
        }
        Ok(self.cache.first())
    }
}

impl<R: TileReader> HashReader for TileHashReader<R> {
    type Error = R::Error;

    fn node(&mut self, node: Node) -> Result<Hash, R::Error> {
        let size = self.size;
        let (level, index, above, inside) = place_of(node);
        let tile = self.folded(level, index)?;
        let hash = tile.and_then(|tile| tile.nodes.get(usize::from(above))?.get(inside)).copied();
        let missing =
            || Error::invalid(format!("node {} of level {} is not in a tree of {size} leaves", node.index, node.level));
        hash.ok_or_else(|| missing().into())
    }
}

/// All perfect subtrees of a tile, below its own root, which belongs to the next row.
fn fold(bytes: &[u8]) -> Vec<Vec<Hash>> {
    let mut nodes = vec![hashes(bytes).collect::<Vec<_>>()];
    for _ in 1..ROW_LEVELS {
        let below = nodes.last().map(Vec::as_slice).unwrap_or_default();
        let pairs = below.as_chunks::<2>().0;
        nodes.push(pairs.iter().map(|[left, right]| node_hash(left, right)).collect());
    }
    nodes
}
