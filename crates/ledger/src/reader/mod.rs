//! Reading a log, in the process that writes it or in any other: no lock, no coordination, only the
//! rules of the write path (`docs/format/wal.md`, *Reading while a writer lives*).

mod index;
mod scan;
mod source;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use model::{EventId, LEAF_BYTES, LeafIndex, Manifest, TreeSize};
use parking_lot::Mutex;
use tlog::proof::LogProof;

use crate::alarm::Suspects;
use crate::checkpoint::Signed;
use crate::disk::{Disk, RealDisk};
use crate::evidence::{self, EvidenceFile, Segment};
use crate::layout::Layout;
use crate::stored::Stored;
use crate::tail::Tail;
use crate::{Error, ErrorKind, LogInfo, Result, identity, published};

pub(crate) use index::parse_manifest;
pub use scan::{Scan, Selection};
pub(crate) use source::LogTiles;

use index::{Frames, WalIndex};

/// How often a view is built again when files change under it.
const VIEW_TRIES_MAX: usize = 16;

/// Evidence files kept open by one reader.
const OPEN_FILES_MAX: usize = 16;

/// Reads one log. Cheap to clone; clones share what they have read of the WAL and of tiles.
#[derive(Clone)]
pub struct Reader {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    disk: Arc<dyn Disk>,
    layout: Layout,
    info: LogInfo,
    index: Mutex<WalIndex>,
    /// Evidence files used last, most recent first.
    open: Mutex<Vec<Arc<EvidenceFile>>>,
    tiles: source::Cache,
    /// In the process that writes: what is sealed is seen at once, not when its note is in the WAL.
    tail: OnceLock<Arc<Tail>>,
    /// In the process that writes: where a file that cannot be read is reported.
    suspects: OnceLock<Arc<Suspects>>,
}

/// A consistent state of the log: everything below one signed checkpoint.
#[derive(Clone)]
pub struct View {
    shared: Arc<Shared>,
    checkpoint: Signed,
    segments: Arc<Vec<Segment>>,
    gaps: Arc<Vec<Range<u64>>>,
    frames: Arc<Frames>,
    covered: u64,
}

/// A leaf with its inclusion proof.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The `.tlog-proof` file, with the checkpoint of the view.
    pub text: String,
    /// What opens the leaf.
    pub stored: Stored,
}

impl Reader {
    /// Opens a log of a data folder for reading.
    ///
    /// # Errors
    /// `NotFound` when it is not there, with the line to run; `Version`; `Io`.
    pub fn open(data: &Path, short: &str) -> Result<Reader> {
        Reader::open_on(Arc::new(RealDisk), data, short)
    }

