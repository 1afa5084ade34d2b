//! OTLP: over HTTP in both encodings, and over gRPC.

use std::io::Write as _;

use model::{Millis, Platform};
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_client::LogsServiceClient;
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span};
use prost::Message;
use serde_json::{Value, json};
use server::{Scope, fuzzing};
use sources::{Context, Scratch};
use tonic::codec::CompressionEncoding;
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Code, Request};

use crate::{Answer, Server};

const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
const JSON: (&str, &str) = ("content-type", "application/json");

fn any(value: Any) -> Option<AnyValue> {
    Some(AnyValue { value: Some(value) })
}

fn pair(key: &str, value: Any) -> KeyValue {
    KeyValue { key: key.to_owned(), value: any(value), ..KeyValue::default() }
}

fn said(key: &str, value: &str) -> KeyValue {
    pair(key, Any::StringValue(value.to_owned()))
}

fn resource(service: &str) -> Option<Resource> {
    Some(Resource { attributes: vec![said("service.name", service)], ..Resource::default() })
}

fn span(number: u8) -> Span {
    Span {
        trace_id: vec![0xab; 16],
        span_id: vec![number; 8],
        name: "execute_tool read_file".to_owned(),
        kind: span::SpanKind::Client as i32,
        start_time_unix_nano: 1_795_168_800_123_456_789,
        end_time_unix_nano: 1_795_168_800_223_456_789,
        attributes: vec![said("gen_ai.operation.name", "execute_tool"), said("gen_ai.tool.name", "read_file")],
        ..Span::default()
    }
}

fn spans(numbers: std::ops::Range<u8>) -> ExportTraceServiceRequest {
    let scope = Some(InstrumentationScope { name: "agents".to_owned(), ..InstrumentationScope::default() });
    let of_scope = ScopeSpans { scope, spans: numbers.map(span).collect(), schema_url: "https://s/1".to_owned() };
    let of_resource =
        ResourceSpans { resource: resource("pay"), scope_spans: vec![of_scope], ..ResourceSpans::default() };
    ExportTraceServiceRequest { resource_spans: vec![of_resource] }
}

fn log(text: &str) -> LogRecord {
    LogRecord {
        time_unix_nano: 1_795_168_800_000_000_000,
        severity_number: 9,
        body: any(Any::StringValue(text.to_owned())),
        ..LogRecord::default()
    }
}

