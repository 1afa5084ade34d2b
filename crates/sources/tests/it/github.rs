//! Tests of `github`.

use serde_json::{Value, json};

use crate::{golden, real};

#[test]
fn goldens() {
    golden::all("github", 40);
}

#[test]
fn a_refused_act_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("github", 2);
}

#[test]
fn origins_lead_back_to_the_values() {
    golden::origins(
        "github",
        &[
            ("source_event_id", "/source_event_id"),
            ("time_raw", "/time_raw"),
            ("tenant", "/tenant"),
            ("status_code", "/status_code"),
            ("actor_name", "/actor/name"),
            ("credential_native_id", "/credential/native_id"),
            ("credential_scopes", "/credential/scopes/0"),
            ("issued_credential_native_id", "/issued_credential/native_id"),
            ("agent_run", "/agent/run"),
            ("agent_uid", "/agent/uid"),
            ("authn_method", "/authn/method"),
            ("api_request_id", "/api/request_id"),
            ("resources", "/resources/0/name"),
            ("secret_access_path", "/secret_access/path"),
            ("src_ip", "/src/ip"),
            ("src_country", "/src/country"),
            ("user_agent", "/user_agent"),
            ("client_app", "/client_app"),
            ("workload_uid", "/workload/uid"),
            ("workload_node", "/workload/node"),
            ("purpose_job", "/purpose/job"),
            ("correlation_ids", "/correlation_ids/0"),
            ("error_message", "/error_message"),
        ],
    );
}

/// The event of an entry with these fields besides the usual ones.
fn event(mut fields: Value) -> Value {
    for (key, value) in
        [("@timestamp", json!(1_788_423_322_418_i64)), ("actor", json!("mira-k")), ("org", json!("acme"))]
    {
        if fields.get(key).is_none() {
            fields[key] = value;
        }
    }
    golden::normalise(fields.to_string().as_bytes()).unwrap()
}

#[test]
fn who_is_human_follows_the_platform_then_the_kind_of_token() {
    for (fields, human, kind) in [
        (json!({"actor_is_agent": true, "actor_is_bot": true}), "nonhuman", "agent"),
        (json!({"actor_is_bot": true}), "nonhuman", "bot"),
        (json!({"actor_is_bot": "True"}), "nonhuman", "bot"),
        (json!({"actor": "dependabot[bot]"}), "nonhuman", "bot"),
        (json!({"actor_is_bot": false}), "human", "human"),
        (
            json!({"actor_is_bot": false, "programmatic_access_type": "Personal access token (classic)"}),
            "mixed",
            "script",
        ),
        (json!({"programmatic_access_type": "Fine-grained personal access token"}), "mixed", "script"),
        (json!({"programmatic_access_type": "OAuth access token"}), "mixed", "script"),
        (json!({"programmatic_access_type": "GitHub App user-to-server token"}), "mixed", "script"),
        (json!({"programmatic_access_type": "GitHub App server-to-server token"}), "nonhuman", "integration"),
        (json!({"programmatic_access_type": "deploy_key"}), "nonhuman", "script"),
        (json!({}), "unknown", "unknown"),
    ] {
        let mut fields = fields;
        fields["action"] = json!("repo.create");
        let event = event(fields.clone());
        assert_eq!(
            (event["actor"]["is_human"].as_str(), event["actor"]["kind"].as_str()),
            (Some(human), Some(kind)),
            "{fields}"
        );
        assert!(event["actor"]["rule"].as_str().is_some_and(|rule| !rule.is_empty()));
    }
}

#[test]
fn a_token_is_named_by_the_digest_that_its_owner_can_compute() {
    // SHA-256 of the word `abc`, FIPS 180-4, as GitHub logs it and as `sha256sum` prints it.
    let event = event(json!({"action": "git.clone", "hashed_token": "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="}));
    let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(event["credential"]["uri"], format!("nhi:cred:github:github.com:token-sha256/{hex}"));
    assert_eq!(event["credential"]["fingerprint"]["value"], hex);
}

#[test]
fn a_key_added_is_the_key_removed_and_belongs_to_the_repository() {
    let added = golden::event("github", "deploy_key_create");
    let removed = golden::event("github", "deploy_key_delete");
    assert_eq!(added["issued_credential"]["uri"], removed["credential_changes"][0]["uri"]);
    assert_eq!(removed["credential_changes"][0]["holder"], "nhi:principal:github:github.com:repo/5550101");
}

