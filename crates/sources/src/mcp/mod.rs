//! MCP: JSON-RPC messages between an agent and the servers whose tools it uses, bare or as a gateway logs them.
//!
//! A message by itself proves nothing: what a client says of itself is a claim. Who called is known where
//! the gateway logs what it checked, the claims of the token above all.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    Access, ActorKind, Credential, Event, Human, Platform, Principal, Related, Resource, ResourceRole, Status, Step,
    StepKind,
};
use sha2::{Digest, Sha256};

use self::record::{Around, Claims, Message};
use crate::{Context, Module, Probe, Reject, RejectKind, fill, json, oauth, time, url};

mod origins;
mod record;

/// The platform part of canonical URIs.
const NAME: &str = "mcp";

pub(crate) static MODULE: Module =
    Module { platform: Platform::Mcp, version: 1, recognise, normalise, origins: origins::ORIGINS };

/// Keys under which gateways log the message: an object, or a text that holds one.
const KEYS: [&str; 7] = ["payload", "message", "request", "response", "rpc", "raw", "msg"];

fn recognise(probe: &Probe<'_>) -> bool {
    probe.contains("jsonrpc") && (is_message(probe) || carried(probe).is_some())
}

/// A message of the protocol. Others speak JSON-RPC, too: its methods are its own.
fn is_message(probe: &Probe<'_>) -> bool {
    probe.text("jsonrpc") == Some("2.0")
        && match probe.text("method") {
            Some(method) => is_method(method),
            None => probe.has("id") && (probe.has("result") || probe.has("error")),
        }
}

fn is_method(method: &str) -> bool {
    matches!(method, "initialize" | "ping")
        || [
            "tools/",
            "resources/",
            "prompts/",
            "notifications/",
            "sampling/",
            "elicitation/",
            "roots/",
            "logging/",
            "completion/",
            "tasks/",
            "server/",
        ]
        .iter()
        .any(|group| method.starts_with(group))
}

/// The value that carries a message, as it is written.
fn carried<'a>(probe: &Probe<'a>) -> Option<&'a str> {
    KEYS.iter().filter_map(|key| probe.raw(key)).find(|raw| match raw.strip_prefix('"') {
        None => raw.starts_with('{') && Probe::new(raw).text("jsonrpc") == Some("2.0"),
        Some(inside) => inside.starts_with(r"{\") && inside.contains(r#"\"jsonrpc\""#),
    })
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let not_json = |error: serde_json::Error| json::not_json(&error);
    let probe = Probe::new(text);
    if is_message(&probe) {
        let message = serde_json::from_str(text).map_err(not_json)?;
        return Ok(event(&message, Around::default(), context));
    }
    let Some(raw) = carried(&probe) else {
        return Err(Reject::new(RejectKind::Shape, "neither a message of MCP nor an entry that carries one"));
    };
    let message: Message = if raw.starts_with('"') {
        let inside: String = serde_json::from_str(raw).map_err(not_json)?;
        serde_json::from_str(&inside).map_err(not_json)?
    } else {
        serde_json::from_str(raw).map_err(not_json)?
    };
    let mut around: Around = serde_json::from_str(text).map_err(not_json)?;
    let beside: Claims = serde_json::from_str(text).map_err(not_json)?;
    around.principal.claims.fill(beside);
    around.server_id = around.server_id.or(around.server.take());
    around.timestamp = around.timestamp.or(around.time.take()).or(around.ts.take());
    Ok(event(&message, around, context))
}

impl Claims {
    /// Claims that stand beside the message instead of in an object of their own.
    fn fill(&mut self, beside: Claims) {
        self.iss = self.iss.take().or(beside.iss);
        self.sub = self.sub.take().or(beside.sub);
        self.client_id = self.client_id.take().or(beside.client_id);
        self.jti = self.jti.take().or(beside.jti);
        self.scope = self.scope.take().or(beside.scope);
        self.exp = self.exp.or(beside.exp);
        self.act = self.act.take().or(beside.act);
        if self.aud.is_empty() {
            self.aud = beside.aud;
        }
    }
}

