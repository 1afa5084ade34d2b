//! Decision logs of Open Policy Agent: who asked for what, and what the policy said.
//!
//! What is asked about is the input of whoever asks: names in it are claims, unless an enforcement point that checks
//! them is known to have written them (the certificate's name in Envoy's external authorization).

mod origins;

use std::borrow::Cow;

use model::uri;
use model::{Access, ActorKind, Effect, Event, Human, Platform, Principal, ResourceRole, Status};

use crate::json::{Document, View};
use crate::{Context, Module, Probe, Reject, RejectKind, fill, spiffe, url};

/// The platform part of URIs.
const NAME: &str = "opa";

pub(crate) static MODULE: Module =
    Module { platform: Platform::Opa, version: 1, recognise, normalise, origins: origins::ORIGINS };

fn recognise(probe: &Probe<'_>) -> bool {
    probe.contains("\"decision_id\"")
        && probe.has("decision_id")
        && (probe.has("path") || probe.has("query"))
        && (probe.has("labels") || probe.has("timestamp"))
        && ["result", "input", "requested_by", "bundles", "metrics", "error"].iter().any(|key| probe.has(key))
}

/// Where inputs name whoever a decision is about, by custom of the enforcement points and of the documentation.
const SUBJECTS: [&str; 9] = [
    "/input/request/userInfo/username",
    "/input/user/id",
    "/input/user/name",
    "/input/user",
    "/input/subject/id",
    "/input/subject",
    "/input/principal/id",
    "/input/principal",
    "/input/identity/user",
];
const ACTIONS: [&str; 5] = [
    "/input/attributes/request/http/method",
    "/input/request/operation",
    "/input/action/operation",
    "/input/action",
    "/input/method",
];
const TARGETS: [&str; 7] = [
    "/input/attributes/request/http/path",
    "/input/resource/id",
    "/input/resource/name",
    "/input/resource",
    "/input/object",
    "/input/path",
    "/input/request/name",
];

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let record = Document::read(text)?;
    let Some(id) = record.get("/decision_id") else {
        return Err(Reject::new(RejectKind::Shape, "decision_id is missing; every decision has one"));
    };
    let at = context.authority.unwrap_or("unknown");
    let mut event = Event::new(Platform::Opa, Cow::Owned(at.to_owned()), actor(&record, at));
    let action = record.any(&ACTIONS);
    (event.class_uid, event.activity_id) = (6003, 99);
    event.access = access(action.as_deref());
    event.role = record.get("/input/role");
    event.api.service = record.any(&["/input/attributes/destination/service", "/labels/app"]);
    event.api.operation = record.any(&["/path", "/query"]);
    event.api.request_id = record.any(&[
        "/input/attributes/request/http/headers/x-request-id",
        "/input/attributes/request/http/id",
        "/input/request/uid",
    ]);
    event.source_event_id = Some(id.clone());
    event.correlation_ids.push(id);
    event.correlation_ids.extend(record.get("/batch_decision_id"));
    event.correlation_ids.extend(event.api.request_id.clone());
    (event.trace_id, event.span_id) = (record.get("/trace_id"), record.get("/span_id"));
    fill::when(&mut event, record.any(&["/timestamp", "/time"]));
    event.workload.uid = record.get("/labels/id");
    event.region = record.get("/labels/region");
    fill::endpoint(&mut event.src, record.get("/requested_by"));
    let nanos = record.any(&["/metrics/timer_server_handler_ns", "/metrics/timer_rego_query_eval_ns"]);
    event.duration_ms = nanos.and_then(|nanos| nanos.parse::<i64>().ok()).map(|nanos| nanos / 1_000_000);
    event.purpose.reason = action.filter(|_| event.access == Access::Other);
    decided(&mut event, &record);
    // The query of an address may hold a secret.
    let asked = record.any(&TARGETS).map(url::bare).or_else(|| joined(&record, "/input/path"));
    fill::target(&mut event, "asked-for", asked);
    if let Some(policy) = event.api.operation.clone() {
        fill::resource(&mut event, "policy", policy, ResourceRole::Related);
    }
    event.quality.redacted = ["/erased", "/masked"].iter().any(|list| record.items(list).next().is_some());
    let nobody = event.actor.name.is_none();
    let holes = [(nobody, "actor_principal"), (event.decision.effect.is_none(), "decision_effect")];
    fill::missing(&mut event, &holes);
    event.quality.missing.dedup();
    Ok(event)
}

