//! Tiles for proofs: from the published files where these are wide enough, else computed from the
//! leaves, as for the newest part of the tree.

use std::ops::Range;
use std::sync::Arc;

use model::LEAF_BYTES;
use parking_lot::Mutex;
use tlog::tile::{Row, TILE_WIDTH, Tile, TileReader};
use tlog::{HASH_BYTES, Hash, leaf_hash, node_hash};

use super::View;
use crate::{Error, Result};

/// Full tiles kept by one reader: 8 KiB each.
const CACHED_TILES_MAX: usize = 256;

/// Full tiles used last, most recent first.
#[derive(Default)]
pub(crate) struct Cache(Mutex<Vec<(Tile, Arc<Vec<u8>>)>>);

impl Cache {
    fn get(&self, tile: Tile) -> Option<Arc<Vec<u8>>> {
        let mut tiles = self.0.lock();
        let at = tiles.iter().position(|(name, _)| *name == tile)?;
        tiles.get_mut(..=at).unwrap_or_default().rotate_right(1);
        tiles.first().map(|(_, bytes)| bytes.clone())
    }

    /// Lets go of all tiles.
    pub(crate) fn clear(&self) {
        self.0.lock().clear();
    }

    fn put(&self, tile: Tile, bytes: Arc<Vec<u8>>) {
        let mut tiles = self.0.lock();
        tiles.truncate(CACHED_TILES_MAX - 1);
        tiles.insert(0, (tile, bytes));
    }
}

/// The tiles of a view.
pub(crate) struct LogTiles<'v> {
    view: &'v View,
    /// Files of full tiles are taken as they are when all their leaves are below this.
    trusted_below: u64,
    /// Whether the lowest tiles are computed from published entries alone.
    published: bool,
}

impl<'v> LogTiles<'v> {
    /// Takes every full tile from its file; a proof made so is checked before it is given out.
    pub(crate) fn all(view: &'v View) -> LogTiles<'v> {
        LogTiles { view, trusted_below: u64::MAX, published: false }
    }

    /// Takes only files that were durable before the WAL of their leaves was freed. Above, a crash
    /// may have cut a file off that the evidence thread has not written again yet.
    pub(crate) fn durable(view: &'v View) -> LogTiles<'v> {
        LogTiles { view, trusted_below: view.frames.first(), published: false }
    }

    /// As [`LogTiles::durable`], without what opens the leaves: for when that gives another root.
    pub(crate) fn published(view: &'v View) -> LogTiles<'v> {
        view.shared.tiles.clear();
        LogTiles { published: true, ..LogTiles::durable(view) }
    }

    /// The entries that tiles and bundles are made of.
    pub(crate) fn entries(&self, range: Range<u64>) -> Result<Vec<[u8; LEAF_BYTES]>> {
        if self.published { self.view.published_entries(range) } else { self.view.entries(range) }
    }

    fn is_trusted(&self, tile: Tile) -> bool {
        let Row::Level(level) = tile.row else { return false };
        let levels = 8 * (u32::from(level) + 1);
        (tile.index + 1).checked_shl(levels).is_some_and(|end| end <= self.trusted_below)
    }

    /// The full tile from its file, if it is there.
    fn stored(&self, tile: Tile) -> Option<Arc<Vec<u8>>> {
        let shared = &self.view.shared;
        if let Some(bytes) = shared.tiles.get(tile) {
            return Some(bytes);
        }
        let path = shared.layout.public().join(tile.to_string());
        let length = usize::from(TILE_WIDTH) * HASH_BYTES;
        let bytes = shared.disk.read(&path, length as u64).ok().filter(|bytes| bytes.len() == length)?;
        let bytes = Arc::new(bytes);
        shared.tiles.put(tile, bytes.clone());
        Some(bytes)
    }

    fn computed(&mut self, tile: Tile, level: u8) -> Result<Vec<u8>> {
        let first = tile.index * u64::from(TILE_WIDTH);
        let end = first + u64::from(tile.width);
        let mut bytes = Vec::with_capacity(usize::from(tile.width) * HASH_BYTES);
        if level == 0 {
            for entry in self.entries(first..end)? {
                bytes.extend_from_slice(&leaf_hash(&entry).0);
            }
        } else {
            for index in first..end {
                let below = Tile { row: Row::Level(level - 1), index, width: TILE_WIDTH };
                bytes.extend_from_slice(&perfect_root(&self.tile(below)?).0);
            }
        }
        Ok(bytes)
    }
}

impl TileReader for LogTiles<'_> {
    type Error = Error;

    fn tile(&mut self, tile: Tile) -> Result<Vec<u8>> {
        let stored = if self.is_trusted(tile) { self.stored(tile.full()) } else { None };
        if let Some(bytes) = stored {
            return Ok(bytes.get(..usize::from(tile.width) * HASH_BYTES).unwrap_or_default().to_vec());
        }
        // Content follows from log, place and width alone, so a computed tile can be kept too.
        if let Some(bytes) = self.view.shared.tiles.get(tile).filter(|_| self.trusted_below == u64::MAX) {
            return Ok(bytes.to_vec());
        }
        match tile.row {
            Row::Level(level) => {
                let bytes = self.computed(tile, level)?;
                self.view.shared.tiles.put(tile, Arc::new(bytes.clone()));
                Ok(bytes)
            }
            Row::Entries => Err(Error::invalid("entries are not hashes")),
        }
    }
}

/// The root over the hashes of a full tile.
fn perfect_root(bytes: &[u8]) -> Hash {
    let mut nodes: Vec<Hash> = bytes.as_chunks::<HASH_BYTES>().0.iter().map(|hash| Hash(*hash)).collect();
    while nodes.len() > 1 {
        nodes = nodes.as_chunks::<2>().0.iter().map(|[left, right]| node_hash(left, right)).collect();
    }
    nodes.first().copied().unwrap_or(Hash::EMPTY_TREE)
}
