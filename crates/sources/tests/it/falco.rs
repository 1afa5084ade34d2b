//! Falco alerts: goldens, who acted, and what was lost.

use serde_json::json;

use crate::{golden, real};

#[test]
fn goldens() {
    golden::all("falco", 5);
}

#[test]
fn who_acted_is_the_pod_the_container_or_who_logged_in() {
    for (case, uri) in [
        ("pod-file", "nhi:principal:k8s:unknown:pod/0b9b3c71-7c55-4f0a-8f0f-1d2c3b4a5968"),
        ("host-shell", "nhi:principal:linux:node-1:user/~mira"),
        ("connection", "nhi:principal:falco:node-1:container/3ad7b26ded6d"),
        ("k8s-audit", "nhi:principal:k8s:unknown:serviceaccount/~ci/deployer"),
    ] {
        assert_eq!(golden::event("falco", case)["actor"]["uri"], uri, "{case}");
    }
}

#[test]
fn what_falco_did_not_see_is_an_event_about_its_log() {
    let event = golden::event("falco", "drops");
    assert_eq!(event["class_uid"], 1008);
}

/// Where an event keeps the columns that are read verbatim.
const VERBATIM: [(&str, &str); 8] = [
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("api_operation", "/api/operation"),
    ("decision_rule", "/decision/rule"),
    ("actor_name", "/actor/name"),
    ("process", "/process"),
    ("dst_ip", "/dst/ip"),
    ("workload_uid", "/workload/uid"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("falco", &VERBATIM);
}

#[test]
fn a_real_alert_becomes_an_event() {
    let Some(folder) = real::folder() else { return };
    let alerts = real::files(&folder.join("ocsf_examples/mappings/markdown/Falco"), ".raw");
    assert_eq!(alerts.len(), 1);
    for path in alerts {
        let event = golden::normalise(&std::fs::read(path).unwrap()).unwrap();
        assert_eq!((&event["platform"], &event["severity_id"]), (&json!("falco"), &json!(3)));
    }
}