fn event<'a>(message: &Message, around: Around, context: &Context<'_>) -> Event<'a> {
    let server = around.server_url.as_deref().map(url::canonical);
    let host = server.as_deref().and_then(url::host);
    let authority = context.authority.map(str::to_owned).or_else(|| host.clone());
    let authority: Cow<'a, str> = Cow::Owned(authority.unwrap_or_else(|| "unknown".to_owned()));
    let method = message.method.clone().or(around.method.clone());
    let mut event = Event::new(Platform::Mcp, authority.clone(), actor(message, &around, &authority));
    let known = event.actor.kind != ActorKind::Unknown && around.principal.claims.client_id.is_some();
    (event.class_uid, event.activity_id, event.access) = act(method.as_deref().unwrap_or_default(), known);
    event.api.service = server.clone().or(around.server_id.clone()).map(Cow::Owned);
    event.api.operation = Some(Cow::Owned(method.unwrap_or_else(|| "response".to_owned())));
    when(&mut event, around.timestamp.clone());
    event.duration_ms = around.duration_ms.as_deref().and_then(|text| text.split('.').next()?.parse().ok());
    outcome(&mut event, message);
    delegation(&mut event, &around.principal.claims);
    token(&mut event, &around.principal.claims);
    correlate(&mut event, message, &around);
    tool(&mut event, message, &around, server.as_deref());
    resources(&mut event, message, &around, server.as_deref());
    event.dst.host = host.map(Cow::Owned);
    event.src.ip = around.client_ip.map(Cow::Owned);
    event.user_agent = around.user_agent.map(Cow::Owned);
    let info = message.params.as_ref().and_then(|params| params.client_info.as_ref());
    event.client_app = info.and_then(|info| info.name.clone()).map(Cow::Owned);
    event.agent.version = info.and_then(|info| info.version.clone()).map(Cow::Owned);
    missing(&mut event);
    event
}

/// The client that the token names; without a token whom the gateway names; else what the client claims.
fn actor<'a>(message: &Message, around: &Around, authority: &str) -> Principal<'a> {
    let claims = &around.principal.claims;
    let issuer = oauth::issuer(claims.iss.as_deref());
    let info = message.params.as_ref().and_then(|params| params.client_info.as_ref()?.name.clone());
    let (uri, name, kind, is_human, rule) = if let Some(id) = &claims.client_id {
        (oauth::client(&issuer, id), id.clone(), ActorKind::ApiClient, Human::Nonhuman, "R1:mcp-client")
    } else if let Some(sub) = claims.act.as_ref().and_then(|act| act.sub.as_ref()).or(claims.sub.as_ref()) {
        (oauth::subject(&issuer, sub), sub.clone(), ActorKind::Unknown, Human::Unknown, "default")
    } else if let Some(name) = &around.principal.name {
        let uri = uri::principal_named(NAME, authority, "principal", name);
        (uri, name.clone(), ActorKind::Unknown, Human::Unknown, "default")
    } else if let Some(name) = info {
        let uri = uri::principal_claimed(NAME, authority, "client", &name);
        (uri, name, ActorKind::ApiClient, Human::Unknown, "default")
    } else {
        let uri = uri::principal_claimed(NAME, authority, "client", "unknown");
        return Principal { uri, kind: ActorKind::Unknown, name: None, is_human: Human::Unknown, rule: "default" };
    };
    Principal { uri, kind, name: Some(Cow::Owned(name)), is_human, rule }
}

/// Class, activity and access of a method. A session that opens with a checked token is a sign-in.
fn act(method: &str, known: bool) -> (u32, u8, Access) {
    match method {
        "initialize" if known => (3002, 1, Access::Authenticate),
        "tools/call" | "sampling/createMessage" | "elicitation/create" => (6003, 99, Access::Execute),
        "resources/read" | "prompts/get" | "completion/complete" => (6003, 2, Access::Read),
        "logging/setLevel" | "resources/subscribe" | "resources/unsubscribe" => (6003, 3, Access::Modify),
        _ if method.ends_with("/list") => (6003, 2, Access::Read),
        _ => (6003, 99, Access::Other),
    }
}

