//! Webhooks, what platforms post, and sockets of Vault; Splunk's and Elasticsearch's senders at their edges.

use std::collections::HashMap;
use std::io::Write as _;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::{Value, json};
use server::{Config, Limits, Secret, Signature, Vault, Webhook};

use super::{Answer, Server, call, lines};

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(body).unwrap();
    packer.finish().unwrap()
}

fn bulk(server: &Server, body: &[u8]) -> Answer {
    server.send("/logs/_bulk", &[], body)
}

#[test]
fn each_action_of_a_bulk_request_has_its_item() {
    let server = Server::start(&[]);
    let body = format!(
        "{{\"delete\":{{\"_index\":\"a\",\"_id\":\"7\"}}}}\n{{\"index\":{{\"_index\":\"b\\\"\"}}}}\n{}\n{{\"update\":{{\"_id\":\"8\"}}}}\n{}\n{{\"create\":{{}}}}\n{}\n",
        call(1),
        json!({ "doc": {} }),
        call(2)
    );
    for body in [body.clone().into_bytes(), gzip(body.as_bytes()), zstd::encode_all(body.as_bytes(), 3).unwrap()] {
        let answer = bulk(&server, &body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let answer = answer.json();
        assert_eq!(answer["errors"], json!(true));
        let items = answer["items"].as_array().unwrap();
        let verbs = ["delete", "index", "update", "create"];
        let statuses = items.iter().zip(verbs).map(|(item, verb)| item[verb]["status"].as_u64().unwrap());
        assert_eq!(statuses.collect::<Vec<_>>(), [400, 201, 400, 201]);
        assert_eq!((&items[0]["delete"]["_id"], &items[1]["index"]["_index"]), (&json!("7"), &json!("b\"")));
        assert_eq!(items[3]["create"]["_index"], json!("logs"));
    }
    assert_eq!(server.records(), [call(1), call(2), call(1), call(2), call(1), call(2)].map(|call| call.to_string()));
    let only = bulk(&server, b"{\"delete\":{}}\n");
    assert_eq!((only.status, only.json()["items"].as_array().unwrap().len()), (200, 1));
}

#[test]
fn a_bulk_request_that_cannot_be_read_is_refused_as_a_whole() {
    let server = Server::start(&[]);
    let good = format!("{{\"create\":{{}}}}\n{}\n", call(1));
    let cases: Vec<(Vec<u8>, u16, &str)> = vec![
        (Vec::new(), 400, "request-invalid"),
        (lines(0..4), 400, "request-invalid"),
        (format!("{good}{{\"create\":{{}}}}\n").into_bytes(), 400, "request-invalid"),
        (good.trim_end().as_bytes().to_vec(), 400, "request-invalid"),
        (b"\xff\xfe\n\n".to_vec(), 400, "request-invalid"),
        (gzip(good.as_bytes())[..12].to_vec(), 400, "body-damaged"),
        // A bomb: 100 MiB of spaces in 100 KB.
        (gzip(&vec![b' '; 100 << 20]), 400, "body-damaged"),
    ];
    for (body, status, code) in cases {
        let answer = bulk(&server, &body);
        let said = answer.json();
        assert_eq!((answer.status, &said["error"]["code"]), (status, &json!(code)), "{said}");
        assert!(answer.has("x-elastic-product") && said["error"]["type"].is_string());
    }
    let encoding = server.send("/_bulk", &[("content-encoding", "br")], good.as_bytes());
    assert_eq!(encoding.status, 400);
    assert!(server.records().is_empty());
    // Of a document over the limit the beginning is sealed, with its length and digest.
    let long = [b"{\"create\":{}}\n".as_slice(), &vec![b'x'; (16 << 20) + 1], b"\n"].concat();
    assert_eq!(bulk(&server, &long).json()["errors"], json!(false));
    assert_eq!(server.records()[0].len(), 64 << 10);
}

#[test]
fn senders_of_elasticsearch_are_told_what_they_need_to_go_on() {
    let server = Server::start(&[]);
    assert_eq!(server.get("/_license").json()["license"]["status"], json!("active"));
    assert_eq!(server.get("/_cluster/health").json()["status"], json!("green"));
    assert_eq!(server.get("/_ilm/policy/filebeat").status, 200);
    let unknown = server.get("/_cat/indices");
    assert_eq!((unknown.status, &unknown.json()["status"]), (404, &json!(404)));
    assert!(unknown.has("x-elastic-product"));
    assert_eq!(server.get("/nothing").json()["code"], json!("not-found"));
}

/// Path, `Authorization`, body; status and number of the answer.
type Asked<'a> = (&'a str, &'a str, &'a [u8], (u16, u64));

