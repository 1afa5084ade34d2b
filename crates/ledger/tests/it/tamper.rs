//! A liar with write access to the files: each class of byte, each kind of cut, each kind of re-signing.

use std::path::{Path, PathBuf};

use ledger::LogInfo;
use ledger::verify::{self, Class, Options, Report};
use tlog::checkpoint::Checkpoint;
use tlog::note::{Algorithm, SignerKey};

use crate::support::{append, new_log, open, records};

/// A log with several segments, published twice, closed, and with a tail in the WAL.
fn sample(data: &Path) -> LogInfo {
    let info = new_log(data);
    let log = open(data, &info);
    append(&log, records(0..300));
    log.publish().unwrap();
    append(&log, records(300..430));
    log.close().unwrap();
    let log = open(data, &info);
    append(&log, records(430..450));
    log.close().unwrap();
    info
}

fn check(data: &Path, info: &LogInfo, checkpoint: Option<Vec<u8>>) -> Report {
    let options = Options { checkpoint, bodies: true, from: 0, threads: 2 };
    verify::run(data, &info.short, &options, &mut |_| {}).unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(&file, target).unwrap();
    }
}

/// How many bytes of a file are live: in a WAL file all up to the first page of zeros; behind it lies
/// free space, with what an earlier use of the file left.
fn live_bytes(path: &Path, bytes: &[u8]) -> usize {
    if path.extension().is_none_or(|ending| ending != "wal") {
        return bytes.len();
    }
    let pages = bytes.chunks(4_096).take_while(|page| page.iter().any(|byte| *byte != 0)).count();
    let frames = &bytes[..pages * 4_096];
    frames.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
}

#[test]
fn an_untouched_log_is_intact_and_a_kept_checkpoint_anchors_it() {
    let data = tempfile::tempdir().unwrap();
    let info = sample(data.path());
    let report = check(data.path(), &info, None);
    assert_eq!(report.findings, []);
    assert!(report.anchored.is_none() && !report.notes.is_empty());
    assert_eq!(report.opened, report.size.0);
    let kept = std::fs::read(info.dir.join("log/checkpoint")).unwrap();
    let report = check(data.path(), &info, Some(kept));
    assert_eq!(report.findings, []);
    assert_eq!(report.anchored.unwrap().size, report.size);
}

#[test]
fn one_flipped_bit_in_any_live_byte_is_found_and_its_file_named() {
    let data = tempfile::tempdir().unwrap();
    let info = sample(data.path());
    let mut flipped = 0;
    for path in files(&info.dir) {
        let name = path.strip_prefix(&info.dir).unwrap().display().to_string();
        if name == "lock" || name.contains("free-") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let live = live_bytes(&path, &bytes);
        for step in 0..5 {
            let at = (live - 1) * step / 4;
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (flipped % 8);
            std::fs::write(&path, &changed).unwrap();
            flipped += 1;
            if name == "identity" {
                // Either it cannot be read at all, or it does not agree with leaf 0.
                let options = Options { checkpoint: None, bodies: true, from: 0, threads: 1 };
                let looked = verify::run(data.path(), &info.short, &options, &mut |_| {});
                assert!(looked.map_or(true, |report| !report.is_intact()), "identity, byte {at}");
                continue;
            }
            let report = check(data.path(), &info, None);
            let named = report.findings.iter().any(|finding| finding.place.contains(&name));
            assert!(named, "{name}, byte {at} of {live}: {:?}", report.findings);
        }
        std::fs::write(&path, &bytes).unwrap();
    }
    assert!(flipped > 60, "{flipped}");
    assert_eq!(check(data.path(), &info, None).findings, []);
}

