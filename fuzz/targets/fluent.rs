//! A message of Fluent: no bytes break its reader, and what it gives is JSON within the limit, each record with its tag, time
//! and content.
#![no_main]

use libfuzzer_sys::fuzz_target;
use server::fuzzing::fluent_records;

const LIMIT: usize = 64 << 10;

fuzz_target!(|bytes: &[u8]| {
    let Some(records) = fluent_records(bytes, LIMIT) else { return };
    assert!(records.iter().map(Vec::len).sum::<usize>() <= LIMIT);
    for record in &records {
        let text = std::str::from_utf8(record).expect("a record is text");
        let value: serde_json::Value = serde_json::from_str(text).expect("a record is JSON");
        for member in ["tag", "time", "record"] {
            assert!(value.get(member).is_some(), "{text} has no {member}");
        }
    }
});
