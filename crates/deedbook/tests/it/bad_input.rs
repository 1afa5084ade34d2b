//! Input that is damaged, hostile or not there: a documented exit code, a counted reject, a message that
//! names the file, and a log that is intact afterwards.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use crate::{Bench, call, counts, gzip, ids, lines, zstd};

/// Ingests `name` between two good files and looks at the whole: code, records and rejects of the bad
/// file, and what the report says about it.
fn ends(bench: &Bench, name: &str, code: i32, records: u64, rejects: u64) {
    bench.put("first.log", lines(0..4));
    bench.put("last.log", lines(4..8));
    let report = bench.ingest_ending(&["first.log", name, "last.log"], code);
    let [_, all, events, bad, _] = counts(&report);
    assert_eq!((all, events, bad), (8 + records, 8 + records - rejects, rejects), "{name}: {report}");
    if code == 4 {
        assert_eq!(report["unread"].as_array().unwrap().len(), 1, "{report}");
        assert!(report["unread"][0]["path"].as_str().unwrap().contains(name), "{report}");
        assert_ne!(report["unread"][0]["reason"], json!(""));
    } else {
        assert_eq!(report["unread"], json!([]));
    }
    assert_eq!(bench.sql("SELECT count(*) FROM rejects"), [rejects.to_string()]);
    bench.assert_intact();
    // Once more: neither twice the records nor another verdict.
    let again = bench.ingest_ending(&["first.log", name, "last.log"], code);
    assert!(counts(&again)[4] >= 8, "{again}");
    bench.assert_intact();
}

/// The reasons of the rejects, as the tables tell them.
fn reasons(bench: &Bench) -> Vec<String> {
    bench.sql("SELECT reason FROM rejects ORDER BY leaf_index")
}

#[test]
fn truncated_json_is_one_reject() {
    let bench = Bench::new();
    let text = call(50).to_string();
    bench.put("bad.json", &text[..text.len() / 2]);
    ends(&bench, "bad.json", 0, 1, 1);
}

#[test]
fn a_truncated_line_among_good_ones_is_one_reject() {
    let bench = Bench::new();
    let text = call(50).to_string();
    bench.put("bad.log", format!("{}{}\n{}", lines(51..53), &text[..200], lines(53..55)));
    ends(&bench, "bad.log", 0, 5, 1);
}

#[test]
fn invalid_utf8_is_one_reject_and_its_bytes_are_kept() {
    let bench = Bench::new();
    let mut text = call(50).to_string().into_bytes();
    let at = text.windows(6).position(|window| window == b"ledger").unwrap();
    text[at] = 0xff;
    text.push(b'\n');
    bench.put("bad.log", [text, lines(51..52).into_bytes()].concat());
    ends(&bench, "bad.log", 0, 2, 1);
}

#[test]
fn duplicate_keys_make_an_event_that_says_so() {
    let bench = Bench::new();
    let text = call(50).to_string().replacen('{', "{\"awsRegion\":\"us-east-1\",", 1);
    bench.put("bad.log", text + "\n");
    ends(&bench, "bad.log", 0, 1, 0);
    let marked = bench.sql("SELECT source_event_id, region FROM events WHERE quality_duplicate_keys");
    assert_eq!(marked, [format!("{},eu-north-1", ids(50..51)[0])]);
}

#[test]
fn an_empty_file_is_a_delivery_without_records() {
    let bench = Bench::new();
    bench.put("empty.log", "");
    ends(&bench, "empty.log", 0, 0, 0);
}

#[test]
fn blank_lines_are_no_records() {
    let bench = Bench::new();
    bench.put("blank.log", format!("\n\r\n   \n{}\n\n", lines(50..51)));
    ends(&bench, "blank.log", 0, 1, 0);
}

