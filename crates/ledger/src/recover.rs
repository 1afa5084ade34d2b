//! Opening a log: what the WAL proves, what was cut off, what is damaged.
//!
//! Recovery reads; the only things it changes are: torn bytes are copied to `wal/torn/` and a page of
//! zeros is put in their place, evidence files without a sealed manifest are deleted. Everything else
//! (tiles, segments, checkpoint, history) is done again by the threads that do it while the log is
//! open, from the leaves in the WAL.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use model::{LEAF_BYTES, TreeSize};
use sha2::{Digest, Sha256};
use tlog::checkpoint::Opened;
use tlog::note::VerifierKey;

use crate::checkpoint::Signed;
use crate::disk::{Disk, File};
use crate::evidence::{self, Chosen};
use crate::head::{Head, note_frame};
use crate::history::Publisher;
use crate::layout::Layout;
use crate::wal::{self, End, FileHeader, Found, FrameHeader, FrameKind, PAGE_BYTES};
use crate::{Error, ErrorKind, LogInfo, Result};

/// A tail that a crash left in the WAL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Torn {
    /// Size of the log at the cut.
    pub(crate) index: u64,
    pub(crate) bytes: u64,
    pub(crate) sha256: [u8; 32],
}

/// What recovery found.
pub(crate) struct Recovered {
    pub(crate) head: Head,
    /// The head before the first group of the oldest live file.
    pub(crate) base: Head,
    /// Number and first leaf of each live file.
    pub(crate) live: Vec<(u64, u64)>,
    /// Where the next frame goes in the last file.
    pub(crate) offset: u64,
    /// The newest note in the WAL.
    pub(crate) noted: Option<Signed>,
    /// The frame of the note over the last group, when that note is not in the WAL.
    pub(crate) unwritten: Option<FrameHeader>,
    /// Live segments, and what is between them.
    pub(crate) chosen: Chosen,
    /// Tails cut off at this size of the log, without a recovery note yet.
    pub(crate) torn: Vec<Torn>,
    pub(crate) publisher: Publisher,
    /// Size of `log/checkpoint`.
    pub(crate) published_size: u64,
}

/// The state of a walk over the WAL.
struct Walk<'a> {
    key: &'a VerifierKey,
    head: Head,
    noted: Option<Signed>,
    last_group: Option<FrameHeader>,
    /// Manifests seen: names of segments.
    manifests: Vec<String>,
    /// Roots after each group: what older statements are compared with.
    roots: Vec<(u64, [u8; 32])>,
}

/// Reads the log and puts it into a state from which the writer can go on.
///
/// # Errors
/// `Corrupt` when something that was durable is not what was written; `Rollback` when the log is
/// shorter than it has been; `Io`.
pub(crate) fn recover(disk: &Arc<dyn Disk>, layout: &Layout, info: &LogInfo, key: &VerifierKey) -> Result<Recovered> {
    let folder = layout.wal();
    let numbers = wal::live_files(disk.as_ref(), &folder)?;
    let Some((first, rest)) = numbers.split_first() else {
        return Err(Error::new(
            ErrorKind::Rollback,
            format!("{}: no WAL file is there, but the log was opened before; restore it", folder.display()),
        ));
    };
    if let Some((_, gap)) = numbers.iter().zip(*first..).find(|(number, expected)| *number != expected) {
        return Err(Error::corrupt(format!("{}: WAL file {gap} is missing", folder.display())));
    }
    let mut current = open_file(disk.as_ref(), &folder, *first, info)?;
    let base = Head::from_file_header(&current.header)?;
    let mut live = vec![(*first, current.header.size())];
    let mut walk = Walk {
        key,
        head: base.clone(),
        noted: None,
        last_group: None,
        manifests: Vec::new(),
        roots: vec![(base.tree.size(), base.tree.root().0)],
    };
    let mut place = walk.file(&current)?;
    for number in rest {
        // A file gets a successor only when it is full, after its last group was synced.
        if let End::Torn(reason) = &place.1 {
            let at = current.at(place.0);
            return Err(Error::corrupt(format!("{at}: {reason}, and later frames are in the next file")));
        }
        current = open_file(disk.as_ref(), &folder, *number, info)?;
        if Head::from_file_header(&current.header)? != walk.head {
            return Err(Error::corrupt(format!("{}: does not go on where the file before ends", current.at(0))));
        }
        live.push((*number, current.header.size()));
        place = walk.file(&current)?;
    }
    if let End::Torn(reason) = &place.1 {
        set_aside(disk.as_ref(), layout, &current, place.0, reason, walk.head.tree.size())?;
    }
    let torn = unnoted(disk.as_ref(), layout, walk.head.tree.size())?;
    let publisher = Publisher::open(disk.clone(), layout.checkpoint(), layout.history())?;
    let published_size = walk.check_published(&publisher)?;
    let chosen = choose_segments(disk.as_ref(), layout, &base, &walk)?;
    let signed = walk.noted.as_ref().is_some_and(|noted| noted.size.0 == walk.head.tree.size());
    let unwritten = walk.last_group.filter(|_| !signed).map(|frame| note_frame(&frame));
    Ok(Recovered {
        head: walk.head,
        base,
        live,
        offset: place.0,
        noted: walk.noted,
        unwritten,
        chosen,
        torn,
        publisher,
        published_size,
    })
}

