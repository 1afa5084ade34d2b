//! What is asked of a log: `events`, `sql`, `show`, `prove`, `key`.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::{Bench, ids, lines};

fn sealed() -> Bench {
    let bench = Bench::new();
    bench.put("a.log", lines(0..60));
    bench.put("bad.log", "neither this\n");
    bench.ingest(&["a.log", "bad.log"]);
    bench
}

/// The ends of the source event ids that `events` returns, sorted.
fn asked(bench: &Bench, arguments: &[&str]) -> Vec<usize> {
    let ran = bench.run(&[&["events", "-o", "ndjson"], arguments].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let id = |line: &str| {
        let event: Value = serde_json::from_str(line).unwrap();
        event["source_event_id"].as_str().unwrap().rsplit('-').next().unwrap().parse().unwrap()
    };
    let mut found: Vec<usize> = ran.out.lines().map(id).collect();
    found.sort_unstable();
    found
}

#[test]
fn filters_select_what_they_say() {
    let bench = sealed();
    let of = |keep: fn(&usize) -> bool| (0..60).filter(keep).collect::<Vec<usize>>();
    let every = of(|_| true);
    for (arguments, expected) in [
        (&[][..], every.clone()),
        (&["--outcome", "failure"], of(|n| n % 3 == 0)),
        (&["--outcome", "success"], of(|n| n % 3 != 0)),
        (&["--action", "s3:Get*"], of(|n| n % 2 == 0)),
        (&["--action", "s3:*"], every.clone()),
        (&["--principal", "*ops"], of(|n| n % 3 == 0)),
        (&["--src-ip", "10.0.0.3"], of(|n| n % 4 == 3)),
        (&["--resource", "*/7.csv"], vec![7]),
        (&["--correlation", "R00004"], vec![8, 9]),
        (&["--platform", "aws"], every.clone()),
        (&["--platform", "vault"], vec![]),
        (&["--source", "files"], every.clone()),
        (&["--source", "elsewhere"], vec![]),
        (&["--since", "2026-03-01T10:00:58Z"], vec![58, 59]),
        (&["--until", "2026-03-01T10:00:02Z"], vec![0, 1]),
        (&["--since", "2026-03-01", "--until", "2026-03-02"], every),
        (&["--outcome", "failure", "--action", "*:PutObject", "--src-ip", "10.0.0.1"], vec![9, 21, 33, 45, 57]),
        (&["--limit", "2"], vec![58, 59]),
    ] {
        assert_eq!(asked(&bench, arguments), expected, "{arguments:?}");
    }
}

#[test]
fn groups_fold_what_shares_a_correlation_id() {
    let bench = sealed();
    let ran = bench.run(&["events", "--group", "-o", "ndjson"]);
    let rows: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 30, "{}", ran.err);
    assert!(rows.iter().all(|row| row["group_count"] == json!(2)), "{}", ran.out);
    let ran = bench.run(&["events", "--group", "--correlation", "R00004"]);
    assert!(ran.out.contains("group_count"), "{}", ran.out);
}

#[test]
fn an_empty_answer_says_what_the_log_spans() {
    let bench = sealed();
    let ran = bench.run(&["events", "--since", "2099-01-01"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""));
    assert!(ran.err.contains("0 in range; the log spans 2026-03-01T10:00:00Z .. 2026-03-01T10:00:59Z"), "{}", ran.err);
    let empty = Bench::new();
    empty.run(&["init"]);
    let ran = empty.run(&["events"]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.err.contains("no events yet"), "{}", ran.err);
}

#[test]
fn every_format_tells_the_same_rows() {
    let bench = sealed();
    let query = "SELECT source_event_id, status FROM events ORDER BY 1 LIMIT 2";
    let said = |format: &str| bench.run(&["sql", "-o", format, query]).out;
    let rows = json!([
        { "source_event_id": ids(0..1)[0], "status": "failure" },
        { "source_event_id": ids(1..2)[0], "status": "success" },
    ]);
    assert_eq!(serde_json::from_str::<Value>(&said("json")).unwrap(), rows);
    let by_line: Vec<Value> = said("ndjson").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(json!(by_line), rows);
    let expected = format!("source_event_id,status\n{},failure\n{},success\n", ids(0..1)[0], ids(1..2)[0]);
    assert_eq!(said("csv"), expected);
    let table = said("table");
    assert_eq!(table.lines().count(), 3, "{table}");
    assert!(table.lines().nth(1).unwrap().contains(&ids(0..1)[0]), "{table}");
    for format in ["json", "ndjson"] {
        let none = bench.run(&["sql", "-o", format, "SELECT status FROM events WHERE false"]);
        let expected = if format == "json" { json!([]) } else { Value::Null };
        assert_eq!(serde_json::from_str(&none.out).unwrap_or(Value::Null), expected);
    }
}

