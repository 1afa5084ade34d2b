//! Changes of a resource (RFC 7644 section 3.5.2), and what providers of identities send that is not quite that.

use std::collections::HashSet;

use scim_v2::filter::{AttrPath, PatchPath, ValFilter};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::answer::Refusal;
use super::expression::{extension, key, member, value_matches};

/// Operations of one request.
const OPERATIONS_MAX: usize = 1_000;

/// What the operations of one request may add, bytes: one value can be set at each of a hundred thousand members.
const ADDED_BYTES_MAX: usize = super::BODY_BYTES_MAX;

#[derive(Debug, Deserialize)]
struct Patch {
    #[serde(rename = "Operations", alias = "operations")]
    operations: Vec<Operation>,
}

#[derive(Debug, Deserialize)]
struct Operation {
    op: String,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    value: Option<Value>,
}

/// What an operation does. Entra spells it with a capital.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Add,
    Replace,
    Remove,
}

/// The resource after all operations of a request.
///
/// # Errors
/// When the request is no `PatchOp`, or an operation cannot be done; nothing is done then.
pub(super) fn patched(resource: &Map<String, Value>, body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    let patch: Patch = serde_json::from_slice(body).map_err(|error| Refusal::syntax(format!("no PatchOp: {error}")))?;
    if patch.operations.is_empty() || patch.operations.len() > OPERATIONS_MAX {
        let count = patch.operations.len();
        return Err(Refusal::syntax(format!("{count} operations; a request has 1 to {OPERATIONS_MAX}")));
    }
    let (mut resource, mut room) = (resource.clone(), ADDED_BYTES_MAX);
    for operation in patch.operations {
        apply(&mut resource, operation, &mut room)?;
    }
    Ok(resource)
}

/// One operation, with so much room for what it adds.
fn apply(resource: &mut Map<String, Value>, operation: Operation, room: &mut usize) -> Result<(), Refusal> {
    let op = match operation.op.to_ascii_lowercase().as_str() {
        "add" => Op::Add,
        "replace" => Op::Replace,
        "remove" => Op::Remove,
        other => return Err(Refusal::syntax(format!("op `{}` is none of add, replace, remove", cut(other)))),
    };
    match (operation.path, operation.value) {
        (None, _) if op == Op::Remove => Err(Refusal::no_target("remove without a path")),
        (None, Some(Value::Object(values))) => {
            // Each member is a path of its own: Okta and Entra name parts and extensions so.
            values.into_iter().try_for_each(|(name, value)| at(resource, op, &name, Some(value), room))
        }
        (None, _) => Err(Refusal::value("without a path the value is an object")),
        (Some(path), value) => at(resource, op, &path, value, room),
    }
}

fn at(
    resource: &mut Map<String, Value>,
    op: Op,
    path: &str,
    value: Option<Value>,
    room: &mut usize,
) -> Result<(), Refusal> {
    // All of an extension, which is no attribute.
    if let (Some(schema), Some(Value::Object(values))) = (schema(path), &value) {
        let holder = made(resource, schema)?;
        return values.iter().try_for_each(|(name, value)| set(holder, op, name, None, None, Some(value.clone())));
    }
    let wrong = |error: &dyn std::fmt::Display| Refusal::path(format!("path `{}`: {error}", cut(path)));
    let (attribute, filter, part) = match path.parse::<PatchPath>().map_err(|error| wrong(&error))? {
        PatchPath::Attr(attribute) => (attribute, None, None),
        PatchPath::Value(value) => (value.attr, Some(value.filter), value.sub_attr),
    };
    let AttrPath { ref name, ref sub_attr, .. } = attribute;
    if ["id", "meta", "schemas"].iter().any(|fixed| name.eq_ignore_ascii_case(fixed)) {
        return if op == Op::Remove { Err(Refusal::mutability(name)) } else { Ok(()) };
    }
    let holder = match extension(&attribute) {
        Some(schema) => made(resource, schema)?,
        None => resource,
    };
    let part = part.as_deref().or(sub_attr.as_deref());
    if let (true, Some(value)) = (filter.is_some() || part.is_some(), &value) {
        let times = member(holder, name).and_then(Value::as_array).map_or(1, Vec::len);
        // The name of a part is set as often as the value.
        let added = size(value) + part.map_or(0, str::len);
        *room = room.checked_sub(added.saturating_mul(times)).ok_or_else(|| {
            let name = cut(name);
            Refusal::value(format!("`{name}` has {times} values; set at each, this is over {ADDED_BYTES_MAX} bytes"))
        })?;
    }
    set(holder, op, name, filter.as_ref(), part, value)
}

/// About how many bytes a value has.
fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => 8 + text.len(),
        Value::Array(all) => 8 + all.iter().map(size).sum::<usize>(),
        Value::Object(object) => 8 + object.iter().map(|(name, value)| 8 + name.len() + size(value)).sum::<usize>(),
    }
}

