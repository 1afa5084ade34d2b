//! Platforms that mapping files describe: goldens, twins, origins, and records nobody here wrote.

use std::collections::BTreeMap;

use serde_json::Value;
use sources::mapping::{Mapping, Mappings};
use sources::{Context, MODULES, Probe, Scratch};

use crate::{golden, real};

/// Each mapping that comes with the product, with its goldens and pairs of an allowed and a denied call.
const SHIPPED: &[(&str, usize, usize)] = &[
    ("asana", 8, 1),
    ("atlassian", 5, 1),
    ("cloudflare", 8, 1),
    ("duo", 10, 1),
    ("notion", 5, 0),
    ("onelogin", 6, 1),
    ("snyk", 5, 0),
    ("tailscale", 6, 1),
    ("tines", 5, 0),
    ("wiz", 6, 1),
    ("zendesk", 4, 0),
    ("zoom", 4, 0),
];

#[test]
fn goldens() {
    for (name, least, pairs) in SHIPPED {
        golden::all(name, *least);
        golden::pairs(name, *pairs);
    }
}

#[test]
fn each_file_is_read_and_has_its_goldens_and_page() {
    let names: Vec<&str> = SHIPPED.iter().map(|(name, ..)| *name).collect();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/mappings");
    let mut files: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    let text = |file: &str| std::fs::read_to_string(format!("{folder}/{file}")).unwrap();
    let wrong: Vec<_> =
        files.iter().filter_map(|file| Some(format!("{file}: {}", Mapping::compile(&text(file)).err()?))).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    for file in &files {
        let mapping = Mapping::compile(&text(file)).unwrap();
        assert_eq!(*file, format!("{}.toml", mapping.name()));
        assert!(names.contains(&mapping.name()), "{file} is not tested");
        let page = format!("{}/../../docs/sources/{}.md", env!("CARGO_MANIFEST_DIR"), mapping.name());
        assert!(std::fs::exists(&page).unwrap(), "{page} is not there");
    }
    let shipped: Vec<&str> = Mappings::shipped().iter().map(|(mapping, _)| mapping.name()).collect();
    assert_eq!(shipped, names, "the files that are built in are those that are there");
    assert_eq!(files.len(), names.len());
}

#[test]
fn the_mapping_of_the_bench_is_one() {
    assert_eq!(Mapping::compile(include_str!("../../benches/gitlab.toml")).unwrap().name(), "bench-gitlab");
}

/// Records of `tests/golden` without their envelopes, by platform.
fn golden_records() -> Vec<(String, String)> {
    let mut records = Vec::new();
    for folder in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden")).unwrap() {
        let folder = folder.unwrap();
        for path in crate::real::files(&folder.path(), ".json") {
            if !path.to_string_lossy().ends_with(".event.json") {
                let platform = folder.file_name().into_string().unwrap();
                let raw = std::fs::read(&path).unwrap();
                let mut scratch = Scratch::default();
                records
                    .push((platform, sources::unwrapped(&raw, Mappings::shipped(), &mut scratch).unwrap().to_owned()));
            }
        }
    }
    records
}

#[test]
fn a_mapping_recognises_its_own_records_alone_and_no_module_takes_them() {
    for (platform, text) in golden_records() {
        let probe = Probe::new(&text);
        let modules: Vec<_> = MODULES.iter().filter(|m| (m.recognise)(&probe)).map(|m| m.platform).collect();
        let mappings: Vec<_> =
            Mappings::shipped().iter().filter(|(m, _)| m.recognises(&probe)).map(|(m, _)| m.name()).collect();
        if SHIPPED.iter().any(|(name, ..)| *name == platform) {
            assert_eq!((modules, mappings), (vec![], vec![platform.as_str()]), "{text}");
        } else {
            assert!(mappings.is_empty(), "{platform}: {mappings:?} takes {text}");
        }
    }
}

