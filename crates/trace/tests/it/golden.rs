//! Native records of other platforms: the goldens of the source modules, edited so that they meet.

use std::path::Path;

use serde_json::Value;
use sources::Context;

use crate::memory::Memory;

/// A golden record with values set at JSON pointers; missing members of objects are made.
pub(crate) fn record(platform: &str, case: &str, edits: &[(&str, Value)]) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sources/tests/golden").join(platform);
    let path = folder.join(format!("{case}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut value: Value = serde_json::from_str(&text).unwrap();
    for (pointer, new) in edits {
        set(&mut value, pointer, new.clone());
    }
    value.to_string()
}

fn set(value: &mut Value, pointer: &str, new: Value) {
    let mut at = value;
    for part in pointer.trim_start_matches('/').split('/') {
        let part = part.replace("~1", "/");
        at = match at {
            Value::Array(items) => &mut items[part.parse::<usize>().unwrap()],
            other => {
                if !other.is_object() {
                    *other = Value::Object(Default::default());
                }
                other.as_object_mut().unwrap().entry(part).or_insert(Value::Null)
            }
        };
    }
    *at = new;
}

/// Records under the authorities of their sources.
pub(crate) fn store(lines: &[(String, Option<&'static str>)]) -> Memory {
    let contexts: Vec<Context<'static>> =
        lines.iter().map(|(_, authority)| Context { authority: *authority, ..Context::default() }).collect();
    let lines: Vec<(&str, &Context<'_>)> =
        lines.iter().zip(&contexts).map(|((line, _), context)| (line.as_str(), context)).collect();
    Memory::read(&lines)
}

/// The same without the records of one id at the source.
pub(crate) fn without(store: &Memory, id: &str) -> Memory {
    let keep = |fact: &&std::sync::Arc<trace::Fact>| fact.source_event_id.as_deref() != Some(id);
    Memory::of(store.facts().iter().filter(keep).cloned().collect())
}
