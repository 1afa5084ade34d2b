//! The tree as it follows from the leaves, compared with tiles, bundles and signed roots on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use model::LEAF_BYTES;
use tlog::tile::{Row, TILE_WIDTH, Tile, TileBuilder, partial_tile, push_entry};
use tlog::{HASH_BYTES, Hash, leaf_hash};

use super::{Class, Findings};
use crate::disk::Disk;

/// A root that somebody signed or wrote down.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    pub(super) size: u64,
    pub(super) root: Hash,
    /// File and offset.
    pub(super) place: (String, String),
    /// Whether tiles of this size must be there: it was published.
    pub(super) published: bool,
}

/// Leaves in order, and what they must add up to.
pub(super) struct Tree {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    builder: TileBuilder,
    bundle: Vec<u8>,
    expected: BTreeMap<u64, Vec<Expected>>,
    /// No root is expected below this size, as far as leaves are still to come.
    next_expected: u64,
    /// Roots at the sizes that were expected, and at those asked for.
    roots: BTreeMap<u64, Hash>,
    published: u64,
    /// Every published size.
    sizes: Vec<u64>,
}

impl Tree {
    pub(super) fn new(disk: Arc<dyn Disk>, folder: PathBuf) -> Tree {
        Tree {
            disk,
            folder,
            builder: TileBuilder::new(),
            bundle: Vec::new(),
            expected: BTreeMap::new(),
            next_expected: 0,
            roots: BTreeMap::new(),
            published: 0,
            sizes: Vec::new(),
        }
    }

    /// Adds roots to compare with; all before the first leaf.
    pub(super) fn expect_all(&mut self, expected: impl IntoIterator<Item = Expected>) {
        for expected in expected {
            if expected.published {
                self.published = self.published.max(expected.size);
                self.sizes.push(expected.size);
            }
            self.expected.entry(expected.size).or_default().push(expected);
        }
    }

    /// Remembers the root at a size that is going to be asked for.
    pub(super) fn remember(&mut self, size: u64) {
        self.expected.entry(size).or_default();
    }

    pub(super) fn size(&self) -> u64 {
        self.builder.size()
    }

    pub(super) fn root(&self) -> Hash {
        self.builder.root()
    }

    pub(super) fn root_at(&self, size: u64) -> Option<Hash> {
        if size == self.size() { Some(self.root()) } else { self.roots.get(&size).copied() }
    }

    /// The next leaf.
    pub(super) fn push(&mut self, entry: &[u8; LEAF_BYTES], findings: &mut Findings) {
        self.push_hashed(entry, leaf_hash(entry), findings);
    }

    /// The next leaf, whose hash was computed elsewhere.
    pub(super) fn push_hashed(&mut self, entry: &[u8; LEAF_BYTES], hash: Hash, findings: &mut Findings) {
        // An entry has 44 bytes: it always fits.
        let _ = push_entry(&mut self.bundle, entry);
        let (disk, folder, published) = (self.disk.as_ref(), &self.folder, self.published);
        self.builder.append(hash, |tile, bytes| compare(disk, folder, tile, bytes, published, findings));
        let size = self.builder.size();
        if size.is_multiple_of(u64::from(TILE_WIDTH)) {
            let tile = Tile { row: Row::Entries, index: size / u64::from(TILE_WIDTH) - 1, width: TILE_WIDTH };
            compare(self.disk.as_ref(), &self.folder, tile, &self.bundle, self.published, findings);
            self.bundle.clear();
        }
        if size < self.next_expected {
            return;
        }
        if let Some(expected) = self.expected.remove(&size) {
            let root = self.builder.root();
            self.roots.insert(size, root);
            for expected in expected {
                expected.compare(root, findings);
            }
        }
        self.next_expected = self.expected.range(size..).next().map_or(u64::MAX, |(size, _)| *size);
    }

    /// The end: partial tiles, and roots of sizes that were never reached.
    pub(super) fn finish(&mut self, findings: &mut Findings) {
        let size = self.size();
        let entries = partial_tile(Row::Entries, size).map(|tile| (tile, self.bundle.as_slice()));
        for (tile, bytes) in self.builder.partial_tiles().chain(entries) {
            compare_partials(self.disk.as_ref(), &self.folder, tile, bytes, findings);
        }
        self.published_partials(findings);
        for expected in std::mem::take(&mut self.expected).into_values().flatten() {
            let (file, at) = &expected.place;
            if expected.size == 0 {
                expected.compare(Hash::EMPTY_TREE, findings);
            } else {
                let what = format!("says {} leaves, the log has {size}: the end of the log is missing", expected.size);
                findings.add(Class::Missing, file, at, what);
            }
        }
    }

