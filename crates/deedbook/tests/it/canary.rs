//! A secret that comes in through any receiver is nowhere on disk: not in the WAL, not in evidence, not in a column, an index, a
//! state or a log. And the same search finds each of them where the operator has turned scrubbing off.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::net::{TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use hmac::{KeyInit as _, Mac as _};
use serde_json::{Value, json};

use crate::serve::{SECRET, Server};
use crate::{Bench, files_under, gzip};

/// What all canaries begin with: a token of GitLab with a text in it that is nowhere else.
const MARK: &str = "glpat-C4nary";

/// Letters of one, behind the mark.
const NAME_LETTERS: usize = 14;

/// The token that is sent through a receiver: its name is in it, so that a leak says where it came in.
fn canary(name: &str) -> String {
    let letters: String =
        name.chars().filter(char::is_ascii_alphanumeric).chain("0".repeat(NAME_LETTERS).chars()).collect();
    format!("{MARK}{}", &letters[..NAME_LETTERS])
}

/// Letters of it that differ from round to round: what is told once under one name.
fn round_of(canary: &str) -> &str {
    &canary[MARK.len()..MARK.len() + 3]
}

/// A record that logs it, as programs do: in a header, inside of JSON in a text.
fn record(canary: &str) -> Value {
    let request = json!({ "headers": { "private-token": canary } }).to_string();
    json!({ "time": "2026-11-20T10:00:00Z", "message": request, "service": "web" })
}

/// All canaries that are in these bytes.
fn in_bytes(bytes: &[u8], found: &mut BTreeSet<String>) {
    let mut from = 0;
    while let Some(at) = bytes[from..].windows(MARK.len()).position(|window| window == MARK.as_bytes()) {
        let end = (from + at + MARK.len() + NAME_LETTERS).min(bytes.len());
        found.insert(String::from_utf8_lossy(&bytes[from + at..end]).into_owned());
        from += at + MARK.len();
    }
}

/// All canaries on disk: as bytes of any file, and in what decoded evidence and the columns of every table say.
fn on_disk(bench: &Bench) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    // The control socket of a killed server is no file.
    for file in files_under(&bench.path("data")).iter().filter(|path| path.is_file()) {
        in_bytes(&fs::read(file).unwrap(), &mut found);
    }
    for table in ["leaves", "records", "events_all", "rejects", "sources", "checkpoints"] {
        let ran = bench.run(&["sql", "-o", "ndjson", &format!("SELECT * FROM {table}")]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        in_bytes(ran.out.as_bytes(), &mut found);
    }
    for command in [&["events", "--since", "3650d", "-o", "json"][..], &["source", "secrets"]] {
        in_bytes(bench.run(command).out.as_bytes(), &mut found);
    }
    found
}

/// A field of protobuf with a length.
fn part(tag: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![tag << 3 | 2];
    let mut length = bytes.len();
    while length > 0x7f {
        out.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        length >>= 7;
    }
    out.push(u8::try_from(length).unwrap());
    [out, bytes.to_vec()].concat()
}

/// Snappy's block format, all of it literal.
fn snappy(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len() - 1).unwrap();
    let [low, high] = (u16::try_from(bytes.len()).unwrap()).to_le_bytes();
    assert!(high < 0x40);
    let varint = [low | 0x80, high << 1 | low >> 7];
    [&varint, &[61 << 2][..], &length.to_le_bytes(), bytes].concat()
}

