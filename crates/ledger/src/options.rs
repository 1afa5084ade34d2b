//! Every limit of the ledger, named, with its unit.

use crate::{Error, Result};

/// Limits and intervals of one open log. The defaults are the documented ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Most records in one frame group.
    pub group_records_max: usize,
    /// Most raw bytes in one frame group; one larger record travels alone.
    pub group_bytes_max: usize,
    /// Largest header and body of one leaf.
    pub leaf_bytes_max: usize,
    /// Most records waiting for the writer; `submit` blocks above it.
    pub queue_records_max: usize,
    /// Most raw bytes waiting for the writer; `submit` blocks above it.
    pub queue_bytes_max: usize,
    /// Size of a WAL file, a multiple of 4 KiB.
    pub wal_file_bytes: u64,
    /// WAL files in use before new records wait for segments to close.
    pub wal_files_max: usize,
    /// Free WAL files that a busy log has made ahead of need; 0 to make each when it is needed.
    pub wal_files_ahead: usize,
    /// Leaves of an aligned block; a segment never crosses its end. A multiple of 256.
    pub segment_leaves: u64,
    /// Raw bytes after which a segment closes.
    pub segment_bytes_max: u64,
    /// Age after which an open segment closes, milliseconds.
    pub segment_age_ms_max: u64,
    /// Rows of one row group of an evidence file.
    pub row_group_records_max: usize,
    /// Raw bytes of one row group of an evidence file.
    pub row_group_bytes_max: usize,
    /// Time between two published checkpoints while there is news, milliseconds.
    pub publish_interval_ms: u64,
    /// Free space kept for closing cleanly: below it, new records are refused.
    pub reserve_bytes: u64,
    /// Raw bytes of recent groups kept in memory for followers.
    pub tail_bytes_max: usize,
    /// How far the wall clock may step back before a clock note is sealed, milliseconds.
    pub clock_back_ms_max: u64,
    /// How far the wall clock may jump against the monotonic one before a clock note is sealed,
    /// milliseconds.
    pub clock_jump_ms_max: u64,
    /// How long a full disk is left alone before segments are tried again, milliseconds.
    pub full_retry_ms: u64,
    /// Pieces of a full block are merged into one file when more than one.
    pub merge: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            group_records_max: 4_096,
            group_bytes_max: 4 << 20,
            leaf_bytes_max: 32 << 20,
            queue_records_max: 16_384,
            queue_bytes_max: 64 << 20,
            wal_file_bytes: 64 << 20,
            wal_files_max: 32,
            wal_files_ahead: 4,
            segment_leaves: 65_536,
            segment_bytes_max: 128 << 20,
            segment_age_ms_max: 600_000,
            row_group_records_max: 8_192,
            row_group_bytes_max: 16 << 20,
            publish_interval_ms: 10_000,
            reserve_bytes: 256 << 20,
            tail_bytes_max: 256 << 20,
            clock_back_ms_max: 1_000,
            clock_jump_ms_max: 3_600_000,
            full_retry_ms: 1_000,
            merge: true,
        }
    }
}

impl Options {
    /// Limits that contradict each other, or the formats, are refused.
    pub(crate) fn check(&self) -> Result<()> {
        let wal_bytes = usize::try_from(self.wal_file_bytes).unwrap_or(usize::MAX);
        let group_bytes = self.leaf_bytes_max.max(self.group_bytes_max) + self.group_records_max * 24 + (16 << 10);
        let rules = [
            (self.wal_file_bytes.is_multiple_of(4_096), "wal_file_bytes is not a multiple of 4,096"),
            (wal_bytes >= group_bytes, "wal_file_bytes is too small for a group of leaf_bytes_max or group_bytes_max"),
            (self.wal_files_max >= 2, "wal_files_max is below 2"),
            (
                self.segment_leaves > 0 && self.segment_leaves.is_multiple_of(256),
                "segment_leaves is no multiple of 256",
            ),
            (self.group_records_max > 0 && self.queue_records_max > 0, "group_records_max or queue_records_max is 0"),
        ];
        match rules.into_iter().find(|(holds, _)| !holds) {
            Some((_, broken)) => Err(Error::invalid(broken)),
            None => Ok(()),
        }
    }
}
