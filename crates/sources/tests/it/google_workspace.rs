//! Google Workspace: goldens, twins, tokens and delegation, and activities that nobody here wrote.

use serde_json::{Value, json};

use crate::{golden, real};

#[test]
fn goldens() {
    golden::all("google-workspace", 18);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    // Whoever did not get in has no names that are proved to be theirs.
    golden::pairs("google-workspace", 1);
}

/// Where an event keeps the columns that are read verbatim.
const VERBATIM: [(&str, &str); 13] = [
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("tenant", "/tenant"),
    ("api_service", "/api/service"),
    ("actor_name", "/actor/name"),
    ("error_code", "/error_code"),
    ("src_ip", "/src/ip"),
    ("src_network", "/src/network"),
    ("src_country", "/src/country"),
    ("client_app", "/client_app"),
    ("authn_method", "/authn/method"),
    ("issued_credential_native_id", "/issued_credential/native_id"),
    ("device_id", "/device/id"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("google-workspace", &VERBATIM);
}

#[test]
fn a_token_that_was_given_is_the_one_used_and_taken() {
    let [given, used, taken] =
        ["token-authorized", "token-used", "token-revoked"].map(|case| golden::event("google-workspace", case));
    let uri = &given["issued_credential"]["uri"];
    assert_eq!(uri, &used["credential"]["uri"]);
    assert_eq!(uri, &taken["credential_changes"][0]["uri"]);
    assert_eq!(given["grants"][0]["uri"], taken["grants"][0]["uri"]);
    assert_eq!(
        given["grants"][0]["beneficiary"],
        "nhi:principal:oauth:accounts.google.com:client/407408718192-abc.apps.googleusercontent.com"
    );
}

#[test]
fn a_client_with_domain_wide_delegation_is_who_started_it() {
    let given = golden::event("google-workspace", "domain-wide-delegation");
    let used = golden::event("google-workspace", "download-impersonated");
    assert_eq!(given["grants"][0]["beneficiary"], used["initiator"]);
    assert_eq!((&used["actor"]["is_human"], &used["chain"][0]["step"]), (&json!("mixed"), &json!("impersonation")));
}

#[test]
fn who_did_not_get_in_is_a_claim() {
    for case in ["login.denied", "suspicious-login"] {
        let event = golden::event("google-workspace", case);
        assert!(event["actor"]["uri"].as_str().unwrap().contains(":user/?"), "{event:#}");
        assert!(event.get("aliases").is_none());
    }
}

#[test]
fn a_service_account_is_the_one_of_google_cloud() {
    let event = golden::event("google-workspace", "service-account");
    assert_eq!(event["actor"]["uri"], "nhi:principal:gcp:ledger-prod:sa/~sync%40ledger-prod.iam.gserviceaccount.com");
}

#[test]
fn events_have_the_class_and_access_that_they_mean() {
    for (application, name, class, activity, access) in [
        ("login", "logout", 3002, 2, "authenticate"),
        ("login", "login_verification", 3002, 99, "authenticate"),
        ("login", "gov_attack_warning", 2004, 1, "other"),
        ("login", "account_disabled_password_leak", 2004, 1, "other"),
        ("user_accounts", "2sv_disable", 3007, 13, "modify"),
        ("user_accounts", "recovery_email_edit", 6003, 3, "modify"),
        ("admin", "CREATE_USER", 3007, 1, "create"),
        ("admin", "SUSPEND_USER", 3007, 5, "modify"),
        ("admin", "UNASSIGN_ROLE", 3007, 17, "grant"),
        ("admin", "GRANT_ADMIN_PRIVILEGE", 3007, 14, "grant"),
        ("admin", "REVOKE_ASP", 3007, 19, "delete"),
        ("admin", "GENERATE_2SV_SCRATCH_CODES", 3007, 18, "issue"),
        ("admin", "CREATE_ROLE", 3008, 1, "create"),
        ("admin", "DELETE_GMAIL_SETTING", 3004, 4, "delete"),
        ("admin", "REMOVE_API_CLIENT_ACCESS", 3004, 3, "grant"),
        ("admin", "CUSTOMER_TAKEOUT_SUCCEEDED", 6001, 7, "read"),
        ("admin", "SOMETHING_UNHEARD_OF", 6003, 99, "other"),
        ("drive", "change_owner", 6001, 8, "grant"),
        ("drive", "view", 6001, 2, "read"),
        ("drive", "trash", 6001, 4, "delete"),
        ("groups_enterprise", "add_member", 3006, 3, "grant"),
        ("mobile", "DEVICE_REGISTER_UNREGISTER_EVENT", 3004, 6, "modify"),
        ("rules", "rule_trigger", 2004, 1, "other"),
        ("chat", "message_deleted", 6003, 4, "delete"),
    ] {
        let record = json!({"id": {"applicationName": application, "customerId": "C1"}, "actor": {"email": "a@b.example"}, "name": name});
        let event = golden::normalise(record.to_string().as_bytes()).unwrap();
        let found = (event["class_uid"].as_i64(), event["activity_id"].as_i64(), event["access"].as_str());
        assert_eq!(found, (Some(class), Some(activity), Some(access)), "{name}");
    }
}

#[test]
fn odd_values_lose_no_record() {
    for (key, value) in [
        ("events", json!("none")),
        ("events", json!([{"name": 7, "parameters": [{"name": "scope"}, {"value": "x"}, 3]}])),
        ("actor", json!([])),
        ("parameters", json!(null)),
        ("ipAddress", json!({})),
    ] {
        let mut record =
            json!({"id": {"applicationName": "drive"}, "actor": {}, "kind": "admin#reports#activity", "name": "view"});
        record[key] = value;
        let event =
            golden::normalise(record.to_string().as_bytes()).unwrap_or_else(|reject| panic!("{record}: {reject}"));
        assert_eq!(event["platform"], "google-workspace");
    }
    let context = sources::Context { platform: Some(model::Platform::GoogleWorkspace), ..Default::default() };
    let mut scratch = sources::Scratch::default();
    let reject = sources::normalise(br#"{"id":"x"}"#, &context, &mut scratch).unwrap_err();
    assert_eq!(reject.to_string(), "shape: id is no object; an activity has one");
}

#[test]
fn every_real_activity_becomes_an_event_that_keeps_what_it_has() {
    let Some(folder) = real::folder() else { return };
    let samples = real::panther(&folder.join("panther/GSuite.ActivityEvent.jsonl"));
    assert_eq!(samples.len(), 76);
    let mut others = 0;
    for text in samples {
        let event = golden::normalise(text.as_bytes()).unwrap_or_else(|reject| panic!("{reject}: {text}"));
        let record: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(event["platform"], "google-workspace", "{text}");
        let at = |pointer: &str| record.pointer(pointer).and_then(Value::as_str);
        assert_eq!(event["time"].is_i64(), at("/id/time").is_some(), "{text}");
        let operation = event["api"]["operation"].as_str().unwrap();
        if let Some(name) = at("/name") {
            assert!(operation.ends_with(name), "{text}");
        }
        if let Some(email) = at("/actor/email") {
            assert_eq!(event["actor"]["name"].as_str(), Some(email), "{text}");
        }
        if let Some(ip) = at("/ipAddress") {
            assert_eq!(event["src"]["ip"].as_str(), Some(ip), "{text}");
        }
        for key in ["/parameters/doc_id", "/parameters/USER_EMAIL", "/parameters/SETTING_NAME"] {
            assert!(at(key).is_none() || event["resources"][0]["uri"].is_string(), "{text}");
        }
        others += usize::from(event["access"] == "other");
    }
    // Findings: rules, warnings, devices.
    assert!(others <= 10, "{others} events of which nothing is known");
}
