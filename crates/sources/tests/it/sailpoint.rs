//! SailPoint: goldens, twins, requests for access.

use serde_json::json;

use crate::golden;

#[test]
fn goldens() {
    golden::all("sailpoint", 8);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("sailpoint", 2);
}

/// Where an event keeps the columns that are read verbatim.
const VERBATIM: [(&str, &str); 10] = [
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("api_operation", "/api/operation"),
    ("api_request_id", "/api/request_id"),
    ("authority", "/authority"),
    ("status_code", "/status_code"),
    ("error_message", "/error_message"),
    ("actor_name", "/actor/name"),
    ("credential_native_id", "/credential/native_id"),
    ("src_ip", "/src/ip"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("sailpoint", &VERBATIM);
}

#[test]
fn access_is_asked_for_agreed_on_and_given_under_one_request() {
    let [asked, agreed, given] = ["access-requested", "access-approved", "entitlement-added.allowed"]
        .map(|case| golden::event("sailpoint", case));
    assert_eq!(asked["grants"][0]["uri"], "nhi:grant:sailpoint:acme-idn:access-request/aq-31");
    assert_eq!(given["grant_refs"], json!([asked["grants"][0]["uri"]]));
    assert_eq!((&asked["grants"][0]["requester"], asked["status"].as_str()), (&asked["actor"]["uri"], Some("other")));
    assert_eq!(agreed["grants"][0]["approver"], agreed["actor"]["uri"]);
    assert_eq!((given["actor"]["is_human"].as_str(), given["access"].as_str()), (Some("nonhuman"), Some("grant")));
}

#[test]
fn odd_values_lose_no_record() {
    for (key, value) in [
        ("actor", json!([])),
        ("target", json!("x")),
        ("attributes", json!([])),
        ("created", json!(7)),
        ("status", json!({})),
    ] {
        let mut record = json!({"org": "o", "id": "1", "created": "2026-09-03T08:05:22Z", "action": "x", "type": "AUTH",
            "actor": {"name": "a"}, "target": {"name": "b"}, "trackingNumber": "t", "technicalName": "X",
            "operation": "REQUEST", "status": "PASSED", "attributes": {}});
        record[key] = value;
        let event =
            golden::normalise(record.to_string().as_bytes()).unwrap_or_else(|reject| panic!("{record}: {reject}"));
        assert_eq!(event["platform"], "sailpoint");
    }
}
