//! `deedbook source pause`, `resume`, `test` and `backfill`.

use serde_json::{Value, json};

use crate::serve::Server;
use crate::{Bench, lines};

/// The row of a source.
fn row(bench: &Bench, name: &str) -> Value {
    let ran = bench.run(&["source", "ls", "-o", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    ran.json().as_array().unwrap().iter().find(|row| row["name"] == name).cloned().unwrap()
}

#[test]
fn a_pause_is_sealed_and_holds_in_the_server_also_after_a_restart() {
    let bench = Bench::new();
    let server = Server::start(&bench, &[]);
    let send = |server: &Server<'_>, source: &str, from: u32| {
        server.send(&format!("/v1/records?source={source}"), &[], lines(from..from + 2).as_bytes())
    };
    assert_eq!(send(&server, "aws", 0).status, 200);
    let ran = bench.run(&["source", "pause", "aws", "--reason", "it's new disks", "--until", "2h"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let refused = send(&server, "aws", 2);
    assert_eq!((refused.status, refused.json()["code"].clone()), (503, json!("source-paused")));
    assert!(refused.has("retry-after: 60"), "{}", refused.head);
    assert_eq!(send(&server, "other", 4).status, 200);
    let paused = row(&bench, "aws");
    assert_eq!(paused["pause_reason"], json!("it's new disks"));
    assert!(paused["paused_until"].as_str().is_some_and(|until| until.ends_with('Z')), "{paused}");
    assert_eq!(row(&bench, "other")["pause_reason"], Value::Null);
    server.stop();
    let server = Server::start(&bench, &[]);
    assert_eq!(send(&server, "aws", 2).status, 503);
    // By hand goes through.
    bench.put("old.jsonl", lines(10..13));
    let ran = bench.run(&["source", "backfill", "aws", "old.jsonl", "-o", "json"]);
    assert_eq!((ran.code, &ran.json()["records"]), (Some(0), &json!(3)), "{}", ran.err);
    let ran = bench.run(&["source", "resume", "aws"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(send(&server, "aws", 2).status, 200);
    assert_eq!(row(&bench, "aws")["paused_until"], Value::Null);
    for (arguments, part) in [
        (&["source", "resume", "aws"][..], "not paused"),
        (&["source", "pause", "awz", "--reason", "x", "--until", "2h"], "is not there; there: aws"),
        (&["source", "pause", "aws", "--reason", "x", "--until", "2020-01-01"], "not ahead"),
        (&["source", "pause", "aws", "--reason", " ", "--until", "2h"], "--reason"),
        (&["source", "backfill", "awz", "old.jsonl"], "is not there; there: aws"),
    ] {
        let ran = bench.run(arguments);
        assert!(ran.code == Some(2) && ran.err.contains(part), "{arguments:?}: {}", ran.err);
    }
    server.stop();
    bench.assert_intact();
}

#[test]
fn a_trial_says_what_would_become_of_a_sample_and_seals_nothing() {
    let bench = Bench::new();
    bench.put("in.jsonl", lines(0..30));
    bench.ingest(&["--source", "aws", "in.jsonl"]);
    let size = |bench: &Bench| bench.verify(&[]).1["size"].clone();
    let before = size(&bench);
    let secret = r#"{"password":"ghp_","note":"hello"}"#;
    bench.put("sample", format!("{}{secret}\nnot json\n{{\"eventVersion\":\n", lines(0..3)));
    let trial = |arguments: &[&str]| {
        let ran = bench.run(&[&["source", "test", "-o", "json"], arguments].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        ran.json()
    };
    let found = trial(&["aws", "sample"]);
    assert_eq!((&found["records"], &found["events"]), (&json!(6), &json!({ "aws": 3 })), "{found}");
    assert_eq!(found["first_events"][0]["api"]["operation"], json!("s3:GetObject"), "{found}");
    let rejects = found["first_rejects"].as_array().unwrap();
    assert_eq!(rejects.iter().map(|reject| reject["record"].as_u64().unwrap()).collect::<Vec<_>>(), [4, 5, 6]);
    assert!(rejects[1]["reason"] == "not JSON" && rejects[1]["excerpt"] == "not json", "{found}");
    // What is there already, and a source that is not.
    let sealed = trial(&["aws", "--last", "7"]);
    assert_eq!((&sealed["records"], &sealed["events"]), (&json!(7), &json!({ "aws": 7 })), "{sealed}");
    let new = trial(&["new-one", "sample"]);
    assert_eq!((&new["known"], &new["platform"]), (&json!(false), &json!("auto")));
    let ran = bench.run(&["source", "test", "new-one"]);
    assert!(ran.code == Some(2) && ran.err.contains("no record yet"), "{}", ran.err);
    let ran = bench.run(&["source", "test", "aws", "nowhere"]);
    assert!(ran.code == Some(4) && ran.err.contains("nowhere"), "{}", ran.err);
    let shown = bench.run(&["source", "test", "aws", "sample"]);
    assert!(shown.out.contains("3  events of aws") && shown.out.contains("nothing is sealed"), "{}", shown.out);
    assert_eq!(size(&bench), before);
}

#[test]
fn quality_tells_what_the_events_of_a_source_can_answer() {
    let bench = Bench::new();
    let call = |id: u32, with: &str| {
        format!(
            r#"{{"eventVersion":"1.08","eventTime":"2026-09-03T10:00:00Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"eu-west-1","requestParameters":{{"bucketName":"b","key":"k"}},"eventID":"e-{id}","eventType":"AwsApiCall","recipientAccountId":"111122223333",{with}"userIdentity":{{"type":"IAMUser","principalId":"AIDA{id}","arn":"arn:aws:iam::111122223333:user/u","accountId":"111122223333","accessKeyId":"AKIAIOSFODNN7EXAMPLE","userName":"u"}}}}"#
        )
    };
    let records = [call(1, r#""sourceIPAddress":"198.51.100.7","#), call(2, "")].join("\n");
    bench.put("trail.jsonl", records + "\n");
    assert_eq!(bench.run(&["ingest", "--init", "--source", "trail", "trail.jsonl"]).code, Some(0));
    let ran = bench.run(&["source", "quality", "-o", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let rows = ran.json();
    let row = &rows[0];
    assert_eq!((&row["source"], &row["platform"], &row["events"]), (&json!("trail"), &json!("aws"), &json!(2)));
    let share = |name: &str| row[name].as_f64().unwrap();
    for name in ["who", "what", "when", "outcome", "where", "credential"] {
        assert!((share(name) - 100.0).abs() < 0.01, "{name}: {row}");
    }
    assert!((share("origin") - 50.0).abs() < 0.01 && (share("complete") - 50.0).abs() < 0.01, "{row}");
    assert!(share("session") < 0.01, "{row}");
}

#[test]
fn a_leaked_secret_is_found_by_its_fingerprint_and_never_told() {
    let bench = Bench::new();
    let secret = "correct horse battery 9";
    let record = format!(r#"{{"eventVersion":"1.08","eventID":"e-1","requestParameters":{{"password":"{secret}"}}}}"#);
    bench.put("trail.jsonl", record + "\n");
    assert_eq!(bench.run(&["ingest", "--init", "--source", "trail", "trail.jsonl"]).code, Some(0));
    let ran = bench.run_with(&["fingerprint", "-o", "json"], format!("{secret}\n").as_bytes());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let answer = &ran.json()["answer"];
    let raw = bench.run(&["sql", "-o", "ndjson", "SELECT raw FROM records"]).out;
    assert!(raw.contains(answer["fingerprint"].as_str().unwrap()), "{raw}");
    assert_eq!(answer["replaced"][0]["source"], json!("trail"), "{answer}");
    assert!(!ran.out.contains(secret) && !ran.err.contains(secret) && !raw.contains(secret));
    let other = bench.run_with(&["fingerprint"], b"another one");
    assert!(other.err.contains("neither the token nor its SHA-256"), "{}", other.err);
    assert_eq!(bench.run_with(&["fingerprint"], b"").code, Some(2));
}

#[test]
fn the_doctor_tells_what_is_left_open_until_it_is_mended() {
    let bench = Bench::new();
    let ahead = lines(0..2).replace("2026-03-01", "2126-03-01");
    bench.put("app.jsonl", lines(5..8) + &ahead);
    bench.ingest(&["--source", "app", "app.jsonl"]);
    let doctor = || bench.run(&["doctor", "-o", "json"]).json()["answer"].clone();
    let told = doctor();
    assert_eq!((&told["backup"], &told["without_owner"]), (&Value::Null, &json!(["app"])), "{told}");
    assert!(told["leaves_in_one_copy"].as_u64() > Some(5), "{told}");
    let here = &told["kept_on_this_machine"][0];
    assert!(here["source"] == "app" && here["example"].as_str().unwrap().ends_with("app.jsonl"), "{here}");
    assert_eq!((&told["clocks_ahead"][0]["source"], &told["clocks_ahead"][0]["count"]), (&json!("app"), &json!(2)));
    assert_eq!(told["unscrubbed"], json!([]));
    for arguments in [
        &["source", "set", "app", "--owner", "payments"][..],
        &["source", "scrub", "app", "off", "--reason", "digests look like tokens"],
        &["backup", "--to", "../copy"],
    ] {
        let to = bench.path("copy").display().to_string();
        let arguments: Vec<&str> =
            arguments.iter().map(|word| if *word == "../copy" { to.as_str() } else { word }).collect();
        let ran = bench.run(&arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.err);
    }
    let told = doctor();
    assert_eq!((&told["without_owner"], &told["unscrubbed"]), (&json!([]), &json!(["app"])), "{told}");
    assert_eq!((&told["leaves_in_one_copy"], told["backup"]["leaves"].is_u64()), (&json!(0), true), "{told}");
    assert_eq!(row(&bench, "app")["owner"], json!("payments"));
    let said = bench.run(&["doctor"]).out;
    assert!(said.contains("not scrubbed") && !said.contains("single copy"), "{said}");
    for (arguments, part) in [
        (&["source", "scrub", "apq", "off", "--reason", "x"][..], "is not there; there: app"),
        (&["source", "scrub", "app", "off", "--reason", " "], "--reason"),
        (&["source", "scrub", "app", "maybe", "--reason", "x"], "possible values: on, off"),
    ] {
        let ran = bench.run(arguments);
        assert!(ran.code == Some(2) && ran.err.contains(part), "{arguments:?}: {}", ran.err);
    }
}
