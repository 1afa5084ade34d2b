//! What the ledger does when the medium, the clock or the operator fails it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ledger::{Disk, ErrorKind, InitOptions, Ledger, LogInfo, Options, Reader, Selection};
use model::{Kind, LeafIndex};

use crate::sim::SimDisk;
use crate::support::{HandClock, START_MS, all_records, append, new_log, open, record, records, small};

const DATA: &str = "/data";

fn sim_log() -> (SimDisk, LogInfo) {
    let disk = SimDisk::recording();
    let init = InitOptions { origin: Some("test/log".to_owned()), options: small() };
    let info = ledger::init_on(&disk.arc(), Path::new(DATA), &init, HandClock::at(START_MS).as_ref()).unwrap();
    (disk, info)
}

fn open_sim(disk: &SimDisk, info: &LogInfo) -> ledger::Result<Ledger> {
    Ledger::open_on(disk.arc(), Path::new(DATA), &info.short, small(), HandClock::at(START_MS))
}

/// Appends batches; refused ones are tried again. Returns the bodies that were acknowledged.
fn append_through(ledger: &Ledger, batches: std::ops::Range<u64>) -> Vec<Vec<u8>> {
    let mut acknowledged = Vec::new();
    for batch in batches {
        for attempt in 0.. {
            assert!(attempt < 2_000, "the ledger never recovered from a full disk");
            let sealed = ledger.append().submit(records(batch * 8..batch * 8 + 8)).and_then(|pending| pending.wait());
            match sealed {
                Ok(_) => break,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
                    std::thread::sleep(std::time::Duration::from_millis(2));
                }
            }
        }
        acknowledged.extend((batch * 8..batch * 8 + 8).map(|number| record(number).body));
    }
    acknowledged
}

#[test]
fn a_full_disk_at_any_write_refuses_and_loses_nothing() {
    let (disk, info) = sim_log();
    let first = disk.writes();
    let ledger = open_sim(&disk, &info).unwrap();
    append_through(&ledger, 0..40);
    ledger.close().unwrap();
    let writes = disk.writes();
    for at in (first..writes).step_by(5) {
        let (disk, info) = sim_log();
        disk.fill(at, 6);
        let Ok(ledger) = open_sim(&disk, &info) else { continue };
        let acknowledged = append_through(&ledger, 0..40);
        let mut closed = ledger.flush();
        for _ in 0..100 {
            if closed.is_ok() {
                break;
            }
            closed = ledger.flush();
        }
        closed.unwrap();
        let view = ledger.reader().view().unwrap();
        let bodies: Vec<_> = all_records(&view).into_iter().map(|(_, body)| body).collect();
        let mut left = bodies.iter();
        assert!(acknowledged.iter().all(|body| left.any(|found| found == body)), "disk full at write {at}");
        drop(ledger);
        disk.fill(0, 0);
        open_sim(&disk, &info).unwrap().close().unwrap();
    }
}

#[test]
fn a_sync_that_does_not_succeed_stops_writing_for_good() {
    let (disk, info) = sim_log();
    let ledger = open_sim(&disk, &info).unwrap();
    append(&ledger, records(0..8));
    disk.fail_sync(disk.syncs());
    let first = ledger.append().submit(records(8..16)).and_then(|pending| pending.wait());
    let second = ledger.append().submit(records(16..24)).and_then(|pending| pending.wait());
    let errors: Vec<_> = [first, second].into_iter().filter_map(|result| result.err()).collect();
    assert!(!errors.is_empty() && errors.iter().all(|error| error.kind() == ErrorKind::Fatal), "{errors:?}");
    assert!(ledger.close().is_err());
    let ledger = open_sim(&disk, &info).unwrap();
    assert!(ledger.size() >= 9);
    ledger.close().unwrap();
}