fn logs(texts: &[&str]) -> ExportLogsServiceRequest {
    let of = |text: &&str| ScopeLogs { log_records: vec![log(text)], ..ScopeLogs::default() };
    let of_resource = ResourceLogs {
        resource: resource("pay"),
        scope_logs: texts.iter().map(of).collect(),
        ..ResourceLogs::default()
    };
    ExportLogsServiceRequest { resource_logs: vec![of_resource] }
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn each_span_and_log_record_is_a_record_with_its_resource_and_scope() {
    let server = Server::start(&[]);
    let (traces, texts) = (spans(1..4), logs(&["one", "two\nlines"]));
    let answer = server.send("/v1/traces?source=agents", &[PROTOBUF], &traces.encode_to_vec());
    assert_eq!((answer.status, answer.body.as_slice()), (200, b"".as_slice()), "a whole success has no members");
    assert!(answer.has("content-type: application/x-protobuf"));
    let gzip = ("content-encoding", "gzip");
    assert_eq!(server.send("/v1/logs", &[PROTOBUF, gzip], &packed(&texts.encode_to_vec())).status, 200);
    let written = serde_json::to_vec(&traces).unwrap();
    let answer = server.send("/v1/traces", &[("content-type", "application/json; charset=utf-8")], &written);
    assert_eq!((answer.status, answer.json()), (200, json!({})));
    assert!(answer.has("content-type: application/json"));
    assert_eq!(server.send("/v1/logs", &[JSON, gzip], &packed(&serde_json::to_vec(&texts).unwrap())).status, 200);
    let records: Vec<Value> = server.records().iter().map(|record| serde_json::from_str(record).unwrap()).collect();
    assert_eq!(records.len(), 10);
    let first = json!({ "resourceSpans": [{
        "resource": { "attributes": [{ "key": "service.name", "value": { "stringValue": "pay" } }] },
        "scopeSpans": [{ "scope": { "name": "agents" }, "schemaUrl": "https://s/1", "spans": [{
            "traceId": "abababababababababababababababab", "spanId": "0101010101010101", "name": "execute_tool read_file",
            "kind": 3, "startTimeUnixNano": "1795168800123456789", "endTimeUnixNano": "1795168800223456789",
            "attributes": [
                { "key": "gen_ai.operation.name", "value": { "stringValue": "execute_tool" } },
                { "key": "gen_ai.tool.name", "value": { "stringValue": "read_file" } } ] }] }] }] });
    assert_eq!(records[0], first);
    let text =
        |record: &Value| record["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]["body"]["stringValue"].clone();
    assert_eq!(
        [3, 4, 8, 9].map(|nth| text(&records[nth])),
        [json!("one"), json!("two\nlines"), json!("one"), json!("two\nlines")]
    );
    for record in server.records() {
        let mut scratch = Scratch::default();
        let event = sources::normalise(record.as_bytes(), &Context::default(), &mut scratch);
        let event = event.unwrap_or_else(|reject| panic!("{record}: {reject}"));
        assert_eq!(event.platform, Platform::Otel);
        assert!(event.time.is_some_and(|time| time / 1_000_000_000 == 1_795_168_800), "{:?}", event.time);
    }
    let metrics = server.get("/metrics").text();
    assert!(metrics.contains("deedbook_records_sealed_total{source=\"agents\"} 3"), "{metrics}");
    assert!(metrics.contains("deedbook_records_sealed_total{source=\"otlp\"} 7"), "{metrics}");
}

/// All fields, all kinds of values, and the numbers at their limits.
fn everything() -> (ExportTraceServiceRequest, ExportLogsServiceRequest) {
    let list = ArrayValue { values: vec![AnyValue { value: None }, any(Any::IntValue(i64::MIN)).unwrap()] };
    let map =
        KeyValueList { values: vec![said("a \"b\"", "\u{1f600}\u{0}\n"), pair("l", Any::ArrayValue(list.clone()))] };
    let attributes = vec![
        said("empty", ""),
        pair("t", Any::BoolValue(true)),
        pair("f", Any::BoolValue(false)),
        pair("i", Any::IntValue(i64::MAX)),
        pair("z", Any::IntValue(0)),
        pair("d", Any::DoubleValue(-0.1)),
        pair("dd", Any::DoubleValue(1e300)),
        pair("l", Any::ArrayValue(list)),
        pair("m", Any::KvlistValue(map)),
        pair("b", Any::BytesValue(vec![0, 255, 7])),
        KeyValue { key: "none".to_owned(), value: None, ..KeyValue::default() },
    ];
    let mut request = spans(0..0);
    let of = &mut request.resource_spans[0];
    of.schema_url = "https://s/2".to_owned();
    let resource = of.resource.as_mut().unwrap();
    resource.attributes.clone_from(&attributes);
    resource.dropped_attributes_count = u32::MAX;
    let id_keys = vec!["a".to_owned(), String::new()];
    let description_keys = vec!["b".to_owned()];
    let (schema_url, r#type) = ("https://s/3".to_owned(), "host".to_owned());
    resource.entity_refs.push(EntityRef { schema_url, r#type, id_keys, description_keys });
    of.scope_spans[0].scope.as_mut().unwrap().attributes.clone_from(&attributes);
    let event = span::Event {
        time_unix_nano: u64::MAX,
        name: "e".to_owned(),
        attributes: attributes.clone(),
        dropped_attributes_count: 1,
    };
    let link = span::Link {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        trace_state: "a=b".to_owned(),
        attributes: attributes.clone(),
        dropped_attributes_count: 2,
        flags: u32::MAX,
    };
    of.scope_spans[0].spans.push(Span {
        parent_span_id: vec![9; 8],
        trace_state: "x=y".to_owned(),
        flags: 0x101,
        kind: -3,
        attributes: attributes.clone(),
        dropped_attributes_count: 3,
        events: vec![event.clone(), event],
        dropped_events_count: 4,
        links: vec![link],
        dropped_links_count: 5,
        status: Some(Status { message: "no".to_owned(), code: 2 }),
        ..span(7)
    });
    let mut texts = logs(&["x"]);
    texts.resource_logs[0].scope_logs[0].log_records[0] = LogRecord {
        observed_time_unix_nano: 17,
        severity_text: "INFO".to_owned(),
        body: pair("", Any::KvlistValue(KeyValueList { values: attributes.clone() })).value,
        attributes,
        dropped_attributes_count: 6,
        flags: 1,
        trace_id: vec![3; 16],
        span_id: vec![4; 8],
        event_name: "login".to_owned(),
        ..log("")
    };
    (request, texts)
}

#[test]
fn what_was_protobuf_reads_back_equal_from_its_json() {
    let (traces, texts) = everything();
    let (records, refused) = fuzzing::otlp_protobuf(false, &traces.encode_to_vec()).unwrap();
    assert_eq!((records.len(), refused), (1, 0));
    assert_eq!(serde_json::from_slice::<ExportTraceServiceRequest>(&records[0]).unwrap(), traces);
    let (records, _) = fuzzing::otlp_protobuf(true, &texts.encode_to_vec()).unwrap();
    assert_eq!(serde_json::from_slice::<ExportLogsServiceRequest>(&records[0]).unwrap(), texts);
    let mut odd = spans(1..2);
    let attributes = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(|value| pair("d", Any::DoubleValue(value)));
    odd.resource_spans[0].scope_spans[0].spans[0].attributes = attributes.to_vec();
    let (records, _) = fuzzing::otlp_protobuf(false, &odd.encode_to_vec()).unwrap();
    let record = String::from_utf8(records[0].clone()).unwrap();
    for word in ["\"NaN\"", "\"Infinity\"", "\"-Infinity\""] {
        assert!(record.contains(&format!("{{\"doubleValue\":{word}}}")), "{record}");
    }
}

#[test]
fn what_a_later_release_of_the_protocol_says_is_kept() {
    // Field 99 of a span, a text; field 77 of the resource, a number.
    let mut span = span(1).encode_to_vec();
    span.extend_from_slice(b"\x9a\x06\x03new");
    let of_resource = [nested(2, &nested(2, &span)), b"\xe8\x04\x05".to_vec()].concat();
    let request = nested(1, &of_resource);
    let (records, _) = fuzzing::otlp_protobuf(false, &request).unwrap();
    let record: Value = serde_json::from_slice(&records[0]).unwrap();
    let resource = &record["resourceSpans"][0];
    assert_eq!(resource["unknownFields"], json!(crate::base64(b"\xe8\x04\x05")));
    assert_eq!(resource["scopeSpans"][0]["spans"][0]["unknownFields"], json!(crate::base64(b"\x9a\x06\x03new")));
    let written = r#"{"new":1,"resource_spans":[{"scopeSpans":[{"spans":[{"name":"a","x":[1.50]},{"name":"b"}],"y":{}}],"resource":{}}]}"#;
    let (records, _) = fuzzing::otlp_json(false, written.as_bytes()).unwrap();
    let records: Vec<_> = records.into_iter().map(|record| String::from_utf8(record).unwrap()).collect();
    let around = |span: &str| {
        format!(r#"{{"new":1,"resource_spans":[{{"resource":{{}},"scopeSpans":[{{"y":{{}},"spans":[{span}]}}]}}]}}"#)
    };
    assert_eq!(records, [around(r#"{"name":"a","x":[1.50]}"#), around(r#"{"name":"b"}"#)]);
}

#[test]
fn what_cannot_be_sealed_is_counted_in_a_partial_success() {
    let server = Server::start(&[]);
    let mut damaged = spans(1..2).encode_to_vec();
    let name = damaged.windows(12).position(|bytes| bytes == b"execute_tool").unwrap();
    damaged[name] = 0xff;
    let whole = spans(2..3).encode_to_vec();
    let answer = server.send("/v1/traces", &[PROTOBUF], &[damaged.clone(), whole].concat());
    assert_eq!(answer.status, 200);
    let told = ExportTraceServiceResponse::decode(answer.body.as_slice()).unwrap().partial_success.unwrap();
    assert_eq!((told.rejected_spans, told.error_message.as_str()), (1, "`name` is not UTF-8"));
    let body = json!({ "resourceLogs": [{ "scopeLogs": [{ "logRecords": [1, { "body": {} }, "x"] }] }] });
    let answer = server.send("/v1/logs", &[JSON], body.to_string().as_bytes());
    let told = json!({ "rejectedLogRecords": "2", "errorMessage": "log records and spans are objects" });
    assert_eq!((answer.status, answer.json()), (200, json!({ "partialSuccess": told })));
    let answer = server.send("/v1/logs", &[PROTOBUF], b"");
    assert_eq!(
        (answer.status, ExportLogsServiceResponse::decode(answer.body.as_slice()).unwrap().partial_success),
        (200, None)
    );
    assert_eq!(server.send("/v1/traces", &[PROTOBUF], &damaged).status, 400, "nothing was taken");
    assert_eq!(server.records().len(), 2);
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
struct Told {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(bytes = "vec", repeated, tag = "3")]
    details: Vec<Vec<u8>>,
}

/// Status, code and message.
fn failed(answer: &Answer) -> (u16, i32, String) {
    if answer.has("content-type: application/json") {
        let told = answer.json();
        return (answer.status, told["code"].as_i64().unwrap() as i32, told["message"].as_str().unwrap().to_owned());
    }
    assert!(answer.has("content-type: application/x-protobuf"), "{}", answer.head);
    let told = Told::decode(answer.body.as_slice()).unwrap();
    (answer.status, told.code, told.message)
}

#[test]
fn errors_are_told_in_the_encoding_of_the_request() {
    let server = Server::start(&[]);
    let read = format!("Bearer {}", server.token("read", &[Scope::Read], &[], None).token);
    let admin = format!("Bearer {}", server.admin);
    let (body, written) = (spans(1..2).encode_to_vec(), serde_json::to_vec(&spans(1..2)).unwrap());
    let long = vec![0; 33 << 20];
    let twice = br#"{"resourceSpans":[],"resourceSpans":[]}"#;
    type Case<'a> = (&'a str, (&'a str, &'a str), &'a [u8], u16, Code, &'a str);
    let cases: [Case<'_>; 14] = [
        ("", PROTOBUF, &body, 401, Code::Unauthenticated, "token-missing"),
        ("Bearer dbk_no", JSON, &written, 401, Code::Unauthenticated, "token-unknown"),
        (&read, PROTOBUF, &body, 403, Code::PermissionDenied, "scope-missing"),
        (&read, JSON, &written, 403, Code::PermissionDenied, "scope-missing"),
        (&admin, PROTOBUF, &written, 400, Code::InvalidArgument, "request-invalid"),
        (&admin, JSON, &body, 400, Code::InvalidArgument, "request-invalid"),
        (&admin, JSON, b"", 400, Code::InvalidArgument, "request-invalid"),
        (&admin, JSON, b"{} {}", 400, Code::InvalidArgument, "request-invalid"),
        (&admin, JSON, twice, 400, Code::InvalidArgument, "twice"),
        (&admin, PROTOBUF, &body[..body.len() - 1], 400, Code::InvalidArgument, "ends early"),
        (&admin, PROTOBUF, &long, 413, Code::InvalidArgument, "body-too-long"),
        (&admin, JSON, &long, 413, Code::InvalidArgument, "body-too-long"),
        (&admin, ("content-type", "text/plain"), &body, 415, Code::InvalidArgument, "content-unsupported"),
        (&admin, ("x", "no content type"), &body, 415, Code::InvalidArgument, "content-unsupported"),
    ];
    for (token, content, body, status, code, word) in cases {
        let answer = server.ask("POST", "/v1/traces", &[("authorization", token), content], body);
        let (told, told_code, message) = failed(&answer);
        assert_eq!((told, told_code), (status, i32::from(code)), "{message}");
        assert!(message.contains(word), "{message}");
    }
    let gzip = |said: &'static str, body: &[u8]| {
        failed(&server.send("/v1/traces", &[PROTOBUF, ("content-encoding", said)], body))
    };
    assert_eq!(gzip("br", &body).0, 415);
    assert_eq!(gzip("gzip", &body).0, 400, "it is none");
    assert_eq!(gzip("gzip", &packed(&body)[..20]).0, 400, "it ends early");
    assert_eq!(gzip("gzip", &packed(&vec![0; 65 << 20])).0, 413, "a bomb");
    assert_eq!(server.records().len(), 0);
    server.app.stop();
    for content in [PROTOBUF, JSON] {
        let answer = server.send("/v1/traces", &[content], if content == JSON { &written } else { &body });
        assert_eq!(failed(&answer).0, 503);
        assert!(answer.has("retry-after: 1"), "{}", answer.head);
    }
    let answer = server.send("/v1/traces", &[JSON], &written).json();
    assert_eq!(answer["details"], json!([{ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1s" }]));
}

/// Does something with a client's connection to the server.
fn over_grpc<F: Future<Output = ()>>(server: &Server, then: impl FnOnce(Channel) -> F) {
    let endpoint = Channel::from_shared(format!("http://{}", server.address)).unwrap();
    server.runtime.as_ref().unwrap().block_on(async {
        then(endpoint.connect().await.unwrap()).await;
    });
}

fn with<T>(token: &str, source: Option<&str>, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let bearer: MetadataValue<_> = format!("Bearer {token}").parse().unwrap();
    request.metadata_mut().insert("authorization", bearer);
    if let Some(source) = source {
        request.metadata_mut().insert("x-deedbook-source", source.parse().unwrap());
    }
    request
}

#[test]
fn clients_of_grpc_are_served_on_the_same_listener() {
    let server = Server::start(&[]);
    let bound = server.token("ci", &[Scope::RecordsWrite], &["ci-agents"], None).token;
    over_grpc(&server, |channel| async {
        let mut traces = TraceServiceClient::new(channel.clone());
        let answer = traces.export(with(&server.admin, Some("agents"), spans(1..3))).await.unwrap();
        assert_eq!(answer.into_inner(), ExportTraceServiceResponse::default());
        let mut logs_client = LogsServiceClient::new(channel).send_compressed(CompressionEncoding::Gzip);
        logs_client = logs_client.accept_compressed(CompressionEncoding::Gzip);
        logs_client.export(with(&server.admin, None, logs(&["one", "two"]))).await.unwrap();
        logs_client.export(with(&bound, Some("other"), logs(&["three"]))).await.unwrap();
        traces.export(with(&server.admin, None, ExportTraceServiceRequest::default())).await.unwrap();
    });
    assert_eq!(server.records().len(), 5);
    let (expected, _) = fuzzing::otlp_protobuf(false, &spans(1..2).encode_to_vec()).unwrap();
    assert_eq!(server.records()[0].as_bytes(), expected[0]);
    let metrics = server.get("/metrics").text();
    for (source, count) in [("agents", 2), ("otlp", 2), ("ci-agents", 1)] {
        assert!(
            metrics.contains(&format!("deedbook_records_sealed_total{{source=\"{source}\"}} {count}")),
            "{metrics}"
        );
    }
}

#[test]
fn errors_over_grpc_say_whether_to_send_again() {
    let server = Server::start(&[]);
    let read = server.token("read", &[Scope::Read], &[], None).token;
    over_grpc(&server, |channel| async {
        let mut client = TraceServiceClient::new(channel);
        let status = client.export(spans(1..2)).await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated, "{status}");
        assert_eq!(client.export(with("dbk_no", None, spans(1..2))).await.unwrap_err().code(), Code::Unauthenticated);
        assert_eq!(client.export(with(&read, None, spans(1..2))).await.unwrap_err().code(), Code::PermissionDenied);
        let mut long = spans(1..2);
        long.resource_spans[0].schema_url = "x".repeat(33 << 20);
        let status = client.export(with(&server.admin, None, long)).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "not to be sent again: {status}");
        let mut wrong = spans(1..2);
        wrong.resource_spans[0].scope_spans[0].spans[0].span_id = vec![7; 17 << 20];
        let status = client.export(with(&server.admin, None, wrong)).await.unwrap_err();
        assert!(status.code() == Code::InvalidArgument && status.message().contains("record_bytes_max"), "{status}");
        server.app.stop();
        let status = client.export(with(&server.admin, None, spans(1..2))).await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable, "{status}");
        let told = Told::decode(status.details()).unwrap();
        assert!(String::from_utf8_lossy(&told.details[0]).contains("google.rpc.RetryInfo"));
    });
    assert_eq!(server.records().len(), 0);
}

/// A message as a field of another.
fn nested(number: u8, message: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    prost::encoding::encode_varint(message.len() as u64, &mut out);
    out.extend_from_slice(message);
    out
}

#[test]
fn no_bytes_make_the_reader_stumble() {
    let (traces, texts) = everything();
    for (is_logs, body) in [(false, traces.encode_to_vec()), (true, texts.encode_to_vec())] {
        for end in 0..body.len() {
            let _ = fuzzing::otlp_protobuf(is_logs, &body[..end]);
            let mut flipped = body.clone();
            flipped[end] ^= 1 << (end % 8);
            for record in fuzzing::otlp_protobuf(is_logs, &flipped).map(|(records, _)| records).unwrap_or_default() {
                serde_json::from_slice::<Value>(&record).expect("what is sealed is JSON");
            }
        }
    }
    // Lists in lists, deeper than any reader follows.
    let mut value = Vec::new();
    for _ in 0..300 {
        value = nested(5, &nested(1, &value));
    }
    let deep = [5, 2, 2, 1].iter().fold(value, |inner, number| nested(*number, &inner));
    assert!(fuzzing::otlp_protobuf(true, &deep).unwrap_err().contains("deeper than 100"));
    // A million empty spans in two megabytes.
    let whole = nested(1, &nested(2, &[0x12, 0x00].repeat(1 << 20)));
    let (records, _) = fuzzing::otlp_protobuf(false, &whole).unwrap();
    assert_eq!(
        (records.len(), records[0].as_slice()),
        (1 << 20, &br#"{"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]}"#[..])
    );
    let long = spans_with_resource(1 << 20, 100);
    assert!(fuzzing::otlp_protobuf(false, &long).unwrap_err().contains("decoded_bytes_max"));
    assert!(fuzzing::otlp_json(false, &b"[".repeat(1 << 20)).is_err());
}

/// Many spans that share a long resource.
fn spans_with_resource(bytes: usize, count: u8) -> Vec<u8> {
    let mut request = spans(0..count);
    request.resource_spans[0].schema_url = "x".repeat(bytes);
    request.encode_to_vec()
}

#[test]
fn times_of_a_record_are_not_those_of_the_receiver() {
    let (records, _) = fuzzing::otlp_protobuf(true, &logs(&["one"]).encode_to_vec()).unwrap();
    let mut scratch = Scratch::default();
    let context = Context { received_at: Millis(1), ..Context::default() };
    let event = sources::normalise(&records[0], &context, &mut scratch).unwrap();
    assert_eq!(event.time, Some(1_795_168_800_000_000_000));
}
