//! OpenTelemetry spans: goldens, twins, and what never leaves a record.

use serde_json::{Value, json};

use crate::{golden, real};

#[test]
fn goldens() {
    golden::all("otel", 18);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("otel", 2);
}

/// Where an event keeps the columns that are read verbatim.
const VERBATIM: [(&str, &str); 20] = [
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("tenant", "/tenant"),
    ("api_request_id", "/api/request_id"),
    ("error_code", "/error_code"),
    ("error_message", "/error_message"),
    ("actor_name", "/actor/name"),
    ("agent_uid", "/agent/uid"),
    ("agent_run", "/agent/run"),
    ("agent_instance", "/agent/instance"),
    ("agent_mode", "/agent/mode"),
    ("agent_model", "/agent/model"),
    ("agent_version", "/agent/version"),
    ("credential_native_id", "/credential/native_id"),
    ("tool_name", "/tool/name"),
    ("tool_call_id", "/tool/call_id"),
    ("dst_host", "/dst/host"),
    ("user_agent", "/user_agent"),
    ("workload_uid", "/workload/uid"),
    ("workload_node", "/workload/node"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("otel", &VERBATIM);
}

#[test]
fn no_prompt_no_answer_and_no_argument_becomes_a_column() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/otel");
    let secrets =
        ["Mustermann", "998877", "4200", "secret plan", "Erika", "2026-11\"", "hunter2", "token=abc", "pw@", "pay it"];
    let mut told = 0;
    for path in real::files(&folder, ".json").iter().filter(|path| !path.to_string_lossy().ends_with(".event.json")) {
        let raw = std::fs::read_to_string(path).unwrap();
        let event = golden::normalise(raw.as_bytes()).unwrap().to_string();
        for secret in secrets {
            told += usize::from(raw.contains(secret));
            assert!(!event.contains(secret), "{}: {secret} is in {event}", path.display());
        }
    }
    assert!(told >= 12, "the records hold {told} of them");
}

/// The event of a flat span with these attributes.
fn event(attributes: Value) -> Value {
    let span = json!({
        "name": "n", "context": {"trace_id": "0x01", "span_id": "0x02"}, "kind": "SpanKind.INTERNAL",
        "start_time": "2026-01-01T00:00:00Z", "end_time": "2026-01-01T00:00:01Z", "attributes": attributes,
    });
    golden::normalise(span.to_string().as_bytes()).unwrap()
}

#[test]
fn old_and_new_names_say_the_same() {
    for (new, old, pointer) in [
        ("gen_ai.provider.name", "gen_ai.system", "/api/service"),
        ("user.id", "enduser.id", "/initiator"),
        ("user.id", "traceloop.association.properties.user_id", "/initiator"),
        ("gen_ai.conversation.id", "session.id", "/session"),
        ("gen_ai.conversation.id", "traceloop.association.properties.session_id", "/session"),
        ("gen_ai.agent.name", "agent.name", "/actor/uri"),
        ("gen_ai.tool.name", "tool.name", "/resources/0/uri"),
        ("gen_ai.request.model", "llm.model_name", "/agent/model"),
        ("gen_ai.tool.call.arguments", "tool.parameters", "/tool/argument_digest"),
        ("url.full", "http.url", "/resources/1/uri"),
        ("http.request.method", "http.method", "/api/operation"),
    ] {
        let with = |name: &str| {
            let mut attributes = json!({"gen_ai.tool.name": "t", name: "POST"});
            if name.contains("http") || name.starts_with("url") {
                attributes["server.address"] = json!("h");
            } else {
                attributes["gen_ai.operation.name"] = json!("execute_tool");
            }
            if name.ends_with("tool.name") {
                attributes.as_object_mut().unwrap().retain(|key, _| key == name || key == "gen_ai.operation.name");
            }
            event(attributes).pointer(pointer).cloned()
        };
        assert!(with(new).is_some(), "{new}");
        assert_eq!(with(new), with(old), "{new} and {old}");
    }
    let both = event(json!({"gen_ai.system": "old", "gen_ai.provider.name": "new"}));
    assert_eq!(both["api"]["service"], "new", "the newer name counts");
}

