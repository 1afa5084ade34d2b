//! `deedbook serve`, spoken to over real sockets.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::{Value, json};

use crate::Bench;
use crate::http::{self, Answer};

/// A server at work; killed when it is dropped.
pub(crate) struct Server<'b> {
    bench: &'b Bench,
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    /// All listeners, by what they listen for; with several of a kind, the first.
    pub(crate) addresses: BTreeMap<String, String>,
    pub(crate) admin: String,
    said: Arc<Mutex<String>>,
    hearing: Option<JoinHandle<()>>,
}

/// Warnings and errors that the tests bring about themselves. Any other is a fault, or belongs here.
const LISTED: [&str; 3] = [
    "alarm=\"source-gap\"",
    "alarm=\"verification-failed\"",
    "ERROR settings are not read again, those in force stay: ",
];

impl<'b> Server<'b> {
    pub(crate) fn start(bench: &'b Bench, more: &[&str]) -> Server<'b> {
        let mut command = bench.command(&[&["serve", "--init", "--listen", "127.0.0.1:0"], more].concat());
        let mut child = command.env("HOOK_SECRET", SECRET).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let (mut addresses, mut said) = (BTreeMap::new(), String::new());
        while !said.contains("ready;") {
            let mut line = String::new();
            assert!(lines.read_line(&mut line).unwrap() > 0, "ended: {said}");
            said.push_str(&line);
            if let Some((what, rest)) = line.strip_prefix("listening on ").and_then(|rest| rest.split_once("://")) {
                addresses.entry(what.to_owned()).or_insert_with(|| rest.trim().to_owned());
            }
            if let Some(token) = line.strip_prefix("admin token, shown once: ") {
                bench.put("token", token.trim());
            }
        }
        let admin = std::fs::read_to_string(bench.path("token")).unwrap();
        let said = Arc::new(Mutex::new(said));
        let heard = Arc::clone(&said);
        let hearing = std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                heard.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
        Server {
            bench,
            child,
            address: addresses["http"].parse().unwrap(),
            addresses,
            admin,
            said,
            hearing: Some(hearing),
        }
    }

    /// What it has said on stderr so far.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        http::ask(self.address, method, path, headers, body)
    }

    pub(crate) fn send(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let bearer = format!("Bearer {}", self.admin);
        self.ask("POST", path, &[&[("authorization", bearer.as_str())], headers].concat(), body)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        let bearer = format!("Bearer {}", self.admin);
        self.ask("GET", path, &[("authorization", bearer.as_str())], b"")
    }

    pub(crate) fn token(&self, arguments: &[&str]) -> Value {
        let ran = self.bench.run(&[&["token", "create", "-o", "json"], arguments].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        ran.json()
    }

    /// Ends it as an operator does.
    pub(crate) fn stop(mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
        self.listen();
    }

    /// Ends it as a power cut does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.listen();
    }

    /// All that it has said is listed, or no warning and no error.
    fn listen(&mut self) {
        self.hearing.take().unwrap().join().unwrap();
        let said = self.said();
        let loud = said.lines().filter(|line| [" WARN ", " ERROR ", "panicked"].iter().any(|word| line.contains(word)));
        let unlisted: Vec<&str> = loud.filter(|line| !LISTED.iter().any(|listed| line.contains(listed))).collect();
        assert!(unlisted.is_empty(), "{unlisted:#?}");
    }
}

