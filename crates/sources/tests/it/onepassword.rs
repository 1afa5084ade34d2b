//! 1Password: goldens, twins, tokens of service accounts, access to vaults.

use serde_json::json;

use crate::{golden, real};

#[test]
fn goldens() {
    golden::all("onepassword", 13);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("onepassword", 1);
}

const VERBATIM: [(&str, &str); 12] = [
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("tenant", "/tenant"),
    ("actor_name", "/actor/name"),
    ("status_code", "/status_code"),
    ("error_code", "/error_code"),
    ("authn_method", "/authn/method"),
    ("decision_reason", "/decision/reason"),
    ("issued_credential_native_id", "/issued_credential/native_id"),
    ("secret_access_version", "/secret_access/version"),
    ("src_ip", "/src/ip"),
    ("device_name", "/device/name"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("onepassword", &VERBATIM);
}

#[test]
fn the_use_of_an_item_is_access_to_a_secret() {
    let event = golden::event("onepassword", "item-fetched-by-service-account");
    assert_eq!(event["secret_access"]["path"], "VAULTPRODAAAAAAAAAAAAAAAAA/ITEMDBPASSAAAAAAAAAAAAAAAA");
    assert_eq!(event["actor"]["is_human"], "nonhuman");
    assert_eq!(golden::event("onepassword", "item-revealed")["actor"]["is_human"], "human");
}

#[test]
fn a_token_comes_and_goes_and_access_is_given_and_taken() {
    let [made, gone] = ["service-account-token-created", "service-account-token-revoked"]
        .map(|case| golden::event("onepassword", case));
    assert_eq!(made["issued_credential"]["uri"], gone["credential_changes"][0]["uri"]);
    let [given, taken] =
        ["vault-access-granted", "vault-access-revoked"].map(|case| golden::event("onepassword", case));
    assert_eq!(given["grants"][0]["uri"], taken["grants"][0]["uri"]);
    assert_eq!(taken["grants"][0]["phase"], "revoke");
}

#[test]
fn actions_have_the_class_and_access_that_they_mean() {
    for (object, action, class, activity, access) in [
        ("user", "create", 3007, 1, "create"),
        ("user", "suspend", 3007, 5, "modify"),
        ("user", "changemk", 3007, 8, "modify"),
        ("gm", "leave", 3006, 4, "grant"),
        ("gm", "role", 3007, 16, "grant"),
        ("gva", "grant", 3008, 4, "grant"),
        ("group", "delete", 3006, 5, "delete"),
        ("satoken", "create", 3007, 18, "issue"),
        ("items", "export", 6001, 7, "read"),
        ("stngs", "update", 3004, 3, "modify"),
        ("whatever", "unknown", 6003, 99, "other"),
    ] {
        let record = json!({"uuid": "x", "timestamp": "2026-09-03T08:00:00Z", "actor_uuid": "a", "action": action, "object_type": object, "object_uuid": "o"});
        let event = golden::normalise(record.to_string().as_bytes()).unwrap();
        let found = (event["class_uid"].as_i64(), event["activity_id"].as_i64(), event["access"].as_str());
        assert_eq!(found, (Some(class), Some(activity), Some(access)), "{object}.{action}");
    }
}

#[test]
fn odd_values_lose_no_record() {
    for (key, value) in [
        ("user", json!("a")),
        ("client", json!([])),
        ("timestamp", json!("yesterday")),
        ("used_version", json!({})),
        ("action", json!(7)),
    ] {
        let mut record =
            json!({"uuid": "x", "timestamp": "2026-09-03T08:00:00Z", "item_uuid": "i", "vault_uuid": "v", "user": {}});
        record[key] = value;
        let event = golden::normalise(record.to_string().as_bytes()).unwrap_or_else(|e| panic!("{record}: {e}"));
        assert_eq!(event["platform"], "onepassword");
    }
    real::shape(model::Platform::OnePassword, br#"{"id":"x"}"#);
}

#[test]
fn every_real_sample_becomes_an_event() {
    let files = ["ItemUsage", "SignInAttempt"].map(|name| format!("OnePassword.{name}"));
    real::all_of("onepassword", &files, 4, |event| {
        assert!(event["time"].is_i64() && event["src"]["ip"].is_string(), "{event:#}");
    });
}
