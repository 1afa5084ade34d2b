//! Merging the pieces of a full block into one file of the next generation.

use std::path::Path;
use std::sync::Arc;

use crate::alarm::Watch;
use crate::disk::Disk;
use crate::evidence::{EvidenceFile, Finished, Segment, Writer};
use crate::{Error, Options, Result};

/// Rows read at once.
const BATCH_ROWS: usize = 256;

/// The pieces of the first full block that is in several files, if together they are no larger than
/// one segment may be. A block with a damaged or lost piece stays as it is: a rewrite would seal
/// what is left of it as if it were whole.
pub(crate) fn next(
    disk: &Arc<dyn Disk>,
    segments: &[Segment],
    options: &Options,
    watch: &mut Watch,
) -> Result<Option<Vec<Segment>>> {
    let block_of = |segment: &Segment| segment.first.0 / options.segment_leaves;
    for pieces in segments.chunk_by(|a, b| block_of(a) == block_of(b)) {
        if pieces.len() < 2 || !fill_block(pieces, options.segment_leaves) {
            continue;
        }
        let raw_bytes: Result<u64> =
            pieces.iter().map(|piece| EvidenceFile::open(disk.as_ref(), piece).map(|file| file.raw_bytes())).sum();
        // A piece that cannot be opened is looked at; one that is small enough to be rewritten, too.
        let small = raw_bytes.map_or(true, |bytes| bytes <= options.segment_bytes_max);
        if small && watch.are_whole(pieces)? {
            return Ok(Some(pieces.to_vec()));
        }
    }
    Ok(None)
}

/// Whether the pieces hold each leaf of their block.
fn fill_block(pieces: &[Segment], segment_leaves: u64) -> bool {
    let begins = pieces.first().is_some_and(|first| first.first.0.is_multiple_of(segment_leaves));
    let ends = pieces.last().is_some_and(|last| (last.last.0 + 1).is_multiple_of(segment_leaves));
    begins && ends && pieces.windows(2).all(|pair| matches!(pair, [a, b] if a.last.0 + 1 == b.first.0))
}

/// Writes the leaves of the pieces into one file of the next generation.
pub(crate) fn rewrite(disk: &Arc<dyn Disk>, folder: &Path, options: &Options, pieces: &[Segment]) -> Result<Finished> {
    let first = pieces.first().map_or(0, |piece| piece.first.0);
    let generation = pieces.iter().map(|piece| piece.generation).max().unwrap_or(0) + 1;
    let mut writer = Writer::create(disk, folder, options, first, generation)?;
    match pieces.iter().try_for_each(|piece| copy(disk, piece, &mut writer)) {
        Ok(()) => writer.finish(),
        Err(error) => {
            writer.abandon();
            Err(error)
        }
    }
}

fn copy(disk: &Arc<dyn Disk>, piece: &Segment, writer: &mut Writer) -> Result<()> {
    let file = EvidenceFile::open(disk.as_ref(), piece)?;
    for group in file.row_groups().collect::<Vec<_>>() {
        let mut rows = file.rows(group, true)?;
        while let Some(batch) = rows.next_batch(BATCH_ROWS)? {
            for row in 0..batch.len() {
                let leaf = batch.stored(row);
                let leaf = leaf.ok_or_else(|| Error::corrupt(format!("{}: row {row}", piece.path.display())))?;
                writer.push(&leaf)?;
            }
        }
    }
    Ok(())
}

/// Deletes the pieces, after the manifest that replaces them is sealed.
pub(crate) fn delete(disk: &dyn Disk, folder: &Path, pieces: &[Segment]) -> Result<()> {
    for piece in pieces {
        disk.unlink(&piece.path).map_err(|e| Error::io("unlink", &piece.path, &e))?;
    }
    disk.sync_dir(folder).map_err(|e| Error::io("sync", folder, &e).sync_is_fatal())
    // Durable now: the pieces are gone.
}
