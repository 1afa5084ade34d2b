//! SPIRE server log: goldens, twins, and the way of an identity.

use crate::golden;
use serde_json::json;

#[test]
fn goldens() {
    golden::all("spire", 22);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("spire", 3);
}

/// Where an event keeps the columns that are read verbatim.
const VERBATIM: [(&str, &str); 14] = [
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("api_service", "/api/service"),
    ("api_operation", "/api/operation"),
    ("status_code", "/status_code"),
    ("error_code", "/error_code"),
    ("error_message", "/error_message"),
    ("actor_name", "/actor/name"),
    ("role", "/role"),
    ("issued_credential_native_id", "/issued_credential/native_id"),
    ("issued_credential_scopes", "/issued_credential/scopes/0"),
    ("authn_method", "/authn/method"),
    ("src_ip", "/src/ip"),
    ("process", "/process"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("spire", &VERBATIM);
}

#[test]
fn an_identity_is_followed_from_its_entry_to_its_document() {
    let entry = json!(["nhi:grant:spire:wharf.example:entry/d1004dd5-364f-43a3-bdcb-000000000001"]);
    let created = golden::event("spire", "create-entry.allowed");
    assert_eq!(created["grants"][0]["phase"], "activate");
    assert_eq!(created["grants"][0]["beneficiary"], "nhi:principal:spiffe:wharf.example:workload/ns/billing/sa/api");
    assert_eq!(golden::event("spire", "create-entry.denied")["grants"][0]["phase"], "request");
    for case in ["create-entry.allowed", "new-x509-svid.allowed", "signed-x509-svid", "delete-entry"] {
        assert_eq!(golden::event("spire", case)["grant_refs"], entry, "{case}");
    }
    // The audit line and the signature are of one request, and only the latter has the serial number.
    let [audit, signed] = ["new-x509-svid.allowed", "signed-x509-svid"].map(|case| golden::event("spire", case));
    assert_eq!(audit["api"]["request_id"], signed["api"]["request_id"]);
    let serial = "nhi:cred:spiffe:wharf.example:x509-serial/a1b2c3d4e5f60718293a4b5c6d7e8f90";
    assert_eq!(signed["issued_credential"]["uri"], serial);
    assert_eq!(audit["issued_credential"]["kind"], "svid");
}

#[test]
fn who_attests_is_a_claim_until_it_is_done() {
    let uri = |case| golden::event("spire", case)["actor"]["uri"].as_str().unwrap().to_owned();
    assert!(uri("attest-agent").starts_with("nhi:principal:spiffe:wharf.example:workload/spire/agent/k8s_psat/"));
    assert_eq!(uri("attest-agent-refused"), "nhi:principal:spire:unknown:caller/?10.4.0.66");
}

#[test]
fn a_line_without_a_message_is_a_reject_that_says_so() {
    let context = sources::Context { platform: Some(model::Platform::Spire), ..sources::Context::default() };
    let mut scratch = sources::Scratch::default();
    let reject = sources::normalise(br#"{"level":"info"}"#, &context, &mut scratch).unwrap_err();
    assert_eq!(reject.to_string(), "shape: msg is missing; every line of a SPIRE server log has one");
}
