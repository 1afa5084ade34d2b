//! What a reader knows of the WAL: where each frame stands, which manifests are in it, and the
//! newest signed note.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use model::{Kind, LeafIndex, Manifest, TreeSize};
use tlog::checkpoint::Opened;
use tlog::note::VerifierKey;

use crate::checkpoint::Signed;
use crate::disk::{Disk, File};
use crate::stored::Stored;
use crate::wal::{self, FileHeader, Found, FrameHeader, FrameKind, PAGE_BYTES, live_files};
use crate::{Error, LogInfo, Result};

/// A group frame in a file.
#[derive(Clone, Copy, Debug)]
struct FrameAt {
    first: u64,
    end: u64,
    offset: u64,
}

/// The frames of one live file that have been read so far.
#[derive(Clone)]
struct FileIndex {
    number: u64,
    mark: u64,
    file: Arc<dyn File>,
    first: u64,
    frames: Vec<FrameAt>,
    /// Where the next frame will stand.
    end: u64,
}

/// The frames of all live files.
#[derive(Clone, Default)]
pub(crate) struct Frames {
    files: Vec<Arc<FileIndex>>,
    /// Manifests in the WAL: by segment name, with the leaf that holds each.
    manifests: Arc<HashMap<String, (u64, Manifest)>>,
}

impl Frames {
    /// First leaf of the oldest live file.
    pub(crate) fn first(&self) -> u64 {
        self.files.first().map_or(0, |file| file.first)
    }

    /// The manifest of this segment, if its leaf is in the WAL below `size`.
    pub(crate) fn manifest(&self, name: &str, size: u64) -> Option<&Manifest> {
        self.manifests.get(name).filter(|(leaf, _)| *leaf < size).map(|(_, manifest)| manifest)
    }

    /// All manifests whose leaves are in the WAL below `size`.
    pub(crate) fn manifests(&self, size: u64) -> impl Iterator<Item = &(u64, Manifest)> {
        self.manifests.values().filter(move |(leaf, _)| *leaf < size)
    }

    /// The frame that holds a leaf.
    fn frame_of(&self, index: u64) -> Option<(&FileIndex, FrameAt)> {
        let at = self.files.partition_point(|file| file.first <= index).checked_sub(1)?;
        let file = self.files.get(at)?;
        let at = file.frames.partition_point(|frame| frame.end <= index);
        file.frames.get(at).filter(|frame| frame.first <= index).map(|frame| (file.as_ref(), *frame))
    }

    /// The leaves of the frame that holds `index`, from `index` on.
    pub(crate) fn leaves_from(&self, index: u64) -> Result<Vec<Stored>> {
        let (file, frame) = self
            .frame_of(index)
            .ok_or_else(|| Error::corrupt(format!("leaf {index} is in no segment and not in the WAL")))?;
        let found = wal::read_frame(file.file.as_ref(), file.mark, frame.offset);
        let moved = |what: &str| {
            let name = wal::file_name(file.number);
            Error::corrupt(format!("wal/{name} offset {}: {what}", frame.offset))
        };
        match found.map_err(|e| moved(&e.to_string()))? {
            Found::Frame(header, bytes) if header.first == frame.first => {
                let mut leaves = wal::leaves(&header, &bytes).map_err(moved)?;
                let skip = usize::try_from(index - frame.first).unwrap_or(0).min(leaves.len());
                leaves.drain(..skip);
                Ok(leaves)
            }
            _ => Err(moved("the frame is not there any more")),
        }
    }

    /// One leaf.
    pub(crate) fn leaf(&self, index: u64) -> Result<Stored> {
        self.leaves_from(index)?
            .into_iter()
            .next()
            .ok_or_else(|| Error::corrupt(format!("leaf {index} is not in its frame")))
    }
}

/// Keeps [`Frames`] up to date: each look reads only what was written since the last one.
pub(crate) struct WalIndex {
    origin: [u8; 32],
    key: VerifierKey,
    frames: Frames,
    newest: Option<Signed>,
}

impl WalIndex {
    pub(crate) fn new(info: &LogInfo, key: VerifierKey) -> WalIndex {
        WalIndex { origin: crate::identity::origin_hash(&info.origin), key, frames: Frames::default(), newest: None }
    }