fn when(event: &mut Event<'_>, raw: Option<String>) {
    let Some(raw) = raw else { return };
    let number = raw.split('.').next().and_then(|whole| whole.parse::<i64>().ok());
    let parsed = time::parse(&raw).or_else(|| time::from_epoch(number?));
    fill::timed(event, parsed, Some(Cow::Owned(raw)));
}

/// Of a request nobody knows yet what came of it. Words of a tool about its failure may hold anything, so
/// only the protocol's own error is read.
fn outcome(event: &mut Event<'_>, message: &Message) {
    event.status = match (&message.error, &message.result) {
        (Some(_), _) => Status::Failure,
        (None, Some(result)) if result.is_error == Some(true) => Status::Failure,
        (None, Some(_)) => Status::Success,
        (None, None) => Status::Other,
    };
    if let Some(error) = &message.error {
        event.error_code = error.code.clone().map(Cow::Owned);
        event.error_message = error.message.clone().map(Cow::Owned);
        event.status_code.clone_from(&event.error_code);
    }
}

/// The gateway checked the token, so whom it names is no claim.
fn delegation(event: &mut Event<'_>, claims: &Claims) {
    let Some(sub) = claims.sub.as_ref().filter(|sub| Some(*sub) != claims.client_id.as_ref()) else { return };
    let issuer = oauth::issuer(claims.iss.as_deref());
    let subject = oauth::subject(&issuer, sub);
    if subject == event.actor.uri {
        return;
    }
    let step = |principal: String, step, evidence_path| Step {
        principal,
        step,
        evidence_path,
        asserted_by: Cow::Owned(issuer.clone()),
        verified: true,
    };
    event.chain.push(step(subject.clone(), StepKind::Delegation, "/principal/sub"));
    let act = claims.act.as_ref().and_then(|act| {
        let of = act.iss.as_deref().map_or_else(|| issuer.clone(), |iss| oauth::issuer(Some(iss)));
        Some(oauth::subject(&of, act.sub.as_ref()?))
    });
    if let Some(act) = act.filter(|act| *act != event.actor.uri) {
        event.chain.push(step(act, StepKind::Delegation, "/principal/act/sub"));
    }
    event.chain.push(step(event.actor.uri.clone(), StepKind::Invoke, "/principal/client_id"));
    event.subject = Some(subject.clone());
    event.initiator = Some(subject);
}

fn token(event: &mut Event<'_>, claims: &Claims) {
    let Some(jti) = claims.jti.clone() else { return };
    let scopes = claims.scope.as_deref().unwrap_or_default();
    event.credential = Some(Credential {
        uri: oauth::token(&oauth::issuer(claims.iss.as_deref()), &jti),
        kind: Cow::Borrowed("jti"),
        native_id: Some(Cow::Owned(jti)),
        issuer: claims.iss.clone().map(Cow::Owned),
        audience: claims.aud.iter().cloned().map(Cow::Owned).collect(),
        scopes: scopes.split_whitespace().map(|scope| Cow::Owned(scope.to_owned())).collect(),
        not_after: claims.exp.and_then(|exp| exp.checked_mul(1_000_000_000)),
        ..Credential::default()
    });
}

