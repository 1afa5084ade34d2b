//! Buildkite: goldens, one event in three forms, tokens.

use serde_json::{Value, json};

use crate::golden;

#[test]
fn goldens() {
    golden::all("buildkite", 10);
}

/// Where an event keeps the columns that are read verbatim.
const VERBATIM: [(&str, &str); 9] = [
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("tenant", "/tenant"),
    ("api_request_id", "/api/request_id"),
    ("actor_name", "/actor/name"),
    ("credential_native_id", "/credential/native_id"),
    ("issued_credential_native_id", "/issued_credential/native_id"),
    ("src_ip", "/src/ip"),
    ("user_agent", "/user_agent"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("buildkite", &VERBATIM);
}

#[test]
fn one_type_has_one_name_in_every_list() {
    for (kind, operation) in [
        ("AgentTokenCreatedEvent", "agent_token_created"),
        ("AGENT_TOKEN_CREATED", "agent_token_created"),
        ("OrganizationUpdatedEvent", "organization_updated"),
    ] {
        let record = json!({"uuid": "1", "type": kind, "occurred_at": "2026-09-03T08:05:22Z", "actor": {},
            "subject": {"type": "AgentToken", "uuid": "2"}, "context": {}});
        assert_eq!(golden::normalise(record.to_string().as_bytes()).unwrap()["api"]["operation"], operation);
    }
}

#[test]
fn a_session_is_a_persons_and_a_token_a_programs_in_a_persons_name() {
    for (case, human, rule) in [
        ("organization-updated", "human", "R2:buildkite-web-session"),
        ("eventbridge", "human", "R2:buildkite-web-session"),
        ("graphql-cluster-token", "mixed", "R3:buildkite-api-access-token"),
        ("secret-created", "mixed", "R3:buildkite-api-access-token"),
    ] {
        let actor = &golden::event("buildkite", case)["actor"];
        assert_eq!((actor["is_human"].as_str(), actor["rule"].as_str()), (Some(human), Some(rule)), "{case}");
        assert_eq!(actor["uri"], "nhi:principal:buildkite:buildkite.com:user/3d3c0000-7d58-4afe-8fe7-b3017d550001");
    }
}

#[test]
fn a_token_that_was_made_is_the_one_that_is_used_and_revoked() {
    let [made, used] = ["api-token-created", "secret-created"].map(|case| golden::event("buildkite", case));
    assert_eq!(made["issued_credential"]["uri"], used["credential"]["uri"]);
    let [made, gone] =
        ["agent-token-created", "agent-token-revoked-with-token"].map(|case| golden::event("buildkite", case));
    assert_eq!(made["issued_credential"]["uri"], gone["credential_changes"][0]["uri"]);
}

#[test]
fn a_delivery_of_eventbridge_is_the_event_inside() {
    let path = format!("{}/tests/golden/buildkite/eventbridge.json", env!("CARGO_MANIFEST_DIR"));
    let inside: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let whole = json!({"version": "0", "id": "eb-1", "detail-type": "Audit Event Logged",
        "source": "aws.partner/buildkite.com/acme-fin/0106187a", "detail": inside});
    let event = golden::normalise(whole.to_string().as_bytes()).unwrap();
    assert_eq!(event, golden::event("buildkite", "eventbridge"));
    assert_eq!(event["tenant"], "acme-fin");
    assert!(event["time"].is_i64());
}

#[test]
fn odd_values_lose_no_record() {
    for (key, value) in [
        ("actor", json!([])),
        ("subject", json!("x")),
        ("context", json!("not json")),
        ("context", json!(null)),
        ("occurred_at", json!({})),
    ] {
        let mut record = json!({"uuid": "1", "type": "PipelineDeletedEvent", "occurred_at": "2026-09-03T08:05:22Z",
            "actor": {"type": "User", "uuid": "2"}, "subject": {"type": "Pipeline", "uuid": "3"}, "context": {}});
        record[key] = value;
        let event =
            golden::normalise(record.to_string().as_bytes()).unwrap_or_else(|reject| panic!("{record}: {reject}"));
        assert_eq!(event["platform"], "buildkite");
    }
}
