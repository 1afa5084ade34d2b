//! Objects of a store: a small one of our own that speaks as S3 does, signatures left unchecked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use parking_lot::Mutex;
use server::{Config, Kafka, S3};

use crate::{Server, lines};

#[derive(Default)]
struct Store {
    /// Key, as it is listed -> ETag and bytes.
    objects: Mutex<BTreeMap<String, (String, Vec<u8>)>>,
    /// Keys that are refused.
    forbidden: Mutex<Vec<String>>,
    messages: Mutex<BTreeMap<String, String>>,
    deleted: Mutex<Vec<String>>,
    fetched: Mutex<Vec<String>>,
}

impl Store {
    fn put(&self, key: &str, etag: &str, body: &[u8]) {
        self.objects.lock().insert(key.to_owned(), (etag.to_owned(), body.to_vec()));
    }
}

/// Two keys a page.
async fn list(State(store): State<Arc<Store>>, Query(asked): Query<BTreeMap<String, String>>) -> String {
    let from = asked.get("continuation-token").cloned().unwrap_or_default();
    let objects = store.objects.lock();
    let after = objects.iter().filter(|(key, _)| **key > from && key.starts_with(&asked["prefix"]));
    let after: Vec<_> = after.collect();
    let contents: String = after
        .iter()
        .take(2)
        .map(|(key, (etag, body))| {
            let key = key.replace('%', "%25").replace('+', "%2B").replace(' ', "+");
            format!("<Contents><Key>{key}</Key><ETag>&quot;{etag}&quot;</ETag><Size>{}</Size></Contents>", body.len())
        })
        .collect();
    let more = if after.len() > 2 {
        format!("<IsTruncated>true</IsTruncated><NextContinuationToken>{}</NextContinuationToken>", after[1].0)
    } else {
        "<IsTruncated>false</IsTruncated>".to_owned()
    };
    format!(
        "<?xml version=\"1.0\"?><ListBucketResult><Name>b</Name><EncodingType>url</EncodingType>{contents}{more}</ListBucketResult>"
    )
}

