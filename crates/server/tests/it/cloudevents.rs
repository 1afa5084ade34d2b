//! CloudEvents over HTTP.

use serde_json::{Value, json};

use crate::{Answer, Server};

const PATH: &str = "/v1/cloudevents";

fn event(id: &str) -> Value {
    json!({ "specversion": "1.0", "id": id, "source": "/shop", "type": "order.made", "data": { "total": 7 } })
}

fn sent(server: &Server, kind: &str, body: &str) -> Answer {
    server.send(
        PATH,
        &[("content-type", &format!("application/cloudevents{kind}+json; charset=utf-8"))],
        body.as_bytes(),
    )
}

#[test]
fn events_are_taken_in_all_three_modes() {
    let server = Server::start(&[]);
    let alone = sent(&server, "", &event("1").to_string());
    assert_eq!((alone.status, alone.json()["event_ids"].as_array().unwrap().len()), (200, 1), "{}", alone.text());
    let list = format!("[ {} ,\n{}]", event("2"), event("3"));
    assert_eq!(sent(&server, "-batch", &list).json()["event_ids"].as_array().unwrap().len(), 2);
    assert_eq!(sent(&server, "-batch", "[]").json()["event_ids"], json!([]));
    let attributes =
        [("ce-specversion", "1.0"), ("ce-id", "4"), ("ce-source", "/shop"), ("ce-type", "order%20made%E2%82%AC")];
    let binary = |content: Option<(&'static str, &'static str)>, id: &'static str, body: &[u8]| {
        let mut headers = attributes.to_vec();
        headers[1].1 = id;
        headers.extend(content);
        server.send(PATH, &headers, body).status
    };
    assert_eq!(binary(Some(("content-type", "application/json")), "4", br#"{"total": 7.50}"#), 200);
    assert_eq!(binary(Some(("content-type", "application/octet-stream")), "5", &[0, 255]), 200);
    assert_eq!(binary(Some(("content-type", "application/json")), "6", b"{no"), 200);
    assert_eq!(binary(None, "7", b""), 200);
    assert_eq!(binary(None, "8", b"[1]"), 200);
    let records = server.records();
    assert_eq!(records[..3], [event("1"), event("2"), event("3")].map(|event| event.to_string()));
    let made = |id: &str, rest: &str| {
        format!(
            r#"{{{}"id":"{id}","source":"/shop","specversion":"1.0","type":"order made€"{rest}}}"#,
            match id {
                "4" | "6" => r#""datacontenttype":"application/json","#,
                "5" => r#""datacontenttype":"application/octet-stream","#,
                _ => "",
            }
        )
    };
    let expected = [
        made("4", r#","data":{"total": 7.50}"#),
        made("5", r#","data_base64":"AP8=""#),
        made("6", r#","data_base64":"e25v""#),
        made("7", ""),
        made("8", r#","data":[1]"#),
    ];
    assert_eq!(records[3..], expected);
}

#[test]
fn an_event_that_is_sent_again_is_known() {
    let server = Server::start(&[]);
    let first = sent(&server, "", &event("1").to_string()).json();
    let again = sent(&server, "", &event("1").to_string()).json();
    assert_eq!(again, json!({ "event_ids": first["event_ids"], "already_known": 1 }));
    let mut other = event("1");
    other["data"] = json!("else");
    assert_eq!(sent(&server, "", &other.to_string()).status, 409, "one identity, two events");
    other["source"] = json!("/other");
    assert_eq!(sent(&server, "", &other.to_string()).status, 200);
    other["id"] = json!("x".repeat(10_000));
    assert_eq!(
        [(), ()].map(|()| sent(&server, "", &other.to_string()).json()["already_known"].clone()),
        [json!(0), json!(1)]
    );
    assert_eq!(server.records().len(), 3);
}

#[test]
fn what_is_no_event_is_refused_whole() {
    let server = Server::start(&[]);
    let without = |name: &str| {
        let mut event = event("1");
        event.as_object_mut().unwrap().remove(name);
        event
    };
    for name in ["id", "source", "type", "specversion"] {
        let answer = sent(&server, "", &without(name).to_string());
        assert_eq!(answer.status, 400);
        assert!(answer.json()["detail"].as_str().unwrap().contains(name));
        assert_eq!(sent(&server, "-batch", &json!([event("2"), without(name)]).to_string()).status, 400);
    }
    let mut old = event("1");
    old["specversion"] = json!("0.3");
    let twice = event("1").to_string().replacen('{', r#"{"id":"0","#, 1);
    for body in [old.to_string(), twice, String::new(), "[]".to_owned(), "{".to_owned(), event("").to_string()] {
        assert_eq!(sent(&server, "", &body).status, 400, "{body}");
    }
    assert_eq!(sent(&server, "-batch", &event("1").to_string()).status, 400);
    assert_eq!(server.send(PATH, &[("content-type", "application/cloudevents+avro")], b"x").status, 415);
    assert_eq!(server.send(PATH, &[("content-type", "application/json")], b"{}").status, 415, "no headers of an event");
    let binary = [("ce-id", "1"), ("ce-source", "/s"), ("ce-type", "t"), ("ce-specversion", "1.0")];
    for wrong in [("ce-a-b", "x"), ("ce-data", "x"), ("ce-x", "%zz"), ("ce-x", "%ff"), ("ce-id", "2")] {
        assert_eq!(server.send(PATH, &[&binary[..], &[wrong]].concat(), b"{}").status, 400, "{wrong:?}");
    }
    assert_eq!(server.send(PATH, &binary[1..], b"").status, 400);
    assert_eq!(server.ask("POST", PATH, &binary, b"").status, 401);
    assert_eq!(server.records().len(), 0);
}
