//! The binary, run as its users run it: real files, real processes, exit codes as documented.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod answers;
mod backup;
mod bad_input;
mod canary;
mod completeness;
mod digests;
mod followed;
#[path = "../../../server/tests/it/http.rs"]
mod http;
mod http_questions;
mod ingest;
mod locks;
mod mapping;
mod questions;
mod repair;
mod scim;
mod serve;
mod settings;
mod sources;
mod tamper;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// A folder with inputs, and the log `data` beside them.
struct Bench {
    folder: tempfile::TempDir,
}

/// How a run of the binary ended.
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Bench {
    fn new() -> Bench {
        Bench { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn add(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::OpenOptions::new().append(true).open(self.path(name)).unwrap().write_all(bytes.as_ref()).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_deedbook"));
        command.current_dir(self.folder.path()).env_remove("DEEDBOOK_DATA").env_remove("RUST_BACKTRACE");
        command.args(["--data", "data"]).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, b"")
    }

    fn run_with(&self, arguments: &[&str], stdin: &[u8]) -> Ran {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        let stdin = stdin.to_vec();
        // A command that does not read its input closes it early.
        let feeding = std::thread::spawn(move || drop(pipe.write_all(&stdin)));
        let output = child.wait_with_output().unwrap();
        feeding.join().unwrap();
        Ran::of(output)
    }

    /// Seals inputs and returns the closing object.
    fn ingest(&self, inputs: &[&str]) -> Value {
        self.ingest_ending(inputs, 0)
    }

    fn ingest_ending(&self, inputs: &[&str], code: i32) -> Value {
        let ran = self.run(&[&["ingest", "--init", "-o", "json"], inputs].concat());
        assert_eq!(ran.code, Some(code), "{}", ran.err);
        let report = ran.json();
        adds_up(&report);
        report
    }

    fn verify(&self, more: &[&str]) -> (i32, Value) {
        let ran = self.run(&[&["verify", "-o", "json"], more].concat());
        let report: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| json!({ "said": ran.err }));
        (ran.code.unwrap(), report)
    }

    fn assert_intact(&self) {
        let (code, report) = self.verify(&[]);
        assert_eq!((code, &report["verdict"]), (0, &json!("intact")), "{report}");
    }

    /// The rows of an answer, without the header line.
    fn sql(&self, query: &str) -> Vec<String> {
        let ran = self.run(&["sql", "-o", "csv", query]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        ran.out.lines().skip(1).map(str::to_owned).collect()
    }

    /// Source event ids of all events, sorted, copies included.
    fn ids(&self) -> Vec<String> {
        self.sql("SELECT source_event_id FROM events_all ORDER BY 1")
    }

    /// The folder of the only log.
    fn log(&self) -> PathBuf {
        fs::read_dir(self.path("data/logs")).unwrap().next().unwrap().unwrap().path()
    }
}

impl Ran {
    fn of(output: std::process::Output) -> Ran {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let ran = Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
        ran
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {} {}", self.out, self.err))
    }
}

/// What holds for every report of a run.
fn adds_up(report: &Value) {
    let count = |name: &str| report[name].as_u64().unwrap();
    assert_eq!(count("records"), count("events") + count("rejects"), "{report}");
    assert!(count("leaves") >= count("records"), "{report}");
}

/// `deliveries, records, events, rejects, already_known`.
fn counts(report: &Value) -> [u64; 5] {
    ["deliveries", "records", "events", "rejects", "already_known"].map(|name| report[name].as_u64().unwrap())
}

/// A call that CloudTrail would record, with ids made of `number`.
fn call(number: u32) -> Value {
    let (user, outcome) = if number.is_multiple_of(3) { ("ops", "AccessDenied") } else { ("billing", "") };
    let mut record = json!({
        "eventVersion": "1.08",
        "userIdentity": {
            "type": "IAMUser", "principalId": format!("AIDAEXAMPLE{user}"), "userName": user,
            "arn": format!("arn:aws:iam::111122223333:user/{user}"), "accountId": "111122223333",
        },
        "eventTime": format!("2026-03-{:02}T10:{:02}:{:02}Z", 1 + number / 3600 % 28, number / 60 % 60, number % 60),
        "eventSource": "s3.amazonaws.com",
        "eventName": if number.is_multiple_of(2) { "GetObject" } else { "PutObject" },
        "awsRegion": "eu-north-1",
        "sourceIPAddress": format!("10.0.0.{}", number % 4),
        "requestParameters": { "bucketName": "ledger", "key": format!("{number}.csv") },
        "requestID": format!("R{:05}", number / 2),
        "eventID": format!("00000000-0000-4000-8000-{number:012}"),
        "readOnly": number.is_multiple_of(2), "eventType": "AwsApiCall", "managementEvent": false,
        "recipientAccountId": "111122223333", "eventCategory": "Data",
    });
    if !outcome.is_empty() {
        record["errorCode"] = json!(outcome);
    }
    record
}

/// Calls as lines, each with its line feed.
fn lines(numbers: std::ops::Range<u32>) -> String {
    numbers.map(|number| format!("{}\n", call(number))).collect()
}

/// The source event ids of calls, as a query returns them.
fn ids(numbers: std::ops::Range<u32>) -> Vec<String> {
    numbers.map(|number| format!("00000000-0000-4000-8000-{number:012}")).collect()
}

/// RFC 1952, by the `gzip` that every system has.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut child =
        Command::new("gzip").arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("gzip is there");
    let mut pipe = child.stdin.take().unwrap();
    let bytes = bytes.to_vec();
    let feeding = std::thread::spawn(move || pipe.write_all(&bytes).unwrap());
    let output = child.wait_with_output().unwrap();
    feeding.join().unwrap();
    output.stdout
}

/// RFC 8878 by hand: blocks, each raw (0) or one byte repeated (1).
fn zstd(blocks: &[(u32, u32, &[u8])]) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0x58];
    for (at, (kind, length, bytes)) in blocks.iter().enumerate() {
        let header = u32::from(at + 1 == blocks.len()) | kind << 1 | length << 3;
        frame.extend_from_slice(&header.to_le_bytes()[..3]);
        frame.extend_from_slice(bytes);
    }
    frame
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(files_under(&entry.path())),
            false => found.push(entry.path()),
        }
    }
    found.sort();
    found
}
