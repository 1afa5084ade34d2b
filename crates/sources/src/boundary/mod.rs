//! Events of HashiCorp Boundary, in the form of CloudEvents: calls of its API and between its parts, what it observed of
//! them, and what went wrong. Sessions, and the credentials it hands out with them, are grants for as long as they last.

mod act;
mod facts;
mod origins;

use std::borrow::Cow;

use model::uri;
use model::{Access, ActorKind, Effect, Event, Human, Platform, Principal, Status};

use crate::json::{Document, View};
use crate::{Context, Module, Probe, Reject, RejectKind, fill};

/// The platform part of URIs.
const NAME: &str = "boundary";

pub(crate) static MODULE: Module =
    Module { platform: Platform::Boundary, version: 1, recognise, normalise, origins: origins::ORIGINS };

fn recognise(probe: &Probe<'_>) -> bool {
    if probe.has("specversion") {
        return matches!(probe.text("type"), Some("audit" | "observation" | "error" | "system"))
            && probe.text("source").is_some_and(|source| source.contains("/boundary/"))
            && probe.has("data");
    }
    // What is left where a receiver has taken the envelope off.
    probe.contains("\"request_info\"")
        && probe.text("version").is_some_and(|version| version.starts_with("v0."))
        && probe.has("request_info")
        && probe.has("type")
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let record = Document::read(text)?;
    let envelope = record.has("/specversion");
    let data = if envelope { record.root().at("/data") } else { Some(record.root()) };
    let Some(data) = data else {
        return Err(Reject::new(RejectKind::Shape, "data is missing; every event of Boundary has it"));
    };
    let at = context.authority.unwrap_or("unknown").to_owned();
    let call = Call::read(data);
    let status = outcome_of(&call, data, record.get("/type").as_deref());
    let mut event = Event::new(Platform::Boundary, Cow::Owned(at.clone()), actor(&call, data, &record, &at, status));
    event.status = status;
    event.status_code = data.any(&["/response/status_code", "/status"]);
    let done = act::of(&call);
    (event.class_uid, event.activity_id, event.access) = (done.class, done.activity, done.access);
    event.privileged = done.privileged.then_some(true);
    event.api.service = record.get("/type").or_else(|| data.get("/type"));
    event.api.operation = match call.method {
        Some(_) => Some(call.operation()),
        None => data.get("/op").or_else(|| Some(call.operation())),
    };
    event.api.request_id = data.get("/request_info/id");
    event.source_event_id = record.get("/id").filter(|_| envelope).or_else(|| data.get("/id"));
    event.correlation_ids.extend(data.get("/request_info/id"));
    event.correlation_ids.extend(data.get("/correlation_id"));
    event.correlation_ids.extend(data.get("/id").filter(|_| envelope));
    fill::when(&mut event, data.any(&["/timestamp", "/start"]).or_else(|| record.get("/time")));
    fill::endpoint(&mut event.src, data.get("/request_info/client_ip"));
    event.duration_ms = data.any(&["/latency-ms", "/latency_ms"]).and_then(|text| millis(&text));
    event.workload.node = record.get("/source").and_then(|source| node(&source));
    event.user_agent = data.any(&["/request_info/user_agent", "/user_agent"]);
    outcome(&mut event, data);
    facts::read(&mut event, &call, data);
    let nobody = event.actor.name.is_none() && event.actor.kind != ActorKind::PlatformService;
    let holes = [(nobody, "actor_principal"), (event.resources.is_empty(), "resources")];
    fill::missing(&mut event, &holes);
    // Ids of Boundary are random and never given again; only the cluster is not named.
    Ok(event)
}

/// What was called: a resource and an action over HTTP, or a method between parts.
pub(super) struct Call<'a> {
    pub(super) method: Option<Cow<'a, str>>,
    /// Without its query.
    pub(super) path: String,
    /// The part behind the last colon of a path.
    pub(super) action: Option<String>,
    /// The kind of resource: `targets`, `sessions`.
    pub(super) collection: String,
    /// The resource that the path names.
    pub(super) id: Option<String>,
}

impl<'a> Call<'a> {
    fn read(data: View<'_, 'a>) -> Call<'a> {
        let method = data.get("/request_info/method");
        let full = data.get("/request_info/path").unwrap_or_default();
        let path = full.split('?').next().unwrap_or_default().to_owned();
        let (bare, action) = match path.rsplit_once(':') {
            Some((bare, action)) if !action.contains('/') => (bare.to_owned(), Some(action.to_owned())),
            _ => (path.clone(), None),
        };
        let mut parts = bare.trim_start_matches("/v1/").split('/').map(str::to_owned);
        let collection = parts.next().unwrap_or_default();
        Call { method, path, action, collection, id: parts.next().filter(|id| !id.is_empty()) }
    }

    /// `authorize-session targets`, `read auth-tokens`; between parts the name of the method.
    fn operation(&self) -> Cow<'a, str> {
        let method = self.method.as_deref().unwrap_or("event");
        if let Some(name) = method.starts_with('/').then(|| method.rsplit('/').next()).flatten() {
            return Cow::Owned(name.to_owned());
        }
        let verb = match (&self.action, method, &self.id) {
            (Some(action), ..) => action.as_str(),
            (None, "GET", None) => "list",
            (None, "GET", _) => "read",
            (None, "POST", _) => "create",
            (None, "PATCH", _) => "update",
            (None, "DELETE", _) => "delete",
            (None, other, _) => other,
        };
        match self.collection.is_empty() {
            true => Cow::Owned(verb.to_owned()),
            false => Cow::Owned(format!("{verb} {}", self.collection)),
        }
    }

    /// The method between parts, without its service.
    pub(super) fn part_method(&self) -> Option<&str> {
        let method = self.method.as_deref()?;
        method.starts_with('/').then(|| method.rsplit('/').next()).flatten()
    }
}

