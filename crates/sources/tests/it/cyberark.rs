//! CyberArk: goldens of the Vault in JSON and CEF and of Conjur, twins, requests.

use serde_json::json;
use sources::{MODULES, Probe};

use crate::{golden, real};

#[test]
fn goldens() {
    golden::all("cyberark", 19);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("cyberark", 2);
}

#[test]
fn a_line_is_of_this_platform_alone() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/cyberark");
    for path in real::files(&folder, ".log") {
        let text = std::fs::read_to_string(&path).unwrap();
        let probe = Probe::new(&text);
        let yes: Vec<_> = MODULES.iter().filter(|m| (m.recognise)(&probe)).map(|m| m.platform.as_str()).collect();
        assert_eq!(yes, ["cyberark"], "{}", path.display());
    }
}

#[test]
fn one_account_is_the_same_in_json_and_in_cef_and_its_request_is_one() {
    let [json, cef] = ["password-retrieved", "cef-password-used"].map(|case| golden::event("cyberark", case));
    assert_eq!(json["resources"][0]["uri"], cef["resources"][0]["uri"]);
    assert_eq!(json["secret_access"], cef["secret_access"]);
    assert_eq!(json["actor"]["uri"], cef["actor"]["uri"]);
    assert_eq!(json["grant_refs"], cef["grant_refs"]);
    assert_eq!(cef["purpose"]["ticket"], "INC-77");
    let grants =
        ["request-created", "request-confirmed"].map(|case| golden::event("cyberark", case)["grants"][0].clone());
    assert_eq!(json["grant_refs"], json!([grants[0]["uri"]]));
    assert_eq!((grants[0]["phase"].as_str(), grants[1]["phase"].as_str()), (Some("request"), Some("approve")));
    assert_eq!(grants[1]["approver"], "nhi:principal:cyberark:VAULT01:user/~jan.ruf");
    assert!(golden::event("cyberark", "cef-modern-header")["time"].is_i64());
}

#[test]
fn components_are_machines_and_a_sign_in_that_failed_proves_nobody() {
    for (case, uri, human) in [
        ("password-changed", "user/~PasswordManager", "nonhuman"),
        ("login.allowed", "user/~mira.holt", "unknown"),
        ("login.denied", "user/?mira.holt", "unknown"),
    ] {
        let event = golden::event("cyberark", case);
        assert_eq!(event["actor"]["uri"], format!("nhi:principal:cyberark:VAULT01:{uri}"), "{case}");
        assert_eq!(event["actor"]["is_human"], human, "{case}");
    }
    let [changed, failed] = ["password-changed", "password-change-failed"].map(|case| golden::event("cyberark", case));
    assert_eq!(changed["credential_changes"][0]["change"], "rotated");
    assert!(failed.get("credential_changes").is_none());
    let cleared = golden::event("cyberark", "history-cleared");
    assert_eq!((cleared["class_uid"].as_i64(), cleared["activity_id"].as_i64()), (Some(1008), Some(1)));
}

#[test]
fn conjur_names_host_secret_and_the_policy_that_lets_one_at_the_other() {
    let [fetched, failed, allowed] =
        ["conjur-fetch", "conjur-fetch-failed", "conjur-policy-privilege"].map(|case| golden::event("cyberark", case));
    let host = "nhi:principal:cyberark:acme:conjur-host/~payroll%2Finvoice-clerk";
    assert_eq!(
        (fetched["actor"]["uri"].as_str(), fetched["actor"]["is_human"].as_str()),
        (Some(host), Some("nonhuman"))
    );
    assert_eq!(fetched["secret_access"]["path"], "payroll/db/password");
    assert_eq!((failed["status"].as_str(), failed["decision"]["effect"].as_str()), (Some("failure"), Some("deny")));
    let grant = &allowed["grants"][0];
    assert_eq!((&grant["beneficiary"], &grant["resource"]), (&json!(host), &fetched["resources"][0]["uri"]));
    assert_eq!((grant["policy"].as_str(), grant["policy_version"].as_str()), (Some("acme:policy:payroll"), Some("7")));
    let denied = golden::event("cyberark", "conjur-authn.denied");
    assert_eq!(denied["actor"]["uri"], "nhi:principal:cyberark:acme:conjur-host/?payroll%2Finvoice-clerk");
    assert_eq!(denied["authn"]["method"], "authn-k8s");
}

#[test]
fn odd_values_lose_no_record() {
    for audit in [
        json!({"Issuer": "x"}),
        json!({"Issuer": {}, "Action": [], "CAProperties": 7}),
        json!({"Issuer": "x", "Action": "Logon", "IsoTimestamp": "gone", "CAProperties": {"CAProperty": {"Name": 1}}}),
    ] {
        let record = json!({"format": "elastic", "version": "1.0", "syslog": {"audit_record": audit}});
        let event =
            golden::normalise(record.to_string().as_bytes()).unwrap_or_else(|reject| panic!("{record}: {reject}"));
        assert_eq!(event["platform"], "cyberark");
    }
    for line in [
        "<38>1 - - conjur - fetch [auth@43868]",
        "<38>1 - - conjur - authn [subject@43868 role=\"a\"][auth@43868 user=\"a:b",
        "CEF:0|Cyber-Ark|Vault|1|7|Logon|5|",
    ] {
        let _ = golden::normalise(line.as_bytes());
    }
}
