//! Reading a range of leaves in batches.

use std::ops::Range;
use std::sync::Arc;

use model::Kind;

use super::View;
use crate::evidence::{EvidenceFile, RowReader};
use crate::stored::Stored;
use crate::{Error, Result};

/// Most leaves of one batch.
const BATCH_RECORDS_MAX: u64 = 1_024;

/// Raw bytes that a batch from evidence aims at.
const BATCH_BYTES: u64 = 4 << 20;

/// What a scan returns of each leaf, and of which leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Whether bodies are read; without, they are empty.
    pub bodies: bool,
    /// Leaves of this kind only.
    pub only: Option<Kind>,
}

impl Default for Selection {
    /// Everything.
    fn default() -> Selection {
        Selection { bodies: true, only: None }
    }
}

/// Batches of leaves, in order, each not empty; memory stays at one batch and one row group's pages.
/// It ends after the first error.
pub struct Scan {
    view: View,
    next: u64,
    end: u64,
    selection: Selection,
    rows: Option<Rows>,
    failed: bool,
}

/// The row group being read.
struct Rows {
    reader: RowReader,
    end: u64,
    batch_records: usize,
}

impl Scan {
    pub(crate) fn new(view: View, range: Range<u64>, selection: Selection) -> Scan {
        Scan { view, next: range.start, end: range.end, selection, rows: None, failed: false }
    }

    /// Everything the medium has for the next leaves; the selection of kinds comes after.
    fn read(&mut self) -> Result<Vec<Stored>> {
        let mut leaves = match self.view.segment_of(self.next) {
            Some(segment) => {
                let segment = segment.clone();
                self.read_evidence().or_else(|error| self.view.instead(&segment, self.next, error))?
            }
            None => self.view.frames.leaves_from(self.next)?,
        };
        let left = usize::try_from(self.end - self.next).unwrap_or(usize::MAX);
        leaves.truncate(left);
        self.next += leaves.len() as u64;
        if !self.selection.bodies {
            leaves.iter_mut().for_each(|leaf| leaf.body = bytes::Bytes::new());
        }
        Ok(leaves)
    }

    fn read_evidence(&mut self) -> Result<Vec<Stored>> {
        let mut rows = match self.rows.take().filter(|rows| self.next < rows.end) {
            Some(rows) => rows,
            None => self.open_rows()?,
        };
        let next = self.next;
        let impossible = || Error::corrupt(format!("leaf {next}: row has an impossible kind or salt"));
        let batch = rows.reader.next_batch(rows.batch_records)?.ok_or_else(impossible)?;
        let leaves = (0..batch.len()).map(|row| batch.stored(row).ok_or_else(impossible)).collect();
        self.rows = Some(rows);
        leaves
    }

    fn open_rows(&self) -> Result<Rows> {
        let gone = || Error::corrupt(format!("leaf {} is in no segment", self.next));
        let segment = self.view.segment_of(self.next).ok_or_else(gone)?;
        let file: Arc<EvidenceFile> = self.view.shared.evidence(segment)?;
        let (group, raw_bytes) = file.row_group_of(self.next).ok_or_else(gone)?;
        let end = group.end.min(self.end);
        let reader = file.rows(self.next..end, self.selection.bodies)?;
        let per_leaf = (raw_bytes / (group.end - group.start).max(1)).max(1);
        let batch_records = (BATCH_BYTES / per_leaf).clamp(1, BATCH_RECORDS_MAX) as usize;
        Ok(Rows { reader, end, batch_records })
    }

    fn step(&mut self) -> Result<Option<Vec<Stored>>> {
        while self.next < self.end {
            let mut leaves = match self.read() {
                // Files moved on since the view was taken: the same leaves are elsewhere now.
                Err(error) if self.view.is_stale(&error) => {
                    self.view = self.view.again().map_err(|_| error)?;
                    self.rows = None;
                    self.read()?
                }
                result => result?,
            };
            if let Some(kind) = self.selection.only {
                leaves.retain(|leaf| leaf.kind == kind);
            }
            if !leaves.is_empty() {
                return Ok(Some(leaves));
            }
        }
        Ok(None)
    }
}

impl Iterator for Scan {
    type Item = Result<Vec<Stored>>;

    fn next(&mut self) -> Option<Result<Vec<Stored>>> {
        if self.failed {
            return None;
        }
        let step = self.step();
        self.failed = step.is_err();
        step.transpose()
    }
}