#[test]
fn splunk_numbers_say_what_is_wrong() {
    let server = Server::start(&[]);
    let splunk = format!("Splunk {}", server.admin);
    let ask = |path: &str, authorization: &str, body: &[u8]| {
        let headers = [("authorization", authorization)];
        let answer = server.ask("POST", path, if authorization.is_empty() { &[] } else { &headers }, body);
        (answer.status, answer.json()["code"].as_u64().unwrap())
    };
    let (event, long) = (json!({ "event": "x" }).to_string(), "c".repeat(129));
    let cases: [Asked<'_>; 13] = [
        ("/services/collector", "", event.as_bytes(), (401, 2)),
        ("/services/collector", "Digest x", event.as_bytes(), (401, 3)),
        ("/services/collector", "Splunk nobody", event.as_bytes(), (403, 4)),
        ("/services/collector", &splunk, b"", (400, 5)),
        ("/services/collector/raw", &splunk, b"\n \n", (400, 5)),
        ("/services/collector", &splunk, b"{\"event\":1}{\"fields\":{}}", (400, 6)),
        ("/services/collector", &splunk, b"{\"event\":1}{\"eve", (400, 6)),
        ("/services/collector", &splunk, b"\xff\xfe", (400, 6)),
        ("/services/collector", &splunk, &gzip(event.as_bytes())[..10], (400, 6)),
        ("/services/collector/ack", &splunk, b"{\"acks\":[0]}", (400, 10)),
        ("/services/collector?channel=", &splunk, event.as_bytes(), (400, 11)),
        (&format!("/services/collector?channel={long}"), &splunk, event.as_bytes(), (400, 11)),
        ("/services/collector/ack?channel=c", &splunk, b"[]", (400, 6)),
    ];
    for (path, authorization, body, expected) in cases {
        assert_eq!(ask(path, authorization, body), expected, "{path} {}", String::from_utf8_lossy(body));
    }
    assert!(server.records().is_empty());
    let wrong = server.send("/services/collector", &[], b"{\"event\":1}{\"event\":\"\"}").json();
    assert_eq!(wrong["invalid-event-number"], json!(1));
    assert_eq!(ask("/services/collector", &splunk, &gzip(event.as_bytes())), (200, 0));
    assert_eq!(ask("/services/collector/raw", &splunk, b"one line\r\n\nand another"), (200, 0));
    assert_eq!(server.records(), [event.as_str(), "one line", "and another"]);
}

const SECRET: &str = "Bearer of-okta";

fn hooked() -> Server {
    let place = |name: &str| Secret::Env(name.to_owned());
    let hook = |source: &str, kind| Webhook { source: source.to_owned(), secret: place("HOOK"), kind };
    let webhook = vec![
        hook("okta", Some(Signature::Okta)),
        hook("github", Some(Signature::Github)),
        hook("standard", Some(Signature::Standard)),
        hook("either", None),
    ];
    let secrets = HashMap::from([(place("HOOK").to_string(), SECRET.to_owned())]);
    Server::with(Config { webhook, ..Config::default() }, secrets)
}

fn okta_event(number: u64) -> Value {
    json!({ "uuid": format!("u-{number}"), "published": "2026-11-28T10:00:00.000Z", "eventType": "user.session.start",
        "displayMessage": "User login", "actor": { "id": "00u1", "type": "User" }, "outcome": { "result": "SUCCESS" } })
}

fn okta_body(id: &str, numbers: std::ops::Range<u64>) -> String {
    let events: Vec<Value> = numbers.map(okta_event).collect();
    json!({ "eventType": "com.okta.event_hook", "eventId": id, "eventTime": "2026-11-28T10:00:01.000Z",
        "source": "https://acme.okta.com/api/v1/eventHooks/who1", "contentType": "application/json",
        "data": { "events": events } })
    .to_string()
}

