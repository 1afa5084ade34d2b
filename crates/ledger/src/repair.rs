//! Putting back what was altered or lost: evidence from a copy of the log, tiles from the evidence.
//!
//! Nothing of the copy is trusted: a file is taken only if it is, byte for byte, what a manifest of
//! this log sealed. Tiles are made again from the leaves, and only if these give the root that the
//! published checkpoint signed. What is damaged in the write-ahead log, in the history or in the
//! identity is not touched here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::{LeafIndex, Manifest};
use tlog::checkpoint::Opened;
use tlog::leaf_hash;
use tlog::tile::Tile;
use tlog::tree::Frontier;

use crate::alarm::Sealed;
use crate::disk::{Disk, parent};
use crate::evidence::{Digest, Segment};
use crate::layout::Layout;
use crate::reader::{Reader, Selection, View};
use crate::tiles::Edge;
use crate::{Error, RealDisk, Result, identity, ledger};

/// Bytes copied at once.
const COPY_BYTES: usize = 1 << 20;

/// Largest checkpoint that is read.
const CHECKPOINT_BYTES_MAX: u64 = 1 << 20;

/// What a repair did, in names relative to the folder of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repaired {
    /// Files put back: durable when [`repair`] returns.
    pub mended: Vec<String>,
    /// Files that could not be, and why.
    pub left: Vec<String>,
}

/// Puts back damaged or lost evidence files of a log from a copy of its folder (or of its data folder),
/// then tiles. Takes the lock of the log. A damaged evidence file is kept in the folder `damaged`.
///
/// # Errors
/// `Locked` while the log is open for writing; `NotFound` when `copy` holds no such log; `Corrupt` when
/// the write-ahead log cannot be read; `Io`.
pub fn repair(data: &Path, short: &str, copy: &Path) -> Result<Repaired> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let layout = Layout::new(data, short);
    let _lock = ledger::lock(disk.as_ref(), &layout)?;
    let copy = evidence_of(disk.as_ref(), copy, short)?;
    let reader = Reader::open_on(disk.clone(), data, short)?;
    let mut repair = Repair { disk, layout, copy, reader, done: Repaired::default() };
    repair.evidence()?;
    if repair.done.left.is_empty() {
        repair.tiles()?;
    }
    Ok(repair.done)
}

/// The evidence folder of the copy.
fn evidence_of(disk: &dyn Disk, copy: &Path, short: &str) -> Result<PathBuf> {
    let folders = [Layout::new(copy, short).evidence(), copy.join("evidence")];
    let found = folders.into_iter().find(|folder| disk.list(folder).is_ok());
    found.ok_or_else(|| {
        let message = format!("{}: holds neither logs/{short}/evidence nor evidence", copy.display());
        Error::new(crate::ErrorKind::NotFound, message)
    })
}

struct Repair {
    disk: Arc<dyn Disk>,
    layout: Layout,
    copy: PathBuf,
    reader: Reader,
    done: Repaired,
}

impl Repair {
    /// Each file that was put back may hold manifests of others: goes on until a look finds nothing new.
    fn evidence(&mut self) -> Result<()> {
        let mut looked_at = BTreeSet::new();
        loop {
            let view = self.reader.view()?;
            let sealed = Sealed::read(self.disk.as_ref(), &view);
            let fresh: Vec<Manifest> = sealed
                .live()
                .filter(|manifest| looked_at.insert((manifest.first, manifest.generation)))
                .cloned()
                .collect();
            if fresh.is_empty() {
                let unnamed = view.gaps().iter().map(|gap| format!("no manifest names the file of leaves {gap:?}"));
                self.done.left.extend(unnamed);
                return Ok(());
            }
            for manifest in fresh {
                self.file(&manifest)?;
            }
        }
    }

    /// Puts one evidence file back, if it needs to be and can be.
    fn file(&mut self, sealed: &Manifest) -> Result<()> {
        let at = |folder: &Path| Segment::new(folder, sealed.first, sealed.last, sealed.generation);
        let (own, other) = (at(&self.layout.evidence()), at(&self.copy));
        let fits = |segment: &Segment| match Digest::of(self.disk.as_ref(), segment) {
            Ok(digest) => digest.sha256 == sealed.sha256 && digest.bytes == sealed.bytes,
            Err(_) => false,
        };
        if fits(&own) {
            return Ok(());
        }
        let name = format!("evidence/{}.parquet", own.name());
        if !fits(&other) {
            self.done.left.push(format!("{name}: the copy does not have what its manifest sealed"));
            return Ok(());
        }
        self.put(&other.path, &own)?;
        if fits(&own) {
            self.done.mended.push(name);
        } else {
            self.done.left.push(format!("{name}: changed while it was copied"));
        }
        Ok(())
    }

