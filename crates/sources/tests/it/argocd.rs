//! Argo CD: goldens, twins, whose token it was.

use serde_json::json;

use crate::golden;

#[test]
fn goldens() {
    golden::all("argocd", 10);
}

#[test]
fn a_denied_act_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("argocd", 1);
}

#[test]
fn a_token_says_whose_it_is() {
    for (case, uri, human) in [
        ("sync.allowed", "nhi:principal:oauth:id.wharf.example%2Fdex:subject/CgVhbGljZRIFbG9jYWw", "unknown"),
        ("logfmt", "nhi:principal:oauth:id.wharf.example%2Fdex:subject/CgVhbGljZRIFbG9jYWw", "unknown"),
        ("project-token", "nhi:principal:argocd:unknown:project-role/~billing%3Aci", "nonhuman"),
        ("account-key", "nhi:principal:argocd:unknown:user/~ci", "nonhuman"),
        ("sign-in-refused", "nhi:principal:argocd:unknown:user/?admin", "unknown"),
    ] {
        let event = golden::event("argocd", case);
        assert_eq!((&event["actor"]["uri"], &event["actor"]["is_human"]), (&json!(uri), &json!(human)), "{case}");
    }
}

#[test]
fn a_token_is_made_used_and_deleted_under_one_name() {
    let made = golden::event("argocd", "token-created");
    let used = golden::event("argocd", "project-token");
    assert_eq!(made["issued_credential"]["uri"], used["credential"]["uri"]);
    assert_eq!(made["aliases"][0]["b"], used["actor"]["uri"]);
    let used = golden::event("argocd", "account-key");
    let gone = golden::event("argocd", "token-deleted");
    assert_eq!(gone["credential_changes"][0]["uri"], used["credential"]["uri"]);
    assert_eq!(gone["credential_changes"][0]["holder"], used["actor"]["uri"]);
}

#[test]
fn what_is_done_to_an_application_is_told_by_log_and_cluster() {
    let event = golden::event("argocd", "event");
    assert_eq!((&event["actor"]["name"], &event["access"]), (&json!("mira"), &json!("execute")));
    assert_eq!(event["resources"][0]["name"], "pay");
    let event = golden::event("argocd", "deleted");
    assert_eq!((&event["actor"]["name"], &event["access"]), (&json!("mira@wharf.example"), &json!("delete")));
}
