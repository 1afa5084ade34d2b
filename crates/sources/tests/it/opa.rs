//! OPA decision logs: goldens, twins, and whose word the input is.

use serde_json::json;

use crate::golden;

#[test]
fn goldens() {
    golden::all("opa", 7);
}

#[test]
fn a_denied_act_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("opa", 1);
}

#[test]
fn whom_an_input_names_is_a_claim_unless_a_certificate_was_checked() {
    let uri = |case: &str| golden::event("opa", case)["actor"]["uri"].clone();
    assert_eq!(uri("allow.allowed"), "nhi:principal:opa:unknown:subject/?alice");
    assert_eq!(uri("envoy"), "nhi:principal:spiffe:wharf.example:workload/ns/billing/sa/agent");
    assert_eq!(uri("console"), "nhi:principal:opa:unknown:client/?10.44.1.27");
}

#[test]
fn a_decision_says_what_by_which_version_of_which_policy() {
    for (case, effect, reason) in [
        ("allow.allowed", json!("allow"), json!(null)),
        ("allow.denied", json!("deny"), json!(null)),
        ("envoy", json!("deny"), json!("payouts are not deleted")),
        ("admission", json!("deny"), json!("image is not signed")),
        ("masked", json!("allow"), json!(null)),
        ("error", json!(null), json!(null)),
    ] {
        let event = golden::event("opa", case);
        assert_eq!((&event["decision"]["effect"], &event["decision"]["reason"]), (&effect, &reason), "{case}");
        assert_eq!(event["decision"]["policies"][0], "authz@W3sibCI6InN5cy9jYXRhbG9nIiwicyI6NDA3MX1d", "{case}");
    }
    assert_eq!(golden::event("opa", "masked")["quality"]["redacted"], true);
}

/// Where an event keeps the columns that are read verbatim.
const VERBATIM: [(&str, &str); 9] = [
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("api_operation", "/api/operation"),
    ("api_request_id", "/api/request_id"),
    ("decision_reason", "/decision/reason"),
    ("status_code", "/status_code"),
    ("error_code", "/error_code"),
    ("trace_id", "/trace_id"),
    ("workload_uid", "/workload/uid"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("opa", &VERBATIM);
}
