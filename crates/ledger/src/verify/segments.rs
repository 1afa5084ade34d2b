//! Evidence files in pieces: each row group is unpacked and hashed on whatever thread is free, its
//! leaves are folded in order.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;
use std::{slice, thread};

use crossbeam_channel::{bounded, unbounded};
use model::{Kind, LEAF_BYTES, Leaf, Millis, Salt, commitment};
use parking_lot::Mutex;
use tlog::{Hash, leaf_hash};

use super::manifests::Manifests;
use super::tree::Tree;
use super::wal::Wal;
use super::{Class, Findings, Look};
use crate::evidence::{Batch, Digest, EvidenceFile, Segment};
use crate::published::entries;
use crate::stored::Stored;
use crate::wal::file_name;
use crate::{Error, Result};

/// Rows unpacked at once.
const BATCH_ROWS: usize = 1_024;

/// What was read in all.
#[derive(Default)]
pub(super) struct Read {
    pub(super) opened: u64,
    pub(super) bytes: u64,
    pub(super) digests: BTreeMap<String, Digest>,
}

/// Where everything that was read is put together.
pub(super) struct Gathered<'a> {
    pub(super) tree: &'a mut Tree,
    pub(super) manifests: &'a mut Manifests,
    pub(super) findings: &'a mut Findings,
    pub(super) read: &'a mut Read,
}

/// Leaves of one piece, at most: what bounds memory where no row group does.
const PIECE_LEAVES: u64 = 8_192;

/// Pieces under work for each thread, so that none waits while leaves are folded.
const PIECES_PER_THREAD: usize = 2;

/// What one thread does at once.
enum Part {
    /// A WAL file: its leaves below this one are in evidence too.
    Wal(u64, u64),
    /// Length and SHA-256 of the file.
    Digest,
    /// The leaves of a row group.
    Rows(Arc<EvidenceFile>, Range<u64>),
    /// The leaves that speak about files or the log, without the others.
    Own(Arc<EvidenceFile>),
    /// The entries of these leaves, from the published bundles: evidence does not give them, or is not
    /// asked.
    Published(Range<u64>),
    /// A file that cannot be opened.
    Unreadable(Error),
}

/// What one piece gave.
#[derive(Default)]
struct Checked {
    digest: Option<Digest>,
    /// Entry and hash of each leaf, in order; from the published entries where the file gave none.
    entries: Vec<([u8; LEAF_BYTES], Hash)>,
    opened: u64,
    /// Leaves that speak about files or the log: manifests, and leaf 0.
    own: Vec<Stored>,
    problems: Vec<(String, String)>,
}

/// The pieces of all files in the order in which their leaves are folded.
struct Plan<'a> {
    look: &'a Look<'a>,
    segments: slice::Iter<'a, Segment>,
    /// What is left of the file at hand, by the name findings give it.
    pieces: VecDeque<(String, Option<&'a Segment>, Part)>,
    taken: u64,
}

impl<'a> Plan<'a> {
    fn new(look: &'a Look<'a>, segments: &'a [Segment], wal: &Wal) -> Plan<'a> {
        let covered = segments.last().map_or(0, |segment| segment.last.0 + 1);
        // Without bodies nothing of a leaf is recomputed that is not the last of the log.
        let files = if look.options.bodies { wal.covered_files(covered) } else { Vec::new() };
        let pieces =
            files.into_iter().map(|number| (format!("wal/{}", file_name(number)), None, Part::Wal(number, covered)));
        Plan { look, segments: segments.iter(), pieces: pieces.collect(), taken: 0 }
    }

    /// The next piece with its number; a file is opened when its first piece is taken.
    fn next(&mut self) -> Option<(u64, String, Option<&'a Segment>, Part)> {
        while self.pieces.is_empty() {
            let segment = self.segments.next()?;
            let file = format!("evidence/{}.parquet", segment.name());
            self.pieces.extend(self.parts(segment).into_iter().map(|part| (file.clone(), Some(segment), part)));
        }
        self.taken += 1;
        self.pieces.pop_front().map(|(file, segment, part)| (self.taken - 1, file, segment, part))
    }

    fn parts(&self, segment: &Segment) -> Vec<Part> {
        let leaves = segment.first.0..segment.last.0 + 1;
        let starts = leaves.clone().step_by(PIECE_LEAVES as usize);
        let published = starts.map(|from| Part::Published(from..leaves.end.min(from + PIECE_LEAVES)));
        if segment.is_gap() {
            return published.collect();
        }
        let is_old = segment.last.0 < self.look.options.from;
        let mut parts = if is_old { Vec::new() } else { vec![Part::Digest] };
        match EvidenceFile::open(self.look.disk.as_ref(), segment).map(Arc::new) {
            Ok(file) if self.look.options.bodies && !is_old => {
                parts.extend(file.row_groups().map(|group| Part::Rows(file.clone(), group)));
            }
            Ok(file) => {
                parts.push(Part::Own(file));
                parts.extend(published);
            }
            Err(error) => {
                parts.push(Part::Unreadable(error));
                parts.extend(published);
            }
        }
        parts
    }
}

/// Checks all segments, and what the WAL still has of their leaves; leaves reach the tree in order,
/// whatever thread was first.
pub(super) fn check(
    look: &Look<'_>,
    segments: &[Segment],
    wal: &Wal,
    into: &mut Gathered<'_>,
    progress: &mut dyn FnMut(u64),
) {
    let threads = look.options.threads.max(1);
    let plan = Mutex::new(Plan::new(look, segments, wal));
    // A piece is begun only when one before it was folded: memory stays at so many.
    let (permit, permits) = bounded(threads * PIECES_PER_THREAD);
    let (done, results) = unbounded();
    thread::scope(|scope| {
        for _ in 0..threads {
            let (plan, permits, done) = (&plan, permits.clone(), done.clone());
            scope.spawn(move || {
                while permits.recv().is_ok() {
                    let Some((number, file, segment, part)) = plan.lock().next() else { return };
                    // The folding side takes everything that was begun.
                    let _ = done.send((number, file, segment, check_part(look, wal, segment, part)));
                }
            });
        }
        drop(done);
        for _ in 0..threads * PIECES_PER_THREAD {
            let _ = permit.send(());
        }
        let (mut early, mut next) = (BTreeMap::new(), 0);
        for (number, file, segment, checked) in results {
            early.insert(number, (file, segment, checked));
            while let Some((file, segment, checked)) = early.remove(&next) {
                next += 1;
                let _ = permit.try_send(());
                into.fold(&file, segment, checked, look);
                progress(into.tree.size());
            }
        }
    });
}

impl Gathered<'_> {
    fn fold(&mut self, file: &str, segment: Option<&Segment>, checked: Checked, look: &Look<'_>) {
        for (at, what) in &checked.problems {
            self.findings.add(Class::Altered, file, at, what.as_str());
        }
        for leaf in &checked.own {
            self.manifests.note(leaf, look.info, self.findings);
        }
        for (entry, hash) in &checked.entries {
            self.tree.push_hashed(entry, *hash, self.findings);
        }
        self.read.opened += checked.opened;
        if let (Some(digest), Some(segment)) = (checked.digest, segment) {
            self.read.bytes += digest.bytes;
            self.read.digests.insert(segment.name(), digest);
        }
    }
}

