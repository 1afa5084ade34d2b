//! Whether a resource is one that a filter asks for (RFC 7644 section 3.4.2.2), and attributes by their names, which are the same
//! in any case (RFC 7643 section 2.1).

use std::cmp::Ordering;

use scim_v2::filter::{AttrExp, AttrPath, CompValue, CompareOp, Filter, ValFilter};
use serde_json::{Map, Value};

/// Attributes whose values differ by case (RFC 7643 section 3.1); all others are compared without it.
const CASE_EXACT: [&str; 2] = ["id", "externalId"];

/// The name under which an object has this attribute.
pub(super) fn key<'o>(object: &'o Map<String, Value>, name: &str) -> Option<&'o String> {
    object.keys().find(|key| key.eq_ignore_ascii_case(name))
}

/// The value of an attribute.
pub(super) fn member<'o>(object: &'o Map<String, Value>, name: &str) -> Option<&'o Value> {
    key(object, name).and_then(|key| object.get(key))
}

/// The object that holds a path's attribute: the resource, or the extension that the path names.
pub(super) fn holder<'o>(resource: &'o Map<String, Value>, path: &AttrPath) -> Option<&'o Map<String, Value>> {
    match extension(path) {
        Some(schema) => member(resource, schema)?.as_object(),
        None => Some(resource),
    }
}

/// The schema of an extension that a path names; attributes of a core schema stand in the resource itself.
pub(super) fn extension(path: &AttrPath) -> Option<&str> {
    path.uri.as_deref().filter(|schema| !schema.to_ascii_lowercase().starts_with("urn:ietf:params:scim:schemas:core:"))
}

pub(super) fn matches(resource: &Map<String, Value>, filter: &Filter) -> bool {
    match filter {
        Filter::Attr(expression) => holds(resource, expression),
        Filter::ValuePath(path) => {
            let values = holder(resource, &path.attr).and_then(|object| member(object, &path.attr.name));
            values.is_some_and(|values| each(values).any(|value| value_matches(value, &path.filter)))
        }
        Filter::Not(inner) => !matches(resource, inner),
        Filter::And(all) => all.iter().all(|inner| matches(resource, inner)),
        Filter::Or(any) => any.iter().any(|inner| matches(resource, inner)),
    }
}

/// Whether one of several values is one that a path asks for.
pub(super) fn value_matches(value: &Value, filter: &ValFilter) -> bool {
    match filter {
        ValFilter::Attr(expression) => match value {
            Value::Object(object) => holds(object, expression),
            // A simple value is what its attribute `value` would be.
            simple => {
                let object = Map::from_iter([("value".to_owned(), simple.clone())]);
                holds(&object, expression)
            }
        },
        ValFilter::Not(inner) => !value_matches(value, inner),
        ValFilter::And(all) => all.iter().all(|inner| value_matches(value, inner)),
        ValFilter::Or(any) => any.iter().any(|inner| value_matches(value, inner)),
    }
}

fn holds(object: &Map<String, Value>, expression: &AttrExp) -> bool {
    let (AttrExp::Present(path) | AttrExp::Comparison(path, ..)) = expression;
    let found = holder(object, path).and_then(|object| member(object, &path.name));
    let mut values: Vec<&Value> = found.map(|value| each(value).collect()).unwrap_or_default();
    // Of several values with parts, `value` is the one that is meant if none is named.
    let is_plural = found.is_some_and(Value::is_array);
    if let Some(part) = path.sub_attr.as_deref().or(is_plural.then_some("value")) {
        values = values.into_iter().filter_map(|value| part_of(value, part, path.sub_attr.is_none())).collect();
    }
    match expression {
        AttrExp::Present(_) => values.iter().any(|value| is_said(value)),
        AttrExp::Comparison(_, CompareOp::Ne, wanted) => {
            !values.iter().any(|value| compares(path, value, &CompareOp::Eq, wanted))
        }
        AttrExp::Comparison(_, op, CompValue::Null) => {
            *op == CompareOp::Eq && !values.iter().any(|value| is_said(value))
        }
        AttrExp::Comparison(_, op, wanted) => values.iter().any(|value| compares(path, value, op, wanted)),
    }
}

