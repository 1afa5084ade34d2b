//! Questions over HTTP, asked of processes that stand in for the command: what they are given, and what becomes of
//! what they print.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use server::Scope;
use server::questions::{Asked, routes};
use tokio::process::Command;

use crate::Server;
use crate::http::Answer;

/// A script of `sh` that is given the arguments of the command.
fn script(script: &'static str) -> Asked {
    Arc::new(move |arguments: &[String]| {
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh"]).args(arguments);
        command
    })
}

#[test]
fn what_is_asked_becomes_arguments_and_nothing_of_it_an_option() {
    let server = Server::start(&[]);
    let said = |path: &str| server.get(path).text().lines().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(
        said("/v1/events?principal=--data%3D/&src_ip=10.0.0.1&group=true&duplicates=false&limit=7"),
        ["events", "--principal=--data=/", "--src-ip=10.0.0.1", "--group", "--limit=7", "--output=json"]
    );
    assert_eq!(said("/v1/events/--help"), ["show", "--output=json", "--", "--help"]);
    assert_eq!(
        said("/v1/who?text=a%20b&audit_hash=a%3Db&audit_hash=c%3Dd"),
        ["who", "--audit-hash=a=b", "--audit-hash=c=d", "--output=json", "--", "a b"]
    );
    assert_eq!(said("/v1/events/x%2Fy/who?since=7d"), ["who", "--since=7d", "--output=json", "--", "x/y"]);
    let bearer = format!("Bearer {}", server.admin);
    let table = [("authorization", bearer.as_str()), ("accept", "text/plain")];
    assert_eq!(server.ask("GET", "/v1/sources", &table, b"").text(), "source\nls\n--output=table\n");
    let made = json!({ "name": "ci", "scope": ["read", "export"], "expires": "90d" }).to_string();
    let made = server.ask("POST", "/v1/tokens", &[("authorization", &bearer)], made.as_bytes());
    let mut lines: Vec<String> = made.text().lines().map(str::to_owned).collect();
    lines.sort();
    let mut expected =
        ["token", "create", "--name=ci", "--scope=read", "--scope=export", "--expires=90d", "--output=json"];
    expected.sort_unstable();
    assert_eq!(lines, expected);
    assert_eq!(
        server.ask("DELETE", "/v1/tokens/0a", &[("authorization", &bearer)], b"").text(),
        "token\nrevoke\n--\n0a\n"
    );
}

#[test]
fn what_is_wrong_with_a_question_is_said_without_asking_it() {
    let server = Server::start(&[]);
    let cases = [
        ("/v1/events?colour=red", 400, "known are since"),
        ("/v1/events?data=/etc", 400, "parameter `data` is not known"),
        ("/v1/events?limit=-1", 400, "`limit` is a number"),
        ("/v1/events?limit=1&limit=2", 400, "given 2 times"),
        ("/v1/events?group=yes", 400, "true or false"),
        ("/v1/events?outcome=bad", 400, "one of success, failure"),
        ("/v1/events?principal=a%00b", 400, "a byte that is 0"),
        ("/v1/events/a%00b", 400, "a byte that is 0"),
        ("/v1/events/-", 400, "names nothing"),
        ("/v1/events/%FF", 400, "UTF-8"),
        ("/v1/who", 400, "`text` is to be given once"),
        ("/v1/who?text=-", 400, "names nothing"),
        ("/v1/events/tail?after=nothing", 400, "no event id"),
        ("/v1/events/tail?limit=1", 400, "`limit` is not known"),
        ("/v1/consistency?from=x", 400, ""),
    ];
    for (path, status, detail) in cases {
        let answer = server.get(path);
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        assert!(answer.has("content-type: application/problem+json"), "{path}: {}", answer.head);
        assert!(answer.json()["detail"].as_str().unwrap().contains(detail), "{path}: {}", answer.text());
    }
    let bearer = format!("Bearer {}", server.admin);
    let html = server.ask("GET", "/v1/events", &[("authorization", &bearer), ("accept", "text/html")], b"");
    assert_eq!((html.status, html.json()["code"].clone()), (406, json!("not-acceptable")));
    for body in [&b""[..], b"[]", b"{\"name\":{}}", b"{\"name\":\"x\"}", b"{\"colour\":1}"] {
        let answer = server.ask("POST", "/v1/tokens", &[("authorization", &bearer)], body);
        assert_eq!((answer.status, answer.json()["code"].clone()), (400, json!("request-invalid")));
    }
}

