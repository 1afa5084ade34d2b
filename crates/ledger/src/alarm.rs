//! Damage to older evidence: met by a reader, a merge or a start, examined by the evidence thread, and
//! sealed as a note of kind 10 (`docs/format/bodies.md`, *Notes*). Writing goes on: only reads of
//! the leaves concerned fail.
//!
//! A note is sealed once for each file and finding. What remembers it is the log alone: when damage
//! is met for the first time in a run, the notes of the whole log are read back. That costs time
//! only where something is damaged, and a crash at any point leaves nothing to disagree with the log.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Range;
use std::sync::Arc;

use model::{DamageNote, Kind, Manifest, canonical_json};
use parking_lot::Mutex;

use crate::append::Queue;
use crate::disk::Disk;
use crate::evidence::{Digest, EvidenceFile, Segment, ending};
use crate::reader::{Reader, Selection, View, parse_manifest};
use crate::stored::Stored;
use crate::{Error, Result};

/// Most files that wait to be examined; a file that finds no place is reported again by the next
/// read that meets it.
const SUSPECTS_MAX: usize = 256;

/// Files that could not be read, on their way from readers to the evidence thread.
#[derive(Debug, Default)]
pub(crate) struct Suspects(Mutex<Reported>);

#[derive(Debug, Default)]
struct Reported {
    waiting: Vec<Segment>,
    /// Names of files that were taken: one look at each is enough for a run.
    taken: BTreeSet<String>,
}

impl Suspects {
    /// Has a file examined, once in a run.
    pub(crate) fn report(&self, segment: &Segment) {
        let mut reported = self.0.lock();
        let known = reported.taken.contains(&segment.name()) || reported.waiting.contains(segment);
        if !known && reported.waiting.len() < SUSPECTS_MAX {
            reported.waiting.push(segment.clone());
        }
    }

    fn take(&self) -> Vec<Segment> {
        let mut reported = self.0.lock();
        let waiting = std::mem::take(&mut reported.waiting);
        reported.taken.extend(waiting.iter().map(Segment::name));
        waiting
    }
}

/// What the evidence thread knows of damage.
pub(crate) struct Watch {
    disk: Arc<dyn Disk>,
    reader: Reader,
    suspects: Arc<Suspects>,
    /// Names of files that are never merged in this run: a rewrite would take the place of what is
    /// left of them.
    set_aside: BTreeSet<String>,
    /// Manifests of files that are lost while the WAL has their leaves.
    lost: Vec<Manifest>,
    /// What the log says, once that had to be known.
    sealed: Option<Sealed>,
    /// Notes that are not sealed yet.
    owed: Vec<DamageNote>,
}

impl Watch {
    pub(crate) fn new(disk: Arc<dyn Disk>, reader: Reader, suspects: Arc<Suspects>) -> Watch {
        Watch { disk, reader, suspects, set_aside: BTreeSet::new(), lost: Vec::new(), sealed: None, owed: Vec::new() }
    }

    /// The cheap look at every file, for the start: whether it is there, and its length (against the
    /// manifest while that is in the WAL, else by the mark at its end).
    pub(crate) fn look(&mut self) {
        let view = match self.reader.view() {
            Ok(view) => view,
            Err(error) => return tracing::warn!(%error, "evidence was not looked at"),
        };
        let sealed: BTreeMap<String, u64> =
            view.manifests().map(|(_, manifest)| (name_of(manifest), manifest.bytes)).collect();
        for segment in view.segments() {
            let fits = ending(self.disk.as_ref(), segment)
                .is_ok_and(|(bytes, ends)| ends && sealed.get(&segment.name()).is_none_or(|sealed| *sealed == bytes));
            if !fits {
                self.examine(&view, segment);
            }
        }
        for gap in view.gaps() {
            self.lost(&view, gap);
        }
        self.gone_from_the_wal(&view);
    }

    /// Examines what readers have met and seals what is owed. `live` are the segments as the writer
    /// knows them: a file that is none of them was merged while a reader held on to it.
    ///
    /// # Errors
    /// `Fatal` when the writer has stopped. A full disk is none: the notes stay owed.
    pub(crate) fn work(&mut self, queue: &Queue, live: impl FnOnce() -> Vec<Segment>) -> Result<()> {
        let waiting = self.suspects.take();
        if !waiting.is_empty() {
            let (live, view) = (live(), self.reader.view()?);
            for segment in waiting.iter().filter(|segment| live.contains(segment)) {
                self.examine(&view, segment);
            }
        }
        self.seal(queue)
    }

    /// Whether each file is byte for byte what its manifest sealed. One that is not is noted.
    pub(crate) fn are_whole(&mut self, pieces: &[Segment]) -> Result<bool> {
        if pieces.iter().any(|piece| self.set_aside.contains(&piece.name())) {
            return Ok(false);
        }
        let view = self.reader.view()?;
        let mut whole = true;
        for piece in pieces {
            whole &= self.examine(&view, piece);
        }
        Ok(whole)
    }

