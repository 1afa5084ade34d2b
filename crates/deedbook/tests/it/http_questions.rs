//! Questions over HTTP: what a server answers is what the command prints.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::Bench;
use crate::http::Answer;
use crate::serve::{Server, lines};

impl Server<'_> {
    fn asked(&self, method: &str, path: &str, accept: &str, body: &str) -> Answer {
        let bearer = format!("Bearer {}", self.admin);
        self.ask(method, path, &[("authorization", &bearer), ("accept", accept)], body.as_bytes())
    }
}

const FORMATS: [(&str, &str); 4] =
    [("json", "application/json"), ("ndjson", "application/x-ndjson"), ("csv", "text/csv"), ("table", "text/plain")];

#[test]
fn what_is_answered_is_what_the_command_prints() {
    let bench = Bench::new();
    let server = Server::start(&bench, &[]);
    let taken = server.send("/v1/records?source=aws", &[], &lines(0..3)).json();
    let event = taken["records"][1]["event_id"].as_str().unwrap();
    let query = "SELECT event_id, status FROM events ORDER BY 1";
    let (show, who) =
        (format!("/v1/events/{event}"), format!("/v1/events/{event}/who?since=2026-01-01&until=2026-12-01"));
    let cases: [(&[&str], &str, &str, &str); 7] = [
        (&["events", "--action", "*Object"], "GET", "/v1/events?action=*Object", ""),
        (&["events", "--limit", "2"], "GET", "/v1/events?limit=2", ""),
        (&["show", event], "GET", &show, ""),
        (&["sql", query], "POST", "/v1/sql", query),
        (&["source", "ls"], "GET", "/v1/sources", ""),
        (&["token", "ls"], "GET", "/v1/tokens", ""),
        (&["verify", "--tree-only"], "GET", "/v1/verify?tree_only=true", ""),
    ];
    for (arguments, method, path, body) in cases {
        for (format, accept) in FORMATS {
            let answer = server.asked(method, path, accept, body);
            if answer.status == 406 {
                continue;
            }
            let ran = bench.run(&[arguments, &["-o", format]].concat());
            // Each question is a leaf, so the command sees a larger log: a seal names its size, and a verification is
            // about it, with its root.
            let told = |text: String| match arguments[0] {
                "verify" => without_sizes(&text),
                _ => without_the_size(&text),
            };
            assert_eq!((answer.status, told(answer.text())), (200, told(ran.out)), "{path} as {format}");
        }
    }
    assert_eq!(server.get("/v1/key").text(), bench.run(&["key", "show"]).out);
    let answered = server.get(&who).json();
    assert_eq!(answered["answer"]["events"][0]["event"]["event_id"], json!(event), "{answered}");
    let alert = json!({ "detail": { "id": event } }).to_string();
    assert_eq!(server.asked("POST", "/v1/who", "*/*", &alert).status, 200);
    server.stop();
}

#[test]
fn what_is_wrong_with_a_question_has_its_status() {
    let bench = Bench::new();
    let server = Server::start(&bench, &[]);
    server.send("/v1/records?source=aws", &[], &lines(0..1));
    let log = server.get("/readyz").json()["log"].as_str().unwrap().to_owned();
    let cases = [
        ("GET", "/v1/events/nosuch".to_owned(), "", 404, "not-found"),
        ("GET", "/v1/events/00000000-3".to_owned(), "", 404, "not-found"),
        ("GET", format!("/v1/events/{log}-99999"), "", 404, "not-found"),
        ("GET", format!("/v1/events?before={log}-99999"), "", 404, "not-found"),
        ("GET", "/v1/events?before=x".to_owned(), "", 400, "request-invalid"),
        ("GET", format!("/v1/events?group=true&before={log}-1"), "", 400, "request-invalid"),
        ("GET", "/v1/events?since=yesterday".to_owned(), "", 400, "request-invalid"),
        ("GET", "/v1/events?platform=zx81".to_owned(), "", 400, "request-invalid"),
        ("GET", "/v1/principal?text=nobody".to_owned(), "", 404, "not-found"),
        ("GET", "/v1/who?text=x&at=y".to_owned(), "", 400, "request-invalid"),
        ("POST", "/v1/who".to_owned(), "{", 400, "request-invalid"),
        ("POST", "/v1/sql".to_owned(), "SELEC", 400, "request-invalid"),
        ("POST", "/v1/sql".to_owned(), "SELECT nothing FROM events", 400, "request-invalid"),
        ("POST", "/v1/sql".to_owned(), "DROP TABLE events", 400, "request-invalid"),
        ("DELETE", "/v1/tokens/nosuch".to_owned(), "", 404, "not-found"),
        ("PATCH", "/v1/sources/nosuch".to_owned(), "{\"platform\":\"aws\"}", 404, "not-found"),
        ("POST", "/v1/sources".to_owned(), "{\"name\":\"aws\"}", 400, "request-invalid"),
    ];
    for (method, path, body, status, code) in cases {
        let answer = server.asked(method, &path, "*/*", body);
        assert_eq!((answer.status, answer.json()["code"].clone()), (status, json!(code)), "{path}: {}", answer.text());
    }
    server.stop();
}

