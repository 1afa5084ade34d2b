//! The published part of a log: its tree is rebuilt from the entries without reading any hash that is
//! stored, then every tile and every signed root is held against it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tlog::Hash;
use tlog::checkpoint::Checkpoint;
use tlog::tile::{Row, Tile, TileBuilder, bundle_entries, row_tiles};

use crate::files::{read, unreadable};
use crate::history::History;
use crate::{Failure, Result};

/// The tree while it is rebuilt. After an error it is known to be wrong, and of no more use.
pub(crate) struct Tree<'k> {
    pub(crate) builder: TileBuilder,
    /// Roots that it must have at some sizes, and where each is said.
    roots: BTreeMap<u64, (Hash, String)>,
    /// More of these, in order.
    history: History<'k>,
}

impl<'k> Tree<'k> {
    pub(crate) fn new(history: History<'k>) -> Tree<'k> {
        Tree { builder: TileBuilder::new(), roots: BTreeMap::new(), history }
    }

    /// Says what the root must be at some size. All that is said must agree.
    pub(crate) fn expect(&mut self, size: u64, root: Hash, place: &str) -> Result {
        let (known, other) = self.roots.entry(size).or_insert_with(|| (root, place.to_owned()));
        if *known == root {
            return Ok(());
        }
        Err(Failure::Altered(format!("two roots for {size} leaves: {known} in {other}, {root} in {place}")))
    }

    /// Rebuilds the tree of the published entries and compares each tile as soon as it is complete.
    pub(crate) fn walk(&mut self, log: &Path, size: u64) -> Result {
        self.check()?;
        for bundle in row_tiles(Row::Entries, size) {
            let bytes = stored(log, bundle)?;
            for entry in bundle_entries(bundle, &bytes).map_err(|e| Failure::Altered(e.to_string()))? {
                self.append(entry, |tile, bytes| same(log, tile, bytes))?;
            }
        }
        self.builder.partial_tiles().try_for_each(|(tile, bytes)| same(log, tile, bytes))
    }

    /// Adds an entry; `full` sees the tiles that it completes.
    pub(crate) fn append(&mut self, entry: &[u8], full: impl Fn(Tile, &[u8]) -> Result) -> Result {
        let mut differs = Ok(());
        self.builder.append(tlog::leaf_hash(entry), |tile, bytes| {
            if differs.is_ok() {
                differs = full(tile, bytes);
            }
        });
        differs?;
        self.check()
    }

    /// Compares with what is said of a tree of this size.
    fn check(&mut self) -> Result {
        while let Some((Checkpoint { size, root, .. }, place)) = self.history.up_to(self.builder.size())? {
            if size < self.builder.size() {
                return Err(Failure::Altered(format!("{place}: {size} leaves, fewer than before")));
            }
            self.compare(&root, &place)?;
        }
        self.roots.get(&self.builder.size()).map_or(Ok(()), |(root, place)| self.compare(root, place))
    }

    fn compare(&self, root: &Hash, place: &str) -> Result {
        let (size, computed) = (self.builder.size(), self.builder.root());
        if *root == computed {
            return Ok(());
        }
        Err(Failure::Altered(format!("the first {size} entries give root {computed}, {place} says {root}")))
    }

    /// At the end no root may be left over that speaks of more leaves than there are.
    pub(crate) fn finish(self, size: u64) -> Result<History<'k>> {
        let said = self.roots.range(size + 1..).next_back().map(|(above, (_, place))| (*above, place));
        match said.or(self.history.ahead.as_ref().map(|(next, place)| (next.size, place))) {
            Some((above, place)) => {
                Err(Failure::Altered(format!("{place} signs {above} leaves, the log has {size}: it was cut")))
            }
            None => Ok(self.history),
        }
    }
}

/// The published entries, read again one bundle at a time.
pub(crate) struct Entries {
    log: PathBuf,
    size: u64,
    bundle: Option<Tile>,
    bytes: Vec<u8>,
}

impl Entries {
    pub(crate) fn new(log: &Path, size: u64) -> Entries {
        Entries { log: log.to_path_buf(), size, bundle: None, bytes: Vec::new() }
    }

    /// The entry of a leaf; `None` above the published ones.
    pub(crate) fn get(&mut self, index: u64) -> Result<Option<&[u8]>> {
        let number = index / u64::from(tlog::tile::TILE_WIDTH);
        let bundle = Tile::at_size(Row::Entries, number, self.size).filter(|_| index < self.size);
        let Some(tile) = bundle else { return Ok(None) };
        if self.bundle != bundle {
            self.bytes = stored(&self.log, tile)?;
            self.bundle = bundle;
        }
        // Entries of ours all have one length, so the place follows from the index; a bundle of other
        // lengths was refused when the tree was rebuilt, or is refused by the comparison here.
        let at = usize::from((index % 256) as u8) * (model::LEAF_BYTES + 2);
        Ok(Some(self.bytes.get(at + 2..at + 2 + model::LEAF_BYTES).unwrap_or_default()))
    }
}

fn same(log: &Path, tile: Tile, computed: &[u8]) -> Result {
    let found = stored(log, tile)?;
    if found == computed {
        return Ok(());
    }
    let at = found.iter().zip(computed).position(|(a, b)| a != b).unwrap_or(found.len().min(computed.len()));
    Err(Failure::Altered(format!("{tile}: hash {} is not what the entries give (byte {at})", at / tlog::HASH_BYTES)))
}

/// A tile's bytes; where the partial tile is gone, the beginning of the full one.
fn stored(log: &Path, tile: Tile) -> Result<Vec<u8>> {
    let path = |tile: Tile| log.join(tile.to_string());
    let found = [tile, tile.full()].into_iter().find(|tile| path(*tile).exists());
    let found = found.ok_or_else(|| Failure::Altered(format!("{tile} is missing")))?;
    let mut bytes = tile_bytes(&path(found))?;
    let width = usize::from(tile.width);
    if found != tile && tile.row != Row::Entries {
        bytes.truncate(width * tlog::HASH_BYTES);
    } else if found != tile {
        let entries = bundle_entries(found, &bytes).map_err(|e| Failure::Altered(e.to_string()))?;
        let end = entries.iter().take(width).map(|entry| entry.len() + 2).sum();
        bytes.truncate(end);
    }
    Ok(bytes)
}

/// No tile and no bundle is longer than 256 entries of the greatest length; a longer file is not one.
fn tile_bytes(path: &Path) -> Result<Vec<u8>> {
    const BUNDLE_BYTES_MAX: u64 = 256 * (2 + tlog::tile::ENTRY_BYTES_MAX as u64);
    let (name, bytes) = (path.display(), std::fs::metadata(path).map_err(unreadable(path))?.len());
    if bytes > BUNDLE_BYTES_MAX {
        return Err(Failure::Altered(format!("{name} has {bytes} bytes, a tile has at most {BUNDLE_BYTES_MAX}")));
    }
    read(path)
}