/// The id of a message is unique within its session; the trace is the caller's choice.
fn correlate(event: &mut Event<'_>, message: &Message, around: &Around) {
    let meta = message.params.as_ref().and_then(|params| params.meta.as_ref());
    let meta = meta.or_else(|| message.result.as_ref()?.meta.as_ref());
    let context = meta.and_then(|meta| meta.traceparent.as_deref()).or(around.traceparent.as_deref());
    if let Some((trace, parent)) = context.and_then(traceparent) {
        event.correlation_ids.push(Cow::Owned(trace.clone()));
        event.trace_id = Some(Cow::Owned(trace));
        event.parent_span_id = Some(Cow::Owned(parent));
    }
    if let Some(session) = &around.session_id {
        event.session = Some(uri::session(NAME, &event.authority, "session", session));
        event.agent.run = Some(Cow::Owned(session.clone()));
        event.correlation_ids.push(Cow::Owned(session.clone()));
        if let Some(id) = &message.id {
            let call = format!("{session}:{id}");
            event.correlation_ids.push(Cow::Owned(call.clone()));
            event.related.push(Related { rel: "request-response", source_event_id: Cow::Owned(call.clone()) });
            event.source_event_id = Some(Cow::Owned(call));
        }
    }
    event.api.request_id = around.request_id.clone().or(message.id.clone()).map(Cow::Owned);
    event.correlation_ids.extend(around.request_id.clone().map(Cow::Owned));
    // The token is what joins this call to what its holder did elsewhere.
    event.correlation_ids.extend(around.principal.claims.jti.clone().map(Cow::Owned));
    event.agent.uid = around.principal.claims.client_id.clone().map(Cow::Owned);
}

/// Trace and span of `00-<trace>-<span>-<flags>` (W3C Trace Context, section 3.2).
fn traceparent(text: &str) -> Option<(String, String)> {
    let mut parts = text.split('-');
    let (_, trace, span) = (parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_hex(trace, 32) && is_hex(span, 16)).then(|| (trace.to_ascii_lowercase(), span.to_ascii_lowercase()))
}

fn tool(event: &mut Event<'_>, message: &Message, around: &Around, server: Option<&str>) {
    if event.api.operation.as_deref() != Some("tools/call") {
        return;
    }
    let params = message.params.as_ref();
    event.tool.name = params.and_then(|params| params.name.clone()).map(Cow::Owned);
    event.tool.server = server.map(str::to_owned).or(around.server_id.clone()).map(Cow::Owned);
    event.tool.call_id = message.id.clone().map(Cow::Owned);
    let arguments = params.and_then(|params| params.arguments.as_ref());
    event.tool.argument_digest = arguments.map(|raw| model::hex(&Sha256::digest(raw.get().as_bytes())));
}

/// The tool, prompt or resource that was asked for, and the server.
fn resources(event: &mut Event<'_>, message: &Message, around: &Around, server: Option<&str>) {
    let authority = event.authority.clone();
    let of = server.or(around.server_id.as_deref()).unwrap_or("unknown");
    let mut add = |kind: &'static str, uri: String, name: String, role: ResourceRole| {
        event.resources.push(Resource { uri, kind: Cow::Borrowed(kind), name: Some(Cow::Owned(name)), role });
    };
    let within =
        |kind: &str, name: &str| uri::build(Class::Resource, NAME, &authority, kind).name(of).id(name).finish();
    let params = message.params.as_ref();
    let name = params.and_then(|params| params.name.clone());
    match (message.method.as_deref(), name) {
        (Some("tools/call"), Some(name)) => add("tool", within("tool", &name), name, ResourceRole::Target),
        (Some("prompts/get"), Some(name)) => add("prompt", within("prompt", &name), name, ResourceRole::Target),
        _ => {}
    }
    if let Some(asked) = params.and_then(|params| params.uri.clone()) {
        let asked = url::bare(Cow::Owned(asked)).into_owned();
        add("resource", within("resource", &asked), asked, ResourceRole::Target);
    }
    let start = uri::build(Class::Resource, NAME, &authority, "server");
    match (server, &around.server_id) {
        (Some(url), _) => add("server", start.id(url).finish(), url.to_owned(), ResourceRole::Related),
        (None, Some(id)) => add("server", start.name(id).finish(), id.clone(), ResourceRole::Related),
        (None, None) => {}
    }
}

/// Columns that every complete entry fills.
fn missing(event: &mut Event<'_>) {
    let holes = [
        (event.time.is_none(), "time"),
        (event.source_event_id.is_none(), "source_event_id"),
        (event.actor.name.is_none(), "actor_principal"),
        (event.credential.is_none(), "credential_uri"),
        (event.authority == "unknown", "authority"),
    ];
    fill::lacking(event, &holes);
}