/// A path that is the name of an extension.
fn schema(path: &str) -> Option<&str> {
    let is_schema =
        path.starts_with("urn:") && path.rsplit(':').next().is_some_and(|last| last == "User" || last == "Group");
    is_schema.then_some(path)
}

/// The object under this name, made if it is not there.
fn made<'r>(object: &'r mut Map<String, Value>, name: &str) -> Result<&'r mut Map<String, Value>, Refusal> {
    let name = key(object, name).cloned().unwrap_or_else(|| name.to_owned());
    let held = object.entry(&name).or_insert_with(|| Value::Object(Map::new()));
    held.as_object_mut().ok_or_else(|| Refusal::path(format!("`{}` has no parts", cut(&name))))
}

/// Sets an attribute, those of its values that a filter finds, or a part of it.
fn set(
    holder: &mut Map<String, Value>,
    op: Op,
    name: &str,
    filter: Option<&ValFilter>,
    part: Option<&str>,
    value: Option<Value>,
) -> Result<(), Refusal> {
    let name = key(holder, name).cloned().unwrap_or_else(|| name.to_owned());
    if op != Op::Remove && value.is_none() {
        return Err(Refusal::value(format!("`{}` is given no value", cut(&name))));
    }
    match (filter, part) {
        (Some(filter), part) => set_found(holder, op, &name, filter, part, value),
        (None, Some(part)) => match holder.get_mut(&name) {
            Some(Value::Array(all)) => all
                .iter_mut()
                .filter_map(Value::as_object_mut)
                .try_for_each(|each| set(each, op, part, None, None, value.clone())),
            None if op == Op::Remove => Ok(()),
            _ => set(made(holder, &name)?, op, part, None, None, value),
        },
        (None, None) => {
            set_whole(holder, op, name, value);
            Ok(())
        }
    }
}

fn set_whole(holder: &mut Map<String, Value>, op: Op, name: String, value: Option<Value>) {
    let value = value.map(|value| truth(&name, value));
    match (op, value) {
        // Entra takes members away by a list of them.
        (Op::Remove, Some(Value::Array(gone))) => {
            let gone: HashSet<&Value> = gone.iter().map(named).collect();
            if let Some(Value::Array(all)) = holder.get_mut(&name) {
                all.retain(|value| !gone.contains(named(value)));
            }
        }
        (Op::Remove, _) => drop(holder.remove(&name)),
        (Op::Add, Some(more)) => match (holder.get_mut(&name), more) {
            (Some(Value::Array(all)), Value::Array(more)) => add(all, more),
            (Some(Value::Array(all)), value) => add(all, vec![value]),
            (Some(Value::Object(old)), Value::Object(new)) => old.extend(new),
            (_, value) => drop(holder.insert(name, value)),
        },
        (Op::Replace, Some(value)) => match (holder.get_mut(&name), value) {
            // What is not said of an attribute with parts stays (section 3.5.2.3).
            (Some(Value::Object(old)), Value::Object(new)) => old.extend(new),
            (_, value) => drop(holder.insert(name, value)),
        },
        (Op::Add | Op::Replace, None) => {}
    }
}

fn set_found(
    holder: &mut Map<String, Value>,
    op: Op,
    name: &str,
    filter: &ValFilter,
    part: Option<&str>,
    value: Option<Value>,
) -> Result<(), Refusal> {
    let Some(Value::Array(all)) = holder.get_mut(name) else {
        return if op == Op::Remove {
            Ok(())
        } else {
            Err(Refusal::no_target(format!("`{}` has no values", cut(name))))
        };
    };
    if op == Op::Remove && part.is_none() {
        all.retain(|value| !value_matches(value, filter));
        return Ok(());
    }
    let mut found = all.iter_mut().filter(|value| value_matches(value, filter)).peekable();
    if found.peek().is_none() && op != Op::Remove {
        return Err(Refusal::no_target(format!("no value of `{}` is one of those", cut(name))));
    }
    found.try_for_each(|each| match (each, part, &value) {
        (Value::Object(object), Some(part), value) => set(object, op, part, None, None, value.clone()),
        (Value::Object(old), None, Some(Value::Object(new))) => {
            old.extend(new.clone());
            Ok(())
        }
        (each, None, Some(value)) => {
            *each = value.clone();
            Ok(())
        }
        _ => Err(Refusal::path(format!("the values of `{}` have no parts", cut(name)))),
    })
}

/// Adds those that are not there.
fn add(all: &mut Vec<Value>, more: Vec<Value>) {
    let mut known: HashSet<&Value> = all.iter().map(named).collect();
    let is_new: Vec<bool> = more.iter().map(|value| known.insert(named(value))).collect();
    all.extend(more.into_iter().zip(is_new).filter_map(|(value, is_new)| is_new.then_some(value)));
}

/// What a value names, whatever else is said of it: its `value`, if it has parts.
fn named(value: &Value) -> &Value {
    value.get("value").unwrap_or(value)
}

