//! Golden files: `tests/golden/<platform>/<case>.json` is a record of our own, after the vendor's
//! schema (`.csv`, `.ldif` and `.log` for those without JSON); `<case>.event.json` is the event that must come of it. `UPDATE_GOLDEN=1` writes the
//! latter; read the difference before you commit it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use model::Millis;
use serde_json::Value;
use sources::{Context, Scratch};

/// The time of receipt of every golden record.
pub(crate) const RECEIVED_AT: Millis = Millis(1_790_000_000_000);

/// How the files of golden records end.
const EXTENSIONS: [&str; 4] = [".json", ".csv", ".ldif", ".log"];

/// Checks every golden of a platform; there must be at least `least`.
pub(crate) fn all(platform: &str, least: usize) {
    let cases = cases(platform);
    assert!(cases.len() >= least, "{platform} has {} goldens, at least {least} are wanted", cases.len());
    for case in cases {
        check(platform, &case);
    }
}

/// Checks that each `<name>.allowed.json` has a `<name>.denied.json` whose event fills the same
/// fields, but for those in which the outcome shows.
pub(crate) fn pairs(platform: &str, least: usize) {
    let outcome = [
        "status",
        "status_code",
        "error_code",
        "error_message",
        "decision",
        "grant_refs",
        "issued_credential",
        "aliases",
    ];
    let names: Vec<String> =
        cases(platform).iter().filter_map(|case| case.strip_suffix(".allowed").map(str::to_owned)).collect();
    assert!(names.len() >= least, "{platform} has {} pairs, at least {least} are wanted", names.len());
    for name in names {
        let [allowed, denied] = ["allowed", "denied"].map(|twin| {
            let event = event(platform, &format!("{name}.{twin}"));
            let mut paths = BTreeSet::new();
            fields("", &event, &mut paths);
            // Who holds what was issued is said of what was issued alone.
            paths.retain(|path| !outcome.iter().any(|o| path == o || path.starts_with(&format!("{o}."))));
            (event, paths)
        });
        assert_eq!(allowed.0["status"], "success", "{name}");
        assert_eq!(denied.0["status"], "failure", "{name}");
        assert_eq!(allowed.1, denied.1, "{platform}/{name}: a denied call keeps the fields of its allowed twin");
    }
}

fn fields(prefix: &str, value: &Value, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                fields(&path, value, out);
            }
        }
        _ => {
            out.insert(prefix.to_owned());
        }
    }
}

fn check(platform: &str, case: &str) {
    let actual = event(platform, case);
    let path = folder(platform).join(format!("{case}.event.json"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, format!("{actual:#}\n")).unwrap();
    }
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let expected: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(actual, expected, "{platform}/{case}: run with UPDATE_GOLDEN=1 and read the difference");
}

/// The event of a golden record as JSON, without nulls and empty lists and objects.
pub(crate) fn event(platform: &str, case: &str) -> Value {
    let raw = EXTENSIONS.iter().find_map(|end| std::fs::read(folder(platform).join(format!("{case}{end}"))).ok());
    let raw = raw.unwrap_or_else(|| panic!("{platform}/{case} has no record"));
    normalise(&raw).unwrap_or_else(|reject| panic!("{platform}/{case}: {reject}"))
}

/// Any record through the public door, recognised by content; the event as JSON.
pub(crate) fn normalise(raw: &[u8]) -> Result<Value, sources::Reject> {
    let mut scratch = Scratch::default();
    let context = Context { received_at: RECEIVED_AT, ..Context::default() };
    let event = sources::normalise(raw, &context, &mut scratch)?;
    let mut value = serde_json::to_value(&event).unwrap();
    prune(&mut value);
    Ok(value)
}

fn prune(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.values_mut().for_each(prune);
            map.retain(|_, v| !v.is_null() && *v != Value::Array(vec![]) && *v != Value::Object(Default::default()));
        }
        Value::Array(items) => items.iter_mut().for_each(prune),
        _ => {}
    }
}

fn cases(platform: &str) -> Vec<String> {
    let mut cases: Vec<String> = std::fs::read_dir(folder(platform))
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
        .filter(|name| !name.ends_with(".event.json"))
        .filter_map(|name| EXTENSIONS.iter().find_map(|end| name.strip_suffix(end)).map(str::to_owned))
        .collect();
    cases.sort();
    cases
}

fn folder(platform: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(platform)
}

/// Checks that the origins of a platform's module lead back to the values: for each golden, each
/// column listed here as (`column`, JSON pointer into the event) that the event fills must be found
/// word for word at one of its origins, alone or as part of a longer text.
pub(crate) fn origins(platform: &str, verbatim: &[(&str, &str)]) {
    origins_but(platform, verbatim, &[]);
}

/// [`origins`] without some goldens: those whose keys are spelled in another way, or that are in an envelope.
pub(crate) fn origins_but(platform: &str, verbatim: &[(&str, &str)], without: &[&str]) {
    let module = sources::module(model::Platform::parse(platform).unwrap()).unwrap();
    let mut seen = BTreeSet::new();
    for case in cases(platform).into_iter().filter(|case| !without.contains(&case.as_str())) {
        // Lines of text have no pointers.
        let Ok(record) = std::fs::read(folder(platform).join(format!("{case}.json"))) else { continue };
        let record: Value = serde_json::from_slice(&record).unwrap();
        let event = event(platform, &case);
        for (column, pointer) in verbatim {
            let Some(value) = event.pointer(pointer) else { continue };
            let origin = module.origins.iter().find(|origin| origin.column == *column);
            let origin = origin.unwrap_or_else(|| panic!("{platform} names no origin of {column}"));
            let wanted = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let found =
                origin.pointers.iter().flat_map(|pointer| at(&record, pointer)).any(|value| value.contains(&wanted));
            assert!(found, "{platform}/{case}: {column} {wanted:?} is at none of {:?}", origin.pointers);
            seen.insert(*column);
        }
    }
    let unseen: Vec<_> = verbatim.iter().filter(|(column, _)| !seen.contains(column)).collect();
    assert!(unseen.is_empty(), "{platform}: no golden fills {unseen:?}");
}

/// The scalars at a pointer in which `*` stands for each index.
pub(crate) fn at(value: &Value, pointer: &str) -> Vec<String> {
    match pointer.split_once("/*") {
        None => match value.pointer(pointer) {
            Some(Value::String(text)) => vec![text.clone()],
            Some(Value::Array(items)) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
            Some(Value::Null | Value::Object(_)) | None => vec![],
            Some(scalar) => vec![scalar.to_string()],
        },
        Some((before, after)) => match value.pointer(before) {
            Some(Value::Array(items)) => items.iter().flat_map(|item| at(item, after)).collect(),
            _ => vec![],
        },
    }
}