#[test]
fn a_token_request_its_approval_and_the_webhook_of_it_are_one_grant() {
    let [asked, granted, hook, revoked] =
        ["pat_request_created", "pat_access_granted", "webhook_pat_request", "pat_access_revoked"]
            .map(|case| golden::event("github", case));
    assert_eq!(asked["grants"][0]["uri"], granted["grants"][0]["uri"]);
    assert_eq!(hook["grants"][0]["uri"], granted["grants"][0]["uri"]);
    assert_eq!(granted["grants"][0]["beneficiary"], asked["actor"]["uri"]);
    assert_eq!(granted["issued_credential"]["uri"], revoked["credential_changes"][0]["uri"]);
    assert_eq!(hook["issued_credential"]["uri"], granted["issued_credential"]["uri"]);
}

#[test]
fn attempts_of_a_run_are_sessions_of_their_own() {
    let of = |attempt: i64| {
        let fields =
            json!({"action": "workflows.completed_workflow_run", "workflow_run_id": 88, "run_attempt": attempt});
        event(fields)["session"].clone()
    };
    assert_eq!(of(1), "nhi:session:github:github.com:run/88/1");
    assert_ne!(of(1), of(2));
}

#[test]
fn a_failed_sign_in_proves_nobody() {
    let [failed, signed_in] = ["login.denied", "login.allowed"].map(|case| golden::event("github", case));
    assert_eq!(signed_in["actor"]["uri"], "nhi:principal:github:github.com:user/7700123");
    assert_eq!(failed["actor"]["uri"], "nhi:principal:github:github.com:user/?7700123");
}

#[test]
fn actions_have_the_class_and_access_that_they_mean() {
    for (action, class, activity, access) in [
        ("org.add_member", 3006, 3, "grant"),
        ("org.remove_member", 3006, 4, "grant"),
        ("repo.add_member", 3007, 14, "grant"),
        ("organization_role.revoke", 3007, 17, "grant"),
        ("organization_role.create", 3008, 1, "create"),
        ("personal_access_token.access_revoked", 3007, 19, "delete"),
        ("personal_access_token.expiration_limit_set", 3004, 3, "modify"),
        ("oauth_application.create", 3004, 1, "create"),
        ("oauth_application.generate_client_secret", 3007, 18, "issue"),
        ("integration_installation.suspend", 6002, 7, "modify"),
        ("org.oauth_app_access_denied", 6002, 7, "grant"),
        ("org.disable_two_factor_requirement", 3004, 9, "modify"),
        ("two_factor_authentication.disabled", 3007, 13, "modify"),
        ("protected_branch.destroy", 3004, 4, "delete"),
        ("protected_branch.policy_override", 6003, 3, "modify"),
        ("audit_log_streaming.destroy", 1008, 10, "delete"),
        ("org.audit_log_export", 1008, 3, "read"),
        ("git.fetch", 6003, 2, "read"),
        ("workflows.delete_workflow_run", 6003, 4, "delete"),
        ("repo.access", 6003, 3, "modify"),
        ("repo.archived", 6003, 3, "modify"),
        ("hook.destroy", 6003, 4, "delete"),
        ("issues.opened", 6003, 1, "create"),
        ("something.unheard_of", 6003, 99, "other"),
    ] {
        let event = event(json!({"action": action}));
        let found = (event["class_uid"].as_i64(), event["activity_id"].as_i64(), event["access"].as_str());
        assert_eq!(found, (Some(class), Some(activity), Some(access)), "{action}");
    }
    let said = event(json!({"action": "something.unheard_of", "operation_type": "remove"}));
    assert_eq!(said["access"], "delete", "the entry says it itself");
}

#[test]
fn odd_values_lose_no_record() {
    for fields in [
        json!({"action": "repo.create", "created_at": 1_621_305_118_553.0, "actor_id": "7", "actor_location": "DE"}),
        json!({"action": "git.push", "hashed_token": "not base64", "token_scopes": ["repo"], "repo": null}),
        json!({"action": "git.push", "hashed_token": "", "user": {}, "data": []}),
        json!({"action": "workflows.completed_workflow_run", "workflow_run_id": {}, "secrets_passed": "ONE"}),
        json!({"action": ".", "@timestamp": "yesterday"}),
        json!({"action": "org.add_member", "org": ["a", "b"], "business": "acme"}),
    ] {
        let event = event(fields.clone());
        assert!(event["actor"]["uri"].is_string() && event["access"].is_string(), "{fields}");
    }
}