/// A live file with its first page.
struct LiveFile {
    file: Arc<dyn File>,
    header: FileHeader,
}

impl LiveFile {
    fn at(&self, offset: u64) -> String {
        format!("wal/{} offset {offset}", wal::file_name(self.header.number))
    }

    fn io(&self, operation: &str, offset: u64, e: &std::io::Error) -> Error {
        Error::new(ErrorKind::Io, format!("{operation} {}: {e}", self.at(offset)))
    }
}

fn open_file(disk: &dyn Disk, folder: &Path, number: u64, info: &LogInfo) -> Result<LiveFile> {
    let path = folder.join(wal::file_name(number));
    let file = disk.open_write(&path).map_err(|e| Error::io("open", &path, &e))?;
    let header = FileHeader::read(file.as_ref(), &path)?;
    if header.number != number || header.origin != crate::identity::origin_hash(&info.origin) {
        return Err(Error::corrupt(format!("{}: first page belongs to another file or log", path.display())));
    }
    Ok(LiveFile { file, header })
}

impl Walk<'_> {
    /// Reads the frames of one file; returns where they end, and how.
    fn file(&mut self, live: &LiveFile) -> Result<(u64, End)> {
        let (file, mark) = (live.file.as_ref(), live.header.mark);
        let mut offset = PAGE_BYTES as u64;
        loop {
            match wal::read_frame(file, mark, offset).map_err(|e| live.io("read", offset, &e))? {
                Found::Frame(header, bytes) => {
                    self.take(&header, &bytes).map_err(|e| e.at(live.at(offset)))?;
                    offset += u64::from(header.frame_bytes);
                }
                Found::End(End::Clean) => return Ok((offset, End::Clean)),
                Found::End(torn) => {
                    let later = wal::valid_frame_after(file, mark, offset).map_err(|e| live.io("read", offset, &e))?;
                    let Some((later, frame)) = later else { return Ok((offset, torn)) };
                    let what = format!("damaged, for group {} stands whole at offset {later}", frame.group);
                    return Err(Error::corrupt(format!("{}: {what}; run verify", live.at(offset))));
                }
            }
        }
    }

    fn take(&mut self, header: &FrameHeader, bytes: &Bytes) -> Result<()> {
        if let Some(note) = wal::note(header, bytes) {
            self.note(note)?;
        }
        match header.kind {
            FrameKind::Group => self.group(header, bytes),
            FrameKind::Note => Ok(()),
        }
    }

    fn group(&mut self, header: &FrameHeader, bytes: &Bytes) -> Result<()> {
        let leaves = wal::leaves(header, bytes).map_err(Error::corrupt)?;
        let entries: Vec<[u8; LEAF_BYTES]> = leaves.iter().map(|leaf| leaf.leaf()).collect();
        self.head = self.head.follow(header, &entries).ok_or_else(|| {
            Error::corrupt(format!("group {} does not follow from the group before it", header.group))
        })?;
        if header.manifests {
            for leaf in leaves.iter().filter(|leaf| leaf.kind == model::Kind::Manifest) {
                let manifest = crate::reader::parse_manifest(leaf.index, &leaf.body)?;
                self.manifests.push(format!("{}-{}.{}", manifest.first, manifest.last, manifest.generation));
            }
        }
        self.last_group = Some(*header);
        self.roots.push((header.size, header.root));
        Ok(())
    }

    /// A note is over the tree as the frames before it made it.
    fn note(&mut self, note: Bytes) -> Result<()> {
        let opened = Opened::open(&note, self.key).map_err(|e| Error::corrupt(e.to_string()))?;
        let (size, root) = (opened.checkpoint.size, opened.checkpoint.root);
        if size != self.head.tree.size() || root != self.head.tree.root() {
            return Err(Error::corrupt(format!("note over {size} leaves does not fit the tree before it")));
        }
        self.noted = Some(Signed { size: TreeSize(size), root: root.0, note });
        Ok(())
    }

    /// Compares with the checkpoint that was published last: the log may never be shorter, nor other.
    /// Returns its size.
    fn check_published(&self, publisher: &Publisher) -> Result<u64> {
        let served = publisher.published()?.map(|note| ("log/checkpoint", Bytes::from(note)));
        let kept = publisher.last_note().map(|note| ("log/history", note.clone()));
        let mut published_size = 0;
        for (place, note) in kept.into_iter().chain(served) {
            let opened = Opened::open(&note, self.key).map_err(|e| Error::corrupt(format!("{place}: {e}")))?;
            let checkpoint = opened.checkpoint;
            let size = self.head.tree.size();
            if checkpoint.size > size {
                let message = format!(
                    "{place} signs {} leaves, the log has {size}: it was rolled back; restore the newer copy",
                    checkpoint.size
                );
                return Err(Error::new(ErrorKind::Rollback, message));
            }
            let known = self.roots.iter().find(|(size, _)| *size == checkpoint.size);
            if known.is_some_and(|(_, root)| *root != checkpoint.root.0) {
                let size = checkpoint.size;
                return Err(Error::corrupt(format!("{place} signs another root for {size} leaves; run verify")));
            }
            published_size = checkpoint.size;
        }
        Ok(published_size)
    }
}

