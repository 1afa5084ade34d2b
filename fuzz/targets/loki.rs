//! A push of Loki, in protobuf or in JSON: each record is an object with labels, a time and a line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use server::fuzzing::{loki_json, loki_protobuf};

fuzz_target!(|bytes: &[u8]| {
    for records in [loki_protobuf(bytes), loki_json(bytes)].into_iter().flatten() {
        for record in records {
            // Deeper than serde_json follows, or with half a surrogate: JSON all the same.
            let Ok(record) = serde_json::from_slice::<Value>(&record) else { continue };
            assert!(record["labels"].is_object() || record["labels"].is_string());
            assert!(record["line"].is_string());
            let time = record["ts"].as_str().expect("a time is a text");
            assert!(time.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'));
        }
    }
});
