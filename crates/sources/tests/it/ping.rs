//! PingOne: goldens, twins, users and clients of their environments.

use serde_json::json;

use crate::golden;

#[test]
fn goldens() {
    golden::all("ping", 8);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("ping", 1);
}

/// Where an event keeps the columns that are read verbatim.
const VERBATIM: [(&str, &str); 11] = [
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("api_operation", "/api/operation"),
    ("api_request_id", "/api/request_id"),
    ("authority", "/authority"),
    ("status_code", "/status_code"),
    ("error_message", "/error_message"),
    ("actor_name", "/actor/name"),
    ("client_app", "/client_app"),
    ("src_ip", "/src/ip"),
    ("secret_access_path", "/secret_access/path"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("ping", &VERBATIM);
}

#[test]
fn a_user_of_one_environment_works_in_another_and_a_client_by_itself() {
    let [role, client, failed] =
        ["role-assigned", "client-reads-users", "password-check-failed"].map(|case| golden::event("ping", case));
    let admin = "ad000000-0000-4000-8000-0000000000ad";
    assert_eq!(role["actor"]["uri"], format!("nhi:principal:ping:{admin}:user/a1a10000-0000-4000-8000-0000000000a1"));
    assert_eq!(role["authority"], "e0e00000-0000-4000-8000-0000000000e0");
    assert_eq!(client["actor"]["is_human"], "nonhuman");
    assert_eq!(role["grants"][0]["beneficiary"], client["actor"]["uri"]);
    assert_eq!(role["grants"][0]["target"], "Environment Admin");
    assert_eq!(failed["actor"]["uri"], format!("nhi:principal:ping:{admin}:user/?mira.holt%40acme.example"));
    let gone = golden::event("ping", "subscription-deleted");
    assert_eq!((gone["class_uid"].as_i64(), gone["activity_id"].as_i64()), (Some(1008), Some(10)));
}

#[test]
fn odd_values_lose_no_record() {
    for (key, value) in [
        ("actors", json!([])),
        ("resources", json!("x")),
        ("result", json!(null)),
        ("source", json!(7)),
        ("recordedAt", json!({})),
    ] {
        let mut record = json!({"id": "1", "recordedAt": "2026-09-03T08:05:22Z", "actors": {"user": {"id": "u"}},
            "action": {"type": "USER.UPDATED"}, "resources": [{"type": "USER", "id": "v"}], "result": {"status": "SUCCESS"}});
        record[key] = value;
        let event =
            golden::normalise(record.to_string().as_bytes()).unwrap_or_else(|reject| panic!("{record}: {reject}"));
        assert_eq!(event["platform"], "ping");
    }
}