    /// Leaves files as they are for this run: they are what was sealed, but cannot be merged.
    pub(crate) fn set_aside(&mut self, pieces: &[Segment], error: &Error) {
        let file = pieces.first().map(Segment::name).unwrap_or_default();
        tracing::warn!(file, pieces = pieces.len(), %error, "evidence cannot be merged");
        self.set_aside.extend(pieces.iter().map(Segment::name));
    }

    /// The generation of a new file that begins at this leaf: 1, or one more than that of a lost file
    /// whose leaves it takes, so that no name is used twice.
    pub(crate) fn generation(&self, first: u64) -> u32 {
        let lost = self.lost.iter().filter(|manifest| first <= manifest.last);
        lost.map(|manifest| manifest.generation).max().unwrap_or(0) + 1
    }

    /// The lost files that a new one takes the place of: all their leaves are in it.
    pub(crate) fn lost_in(&self, segment: &Segment) -> Vec<String> {
        let inside = |manifest: &&Manifest| segment.first.0 <= manifest.first && manifest.last <= segment.last.0;
        self.lost.iter().filter(inside).map(name_of).collect()
    }

    /// Reads a file whole and holds it against its manifest. `true` when it is what was sealed.
    fn examine(&mut self, view: &View, segment: &Segment) -> bool {
        let name = segment.name();
        let manifest = manifest_of(view, segment);
        let (finding, what) = match (Digest::of(self.disk.as_ref(), segment), &manifest) {
            (Err(error), sealed) if error.io_kind() == Some(io::ErrorKind::NotFound) => ("missing", missing(sealed)),
            (Err(error), _) => {
                let kind = error.io_kind().map_or_else(|| "other error".to_owned(), |kind| kind.to_string());
                ("unreadable", format!("cannot be read: {kind}"))
            }
            (Ok(_), None) => ("unsealed", "no sealed manifest that can be read names this file".to_owned()),
            (Ok(found), Some((leaf, sealed))) if found.bytes != sealed.bytes => {
                let (found, sealed) = (found.bytes, sealed.bytes);
                ("length", format!("has {found} bytes, the manifest in leaf {leaf} sealed {sealed}"))
            }
            (Ok(found), Some((leaf, sealed))) if found.sha256 != sealed.sha256 => {
                let (found, sealed) = (&found.sha256, &sealed.sha256);
                ("digest", format!("has SHA-256 {found}, the manifest in leaf {leaf} sealed {sealed}"))
            }
            _ => return true,
        };
        self.set_aside.insert(name.clone());
        self.raise(view, name, segment.first.0, segment.last.0, (finding, what));
        false
    }

    /// Notes the files of lost leaves, by the names that manifests give them.
    fn lost(&mut self, view: &View, gap: &Range<u64>) {
        let mut files = self.sealed(view).of(gap);
        files.sort_by_key(|(_, manifest)| manifest.first);
        let unnamed = || "no manifest that can be read names the file of these leaves".to_owned();
        let mut next = gap.start;
        for (leaf, manifest) in files {
            if next < manifest.first {
                self.raise(view, String::new(), next, manifest.first - 1, ("missing", unnamed()));
            }
            next = next.max(manifest.last + 1);
            let (name, first, last) = (name_of(&manifest), manifest.first, manifest.last);
            self.raise(view, name, first, last, ("missing", missing(&Some((leaf, manifest)))));
        }
        if next < gap.end {
            self.raise(view, String::new(), next, gap.end - 1, ("missing", unnamed()));
        }
    }

    /// Notes the files that are lost while the WAL still has leaves of them: these go into other files.
    fn gone_from_the_wal(&mut self, view: &View) {
        let replaced: BTreeSet<&String> = view.manifests().flat_map(|(_, manifest)| &manifest.replaces).collect();
        let live: BTreeSet<String> = view.segments().iter().map(Segment::name).collect();
        for (leaf, manifest) in view.manifests() {
            let name = name_of(manifest);
            if !live.contains(&name) && !replaced.contains(&name) {
                let what = missing(&Some((*leaf, manifest.clone())));
                self.raise(view, name, manifest.first, manifest.last, ("missing", what));
                self.lost.push(manifest.clone());
            }
        }
    }

    /// Raises the alarm; a finding that no note in the log says is owed one.
    fn raise(&mut self, view: &View, file: String, first: u64, last: u64, (finding, what): (&str, String)) {
        tracing::warn!(file, first, last, finding, what, "evidence is damaged: reads of these leaves fail");
        let (note, finding) = ("damage".to_owned(), finding.to_owned());
        let note = DamageNote { note, file, first, last, finding, what };
        if self.sealed(view).noted.insert(key(&note)) {
            self.owed.push(note);
        }
    }

