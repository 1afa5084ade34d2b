//! HashiCorp Boundary: goldens, twins, sessions as grants.

use serde_json::json;

use crate::{golden, real};

#[test]
fn goldens() {
    golden::all("boundary", 15);
}

#[test]
fn a_denied_act_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("boundary", 1);
}

#[test]
fn a_session_is_a_grant_from_its_authorization_to_its_end() {
    let grant = "nhi:grant:boundary:unknown:session/s_Zr8kP2mN4v";
    for (case, phase) in
        [("authorize-session", "activate"), ("authorize-connection", "use"), ("cancel-session", "revoke")]
    {
        let event = golden::event("boundary", case);
        assert_eq!(
            (&event["grants"][0]["uri"], &event["grants"][0]["phase"]),
            (&json!(grant), &json!(phase)),
            "{case}"
        );
        assert_eq!(event["session"], "nhi:session:boundary:unknown:session/s_Zr8kP2mN4v", "{case}");
    }
    let event = golden::event("boundary", "authorize-session");
    assert_eq!(event["grants"][0]["not_after"], 1_795_178_467_000_000_000_i64);
    assert_eq!(event["grants"][0]["beneficiary"], "nhi:principal:boundary:unknown:user/u_Qb2vT71xWe");
    assert_eq!(event["secret_access"]["path"], "pg-readonly");
    assert!(golden::event("boundary", "authorize-session-refused").get("grants").is_none());
}

#[test]
fn tokens_are_issued_used_and_deleted_under_one_name() {
    let issued = golden::event("boundary", "authenticate");
    assert_eq!(issued["issued_credential"]["uri"], "nhi:cred:boundary:unknown:auth-token/at_New0000001");
    assert_eq!(issued["actor"]["uri"], "nhi:principal:boundary:unknown:user/u_Qb2vT71xWe");
    assert_eq!(
        golden::event("boundary", "authenticate-refused")["actor"]["uri"],
        "nhi:principal:boundary:unknown:anon/unknown"
    );
    let used = golden::event("boundary", "read-token");
    let deleted = golden::event("boundary", "delete-token");
    assert_eq!(used["credential"]["uri"], deleted["credential_changes"][0]["uri"]);
}

/// Where an event keeps the columns that are read verbatim.
const VERBATIM: [(&str, &str); 8] = [
    ("api_request_id", "/api/request_id"),
    ("time_raw", "/time_raw"),
    ("status_code", "/status_code"),
    ("error_message", "/error_message"),
    ("credential_native_id", "/credential/native_id"),
    ("issued_credential_native_id", "/issued_credential/native_id"),
    ("secret_access_path", "/secret_access/path"),
    ("src_ip", "/src/ip"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("boundary", &VERBATIM);
}

#[test]
fn every_real_record_becomes_an_event() {
    let Some(folder) = real::folder() else { return };
    let file = folder.join("vault/chronicle_HASHICORP_BOUNDARY/raw_logs_default_log.json");
    let file: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let entries = file["raw_logs"]["entries"].as_array().unwrap();
    // One of them is a line of a web server beside Boundary.
    let platforms: Vec<String> = entries
        .iter()
        .map(|entry| {
            let event =
                golden::normalise(entry.to_string().as_bytes()).unwrap_or_else(|reject| panic!("{entry}: {reject}"));
            event["platform"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(platforms, ["boundary", "boundary", "boundary", "boundary", "boundary", "http", "boundary", "boundary"]);
}
