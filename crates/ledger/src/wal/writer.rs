//! The writing side: one file at a time, one write and one sync per group.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

use super::file::{FileHeader, file_name};
use super::frame::{PAGE_BYTES, put_note};
use super::{FrameHeader, frame};
use crate::disk::{Disk, File};
use crate::stored::Item;
use crate::{Error, Options, Result};

/// How much of a new file is written at once while it is filled with zeros.
const FILL_BYTES: usize = 1 << 20;

/// Live files, and free ones that wait to be used again. Shared with the thread that frees them and
/// with the one that makes them ahead.
#[derive(Debug)]
pub(crate) struct Files {
    state: Mutex<FilesState>,
    changed: Condvar,
    ahead_max: usize,
}

#[derive(Debug, Default)]
struct FilesState {
    /// Number and first leaf of each live file, ascending; the last one is being written.
    live: VecDeque<(u64, u64)>,
    free: Vec<PathBuf>,
    next_free: u64,
    /// Free files that should be ready.
    expected: usize,
    /// A free file is being made ahead.
    making: bool,
    /// No more files are made ahead.
    stopped: bool,
}

impl Files {
    /// Takes stock of the folder: `live` as recovery found them, free files by their names. A free file
    /// that a crash left unfinished, or one made under a smaller limit, is deleted.
    pub(crate) fn open(disk: &dyn Disk, folder: &Path, live: Vec<(u64, u64)>, options: &Options) -> Result<Files> {
        let names = disk.list(folder).map_err(|e| Error::io("list", folder, &e))?;
        let mut state = FilesState { live: live.into(), ..FilesState::default() };
        for name in names {
            let Some(number) = name.strip_prefix("free-").and_then(|n| n.parse::<u64>().ok()) else { continue };
            state.next_free = state.next_free.max(number + 1);
            let path = folder.join(name);
            let length = disk.open(&path).and_then(|file| file.len()).map_err(|e| Error::io("open", &path, &e))?;
            if length < options.wal_file_bytes {
                disk.unlink(&path).map_err(|e| Error::io("unlink", &path, &e))?;
            } else {
                state.free.push(path);
            }
        }
        Ok(Files { state: Mutex::new(state), changed: Condvar::new(), ahead_max: options.wal_files_ahead })
    }

    pub(crate) fn live_count(&self) -> usize {
        self.state.lock().live.len()
    }

    /// The file at hand is half full: the next one will be needed, and one more may be.
    fn expect(&self) {
        let mut state = self.state.lock();
        state.expected = (state.expected + 1).min(self.ahead_max);
        drop(state);
        self.changed.notify_all();
    }

    /// Waits until a free file should be made ahead, and gives its name; `None` when stopped.
    pub(super) fn wait_expected(&self, folder: &Path) -> Option<PathBuf> {
        let mut state = self.state.lock();
        while !state.stopped && state.free.len() >= state.expected {
            self.changed.wait(&mut state);
        }
        state.making = !state.stopped;
        (!state.stopped).then(|| state.fresh_name(folder))
    }

