//! Tiles and entry bundles on disk, as C2SP tlog-tiles serves them (`sealed-log.md` 1.3).
//!
//! Full tiles are written when they are full and never change. Partial ones are written when a
//! checkpoint is published and deleted when the full one is durable.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::LEAF_BYTES;
use tlog::tile::{Row, TILE_WIDTH, Tile, TileBuilder, partial_tile, push_entry};
use tlog::{Hash, leaf_hash};

use crate::disk::{Disk, File, parent};
use crate::{Error, Result};

/// Up to so many files are synced one by one, which leaves the data of other programs alone.
const SYNC_EACH_MAX: usize = 16;

/// The right edge of the log: what the next tiles and the next bundle will be made of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edge {
    pub(crate) tree: TileBuilder,
    /// Entries of the partial bundle, encoded.
    pub(crate) bundle: Vec<u8>,
}

impl Edge {
    /// Number of leaves.
    pub(crate) fn size(&self) -> u64 {
        self.tree.size()
    }

    /// The RFC 6962 root.
    pub(crate) fn root(&self) -> Hash {
        self.tree.root()
    }

    /// Appends a leaf and hands over what it completes: full tiles, then a full bundle.
    ///
    /// # Errors
    /// The first of `put`; the edge has taken the leaf then, and the caller goes back to an older one.
    pub(crate) fn push(
        &mut self,
        entry: &[u8; LEAF_BYTES],
        put: &mut dyn FnMut(Tile, &[u8]) -> Result<()>,
    ) -> Result<()> {
        push_entry(&mut self.bundle, entry).map_err(|e| Error::fatal(e.to_string()))?;
        let mut result = Ok(());
        self.tree.append(leaf_hash(entry), |tile, bytes| {
            if result.is_ok() {
                result = put(tile, bytes);
            }
        });
        result?;
        let bundles = self.size() / u64::from(TILE_WIDTH);
        if self.size() == bundles * u64::from(TILE_WIDTH) {
            let bundle = Tile { row: Row::Entries, index: bundles.saturating_sub(1), width: TILE_WIDTH };
            put(bundle, &self.bundle)?;
            self.bundle.clear();
        }
        Ok(())
    }

    /// What is not full at the end of the tree: tiles, and the bundle if there is one.
    pub(crate) fn partial(&self) -> impl Iterator<Item = (Tile, &[u8])> {
        self.tree.partial_tiles().chain(self.partial_bundle())
    }

    /// The partial bundle, if the tree does not end with a full one.
    fn partial_bundle(&self) -> Option<(Tile, &[u8])> {
        partial_tile(Row::Entries, self.size()).map(|tile| (tile, self.bundle.as_slice()))
    }
}

/// The folder of tiles.
pub(crate) struct Tiles {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    /// The folder, kept open: syncs all of its volume at once.
    volume: Option<Arc<dyn File>>,
    /// Full files that are written and not yet durable.
    unsynced: BTreeSet<PathBuf>,
    /// Folders with names that are not yet durable.
    folders: BTreeSet<PathBuf>,
}

impl Tiles {
    pub(crate) fn new(disk: Arc<dyn Disk>, folder: PathBuf) -> Tiles {
        // A medium without such a handle has each file synced by itself.
        let volume = disk.open(&folder).ok();
        Tiles { disk, folder, volume, unsynced: BTreeSet::new(), folders: BTreeSet::new() }
    }

    /// Appends a leaf to the edge and writes what it completes. Not durable before [`Tiles::sync`];
    /// until then the leaves are in the WAL, and recovery writes the same files again.
    ///
    /// # Errors
    /// Those of the medium; the edge has taken the leaf then, and the caller goes back to an older one.
    pub(crate) fn push(&mut self, edge: &mut Edge, entry: &[u8; LEAF_BYTES]) -> Result<()> {
        edge.push(entry, &mut |tile, bytes| self.put(tile, bytes))
    }

    /// Writes the partial tiles and the partial bundle of the edge.
    pub(crate) fn put_partial(&mut self, edge: &Edge) -> Result<()> {
        for (tile, bytes) in edge.partial() {
            self.put(tile, bytes)?;
        }
        Ok(())
    }

    /// Creates the file, unless it is there already with these bytes. Other bytes under this name
    /// were never synced (a crash cut them off): they are removed first.
    fn put(&mut self, tile: Tile, bytes: &[u8]) -> Result<()> {
        let path = self.folder.join(tile.to_string());
        let file = match self.disk.create_new(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                let length = bytes.len() as u64;
                if self.disk.read(&path, length).is_ok_and(|found| found == bytes) {
                    self.unsynced.insert(path);
                    return Ok(());
                }
                self.disk.unlink(&path).map_err(|e| Error::io("unlink", &path, &e))?;
                self.disk.create_new(&path).map_err(|e| Error::io("create", &path, &e))?
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                self.create_folders(&parent(&path))?;
                self.disk.create_new(&path).map_err(|e| Error::io("create", &path, &e))?
            }
            Err(e) => return Err(Error::io("create", &path, &e)),
        };
        file.write_at(0, bytes).map_err(|e| Error::io("write", &path, &e))?;
        self.folders.insert(parent(&path));
        self.unsynced.insert(path);
        Ok(())
    }

    fn create_folders(&mut self, folder: &Path) -> Result<()> {
        self.disk.create_dir(folder).map_err(|e| Error::io("create", folder, &e))?;
        // The name of a new folder is durable when the folder above it is synced, up to ours.
        let above = folder.ancestors().skip(1).take_while(|above| above.starts_with(&self.folder));
        self.folders.extend(above.map(Path::to_path_buf));
        Ok(())
    }

    /// Makes everything written so far durable, then deletes the partial files that full ones
    /// replace.
    pub(crate) fn sync(&mut self) -> Result<()> {
        if !self.sync_volume()? {
            self.sync_each()?;
        }
        // Durable now: all files written so far, with their names.
        self.folders.clear();
        for path in std::mem::take(&mut self.unsynced) {
            self.delete_partials(&path)?;
        }
        Ok(())
    }

    /// One call for hundreds of small files: each by itself costs a flush of the device.
    fn sync_volume(&self) -> Result<bool> {
        match &self.volume {
            Some(volume) if self.unsynced.len() > SYNC_EACH_MAX => {
                volume.sync_volume().map_err(|e| Error::io("sync the volume of", &self.folder, &e).sync_is_fatal())
            }
            _ => Ok(false),
        }
    }

    fn sync_each(&self) -> Result<()> {
        for path in &self.unsynced {
            let file = self.disk.open(path).map_err(|e| Error::io("open", path, &e))?;
            file.sync().map_err(|e| Error::io("sync", path, &e).sync_is_fatal())?;
        }
        for folder in &self.folders {
            self.disk.sync_dir(folder).map_err(|e| Error::io("sync", folder, &e).sync_is_fatal())?;
        }
        Ok(())
    }

    /// Deletes `<full>.p/` with what is in it; a crash in between leaves files that nobody needs.
    fn delete_partials(&self, full: &Path) -> Result<()> {
        let folder = full.with_extension("p");
        let names = match self.disk.list(&folder) {
            Ok(names) => names,
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(()),
            Err(e) => return Err(Error::io("list", &folder, &e)),
        };
        for name in names {
            let path = folder.join(name);
            self.disk.unlink(&path).map_err(|e| Error::io("unlink", &path, &e))?;
        }
        self.disk.remove_dir(&folder).map_err(|e| Error::io("remove", &folder, &e))
    }
}
