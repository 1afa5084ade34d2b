//! Fluent forward over real sockets: every mode, the acknowledgement, the shared key, and what is wrong.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use rmpv::Value;
use serde_json::json;
use server::{Config, Fluent, Limits, Secret};
use sha2::{Digest as _, Sha512};

use super::{Server, call};

const KEY: &str = "between you and me";

fn server(key: Option<&str>, limits: Limits) -> Server {
    let place = Secret::Env("FLUENT_KEY".to_owned());
    let secrets = key.map(|key| (place.to_string(), key.to_owned())).into_iter().collect();
    let listen = "127.0.0.1:0".parse().unwrap();
    let set = Fluent { source: "apps".to_owned(), listen, tls: false, shared_key: key.map(|_| place) };
    Server::with(Config { fluent: vec![set], limits, ..Config::default() }, secrets)
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.listens("fluent")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

fn packed(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    rmpv::encode::write_value(&mut bytes, value).unwrap();
    bytes
}

fn send(stream: &mut TcpStream, message: Vec<Value>) {
    stream.write_all(&packed(&Value::Array(message))).unwrap();
}

fn answer(stream: &mut TcpStream) -> Value {
    rmpv::decode::read_value(stream).unwrap()
}

fn record(nth: u64) -> Value {
    Value::Map(vec![("nth".into(), nth.into())])
}

fn options(pairs: &[(&str, &str)]) -> Value {
    Value::Map(pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect())
}

fn sealed(tag: &str, time: &str, nth: u64) -> String {
    format!("{{\"tag\":\"{tag}\",\"time\":{time},\"record\":{{\"nth\":{nth}}}}}")
}

/// Events one behind the other, as packed modes carry them.
fn stream_of(numbers: std::ops::Range<u64>) -> Vec<u8> {
    numbers.flat_map(|nth| packed(&Value::Array(vec![10.into(), record(nth)]))).collect()
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    zip.write_all(bytes).unwrap();
    zip.finish().unwrap()
}

#[test]
fn all_four_modes_are_events_with_their_tag_and_time() {
    let server = server(None, Limits::default());
    let mut stream = connect(&server);
    let time = Value::Ext(0, [1_795_168_800u32.to_be_bytes(), 5u32.to_be_bytes()].concat());
    send(&mut stream, vec!["app.one".into(), time.clone(), record(0)]);
    send(&mut stream, vec!["app.one".into(), 9.into(), record(1), Value::Map(vec![])]);
    let entry = |nth| Value::Array(vec![10.into(), record(nth)]);
    let newer = Value::Array(vec![Value::Array(vec![time, options(&[("k", "v")])]), record(4)]);
    send(&mut stream, vec!["app.two".into(), Value::Array(vec![entry(2), entry(3), newer])]);
    send(&mut stream, vec!["app.two".into(), Value::Binary(stream_of(5..7))]);
    // Two members of gzip behind each other, as a buffer that was appended to has them.
    let zip = [zipped(&stream_of(7..8)), zipped(&stream_of(8..9))].concat();
    send(&mut stream, vec!["app.two".into(), Value::Binary(zip), options(&[("compressed", "gzip")])]);
    server.records_when(9);
    let mut expected = vec![sealed("app.one", "1795168800.000000005", 0), sealed("app.one", "9", 1)];
    expected.extend([2, 3].map(|nth| sealed("app.two", "10", nth)));
    expected
        .push(r#"{"tag":"app.two","time":1795168800.000000005,"metadata":{"k":"v"},"record":{"nth":4}}"#.to_owned());
    expected.extend((5..9).map(|nth| sealed("app.two", "10", nth)));
    assert_eq!(server.records(), expected);
    assert_eq!(server.leaves()[0].0.position.name.as_deref(), Some("fluent://127.0.0.1"));
}

#[test]
fn a_chunk_is_acknowledged_when_it_is_sealed_and_sealed_once() {
    let server = server(None, Limits::default());
    let chunk = || vec!["t".into(), Value::Binary(stream_of(0..50)), options(&[("chunk", "p8n9gmxTQVC8/nh2wlKKeQ==")])];
    for nth in 0..3 {
        // Each time as after an answer that was lost.
        let mut stream = connect(&server);
        send(&mut stream, chunk());
        assert_eq!(answer(&mut stream), options(&[("ack", "p8n9gmxTQVC8/nh2wlKKeQ==")]), "attempt {nth}");
        assert_eq!(server.records().len(), 50, "acknowledged is sealed");
    }
    // A library that uses an id again for other events loses none.
    let mut stream = connect(&server);
    send(&mut stream, vec!["t".into(), 1.into(), record(9), options(&[("chunk", "p8n9gmxTQVC8/nh2wlKKeQ==")])]);
    answer(&mut stream);
    assert_eq!(server.records().len(), 51);
    let (header, _) = server.leaves().pop().unwrap();
    assert!(header.position.request.unwrap().starts_with("p8n9gmxTQVC8/nh2wlKKeQ==."));
}

fn hex(parts: &[&[u8]]) -> String {
    model::hex(&Sha512::digest(parts.concat()))
}

/// As a sender: reads HELO, proves the key, and reads the answer.
fn shake(stream: &mut TcpStream, key: &str) -> Value {
    let helo = answer(stream);
    assert_eq!(helo[0].as_str(), Some("HELO"));
    let nonce = helo[1].as_map().unwrap()[0].1.as_slice().unwrap().to_vec();
    let digest = hex(&[b"salt", b"client", &nonce, key.as_bytes()]);
    let ping = ["PING", "client", "salt", &digest, "", ""].map(Value::from);
    send(stream, ping.to_vec());
    let pong = answer(stream);
    if pong[1] == Value::from(true) {
        let ours = hex(&[b"salt", pong[3].as_str().unwrap().as_bytes(), &nonce, key.as_bytes()]);
        assert_eq!(pong[4].as_str(), Some(ours.as_str()), "the server proves the key, too");
    }
    pong
}

#[test]
fn whoever_knows_the_key_may_send_and_nobody_else() {
    let server = server(Some(KEY), Limits { head_seconds_max: 1, ..Limits::default() });
    let mut stream = connect(&server);
    assert_eq!(shake(&mut stream, KEY)[1], Value::from(true));
    send(&mut stream, vec!["t".into(), 1.into(), record(1), options(&[("chunk", "c")])]);
    assert_eq!(answer(&mut stream), options(&[("ack", "c")]));
    let ended = |stream: &mut TcpStream| stream.read_to_end(&mut Vec::new()).is_ok();
    let mut stranger = connect(&server);
    let pong = shake(&mut stranger, "guessed");
    assert_eq!((&pong[1], pong[4].as_str()), (&Value::from(false), Some("")));
    assert!(ended(&mut stranger));
    // Events instead of the proof; and nothing at all.
    let mut rude = connect(&server);
    send(&mut rude, vec!["t".into(), 1.into(), record(2)]);
    assert!(ended(&mut rude));
    assert!(ended(&mut connect(&server)));
    assert_eq!(server.records().len(), 1);
    assert!(server.get("/metrics").text().contains("deedbook_unauthorized_total 2\n"));
}

#[test]
fn without_a_key_only_this_machine_may_send() {
    let set = Fluent { source: "a".to_owned(), listen: "0.0.0.0:0".parse().unwrap(), tls: false, shared_key: None };
    let refused = |set: Fluent| {
        let config = Config { fluent: vec![set], ..Config::default() };
        Server::try_with(config, HashMap::new()).err().unwrap().to_string()
    };
    assert!(refused(set.clone()).contains("set shared_key"));
    let local = "127.0.0.1:0".parse().unwrap();
    assert!(refused(Fluent { listen: local, tls: true, ..set.clone() }).contains("[tls]"));
    let unset = Fluent { listen: local, shared_key: Some(Secret::Env("NOT_THERE".to_owned())), ..set };
    assert!(refused(unset).contains("env:NOT_THERE"));
}

#[test]
fn bad_messages_end_their_connection_and_no_other() {
    let server = server(None, Limits { body_bytes_max: 1 << 20, ..Limits::default() });
    let mut good = connect(&server);
    let long = packed(&Value::Array(vec!["t".into(), Value::Binary(vec![b'x'; 2 << 20])]));
    let damaged = [zipped(&stream_of(0..100))[..40].to_vec(), vec![1; 30]].concat();
    let damaged = Value::Array(vec!["t".into(), Value::Binary(damaged), options(&[("compressed", "gzip")])]);
    for bad in [b"<34>1 a syslog message\n".to_vec(), vec![0xc1], packed(&Value::from(5)), long, packed(&damaged)] {
        let mut stream = connect(&server);
        // It may close before it has read all of it.
        let _ = stream.write_all(&bad);
        let _ = stream.read_to_end(&mut Vec::new());
    }
    // Half a message, and silence.
    let mut half = connect(&server);
    half.write_all(&packed(&Value::Array(vec!["t".into(), 1.into(), record(1)]))[..4]).unwrap();
    send(&mut good, vec!["t".into(), 1.into(), record(7), options(&[("chunk", "c")])]);
    answer(&mut good);
    assert_eq!(server.records(), [sealed("t", "1", 7)]);
    drop(half);
}

#[test]
fn large_messages_and_many_small_ones_all_arrive() {
    let server = server(None, Limits::default());
    let mut stream = connect(&server);
    // 3 MiB as they come, more as records.
    let large: Vec<u8> = (0..1_000)
        .flat_map(|nth| packed(&Value::Array(vec![nth.into(), options(&[("text", &"x".repeat(3_000))])])))
        .collect();
    send(&mut stream, vec!["large".into(), Value::Binary(large), options(&[("chunk", "l")])]);
    assert_eq!(answer(&mut stream), options(&[("ack", "l")]));
    let small: Vec<u8> =
        (0..10_000).flat_map(|nth| packed(&Value::Array(vec!["small".into(), 1.into(), record(nth)]))).collect();
    stream.write_all(&small).unwrap();
    let bodies = server.records_when(11_000);
    assert_eq!(bodies.last().unwrap(), sealed("small", "1", 9_999).as_bytes());
    let deliveries = server.leaves().iter().filter(|(header, _)| header.position.ordinal == Some(0)).count();
    assert!(deliveries < 1_000, "{deliveries} deliveries: what waits goes together");
}

#[test]
fn an_event_of_a_known_platform_is_recognised_inside() {
    let server = server(None, Limits::default());
    let mut stream = connect(&server);
    let mut trail = call(1);
    trail["eventSource"] = json!("s3.amazonaws.com");
    trail["eventTime"] = json!("2026-11-20T10:41:07Z");
    trail["userIdentity"] = json!({ "type": "IAMUser", "arn": "arn:aws:iam::123456789012:user/a" });
    let pairs = trail.as_object().unwrap().iter().map(|(key, value)| {
        let inner = |value: &serde_json::Value| Value::from(value.as_str().unwrap());
        let value = match value.as_object() {
            Some(map) => Value::Map(map.iter().map(|(key, value)| (key.as_str().into(), inner(value))).collect()),
            None => inner(value),
        };
        (Value::from(key.as_str()), value)
    });
    send(&mut stream, vec!["aws".into(), 1.into(), Value::Map(pairs.collect())]);
    // As a container's log: the event is text, in a member of its own.
    send(&mut stream, vec!["kube".into(), 1.into(), options(&[("stream", "stdout"), ("log", &trail.to_string())])]);
    for body in server.records_when(2) {
        let mut scratch = sources::Scratch::default();
        let event = sources::normalise(&body, &sources::Context::default(), &mut scratch).unwrap();
        assert_eq!((event.platform, event.api.operation.as_deref()), (model::Platform::Aws, Some("s3:GetObject")));
    }
}
