//! `deedbook backup`, beside a server at work and without one, and what can be done with the copy.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use serde_json::{Value, json};

use crate::serve::Server;
use crate::{Bench, Ran, files_under, lines};

fn back_up(bench: &Bench, to: &str) -> Value {
    let ran = bench.run(&["backup", "--to", to, "-o", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    ran.json()
}

/// A command over the copy instead of the log.
fn on(bench: &Bench, data: &str, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deedbook"));
    command.current_dir(bench.path(".")).env_remove("RUST_BACKTRACE").env("DEEDBOOK_DATA", data).args(arguments);
    Ran::of(command.stdin(Stdio::null()).output().unwrap())
}

fn copy(from: &Path, to: &Path) {
    for file in files_under(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&file, target).unwrap();
    }
}

#[test]
fn a_backup_beside_a_server_is_a_log_that_answers_and_can_be_restored() {
    let bench = Bench::new();
    let server = Server::start(&bench, &[]);
    let send = |from: u32| server.send("/v1/records?source=aws", &[], lines(from..from + 10).as_bytes()).status;
    assert_eq!(send(0), 200);
    let first = back_up(&bench, "copy");
    assert_eq!((&first["former_leaves"], &first["verified"]), (&Value::Null, &json!(true)));
    assert_eq!(first["left_out"], json!(["keys", "lake", "state"]));
    let stop = AtomicBool::new(false);
    let made: Vec<Value> = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut from = 10;
            while !stop.load(Relaxed) {
                assert_eq!(send(from), 200);
                from += 10;
            }
        });
        let made = (0..3).map(|_| back_up(&bench, "copy")).collect();
        stop.store(true, Relaxed);
        made
    });
    assert!(made.windows(2).all(|pair| pair[1]["former_leaves"] == pair[0]["leaves"]), "{made:?}");
    server.stop();
    // Nothing secret came along, and it verifies by the checkpoint that was printed.
    let names: Vec<String> = files_under(&bench.path("copy")).iter().map(|path| path.display().to_string()).collect();
    assert!(names.iter().all(|name| !name.contains("keys") && !name.contains("partial")), "{names:?}");
    let last = made.last().unwrap();
    bench.put("kept", last["checkpoint"].as_str().unwrap());
    let kept = bench.path("kept");
    let verified = on(&bench, "copy", &["verify", "-o", "json", "--checkpoint", kept.to_str().unwrap()]);
    assert_eq!(verified.code, Some(0), "{} {}", verified.out, verified.err);
    assert_eq!((&verified.json()["size"], &verified.json()["unanchored"]), (&last["leaves"], &json!(0)));
    // It answers as it is, without derived files.
    let events = on(&bench, "copy", &["events", "-o", "ndjson", "--limit", "0"]);
    let records = on(&bench, "copy", &["sql", "-o", "csv", "SELECT count(*) FROM records"]);
    assert_eq!((events.code, records.code), (Some(0), Some(0)), "{} {}", events.err, records.err);
    let count: usize = records.out.lines().nth(1).unwrap().parse().unwrap();
    assert!(count > 20 && events.out.lines().count() == count, "{count} {}", events.out.lines().count());
    let refused = on(&bench, "copy", &["ingest", "-"]);
    assert!(refused.code == Some(1) && refused.err.contains("put keys/ back"), "{}", refused.err);
    // With its keys it is a log again.
    copy(&bench.path("copy"), &bench.path("restored"));
    copy(&bench.path("data/keys"), &bench.path("restored/keys"));
    let rebuilt = on(&bench, "restored", &["lake", "rebuild"]);
    assert_eq!(rebuilt.code, Some(0), "{}", rebuilt.err);
    let verified = on(&bench, "restored", &["verify", "--checkpoint", kept.to_str().unwrap()]);
    assert_eq!(verified.code, Some(0), "{} {}", verified.out, verified.err);
    let again = on(&bench, "restored", &["events", "-o", "ndjson", "--limit", "0"]);
    assert_eq!(again.out.lines().count(), count);
}

#[test]
fn without_a_server_it_takes_the_lock_and_says_what_it_leaves_out() {
    let bench = Bench::new();
    bench.put("in.jsonl", lines(0..30));
    bench.ingest(&["in.jsonl"]);
    let ran = bench.run(&["backup", "--to", "copy"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("left out: keys/") && ran.err.contains("lake/"), "{}", ran.err);
    assert!(ran.out.contains("verified") && ran.out.contains("deedbook/"), "{}", ran.out);
    assert_eq!(bench.run(&["backup", "--to", "copy"]).code, Some(0));
    bench.assert_intact();
    for (to, part) in [("data", "inside of the data folder"), ("data/copy", "inside of the data folder")] {
        let ran = bench.run(&["backup", "--to", to]);
        assert!(ran.code == Some(2) && ran.err.contains(part), "{to}: {}", ran.err);
    }
    bench.put("mine/letter.txt", "x");
    let ran = bench.run(&["backup", "--to", "mine"]);
    assert!(ran.code == Some(2) && ran.err.contains("letter.txt"), "{}", ran.err);
}

#[test]
fn a_log_that_was_rolled_back_cannot_replace_its_backup() {
    let bench = Bench::new();
    bench.put("in.jsonl", lines(0..30));
    bench.ingest(&["in.jsonl"]);
    copy(&bench.path("data"), &bench.path("old"));
    bench.put("more.jsonl", lines(30..60));
    bench.ingest(&["more.jsonl"]);
    back_up(&bench, "copy");
    let ran = on(&bench, "old", &["backup", "--to", "copy"]);
    assert!(ran.code == Some(3) && ran.err.contains("rolled back"), "{:?} {}", ran.code, ran.err);
    assert_eq!(on(&bench, "copy", &["verify"]).code, Some(0));
}