#[test]
fn pages_go_both_ways_and_hold_every_event_once() {
    let bench = Bench::new();
    let server = Server::start(&bench, &[]);
    server.send("/v1/records?source=aws", &[], &lines(0..7));
    let all: Vec<Value> = server.get("/v1/events").json().as_array().unwrap().clone();
    let link = |answer: &Answer, rel: &str| {
        let links = answer.head.lines().find_map(|line| line.strip_prefix("link: "))?;
        let one = links.split(", ").find(|one| one.contains(&format!("rel=\"{rel}\"")))?;
        Some(one[1..one.find('>').unwrap()].to_owned())
    };
    let ids = |answer: &Answer| -> Vec<String> {
        answer.json().as_array().unwrap().iter().map(|row| row["event_id"].as_str().unwrap().to_owned()).collect()
    };
    let (mut path, mut seen, mut pages) = ("/v1/events?limit=3".to_owned(), Vec::new(), Vec::new());
    loop {
        let page = server.get(&path);
        assert_eq!(page.status, 200, "{}", page.text());
        seen.extend(ids(&page));
        let next = link(&page, "next");
        pages.push(page);
        let Some(next) = next else { break };
        path = next;
    }
    let expected: Vec<&str> = all.iter().map(|row| row["event_id"].as_str().unwrap()).collect();
    assert_eq!(seen, expected);
    let back = server.get(&link(&pages[2], "prev").unwrap());
    assert_eq!(ids(&back), ids(&pages[1]), "the nearest, in the same order");
    // The order of the log: what comes late is behind the cursor all the same.
    let first = server.get("/v1/events?limit=4&sealed_after=".to_owned().as_str());
    assert_eq!(first.status, 400);
    let log = server.get("/readyz").json()["log"].as_str().unwrap().to_owned();
    let first = server.get(&format!("/v1/events?limit=4&sealed_after={log}-0"));
    let second = server.get(&link(&first, "next").unwrap());
    assert_eq!((ids(&first).len(), ids(&second).len()), (4, 3));
    let nothing = server.get(&link(&second, "next").unwrap());
    assert_eq!(ids(&nothing), Vec::<String>::new());
    server.send("/v1/records?source=aws", &[], &lines(7..8));
    let mut late = server.get(&link(&nothing, "next").unwrap());
    while ids(&late).is_empty() {
        late = server.get(&link(&late, "next").unwrap());
    }
    assert_eq!(ids(&late).len(), 1);
    server.stop();
}