/// A part of a value; a simple one is its own `value`.
fn part_of<'v>(value: &'v Value, part: &str, is_simple: bool) -> Option<&'v Value> {
    match value {
        Value::Object(object) => member(object, part),
        simple => is_simple.then_some(simple),
    }
}

fn is_said(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(all) => !all.is_empty(),
        Value::Object(object) => !object.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn each(value: &Value) -> impl Iterator<Item = &Value> {
    match value {
        Value::Array(all) => all.as_slice(),
        one => std::slice::from_ref(one),
    }
    .iter()
}

fn compares(path: &AttrPath, value: &Value, op: &CompareOp, wanted: &CompValue) -> bool {
    match (value, wanted) {
        (Value::String(text), CompValue::Str(wanted)) => {
            if CASE_EXACT.iter().any(|name| path.name.eq_ignore_ascii_case(name)) {
                text_compares(text, op, wanted)
            } else {
                text_compares(&text.to_lowercase(), op, &wanted.to_lowercase())
            }
        }
        (Value::Bool(value), CompValue::True) => *op == CompareOp::Eq && *value,
        (Value::Bool(value), CompValue::False) => *op == CompareOp::Eq && !*value,
        // Entra asks so.
        (Value::Bool(value), CompValue::Str(wanted)) => {
            *op == CompareOp::Eq && wanted.eq_ignore_ascii_case(&value.to_string())
        }
        (Value::Number(value), CompValue::Number(wanted)) => {
            let order = value.as_f64().zip(wanted.as_f64()).and_then(|(value, wanted)| value.partial_cmp(&wanted));
            order.is_some_and(|order| ordered(order, op))
        }
        _ => false,
    }
}

fn text_compares(text: &str, op: &CompareOp, wanted: &str) -> bool {
    match op {
        CompareOp::Co => text.contains(wanted),
        CompareOp::Sw => text.starts_with(wanted),
        CompareOp::Ew => text.ends_with(wanted),
        op => ordered(text.cmp(wanted), op),
    }
}

fn ordered(order: Ordering, op: &CompareOp) -> bool {
    match op {
        CompareOp::Eq => order.is_eq(),
        CompareOp::Ne => order.is_ne(),
        CompareOp::Gt => order.is_gt(),
        CompareOp::Ge => order.is_ge(),
        CompareOp::Lt => order.is_lt(),
        CompareOp::Le => order.is_le(),
        CompareOp::Co | CompareOp::Sw | CompareOp::Ew => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(filter: &str) -> bool {
        let resource = json!({
            "id": "Ab", "userName": "Svc-Billing@acme.example", "active": true, "title": "",
            "name": { "familyName": "Billing" },
            "emails": [{ "value": "a@acme.example", "type": "work" }, { "value": "b@acme.example", "type": "home" }],
            "members": [{ "value": "u-1" }],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "Payroll" },
            "meta": { "lastModified": "2026-11-29T08:00:00Z" }
        });
        matches(resource.as_object().unwrap(), &filter.parse().unwrap_or_else(|error| panic!("{filter}: {error}")))
    }

    #[test]
    fn a_filter_finds_what_it_asks_for() {
        for filter in [
            "userName eq \"svc-billing@ACME.example\"",
            "USERNAME sw \"svc-\"",
            "id eq \"Ab\"",
            "active eq true",
            "active eq \"True\"",
            "name.familyName co \"ill\"",
            "emails[type eq \"work\" and value ew \"acme.example\"]",
            "emails.type eq \"home\"",
            "emails co \"b@\"",
            "members eq \"u-1\"",
            "members[value eq \"u-1\"]",
            "urn:ietf:params:scim:schemas:core:2.0:User:userName pr",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq \"payroll\"",
            "meta.lastModified gt \"2026-11-28T00:00:00Z\"",
            "title eq null and not (title pr)",
            "nickName ne \"x\"",
            "userName eq \"x\" or id eq \"Ab\"",
        ] {
            assert!(found(filter), "{filter}");
        }
        for filter in [
            "id eq \"ab\"",
            "userName eq \"svc\"",
            "active eq false",
            "emails[type eq \"work\" and value sw \"b@\"]",
            "title pr",
            "userName ne \"svc-billing@acme.example\"",
            "userName eq null",
            "nickName eq \"x\"",
        ] {
            assert!(!found(filter), "{filter}");
        }
    }
}
