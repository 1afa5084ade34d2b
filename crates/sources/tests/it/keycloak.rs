//! Keycloak: goldens, twins, tokens and sessions, the three forms of one event.

use serde_json::json;

use crate::{golden, real};

#[test]
fn goldens() {
    golden::all("keycloak", 26);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("keycloak", 2);
}

const VERBATIM: [(&str, &str); 12] = [
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("tenant", "/tenant"),
    ("actor_name", "/actor/name"),
    ("error_code", "/error_code"),
    ("error_message", "/error_message"),
    ("credential_native_id", "/credential/native_id"),
    ("issued_credential_native_id", "/issued_credential/native_id"),
    ("authn_method", "/authn/method"),
    ("src_ip", "/src/ip"),
    ("client_app", "/client_app"),
    ("authority", "/authority"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("keycloak", &VERBATIM);
}

const REALM: &str = "keycloak:6a0c5d1e-2f34-4b56-8790-a1b2c3d4e5f6";

#[test]
fn a_refresh_token_leads_from_sign_in_to_revocation() {
    let [first, second, gone] =
        ["code-to-token", "refresh-token", "revoke-grant"].map(|case| golden::event("keycloak", case));
    assert_eq!(first["credential_changes"][0]["uri"], second["credential"]["uri"]);
    assert_eq!(second["issued_credential"]["parent"], second["credential"]["uri"]);
    assert_eq!(second["credential_changes"][0]["uri"], gone["credential_changes"][0]["uri"]);
    assert_eq!(gone["credential_changes"][0]["change"], "revoked");
    assert_eq!(first["session"], second["session"]);
    let not_after = second["issued_credential"]["not_after"].as_i64().unwrap();
    assert_eq!(not_after - second["time"].as_i64().unwrap(), 300_000_000_000);
    let asked = golden::event("keycloak", "introspect");
    assert_eq!(asked["correlation_ids"][0], first["issued_credential"]["native_id"], "a server asks about the token");
}

#[test]
fn an_exchange_names_user_first_client_and_second() {
    let event = golden::event("keycloak", "token-exchange");
    let chain: Vec<&str> =
        event["chain"].as_array().unwrap().iter().map(|s| s["principal"].as_str().unwrap()).collect();
    let principal = |tail: &str| format!("nhi:principal:{REALM}:{tail}");
    assert_eq!(
        chain,
        [principal("user/b5d0c1a2-0001-4d5e-9f00-aabbccddee01"), principal("client/~web"), principal("client/~loader")]
    );
    assert_eq!(event["subject"], chain[0]);
}

#[test]
fn a_line_of_the_log_says_what_the_event_says() {
    let [event, line] = ["client-login", "line-client-login"].map(|case| golden::event("keycloak", case));
    for column in ["actor", "issued_credential", "aliases", "authority", "class_uid", "status", "src", "authn"] {
        assert_eq!(event[column], line[column], "{column}");
    }
    let refused = golden::event("keycloak", "line-client-login-error");
    assert_eq!(refused["actor"]["uri"], format!("nhi:principal:{REALM}:client/?loader"));
    assert_eq!(refused["error_code"], "invalid_client_credentials");
}

#[test]
fn a_role_that_was_given_is_the_one_that_was_taken() {
    let [given, refused, taken] = ["admin-role-given.allowed", "admin-role-given.denied", "admin-role-taken"]
        .map(|case| golden::event("keycloak", case));
    assert_eq!(given["grants"][0]["uri"], taken["grants"][0]["uri"]);
    assert_eq!(given["grants"][0]["target"], "orders-admin");
    assert_eq!(
        (refused["grants"][0]["phase"].as_str(), taken["grants"][0]["phase"].as_str()),
        (Some("request"), Some("revoke"))
    );
    assert!(given["actor"]["uri"].as_str().unwrap().contains(":0f1e2d3c-"), "administrators are of their own realm");
}

#[test]
fn the_log_itself_can_be_stopped_and_that_shows() {
    for (case, activity) in [("admin-events-off", 10), ("admin-events-on", 9), ("line-admin", 99)] {
        let event = golden::event("keycloak", case);
        assert_eq!(
            (event["class_uid"].as_i64(), event["activity_id"].as_i64()),
            (Some(1008), Some(activity)),
            "{case}"
        );
    }
}

#[test]
fn types_have_the_class_and_access_that_they_mean() {
    for (kind, class, activity, access) in [
        ("LOGIN_ERROR", 3002, 1, "authenticate"),
        ("LOGOUT", 3002, 2, "authenticate"),
        ("TOKEN_EXCHANGE_ERROR", 3002, 3, "issue"),
        ("REFRESH_TOKEN", 3002, 5, "issue"),
        ("IMPERSONATE", 3002, 7, "authenticate"),
        ("REGISTER", 3007, 1, "create"),
        ("UPDATE_PASSWORD", 3007, 8, "modify"),
        ("UPDATE_TOTP", 3007, 12, "modify"),
        ("GRANT_CONSENT", 3003, 1, "grant"),
        ("USER_INFO_REQUEST", 6003, 2, "read"),
        ("SOMETHING_NEW", 6003, 99, "other"),
    ] {
        let record = json!({"id": "x", "time": 1788422722417_i64, "type": kind, "realmId": "r", "clientId": "c", "userId": "u", "details": {}});
        let event = golden::normalise(record.to_string().as_bytes()).unwrap();
        let found = (event["class_uid"].as_i64(), event["activity_id"].as_i64(), event["access"].as_str());
        assert_eq!(found, (Some(class), Some(activity), Some(access)), "{kind}");
    }
}

#[test]
fn odd_values_lose_no_record() {
    for (key, value) in [
        ("details", json!("a")),
        ("details", json!({"scope": ["a"], "username": 7})),
        ("time", json!("yesterday")),
        ("error", json!({})),
    ] {
        let mut record = json!({"id": "x", "time": 1, "type": "LOGIN", "realmId": "r", "clientId": "c"});
        record[key] = value;
        let event = golden::normalise(record.to_string().as_bytes()).unwrap_or_else(|e| panic!("{record}: {e}"));
        assert_eq!(event["platform"], "keycloak");
    }
    let admin = json!({"id": "x", "time": 1, "realmId": "r", "authDetails": 7, "operationType": "CREATE", "resourceType": "REALM_ROLE_MAPPING", "resourcePath": "users/u/role-mappings/realm", "representation": "[{"});
    assert_eq!(golden::normalise(admin.to_string().as_bytes()).unwrap()["platform"], "keycloak");
    let line =
        json!({"loggerName": "org.keycloak.events", "message": "type=\"LOGIN\", realmId=\"r\", username=\"a\"b\", c"});
    let event = golden::normalise(line.to_string().as_bytes()).unwrap();
    assert_eq!(event["actor"]["name"], "a\"b", "a quote inside of a value does not end it");
    real::shape(model::Platform::Keycloak, br#"{"id":"x"}"#);
}

/// Events of a server of 26.4.2, recorded and kept apart: `DEEDBOOK_KEYCLOAK_EVENTS` names a file with one a line.
#[test]
fn every_recorded_event_becomes_one_with_an_actor() {
    let Some(file) = std::env::var_os("DEEDBOOK_KEYCLOAK_EVENTS") else {
        eprintln!("skipped: DEEDBOOK_KEYCLOAK_EVENTS is not set, recorded events are not tested");
        return;
    };
    for line in std::fs::read_to_string(file).unwrap().lines() {
        let event = golden::normalise(line.as_bytes()).unwrap_or_else(|reject| panic!("{line}: {reject}"));
        assert_eq!(event["platform"], "keycloak", "{line}");
        assert!(event["time"].is_i64() && event["src"]["ip"].is_string(), "{line}\n{event:#}");
        assert!(event["actor"]["name"].is_string() && event["resources"].is_array(), "{line}\n{event:#}");
    }
}