/// Reads a stream of events until there are so many, and gives their ids and data.
fn tail(server: &Server<'_>, path: &str, header: &str, count: usize, meanwhile: impl FnOnce()) -> Vec<(String, Value)> {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {}\r\n{header}\r\n", server.admin);
    stream.write_all(head.as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    let began = std::time::Instant::now();
    let mut next = |line: &mut String| {
        line.clear();
        assert!(began.elapsed() < Duration::from_secs(30), "not so many events");
        assert!(reader.read_line(line).unwrap() > 0, "the stream ended");
    };
    while line != "\r\n" {
        next(&mut line);
        assert!(!line.starts_with("HTTP") || line.contains("200"), "{line}");
    }
    meanwhile();
    let (mut found, mut id) = (Vec::new(), String::new());
    while found.len() < count {
        next(&mut line);
        if let Some(text) = line.strip_prefix("id: ") {
            id = text.trim().to_owned();
        }
        if let Some(data) = line.strip_prefix("data: ") {
            found.push((id.clone(), serde_json::from_str(data).unwrap()));
        }
    }
    found
}

#[test]
fn a_tail_shows_each_event_once_and_goes_on_where_it_was() {
    let bench = Bench::new();
    let server = Server::start(&bench, &[]);
    server.send("/v1/records?source=aws", &[], &lines(0..2));
    let sent = || drop(server.send("/v1/records?source=aws", &[], &lines(2..5)));
    let live = tail(&server, "/v1/events/tail", "", 3, sent);
    assert!(live.iter().all(|(id, event)| event["event_id"] == json!(id)), "{live:?}");
    let numbers = |events: &[(String, Value)]| -> Vec<String> {
        events.iter().map(|(_, event)| event["source_event_id"].as_str().unwrap()[34..].to_owned()).collect()
    };
    assert_eq!(numbers(&live), ["02", "03", "04"], "from now on");
    let again = tail(&server, "/v1/events/tail", &format!("last-event-id: {}\r\n", live[0].0), 2, || {});
    assert_eq!(numbers(&again), ["03", "04"]);
    let log = server.get("/readyz").json()["log"].as_str().unwrap().to_owned();
    let all = tail(&server, &format!("/v1/events/tail?after={log}-0&action=*GetObject"), "", 5, || {});
    assert_eq!(numbers(&all), ["00", "01", "02", "03", "04"]);
    let wrong = server.get("/v1/events/tail?platform=zx81");
    assert_eq!((wrong.status, wrong.json()["code"].clone()), (400, json!("request-invalid")));
    server.stop();
}

#[test]
fn tokens_and_sources_are_made_over_http_and_hold_at_once() {
    let bench = Bench::new();
    let server = Server::start(&bench, &[]);
    let body = json!({ "name": "ci", "scope": ["records:write"], "source": "aws-ci", "expires": "90d" }).to_string();
    let made = server.asked("POST", "/v1/tokens", "*/*", &body);
    assert_eq!(made.status, 200, "{}", made.text());
    let made = made.json();
    let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
    let send = || server.ask("POST", "/v1/records", &[("authorization", &bearer)], &lines(0..1)).status;
    assert_eq!(send(), 200);
    let revoked = server.asked("DELETE", &format!("/v1/tokens/{}", made["id"].as_str().unwrap()), "*/*", "");
    assert_eq!(revoked.status, 200, "{}", revoked.text());
    assert_eq!(send(), 401);
    let source = json!({ "name": "k8s", "platform": "k8s", "authority": "c-1" }).to_string();
    let added = server.asked("POST", "/v1/sources", "*/*", &source);
    assert_eq!(added.status, 200, "{}", added.text());
    assert!(server.get("/v1/sources").text().contains("k8s"));
    let set = server.asked("PATCH", "/v1/sources/k8s", "*/*", &json!({ "issuer": ["oidc.example"] }).to_string());
    assert_eq!(set.status, 200, "{}", set.text());
    server.stop();
    assert_eq!(bench.verify(&[]).0, 0);
}

/// The text without how many leaves the checkpoint has.
fn without_the_size(text: &str) -> String {
    const BEFORE: &str = "a signed checkpoint of ";
    let mut parts = text.split(BEFORE);
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |told, rest| told + BEFORE + rest.trim_start_matches(|c: char| c.is_ascii_digit()))
}

/// The text without its numbers of leaves, roots and moments: digits, and words of base64 and hex.
fn without_sizes(text: &str) -> String {
    let is_value = |word: &&str| !word.chars().any(|c| c.is_ascii_digit());
    text.split(|c: char| !(c.is_ascii_alphanumeric() || "+/=-:".contains(c)))
        .filter(is_value)
        .collect::<Vec<_>>()
        .join(" ")
}
