//! Tiles for proofs: from the published files where these are wide enough, else computed from the
//! leaves, as for the newest part of the tree.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use model::LEAF_BYTES;
use parking_lot::Mutex;
use tlog::tile::{FoldedTile, Row, TILE_BYTES, TILE_WIDTH, Tile, TileReader};
use tlog::{HASH_BYTES, leaf_hash};

use super::View;
use crate::{Error, Result};

/// Memory for the tiles that one reader keeps, each with its inner nodes: some thousand full ones,
/// as many as the proofs of 260,000 leaves need.
pub(super) const CACHED_BYTES_MAX: usize = 16 << 20;

/// Tiles used last, with their inner nodes: a proof from these hashes nothing.
#[derive(Default)]
pub(crate) struct Cache(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    tiles: HashMap<Tile, (u64, Arc<FoldedTile>)>,
    bytes: usize,
    /// Counts uses: the tile with the lowest number was used longest ago.
    uses: u64,
}

impl Cache {
    pub(super) fn get(&self, tile: Tile) -> Option<Arc<FoldedTile>> {
        let mut kept = self.0.lock();
        kept.uses += 1;
        let uses = kept.uses;
        let (used, folded) = kept.tiles.get_mut(&tile)?;
        *used = uses;
        Some(folded.clone())
    }

    /// Lets go of all tiles.
    pub(crate) fn clear(&self) {
        *self.0.lock() = Kept::default();
    }

    /// Memory the tiles take.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.0.lock().bytes
    }

    pub(super) fn put(&self, tile: Tile, folded: Arc<FoldedTile>) {
        let mut kept = self.0.lock();
        kept.uses += 1;
        let uses = kept.uses;
        kept.bytes += folded.memory_bytes();
        if let Some((_, old)) = kept.tiles.insert(tile, (uses, folded)) {
            kept.bytes -= old.memory_bytes();
        }
        while kept.bytes > CACHED_BYTES_MAX {
            let oldest = kept.tiles.iter().min_by_key(|(_, (used, _))| *used).map(|(tile, _)| *tile);
            let Some((_, old)) = oldest.and_then(|tile| kept.tiles.remove(&tile)) else { break };
            kept.bytes -= old.memory_bytes();
        }
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
    fn stored(&self, tile: Tile) -> Option<Arc<FoldedTile>> {
        let shared = &self.view.shared;
        if let Some(folded) = shared.tiles.get(tile) {
            return Some(folded);
        }
        let path = shared.layout.public().join(tile.to_string());
        let bytes = shared.disk.read(&path, TILE_BYTES as u64).ok().filter(|bytes| bytes.len() == TILE_BYTES)?;
        let folded = Arc::new(FoldedTile::new(&bytes));
        shared.tiles.put(tile, folded.clone());
        Some(folded)
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
                let below = self.folded(Tile { row: Row::Level(level - 1), index, width: TILE_WIDTH })?;
                let root = below.root().ok_or_else(|| Error::corrupt(format!("tile of row {level} is not full")))?;
                bytes.extend_from_slice(&root.0);
            }
        }
        Ok(bytes)
    }
}

impl TileReader for LogTiles<'_> {
    type Error = Error;

    fn tile(&mut self, tile: Tile) -> Result<Vec<u8>> {
        let folded = self.folded(tile)?;
        let hashes = folded.hashes().iter().take(usize::from(tile.width));
        Ok(hashes.flat_map(|hash| hash.0).collect())
    }

    fn folded(&mut self, tile: Tile) -> Result<Arc<FoldedTile>> {
        // A full tile holds every partial one of its place.
        let stored = if self.is_trusted(tile) { self.stored(tile.full()) } else { None };
        if let Some(folded) = stored {
            return Ok(folded);
        }
        // Content follows from log, place and width alone, so a computed tile can be kept too.
        if let Some(folded) = self.view.shared.tiles.get(tile).filter(|_| self.trusted_below == u64::MAX) {
            return Ok(folded);
        }
        match tile.row {
            Row::Level(level) => {
                let folded = Arc::new(FoldedTile::new(&self.computed(tile, level)?));
                self.view.shared.tiles.put(tile, folded.clone());
                Ok(folded)
            }
            Row::Entries => Err(Error::invalid("entries are not hashes")),
        }
    }
}
