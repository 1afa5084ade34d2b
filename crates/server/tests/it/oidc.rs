//! A provider of OpenID Connect whose document and keys are watched: a small one of our own.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use parking_lot::Mutex;
use serde_json::{Value, json};
use server::{Config, Oidc};
use sources::{Context, Scratch};

use crate::Server;

/// What the provider publishes: its document, and its key set.
type Published = Arc<Mutex<[Value; 2]>>;

fn key(kid: &str, x: &str) -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": kid, "x": x })
}

/// A provider on this machine, and a server that watches it.
fn watched(keys: &[Value]) -> (Published, Server, String, tokio::runtime::Runtime) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let issuer = format!("http://{}/realms/a", listener.local_addr().unwrap());
    let document = json!({ "issuer": issuer, "jwks_uri": format!("{issuer}/certs"), "token_endpoint": "x" });
    let published: Published = Arc::new(Mutex::new([document, json!({ "keys": keys })]));
    let tell = |which: usize| {
        let published = Arc::clone(&published);
        get(move || async move { published.lock()[which].to_string() })
    };
    let router =
        Router::new().route("/realms/a/.well-known/openid-configuration", tell(0)).route("/realms/a/certs", tell(1));
    runtime.spawn(async move { axum::serve(listener, router).await.unwrap() });
    let oidc =
        Oidc { source: "idp".to_owned(), issuer: issuer.clone(), roots: None, poll_seconds: 1, full_seconds: 86_400 };
    let server = Server::with(Config { oidc: vec![oidc], ..Config::default() }, HashMap::new());
    (published, server, issuer, runtime)
}

/// Names and states of the items that records are.
fn items(records: &[Vec<u8>]) -> Vec<(String, String)> {
    let item = |record: &Vec<u8>| {
        let mut scratch = Scratch::default();
        let event = sources::normalise(record, &Context::default(), &mut scratch).unwrap();
        let item = event.inventory.as_ref().unwrap();
        (item.name.as_deref().unwrap_or_default().to_owned(), item.state.unwrap().as_str().to_owned())
    };
    let mut items: Vec<_> = records.iter().map(item).collect();
    items.sort();
    items
}

fn expected(items: &[(&str, &str)]) -> Vec<(String, String)> {
    items.iter().map(|(name, state)| ((*name).to_owned(), (*state).to_owned())).collect()
}

fn until(what: impl Fn() -> bool, of: &Value) {
    let end = Instant::now() + Duration::from_secs(60);
    while !what() {
        assert!(Instant::now() < end, "not within a minute: {of}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_provider_and_its_keys_are_sealed_when_they_change_and_a_key_that_is_gone_is_told() {
    let (published, server, issuer, _runtime) = watched(&[key("one", "AAAA"), key("two", "BBBB")]);
    let first = server.records_when(3);
    assert_eq!(items(&first), expected(&[(&issuer, "enabled"), ("one", "enabled"), ("two", "enabled")]));
    // The name goes to another key: it is another one, and the former is gone.
    published.lock()[1] = json!({ "keys": [key("one", "CCCC"), key("two", "BBBB"), { "kty": "new" }] });
    let second = server.records_when(5);
    assert_eq!(items(&second[3..]), expected(&[("one", "deleted"), ("one", "enabled")]));
    let thumbprints: Vec<Value> =
        second.iter().map(|record| serde_json::from_slice::<Value>(record).unwrap()["thumbprint"].clone()).collect();
    assert_ne!(thumbprints[3], thumbprints[4]);
    let name = server.leaves().iter().find_map(|(header, _)| header.position.name.clone()).unwrap();
    assert_eq!(format!("http{}", name.trim_start_matches("oidc")), issuer);
    std::thread::sleep(Duration::from_millis(2_500));
    assert_eq!(server.leaves().len(), 5, "what stays is not told again");
}

#[test]
fn what_is_no_document_of_this_provider_is_not_sealed_and_counted() {
    let (published, server, issuer, _runtime) = watched(&[key("one", "AAAA")]);
    server.records_when(2);
    let good = published.lock()[0].clone();
    let failures = || {
        let text = server.get("/metrics").text();
        let line = text
            .lines()
            .find(|line| line.starts_with("deedbook_source_failures_total{source=\"idp\""))
            .map(str::to_owned);
        line.and_then(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).unwrap_or(0)
    };
    for bad in [
        json!({ "issuer": "https://other.example", "jwks_uri": format!("{issuer}/certs") }),
        json!({ "issuer": issuer }),
        json!({ "issuer": issuer, "jwks_uri": "http://keys.example/certs" }),
        json!([1]),
        json!({ "issuer": issuer, "jwks_uri": format!("{issuer}/nothing") }),
    ] {
        let before = failures();
        published.lock()[0] = bad.clone();
        until(|| failures() > before, &bad);
        // It waits longer after each failure; the next one is told after one that succeeds.
        published.lock()[0] = good.clone();
        published.lock()[1] = json!({ "keys": [key("one", "AAAA"), key("two", &bad.to_string().len().to_string())] });
        let count = server.leaves().len();
        until(|| server.leaves().len() > count, &bad);
    }
    assert!(server.records().iter().all(|record| !record.contains("other.example")));
}
