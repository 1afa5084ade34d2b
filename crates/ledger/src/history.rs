//! The checkpoint that is served, and the history of all that were: `log/checkpoint`,
//! `log/history/<day>.notes` (`docs/format/history.md`).
//!
//! A file begins with the line `deedbook-history 0 <digest hex>`, the digest of the last entry of the
//! day before (32 zero bytes in the first file). An entry is `<digest hex> <note bytes>\n<note>`, where
//! the digest is `SHA-256("deedbook/history/v0\n" || digest of the entry before || note)`. So every bit
//! of a file is checked, and a missing entry or day shows.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use model::Millis;
use sha2::{Digest, Sha256};

use crate::disk::{Disk, File};
use crate::{Error, Result};

const TAG: &[u8] = b"deedbook/history/v0\n";

/// Largest file of one day that is read at once: 60 times the default rate of publishing.
const DAY_BYTES_MAX: u64 = 256 << 20;

/// Longest first line of an entry: a digest in hex, a space, a length.
const LINE_BYTES_MAX: usize = 96;

/// Digest of an entry.
pub(crate) type Link = [u8; 32];

/// The digest of the entry that follows `previous`.
fn link(previous: &Link, note: &[u8]) -> Link {
    let mut hash = Sha256::new();
    hash.update(TAG);
    hash.update(previous);
    hash.update(note);
    hash.finalize().into()
}

/// The first line of a file whose day begins after the entry with this digest.
fn first_line(previous: &Link) -> String {
    format!("deedbook-history 0 {}\n", model::hex(previous))
}

/// The entry of a note after `previous`; the first one of a file (`offset` 0) brings the first line.
pub(crate) fn encode(previous: &Link, offset: u64, note: &[u8]) -> (Link, Vec<u8>) {
    let digest = link(previous, note);
    let mut bytes = if offset == 0 { first_line(previous).into_bytes() } else { Vec::new() };
    bytes.extend_from_slice(format!("{} {}\n", model::hex(&digest), note.len()).as_bytes());
    bytes.extend_from_slice(note);
    (digest, bytes)
}

/// What a file of one day holds.
#[derive(Debug)]
pub(crate) struct Day {
    /// The digest its first line names; `None` when that line is not whole.
    pub(crate) previous: Option<Link>,
    /// The notes, in order, with the offset of each entry.
    pub(crate) notes: Vec<(u64, Bytes)>,
    /// Digest of the last entry, or the one of the first line.
    pub(crate) last: Link,
    /// Where the valid entries end; 0 when there is none.
    pub(crate) end: u64,
}

/// Reads entries until one does not follow; the caller compares [`Day::end`] with the length.
pub(crate) fn decode(bytes: &Bytes) -> Day {
    let mut day = Day { previous: None, notes: Vec::new(), last: [0; 32], end: 0 };
    let Some((previous, mut at)) = read_first_line(bytes) else { return day };
    (day.previous, day.last) = (Some(previous), previous);
    while let Some((digest, note, end)) = entry(bytes, at, &day.last) {
        day.notes.push((at as u64, note));
        (day.last, at) = (digest, end);
        day.end = end as u64;
    }
    day
}

fn read_first_line(bytes: &[u8]) -> Option<(Link, usize)> {
    let line = bytes.get(..first_line(&[0; 32]).len())?;
    let hex = std::str::from_utf8(line).ok()?.strip_prefix("deedbook-history 0 ")?.strip_suffix('\n')?;
    let link = model::unhex(hex)?;
    (first_line(&link).as_bytes() == line).then_some((link, line.len()))
}

fn entry(bytes: &Bytes, at: usize, previous: &Link) -> Option<(Link, Bytes, usize)> {
    let (start, end) = bounds(bytes, at)?;
    let (digest, expected) = encode(previous, at as u64, bytes.get(start..end)?);
    (expected.get(..) == bytes.get(at..end)).then(|| (digest, bytes.slice(start..end), end))
}

