//! Bodies that are posted or fetched and hold events of others: CloudEvents, event hooks of Okta, messages of a queue.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use server::fuzzing::{cloudevents, okta, sqs};

fuzz_target!(|body: &[u8]| {
    for is_list in [false, true] {
        let Ok(events) = cloudevents(is_list, body) else { continue };
        for event in events {
            assert!(cloudevents(false, &event).is_ok(), "an event of a list is one alone");
            let Ok(event) = serde_json::from_slice::<Value>(&event) else { continue };
            assert_eq!(event["specversion"], "1.0");
        }
    }
    if let Some(events) = okta(body) {
        let mut end = 0;
        for event in events {
            assert!(event.start >= end && event.start < event.end && event.end <= body.len());
            end = event.end;
        }
    }
    if let Ok(text) = std::str::from_utf8(body) {
        sqs(text);
    }
});