/// MessagePack of a text.
fn packed(text: &str) -> Vec<u8> {
    [&[0xda][..], &u16::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat()
}

fn signature(bytes: &[u8]) -> String {
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(bytes);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is sent through each route over HTTP: path, headers, and the body around a canary.
type Route = (&'static str, Vec<(&'static str, String)>, fn(&str) -> Vec<u8>);

fn over_http(marked: impl Fn(&str) -> String) -> Vec<(String, Route)> {
    let json = || vec![("content-type", "application/json".to_owned())];
    let protobuf = || vec![("content-type", "application/x-protobuf".to_owned())];
    let text = |canary: &str| record(canary).to_string();
    let routes: Vec<(&'static str, Route)> = vec![
        ("lines", ("/v1/records?source=native", json(), |canary| format!("{}\n", record(canary)).into_bytes())),
        ("list", ("/v1/records?source=native", json(), |canary| json!([record(canary)]).to_string().into_bytes())),
        ("gzip", ("/v1/records?source=native", json(), |canary| gzip(record(canary).to_string().as_bytes()))),
        (
            "zstd",
            ("/v1/records?source=native", json(), |canary| {
                zstd::encode_all(record(canary).to_string().as_bytes(), 3).unwrap()
            }),
        ),
        ("plaintext", ("/v1/records?source=native", json(), |canary| format!("PRIVATE-TOKEN: {canary}").into_bytes())),
        (
            "hecevent",
            ("/services/collector/event", json(), |canary| {
                json!({ "event": record(canary), "sourcetype": "web" }).to_string().into_bytes()
            }),
        ),
        ("hecraw", ("/services/collector/raw", json(), |canary| format!("{}\n", record(canary)).into_bytes())),
        ("bulk", ("/logs/_bulk", json(), |canary| format!("{{\"create\":{{}}}}\n{}\n", record(canary)).into_bytes())),
        (
            "otlpjson",
            ("/v1/logs", json(), |canary| {
                let body = json!({ "stringValue": record(canary).to_string() });
                json!({ "resourceLogs": [{ "scopeLogs": [{ "logRecords": [{ "body": body }] }] }] })
                    .to_string()
                    .into_bytes()
            }),
        ),
        (
            "otlptrace",
            ("/v1/traces", json(), |canary| {
                let said = json!([{ "key": "http.request.header.private-token", "value": { "stringValue": canary } }]);
                let span = json!({ "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "GET",
                "startTimeUnixNano": "1795168800000000000", "attributes": said });
                json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": [span] }] }] }).to_string().into_bytes()
            }),
        ),
        (
            "otlpprotobuf",
            ("/v1/logs", protobuf(), |canary| {
                let record = part(5, &part(1, record(canary).to_string().as_bytes()));
                part(1, &part(2, &part(2, &record)))
            }),
        ),
        (
            "cloudevents",
            ("/v1/cloudevents", vec![("content-type", "application/cloudevents+json".to_owned())], |canary| {
                json!({ "specversion": "1.0", "id": round_of(canary), "source": "/shop", "type": "made", "data": record(canary) })
                    .to_string()
                    .into_bytes()
            }),
        ),
        (
            "lokijson",
            ("/loki/api/v1/push", json(), |canary| {
                let values = json!([["1795168800000000000", record(canary).to_string()]]);
                json!({ "streams": [{ "stream": { "job": "web" }, "values": values }] }).to_string().into_bytes()
            }),
        ),
        (
            "lokiprotobuf",
            ("/loki/api/v1/push", protobuf(), |canary| {
                let entry = [part(1, &[0x08, 0x01]), part(2, record(canary).to_string().as_bytes())].concat();
                snappy(&part(1, &[part(1, b"{job=\"web\"}"), part(2, &entry)].concat()))
            }),
        ),
        (
            "kubernetes",
            ("/v1/kubernetes/audit/prod", json(), |canary| {
                let item = json!({ "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Request", "auditID": "0a-1",
                "stage": "ResponseComplete", "verb": "create", "requestURI": "/api/v1/namespaces/default/pods",
                "user": { "username": "ci" }, "requestReceivedTimestamp": "2026-11-28T10:00:00.000000Z",
                "stageTimestamp": "2026-11-28T10:00:00.001000Z",
                "requestObject": { "spec": { "containers": [{ "env": [{ "name": "GITLAB", "value": canary }] }] } } });
                json!({ "kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": [item] })
                    .to_string()
                    .into_bytes()
            }),
        ),
        ("vaulthttp", ("/v1/vault/audit/vault", json(), |canary| record(canary).to_string().into_bytes())),
        (
            "scim",
            ("/v1/scim/idp/Users", vec![("content-type", "application/scim+json".to_owned())], |canary| {
                let user = "urn:ietf:params:scim:schemas:core:2.0:User";
                json!({ "schemas": [user], "userName": round_of(canary), "nickName": canary }).to_string().into_bytes()
            }),
        ),
    ];
    let mut all: Vec<_> = routes.into_iter().map(|(name, route)| (marked(name), route)).collect();
    // The signed ones say what they say about these bytes alone.
    let hooks: [(&str, &'static str, &'static str); 3] = [
        ("hookgithub", "/v1/webhooks/github", "github"),
        ("hookstandard", "/v1/webhooks/standard", "standard"),
        ("hookokta", "/v1/webhooks/okta", "okta"),
    ];
    for (name, path, kind) in hooks {
        let name = marked(name);
        let body = text(&canary(&name));
        let headers = match kind {
            "github" => vec![
                ("x-github-delivery", name.clone()),
                ("x-hub-signature-256", format!("sha256={}", signature(body.as_bytes()))),
            ],
            "standard" => standard(&name, &body),
            _ => vec![("authorization", SECRET.to_owned())],
        };
        all.push((name, (path, headers, |canary| record(canary).to_string().into_bytes())));
    }
    all
}

/// The headers of Standard Webhooks: HMAC-SHA256 of id, time and body, with the bytes that the secret is the base64 of.
fn standard(id: &str, body: &str) -> Vec<(&'static str, String)> {
    use base64::Engine as _;
    let base64 = base64::prelude::BASE64_STANDARD;
    #[expect(clippy::disallowed_methods, reason = "the binary that is tested reads the clock")]
    let now = jiff::Timestamp::now().as_second().to_string();
    let key = base64.decode(SECRET.trim_start_matches("whsec_")).unwrap();
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{now}.{body}").as_bytes());
    let signed = format!("v1,{}", base64.encode(mac.finalize().into_bytes()));
    vec![("webhook-id", id.to_owned()), ("webhook-timestamp", now), ("webhook-signature", signed)]
}

/// Sends one canary through each receiver, and returns all of them.
fn send_all(server: &Server<'_>, bench: &Bench, round: &str) -> BTreeSet<String> {
    let marked = |name: &str| format!("{round}{name}");
    let mut sent = BTreeSet::new();
    for (name, (path, headers, body)) in over_http(marked) {
        let bearer = format!("Bearer {}", server.admin);
        let mut all: Vec<(&str, &str)> = headers.iter().map(|(key, value)| (*key, value.as_str())).collect();
        if !path.starts_with("/v1/webhooks") {
            all.push(("authorization", &bearer));
        }
        let send = || server.ask("POST", path, &all, &body(&canary(&name)));
        let (began, mut answer) = (Instant::now(), send());
        // What was sealed before a start is looked up first.
        while answer.status == 503 && began.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(100));
            answer = send();
        }
        assert!(matches!(answer.status, 200 | 201 | 204), "{name}: {} {}", answer.status, answer.text());
        sent.insert(canary(&name));
    }
    let mut over = |name: &str, send: &mut dyn FnMut(String)| {
        let canary = canary(&marked(name));
        send(record(&canary).to_string());
        sent.insert(canary);
    };
    let connect = |what: &str| TcpStream::connect(&server.addresses[what]).unwrap();
    over("syslogudp", &mut |text| {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.send_to(format!("<34>1 - web su - - - {text}").as_bytes(), &server.addresses["syslog+udp"]).unwrap();
    });
    over("syslogtcp", &mut |text| {
        connect("syslog+tcp").write_all(format!("<34>1 - web su - - - {text}\n").as_bytes()).unwrap();
    });
    over("syslogcef", &mut |text| {
        let cef = format!("<34>Nov 20 10:41:07 web CEF:0|Acme|Gate|1|7|denied|3|request={text}\n");
        connect("syslog+tcp").write_all(cef.as_bytes()).unwrap();
    });
    over("fluent", &mut |text| {
        let message = [&[0x93, 0xa3][..], b"web", &[10, 0x81, 0xa4], b"line", &packed(&text)].concat();
        connect("fluent").write_all(&message).unwrap();
    });
    over("vaulttcp", &mut |text| connect("vault").write_all(format!("{text}\n").as_bytes()).unwrap());
    over("vaultunix", &mut |text| {
        UnixStream::connect(bench.path("vault.sock")).unwrap().write_all(format!("{text}\n").as_bytes()).unwrap();
    });
    over("followed", &mut |text| {
        let log = bench.path("logs/app.log");
        fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)
            .unwrap()
            .write_all(format!("{text}\n").as_bytes())
            .unwrap();
    });
    over("ingest", &mut |text| {
        bench.put(&format!("{round}.jsonl"), format!("{text}\n"));
        bench.ingest(&["--source", "files", &format!("{round}.jsonl")]);
    });
    sent
}

