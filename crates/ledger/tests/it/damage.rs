//! Damage to older evidence: an alarm in the log, once; reads of those leaves fail, and nothing else.

use std::fs;
use std::path::Path;

use ledger::verify::{self, Class};
use ledger::{ErrorKind, Ledger, LogInfo, Options, Reader, Segment, Selection, View};
use model::{DamageNote, Kind, LeafIndex};

use crate::support::{HandClock, START_MS, append, new_log, open, records, small};

/// Every readable note of damage, in order. Leaves that cannot be read are passed over.
fn notes(view: &View) -> Vec<DamageNote> {
    let leaves = (0..view.size().0).filter_map(|index| view.leaf(LeafIndex(index)).ok());
    let notes = leaves.filter(|leaf| leaf.kind == Kind::Note);
    notes.filter_map(|leaf| serde_json::from_slice(&leaf.body).ok()).collect()
}

fn findings(view: &View) -> Vec<(String, String)> {
    let notes = notes(view);
    assert!(notes.iter().all(|note| note.note == "damage" && note.first <= note.last && !note.what.is_empty()));
    notes.into_iter().map(|note| (note.file, note.finding)).collect()
}

fn found(segment: &Segment, finding: &str) -> (String, String) {
    (segment.name(), finding.to_owned())
}

/// A closed log of many segments, most of them below the oldest WAL file.
fn sample(data: &Path) -> LogInfo {
    let info = new_log(data);
    let ledger = open(data, &info);
    for batch in 0..60 {
        append(&ledger, records(batch * 20..batch * 20 + 20));
    }
    ledger.close().unwrap();
    info
}

fn view(data: &Path, info: &LogInfo) -> View {
    Reader::open(data, &info.short).unwrap().view().unwrap()
}

/// The first leaf that the WAL has, as the first page of its oldest file says (`wal.md`).
fn wal_first(info: &LogInfo) -> u64 {
    let names = fs::read_dir(info.dir.join("wal")).unwrap().map(|entry| entry.unwrap().path());
    let oldest = names.filter(|path| path.extension().is_some_and(|ending| ending == "wal")).min().unwrap();
    u64::from_be_bytes(fs::read(oldest).unwrap()[88..96].try_into().unwrap())
}

/// Segments that the WAL has let go of.
fn old_segments(data: &Path, info: &LogInfo) -> Vec<Segment> {
    let first = wal_first(info);
    let old: Vec<_> = view(data, info).segments().iter().filter(|s| s.last.0 < first).cloned().collect();
    assert!(old.len() >= 3, "{} segments below leaf {first}", old.len());
    old
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 16;
    fs::write(path, bytes).unwrap();
}

/// Writes, flushes, publishes and proves, as if nothing had happened; leaves of `damaged` cannot be
/// read, all others can.
fn go_on(ledger: &Ledger, from: u64, damaged: &Segment) {
    for batch in 0..20 {
        append(ledger, records(from + batch * 20..from + batch * 20 + 20));
    }
    ledger.flush().unwrap();
    ledger.publish().unwrap();
    let view = ledger.reader().view().unwrap();
    let behind = damaged.last.0 + 1..view.size().0;
    for range in [0..damaged.first.0, behind] {
        let leaves: usize = view.scan(range.clone(), Selection::default()).map(|batch| batch.unwrap().len()).sum();
        assert_eq!(leaves as u64, range.end - range.start);
        if range.end > 0 {
            view.prove(LeafIndex(range.end - 1)).unwrap();
        }
    }
    let error = view.scan(damaged.first.0..damaged.last.0 + 1, Selection::default()).find_map(Result::err).unwrap();
    assert!(matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::NotFound), "{error}");
}