#[test]
fn a_binary_file_is_rejected_and_counted() {
    let bench = Bench::new();
    let mut state = 0x9e37_79b9_u32;
    let noise: Vec<u8> = (0..100_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect();
    bench.put("noise.bin", noise);
    bench.put("good.log", lines(0..3));
    let report = bench.ingest(&["noise.bin", "good.log"]);
    assert_eq!(report["events"], json!(3));
    assert!(report["rejects"].as_u64() > Some(0), "{report}");
    bench.assert_intact();
}

#[test]
fn a_line_over_the_limit_is_one_truncated_record() {
    let bench = Bench::new();
    let mut huge = call(50);
    huge["requestParameters"]["key"] = json!("x".repeat(20 << 20));
    bench.put("huge.log", format!("{huge}\n{}", lines(51..53)));
    ends(&bench, "huge.log", 0, 3, 1);
    let reason = &reasons(&bench)[0];
    assert!(reason.contains("too") && reason.contains("large"), "{reason}");
    // The beginning is kept, the rest is known by its digest.
    let kept: u64 = bench.sql("SELECT max(length(raw)) FROM records")[0].parse().unwrap();
    assert!(kept > 100 && kept <= 16 << 20, "{kept}");
}

#[test]
fn nesting_without_end_is_one_reject() {
    let bench = Bench::new();
    let deep = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    bench.put("deep.log", format!("{}\n{}\n{}", deep(100), deep(100_000), lines(50..51)));
    ends(&bench, "deep.log", 0, 3, 2);
}

#[test]
fn a_gzip_bomb_is_stopped() {
    let bench = Bench::new();
    bench.put("bomb.gz", gzip(&vec![b'0'; 80 << 20]));
    assert!(fs::metadata(bench.path("bomb.gz")).unwrap().len() < 200 << 10);
    ends(&bench, "bomb.gz", 4, 1, 1);
}

#[test]
fn a_zstd_bomb_is_stopped() {
    let bench = Bench::new();
    // 100 GiB in three megabytes: the test would not end if it were decoded.
    let block = (1, 128 << 10, &b"\n"[..]);
    bench.put("bomb.zst", zstd(&vec![block; 100 << 13]));
    ends(&bench, "bomb.zst", 4, 0, 0);
}

#[test]
fn a_damaged_gzip_gives_what_came_before_the_damage() {
    let bench = Bench::new();
    let whole = gzip(lines(1_000..4_000).as_bytes());
    bench.put("cut.gz", &whole[..whole.len() / 2]);
    bench.put("good.log", lines(0..3));
    let report = bench.ingest_ending(&["cut.gz", "good.log"], 4);
    assert!(report["events"].as_u64() > Some(1_000), "{report}");
    let unread = &report["unread"][0];
    assert!(unread["path"].as_str().unwrap().contains("cut.gz"), "{report}");
    assert!(unread["reason"].as_str().unwrap().contains("ends early"), "{report}");
    bench.assert_intact();

    // Mended, it is read again; what the first run sealed is told once.
    bench.put("cut.gz", &whole);
    bench.ingest(&["cut.gz"]);
    assert_eq!(bench.sql("SELECT count(*) FROM events"), ["3003"]);

    let mut bent = whole;
    let middle = bent.len() / 2;
    bent[middle..middle + 64].fill(0xaa);
    bench.put("bent.gz", bent);
    let report = bench.ingest_ending(&["bent.gz"], 4);
    assert!(report["unread"][0]["path"].as_str().unwrap().contains("bent.gz"), "{report}");
    bench.assert_intact();
}

#[test]
fn no_gzip_behind_its_magic_number_is_named() {
    let bench = Bench::new();
    bench.put("short.gz", [0x1f, 0x8b, 8, 0]);
    ends(&bench, "short.gz", 4, 0, 0);
}

#[test]
fn a_missing_path_is_named_and_the_others_are_sealed() {
    let bench = Bench::new();
    ends(&bench, "missing.log", 4, 0, 0);
    let ran = bench.run(&["ingest", "nothing-*.log"]);
    assert_eq!(ran.code, Some(4));
    assert!(ran.err.contains("nothing-*.log"), "{}", ran.err);
}

#[test]
fn an_unreadable_file_in_a_folder_is_named() {
    let bench = Bench::new();
    for number in 0..200 {
        bench.put(&format!("in/{number}.log"), lines(number..number + 1));
    }
    let path = bench.path("in/77.log");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&path).is_ok() {
        println!("skipped: this user may read every file");
        return;
    }
    let report = bench.ingest_ending(&["in"], 4);
    assert_eq!(counts(&report)[1], 199);
    assert!(report["unread"][0]["path"].as_str().unwrap().ends_with("in/77.log"), "{report}");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(counts(&bench.ingest(&["in"])), [1, 1, 1, 0, 199]);
}

#[test]
fn times_out_of_this_age_or_without_a_zone_are_kept() {
    let bench = Bench::new();
    let mut text = String::new();
    for (number, time) in ["1970-01-01T00:00:00Z", "2099-12-31T23:59:59Z", "2026-01-01T00:00:00"].iter().enumerate() {
        let mut record = call(60 + u32::try_from(number).unwrap());
        record["eventTime"] = json!(time);
        text += &format!("{record}\n");
    }
    bench.put("odd.log", text);
    let report = bench.ingest(&["odd.log"]);
    assert_eq!(counts(&report)[1], 3);
    assert!(report["events"].as_u64() >= Some(2), "{report}");
    bench.assert_intact();
}
