//! Salesforce: goldens, twins, who logs in as whom, one user by ids of both lengths.

use serde_json::json;

use crate::{golden, real};

#[test]
fn goldens() {
    golden::all("salesforce", 14);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("salesforce", 1);
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
    ("src_ip", "/src/ip"),
    ("user_agent", "/user_agent"),
    ("client_app", "/client_app"),
    ("data_rows", "/data_rows"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("salesforce", &VERBATIM);
}

#[test]
fn an_administrator_acts_with_the_rights_of_another() {
    let event = golden::event("salesforce", "login-as");
    assert_eq!(event["actor"]["uri"], "nhi:principal:salesforce:00D5f0000HALDEN:user/0055f00000ADMIN");
    assert_eq!(event["subject"], "nhi:principal:salesforce:00D5f0000HALDEN:user/0055f00000MIRA1");
    assert_eq!(event["chain"][1]["principal"], event["subject"]);
    let real_time = golden::event("salesforce", "login-as-event-real-time");
    assert_eq!(real_time["api"]["operation"], "LoginAs");
    assert_eq!(real_time["actor"]["uri"], "nhi:principal:salesforce:unknown:user/~admin%40halden.example");
    let delegated = golden::event("salesforce", "setup-delegated");
    assert_eq!(delegated["initiator"], "nhi:principal:salesforce:unknown:user/~support%40halden.example");
}

#[test]
fn ids_of_both_lengths_are_one_user() {
    let by = |id: &str| {
        let record =
            json!({"EVENT_TYPE": "Logout", "ORGANIZATION_ID": "00D5f0000HALDEN", "USER_ID": id, "REQUEST_ID": "r"});
        golden::normalise(record.to_string().as_bytes()).unwrap()["actor"]["uri"].clone()
    };
    assert_eq!(by("0055f00000MIRA1"), by("0055f00000MIRA1AAM"));
}

#[test]
fn types_and_actions_have_the_class_and_access_that_they_mean() {
    for (kind, class, activity, access) in [
        ("Login", 3002, 1, "authenticate"),
        ("Logout", 3002, 2, "authenticate"),
        ("OAuthTokenRevoked", 3007, 19, "delete"),
        ("OAuthTokenIssued", 3002, 3, "issue"),
        ("ReportExport", 6001, 7, "read"),
        ("BulkApiResultEvent", 6001, 7, "read"),
        ("FileEvent", 6001, 2, "read"),
        ("ApexExecution", 6003, 99, "execute"),
        ("ApiAnomalyEventStore", 2004, 1, "other"),
        ("ApiTotalUsage", 6003, 99, "other"),
    ] {
        let record = json!({"EVENT_TYPE": kind, "ORGANIZATION_ID": "o", "USER_ID": "u"});
        check(&record, kind, (class, activity, access));
    }
    for (action, section, class, activity, access) in [
        ("createdUser", "Manage Users", 3007, 1, "create"),
        ("frozeUser", "Manage Users", 3007, 5, "modify"),
        ("PermSetUnassign", "Manage Users", 3007, 15, "grant"),
        ("suOrgAdminLogin", "", 3002, 7, "authenticate"),
        ("insertConnectedApplication", "Connected Apps", 6002, 1, "create"),
        ("deletedCertificate", "Certificate and Key Management", 3007, 19, "delete"),
        ("changedPasswordPolicy", "Security Controls", 3007, 9, "modify"),
        ("somethingUnheardOf", "", 3004, 3, "modify"),
    ] {
        let record = json!({"attributes": {"type": "SetupAuditTrail", "url": "/x"}, "Id": "0Ym", "Action": action, "Section": section});
        check(&record, action, (class, activity, access));
    }
}

fn check(record: &serde_json::Value, name: &str, expected: (i64, i64, &str)) {
    let event = golden::normalise(record.to_string().as_bytes()).unwrap();
    let found = (event["class_uid"].as_i64(), event["activity_id"].as_i64(), event["access"].as_str());
    assert_eq!(found, (Some(expected.0), Some(expected.1), Some(expected.2)), "{name}");
}

#[test]
fn odd_values_lose_no_record() {
    for (key, value) in [
        ("USER_ID", json!(null)),
        ("RUN_TIME", json!("soon")),
        ("TIMESTAMP", json!("99999999999999")),
        ("STATUS", json!([])),
        ("attributes", json!("x")),
    ] {
        let mut record = json!({"EVENT_TYPE": "Login", "ORGANIZATION_ID": "o", "USER_ID": "u", "REQUEST_ID": "r"});
        record[key] = value;
        let event = golden::normalise(record.to_string().as_bytes()).unwrap_or_else(|e| panic!("{record}: {e}"));
        assert_eq!(event["platform"], "salesforce");
    }
    real::shape(model::Platform::Salesforce, br#"{"id":"x"}"#);
}

#[test]
fn every_real_sample_becomes_an_event() {
    let files = ["LoginAs", "RealtimeEvent"].map(|name| format!("Salesforce.{name}"));
    real::all_of("salesforce", &files, 11, |event| {
        assert!(event["time"].is_i64() && event["src"]["ip"].is_string(), "{event:#}");
        assert!(event["actor"]["uri"].as_str().unwrap().contains(":user/"), "{event:#}");
    });
}