#[test]
fn sql_reads_and_nothing_else() {
    let bench = sealed();
    for query in [
        "DROP TABLE events",
        "CREATE TABLE t AS SELECT 1",
        "INSERT INTO events SELECT * FROM events",
        "COPY events TO 'out.parquet'",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION 'a.log'",
        "SET datafusion.execution.batch_size = 1",
        "SELECT * FROM 'a.log'",
        "SELECT nothing FROM events",
        "SELECT",
    ] {
        let ran = bench.run(&["sql", query]);
        assert!([Some(1), Some(2)].contains(&ran.code), "{query}: {:?} {}", ran.code, ran.out);
        assert_eq!(ran.out, "", "{query}");
        assert!(ran.err.starts_with("deedbook: "), "{query}: {}", ran.err);
    }
    assert!(!bench.path("out.parquet").exists());
    assert_eq!(bench.sql("SELECT count(*) FROM rejects"), ["1"]);
    let ran = bench.run_with(&["sql", "-o", "csv", "-"], b"SELECT count(*) AS n FROM events");
    assert_eq!(ran.out, "n\n60\n");
}

#[test]
fn show_answers_by_both_ids() {
    let bench = sealed();
    let source_id = &ids(7..8)[0];
    let event_id = &bench.sql(&format!("SELECT event_id FROM events WHERE source_event_id = '{source_id}'"))[0];
    let by_event = bench.run(&["show", event_id, "-o", "json"]).json();
    assert_eq!(by_event, bench.run(&["show", source_id, "-o", "json"]).json());
    assert_eq!(by_event["event"]["source_event_id"], json!(source_id));
    // The record as it came, byte for byte.
    assert_eq!(format!("{}\n", by_event["raw"].as_str().unwrap().trim_end()), lines(7..8));
    assert_eq!(by_event["origins"]["region"], json!("/awsRegion"));
    assert!(by_event["seal"].as_str().unwrap().starts_with("sealed: "), "{by_event}");
    let text = bench.run(&["show", source_id]).out;
    for said in ["On 2026-03-01T10:00:07Z", "s3:PutObject", "10.0.0.3", "it was allowed", "/awsRegion"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let reject = &bench.sql("SELECT event_id FROM rejects")[0];
    let ran = bench.run(&["show", reject]);
    assert!(ran.out.contains("was rejected") && ran.out.contains("neither this"), "{}{}", ran.out, ran.err);
    let log = event_id.split('-').next().unwrap();
    for missing in [format!("{log}-999999"), "0badc0de-1".to_owned(), format!("{log}-0")] {
        let ran = bench.run(&["show", &missing]);
        assert!([Some(1), Some(2)].contains(&ran.code), "{missing}: {:?}", ran.code);
        assert!(ran.err.contains(missing.split('-').nth(1).unwrap()), "{missing}: {}", ran.err);
    }
}

#[test]
fn a_proof_opens_one_event_and_no_other() {
    let bench = sealed();
    let found = bench.sql("SELECT event_id FROM events ORDER BY leaf_index LIMIT 2");
    for (event, name) in found.iter().zip(["one", "two"]) {
        let ran = bench.run(&["prove", event, "-o", &format!("{name}.proof"), "--record", &format!("{name}.json")]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
    }
    let key = bench.run(&["key", "show"]);
    assert_eq!(key.code, Some(0));
    bench.put("vkey", &key.out);
    let verifier = Path::new(env!("CARGO_BIN_EXE_deedbook")).with_file_name("deedbook-verify");
    if !verifier.exists() {
        println!("skipped: deedbook-verify is not built; `cargo build -p verify` builds it");
        return;
    }
    let check = |proof: &str, record: &str| {
        let output = Command::new(&verifier)
            .current_dir(bench.folder.path())
            .args(["proof", proof, "--record", record, "--key", "vkey"])
            .output()
            .unwrap();
        output.status.code().unwrap()
    };
    assert_eq!(check("one.proof", "one.json"), 0);
    assert_eq!(check("two.proof", "two.json"), 0);
    assert_eq!(check("one.proof", "two.json"), 3, "a record of another leaf");
    let ran = bench.run(&["prove", &format!("{}99999", found[0])]);
    assert!([Some(1), Some(2)].contains(&ran.code), "{:?} {}", ran.code, ran.err);
}