/// The parts of a list as a path.
fn joined<'a>(record: &Document<'a>, pointer: &str) -> Option<Cow<'a, str>> {
    let parts: Vec<_> = record.items(pointer).filter_map(View::text).collect();
    (!parts.is_empty()).then(|| Cow::Owned(format!("/{}", parts.join("/"))))
}

fn actor<'a>(record: &Document<'a>, at: &str) -> Principal<'a> {
    // Envoy writes there what the certificate of the connection says.
    let peer = record.get("/input/attributes/source/principal");
    if let Some((id, uri)) = peer.and_then(|id| Some((id.clone(), spiffe::principal(&id)?))) {
        let (kind, is_human, rule) = (ActorKind::Workload, Human::Nonhuman, "R1:spiffe-id");
        return Principal { uri, kind, name: Some(id), is_human, rule };
    }
    if let Some(name) = record.any(&SUBJECTS) {
        let workload = spiffe::parse(&name).is_some() || name.starts_with("system:serviceaccount:");
        let mut claim = fill::claimed(NAME, at, "subject", Some(name));
        if workload {
            (claim.kind, claim.is_human, claim.rule) = (ActorKind::Workload, Human::Nonhuman, "R1:opa-workload-name");
        }
        return claim;
    }
    let from = record.get("/requested_by").map(fill::host);
    let uri = uri::principal_claimed(NAME, at, "client", from.as_deref().unwrap_or("unknown"));
    Principal { uri, kind: ActorKind::Unknown, name: None, is_human: Human::Unknown, rule: "default" }
}

fn access(action: Option<&str>) -> Access {
    let action = action.unwrap_or_default().to_ascii_lowercase();
    match action.as_str() {
        "get" | "head" | "options" | "read" | "list" | "watch" | "view" => Access::Read,
        "create" => Access::Create,
        "put" | "patch" | "update" | "write" | "edit" => Access::Modify,
        "delete" | "remove" => Access::Delete,
        "post" | "execute" | "invoke" | "run" | "call" | "connect" => Access::Execute,
        "grant" | "approve" | "assign" => Access::Grant,
        _ => Access::Other,
    }
}

/// What the policy said. Whoever asked decides what becomes of it.
fn decided<'a>(event: &mut Event<'a>, record: &Document<'a>) {
    let path = event.api.operation.clone().unwrap_or_default();
    let last = path.rsplit(['/', '.']).next().unwrap_or_default().to_owned();
    let said = record.any(&[
        "/result/allow",
        "/result/allowed",
        "/result/response/allowed",
        "/result/decision",
        "/result/result",
        "/result",
    ]);
    let refuses = matches!(last.as_str(), "deny" | "violation" | "violations" | "denied");
    let effect = match said.as_deref() {
        Some("true") if refuses => Some(Effect::Deny),
        Some("false") if refuses => Some(Effect::Allow),
        Some("true" | "allow" | "ALLOW" | "permit") => Some(Effect::Allow),
        Some("false" | "deny" | "DENY") => Some(Effect::Deny),
        // A set of reasons against it.
        None if refuses && record.has("/result") => {
            Some(if record.items("/result").next().is_some() { Effect::Deny } else { Effect::Allow })
        }
        _ => None,
    };
    event.status_code = said.filter(|said| said.len() <= 64);
    event.status = match effect {
        Some(Effect::Deny) => Status::Failure,
        Some(_) => Status::Success,
        None => Status::Unknown,
    };
    let reason = record.any(&[
        "/result/reason",
        "/result/reasons/0",
        "/result/message",
        "/result/response/status/reason",
        "/result/0/msg",
        "/result/0",
    ]);
    if record.has("/error") {
        event.status = Status::Failure;
        event.error_code = record.get("/error/code");
        event.error_message = record.any(&["/error/message", "/error/errors/0/message", "/error"]);
    } else if effect == Some(Effect::Deny) {
        event.error_message.clone_from(&reason);
    }
    event.decision.effect = effect;
    event.decision.pdp = Some(Cow::Borrowed(NAME));
    event.decision.rule = event.api.operation.clone();
    event.decision.reason = reason;
    // Which version of which policy decided: the revision of each bundle.
    for bundle in record.items("/bundles") {
        let policy = match bundle.get("/revision") {
            Some(revision) => format!("{}@{revision}", bundle.key()),
            None => bundle.key().to_owned(),
        };
        event.decision.policies.push(Cow::Owned(policy));
    }
    if event.decision.policies.is_empty() {
        event.decision.policies.extend(record.any(&["/revision", "/labels/revision"]));
    }
}
