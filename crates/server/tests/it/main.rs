//! The listener, spoken to over real sockets, in front of a real log.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod audit;
mod callers;
mod cloudevents;
mod fluent;
mod hooks;
mod http;
mod loki;
mod oidc;
mod otlp;
mod pull;
mod questions;
mod syslog;
mod tls;

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use collect::{Door, State};
use http::Answer;
use ledger::{InitOptions, Ledger, Selection, SystemClock};
use model::{Header, Kind, Millis};
use serde_json::{Value, json};
use server::{Access, App, Config, Parts, Scope, Secret, Webhook};
use sources::scrub::Scrubber;
use tokio::process::Command;

/// A server at work, with its log.
struct Server {
    runtime: Option<tokio::runtime::Runtime>,
    running: Option<server::Running>,
    app: Arc<App>,
    access: Arc<Access>,
    ledger: Ledger,
    address: SocketAddr,
    admin: String,
    _folder: tempfile::TempDir,
}

/// A command that answers with its arguments, a line each.
fn asked() -> server::questions::Asked {
    Arc::new(|arguments: &[String]| {
        let mut command = Command::new("printf");
        command.arg("%s\n").args(arguments);
        command
    })
}

/// The clock of the tests stands still.
fn now() -> Millis {
    Millis(1_795_168_800_000)
}

/// Settings with these webhooks, and their secrets.
fn config_of(secrets: &[(&str, &str)]) -> (Config, HashMap<String, String>) {
    let mut config = Config::default();
    let mut values = HashMap::new();
    for (source, secret) in secrets {
        let place = Secret::Env((*source).to_owned());
        values.insert(place.to_string(), (*secret).to_owned());
        config.webhook.push(Webhook { source: (*source).to_owned(), secret: place, kind: None });
    }
    (config, values)
}

impl Server {
    fn start(secrets: &[(&str, &str)]) -> Server {
        Server::made(config_of(secrets), asked()).unwrap()
    }

    /// With these settings, and HTTP on a port of its own.
    fn with(config: Config, secrets: HashMap<String, String>) -> Server {
        Server::try_with(config, secrets).unwrap()
    }

    fn try_with(config: Config, secrets: HashMap<String, String>) -> std::io::Result<Server> {
        Server::made((config, secrets), asked())
    }

    fn asking(questions: server::questions::Asked) -> Server {
        Server::asking_with(questions, |_| {})
    }

    fn asking_with(questions: server::questions::Asked, set: fn(&mut server::Limits)) -> Server {
        let mut config = Config::default();
        set(&mut config.limits);
        Server::made((config, HashMap::new()), questions).unwrap()
    }

    fn made(
        (config, secrets): (Config, HashMap<String, String>),
        questions: server::questions::Asked,
    ) -> std::io::Result<Server> {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let (clock, limits) = (Arc::new(SystemClock::new()), ledger::Options::default());
        let log = ledger::init(&data, &InitOptions { origin: None, options: limits.clone() }, clock.as_ref()).unwrap();
        let ledger = Ledger::open(&data, &log.short, limits, clock).unwrap();
        let state = Arc::new(State::open(&folder.path().join("state.redb")).unwrap());
        let scrubber = Arc::new(Scrubber::new([7; 32]).unwrap());
        let door = Arc::new(Door::new(ledger.append(), ledger.reader(), scrubber, state, now));
        let access = Arc::new(Access::default());
        let config = Config { listen: vec!["127.0.0.1:0".parse().unwrap()], ..config };
        let (reader, log) = (ledger.reader(), log.short.clone());
        let public = data.join("logs").join(&log).join("log/checkpoint");
        let parts = Parts { door, access: access.clone(), reader, log, public, config, secrets, clock: now, questions };
        let app = Arc::new(App::new(parts));
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let running = runtime.block_on(server::start(&app, &mut server::Sockets::default()))?;
        let address = running.addresses[0].1;
        let (runtime, running) = (Some(runtime), Some(running));
        let mut server =
            Server { runtime, running, app, access, ledger, address, admin: String::new(), _folder: folder };
        server.admin = server.token("admin", &[Scope::Admin], &[], None).token;
        Ok(server)
    }

