//! One look at a log that is being written: a published checkpoint, the write-ahead log up to it, and the evidence files
//! that hold what is below.
//!
//! Nobody is asked to stand still, so the order of the looks is what makes them fit together. Evidence is listed first:
//! a file that took the place of others before that has its manifest in the WAL by then. The checkpoint is read next, then
//! the WAL to its end. A file whose manifest is above the checkpoint, leaves that no listed file and no WAL file holds, a
//! WAL file that was freed under the look: all of these are seen, and the look is taken again.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use bytes::Bytes;
use tlog::checkpoint::{Checkpoint, Opened};
use tlog::note::{Note, VerifierKey};

use crate::disk::Disk;
use crate::evidence::{self, Segment};
use crate::head::note_frame;
use crate::history;
use crate::layout::Layout;
use crate::wal::{self, FileHeader, Found, FrameHeader, FrameKind, PAGE_BYTES};
use crate::{Error, Result};

/// What a backup consists of, apart from tiles.
pub(super) struct Snapshot {
    /// Leaves below the checkpoint.
    pub(super) size: u64,
    /// The checkpoint.
    pub(super) note: Bytes,
    /// The history by day; the bytes up to the checkpoint of the last one, which grows.
    pub(super) days: Vec<(String, Option<Bytes>)>,
    /// Sizes of all checkpoints of the history.
    pub(super) sizes: Vec<u64>,
    /// The evidence files.
    pub(super) segments: Vec<Segment>,
    /// Files of the write-ahead log that were written into the copy, with their lengths.
    pub(super) wal: Vec<(u64, u64)>,
}

/// Takes a look; `None` when the log moved on under it.
pub(super) fn take(disk: &dyn Disk, source: &Layout, staging: &Layout, key: &VerifierKey) -> Result<Option<Snapshot>> {
    let (files, _) = evidence::list(disk, &source.evidence())?;
    let Some(published) = published(disk, source, key)? else { return Ok(None) };
    let Some(wal) = copy_wal(disk, source, staging, &published)? else { return Ok(None) };
    let chosen = evidence::choose(files, wal.first, &|name| wal.sealed.contains(name));
    let is_whole = chosen.gaps.is_empty() && chosen.holes.is_empty() && chosen.covered >= wal.first;
    let live: BTreeSet<String> = chosen.live.iter().map(Segment::name).collect();
    let is_there = |name: &String| live.contains(name) || wal.replaced.contains(name);
    if !is_whole || !live.is_disjoint(&wal.late) || !wal.sealed.iter().all(is_there) {
        return Ok(None);
    }
    let Published { size, note, days, sizes } = published;
    Ok(Some(Snapshot { size, note, days, sizes, segments: chosen.live, wal: wal.files }))
}

struct Published {
    size: u64,
    note: Bytes,
    days: Vec<(String, Option<Bytes>)>,
    sizes: Vec<u64>,
}

