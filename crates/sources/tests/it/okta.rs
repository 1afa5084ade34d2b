//! Okta System Log: goldens, twins, and records that nobody here wrote.

use crate::{golden, real};
use serde_json::Value;

#[test]
fn goldens() {
    golden::all("okta", 24);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("okta", 5);
}

/// The records of the real logs, each as text.
fn records(folder: &std::path::Path) -> Vec<String> {
    let mut records = real::panther(&folder.join("panther/Okta.SystemLog.jsonl"));
    let list = std::fs::read_to_string(folder.join("okta/bindplane/oktaResponseBasic.json")).unwrap();
    records.extend(serde_json::from_str::<Vec<Value>>(&list).unwrap().iter().map(Value::to_string));
    for path in real::files(&folder.join("ocsf_examples/mappings/markdown/Okta"), ".raw") {
        records.push(std::fs::read_to_string(path).unwrap());
    }
    records
}

/// A value of a record whose keys may be in lower case.
fn at<'v>(record: &'v Value, pointers: &[&str]) -> Option<&'v str> {
    pointers
        .iter()
        .find_map(|pointer| record.pointer(pointer))
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty() && !text.eq_ignore_ascii_case("unknown"))
}

#[test]
fn every_real_record_becomes_an_event_that_keeps_what_it_has() {
    let Some(folder) = real::folder() else { return };
    let records = records(&folder);
    assert!(records.len() >= 36, "{} records", records.len());
    for text in records {
        let event = golden::normalise(text.as_bytes()).unwrap_or_else(|reject| panic!("{reject}: {text}"));
        let record: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(event["platform"], "okta");
        let operation = at(&record, &["/eventType", "/eventtype"]).unwrap();
        assert_eq!(event["api"]["operation"], operation);
        assert_ne!(event["access"], "", "{operation}");
        if let Some(id) = at(&record, &["/actor/id"]) {
            let uri = event["actor"]["uri"].as_str().unwrap();
            assert!(uri.ends_with(id), "{uri} names {id}");
        }
        if let Some(ip) = at(&record, &["/client/ipAddress", "/request/ipChain/0/ip"]) {
            assert_eq!(event["src"]["ip"], ip);
        }
        if let Some(result) = at(&record, &["/outcome/result"]) {
            assert_eq!(event["status_code"], result);
            assert_ne!(event["status"], "unknown", "{result}");
        }
        let targets = record["target"].as_array().map_or(0, Vec::len);
        assert_eq!(event["resources"].as_array().map_or(0, Vec::len), targets, "{operation}");
        if at(&record, &["/published"]).is_some_and(|text| text != "redacted") {
            assert!(event["time"].is_i64(), "{operation}");
        }
    }
}

/// Where an event keeps the columns that are read verbatim.
const VERBATIM: [(&str, &str); 16] = [
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("api_operation", "/api/operation"),
    ("api_request_id", "/api/request_id"),
    ("status_code", "/status_code"),
    ("error_code", "/error_code"),
    ("error_message", "/error_message"),
    ("actor_name", "/actor/name"),
    ("credential_native_id", "/credential/native_id"),
    ("issued_credential_native_id", "/issued_credential/native_id"),
    ("issued_credential_fingerprint_value", "/issued_credential/fingerprint/value"),
    ("src_ip", "/src/ip"),
    ("src_country", "/src/country"),
    ("src_network", "/src/network"),
    ("user_agent", "/user_agent"),
    ("device_id", "/device/id"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("okta", &VERBATIM);
}

#[test]
fn an_org_that_a_record_does_not_name_is_the_configured_one_or_unknown() {
    let record = br#"{"eventType":"user.session.end","displayMessage":"x","published":"2026-01-01T00:00:00Z",
        "actor":{"id":"00u1","type":"User"},"debugContext":{"debugData":{"url":"/login/signout"}}}"#;
    let uri = |authority| {
        let mut scratch = sources::Scratch::default();
        let context = sources::Context { authority, ..sources::Context::default() };
        sources::normalise(record, &context, &mut scratch).unwrap().actor.uri
    };
    assert_eq!(uri(Some("wharf.okta.com")), "nhi:principal:okta:wharf.okta.com:user/00u1");
    assert_eq!(uri(None), "nhi:principal:okta:unknown:user/00u1");
}

#[test]
fn a_host_that_only_looks_like_the_platform_names_no_org() {
    for url in ["https://okta.com.evil.example/x", "https://wharf.okta.com@evil.example/", "http://wharf.okta.com/"] {
        let record = serde_json::json!({
            "eventType": "user.session.end", "displayMessage": "x", "debugContext": {"debugData": {"url": url}}
        });
        assert_eq!(golden::normalise(record.to_string().as_bytes()).unwrap()["authority"], "unknown", "{url}");
    }
}

/// What the authors of the published mappings expect, and where we say something else on purpose.
#[test]
fn published_pairs_agree_or_the_difference_is_explained() {
    let Some(folder) = real::folder() else { return };
    // Folder, then (class, activity) of ours where it differs: see docs/sources/okta.md, OCSF pairs.
    let ours = [("Account_Change", Some((3007, 6))), ("Authentication", None), ("Entity_Management", None)];
    for (name, different) in ours {
        let base = folder.join("ocsf_examples/mappings/markdown/Okta/v1.3.0/System_Logs").join(name).join("samples");
        let stem = name.to_lowercase();
        let raw = std::fs::read(base.join(format!("{stem}.raw"))).unwrap();
        let expected: Value =
            serde_json::from_slice(&std::fs::read(base.join(format!("{stem}.ocsf"))).unwrap()).unwrap();
        let event = golden::normalise(&raw).unwrap();
        let pair = |v: &Value| (v["class_uid"].as_u64().unwrap(), v["activity_id"].as_u64().unwrap());
        assert_eq!(pair(&event), different.unwrap_or_else(|| pair(&expected)), "{name}");
        let uid = expected["actor"]["user"]["uid"].as_str().unwrap();
        assert!(event["actor"]["uri"].as_str().unwrap().ends_with(uid), "{name}");
        assert_eq!(event["status"], expected["status"].as_str().unwrap().to_lowercase(), "{name}");
        // One sample has `user.sesion.start` where the record says `user.session.start`.
        let code = expected["metadata"]["event_code"].as_str().unwrap().replace("sesion", "session");
        assert_eq!(event["api"]["operation"], code, "{name}");
        assert_eq!(event["src"]["ip"], expected["src_endpoint"]["ip"], "{name}");
    }
}
