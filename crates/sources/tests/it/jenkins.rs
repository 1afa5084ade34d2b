//! Jenkins: goldens, twins, builds and credentials.

use serde_json::json;

use crate::golden;

#[test]
fn goldens() {
    golden::all("jenkins", 11);
}

#[test]
fn a_denied_act_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("jenkins", 1);
}

#[test]
fn paths_have_the_class_and_access_that_they_mean() {
    for (case, class, access, user) in [
        ("configure", 6003, "modify", "user/~mira"),
        ("script", 6003, "execute", "user/~admin"),
        ("delete-credential", 3007, "delete", "user/~mira"),
        ("token", 3007, "issue", "user/~mira"),
        ("build-by-timer", 6003, "execute", "trigger/~timer"),
    ] {
        let event = golden::event("jenkins", case);
        assert_eq!((&event["class_uid"], &event["access"]), (&json!(class), &json!(access)), "{case}");
        assert!(event["actor"]["uri"].as_str().unwrap().ends_with(user), "{case}");
    }
}

#[test]
fn a_build_is_one_session_in_both_logs() {
    let trail = golden::event("jenkins", "build-by-timer");
    let log = golden::event("jenkins", "audit-build-finish");
    assert_eq!(trail["session"], log["session"]);
    assert_eq!(trail["session"], "nhi:session:jenkins:unknown:build/~pay/14");
}

#[test]
fn lines_of_others_are_not_of_jenkins() {
    for line in
        ["Nov 20, 2026 10:41:07 AM hello by mira", "Nov 20 10:41:07 h app: /a by b", "2026-11-20 10:41:07:884 - x by y"]
    {
        let platform = golden::normalise(line.as_bytes()).map(|event| event["platform"].clone());
        assert_ne!(platform.ok(), Some(json!("jenkins")), "{line}");
    }
}
