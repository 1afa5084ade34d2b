//! Evidence files: each is hashed and unpacked on a thread of its own, its leaves are folded in order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use crossbeam_channel::{Receiver, bounded};
use model::{LEAF_BYTES, Leaf, LeafIndex, Millis, Salt, commitment};
use tlog::{Hash, leaf_hash};

use super::manifests::Manifests;
use super::tree::Tree;
use super::{Class, Findings, Look};
use crate::evidence::{Batch, Digest, EvidenceFile, Segment};
use crate::published::entries;
use crate::stored::Stored;
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

/// What one file gave.
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

/// Checks all segments; leaves reach the tree in order, whatever thread was first.
pub(super) fn check(
    look: &Look<'_>,
    segments: &[Segment],
    tree: &mut Tree,
    manifests: &mut Manifests,
    findings: &mut Findings,
    read: &mut Read,
    progress: &mut dyn FnMut(u64),
) {
    let threads = look.options.threads.clamp(1, segments.len().max(1));
    let next = AtomicUsize::new(0);
    let lanes: Vec<_> = segments.iter().map(|_| bounded::<Checked>(1)).collect();
    // A segment is begun only when the one `threads` before it was folded: memory stays at that many.
    let (permit, permits) = bounded(threads);
    thread::scope(|scope| {
        for _ in 0..threads {
            let (next, lanes, permits): (_, _, Receiver<()>) = (&next, &lanes, permits.clone());
            scope.spawn(move || {
                while permits.recv().is_ok() {
                    let at = next.fetch_add(1, Relaxed);
                    let (Some(segment), Some((lane, _))) = (segments.get(at), lanes.get(at)) else { return };
                    // The folding side takes every lane, in order.
                    let _ = lane.send(check_one(look, segment));
                }
            });
        }
        for _ in 0..threads {
            let _ = permit.send(());
        }
        for (segment, (_, lane)) in segments.iter().zip(&lanes) {
            let Ok(checked) = lane.recv() else { break };
            let _ = permit.try_send(());
            fold(segment, checked, look, tree, manifests, findings, read);
            progress(tree.size());
        }
        drop(permit);
    });
}

fn fold(
    segment: &Segment,
    checked: Checked,
    look: &Look<'_>,
    tree: &mut Tree,
    manifests: &mut Manifests,
    findings: &mut Findings,
    read: &mut Read,
) {
    let file = format!("evidence/{}.parquet", segment.name());
    for (at, what) in &checked.problems {
        findings.add(Class::Altered, &file, at, what.as_str());
    }
    for leaf in &checked.own {
        manifests.note(leaf, look.info, findings);
    }
    for (entry, hash) in &checked.entries {
        tree.push_hashed(entry, *hash, findings);
    }
    read.opened += checked.opened;
    if let Some(digest) = checked.digest {
        read.bytes += digest.bytes;
        read.digests.insert(segment.name(), digest);
    }
}

fn check_one(look: &Look<'_>, segment: &Segment) -> Checked {
    let mut checked = Checked::default();
    if segment.is_gap() {
        let found = entries(look.disk.as_ref(), look.layout, segment.first.0, segment.last.0 + 1);
        checked.entries.extend(found.iter().map(|entry| (*entry, leaf_hash(entry))));
        return checked;
    }
    match Digest::of(look.disk.as_ref(), segment) {
        Ok(digest) => checked.digest = Some(digest),
        Err(error) => checked.problems.push((String::new(), error.to_string())),
    }
    if let Err(error) = unpack(look, segment, &mut checked) {
        let at = segment.first.0 + checked.entries.len() as u64;
        checked.problems.push((format!("from leaf {at}"), error.to_string()));
    }
    // What the file did not give is taken from the published entries, so that the tree can be
    // checked behind it; the finding stands.
    let from = segment.first.0 + checked.entries.len() as u64;
    let missing = entries(look.disk.as_ref(), look.layout, from, segment.last.0 + 1);
    checked.entries.extend(missing.iter().map(|entry| (*entry, leaf_hash(entry))));
    checked
}

fn unpack(look: &Look<'_>, segment: &Segment, checked: &mut Checked) -> Result<()> {
    let file = EvidenceFile::open(look.disk.as_ref(), segment)?;
    if !look.options.bodies {
        return own_leaves(look, segment, &file, checked);
    }
    for group in file.row_groups() {
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
    let manifest = batch.kind.get(row).is_some_and(|kind| *kind == i32::from(model::Kind::Manifest.number()));
    if manifest || batch.index.get(row) == Some(&0) { batch.stored(row) } else { None }
}

/// Without bodies: the tree comes from the published entries, manifests are read one by one.
fn own_leaves(look: &Look<'_>, segment: &Segment, file: &EvidenceFile, checked: &mut Checked) -> Result<()> {
    for group in file.row_groups() {
        let mut rows = file.rows(group, false)?;
        while let Some(batch) = rows.next_batch(BATCH_ROWS)? {
            for row in 0..batch.len() {
                if own(batch, row).is_some() {
                    let index = LeafIndex(batch.first + row as u64);
                    let leaf = file.leaf(index)?;
                    checked.own.push(leaf);
                    checked.opened += 1;
                }
            }
        }
    }
    let entries = entries(look.disk.as_ref(), look.layout, segment.first.0, segment.last.0 + 1);
    if entries.len() as u64 != segment.leaves() {
        return Err(Error::corrupt(format!(
            "log/tile/entries: {} of {} entries are there",
            entries.len(),
            segment.leaves()
        )));
    }
    checked.entries.extend(entries.iter().map(|entry| (*entry, leaf_hash(entry))));
    Ok(())
}
