//! Auth0: goldens, twins, exchanges, rotation of secrets, the log's own streams.

use serde_json::json;

use crate::{golden, real};

#[test]
fn goldens() {
    golden::all("auth0", 18);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("auth0", 2);
}

const VERBATIM: [(&str, &str); 14] = [
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("tenant", "/tenant"),
    ("region", "/region"),
    ("actor_name", "/actor/name"),
    ("agent_uid", "/agent/uid"),
    ("status_code", "/status_code"),
    ("error_message", "/error_message"),
    ("credential_native_id", "/credential/native_id"),
    ("issued_credential_native_id", "/issued_credential/native_id"),
    ("issued_credential_issuer", "/issued_credential/issuer"),
    ("src_ip", "/src/ip"),
    ("user_agent", "/user_agent"),
    ("client_app", "/client_app"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins_but("auth0", &VERBATIM, &["refresh-exchange-wrapped"]);
}

#[test]
fn types_say_what_was_exchanged_and_whether_it_was() {
    for (name, class, activity, access, status, method) in [
        ("seccft", 3002, 3, "issue", "success", "client_credentials"),
        ("feccft", 3002, 3, "issue", "failure", "client_credentials"),
        ("sertft", 3002, 5, "issue", "success", "refresh_token"),
        ("fertft", 3002, 5, "issue", "failure", "refresh_token"),
        ("ferrt", 3002, 5, "issue", "failure", "refresh_token"),
        ("seacft", 3002, 3, "issue", "success", "authorization_code"),
        ("secte", 3002, 3, "issue", "success", "urn:ietf:params:oauth:grant-type:token-exchange"),
        (
            "success_on_behalf_of_token_exchange",
            3002,
            3,
            "issue",
            "success",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ),
        ("idjag_exchange_failed", 3002, 3, "issue", "failure", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("senewft", 3002, 3, "issue", "success", "other"),
    ] {
        let event = event(name);
        let found = (event["class_uid"].as_i64(), event["activity_id"].as_i64(), event["access"].as_str());
        assert_eq!(found, (Some(class), Some(activity), Some(access)), "{name}");
        assert_eq!(
            (event["status"].as_str(), event["authn"]["method"].as_str()),
            (Some(status), Some(method)),
            "{name}"
        );
        assert_eq!(event.get("issued_credential").is_some(), status == "success", "{name}");
    }
    for (name, class, activity, status) in [
        ("s", 3002, 1, "success"),
        ("fu", 3002, 1, "failure"),
        ("slo", 3002, 2, "success"),
        ("ss", 3007, 1, "success"),
        ("sdu", 3007, 3, "success"),
        ("scp", 3007, 8, "success"),
        ("gd_auth_failed", 3002, 1, "failure"),
        ("gd_send_pn", 3002, 6, "success"),
        ("limit_wc", 3002, 1, "failure"),
        ("w", 6003, 99, "other"),
        ("zz_unheard_of", 6003, 99, "unknown"),
    ] {
        let event = event(name);
        let found = (event["class_uid"].as_i64(), event["activity_id"].as_i64(), event["status"].as_str());
        assert_eq!(found, (Some(class), Some(activity), Some(status)), "{name}");
    }
}

fn event(name: &str) -> serde_json::Value {
    let record =
        json!({"date": "2026-09-03T08:05:22.417Z", "type": name, "log_id": "9", "client_id": "c", "ip": "192.0.2.1"});
    golden::normalise(record.to_string().as_bytes()).unwrap()
}

#[test]
fn a_secret_is_rotated_and_a_key_comes_and_goes() {
    let rotated = golden::event("auth0", "secret-rotated");
    assert_eq!(rotated["credential_changes"][0]["change"], "rotated");
    assert_eq!(
        rotated["credential_changes"][0]["holder"],
        "nhi:principal:auth0:halden:client/Q1loaderClient000000000000000001"
    );
    assert!(golden::event("auth0", "secret-rotation-refused").get("credential_changes").is_none());
    let [made, gone] = ["client-key-created", "client-key-deleted"].map(|case| golden::event("auth0", case));
    assert_eq!(made["issued_credential"]["uri"], gone["credential_changes"][0]["uri"]);
}

#[test]
fn a_token_for_a_user_names_user_client_and_agent() {
    let event = golden::event("auth0", "token-exchange-by-agent");
    let chain: Vec<&str> =
        event["chain"].as_array().unwrap().iter().map(|step| step["principal"].as_str().unwrap()).collect();
    assert_eq!(
        chain,
        [
            "nhi:principal:auth0:halden:user/auth0%7C66d6c0ffee00000000000001",
            "nhi:principal:auth0:halden:client/Q1webAppClient000000000000000002",
            "nhi:principal:auth0:halden:agent/agt_01JHALDEN",
        ]
    );
    assert_eq!(event["actor"]["kind"], "agent");
}

#[test]
fn the_log_itself_can_be_stopped_and_that_shows() {
    for (case, activity) in [("log-stream-paused", 7), ("log-stream-deleted", 10)] {
        let event = golden::event("auth0", case);
        assert_eq!(
            (event["class_uid"].as_i64(), event["activity_id"].as_i64()),
            (Some(1008), Some(activity)),
            "{case}"
        );
    }
}

#[test]
fn odd_values_lose_no_record() {
    for (key, value) in [
        ("details", json!("a")),
        ("details", json!({"error": "text", "request": {"body": "x", "path": 7}, "response": []})),
        ("scope", json!(null)),
        ("date", json!("yesterday")),
        ("user_id", json!({})),
    ] {
        let mut record = json!({"date": "2026-09-03T08:05:22.417Z", "type": "fapi", "log_id": "9", "client_id": "c", "ip": "192.0.2.1"});
        record[key] = value;
        let event = golden::normalise(record.to_string().as_bytes()).unwrap_or_else(|e| panic!("{record}: {e}"));
        assert_eq!(event["platform"], "auth0");
    }
    real::shape(model::Platform::Auth0, br#"{"id":"x"}"#);
}

#[test]
fn every_real_sample_becomes_an_event() {
    real::all_of("auth0", &["Auth0.Events".to_owned()], 30, |event| {
        assert!(event["src"]["ip"].is_string() && event["time"].is_i64(), "{event:#}");
        assert_ne!(event["status"], "unknown", "{event:#}");
    });
}
