//! Anthropic: goldens, twins, and whom an activity proves.

use serde_json::json;

use crate::{golden, real};

#[test]
fn goldens() {
    golden::all("anthropic", 23);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("anthropic", 2);
}

/// Where an event keeps the columns that are read verbatim.
const VERBATIM: [(&str, &str); 12] = [
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("tenant", "/tenant"),
    ("api_operation", "/api/operation"),
    ("api_request_id", "/api/request_id"),
    ("status_code", "/status_code"),
    ("actor_name", "/actor/name"),
    ("credential_native_id", "/credential/native_id"),
    ("issued_credential_native_id", "/issued_credential/native_id"),
    ("tool_name", "/tool/name"),
    ("src_ip", "/src/ip"),
    ("user_agent", "/user_agent"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("anthropic", &VERBATIM);
}

#[test]
fn a_key_that_was_made_is_the_one_that_acts_and_goes() {
    let event = |case| golden::event("anthropic", case);
    let [made, acts] = ["api-key-created", "compliance-api.allowed"].map(event);
    assert_eq!(made["issued_credential"]["uri"], acts["credential"]["uri"]);
    // Keys of administration call the feed under ids of the same list.
    let [made, acts, gone] = ["admin-key-created", "api-key-created", "admin-key-deleted"].map(event);
    assert_eq!(made["issued_credential"]["uri"], acts["credential"]["uri"]);
    assert_eq!(made["issued_credential"]["uri"], gone["credential_changes"][0]["uri"]);
    let [made, gone] = ["service-key-created", "service-key-revoked"].map(event);
    assert_eq!(made["issued_credential"]["uri"], gone["credential_changes"][0]["uri"]);
}

#[test]
fn each_type_of_actor_is_said_for_what_it_is() {
    for (case, uri, human) in [
        ("login.allowed", "user/user_01Mira", "human"),
        ("login.denied", "user/?mira.holt%40acme.example", "unknown"),
        ("compliance-api.allowed", "api-key/apikey_01Audit", "nonhuman"),
        ("api-key-created", "api-key/apikey_01Admin", "nonhuman"),
        ("group-members-by-directory", "directory/directory_01D", "nonhuman"),
        ("by-the-provider", "operator/anthropic", "unknown"),
        ("by-the-system", "system/~exporter", "nonhuman"),
    ] {
        let event = golden::event("anthropic", case);
        assert_eq!(event["actor"]["uri"], format!("nhi:principal:anthropic:api.anthropic.com:{uri}"), "{case}");
        assert_eq!(event["actor"]["is_human"], human, "{case}");
    }
    let other = json!({"id": "activity_1", "created_at": "2026-09-03T08:05:22Z", "type": "x_viewed",
        "actor": {"type": "robot_actor"}});
    let event = golden::normalise(other.to_string().as_bytes()).unwrap();
    assert_eq!(event["actor"]["uri"], "nhi:principal:anthropic:api.anthropic.com:robot/?unknown");
}

#[test]
fn types_have_the_class_and_access_that_they_mean() {
    for (kind, class, activity, access, status) in [
        ("admin_api_key_created", 3007, 18, "issue", "success"),
        ("service_key_revoked", 3007, 19, "delete", "success"),
        ("sso_login_initiated", 3002, 1, "authenticate", "other"),
        ("sso_login_failed", 3002, 1, "authenticate", "failure"),
        ("claude_chat_deletion_failed", 6003, 4, "delete", "failure"),
        ("claude_chat_viewed", 6003, 2, "read", "success"),
        ("mcp_server_deleted", 6002, 2, "delete", "success"),
        ("org_cowork_agent_enabled", 3004, 8, "modify", "success"),
        ("primary_owner_transferred", 3007, 16, "grant", "success"),
        ("rbac_role_permission_added", 3008, 4, "grant", "success"),
        ("claude_artifact_sharing_updated", 6001, 8, "grant", "success"),
        ("org_compliance_api_settings_updated", 1008, 99, "modify", "success"),
        ("something_unheard_of", 6003, 99, "other", "success"),
    ] {
        let record = json!({"id": "activity_1", "created_at": "2026-09-03T08:05:22Z", "type": kind, "actor": {}});
        let event = golden::normalise(record.to_string().as_bytes()).unwrap();
        let found = (event["class_uid"].as_i64(), event["activity_id"].as_i64(), event["access"].as_str());
        assert_eq!(found, (Some(class), Some(activity), Some(access)), "{kind}");
        assert_eq!(event["status"], status, "{kind}");
    }
    let off = golden::event("anthropic", "compliance-logging-off");
    assert_eq!((off["class_uid"].as_i64(), off["activity_id"].as_i64()), (Some(1008), Some(10)));
}

#[test]
fn odd_values_lose_no_record() {
    for (key, value) in [
        ("actor", json!(7)),
        ("actor", json!({"type": [], "user_id": {}})),
        ("type", json!(3)),
        ("scopes", json!({"a": 1})),
        ("created_at", json!(null)),
    ] {
        let mut record = json!({"id": "activity_1", "created_at": "2026-09-03T08:05:22Z", "type": "api_key_created",
            "api_key_id": "k", "actor": {"type": "user_actor"}});
        record[key] = value;
        let event =
            golden::normalise(record.to_string().as_bytes()).unwrap_or_else(|reject| panic!("{record}: {reject}"));
        assert_eq!(event["platform"], "anthropic");
    }
}

#[test]
fn every_real_sample_becomes_an_event_that_says_what() {
    let Some(folder) = real::folder() else { return };
    let samples = real::panther(&folder.join("panther/Anthropic.Activity.jsonl"));
    assert_eq!(samples.len(), 19);
    let mut nobody = 0;
    for raw in samples {
        let event = golden::normalise(raw.as_bytes()).unwrap_or_else(|reject| panic!("{raw}: {reject}"));
        assert_eq!(event["platform"], "anthropic");
        assert!(event["time"].is_i64() && event["tenant"].is_string(), "{event:#}");
        assert_ne!(event["access"], "other", "{event:#}");
        nobody += usize::from(event["actor"]["name"].is_null());
    }
    assert_eq!(nobody, 1, "a sign-in that failed and names no address");
}
