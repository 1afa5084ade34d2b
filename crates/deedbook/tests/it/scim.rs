//! A provider of identities that tells the server of users and groups (RFC 7644), and the record of it.

use serde_json::{Value, json};

use crate::Bench;
use crate::http::Answer;
use crate::serve::Server;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

fn told(server: &Server<'_>, method: &str, path: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {}", server.admin);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/scim+json")];
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    // What was sealed before a start is looked up first.
    for _ in 0..100 {
        let answer = server.ask(method, &format!("/v1/scim/idp{path}"), &headers, &body);
        if answer.status != 503 {
            return answer;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("busy for ten seconds");
}

fn user(name: &str) -> Value {
    json!({ "schemas": [USER], "userName": name, "externalId": format!("ext-{name}"), "userType": "service account",
        "active": true, "password": "hunter2-hunter2" })
}

#[test]
fn what_a_provider_tells_is_sealed_and_told_back_also_after_a_kill() {
    let bench = Bench::new();
    let server = Server::start(&bench, &[]);
    let made = told(&server, "POST", "/Users", &user("svc-billing"));
    assert_eq!(made.status, 201, "{}", made.text());
    assert!(made.has("content-type: application/scim+json"), "{}", made.head);
    let made = made.json();
    let id = made["id"].as_str().unwrap().to_owned();
    // As the client called us: it says `Host: test`.
    assert_eq!(made["meta"]["location"], json!(format!("http://test/v1/scim/idp/Users/{id}")));
    assert_eq!(made.get("password"), None);
    let again = told(&server, "POST", "/Users", &user("SVC-Billing"));
    assert_eq!((again.status, &again.json()["scimType"]), (409, &json!("uniqueness")));
    let other = told(&server, "POST", "/Users", &user("svc-other")).json()["id"].as_str().unwrap().to_owned();
    let group = json!({ "schemas": [GROUP], "displayName": "operators", "members": [{ "value": id }] });
    let group = told(&server, "POST", "/Groups", &group).json()["id"].as_str().unwrap().to_owned();
    server.kill();

    let server = Server::start(&bench, &[]);
    let found = told(&server, "GET", "/Users?filter=userName%20eq%20%22SVC-BILLING%22", &Value::Null).json();
    assert_eq!((&found["totalResults"], &found["Resources"][0]["id"]), (&json!(1), &json!(id)));
    let off = json!({ "schemas": [PATCH], "Operations": [{ "op": "Replace", "path": "active", "value": "False" }] });
    let patched = told(&server, "PATCH", &format!("/Users/{id}"), &off);
    assert_eq!((patched.status, &patched.json()["active"]), (200, &json!(false)));
    let renamed = told(&server, "PUT", &format!("/Users/{other}"), &user("svc-renamed"));
    assert_eq!((renamed.status, &renamed.json()["id"]), (200, &json!(other)));
    let out = json!({ "schemas": [PATCH], "Operations": [{ "op": "remove", "path": format!("members[value eq \"{id}\"]") }] });
    assert_eq!(told(&server, "PATCH", &format!("/Groups/{group}"), &out).json()["members"], json!([]));
    assert_eq!(told(&server, "DELETE", &format!("/Users/{id}"), &Value::Null).status, 204);
    assert_eq!(told(&server, "GET", &format!("/Users/{id}"), &Value::Null).status, 404);
    assert_eq!(told(&server, "DELETE", &format!("/Users/{id}"), &Value::Null).status, 404);
    let all = told(&server, "GET", "/Users?count=1&startIndex=1&excludedAttributes=userType", &Value::Null).json();
    assert_eq!((&all["totalResults"], &all["Resources"][0]["userType"]), (&json!(1), &Value::Null));
    server.stop();

    let query =
        "SELECT inventory_name AS name, inventory_state AS state FROM events WHERE source = 'idp' ORDER BY leaf_index";
    let ran = bench.run(&["sql", "-o", "json", query]);
    let rows: Vec<(String, String)> = ran
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            (text("name"), text("state"))
        })
        .collect();
    let expected = [
        ("svc-billing", "enabled"),
        ("svc-other", "enabled"),
        ("operators", ""),
        ("svc-billing", "disabled"),
        ("svc-renamed", "enabled"),
        ("operators", ""),
        ("svc-billing", "deleted"),
    ];
    assert_eq!(rows, expected.map(|(name, state)| (name.to_owned(), state.to_owned())), "{}", ran.err);
    let raw = bench.run(&["sql", "-o", "ndjson", "SELECT raw FROM records WHERE source = 'idp'"]);
    assert!(!raw.out.contains("hunter2") && raw.out.contains("deedbook:secret:"), "{}", raw.out);
}

#[test]
fn what_is_no_scim_is_refused_in_its_words_and_not_sealed() {
    let bench = Bench::new();
    let server = Server::start(&bench, &[]);
    let refused = |method: &str, path: &str, body: &Value| {
        let answer = told(&server, method, path, body);
        let body = answer.json();
        assert_eq!(body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]), "{body}");
        assert_eq!(body["status"], json!(answer.status.to_string()));
        (answer.status, body["scimType"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(refused("POST", "/Users", &json!({ "schemas": [USER] })), (400, "invalidValue".to_owned()));
    assert_eq!(refused("POST", "/Users", &json!({ "userName": "a" })), (400, "invalidValue".to_owned()));
    assert_eq!(refused("POST", "/Users", &json!([1])), (400, "invalidSyntax".to_owned()));
    assert_eq!(refused("GET", "/Users?filter=userName%20is%201", &Value::Null), (400, "invalidFilter".to_owned()));
    let twice = refused("GET", "/Users?startIndex=1&startIndex=2", &Value::Null);
    assert_eq!(twice, (400, "invalidValue".to_owned()));
    assert_eq!(refused("GET", "/Devices", &Value::Null), (404, String::new()));
    assert_eq!(refused("POST", "/Schemas", &json!({})), (405, String::new()));
    let nobody = server.ask("GET", "/v1/scim/idp/Users", &[], b"");
    assert_eq!(nobody.status, 401, "{}", nobody.text());
    for path in
        ["/ServiceProviderConfig", "/ResourceTypes", "/ResourceTypes/User", "/Schemas", &format!("/Schemas/{USER}")]
    {
        assert_eq!(told(&server, "GET", path, &Value::Null).status, 200, "{path}");
    }
    let elsewhere = server.token(&["--name", "other", "--scope", "records:write", "--source", "elsewhere"]);
    let bearer = format!("Bearer {}", elsewhere["token"].as_str().unwrap());
    assert_eq!(server.ask("GET", "/v1/scim/idp/Users", &[("authorization", &bearer)], b"").status, 403);
    server.stop();
    let ran = bench.run(&["sql", "-o", "json", "SELECT count(*) AS n FROM records WHERE source = 'idp'"]);
    assert_eq!(ran.json()[0]["n"], json!(0));
}
