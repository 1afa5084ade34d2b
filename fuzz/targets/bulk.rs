//! A `_bulk` body that is taken: its documents lie behind one another, on lines of their own, and each that is sent alone is
//! the same document. The events of the HTTP event collector lie so, too.
#![no_main]

use libfuzzer_sys::fuzz_target;
use server::fuzzing::{bulk, hec};

fuzz_target!(|body: &[u8]| {
    if let Ok(documents) = bulk(body) {
        let mut end = 0;
        for document in documents.into_iter().flatten() {
            assert!(document.start >= end && document.end <= body.len());
            end = document.end;
            let text = &body[document];
            assert!(!text.is_empty() && !text.contains(&b'\n') && text.trim_ascii() == text);
            let alone = [b"{\"create\":{}}\n", text, b"\n"].concat();
            assert_eq!(bulk(&alone), Ok(vec![Some(14..14 + text.len())]));
        }
    }
    for is_raw in [false, true] {
        let Ok(events) = hec(is_raw, body) else { continue };
        let mut end = 0;
        for event in events {
            assert!(event.start >= end && event.end <= body.len());
            end = event.end;
            let text = &body[event];
            assert!(!text.is_empty() && text.trim_ascii_end() == text);
            assert_eq!(hec(is_raw, text), Ok(vec![0..text.len()]));
        }
    }
});
