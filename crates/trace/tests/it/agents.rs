//! Row 38 of `identity.md` 4, and row 24: agents, on whose behalf, in which run, by which tool, and the call
//! that followed, on native records of agents, gateways and platforms.

use model::Mode;
use scenario::otel::{Span, export};
use serde_json::json;
use trace::{Agent, EdgeKind, Found, Gap, Lineage, Settings, Tier, agent, lineage, who};

use crate::golden::{record, store};
use crate::memory::Memory;
use crate::native::*;

const TRACE: &str = "5b8efff798038103d269b633813fc60c";
const JTI: &str = "0f7b9d5e-1c1a-4a34-9a38-6a3a9f1f3f10";
const AGENT: &str = "nhi:principal:otel:acme:agent/clerk-1";
const ALICE: &str = "nhi:principal:otel:acme:user/?alice%40acme.example";

type Line = (String, Option<&'static str>);

/// A span of the agent's process.
fn span(id: &str, second: i64, trace: &str, attributes: &[(&str, &str)]) -> Line {
    let span = Span {
        trace,
        id,
        parent: "",
        name: "step",
        kind: 1,
        begins: nanos(second),
        ends: nanos(second + 1),
        attributes,
        error: "",
    };
    (export(&[("service.name", "billing"), ("service.namespace", "acme")], &[span]), None)
}

const RUN: [(&str, &str); 3] =
    [("gen_ai.agent.id", "clerk-1"), ("gen_ai.agent.name", "clerk"), ("gen_ai.conversation.id", "run-7")];

/// The run of the agent, for Alice, which shows a token if it is given one.
fn invoked(id: &str, second: i64, trace: &str, more: &[(&str, &str)]) -> Line {
    let own = [
        ("gen_ai.operation.name", "invoke_agent"),
        ("user.id", "alice@acme.example"),
        ("gen_ai.agent.mode", "autonomous"),
    ];
    span(id, second, trace, &[&own[..], &RUN[..], more].concat())
}

/// The call of a tool in that run.
fn tool(id: &str, second: i64, trace: &str, more: &[(&str, &str)]) -> Line {
    let own = [("gen_ai.operation.name", "execute_tool"), ("gen_ai.tool.name", "read_payroll")];
    span(id, second, trace, &[&own[..], &RUN[..], more].concat())
}

/// A message at the server of the tool, with the token and the trace of its caller.
fn message(id: i64, second: i64, jti: &str, trace: &str) -> Line {
    let parent = format!("00-{trace}-53995c3f42cd8ad8-01");
    let edits = [
        ("/timestamp", json!(at(second))),
        ("/message/id", json!(id)),
        ("/principal/jti", json!(jti)),
        ("/message/params/_meta/traceparent", json!(parent)),
    ];
    (record("mcp", "tools-call-of-the-client-itself", &edits), None)
}

fn object(id: &str, second: i64) -> Line {
    (read_object(&user("AKIADEPLOYER00000001"), id, second), None)
}

fn ask(store: &Memory, id: &str) -> (Lineage, Option<Agent>) {
    let (event, settings) = (store.by_source(id), Settings::default());
    (lineage::of_event(store, &event, &settings).unwrap(), agent::of_event(store, &event, &settings).unwrap())
}

fn ran(lineage: &Lineage) -> Vec<(&str, Tier)> {
    let edges = lineage.edges.iter().filter(|edge| edge.kind == EdgeKind::Ran);
    edges.map(|edge| (edge.rule, edge.tier)).collect()
}

fn tier_of(lineage: &Lineage, principal: &str) -> Option<Tier> {
    lineage.origins.iter().find(|origin| origin.principal == principal).map(|origin| origin.tier)
}

const MESSAGE: &str = "1868a90c-7b7f-4d27-9a8f-5a7d3a6c2c11:7";

#[test]
fn row_38_a_token_id_joins_a_call_of_a_tool_to_its_agent_and_its_issuance_as_a_fact() {
    let edits = [("/time", json!(at(0))), ("/jti", json!(JTI)), ("/request_id", json!("mint"))];
    let minted = (record("spire", "mint-jwt-svid", &edits), None);
    let store = store(&[
        minted,
        invoked("aaaaaaaaaaaaaaa1", 1, TRACE, &[("token.jti", JTI)]),
        message(7, 9, JTI, "00000000000000000000000000000001"),
    ]);
    let (lineage, agent) = ask(&store, MESSAGE);
    assert!(ran(&lineage).contains(&("token-shown", Tier::L1)), "{:#?}", lineage.edges);
    assert!(lineage.edges.iter().any(|edge| edge.rule == "native-id" && edge.tier == Tier::L1), "{:#?}", lineage.edges);
    let workload = "nhi:principal:spiffe:wharf.example:workload/ns/spire/sa/controller";
    assert_eq!(tier_of(&lineage, workload), Some(Tier::L1), "whoever had the token minted");
    // For whom it says it works stays a claim, however it was found.
    assert_eq!(tier_of(&lineage, ALICE), Some(Tier::L4));
    let agent = agent.unwrap();
    assert_eq!((agent.principal.as_str(), agent.tier, agent.rules), (AGENT, Tier::L1, vec!["token-shown"]));
    assert_eq!((agent.run.as_deref(), agent.mode), (Some("run-7"), Some(Mode::Autonomous)));
    assert_eq!((agent.tool.as_deref(), agent.initiator.as_deref()), (Some("read_payroll"), Some(ALICE)));
}

#[test]
fn row_38_a_trace_id_joins_as_a_claim() {
    let store = store(&[invoked("aaaaaaaaaaaaaaa1", 1, TRACE, &[]), message(7, 9, "other", TRACE)]);
    let (lineage, agent) = ask(&store, MESSAGE);
    assert_eq!(ran(&lineage), [("trace-id", Tier::L4)]);
    assert_eq!(tier_of(&lineage, AGENT), Some(Tier::L4));
    assert_eq!(agent.map(|agent| agent.tier), Some(Tier::L4));
}

#[test]
fn row_38_a_call_of_a_platform_leads_over_its_request_to_the_tool_the_run_and_the_person() {
    // The span of the client knows the id of the request and nothing of agents.
    let client = [("rpc.service", "S3"), ("rpc.method", "GetObject"), ("aws.request_id", "get-object")];
    let store = store(&[
        invoked("aaaaaaaaaaaaaaa1", 1, TRACE, &[]),
        tool("aaaaaaaaaaaaaaa2", 4, TRACE, &[]),
        span("aaaaaaaaaaaaaaa3", 5, TRACE, &client),
        object("get-object", 5),
    ]);
    let (lineage, agent) = ask(&store, "get-object");
    assert_eq!(ran(&lineage), [("request-id", Tier::L1), ("trace-id", Tier::L4)]);
    assert_eq!(tier_of(&lineage, AGENT), Some(Tier::L4), "the weakest link on the way");
    let agent = agent.unwrap();
    assert_eq!((agent.tool.as_deref(), agent.run.as_deref()), (Some("read_payroll"), Some("run-7")));
    assert_eq!((agent.tier, agent.evidence.len()), (Tier::L4, 3));
    let who = who::of_event(&store, &store.by_source("get-object"), &Settings::default()).unwrap();
    assert_eq!(who.agent.as_ref(), Some(&agent));
    assert_eq!((who.agent_mode, who.agent_run.as_deref()), (Some(Mode::Autonomous), Some("run-7")));
    assert!(who.on_behalf_of.iter().any(|origin| origin.principal == ALICE && origin.tier == Tier::L4));
}

#[test]
fn row_38_a_request_named_by_the_tools_own_record_keeps_l1_and_its_run_l3() {
    let store = store(&[
        invoked("aaaaaaaaaaaaaaa1", 1, TRACE, &[]),
        tool("aaaaaaaaaaaaaaa2", 4, "00000000000000000000000000000002", &[("aws.request_id", "get-object")]),
        object("get-object", 5),
    ]);
    let (lineage, agent) = ask(&store, "get-object");
    assert_eq!(ran(&lineage), [("request-id", Tier::L1), ("agent-run", Tier::L3)]);
    let agent = agent.unwrap();
    assert_eq!((agent.tier, agent.initiator.as_deref()), (Tier::L3, Some(ALICE)));
}

#[test]
fn row_38_two_runs_in_one_trace_are_said_and_neither_is_picked() {
    let other = [
        ("gen_ai.operation.name", "invoke_agent"),
        ("user.id", "bob"),
        ("gen_ai.agent.id", "clerk-2"),
        ("gen_ai.conversation.id", "run-8"),
    ];
    let two = store(&[
        invoked("aaaaaaaaaaaaaaa1", 1, TRACE, &[]),
        span("aaaaaaaaaaaaaaa2", 2, TRACE, &other),
        message(7, 9, "other", TRACE),
    ]);
    let (lineage, agent) = ask(&two, MESSAGE);
    assert!(lineage.gaps.iter().any(|gap| matches!(gap, Gap::Ambiguous { candidates, .. } if candidates.len() == 2)));
    assert!(ran(&lineage).is_empty() && tier_of(&lineage, AGENT).is_none());
    // Its own record still says which client it was.
    assert!(agent.unwrap().rules.is_empty());
}

#[test]
fn row_38_without_a_record_of_an_agent_nothing_is_said_of_one() {
    let alone = store(&[object("get-object", 5)]);
    let (lineage, agent) = ask(&alone, "get-object");
    assert!(ran(&lineage).is_empty() && agent.is_none());
    // A record of the trace that is later than the call, by more than two clocks may differ, is not its cause.
    let late = store(&[message(7, 9, "other", TRACE), invoked("aaaaaaaaaaaaaaa1", 9 + 61, TRACE, &[])]);
    assert!(ran(&ask(&late, MESSAGE).0).is_empty());
}

/// Row 24: GitHub itself says that an agent acted, in which session and for whom.
#[test]
fn row_24_an_agent_of_github_acts_for_the_user_who_started_it() {
    let store = store(&[(record("github", "agent_pull_request", &[]), None)]);
    let event = store.facts()[0].clone();
    let settings = Settings::default();
    let lineage = lineage::of_event(&store, &event, &settings).unwrap();
    let user = event.initiator.clone().expect("a user who started it");
    let origin = lineage.origins.iter().find(|origin| origin.principal == user).unwrap();
    assert_eq!((origin.tier, origin.found), (Tier::L1, Found::Initiator), "the platform checked it");
    let agent = agent::of_event(&store, &event, &settings).unwrap().unwrap();
    assert_eq!((agent.principal.as_str(), agent.initiator), (event.actor.uri.as_str(), Some(user)));
    assert_eq!((agent.run.as_deref(), agent.tier, agent.rules.len()), (event.agent_run.as_deref(), Tier::L1, 0));
    assert!(agent.run.is_some());
}
