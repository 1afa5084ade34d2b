//! The slow way to read a record: what it rewrites is JSON, says what the record said, with the last of
//! equal keys, and needs no second rewriting.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use sources::json::{Repaired, repair};

fuzz_target!(|bytes: &[u8]| {
    let Ok(record) = std::str::from_utf8(bytes) else { return };
    let (mut rewritten, mut again) = (String::new(), String::new());
    let Ok(notes) = repair(record, &mut rewritten) else { return };
    if !notes.changed() {
        assert_eq!(rewritten, record);
    }
    let value: Value = serde_json::from_str(&rewritten).expect("what was rewritten is JSON");
    // serde_json takes the last of equal keys too; it refuses what only spelling hides.
    if let Ok(expected) = serde_json::from_str::<Value>(record) {
        assert_eq!(value, expected);
    }
    assert_eq!(repair(&rewritten, &mut again), Ok(Repaired::default()));
    assert_eq!(again, rewritten);
});