#[test]
fn a_hook_of_okta_is_verified_once_and_each_of_its_events_is_a_record() {
    let server = hooked();
    let challenge = [("x-okta-verification-challenge", "k3y-\"quoted\"")];
    let verified = server.ask("GET", "/v1/webhooks/okta", &challenge, b"");
    assert_eq!((verified.status, verified.json()), (200, json!({ "verification": "k3y-\"quoted\"" })));
    for (path, headers) in [
        ("/v1/webhooks/okta", &[] as &[(&str, &str)]),
        ("/v1/webhooks/github", &challenge),
        ("/v1/webhooks/no", &challenge),
    ] {
        assert_eq!(server.ask("GET", path, headers, b"").status, 404, "{path}");
    }
    let send = |secret: &str, body: &str| {
        server.ask("POST", "/v1/webhooks/okta", &[("authorization", secret)], body.as_bytes())
    };
    let body = okta_body("e-1", 0..2);
    let first = send(SECRET, &body);
    assert_eq!(first.json()["event_ids"].as_array().unwrap().len(), 2, "{}", first.text());
    let replayed = send(SECRET, &body).json();
    assert_eq!((&replayed["event_ids"], &replayed["already_known"]), (&first.json()["event_ids"], &json!(2)));
    assert_eq!(send(SECRET, &okta_body("e-1", 0..3)).status, 409, "an id is one delivery for good");
    for secret in ["", "Bearer of-okt", "Bearer of-okta2", &format!("Bearer {}", server.admin)] {
        let refused = send(secret, &okta_body("e-2", 2..3));
        assert_eq!((refused.status, refused.json()["code"].clone()), (401, json!("signature-wrong")), "{secret}");
    }
    let expected: Vec<String> = (0..2).map(|number| okta_event(number).to_string()).collect();
    assert_eq!(server.records(), expected);
    // What is no hook is kept as it is: whoever sent it had the secret.
    for odd in ["no json", "{\"data\":{\"events\":[]}}", "{\"data\":7,\"eventId\":\"\"}"] {
        assert_eq!(send(SECRET, odd).status, 200, "{odd}");
    }
    assert_eq!(server.records().len(), 5);
}

#[test]
fn a_secret_is_taken_for_its_own_kind_alone() {
    use hmac::{KeyInit as _, Mac as _};
    let server = hooked();
    let body = okta_body("e-1", 0..1);
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let github = format!("sha256={hex}");
    let signed = [("x-hub-signature-256", github.as_str()), ("x-github-delivery", "d-1")];
    let shown = [("authorization", SECRET)];
    for (source, headers, status) in [
        ("okta", signed.as_slice(), 401),
        ("standard", &signed, 401),
        ("github", &shown, 401),
        ("standard", &shown, 401),
        ("either", &shown, 401),
        ("github", &signed, 200),
        ("either", &signed, 200),
        ("okta", &shown, 200),
    ] {
        let answer = server.ask("POST", &format!("/v1/webhooks/{source}"), headers, body.as_bytes());
        assert_eq!(answer.status, status, "{source} {headers:?}: {}", answer.text());
    }
    assert_eq!(server.records().len(), 3);
    assert!(server.get("/metrics").text().contains("deedbook_unauthorized_total 5"));
}

fn audit(number: u64) -> Value {
    json!({ "level": "Metadata", "auditID": format!("0a-{number}"), "stage": "ResponseComplete",
        "requestURI": "/api/v1/namespaces/default/pods/x", "verb": "get",
        "user": { "username": "system:serviceaccount:default:app", "groups": ["system:authenticated"] },
        "sourceIPs": ["10.0.0.1"], "objectRef": { "resource": "pods", "namespace": "default", "name": "x", "apiVersion": "v1" },
        "responseStatus": { "metadata": {}, "code": 200 },
        "requestReceivedTimestamp": "2026-11-28T10:00:00.000000Z", "stageTimestamp": "2026-11-28T10:00:00.001000Z" })
}

