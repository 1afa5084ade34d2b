//! Callers whose tokens a sender relays, with real keys.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use ledger::Selection;
use model::{Actor, Caller, DeliveryBody, Kind};
use serde_json::{Value, json};
use server::{Config, Issuer, Jwks};

use crate::{Answer, Server, call, now};

const URL: &str = "https://id.example";
const ACTOR: &str = "x-deedbook-actor-token";

/// A key with its name and algorithm.
struct Key {
    kid: &'static str,
    alg: Algorithm,
    key: EncodingKey,
    public: Value,
}

impl Key {
    fn ec(kid: &'static str) -> Key {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        Key::with(kid, Algorithm::ES256, EncodingKey::from_ec_der(pair.serialized_der()))
    }

    fn ed(kid: &'static str) -> Key {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        let (alg, key) = (Algorithm::EdDSA, EncodingKey::from_ed_der(pair.serialized_der()));
        let x = URL_SAFE_NO_PAD.encode(pair.public_key_raw());
        Key { kid, alg, key, public: json!({ "kid": kid, "kty": "OKP", "crv": "Ed25519", "x": x }) }
    }

    fn rsa(kid: &'static str) -> Key {
        Key::with(kid, Algorithm::RS256, EncodingKey::from_rsa_pem(include_bytes!("rsa.pem")).unwrap())
    }

    fn with(kid: &'static str, alg: Algorithm, key: EncodingKey) -> Key {
        let mut public = serde_json::to_value(Jwk::from_encoding_key(&key, alg).unwrap()).unwrap();
        public["kid"] = json!(kid);
        Key { kid, alg, key, public }
    }

    fn public(&self) -> Value {
        self.public.clone()
    }

    fn sign(&self, claims: &Value) -> String {
        let head = Header { kid: Some(self.kid.to_owned()), ..Header::new(self.alg) };
        jsonwebtoken::encode(&head, claims, &self.key).unwrap()
    }
}

fn set(keys: &[&Key]) -> String {
    let keys: Vec<Value> = keys.iter().map(|key| key.public()).collect();
    json!({ "keys": keys }).to_string()
}

fn issuer(jwks: &str) -> Issuer {
    let jwks = Jwks::try_from(jwks.to_owned()).unwrap();
    Issuer { url: URL.to_owned(), jwks, audience: vec!["deedbook".to_owned(), "https://audit.example".to_owned()] }
}

fn believing(jwks: &str) -> Server {
    Server::with(Config { issuer: vec![issuer(jwks)], ..Config::default() }, HashMap::new())
}

/// A server that believes these keys, from a file.
fn with_file(keys: &[&Key]) -> (Server, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jwks.json");
    std::fs::write(&path, set(keys)).unwrap();
    (believing(&format!("file:{}", path.display())), folder)
}

