//! The files of a copy: linked, copied, or taken from the backup before, then made durable together.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use model::LEAF_BYTES;
use tlog::HASH_BYTES;
use tlog::tile::{Row, TILE_WIDTH, Tile, partial_tile, row_tiles};

use super::snapshot::Snapshot;
use super::{Making, Progress, remove};
use crate::disk::{Disk, File, parent};
use crate::evidence::Segment;
use crate::{Error, Result, verify};

/// Bytes copied at once.
const COPY_BYTES: usize = 1 << 20;

/// Rows of tiles that a log of 2^63 leaves has.
const ROWS: u8 = 8;

/// What came into the copy, and how.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) bytes: u64,
    pub(super) linked: u64,
    pub(super) kept: u64,
    pub(super) copied: u64,
    pub(super) copied_bytes: u64,
}

/// The copy in the making.
pub(super) struct Copy<'a> {
    making: &'a Making<'a>,
    disk: &'a dyn Disk,
    reuse: bool,
    /// Whether files of the log can be linked into the copy, as far as is known.
    is_linkable: bool,
    pub(super) tally: Tally,
    folders: BTreeSet<PathBuf>,
    written: Vec<PathBuf>,
}

impl<'a> Copy<'a> {
    pub(super) fn new(making: &'a Making<'a>, reuse: bool) -> Copy<'a> {
        let folders = [making.staging.log.clone(), making.staging.wal(), making.staging.torn()];
        let others = [making.staging.evidence(), making.staging.history(), making.staging.public()];
        Copy {
            making,
            disk: making.disk.as_ref(),
            reuse,
            is_linkable: true,
            tally: Tally::default(),
            folders: folders.into_iter().chain(others).collect(),
            written: Vec::new(),
        }
    }

    /// Files of the write-ahead log that the snapshot wrote.
    pub(super) fn count(&mut self, files: impl Iterator<Item = (u64, u64)>) {
        for (number, bytes) in files {
            self.written.push(self.making.staging.wal().join(crate::wal::file_name(number)));
            self.tally.copied += 1;
            self.tally.copied_bytes += bytes;
            self.tally.bytes += bytes;
        }
    }

    /// Brings the evidence over; `false` when a file is no longer there because another took its place.
    pub(super) fn evidence(&mut self, segments: &[Segment], progress: &mut dyn FnMut(Progress)) -> Result<bool> {
        let name = |segment: &Segment| format!("evidence/{}.parquet", segment.name());
        let mut wanted = Vec::with_capacity(segments.len());
        for segment in segments {
            match self.disk.open(&segment.path).and_then(|file| file.len()) {
                Ok(bytes) => wanted.push((name(segment), bytes)),
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
                Err(e) => return Err(Error::io("open", &segment.path, &e)),
            }
        }
        self.drop_unwanted(&wanted)?;
        let bytes_total = wanted.iter().map(|(_, bytes)| bytes).sum();
        let mut bytes_done = 0;
        for (name, bytes) in &wanted {
            progress(Progress::Copying { bytes: bytes_done, bytes_total });
            let path = self.making.staging.log.join(name);
            let is_here = self.disk.open(&path).and_then(|file| file.len()).is_ok_and(|length| length == *bytes);
            if is_here {
                self.tally.kept += 1;
                self.tally.bytes += bytes;
            } else if !self.put(name, *bytes, true)? {
                return Ok(false);
            }
            bytes_done += bytes;
        }
        progress(Progress::Copying { bytes: bytes_done, bytes_total });
        Ok(true)
    }

    /// Evidence that an earlier attempt brought over and that another file has taken the place of since.
    fn drop_unwanted(&self, wanted: &[(String, u64)]) -> Result<()> {
        let folder = self.making.staging.evidence();
        let wanted: BTreeSet<&str> = wanted.iter().filter_map(|(name, _)| name.strip_prefix("evidence/")).collect();
        for name in self.disk.list(&folder).map_err(|e| Error::io("list", &folder, &e))? {
            if !wanted.contains(name.as_str()) {
                remove(self.disk, &folder.join(name))?;
            }
        }
        Ok(())
    }

    /// Everything that is served: tiles, history, and the checkpoint.
    pub(super) fn public(&mut self, snapshot: &Snapshot) -> Result<()> {
        let size = snapshot.size;
        let rows: Vec<Row> = (0..ROWS).map(Row::Level).chain([Row::Entries]).collect();
        for row in rows {
            for tile in row_tiles(row, size).filter(|tile| !tile.is_partial()) {
                if !self.put(&format!("log/{tile}"), unit(tile.row) * u64::from(TILE_WIDTH), false)? {
                    return Err(Error::corrupt(format!("log/{tile}: published, and not there; run verify")));
                }
            }
            // A reader of an older checkpoint asks for the partial tiles of its size until the full one is there.
            let sizes = snapshot.sizes.iter().chain([&size]);
            let partial = sizes.filter_map(|size| partial_tile(row, *size));
            let wanted: BTreeSet<Tile> = partial.filter(|tile| verify::end_of(tile.full()) > size).collect();
            for tile in wanted {
                self.partial(tile)?;
            }
        }
        for (day, bytes) in &snapshot.days {
            let name = format!("log/history/{day}");
            match bytes {
                // A day that is over does not change.
                None => {
                    let path = self.making.source.log.join(&name);
                    let length = self.disk.open(&path).and_then(|file| file.len());
                    let length = length.map_err(|e| Error::io("open", &path, &e))?;
                    if !self.put(&name, length, false)? {
                        return Err(Error::corrupt(format!("{name}: it was there, and is not; run verify")));
                    }
                }
                Some(bytes) => self.put_bytes(&self.making.staging.log.join(&name), bytes)?,
            }
        }
        self.put_bytes(&self.making.staging.checkpoint(), &snapshot.note)
    }

    /// A partial tile; from the full one, when that has taken its place meanwhile.
    fn partial(&mut self, tile: Tile) -> Result<()> {
        let bytes = unit(tile.row) * u64::from(tile.width);
        if self.put(&format!("log/{tile}"), bytes, false)? {
            return Ok(());
        }
        let path = self.making.source.public().join(tile.full().to_string());
        let full = self.disk.read(&path, unit(tile.row) * u64::from(TILE_WIDTH));
        let full = full.map_err(|e| Error::io("read", &path, &e))?;
        let cut = full.get(..usize::try_from(bytes).unwrap_or(usize::MAX));
        let cut = cut.ok_or_else(|| Error::corrupt(format!("{}: cut short; run verify", path.display())))?;
        let to = self.making.staging.public().join(tile.to_string());
        self.folder(&to)?;
        self.put_bytes(&to, cut)
    }

    /// What recovery cut off, as far as the copy has the leaf behind the cut.
    pub(super) fn torn(&mut self, size: u64) -> Result<()> {
        let folder = self.making.source.torn();
        let names = match self.disk.list(&folder) {
            Ok(names) => names,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(Error::io("list", &folder, &e)),
        };
        let index = |name: &str| name.split_once('-').and_then(|(index, _)| index.parse::<u64>().ok());
        for name in names.iter().filter(|name| index(name).is_some_and(|index| index < size)) {
            let path = folder.join(name);
            let bytes = self.disk.open(&path).and_then(|file| file.len()).map_err(|e| Error::io("open", &path, &e))?;
            self.put(&format!("wal/torn/{name}"), bytes, false)?;
        }
        Ok(())
    }

    /// Brings a file over that never changes: from the backup before, as a link, or as a copy. A `large` one gets its
    /// name when it is durable, so that another attempt need not bring it again. `false` when the log has none.
    fn put(&mut self, name: &str, bytes: u64, large: bool) -> Result<bool> {
        let (from, to) = (self.making.source.log.join(name), self.making.staging.log.join(name));
        self.folder(&to)?;
        if self.reuse {
            let former = self.making.target.log.join(name);
            let is_same = self.disk.open(&former).and_then(|file| file.len()).is_ok_and(|length| length == bytes);
            if is_same && self.disk.link(&former, &to).is_ok() {
                self.tally.kept += 1;
                self.tally.bytes += bytes;
                return Ok(true);
            }
        }
        if self.is_linkable {
            match self.disk.link(&from, &to) {
                Ok(()) => {
                    self.tally.linked += 1;
                    self.tally.bytes += bytes;
                    return Ok(true);
                }
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
                // Another file system, one without links, or too many of them: bytes it is.
                Err(_) => self.is_linkable = false,
            }
        }
        self.copy(&from, &to, large)
    }

    fn copy(&mut self, from: &Path, to: &Path, large: bool) -> Result<bool> {
        let source = match self.disk.open(from) {
            Ok(source) => source,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(e) => return Err(Error::io("open", from, &e)),
        };
        let working = if large { parent(to).join(".new") } else { to.to_path_buf() };
        if large {
            remove(self.disk, &working)?;
        }
        let file = self.disk.create_new(&working).map_err(|e| Error::io("create", &working, &e))?;
        let bytes = copy_bytes(source.as_ref(), from, file.as_ref(), &working)?;
        if large {
            file.sync().map_err(|e| Error::io("sync", &working, &e).sync_is_fatal())?;
            self.disk.rename(&working, to).map_err(|e| Error::io("rename", &working, &e))?;
        } else {
            self.written.push(working);
        }
        self.tally.copied += 1;
        self.tally.copied_bytes += bytes;
        self.tally.bytes += bytes;
        Ok(true)
    }

    pub(super) fn put_bytes(&mut self, to: &Path, bytes: &[u8]) -> Result<()> {
        let file = self.disk.create_new(to).map_err(|e| Error::io("create", to, &e))?;
        file.write_at(0, bytes).map_err(|e| Error::io("write", to, &e))?;
        self.written.push(to.to_path_buf());
        self.tally.copied += 1;
        self.tally.copied_bytes += bytes.len() as u64;
        self.tally.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Makes the folder that a file goes to.
    fn folder(&mut self, file: &Path) -> Result<()> {
        let folder = parent(file);
        if self.folders.contains(&folder) {
            return Ok(());
        }
        self.disk.create_dir(&folder).map_err(|e| Error::io("create", &folder, &e))?;
        let above = folder.ancestors().take_while(|above| above.starts_with(&self.making.staging.log));
        self.folders.extend(above.map(Path::to_path_buf));
        Ok(())
    }

    /// Makes the copy durable, with all its names.
    pub(super) fn sync(&self) -> Result<()> {
        let folder = &self.making.staging.log;
        let volume = self.disk.open(folder).ok();
        let is_synced = volume.map_or(Ok(false), |volume| volume.sync_volume());
        if is_synced.map_err(|e| Error::io("sync the volume of", folder, &e).sync_is_fatal())? {
            return Ok(());
        }
        for path in &self.written {
            let synced = self.disk.open(path).and_then(|file| file.sync());
            synced.map_err(|e| Error::io("sync", path, &e).sync_is_fatal())?;
        }
        for folder in &self.folders {
            self.disk.sync_dir(folder).map_err(|e| Error::io("sync", folder, &e).sync_is_fatal())?;
        }
        Ok(())
    }
}

/// Bytes of one hash or entry of a tile.
fn unit(row: Row) -> u64 {
    if row == Row::Entries { LEAF_BYTES as u64 + 2 } else { HASH_BYTES as u64 }
}

fn copy_bytes(source: &dyn File, from: &Path, file: &dyn File, to: &Path) -> Result<u64> {
    let (mut buffer, mut offset) = (vec![0; COPY_BYTES], 0);
    loop {
        let read = source.read_at(offset, &mut buffer).map_err(|e| Error::io("read", from, &e))?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { return Ok(offset) };
        file.write_at(offset, bytes).map_err(|e| Error::io("write", to, &e))?;
        offset += read as u64;
    }
}