#[test]
fn a_clock_set_back_is_noted_and_time_never_runs_back() {
    let data = tempfile::tempdir().unwrap();
    let info = new_log(data.path());
    let clock = HandClock::at(START_MS + 10_000_000);
    let ledger = Ledger::open(data.path(), &info.short, small(), clock.clone()).unwrap();
    append(&ledger, records(0..3));
    clock.pass(50);
    clock.set_wall(START_MS);
    append(&ledger, records(3..6));
    clock.pass(50);
    append(&ledger, records(6..9));
    clock.set_wall(START_MS + 90_000_000);
    append(&ledger, records(9..12));
    ledger.close().unwrap();
    let view = Reader::open(data.path(), &info.short).unwrap().view().unwrap();
    let leaves: Vec<_> = view.scan(0..u64::MAX, Selection::default()).flat_map(|batch| batch.unwrap()).collect();
    assert!(leaves.windows(2).all(|pair| pair[0].sequenced_at <= pair[1].sequenced_at));
    let notes: Vec<_> = leaves.iter().filter(|leaf| leaf.kind == Kind::Note).map(|leaf| leaf.index.0).collect();
    assert_eq!(notes.len(), 2, "one note for the step back, one for the jump");
    let back: model::ClockNote = serde_json::from_slice(&leaves[notes[0] as usize].body).unwrap();
    assert_eq!((back.note.as_str(), back.wall_ms), ("clock", START_MS));
    assert_eq!(all_records(&view).len(), 12);
}

#[test]
fn a_key_of_another_log_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let info = new_log(data.path());
    let other = ledger::init(
        data.path(),
        &InitOptions { origin: Some("other/log".to_owned()), options: small() },
        HandClock::at(START_MS).as_ref(),
    )
    .unwrap();
    std::fs::copy(&other.key, &info.key).unwrap();
    let error = Ledger::open(data.path(), &info.short, small(), HandClock::at(START_MS)).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("other/log"), "{error}");
}

#[test]
fn a_folder_of_another_version_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let info = new_log(data.path());
    let path = info.dir.join("identity");
    let text = std::fs::read_to_string(&path).unwrap().replace("\"format\":0", "\"format\":9");
    std::fs::write(&path, text).unwrap();
    for error in [
        ledger::discover(data.path()).unwrap_err(),
        Ledger::open(data.path(), &info.short, small(), HandClock::at(START_MS)).err().unwrap(),
        Reader::open(data.path(), &info.short).err().unwrap(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Version);
        assert!(error.to_string().contains("format 9"), "{error}");
    }
}

#[test]
fn a_log_rolled_back_below_its_published_checkpoint_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let info = new_log(data.path());
    let ledger = open(data.path(), &info);
    append(&ledger, records(0..5));
    ledger.close().unwrap();
    let kept = tempfile::tempdir().unwrap();
    for folder in ["wal", "evidence"] {
        copy(&info.dir.join(folder), &kept.path().join(folder));
    }
    let ledger = open(data.path(), &info);
    append(&ledger, records(5..10));
    ledger.close().unwrap();
    for folder in ["wal", "evidence"] {
        std::fs::remove_dir_all(info.dir.join(folder)).unwrap();
        copy(&kept.path().join(folder), &info.dir.join(folder));
    }
    let error = Ledger::open(data.path(), &info.short, small(), HandClock::at(START_MS)).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Rollback, "{error}");
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn damage_in_the_unsegmented_wal_stops_opening_and_names_the_place() {
    let data = tempfile::tempdir().unwrap();
    let info = new_log(data.path());
    let ledger = open(data.path(), &info);
    for batch in 0..6 {
        append(&ledger, records(batch * 3..batch * 3 + 3));
    }
    drop(ledger);
    let path = info.dir.join("wal/0000000000000001.wal");
    let mut bytes = std::fs::read(&path).unwrap();
    // The second frame: behind the first page and leaf 0's group and note.
    let at = 3 * 4_096 + 700;
    bytes[at] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let error = Ledger::open(data.path(), &info.short, small(), HandClock::at(START_MS)).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("0000000000000001.wal offset 12288"), "{error}");
}

#[test]
fn a_torn_tail_is_kept_and_noted() {
    let data = tempfile::tempdir().unwrap();
    let info = new_log(data.path());
    let ledger = open(data.path(), &info);
    append(&ledger, records(0..3));
    let size = ledger.size();
    drop(ledger);
    let path = info.dir.join("wal/0000000000000001.wal");
    let mut bytes = std::fs::read(&path).unwrap();
    let end = bytes.chunks(4_096).position(|page| page.iter().all(|byte| *byte == 0)).unwrap() * 4_096;
    bytes[end..end + 1_000].fill(0xab);
    std::fs::write(&path, &bytes).unwrap();
    let ledger = open(data.path(), &info);
    let note = ledger.reader().view().unwrap().leaf(LeafIndex(size)).unwrap();
    assert_eq!(note.kind, Kind::Note);
    let note: model::RecoveryNote = serde_json::from_slice(&note.body).unwrap();
    assert_eq!((note.note.as_str(), note.index, note.torn_bytes), ("recovery", size, 4_096));
    let kept = info.dir.join(format!("wal/torn/{size}-{}", note.torn_sha256));
    assert_eq!(std::fs::read(kept).unwrap()[..1_000], [0xab; 1_000]);
    ledger.close().unwrap();
    let again = open(data.path(), &info);
    assert_eq!(all_records(&again.reader().view().unwrap()).len(), 3);
    again.close().unwrap();
}