/// Claims that hold now, with changes; `null` takes one away.
fn claims(changes: &Value) -> Value {
    let seconds = now().0 / 1_000;
    let mut claims = json!({ "iss": URL, "sub": "user-7", "aud": "deedbook", "exp": seconds + 300, "jti": "t-1" });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

fn deliveries(server: &Server) -> Vec<DeliveryBody> {
    let view = server.ledger.reader().view().unwrap();
    let scan = view.scan(0..view.size().0, Selection { bodies: true, only: Some(Kind::Delivery) });
    scan.flat_map(Result::unwrap).map(|leaf| serde_json::from_slice(&leaf.body).unwrap()).collect()
}

fn relay(server: &Server, token: &str) -> Answer {
    server.send("/v1/records?source=agents", &[(ACTOR, token)], call(1).to_string().as_bytes())
}

/// What is sealed of a token that comes with a request, and what is told.
fn found(server: &Server, token: &str) -> Caller {
    let answer = relay(server, token);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let delivery = deliveries(server).pop().expect("a delivery leaf, though it is one record");
    assert_eq!((delivery.records, delivery.callers.len()), (1, 1));
    let caller = delivery.callers[0].clone();
    assert_eq!((caller.first, caller.last, caller.verified), (0, 0, caller.reason.is_none()));
    let told = caller.reason.as_ref().map_or("verified".to_owned(), |why| format!("claim; {why}"));
    assert!(answer.has(&format!("x-deedbook-actor: {told}")), "{}", answer.head);
    caller
}

/// No file and no leaf holds any part of these tokens.
fn assert_nowhere(server: &mut Server, tokens: &[String]) {
    let view = server.ledger.reader().view().unwrap();
    let mut all: Vec<(String, Vec<u8>)> = Vec::new();
    for leaf in view.scan(0..view.size().0, Selection { bodies: true, only: None }).flat_map(Result::unwrap) {
        let mut bytes = [&leaf.header[..], &leaf.body[..]].concat();
        if let Ok(delivery) = serde_json::from_slice::<DeliveryBody>(&leaf.body) {
            delivery.gaps.iter().for_each(|gap| bytes.extend(STANDARD.decode(&gap.bytes).unwrap()));
        }
        all.push((format!("leaf {}", leaf.index.0), bytes));
    }
    server.stop();
    files(server._folder.path(), &mut all);
    assert!(all.iter().any(|(name, _)| name.contains("wal")), "the files are looked at");
    for token in tokens {
        for part in token.split('.').filter(|part| part.len() > 8).chain([token.as_str()]) {
            for (name, bytes) in &all {
                assert!(memchr::memmem::find(bytes, part.as_bytes()).is_none(), "{name} holds {part}");
            }
        }
    }
}

fn files(folder: &Path, into: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, into);
        } else if let Ok(bytes) = std::fs::read(&path) {
            into.push((path.display().to_string(), bytes));
        }
    }
}

#[test]
fn a_token_of_a_configured_issuer_is_verified_and_what_it_says_is_sealed_beside_the_record() {
    let (ec, ed, rsa) = (Key::ec("ec"), Key::ed("ed"), Key::rsa("rsa"));
    let (mut server, _folder) = with_file(&[&ec, &ed, &rsa]);
    let chain = json!({ "sub": "agent-1", "iss": "https://agents.example", "act": { "sub": "agent-0", "act": {} } });
    let said = claims(&json!({ "aud": ["else", "deedbook"], "client_id": "cli", "azp": "other", "act": chain }));
    let mut tokens = Vec::new();
    for key in [&ec, &ed, &rsa] {
        tokens.push(key.sign(&said));
        let caller = found(&server, tokens.last().unwrap());
        assert_eq!(caller.reason, None, "{}", key.kid);
        let text = |text: &str| Some(text.to_owned());
        let expected = Caller {
            verified: true,
            issuer: text(URL),
            subject: text("user-7"),
            jti: text("t-1"),
            client: text("cli"),
            actors: vec![
                Actor { issuer: text("https://agents.example"), subject: text("agent-1") },
                Actor { issuer: None, subject: text("agent-0") },
                Actor::default(),
            ],
            ..Caller::default()
        };
        assert_eq!(caller, expected);
    }
    // Each clock may be a minute off, and no more.
    let seconds = now().0 / 1_000;
    for holds in
        [json!({ "exp": seconds - 59 }), json!({ "nbf": seconds + 60 }), json!({ "exp": seconds as f64 + 0.5 })]
    {
        tokens.push(ec.sign(&claims(&holds)));
        assert_eq!(found(&server, tokens.last().unwrap()).reason, None, "{holds}");
    }
    let metrics = server.get("/metrics").text();
    assert!(metrics.contains("deedbook_callers_total{found=\"verified\"} 6"), "{metrics}");
    assert_eq!(server.records(), vec![call(1).to_string(); 6], "nothing was done to the records");
    assert_nowhere(&mut server, &tokens);
}

