//! Access logs: goldens, twins, whom a proxy proved and whom nobody did.

use serde_json::json;

use crate::{golden, real};

#[test]
fn goldens() {
    golden::all("http", 21);
}

#[test]
fn a_denied_act_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("http", 4);
}

fn actor(case: &str) -> String {
    golden::event("http", case)["actor"]["uri"].as_str().unwrap().to_owned()
}

#[test]
fn what_a_proxy_proved_is_a_name_and_what_a_client_says_is_a_claim() {
    let workload = "nhi:principal:spiffe:wharf.example:workload/ns/billing/sa/agent";
    assert_eq!(actor("envoy-mtls.allowed"), workload);
    assert_eq!(actor("envoy-mtls.denied"), workload);
    assert_eq!(actor("combined.allowed"), "nhi:principal:http:unknown:user/?mira");
    assert_eq!(actor("nginx.allowed"), "nhi:principal:http:api.wharf.example:user/?mira");
    assert_eq!(actor("common"), "nhi:principal:http:unknown:client/?10.0.0.7");
    assert_eq!(actor("nginx-mtls"), "nhi:principal:http:api.wharf.example:x509-subject/~CN%3Drates%2CO%3DAcme");
}

#[test]
fn a_certificate_is_called_as_spire_calls_it() {
    let credential = &golden::event("http", "envoy-mtls.allowed")["credential"];
    assert_eq!(credential["uri"], "nhi:cred:spiffe:wharf.example:x509-serial/a1b2c3d4e5f60718293a4b5c6d7e8f9");
}

#[test]
fn a_forwarded_certificate_shows_the_way_of_a_call() {
    let event = golden::event("http", "envoy-xfcc");
    assert_eq!(event["actor"]["uri"], "nhi:principal:spiffe:wharf.example:workload/ns/edge/sa/gateway");
    assert_eq!(event["initiator"], "nhi:principal:spiffe:wharf.example:workload/ns/web/sa/shop");
    let verified: Vec<_> = event["chain"].as_array().unwrap().iter().map(|step| step["verified"].clone()).collect();
    assert_eq!(verified, [json!(false), json!(false)], "the header is what others say");
}

#[test]
fn keys_of_a_cloud_are_called_as_the_cloud_calls_them() {
    let event = golden::event("http", "api-gateway-iam");
    assert_eq!(event["actor"]["uri"], "nhi:principal:aws:111122223333:role/~BillingAgent");
    assert_eq!(event["credential"]["uri"], "nhi:cred:aws:111122223333:sts-key/ASIAEXAMPLEEXAMPLE12");
    let event = golden::event("http", "api-gateway-jwt");
    assert_eq!(event["actor"]["uri"], "nhi:principal:oauth:id.wharf.example%2Frealms%2Facme:client/rates-client");
}

#[test]
fn queries_are_not_told() {
    for case in ["common", "azure-application-gateway", "combined.allowed", "envoy-mtls.allowed"] {
        let event = golden::event("http", case).to_string();
        assert!(!event.contains("not-told") && !event.contains("?x=1") && !event.contains("dry=1"), "{case}: {event}");
    }
}

#[test]
fn a_line_inside_of_a_collectors_object_is_read() {
    let line = r#"10.0.0.7 - - [20/Nov/2026:10:41:07 +0000] "GET /a HTTP/1.1" 200 12"#;
    let bare = golden::normalise(line.as_bytes()).unwrap();
    for object in [
        json!({"@timestamp": "2026-11-20T10:41:08Z", "message": line, "host": {"name": "web-1"}}),
        json!({"log": format!("{line}\n"), "stream": "stdout"}),
    ] {
        assert_eq!(golden::normalise(object.to_string().as_bytes()).unwrap(), bare, "{object}");
    }
}

/// Where an event keeps the columns that are read verbatim.
const VERBATIM: [(&str, &str); 8] = [
    ("source_event_id", "/source_event_id"),
    ("api_operation", "/api/operation"),
    ("api_request_id", "/api/request_id"),
    ("status_code", "/status_code"),
    ("error_message", "/error_message"),
    ("actor_name", "/actor/name"),
    ("user_agent", "/user_agent"),
    ("src_ip", "/src/ip"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("http", &VERBATIM);
}

#[test]
fn every_real_line_becomes_an_event() {
    let Some(folder) = real::folder() else { return };
    let mut count = 0;
    for path in real::files(&folder.join("http/plaso"), "") {
        for raw in real::delivered(&path) {
            let event =
                golden::normalise(&raw).unwrap_or_else(|reject| panic!("{}: {reject}", String::from_utf8_lossy(&raw)));
            assert_eq!(event["platform"], "http");
            assert!(event.get("time").is_some() && event["src"].get("ip").is_some(), "{event:#}");
            count += 1;
        }
    }
    assert_eq!(count, 17);
}