/// Entra writes `active` as a text.
fn truth(name: &str, value: Value) -> Value {
    match &value {
        Value::String(text) if name.eq_ignore_ascii_case("active") => match text.to_ascii_lowercase().as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => value,
        },
        _ => value,
    }
}

/// As much of a name as an answer repeats.
fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

    fn after(operations: Value) -> Result<Value, Refusal> {
        let resource = json!({
            "id": "1", "userName": "a", "active": true, "name": { "givenName": "A" },
            "emails": [{ "value": "a@acme.example", "type": "work" }],
            "members": [{ "value": "u-1" }, { "value": "u-2" }],
        });
        let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations });
        patched(resource.as_object().unwrap(), body.to_string().as_bytes()).map(Value::Object)
    }

    #[test]
    fn what_providers_send_does_what_they_mean() {
        let entra = after(json!([
            { "op": "Replace", "path": "active", "value": "False" },
            { "op": "Add", "path": "emails[type eq \"work\"].value", "value": "b@acme.example" },
            { "op": "Add", "path": format!("{ENTERPRISE}:department"), "value": "Payroll" },
            { "op": "Remove", "path": "members", "value": [{ "value": "u-1" }] },
            { "op": "Add", "path": "name.familyName", "value": "B" },
        ]));
        let entra = entra.unwrap();
        assert_eq!(entra["active"], json!(false));
        assert_eq!(entra["emails"], json!([{ "value": "b@acme.example", "type": "work" }]));
        assert_eq!(entra[ENTERPRISE], json!({ "department": "Payroll" }));
        assert_eq!(entra["members"], json!([{ "value": "u-2" }]));
        assert_eq!(entra["name"], json!({ "givenName": "A", "familyName": "B" }));
        let okta = after(json!([{ "op": "replace", "value": { "active": false, "name.familyName": "C" } }])).unwrap();
        assert_eq!((&okta["active"], &okta["name"]["familyName"]), (&json!(false), &json!("C")));
        let group = after(json!([
            { "op": "add", "path": "members", "value": [{ "value": "u-2", "display": "again" }, { "value": "u-3" }] },
            { "op": "remove", "path": "members[value eq \"u-1\"]" },
        ]));
        assert_eq!(group.unwrap()["members"], json!([{ "value": "u-2" }, { "value": "u-3" }]));
    }

    #[test]
    fn one_request_cannot_grow_a_resource_without_bounds() {
        let members: Vec<Value> = (0..1_000).map(|number| json!({ "value": number })).collect();
        let fill = json!({ "op": "add", "path": "members", "value": members });
        let spread = |bytes: usize| json!({ "op": "add", "path": "members.display", "value": "x".repeat(bytes) });
        assert!(after(json!([fill, spread(100)])).is_ok());
        assert_eq!(after(json!([fill, spread(10_000)])).unwrap_err().kind, Some("invalidValue"));
        let long = json!({ "op": "add", "path": format!("members.{}", "x".repeat(10_000)), "value": 1 });
        assert_eq!(after(json!([fill, long])).unwrap_err().kind, Some("invalidValue"), "its name counts, too");
        // Of all operations together; to add to what is there is not to set it at each.
        assert!(after(json!([fill, spread(5_000), spread(5_000)])).is_err());
        let more = json!({ "op": "add", "path": "members", "value": [{ "value": "x".repeat(10_000) }] });
        assert_eq!(after(json!([fill, more])).unwrap()["members"].as_array().unwrap().len(), 1_003);
    }

    #[test]
    fn names_are_the_same_in_any_case_and_the_id_stays() {
        let changed = after(json!([
            { "op": "replace", "path": "USERNAME", "value": "b" },
            { "op": "replace", "path": "id", "value": "2" },
        ]));
        let changed = changed.unwrap();
        assert_eq!((&changed["userName"], &changed["id"]), (&json!("b"), &json!("1")));
        assert_eq!(changed.get("USERNAME"), None);
    }

    #[test]
    fn what_cannot_be_done_is_refused_by_its_kind() {
        let refused = |operation: Value| after(json!([operation])).unwrap_err().kind;
        assert_eq!(refused(json!({ "op": "remove" })), Some("noTarget"));
        assert_eq!(refused(json!({ "op": "move", "path": "a", "value": 1 })), Some("invalidSyntax"));
        assert_eq!(refused(json!({ "op": "add", "path": "a[", "value": 1 })), Some("invalidPath"));
        assert_eq!(
            refused(json!({ "op": "add", "path": "emails[type eq \"home\"].value", "value": 1 })),
            Some("noTarget")
        );
        assert_eq!(refused(json!({ "op": "add", "path": "title" })), Some("invalidValue"));
        assert_eq!(refused(json!({ "op": "remove", "path": "id" })), Some("mutability"));
        assert_eq!(after(json!([])).unwrap_err().kind, Some("invalidSyntax"));
    }
}