#[test]
fn what_is_not_so_leaves_a_claim_with_the_reason_and_the_record_is_taken() {
    let (ec, ed, rsa, other) = (Key::ec("ec"), Key::ed("ed"), Key::rsa("rsa"), Key::ec("ec"));
    let (mut server, _folder) = with_file(&[&ec, &ed, &rsa]);
    let seconds = now().0 / 1_000;
    let with = |changes: Value| ec.sign(&claims(&changes));
    let good = with(json!({}));
    let parts: Vec<&str> = good.split('.').collect();
    let packed = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let headed = |head: Value| format!("{}.{}.{}", packed(&head), parts[1], parts[2]);
    let hmac = |secret: &[u8]| {
        let head = Header { kid: Some("rsa".to_owned()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&head, &claims(&json!({})), &EncodingKey::from_secret(secret).unwrap()).unwrap()
    };
    let nested = (0..17).fold(json!({}), |act, nth| json!({ "sub": format!("a-{nth}"), "act": act }));
    let cases = [
        (with(json!({ "exp": seconds - 60 })), "it had expired"),
        (with(json!({ "exp": null })), "it has no end"),
        (with(json!({ "exp": "never" })), "it has no end"),
        (with(json!({ "nbf": seconds + 61 })), "it does not hold yet"),
        (with(json!({ "nbf": "soon" })), "it does not hold yet"),
        (with(json!({ "aud": "billing" })), "it is for another audience"),
        (with(json!({ "aud": ["billing", 7] })), "it is for another audience"),
        (with(json!({ "aud": null })), "it is for another audience"),
        (with(json!({ "iss": "https://evil.example" })), "its issuer is not configured"),
        (with(json!({ "iss": null })), "it names no issuer"),
        (with(json!({ "sub": null })), "it names no subject"),
        (with(json!({ "act": "agent-1" })), "`act` is not an object"),
        (with(json!({ "act": nested })), "its actor chain has more than 16 hops"),
        (other.sign(&claims(&json!({}))), "its signature is wrong"),
        (format!("{}.{}.{}", parts[0], packed(&claims(&json!({ "sub": "root" }))), parts[2]), "its signature is wrong"),
        (format!("{}.{}.", parts[0], parts[1]), "its signature is wrong"),
        (headed(json!({ "alg": "none" })), "algorithm `none` is not taken"),
        (headed(json!({ "alg": "nOnE", "kid": "ec" })), "algorithm `nOnE` is not taken"),
        (hmac(rsa.public()["n"].as_str().unwrap().as_bytes()), "algorithm `HS256` is not taken"),
        (hmac(rsa.public().to_string().as_bytes()), "algorithm `HS256` is not taken"),
        (headed(json!({ "alg": "RS256", "kid": "ec" })), "the key of its issuer is of another kind"),
        (headed(json!({ "alg": "ES256", "kid": "ed" })), "the key of its issuer is of another kind"),
        (headed(json!({ "alg": "ES256", "kid": "ec", "crit": ["exp"] })), "its header has `crit` or `b64`"),
        (headed(json!({ "alg": "ES256", "kid": "ec", "jwk": other.public() })), "its signature is wrong"),
        (headed(json!({ "alg": "ES256", "kid": "unknown" })), "its issuer has no such key"),
        ("not.a.token".to_owned(), "it is no JSON web token"),
        ("opaque-0123456789".to_owned(), "it is no JSON web token"),
        (format!("{good}.{good}"), "it is no JSON web token"),
        (with(json!({ "x": "y".repeat(8_192) })), "it has more than 8192 bytes"),
    ];
    let mut tokens = Vec::new();
    for (token, reason) in cases {
        let caller = found(&server, &token);
        assert!(caller.reason.as_ref().is_some_and(|why| why.contains(reason)), "{reason}: {caller:?}");
        let is_read = !reason.contains("JSON web token") && !reason.contains("bytes") && !reason.contains("no subject");
        assert_eq!(caller.subject.is_some(), is_read, "{caller:?}");
        tokens.push(token);
    }
    assert_eq!(server.records().len(), tokens.len());
    let twice = server.send("/v1/records?source=a", &[(ACTOR, &good), (ACTOR, &good)], b"{}");
    assert_eq!((twice.status, twice.has("x-deedbook-actor: claim; the header is there twice")), (200, true));
    tokens.push(good);
    assert_nowhere(&mut server, &tokens);
}

#[test]
fn a_record_brings_its_own_token_and_the_token_stays_outside() {
    let key = Key::ec("ec");
    let (mut server, _folder) = with_file(&[&key]);
    let of = |subject: &str| key.sign(&claims(&json!({ "sub": subject })));
    let (one, two, forged, request) = (of("one"), of("two"), Key::ec("ec").sign(&claims(&json!({}))), of("request"));
    let opaque = "opaque-token-without-any-shape-0123456789".to_owned();
    let with = |token: &str| json!({ "actor_token": token, "n": 1 }).to_string();
    let lines = [with(&one), with(&one), call(1).to_string(), with(&two), with(&opaque), with(&forged)].join("\n");
    let subjects = |delivery: &DeliveryBody| -> Vec<String> {
        let of = |ordinal| delivery.caller_of(ordinal).map(|caller| caller.subject.clone().unwrap_or("?".to_owned()));
        (0..delivery.records).map(|ordinal| of(ordinal).unwrap_or("nobody".to_owned())).collect()
    };
    let path = "/v1/records?source=agents";
    let packed = zstd::encode_all(lines.as_bytes(), 3).unwrap();
    for body in [lines.clone().into_bytes(), packed] {
        assert_eq!(server.send(path, &[], &body).status, 200);
        let delivery = deliveries(&server).pop().unwrap();
        assert_eq!(subjects(&delivery), ["one", "one", "nobody", "two", "?", "user-7"]);
        let found: Vec<(u64, u64, bool)> =
            delivery.callers.iter().map(|caller| (caller.first, caller.last, caller.verified)).collect();
        assert_eq!(found, [(0, 1, true), (3, 3, true), (4, 4, false), (5, 5, false)]);
        assert_eq!(delivery.replaced, 5);
    }
    // What was there before stands around what is there now, and the header says where.
    let (header, body) = server.leaves().swap_remove(4);
    let body = String::from_utf8(body).unwrap();
    let replaced = header.replacements[0];
    let (begin, end) = (replaced.offset as usize, (replaced.offset + replaced.length) as usize);
    assert!(body[begin..end].starts_with("deedbook:secret:jwt:") && replaced.rule == 11, "{body}");
    assert_eq!(format!("{}{opaque}{}", &body[..begin], &body[end..]), with(&opaque));
    // The token of a request is for those that bring none.
    let answer = server.send(path, &[(ACTOR, &request)], lines.as_bytes());
    assert!(answer.has("x-deedbook-actor: verified"));
    assert_eq!(subjects(deliveries(&server).last().unwrap()), ["one", "one", "request", "two", "?", "user-7"]);
    // One record alone, and a list in an envelope.
    server.send(path, &[], with(&one).as_bytes());
    assert_eq!(subjects(deliveries(&server).last().unwrap()), ["one"]);
    let envelope = format!("{{\"Records\":[{},{}],\"actor_token\":\"{opaque}\"}}", with(&two), with(&one));
    assert_eq!(server.send(path, &[], envelope.as_bytes()).status, 200);
    let last = deliveries(&server).pop().unwrap();
    assert_eq!((subjects(&last), last.replaced), (vec!["two".to_owned(), "one".to_owned()], 3));
    // Elsewhere it is a member like any other: what looks like a token is replaced, and nobody is made a caller of it.
    let before = deliveries(&server).len();
    server.send("/services/collector/raw?channel=c", &[], with(&one).as_bytes());
    assert_eq!(deliveries(&server).len(), before);
    assert_nowhere(&mut server, &[one, two, forged, request, opaque]);
}

#[test]
fn of_a_record_that_is_too_long_the_part_of_a_token_that_would_be_kept_is_not() {
    let key = Key::ec("ec");
    let (mut server, _folder) = with_file(&[&key]);
    let token = key.sign(&claims(&json!({})));
    // The beginning that is kept ends in the middle of the token.
    let fill = "x".repeat((64 << 10) - 60);
    let record = format!("{{\"a\":\"{fill}\",\"actor_token\":\"{token}\",\"b\":\"{}\"}}", "y".repeat(17 << 20));
    let answer = server.send("/v1/records?source=agents", &[], record.as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text());
    let (header, body) = server.leaves().pop().unwrap();
    assert_eq!((header.flags, header.replacements.len()), (model::FLAG_TRUNCATED, 1));
    let body = String::from_utf8(body).unwrap();
    assert!(!body.contains(&token[..12]), "{}", &body[body.len() - 100..]);
    assert_nowhere(&mut server, &[token]);
}

#[test]
fn the_header_counts_on_every_way_in_and_only_for_who_may_send() {
    let key = Key::ed("ed");
    let (mut server, _folder) = with_file(&[&key]);
    let token = key.sign(&claims(&json!({})));
    let event = json!({ "event": call(1) }).to_string();
    let bulk = format!("{{\"create\":{{}}}}\n{}\n", call(1));
    let loki =
        json!({ "streams": [{ "stream": { "a": "b" }, "values": [["1795168800000000000", "line"]] }] }).to_string();
    let cloud = json!({ "specversion": "1.0", "id": "1", "source": "/s", "type": "t", "data": {} }).to_string();
    let log = json!({ "logRecords": [{ "body": { "stringValue": "line" } }] });
    let otlp = json!({ "resourceLogs": [{ "scopeLogs": [log] }] }).to_string();
    let ways = [
        ("/services/collector/event", "application/json", &event),
        ("/_bulk", "application/x-ndjson", &bulk),
        ("/loki/api/v1/push", "application/json", &loki),
        ("/v1/cloudevents", "application/cloudevents+json", &cloud),
        ("/v1/logs", "application/json", &otlp),
    ];
    for (nth, (path, content_type, body)) in ways.iter().enumerate() {
        let answer = server.send(path, &[(ACTOR, &token), ("content-type", content_type)], body.as_bytes());
        assert!(
            answer.status < 300 && answer.has("x-deedbook-actor: verified"),
            "{path}: {} {}",
            answer.head,
            answer.text()
        );
        let delivery = &deliveries(&server)[nth];
        assert_eq!(delivery.caller_of(0).unwrap().subject.as_deref(), Some("user-7"), "{path}");
    }
    let refused = server.ask("POST", "/v1/records?source=a", &[(ACTOR, &token)], b"{}");
    assert_eq!((refused.status, refused.has("x-deedbook-actor")), (401, false));
    // What is told again is what was sealed at first.
    let send = |token: &str| {
        let headers = [(ACTOR, token), ("idempotency-key", "k-1")];
        server.send("/v1/records?source=agents", &headers, call(1).to_string().as_bytes())
    };
    let other = key.sign(&claims(&json!({ "sub": "other" })));
    let (first, again) = (send(&token).json(), send(&other).json());
    assert_eq!((&again["records"], &again["already_known"]), (&first["records"], &json!(1)));
    assert!(deliveries(&server).iter().all(|delivery| delivery.callers[0].subject.as_deref() == Some("user-7")));
    assert_nowhere(&mut server, &[token, other]);
}

#[test]
fn without_an_issuer_every_token_is_a_claim_and_without_a_token_nothing_is_written() {
    let key = Key::ec("ec");
    let server = Server::start(&[]);
    let caller = found(&server, &key.sign(&claims(&json!({}))));
    assert_eq!(
        (caller.reason.as_deref(), caller.subject.as_deref()),
        (Some("no issuer is configured"), Some("user-7"))
    );
    let before = deliveries(&server).len();
    assert_eq!(server.send("/v1/records?source=agents", &[], call(2).to_string().as_bytes()).status, 200);
    assert_eq!(deliveries(&server).len(), before);
}

/// Answers every request with this body, and counts; `None` answers nobody.
fn answering(body: Option<String>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/jwks", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        let mut silent = Vec::new();
        for mut stream in listener.incoming().flatten() {
            count.fetch_add(1, Ordering::SeqCst);
            let Some(body) = &body else {
                silent.push(stream);
                continue;
            };
            let _ = stream.read(&mut [0; 4_096]);
            let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
        }
    });
    (url, asked)
}