    /// [`Reader::open`] on any disk.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn open_on(disk: Arc<dyn Disk>, data: &Path, short: &str) -> Result<Reader> {
        let layout = Layout::new(data, short);
        let info = identity::read(disk.as_ref(), &layout)?;
        let key = identity::verifier(&info)?;
        let index = Mutex::new(WalIndex::new(&info, key));
        let (tiles, tail, suspects) = (source::Cache::default(), OnceLock::new(), OnceLock::new());
        let shared = Shared { disk, layout, info, index, open: Mutex::default(), tiles, tail, suspects };
        Ok(Reader { shared: Arc::new(shared) })
    }

    /// The log.
    pub fn info(&self) -> &LogInfo {
        &self.shared.info
    }

    /// Lets this reader and its clones see what the writer of this process has sealed.
    pub(crate) fn attach(&self, tail: &Arc<Tail>) {
        let _ = self.shared.tail.set(tail.clone());
    }

    /// Lets this reader and its clones report the files that cannot be read.
    pub(crate) fn report_to(&self, suspects: &Arc<Suspects>) {
        let _ = self.shared.suspects.set(suspects.clone());
    }

    /// The state of the log now: all that is durable and under a signed checkpoint. Evidence that is
    /// lost makes reads of its leaves fail, not this.
    ///
    /// # Errors
    /// `Corrupt` when the WAL cannot be read; `Io`; `Unavailable` when files keep changing.
    pub fn view(&self) -> Result<View> {
        let mut last = None;
        let mut gaps = Arc::default();
        for _ in 0..VIEW_TRIES_MAX {
            match self.try_view() {
                // A file that is missing may have been replaced while the folder was listed: what is
                // lost is missing at the second look too.
                Ok(view) if view.gaps != gaps => gaps = view.gaps,
                Ok(view) => return Ok(view),
                // A file was freed or replaced between two looks: look again.
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Corrupt) => last = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(last.unwrap_or_else(|| Error::unavailable("the log changes faster than it can be read; try again")))
    }

    fn try_view(&self) -> Result<View> {
        let shared = &self.shared;
        let sealed = shared.tail.get().and_then(|tail| tail.sealed());
        let (frames, noted) = shared.index.lock().refresh(shared.disk.as_ref(), &shared.layout.wal())?;
        let checkpoint = sealed.filter(|sealed| sealed.size > noted.size).unwrap_or(noted);
        let (files, _) = evidence::list(shared.disk.as_ref(), &shared.layout.evidence())?;
        let sealed = |name: &str| frames.manifest(name, checkpoint.size.0).is_some();
        let chosen = evidence::choose(files, frames.first(), &sealed);
        let (segments, gaps) = (Arc::new(chosen.live), Arc::new(chosen.gaps));
        Ok(View { shared: shared.clone(), checkpoint, segments, gaps, frames, covered: chosen.covered })
    }
}

impl View {
    /// The log.
    pub fn info(&self) -> &LogInfo {
        &self.shared.info
    }

    /// Number of leaves.
    pub fn size(&self) -> TreeSize {
        self.checkpoint.size
    }

    /// RFC 6962 root over them.
    pub fn root(&self) -> [u8; 32] {
        self.checkpoint.root
    }

    /// The signed checkpoint of this view.
    pub fn checkpoint(&self) -> &Signed {
        &self.checkpoint
    }

