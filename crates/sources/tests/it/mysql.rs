//! MySQL and MariaDB audit: goldens, twins, accounts and the trail itself.

use serde_json::json;

use crate::golden;

#[test]
fn goldens() {
    golden::all("mysql", 22);
}

#[test]
fn a_denied_act_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("mysql", 1);
}

#[test]
fn an_account_is_the_same_in_every_form() {
    for case in ["mariadb-connect", "enterprise-connect", "aurora", "enterprise-table"] {
        let event = golden::event("mysql", case);
        assert!(event["actor"]["uri"].as_str().unwrap().ends_with(":user/~app"), "{case}");
        assert!(event["credential"]["uri"].as_str().unwrap().ends_with(":login/~app"), "{case}");
    }
    let refused = golden::event("mysql", "mariadb-connect-refused");
    assert_eq!(refused["actor"]["uri"], "nhi:principal:mysql:wharf-db:user/?app");
}

#[test]
fn accounts_and_rights_come_and_go() {
    let made = golden::event("mysql", "mariadb-create-user");
    let gone = golden::event("mysql", "mariadb-drop-user");
    assert_eq!(made["issued_credential"]["uri"], gone["credential_changes"][0]["uri"]);
    for (case, activity) in [("mariadb-grant", 14), ("mariadb-grant-role", 16)] {
        let event = golden::event("mysql", case);
        assert_eq!(
            (&event["class_uid"], &event["activity_id"], &event["access"]),
            (&json!(3007), &json!(activity), &json!("grant")),
            "{case}"
        );
    }
}

#[test]
fn a_trail_that_is_stopped_or_changed_says_so() {
    for (case, activity) in [
        ("mariadb-audit-off", 10),
        ("mariadb-audit-changed", 99),
        ("enterprise-startup", 6),
        ("enterprise-shutdown", 7),
    ] {
        let event = golden::event("mysql", case);
        assert_eq!((&event["class_uid"], &event["activity_id"]), (&json!(1008), &json!(activity)), "{case}");
    }
}

#[test]
fn statements_are_not_told() {
    for case in ["mariadb-insert", "mariadb-commas", "enterprise-query"] {
        let event = golden::event("mysql", case).to_string();
        assert!(!event.contains("it's") && !event.contains("a,b") && !event.contains("FROM"), "{case}: {event}");
    }
}