/// The body of the next request that somebody posts here.
pub(crate) fn posted(listener: &std::net::TcpListener) -> String {
    let (stream, _) = listener.accept().unwrap();
    let mut lines = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        if let Some(told) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = told.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    lines.read_exact(&mut body).unwrap();
    lines.get_mut().write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    String::from_utf8(body).unwrap()
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn call(number: u64) -> Value {
    json!({
        "eventVersion": "1.11", "eventTime": "2026-11-20T10:00:00Z", "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject", "awsRegion": "eu-west-1", "sourceIPAddress": "198.51.100.7", "userAgent": "aws-cli",
        "eventID": format!("00000000-0000-4000-8000-{number:012}"), "requestID": format!("R{number}"),
        "userIdentity": {"type": "IAMUser", "principalId": "AIDAEXAMPLE", "arn": "arn:aws:iam::111122223333:user/ci",
            "accountId": "111122223333", "accessKeyId": "AKIAIOSFODNN7EXAMPLE", "userName": "ci"},
        "eventType": "AwsApiCall", "recipientAccountId": "111122223333",
    })
}

pub(crate) fn lines(numbers: std::ops::Range<u64>) -> Vec<u8> {
    numbers.flat_map(|number| format!("{}\n", call(number)).into_bytes()).collect()
}

/// How many records there are, and how many of them differ.
pub(crate) fn sealed(bench: &Bench) -> (u64, u64) {
    let query =
        "SELECT count(*) AS n, count(DISTINCT source_event_id) AS d FROM events_all WHERE source_event_id IS NOT NULL";
    let ran = bench.run(&["sql", "-o", "ndjson", query]);
    let row = ran.json();
    (row["n"].as_u64().unwrap(), row["d"].as_u64().unwrap())
}

#[test]
fn what_is_answered_is_sealed_and_each_receipt_is_the_leaf_of_its_record() {
    let bench = Bench::new();
    let server = Server::start(&bench, &[]);
    let answer = server.send("/v1/records?source=aws", &[], &lines(0..3));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    let records = answer["records"].as_array().unwrap();
    assert_eq!(records.len(), 3);
    assert!(answer["checkpoint"].as_str().unwrap().contains("— "), "a signed note");
    // What compression or an array around them changes: nothing.
    let list = serde_json::to_vec(&json!([call(3), call(4)])).unwrap();
    assert_eq!(server.send("/v1/records?source=aws", &[], &list).json()["records"].as_array().unwrap().len(), 2);
    let packed = zstd::encode_all(lines(5..9).as_slice(), 3).unwrap();
    assert_eq!(server.send("/v1/records?source=aws", &[], &packed).json()["records"].as_array().unwrap().len(), 4);
    let proof = server.get(&format!("/v1/records/{}/proof", records[1]["event_id"].as_str().unwrap()));
    assert_eq!(proof.status, 200);
    assert!(proof.text().starts_with("c2sp.org/tlog-proof@v1"), "{}", proof.text());
    let checkpoint = server.get("/v1/checkpoint").text();
    let size: u64 = checkpoint.lines().nth(1).unwrap().parse().unwrap();
    assert!(size >= 12, "{checkpoint}");
    let ready = server.get("/readyz");
    assert_eq!((ready.status, ready.json()["status"].clone()), (200, json!("ready")));
    let metrics = server.get("/metrics").text();
    assert!(metrics.contains("deedbook_records_sealed_total{source=\"aws\"} 9"), "{metrics}");
    server.stop();
    assert_eq!(sealed(&bench), (9, 9));
    for record in records {
        let shown = bench.run(&["show", "-o", "json", record["event_id"].as_str().unwrap()]).json();
        assert_eq!(shown["leaf_hash"], record["leaf_hash"], "{shown}");
    }
    assert_eq!(bench.verify(&[]).0, 0);
}

#[test]
fn a_key_names_one_delivery_for_good_and_after_a_power_cut() {
    let bench = Bench::new();
    let server = Server::start(&bench, &[]);
    let key = [("idempotency-key", "batch-17")];
    let send = |server: &Server<'_>, body: &[u8]| server.send("/v1/records?source=aws", &key, body);
    let first = send(&server, &lines(0..5)).json();
    let again = send(&server, &lines(0..5)).json();
    assert_eq!(again["records"], first["records"]);
    assert_eq!((again["already_known"].clone(), first["already_known"].clone()), (json!(5), json!(0)));
    let other = send(&server, &lines(0..4));
    assert_eq!((other.status, other.json()["code"].clone()), (409, json!("idempotency-key-reused")));
    let elsewhere = server.send("/v1/records?source=other", &key, &lines(5..6));
    assert_eq!(elsewhere.status, 200, "a key is of one source: {}", elsewhere.text());
    let one =
        server.send("/v1/records?source=aws", &[("idempotency-key", "one")], call(6).to_string().as_bytes()).json();
    server.kill();
    let server = Server::start(&bench, &[]);
    let later = send(&server, &lines(0..5)).json();
    assert_eq!((&later["records"], &later["already_known"]), (&first["records"], &json!(5)));
    let later = server.send("/v1/records?source=aws", &[("idempotency-key", "one")], call(6).to_string().as_bytes());
    assert_eq!(later.json()["records"], one["records"]);
    server.stop();
    assert_eq!(sealed(&bench), (7, 7));
}

#[test]
fn a_token_is_bound_to_its_sources_and_can_be_taken_back() {
    let bench = Bench::new();
    let server = Server::start(&bench, &[]);
    let made = server.token(&["--name", "ci", "--scope", "records:write", "--source", "aws-ci", "--expires", "90d"]);
    let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
    let send = |path: &str| server.ask("POST", path, &[("authorization", &bearer)], call(1).to_string().as_bytes());
    assert_eq!(send("/v1/records").status, 200, "its only source needs no name");
    assert_eq!(send("/v1/records?source=aws-ci").status, 200);
    let other = send("/v1/records?source=prod");
    assert_eq!((other.status, other.json()["code"].clone()), (403, json!("source-forbidden")));
    assert_eq!(bench.run(&["token", "revoke", made["id"].as_str().unwrap()]).code, Some(0));
    let revoked = send("/v1/records");
    assert_eq!((revoked.status, revoked.json()["code"].clone()), (401, json!("token-revoked")));
    let listed = bench.run(&["token", "ls"]).out;
    assert!(listed.contains("revoked") && listed.contains("ci"), "{listed}");
    assert!(!listed.contains(made["token"].as_str().unwrap()));
    let free = server.send("/v1/records", &[], b"{}");
    assert_eq!((free.status, free.json()["code"].clone()), (400, json!("source-missing")));
    server.stop();
    // What proves a token is nowhere on the disk.
    let token = made["token"].as_str().unwrap().as_bytes().to_vec();
    let found = walk(&bench.path("data"))
        .into_iter()
        .find(|path| std::fs::read(path).unwrap().windows(token.len()).any(|bytes| bytes == token));
    assert_eq!(found, None);
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn splunk_senders_are_answered_in_their_words() {
    let bench = Bench::new();
    let server = Server::start(&bench, &[]);
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
    assert_eq!((wrong.status, wrong.json()["code"].clone()), (403, json!(4)), "as Splunk answers");
    let without = server.ask("POST", "/services/collector", &[], events.as_bytes());
    assert_eq!((without.status, without.json()["code"].clone()), (401, json!(2)));
    assert_eq!(send("/services/collector", "").json()["code"], json!(5), "no data");
    server.stop();
    assert_eq!(sealed(&bench), (4, 4));
}

#[test]
fn clients_of_elasticsearch_find_what_they_ask_for() {
    let bench = Bench::new();
    let server = Server::start(&bench, &[]);
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
    let items = answer["items"].as_array().unwrap();
    let told: Vec<_> = items.iter().flat_map(|item| item.as_object().unwrap()).collect();
    let statuses: Vec<_> = told.iter().map(|(verb, item)| (verb.as_str(), item["status"].clone())).collect();
    assert_eq!(statuses, [("index", json!(201)), ("delete", json!(400)), ("create", json!(201))]);
    assert_eq!(answer["errors"], json!(true), "a log takes nothing back");
    let refused = server.ask("POST", "/_bulk", &[], body.as_bytes());
    assert_eq!((refused.status, refused.json()["status"].clone()), (401, json!(401)));
    server.stop();
    assert_eq!(sealed(&bench), (2, 2));
    let sources = bench.run(&["source", "ls", "-o", "ndjson"]).json();
    assert_eq!((&sources["name"], &sources["records"]), (&json!("logs"), &json!(2)));
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[test]
fn the_secret_of_a_webhook_is_read_where_the_command_line_says() {
    use hmac::{KeyInit as _, Mac as _};
    let bench = Bench::new();
    let server = Server::start(&bench, &["--webhook", "github=env:HOOK_SECRET"]);
    let send = |key: &[u8]| {
        let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
        mac.update(b"{}");
        let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let signature = format!("sha256={hex}");
        let headers = [("x-github-delivery", "d-1"), ("x-hub-signature-256", &signature)];
        server.ask("POST", "/v1/webhooks/github", &headers, b"{}").status
    };
    assert_eq!((send(SECRET.as_bytes()), send(b"another")), (200, 401));
    server.stop();
}

#[test]
fn many_senders_at_once_and_a_power_cut_lose_nothing_that_was_answered() {
    let bench = Bench::new();
    let server = Server::start(&bench, &[]);
    let answered: Vec<Vec<u64>> = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..8u64)
            .map(|sender| {
                let server = &server;
                scope.spawn(move || {
                    let send = |nth: &u64| {
                        let number = sender * 1_000 + nth;
                        let answer = server.send("/v1/records?source=aws", &[], call(number).to_string().as_bytes());
                        answer.status == 200
                    };
                    (0..40).filter(send).map(|nth| sender * 1_000 + nth).collect::<Vec<u64>>()
                })
            })
            .collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    });
    server.kill();
    let count = answered.iter().flatten().count() as u64;
    assert_eq!(count, 320);
    Server::start(&bench, &[]).stop();
    assert_eq!(sealed(&bench), (count, count));
    assert_eq!(bench.verify(&[]).0, 0);
}

#[test]
fn beyond_this_machine_only_when_it_is_said() {
    let bench = Bench::new();
    let ran = bench.run(&["serve", "--init", "--listen", "0.0.0.0:0"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("--plain"), "{}", ran.err);
}
