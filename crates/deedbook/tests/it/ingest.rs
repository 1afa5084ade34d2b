//! `deedbook ingest`: what is read, what is known again, what is counted.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::{Bench, counts, gzip, ids, lines, zstd};

#[test]
fn three_platforms_are_counted_and_a_second_run_adds_nothing() {
    let bench = Bench::new();
    let totals = scenario::incident::write(&bench.path("logs"), 1_793_577_600_000).unwrap();
    // What was written as ground truth is no log.
    for entry in fs::read_dir(bench.path("logs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "ndjson") {
            fs::remove_file(path).unwrap();
        }
    }
    let first = bench.ingest(&["logs"]);
    assert_eq!(counts(&first)[1..], [totals.records, totals.records, 0, 0]);
    // The manifest of the derived files and the directive that names the source are leaves, too.
    assert!(first["leaves"].as_u64() > first["records"].as_u64().map(|n| n + counts(&first)[0]), "{first}");
    assert_eq!(bench.sql("SELECT count(*) FROM records"), [totals.records.to_string()]);
    let second = bench.ingest(&["logs"]);
    assert_eq!(counts(&second), [0, 0, 0, 0, totals.records]);
    assert_eq!(bench.sql("SELECT count(*) FROM records"), [totals.records.to_string()]);
    bench.assert_intact();
}

#[test]
fn folders_globs_and_names_are_read_once_each() {
    let bench = Bench::new();
    bench.put("in/a.log", lines(0..3));
    bench.put("in/deep/b.log", lines(3..5));
    bench.put("in/.hidden", lines(90..91));
    bench.put("more-1.log", lines(5..6));
    bench.put("more-2.log", lines(6..8));
    std::os::unix::fs::symlink(bench.path("in"), bench.path("in/loop")).unwrap();
    let report = bench.ingest(&["in", "more-*.log", "in/a.log"]);
    assert_eq!(counts(&report), [4, 8, 8, 0, 3]);
    assert_eq!(bench.ids(), ids(0..8));
    let bytes: usize = [0..3, 3..5, 5..6, 6..8].map(|range| lines(range).len()).iter().sum();
    assert_eq!(report["bytes"], json!(bytes));
}

#[test]
fn the_same_content_under_another_name_or_compression_of_the_file_is_known() {
    let bench = Bench::new();
    bench.put("a.log", lines(0..20));
    assert_eq!(counts(&bench.ingest(&["a.log"])), [1, 20, 20, 0, 0]);
    fs::copy(bench.path("a.log"), bench.path("copy.log")).unwrap();
    assert_eq!(counts(&bench.ingest(&["copy.log"])), [0, 0, 0, 0, 20]);
    fs::rename(bench.path("a.log"), bench.path("a.log.1")).unwrap();
    assert_eq!(counts(&bench.ingest(&["a.log.1"])), [0, 0, 0, 0, 20]);
    bench.put("b.log.gz", gzip(lines(30..40).as_bytes()));
    assert_eq!(counts(&bench.ingest(&["b.log.gz"])), [1, 10, 10, 0, 0]);
    assert_eq!(counts(&bench.ingest(&["b.log.gz"])), [0, 0, 0, 0, 10]);
}

#[test]
fn gzip_zstd_and_standard_input_by_content_not_by_name() {
    let bench = Bench::new();
    let (one, two) = (lines(4..6), lines(6..8));
    let members = [gzip(lines(0..2).as_bytes()), gzip(lines(2..4).as_bytes())].concat();
    bench.put("several-members", members);
    let length = |text: &str| u32::try_from(text.len()).unwrap();
    bench.put("frame.txt", zstd(&[(0, length(&one), one.as_bytes()), (0, length(&two), two.as_bytes())]));
    assert_eq!(counts(&bench.ingest(&["several-members", "frame.txt"])), [2, 8, 8, 0, 0]);
    let ran = bench.run_with(&["ingest", "-o", "json", "-"], lines(8..10).as_bytes());
    assert_eq!((ran.code, counts(&ran.json())), (Some(0), [1, 2, 2, 0, 0]), "{}", ran.err);
    let ran = bench.run_with(&["ingest", "-o", "json", "-"], &gzip(lines(10..13).as_bytes()));
    assert_eq!((ran.code, counts(&ran.json())), (Some(0), [1, 3, 3, 0, 0]), "{}", ran.err);
    assert_eq!(bench.ids(), ids(0..13));
    bench.assert_intact();
}

#[test]
fn a_grown_file_goes_on_at_its_end() {
    let bench = Bench::new();
    bench.put("a.log", lines(0..50));
    bench.ingest(&["a.log"]);
    bench.add("a.log", lines(50..57));
    let report = bench.ingest(&["a.log"]);
    assert_eq!(counts(&report), [1, 7, 7, 0, 50]);
    assert_eq!(report["bytes"], json!(lines(50..57).len()));
    assert_eq!(counts(&bench.ingest(&["a.log"])), [0, 0, 0, 0, 57]);
    assert_eq!(bench.ids(), ids(0..57));
}

#[test]
fn a_short_file_grows_past_what_it_is_known_by() {
    let bench = Bench::new();
    // Shorter than the bytes by which a file is known again.
    bench.put("a.log", lines(0..1));
    assert_eq!(counts(&bench.ingest(&["a.log"])), [1, 1, 1, 0, 0]);
    bench.add("a.log", lines(1..60));
    assert_eq!(counts(&bench.ingest(&["a.log"])), [1, 59, 59, 0, 1]);
    assert_eq!(bench.ids(), ids(0..60));
}

