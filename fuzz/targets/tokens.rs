//! Tokens of callers: all texts of the member are found where a reader of JSON finds them, and what a token claims is its own.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use server::fuzzing::token;

fuzz_target!(|bytes: &[u8]| {
    let ranges = collect::token_ranges(bytes);
    let mut end = 0;
    for range in &ranges {
        assert!(range.start >= end && range.start < range.end && range.end <= bytes.len());
        end = range.end;
    }
    // What is replaced has to be every text that a reader could take for the token.
    if let Ok(record) = serde_json::from_slice::<Map<String, Value>>(bytes)
        && let Some(told) = record.get("actor_token").and_then(Value::as_str)
        && !told.is_empty()
        && !told.starts_with("deedbook:secret:")
        // A name that is written with escapes is another text than the one looked for.
        && bytes.windows(13).any(|text| text == b"\"actor_token\"")
        && !bytes.contains(&b'\\')
    {
        let last = ranges.last().expect("it was found");
        assert_eq!(&bytes[last.clone()], told.as_bytes());
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(caller) = token(text) {
        assert!(!caller.verified && caller.actors.len() <= 64);
    }
});
