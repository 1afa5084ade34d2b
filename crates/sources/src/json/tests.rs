#![allow(clippy::unwrap_used, clippy::panic)]

use std::borrow::Cow;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::RejectKind;

/// Any JSON value, not too large.
pub(crate) fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(|number: f64| Value::from(number)),
        "[ -~é\"\\\\\n]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[a-d\"\\\\]{1,2}", inner, 0..6).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

/// Writes an object with some of its keys twice: first another value, then the right one.
fn with_duplicates(value: &Value, out: &mut String, doubled: &mut bool) {
    match value {
        Value::Object(map) => {
            out.push('{');
            for (at, (key, value)) in map.iter().enumerate() {
                let key = Value::from(key.as_str()).to_string();
                if at > 0 {
                    out.push_str(", ");
                }
                if at % 2 == 0 {
                    *doubled = true;
                    out.push_str(&format!("{key} : {{\"x\":[1,\"}}\"],\"x\":2}} , "));
                }
                out.push_str(&key);
                out.push(':');
                with_duplicates(value, out, doubled);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                with_duplicates(item, out, doubled);
            }
            out.push(']');
        }
        other => out.push_str(&other.to_string()),
    }
}

proptest! {
    #[test]
    fn without_duplicates_nothing_is_changed(value in json(), pretty in any::<bool>()) {
        let text = if pretty { format!("{value:#}") } else { value.to_string() };
        let mut out = String::new();
        prop_assert_eq!(repair(&text, &mut out).unwrap(), Repaired::default());
        prop_assert_eq!(out, text);
    }

    #[test]
    fn of_duplicates_the_last_one_stays_and_it_is_said(value in json()) {
        let (mut text, mut doubled, mut out) = (String::new(), false, String::new());
        with_duplicates(&value, &mut text, &mut doubled);
        let repaired = repair(&text, &mut out).unwrap();
        prop_assert_eq!(repaired, Repaired { duplicate_keys: doubled, spellings: false });
        prop_assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), value);
        prop_assert_eq!(repair(&out, &mut text).unwrap(), Repaired::default());
    }

    #[test]
    fn repair_never_panics(text in "[{}\\[\\]\",:\\\\au0-9d. \n-]{0,40}") {
        let _ = repair(&text, &mut String::new());
    }
}

#[test]
fn the_spelling_of_numbers_is_kept() {
    let mut out = String::new();
    let repaired = repair(r#"{"a":1.50,"b":12345678901234567890123,"a":1e2,"c":-0.0}"#, &mut out).unwrap();
    assert_eq!(out, r#"{"b":12345678901234567890123,"a":1e2,"c":-0.0}"#);
    assert_eq!(repaired, Repaired { duplicate_keys: true, spellings: false });
}

#[test]
fn keys_are_compared_as_they_are_meant() {
    let mut out = String::new();
    assert!(repair(r#"{"a":1,"\u0061":2}"#, &mut out).unwrap().duplicate_keys);
    assert_eq!(out, r#"{"\u0061":2}"#);
    assert!(!repair(r#"{"a":1,"A":2,"b":{"a":3}}"#, &mut out).unwrap().duplicate_keys);
}

#[test]
fn half_a_surrogate_pair_and_a_boundless_number_can_be_read() {
    let mut out = String::new();
    let repaired = repair(r#"{"a":"x\ud83d","b":"\ud83d\ude00\\ud83d","c":1e999}"#, &mut out).unwrap();
    assert_eq!(out, r#"{"a":"x\ufffd","b":"\ud83d\ude00\\ud83d","c":"1e999"}"#);
    assert_eq!(repaired, Repaired { duplicate_keys: false, spellings: true });
    let _: Value = serde_json::from_str(&out).unwrap();
}

#[test]
fn what_is_no_object_says_why() {
    let kind = |text: &str| check(text).unwrap_err().kind;
    assert_eq!(kind(" \n"), RejectKind::Empty);
    assert_eq!(kind("{\"a\":"), RejectKind::NotJson);
    assert_eq!(kind("7"), RejectKind::NotJson);
    assert_eq!(kind("{} {}"), RejectKind::NotJson);
    let nested = |depth: usize| format!("{}{}", "{\"a\":".repeat(depth), "1".to_owned() + &"}".repeat(depth));
    assert_eq!(check(&nested(DEPTH_MAX)), Ok(()));
    assert_eq!(kind(&nested(DEPTH_MAX + 1)), RejectKind::TooDeep);
    assert_eq!(kind(&nested(1_000_000)), RejectKind::TooDeep);
}

#[derive(serde::Deserialize)]
struct Odd<'a> {
    #[serde(borrow, default, deserialize_with = "text")]
    text: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "boolean")]
    boolean: Option<bool>,
    #[serde(default, deserialize_with = "integer")]
    integer: Option<i64>,
    #[serde(borrow, default, deserialize_with = "texts")]
    texts: Vec<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "object")]
    object: Option<Inner<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    objects: Vec<Inner<'a>>,
}

#[derive(serde::Deserialize)]
struct Inner<'a> {
    #[serde(borrow, default, deserialize_with = "text")]
    a: Option<Cow<'a, str>>,
}

#[test]
fn an_odd_value_never_costs_the_record() {
    for value in
        [r#""x""#, r#""x\n""#, "7", "-7", "1.5", "true", "null", "{\"a\":\"b\"}", "[{\"a\":1},2,\"c\",null,[3]]"]
    {
        let keys = ["text", "boolean", "integer", "texts", "object", "objects"].map(|key| format!("\"{key}\":{value}"));
        let record = format!("{{{}}}", keys.join(","));
        let odd: Odd<'_> = serde_json::from_str(&record).unwrap_or_else(|error| panic!("{record}: {error}"));
        assert_eq!(odd.object.is_some(), value.starts_with('{'));
        assert_eq!(odd.objects.len(), usize::from(value.starts_with(['{', '['])));
        assert_eq!(odd.integer, value.parse().ok());
        assert_eq!(odd.boolean, value.parse().ok());
        let first = odd.objects.first().and_then(|inner| inner.a.as_deref());
        assert_eq!(first.is_some(), value.starts_with(['{', '[']));
        assert_eq!(odd.text.is_some(), !value.starts_with(['{', '[', 'n']));
        assert_eq!(odd.texts.len(), if value.starts_with('[') { 2 } else { odd.texts.len().min(1) });
    }
}