fn outcome_of(call: &Call<'_>, data: View<'_, '_>, kind: Option<&str>) -> Status {
    let code = data.any(&["/response/status_code", "/status"]).and_then(|code| code.parse::<u16>().ok());
    match code {
        Some(code) if code < 400 => Status::Success,
        Some(_) => Status::Failure,
        None if kind == Some("error") || data.at("/error").is_some() => Status::Failure,
        // Between parts an answer is all there is.
        None if call.part_method().is_some() && data.at("/response").is_some() => Status::Success,
        None => Status::Unknown,
    }
}

fn actor<'a>(call: &Call<'a>, data: View<'_, 'a>, record: &Document<'a>, at: &str, status: Status) -> Principal<'a> {
    let user = data.any(&["/auth/user_info/id", "/auth/user_id"]);
    // Who signs in is nobody before, and whom the answer names after it.
    let signed_in = data.any(&["/response/details/attributes/user_id", "/response/details/item/attributes/user_id"]);
    let signed_in = signed_in.filter(|_| call.action.as_deref() == Some("authenticate") && status == Status::Success);
    match signed_in.or(user).as_deref() {
        Some("u_anon") => {
            let uri = uri::principal(NAME, at, "anon", at);
            let (kind, is_human, rule) = (ActorKind::Shared, Human::Unknown, "anonymous");
            return Principal { uri, kind, name: Some(Cow::Borrowed("u_anon")), is_human, rule };
        }
        Some("u_recovery") => {
            let uri = uri::principal(NAME, at, "user", "u_recovery");
            let name = Some(Cow::Borrowed("u_recovery"));
            return Principal { uri, kind: ActorKind::Shared, name, is_human: Human::Unknown, rule: "default" };
        }
        Some(id) => {
            let uri = uri::principal(NAME, at, "user", id);
            let name = data.any(&["/auth/user_email", "/auth/user_name"]).unwrap_or_else(|| Cow::Owned(id.to_owned()));
            let (kind, is_human) = (ActorKind::Unknown, Human::Unknown);
            return Principal { uri, kind, name: Some(name), is_human, rule: "default" };
        }
        None => {}
    }
    if let Some(worker) = data.any(&["/request/details/worker_id", "/request/details/worker_status/public_id"]) {
        let uri = uri::principal(NAME, at, "worker", &worker);
        let (kind, is_human, rule) = (ActorKind::PlatformService, Human::Nonhuman, "R1:boundary-worker");
        return Principal { uri, kind, name: Some(worker), is_human, rule };
    }
    if call.path.is_empty() {
        let node = record.get("/source").and_then(|source| node(&source));
        let uri = uri::principal_named(NAME, at, "node", node.as_deref().unwrap_or("unknown"));
        let (kind, is_human, rule) = (ActorKind::PlatformService, Human::Nonhuman, "R1:boundary-itself");
        return Principal { uri, kind, name: node, is_human, rule };
    }
    let mut claim = fill::claimed(NAME, at, "client", data.get("/request_info/client_ip"));
    claim.name = None;
    claim
}

/// `https://hashicorp.com/boundary/<node>/controller`.
fn node<'a>(source: &str) -> Option<Cow<'a, str>> {
    let (_, rest) = source.split_once("/boundary/")?;
    let node = rest.split('/').next().filter(|node| !node.is_empty())?;
    Some(Cow::Owned(node.to_owned()))
}

fn millis(text: &str) -> Option<i64> {
    text.split('.').next()?.parse().ok()
}

fn outcome<'a>(event: &mut Event<'a>, data: View<'_, 'a>) {
    // What the policy engine let the caller see: by roles, each with what it grants and where.
    for grant in data.at("/auth/grants_info/grants").into_iter().flat_map(View::inside) {
        if let Some(role) = grant.get("/role_id")
            && !event.decision.policies.contains(&role)
        {
            event.decision.policies.push(role);
        }
    }
    let code = event.status_code.clone();
    if event.status == Status::Failure {
        event.severity_id = 2;
        event.error_code = data.any(&["/error_fields/Code", "/response/status_code", "/status"]);
        event.error_message = data.any(&["/error", "/response/details/message", "/error_fields/Msg"]);
        if matches!(code.as_deref(), Some("401" | "403")) {
            let policies = std::mem::take(&mut event.decision.policies);
            let reason = event.error_message.clone();
            fill::decided(event, Effect::Deny, reason);
            event.decision.policies = policies;
        }
    } else if !event.decision.policies.is_empty() && event.status == Status::Success {
        let policies = std::mem::take(&mut event.decision.policies);
        fill::decided(event, Effect::Allow, None);
        event.decision.policies = policies;
    }
    event.quality.redacted = matches!(event.access, Access::Issue | Access::Authenticate)
        && data.at("/response/details").is_some_and(|details| has_redacted(details, 0));
}

/// Whether a value was taken out by Boundary's own filter.
fn has_redacted(view: View<'_, '_>, depth: usize) -> bool {
    depth < 8
        && view.inside().any(|inside| {
            inside.text().is_some_and(|text| text.contains("[REDACTED]")) || has_redacted(inside, depth + 1)
        })
}