/// The last line was taken without its line feed; whole or not, it comes again with what follows it.
#[test]
fn a_file_without_a_last_line_feed_grows() {
    let bench = Bench::new();
    bench.put("whole.log", lines(0..3).trim_end());
    assert_eq!(counts(&bench.ingest(&["whole.log"])), [1, 3, 3, 0, 0]);
    assert_eq!(counts(&bench.ingest(&["whole.log"])), [0, 0, 0, 0, 3]);
    bench.add("whole.log", format!("\n{}", lines(3..5)));
    bench.ingest(&["whole.log"]);
    let mut told = bench.sql("SELECT DISTINCT source_event_id FROM events ORDER BY 1");
    assert_eq!(told, ids(0..5));

    let half = lines(10..12);
    let (begin, end) = half.split_at(half.len() - 40);
    bench.put("half.log", begin);
    assert_eq!(counts(&bench.ingest(&["half.log"])), [1, 2, 1, 1, 0]);
    bench.add("half.log", end);
    bench.ingest(&["half.log"]);
    told = bench.sql("SELECT DISTINCT source_event_id FROM events ORDER BY 1");
    assert_eq!(told, [ids(0..5), ids(10..12)].concat());
    bench.assert_intact();
}

#[test]
fn a_file_that_was_cut_and_filled_again_is_read_from_its_beginning() {
    let bench = Bench::new();
    bench.put("a.log", lines(0..30));
    bench.ingest(&["a.log"]);
    bench.put("a.log", lines(100..104));
    assert_eq!(counts(&bench.ingest(&["a.log"])), [1, 4, 4, 0, 0]);
    assert_eq!(bench.ids(), [ids(0..30), ids(100..104)].concat());
}

#[test]
fn a_dry_run_counts_and_seals_nothing() {
    let bench = Bench::new();
    bench.put("a.log", lines(0..9));
    bench.put("b.log", "no json\n");
    bench.ingest(&["a.log"]);
    let before: Vec<Vec<u8>> =
        crate::files_under(&bench.path("data")).iter().map(|path| fs::read(path).unwrap()).collect();
    let ran = bench.run(&["ingest", "--dry-run", "-o", "json", "a.log", "b.log"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(counts(&ran.json()), [2, 10, 9, 1, 0]);
    assert_eq!(ran.json()["leaves"], json!(0));
    let after: Vec<Vec<u8>> =
        crate::files_under(&bench.path("data")).iter().map(|path| fs::read(path).unwrap()).collect();
    assert_eq!(before, after);
}

/// Positions are a fold of the log: without their file a run knows as much.
#[test]
fn deleted_positions_come_back_from_the_log() {
    let bench = Bench::new();
    bench.put("a.log", lines(0..25));
    bench.put("b.log.gz", gzip(lines(30..35).as_bytes()));
    bench.ingest(&["a.log", "b.log.gz"]);
    fs::remove_dir_all(bench.path("data/state")).unwrap();
    assert_eq!(counts(&bench.ingest(&["a.log", "b.log.gz"])), [0, 0, 0, 0, 30]);
    bench.add("a.log", lines(25..27));
    fs::remove_dir_all(bench.path("data/state")).unwrap();
    assert_eq!(counts(&bench.ingest(&["a.log"])), [1, 2, 2, 0, 25]);
}

#[test]
fn deleted_tables_come_back_equal() {
    let bench = Bench::new();
    bench.put("a.log", lines(0..200));
    bench.ingest(&["a.log"]);
    let before = bench.sql("SELECT * FROM events ORDER BY leaf_index");
    fs::remove_dir_all(bench.path("data/lake")).unwrap();
    let ran = bench.run(&["lake", "rebuild"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(bench.sql("SELECT * FROM events ORDER BY leaf_index"), before);
    bench.assert_intact();
}

#[test]
fn without_a_log_the_one_line_to_run_is_said() {
    let bench = Bench::new();
    bench.put("a.log", lines(0..1));
    for arguments in [&["ingest", "a.log"][..], &["events"], &["verify"], &["sql", "SELECT 1"], &["key", "show"]] {
        let ran = bench.run(arguments);
        assert_eq!(ran.code, Some(1), "{arguments:?}");
        assert!(ran.err.contains("deedbook init"), "{arguments:?}: {}", ran.err);
    }
    assert!(!Path::new(&bench.path("data")).exists());
}

#[test]
fn a_wrong_call_is_2_and_names_what_is_allowed() {
    let bench = Bench::new();
    bench.put("a.log", lines(0..1));
    bench.ingest(&["a.log"]);
    for (arguments, said) in [
        (&["ingest"][..], "INPUTS"),
        (&["ingest", "a.log", "--platform", "cobol"], "vault"),
        (&["events", "--outcome", "maybe"], "success"),
        (&["events", "--since", "yesterdayish"], "since"),
        (&["events", "--since", "2026-02-02", "--until", "2026-02-01"], "until"),
        (&["show", "nothing-of-that-name"], "nothing-of-that-name"),
        (&["prove", "nonsense"], "nonsense"),
        (&["frobnicate"], "frobnicate"),
    ] {
        let ran = bench.run(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains(said), "{arguments:?}: {}", ran.err);
    }
}
