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
