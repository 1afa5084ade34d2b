//! PAM360: goldens, twins, and the real lines with what another reader made of them.

use serde_json::Value;
use sources::{MODULES, Probe};

use crate::{golden, real};

#[test]
fn goldens() {
    golden::all("pam360", 13);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("pam360", 1);
}

#[test]
fn a_line_is_of_this_platform_alone() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/pam360");
    for path in real::files(&folder, ".log") {
        let text = std::fs::read_to_string(&path).unwrap();
        let probe = Probe::new(&text);
        let yes: Vec<_> = MODULES.iter().filter(|m| (m.recognise)(&probe)).map(|m| m.platform.as_str()).collect();
        assert_eq!(yes, ["pam360"], "{}", path.display());
    }
}

#[test]
fn a_password_is_asked_for_agreed_on_and_borrowed() {
    let read = |case| golden::event("pam360", case);
    let grants =
        ["password-requested", "password-approved", "password-checked-out"].map(|case| read(case)["grants"][0].clone());
    for (grant, phase) in grants.iter().zip(["request", "approve", "activate"]) {
        assert_eq!(grant["uri"], "nhi:grant:pam360:pam01:password-access/~db-prod-1/postgres/mira.holt");
        assert_eq!(grant["phase"], phase);
        assert_eq!(grant["beneficiary"], "nhi:principal:pam360:pam01:user/~mira.holt");
    }
    assert_eq!(grants[1]["approver"], "nhi:principal:pam360:pam01:user/~jan.ruf");
    assert_eq!(grants[0]["ticket"], "4711");
}

#[test]
fn what_cannot_be_read_says_what_is_missing() {
    let context = sources::Context { platform: Some(model::Platform::Pam360), ..Default::default() };
    let mut scratch = sources::Scratch::default();
    let reject = sources::normalise(b"<38>Sep  3 10:01:23 h UserAudit:x:y Op not-a-date", &context, &mut scratch);
    assert_eq!(reject.unwrap_err().kind, sources::RejectKind::Shape);
}

/// The texts under a key, wherever they stand.
fn raw(file: &std::path::Path) -> Vec<String> {
    let whole: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let entries = whole["raw_logs"]["entries"].as_array().unwrap();
    entries.iter().map(|entry| entry["data"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_real_line_says_what_another_reader_found_in_it() {
    let Some(folder) = real::folder() else { return };
    let folder = folder.join("secrets/chronicle_MANAGE_ENGINE_PAM360");
    let (mut lines, mut rests, mut compared) = (0, 0, 0);
    for (raw_name, expected) in [
        ("raw_logs_default_log.json", "expected_events_default_events.json"),
        ("raw_logs_default_log.json_17082026", "expected_events_default_events.json_17082026"),
    ] {
        let expected: Value = serde_json::from_slice(&std::fs::read(folder.join(expected)).unwrap()).unwrap();
        let expected: Vec<&Value> =
            expected["events"].as_array().unwrap().iter().map(|event| &event["event"]["idm"]["readOnlyUdm"]).collect();
        for line in raw(&folder.join(raw_name)) {
            if !line.starts_with('<') {
                // The rest of a message with line breaks in it, which its collector cut there.
                assert!(golden::normalise(line.as_bytes()).is_err(), "{line}");
                rests += 1;
                continue;
            }
            lines += 1;
            let event = golden::normalise(line.as_bytes()).unwrap_or_else(|reject| panic!("{line}: {reject}"));
            assert_eq!(event["platform"], "pam360", "{line}");
            assert!(event["time"].is_i64() && event["status"] != "unknown", "{line}");
            let operation = event["api"]["operation"].as_str().unwrap();
            let time = jiff::Timestamp::from_nanosecond(event["time"].as_i64().unwrap().into()).unwrap().to_string();
            let of = |udm: &&&Value| {
                udm["metadata"]["description"] == operation
                    && [&udm["metadata"]["collectedTimestamp"], &udm["metadata"]["eventTimestamp"]]
                        .iter()
                        .any(|at| at.as_str() == Some(&time))
            };
            let Some(udm) = expected.iter().find(of) else { continue };
            compared += 1;
            if let Some(ip) = udm["principal"]["ip"][0].as_str() {
                assert_eq!(event["src"]["ip"], ip, "{line}");
            }
            if let Some(user) = udm["principal"]["user"]["userid"].as_str()
                && event["actor"]["name"].is_string()
            {
                assert_eq!(event["actor"]["name"], user, "{line}");
            }
            if let Some(host) = udm["target"]["hostname"].as_str()
                && event["api"]["service"] == "ResourceAudit"
            {
                let named = event["resources"].as_array().unwrap().iter().any(|of| {
                    of["name"].as_str().is_some_and(|name| name.contains(host)) || event["dst"]["host"] == host
                });
                assert!(named, "{line}: {host} is none of {:#}", event["resources"]);
            }
        }
    }
    eprintln!("PAM360: {lines} real lines and {rests} rests of such, {compared} compared with another reader's events");
    assert!(lines >= 50 && compared >= 40, "{lines} lines, {compared} compared");
}