#[test]
fn what_is_explained_is_what_the_event_has() {
    for (platform, text) in golden_records() {
        let Some((mapping, _)) = Mappings::shipped().iter().find(|(mapping, _)| mapping.name() == platform) else {
            continue;
        };
        let context = Context { received_at: golden::RECEIVED_AT, ..Context::default() };
        let explained = mapping.explain(&text, &context).unwrap();
        let event = serde_json::to_value(&explained.event).unwrap();
        let mut scratch = Scratch::default();
        let derived = sources::normalise(text.as_bytes(), &context, &mut scratch).unwrap();
        assert_eq!(event, serde_json::to_value(&derived).unwrap(), "{text}");
        let of = |column: &str| explained.columns.iter().find(|e| e.column == column).and_then(|e| e.value.as_deref());
        for (column, pointer) in [
            ("api_operation", "/api/operation"),
            ("status", "/status"),
            ("access", "/access"),
            ("actor_principal", "/actor/uri"),
            ("actor_name", "/actor/name"),
            ("source_event_id", "/source_event_id"),
            ("src_ip", "/src/ip"),
            ("user_agent", "/user_agent"),
            ("session_uri", "/session"),
            ("tenant", "/tenant"),
            ("authority", "/authority"),
        ] {
            assert_eq!(of(column), event.pointer(pointer).and_then(Value::as_str), "{column} of {text}");
        }
        let uris =
            explained.columns.iter().filter(|e| e.column.starts_with("resources[")).filter_map(|e| e.value.clone());
        let in_event = |uri: &String| event["resources"].as_array().unwrap().iter().any(|r| r["uri"] == *uri);
        assert!(uris.into_iter().all(|uri| in_event(&uri)), "{text}");
        assert!(explained.columns.iter().all(|e| !e.why.is_empty()), "{:#?}", explained.columns);
    }
}

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    for (platform, text) in golden_records() {
        let Some((mapping, _)) = Mappings::shipped().iter().find(|(mapping, _)| mapping.name() == platform) else {
            continue;
        };
        let mut record: Value = serde_json::from_str(&text).unwrap();
        let inside = record["description"].as_str().and_then(|text| serde_json::from_str(text).ok());
        if let Some(inside) = inside {
            record["description"] = inside;
        }
        let event = golden::normalise(text.as_bytes()).unwrap();
        let origins: BTreeMap<_, _> = mapping.origins().into_iter().collect();
        for (column, pointer) in [
            ("source_event_id", "/source_event_id"),
            ("time_raw", "/time_raw"),
            ("actor_name", "/actor/name"),
            ("src_ip", "/src/ip"),
            ("user_agent", "/user_agent"),
            ("api_request_id", "/api/request_id"),
        ] {
            let Some(value) = event.pointer(pointer).and_then(Value::as_str) else { continue };
            let pointers = origins.get(column).unwrap_or_else(|| panic!("{platform} names no origin of {column}"));
            let there = |pointer: &&str| golden::at(&record, pointer).iter().any(|text| text == value);
            // A constant comes from no place of the record.
            if (platform.as_str(), value) == ("snyk", "sso") {
                continue;
            }
            assert!(pointers.iter().any(there), "{platform}: {column} {value:?} is at none of {pointers:?}");
        }
    }
}

/// Files of records nobody here wrote: how many records become events of the mapping, and which columns are filled
/// in all of them.
const REAL: &[(&str, &str, usize)] = &[
    ("Asana.Audit", "asana", 16),
    ("Atlassian.Audit", "atlassian", 2),
    ("Cloudflare.HttpRequest", "cloudflare", 2),
    ("Duo.Administrator", "duo", 15),
    ("Duo.Authentication", "duo", 4),
    ("Notion.AuditLogs", "notion", 18),
    ("OneLogin.Events", "onelogin", 14),
    ("Snyk.GroupAudit", "snyk", 16),
    ("Tailscale.Audit", "tailscale", 4),
    ("Tines.Audit", "tines", 12),
    ("Wiz.Audit", "wiz", 24),
    ("Zendesk.Audit", "zendesk", 10),
    ("Zoom.Operation", "zoom", 12),
];

#[test]
fn records_that_nobody_here_wrote_become_events() {
    let Some(folder) = real::folder() else { return };
    for (file, platform, wanted) in REAL {
        let mut events = 0;
        for (number, raw) in real::panther(&folder.join(format!("panther/{file}.jsonl"))).iter().enumerate() {
            let read = golden::normalise(raw.as_bytes());
            let of = read.as_ref().map(|event| event["platform"].as_str().unwrap().to_owned());
            if of.as_deref() != Ok(*platform) {
                let kept = if std::env::var_os("SHOW").is_some() { raw.as_str() } else { "" };
                eprintln!("{file} {number}: {of:?} {kept}");
                continue;
            }
            let event = read.unwrap();
            events += 1;
            for column in ["/actor/uri", "/api/operation", "/class_uid", "/access"] {
                assert!(event.pointer(column).is_some(), "{file} {number}: no {column}: {event:#}");
            }
            if std::env::var_os("SHOW").is_some() {
                eprintln!("{raw}\n{event:#}");
            }
        }
        assert_eq!(events, *wanted, "{file}");
    }
}
