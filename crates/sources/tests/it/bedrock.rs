//! Bedrock: goldens, twins, what never becomes a column, and invocations that nobody here wrote.

use serde_json::{Value, json};

use crate::{golden, real};

#[test]
fn goldens() {
    golden::all("bedrock", 4);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("bedrock", 1);
}

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    let verbatim = [
        ("source_event_id", "/source_event_id"),
        ("time_raw", "/time_raw"),
        ("tenant", "/tenant"),
        ("region", "/region"),
        ("error_code", "/error_code"),
        ("actor_name", "/actor/name"),
        ("agent_model", "/agent/model"),
        ("agent_uid", "/agent/uid"),
        ("agent_run", "/agent/run"),
        ("purpose_reason", "/purpose/reason"),
        ("api_request_id", "/api/request_id"),
        ("dst_network", "/dst/network"),
        ("resources", "/resources/0/name"),
    ];
    golden::origins("bedrock", &verbatim);
}

#[test]
fn neither_question_nor_answer_is_in_any_column() {
    for case in ["converse.allowed", "converse.denied"] {
        let event = golden::event("bedrock", case).to_string();
        assert!(!event.contains("THE-PROMPT") && !event.contains("THE-ANSWER"), "{event}");
    }
}

#[test]
fn an_invocation_is_the_call_that_cloudtrail_logged() {
    let trail = json!({"eventVersion": "1.08", "userIdentity": {"type": "IAMUser", "accountId": "111122223333"}, "eventSource": "bedrock.amazonaws.com",
        "eventName": "Converse", "awsRegion": "eu-central-1", "eventTime": "2026-11-20T10:41:07Z", "recipientAccountId": "111122223333",
        "requestParameters": {"modelId": "anthropic.claude-3-haiku-20240307-v1:0"}, "requestID": "bb98d9a8-bd9a-47ca-976b-f165ef1f8b67"});
    let trail = golden::normalise(trail.to_string().as_bytes()).unwrap();
    let event = golden::event("bedrock", "converse.allowed");
    assert_eq!(trail["resources"][0]["uri"], event["resources"][0]["uri"]);
    assert_eq!(
        (&trail["api"]["operation"], &trail["correlation_ids"]),
        (&event["api"]["operation"], &event["correlation_ids"])
    );
}

#[test]
fn every_real_invocation_becomes_an_event_without_its_text() {
    let Some(folder) = real::folder() else { return };
    let records = real::panther(&folder.join("panther/AWS.BedrockModelInvocation.jsonl"));
    assert_eq!(records.len(), 4);
    for text in records {
        let event = golden::normalise(text.as_bytes()).unwrap_or_else(|reject| panic!("{reject}: {text}"));
        let record: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(event["platform"], "bedrock");
        assert_eq!(event["actor"]["name"], record["identity"]["arn"]);
        assert_eq!(event["agent"]["model"], record["modelId"]);
        let question = record["input"]["inputBodyJson"]["messages"][0]["content"][0]["text"].as_str().unwrap();
        assert!(event["time"].is_i64() && !event.to_string().contains(question), "{event:#}");
    }
}
