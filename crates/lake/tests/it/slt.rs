//! Text tests of SQL: `tests/it/*.slt`, each a list of queries with the lines they answer.
//!
//! `query`, the SQL, `----`, one line of JSON per row, an empty line; or `error`, the SQL, `----`, a
//! part of the message. `UPDATE_GOLDEN=1` writes what was answered.

use std::fmt::Write as _;
use std::path::Path;

use lake::Limits;

use crate::log::{Log, k8s, try_ask};

fn log(folder: &Path) -> Log {
    let mut log = Log::new();
    log.source(2, "cluster-b", "k8s");
    for n in 0..12 {
        let record = k8s(
            &format!("id-{}", n % 10),
            ["alice", "system:serviceaccount:pay:bot"][n as usize % 2],
            "get",
            "db",
            n % 10,
        );
        log.record_at(1 + n % 2, model::Position::default(), record.as_bytes());
        if n == 6 {
            log.settle(folder);
        }
    }
    log.record("{\"kind\":");
    log
}

#[test]
fn queries_answer_what_is_written_down() {
    let folder = tempfile::tempdir().unwrap();
    let lake = log(folder.path()).lake(folder.path());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tables.slt");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut answered = String::new();
    let mut asked = 0;
    for block in text.split("\n\n").map(str::trim).filter(|block| !block.is_empty()) {
        if block.starts_with('#') {
            writeln!(answered, "{block}\n").unwrap();
            continue;
        }
        let (head, wanted) = block.split_once("\n----").unwrap_or((block, ""));
        let (kind, sql) = head.split_once('\n').unwrap();
        let found = match (kind, try_ask(&lake, sql, Limits::default())) {
            ("query", Ok(rows)) => rows.join("\n"),
            ("error", Err(error)) if error.to_string().contains(wanted.trim()) => wanted.trim().to_owned(),
            (_, answer) => panic!("{block}\nanswers {answer:?}"),
        };
        asked += 1;
        writeln!(answered, "{head}\n----\n{found}\n").unwrap();
    }
    assert!(asked >= 15, "{asked} queries");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, format!("{}\n", answered.trim_end())).unwrap();
    }
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.trim_end(), answered.trim_end());
}