/// Waits until there are so many records with a canary, or with what stands for one.
fn wait_for(bench: &Bench, count: usize) {
    let query = format!("SELECT count(*) FROM records WHERE secrets_replaced > 0 OR strpos(raw, '{MARK}') > 0");
    let (began, mut there) = (Instant::now(), String::new());
    while began.elapsed() < Duration::from_secs(60) {
        there = bench.sql(&query)[0].clone();
        if there == count.to_string() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let of = bench.sql("SELECT source, count(*) FROM records WHERE secrets_replaced > 0 GROUP BY source ORDER BY 1");
    panic!("{there} of {count} records with a canary: {of:?}");
}

#[test]
fn a_canary_through_every_receiver_is_nowhere_on_disk_and_with_scrubbing_off_each_is_found() {
    let bench = Bench::new();
    fs::create_dir(bench.path("logs")).unwrap();
    let hook =
        |kind: &str| format!("[[webhook]]\nsource = \"{kind}\"\nkind = \"{kind}\"\nsecret = \"env:HOOK_SECRET\"\n");
    let (logs, socket) = (bench.path("logs"), bench.path("vault.sock"));
    let config = format!(
        "{}{}{}[[syslog]]\nsource = \"hosts\"\nudp = \"127.0.0.1:0\"\ntcp = \"127.0.0.1:0\"\n\
         [[fluent]]\nsource = \"apps\"\nlisten = \"127.0.0.1:0\"\n\
         [[vault]]\nsource = \"vault\"\ntcp = \"127.0.0.1:0\"\nunix = \"{}\"\n\
         [[follow]]\nsource = \"app\"\npaths = [\"{}\"]\n",
        hook("github"),
        hook("standard"),
        hook("okta"),
        socket.display(),
        logs.display(),
    );
    bench.put("serve.toml", config);
    let settings = ["--config", "serve.toml"];
    let server = Server::start(&bench, &settings);
    let sent = send_all(&server, &bench, "on");
    wait_for(&bench, sent.len());
    let metrics = server.get("/metrics").text();
    assert!(metrics.contains("deedbook_secrets_replaced_total{source=\"prod\",rule=\"gitlab\"} 1\n"), "{metrics}");
    // As a power cut leaves it, all in the WAL, and closed, in evidence and rows.
    let log = server.said();
    server.kill();
    assert_eq!(on_disk(&bench), BTreeSet::new(), "after a power cut");
    let server = Server::start(&bench, &settings);
    server.stop();
    assert_eq!(on_disk(&bench), BTreeSet::new(), "after a stop");
    let mut said = BTreeSet::new();
    in_bytes(log.as_bytes(), &mut said);
    assert_eq!(said, BTreeSet::new(), "in the server's own log");
    by_rule(&bench, sent.len());

    let server = Server::start(&bench, &settings);
    for source in bench.sql("SELECT name FROM sources") {
        let ran = bench.run(&["source", "scrub", &source, "off", "--reason", "a canary has to be found"]);
        assert_eq!(ran.code, Some(0), "{source}: {}", ran.err);
    }
    let open = send_all(&server, &bench, "off");
    wait_for(&bench, sent.len() + open.len());
    server.kill();
    assert_eq!(on_disk(&bench), open, "what is not replaced is found, each of them");
    bench.assert_intact();
}

/// `source secrets` counts them, and `source ls` says that all sources are scrubbed.
fn by_rule(bench: &Bench, count: usize) {
    let told = bench.run(&["source", "secrets", "-o", "json"]).json();
    let sources = told.as_array().unwrap();
    let rules = sources.iter().flat_map(|source| source["rules"].as_array().unwrap());
    let records: Vec<(&str, u64)> =
        rules.map(|rule| (rule["rule"].as_str().unwrap(), rule["records"].as_u64().unwrap())).collect();
    let total: u64 = records.iter().map(|(_, count)| count).sum();
    assert_eq!(total, u64::try_from(count).unwrap(), "{records:?}");
    assert!(records.iter().any(|(rule, _)| *rule == "gitlab"), "{records:?}");
    assert!(sources.iter().all(|source| source["scrubbing"] == "on"));
    let listed = bench.run(&["source", "ls", "-o", "json"]).json();
    assert!(listed.as_array().unwrap().iter().all(|source| source["scrubbing"] == "on"), "{listed}");
}
