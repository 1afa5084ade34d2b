//! Over a real ledger: the same questions, while the log grows.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use lake::{Evidence, Lake, Log};
use ledger::{InitOptions, Ledger, Options, SystemClock};
use model::{Directive, Header, Kind, Millis, Position, Prepared, canonical_json};

use crate::log::{ask, k8s};

fn record(number: u64, body: String) -> Prepared {
    let header = Header {
        kind: Kind::Record,
        flags: 0,
        source: 1,
        source_seq: number,
        received_at: Millis(1_763_000_000_000),
        body_bytes: 0,
        replacements: Vec::new(),
        position: Position::default(),
    };
    Prepared::new([number as u8; 16], header, body.into_bytes())
}

fn open(data: &Path, ledger: &Ledger) -> Arc<Lake> {
    // The note of the last group reaches the disk with the next one, or a moment later when there is none.
    let view = loop {
        let view = ledger.reader().view().unwrap();
        if view.size().0 == ledger.size() {
            break view;
        }
        std::thread::yield_now();
    };
    Arc::new(Lake::open(&data.join("lake"), Arc::new(Log::new(view))).unwrap())
}

fn append(ledger: &Ledger, range: std::ops::Range<u64>) {
    let records = range.map(|n| record(n, k8s(&format!("id-{n}"), "user", "get", "db", n as u32 % 60))).collect();
    ledger.append().submit(records).unwrap().wait().unwrap();
}

#[test]
fn rows_are_there_as_soon_as_they_are_sealed_and_stay_when_files_take_over() {
    let data = tempfile::tempdir().unwrap();
    let clock = Arc::new(SystemClock::new());
    let info = ledger::init(data.path(), &InitOptions::default(), clock.as_ref()).unwrap();
    let ledger = Ledger::open(data.path(), &info.short, Options::default(), clock).unwrap();
    let source =
        Directive::Source { number: 1, name: "cluster".into(), platform: "k8s".into(), authority: None, owner: None };
    ledger.append().submit_own(Kind::Directive, canonical_json(&source)).unwrap().wait().unwrap();
    append(&ledger, 0..50);
    ledger.publish().unwrap();

    let lake = open(data.path(), &ledger);
    assert_eq!(lake.covered(), 0);
    let count = "SELECT source, count(*) AS n FROM events GROUP BY 1";
    assert_eq!(ask(&lake, count), [r#"{"source":"cluster","n":50}"#]);
    assert_eq!(ask(&lake, "SELECT count(*) AS n FROM records"), [r#"{"n":50}"#]);

    ledger.flush().unwrap();
    let view = ledger.reader().view().unwrap();
    assert_eq!(view.segments().len(), 1);
    let lake = open(data.path(), &ledger);
    let mut follower = lake.follow().unwrap();
    let log = Log::new(view);
    log.scan(0, log.segments()[0].last + 1, &mut |leaf| {
        follower.push(leaf).unwrap();
        ControlFlow::Continue(())
    })
    .unwrap();
    let written = follower.close().unwrap().unwrap().wait().unwrap();
    assert_eq!(written.counts.events, 50);
    ledger.append().submit_own(Kind::ViewManifest, canonical_json(&written.manifest)).unwrap().wait().unwrap();
    append(&ledger, 45..60);

    let lake = open(data.path(), &ledger);
    assert_eq!(lake.covered(), written.manifest.last + 1);
    assert_eq!(ask(&lake, count), [r#"{"source":"cluster","n":60}"#]);
    assert_eq!(ask(&lake, "SELECT count(*) AS n FROM events_all"), [r#"{"n":65}"#]);
    let raw = "SELECT raw->>'auditID' AS id FROM records ORDER BY leaf_index DESC LIMIT 1";
    assert_eq!(ask(&lake, raw), [r#"{"id":"id-59"}"#]);
    let salted =
        "SELECT count(*) AS n, min(body_bytes) > 0 AS some FROM leaves WHERE kind = 'record' AND leaf_index < 40";
    assert_eq!(ask(&lake, salted), [r#"{"n":38,"some":true}"#]);

    let signed = ledger.publish().unwrap();
    let lake = open(data.path(), &ledger);
    let newest = ask(&lake, "SELECT size, time IS NOT NULL AS timed FROM checkpoints ORDER BY size DESC LIMIT 1");
    assert_eq!(newest, [format!(r#"{{"size":{},"timed":true}}"#, signed.size)]);
    assert_eq!(ask(&lake, "SELECT count(*) > 1 AS several FROM checkpoints"), [r#"{"several":true}"#]);
    ledger.close().unwrap();
}
