//! Bitwarden: goldens, twins, members and machine accounts.

use serde_json::json;

use crate::golden;

#[test]
fn goldens() {
    golden::all("bitwarden", 12);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("bitwarden", 1);
}

/// Where an event keeps the columns that are read verbatim.
const VERBATIM: [(&str, &str); 7] = [
    ("time_raw", "/time_raw"),
    ("tenant", "/tenant"),
    ("status_code", "/status_code"),
    ("actor_name", "/actor/name"),
    ("secret_access_path", "/secret_access/path"),
    ("client_app", "/client_app"),
    ("src_ip", "/src/ip"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("bitwarden", &VERBATIM);
}

#[test]
fn a_machine_account_reads_and_is_the_target_where_a_member_works_on_it() {
    let [reads, made] =
        ["secret-read-by-machine", "machine-account-created"].map(|case| golden::event("bitwarden", case));
    let account = "service-account/5e5e0000-0000-4000-8000-0000000000f1";
    assert_eq!(reads["actor"]["uri"], format!("nhi:principal:bitwarden:unknown:{account}"));
    assert_eq!(reads["actor"]["is_human"], "nonhuman");
    assert_eq!(made["resources"][0]["uri"], format!("nhi:resource:bitwarden:unknown:{account}"));
    assert_eq!(made["actor"]["uri"], "nhi:principal:bitwarden:unknown:user/a1a10000-0000-4000-8000-0000000000a1");
    assert_eq!(golden::event("bitwarden", "member-revoked-by-directory")["actor"]["is_human"], "nonhuman");
    assert_eq!(golden::event("bitwarden", "item-password-copied")["actor"]["is_human"], "human");
    assert_eq!(golden::event("bitwarden", "secret-read-by-member")["actor"]["is_human"], "unknown");
}

#[test]
fn a_number_has_one_name_and_meaning_and_an_unknown_one_says_so() {
    for (kind, name, class, activity, access) in [
        (1508, "member_password_reset_by_admin", 3007, 9, "modify"),
        (1602, "organization_vault_exported", 6003, 2, "read"),
        (2104, "secret_permanently_deleted", 6003, 4, "delete"),
        (2302, "service_account_group_added", 3007, 14, "grant"),
        (2601, "access_request_approved", 6003, 99, "grant"),
        (1125, "type_1125", 6003, 2, "read"),
        (9999, "type_9999", 6003, 99, "other"),
    ] {
        let record =
            json!({"object": "event", "type": kind, "actingUserId": "u", "date": "2026-09-03T08:05:22Z", "device": 9});
        let event = golden::normalise(record.to_string().as_bytes()).unwrap();
        assert_eq!(event["api"]["operation"], name);
        let found = (event["class_uid"].as_i64(), event["activity_id"].as_i64(), event["access"].as_str());
        assert_eq!(found, (Some(class), Some(activity), Some(access)), "{kind}");
    }
}

#[test]
fn odd_values_lose_no_record() {
    for (key, value) in [
        ("actingUserId", json!({})),
        ("date", json!("gone")),
        ("device", json!([])),
        ("secretId", json!(7)),
        ("ipAddress", json!("not an address")),
    ] {
        let mut record =
            json!({"object": "event", "type": 2100, "actingUserId": "u", "date": "2026-09-03T08:05:22Z", "device": 9});
        record[key] = value;
        let event =
            golden::normalise(record.to_string().as_bytes()).unwrap_or_else(|reject| panic!("{record}: {reject}"));
        assert_eq!(event["platform"], "bitwarden");
    }
}