#[test]
fn how_a_command_ends_is_the_status() {
    let ends = |of: &'static str| Server::asking(script(of)).get("/v1/verify");
    let wrong = ends(r#"echo '{"code":"not-found","detail":"no such thing"}' >&2; exit 2"#);
    assert_eq!((wrong.status, wrong.json()["detail"].clone()), (404, json!("no such thing")));
    let usage = ends(r#"printf "error: invalid value 'x' for '--limit'\n\nFor more information" >&2; exit 2"#);
    assert_eq!((usage.status, usage.json()["detail"].clone()), (400, json!("invalid value 'x' for '--limit'")));
    let found = ends("echo '{\"verdict\":\"not intact\"}'; echo '2 % are off' >&2; exit 3");
    assert_eq!((found.status, found.json()["verdict"].clone()), (200, json!("not intact")));
    assert!(found.has("deedbook-exit: 3") && found.has("deedbook-note: 2 %25 are off"), "{}", found.head);
    assert_eq!(ends("exit 1").status, 500);
    assert_eq!(ends("kill -9 $$").json()["code"], json!("failed"));
}

#[test]
fn an_answer_that_breaks_off_is_never_taken_for_whole() {
    let long = Server::asking(script("head -c 3000000 /dev/zero; exit 0")).get("/v1/sources");
    assert_eq!((long.status, long.body.len()), (200, 3_000_000));
    let server = Server::asking(script("head -c 3000000 /dev/zero; exit 1"));
    let bearer = format!("Bearer {}", server.admin);
    let broken = server.raw("GET", "/v1/sources", &[("authorization", &bearer)]);
    assert!(!broken.ends_with(b"0\r\n\r\n"), "the last chunk says that it is whole");
}

#[test]
fn questions_have_limits_and_whoever_hangs_up_ends_his() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::asking_with(
        Arc::new({
            let folder = folder.path().to_owned();
            move |_: &[String]| {
                let mut command = Command::new("sh");
                command.arg("-c").arg("echo $$ > \"$0/$$\"; exec sleep 30").arg(&folder);
                command
            }
        }),
        |limits| (limits.questions_max, limits.question_seconds_max) = (2, 3),
    );
    let began = Instant::now();
    let bearer = format!("Bearer {}", server.admin);
    let held: Vec<_> = (0..2).map(|_| server.open("GET", "/v1/sources", &[("authorization", &bearer)])).collect();
    while std::fs::read_dir(folder.path()).unwrap().count() < 2 {
        std::thread::sleep(Duration::from_millis(10));
    }
    let third = server.get("/v1/sources");
    assert_eq!((third.status, third.json()["code"].clone()), (503, json!("busy")));
    assert!(third.has("retry-after"));
    let pids: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    drop(held);
    let lives = |pid: &String| std::path::Path::new(&format!("/proc/{pid}/exe")).exists();
    while pids.iter().any(lives) {
        assert!(began.elapsed() < Duration::from_secs(20), "{pids:?} are at work for nobody");
        std::thread::sleep(Duration::from_millis(10));
    }
    let slow = server.get("/v1/sources");
    assert_eq!((slow.status, slow.json()["code"].clone()), (504, json!("question-too-slow")));
}

#[test]
fn a_page_leads_to_its_neighbours() {
    let rows = r#"case "$*" in *ndjson*) printf '{"event_id":"0a0a0a0a-9"}\n{"event_id":"0a0a0a0a-4"}\n';; *) printf '[\n{"event_id":"0a0a0a0a-9"},\n{"event_id":"0a0a0a0a-4"}\n]\n';; esac; echo 'seen through 0a0a0a0a-31' >&2"#;
    let server = Server::asking(script(Box::leak(rows.to_owned().into_boxed_str())));
    let link = |path: &str| {
        let head = server.get(path).head;
        head.lines().find_map(|line| line.strip_prefix("link: ")).unwrap_or_default().to_owned()
    };
    let (next, prev) =
        ("</v1/events?limit=2&before=0a0a0a0a-4>; rel=\"next\"", "</v1/events?limit=2&after=0a0a0a0a-9>; rel=\"prev\"");
    assert_eq!(link("/v1/events?limit=2"), format!("{next}, {prev}"));
    assert_eq!(link("/v1/events?limit=3"), prev.replace("limit=2", "limit=3"), "the last page");
    assert_eq!(link("/v1/events?limit=3&after=0a0a0a0a-3").matches("rel=").count(), 2);
    assert_eq!(
        link("/v1/events?action=a%26b&limit=0"),
        "</v1/events?action=a%26b&limit=0&after=0a0a0a0a-9>; rel=\"prev\""
    );
    assert_eq!(link("/v1/events?sealed_after=0a0a0a0a-3"), "</v1/events?sealed_after=0a0a0a0a-31>; rel=\"next\"");
}

#[test]
fn every_operation_wants_a_token_that_may() {
    let server = Server::start(&[]);
    let tokens = Scope::ALL.map(|scope| (scope, server.token(scope.as_str(), &[scope], &[], None).token));
    let document = server.get("/v1/openapi.json").json();
    let mut walked = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let allowed: Vec<&str> = operation["security"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["bearer"][0].as_str().unwrap())
                .collect();
            if allowed.is_empty() {
                continue;
            }
            let parts = path.split('/').map(|part| if part.starts_with('{') { "x" } else { part });
            let path = parts.collect::<Vec<_>>().join("/");
            let needed = |parameter: &&Value| parameter["in"] == "query" && parameter["required"] == true;
            let needed = operation["parameters"].as_array().unwrap().iter().filter(needed);
            let query: String = needed.map(|parameter| format!("{}=1&", parameter["name"].as_str().unwrap())).collect();
            // A stream that is opened has no end: this one is refused behind the token.
            let query = if path == "/v1/events/tail" { "after=x".to_owned() } else { query };
            let (path, method) = (format!("{path}?{query}"), method.to_uppercase());
            assert_eq!(told(&server.ask(&method, &path, &[], b"")), 401, "{method} {path} without a token");
            for (scope, token) in &tokens {
                let status = told(&server.ask(&method, &path, &[("authorization", &format!("Bearer {token}"))], b""));
                let may = *scope == Scope::Admin || allowed.contains(&scope.as_str());
                assert_eq!(status == 403, !may, "{method} {path} with {scope}: {status}");
                assert!(status != 401, "{method} {path} with {scope}: {status}");
            }
            walked += 1;
        }
    }
    assert!(walked >= routes().len() + 10, "{walked}");
}

#[test]
fn the_document_is_the_one_that_is_checked_in_and_has_every_path() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let made = format!("{:#}\n", server::openapi());
    #[expect(clippy::disallowed_methods, reason = "whether goldens are written anew is said in the environment")]
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    if update {
        std::fs::write(path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == made, "docs/openapi.json is not what the routes say; UPDATE_GOLDEN=1 writes it");
    let document: Value = serde_json::from_str(&made).unwrap();
    for router in [include_str!("../../src/router.rs"), include_str!("../../src/questions/mod.rs")] {
        for path in router.split(".route(\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(document["paths"].get(path).is_some(), "{path} is routed and not in openapi.rs");
        }
    }
}

/// The status of an answer; gRPC says its own in a header (unauthenticated 16, permission denied 7).
fn told(answer: &Answer) -> u16 {
    let grpc = answer.head.lines().find_map(|line| line.strip_prefix("grpc-status: "));
    match grpc {
        Some("16") => 401,
        Some("7") => 403,
        _ => answer.status,
    }
}
