//! Syslog: golden records, and what must not be taken from other platforms.

use crate::golden;

#[test]
fn golden_records() {
    golden::all("syslog", 7);
}

#[test]
fn a_denied_act_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("syslog", 1);
}

#[test]
fn whom_a_message_names_stays_a_claim() {
    for case in ["structured-data", "cef-firewall.allowed", "leef-login", "cron"] {
        let event = golden::event("syslog", case);
        let uri = event["actor"]["uri"].as_str().unwrap();
        assert!(uri.contains("/?"), "{case}: {uri}");
        assert!(event.get("credential").is_none() && event.get("aliases").is_none(), "{case}");
    }
    let event = golden::event("syslog", "structured-data");
    assert_eq!(event["actor"]["uri"], "nhi:principal:syslog:pay-1:user/?alice");
}

#[test]
fn json_behind_a_header_is_its_own_platforms() {
    let record =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/aws/assume-role.allowed.json"));
    let record: serde_json::Value = serde_json::from_str(&record.unwrap()).unwrap();
    let bare = golden::normalise(record.to_string().as_bytes()).unwrap();
    for header in ["<134>1 2026-11-20T10:41:07Z h trail 1 - - ", "<134>Nov 20 10:41:07 h trail[1]: @cee: ", "<13>"] {
        let event = golden::normalise(format!("{header}{record}\n").as_bytes()).unwrap();
        assert_eq!(event, bare, "{header}");
    }
    // JSON of nobody is a message like any other.
    let event = golden::normalise(b"<13>Nov 20 10:41:07 h app: {\"a\":1}").unwrap();
    assert_eq!((&event["platform"], &event["api"]["operation"]), (&"syslog".into(), &"app".into()));
}
