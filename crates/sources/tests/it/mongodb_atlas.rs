//! MongoDB Atlas: goldens, keys from making to use, memberships.

use serde_json::json;

use crate::{golden, real};

#[test]
fn goldens() {
    golden::all("mongodb-atlas", 14);
}

const VERBATIM: [(&str, &str); 8] = [
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("tenant", "/tenant"),
    ("api_operation", "/api/operation"),
    ("credential_native_id", "/credential/native_id"),
    ("issued_credential_native_id", "/issued_credential/native_id"),
    ("resources", "/resources/0/name"),
    ("src_ip", "/src/ip"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins_but("mongodb-atlas", &VERBATIM, &["lower-case", "data-explorer"]);
}

#[test]
fn a_key_that_was_made_is_the_one_that_is_used_and_ends() {
    let [made, used, gone] = ["api-key-created", "cluster-created-by-key", "api-key-deleted"]
        .map(|case| golden::event("mongodb-atlas", case));
    assert_eq!(made["issued_credential"]["uri"], used["credential"]["uri"]);
    assert_eq!(made["issued_credential"]["uri"], gone["credential_changes"][0]["uri"]);
    assert_eq!(used["actor"]["is_human"], "nonhuman");
}

#[test]
fn a_membership_is_asked_for_given_changed_and_taken() {
    for (case, phase) in
        [("invited", "request"), ("joined", "activate"), ("roles-changed", "activate"), ("removed", "revoke")]
    {
        let event = golden::event("mongodb-atlas", case);
        let uri = "nhi:grant:mongodb-atlas:cloud.mongodb.com:membership/organization/64d3f0a1c2b3d4e5f6a7b8c9/user/~jan%40halden.example";
        assert_eq!(
            (event["grants"][0]["uri"].as_str(), event["grants"][0]["phase"].as_str()),
            (Some(uri), Some(phase))
        );
    }
}

#[test]
fn the_vendors_own_people_and_the_service_itself_are_told() {
    assert_eq!(golden::event("mongodb-atlas", "by-support")["party"], "provider");
    assert_eq!(golden::event("mongodb-atlas", "by-atlas-itself")["actor"]["kind"], "platform-service");
    assert_eq!(golden::event("mongodb-atlas", "lower-case")["authority"], "cloud.mongodbgov.com");
}

#[test]
fn event_types_have_the_class_and_access_that_they_mean() {
    for (kind, class, activity, access) in [
        ("AUDIT_LOG_CONFIGURATION_UPDATED", 1008, 99, "modify"),
        ("PUSH_BASED_LOG_EXPORT_DISABLED", 1008, 10, "modify"),
        ("API_KEY_CREATED", 3007, 18, "issue"),
        ("API_KEY_ROLES_CHANGED", 3007, 16, "grant"),
        ("API_KEY_ACCESS_LIST_ENTRY_DELETED", 3004, 4, "delete"),
        ("SERVICE_ACCOUNT_CREATED", 3007, 1, "create"),
        ("SERVICE_ACCOUNT_SECRET_ADDED", 3007, 18, "issue"),
        ("ORG_TWO_FACTOR_AUTH_OPTIONAL", 3004, 3, "modify"),
        ("NETWORK_PERMISSION_ENTRY_REMOVED", 3004, 4, "delete"),
        ("ALERT_CONFIG_DELETED_AUDIT", 3004, 4, "delete"),
        ("JOINED_TEAM", 3006, 3, "grant"),
        ("TEAM_DELETED", 3006, 5, "delete"),
        ("MONGODB_USER_X509_CERT_CREATED", 3007, 18, "issue"),
        ("MONGODB_ROLE_ADDED", 3008, 1, "create"),
        ("CLUSTER_DELETED", 6003, 4, "delete"),
        ("CAT_JUMPED", 6003, 99, "other"),
    ] {
        let record = json!({"id": "x", "created": "2026-09-03T08:00:00Z", "eventTypeName": kind, "orgId": "o"});
        let event = golden::normalise(record.to_string().as_bytes()).unwrap();
        let found = (event["class_uid"].as_i64(), event["activity_id"].as_i64(), event["access"].as_str());
        assert_eq!(found, (Some(class), Some(activity), Some(access)), "{kind}");
    }
}

#[test]
fn odd_values_lose_no_record() {
    for (key, value) in
        [("links", json!("a")), ("userId", json!([])), ("created", json!("yesterday")), ("isGlobalAdmin", json!(null))]
    {
        let mut record =
            json!({"id": "x", "created": "2026-09-03T08:00:00Z", "eventTypeName": "CLUSTER_DELETED", "orgId": "o"});
        record[key] = value;
        let event = golden::normalise(record.to_string().as_bytes()).unwrap_or_else(|e| panic!("{record}: {e}"));
        assert_eq!(event["platform"], "mongodb-atlas");
    }
    real::shape(model::Platform::MongoDbAtlas, br#"{"id":"x"}"#);
}

#[test]
fn every_real_sample_becomes_an_event() {
    let files = ["OrganizationEvent", "ProjectEvent"].map(|name| format!("MongoDB.{name}"));
    real::all_of("mongodb-atlas", &files, 13, |event| {
        assert!(event["time"].is_i64() && event["tenant"].is_string() && event["src"]["ip"].is_string(), "{event:#}");
    });
}
