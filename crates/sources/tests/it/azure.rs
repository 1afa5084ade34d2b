//! Azure Activity: goldens, twins, joins with Entra, and records that nobody here wrote.

use crate::{golden, real};
use serde_json::Value;

#[test]
fn goldens() {
    golden::all("azure", 18);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("azure", 4);
}

#[test]
fn a_token_is_the_credential_that_entra_issued() {
    let issued = golden::event("entra", "user.allowed");
    let used = golden::event("azure", "run_command.allowed");
    assert_eq!(issued["issued_credential"]["uri"], used["credential"]["uri"]);
    assert_eq!(issued["actor"]["uri"], used["actor"]["uri"]);
    assert_eq!(issued["session"], used["session"]);
    let issued = golden::event("entra", "service_principal_secret.allowed");
    let used = golden::event("azure", "list_keys.allowed");
    assert_eq!(issued["issued_credential"]["uri"], used["credential"]["uri"]);
    assert_eq!(issued["actor"]["uri"], used["actor"]["uri"]);
}

/// Text at the first pointer that has one.
fn at<'v>(record: &'v Value, pointers: &[&str]) -> Option<&'v str> {
    pointers.iter().filter_map(|p| record.pointer(p)).find_map(Value::as_str).filter(|text| !text.is_empty())
}

#[test]
fn every_real_record_becomes_an_event_that_keeps_what_it_has() {
    let Some(folder) = real::folder() else { return };
    let records = real::panther(&folder.join("panther/Azure.MonitorActivity.jsonl"));
    assert_eq!(records.len(), 103);
    for text in records {
        let event = golden::normalise(text.as_bytes()).unwrap_or_else(|reject| panic!("{reject}: {text}"));
        let record: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(event["platform"], "azure", "{text}");
        assert!(event["time"].is_i64(), "{text}");
        assert_eq!(event["api"]["operation"].as_str(), at(&record, &["/operationName/value", "/operationName"]));
        let address = at(&record, &["/callerIpAddress"]).unwrap();
        assert!(address.starts_with(event["src"]["ip"].as_str().unwrap()), "{address}");
        assert!(event["resources"].as_array().is_some_and(|list| !list.is_empty()), "{text}");
        let outcome = ["/resultType", "/statusCode", "/properties/metricResponseType"];
        if outcome.iter().any(|pointer| record.pointer(pointer).is_some()) {
            assert!(matches!(event["status"].as_str(), Some("success" | "failure")), "{text}");
        }
        let who = ["/identity/claims/appid", "/identity/claims/name", "/identity/authorization/evidence/principalId"];
        if let Some(who) = at(&record, &who) {
            let name = event["actor"]["name"].as_str().unwrap_or_default();
            assert_eq!(name, who, "{text}");
        }
        assert_ne!(event["access"], "other", "{text}");
    }
}

/// Where an event keeps the columns that are read verbatim.
const VERBATIM: [(&str, &str); 12] = [
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("api_operation", "/api/operation"),
    ("status_code", "/status_code"),
    ("error_code", "/error_code"),
    ("region", "/region"),
    ("actor_name", "/actor/name"),
    ("credential_native_id", "/credential/native_id"),
    ("role", "/role"),
    ("decision_rule", "/decision/rule"),
    ("user_agent", "/user_agent"),
    ("client_app", "/client_app"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("azure", &VERBATIM);
}

#[test]
fn what_happens_to_a_secret_or_key_of_a_vault_is_said_of_it() {
    for (case, change, uri) in [
        ("vault_key_rotated", "rotated", "key-vault-key/~quay-kv.vault.azure.net%2Fjwt"),
        ("vault_secret_deleted", "disabled", "key-vault-secret/~quay-kv.vault.azure.net%2Fledger-db"),
    ] {
        let event = golden::event("azure", case);
        let found = &event["credential_changes"][0];
        assert_eq!(found["change"], change, "{case}");
        assert_eq!(found["uri"], format!("nhi:cred:azure:a1b2c3d4-0f0e-4a4b-8c8d-1234567890ab:{uri}"), "{case}");
    }
    let signed = golden::event("azure", "key_sign");
    assert_eq!((&signed["access"], &signed["decision"]["effect"]), (&"execute".into(), &"allow".into()));
    assert!(signed.get("secret_access").is_none(), "a key that signs shows no value");
    assert_eq!(golden::event("azure", "vault_access_policy_changed")["access"], "grant");
}

#[test]
fn operations_of_a_vault_have_the_class_and_access_that_they_mean() {
    for (operation, class, activity, access) in [
        ("SecretGet", 6003, 2, "read"),
        ("SecretListVersions", 6003, 2, "read"),
        ("SecretGetDeleted", 6003, 2, "read"),
        ("SecretBackup", 6003, 2, "read"),
        ("SecretSet", 6003, 1, "create"),
        ("SecretPurge", 6003, 4, "delete"),
        ("SecretUpdate", 6003, 3, "modify"),
        ("KeyEncrypt", 6005, 9, "execute"),
        ("KeyUnwrap", 6005, 10, "execute"),
        ("KeyVerify", 6003, 99, "execute"),
        ("CertificateImport", 6003, 1, "create"),
        ("Authentication", 3002, 1, "authenticate"),
        ("SecretNearExpiryEventGridNotification", 6003, 99, "other"),
        ("VaultAccessPolicyChangedEventGridNotification", 3004, 3, "grant"),
    ] {
        let record = serde_json::json!({"time": "2026-11-20T10:41:07Z", "category": "AuditEvent", "operationName": operation, "resultType": "Success"});
        let event = golden::normalise(record.to_string().as_bytes()).unwrap();
        let found = (event["class_uid"].as_i64(), event["activity_id"].as_i64(), event["access"].as_str());
        assert_eq!(found, (Some(class), Some(activity), Some(access)), "{operation}");
    }
}
