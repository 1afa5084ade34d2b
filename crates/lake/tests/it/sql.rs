//! Tables, limits and refusals of SQL.

use std::time::Duration;

use lake::{ErrorKind, Limits};

use crate::log::{Log, ask, k8s, try_ask};

fn small(folder: &std::path::Path) -> Log {
    let mut log = Log::new();
    for n in 0..20 {
        log.record(&k8s(&format!("id-{n}"), &format!("user-{}", n % 3), "get", "db", n));
    }
    log.record("not json");
    log.settle(folder);
    for n in 20..30 {
        log.record(&k8s(&format!("id-{n}"), "user-9", "list", "db", n));
    }
    log.record("");
    log
}

#[test]
fn rows_in_files_and_rows_in_the_tail_are_one_table() {
    let folder = tempfile::tempdir().unwrap();
    let lake = small(folder.path()).lake(folder.path());
    assert_eq!(ask(&lake, "SELECT count(*) AS n FROM events"), [r#"{"n":30}"#]);
    assert_eq!(ask(&lake, "SELECT count(*) AS n FROM events WHERE api_operation LIKE 'list%'"), [r#"{"n":10}"#]);
    assert_eq!(
        ask(&lake, "SELECT leaf_index, reason FROM rejects ORDER BY 1"),
        [r#"{"leaf_index":21,"reason":"not JSON"}"#, r#"{"leaf_index":33,"reason":"empty"}"#]
    );
    assert_eq!(
        ask(&lake, "SELECT name, records, events, rejects, first_time, last_time FROM sources"),
        [
            r#"{"name":"trail","records":32,"events":30,"rejects":2,"first_time":"2023-02-01T10:00:00.500Z","last_time":"2023-02-01T10:00:29.500Z"}"#
        ]
    );
    assert_eq!(
        ask(&lake, "SELECT size, root, time FROM checkpoints"),
        [r#"{"size":3,"root":"AAAA","time":"2023-11-14T22:13:20.020Z"}"#]
    );
    assert_eq!(ask(&lake, "SELECT count(*) AS n FROM records"), [r#"{"n":32}"#]);
    assert_eq!(
        ask(&lake, "SELECT kind, count(*) AS n FROM leaves GROUP BY 1 ORDER BY 1"),
        [r#"{"kind":"directive","n":1}"#, r#"{"kind":"record","n":32}"#, r#"{"kind":"view-manifest","n":1}"#]
    );
}

#[test]
fn json_functions_reach_into_the_raw_record() {
    let folder = tempfile::tempdir().unwrap();
    let lake = small(folder.path()).lake(folder.path());
    let sql =
        "SELECT raw->>'verb' AS verb, json_get_str(raw, 'objectRef', 'name') AS name, source, body_bytes > 100 AS long
               FROM records WHERE event_id = '3f2a91c0-3' OR leaf_index = 24";
    let mut rows = ask(&lake, sql);
    rows.sort();
    assert_eq!(
        rows,
        [
            r#"{"verb":"get","name":"db","source":"trail","long":true}"#,
            r#"{"verb":"list","name":"db","source":"trail","long":true}"#
        ]
    );
}

#[test]
fn whatever_is_not_a_question_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let lake = small(folder.path()).lake(folder.path());
    for sql in [
        "CREATE TABLE t AS SELECT 1",
        "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION '/tmp/x'",
        "DROP TABLE events",
        "INSERT INTO events SELECT * FROM events",
        "DELETE FROM events",
        "UPDATE events SET status = 'x'",
        "COPY (SELECT 1) TO '/tmp/x.csv'",
        "SET datafusion.execution.batch_size = 1",
        "EXPLAIN ANALYZE INSERT INTO events SELECT * FROM events",
    ] {
        let error = try_ask(&lake, sql, Limits::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied, "{sql}: {error}");
        assert!(error.to_string().contains("read-only"), "{sql}: {error}");
    }
    for sql in ["SELECT 1; SELECT 2", "SELECT nothing FROM events", "SELEKT", "SELECT * FROM '/etc/passwd'"] {
        let error = try_ask(&lake, sql, Limits::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{sql}: {error}");
    }
}

#[test]
fn a_scalar_subquery_of_several_rows_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let lake = small(folder.path()).lake(folder.path());
    let sql = "SELECT count(*) FROM events WHERE leaf_index = (SELECT leaf_index FROM events_all)";
    let error = try_ask(&lake, sql, Limits::default()).unwrap_err();
    assert!(error.to_string().contains("more than one row"), "{error}");
}

#[test]
fn limits_on_rows_memory_and_time_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let lake = small(folder.path()).lake(folder.path());
    let kind = |sql: &str, limits| try_ask(&lake, sql, limits).unwrap_err().kind();
    let rows = Limits { rows: 10, ..Limits::default() };
    assert_eq!(kind("SELECT leaf_index FROM events", rows), ErrorKind::Limit);
    let memory = Limits { memory_bytes: 1 << 20, ..Limits::default() };
    assert_eq!(kind("SELECT value FROM generate_series(1, 3000000) ORDER BY value % 1000", memory), ErrorKind::Limit);
    let time = Limits { time: Duration::from_millis(300), ..Limits::default() };
    let endless = "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 10000000) b WHERE a.value % 7 = b.value % 11";
    assert_eq!(kind(endless, time), ErrorKind::Limit);
}

#[test]
fn a_deep_expression_is_an_error_or_an_answer_but_never_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let lake = small(folder.path()).lake(folder.path());
    let deep = format!("SELECT {}1{}", "(".repeat(5_000), ")".repeat(5_000));
    assert_eq!(try_ask(&lake, &deep, Limits::default()).unwrap_err().kind(), ErrorKind::Invalid);
    let long = format!("SELECT {} AS n", vec!["1"; 200].join(" + "));
    assert_eq!(ask(&lake, &long), [r#"{"n":200}"#]);
}