#[test]
fn a_batch_or_leaf_over_its_limit_is_refused_with_the_limit() {
    let data = tempfile::tempdir().unwrap();
    let info = new_log(data.path());
    let ledger = open(data.path(), &info);
    let large = crate::support::record_of(0, 40 << 10);
    let error = ledger.append().submit(vec![large]).unwrap_err();
    assert!(error.kind() == ErrorKind::Invalid && error.to_string().contains("leaf_bytes_max"), "{error}");
    assert_eq!(ledger.append().submit(Vec::new()).unwrap_err().kind(), ErrorKind::Invalid);
    let append = ledger.append();
    ledger.close().unwrap();
    let late = append.submit(records(0..1)).and_then(|pending| pending.wait()).unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Unavailable);
}

#[test]
fn many_producers_get_receipts_that_do_not_overlap() {
    let data = tempfile::tempdir().unwrap();
    let info = new_log(data.path());
    let ledger = Arc::new(open(data.path(), &info));
    let mut ranges: Vec<(u64, u64)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6)
            .map(|producer| {
                let append = ledger.append();
                scope.spawn(move || {
                    let batches = (0..25).map(|batch| producer * 10_000 + batch * 100);
                    let receipts = batches.map(|first| {
                        let pending = append.submit(records(first..first + 1 + first / 100 % 40)).unwrap();
                        pending.wait().unwrap()
                    });
                    receipts.map(|receipt| (receipt.first.0, receipt.first.0 + receipt.count)).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    ranges.sort_unstable();
    assert!(ranges.windows(2).all(|pair| pair[0].1 <= pair[1].0));
    let view = ledger.reader().view().unwrap();
    for (first, end) in ranges {
        let numbers: Vec<u64> = (first..end)
            .map(|index| model::Header::decode(&view.leaf(LeafIndex(index)).unwrap().header).unwrap().source_seq)
            .collect();
        assert!(numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]), "batch at {first} is not in one piece");
    }
}

/// Free WAL files in the folder, with their lengths.
fn free_files(disk: &SimDisk, info: &LogInfo) -> Vec<u64> {
    let wal = info.dir.join("wal");
    let names = disk.list(&wal).unwrap().into_iter().filter(|name| name.starts_with("free-"));
    names.map(|name| disk.open(&wal.join(name)).unwrap().len().unwrap()).collect()
}

#[test]
fn free_wal_files_are_made_ahead_of_need_while_space_is_left_for_closing() {
    let ahead = Options { wal_files_ahead: 2, reserve_bytes: 1 << 20, segment_leaves: 1 << 20, ..small() };
    let ahead = Options { segment_bytes_max: 1 << 30, wal_files_max: 64, ..ahead };
    for (free, made) in [(1 << 30, true), ((1 << 20) + ahead.wal_file_bytes - 1, false)] {
        let (disk, info) = sim_log();
        disk.tell_free(free);
        let clock = HandClock::at(START_MS);
        let ledger = Ledger::open_on(disk.arc(), Path::new(DATA), &info.short, ahead.clone(), clock).unwrap();
        for batch in 0..60 {
            append(&ledger, records(batch * 8..batch * 8 + 8));
        }
        // Either the thread has made one by now, or it never will: the log stands still.
        let until = Instant::now() + Duration::from_secs(if made { 20 } else { 1 });
        while free_files(&disk, &info).iter().all(|bytes| *bytes < ahead.wal_file_bytes) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(!free_files(&disk, &info).is_empty(), made, "{free} bytes are free");
        assert!(ledger.size() > 480);
        drop(ledger);
        // A crash while one was made leaves a part of it, which the next start deletes.
        let part = info.dir.join("wal/free-0000000000000999");
        disk.create_new(&part).unwrap().write_at(0, &[0; 4_096]).unwrap();
        open_sim(&disk, &info).unwrap().close().unwrap();
        assert!(free_files(&disk, &info).iter().all(|bytes| *bytes == ahead.wal_file_bytes));
    }
}