/// Copies the torn tail to `wal/torn/`, then puts a page of zeros in its place.
fn set_aside(disk: &dyn Disk, layout: &Layout, live: &LiveFile, offset: u64, reason: &str, size: u64) -> Result<()> {
    let bytes = wal::torn_bytes(live.file.as_ref(), live.header.mark, offset);
    let bytes = bytes.map_err(|e| live.io("read", offset, &e))?;
    let sha256: [u8; 32] = Sha256::digest(&bytes).into();
    tracing::warn!(place = live.at(offset), reason, bytes = bytes.len(), "torn tail set aside");
    disk.create_dir(&layout.torn()).map_err(|e| Error::io("create", &layout.torn(), &e))?;
    let path = layout.torn().join(format!("{size}-{}", model::hex(&sha256)));
    let copy = match disk.create_new(&path) {
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => disk.open_write(&path),
        copy => copy,
    };
    let copy = copy.map_err(|e| Error::io("create", &path, &e))?;
    copy.write_at(0, &bytes).map_err(|e| Error::io("write", &path, &e))?;
    copy.sync().map_err(|e| Error::io("sync", &path, &e))?;
    for folder in [layout.torn(), layout.wal()] {
        disk.sync_dir(&folder).map_err(|e| Error::io("sync", &folder, &e))?;
    }
    // Durable now: the copy. A crash here finds the torn tail again and writes the same copy.
    let zeros = [0; PAGE_BYTES];
    let clear = live.file.write_at(offset, &zeros).and_then(|()| live.file.sync());
    clear.map_err(|e| live.io("clear", offset, &e))
    // Durable now: a clean end. The name of the copy says at which size the note is still owed.
}

/// Copies in `wal/torn/` made at this size of the log. Their note is the first leaf after the cut, so
/// while the log still has that size, the note is still owed.
fn unnoted(disk: &dyn Disk, layout: &Layout, size: u64) -> Result<Vec<Torn>> {
    let folder = layout.torn();
    let names = match disk.list(&folder) {
        Ok(names) => names,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(Error::io("list", &folder, &e)),
    };
    let mut torn = Vec::new();
    for name in names {
        let Some((index, _)) = name.split_once('-').filter(|(index, _)| index.parse() == Ok(size)) else { continue };
        let path = folder.join(&name);
        let bytes = disk.read(&path, u64::MAX).map_err(|e| Error::io("read", &path, &e))?;
        let sha256: [u8; 32] = Sha256::digest(&bytes).into();
        // A copy that does not have the name of its content was cut off itself; the tail is still there.
        if name == format!("{index}-{}", model::hex(&sha256)) {
            torn.push(Torn { index: size, bytes: bytes.len() as u64, sha256 });
        }
    }
    Ok(torn)
}

/// Chooses the live segments and deletes the dead ones and what was being written. Lost files do not
/// stop the log: the evidence thread raises the alarm.
fn choose_segments(disk: &dyn Disk, layout: &Layout, base: &Head, walk: &Walk<'_>) -> Result<Chosen> {
    let folder = layout.evidence();
    let (files, others) = evidence::list(disk, &folder)?;
    let sealed = |name: &str| walk.manifests.iter().any(|manifest| manifest == name);
    let chosen = evidence::choose(files, base.tree.size(), &sealed);
    let unfinished = others.into_iter().filter(|name| name.starts_with("open-")).map(|name| folder.join(name));
    let dead = chosen.dead.iter().map(|segment| segment.path.clone());
    let mut deleted = false;
    for path in dead.chain(unfinished) {
        disk.unlink(&path).map_err(|e| Error::io("unlink", &path, &e))?;
        deleted = true;
    }
    if deleted {
        disk.sync_dir(&folder).map_err(|e| Error::io("sync", &folder, &e))?;
    }
    Ok(chosen)
}