fn check_part(look: &Look<'_>, wal: &Wal, segment: Option<&Segment>, part: Part) -> Checked {
    let mut checked = Checked::default();
    let result = match part {
        Part::Wal(number, covered) => {
            wal.recompute(look, number, covered).map(|problem| checked.problems.extend(problem))
        }
        Part::Digest => segment.map_or(Ok(()), |segment| {
            checked.digest = Some(Digest::of(look.disk.as_ref(), segment)?);
            Ok(())
        }),
        Part::Rows(file, group) => {
            if let Err(error) = unpack(&file, group.clone(), &mut checked) {
                let at = group.start + checked.entries.len() as u64;
                checked.problems.push((format!("from leaf {at}"), error.to_string()));
                // What the file did not give is taken from the published entries, so that the tree can
                // be checked behind it; the finding stands.
                let _ = publish(look, at..group.end, &mut checked);
            }
            Ok(())
        }
        Part::Own(file) => own_leaves(&file, &mut checked),
        Part::Published(range) => {
            let found = publish(look, range, &mut checked);
            // That evidence does not give these leaves was said already.
            if look.options.bodies || segment.is_none_or(Segment::is_gap) { Ok(()) } else { found }
        }
        Part::Unreadable(error) => Err(error),
    };
    if let Err(error) = result {
        checked.problems.push((String::new(), error.to_string()));
    }
    checked
}

fn unpack(file: &EvidenceFile, group: Range<u64>, checked: &mut Checked) -> Result<()> {
    checked.entries.reserve(usize::try_from(group.end - group.start).unwrap_or(0));
    let mut rows = file.rows(group, true)?;
    while let Some(batch) = rows.next_batch(BATCH_ROWS)? {
        for row in 0..batch.len() {
            let index = batch.first + row as u64;
            let entry = recompute(batch, row)
                .ok_or_else(|| Error::corrupt(format!("leaf {index}: impossible kind, salt or header")))?;
            if let Some(own) = own(batch, row) {
                checked.own.push(own);
            }
            checked.entries.push((entry, leaf_hash(&entry)));
            checked.opened += 1;
        }
    }
    Ok(())
}

/// The published entries of a range; an error when they are not all there.
fn publish(look: &Look<'_>, range: Range<u64>, checked: &mut Checked) -> Result<()> {
    let found = entries(look.disk.as_ref(), look.layout, range.start, range.end);
    checked.entries.extend(found.iter().map(|entry| (*entry, leaf_hash(entry))));
    let (found, wanted) = (found.len() as u64, range.end - range.start);
    if found < wanted {
        return Err(Error::corrupt(format!(
            "log/tile/entries: {found} of {wanted} entries from leaf {} on",
            range.start
        )));
    }
    Ok(())
}

/// The entry that salt, header and body of a row commit to.
fn recompute(batch: &Batch, row: usize) -> Option<[u8; LEAF_BYTES]> {
    let salt: Salt = batch.salt.get(row)?.data().try_into().ok()?;
    let (header, body) = (batch.header.get(row)?.data(), batch.body.get(row)?.data());
    // The column is for readers without our code; the header is what is committed to.
    if header.first().map(|kind| i32::from(*kind)) != batch.kind.get(row).copied() {
        return None;
    }
    let sequenced_at = Millis(batch.sequenced_at.get(row)?.cast_unsigned());
    Some(Leaf { sequenced_at, commitment: commitment(&salt, header, body) }.encode())
}

fn own(batch: &Batch, row: usize) -> Option<Stored> {
    let manifest = batch.kind.get(row).is_some_and(|kind| *kind == i32::from(Kind::Manifest.number()));
    if manifest || batch.index.get(row) == Some(&0) { batch.stored(row) } else { None }
}

/// Without bodies: manifests and leaf 0 are read one by one, by the column that says where they are.
fn own_leaves(file: &EvidenceFile, checked: &mut Checked) -> Result<()> {
    let first = file.segment().first;
    let mut own = file.of_kind(Kind::Manifest)?;
    if first.0 == 0 && !own.contains(&first) {
        own.insert(0, first);
    }
    for index in own {
        checked.own.push(file.leaf(index)?);
        checked.opened += 1;
    }
    Ok(())
}
