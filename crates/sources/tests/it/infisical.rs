//! Infisical: goldens, machine identities and their credentials.

use serde_json::json;

use crate::golden;

#[test]
fn goldens() {
    golden::all("infisical", 15);
}

/// Where an event keeps the columns that are read verbatim.
const VERBATIM: [(&str, &str); 11] = [
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("tenant", "/tenant"),
    ("api_operation", "/api/operation"),
    ("actor_name", "/actor/name"),
    ("credential_native_id", "/credential/native_id"),
    ("issued_credential_native_id", "/issued_credential/native_id"),
    ("secret_access_version", "/secret_access/version"),
    ("secret_access_lease_id", "/secret_access/lease_id"),
    ("src_ip", "/src/ip"),
    ("user_agent", "/user_agent"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("infisical", &VERBATIM);
}

#[test]
fn a_client_secret_leads_to_the_token_that_it_bought_and_to_its_identity() {
    let [made, login, gone] = ["client-secret-created", "identity-login", "client-secret-revoked"]
        .map(|case| golden::event("infisical", case));
    let secret = &made["issued_credential"]["uri"];
    assert_eq!(login["credential"]["uri"], *secret);
    assert_eq!(login["issued_credential"]["parent"], *secret);
    assert_eq!(gone["credential_changes"][0]["uri"], *secret);
    assert_eq!(gone["credential_changes"][0]["holder"], login["actor"]["uri"]);
    let of = |event: &serde_json::Value| event["aliases"][0]["b"].clone();
    assert_eq!((of(&made), of(&login)), (login["actor"]["uri"].clone(), login["actor"]["uri"].clone()));
}

#[test]
fn a_secret_has_one_path_wherever_it_is_named() {
    let [read, updated] = ["secret-read", "secret-updated-by-hand"].map(|case| golden::event("infisical", case));
    assert_eq!(read["secret_access"]["path"], "prod:/db/PG_URL");
    assert_eq!(read["secret_access"]["path"], updated["secret_access"]["path"]);
    assert_eq!(read["resources"][0]["uri"], updated["resources"][0]["uri"]);
    assert_eq!((read["access"].as_str(), updated["access"].as_str()), (Some("read"), Some("modify")));
    assert_eq!(golden::event("infisical", "secrets-created")["resources"].as_array().unwrap().len(), 4);
}

#[test]
fn types_have_the_class_and_access_that_they_mean() {
    for (kind, class, activity, access) in [
        ("login-identity-aws-auth", 3002, 1, "authenticate"),
        ("create-service-token", 3007, 18, "issue"),
        ("delete-service-token", 3007, 19, "delete"),
        ("create-token-identity-token-auth", 3007, 18, "issue"),
        ("revoke-identity-oidc-auth", 3004, 4, "grant"),
        ("delete-identity", 3007, 3, "delete"),
        ("add-workspace-member", 3007, 14, "grant"),
        ("get-identity-universal-auth", 6003, 2, "read"),
        ("create-audit-log-stream", 1008, 9, "create"),
        ("secret-approval-merged", 6003, 99, "grant"),
        ("sign-cert", 6003, 1, "issue"),
        ("revoke-cert", 6003, 4, "delete"),
        ("reveal-secret", 6003, 2, "read"),
        ("integration-synced", 6003, 99, "other"),
    ] {
        let record = json!({"id": "1", "createdAt": "2026-09-03T08:05:22Z", "userAgentType": "other",
            "actor": {"type": "identity", "metadata": {"identityId": "i"}}, "event": {"type": kind, "metadata": {}}});
        let event = golden::normalise(record.to_string().as_bytes()).unwrap();
        let found = (event["class_uid"].as_i64(), event["activity_id"].as_i64(), event["access"].as_str());
        assert_eq!(found, (Some(class), Some(activity), Some(access)), "{kind}");
    }
    let off = golden::event("infisical", "log-stream-deleted");
    assert_eq!((off["class_uid"].as_i64(), off["activity_id"].as_i64()), (Some(1008), Some(10)));
}

#[test]
fn odd_values_lose_no_record() {
    for (key, value) in [
        ("actor", json!({"type": "identity", "metadata": []})),
        ("event", json!({"type": "get-secret", "metadata": {"secrets": 3, "secretPath": {}}})),
        ("createdAt", json!(3)),
        ("projectId", json!({})),
        ("ipAddress", json!(null)),
    ] {
        let mut record = json!({"id": "1", "createdAt": "2026-09-03T08:05:22Z", "userAgentType": "other",
            "actor": {"type": "user", "metadata": {}}, "event": {"type": "get-secrets", "metadata": {}}});
        record[key] = value;
        let event =
            golden::normalise(record.to_string().as_bytes()).unwrap_or_else(|reject| panic!("{record}: {reject}"));
        assert_eq!(event["platform"], "infisical");
    }
}
