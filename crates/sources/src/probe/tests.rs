#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;

use super::*;
use crate::json::tests::json;

#[test]
fn the_top_level_is_seen_and_nothing_below_it() {
    let probe = Probe::new(r#" { "a" : {"b":[1,"}"]}, "c":[{"d":"]"}] ,"e":"x","f":1.50,"g":null,"a":2} "#);
    assert_eq!(probe.raw("a"), Some("2"));
    assert_eq!(probe.raw("c"), Some(r#"[{"d":"]"}]"#));
    assert_eq!(probe.text("e"), Some("x"));
    assert_eq!((probe.raw("f"), probe.text("f")), (Some("1.50"), None));
    assert!(probe.has("g") && !probe.has("b") && !probe.has("d"));
    assert!(probe.contains(r#""d":"]""#));
}

#[test]
fn what_is_no_object_has_no_keys() {
    for text in [
        "",
        "{",
        "{}",
        "[]",
        "[{\"a\":1}]",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":}",
        "{\"a\":[}",
        "{\"a\" 1}",
        "\"a\"",
    ] {
        assert!(!Probe::new(text).has("a"), "{text}");
    }
}

proptest! {
    /// The oracle is a full parse.
    #[test]
    fn a_probe_sees_what_a_parse_sees(value in json(), pretty in any::<bool>()) {
        let value = serde_json::json!({ "x": value, "y\"": [value], "z": 1 });
        let text = if pretty { format!("{value:#}") } else { value.to_string() };
        let top = top_level(&text).unwrap();
        prop_assert_eq!(top.len(), 3);
        for (key, raw) in top {
            let key: String = serde_json::from_str(&format!("\"{key}\"")).unwrap();
            prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(raw).unwrap(), &value[&key]);
        }
    }

    #[test]
    fn a_probe_never_panics(text in "[{}\\[\\]\",:\\\\a1 \n]{0,40}") {
        let _ = Probe::new(&text).has("a");
    }
}