#[test]
fn keys_are_fetched_once_and_an_unknown_one_makes_nobody_ask_again_at_once() {
    let (key, next) = (Key::ec("now"), Key::ec("next"));
    // A key of a kind that nobody knows does not spoil the others.
    let strange = set(&[&key]).replace("{\"keys\":[", "{\"keys\":[{\"kty\":\"PQ\",\"kid\":\"x\"},{\"kty\":7},");
    let (url, asked) = answering(Some(strange));
    let server = believing(&url);
    for _ in 0..3 {
        assert_eq!(found(&server, &key.sign(&claims(&json!({})))).reason, None);
        let unknown = found(&server, &next.sign(&claims(&json!({}))));
        assert_eq!(unknown.reason.as_deref(), Some("its issuer has no such key"));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[test]
fn an_issuer_that_is_slow_or_answers_nonsense_holds_up_one_request_for_some_seconds() {
    let key = Key::ec("ec");
    let token = key.sign(&claims(&json!({})));
    let reason = |server: &Server| found(server, &token).reason.unwrap();
    let unknown = "the keys of its issuer are not known now";
    let (url, asked) = answering(None);
    let server = believing(&url);
    let began = Instant::now();
    assert_eq!(reason(&server), unknown);
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    let began = Instant::now();
    assert_eq!(reason(&server), unknown);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let long = set(&[&key]) + &" ".repeat(1 << 20);
    for nonsense in ["", "[]", "{\"keys\":7}", &long] {
        assert_eq!(reason(&believing(&answering(Some(nonsense.to_owned())).0)), unknown);
    }
    assert_eq!(reason(&believing("file:nowhere.json")), unknown);
}

#[test]
fn settings_of_an_issuer_say_what_is_wrong_with_them() {
    let read = |text: &str| serde_json::from_str::<Issuer>(text).map_err(|error| error.to_string());
    let with = |jwks: &str, audience: &str| {
        read(&format!("{{\"url\":\"{URL}\",\"jwks\":\"{jwks}\",\"audience\":{audience}}}"))
    };
    let good = with("https://id.example/jwks", "[\"deedbook\"]").unwrap();
    assert_eq!(serde_json::from_str::<Issuer>(&serde_json::to_string(&good).unwrap()).unwrap(), good);
    for (jwks, audience, why) in [
        ("https://id.example/jwks", "[]", "`audience` names one or more"),
        ("https://id.example/jwks", "[\"\"]", "`audience` names one or more"),
        ("http://id.example/jwks", "[\"a\"]", "only from this machine"),
        ("https://me:secret@id.example/jwks", "[\"a\"]", "holds no secret"),
        ("jwks.json", "[\"a\"]", "`file:PATH` or `https://...`"),
        ("file:", "[\"a\"]", "`https://...`"),
    ] {
        let error = with(jwks, audience).unwrap_err();
        assert!(error.contains(why) && !error.contains("secret@"), "{jwks}: {error}");
    }
}
