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
    let mut issued = BTreeMap::new();
    let mut used = BTreeMap::<String, usize>::new();
    let mut secret_ids = BTreeSet::new();
    let mut logins_by_secret_id = 0;
    for raw in real_records(&folder) {
        let event = golden::normalise(raw.as_bytes()).unwrap();
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        if let Some(uri) = text("/issued_credential/uri") {
            if uri.contains(":secret-id/") {
                secret_ids.insert(uri);
            } else {
                issued.insert(uri, text("/api/operation").unwrap());
            }
        }
        if let Some(uri) = text("/credential/uri") {
            logins_by_secret_id += usize::from(secret_ids.contains(&uri));
            *used.entry(uri).or_default() += 1;
        }
    }
    let linked: Vec<_> = used.iter().filter(|(uri, _)| issued.contains_key(*uri)).collect();
    let uses: usize = linked.iter().map(|(_, uses)| **uses).sum();
    eprintln!(
        "{} tokens issued, {} of them used, {uses} uses linked to their issuance; {} secret ids, {logins_by_secret_id} logins with one",
        issued.len(),
        linked.len(),
        secret_ids.len()
    );
}
