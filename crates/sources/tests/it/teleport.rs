//! Teleport audit: goldens, twins, and records that nobody here wrote.

use crate::{golden, real};
use serde_json::{Value, json};

#[test]
fn goldens() {
    golden::all("teleport", 38);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("teleport", 6);
}

/// Where an event keeps the columns that are read verbatim.
const VERBATIM: [(&str, &str); 21] = [
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("api_operation", "/api/operation"),
    ("status_code", "/status_code"),
    ("error_code", "/error_code"),
    ("error_message", "/error_message"),
    ("authority", "/authority"),
    ("actor_name", "/actor/name"),
    ("role", "/role"),
    ("credential_native_id", "/credential/native_id"),
    ("issued_credential_native_id", "/issued_credential/native_id"),
    ("workload_uid", "/workload/uid"),
    ("src_ip", "/src/ip"),
    ("src_port", "/src/port"),
    ("dst_ip", "/dst/ip"),
    ("dst_host", "/dst/host"),
    ("user_agent", "/user_agent"),
    ("client_app", "/client_app"),
    ("process", "/process"),
    ("purpose_reason", "/purpose/reason"),
    ("authn_method", "/authn/method"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("teleport", &VERBATIM);
}

#[test]
fn every_real_record_becomes_an_event_that_keeps_what_it_has() {
    let Some(folder) = real::folder() else { return };
    let records = real::panther(&folder.join("panther/Gravitational.TeleportAudit.jsonl"));
    assert!(records.len() >= 14, "{} records", records.len());
    for text in records {
        let event = golden::normalise(text.as_bytes()).unwrap_or_else(|reject| panic!("{reject}: {text}"));
        let record: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(event["platform"], "teleport");
        assert_eq!(event["api"]["operation"], record["event"]);
        assert_eq!(event["source_event_id"], record["uid"]);
        assert!(event["time"].is_i64(), "{text}");
        assert_ne!(event["access"], "other", "{text}");
        assert!(event["resources"].is_array(), "{text}");
        assert!(event["actor"]["uri"].as_str().unwrap().contains("user/"), "{text}");
        let failed = record["success"] == false || record["return_code"].as_i64().is_some_and(|code| code != 0);
        assert_eq!(event["status"], if failed { "failure" } else { "success" }, "{text}");
        if let Some(sid) = record["sid"].as_str() {
            assert!(event["session"].as_str().unwrap().ends_with(sid), "{text}");
        }
    }
}

/// The way of a grant through the goldens, step by step, as `identity.md` 5 wants it.
#[test]
fn a_request_is_followed_from_its_creation_to_its_use_and_its_end() {
    let steps = [
        ("access-request-create", vec!["request"]),
        ("access-request-review-first", vec!["approve"]),
        ("access-request-review-approves", vec!["approve", "activate"]),
        ("access-request-expire", vec!["expire"]),
        ("access-request-delete", vec!["revoke"]),
    ];
    let uri = "nhi:grant:teleport:gate.wharf.example:access-request/0196a1b2-77c8-73e1-9f6b-8e337215c5d1";
    for (case, phases) in steps {
        let event = golden::event("teleport", case);
        let found: Vec<&str> =
            event["grants"].as_array().unwrap().iter().map(|g| g["phase"].as_str().unwrap()).collect();
        assert_eq!(found, phases, "{case}");
        assert!(event["grants"].as_array().unwrap().iter().all(|grant| grant["uri"] == uri), "{case}");
    }
    for case in ["session-start", "db-session-start.allowed", "kube-request.denied", "cert-create-user"] {
        assert_eq!(golden::event("teleport", case)["grant_refs"], json!([uri]), "{case}");
    }
}

#[test]
fn a_bot_is_followed_by_its_instance_from_its_join_to_its_use() {
    let event = |case| golden::event("teleport", case);
    let joined = event("bot-join")["issued_credential"]["uri"].clone();
    assert_eq!(event("cert-create-bot")["issued_credential"]["parent"], joined);
    assert_eq!(event("exec.denied")["credential"]["uri"], joined);
    assert_eq!(event("svid-issued")["issued_credential"]["parent"], joined);
    assert_eq!(event("lock-created")["credential_changes"][0]["uri"], joined);
    assert!(event("bot-join-refused").get("issued_credential").is_none(), "a join that failed issues nothing");
}

#[test]
fn a_cluster_that_a_record_does_not_name_is_the_configured_one_or_unknown() {
    let record =
        br#"{"event":"session.end","code":"T2004I","uid":"u1","time":"2026-01-01T00:00:00Z","user":"a","sid":"s"}"#;
    let uri = |authority| {
        let mut scratch = sources::Scratch::default();
        let context = sources::Context { authority, ..sources::Context::default() };
        sources::normalise(record, &context, &mut scratch).unwrap().actor.uri
    };
    assert_eq!(uri(Some("gate.wharf.example")), "nhi:principal:teleport:gate.wharf.example:user/~a");
    assert_eq!(uri(None), "nhi:principal:teleport:unknown:user/~a");
}

#[test]
fn a_record_without_its_event_is_a_reject_that_says_so() {
    let context = sources::Context { platform: Some(model::Platform::Teleport), ..sources::Context::default() };
    let mut scratch = sources::Scratch::default();
    let reject = sources::normalise(br#"{"uid":"x","code":"T1I"}"#, &context, &mut scratch).unwrap_err();
    assert_eq!(reject.to_string(), "shape: event is missing; every Teleport audit record has one");
}

#[test]
fn times_at_the_ends_of_what_can_be_counted_break_nothing() {
    let record = br#"{"event":"access_request.create","code":"T5000I","uid":"u","time":"2262-04-11T00:00:00Z","id":"r",
        "user":"a","max_duration":"1677-09-22T00:00:00Z","session_start":"2262-04-11T00:00:00Z",
        "session_stop":"1677-09-22T00:00:00Z"}"#;
    let event = golden::normalise(record).unwrap();
    assert_eq!(event["grants"][0].get("duration_s"), None, "{event:#}");
    assert_eq!(event.get("duration_ms"), None);
}
