//! What the tests share: a clock that is set by hand, records, small limits.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ledger::{Clock, InitOptions, Ledger, LogInfo, Options, RealDisk};
use model::{Header, Kind, LeafIndex, Millis, Position, Prepared};

/// A clock that only moves when told to.
pub(crate) struct HandClock {
    wall: AtomicU64,
    monotonic: AtomicU64,
}

impl HandClock {
    pub(crate) fn at(ms: u64) -> Arc<HandClock> {
        Arc::new(HandClock { wall: ms.into(), monotonic: 0.into() })
    }

    /// Both clocks go on.
    pub(crate) fn pass(&self, ms: u64) {
        self.wall.fetch_add(ms, Ordering::SeqCst);
        self.monotonic.fetch_add(ms, Ordering::SeqCst);
    }

    /// The wall clock alone is set.
    pub(crate) fn set_wall(&self, ms: u64) {
        self.wall.store(ms, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn wall(&self) -> Millis {
        Millis(self.wall.load(Ordering::SeqCst))
    }

    fn monotonic_ms(&self) -> u64 {
        self.monotonic.load(Ordering::SeqCst)
    }
}

pub(crate) const START_MS: u64 = 1_763_000_000_000;

/// Limits so small that a few hundred records cross all of them.
pub(crate) fn small() -> Options {
    Options {
        group_records_max: 16,
        group_bytes_max: 16 << 10,
        leaf_bytes_max: 32 << 10,
        queue_records_max: 64,
        queue_bytes_max: 64 << 10,
        wal_file_bytes: 128 << 10,
        wal_files_max: 8,
        wal_files_ahead: 0,
        segment_leaves: 256,
        segment_bytes_max: 64 << 10,
        row_group_records_max: 64,
        row_group_bytes_max: 16 << 10,
        publish_interval_ms: 3_600_000,
        reserve_bytes: 0,
        tail_bytes_max: 32 << 10,
        full_retry_ms: 5,
        ..Options::default()
    }
}

/// Record `number`: its bytes follow from its number.
pub(crate) fn record(number: u64) -> Prepared {
    record_of(number, usize::try_from(number * 37 % 700).unwrap())
}

pub(crate) fn record_of(number: u64, bytes: usize) -> Prepared {
    let mut salt = [7; 16];
    salt[..8].copy_from_slice(&number.to_be_bytes());
    let header = Header {
        kind: Kind::Record,
        flags: 0,
        source: 1,
        source_seq: number,
        received_at: Millis(START_MS),
        body_bytes: 0,
        replacements: Vec::new(),
        position: Position { ordinal: Some(number), ..Position::default() },
    };
    let mut body = format!("{{\"record\":{number}}}").into_bytes();
    while body.len() < bytes {
        body.extend_from_slice(format!("-{}", body.len() as u64 * 7_919 + number).as_bytes());
    }
    Prepared::new(salt, header, body)
}

pub(crate) fn records(range: std::ops::Range<u64>) -> Vec<Prepared> {
    range.map(record).collect()
}

/// A log in a fresh folder.
pub(crate) fn new_log(data: &Path) -> LogInfo {
    let options = InitOptions { origin: Some("test/log".to_owned()), options: small() };
    ledger::init(data, &options, HandClock::at(START_MS).as_ref()).unwrap()
}

pub(crate) fn open(data: &Path, info: &LogInfo) -> Ledger {
    Ledger::open_on(Arc::new(RealDisk), data, &info.short, small(), HandClock::at(START_MS)).unwrap()
}

/// Appends and waits.
pub(crate) fn append(ledger: &Ledger, batch: Vec<Prepared>) -> ledger::Receipt {
    ledger.append().submit(batch).unwrap().wait().unwrap()
}

/// The records of a log, in order, without our own leaves.
pub(crate) fn all_records(view: &ledger::View) -> Vec<(LeafIndex, Vec<u8>)> {
    let selection = ledger::Selection { bodies: true, only: Some(Kind::Record) };
    view.scan(0..u64::MAX, selection)
        .flat_map(|batch| batch.unwrap())
        .map(|leaf| (leaf.index, leaf.body.to_vec()))
        .collect()
}
