//! Slack: goldens, twins, apps and roles as grants.

use serde_json::json;

use crate::{golden, real};

#[test]
fn goldens() {
    golden::all("slack", 14);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("slack", 1);
}

const VERBATIM: [(&str, &str); 9] = [
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("tenant", "/tenant"),
    ("actor_name", "/actor/name"),
    ("api_operation", "/api/operation"),
    ("error_message", "/error_message"),
    ("src_ip", "/src/ip"),
    ("user_agent", "/user_agent"),
    ("client_app", "/client_app"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("slack", &VERBATIM);
}

#[test]
fn an_app_is_approved_installed_widened_and_removed() {
    for (case, phase, target) in [
        ("app-approved", "approve", json!("chat:write channels:read")),
        ("app-installed", "activate", json!("chat:write channels:read")),
        ("app-scopes-expanded", "activate", json!("chat:write channels:read users:read.email")),
        ("app-uninstalled", "revoke", json!("chat:write channels:read")),
    ] {
        let event = golden::event("slack", case);
        let fact = &event["grants"][0];
        assert_eq!(fact["uri"], "nhi:grant:slack:E0HALDEN01:app/A0DEPLOYBOT/E0HALDEN01", "{case}");
        assert_eq!((fact["phase"].as_str(), &fact["target"]), (Some(phase), &target), "{case}");
    }
}

#[test]
fn a_sign_in_that_failed_proves_nobody() {
    let event = golden::event("slack", "user-login.denied");
    assert_eq!(event["actor"]["uri"], "nhi:principal:slack:E0HALDEN01:user/?W0MIRA0001");
    assert_eq!(golden::event("slack", "user-login.allowed")["actor"]["is_human"], "human");
}

#[test]
fn what_an_app_does_for_a_user_names_both() {
    let event = golden::event("slack", "file-downloaded-by-app");
    assert_eq!(event["chain"][0]["principal"], "nhi:principal:slack:E0HALDEN01:user/W0MIRA0001");
    assert_eq!(event["chain"][1]["principal"], "nhi:principal:slack:E0HALDEN01:app/A0DEPLOYBOT");
    assert_eq!(event["actor"]["is_human"], "mixed");
}

#[test]
fn actions_have_the_class_and_access_that_they_mean() {
    for (action, class, activity, access) in [
        ("user_login_failed", 3002, 1, "authenticate"),
        ("user_session_reset_by_admin", 3002, 2, "modify"),
        ("guest_expired", 3007, 5, "modify"),
        ("role_change_to_owner", 3007, 16, "grant"),
        ("user_added_to_usergroup", 3006, 3, "grant"),
        ("user_channel_leave", 3006, 4, "grant"),
        ("app_restricted", 6002, 7, "grant"),
        ("bot_token_upgraded", 6002, 8, "grant"),
        ("file_uploaded", 6001, 1, "create"),
        ("file_public_link_created", 6001, 1, "create"),
        ("manual_export_downloaded", 6001, 7, "read"),
        ("idp_configuration_deleted", 3004, 4, "delete"),
        ("native_dlp_rule_deactivated", 3004, 3, "modify"),
        ("ekm_logging_config_set", 1008, 99, "modify"),
        ("private_channel_converted_to_public", 6003, 3, "modify"),
        ("anomaly", 2004, 1, "other"),
        ("something_unheard_of", 6003, 99, "other"),
    ] {
        let record = json!({"id": "x", "action": action, "actor": {"type": "user", "user": {"id": "U1"}}, "context": {"ua": "x", "ip_address": "192.0.2.1"}});
        let event = golden::normalise(record.to_string().as_bytes()).unwrap();
        let found = (event["class_uid"].as_i64(), event["activity_id"].as_i64(), event["access"].as_str());
        assert_eq!(found, (Some(class), Some(activity), Some(access)), "{action}");
    }
}

#[test]
fn odd_values_lose_no_record() {
    for (key, value) in [
        ("entity", json!("a")),
        ("entity", json!({"type": "user"})),
        ("details", json!([])),
        ("date_create", json!("yesterday")),
        ("id", json!({})),
    ] {
        let mut record = json!({"id": "x", "action": "user_login", "actor": {"type": "user", "user": {"id": 7}}, "context": {"ua": "x", "ip_address": "192.0.2.1"}});
        record[key] = value;
        let event = golden::normalise(record.to_string().as_bytes()).unwrap_or_else(|e| panic!("{record}: {e}"));
        assert_eq!(event["platform"], "slack");
    }
    real::shape(model::Platform::Slack, br#"{"id":"x"}"#);
}

#[test]
fn every_real_sample_becomes_an_event() {
    real::all_of("slack", &["Slack.AuditLogs".to_owned()], 31, |event| {
        assert!(event["actor"]["uri"].as_str().unwrap().contains(":user/"), "{event:#}");
        assert!(event["src"]["ip"].is_string() && event["api"]["operation"].is_string());
    });
}
