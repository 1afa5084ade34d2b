//! Azure Activity: goldens, twins, joins with Entra, and records that nobody here wrote.

use crate::{golden, real};
use serde_json::Value;

#[test]
fn goldens() {
    golden::all("azure", 14);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("azure", 4);
}

#[test]
fn a_token_is_the_credential_that_entra_issued() {
    let issued = golden::event("entra", "user.allowed");
    let used = golden::event("azure", "run_command.allowed");
    assert_eq!(issued["issued_credential"]["uri"], used["credential"]["uri"]);
    assert_eq!(issued["actor"]["uri"], used["actor"]["uri"]);
    assert_eq!(issued["session"], used["session"]);
    let issued = golden::event("entra", "service_principal_secret.allowed");
    let used = golden::event("azure", "list_keys.allowed");
    assert_eq!(issued["issued_credential"]["uri"], used["credential"]["uri"]);
    assert_eq!(issued["actor"]["uri"], used["actor"]["uri"]);
}

/// Text at the first pointer that has one.
fn at<'v>(record: &'v Value, pointers: &[&str]) -> Option<&'v str> {
    pointers.iter().filter_map(|p| record.pointer(p)).find_map(Value::as_str).filter(|text| !text.is_empty())
}

#[test]
fn every_real_record_becomes_an_event_that_keeps_what_it_has() {
    let Some(folder) = real::folder() else { return };
    let records = real::panther(&folder.join("panther/Azure.MonitorActivity.jsonl"));
    assert_eq!(records.len(), 103);
    for text in records {
        let event = golden::normalise(text.as_bytes()).unwrap_or_else(|reject| panic!("{reject}: {text}"));
        let record: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(event["platform"], "azure", "{text}");
        assert!(event["time"].is_i64(), "{text}");
        assert_eq!(event["api"]["operation"].as_str(), at(&record, &["/operationName/value", "/operationName"]));
        let address = at(&record, &["/callerIpAddress"]).unwrap();
        assert!(address.starts_with(event["src"]["ip"].as_str().unwrap()), "{address}");
        assert!(event["resources"].as_array().is_some_and(|list| !list.is_empty()), "{text}");
        let outcome = ["/resultType", "/statusCode", "/properties/metricResponseType"];
        if outcome.iter().any(|pointer| record.pointer(pointer).is_some()) {
            assert!(matches!(event["status"].as_str(), Some("success" | "failure")), "{text}");
        }
        let who = ["/identity/claims/appid", "/identity/claims/name", "/identity/authorization/evidence/principalId"];
        if let Some(who) = at(&record, &who) {
            let name = event["actor"]["name"].as_str().unwrap_or_default();
            assert_eq!(name, who, "{text}");
        }
        assert_ne!(event["access"], "other", "{text}");
    }
}

/// Where an event keeps the columns that are read verbatim.
const VERBATIM: [(&str, &str); 12] = [
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("api_operation", "/api/operation"),
    ("status_code", "/status_code"),
    ("error_code", "/error_code"),
    ("region", "/region"),
    ("actor_name", "/actor/name"),
    ("credential_native_id", "/credential/native_id"),
    ("role", "/role"),
    ("decision_rule", "/decision/rule"),
    ("user_agent", "/user_agent"),
    ("client_app", "/client_app"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("azure", &VERBATIM);
}
