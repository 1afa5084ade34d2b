//! Transcripts of agents that nobody here wrote: the calls of tools in them, formed as the records that the product
//! reads, messages of MCP and spans of OpenTelemetry. What a transcript says of a call (who, which tool, what came of it)
//! must stand in the event, and nothing else: no argument, no answer.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::{golden, real};

/// A call of a tool in a transcript.
#[derive(Debug)]
struct Call {
    agent: String,
    session: String,
    /// For whom, if the transcript says so.
    user: Option<String>,
    tool: String,
    id: String,
    arguments: Value,
    /// Whether it failed; `None` where the transcript does not say.
    failed: Option<bool>,
    answer: String,
}

/// A time for records whose transcript has none.
const START: i64 = 1_788_422_400_000_000_000;

impl Call {
    /// The span of the agent's own instrumentation.
    fn span(&self, number: usize) -> Value {
        let start = START + i64::try_from(number).unwrap() * 1_000_000_000;
        let mut attributes = vec![
            ("gen_ai.operation.name", json!("execute_tool")),
            ("gen_ai.agent.name", json!(self.agent)),
            ("gen_ai.conversation.id", json!(self.session)),
            ("gen_ai.tool.name", json!(self.tool)),
            ("gen_ai.tool.call.id", json!(self.id)),
            ("gen_ai.tool.call.arguments", json!(self.arguments.to_string())),
        ];
        attributes.extend(self.user.iter().map(|user| ("user.id", json!(user))));
        let attributes: Vec<Value> =
            attributes.into_iter().map(|(key, value)| json!({"key": key, "value": {"stringValue": value}})).collect();
        let mut span = json!({"traceId": format!("{number:032x}"), "spanId": format!("{number:016x}"),
            "name": format!("execute_tool {}", self.tool), "startTimeUnixNano": start.to_string(),
            "attributes": attributes, "status": {}});
        // A span without an end has no outcome yet.
        if let Some(failed) = self.failed {
            span["endTimeUnixNano"] = json!((start + 1_000_000).to_string());
            span["status"] = json!({"code": if failed { 2 } else { 1 }});
        }
        span
    }

    /// Request and answer as a gateway logs them, which knows the agent by name.
    fn messages(&self, number: usize) -> (Value, Option<Value>) {
        let around = |payload: Value| {
            json!({"timestamp": START / 1_000_000_000 + i64::try_from(number).unwrap(), "server_id": "tools",
                "session_id": self.session, "principal": self.agent, "payload": payload})
        };
        let request = json!({"jsonrpc": "2.0", "id": self.id, "method": "tools/call",
            "params": {"name": self.tool, "arguments": self.arguments}});
        let answer = self.failed.map(|failed| {
            json!({"jsonrpc": "2.0", "id": self.id,
                "result": {"content": [{"type": "text", "text": self.answer}], "isError": failed}})
        });
        (around(request), answer.map(around))
    }
}

fn json_of(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Sessions of a customer service: calls and their answers are messages, a failure is an answer that says so.
fn tau_bench(folder: &Path) -> Vec<Call> {
    let mut calls = Vec::new();
    for (number, run) in json_of(&folder.join("tau_bench/gpt-4o-airline.json")).as_array().unwrap().iter().enumerate() {
        let messages = run["traj"].as_array().unwrap();
        for (at, message) in messages.iter().enumerate() {
            // The answers stand behind the message with the calls, in their order.
            let mut answers = messages[at + 1..].iter().take_while(|next| next["role"] == "tool");
            for call in message["tool_calls"].as_array().into_iter().flatten() {
                let answer = answers.next().map(|answer| text(&answer["content"]));
                calls.push(Call {
                    agent: "tau-bench-airline".to_owned(),
                    session: format!("tau-{}-{}-{number}", run["task_id"], run["trial"]),
                    user: run["info"]["task"]["user_id"].as_str().map(str::to_owned),
                    tool: text(&call["function"]["name"]),
                    id: text(&call["id"]),
                    arguments: call["function"]["arguments"].clone(),
                    failed: answer.as_ref().map(|answer| answer.starts_with("Error")),
                    answer: answer.unwrap_or_default(),
                });
            }
        }
    }
    calls
}

/// Commands of a programming agent: the tool is the first word, and how a command ended is not said.
fn swe_agent(folder: &Path) -> Vec<Call> {
    let mut calls = Vec::new();
    for path in real::files(&folder.join("swe_agent"), ".traj") {
        let session = path.file_stem().unwrap().to_string_lossy().into_owned();
        for (number, step) in json_of(&path)["trajectory"].as_array().unwrap().iter().enumerate() {
            let action = text(&step["action"]);
            let Some(tool) = action.split_whitespace().next() else { continue };
            calls.push(Call {
                agent: "swe-agent".to_owned(),
                session: session.clone(),
                user: None,
                tool: tool.to_owned(),
                id: format!("step-{number}"),
                arguments: json!({"command": action}),
                failed: None,
                answer: text(&step["observation"]),
            });
        }
    }
    calls
}

/// Evaluations: events of tools with their results, and answers of tools among messages, each with an error or none.
fn inspect_ai(folder: &Path) -> Vec<Call> {
    let mut calls = Vec::new();
    for path in real::files(&folder.join("inspect_ai"), ".json") {
        let session = path.file_stem().unwrap().to_string_lossy().into_owned();
        collect(&json_of(&path), &session, &mut calls);
    }
    calls
}

fn collect(value: &Value, session: &str, calls: &mut Vec<Call>) {
    let call = |id: &Value, arguments: &Value, answer: &Value| Call {
        agent: "inspect-ai".to_owned(),
        session: session.to_owned(),
        user: None,
        tool: text(&value["function"]),
        id: text(id),
        arguments: arguments.clone(),
        failed: Some(!value["error"].is_null()),
        answer: text(answer),
    };
    match value {
        Value::Object(_) if value["event"] == "tool" => {
            calls.push(call(&value["id"], &value["arguments"], &value["result"]));
        }
        Value::Object(_) if value["role"] == "tool" && value["function"].is_string() => {
            calls.push(call(&value["tool_call_id"], &json!({}), &value["content"]));
        }
        Value::Object(map) => map.values().for_each(|value| collect(value, session, calls)),
        Value::Array(items) => items.iter().for_each(|value| collect(value, session, calls)),
        _ => {}
    }
}

fn read(record: &Value) -> Value {
    golden::normalise(record.to_string().as_bytes()).unwrap_or_else(|reject| panic!("{record}: {reject}"))
}

/// The status that a record must have.
fn status(failed: Option<bool>) -> &'static str {
    match failed {
        Some(true) => "failure",
        Some(false) => "success",
        None => "other",
    }
}

