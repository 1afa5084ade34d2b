//! MCP: goldens, twins, and what a message proves.

use serde_json::{Value, json};

use crate::{golden, real};

#[test]
fn goldens() {
    golden::all("mcp", 17);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("mcp", 1);
}

/// Where an event keeps the columns that are read verbatim.
const VERBATIM: [(&str, &str); 13] = [
    ("time_raw", "/time_raw"),
    ("status_code", "/status_code"),
    ("error_code", "/error_code"),
    ("error_message", "/error_message"),
    ("actor_name", "/actor/name"),
    ("agent_uid", "/agent/uid"),
    ("agent_run", "/agent/run"),
    ("credential_native_id", "/credential/native_id"),
    ("trace_id", "/trace_id"),
    ("tool_name", "/tool/name"),
    ("src_ip", "/src/ip"),
    ("user_agent", "/user_agent"),
    ("client_app", "/client_app"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("mcp", &VERBATIM);
}

#[test]
fn no_argument_and_no_answer_becomes_a_column() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/mcp");
    let mut told = 0;
    for path in real::files(&folder, ".json").iter().filter(|path| !path.to_string_lossy().ends_with(".event.json")) {
        let raw = std::fs::read_to_string(path).unwrap();
        let event = golden::normalise(raw.as_bytes()).unwrap().to_string();
        for secret in ["Mustermann", "4200", "Erika", "hunter2", "2026-11\"", "key=abc"] {
            told += usize::from(raw.contains(secret));
            assert!(!event.contains(secret), "{}: {secret} is in {event}", path.display());
        }
    }
    assert!(told >= 12, "the records hold {told} of them");
}

#[test]
fn the_client_is_the_tokens_and_what_it_says_of_itself_is_a_claim() {
    let event = |case| golden::event("mcp", case);
    let [checked, bare] = ["initialize", "bare-initialize"].map(event);
    assert_eq!(checked["actor"]["uri"], "nhi:principal:oauth:login.example.com%2Frealms%2Facme:client/invoice-clerk");
    assert_eq!(bare["actor"]["uri"], "nhi:principal:mcp:unknown:client/?claude-desktop");
    assert_eq!((checked["access"].as_str(), bare["access"].as_str()), (Some("authenticate"), Some("other")));
    let alice = "nhi:principal:oauth:login.example.com%2Frealms%2Facme:subject/alice%40example.com";
    for (case, length) in [("tools-call", 2), ("tools-call-acting", 3)] {
        let call = event(case);
        assert_eq!((&call["initiator"], &call["subject"]), (&json!(alice), &json!(alice)), "{case}");
        assert_eq!(call["chain"].as_array().unwrap().len(), length, "{case}");
        assert_eq!(call["chain"][0]["verified"], true, "{case}");
    }
    // A client that acts for itself has nobody behind it.
    assert!(event("tools-call-of-the-client-itself").get("initiator").is_none());
}

#[test]
fn a_server_has_one_url_however_it_is_written() {
    let event = golden::event("mcp", "tools-call");
    let server = event["resources"].as_array().unwrap().iter().find(|resource| resource["kind"] == "server").unwrap();
    assert_eq!(server["name"], "https://mcp.payroll.example/v1");
    assert_eq!(event["authority"], "mcp.payroll.example");
    assert_eq!(event["tool"]["server"], server["name"]);
}

#[test]
fn a_call_and_its_answer_have_one_id_within_their_session() {
    let [call, answer, other] =
        ["tools-call", "result.allowed", "result-tool-failed"].map(|case| golden::event("mcp", case));
    assert_eq!(call["source_event_id"], answer["source_event_id"]);
    assert_ne!(call["source_event_id"], other["source_event_id"]);
    // Ids begin at 1 everywhere: without a session one says nothing.
    let [one, two] = ["gateway-in", "bare-result"].map(|case| golden::event("mcp", case));
    assert!(one.get("source_event_id").is_none() && two.get("source_event_id").is_none());
    assert!(one.get("correlation_ids").is_none(), "{one:#}");
    let span = golden::event("otel", "execute-tool.allowed");
    assert_eq!(call["trace_id"], span["trace_id"]);
    assert_eq!(call["parent_span_id"], span["span_id"]);
}

#[test]
fn json_rpc_of_others_is_not_taken_for_messages() {
    for raw in [
        r#"{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[]}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"textDocument/hover","params":{}}"#,
        r#"{"timestamp":"2026-01-01T00:00:00Z","message":"jsonrpc started"}"#,
        r#"{"message":"{\"eventVersion\":\"1.08\"}","note":"jsonrpc"}"#,
    ] {
        assert_eq!(golden::normalise(raw.as_bytes()).unwrap_err().kind, sources::RejectKind::UnknownPlatform, "{raw}");
    }
    let context = sources::Context { platform: Some(model::Platform::Mcp), ..Default::default() };
    let mut scratch = sources::Scratch::default();
    let reject = sources::normalise(br#"{"id":"x"}"#, &context, &mut scratch).unwrap_err();
    assert_eq!(reject.to_string(), "shape: neither a message of MCP nor an entry that carries one");
}

#[test]
fn odd_values_lose_no_message() {
    for (key, value) in [
        ("params", json!([1])),
        ("params", json!({"name": 7, "arguments": "x", "_meta": {"traceparent": "00-zz-1-01"}, "clientInfo": []})),
        ("id", json!(null)),
        ("id", json!({})),
        ("error", json!("refused")),
    ] {
        let mut message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call"});
        message[key] = value;
        for record in
            [message.clone(), json!({"timestamp": {}, "time": 1, "server": [], "principal": [1], "payload": message})]
        {
            let event = golden::normalise(record.to_string().as_bytes()).unwrap_or_else(|e| panic!("{record}: {e}"));
            assert_eq!(event["platform"], "mcp", "{record}");
        }
    }
}

#[test]
fn every_real_message_becomes_an_event_with_its_tool() {
    let Some(folder) = real::folder() else { return };
    let text = std::fs::read_to_string(folder.join("ai/mcp_gateway_ksail/rpc-messages.jsonl")).unwrap();
    let mut tools = Vec::new();
    let mut failed = 0;
    for line in text.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let event = golden::normalise(line.as_bytes()).unwrap_or_else(|reject| panic!("{reject}: {line}"));
        assert_eq!(event["time_raw"], record["timestamp"]);
        assert_eq!(event["api"]["service"], record["server_id"]);
        assert_eq!(event["api"]["operation"], *record.get("method").unwrap_or(&json!("response")));
        tools.extend(event["tool"]["name"].as_str().map(str::to_owned));
        failed += usize::from(event["status"] == "failure");
    }
    assert_eq!(
        tools,
        ["pull_request_read", "create_pull_request", "create_pull_request", "create_pull_request", "missing_tool"]
    );
    // Three more say in their text that they failed, and not to the protocol.
    assert_eq!((text.lines().count(), failed), (16, 1));
}