#[test]
fn operations_have_the_access_that_they_mean() {
    for (operation, activity, access) in [
        ("chat", 99, "execute"),
        ("execute_tool", 99, "execute"),
        ("invoke_agent", 99, "execute"),
        ("create_agent", 1, "create"),
        ("retrieval", 2, "read"),
        ("search_memory", 2, "read"),
        ("upsert_memory", 3, "modify"),
        ("delete_memory_store", 4, "delete"),
        ("something_new", 99, "execute"),
    ] {
        let event = event(json!({"gen_ai.operation.name": operation}));
        assert_eq!(
            (event["activity_id"].as_i64(), event["access"].as_str()),
            (Some(activity), Some(access)),
            "{operation}"
        );
    }
}

#[test]
fn who_calls_an_agent_is_not_the_agent() {
    let [inside, outside, made] =
        ["invoke-agent", "invoke-remote-agent", "create-agent"].map(|case| golden::event("otel", case));
    assert_eq!(inside["actor"]["uri"], "nhi:principal:otel:acme-billing:agent/asst_5j66UpCpwteGg4YSxUnt7lPY");
    assert_eq!(inside["actor"]["kind"], "agent");
    for event in [outside, made] {
        assert_eq!(event["actor"]["uri"], "nhi:principal:otel:acme-billing:service/~billing-agent");
        assert_eq!(event["resources"][0]["kind"], "agent");
    }
    assert_eq!(inside["initiator"], "nhi:principal:otel:acme-billing:user/?alice%40example.com", "a claim");
    assert_eq!(inside["chain"][0]["verified"], false);
    assert_eq!(inside["agent"]["mode"], "autonomous");
    assert_eq!(
        inside["credential"]["uri"],
        "nhi:cred:oauth:login.example.com%2Frealms%2Facme:jti/0f7b9d5e-1c1a-4a34-9a38-6a3a9f1f3f10"
    );
}

#[test]
fn one_trace_id_has_one_spelling() {
    let console = golden::event("otel", "request-of-the-console-old-names");
    let protocol = golden::event("otel", "invoke-agent");
    assert_eq!(console["trace_id"], protocol["trace_id"]);
    assert_eq!(console["correlation_ids"][0], protocol["correlation_ids"][0]);
}

#[test]
fn a_batch_in_one_record_is_refused_with_its_size() {
    let span = r#"{"traceId":"a1","spanId":"b1","name":"n","startTimeUnixNano":"1"}"#;
    let batch = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{span},{span}]}}]}}]}}"#);
    let reject = golden::normalise(batch.as_bytes()).unwrap_err();
    assert_eq!(
        reject.to_string(),
        "shape: an export request with 2 spans in one record, limit is 1: export smaller batches"
    );
    let context = sources::Context { platform: Some(model::Platform::Otel), ..Default::default() };
    let mut scratch = sources::Scratch::default();
    let reject = sources::normalise(br#"{"id":"x"}"#, &context, &mut scratch).unwrap_err();
    assert_eq!(reject.to_string(), "shape: neither a span nor an export request");
}

#[test]
fn odd_values_lose_no_span() {
    for (key, value) in [
        (
            "attributes",
            json!([{"key": "user.id"}, 7, {"key": 3, "value": 4}, {"key": "tool.name", "value": {"kvlistValue": {}}}]),
        ),
        ("attributes", json!("none")),
        ("attributes", json!({"user.id": {"a": 1}, "server.port": "high"})),
        ("status", json!([1])),
        ("status", json!(2)),
        ("startTimeUnixNano", json!("99999999999999999999")),
        ("startTimeUnixNano", json!(-5)),
        ("endTimeUnixNano", json!(1)),
        ("traceId", json!(0)),
    ] {
        let mut span =
            json!({"traceId": "a1", "spanId": "b1", "name": "n", "startTimeUnixNano": "1790000000120000000"});
        span[key] = value;
        let event = golden::normalise(span.to_string().as_bytes()).unwrap_or_else(|reject| panic!("{span}: {reject}"));
        assert_eq!(event["platform"], "otel", "{span}");
    }
}