#[test]
fn lists_of_kubernetes_are_cut_into_events_and_a_list_sent_again_adds_nothing() {
    let server = Server::start(&[]);
    let list = |numbers: std::ops::Range<u64>| {
        // As encoding/json of Go writes it: kind and apiVersion first.
        let items: Vec<String> = numbers.map(|number| audit(number).to_string()).collect();
        format!(
            "{{\"kind\":\"EventList\",\"apiVersion\":\"audit.k8s.io/v1\",\"metadata\":{{}},\"items\":[{}]}}\n",
            items.join(",")
        )
    };
    let token = server.token("apiserver", &[server::Scope::RecordsWrite], &["prod"], None).token;
    let send = |path: &str, body: &str| {
        server.ask("POST", path, &[("authorization", &format!("Bearer {token}"))], body.as_bytes())
    };
    let path = "/v1/kubernetes/audit/prod?timeout=30s";
    assert_eq!(send(path, &list(0..3)).json(), json!({ "sealed": 3, "already_known": 0 }));
    assert_eq!(send(path, &list(0..3)).json()["already_known"], json!(3), "a retry");
    assert_eq!(send(path, &list(3..4)).status, 200);
    assert_eq!(send("/v1/kubernetes/audit/other", &list(4..5)).status, 403);
    assert_eq!(send(path, "").status, 400);
    assert_eq!(server.records(), (0..4).map(|number| audit(number).to_string()).collect::<Vec<_>>());
}

fn entry(number: u64) -> String {
    format!(
        "{{\"time\":\"2026-11-28T10:00:00Z\",\"type\":\"request\",\"auth\":{{}},\"request\":{{\"id\":\"{number}\",\"operation\":\"read\",\"path\":\"secret/x\"}}}}"
    )
}

fn vault(path: &Path) -> Config {
    let tcp = Some("127.0.0.1:0".parse().unwrap());
    let set = Vault { source: "vault".to_owned(), tcp, unix: Some(path.to_owned()) };
    Config { vault: vec![set], ..Config::default() }
}

#[test]
fn what_vault_writes_to_its_sockets_is_sealed_line_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.sock");
    let mut server = Server::with(vault(&path), HashMap::new());
    let mut tcp = TcpStream::connect(server.listens("vault")).unwrap();
    let mut unix = UnixStream::connect(&path).unwrap();
    let first = entry(0);
    // An entry in two writes, and one behind it.
    tcp.write_all(&first.as_bytes()[..20]).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(30));
    tcp.write_all(format!("{}\n{}\n", &first[20..], entry(1)).as_bytes()).unwrap();
    server.records_when(2);
    unix.write_all(format!("{}\n", entry(2)).as_bytes()).unwrap();
    server.records_when(3);
    // A line over the limit, garbage, and one that is not ended before the stop.
    let long = vec![b'x'; 3 << 20];
    tcp.write_all(&[&long, b"\n\xff\x00\n\n".as_slice(), b"{\"torn\":"].concat()).unwrap();
    let records = server.records_when(5);
    assert_eq!(records[..3], [entry(0), entry(1), entry(2)].map(String::into_bytes));
    assert_eq!((records[3].len(), records[4].as_slice()), (64 << 10, b"\xff\x00".as_slice()));
    assert!(server.get("/metrics").text().contains("deedbook_messages_cut_total{source=\"vault\"} 1"));
    server.stop();
    assert_eq!(server.records_when(6)[5], b"{\"torn\":");
    assert!(!path.exists());
}

#[test]
fn a_socket_file_of_a_process_that_is_gone_is_replaced_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let server = Server::with(vault(&path), HashMap::new());
    assert!(Server::try_with(vault(&path), HashMap::new()).is_err(), "somebody listens there");
    UnixStream::connect(&path).unwrap().write_all(entry(0).as_bytes()).unwrap();
    server.records_when(1);
    drop(server);
    std::fs::write(&path, "a file").unwrap();
    assert!(Server::try_with(vault(&path), HashMap::new()).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), b"a file");
}

#[test]
fn a_connection_that_says_nothing_keeps_nobody_else_out_and_the_device_over_http_is_answered_when_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { connections_max: 2, ..Limits::default() };
    let config = Config { limits, ..vault(&folder.path().join("audit.sock")) };
    let server = Server::with(config, HashMap::new());
    let _silent = TcpStream::connect(server.listens("vault")).unwrap();
    let mut other = TcpStream::connect(server.listens("vault")).unwrap();
    other.write_all(format!("{}\n", entry(0)).as_bytes()).unwrap();
    server.records_when(1);
    let answer = server.send("/v1/vault/audit/vault", &[], entry(1).as_bytes());
    assert_eq!((answer.status, answer.json()["sealed"].clone()), (200, json!(1)));
    assert_eq!(server.records_when(2)[1], entry(1).as_bytes());
}
