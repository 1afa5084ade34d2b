//! OpenAI: goldens, twins, and what keys and sessions prove.

use serde_json::json;

use crate::{golden, real};

#[test]
fn goldens() {
    golden::all("openai", 16);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("openai", 1);
}

/// Where an event keeps the columns that are read verbatim.
const VERBATIM: [(&str, &str); 11] = [
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("api_operation", "/api/operation"),
    ("actor_name", "/actor/name"),
    ("error_code", "/error_code"),
    ("error_message", "/error_message"),
    ("credential_native_id", "/credential/native_id"),
    ("issued_credential_native_id", "/issued_credential/native_id"),
    ("src_ip", "/src/ip"),
    ("src_country", "/src/country"),
    ("user_agent", "/user_agent"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("openai", &VERBATIM);
}

#[test]
fn a_key_that_was_made_is_the_one_that_is_used_and_deleted() {
    let [made, used] = ["api-key-created", "scim-disabled"].map(|case| golden::event("openai", case));
    assert_eq!(made["issued_credential"]["uri"], used["credential"]["uri"]);
    let [with, gone] = ["service-account-created-with-user-key", "api-key-deleted-by-service-account"]
        .map(|case| golden::event("openai", case));
    assert_eq!(with["credential"]["uri"], gone["credential_changes"][0]["uri"]);
}

#[test]
fn a_session_is_a_persons_a_key_a_machines_and_a_failed_sign_in_nobodys() {
    for (case, uri, human) in [
        ("login.allowed", "user/user-Mq2xT7aVb0", "human"),
        ("login.denied", "user/?mira.holt%40acme.example", "unknown"),
        ("service-account-created-with-user-key", "user/user-Mq2xT7aVb0", "mixed"),
        ("scim-disabled", "service-account/svc_acct_81c2", "nonhuman"),
    ] {
        let event = golden::event("openai", case);
        assert_eq!(event["actor"]["uri"], format!("nhi:principal:openai:api.openai.com:{uri}"), "{case}");
        assert_eq!(event["actor"]["is_human"], human, "{case}");
    }
}

#[test]
fn logging_that_ends_is_an_event_about_logging() {
    for (case, activity) in [("call-logging-disabled", 10), ("call-logging-enabled", 9)] {
        let event = golden::event("openai", case);
        assert_eq!(
            (event["class_uid"].as_i64(), event["activity_id"].as_i64()),
            (Some(1008), Some(activity)),
            "{case}"
        );
    }
}

#[test]
fn a_role_is_a_grant_to_whom_it_was_given() {
    let given = golden::event("openai", "role-assigned-to-user");
    let grant = &given["grants"][0];
    assert_eq!(grant["phase"], "activate");
    assert_eq!(grant["target"], "role-api-project-owner");
    assert_eq!(grant["beneficiary"], "nhi:principal:openai:api.openai.com:user/user-Jan5");
    assert_eq!(grant["resource"], "nhi:resource:openai:api.openai.com:project/proj_Inv77");
    let taken = golden::event("openai", "role-taken-from-group");
    assert_eq!((taken["grants"][0]["phase"].as_str(), taken["class_uid"].as_i64()), (Some("revoke"), Some(3006)));
}

#[test]
fn odd_values_lose_no_record() {
    let whole = json!({"object": "organization.audit_log", "id": "audit_log-1", "type": "api_key.created",
        "effective_at": 1_788_422_400, "actor": {"type": "session"}, "api_key.created": {"id": "key_1"}});
    for (key, value) in [
        ("actor", json!([])),
        ("actor", json!({"session": 1, "api_key": {"user": []}})),
        ("api_key.created", json!(7)),
        ("api_key.created", json!({"id": {}, "data": {"scopes": 3}})),
        ("effective_at", json!("soon")),
        ("project", json!("x")),
    ] {
        let mut record = whole.clone();
        record[key] = value;
        let event =
            golden::normalise(record.to_string().as_bytes()).unwrap_or_else(|reject| panic!("{record}: {reject}"));
        assert_eq!(event["platform"], "openai");
    }
}

#[test]
fn every_real_sample_becomes_an_event_that_says_who() {
    let Some(folder) = real::folder() else { return };
    let samples = real::panther(&folder.join("panther/OpenAI.Audit.jsonl"));
    assert_eq!(samples.len(), 17);
    for raw in samples {
        let event = golden::normalise(raw.as_bytes()).unwrap_or_else(|reject| panic!("{raw}: {reject}"));
        assert_eq!(event["platform"], "openai");
        assert!(event["actor"]["name"].is_string() && event["time"].is_i64(), "{event:#}");
        assert_ne!(event["access"], "other", "{event:#}");
        assert_ne!(event["class_uid"], 0);
    }
}
