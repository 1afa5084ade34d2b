//! Every golden record of the source modules, through leaf, row, Parquet and SQL, back to JSON: the
//! line says what the golden event says, and it is valid by the published JSON Schema.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::log::{Log, ask};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../sources/tests/golden")
}

/// Each golden record with its golden event, in a stable order.
fn cases() -> Vec<(String, Value)> {
    let mut cases = Vec::new();
    for platform in std::fs::read_dir(folder()).unwrap() {
        for entry in std::fs::read_dir(platform.unwrap().path()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.to_str().unwrap().to_owned();
            let Some(stem) = name.strip_suffix(".event.json") else { continue };
            let record = ["json", "csv", "ldif", "log"]
                .iter()
                .find_map(|end| std::fs::read_to_string(format!("{stem}.{end}")).ok());
            let record = record.unwrap_or_else(|| panic!("{stem} has no record"));
            cases.push((name.clone(), record, std::fs::read_to_string(path).unwrap()));
        }
    }
    cases.sort();
    cases.into_iter().map(|(_, record, event)| (record, serde_json::from_str(&event).unwrap())).collect()
}

/// The golden event as a row shows it, written down a second time: flat, other names, times as text.
fn flat(event: &Value) -> Map<String, Value> {
    let mut row = Map::new();
    for (key, value) in event.as_object().unwrap() {
        let renamed = match key.as_str() {
            "subject" => "subject_principal",
            "initiator" => "initiator_principal",
            "session" => "session_uri",
            same => same,
        };
        match (key.as_str(), value) {
            ("actor", Value::Object(actor)) => {
                for (part, value) in actor {
                    let name = match part.as_str() {
                        "uri" => "actor_principal",
                        "kind" => "actor_kind",
                        "name" => "actor_name",
                        "is_human" => "is_human",
                        "rule" => "is_human_rule",
                        other => panic!("actor.{other}"),
                    };
                    row.insert(name.into(), value.clone());
                }
            }
            ("status", _) => {
                let id = match value.as_str().unwrap() {
                    "success" => 1,
                    "failure" => 2,
                    "unknown" => 0,
                    _ => 99,
                };
                row.insert("status_id".into(), json!(id));
                row.insert("status".into(), value.clone());
            }
            ("resources", Value::Array(resources)) => {
                let typed = |resource: &Value| {
                    let mut resource = resource.as_object().unwrap().clone();
                    let kind = resource.remove("kind").unwrap();
                    resource.insert("type".into(), kind);
                    Value::Object(resource)
                };
                row.insert(key.clone(), resources.iter().map(typed).collect());
            }
            (_, Value::Object(parts)) => flatten(key, parts, &mut row),
            (_, Value::Array(items)) => {
                row.insert(key.clone(), items.iter().map(with_times).collect());
            }
            ("time", _) => {
                row.insert(key.clone(), time(value));
            }
            _ => {
                row.insert(renamed.into(), value.clone());
            }
        }
    }
    row
}

fn flatten(prefix: &str, parts: &Map<String, Value>, row: &mut Map<String, Value>) {
    for (part, value) in parts {
        let name = format!("{prefix}_{part}");
        match value {
            Value::Object(parts) => flatten(&name, parts, row),
            _ if part == "not_before" || part == "not_after" => {
                row.insert(name, time(value));
            }
            _ => {
                row.insert(name, value.clone());
            }
        }
    }
}

fn with_times(item: &Value) -> Value {
    let mut item = item.clone();
    if let Value::Object(parts) = &mut item {
        for name in ["not_before", "not_after"] {
            if let Some(value) = parts.get_mut(name) {
                *value = time(value);
            }
        }
    }
    item
}

fn time(nanos: &Value) -> Value {
    json!(model::rfc3339_from_nanos(nanos.as_i64().unwrap()))
}

