//! `deedbook verify` over a log that somebody has changed: the exit code and the place.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::{Bench, files_under, lines};

const ALTERED: i32 = 3;
const UNVERIFIABLE: i32 = 5;
const DERIVED: i32 = 6;

/// A log of two runs: full and partial tiles, several segments, a history of checkpoints.
fn sealed() -> Bench {
    let bench = Bench::new();
    bench.put("a.log", lines(0..580));
    bench.put("b.log", lines(580..640));
    bench.ingest(&["a.log"]);
    bench.ingest(&["b.log"]);
    bench.assert_intact();
    bench
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

/// Whether a finding names the file.
fn names(report: &Value, name: &str) -> bool {
    report["findings"].as_array().is_some_and(|findings| {
        findings.iter().any(|finding| {
            let text = format!("{} {}", finding["place"], finding["what"]);
            text.contains(name)
        })
    })
}

/// Where in a file of this length bits are flipped: first and last byte, and some between.
fn places(length: usize) -> Vec<usize> {
    let mut places: Vec<usize> = [0, 1, 2, 3].iter().map(|part| part * (length - 1) / 3).collect();
    places.dedup();
    places
}

fn each_bit(bench: &Bench, paths: &[PathBuf], codes: &[i32]) {
    for path in paths {
        let good = fs::read(path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        for at in places(good.len()) {
            flip(path, at);
            let (code, report) = bench.verify(&[]);
            assert!(codes.contains(&code), "{name} byte {at}: {code} {report}");
            assert!(names(&report, name), "{name} byte {at}: {report}");
            fs::write(path, &good).unwrap();
        }
    }
    bench.assert_intact();
}

#[test]
fn one_bit_of_evidence() {
    let bench = sealed();
    each_bit(&bench, &files_under(&bench.log().join("evidence")), &[ALTERED]);
}

#[test]
fn one_bit_of_tiles_and_entries() {
    let bench = sealed();
    let all = files_under(&bench.log().join("log/tile"));
    let some: Vec<PathBuf> = ["/0/000", "/0/002.p/", "/1/000.p/", "/entries/001", "/entries/002.p/"]
        .iter()
        .map(|part| {
            all.iter()
                .find(|path| path.to_str().unwrap().contains(part))
                .unwrap_or_else(|| panic!("{part}: {all:?}"))
                .clone()
        })
        .collect();
    // A tile is found by the name of its folder, too.
    for path in some {
        let good = fs::read(&path).unwrap();
        let place = path.strip_prefix(bench.log()).unwrap().to_str().unwrap().to_owned();
        for at in places(good.len()) {
            flip(&path, at);
            let (code, report) = bench.verify(&[]);
            assert_eq!(code, ALTERED, "{place} byte {at}: {report}");
            assert!(names(&report, &place), "{place} byte {at}: {report}");
        }
        fs::remove_file(&path).unwrap();
        let (code, report) = bench.verify(&[]);
        assert_eq!(code, ALTERED, "{place} removed: {report}");
        assert!(names(&report, &place), "{place} removed: {report}");
        fs::write(&path, &good).unwrap();
    }
    bench.assert_intact();
}

#[test]
fn one_bit_of_the_checkpoint_and_of_its_history() {
    let bench = sealed();
    // A bit in the origin or in the key's name makes it the checkpoint of another log.
    each_bit(&bench, &[bench.log().join("log/checkpoint")], &[ALTERED, UNVERIFIABLE]);
    each_bit(&bench, &files_under(&bench.log().join("log/history")), &[ALTERED, UNVERIFIABLE]);
}

#[test]
fn one_bit_of_the_derived_files() {
    let bench = sealed();
    let files: Vec<PathBuf> = files_under(&bench.path("data/lake"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "parquet"))
        .collect();
    assert!(files.len() > 2);
    each_bit(&bench, &files, &[DERIVED]);
    // What verify says to do is enough.
    flip(&files[0], 40);
    assert_eq!(bench.verify(&[]).0, DERIVED);
    assert_eq!(bench.run(&["lake", "rebuild"]).code, Some(0));
    bench.assert_intact();
}

/// Bytes of the write-ahead log are evidence until they are in a segment.
#[test]
fn one_bit_of_what_is_in_the_write_ahead_log_alone() {
    let bench = sealed();
    let wal = files_under(&bench.log().join("wal"));
    let live = wal.iter().find(|path| !path.to_str().unwrap().contains("free-")).expect("a live file");
    let good = fs::read(live).unwrap();
    let end = good.iter().rposition(|byte| *byte != 0).unwrap();
    let tail = usize::try_from(bench.verify(&[]).1["size"].as_u64().unwrap()).unwrap();
    assert!(tail > 0 && end > 4_096);
    // The last frame that was written holds the last leaves.
    for back in [8, 64] {
        flip(live, end - back);
        let (code, report) = bench.verify(&[]);
        assert_eq!(code, ALTERED, "{back} bytes before {end}: {report}");
        assert!(names(&report, "wal"), "{report}");
        fs::write(live, &good).unwrap();
    }
    // Free space is no evidence.
    flip(live, good.len() - 1);
    let (code, report) = bench.verify(&[]);
    assert_eq!(code, 0, "{report}");
}

#[test]
fn evidence_that_was_cut_or_taken_away() {
    let bench = sealed();
    for path in files_under(&bench.log().join("evidence")) {
        let good = fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        fs::write(&path, &good[..good.len() / 2]).unwrap();
        let (code, report) = bench.verify(&[]);
        assert_eq!(code, ALTERED, "{name}: {report}");
        assert!(names(&report, &name), "{name}: {report}");
        fs::remove_file(&path).unwrap();
        let (code, report) = bench.verify(&[]);
        assert_eq!(code, ALTERED, "{name}: {report}");
        fs::write(&path, &good).unwrap();
    }
    bench.assert_intact();
}

fn copy(from: &Path, to: &Path) {
    for path in files_under(from) {
        let target = to.join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(path, target).unwrap();
    }
}

#[test]
fn a_kept_checkpoint_anchors_and_shows_a_log_set_back() {
    let bench = Bench::new();
    bench.put("a.log", lines(0..300));
    bench.ingest(&["a.log"]);
    copy(&bench.path("data"), &bench.path("older"));
    fs::copy(bench.log().join("log/checkpoint"), bench.path("early")).unwrap();
    bench.put("b.log", lines(300..400));
    bench.ingest(&["b.log"]);
    fs::copy(bench.log().join("log/checkpoint"), bench.path("late")).unwrap();

    let (code, report) = bench.verify(&["--checkpoint", "early"]);
    assert_eq!((code, &report["verdict"]), (0, &json!("intact")), "{report}");
    let (anchored, size) = (report["anchored"].as_u64().unwrap(), report["size"].as_u64().unwrap());
    assert!(anchored >= 300 && anchored < size, "{report}");
    assert_eq!(report["unanchored"], json!(size - anchored));
    let (code, report) = bench.verify(&["--checkpoint", "late"]);
    assert_eq!((code, &report["anchored"]), (0, &report["size"]), "{report}");

    // The whole folder as it once was: sound in itself, and short of what was kept.
    fs::rename(bench.path("data"), bench.path("newer")).unwrap();
    fs::rename(bench.path("older"), bench.path("data")).unwrap();
    bench.assert_intact();
    let (code, report) = bench.verify(&["--checkpoint", "late"]);
    assert_eq!(code, ALTERED, "{report}");
    assert_eq!(bench.verify(&["--checkpoint", "early"]).0, 0);

    // The same key goes on from there with other records: a fork, which only what was kept can show.
    bench.put("c.log", lines(500..700));
    bench.ingest(&["c.log"]);
    bench.assert_intact();
    let (code, report) = bench.verify(&["--checkpoint", "late"]);
    assert_eq!(code, ALTERED, "{report}");
    assert_eq!(bench.verify(&["--checkpoint", "early"]).0, 0);
}

#[test]
fn a_checkpoint_of_another_key_cannot_be_verified() {
    let (bench, other) = (sealed(), sealed());
    fs::copy(other.log().join("log/checkpoint"), bench.path("foreign")).unwrap();
    let (code, report) = bench.verify(&["--checkpoint", "foreign"]);
    assert_eq!(code, UNVERIFIABLE, "{report}");
    assert!(names(&report, "checkpoint"), "{report}");
    // And in the place of our own.
    fs::copy(other.log().join("log/checkpoint"), bench.log().join("log/checkpoint")).unwrap();
    let (code, report) = bench.verify(&[]);
    assert!([ALTERED, UNVERIFIABLE].contains(&code), "{report}");
    let ran = bench.run(&["verify", "--checkpoint", "nowhere"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.err.contains("nowhere"), "{}", ran.err);
}