async fn fetch(State(store): State<Arc<Store>>, Path(key): Path<String>, headers: HeaderMap) -> Response {
    assert!(headers["authorization"].to_str().unwrap().starts_with("AWS4-HMAC-SHA256 Credential=id/"));
    store.fetched.lock().push(key.clone());
    if store.forbidden.lock().contains(&key) {
        let said = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
        return (StatusCode::FORBIDDEN, said).into_response();
    }
    match store.objects.lock().get(&key) {
        Some((etag, _)) if headers.get("if-match").is_some_and(|tag| *tag != format!("\"{etag}\"")) => {
            StatusCode::PRECONDITION_FAILED.into_response()
        }
        Some((etag, body)) => ([("etag", format!("\"{etag}\""))], body.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn queue(State(store): State<Arc<Store>>, headers: HeaderMap, body: String) -> String {
    if headers["x-amz-target"] == "AmazonSQS.DeleteMessage" {
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        let handle = body["ReceiptHandle"].as_str().unwrap().to_owned();
        store.messages.lock().remove(&handle);
        store.deleted.lock().push(handle);
        return "{}".to_owned();
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    let messages = store.messages.lock();
    let messages = messages.iter().map(|(handle, body)| serde_json::json!({ "ReceiptHandle": handle, "Body": body }));
    serde_json::json!({ "Messages": messages.collect::<Vec<_>>() }).to_string()
}

/// The store at work, and settings for it.
fn store() -> (Arc<Store>, Config, std::collections::HashMap<String, String>, tokio::runtime::Runtime) {
    let store = Arc::new(Store::default());
    let routes = Router::new()
        .route("/b", get(list))
        .route("/b/{*key}", get(fetch).head(fetch))
        .route("/queue", post(queue))
        .with_state(Arc::clone(&store));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move { axum::serve(listener, routes).await });
    let s3 = S3 {
        source: "trail".to_owned(),
        bucket: "b".to_owned(),
        prefix: "p/".to_owned(),
        endpoint: Some(format!("http://{address}/")),
        region: "us-east-1".to_owned(),
        access_key: Some("env:ID".to_owned().try_into().unwrap()),
        secret_key: Some("env:KEY".to_owned().try_into().unwrap()),
        poll_seconds: 1,
        queue_url: None,
    };
    let secrets = [("env:ID", "id"), ("env:KEY", "key")];
    let secrets = secrets.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    (store, Config { s3: vec![s3], ..Config::default() }, secrets, runtime)
}

fn until(what: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !what() {
        assert!(Instant::now() < end, "not within 20 s");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_is_new_under_a_prefix_is_sealed_once_and_what_cannot_be_read_holds_up_nothing() {
    let (store, config, secrets, _runtime) = store();
    store.put("p//odd + é%.jsonl", "1", &lines(0..3));
    store.put("p/a/", "1", b"");
    store.put("p/b", "1", &zstd::encode_all(lines(3..6).as_slice(), 3).unwrap()[..20]);
    store.put("p/c", "1", b" \n");
    store.put("p/d/CloudTrail-Digest/x", "1", b"{\"digest\":\n1}");
    store.put("p/no", "1", b"{}");
    store.put("q/other", "1", b"{}");
    store.forbidden.lock().push("p/no".to_owned());
    // Longer than what is read into memory.
    let long: String = (10..30).map(|n| format!("{{\"number\":{n},\"x\":\"{}\"}}\n", "x".repeat(500_000))).collect();
    store.put("p/long", "1", long.as_bytes());
    let server = Server::with(config, secrets);
    let metric = |line: &str| {
        let text = server.get("/metrics").text();
        text.lines().any(|found| found == line)
    };
    until(|| metric("deedbook_objects_sealed_total{source=\"trail\"} 4"));
    until(|| metric("deedbook_objects_unread{source=\"trail\"} 2"));
    let fetched = store.fetched.lock().len();
    store.put("p/a/later", "1", &lines(6..8));
    until(|| metric("deedbook_objects_sealed_total{source=\"trail\"} 5"));
    // Written again, it is another delivery.
    store.put("p/a/later", "2", &lines(8..9));
    until(|| metric("deedbook_objects_sealed_total{source=\"trail\"} 6"));
    assert!(store.fetched.lock().len() < fetched + 8, "{:?}", store.fetched.lock());
    let records = server.records();
    assert_eq!(records.len(), 3 + 1 + 20 + 2 + 1);
    assert!(records[0].contains("\"e-0\""), "{}", records[0]);
    assert!(records.contains(&"{\"digest\":\n1}".to_owned()));
}

#[test]
fn a_message_is_deleted_when_its_object_is_sealed() {
    let (store, mut config, secrets, _runtime) = store();
    let told = |key: &str| {
        serde_json::json!({ "Records": [{ "eventName": "ObjectCreated:Put", "s3": { "bucket": { "name": "b" }, "object": { "key": key } } }] })
            .to_string()
    };
    config.s3[0].queue_url = Some(format!("{}queue", config.s3[0].endpoint.as_ref().unwrap()));
    let server = Server::with(config, secrets);
    std::thread::sleep(Duration::from_millis(300));
    store.put("p/a b", "1", &lines(0..2));
    store.put("p/no", "1", b"{}");
    store.forbidden.lock().push("p/no".to_owned());
    let messages = [
        ("object", told("p/a+b")),
        ("refused", told("p/no")),
        ("elsewhere", told("q/x")),
        ("gone", told("p/gone")),
        ("test", "{\"Event\":\"s3:TestEvent\"}".to_owned()),
        ("odd", "hello".to_owned()),
    ];
    store.messages.lock().extend(messages.map(|(handle, body)| (handle.to_owned(), body)));
    until(|| store.deleted.lock().len() == 3);
    let mut deleted = store.deleted.lock().clone();
    deleted.sort();
    assert_eq!(deleted, ["gone", "object", "test"]);
    assert_eq!(server.records().len(), 2);
    store.forbidden.lock().clear();
    until(|| store.deleted.lock().iter().any(|handle| handle == "refused"));
    assert_eq!(server.records().len(), 3);
}

#[test]
fn settings_that_cannot_work_are_refused_at_once() {
    for change in [
        (|s3: &mut S3| s3.secret_key = None) as fn(&mut S3),
        |s3| s3.secret_key = Some("env:MISSING".to_owned().try_into().unwrap()),
        |s3| s3.endpoint = Some("ftp://x".to_owned()),
        |s3| s3.queue_url = Some("queue".to_owned()),
    ] {
        let (_, mut config, secrets, _runtime) = store();
        change(&mut config.s3[0]);
        assert!(Server::try_with(config, secrets).is_err());
    }
}

#[test]
fn a_broker_that_is_not_there_is_seen_and_stops_nothing() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (brokers, topics) = (vec![free.to_string()], vec!["audit".to_owned()]);
    let kafka = Kafka { source: "topic".to_owned(), brokers, topics, from: server::Begin::Earliest };
    let server = Server::with(Config { kafka: vec![kafka], ..Config::default() }, Default::default());
    until(|| {
        server.get("/metrics").text().contains("deedbook_source_failures_total{source=\"topic\",what=\"metadata\"}")
    });
    assert_eq!(server.send("/v1/records?source=a", &[], b"{}").status, 200);
    let before = Instant::now();
    drop(server);
    assert!(before.elapsed() < Duration::from_secs(5), "a stop waits for no broker");
}