#[test]
fn a_missing_or_cut_file_is_named() {
    let data = tempfile::tempdir().unwrap();
    let info = sample(data.path());
    for path in files(&info.dir) {
        let name = path.strip_prefix(&info.dir).unwrap().display().to_string();
        if !name.starts_with("evidence/") && !name.starts_with("log/") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let report = check(data.path(), &info, None);
        // A history that is gone altogether leaves the checkpoint, which is sealed in the WAL too.
        let history = name.starts_with("log/history/");
        assert!(history || !report.is_intact(), "{name} removed");
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert!(!check(data.path(), &info, None).is_intact(), "{name} cut in half");
        std::fs::write(&path, &bytes).unwrap();
    }
}

#[test]
fn evidence_of_other_leaves_under_a_sealed_name_is_found() {
    let data = tempfile::tempdir().unwrap();
    let info = sample(data.path());
    let evidence = files(&info.dir.join("evidence"));
    let (a, b) = (&evidence[0], &evidence[1]);
    let bytes = (std::fs::read(a).unwrap(), std::fs::read(b).unwrap());
    std::fs::write(a, &bytes.1).unwrap();
    std::fs::write(b, &bytes.0).unwrap();
    let report = check(data.path(), &info, None);
    for path in [a, b] {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(report.findings.iter().any(|finding| finding.place.contains(&name)), "{name}");
    }
}

#[test]
fn a_log_cut_back_below_a_kept_checkpoint_is_found() {
    let data = tempfile::tempdir().unwrap();
    let info = new_log(data.path());
    let log = open(data.path(), &info);
    append(&log, records(0..100));
    log.close().unwrap();
    let older = tempfile::tempdir().unwrap();
    copy(data.path(), older.path());
    let log = open(data.path(), &info);
    append(&log, records(100..200));
    log.close().unwrap();
    let kept = std::fs::read(info.dir.join("log/checkpoint")).unwrap();
    assert_eq!(check(older.path(), &info, None).findings, [], "alone, the older copy is a log like any other");
    let report = check(older.path(), &info, Some(kept));
    assert!(report.anchored.is_none());
    assert!(
        report.findings.iter().any(|f| f.class == Class::Missing && f.place == "kept checkpoint"),
        "{:?}",
        report.findings
    );
}

#[test]
fn history_rewritten_with_the_stolen_key_contradicts_the_kept_checkpoint() {
    let data = tempfile::tempdir().unwrap();
    let info = new_log(data.path());
    let log = open(data.path(), &info);
    append(&log, records(0..50));
    log.close().unwrap();
    let kept = std::fs::read(info.dir.join("log/checkpoint")).unwrap();
    // The same key and the same number of leaves, other records: perfect in itself.
    let forged = tempfile::tempdir().unwrap();
    copy(&data.path().join("keys"), &forged.path().join("keys"));
    let forged_info = new_log(forged.path());
    assert_eq!(forged_info.vkey, info.vkey);
    let log = open(forged.path(), &forged_info);
    append(&log, records(1_000..1_050));
    log.close().unwrap();
    assert_eq!(check(forged.path(), &forged_info, None).findings, []);
    let report = check(forged.path(), &forged_info, Some(kept));
    assert!(
        report.findings.iter().any(|f| f.class == Class::Altered && f.what.contains("rewritten")),
        "{:?}",
        report.findings
    );
}

#[test]
fn a_checkpoint_signed_with_another_key_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let info = sample(data.path());
    let report = check(data.path(), &info, None);
    let other = SignerKey::from_seed(&info.origin, Algorithm::Ed25519, &[9; 32]).unwrap();
    let root = tlog::Hash::from_base64(&report.root).unwrap();
    let forged = Checkpoint::new(info.origin.clone(), report.size.0, root).sign(&other).unwrap().encode();
    let kept = check(data.path(), &info, Some(forged.clone().into_bytes()));
    assert!(kept.findings.iter().any(|f| f.class == Class::Unverifiable), "{:?}", kept.findings);
    std::fs::write(info.dir.join("log/checkpoint"), forged).unwrap();
    let served = check(data.path(), &info, None);
    assert!(
        served.findings.iter().any(|f| f.class == Class::Altered && f.place == "log/checkpoint"),
        "{:?}",
        served.findings
    );
}