    fn sealed(&mut self, view: &View) -> &mut Sealed {
        self.sealed.get_or_insert_with(|| Sealed::read(self.disk.as_ref(), view))
    }

    /// Seals the notes that are owed.
    fn seal(&mut self, queue: &Queue) -> Result<()> {
        let mut owed = std::mem::take(&mut self.owed);
        owed.sort_by_key(|note| note.first);
        let pushed: Vec<_> =
            owed.into_iter().map(|note| (queue.push_urgent(Kind::Note, canonical_json(&note)), note)).collect();
        for (pending, note) in pushed {
            match pending.and_then(|pending| pending.wait()) {
                // Durable now: the note. A crash before this finds the damage again and owes it again.
                Ok(_) => {}
                Err(error) if error.is_full() => self.owed.push(note),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// What the log says about its files.
#[derive(Default)]
pub(crate) struct Sealed {
    noted: BTreeSet<(String, u64, u64, String)>,
    manifests: BTreeMap<String, (u64, Manifest)>,
    replaced: BTreeSet<String>,
}

impl Sealed {
    /// Reads notes and manifests back. Files that cannot be read are passed over: a note in one of
    /// them is sealed once more, behind it.
    pub(crate) fn read(disk: &dyn Disk, view: &View) -> Sealed {
        let mut sealed = Sealed::default();
        for segment in view.segments() {
            let leaves = [Kind::Manifest, Kind::Note].into_iter().flat_map(|kind| leaves_of(disk, segment, kind));
            leaves.for_each(|leaf| sealed.take(&leaf));
        }
        for leaf in view.scan(view.tail_from().0..u64::MAX, Selection::default()).flatten().flatten() {
            sealed.take(&leaf);
        }
        sealed
    }

    fn take(&mut self, leaf: &Stored) {
        match leaf.kind {
            Kind::Note => {
                // Notes of recovery and of the clock have other fields.
                if let Ok(note) = serde_json::from_slice::<DamageNote>(&leaf.body) {
                    self.noted.insert(key(&note));
                }
            }
            Kind::Manifest => {
                if let Ok(manifest) = parse_manifest(leaf.index, &leaf.body) {
                    self.replaced.extend(manifest.replaces.iter().cloned());
                    self.manifests.insert(name_of(&manifest), (leaf.index.0, manifest));
                }
            }
            _ => {}
        }
    }

    /// The manifests of files that no other has taken the place of.
    pub(crate) fn live(&self) -> impl Iterator<Item = &Manifest> {
        let live = self.manifests.iter().filter(|(name, _)| !self.replaced.contains(*name));
        live.map(|(_, (_, manifest))| manifest)
    }

    /// The manifests of files that held lost leaves.
    fn of(&self, gap: &Range<u64>) -> Vec<(u64, Manifest)> {
        let held = |manifest: &Manifest| manifest.first < gap.end && gap.start <= manifest.last;
        let named =
            self.manifests.iter().filter(|(name, (_, manifest))| held(manifest) && !self.replaced.contains(*name));
        named.map(|(_, sealed)| sealed.clone()).collect()
    }
}

/// The manifest of a segment with its leaf: from the WAL, else from the evidence behind the segment,
/// where it is among the first leaves.
fn manifest_of(view: &View, segment: &Segment) -> Option<(u64, Manifest)> {
    let name = segment.name();
    if let Some(sealed) = view.manifests().find(|(_, manifest)| name_of(manifest) == name) {
        return Some(sealed.clone());
    }
    let behind = view.segments().iter().filter(|other| other.first > segment.last);
    let mut leaves = behind.flat_map(|other| leaves_of(view.disk(), other, Kind::Manifest));
    leaves.find_map(|leaf| {
        let manifest = parse_manifest(leaf.index, &leaf.body).ok()?;
        (name_of(&manifest) == name).then_some((leaf.index.0, manifest))
    })
}

/// The leaves of a kind in a file, as far as it can be read.
fn leaves_of(disk: &dyn Disk, segment: &Segment, kind: Kind) -> Vec<Stored> {
    let read = EvidenceFile::open(disk, segment).and_then(|file| {
        let leaves = file.of_kind(kind)?;
        leaves.into_iter().map(|index| file.leaf(index)).collect()
    });
    read.unwrap_or_else(|error| {
        tracing::debug!(%error, "leaves passed over");
        Vec::new()
    })
}

fn missing(sealed: &Option<(u64, Manifest)>) -> String {
    match sealed {
        Some((leaf, manifest)) => {
            format!("not there; the manifest in leaf {leaf} sealed {} bytes", manifest.bytes)
        }
        None => "not there".to_owned(),
    }
}

fn name_of(manifest: &Manifest) -> String {
    format!("{}-{}.{}", manifest.first, manifest.last, manifest.generation)
}

/// What makes two notes the same one.
fn key(note: &DamageNote) -> (String, u64, u64, String) {
    (note.file.clone(), note.first, note.last, note.finding.clone())
}
