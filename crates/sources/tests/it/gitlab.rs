//! GitLab: goldens, twins, deployments as grants.

use serde_json::{Value, json};

use crate::{golden, real};

#[test]
fn goldens() {
    golden::all("gitlab", 27);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("gitlab", 1);
}

/// Where an event keeps the columns that are read verbatim.
const VERBATIM: [(&str, &str); 16] = [
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("tenant", "/tenant"),
    ("status_code", "/status_code"),
    ("error_message", "/error_message"),
    ("actor_name", "/actor/name"),
    ("api_request_id", "/api/request_id"),
    ("authn_method", "/authn/method"),
    ("authn_protocol", "/authn/protocol"),
    ("credential_native_id", "/credential/native_id"),
    ("issued_credential_native_id", "/issued_credential/native_id"),
    ("resources", "/resources/0/name"),
    ("secret_access_path", "/secret_access/path"),
    ("src_ip", "/src/ip"),
    ("workload_uid", "/workload/uid"),
    ("purpose_job", "/purpose/job"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("gitlab", &VERBATIM);
}

#[test]
fn a_deployment_is_asked_for_decided_run_and_ended() {
    let (jan, mira) =
        ("nhi:principal:gitlab:gitlab.acme.example:user/12", "nhi:principal:gitlab:gitlab.acme.example:user/11");
    for (case, phase, approver, second) in [
        ("webhook-blocked", "request", Value::Null, 63),
        ("webhook-approved", "approve", json!(mira), 322),
        ("webhook-rejected", "deny", json!(mira), 322),
        ("webhook-running", "activate", Value::Null, 360),
        ("webhook-success", "expire", Value::Null, 540),
    ] {
        let event = golden::event("gitlab", case);
        let fact = &event["grants"][0];
        assert_eq!(fact["uri"], "nhi:grant:gitlab:gitlab.acme.example:deployment/9031", "{case}");
        assert_eq!(
            (fact["phase"].as_str(), &fact["requester"], &fact["approver"]),
            (Some(phase), &json!(jan), &approver)
        );
        assert_eq!(event["time"].as_i64(), Some((1_788_422_400 + second) * 1_000_000_000), "{case}");
    }
    let own = golden::event("gitlab", "webhook-approved-by-its-requester");
    assert_eq!(own["grants"][0]["approver"], own["grants"][0]["requester"], "a self-approval shows as one");
}

#[test]
fn an_audit_event_decides_on_the_same_deployment_as_the_webhook() {
    let context = sources::Context { authority: Some("gitlab.acme.example"), ..Default::default() };
    let read = |case: &str| {
        let path = format!("{}/tests/golden/gitlab/{case}.json", env!("CARGO_MANIFEST_DIR"));
        let raw = std::fs::read(path).unwrap();
        let mut scratch = sources::Scratch::default();
        serde_json::to_value(sources::normalise(&raw, &context, &mut scratch).unwrap()).unwrap()
    };
    let webhook = read("webhook-approved");
    assert_eq!(read("deployment-approved")["grants"][0]["uri"], webhook["grants"][0]["uri"]);
    // Where only the job is named, the webhook says which deployment that is.
    let of_job = &read("deployment-rejected-of-a-job")["grants"][0]["uri"];
    let same = |alias: &Value| alias["b"] == *of_job && alias["a"] == webhook["grants"][0]["uri"];
    assert!(webhook["aliases"].as_array().unwrap().iter().any(same), "{webhook:#}");
}

#[test]
fn tokens_and_keys_that_came_are_those_that_went_or_were_used() {
    let [made, gone] = ["project-token-created", "project-token-revoked"].map(|case| golden::event("gitlab", case));
    assert_eq!(made["issued_credential"]["uri"], gone["credential_changes"][0]["uri"]);
    assert_eq!(gone["credential_changes"][0]["holder"], "nhi:principal:gitlab:unknown:user/77", "the bot of the token");
    let [made, gone] = ["personal-token-created", "personal-token-revoked"].map(|case| golden::event("gitlab", case));
    assert_eq!(made["issued_credential"]["uri"], gone["credential_changes"][0]["uri"]);
    let [added, fetched] = ["deploy-key-added", "git-fetch-deploy-key"].map(|case| golden::event("gitlab", case));
    assert_eq!(added["issued_credential"]["uri"], fetched["credential"]["uri"]);
    assert!(golden::event("gitlab", "project-token-refused").get("issued_credential").is_none());
}

#[test]
fn an_impersonator_is_named_by_a_name_that_others_may_have() {
    let event = golden::event("gitlab", "impersonated-change");
    assert_eq!(event["initiator"], "nhi:principal:gitlab:unknown:user/?Root%20Admin");
    assert_eq!(event["chain"][0]["step"], "impersonation");
    assert_eq!(event["actor"]["uri"], "nhi:principal:gitlab:unknown:user/11");
}

#[test]
fn event_types_have_the_class_and_access_that_they_mean() {
    for (name, class, activity, access) in [
        ("deployment_approved", 6003, 99, "grant"),
        ("personal_access_token_issued", 3007, 18, "issue"),
        ("group_access_token_deleted", 3007, 19, "delete"),
        ("deploy_token_destroyed", 3007, 19, "delete"),
        ("add_ssh_key", 3007, 18, "issue"),
        ("member_updated", 3006, 9, "grant"),
        ("environment_unprotected", 3004, 4, "delete"),
        ("protected_environment_approval_rule_added", 3004, 1, "create"),
        ("secure_ci_job_token_inbound_disabled", 3004, 3, "modify"),
        ("ci_variable_deleted", 6003, 4, "delete"),
        ("user_created", 3007, 1, "create"),
        ("login_failed_with_otp_authentication", 3002, 1, "authenticate"),
        ("user_impersonation", 3002, 99, "authenticate"),
        ("something_unheard_of", 6003, 99, "other"),
    ] {
        let record = json!({"id": 1, "author_id": 1, "entity_id": 2, "entity_type": "Project", "details": {"event_name": name}, "created_at": "2026-09-03T08:05:22Z"});
        let event = golden::normalise(record.to_string().as_bytes()).unwrap();
        let found = (event["class_uid"].as_i64(), event["activity_id"].as_i64(), event["access"].as_str());
        assert_eq!(found, (Some(class), Some(activity), Some(access)), "{name}");
    }
}

#[test]
fn odd_values_lose_no_record() {
    for (key, value) in [
        ("details", json!([])),
        ("details", json!({"custom_message": ["a"], "target_id": {}, "author_class": 7})),
        ("author_id", json!("x")),
        ("created_at", json!("yesterday")),
        ("entity_id", json!(null)),
    ] {
        let mut record = json!({"id": 1, "author_id": 1, "entity_id": 2, "entity_type": "Group", "details": {}, "created_at": "2026-09-03T08:05:22Z"});
        record[key] = value;
        let event =
            golden::normalise(record.to_string().as_bytes()).unwrap_or_else(|reject| panic!("{record}: {reject}"));
        assert_eq!(event["platform"], "gitlab");
    }
    let context = sources::Context { platform: Some(model::Platform::GitLab), ..Default::default() };
    let mut scratch = sources::Scratch::default();
    let reject = sources::normalise(br#"{"id":"x"}"#, &context, &mut scratch).unwrap_err();
    assert_eq!(reject.to_string(), "shape: neither an audit event nor a delivery about a deployment");
}

/// The samples are cut down to an object `detail` with a message: nothing in them says that it is GitLab's.
#[test]
fn real_samples_are_too_short_to_be_told() {
    let Some(folder) = real::folder() else { return };
    let samples = real::panther(&folder.join("panther/GitLab.Audit.jsonl"));
    assert_eq!(samples.len(), 3);
    for raw in samples {
        let reject = golden::normalise(raw.as_bytes()).unwrap_err();
        assert_eq!(reject.kind, sources::RejectKind::UnknownPlatform, "{raw}");
    }
}