#[test]
fn without_bodies_a_flipped_bit_of_a_body_is_still_found_by_the_digest_of_its_file() {
    let data = tempfile::tempdir().unwrap();
    let info = sample(data.path());
    let path = &files(&info.dir.join("evidence"))[1];
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    std::fs::write(path, bytes).unwrap();
    let options = Options { checkpoint: None, bodies: false, from: 0, threads: 1 };
    let report = verify::run(data.path(), &info.short, &options, &mut |_| {}).unwrap();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    assert!(report.findings.iter().any(|finding| finding.place.contains(&name)), "{:?}", report.findings);
}

/// Changes a byte of the WAL frame at `offset` and mends both checksums, as a liar would who has read
/// `wal.md`; `place` is counted from the end of the payload (below zero) or from the frame's first byte.
fn forge(path: &Path, offset: usize, place: isize) {
    let mut bytes = std::fs::read(path).unwrap();
    let word = |bytes: &[u8], at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let (length, payload) = (word(&bytes, offset + 16), word(&bytes, offset + 20));
    let frame = &mut bytes[offset..offset + length];
    let at = if place < 0 { (112 + payload).strict_add_signed(place) } else { place as usize };
    frame[at] ^= 1;
    let rest = crc32c::crc32c(&frame[112..]);
    frame[104..108].copy_from_slice(&rest.to_be_bytes());
    let own = crc32c::crc32c(&frame[..108]);
    frame[108..112].copy_from_slice(&own.to_be_bytes());
    std::fs::write(path, bytes).unwrap();
}

/// Where the frames of a WAL file stand.
fn frames(path: &Path) -> Vec<usize> {
    let bytes = std::fs::read(path).unwrap();
    let mut found = Vec::new();
    let mut at = 4_096;
    while bytes[at..].starts_with(b"deedgrp0") || bytes[at..].starts_with(b"deednot0") {
        found.push(at);
        at += u32::from_be_bytes(bytes[at + 16..at + 20].try_into().unwrap()) as usize;
    }
    found
}

#[test]
fn a_forged_leaf_or_root_in_the_wal_is_found_where_checksums_were_mended() {
    let data = tempfile::tempdir().unwrap();
    let info = sample(data.path());
    // A writer that stops as in a crash leaves records that only the WAL has.
    let log = open(data.path(), &info);
    append(&log, records(450..460));
    drop(log);
    let wal = files(&info.dir.join("wal")).into_iter().rfind(|path| path.extension().is_some_and(|e| e == "wal"));
    let wal = wal.unwrap();
    let name = wal.file_name().unwrap().to_string_lossy().into_owned();
    let whole = std::fs::read(&wal).unwrap();
    let is_group = |at: &usize| whole[*at..].starts_with(b"deedgrp0");
    let groups: Vec<usize> = frames(&wal).into_iter().filter(is_group).collect();
    let (first, last) = (groups[0], groups[groups.len() - 1]);
    // The root of a group stands at byte 64 of its frame.
    let cases = [(first, -1, [true, false]), (first, 64, [true, true]), (last, -1, [true, true])];
    for (offset, place, found) in cases {
        forge(&wal, offset, place);
        for (bodies, found) in [true, false].into_iter().zip(found) {
            let options = Options { checkpoint: None, bodies, from: 0, threads: 2 };
            let report = verify::run(data.path(), &info.short, &options, &mut |_| {}).unwrap();
            let named = report.findings.iter().any(|finding| finding.place.contains(&name));
            assert_eq!(named, found, "{offset}, byte {place}, bodies {bodies}: {:?}", report.findings);
        }
        std::fs::write(&wal, &whole).unwrap();
    }
    assert_eq!(check(data.path(), &info, None).findings, []);
}