/// Where the note of the entry at `at` begins and ends; `None` when it is not whole.
fn bounds(bytes: &Bytes, at: usize) -> Option<(usize, usize)> {
    let rest = bytes.get(at..)?;
    let line_end = rest.iter().take(LINE_BYTES_MAX).position(|byte| *byte == b'\n')?;
    let line = std::str::from_utf8(rest.get(..line_end)?).ok()?;
    let (_, length) = line.split_once(' ')?;
    let start = at + line_end + 1;
    let end = start.checked_add(length.parse().ok()?)?;
    (end <= bytes.len()).then_some((start, end))
}

/// Whether the bytes after the last valid entry are what a crash leaves of an entry: each sector of
/// 512 bytes is either part of that entry or zeros, and the file is no longer than the entry.
/// `next_note` is the note that was being added, the one of `log/checkpoint`.
pub(crate) fn is_torn(tail: &[u8], end: u64, last: &Link, next_note: &[u8]) -> bool {
    let (_, expected) = encode(last, end, next_note);
    if tail.len() > expected.len() {
        return false;
    }
    let mut at = 0;
    while at < tail.len() {
        let sector_end = 512 - (end as usize + at) % 512;
        let until = (at + sector_end).min(tail.len());
        let (found, wanted) = (tail.get(at..until).unwrap_or_default(), expected.get(at..until).unwrap_or_default());
        if found != wanted && found.iter().any(|byte| *byte != 0) {
            return false;
        }
        at = until;
    }
    true
}

/// Names of the files, ascending, which is by day.
pub(crate) fn days(disk: &dyn Disk, folder: &Path) -> Result<Vec<PathBuf>> {
    let mut names = match disk.list(folder) {
        Ok(names) => names,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(Error::io("list", folder, &e)),
    };
    names.retain(|name| name.ends_with(".notes"));
    names.sort_unstable();
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}

/// Reads the file of one day.
pub(crate) fn read_day(disk: &dyn Disk, path: &Path) -> Result<Bytes> {
    disk.read(path, DAY_BYTES_MAX).map(Bytes::from).map_err(|e| Error::io("read", path, &e))
}

/// The writing end of checkpoint and history.
pub(crate) struct Publisher {
    disk: Arc<dyn Disk>,
    checkpoint: PathBuf,
    folder: PathBuf,
    last: Link,
    last_note: Option<Bytes>,
    /// The file of the current day and the offset of the next entry.
    day: Option<(PathBuf, Arc<dyn File>, u64)>,
}

impl Publisher {
    /// Goes on where the history ends; what a crash left of an entry is cut off, the entry of
    /// `log/checkpoint` is added if it is missing.
    pub(crate) fn open(disk: Arc<dyn Disk>, checkpoint: PathBuf, folder: PathBuf) -> Result<Publisher> {
        let mut publisher = Publisher { disk, checkpoint, folder, last: [0; 32], last_note: None, day: None };
        let published = publisher.published()?;
        // The last day, and the one before when a crash left nothing whole of the last. The chain
        // over all days is checked by verify.
        let days = days(publisher.disk.as_ref(), &publisher.folder)?;
        for (number, path) in days.iter().enumerate().skip(days.len().saturating_sub(2)) {
            publisher.follow(path.clone(), number + 1 == days.len(), published.as_deref())?;
        }
        Ok(publisher)
    }