fn check(calls: &[Call]) -> BTreeMap<&'static str, usize> {
    let mut outcomes = BTreeMap::new();
    for (number, call) in calls.iter().enumerate() {
        let number = number + 1;
        *outcomes.entry(status(call.failed)).or_default() += 1;
        let span = read(&call.span(number));
        assert_eq!(span["platform"], "otel");
        assert_eq!(span["actor"]["name"], call.agent.as_str());
        assert_eq!(
            (span["actor"]["kind"].as_str(), span["actor"]["is_human"].as_str()),
            (Some("agent"), Some("nonhuman"))
        );
        assert_eq!(span["tool"]["name"], call.tool.as_str());
        assert_eq!(span["tool"]["call_id"], call.id.as_str());
        assert_eq!(span["agent"]["run"], call.session.as_str());
        assert_eq!(span["status"], status(call.failed), "{call:?}");
        assert_eq!(span["initiator"].is_string(), call.user.is_some());
        let (request, answer) = call.messages(number);
        let request = read(&request);
        assert_eq!(request["platform"], "mcp");
        assert_eq!(request["actor"]["name"], call.agent.as_str());
        assert_eq!(request["tool"]["name"], call.tool.as_str());
        assert_eq!(request["tool"]["call_id"], call.id.as_str());
        assert_eq!((request["access"].as_str(), request["status"].as_str()), (Some("execute"), Some("other")));
        if let Some(answer) = answer {
            let answer = read(&answer);
            assert_eq!(answer["status"], status(call.failed), "{call:?}");
            assert_eq!(answer["actor"]["uri"], request["actor"]["uri"]);
            assert_eq!(answer["source_event_id"], request["source_event_id"], "an answer leads to its request");
        }
        // Nothing of the arguments is in an event, long enough to be told from a name.
        for (_, argument) in call.arguments.as_object().into_iter().flatten() {
            let argument = text(argument);
            if argument.len() > 24 && argument.contains(' ') {
                assert!(!span.to_string().contains(&argument) && !request.to_string().contains(&argument), "{call:?}");
            }
        }
    }
    outcomes
}

#[test]
fn every_call_in_a_transcript_says_who_which_tool_and_what_came_of_it() {
    let Some(folder) = real::folder() else { return };
    let folder = folder.join("ai");
    for (name, calls, least) in [
        ("tau_bench", tau_bench(&folder), 1_164),
        ("swe_agent", swe_agent(&folder), 110),
        ("inspect_ai", inspect_ai(&folder), 16),
    ] {
        let outcomes = check(&calls);
        let users = calls.iter().filter(|call| call.user.is_some()).count();
        let tools: std::collections::BTreeSet<&str> = calls.iter().map(|call| call.tool.as_str()).collect();
        eprintln!("{name}: {} calls of {} tools, {users} for a user, outcomes {outcomes:?}", calls.len(), tools.len());
        assert!(calls.len() >= least, "{name}: {} calls, at least {least} are there", calls.len());
    }
}

/// What the gateway of an agent logged, each message as it stands.
#[test]
fn messages_of_a_real_gateway_say_tool_server_and_outcome() {
    let Some(folder) = real::folder() else { return };
    let file = folder.join("ai/mcp_gateway_ksail/rpc-messages.jsonl");
    let (mut calls, mut outcomes) = (0, BTreeMap::<String, usize>::new());
    for line in std::fs::read_to_string(file).unwrap().lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let event = golden::normalise(line.as_bytes()).unwrap_or_else(|reject| panic!("{reject}: {line}"));
        let payload = &record["payload"];
        assert_eq!(event["api"]["service"], record["server_id"]);
        if record["method"] == "tools/call" {
            calls += 1;
            assert_eq!(event["tool"]["name"], payload["params"]["name"]);
            assert_eq!(event["tool"]["server"], record["server_id"]);
        }
        if record["type"] == "RESPONSE" {
            let failed = payload["result"]["isError"] == true || !payload["error"].is_null();
            assert_eq!(event["status"], status(Some(failed)), "{line}");
        }
        *outcomes.entry(text(&event["status"])).or_default() += 1;
    }
    eprintln!("mcp_gateway_ksail: {calls} calls of tools, outcomes of messages {outcomes:?}");
    assert_eq!(calls, 5);
}