/// The last checkpoint of the history: its tiles are durable. `None` when nothing was published.
fn published(disk: &dyn Disk, source: &Layout, key: &VerifierKey) -> Result<Option<Published>> {
    let paths = history::days(disk, &source.history())?;
    let (mut days, mut sizes, mut newest) = (Vec::<(String, Option<Bytes>)>::new(), Vec::new(), None);
    for path in &paths {
        let bytes = history::read_day(disk, path)?;
        let day = history::decode(&bytes);
        for (_, note) in &day.notes {
            sizes.extend(size_of(note));
        }
        let Some((_, note)) = day.notes.last() else { continue };
        newest = Some(note.clone());
        // A day with another behind it is over. What is wrong with it, the verification of the copy says.
        if let Some((_, bytes)) = days.last_mut() {
            *bytes = None;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let end = usize::try_from(day.end).unwrap_or(usize::MAX).min(bytes.len());
        days.push((name, Some(bytes.slice(..end))));
    }
    let Some(note) = newest else { return Ok(None) };
    let opened = Opened::open(&note, key).map_err(|e| Error::corrupt(format!("log/history: {e}; run verify")))?;
    Ok(Some(Published { size: opened.checkpoint.size, note, days, sizes }))
}

/// The size that a note says; its signature is for the verification of the copy.
fn size_of(note: &[u8]) -> Option<u64> {
    let note = Note::parse(note).ok()?;
    Some(Checkpoint::parse(note.text()).ok()?.size)
}

/// What the live WAL files are.
#[derive(Default)]
struct Wal {
    /// First leaf of the oldest file.
    first: u64,
    files: Vec<(u64, u64)>,
    /// Names of evidence files whose manifests are below the checkpoint.
    sealed: BTreeSet<String>,
    /// Those that one of these took the place of.
    replaced: BTreeSet<String>,
    /// Those above it.
    late: BTreeSet<String>,
}

/// Copies the frames up to the checkpoint, each checked as it is read; what is behind is only looked through. `None` when
/// a file was freed, or used again, under the look.
fn copy_wal(disk: &dyn Disk, source: &Layout, staging: &Layout, published: &Published) -> Result<Option<Wal>> {
    let numbers = wal::live_files(disk, &source.wal())?;
    let (mut found, mut next, mut is_done) = (Wal::default(), None, false);
    for number in numbers {
        let path = source.wal().join(wal::file_name(number));
        let file = match disk.open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Error::io("open", &path, &e)),
        };
        let Ok(header) = FileHeader::read(file.as_ref(), &path) else { return Ok(None) };
        let begins = (header.size(), header.group);
        if header.number != number || next.is_some_and(|next| next != begins) {
            return Ok(None);
        }
        if next.is_none() {
            found.first = header.size();
        }
        let mut place = begins;
        let mut copy = if is_done { None } else { Some(Frames::new(disk, staging, &header)?) };
        let mut offset = PAGE_BYTES as u64;
        loop {
            let read = wal::read_frame(file.as_ref(), header.mark, offset).map_err(|e| Error::io("read", &path, &e))?;
            // The end of what is written, or of what was not used again yet: where it ends is compared below.
            let Found::Frame(frame, bytes) = read else { break };
            if (frame.kind == FrameKind::Group && (frame.first, frame.group) != place) || frame.size < place.0 {
                return Ok(None);
            }
            found.note(&frame, &bytes, published.size)?;
            if let Some(frames) = &mut copy {
                frames.put(&bytes)?;
            }
            if frame.kind == FrameKind::Group {
                place = (frame.size, frame.group + 1);
                if frame.size == published.size
                    && let Some(frames) = copy.take()
                {
                    found.files.push((number, frames.end_with(&frame, &published.note)?));
                    is_done = true;
                }
            }
            offset += u64::from(frame.frame_bytes);
        }
        if let Some(frames) = copy {
            found.files.push((number, frames.end()?));
        }
        next = Some(place);
    }
    Ok(is_done.then_some(found))
}

impl Wal {
    /// Takes down which manifests a group holds.
    fn note(&mut self, frame: &FrameHeader, bytes: &Bytes, size: u64) -> Result<()> {
        if frame.kind != FrameKind::Group || !frame.manifests {
            return Ok(());
        }
        let leaves = wal::leaves(frame, bytes).map_err(Error::corrupt)?;
        for leaf in leaves.iter().filter(|leaf| leaf.kind == model::Kind::Manifest) {
            let manifest = crate::reader::parse_manifest(leaf.index, &leaf.body)?;
            let name = format!("{}-{}.{}", manifest.first, manifest.last, manifest.generation);
            if leaf.index.0 < size {
                self.replaced.extend(manifest.replaces);
                self.sealed.insert(name);
            } else {
                self.late.insert(name);
            }
        }
        Ok(())
    }
}

/// A WAL file of the copy: as long as its frames and a page of zeros. Whoever writes to it later goes on in a new file.
struct Frames {
    path: PathBuf,
    file: std::sync::Arc<dyn crate::File>,
    mark: u64,
    offset: u64,
}

impl Frames {
    fn new(disk: &dyn Disk, staging: &Layout, header: &FileHeader) -> Result<Frames> {
        let path = staging.wal().join(wal::file_name(header.number));
        let file = disk.create_new(&path).map_err(|e| Error::io("create", &path, &e))?;
        let mut frames = Frames { path, file, mark: header.mark, offset: 0 };
        frames.put(&header.encode())?;
        Ok(frames)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_at(self.offset, bytes).map_err(|e| Error::io("write", &self.path, &e))?;
        self.offset += bytes.len() as u64;
        Ok(())
    }

    /// Ends the copy behind a group, with the note over it: the log may have put that note at the head of its next group.
    fn end_with(mut self, group: &FrameHeader, note: &[u8]) -> Result<u64> {
        let mut bytes = Vec::new();
        wal::put_note(&mut bytes, FrameHeader { mark: self.mark, ..note_frame(group) }, note);
        self.put(&bytes)?;
        self.end()
    }

    /// Puts the page of zeros behind the last frame; returns the length of the file.
    fn end(mut self) -> Result<u64> {
        self.put(&[0; PAGE_BYTES])?;
        Ok(self.offset)
    }
}