#[test]
fn every_real_span_becomes_an_event_of_an_agent() {
    let Some(folder) = real::folder() else { return };
    let file = folder.join("ai/otel_and_mcp/raaf-ai__raaf.traces.jsonl");
    let mut tools = 0;
    let mut seen = 0;
    let (mut digests, mut reasons) = (0, 0);
    for line in std::fs::read_to_string(file).unwrap().lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let event = golden::normalise(line.as_bytes()).unwrap_or_else(|reject| panic!("{reject}: {line}"));
        let span = &record["span"];
        assert_eq!(event["trace_id"], span["trace_id"]);
        assert_eq!(event["source_event_id"], span["span_id"]);
        assert_eq!(
            event["status"],
            if span["end_time"].is_null() {
                "other"
            } else if span["status"] == "ok" {
                "success"
            } else {
                "failure"
            }
        );
        for (pointer, column) in [("/attributes/tool.name", "/tool/name"), ("/attributes/agent.name", "/actor/name")] {
            let Some(value) = span.pointer(pointer) else { continue };
            assert_eq!(event.pointer(column), Some(value), "{line}");
            tools += usize::from(column == "/tool/name");
        }
        let given = |key: &str| !span["attributes"][key].is_null();
        if given("tool.arguments") || given("function.input") {
            assert!(event["tool"]["argument_digest"].is_string(), "{line}");
            digests += 1;
        }
        if span["status"] == "error" && given("status.description") {
            assert_eq!(event["error_message"], span["attributes"]["status.description"]);
            reasons += 1;
        }
        let text = event.to_string();
        for prompt in ["You are", "What is", "Calculate"] {
            assert!(!text.contains(prompt), "{text}");
        }
        seen += 1;
    }
    assert_eq!((seen, tools, digests, reasons), (69, 14, 8, 14));
}

#[test]
fn a_log_record_with_its_resource_is_an_event() {
    let log = |record: Value| {
        let resource = json!({ "attributes": [
            { "key": "service.name", "value": { "stringValue": "pay" } },
            { "key": "service.namespace", "value": { "stringValue": "shop" } } ] });
        json!({ "resourceLogs": [{ "resource": resource, "scopeLogs": [{ "logRecords": [record] }] }] })
    };
    let uid = json!([{ "key": "log.record.uid", "value": { "stringValue": "01J" } }]);
    let record = json!({ "timeUnixNano": "1795168800000000001", "observedTimeUnixNano": "1795168800000000002",
        "eventName": "user.login", "severityNumber": 9, "body": { "stringValue": "hello hunter2" },
        "traceId": "0102030405060708090a0b0c0d0e0f10", "spanId": "0102030405060708", "attributes": uid });
    let event = golden::normalise(log(record.clone()).to_string().as_bytes()).unwrap();
    assert_eq!(event["time_raw"], "1795168800000000001");
    assert_eq!(event["api"]["operation"], "user.login");
    assert_eq!((&event["source_event_id"], &event["span_id"]), (&json!("01J"), &json!("0102030405060708")));
    assert_eq!((&event["actor"]["name"], &event["authority"]), (&json!("pay"), &json!("shop")));
    assert!(!event.to_string().contains("hunter2"), "the body is content");
    let mut later = record;
    for name in ["timeUnixNano", "attributes"] {
        later.as_object_mut().unwrap().remove(name);
    }
    let event = golden::normalise(log(later).to_string().as_bytes()).unwrap();
    assert_eq!(event["time_raw"], "1795168800000000002", "when it was seen, if it does not say when it was");
    assert_eq!(event["source_event_id"], Value::Null, "a span has many log records: its id is not theirs");
}