    /// The partial tiles of every published size must be there until the full tile is
    /// (`sealed-log.md` 1.3); whether the full one is there was checked when it was full.
    fn published_partials(&self, findings: &mut Findings) {
        let rows = (0..64).map(Row::Level).chain([Row::Entries]);
        for row in rows {
            let partial = self.sizes.iter().filter_map(|size| partial_tile(row, *size));
            let wanted: BTreeSet<Tile> = partial.filter(|tile| end_of(tile.full()) > self.size()).collect();
            for tile in wanted {
                if !self.disk.exists(&self.folder.join(tile.to_string())).unwrap_or(false) {
                    findings.add(Class::Missing, &format!("log/{tile}"), "", "published, and not there");
                }
            }
        }
    }
}

impl Expected {
    fn compare(&self, root: Hash, findings: &mut Findings) {
        if root != self.root {
            let (file, at) = &self.place;
            let what = format!(
                "says root {} at size {}, the leaves give {}",
                self.root.to_base64(),
                self.size,
                root.to_base64()
            );
            findings.add(Class::Altered, file, at, what);
        }
    }
}

/// Compares a full tile with its file, and with partial files that are still there.
fn compare(
    disk: &dyn Disk,
    folder: &std::path::Path,
    tile: Tile,
    bytes: &[u8],
    published: u64,
    findings: &mut Findings,
) {
    let path = folder.join(tile.to_string());
    let file = format!("log/{tile}");
    match disk.read(&path, bytes.len() as u64) {
        Ok(found) if found == bytes => {}
        Ok(found) => differs(&file, tile, &found, bytes, findings),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            // Above the last published size a full tile may not be written yet.
            if end_of(tile) <= published {
                findings.add(Class::Missing, &file, "", "published, and not there");
            }
        }
        Err(error) => findings.add(Class::Altered, &file, "", error.to_string()),
    }
    compare_partials(disk, folder, tile, bytes, findings);
}

/// Compares every partial file of a tile with the beginning of what the tile holds.
fn compare_partials(disk: &dyn Disk, folder: &std::path::Path, tile: Tile, bytes: &[u8], findings: &mut Findings) {
    let partials = folder.join(tile.full().to_string()).with_extension("p");
    for name in disk.list(&partials).unwrap_or_default() {
        let Ok(width) = name.parse::<u16>() else { continue };
        let partial = Tile { width, ..tile };
        let unit = if tile.row == Row::Entries { LEAF_BYTES + 2 } else { HASH_BYTES };
        let file = format!("log/{partial}");
        let found = disk.read(&partials.join(&name), bytes.len() as u64);
        match (found, bytes.get(..usize::from(width) * unit)) {
            (Ok(found), Some(wanted)) if found == wanted => {}
            (Ok(found), wanted) => differs(&file, partial, &found, wanted.unwrap_or(bytes), findings),
            (Err(error), _) => findings.add(Class::Altered, &file, "", error.to_string()),
        }
    }
}

fn differs(file: &str, tile: Tile, found: &[u8], wanted: &[u8], findings: &mut Findings) {
    let at = found.iter().zip(wanted).position(|(a, b)| a != b);
    let Some(at) = at else {
        let what = format!("has {} bytes, the leaves give {}", found.len(), wanted.len());
        return findings.add(Class::Altered, file, "", what);
    };
    let what = if tile.row == Row::Entries {
        let leaf = tile.index * u64::from(TILE_WIDTH) + (at / (LEAF_BYTES + 2)) as u64;
        format!("entry of leaf {leaf} is not what the evidence gives")
    } else {
        format!("hash {} is not what the leaves give", at / HASH_BYTES)
    };
    findings.add(Class::Altered, file, &format!("offset {at}"), what);
}

/// The tree size at which a full tile is full.
pub(crate) fn end_of(tile: Tile) -> u64 {
    let level = match tile.row {
        Row::Level(level) => u32::from(level),
        Row::Entries => 0,
    };
    (tile.index + 1).saturating_mul(u64::from(TILE_WIDTH).saturating_pow(level + 1))
}
