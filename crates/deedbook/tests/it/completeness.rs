//! `deedbook completeness`, and a server that seals what it finds missing.

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::Bench;
use crate::serve::{Server, posted};

const MINUTE_MS: i64 = 60_000;

/// 2026-03-02T00:00:00Z.
const START_MS: i64 = 1_772_409_600_000;

/// A statement that PostgreSQL logged.
fn statement(at_ms: i64, line: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(at_ms).unwrap().strftime("%Y-%m-%d %H:%M:%S.000 UTC").to_string();
    let message = "AUDIT: SESSION,4,1,READ,SELECT,TABLE,public.accounts,select 1,<not logged>";
    let record = json!({
        "timestamp": time, "user": "app", "dbname": "ledger", "pid": 4217, "session_id": "69b52d97.1079",
        "line_num": line, "error_severity": "LOG", "message": message, "backend_type": "client backend",
    });
    format!("{record}\n")
}

/// One every five minutes, but for those of which `lost` says that they never came.
fn statements(from_ms: i64, count: i64, lost: impl Fn(i64) -> bool) -> String {
    let all = (0..count).filter(|line| !lost(*line));
    all.map(|line| statement(from_ms + line * 5 * MINUTE_MS, line + 1)).collect()
}

#[test]
fn of_files_taken_in_long_after_a_silence_and_a_hole_are_placed_in_their_hours() {
    let bench = Bench::new();
    // Silent from 10:00 to 13:00 of the tenth day, and numbered all the same; at 20:05 and 20:10 two are lost.
    let (day, hour) = (9 * 288, 12);
    let silent = day + 10 * hour + 1..day + 13 * hour;
    let lost = |line: i64| silent.contains(&line) || (day + 20 * hour + 1..day + 20 * hour + 3).contains(&line);
    bench.put("db.json", statements(START_MS, 10 * 288, lost));
    bench.ingest(&["--source", "db", "db.json"]);
    let range = ["--since", "2026-03-02", "--until", "2026-03-12"];
    let ran = bench.run(&[&["completeness", "-o", "json"], &range[..]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let account = &ran.json()["sources"][0];
    assert_eq!(
        (&account["source"], &account["platform"], &account["axis"]),
        (&json!("db"), &json!("postgres"), &json!("event"))
    );
    assert_eq!(account["records"], json!(10 * 288 - 35 - 2));
    let verdict = |day: i64, hour: i64| {
        let from = START_MS + (day * 24 + hour) * 60 * MINUTE_MS;
        account["hours"].as_array().unwrap().iter().find(|told| told["from_ms"] == from).unwrap()["verdict"].clone()
    };
    assert_eq!(verdict(0, 5), "too-little-history");
    // What was silent also left a hole in the numbers, which is the graver of the two.
    let day: Vec<Value> = (8..22).map(|hour| verdict(9, hour)).collect();
    let (whole, hole) = (json!("complete"), json!("hole"));
    let mut wanted = vec![whole.clone(); 14];
    wanted[2..5].fill(hole.clone());
    wanted[12] = hole;
    assert_eq!(day, wanted);
    let findings = account["findings"].as_array().unwrap();
    let of = |verdict: &str| findings.iter().filter(|finding| finding["verdict"] == verdict).collect::<Vec<_>>();
    assert_eq!(of("hole").iter().map(|hole| hole["records"].as_u64().unwrap()).collect::<Vec<_>>(), [35, 2]);
    assert_eq!(of("silent").len(), 2, "a quarter of an hour is one, where ten minutes are told: {findings:?}");
    let leaves: Vec<u64> = serde_json::from_value(of("silent")[0]["leaves"].clone()).unwrap();
    let raw = bench.sql(&format!(
        "SELECT raw->>'line_num' FROM records WHERE leaf_index IN ({}, {}) ORDER BY 1",
        leaves[0], leaves[1]
    ));
    assert_eq!(raw, [silent.start.to_string(), (silent.end + 1).to_string()], "the records before and after it");
    let table = bench.run(&[&["completeness", "--source", "db"], &range[..]].concat());
    assert!(table.out.contains("2026-03-11  ..........HHH.......H..."), "{}", table.out);
    assert!(table.out.contains("cannot see:"), "{}", table.out);
    let nobody = bench.run(&["completeness", "--source", "nobody"]);
    assert!(nobody.code != Some(0) && nobody.err.contains("source `nobody` is not there"), "{}", nobody.err);
}

#[test]
fn a_server_seals_a_gap_and_tells_of_it_once() {
    let bench = Bench::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let hook = format!("[notify]\nurl = \"http://{}/alarm\"\n", listener.local_addr().unwrap());
    bench.put("deedbook.toml", hook);
    #[expect(clippy::disallowed_methods, reason = "the binary that is tested reads the clock")]
    let now_ms = jiff::Timestamp::now().as_millisecond();
    bench.put("db.json", statements(now_ms - 60 * MINUTE_MS, 12, |line| (4..7).contains(&line)));
    bench.ingest(&["--source", "db", "db.json"]);
    let server = Server::start(&bench, &["--config", "deedbook.toml"]);
    let told: Value = serde_json::from_str(&posted(&listener)).unwrap();
    assert_eq!((&told["alarm"], &told["gap"]["source"]), (&json!("source-gap"), &json!("db")), "{told}");
    assert_eq!((&told["gap"]["verdict"], &told["gap"]["records"]), (&json!("hole"), &json!(3)), "{told}");
    server.stop();
    let gaps = || bench.sql("SELECT leaf_index FROM leaves WHERE kind = 'heartbeat' AND raw LIKE '%\"note\":\"gap\"%'");
    let beats =
        bench.sql("SELECT leaf_index FROM leaves WHERE kind = 'heartbeat' AND raw LIKE '%\"note\":\"heartbeat\"%'");
    assert_eq!((gaps().len(), beats.is_empty()), (1, false));
    // Answers own up to it: with the range that it is in, and not with one before.
    let owned = |range: &[&str]| bench.run(&[&["who", "public.accounts", "-o", "json"], range].concat()).json();
    let told = &owned(&[])["completeness"];
    assert_eq!((&told["state"], &told["lacks"][0]["source"]), (&json!("gaps"), &json!("db")), "{told}");
    assert_eq!((&told["lacks"][0]["kind"], told["lacks"][0]["leaf"].is_u64()), (&json!("hole"), true));
    let before = owned(&["--since", "2026-01-01", "--until", "2026-01-02"]);
    assert_eq!(before["completeness"]["state"], "not-judged", "{before}");
    for command in [&["events"][..], &["sql", "SELECT 1"], &["session", "nobody"]] {
        let ran = bench.run(command);
        assert!(format!("{}{}", ran.out, ran.err).contains("completeness: gaps: db hole"), "{command:?} {}", ran.err);
    }
    // It is not sealed again by the next server, which reads it back from the log.
    let server = Server::start(&bench, &[]);
    std::thread::sleep(std::time::Duration::from_secs(2));
    server.stop();
    assert_eq!(gaps().len(), 1);
    bench.assert_intact();
}