    /// The live evidence files: ascending and, unless one is lost, touching from leaf 0. Plain
    /// Parquet, immutable.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    pub(crate) fn disk(&self) -> &dyn Disk {
        self.shared.disk.as_ref()
    }

    /// Leaves whose evidence file is lost.
    pub(crate) fn gaps(&self) -> &[Range<u64>] {
        &self.gaps
    }

    /// Manifests in the WAL, with the leaf that holds each.
    pub(crate) fn manifests(&self) -> impl Iterator<Item = &(u64, Manifest)> {
        self.frames.manifests(self.size().0)
    }

    /// The first leaf that is in no segment yet: from here on leaves come from the WAL.
    pub fn tail_from(&self) -> LeafIndex {
        LeafIndex(self.covered)
    }

    /// One leaf with what opens it.
    ///
    /// # Errors
    /// `NotFound` at or above [`View::size`]; `Corrupt` when its bytes cannot be read.
    pub fn leaf(&self, index: LeafIndex) -> Result<Stored> {
        let size = self.size();
        if index.0 >= size.0 {
            return Err(Error::new(
                ErrorKind::NotFound,
                format!("leaf {index} is not there: the log has {size} leaves"),
            ));
        }
        let gone = || Error::corrupt(format!("leaf {index} is not in its frame"));
        let result = match self.segment_of(index.0) {
            Some(segment) => self
                .shared
                .evidence(segment)
                .and_then(|file| file.leaf(index))
                .or_else(|error| self.instead(segment, index.0, error)?.into_iter().next().ok_or_else(gone)),
            None => self.frames.leaf(index.0),
        };
        match result {
            Err(error) if self.is_stale(&error) => self.again()?.leaf(index),
            result => result,
        }
    }

    /// These leaves with what opens each, in the order of the log whatever the order asked for. Leaves
    /// that lie in one page are unpacked together.
    ///
    /// # Errors
    /// As [`View::leaf`].
    pub fn leaves(&self, mut indexes: Vec<LeafIndex>) -> Result<Vec<Stored>> {
        indexes.sort_unstable();
        indexes.dedup();
        let mut found = Vec::with_capacity(indexes.len());
        let mut rest = indexes.as_slice();
        while let Some(first) = rest.first() {
            let segment = self.segment_of(first.0);
            let end = segment.map_or(rest.len(), |segment| rest.partition_point(|index| *index <= segment.last));
            let (here, behind) = rest.split_at(end);
            rest = behind;
            let together = segment.and_then(|segment| self.shared.evidence(segment).ok()?.leaves(here).ok());
            match together {
                Some(leaves) => found.extend(leaves),
                // One by one, what can be read elsewhere is found, and what cannot is named.
                None => found.extend(here.iter().map(|index| self.leaf(*index)).collect::<Result<Vec<_>>>()?),
            }
        }
        Ok(found)
    }

    /// The leaves of `range` in batches of bounded memory; the range is cut to the view.
    pub fn scan(&self, range: Range<u64>, selection: Selection) -> Scan {
        Scan::new(self.clone(), range.start..range.end.min(self.size().0), selection)
    }

    /// The leaf, what opens it, and the proof that it is in the tree of this view.
    ///
    /// # Errors
    /// `NotFound` at or above [`View::size`]; `Corrupt` when tiles or evidence contradict the
    /// checkpoint: a proof that does not verify is never returned.
    pub fn prove(&self, index: LeafIndex) -> Result<Proof> {
        let stored = self.leaf(index)?;
        let text = self.inclusion(index, &stored.leaf())?;
        Ok(Proof { text, stored })
    }

    /// The `.tlog-proof` file that says that this entry is at this index, with the checkpoint of this
    /// view.
    ///
    /// # Errors
    /// `Corrupt` when the tiles contradict the checkpoint, or do not hold this entry there.
    pub fn inclusion(&self, index: LeafIndex, entry: &[u8; LEAF_BYTES]) -> Result<String> {
        let leaf = tlog::leaf_hash(entry);
        let hashes = match self.path(index, &leaf, LogTiles::all(self)) {
            Ok(hashes) => hashes,
            Err(_) => {
                self.shared.tiles.clear();
                self.path(index, &leaf, LogTiles::durable(self)).map_err(|error| {
                    self.suspect(index.0);
                    Error::corrupt(format!("leaf {index}: {error}; run verify"))
                })?
            }
        };
        let checkpoint = tlog::note::Note::parse(&self.checkpoint.note)?;
        Ok(LogProof { extra: None, index: index.0, hashes, checkpoint }.encode())
    }

    /// RFC 6962 hashes which show that the log of this view goes on from the one that had `from` leaves.
    ///
    /// # Errors
    /// `Invalid` when `from` is 0 or beyond this view; `Corrupt` when the tiles contradict the checkpoint.
    pub fn consistency(&self, from: TreeSize) -> Result<Vec<[u8; 32]>> {
        let size = self.size();
        if from.0 == 0 || from > size {
            return Err(Error::invalid(format!("the log has {size} leaves, asked from {from}: 1 to {size}")));
        }
        let prove = |tiles| {
            let mut reader = tlog::tile::TileHashReader::new(tiles, size.0);
            tlog::tree::prove_consistency(&mut reader, from.0, size.0)
        };
        let hashes = prove(LogTiles::all(self)).or_else(|_| {
            self.shared.tiles.clear();
            prove(LogTiles::durable(self))
        })?;
        Ok(hashes.into_iter().map(|hash| hash.0).collect())
    }

    /// The inclusion proof of a leaf, checked against the root of this view.
    fn path(&self, index: LeafIndex, leaf: &tlog::Hash, tiles: LogTiles<'_>) -> Result<Vec<tlog::Hash>> {
        let size = self.size().0;
        let mut reader = tlog::tile::TileHashReader::new(tiles, size);
        let hashes = tlog::tree::prove_inclusion(&mut reader, index.0, size)?;
        tlog::tree::verify_inclusion(index.0, size, leaf, &hashes, &tlog::Hash(self.checkpoint.root))?;
        Ok(hashes)
    }

    /// The id of the record at this leaf.
    pub fn event_id(&self, index: LeafIndex) -> EventId {
        EventId { log: self.shared.info.short.clone(), index }
    }

    /// The entries of the log in `range`, from what opens them. Where that cannot be read they come
    /// from the published bundles, so the caller compares a root that they give.
    pub(crate) fn entries(&self, range: Range<u64>) -> Result<Vec<[u8; LEAF_BYTES]>> {
        let opened: Result<Vec<_>> = self.scan(range.clone(), Selection::default()).collect();
        let opened = opened.map(|batches| batches.iter().flatten().map(Stored::leaf).collect());
        opened.or_else(|error| self.published_entries(range).map_err(|_| error))
    }

    /// The entries of the log in `range` from the published bundles. Nobody vouches for them: the
    /// caller compares a root that they give.
    pub(crate) fn published_entries(&self, range: Range<u64>) -> Result<Vec<[u8; LEAF_BYTES]>> {
        let shared = &self.shared;
        let entries = published::entries(shared.disk.as_ref(), &shared.layout, range.start, range.end);
        let (found, wanted) = (entries.len() as u64, range.end - range.start);
        if found < wanted {
            let message = format!("bundles have {found} of {wanted} entries from leaf {} on", range.start);
            return Err(Error::corrupt(message));
        }
        Ok(entries)
    }

    /// Has the evidence thread look at the file that holds a leaf.
    pub(crate) fn suspect(&self, index: u64) {
        self.segment_of(index).inspect(|segment| self.shared.suspect(segment));
    }

    pub(crate) fn segment_of(&self, index: u64) -> Option<&Segment> {
        let at = self.segments.partition_point(|segment| segment.last.0 < index);
        self.segments.get(at).filter(|segment| segment.first.0 <= index)
    }

    /// Leaves from `next` on, out of the WAL, when the evidence file that holds them cannot be read;
    /// its error when the WAL has let go of them.
    fn instead(&self, segment: &Segment, next: u64, error: Error) -> Result<Vec<Stored>> {
        self.shared.suspect(segment);
        if next < self.frames.first() { Err(error) } else { self.frames.leaves_from(next).map_err(|_| error) }
    }

    /// Whether an error may come from files that moved on since the view was taken.
    fn is_stale(&self, error: &Error) -> bool {
        matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Corrupt)
    }

    /// The same state of the log through the files that hold it now, if these are others.
    fn again(&self) -> Result<View> {
        let now = Reader { shared: self.shared.clone() }.view()?;
        if now.segments == self.segments && now.frames.first() == self.frames.first() {
            return Err(Error::corrupt(format!(
                "{}: bytes cannot be read, and no file has changed since; run verify",
                self.shared.layout.log.display()
            )));
        }
        Ok(View { checkpoint: self.checkpoint.clone(), ..now })
    }
}

impl Shared {
    /// Has the evidence thread look at a file, if this is the process that writes.
    fn suspect(&self, segment: &Segment) {
        if let Some(suspects) = self.suspects.get() {
            suspects.report(segment);
        }
    }

    /// The evidence file of a segment, open; the ones used last stay open.
    pub(crate) fn evidence(&self, segment: &Segment) -> Result<Arc<EvidenceFile>> {
        let mut open = self.open.lock();
        if let Some(at) = open.iter().position(|file| file.segment() == segment) {
            let file = open.remove(at);
            open.insert(0, file.clone());
            return Ok(file);
        }
        drop(open);
        let file = Arc::new(EvidenceFile::open(self.disk.as_ref(), segment)?);
        let mut open = self.open.lock();
        open.insert(0, file.clone());
        open.truncate(OPEN_FILES_MAX);
        Ok(file)
    }
}
