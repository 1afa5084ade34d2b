//! The published part of a log: its tree is rebuilt from the entries without reading any hash that is
//! stored, then every tile and every signed root is held against it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tlog::Hash;
use tlog::tile::{Row, Tile, TileBuilder, bundle_entries, row_tiles};

use crate::Failure;
use crate::history::{History, Published};
use crate::proof::read;

/// Roots that the tree must have at some sizes, and where each is said.
pub(crate) struct Roots<'k> {
    by_size: BTreeMap<u64, (Hash, String)>,
    history: History<'k>,
    /// The next checkpoint of the history.
    ahead: Option<Published>,
}

impl<'k> Roots<'k> {
    pub(crate) fn new(history: History<'k>) -> Roots<'k> {
        Roots { by_size: BTreeMap::new(), history, ahead: None }
    }

    pub(crate) fn add(&mut self, size: u64, root: Hash, place: &str) -> Result<(), Failure> {
        let (known, other) = self.by_size.entry(size).or_insert_with(|| (root, place.to_owned()));
        if *known == root {
            return Ok(());
        }
        Err(Failure::Altered(format!("two roots for {size} leaves: {known} in {other}, {root} in {place}")))
    }

    /// Compares with what is said of a tree of this size.
    fn check(&mut self, tree: &TileBuilder) -> Result<(), Failure> {
        let wrong = |place: &str, root: &Hash| {
            let (size, computed) = (tree.size(), tree.root());
            Err(Failure::Altered(format!("the first {size} entries give root {computed}, {place} says {root}")))
        };
        while self.ahead.as_ref().is_none_or(|next| next.size <= tree.size()) {
            match self.ahead.take() {
                Some(next) if next.size < tree.size() => {
                    return Err(Failure::Altered(format!("{}: {} leaves, fewer than before", next.place, next.size)));
                }
                Some(next) if next.root != tree.root() => return wrong(&next.place, &next.root),
                _ => {}
            }
            self.ahead = self.history.next()?;
            if self.ahead.is_none() {
                break;
            }
        }
        match self.by_size.get(&tree.size()) {
            Some((root, place)) if *root != tree.root() => wrong(place, root),
            _ => Ok(()),
        }
    }

    /// At the end no root may be left over that speaks of more leaves than there are.
    pub(crate) fn finish(mut self, size: u64) -> Result<History<'k>, Failure> {
        let cut = |above: u64, place: &str| {
            Err(Failure::Altered(format!("{place} signs {above} leaves, the log has {size}: it was cut")))
        };
        if let Some((above, (_, place))) = self.by_size.range(size + 1..).next_back() {
            return cut(*above, place);
        }
        match self.ahead.take() {
            Some(next) => cut(next.size, &next.place),
            None => Ok(self.history),
        }
    }
}

/// The tree while it is rebuilt.
pub(crate) struct Growing<'k> {
    tree: TileBuilder,
    pub(crate) roots: Roots<'k>,
}

impl<'k> Growing<'k> {
    pub(crate) fn new(roots: Roots<'k>) -> Growing<'k> {
        Growing { tree: TileBuilder::new(), roots }
    }

    pub(crate) fn size(&self) -> u64 {
        self.tree.size()
    }

    pub(crate) fn root(&self) -> Hash {
        self.tree.root()
    }

    /// Rebuilds the tree of the published entries and compares each tile as soon as it is complete.
    pub(crate) fn walk(&mut self, log: &Path, size: u64) -> Result<(), Failure> {
        self.roots.check(&self.tree)?;
        for bundle in row_tiles(Row::Entries, size) {
            let bytes = stored(log, bundle)?;
            for entry in bundle_entries(bundle, &bytes).map_err(|e| Failure::Altered(e.to_string()))? {
                self.append(entry, |tile, bytes| same(log, tile, bytes))?;
            }
        }
        self.tree.partial_tiles().try_for_each(|(tile, bytes)| same(log, tile, bytes))
    }

    /// Adds an entry; `full` sees the tiles that it completes.
    pub(crate) fn append(
        &mut self,
        entry: &[u8],
        full: impl Fn(Tile, &[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut differs = Ok(());
        self.tree.append(tlog::leaf_hash(entry), |tile, bytes| {
            if differs.is_ok() {
                differs = full(tile, bytes);
            }
        });
        differs?;
        self.roots.check(&self.tree)
    }
}

/// The published entries, read again one bundle at a time.
pub(crate) struct Entries {
    log: PathBuf,
    size: u64,
    bundle: Option<(Tile, Vec<u8>)>,
}

impl Entries {
    pub(crate) fn new(log: &Path, size: u64) -> Entries {
        Entries { log: log.to_path_buf(), size, bundle: None }
    }

    /// The entry of a leaf; `None` above the published ones.
    pub(crate) fn get(&mut self, index: u64) -> Result<Option<&[u8]>, Failure> {
        let number = index / u64::from(tlog::tile::TILE_WIDTH);
        if index >= self.size {
            return Ok(None);
        }
        let Some(tile) = Tile::at_size(Row::Entries, number, self.size) else { return Ok(None) };
        if self.bundle.as_ref().is_none_or(|(known, _)| *known != tile) {
            self.bundle = Some((tile, stored(&self.log, tile)?));
        }
        let Some((_, bytes)) = &self.bundle else { return Ok(None) };
        // Entries of ours all have one length, so the place follows from the index; a bundle of other
        // lengths was refused when the tree was rebuilt, or is refused by the comparison here.
        let at = usize::from((index % 256) as u8) * (model::LEAF_BYTES + 2);
        Ok(Some(bytes.get(at + 2..at + 2 + model::LEAF_BYTES).unwrap_or_default()))
    }
}

fn same(log: &Path, tile: Tile, computed: &[u8]) -> Result<(), Failure> {
    let found = stored(log, tile)?;
    if found == computed {
        return Ok(());
    }
    let at = found.iter().zip(computed).position(|(a, b)| a != b).unwrap_or(found.len().min(computed.len()));
    Err(Failure::Altered(format!("{tile}: hash {} is not what the entries give (byte {at})", at / tlog::HASH_BYTES)))
}

/// A tile's bytes; where the partial tile is gone, the beginning of the full one.
fn stored(log: &Path, tile: Tile) -> Result<Vec<u8>, Failure> {
    let path = log.join(tile.to_string());
    if path.exists() {
        return tile_bytes(&path);
    }
    let full = tile.full();
    let path = log.join(full.to_string());
    if !tile.is_partial() || !path.exists() {
        return Err(Failure::Altered(format!("{tile} is missing")));
    }
    let bytes = tile_bytes(&path)?;
    let end = match tile.row {
        Row::Level(_) => usize::from(tile.width) * tlog::HASH_BYTES,
        Row::Entries => bundle_entries(full, &bytes)
            .map_err(|e| Failure::Altered(e.to_string()))?
            .iter()
            .take(usize::from(tile.width))
            .map(|entry| entry.len() + 2)
            .sum(),
    };
    Ok(bytes.get(..end).unwrap_or(&bytes).to_vec())
}

/// No tile and no bundle is longer than 256 entries of the greatest length; a longer file is not one.
fn tile_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    const BUNDLE_BYTES_MAX: u64 = 256 * (2 + tlog::tile::ENTRY_BYTES_MAX as u64);
    match std::fs::metadata(path) {
        Ok(file) if file.len() > BUNDLE_BYTES_MAX => Err(Failure::Altered(format!(
            "{} has {} bytes, a tile has at most {BUNDLE_BYTES_MAX}",
            path.display(),
            file.len()
        ))),
        _ => read(path),
    }
}