    /// Copies a file under a working name, keeps what was there aside, and gives it its own name.
    fn put(&self, from: &Path, to: &Segment) -> Result<()> {
        let [mark] = crate::append::salts(1)?.try_into().unwrap_or([[0; 16]]);
        let mark = model::hex(&mark);
        let working = self.layout.evidence().join(format!("open-{}-{mark}", to.first));
        let source = self.disk.open(from).map_err(|e| Error::io("open", from, &e))?;
        let file = self.disk.create_new(&working).map_err(|e| Error::io("create", &working, &e))?;
        let (mut buffer, mut offset) = (vec![0; COPY_BYTES], 0);
        loop {
            let read = source.read_at(offset, &mut buffer).map_err(|e| Error::io("read", from, &e))?;
            let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
            file.write_at(offset, bytes).map_err(|e| Error::io("write", &working, &e))?;
            offset += read as u64;
        }
        file.sync().map_err(|e| Error::io("sync", &working, &e).sync_is_fatal())?;
        // Durable now: the bytes, under a name that the next start would delete.
        if self.disk.exists(&to.path).map_err(|e| Error::io("look for", &to.path, &e))? {
            let damaged = self.layout.log.join("damaged");
            self.disk.create_dir(&damaged).map_err(|e| Error::io("create", &damaged, &e))?;
            let aside = damaged.join(format!("{}-{mark}.parquet", to.name()));
            self.disk.rename(&to.path, &aside).map_err(|e| Error::io("rename", &to.path, &e))?;
            self.sync_dir(&damaged)?;
        }
        // A crash here leaves the file lost, which a second repair mends.
        self.disk.link(&working, &to.path).map_err(|e| Error::io("link", &to.path, &e))?;
        self.disk.unlink(&working).map_err(|e| Error::io("unlink", &working, &e))?;
        self.sync_dir(&self.layout.evidence())
        // Durable now: the file under its own name.
    }

    /// Makes the published tiles and entry bundles again and writes those that differ.
    fn tiles(&mut self) -> Result<()> {
        let view = self.reader.view()?;
        let path = self.layout.checkpoint();
        let Ok(note) = self.disk.read(&path, CHECKPOINT_BYTES_MAX) else { return Ok(()) };
        let key = identity::verifier(view.info())?;
        let Ok(published) = Opened::open(&note, &key).map(|opened| opened.checkpoint) else {
            self.done.left.push("log/checkpoint: not signed by the key of this log".to_owned());
            return Ok(());
        };
        let mut tree = Frontier::new();
        entries(&view, published.size, &mut |entry| {
            tree.append(leaf_hash(entry));
            Ok(())
        })?;
        if tree.root() != published.root {
            self.done.left.push("log/tile: the leaves do not give the root of the published checkpoint".to_owned());
            return Ok(());
        }
        let mut edge = Edge::default();
        entries(&view, published.size, &mut |entry| edge.push(entry, &mut |tile, bytes| self.tile(tile, bytes)))?;
        for (tile, bytes) in edge.partial() {
            self.tile(tile, bytes)?;
        }
        Ok(())
    }

    /// Writes a tile that is lost or differs.
    fn tile(&mut self, tile: Tile, bytes: &[u8]) -> Result<()> {
        let path = self.layout.public().join(tile.to_string());
        if self.disk.read(&path, bytes.len() as u64).is_ok_and(|found| found == bytes) {
            return Ok(());
        }
        let folder = parent(&path);
        self.disk.create_dir(&folder).map_err(|e| Error::io("create", &folder, &e))?;
        if self.disk.exists(&path).map_err(|e| Error::io("look for", &path, &e))? {
            self.disk.unlink(&path).map_err(|e| Error::io("unlink", &path, &e))?;
        }
        let file = self.disk.create_new(&path).map_err(|e| Error::io("create", &path, &e))?;
        file.write_at(0, bytes).map_err(|e| Error::io("write", &path, &e))?;
        file.sync().map_err(|e| Error::io("sync", &path, &e).sync_is_fatal())?;
        self.sync_dir(&folder)?;
        // Durable now: the tile.
        self.done.mended.push(format!("log/{tile}"));
        Ok(())
    }

    fn sync_dir(&self, folder: &Path) -> Result<()> {
        self.disk.sync_dir(folder).map_err(|e| Error::io("sync", folder, &e).sync_is_fatal())
    }
}

/// The entries of the first `size` leaves, made from what opens them.
fn entries(view: &View, size: u64, visit: &mut dyn FnMut(&[u8; model::LEAF_BYTES]) -> Result<()>) -> Result<()> {
    let mut next = LeafIndex(0);
    for batch in view.scan(0..size, Selection { bodies: true, only: None }) {
        for leaf in batch? {
            visit(&leaf.leaf())?;
            next = LeafIndex(leaf.index.0 + 1);
        }
    }
    if next.0 != size {
        return Err(Error::corrupt(format!("leaves {next} to {size} cannot be read")));
    }
    Ok(())
}
