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