#[test]
fn the_configured_server_is_the_authority() {
    let context = sources::Context { authority: Some("git.acme.example"), ..Default::default() };
    let mut scratch = sources::Scratch::default();
    let raw = br#"{"action":"repo.create","actor":"mira-k","actor_id":7,"org":"acme"}"#;
    let event = sources::normalise(raw, &context, &mut scratch).unwrap();
    assert_eq!(event.actor.uri, "nhi:principal:github:git.acme.example:user/7");
}

#[test]
fn an_object_that_is_neither_entry_nor_delivery_is_refused() {
    let context = sources::Context { platform: Some(model::Platform::GitHub), ..Default::default() };
    let mut scratch = sources::Scratch::default();
    let reject = sources::normalise(br#"{"org":"acme"}"#, &context, &mut scratch).unwrap_err();
    assert_eq!(reject.kind, sources::RejectKind::Shape);
}

#[test]
fn every_real_record_becomes_an_event_and_no_column_is_empty_where_the_record_has_it() {
    let Some(folder) = real::folder() else { return };
    let mut seen = 0;
    for file in ["GitHub.Audit", "GitHub.Webhook"] {
        for (index, raw) in real::panther(&folder.join(format!("panther/{file}.jsonl"))).iter().enumerate() {
            let event =
                golden::normalise(raw.as_bytes()).unwrap_or_else(|reject| panic!("{file} {index}: {reject}\n{raw}"));
            complete(&format!("{file} {}", index + 1), &serde_json::from_str(raw).unwrap(), &event);
            seen += 1;
        }
    }
    assert_eq!(seen, 99);
}

fn complete(origin: &str, record: &Value, event: &Value) {
    assert_eq!(event["platform"], "github", "{origin}");
    let has = |pointer: &str| record.pointer(pointer).is_some_and(|value| !value.is_null() && value != "");
    let filled = |pointer: &str| event.pointer(pointer).is_some_and(|value| !value.is_null() && value != "");
    for (pointer, column) in [
        ("/action", "/api/operation"),
        ("/actor", "/actor/name"),
        ("/sender/login", "/actor/name"),
        ("/pusher/name", "/actor/name"),
        ("/_document_id", "/source_event_id"),
        ("/@timestamp", "/time"),
        ("/created_at", "/time"),
        ("/at_sign_timestamp", "/time"),
        ("/workflow_job/completed_at", "/time"),
        ("/pull_request/created_at", "/time"),
        ("/actor_ip", "/src/ip"),
        ("/actor_location/country_code", "/src/country"),
        ("/user_agent", "/user_agent"),
        ("/repo", "/resources/0/uri"),
        ("/org", "/resources/0/uri"),
        ("/repository/full_name", "/resources/0/uri"),
        ("/workflow_run_id", "/session"),
        ("/workflow_run/id", "/session"),
        ("/workflow_job/run_id", "/session"),
        ("/programmatic_access_type", "/authn/method"),
        ("/protocol_name", "/authn/protocol"),
        ("/org", "/tenant"),
    ] {
        assert!(!has(pointer) || filled(column), "{origin}: {pointer} is there, {column} is empty");
    }
    assert!(filled("/access") && filled("/actor/uri") && filled("/api/operation"), "{origin}");
    let says = match record["operation_type"].as_str() {
        Some("create") => "create",
        Some("remove") => "delete",
        _ => return,
    };
    assert_eq!(event["access"], says, "{origin}: access agrees with operation_type");
}

#[test]
fn records_of_other_platforms_are_not_taken_for_entries() {
    let Some(folder) = real::folder() else { return };
    let module = sources::module(model::Platform::GitHub).unwrap();
    for path in real::files(&folder.join("panther"), ".jsonl") {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for raw in real::panther(&path).iter().filter(|_| !name.starts_with("GitHub.")) {
            assert!(!(module.recognise)(&sources::Probe::new(raw)), "{name}: {raw}");
        }
    }
}

/// What the authors of the OCSF examples expect, and where we differ: class 3001 is deprecated in
/// OCSF 1.9 in favour of 3007, which has the same activity for a new account.
#[test]
fn ocsf_examples_agree_but_for_the_deprecated_class() {
    let Some(folder) = real::folder() else { return };
    let samples = folder.join("ocsf_examples/mappings/markdown/GitHub/v1.3.0/Github_Audit_Logs");
    let ours = [("authentication", 3002), ("group_management", 3006), ("account_change", 3007)];
    for (name, class) in ours {
        let read = |ending: &str| {
            let paths = real::files(&samples, &format!("/{name}.{ending}"));
            std::fs::read(paths.first().unwrap()).unwrap()
        };
        let event = golden::normalise(&read("raw")).unwrap();
        let expected: Value = serde_json::from_slice(&read("ocsf")).unwrap();
        assert_eq!(event["class_uid"], class, "{name}");
        assert_eq!(expected["class_uid"], if class == 3007 { 3001 } else { class }, "{name}");
        assert_eq!(event["activity_id"], expected["activity_id"], "{name}");
        assert_eq!(event["actor"]["name"], expected["actor"]["user"]["name"], "{name}");
        let id = expected["actor"]["user"]["uid"].as_str().unwrap();
        assert_eq!(event["actor"]["uri"], format!("nhi:principal:github:github.com:user/{id}"), "{name}");
        assert_eq!(event["api"]["operation"], expected["metadata"]["event_code"], "{name}");
        assert_eq!(event["status"], "success", "{name}: their output names no status");
        assert_eq!(event["time"].as_i64().unwrap() / 1_000_000, expected["time"].as_i64().unwrap(), "{name}");
        assert_eq!(event["severity_id"], expected["severity_id"], "{name}");
    }
}

/// Phase, grant and requester of each fact of a golden.
fn told(case: &str) -> Vec<(String, String, Value, Value)> {
    let event = golden::event("github", case);
    let facts = event["grants"].as_array().unwrap_or_else(|| panic!("{case}: {event:#}"));
    let text = |fact: &Value, key: &str| fact[key].as_str().unwrap().to_owned();
    facts.iter().map(|f| (text(f, "phase"), text(f, "uri"), f["requester"].clone(), f["approver"].clone())).collect()
}

#[test]
fn a_deployment_is_one_grant_in_deliveries_and_in_the_audit_log() {
    let grant = "nhi:grant:github:github.com:deployment/18800200300/production";
    let (jan, mira) = ("nhi:principal:github:github.com:user/7700456", "nhi:principal:github:github.com:user/7700123");
    let none = Value::Null;
    for (case, phase, requester, approver) in [
        ("webhook_deployment_review_requested", "request", json!(jan), none.clone()),
        ("webhook_deployment_protection_rule", "request", json!(jan), none.clone()),
        ("webhook_deployment_review_approved", "approve", json!(jan), json!(mira)),
        ("webhook_deployment_review_rejected", "deny", json!(jan), json!(mira)),
        ("deployment_approved", "approve", none.clone(), json!(mira)),
        ("deployment_rejected", "deny", none.clone(), json!(mira)),
        ("deployment_rules_bypassed", "bypass", json!(mira), none.clone()),
        ("workflow_job_prepared", "activate", none.clone(), none.clone()),
    ] {
        assert_eq!(told(case)[0], (phase.to_owned(), grant.to_owned(), requester, approver), "{case}");
    }
    let both = told("webhook_deployment_review_approved");
    assert_eq!(
        both[1].1, "nhi:grant:github:github.com:deployment/18800200300/production-eu",
        "one review, two environments"
    );
    let own = &told("webhook_deployment_review_by_its_requester")[0];
    assert_eq!(own.2, own.3, "a self-approval shows as one");
}

#[test]
fn an_environment_has_one_uri_in_rules_and_in_reviews() {
    let of = |case| golden::event("github", case)["resources"][0].clone();
    let (rule, review) = (of("environment_rule_removed"), of("webhook_deployment_review_rejected"));
    assert_eq!(rule["uri"], "nhi:resource:github:github.com:environment/~acme%2Forders/production");
    assert_eq!(rule, review);
    assert_eq!(golden::event("github", "deployment_approved")["grants"][0]["resource"], rule["uri"]);
}
