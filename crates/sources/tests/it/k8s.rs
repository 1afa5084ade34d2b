//! Tests of `k8s`.

use serde_json::{Value, json};

use crate::{golden, real};

/// Every real audit event: lines of a server, single files, and the cases of detection rules that
/// are events of Kubernetes itself (the others are of Google Cloud, Azure and Cloudflare).
fn real_records(folder: &std::path::Path) -> Vec<(String, String)> {
    let mut records = Vec::new();
    let log = std::fs::read_to_string(folder.join("k8s/audit2rbac/demo.log")).unwrap();
    records.extend(log.lines().filter(|line| !line.trim().is_empty()).map(|line| ("audit2rbac".into(), line.into())));
    for path in real::files(&folder.join("k8s/falco"), ".json") {
        records.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
    }
    for (at, record) in real::panther(&folder.join("panther/Amazon.EKS.Audit.jsonl")).into_iter().enumerate() {
        let value: Value = serde_json::from_str(&record).unwrap();
        let foreign = ["protoPayload", "category", "operationName"].iter().any(|key| value.get(key).is_some())
            || value["p_log_type"].as_str().is_some_and(|kind| kind != "Amazon.EKS.Audit");
        if !foreign {
            records.push((format!("panther {at}"), record));
        }
    }
    records
}

#[test]
fn every_real_record_becomes_an_event_and_no_column_is_empty_where_the_record_has_it() {
    let Some(folder) = real::folder() else { return };
    let records = real_records(&folder);
    assert!(records.len() >= 100, "only {} records of Kubernetes found", records.len());
    for (origin, raw) in records {
        let record: Value = serde_json::from_str(&raw).unwrap();
        let event = golden::normalise(raw.as_bytes()).unwrap_or_else(|reject| panic!("{origin}: {reject}\n{raw}"));
        assert_eq!(event["platform"], json!("k8s"), "{origin}");
        let has = |pointer: &str| record.pointer(pointer).is_some_and(|v| !v.is_null() && v != "" && *v != json!([]));
        let filled = |pointer: &str| event.pointer(pointer).is_some_and(|v| !v.is_null() && v != "");
        for (source, column) in [
            ("/user/username", "/actor/name"),
            ("/verb", "/api/operation"),
            ("/responseStatus/code", "/status_code"),
            ("/stageTimestamp", "/time"),
            ("/requestReceivedTimestamp", "/time"),
            ("/timestamp", "/time"),
            ("/objectRef/resource", "/resources/0/uri"),
            ("/requestURI", "/resources/0/uri"),
            ("/sourceIPs/0", "/src/ip"),
            ("/userAgent", "/user_agent"),
            ("/auditID", "/source_event_id"),
            ("/impersonatedUser/username", "/subject"),
            ("/annotations/authorization.k8s.io~1decision", "/decision/effect"),
            ("/annotations/authentication.kubernetes.io~1issued-credential-id", "/issued_credential/uri"),
        ] {
            assert!(!has(source) || filled(column), "{origin}: {source} is there, {column} is empty: {raw}");
        }
        assert!(filled("/access") && filled("/actor/uri") && filled("/authority"), "{origin}");
        if has("/responseStatus/code") && record["stage"] != "RequestReceived" {
            let failed = record["responseStatus"]["code"].as_i64().unwrap() >= 400;
            assert_eq!(event["status"], if failed { "failure" } else { "success" }, "{origin}");
        }
    }
}

#[test]
fn goldens_hold() {
    golden::all("k8s", 20);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("k8s", 4);
}

#[test]
fn origins_lead_back_to_the_values() {
    golden::origins(
        "k8s",
        &[
            ("source_event_id", "/source_event_id"),
            ("time_raw", "/time_raw"),
            ("status_code", "/status_code"),
            ("actor_name", "/actor/name"),
            ("credential_native_id", "/credential/native_id"),
            ("decision_reason", "/decision/reason"),
            ("api_request_id", "/api/request_id"),
            ("secret_access_version", "/secret_access/version"),
            ("workload_name", "/workload/name"),
            ("workload_uid", "/workload/uid"),
            ("src_ip", "/src/ip"),
            ("user_agent", "/user_agent"),
            ("error_code", "/error_code"),
            ("error_message", "/error_message"),
        ],
    );
}

#[test]
fn impersonation_keeps_the_caller_as_actor_and_names_the_subject() {
    let Some(folder) = real::folder() else { return };
    let mut chains = 0;
    for (origin, raw) in real_records(&folder) {
        let record: Value = serde_json::from_str(&raw).unwrap();
        let Some(name) = record.pointer("/impersonatedUser/username").and_then(Value::as_str) else { continue };
        let event = golden::normalise(raw.as_bytes()).unwrap();
        assert_eq!(event["actor"]["name"], record["user"]["username"], "{origin}");
        assert_eq!(event["initiator"], event["actor"]["uri"], "{origin}");
        assert_eq!(event["chain"][0]["step"], "impersonation", "{origin}");
        let subject = event["subject"].as_str().unwrap();
        let last = name.rsplit(':').next().unwrap();
        assert!(subject.ends_with(last) && *subject != event["actor"]["uri"], "{origin}: {subject} for {name}");
        chains += 1;
    }
    assert_eq!(chains, 37, "every record of audit2rbac is impersonated");
}