#[test]
fn a_lost_file_is_noted_once_and_costs_its_own_leaves() {
    let data = tempfile::tempdir().unwrap();
    let info = sample(data.path());
    let lost = old_segments(data.path(), &info)[1].clone();
    fs::remove_file(&lost.path).unwrap();
    let ledger = open(data.path(), &info);
    go_on(&ledger, 10_000, &lost);
    assert_eq!(findings(&ledger.reader().view().unwrap()), [found(&lost, "missing")]);
    let note = notes(&ledger.reader().view().unwrap()).remove(0);
    assert_eq!((note.first, note.last), (lost.first.0, lost.last.0));
    assert!(note.what.contains("the manifest in leaf"), "{}", note.what);
    // A crash, and a clean stop: neither makes it news again.
    drop(ledger);
    for _ in 0..2 {
        let ledger = open(data.path(), &info);
        ledger.flush().unwrap();
        assert_eq!(findings(&ledger.reader().view().unwrap()), [found(&lost, "missing")]);
        ledger.close().unwrap();
    }
    let options = verify::Options { checkpoint: None, bodies: true, from: 0, threads: 2 };
    let report = verify::run(data.path(), &info.short, &options, &mut |_| {}).unwrap();
    assert_eq!(report.size, view(data.path(), &info).size(), "the tree is checked behind the lost leaves");
    let named = |class, part: &str| report.findings.iter().any(|f| f.class == class && f.place.contains(part));
    assert!(named(Class::Missing, &lost.name()), "{:?}", report.findings);
    // The manifest of the file before it was among the lost leaves; nothing else is wrong.
    let before = |finding: &verify::Finding| finding.what.contains("no sealed manifest");
    assert!(report.findings.iter().all(|f| f.class == Class::Missing || before(f)), "{:?}", report.findings);
}

/// One file at a time: its manifest may lie in the next one or in the one after.
#[test]
fn a_file_of_another_length_is_noted_at_the_start() {
    let cut = |bytes: &[u8]| bytes[..bytes.len() / 2].to_vec();
    let grown = |bytes: &[u8]| [bytes, b"x"].concat();
    for damage in [&cut as &dyn Fn(&[u8]) -> Vec<u8>, &grown] {
        let data = tempfile::tempdir().unwrap();
        let info = sample(data.path());
        let old = old_segments(data.path(), &info);
        let bytes = fs::read(&old[0].path).unwrap();
        let damaged = damage(&bytes);
        fs::write(&old[0].path, &damaged).unwrap();
        for run in 0..2 {
            let ledger = open(data.path(), &info);
            append(&ledger, records(20_000 + run..20_001 + run));
            ledger.flush().unwrap();
            let view = ledger.reader().view().unwrap();
            assert_eq!(findings(&view), [found(&old[0], "length")]);
            let what = &notes(&view)[0].what;
            assert!(what.starts_with(&format!("has {} bytes", damaged.len())), "{what}");
            assert!(what.ends_with(&bytes.len().to_string()), "{what}");
            view.leaf(old[1].first).unwrap();
            drop(ledger);
        }
    }
}

#[test]
fn a_flipped_bit_is_noted_when_a_reader_of_the_writing_process_meets_it() {
    let data = tempfile::tempdir().unwrap();
    let info = sample(data.path());
    let flipped = old_segments(data.path(), &info)[1].clone();
    flip(&flipped.path, fs::metadata(&flipped.path).unwrap().len() as usize / 2);
    let ledger = open(data.path(), &info);
    ledger.flush().unwrap();
    let view = ledger.reader().view().unwrap();
    assert_eq!(findings(&view), [], "the start looks at lengths only");
    let failed = (flipped.first.0..=flipped.last.0).filter(|at| view.prove(LeafIndex(*at)).is_err()).count();
    assert!(failed > 0);
    append(&ledger, records(30_000..30_010));
    ledger.flush().unwrap();
    assert_eq!(findings(&ledger.reader().view().unwrap()), [found(&flipped, "digest")]);
    drop(ledger);
    let ledger = open(data.path(), &info);
    let view = ledger.reader().view().unwrap();
    let _ = (flipped.first.0..=flipped.last.0).filter(|at| view.prove(LeafIndex(*at)).is_err()).count();
    ledger.flush().unwrap();
    assert_eq!(findings(&ledger.reader().view().unwrap()), [found(&flipped, "digest")]);
    ledger.close().unwrap();
}