    /// Reads what is new. The last group may not be synced yet, so nothing above the newest note
    /// (written after the sync of its group) is shown.
    pub(crate) fn refresh(&mut self, disk: &dyn Disk, folder: &Path) -> Result<(Arc<Frames>, Signed)> {
        let live = live_files(disk, folder)?;
        if live.is_empty() {
            return Err(Error::corrupt(format!("{}: no WAL file is there", folder.display())));
        }
        self.frames.files.retain(|file| live.contains(&file.number));
        for number in live {
            self.refresh_file(disk, folder, number)?;
        }
        let newest = self.newest.clone().ok_or_else(|| {
            Error::corrupt(format!("{}: no signed note is in the WAL yet; try again", folder.display()))
        })?;
        Ok((Arc::new(self.frames.clone()), newest))
    }

    fn refresh_file(&mut self, disk: &dyn Disk, folder: &Path, number: u64) -> Result<()> {
        let at = self.frames.files.iter().position(|file| file.number == number);
        let is_last = at.is_some_and(|at| at + 1 == self.frames.files.len());
        if at.is_some() && !is_last {
            // A file that has a successor is complete, and was read to its end.
            return Ok(());
        }
        let mut file = match at.and_then(|at| self.frames.files.get(at)) {
            Some(file) => file.as_ref().clone(),
            None => self.open(disk, folder, number)?,
        };
        let before = file.end;
        loop {
            let path = || folder.join(wal::file_name(number));
            match wal::read_frame(file.file.as_ref(), file.mark, file.end)
                .map_err(|e| Error::io("read", &path(), &e))?
            {
                Found::Frame(header, bytes) => self.take(&mut file, &header, &bytes)?,
                // A clean end, or a group that is being written right now.
                Found::End(_) => break,
            }
        }
        match at.and_then(|at| self.frames.files.get_mut(at)) {
            Some(slot) if before != file.end => *slot = Arc::new(file),
            Some(_) => {}
            None => self.frames.files.push(Arc::new(file)),
        }
        Ok(())
    }

    fn open(&self, disk: &dyn Disk, folder: &Path, number: u64) -> Result<FileIndex> {
        let path = folder.join(wal::file_name(number));
        let file = disk.open(&path).map_err(|e| Error::io("open", &path, &e))?;
        let header = FileHeader::read(file.as_ref(), &path)?;
        if header.number != number || header.origin != self.origin {
            return Err(Error::corrupt(format!("{}: first page belongs to another file or log", path.display())));
        }
        let first = header.size();
        let touches =
            self.frames.files.last().is_none_or(|last| last.frames.last().map_or(last.first, |f| f.end) == first);
        if !touches {
            return Err(Error::corrupt(format!(
                "{}: begins at leaf {first}, not where the file before ends",
                path.display()
            )));
        }
        Ok(FileIndex { number, mark: header.mark, file, first, frames: Vec::new(), end: PAGE_BYTES as u64 })
    }

    fn take(&mut self, file: &mut FileIndex, header: &FrameHeader, bytes: &Bytes) -> Result<()> {
        let at = file.end;
        file.end += u64::from(header.frame_bytes);
        if let Some(note) = wal::note(header, bytes) {
            let opened = Opened::open(&note, &self.key)
                .map_err(|e| Error::corrupt(format!("wal/{} offset {at}: {e}", wal::file_name(file.number))))?;
            let (size, root) = (opened.checkpoint.size, opened.checkpoint.root.0);
            self.newest = Some(Signed { size: TreeSize(size), root, note });
        }
        if header.kind == FrameKind::Group {
            file.frames.push(FrameAt { first: header.first, end: header.size, offset: at });
            if header.manifests {
                self.take_manifests(header, bytes)?;
            }
        }
        Ok(())
    }

    fn take_manifests(&mut self, header: &FrameHeader, bytes: &Bytes) -> Result<()> {
        let leaves = wal::leaves(header, bytes).map_err(Error::corrupt)?;
        for leaf in leaves.iter().filter(|leaf| leaf.kind == Kind::Manifest) {
            let manifest = parse_manifest(leaf.index, &leaf.body)?;
            let name = format!("{}-{}.{}", manifest.first, manifest.last, manifest.generation);
            Arc::make_mut(&mut self.frames.manifests).insert(name, (leaf.index.0, manifest));
        }
        Ok(())
    }
}

/// The body of a manifest leaf.
pub(crate) fn parse_manifest(index: LeafIndex, body: &[u8]) -> Result<Manifest> {
    serde_json::from_slice(body).map_err(|e| Error::corrupt(format!("leaf {index}: manifest cannot be read: {e}")))
}