    /// The file was made ahead, or could not be: then nothing is tried before the next half.
    pub(super) fn made(&self, path: Option<PathBuf>) {
        let mut state = self.state.lock();
        state.making = false;
        match path {
            Some(path) => state.free.push(path),
            None => state.expected = 0,
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Ends the making of files ahead.
    pub(super) fn stop_making(&self) {
        self.state.lock().stopped = true;
        self.changed.notify_all();
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.state.lock().stopped
    }

    /// A free file: one that is ready, the one that is being made, or one made here and now.
    fn take_free(&self, disk: &dyn Disk, folder: &Path, file_bytes: u64) -> Result<PathBuf> {
        let path = {
            let mut state = self.state.lock();
            loop {
                if let Some(path) = state.free.pop() {
                    self.changed.notify_all();
                    return Ok(path);
                }
                if !state.making {
                    break state.fresh_name(folder);
                }
                self.changed.wait(&mut state);
            }
        };
        match fill_with_zeros(disk, &path, file_bytes, file_bytes, &|| true) {
            Ok(_) => Ok(path),
            Err(error) => {
                // What could be written of it only takes space away.
                let _ = disk.unlink(&path);
                Err(error)
            }
        }
    }

    /// Frees the files whose leaves are all below `covered`, oldest first: their leaves are in
    /// durable segments, under sealed manifests, and their full tiles are durable.
    pub(crate) fn free_below(&self, disk: &dyn Disk, folder: &Path, covered: u64, free_max: usize) -> Result<()> {
        let mut freed = Vec::new();
        while let Some(number) = self.wholly_below(covered) {
            let live = folder.join(file_name(number));
            if self.state.lock().free.len() + freed.len() < free_max {
                let path = self.state.lock().fresh_name(folder);
                disk.rename(&live, &path).map_err(|e| Error::io("rename", &live, &e))?;
                freed.push(Some(path));
            } else {
                disk.unlink(&live).map_err(|e| Error::io("unlink", &live, &e))?;
                freed.push(None);
            }
            self.state.lock().live.pop_front();
        }
        if !freed.is_empty() {
            // Not durable yet: a crash here brings the live names back, with their frames whole,
            // for no file is reused before this sync. Recovery frees them again.
            disk.sync_dir(folder).map_err(|e| Error::io("sync", folder, &e).sync_is_fatal())?;
            // Durable now: the files are free and may be written to.
            self.state.lock().free.extend(freed.into_iter().flatten());
        }
        Ok(())
    }

    fn wholly_below(&self, covered: u64) -> Option<u64> {
        let state = self.state.lock();
        let next_first = state.live.get(1)?.1;
        state.live.front().filter(|_| next_first <= covered).map(|(number, _)| *number)
    }
}

impl FilesState {
    /// A name that no file has or had in this run.
    fn fresh_name(&mut self, folder: &Path) -> PathBuf {
        self.next_free += 1;
        folder.join(format!("free-{:016}", self.next_free - 1))
    }
}

/// Makes a file of zeros, synced after each `sync_bytes`; `false` when told to stop before its end.
pub(super) fn fill_with_zeros(
    disk: &dyn Disk,
    path: &Path,
    file_bytes: u64,
    sync_bytes: u64,
    go_on: &dyn Fn() -> bool,
) -> Result<bool> {
    let file = disk.create_new(path).map_err(|e| Error::io("create", path, &e))?;
    let zeros = vec![0; FILL_BYTES.min(usize::try_from(file_bytes).unwrap_or(FILL_BYTES))];
    let mut offset = 0;
    while offset < file_bytes {
        if !go_on() {
            return Ok(false);
        }
        let length = usize::try_from(file_bytes - offset).map_or(zeros.len(), |left| left.min(zeros.len()));
        let chunk = zeros.get(..length).unwrap_or(&zeros);
        file.write_at(offset, chunk).map_err(|e| Error::io("write", path, &e))?;
        offset += length as u64;
        if offset == file_bytes || offset.is_multiple_of(sync_bytes) {
            file.sync().map_err(|e| Error::io("sync", path, &e).sync_is_fatal())?;
        }
    }
    // Durable now: a file of zeros under a free name, once the folder is synced by its rename.
    Ok(true)
}

/// The file being written and the place in it.
pub(crate) struct Wal {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    files: Arc<Files>,
    file_bytes: u64,
    file: Arc<dyn File>,
    path: PathBuf,
    number: u64,
    mark: u64,
    offset: u64,
    /// One buffer for all groups: frame and page of zeros.
    buffer: Vec<u8>,
}

impl Wal {
    /// Goes on in the live file `number` at `offset`.
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        folder: PathBuf,
        files: Arc<Files>,
        options: &Options,
        (number, offset): (u64, u64),
    ) -> Result<Wal> {
        let path = folder.join(file_name(number));
        let file = disk.open_write(&path).map_err(|e| Error::io("open", &path, &e))?;
        let mark = FileHeader::read(file.as_ref(), &path)?.mark;
        let file_bytes = options.wal_file_bytes;
        Ok(Wal { disk, folder, files, file_bytes, file, path, number, mark, offset, buffer: Vec::new() })
    }

    /// Makes the first file of a log, or the next one.
    pub(crate) fn create(
        disk: Arc<dyn Disk>,
        folder: PathBuf,
        files: Arc<Files>,
        options: &Options,
        header: &FileHeader,
    ) -> Result<Wal> {
        let (file, path) = make_live(disk.as_ref(), &folder, &files, options.wal_file_bytes, header)?;
        let file_bytes = options.wal_file_bytes;
        let (number, mark, offset) = (header.number, header.mark, PAGE_BYTES as u64);
        Ok(Wal { disk, folder, files, file_bytes, file, path, number, mark, offset, buffer: Vec::new() })
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Whether a write of this length and the page of zeros behind it fit into the file. The length
    /// of the file itself is what counts: it may have been made under another limit.
    pub(crate) fn fits(&self, frames_bytes: usize) -> Result<bool> {
        let length = self.file.len().map_err(|e| Error::io("read length of", &self.path, &e))?;
        Ok(self.offset + (frames_bytes + PAGE_BYTES) as u64 <= length)
    }

    /// Longest frames that a new file takes.
    pub(crate) fn group_bytes_max(&self) -> usize {
        usize::try_from(self.file_bytes).unwrap_or(usize::MAX).saturating_sub(2 * PAGE_BYTES)
    }

    /// Goes on in a new file, made from `header`.
    pub(crate) fn rotate(&mut self, header: &FileHeader) -> Result<()> {
        (self.file, self.path) = make_live(self.disk.as_ref(), &self.folder, &self.files, self.file_bytes, header)?;
        (self.number, self.mark) = (header.number, header.mark);
        self.offset = PAGE_BYTES as u64;
        Ok(())
    }

    /// Writes one frame (the group, with the note over the group before or an empty one) and a page of
    /// zeros, with one write and one sync.
    pub(crate) fn write_group(&mut self, note: &[u8], header: FrameHeader, items: &[Item]) -> Result<()> {
        self.buffer.clear();
        frame::put_group(&mut self.buffer, FrameHeader { mark: self.mark, ..header }, note, items);
        self.write()
    }

    /// Writes a note of its own, when nothing else is waiting.
    pub(crate) fn write_note(&mut self, header: FrameHeader, note: &[u8]) -> Result<()> {
        self.buffer.clear();
        put_note(&mut self.buffer, FrameHeader { mark: self.mark, ..header }, note);
        self.write()
    }

    fn write(&mut self) -> Result<()> {
        let frames = self.buffer.len();
        self.buffer.resize(frames + PAGE_BYTES, 0);
        self.file.write_at(self.offset, &self.buffer).map_err(|e| Error::io("write", &self.path, &e))?;
        // Not durable yet: a crash here leaves any subset of sectors, which recovery finds to be no
        // frame (or, if all of it arrived, a group that nobody was told of and that stays).
        self.file.sync().map_err(|e| Error::io("sync", &self.path, &e).sync_is_fatal())?;
        // Durable now: the frames and the page of zeros behind them.
        let half = self.file_bytes / 2;
        if (self.offset..self.offset + frames as u64).contains(&half) {
            self.files.expect();
        }
        self.offset += frames as u64;
        Ok(())
    }
}

/// Turns a free file into the live file of `header`.
fn make_live(
    disk: &dyn Disk,
    folder: &Path,
    files: &Files,
    file_bytes: u64,
    header: &FileHeader,
) -> Result<(Arc<dyn File>, PathBuf)> {
    let free = files.take_free(disk, folder, file_bytes)?;
    let file = disk.open_write(&free).map_err(|e| Error::io("open", &free, &e))?;
    let mut pages = header.encode();
    pages.resize(2 * PAGE_BYTES, 0);
    file.write_at(0, &pages).map_err(|e| Error::io("write", &free, &e))?;
    file.sync().map_err(|e| Error::io("sync", &free, &e).sync_is_fatal())?;
    // Durable now: first page and an empty second one, under a free name. A crash here leaves a free
    // file that says it is number `header.number`; free files are never read.
    let live = folder.join(file_name(header.number));
    disk.rename(&free, &live).map_err(|e| Error::io("rename", &free, &e))?;
    disk.sync_dir(folder).map_err(|e| Error::io("sync", folder, &e).sync_is_fatal())?;
    // Durable now: the name. Frames may follow.
    files.state.lock().live.push_back((header.number, header.size()));
    Ok((file, live))
}