#[test]
fn a_merge_leaves_a_damaged_piece_alone_and_merges_the_others() {
    let data = tempfile::tempdir().unwrap();
    let info = new_log(data.path());
    let open = |merge| {
        let options = Options { merge, segment_bytes_max: 1 << 20, ..small() };
        Ledger::open(data.path(), &info.short, options, HandClock::at(START_MS)).unwrap()
    };
    let ledger = open(false);
    // Three blocks of 256 leaves in pieces.
    let mut number = 0;
    while ledger.size() < 900 {
        append(&ledger, records(number..number + 25));
        number += 25;
        ledger.flush().unwrap();
    }
    ledger.close().unwrap();
    let before = view(data.path(), &info).segments().to_vec();
    let pieces: Vec<_> = before.iter().filter(|s| (256..512).contains(&s.first.0)).cloned().collect();
    assert!(pieces.len() > 2);
    // In the middle of the file are bodies: the piece can be opened, and may even be decoded.
    flip(&pieces[1].path, fs::metadata(&pieces[1].path).unwrap().len() as usize / 2);
    let ledger = open(true);
    for run in 0..3 {
        append(&ledger, records(40_000 + run..40_001 + run));
        ledger.flush().unwrap();
    }
    ledger.close().unwrap();
    let view = view(data.path(), &info);
    assert_eq!(findings(&view), [found(&pieces[1], "digest")]);
    let files_of = |block: u64| view.segments().iter().filter(|s| s.first.0 / 256 == block).count();
    assert_eq!((files_of(0), files_of(1), files_of(2)), (1, pieces.len(), 1));
    assert!(pieces.iter().all(|piece| view.segments().contains(piece)));
}

#[test]
fn leaves_that_the_wal_still_has_are_read_from_it_and_the_damage_is_noted() {
    let data = tempfile::tempdir().unwrap();
    let info = new_log(data.path());
    let ledger = open(data.path(), &info);
    append(&ledger, records(0..40));
    ledger.close().unwrap();
    assert_eq!(wal_first(&info), 0);
    let cut = view(data.path(), &info).segments()[0].clone();
    let bytes = fs::read(&cut.path).unwrap();
    fs::write(&cut.path, &bytes[..100]).unwrap();
    let ledger = open(data.path(), &info);
    append(&ledger, records(50_000..50_010));
    ledger.flush().unwrap();
    let view = ledger.reader().view().unwrap();
    let leaves: usize = view.scan(0..u64::MAX, Selection::default()).map(|batch| batch.unwrap().len()).sum();
    assert_eq!(leaves as u64, view.size().0);
    view.prove(cut.first).unwrap();
    assert_eq!(findings(&view), [found(&cut, "length")]);
    ledger.close().unwrap();
}

#[test]
fn a_lost_file_whose_leaves_the_wal_still_has_is_written_again_beside_the_others() {
    let data = tempfile::tempdir().unwrap();
    let info = new_log(data.path());
    let ledger = open(data.path(), &info);
    for batch in 0..4 {
        append(&ledger, records(batch * 20..batch * 20 + 20));
        ledger.flush().unwrap();
    }
    ledger.close().unwrap();
    assert_eq!(wal_first(&info), 0);
    let before = view(data.path(), &info).segments().to_vec();
    assert_eq!(before.len(), 4);
    let bytes = fs::read(&before[2].path).unwrap();
    for lost in [1, 3] {
        fs::remove_file(&before[lost].path).unwrap();
    }
    let ledger = open(data.path(), &info);
    append(&ledger, records(80..100));
    ledger.close().unwrap();
    let after = view(data.path(), &info);
    assert_eq!(findings(&after), [found(&before[1], "missing"), found(&before[3], "missing")]);
    assert_eq!(after.segments()[..1], before[..1]);
    let again = format!("{}-{}.2", before[1].first, before[1].last);
    assert_eq!(after.segments()[1].name(), again, "the lost leaves, under a name of their own");
    assert_eq!(after.segments()[2], before[2]);
    assert_eq!(fs::read(&before[2].path).unwrap(), bytes);
    assert_eq!(crate::support::all_records(&after).len(), 100);
    // Nothing is missing any more: the new manifests name the files they stand for.
    let options = verify::Options { checkpoint: None, bodies: true, from: 0, threads: 1 };
    let report = verify::run(data.path(), &info.short, &options, &mut |_| {}).unwrap();
    assert_eq!(report.findings, []);
    open(data.path(), &info).close().unwrap();
    assert_eq!(findings(&view(data.path(), &info)).len(), 2);
}

