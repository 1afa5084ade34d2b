//! Counters that one thread adds to and another shows.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Live counters of a run; all only ever grow.
#[derive(Debug, Default)]
pub struct Progress {
    /// Bytes of all inputs as far as they are known before reading.
    pub(crate) bytes_expected: AtomicU64,
    /// Inputs in all.
    pub(crate) deliveries_expected: AtomicU64,
    /// Bytes read, as they came.
    pub(crate) bytes_read: AtomicU64,
    /// Inputs read to their end.
    pub(crate) deliveries_done: AtomicU64,
    /// Records sealed.
    pub(crate) records_sealed: AtomicU64,
}

/// The counters at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Snapshot {
    /// Bytes of all inputs as far as they are known before reading; 0 when they are not.
    pub bytes_expected: u64,
    /// Inputs in all.
    pub deliveries_expected: u64,
    /// Bytes read, as they came.
    pub bytes_read: u64,
    /// Inputs read to their end.
    pub deliveries_done: u64,
    /// Records sealed.
    pub records_sealed: u64,
}

impl Progress {
    /// Counters for a run over these files.
    pub fn over(files: &[std::path::PathBuf]) -> Progress {
        let bytes = files.iter().filter_map(|file| std::fs::metadata(file).ok()).map(|meta| meta.len()).sum();
        Progress {
            bytes_expected: AtomicU64::new(bytes),
            deliveries_expected: AtomicU64::new(files.len() as u64),
            ..Progress::default()
        }
    }

    /// The counters now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            bytes_expected: self.bytes_expected.load(Relaxed),
            deliveries_expected: self.deliveries_expected.load(Relaxed),
            bytes_read: self.bytes_read.load(Relaxed),
            deliveries_done: self.deliveries_done.load(Relaxed),
            records_sealed: self.records_sealed.load(Relaxed),
        }
    }
}
