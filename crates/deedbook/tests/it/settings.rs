//! Settings of a server: sealed, read again on request, and what it does by itself.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Bench;
use crate::serve::Server;

fn hang_up(server: &Server<'_>) {
    let pid = rustix::process::Pid::from_child(&server.child);
    rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
}

/// Looks again and again for a while.
fn soon(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The bodies of all leaves of a kind.
fn own(bench: &Bench, kind: model::Kind) -> Vec<Value> {
    let data = bench.path("data");
    let logs = ledger::discover(&data).unwrap();
    let view = ledger::Reader::open(&data, &logs[0].short).unwrap().view().unwrap();
    let scan = view.scan(0..view.size().0, ledger::Selection { bodies: true, only: Some(kind) });
    scan.flat_map(Result::unwrap).map(|leaf| serde_json::from_slice(&leaf.body).unwrap()).collect()
}

#[test]
fn settings_are_sealed_and_read_again_without_a_restart() {
    let bench = Bench::new();
    bench.put("serve.toml", "[limits]\nbody_bytes_max = 2048\n");
    let file = bench.path("serve.toml");
    let server = Server::start(&bench, &["--config", file.to_str().unwrap()]);
    let long = format!("{{\"text\":\"{}\"}}", "x".repeat(3_000));
    assert_eq!(server.send("/v1/records?source=s", &[], long.as_bytes()).status, 413);
    bench.put("serve.toml", "[limits]\nbody_bytes_max = 65536\n");
    hang_up(&server);
    // A connection that has asked nothing yet is closed when the listeners change.
    std::thread::sleep(Duration::from_secs(2));
    soon("the new limit", || server.send("/v1/records?source=s", &[], long.as_bytes()).status == 200);
    bench.put("serve.toml", "[limits]\nbody_byte_max = 1\n");
    hang_up(&server);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(server.send("/v1/records?source=s", &[], b"{\"n\":1}").status, 200, "the former settings go on");
    let metrics = server.get("/metrics").text();
    assert!(metrics.contains("deedbook_deliveries_total{source=\"s\",outcome=\"refused\"}"), "counts go on: {metrics}");
    server.stop();
    let sealed: Vec<Value> =
        own(&bench, model::Kind::Directive).into_iter().filter(|one| one["directive"] == json!("settings")).collect();
    assert_eq!(sealed.len(), 2, "{sealed:?}");
    assert!(sealed[1]["toml"].as_str().unwrap().contains("body_bytes_max = 65536"), "{sealed:?}");
    let ran = bench.run(&["audit", "-o", "ndjson"]);
    assert!(ran.out.lines().any(|line| line.contains("\"POST /v1/records\"") && line.contains("413")), "{}", ran.out);
}

#[test]
fn a_server_verifies_its_log_and_seals_and_tells_what_it_finds() {
    let bench = Bench::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/alarms", listener.local_addr().unwrap());
    bench.put("serve.toml", format!("[verify]\nnew_seconds = 1\nall_seconds = 3\n[notify]\nurl = \"{url}\"\n"));
    let file = bench.path("serve.toml");
    let first = Server::start(&bench, &["--config", file.to_str().unwrap()]);
    first.send("/v1/records?source=s", &[], b"{\"n\":1}");
    let notes = || own(&bench, model::Kind::Note).into_iter().filter(|note| note["note"] == json!("verification"));
    soon("a verification", || notes().count() > 0);
    assert!(notes().all(|note| note["findings"] == json!([])), "{:?}", notes().collect::<Vec<_>>());
    first.stop();
    // Somebody alters a byte of the evidence, and a server starts on it.
    let logs = bench.path("data").join("logs");
    let evidence = std::fs::read_dir(&logs).unwrap().next().unwrap().unwrap().path().join("evidence");
    let segment = std::fs::read_dir(evidence).unwrap().map(|file| file.unwrap().path()).min().unwrap();
    let mut bytes = std::fs::read(&segment).unwrap();
    bytes[40] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let second = Server::start(&bench, &["--config", file.to_str().unwrap()]);
    let told = crate::serve::posted(&listener);
    assert!(told.contains("verification-failed") && told.contains("evidence/"), "{told}");
    assert!(second.get("/metrics").text().contains("deedbook_verification_failed 1"));
    soon("the finding is sealed", || notes().any(|note| note["findings"] != json!([])));
    second.stop();
}