#[test]
fn damage_at_the_right_edge_is_bridged_by_published_entries_that_give_the_same_root() {
    let data = tempfile::tempdir().unwrap();
    let info = sample(data.path());
    let first = wal_first(&info);
    assert!(!first.is_multiple_of(256), "the edge needs leaves of the last old segment");
    let edge = view(data.path(), &info).segments().iter().find(|s| s.last.0 + 1 >= first).unwrap().clone();
    // Another salt for the last leaf: nothing is wrong with the file but that its tree has another root.
    let salt = view(data.path(), &info).leaf(LeafIndex(first - 1)).unwrap().salt;
    let bytes = fs::read(&edge.path).unwrap();
    flip(&edge.path, bytes.windows(16).position(|window| window == salt).unwrap());
    let ledger = open(data.path(), &info);
    append(&ledger, records(59_000..59_010));
    ledger.close().unwrap();
    for lost in [false, true] {
        if lost {
            fs::remove_file(&edge.path).unwrap();
        } else {
            fs::write(&edge.path, b"PAR1").unwrap();
        }
        let ledger = open(data.path(), &info);
        append(&ledger, records(60_000..60_010));
        ledger.close().unwrap();
    }
    let view = view(data.path(), &info);
    assert_eq!(findings(&view), ["digest", "length", "missing"].map(|finding| found(&edge, finding)));
    assert_eq!(view.leaf(edge.first).unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn a_log_that_lost_all_evidence_says_so_and_goes_on() {
    let data = tempfile::tempdir().unwrap();
    let info = sample(data.path());
    let (first, size) = (wal_first(&info), view(data.path(), &info).size().0);
    for entry in fs::read_dir(info.dir.join("evidence")).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    for _ in 0..2 {
        let ledger = open(data.path(), &info);
        append(&ledger, records(70_000..70_010));
        ledger.close().unwrap();
    }
    let view = view(data.path(), &info);
    let notes = notes(&view);
    assert!(notes.iter().all(|note| note.finding == "missing"), "{notes:?}");
    // Each lost leaf is in a note, whether a manifest in the WAL names its file or none is left.
    for leaf in 0..first {
        assert!(notes.iter().any(|note| note.first <= leaf && leaf <= note.last), "leaf {leaf}: {notes:?}");
    }
    let mut once: Vec<_> = notes.iter().map(|note| (&note.file, note.first, note.last)).collect();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), notes.len(), "{notes:?}");
    assert!((first..size).all(|leaf| view.leaf(LeafIndex(leaf)).is_ok()));
}

/// Everything below a folder, copied.
fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn a_repair_puts_back_what_was_sealed_and_nothing_else() {
    let data = tempfile::tempdir().unwrap();
    let info = sample(data.path());
    let copy = tempfile::tempdir().unwrap();
    copy_folder(data.path(), copy.path());
    let old = old_segments(data.path(), &info);
    fs::remove_file(&old[0].path).unwrap();
    flip(&old[1].path, 300);
    let tile = info.dir.join("log/tile/0/000");
    flip(&tile, 40);
    fs::remove_file(info.dir.join("log/tile/entries/001")).unwrap();
    let options = verify::Options { checkpoint: None, bodies: true, from: 0, threads: 2 };
    let check = || verify::run(data.path(), &info.short, &options, &mut |_| {}).unwrap();
    assert!(!check().is_intact());

    // A copy that is damaged at the same place is of no use there, and is not taken.
    let theirs = copy.path().join("logs").join(&info.short).join("evidence").join(old[1].path.file_name().unwrap());
    let whole = fs::read(&theirs).unwrap();
    flip(&theirs, 500);
    let first = ledger::repair(data.path(), &info.short, copy.path()).unwrap();
    assert_eq!(first.mended, [format!("evidence/{}.parquet", old[0].name())]);
    assert_eq!(first.left.len(), 1, "{first:?}");
    assert!(first.left[0].contains(&old[1].name()), "{first:?}");

    fs::write(&theirs, whole).unwrap();
    let second = ledger::repair(data.path(), &info.short, &copy.path().join("logs").join(&info.short)).unwrap();
    let evidence = format!("evidence/{}.parquet", old[1].name());
    assert_eq!(second.mended, [evidence, "log/tile/0/000".to_owned(), "log/tile/entries/001".to_owned()]);
    assert_eq!(second.left, [""; 0]);
    assert!(check().is_intact(), "{:?}", check().findings);
    assert_eq!(fs::read_dir(info.dir.join("damaged")).unwrap().count(), 1, "the altered file is kept");
    assert_eq!(ledger::repair(data.path(), &info.short, copy.path()).unwrap(), ledger::Repaired::default());
    let ledger = open(data.path(), &info);
    let held = ledger::repair(data.path(), &info.short, copy.path()).unwrap_err();
    assert_eq!(held.kind(), ErrorKind::Locked);
    drop(ledger);
}
