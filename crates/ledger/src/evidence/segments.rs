//! Which evidence files make up the log: names, generations, orphans.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use model::LeafIndex;

use crate::disk::Disk;
use crate::{Error, Result};

/// An evidence file: the leaves `first..=last`, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// First leaf.
    pub first: LeafIndex,
    /// Last leaf.
    pub last: LeafIndex,
    /// 1 for a new segment, one more for each rewrite.
    pub generation: u32,
    /// Where it is; immutable under this name.
    pub path: PathBuf,
}

impl Segment {
    pub(crate) fn new(folder: &Path, first: u64, last: u64, generation: u32) -> Segment {
        let path = folder.join(format!("{first}-{last}.{generation}.parquet"));
        Segment { first: LeafIndex(first), last: LeafIndex(last), generation, path }
    }

    /// `<first>-<last>.<generation>`, as manifests name it.
    pub fn name(&self) -> String {
        format!("{}-{}.{}", self.first, self.last, self.generation)
    }

    /// Number of leaves.
    pub fn leaves(&self) -> u64 {
        self.last.0 - self.first.0 + 1
    }

    /// Stands for lost leaves: the name of no file, for generations begin at 1.
    pub(crate) fn gap(folder: &Path, lost: &Range<u64>) -> Segment {
        Segment::new(folder, lost.start, lost.end.saturating_sub(1), 0)
    }

    /// Whether it stands for lost leaves.
    pub(crate) fn is_gap(&self) -> bool {
        self.generation == 0
    }

    /// Whether it holds any leaf of `range`.
    pub(crate) fn overlaps(&self, range: &Range<u64>) -> bool {
        self.first.0 < range.end && range.start <= self.last.0
    }
}

/// The segment that a file of this name holds, if it is the name of one.
pub(crate) fn parse_name(folder: &Path, name: &str) -> Option<Segment> {
    let stem = name.strip_suffix(".parquet")?;
    let (range, generation) = stem.split_once('.')?;
    let (first, last) = range.split_once('-')?;
    let segment = Segment::new(folder, first.parse().ok()?, last.parse().ok()?, generation.parse().ok()?);
    let canonical = segment.path.file_name().is_some_and(|file| file == name);
    (canonical && segment.first <= segment.last && segment.generation > 0).then_some(segment)
}

/// All files in the evidence folder that are named like segments, and the other names.
pub(crate) fn list(disk: &dyn Disk, folder: &Path) -> Result<(Vec<Segment>, Vec<String>)> {
    let names = disk.list(folder).map_err(|e| Error::io("list", folder, &e))?;
    let (mut segments, mut others) = (Vec::new(), Vec::new());
    for name in names {
        match parse_name(folder, &name) {
            Some(segment) => segments.push(segment),
            None => others.push(name),
        }
    }
    segments.sort_by_key(|segment| (segment.first, segment.last, segment.generation));
    Ok((segments, others))
}

/// What the files in the evidence folder are.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Chosen {
    /// The live segments: ascending, touching but for the gaps, from leaf 0.
    pub(crate) live: Vec<Segment>,
    /// Leaves below the WAL that no file holds: their files are lost.
    pub(crate) gaps: Vec<Range<u64>>,
    /// Leaves that the WAL still has, and whose file is lost while a later one is there.
    pub(crate) holes: Vec<Range<u64>>,
    /// Files without a sealed manifest, and those that a sealed manifest replaced: to be deleted.
    pub(crate) dead: Vec<Segment>,
    /// The first leaf behind all segments, gaps and holes: from here on leaves are in the WAL only.
    pub(crate) covered: u64,
}

/// Chooses the live segments.
///
/// A manifest is sealed after its file is durable and before the WAL of its leaves is freed. So a
/// file that begins at or above the first leaf of the WAL (`wal_first`) is live only if its manifest
/// is in the WAL (`sealed` holds the names of those); below, a single file for a range is live. Where
/// a rewrite and what it replaces are both there, the crash was between the two: the rewrite is live
/// if its manifest is in the WAL, else it is the orphan.
///
/// A lost file leaves a gap, and what comes after it stays live: damage costs its own leaves. Where
/// the WAL still has them it leaves a hole: they go into a segment again.
pub(crate) fn choose(files: Vec<Segment>, wal_first: u64, sealed: &dyn Fn(&str) -> bool) -> Chosen {
    let mut chosen = Chosen::default();
    let mut by_first: BTreeMap<u64, Vec<Segment>> = BTreeMap::new();
    for file in &files {
        let rewrite_of_present = file.generation > 1 && files.iter().any(|other| is_replaced(other, file));
        let needs_manifest = file.first.0 >= wal_first || rewrite_of_present;
        if needs_manifest && !sealed(&file.name()) {
            chosen.dead.push(file.clone());
        } else {
            by_first.entry(file.first.0).or_default().push(file.clone());
        }
    }
    let mut next = 0;
    loop {
        if let Some(best) = by_first.get(&next).and_then(|files| files.iter().max_by_key(|f| (f.generation, f.last))) {
            next = best.last.0 + 1;
            chosen.live.push(best.clone());
            continue;
        }
        let following = by_first.range(next..).next().map(|(first, _)| *first);
        let end = following.unwrap_or(wal_first);
        if next < wal_first.min(end) {
            chosen.gaps.push(next..wal_first.min(end));
        }
        if next.max(wal_first) < end {
            chosen.holes.push(next.max(wal_first)..end);
        }
        next = next.max(end);
        if following.is_none() {
            break;
        }
    }
    chosen.covered = next;
    let live = |file: &Segment| chosen.live.contains(file);
    let replaced: Vec<_> = by_first.values().flatten().filter(|file| !live(file)).cloned().collect();
    chosen.dead.extend(replaced);
    // A file that nobody sealed may be the last that has lost leaves: it is not for us to delete.
    chosen.dead.retain(|file| !chosen.gaps.iter().any(|gap| file.overlaps(gap)));
    chosen
}

/// Whether `old` holds leaves of the range that `new` rewrote.
fn is_replaced(old: &Segment, new: &Segment) -> bool {
    old.generation < new.generation && new.first <= old.first && old.last <= new.last
}
