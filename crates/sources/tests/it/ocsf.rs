//! OCSF passed through: goldens, twins, and events that others wrote.

use crate::{golden, real};
use serde_json::Value;

#[test]
fn goldens() {
    golden::all("ocsf", 8);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("ocsf", 2);
}

#[test]
fn an_event_without_a_number_for_a_class_is_rejected() {
    let reject = golden::normalise(br#"{"class_uid":"api","metadata":{"version":"1.9.0"}}"#).unwrap_err();
    assert_eq!(reject.kind, sources::RejectKind::Shape);
    assert!(reject.detail.contains("class_uid"), "{reject}");
}

/// Text of a record at a pointer.
fn at<'v>(record: &'v Value, pointer: &str) -> Option<&'v str> {
    record.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
}

#[test]
fn published_events_keep_class_activity_actor_api_and_status() {
    let Some(folder) = real::folder() else { return };
    let folder = folder.join("ocsf_examples");
    let mut paths = real::files(&folder, ".ocsf");
    paths.extend(real::files(&folder, ".json").into_iter().filter(|p| p.to_string_lossy().contains("OCSF_")));
    let mut read = 0;
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        // Two published samples are no JSON: they have a comma too many.
        let Ok(record) = serde_json::from_str::<Value>(&text) else { continue };
        if !record["class_uid"].is_u64() {
            continue;
        }
        read += 1;
        let event = golden::normalise(text.as_bytes()).unwrap_or_else(|reject| panic!("{reject}: {}", path.display()));
        assert_eq!(event["platform"], "ocsf", "{}", path.display());
        assert_eq!(event["class_uid"], record["class_uid"]);
        assert_eq!(event["activity_id"], record["activity_id"]);
        if let Some(name) = at(&record, "/actor/user/name").or_else(|| at(&record, "/actor/user/uid")) {
            assert_eq!(event["actor"]["name"], name, "{}", path.display());
        }
        if let Some(operation) = at(&record, "/api/operation") {
            assert_eq!(event["api"]["operation"], operation);
        }
        if let Some(ip) = at(&record, "/src_endpoint/ip") {
            assert_eq!(event["src"]["ip"], ip);
        }
        if let Some(status) = at(&record, "/status").filter(|status| ["Success", "Failure"].contains(status)) {
            assert_eq!(event["status"], status.to_lowercase());
        }
        assert!(event["time"].is_i64() || record["time"].is_null(), "{}", path.display());
    }
    assert!(read >= 15, "{read} events");
}

/// Where an event keeps the columns that are read verbatim.
const VERBATIM: [(&str, &str); 11] = [
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("api_operation", "/api/operation"),
    ("api_service", "/api/service"),
    ("api_request_id", "/api/request_id"),
    ("region", "/region"),
    ("actor_name", "/actor/name"),
    ("credential_native_id", "/credential/native_id"),
    ("src_ip", "/src/ip"),
    ("user_agent", "/user_agent"),
    ("trace_id", "/trace_id"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("ocsf", &VERBATIM);
}

#[test]
fn a_status_without_its_number_is_read_from_its_text() {
    let status = |text: &str| {
        let record = serde_json::json!({"class_uid": 6003, "activity_id": 2, "metadata": {}, "status": text});
        golden::normalise(record.to_string().as_bytes()).unwrap()["status"].clone()
    };
    assert_eq!([status("Success"), status("Failure"), status("Pending")], ["success", "failure", "unknown"]);
}
