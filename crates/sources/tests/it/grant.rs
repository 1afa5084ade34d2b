//! Grants in the plain form: goldens, origins, rejects that say what is wrong.

use serde_json::json;

use crate::golden;

#[test]
fn goldens() {
    golden::all("grant", 11);
}

const VERBATIM: [(&str, &str); 7] = [
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("tenant", "/tenant"),
    ("actor_name", "/actor/name"),
    ("resources", "/resources/0/name"),
    ("purpose_reason", "/purpose/reason"),
    ("purpose_ticket", "/purpose/ticket"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("grant", &VERBATIM);
}

#[test]
fn all_steps_of_a_grant_are_about_one_and_each_has_its_phase() {
    let steps =
        ["request", "approve", "deny", "activate", "extend", "revoke", "expire", "bypass-forced", "bypass-taken"];
    for step in steps {
        let event = golden::event("grant", step);
        assert_eq!(event["grant_refs"], json!(["nhi:grant:grant:desk.acme.example:request/JIT-417"]), "{step}");
        assert_eq!(event["grants"][0]["phase"], step.split('-').next().unwrap());
    }
    let approver = |step: &str| golden::event("grant", step)["grants"][0]["approver"].clone();
    assert_eq!(approver("approve"), "nhi:principal:grant:desk.acme.example:user/~carol%40acme.example");
    assert_eq!(approver("bypass-forced"), "nhi:principal:grant:desk.acme.example:user/~root-on-call");
    assert!(approver("bypass-taken").is_null() && approver("activate").is_null());
}

#[test]
fn each_beneficiary_and_each_resource_has_a_fact() {
    let event = golden::event("grant", "several");
    let facts = event["grants"].as_array().unwrap();
    let of = |key: &str| facts.iter().map(|fact| fact[key].as_str().unwrap_or("-")).collect::<Vec<_>>();
    let ann = "nhi:principal:gcp:acme.example:user/~ann%40acme.example";
    let [first, last] = ["ann", "zoe"].map(|name| format!("nhi:principal:grant:desk.acme.example:user/~{name}"));
    assert_eq!(of("beneficiary"), [&first, ann, &last]);
    assert_eq!(of("resource"), ["nhi:resource:gcp:acme-orders:*", "-", "-"]);
    // A list without an end is cut.
    let many: Vec<String> = (0..1_000).map(|n| format!("user-{n}")).collect();
    let record = json!({"format": "deedbook/grant/1", "id": "1", "step": "request", "beneficiaries": many});
    let event = golden::normalise(record.to_string().as_bytes()).unwrap();
    assert_eq!(event["grants"].as_array().unwrap().len(), 256);
}

#[test]
fn a_record_that_is_none_is_a_reject_that_says_why() {
    for (record, why) in [
        (json!({"format": "deedbook/grant/2", "id": "1", "step": "request"}), "format is \"deedbook/grant/2\""),
        (json!({"format": "deedbook/grant/1", "step": "request"}), "id is missing"),
        (json!({"format": "deedbook/grant/1", "id": "1", "step": "allowed"}), "step is \"allowed\", known are request"),
        (json!({"format": "deedbook/grant/1", "id": "1", "step": "use"}), "step is \"use\""),
    ] {
        let reject = golden::normalise(record.to_string().as_bytes()).unwrap_err();
        assert!(reject.to_string().starts_with(&format!("shape: {why}")), "{reject}");
    }
}
