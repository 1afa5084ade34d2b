//! Tests of `vault`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{golden, real};

/// The entries of two audit devices. One of the files was cut while it was written and keeps a hole
/// of zero bytes before one entry.
fn real_records(folder: &std::path::Path) -> Vec<String> {
    real::files(&folder.join("vault/real_labs"), ".jsonl")
        .iter()
        .flat_map(|path| std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect::<Vec<_>>())
        .map(|line| line.trim_matches(|c: char| c == '\0' || c.is_whitespace()).to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

#[test]
fn every_real_record_becomes_an_event_and_no_column_is_empty_where_the_record_has_it() {
    let Some(folder) = real::folder() else { return };
    let records = real_records(&folder);
    assert!(records.len() >= 1_500, "only {} entries of Vault found", records.len());
    for raw in records {
        let record: Value = serde_json::from_str(&raw).unwrap();
        let event = golden::normalise(raw.as_bytes()).unwrap_or_else(|reject| panic!("{reject}\n{raw}"));
        assert_eq!(event["platform"], json!("vault"));
        let has = |pointer: &str| record.pointer(pointer).is_some_and(|v| !v.is_null() && v != "");
        let filled = |pointer: &str| event.pointer(pointer).is_some_and(|v| !v.is_null() && v != "");
        for (source, column) in [
            ("/auth/display_name", "/actor/name"),
            ("/request/operation", "/api/operation"),
            ("/request/path", "/resources/0/uri"),
            ("/time", "/time"),
            ("/request/remote_address", "/src/ip"),
            ("/request/id", "/source_event_id"),
            ("/error", "/error_message"),
            ("/response/secret/lease_id", "/grants/0/uri"),
        ] {
            assert!(!has(source) || filled(column), "{source} is there, {column} is empty: {raw}");
        }
        assert!(filled("/access") && filled("/actor/uri") && filled("/authority"), "{raw}");
        let expected = match (has("/error") || has("/response/data/error"), record["type"] == "response") {
            (true, _) => "failure",
            (false, true) => "success",
            (false, false) => "unknown",
        };
        assert_eq!(event["status"], expected, "{raw}");
    }
}

#[test]
fn real_logins_lead_to_the_use_of_their_tokens() {
    let Some(folder) = real::folder() else { return };
    let (mut issued, mut secret_ids) = (BTreeMap::new(), BTreeSet::new());
    let (mut by_path, mut with_secret_id) = (BTreeMap::<String, usize>::new(), 0);
    // The same count, taken of the raw entries by the fields that the vendor documents.
    let (mut accessors, mut expected) = (BTreeSet::new(), 0);
    for raw in real_records(&folder) {
        let record: Value = serde_json::from_str(&raw).unwrap();
        let login = record["request"]["path"].as_str().is_some_and(|path| path.contains("/login"));
        let accessor = &record["auth"]["accessor"];
        expected += usize::from(!login && accessors.contains(accessor.as_str().unwrap_or_default()));
        accessors.extend(record["response"]["auth"]["accessor"].as_str().map(str::to_owned));

        let event = golden::normalise(raw.as_bytes()).unwrap();
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        if let Some(uri) = text("/credential/uri") {
            with_secret_id += usize::from(secret_ids.contains(&uri));
            if let Some(path) = issued.get(&uri) {
                *by_path.entry(String::clone(path)).or_default() += 1;
            }
        }
        match text("/issued_credential/uri") {
            Some(uri) if uri.contains(":secret-id/") => _ = secret_ids.insert(uri),
            Some(uri) if uri.contains(":accessor/") => _ = issued.insert(uri, text("/api/operation").unwrap()),
            _ => {}
        }
    }
    let linked: usize = by_path.values().sum();
    eprintln!("{} tokens issued, {linked} uses linked to their issuance: {by_path:?}", issued.len());
    eprintln!("{} secret ids issued, {with_secret_id} entries of logins with one", secret_ids.len());
    assert_eq!(linked, expected);
    assert!(by_path.contains_key("update auth/userpass/login"), "tokens of a userpass login are used: {by_path:?}");
    // No token of an AppRole login is used in these files; the logins lead back to their secret ids.
    assert!(with_secret_id >= 10 && secret_ids.len() == 2, "{with_secret_id} logins, {secret_ids:?}");
}

#[test]
fn goldens_hold() {
    golden::all("vault", 18);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("vault", 4);
}

#[test]
fn origins_lead_back_to_the_values() {
    golden::origins(
        "vault",
        &[
            ("source_event_id", "/source_event_id"),
            ("time_raw", "/time_raw"),
            ("tenant", "/tenant"),
            ("credential_native_id", "/credential/native_id"),
            ("credential_scopes", "/credential/scopes/0"),
            ("issued_credential_native_id", "/issued_credential/native_id"),
            ("credential_changes", "/credential_changes/0/native_id"),
            ("decision_reason", "/decision/reason"),
            ("api_request_id", "/api/request_id"),
            ("resources", "/resources/0/name"),
            ("secret_access_version", "/secret_access/version"),
            ("secret_access_lease_id", "/secret_access/lease_id"),
            ("src_ip", "/src/ip"),
            ("src_port", "/src/port"),
            ("user_agent", "/user_agent"),
            ("error_message", "/error_message"),
        ],
    );
}

#[test]
fn a_secret_id_leads_to_the_login_and_the_login_to_the_use_of_its_token() {
    let made = golden::event("vault", "create-secret-id.allowed");
    let login = golden::event("vault", "login-approle");
    let used = golden::event("vault", "aws-creds");
    assert_eq!(made["issued_credential"]["uri"], login["credential"]["uri"]);
    assert_eq!(login["issued_credential"]["parent"], login["credential"]["uri"]);
    assert_eq!(login["issued_credential"]["uri"], used["credential"]["uri"]);
    assert_eq!(login["actor"]["uri"], used["actor"]["uri"]);
}

#[test]
fn a_child_token_names_its_parent_until_it_is_revoked() {
    let made = golden::event("vault", "create-token.allowed");
    let ended = golden::event("vault", "revoke-accessor");
    assert_eq!(made["issued_credential"]["parent"], made["credential"]["uri"]);
    assert_eq!(made["issued_credential"]["uri"], ended["credential_changes"][0]["uri"]);
}

#[test]
fn a_lease_is_one_grant_from_issue_to_end() {
    let facts = ["database-creds", "lease-renew", "lease-revoke"].map(|case| golden::event("vault", case));
    let uris = facts.each_ref().map(|event| event["grants"][0]["uri"].clone());
    assert!(uris.iter().all(|uri| *uri == uris[0]), "{uris:?}");
    assert_eq!(facts.each_ref().map(|event| event["grants"][0]["phase"].clone()), ["activate", "extend", "revoke"]);
}

#[test]
fn what_was_wrapped_is_found_again_when_it_is_unwrapped() {
    let wrapped = golden::event("vault", "login-oidc-wrapped");
    let opened = golden::event("vault", "unwrap");
    assert_eq!(wrapped["issued_credential"]["uri"], opened["credential"]["uri"]);
    assert_eq!(wrapped["credential_changes"][0]["uri"], opened["issued_credential"]["uri"]);
}

#[test]
fn a_login_is_a_claim_until_its_response_proves_it() {
    let asked = golden::event("vault", "login-userpass-request");
    let refused = golden::event("vault", "login-userpass-wrong-password");
    let proved = golden::event("vault", "login-userpass");
    assert_eq!(asked["actor"]["uri"], "nhi:principal:vault:unknown%2Froot:alias/?userpass%2Fjo");
    assert_eq!(refused["actor"]["uri"], asked["actor"]["uri"]);
    assert!(proved["actor"]["uri"].as_str().unwrap().contains(":entity/"));
    assert_eq!(proved["aliases"][0]["b"], "nhi:principal:vault:unknown%2Froot:alias/~userpass/jo");
    assert_eq!(asked["status"], "unknown", "a request entry does not say how it ended");
}

#[test]
fn the_configured_cluster_and_the_namespace_are_the_authority() {
    let context = sources::Context { authority: Some("c-1"), ..Default::default() };
    let raw = br#"{"time":"2026-10-05T09:00:00Z","type":"response","auth":{"entity_id":"e-1","accessor":"a-1"},"request":{"id":"r","operation":"read","path":"kv/x","namespace":{"id":"n","path":"team-a/sub/"}},"response":{}}"#;
    let mut scratch = sources::Scratch::default();
    let event = sources::normalise(raw, &context, &mut scratch).unwrap();
    assert_eq!(event.authority, "c-1/team-a/sub");
    assert_eq!(event.actor.uri, "nhi:principal:vault:c-1%2Fteam-a%2Fsub:entity/e-1");
    assert_eq!(event.credential.unwrap().uri, "nhi:cred:vault:c-1:accessor/a-1");
}

#[test]
fn a_token_in_the_clear_is_never_copied() {
    let raw = br#"{"time":"2026-10-05T09:00:00Z","type":"response","auth":{"client_token":"hvs.in-the-clear","policies":["x"]},"request":{"id":"r","operation":"update","path":"auth/token/revoke","client_token":"hvs.in-the-clear","data":{"token":"hvs.in-the-clear"}},"response":{"auth":{"client_token":"hvs.in-the-clear"}}}"#;
    let event = golden::normalise(raw).unwrap();
    assert!(!event.to_string().contains("in-the-clear"), "{event:#}");
}

#[test]
fn records_of_other_platforms_are_not_taken_for_audit_entries() {
    for raw in [
        r#"{"type":"request","time":"x","request":{"method":"tools/call","path":"/"}}"#,
        r#"{"type":"response","request":"operation path"}"#,
        r#"{"operation":"read","path":"secret/x","time":"2026-10-05T09:00:00Z"}"#,
    ] {
        let result = golden::normalise(raw.as_bytes());
        assert!(result.is_err() || result.as_ref().unwrap()["platform"] != "vault", "{raw}: {result:?}");
    }
}
