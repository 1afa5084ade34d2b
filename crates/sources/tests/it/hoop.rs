//! hoop.dev: goldens, twins, and reviews as grants.

use crate::golden;

#[test]
fn goldens() {
    golden::all("hoop", 15);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("hoop", 2);
}

/// Where an event keeps the columns that are read verbatim.
const VERBATIM: [(&str, &str); 10] = [
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("status_code", "/status_code"),
    ("error_code", "/error_code"),
    ("error_message", "/error_message"),
    ("tenant", "/tenant"),
    ("actor_name", "/actor/name"),
    ("decision_rule", "/decision/rule"),
    ("authn_method", "/authn/method"),
    ("purpose_ticket", "/purpose/ticket"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("hoop", &VERBATIM);
}

/// Phases of the facts of a review, in their order.
fn phases(case: &str) -> Vec<String> {
    let event = golden::event("hoop", case);
    event["grants"].as_array().unwrap().iter().map(|grant| grant["phase"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_review_gives_a_fact_for_each_step_that_it_shows() {
    assert_eq!(phases("review-pending"), ["request"]);
    assert_eq!(phases("review-jit-approved"), ["request", "approve", "activate"]);
    assert_eq!(phases("review-rejected"), ["request", "deny"]);
    assert_eq!(phases("review-revoked"), ["request", "approve", "activate", "revoke"]);
    assert_eq!(phases("review-forced"), ["request", "bypass", "activate"]);
    // 08:55 and half an hour, in seconds or in nanoseconds.
    for case in ["review-jit-approved", "review-jit-nanoseconds"] {
        let grant = &golden::event("hoop", case)["grants"][2];
        assert_eq!(grant["duration_s"], 1_800, "{case}");
        assert_eq!(grant["not_after"], 1_773_480_300_000_000_000_i64, "{case}");
    }
    let own = &golden::event("hoop", "review-by-its-owner")["grants"][1];
    assert_eq!(own["approver"], own["requester"], "a self-approval shows as one");
}

#[test]
fn a_session_names_the_review_that_let_it_run() {
    let event = |case| golden::event("hoop", case);
    assert_eq!(event("session-exec.allowed")["grant_refs"], event("review-pending")["grant_refs"]);
    // A webhook knows neither the organisation nor the review; the review says that both are one.
    let webhook = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/hoop/webhook-session-open.json"));
    let reviewed = event("review-jit-approved");
    let mut scratch = sources::Scratch::default();
    let context = sources::Context { authority: reviewed["authority"].as_str(), ..sources::Context::default() };
    let opened = webhook.unwrap();
    let opened = sources::normalise(&opened, &context, &mut scratch).unwrap();
    let same = |alias: &serde_json::Value| alias["b"] == opened.grant_refs[0].as_str();
    assert!(reviewed["aliases"].as_array().unwrap().iter().any(same), "{reviewed:#}");
}

#[test]
fn a_record_of_another_form_is_a_reject_that_says_so() {
    let context = sources::Context { platform: Some(model::Platform::Hoop), ..sources::Context::default() };
    let mut scratch = sources::Scratch::default();
    let reject = sources::normalise(br#"{"id":"x"}"#, &context, &mut scratch).unwrap_err();
    assert_eq!(reject.to_string(), "shape: neither a session, nor a review, nor a security audit entry");
}