    /// The note of `log/checkpoint`, if one was ever published.
    pub(crate) fn published(&self) -> Result<Option<Vec<u8>>> {
        match self.disk.read(&self.checkpoint, 1 << 20) {
            Ok(note) => Ok(Some(note)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(Error::io("read", &self.checkpoint, &e)),
        }
    }

    fn follow(&mut self, path: PathBuf, is_last: bool, published: Option<&[u8]>) -> Result<()> {
        let bytes = read_day(self.disk.as_ref(), &path)?;
        let day = decode(&bytes);
        if !day.notes.is_empty() {
            self.last = day.last;
        }
        self.last_note = day.notes.last().map(|(_, note)| note.clone()).or(self.last_note.take());
        let file = self.disk.open_write(&path).map_err(|e| Error::io("open", &path, &e))?;
        if day.end < bytes.len() as u64 {
            let at = format!("{} offset {}", path.display(), day.end);
            let tail = bytes.get(day.end as usize..).unwrap_or_default();
            if !is_last || !published.is_some_and(|note| is_torn(tail, day.end, &self.last, note)) {
                return Err(Error::corrupt(format!("{at}: entry does not follow from the one before")));
            }
            file.cut(day.end).map_err(|e| Error::io("cut", &path, &e))?;
            file.sync().map_err(|e| Error::io("sync", &path, &e).sync_is_fatal())?;
        }
        self.day = Some((path, file, day.end));
        Ok(())
    }

    /// The last note of the history.
    pub(crate) fn last_note(&self) -> Option<&Bytes> {
        self.last_note.as_ref()
    }

    /// Puts the note in place of the checkpoint that is served, then into the history of the day of
    /// `now`. All tiles of the note are durable.
    pub(crate) fn publish(&mut self, note: &Bytes, now: Millis) -> Result<()> {
        self.replace_checkpoint(note)?;
        self.record(note, now)
    }

    /// The one name that is ever renamed over: it is a pointer, not evidence, and its history is kept.
    fn replace_checkpoint(&self, note: &[u8]) -> Result<()> {
        if self.published()?.as_deref() == Some(note) {
            return Ok(());
        }
        let [salt] = crate::append::salts(1)?.try_into().unwrap_or([[0; 16]]);
        let temporary = self.checkpoint.with_extension(format!("new-{}", model::hex(&salt)));
        let file = self.disk.create_new(&temporary).map_err(|e| Error::io("create", &temporary, &e))?;
        let written = file.write_at(0, note).map_err(|e| Error::io("write", &temporary, &e));
        if let Err(error) = written {
            let _ = self.disk.unlink(&temporary);
            return Err(error);
        }
        file.sync().map_err(|e| Error::io("sync", &temporary, &e).sync_is_fatal())?;
        // Durable now: the note under a temporary name; the old checkpoint is still the one served.
        self.disk.rename(&temporary, &self.checkpoint).map_err(|e| Error::io("rename", &self.checkpoint, &e))?;
        let folder = crate::disk::parent(&self.checkpoint);
        self.disk.sync_dir(&folder).map_err(|e| Error::io("sync", &folder, &e).sync_is_fatal())
        // Durable now: the new checkpoint. Without its history entry, the next start adds it.
    }

    /// Adds the note to the history, unless it is the last entry.
    pub(crate) fn record(&mut self, note: &Bytes, now: Millis) -> Result<()> {
        if self.last_note.as_ref() == Some(note) {
            return Ok(());
        }
        let (path, file, offset) = self.open_day(now)?;
        let (digest, entry) = encode(&self.last, offset, note);
        if let Err(e) = file.write_at(offset, &entry) {
            // An entry that did not fit is no entry: the next one goes to the same place.
            let _ = file.cut(offset);
            return Err(Error::io("write", &path, &e));
        }
        file.sync().map_err(|e| Error::io("sync", &path, &e).sync_is_fatal())?;
        // Durable now: the entry. A crash before left a part of it, which the next start cuts off.
        self.day = Some((path, file, offset + entry.len() as u64));
        (self.last, self.last_note) = (digest, Some(note.clone()));
        Ok(())
    }

    /// The file of the day of `now`; the clock stepping back over midnight stays in the later file,
    /// so that the order of names is the order of entries.
    fn open_day(&mut self, now: Millis) -> Result<(PathBuf, Arc<dyn File>, u64)> {
        let day = now.to_string();
        let wanted = self.folder.join(format!("{}.notes", day.get(..10).unwrap_or("unknown")));
        if let Some((path, file, offset)) = self.day.as_ref().filter(|(path, ..)| *path >= wanted) {
            return Ok((path.clone(), file.clone(), *offset));
        }
        self.disk.create_dir(&self.folder).map_err(|e| Error::io("create", &self.folder, &e))?;
        let file = self.disk.create_new(&wanted).map_err(|e| Error::io("create", &wanted, &e))?;
        self.disk.sync_dir(&self.folder).map_err(|e| Error::io("sync", &self.folder, &e).sync_is_fatal())?;
        self.day = Some((wanted.clone(), file.clone(), 0));
        Ok((wanted, file, 0))
    }
}