/// Columns that the pipeline adds.
const ADDED: [&str; 9] = [
    "event_id",
    "log",
    "leaf_index",
    "source",
    "source_number",
    "sequenced_at",
    "received_at",
    "normaliser",
    "duplicate_of",
];

/// Whether a value is valid by the keywords that the schema of an event uses; any other keyword is an
/// error. (The crate `jsonschema` would do, but it changes the features of what DataFusion is built
/// from, and everything would be built twice.)
fn valid(value: &Value, schema: &Value) -> Result<(), String> {
    for (keyword, wanted) in schema.as_object().unwrap() {
        let fits = match keyword.as_str() {
            "$schema" | "title" | "description" | "format" => true,
            "type" => match wanted.as_str().unwrap() {
                "string" => value.is_string(),
                "integer" => value.is_i64(),
                "boolean" => value.is_boolean(),
                "array" => value.is_array(),
                "object" => value.is_object(),
                other => panic!("type {other}"),
            },
            "enum" => wanted.as_array().unwrap().contains(value),
            "minimum" => value.as_i64() >= wanted.as_i64(),
            "minItems" => value.as_array().unwrap().len() as u64 >= wanted.as_u64().unwrap(),
            "items" => {
                value.as_array().unwrap().iter().try_for_each(|item| valid(item, wanted))?;
                true
            }
            "required" => wanted.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some()),
            "additionalProperties" => {
                let names = value.as_object().unwrap().keys();
                names.into_iter().all(|name| schema["properties"].get(name).is_some())
            }
            "properties" => {
                for (name, part) in value.as_object().unwrap() {
                    wanted
                        .get(name)
                        .map_or(Ok(()), |schema| valid(part, schema))
                        .map_err(|e| format!("{name}: {e}"))?;
                }
                true
            }
            "pattern" if wanted == crate::documents::ID => value.as_str().unwrap().parse::<model::EventId>().is_ok(),
            "pattern" if wanted == crate::documents::TIME => {
                let text = value.as_str().unwrap();
                text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok()
            }
            other => panic!("keyword {other}"),
        };
        if !fits {
            return Err(format!("{value} against {keyword} {wanted}"));
        }
    }
    Ok(())
}

#[test]
fn a_line_says_what_the_golden_event_says_and_is_valid() {
    let cases = cases();
    assert!(cases.len() >= 100, "{} goldens", cases.len());
    let home = tempfile::tempdir().unwrap();
    // The goldens were received then; what has no year (RFC 3164) is read by it.
    let mut log = Log::begun(model::Millis(1_790_000_000_000));
    let mut expected = Vec::new();
    for (number, (record, event)) in cases.iter().enumerate() {
        // The first half comes back from files, the second from the tail.
        if number == cases.len() / 2 {
            log.settle(home.path());
        }
        expected.push((log.record(record), flat(event)));
    }
    let lake = log.lake(home.path());
    let lines = ask(&lake, "SELECT * FROM events_all ORDER BY leaf_index");
    assert_eq!(lines.len(), cases.len(), "rejects: {:?}", ask(&lake, "SELECT leaf_index, reason, detail FROM rejects"));

    let schema: Value = serde_json::from_str(&crate::documents::event_schema()).unwrap();
    for (line, (leaf, expected)) in lines.iter().zip(expected) {
        let row: Value = serde_json::from_str(line).unwrap();
        if let Err(error) = valid(&row, &schema) {
            panic!("{error}: {line}");
        }
        let Value::Object(mut row) = row else { panic!("{line}") };
        assert_eq!(row["leaf_index"], json!(leaf));
        assert_eq!(row["event_id"], json!(format!("3f2a91c0-{leaf}")));
        row.retain(|name, _| !ADDED.contains(&name.as_str()));
        if !expected.contains_key("time") {
            assert!(row["quality_missing"].as_array().unwrap().contains(&json!("time")), "{line}");
            continue;
        }
        assert_eq!(Value::Object(row), Value::Object(expected));
    }
}