#[test]
fn a_token_request_leads_to_the_use_of_its_token() {
    let issued = golden::event("k8s", "token-request.allowed");
    let used = golden::event("k8s", "get-secret.allowed");
    assert_eq!(issued["issued_credential"]["uri"], used["credential"]["uri"]);
    assert_eq!(issued["issued_credential"]["parent"], issued["credential"]["uri"]);
}

#[test]
fn a_decision_names_the_binding_that_made_the_grant() {
    let made = golden::event("k8s", "create-rolebinding.allowed");
    let used = golden::event("k8s", "exec-pod.allowed");
    let ended = golden::event("k8s", "delete-rolebinding");
    assert_eq!(made["grants"][0]["uri"], used["grant_refs"][0]);
    assert_eq!(made["grants"][0]["uri"], ended["grants"][0]["uri"]);
    assert_eq!(made["grants"].as_array().unwrap().len(), 3, "one fact per subject");
}

#[test]
fn a_signed_certificate_is_named_by_the_digest_of_its_der_form() {
    use sha2::{Digest, Sha256};
    // The bytes inside the PEM block of the golden record, which are no certificate.
    let der = b"not a certificate, but bytes that a digest can be taken of";
    let event = golden::event("k8s", "csr-signed");
    let hex = model::hex(&Sha256::digest(der));
    assert_eq!(event["issued_credential"]["native_id"], json!(hex));
}

#[test]
fn the_configured_cluster_is_the_authority() {
    let context = sources::Context { authority: Some("prod/eu 1"), ..Default::default() };
    let raw = br#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"a","verb":"get","stage":"ResponseComplete","user":{"username":"bob"},"objectRef":{"resource":"pods","namespace":"x","name":"y"}}"#;
    let mut scratch = sources::Scratch::default();
    let event = sources::normalise(raw, &context, &mut scratch).unwrap();
    assert_eq!(event.authority, "prod/eu 1");
    assert_eq!(event.actor.uri, "nhi:principal:k8s:prod%2Feu%201:user/~bob");
    assert_eq!(event.resources[0].uri, "nhi:resource:k8s:prod%2Feu%201:pods/~x/y");
}

#[test]
fn foreign_text_cannot_shape_a_uri() {
    let raw = br#"{"auditID":"a","stage":"ResponseComplete","verb":"get","user":{"username":"a/b:c"},"objectRef":{"resource":"po ds/../x:y","namespace":"n/../m","name":"?x"}}"#;
    let event = golden::normalise(raw).unwrap();
    assert_eq!(event["resources"][0]["uri"], "nhi:resource:k8s:unknown:object/~n%2F..%2Fm/%3Fx");
    assert_eq!(event["actor"]["uri"], "nhi:principal:k8s:unknown:user/~a%2Fb%3Ac");
}

#[test]
fn records_of_other_platforms_are_not_taken_for_audit_events() {
    for raw in [
        r#"{"kind":"Event","apiVersion":"v1","metadata":{"name":"x"},"reason":"Pulled","involvedObject":{"kind":"Pod"}}"#,
        r#"{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[]}"#,
        r#"{"verb":"list","resource":"x"}"#,
        r#"{"message":"see audit.k8s.io/v1","apiVersion":"example.org/v1"}"#,
    ] {
        let result = golden::normalise(raw.as_bytes());
        assert!(result.is_err() || result.as_ref().unwrap()["platform"] != "k8s", "{raw}: {result:?}");
    }
}

/// The published OCSF mapping for EKS takes every event for API Activity, with the activity by the
/// verb. Where this module differs, `docs/sources/k8s.md` says why; here is where, and nothing else.
#[test]
fn class_and_activity_differ_from_the_published_mapping_only_where_the_page_says() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/k8s");
    let mut differing = std::collections::BTreeSet::new();
    for path in real::files(&folder, ".json") {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let Some(case) = name.strip_suffix(".json").filter(|case| !case.ends_with(".event")) else { continue };
        if case.starts_with("inventory-") {
            // No audit event.
            continue;
        }
        let record: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let event = golden::event("k8s", case);
        let published = match record["verb"].as_str().unwrap() {
            "create" => 1,
            "get" | "list" | "watch" => 2,
            "update" | "patch" => 3,
            "delete" | "deletecollection" => 4,
            verb => panic!("{case}: no activity is known for {verb}"),
        };
        assert_eq!(event["api"]["request_id"], record["auditID"], "{case}");
        assert!(event["api"]["operation"].as_str().unwrap().starts_with(record["verb"].as_str().unwrap()), "{case}");
        assert_eq!(event["actor"].get("name"), record["user"].get("username"), "{case}");
        if (&event["class_uid"], &event["activity_id"]) != (&json!(6003), &json!(published)) {
            let operation = event["api"]["operation"].as_str().unwrap().to_owned();
            differing.insert((operation, event["class_uid"].as_u64().unwrap(), event["activity_id"].as_u64().unwrap()));
        }
    }
    let expected = [
        ("create clusterrolebindings", 3007, 16),
        ("create rolebindings", 3007, 16),
        ("create serviceaccounts/token", 3002, 3),
        ("delete rolebindings", 3007, 17),
        ("patch clusterroles", 3008, 2),
        ("update certificatesigningrequests/status", 3002, 3),
    ];
    let expected = expected.map(|(operation, class, activity)| (operation.to_owned(), class, activity));
    assert_eq!(differing.into_iter().collect::<Vec<_>>(), expected);
}
