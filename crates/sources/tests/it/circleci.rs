//! CircleCI: goldens, twins, approvals, keys.

use serde_json::json;

use crate::golden;

#[test]
fn goldens() {
    golden::all("circleci", 10);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("circleci", 1);
}

/// Where an event keeps the columns that are read verbatim.
const VERBATIM: [(&str, &str); 12] = [
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("tenant", "/tenant"),
    ("api_operation", "/api/operation"),
    ("api_request_id", "/api/request_id"),
    ("status_code", "/status_code"),
    ("error_message", "/error_message"),
    ("actor_name", "/actor/name"),
    ("issued_credential_native_id", "/issued_credential/native_id"),
    ("secret_access_path", "/secret_access/path"),
    ("workload_uid", "/workload/uid"),
    ("purpose_job", "/purpose/job"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("circleci", &VERBATIM);
}

#[test]
fn who_lets_a_job_go_on_has_approved_it() {
    let approved = golden::event("circleci", "job-approved");
    let fact = &approved["grants"][0];
    assert_eq!(fact["uri"], "nhi:grant:circleci:circleci.com:job-approval/d0d00000-0000-4000-8000-0000000000d1");
    assert_eq!((fact["phase"].as_str(), &fact["approver"]), (Some("approve"), &approved["actor"]["uri"]));
    let started = golden::event("circleci", "job-started");
    assert_eq!(started["workload"]["uid"], approved["workload"]["uid"]);
    assert_eq!(
        (started["access"].as_str(), started["actor"]["is_human"].as_str()),
        (Some("execute"), Some("nonhuman"))
    );
}

#[test]
fn a_key_that_was_made_is_the_one_that_goes_and_a_token_without_an_id_is_none() {
    let [made, gone] = ["checkout-key-created", "checkout-key-deleted"].map(|case| golden::event("circleci", case));
    assert_eq!(made["issued_credential"]["uri"], gone["credential_changes"][0]["uri"]);
    let token = golden::event("circleci", "api-token-created");
    assert_eq!((token["class_uid"].as_i64(), token["activity_id"].as_i64()), (Some(3007), Some(18)));
    assert!(token.get("issued_credential").is_none(), "the record names the project, not the token");
}

#[test]
fn odd_values_lose_no_record() {
    for (key, value) in [
        ("actor", json!([])),
        ("target", json!(null)),
        ("payload", json!("{}")),
        ("payload", json!({"job": 7, "workflow": []})),
        ("success", json!("maybe")),
        ("occurred_at", json!(-1)),
    ] {
        let mut record = json!({"id": "1", "version": 1, "action": "workflow.job.approve", "actor": {"id": "2", "type": "user"},
            "target": {"id": "3", "type": "job"}, "payload": {}, "occurred_at": "2026-09-03T08:05:22Z",
            "scope": {"id": "4"}, "success": true});
        record[key] = value;
        let event =
            golden::normalise(record.to_string().as_bytes()).unwrap_or_else(|reject| panic!("{record}: {reject}"));
        assert_eq!(event["platform"], "circleci");
    }
}
