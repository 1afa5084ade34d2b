#![allow(clippy::unwrap_used, clippy::panic)]

use serde_json::json;

use super::*;

const RECORD: &str = r#"{"known":"a \"quoted\" text","n":1.50}"#;

/// Opens envelopes with a recogniser of our own: records have a key `known`.
fn inside(text: &str) -> Option<String> {
    let mut buffers = Buffers::default();
    let recognise = |text: &str| Probe::new(text).has("known").then(|| crate::Reader::Module(crate::MODULES[0]));
    find(text, recognise, &mut buffers).map(|(text, _)| text.to_owned())
}

#[test]
fn a_record_without_envelope_is_left_alone() {
    assert_eq!(inside(RECORD).as_deref(), Some(RECORD));
    let both = json!({ "known": 1, "message": RECORD }).to_string();
    assert_eq!(inside(&both), Some(both));
}

#[test]
fn each_envelope_is_opened() {
    let object: serde_json::Value = serde_json::from_str(RECORD).unwrap();
    let sns = json!({ "Type": "Notification", "MessageId": "1", "Message": RECORD });
    for envelope in [
        json!({ "version": "0", "detail-type": "AWS API Call via CloudTrail", "source": "aws.s3", "detail": object }),
        json!({ "id": "1", "timestamp": 1, "message": RECORD }),
        json!({ "EventId": "1", "EventName": "x", "CloudTrailEvent": RECORD }),
        sns.clone(),
        json!({ "MessageId": "1", "Body": RECORD }),
        json!({ "messageId": "1", "body": sns.to_string() }),
        json!({ "subscription": "s", "message": { "data": STANDARD.encode(RECORD), "messageId": "1" } }),
        json!({ "time": 1, "host": "h", "sourcetype": "aws:cloudtrail", "event": object }),
        json!({ "@timestamp": "x", "event": { "original": RECORD, "kind": "event" } }),
        json!({ "@timestamp": "x", "@version": "1", "message": RECORD }),
        json!({ "_index": "i", "_id": "1", "_source": object }),
        json!({ "category": "kube-audit", "properties": { "log": RECORD, "stream": "stdout" } }),
        json!({ "labels": { "app": "pay" }, "ts": "1", "line": RECORD }),
        json!({ "log": format!("{RECORD}\n"), "stream": "stdout", "time": "x" }),
    ] {
        let found = inside(&envelope.to_string()).unwrap_or_else(|| panic!("{envelope}"));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&found).unwrap(), object, "{envelope}");
    }
}

#[test]
fn a_text_that_is_no_record_does_not_hide_one_beside_it() {
    let envelope = json!({ "message": "plain words", "event": { "original": RECORD } });
    assert_eq!(inside(&envelope.to_string()).as_deref(), Some(RECORD));
}

#[test]
fn envelopes_are_opened_twice_and_no_more() {
    let mut text = RECORD.to_owned();
    for depth in 1..=3 {
        text = json!({ "message": text }).to_string();
        assert_eq!(inside(&text).is_some(), depth <= ENVELOPES_MAX);
    }
}

#[test]
fn what_carries_nothing_is_nothing() {
    for text in [
        "",
        "{}",
        "{\"message\":\"{\"}",
        "{\"message\":\"eyJ*\"}",
        "{\"data\":\"eyIA/w==\"}",
        "{\"message\":\"{\\ud800}\"}",
    ] {
        assert_eq!(inside(text), None, "{text}");
    }
}

#[test]
fn a_log_record_is_opened_although_it_is_recognised_itself() {
    let otlp = |body: serde_json::Value| {
        json!({ "resourceLogs": [{ "scopeLogs": [{ "logRecords": [{ "body": body }] }] }], "known": 1 }).to_string()
    };
    let of = |text: &str| inside(&otlp(json!({ "stringValue": text })));
    assert_eq!(of(RECORD).as_deref(), Some(RECORD));
    for text in ["GET /", "{", "{\"other\":1}"] {
        assert_eq!(of(text), Some(otlp(json!({ "stringValue": text }))), "the log record itself");
    }
    let two = json!({ "known": 1, "resourceLogs": [{ "scopeLogs": [{ "logRecords": [{}, {}] }] }] }).to_string();
    assert_eq!(inside(&two), Some(two));
}
