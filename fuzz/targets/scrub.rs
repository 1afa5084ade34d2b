//! Any record, and any text as a string in JSON inside of JSON: replacements are where they are said to
//! be, nothing else changes, JSON stays JSON of the same shape, and a second pass finds nothing.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use sources::scrub::{Scrubber, rule};

static SCRUBBER: LazyLock<Scrubber> = LazyLock::new(|| Scrubber::new([7; 32]).expect("the table of rules compiles"));

const MARK: &str = "deedbook:secret:";

/// Whether two values differ in texts that were replaced, and in nothing else.
fn same_shape(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::String(before), Value::String(after)) if before == after => true,
        (Value::String(before), Value::String(after)) => {
            let inside = |text: &str| serde_json::from_str::<Value>(text).ok().filter(Value::is_object);
            let kept =
                inside(before).is_none_or(|before| inside(after).is_some_and(|after| same_shape(&before, &after)));
            kept && after.contains(MARK)
        }
        (Value::Array(before), Value::Array(after)) => {
            before.len() == after.len() && before.iter().zip(after).all(|(before, after)| same_shape(before, after))
        }
        (Value::Object(before), Value::Object(after)) => {
            // A secret may stand in a key, and then order and doubles change.
            after.keys().any(|key| key.contains(MARK))
                || before.len() == after.len()
                    && before.iter().all(|(key, value)| after.get(key).is_some_and(|after| same_shape(value, after)))
        }
        _ => before == after,
    }
}

fn check(record: &[u8]) {
    let Some(scrubbed) = SCRUBBER.scrub(record) else { return };
    let mut rest = record;
    let mut at = 0;
    for found in &scrubbed.replacements {
        let (begin, end) = (found.offset as usize, (found.offset + found.length) as usize);
        let kept = &scrubbed.body[at..begin];
        assert!(rest.starts_with(kept), "bytes before a secret changed");
        let rule = rule(found.rule).expect("a rule that exists");
        assert!(scrubbed.body[begin..end].starts_with(format!("{MARK}{}:", rule.name).as_bytes()));
        // How long the secret was is known only from what follows it: somewhere in the rest.
        rest = &rest[kept.len()..];
        let next = scrubbed.replacements.iter().find(|next| next.offset as usize >= end);
        let after = &scrubbed.body[end..next.map_or(scrubbed.body.len(), |next| next.offset as usize)];
        let skip = match next {
            Some(_) => rest.windows(after.len().max(1)).position(|window| window.starts_with(after)),
            None => rest.len().checked_sub(after.len()).filter(|skip| rest[*skip..] == *after),
        };
        rest = &rest[skip.expect("bytes behind a secret changed")..];
        at = end;
    }
    assert_eq!(SCRUBBER.scrub(&scrubbed.body), None, "a second pass finds more");
    if let Ok(before) = serde_json::from_slice::<Value>(record) {
        let after = serde_json::from_slice::<Value>(&scrubbed.body).expect("it parsed before");
        assert!(same_shape(&before, &after), "more than texts changed");
    }
}

fuzz_target!(|record: &[u8]| {
    check(record);
    let Ok(text) = std::str::from_utf8(record) else { return };
    let mut nested = text.to_owned();
    for _ in 0..3 {
        nested = json!({ "message": nested }).to_string();
        check(nested.as_bytes());
    }
});
