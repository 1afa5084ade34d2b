//! After damage: `repair` from a copy, `log continue` where none is.

use std::fs;
use std::path::Path;

use crate::{Bench, Ran};

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => copy_folder(&entry.path(), &to.join(entry.file_name())),
            kind if kind.is_file() => drop(fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
            // A socket is of the process that made it.
            _ => {}
        }
    }
}

fn sealed() -> Bench {
    let bench = Bench::new();
    let lines: String = (0..300).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    bench.put("a.log", lines);
    bench.ingest(&["a.log"]);
    bench
}

/// Runs the binary on another data folder of the bench.
fn run_on(bench: &Bench, data: &str, arguments: &[&str]) -> Ran {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_deedbook"));
    command.current_dir(bench.path("")).env("DEEDBOOK_DATA", data).args(arguments);
    Ran::of(command.output().unwrap())
}

#[test]
fn altered_evidence_comes_back_from_a_copy() {
    let bench = sealed();
    copy_folder(&bench.path("data"), &bench.path("copy"));
    let nothing = bench.run(&["repair", "--from", "copy"]);
    assert_eq!((nothing.code, nothing.out.contains("nothing to put back")), (Some(0), true), "{}", nothing.err);

    let log = fs::read_dir(bench.path("data/logs")).unwrap().next().unwrap().unwrap().path();
    let evidence = fs::read_dir(log.join("evidence")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&evidence).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&evidence, bytes).unwrap();
    assert_eq!(bench.run(&["verify"]).code, Some(3));
    let mended = bench.run(&["repair", "--from", "copy"]);
    assert_eq!(mended.code, Some(0), "{}{}", mended.out, mended.err);
    assert!(mended.out.contains(evidence.file_name().unwrap().to_str().unwrap()), "{}", mended.out);
    assert_eq!(bench.run(&["verify"]).code, Some(0));

    let absent = bench.run(&["repair", "--from", "nowhere"]);
    assert_eq!(absent.code, Some(1));
    assert!(absent.err.contains("nowhere"), "{}", absent.err);
}

#[test]
fn a_successor_names_the_last_good_checkpoint() {
    let bench = sealed();
    let kept = fs::read_dir(bench.path("data/logs")).unwrap().next().unwrap().unwrap().path().join("log/checkpoint");
    let kept = fs::read_to_string(kept).unwrap();
    let taken = bench.run(&["log", "continue", "--from", "data"]);
    assert_eq!(taken.code, Some(2), "{}", taken.err);

    let made = run_on(&bench, "next", &["log", "continue", "--from", "data"]);
    assert_eq!(made.code, Some(0), "{}", made.err);
    assert!(made.out.contains(kept.lines().next().unwrap()), "{}", made.out);
    let asked = run_on(&bench, "next", &["sql", "-o", "ndjson", "SELECT raw FROM leaves WHERE leaf_index = 1"]);
    let row: serde_json::Value = serde_json::from_str(asked.out.trim()).unwrap();
    let leaf: serde_json::Value = serde_json::from_str(row["raw"].as_str().unwrap()).unwrap();
    assert_eq!((leaf["directive"].as_str(), leaf["checkpoint"].as_str()), (Some("continues"), Some(kept.as_str())));
    assert_eq!(run_on(&bench, "next", &["verify"]).code, Some(0));

    // Another size than the one that is signed.
    let (origin, signed) = kept.split_once('\n').unwrap();
    bench.put("forged", format!("{origin}\n9{signed}"));
    let forged = run_on(&bench, "other", &["log", "continue", "--from", "data", "--checkpoint", "forged"]);
    assert_eq!(forged.code, Some(1), "{}", forged.out);
    assert!(!bench.path("other/logs").exists(), "nothing is made from a checkpoint that nobody signed");
}
