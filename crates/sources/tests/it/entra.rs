//! Microsoft Entra: goldens, twins, joins between records, and records that nobody here wrote.

use crate::{golden, real};
use serde_json::Value;

#[test]
fn goldens() {
    golden::all("entra", 24);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("entra", 5);
}

#[test]
fn a_secret_is_the_same_credential_when_it_is_added_used_and_removed() {
    let added = golden::event("entra", "secret_added");
    let used = golden::event("entra", "service_principal_secret.allowed");
    let removed = golden::event("entra", "secret_removed");
    let uri = &added["issued_credential"]["uri"];
    assert_eq!(&used["credential"]["uri"], uri);
    assert_eq!(&removed["credential_changes"][0]["uri"], uri);
    assert_eq!(removed["credential_changes"][0]["change"], "revoked");
    assert_eq!(added["credential_changes"][0]["holder"], used["actor"]["uri"]);
}

#[test]
fn a_token_is_the_same_credential_when_it_is_issued_and_used() {
    let issued = golden::event("entra", "service_principal_secret.allowed");
    let used = golden::event("entra", "graph_call.allowed");
    assert_eq!(issued["issued_credential"]["uri"], used["credential"]["uri"]);
    assert_eq!(issued["actor"]["uri"], used["actor"]["uri"]);
}

#[test]
fn one_pim_request_is_one_grant_through_its_life() {
    let cases = ["pim_requested", "pim_approved", "pim_activated", "pim_expired"];
    let grants: Vec<Value> = cases.iter().map(|case| golden::event("entra", case)["grants"][0].clone()).collect();
    let phases: Vec<&str> = grants.iter().map(|grant| grant["phase"].as_str().unwrap()).collect();
    assert_eq!(phases, ["request", "approve", "activate", "expire"]);
    assert!(grants.iter().all(|grant| grant["uri"] == grants[0]["uri"]));
    assert!(grants.iter().all(|grant| grant["beneficiary"] == grants[0]["beneficiary"]));
    assert_ne!(grants[1]["approver"], grants[0]["requester"]);
}

fn at<'v>(record: &'v Value, pointers: &[&str]) -> Option<&'v str> {
    pointers.iter().find_map(|p| record.pointer(p)).and_then(Value::as_str).filter(|text| !text.is_empty())
}

#[test]
fn every_real_record_becomes_an_event_that_keeps_what_it_has() {
    let Some(folder) = real::folder() else { return };
    let records = real::panther(&folder.join("panther/Azure.Audit.jsonl"));
    assert_eq!(records.len(), 25);
    for text in records {
        let event = golden::normalise(text.as_bytes()).unwrap_or_else(|reject| panic!("{reject}: {text}"));
        let record: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(event["platform"], "entra");
        assert_eq!(event["authority"], record["tenantId"].as_str().unwrap().to_lowercase());
        assert!(event["time"].is_i64(), "{text}");
        let who = at(&record, &["/properties/userId", "/properties/initiatedBy/user/id"]).unwrap();
        assert!(event["actor"]["uri"].as_str().unwrap().ends_with(who), "{who}");
        assert!(event["api"]["operation"].is_string());
        assert!(matches!(event["status"].as_str(), Some("success" | "failure")), "{text}");
        if let Some(ip) =
            at(&record, &["/properties/ipAddress", "/properties/initiatedBy/user/ipAddress", "/callerIpAddress"])
        {
            assert_eq!(event["src"]["ip"], ip);
        }
        let targets = record.pointer("/properties/targetResources").and_then(Value::as_array).map_or(0, Vec::len);
        assert!(event["resources"].as_array().map_or(0, Vec::len) >= targets, "{text}");
        assert_ne!(event["access"], "other", "{text}");
    }
}

/// Where an event keeps the columns that are read verbatim.
const VERBATIM: [(&str, &str); 10] = [
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("error_message", "/error_message"),
    ("actor_name", "/actor/name"),
    ("credential_native_id", "/credential/native_id"),
    ("src_ip", "/src/ip"),
    ("src_country", "/src/country"),
    ("user_agent", "/user_agent"),
    ("client_app", "/client_app"),
    ("device_id", "/device/id"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("entra", &VERBATIM);
}
