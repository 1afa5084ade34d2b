//! An export request of OTLP, in protobuf or in JSON: each record that comes of it is JSON that holds one log record or span, and
//! cut again, as the JSON that it is, it comes back byte by byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use server::fuzzing::{otlp_json, otlp_protobuf};

fuzz_target!(|bytes: &[u8]| {
    for is_logs in [false, true] {
        let names = match is_logs {
            true => ["/resourceLogs/0/scopeLogs/0/logRecords", "/resource_logs/0/scope_logs/0/log_records"],
            false => ["/resourceSpans/0/scopeSpans/0/spans", "/resource_spans/0/scope_spans/0/spans"],
        };
        if let Ok((records, _)) = otlp_protobuf(is_logs, bytes) {
            for record in &records {
                // Deeper than serde_json follows is JSON all the same.
                if let Ok(value) = serde_json::from_slice::<Value>(record) {
                    let list = value.pointer(names[0]).and_then(Value::as_array).expect("a list of one");
                    assert!(matches!(list.as_slice(), [Value::Object(_)]));
                }
            }
            again(is_logs, &records);
        }
        if let Ok((records, _)) = otlp_json(is_logs, bytes) {
            again(is_logs, &records);
        }
    }
});

fn again(is_logs: bool, records: &[Vec<u8>]) {
    for record in records {
        assert_eq!(otlp_json(is_logs, record), Ok((vec![record.clone()], 0)));
    }
}
