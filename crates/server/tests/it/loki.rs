//! Loki's push API.

use model::Platform;
use prost::Message;
use serde_json::{Value, json};
use server::{Scope, fuzzing};
use sources::{Context, Scratch};

use crate::{Server, call};

#[derive(Clone, PartialEq, Message)]
struct Push {
    #[prost(message, repeated, tag = "1")]
    streams: Vec<Stream>,
}

#[derive(Clone, PartialEq, Message)]
struct Stream {
    #[prost(string, tag = "1")]
    labels: String,
    #[prost(message, repeated, tag = "2")]
    entries: Vec<Entry>,
    #[prost(uint64, tag = "3")]
    hash: u64,
}

#[derive(Clone, PartialEq, Message)]
struct Entry {
    #[prost(message, optional, tag = "1")]
    timestamp: Option<Timestamp>,
    #[prost(string, tag = "2")]
    line: String,
    #[prost(message, repeated, tag = "3")]
    structured_metadata: Vec<Pair>,
}

#[derive(Clone, PartialEq, Message)]
struct Timestamp {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

#[derive(Clone, PartialEq, Message)]
struct Pair {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

fn entry(line: &str) -> Entry {
    let timestamp = Some(Timestamp { seconds: 1_795_168_800, nanos: 7 });
    Entry { timestamp, line: line.to_owned(), structured_metadata: Vec::new() }
}

fn push(labels: &str, entries: Vec<Entry>) -> Vec<u8> {
    Push { streams: vec![Stream { labels: labels.to_owned(), entries, hash: 5 }] }.encode_to_vec()
}

fn snapped(bytes: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(bytes).unwrap()
}

const PATH: &str = "/loki/api/v1/push";
const JSON: (&str, &str) = ("content-type", "application/json");
const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");

#[test]
fn a_line_is_sealed_with_its_labels_and_its_time() {
    let server = Server::start(&[]);
    let body = json!({ "streams": [
        { "stream": { "app": "pay" }, "values": [["1795168800000000007", "GET / 200"], ["2", "two\nlines", { "trace": "t1" }]] },
        { "stream": {}, "values": [["3", call(1).to_string()]] },
        { "stream": { "app": "none" }, "values": [] } ] });
    let answer = server.send(PATH, &[JSON], body.to_string().as_bytes());
    assert_eq!((answer.status, answer.text()), (204, String::new()));
    let metadata = vec![Pair { name: "trace".to_owned(), value: "t1".to_owned() }];
    let entries = vec![
        entry("GET / 200"),
        Entry { structured_metadata: metadata, ..entry("two\nlines") },
        entry(&call(1).to_string()),
    ];
    let body = push(r#"{app="p\"a\ty\u00e9", host = "a"}"#, entries);
    assert_eq!(server.send(&format!("{PATH}?source=edge"), &[PROTOBUF], &snapped(&body)).status, 204);
    assert_eq!(
        server.send(PATH, &[PROTOBUF, ("content-encoding", "snappy")], &snapped(&push("{", vec![entry("x")]))).status,
        204
    );
    let records: Vec<Value> = server.records().iter().map(|record| serde_json::from_str(record).unwrap()).collect();
    let labels = json!({ "app": "p\"a\ty\u{e9}", "host": "a" });
    let expected = [
        json!({ "labels": { "app": "pay" }, "ts": "1795168800000000007", "line": "GET / 200" }),
        json!({ "labels": { "app": "pay" }, "ts": "2", "line": "two\nlines", "structuredMetadata": { "trace": "t1" } }),
        json!({ "labels": {}, "ts": "3", "line": call(1).to_string() }),
        json!({ "labels": labels, "ts": "1795168800000000007", "line": "GET / 200" }),
        json!({ "labels": labels, "ts": "1795168800000000007", "line": "two\nlines", "structuredMetadata": { "trace": "t1" } }),
        json!({ "labels": labels, "ts": "1795168800000000007", "line": call(1).to_string() }),
        json!({ "labels": "{", "ts": "1795168800000000007", "line": "x" }),
    ];
    assert_eq!(records, expected);
    assert!(server.get("/metrics").text().contains("deedbook_records_sealed_total{source=\"edge\"} 3"));
    let mut scratch = Scratch::default();
    let line = json!({ "eventVersion": "1.11", "userIdentity": {"type": "Root", "principalId": "1", "arn": "arn:aws:iam::1:root", "accountId": "1"},
        "eventTime": "2026-11-20T10:00:00Z", "eventSource": "s3.amazonaws.com", "eventName": "GetObject", "awsRegion": "eu-west-1",
        "sourceIPAddress": "10.0.0.1", "userAgent": "a", "eventID": "e-1", "eventType": "AwsApiCall", "recipientAccountId": "1" });
    let records = fuzzing::loki_protobuf(&push("{a=\"b\"}", vec![entry(&line.to_string())])).unwrap();
    let event = sources::normalise(&records[0], &Context::default(), &mut scratch);
    assert_eq!(event.map(|event| event.platform), Ok(Platform::Aws), "a record of a platform is found in its line");
}

#[test]
fn labels_that_are_no_object_stay_a_text() {
    for labels in [
        "",
        "{",
        "{a}",
        "{a=\"b\"",
        "{a=\"b\"}x",
        "{a=\"\\q\"}",
        "{a=\"b\" c=\"d\"}",
        "{a=\"b\",a=\"c\"}",
        "{a=\"\\u12\"}",
        "{a=\"\\x+1\"}",
    ] {
        let records = fuzzing::loki_protobuf(&push(labels, vec![entry("x")])).unwrap();
        let record: Value = serde_json::from_slice(&records[0]).unwrap();
        let expected = if labels.is_empty() { json!({}) } else { json!(labels) };
        assert_eq!(record["labels"], expected);
    }
    let records = fuzzing::loki_protobuf(&push("{}", vec![entry("x")])).unwrap();
    assert!(records[0].starts_with(br#"{"labels":{},"#));
}

#[test]
fn what_is_no_push_is_refused_and_nothing_of_it_is_sealed() {
    let server = Server::start(&[]);
    let good = push("{}", vec![entry("x")]);
    let bomb = {
        let mut length = Vec::new();
        prost::encoding::encode_varint(1 << 31, &mut length);
        length
    };
    let line = |value: Value| json!({ "streams": [{ "stream": {}, "values": [["1", "good"], value] }] }).to_string();
    let cases: Vec<((&str, &str), Vec<u8>, u16)> = vec![
        (PROTOBUF, good.clone(), 400),
        (PROTOBUF, snapped(&good[..good.len() - 1]), 400),
        (PROTOBUF, bomb, 413),
        (PROTOBUF, Vec::new(), 400),
        (JSON, Vec::new(), 400),
        (JSON, b"{}".to_vec(), 400),
        (JSON, b"[]".to_vec(), 400),
        (JSON, br#"{"streams":[{"values":[]}]}"#.to_vec(), 400),
        (JSON, br#"{"streams":[{"stream":[],"values":[]}]}"#.to_vec(), 400),
        (JSON, line(json!(["2"])).into_bytes(), 400),
        (JSON, line(json!(["2", 3])).into_bytes(), 400),
        (JSON, line(json!([2, "x"])).into_bytes(), 400),
        (JSON, line(json!(["now", "x"])).into_bytes(), 400),
        (JSON, line(json!(["2", "x", []])).into_bytes(), 400),
        (JSON, line(json!(["2", "x", {}, 4])).into_bytes(), 400),
        (("content-type", "text/plain"), good, 415),
    ];
    for (content, body, status) in cases {
        let answer = server.send(PATH, &[content], &body);
        assert_eq!(answer.status, status, "{} {}", String::from_utf8_lossy(&body), answer.text());
    }
    assert_eq!(server.ask("POST", PATH, &[JSON], b"{}").status, 401);
    let read = format!("Bearer {}", server.token("read", &[Scope::Read], &[], None).token);
    assert_eq!(server.ask("POST", PATH, &[JSON, ("authorization", &read)], b"{}").status, 403);
    server.app.stop();
    let answer = server.send(PATH, &[JSON], line(json!(["2", "x"])).as_bytes());
    assert!(answer.status == 503 && answer.has("retry-after"));
    assert_eq!(server.records().len(), 0);
}