    /// Where it listens for `what`.
    fn listens(&self, what: &str) -> SocketAddr {
        let addresses = &self.running.as_ref().unwrap().addresses;
        addresses.iter().find(|(name, _)| *name == what).unwrap_or_else(|| panic!("{what}: {addresses:?}")).1
    }

    /// Stops it as a signal does; what it had is sealed then.
    fn stop(&mut self) {
        if let (Some(runtime), Some(running)) = (self.runtime.take(), self.running.take()) {
            runtime.block_on(running.stop(&self.app));
        }
    }

    /// The bodies of all records once there are so many.
    fn records_when(&self, count: usize) -> Vec<Vec<u8>> {
        let began = std::time::Instant::now();
        loop {
            let bodies: Vec<Vec<u8>> = self.leaves().into_iter().map(|(_, body)| body).collect();
            if bodies.len() >= count || began.elapsed() > Duration::from_secs(20) {
                assert_eq!(bodies.len(), count, "records");
                return bodies;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Header and body of all records.
    fn leaves(&self) -> Vec<(Header, Vec<u8>)> {
        let view = self.ledger.reader().view().unwrap();
        let scan = view.scan(0..view.size().0, Selection { bodies: true, only: Some(Kind::Record) });
        let leaves = scan.flat_map(Result::unwrap);
        leaves.map(|leaf| (Header::decode(&leaf.header).unwrap(), leaf.body.to_vec())).collect()
    }

    fn token(&self, name: &str, scopes: &[Scope], sources: &[&str], expires: Option<Millis>) -> server::Minted {
        let sources = sources.iter().map(|source| (*source).to_owned()).collect();
        let minted = server::mint(name, scopes, sources, expires).unwrap();
        self.access.apply(&minted.directive);
        minted
    }

    /// Sends a request without a body, and leaves it to the caller to read.
    fn open(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> TcpStream {
        let mut stream = http::connected(self.address);
        stream.write_all(http::head(method, path, headers).as_bytes()).unwrap();
        stream
    }

    /// The bytes of an answer.
    fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Vec<u8> {
        let mut answer = Vec::new();
        let _ = self.open(method, path, headers).read_to_end(&mut answer);
        answer
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        http::ask(self.address, method, path, headers, body)
    }

    fn send(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let bearer = format!("Bearer {}", self.admin);
        self.ask("POST", path, &[&[("authorization", bearer.as_str())], headers].concat(), body)
    }

    fn get(&self, path: &str) -> Answer {
        let bearer = format!("Bearer {}", self.admin);
        self.ask("GET", path, &[("authorization", bearer.as_str())], b"")
    }

    /// The bodies of all records.
    fn records(&self) -> Vec<String> {
        self.leaves().into_iter().map(|(_, body)| String::from_utf8(body).unwrap()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn call(number: u64) -> Value {
    json!({ "eventVersion": "1.11", "eventName": "GetObject", "eventID": format!("e-{number}") })
}

fn lines(numbers: std::ops::Range<u64>) -> Vec<u8> {
    numbers.flat_map(|number| format!("{}\n", call(number)).into_bytes()).collect()
}

#[test]
fn nothing_is_taken_for_a_paused_source_and_everything_for_others() {
    let server = Server::start(&[]);
    let pause = |until_ms| {
        let (name, reason) = ("github-audit".to_owned(), "new disks".to_owned());
        server.access.apply(&model::Directive::SourcePaused { name, reason, until_ms, author: String::new() });
    };
    let send = |source: &str| server.send(&format!("/v1/records?source={source}"), &[], b"{\"a\":1}");
    pause(now().0 + 20_500);
    let refused = send("github-audit");
    assert_eq!((refused.status, refused.json()["code"].clone()), (503, json!("source-paused")));
    assert!(refused.has("retry-after: 21"), "{}", refused.head);
    assert!(refused.text().contains("new disks") && refused.text().contains("2026-"), "{}", refused.text());
    assert_eq!(send("other").status, 200);
    // In the words of another protocol it is one to be sent again, too.
    let hec = server.send("/services/collector/raw?source=github-audit&channel=x", &[], b"x");
    assert_eq!(hec.status, 503, "{}", hec.text());
    // A long one may end early.
    pause(now().0 + 86_400_000);
    assert!(send("github-audit").has("retry-after: 60"));
    server.access.apply(&model::Directive::SourceResumed { name: "github-audit".to_owned() });
    assert_eq!(send("github-audit").status, 200);
    // One that is over needs no word.
    pause(now().0);
    assert_eq!(send("github-audit").status, 200);
    assert_eq!(server.records().len(), 3);
}

#[test]
fn what_is_answered_is_sealed_and_each_receipt_is_the_leaf_of_its_record() {
    let server = Server::start(&[]);
    let answer = server.send("/v1/records?source=aws", &[], &lines(0..3));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    let records = answer["records"].as_array().unwrap();
    assert_eq!(records.len(), 3);
    let list = serde_json::to_vec(&json!([call(3), call(4)])).unwrap();
    assert_eq!(server.send("/v1/records?source=aws", &[], &list).json()["records"].as_array().unwrap().len(), 2);
    let packed = zstd::encode_all(lines(5..9).as_slice(), 3).unwrap();
    assert_eq!(server.send("/v1/records?source=aws", &[], &packed).json()["records"].as_array().unwrap().len(), 4);
    let view = server.ledger.reader().view().unwrap();
    for record in records {
        let id: model::EventId = record["event_id"].as_str().unwrap().parse().unwrap();
        assert_eq!(record["leaf_hash"], json!(model::hex(&view.leaf(id.index).unwrap().leaf_hash())));
        let proof = server.get(&format!("/v1/records/{id}/proof"));
        assert!(proof.status == 200 && proof.text().starts_with("c2sp.org/tlog-proof@v1"), "{}", proof.text());
    }
    let checkpoint = server.get("/v1/checkpoint").text();
    // Each proof that was asked for is a leaf, too.
    let size = view.size().0 + records.len() as u64;
    assert_eq!(checkpoint.lines().nth(1).unwrap(), size.to_string());
    let consistency = server.get("/v1/consistency?from=3").json();
    assert_eq!((&consistency["to"], consistency["hashes"].is_array()), (&json!(size), true));
    assert_eq!(server.get("/readyz").json()["status"], json!("ready"));
    let metrics = server.get("/metrics").text();
    assert!(metrics.contains("deedbook_records_sealed_total{source=\"aws\"} 9"), "{metrics}");
    assert_eq!(server.records().len(), 9);
}

#[test]
fn a_key_names_one_delivery_for_good() {
    let server = Server::start(&[]);
    let send = |body: &[u8]| server.send("/v1/records?source=aws", &[("idempotency-key", "batch-17")], body);
    let (first, again) = (send(&lines(0..5)).json(), send(&lines(0..5)).json());
    assert_eq!((&again["records"], &again["already_known"]), (&first["records"], &json!(5)));
    let other = send(&lines(0..4));
    assert_eq!((other.status, other.json()["code"].clone()), (409, json!("idempotency-key-reused")));
    assert_eq!(server.records().len(), 5);
}

#[test]
fn every_route_wants_a_token_that_may() {
    let server = Server::start(&[]);
    let made = |scope: Scope| server.token(scope.as_str(), &[scope], &[], None).token;
    let (write, read, export) = (made(Scope::RecordsWrite), made(Scope::Read), made(Scope::Export));
    let body = call(1).to_string();
    let bulk = format!("{{\"create\":{{}}}}\n{body}\n");
    let event = json!({ "event": call(1) }).to_string();
    // Method, path, body, and which of the tokens pass: none, write, read, export, admin.
    let routes: [(&str, &str, &str, [bool; 5]); 19] = [
        ("GET", "/healthz", "", [true; 5]),
        ("GET", "/readyz", "", [true; 5]),
        ("GET", "/services/collector/health", "", [true; 5]),
        ("GET", "/metrics", "", [false, false, true, false, true]),
        ("GET", "/v1/checkpoint", "", [false, true, true, false, true]),
        ("POST", "/v1/records?source=aws", &body, [false, true, false, false, true]),
        ("POST", "/services/collector/event", &event, [false, true, false, false, true]),
        ("POST", "/services/collector/raw", &body, [false, true, false, false, true]),
        ("POST", "/services/collector/ack?channel=c", r#"{"acks":[0]}"#, [false, true, false, false, true]),
        ("POST", "/v1/kubernetes/audit/k8s", &body, [false, true, false, false, true]),
        ("POST", "/v1/vault/audit/vault", &body, [false, true, false, false, true]),
        ("GET", "/", "", [false, true, false, false, true]),
        ("GET", "/_license", "", [false, true, false, false, true]),
        ("GET", "/_xpack", "", [false, true, false, false, true]),
        ("GET", "/_cluster/health", "", [false, true, false, false, true]),
        ("HEAD", "/_index_template/filebeat", "", [false, true, false, false, true]),
        ("PUT", "/_ilm/policy/filebeat", "{}", [false, true, false, false, true]),
        ("POST", "/_bulk", &bulk, [false, true, false, false, true]),
        ("POST", "/logs/_bulk", &bulk, [false, true, false, false, true]),
    ];
    for (method, path, body, passes) in routes {
        for (token, passes) in [None, Some(&write), Some(&read), Some(&export), Some(&server.admin)].iter().zip(passes)
        {
            let bearer = token.map(|token| format!("Bearer {token}"));
            let headers: Vec<_> = bearer.iter().map(|bearer| ("authorization", bearer.as_str())).collect();
            let answer = server.ask(method, path, &headers, body.as_bytes());
            let refused = if token.is_none() { 401 } else { 403 };
            let expected = if passes { 200 } else { refused };
            assert_eq!(answer.status, expected, "{method} {path}: {}", answer.text());
        }
    }
    for (path, status, code) in [("/nothing", 404, "not-found"), ("/v1/records", 405, "method-not-allowed")] {
        let answer = server.get(path);
        assert_eq!((answer.status, answer.json()["code"].as_str().unwrap().to_owned()), (status, code.to_owned()));
        assert!(answer.has("content-type: application/problem+json"));
    }
}

#[test]
fn a_token_is_bound_to_its_sources_and_can_be_taken_back() {
    let server = Server::start(&[]);
    let made = server.token("ci", &[Scope::RecordsWrite], &["aws-ci"], None);
    let send = |token: &str, path: &str| {
        server.ask("POST", path, &[("authorization", &format!("Bearer {token}"))], call(1).to_string().as_bytes())
    };
    assert_eq!(send(&made.token, "/v1/records").status, 200, "its only source needs no name");
    assert_eq!(send(&made.token, "/v1/records?source=aws-ci").status, 200);
    let said = |token: &str, path: &str| send(token, path).json()["code"].as_str().unwrap().to_owned();
    assert_eq!(said(&made.token, "/v1/records?source=prod"), "source-forbidden");
    assert_eq!(said(&server.admin, "/v1/records"), "source-missing");
    assert_eq!(said("dbk_nobody", "/v1/records"), "token-unknown");
    let old = server.token("old", &[Scope::RecordsWrite], &["aws-ci"], Some(Millis(1)));
    assert_eq!(said(&old.token, "/v1/records"), "token-expired");
    server.access.apply(&model::Directive::TokenRevoked { id: made.id.clone() });
    assert_eq!(said(&made.token, "/v1/records"), "token-revoked");
}

#[test]
fn splunk_senders_are_answered_in_their_words() {
    let server = Server::start(&[]);
    let splunk = format!("Splunk {}", server.admin);
    let channel = ("x-splunk-request-channel", "6f2c1a1e-0000-4000-8000-000000000001");
    let events = format!("{}{}", json!({ "time": 1_795_168_800, "event": call(1) }), json!({ "event": call(2) }));
    let send =
        |path: &str, body: &str| server.ask("POST", path, &[("authorization", &splunk), channel], body.as_bytes());
    let taken = send("/services/collector/event", &events);
    assert_eq!((taken.status, taken.json()), (200, json!({ "text": "Success", "code": 0, "ackId": 0 })));
    assert_eq!(send("/services/collector", &json!({ "event": call(3) }).to_string()).json()["ackId"], json!(1));
    assert_eq!(send("/services/collector/raw", &call(4).to_string()).json()["ackId"], json!(2));
    let asked = send("/services/collector/ack", r#"{"acks":[0,1,7]}"#).json();
    assert_eq!(asked, json!({ "acks": { "0": true, "1": true, "7": false } }));
    assert_eq!(send("/services/collector/ack", r#"{"acks":[0]}"#).json()["acks"]["0"], json!(false), "told once");
    let wrong = server.ask("POST", "/services/collector", &[("authorization", "Splunk nobody")], events.as_bytes());
    assert_eq!((wrong.status, wrong.json()["code"].clone()), (403, json!(4)));
    assert_eq!(send("/services/collector", "").json()["code"], json!(5), "no data");
    assert_eq!(server.records().len(), 4);
}

#[test]
fn clients_of_elasticsearch_find_what_they_ask_for() {
    let server = Server::start(&[]);
    // Basic: the token is the password. The header value below is made by hand, as a client makes it.
    let basic = format!("Basic {}", base64(format!("elastic:{}", server.admin).as_bytes()));
    let greeting = server.ask("GET", "/", &[("authorization", &basic)], b"");
    assert_eq!(greeting.json()["version"]["number"], json!("8.17.0"));
    assert!(greeting.has("x-elastic-product: elasticsearch"));
    let body = format!(
        "{{\"index\":{{\"_index\":\"logs\"}}}}\n{}\n{{ \"delete\": {{\"_id\":\"1\"}}}}\n{{\"create\":{{}}}}\n{}\n",
        call(1),
        call(2)
    );
    let answer = server.ask("POST", "/logs/_bulk", &[("authorization", &basic)], body.as_bytes()).json();
    assert_eq!((&answer["errors"], answer["items"].as_array().unwrap().len()), (&json!(true), 3));
    assert_eq!(answer["items"][0]["index"]["status"], json!(201));
    let refused = server.ask("POST", "/_bulk", &[], body.as_bytes());
    assert_eq!((refused.status, refused.json()["status"].clone()), (401, json!(401)));
    assert_eq!(server.records(), [call(1).to_string(), call(2).to_string()]);
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[test]
fn a_webhook_is_taken_by_its_signature_and_once() {
    let server = Server::start(&[("github", SECRET), ("standard", SECRET)]);
    let body = json!({ "action": "created", "repository": { "full_name": "acme/pay" } }).to_string();
    let sign = |key: &[u8], parts: &[&[u8]]| {
        use hmac::{KeyInit as _, Mac as _};
        let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes()
    };
    let hex: String = sign(SECRET.as_bytes(), &[body.as_bytes()]).iter().map(|byte| format!("{byte:02x}")).collect();
    let signature = format!("sha256={hex}");
    let send = |id: &str, signature: &str, body: &str| {
        let headers = [("x-github-delivery", id), ("x-github-event", "repository"), ("x-hub-signature-256", signature)];
        server.ask("POST", "/v1/webhooks/github", &headers, body.as_bytes())
    };
    let first = send("d-1", &signature, &body);
    assert_eq!(first.status, 200, "{}", first.text());
    let replayed = send("d-1", &signature, &body).json();
    assert_eq!(replayed, json!({ "event_ids": first.json()["event_ids"], "already_known": 1 }));
    let renamed = send("d-3", &signature, &body).json();
    assert_eq!(renamed, replayed, "the id is not signed: whoever recorded a delivery can give it another");
    let altered = body.replace("pay", "pat");
    for (id, signature, body) in
        [("d-2", "sha256=00", &body), ("d-2", &signature, &altered), ("", &signature, &body), ("d-2", "", &body)]
    {
        assert_eq!(send(id, signature, body).json()["code"], json!("signature-wrong"), "{id} {signature}");
    }
    let now = now().0 / 1_000;
    let standard = |id: &str, time: u64| {
        use base64::Engine as _;
        let key = base64::engine::general_purpose::STANDARD.decode(SECRET.strip_prefix("whsec_").unwrap()).unwrap();
        let text = time.to_string();
        let tag = base64(&sign(&key, &[id.as_bytes(), b".", text.as_bytes(), b".", body.as_bytes()]));
        let signature = format!("v1,AAAA v1,{tag}");
        let headers = [("webhook-id", id), ("webhook-timestamp", &text), ("webhook-signature", &signature)];
        server.ask("POST", "/v1/webhooks/standard", &headers, body.as_bytes())
    };
    assert_eq!(standard("m-1", now).status, 200);
    let stale = standard("m-2", now - 3_600);
    assert_eq!((stale.status, stale.json()["code"].clone()), (401, json!("signature-wrong")));
    let unknown = server.ask("POST", "/v1/webhooks/nobody", &[("x-hub-signature-256", &signature)], body.as_bytes());
    assert_eq!(unknown.status, 401);
}

#[test]
fn what_is_wrong_with_a_request_is_said_and_nothing_of_it_is_sealed() {
    let server = Server::start(&[]);
    let path = "/v1/records?source=aws";
    let damaged = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3];
    let cases: [(&str, &[u8], u16, &str); 8] = [
        (path, b"", 400, "body-empty"),
        (path, b"\n\n  \n", 400, "body-empty"),
        (path, &damaged, 400, "body-damaged"),
        ("/v1/records?source=a%20b", b"{}", 400, "source-invalid"),
        ("/v1/records?source=", b"{}", 400, "source-invalid"),
        ("/v1/records?source=aws&ack=witnessed", b"{}", 422, "ack-unsupported"),
        ("/v1/records?source=aws&ack=maybe", b"{}", 400, "request-invalid"),
        ("/v1/records/nothing/proof", b"", 405, "method-not-allowed"),
    ];
    for (path, body, status, code) in cases {
        let answer = server.send(path, &[], body);
        assert_eq!((answer.status, answer.json()["code"].as_str().unwrap()), (status, code), "{path}");
    }
    assert_eq!(server.send(path, &[("idempotency-key", "")], b"{}").json()["code"], json!("request-invalid"));
    let long =
        server.ask("POST", path, &[("authorization", &format!("Bearer {}", server.admin))], &vec![b'x'; 33 << 20]);
    assert_eq!((long.status, long.json()["code"].clone()), (413, json!("body-too-long")));
    for (path, status) in [("/v1/records/nothing/proof", 400), ("/v1/records/00000000-1/proof", 404)] {
        assert_eq!(server.get(path).status, status);
    }
    assert_eq!(server.records().len(), 0);
}

#[test]
fn many_senders_at_once_leave_no_gap_in_the_numbers_of_their_source() {
    let server = Server::start(&[]);
    std::thread::scope(|scope| {
        for sender in 0..8u64 {
            let server = &server;
            scope.spawn(move || {
                for nth in 0..40 {
                    let body = call(sender * 1_000 + nth).to_string();
                    assert_eq!(server.send("/v1/records?source=aws", &[], body.as_bytes()).status, 200);
                }
            });
        }
    });
    assert_eq!(server.records().len(), 320);
    let view = server.ledger.reader().view().unwrap();
    let leaves = view.scan(0..view.size().0, Selection { bodies: false, only: None }).flat_map(Result::unwrap);
    let headers = leaves.map(|leaf| Header::decode(&leaf.header).unwrap());
    let numbers: Vec<u64> = headers.filter(|header| header.source == 1).map(|header| header.source_seq).collect();
    assert_eq!(numbers, (0..321).collect::<Vec<u64>>());
}
