//! OpenTelemetry spans: what AI agents, their tools and their models did, and the calls below them. And log records.
//!
//! A span is told by the process it is about: nothing in it was checked by another. So whom it names as
//! user stays a claim, and the trace id, which travels in a header that anyone can write, joins as a claim.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    ActorKind, Alias, AliasRel, Credential, Event, Human, Mode, Platform, Principal, Related, Resource, ResourceRole,
    Status, Step, StepKind, TimePrecision,
};
use sha2::{Digest, Sha256};

use self::act::Subject;
use self::attributes::{Attributes, Says};
use self::record::{Carried, LogRequest, Request, ResourceLogs, ResourceSpans, Span, Text, id, said};
use crate::{Context, Module, Probe, Reject, RejectKind, fill, json, oauth, time, url};

mod act;
mod attributes;
mod origins;
mod record;

/// The platform part of canonical URIs.
const NAME: &str = "otel";

pub(crate) static MODULE: Module =
    Module { platform: Platform::Otel, version: 3, recognise, normalise, origins: origins::ORIGINS };

/// Which shape a record has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// A request with its resource.
    Request,
    /// A request with its resource, of log records.
    Log,
    /// The part of a request with one resource.
    Resource,
    /// A span.
    Span,
    /// A span inside of an object.
    Carried,
}

fn shape(probe: &Probe<'_>) -> Option<Shape> {
    let has = |keys: &[&str]| keys.iter().any(|key| probe.has(key));
    let object =
        |key: &str, needle: &str| probe.raw(key).is_some_and(|raw| raw.starts_with('{') && raw.contains(needle));
    if has(&["resourceSpans", "resource_spans"]) {
        Some(Shape::Request)
    } else if has(&["resourceLogs", "resource_logs"]) {
        Some(Shape::Log)
    } else if has(&["scopeSpans", "scope_spans"]) {
        Some(Shape::Resource)
    } else if probe.has("name")
        && (has(&["startTimeUnixNano", "start_time_unix_nano"]) && has(&["spanId", "span_id"])
            || probe.has("start_time")
                && (object("context", "\"trace_id\"") || has(&["span_id"]) && has(&["trace_id"])))
    {
        Some(Shape::Span)
    } else if object("span", "\"trace_id\"") && object("span", "\"span_id\"") && object("span", "\"start_time\"") {
        Some(Shape::Carried)
    } else {
        None
    }
}

fn recognise(probe: &Probe<'_>) -> bool {
    const MARKS: [&str; 7] = [
        "\"resourceSpans\"",
        "\"resource_spans\"",
        "\"scopeSpans\"",
        "\"spanId\"",
        "\"span_id\"",
        "\"resourceLogs\"",
        "\"resource_logs\"",
    ];
    MARKS.iter().any(|mark| probe.contains(mark)) && shape(probe).is_some()
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let reject = |detail: String| Reject::new(RejectKind::Shape, detail);
    let not_json = |error: serde_json::Error| json::not_json(&error);
    let mut span = match shape(&Probe::new(text)) {
        Some(Shape::Request) => {
            let Request { resources } = serde_json::from_str(text).map_err(not_json)?;
            sole(resources).map_err(reject)?
        }
        Some(Shape::Log) => {
            let LogRequest { resources } = serde_json::from_str(text).map_err(not_json)?;
            return Ok(log_event(&sole_log(resources).map_err(reject)?, context));
        }
        Some(Shape::Resource) => sole(vec![serde_json::from_str(text).map_err(not_json)?]).map_err(reject)?,
        Some(Shape::Span) => serde_json::from_str::<Span<'a>>(text).map_err(not_json)?,
        Some(Shape::Carried) => {
            let Carried { span } = serde_json::from_str(text).map_err(not_json)?;
            span.ok_or_else(|| reject("the object holds no span".to_owned()))?
        }
        None => return Err(reject("neither a span nor an export request".to_owned())),
    };
    if let Some(own) = span.context.take() {
        span.trace_id = span.trace_id.or(own.trace_id);
        span.span_id = span.span_id.or(own.span_id);
    }
    Ok(event(&span, context))
}

/// The one span of a request, with its resource.
fn sole(resources: Vec<ResourceSpans<'_>>) -> Result<Span<'_>, String> {
    let mut found = None;
    let mut count = 0_usize;
    for of in resources {
        let mut resource = of.resource;
        for mut span in of.scopes.into_iter().flat_map(|scope| scope.spans) {
            count += 1;
            span.resource = resource.take();
            found = Some(span);
        }
    }
    found.filter(|_| count == 1).ok_or_else(|| {
        format!("an export request with {count} spans in one record, limit is 1: export smaller batches")
    })
}

/// The one log record of a request, with its resource.
fn sole_log(resources: Vec<ResourceLogs<'_>>) -> Result<Span<'_>, String> {
    let mut found = None;
    let mut count = 0_usize;
    for of in resources {
        let mut resource = of.resource;
        for record in of.scopes.into_iter().flat_map(|scope| scope.records) {
            count += 1;
            found = Some(record.into_span(resource.take()));
        }
    }
    found.filter(|_| count == 1).ok_or_else(|| {
        format!("an export request with {count} log records in one record, limit is 1: export smaller batches")
    })
}

/// A log record has an id only if it names one: many are written within one span.
fn log_event<'a>(record: &Span<'a>, context: &Context<'_>) -> Event<'a> {
    let mut event = event(record, context);
    event.source_event_id = record.attributes.get(Says::LogRecord);
    missing(&mut event);
    event
}

fn event<'a>(span: &Span<'a>, context: &Context<'_>) -> Event<'a> {
    let none = Attributes::default();
    let resource = span.resource.as_ref().map_or(&none, |resource| &resource.attributes);
    let attributes = &span.attributes;
    let authority = context
        .authority
        .map(|authority| Cow::Owned(authority.to_owned()))
        .or_else(|| attributes.either(resource, Says::ServiceNamespace))
        .unwrap_or(Cow::Borrowed("unknown"));
    let act = act::read(attributes, span.kind.as_deref(), said(&span.name));
    let actor = actor(span, resource, act.subject, &authority);
    let mut event = Event::new(Platform::Otel, authority.clone(), actor);
    (event.activity_id, event.access) = (act.activity_id, act.access);
    event.api.operation = act.operation;
    event.api.service = attributes
        .get(Says::Provider)
        .or_else(|| attributes.get(Says::RpcService))
        .or_else(|| attributes.get(Says::ServerAddress))
        .or_else(|| attributes.either(resource, Says::Service));
    event.tenant = attributes.either(resource, Says::CloudAccount);
    event.region = attributes.either(resource, Says::CloudRegion);
    when(&mut event, span);
    outcome(&mut event, span);
    trace(&mut event, span);
    agent(&mut event, span, resource);
    delegation(&mut event, attributes, &authority);
    token(&mut event, attributes);
    tool(&mut event, attributes, act.subject);
    resources(&mut event, attributes, act.subject, &authority);
    place(&mut event, attributes, resource);
    event.quality.truncated = span.dropped.is_some_and(|count| count > 0);
    missing(&mut event);
    event
}

/// The agent that runs; of a call of another agent, and of all else, the service that tells of it.
fn actor<'a>(span: &Span<'a>, resource: &Attributes<'a>, subject: Subject, authority: &str) -> Principal<'a> {
    let attributes = &span.attributes;
    if subject != Subject::RemoteAgent
        && let Some((uri, name)) = named_agent(attributes, authority)
    {
        let (kind, is_human, rule) = (ActorKind::Agent, Human::Nonhuman, "R1:otel-gen_ai.agent");
        return Principal { uri, kind, name: Some(name), is_human, rule };
    }
    match attributes.either(resource, Says::Service) {
        Some(name) => {
            let uri = service_uri(authority, &name);
            let (kind, is_human, rule) = (ActorKind::Workload, Human::Nonhuman, "R1:otel-service");
            Principal { uri, kind, name: Some(name), is_human, rule }
        }
        None => {
            let uri = uri::principal_claimed(NAME, authority, "service", "unknown");
            Principal { uri, kind: ActorKind::Unknown, name: None, is_human: Human::Unknown, rule: "default" }
        }
    }
}

/// URI and name of the agent that a span names.
fn named_agent<'a>(attributes: &Attributes<'a>, authority: &str) -> Option<(String, Cow<'a, str>)> {
    let (id, name) = (attributes.get(Says::AgentId), attributes.get(Says::AgentName));
    match (id, name) {
        (Some(id), name) => Some((uri::principal(NAME, authority, "agent", &id), name.unwrap_or(id))),
        (None, Some(name)) => Some((uri::principal_named(NAME, authority, "agent", &name), name)),
        (None, None) => None,
    }
}

fn service_uri(authority: &str, name: &str) -> String {
    uri::principal_named(NAME, authority, "service", name)
}

fn when<'a>(event: &mut Event<'a>, span: &Span<'a>) {
    let nanos = |text: &Text<'_>| {
        let text = said(text)?;
        match text.parse::<i64>() {
            Ok(number) => time::from_epoch(number),
            Err(_) => time::parse(&text),
        }
    };
    let start = nanos(&span.start);
    event.time = start.map(|start| start.nanos).filter(|nanos| *nanos != 0);
    event.time_precision = start.map_or(TimePrecision::Nano, |start| start.precision);
    event.time_raw = said(&span.start);
    let length = nanos(&span.end).zip(start).and_then(|(end, start)| end.nanos.checked_sub(start.nanos));
    event.duration_ms = length.filter(|nanos| *nanos >= 0).map(|nanos| nanos / 1_000_000);
}

/// A span without a word on its outcome ended well; one without an end has none yet.
fn outcome<'a>(event: &mut Event<'a>, span: &Span<'a>) {
    let code = said(&span.status.code);
    let http = span.attributes.get(Says::HttpStatus);
    let error = span.attributes.get(Says::Error);
    let refused = http.as_deref().and_then(|code| code.parse::<u16>().ok()).is_some_and(|code| code >= 400);
    let failed = matches!(code.as_deref(), Some("2" | "STATUS_CODE_ERROR" | "StatusCode.ERROR" | "ERROR" | "error"));
    event.status = match () {
        () if failed || refused || error.is_some() => Status::Failure,
        () if said(&span.end).is_none() => Status::Other,
        () => Status::Success,
    };
    event.status_code = http.clone().or(code);
    if event.status == Status::Failure {
        event.error_code = error.or(http.filter(|_| refused));
        let told = || span.attributes.get(Says::StatusDescription);
        event.error_message = said(&span.status.message).or_else(told);
    }
}

fn trace<'a>(event: &mut Event<'a>, span: &Span<'a>) {
    event.trace_id = id(&span.trace_id);
    event.span_id = id(&span.span_id);
    event.parent_span_id = id(&span.parent_id);
    event.source_event_id.clone_from(&event.span_id);
    event.correlation_ids.extend(event.trace_id.clone());
    let requests: Vec<_> = span.attributes.all(Says::Request).collect();
    event.api.request_id = requests.first().cloned();
    event.correlation_ids.extend(requests);
    for what in [Says::ToolCall, Says::Run, Says::McpSession, Says::Token] {
        event.correlation_ids.extend(span.attributes.get(what));
    }
    let mut seen = std::collections::BTreeSet::new();
    event.correlation_ids.retain(|id| seen.insert(id.clone()));
    if let Some(parent) = event.parent_span_id.clone() {
        event.related.push(Related { rel: "parent-span", source_event_id: parent });
    }
}

/// The agent and its run: the conversation, else the trace.
fn agent<'a>(event: &mut Event<'a>, span: &Span<'a>, resource: &Attributes<'a>) {
    let attributes = &span.attributes;
    let run = attributes.get(Says::Run);
    let named = attributes.get(Says::AgentId).or_else(|| attributes.get(Says::AgentName));
    let about_ai = attributes.get(Says::Operation).or_else(|| attributes.get(Says::Kind)).is_some()
        || named.is_some()
        || attributes.get(Says::Tool).is_some()
        || attributes.get(Says::Model).is_some();
    event.session = match (&run, &event.trace_id) {
        (Some(run), _) => Some(uri::session(NAME, &event.authority, "conversation", run)),
        // Whoever calls chooses the trace.
        (None, Some(trace)) => Some(uri::build(Class::Session, NAME, &event.authority, "trace").claim(trace).finish()),
        (None, None) => None,
    };
    if about_ai || run.is_some() {
        event.agent.run = run.or_else(|| event.trace_id.clone());
        event.agent.uid = named;
        event.agent.instance = attributes.either(resource, Says::ServiceInstance);
        event.agent.version = attributes.get(Says::AgentVersion);
        event.agent.model = attributes.get(Says::Model);
        event.purpose.reason = attributes.get(Says::Purpose);
        event.purpose.ticket = attributes.get(Says::Ticket);
        event.agent.mode = attributes.get(Says::Mode).and_then(|mode| Mode::parse(&mode.to_ascii_lowercase()));
    }
    if let Some((agent, service)) =
        named_agent(attributes, &event.authority).zip(attributes.either(resource, Says::Service))
    {
        let b = service_uri(&event.authority, &service);
        event.aliases.push(Alias { a: agent.0, b, rel: AliasRel::RunsAs, rule: "otel:agent+service" });
    }
}

/// The person whom the span names: nobody checked that.
fn delegation<'a>(event: &mut Event<'a>, attributes: &Attributes<'a>, authority: &str) {
    let Some(user) = attributes.get(Says::User) else { return };
    let user = uri::principal_claimed(NAME, authority, "user", &user);
    let step = |principal: String, step, evidence_path| Step {
        principal,
        step,
        evidence_path,
        asserted_by: Cow::Borrowed("telemetry"),
        verified: false,
    };
    event.chain.push(step(user.clone(), StepKind::Delegation, "/attributes/user.id"));
    event.chain.push(step(event.actor.uri.clone(), StepKind::Invoke, "/attributes/gen_ai.agent.id"));
    event.initiator = Some(user);
}

/// The token that was shown, where instrumentation names it.
fn token<'a>(event: &mut Event<'a>, attributes: &Attributes<'a>) {
    let Some(jti) = attributes.get(Says::Token) else { return };
    let issuer = attributes.get(Says::TokenIssuer);
    event.credential = Some(Credential {
        uri: oauth::token(&oauth::issuer(issuer.as_deref()), &jti),
        kind: Cow::Borrowed("jti"),
        native_id: Some(jti),
        issuer,
        ..Credential::default()
    });
}

fn tool<'a>(event: &mut Event<'a>, attributes: &Attributes<'a>, subject: Subject) {
    event.tool.name = attributes.get(Says::Tool);
    if subject != Subject::Tool && event.tool.name.is_none() {
        return;
    }
    event.tool.call_id = attributes.get(Says::ToolCall);
    event.tool.server = attributes.get(Says::McpMethod).and_then(|_| attributes.get(Says::ServerAddress));
    let digest = |arguments: Cow<'_, str>| model::hex(&Sha256::digest(arguments.as_bytes()));
    event.tool.argument_digest = attributes.get(Says::Arguments).map(digest);
}

fn resources<'a>(event: &mut Event<'a>, attributes: &Attributes<'a>, subject: Subject, authority: &str) {
    let mut add = |kind: &'static str, uri: String, name: Cow<'a, str>| {
        let (kind, role) = (Cow::Borrowed(kind), ResourceRole::Target);
        event.resources.push(Resource { uri, kind, name: Some(name), role });
    };
    if subject == Subject::RemoteAgent
        && let Some((_, name)) = named_agent(attributes, authority)
    {
        add("agent", uri::resource(NAME, authority, "agent", &name), name);
    }
    if let Some(tool) = attributes.get(Says::Tool) {
        add("tool", uri::resource(NAME, authority, "tool", &tool), tool);
    }
    if let Some(model) = attributes.get(Says::Model).filter(|_| subject == Subject::Model) {
        let provider = attributes.get(Says::Provider).unwrap_or(Cow::Borrowed("unknown"));
        add("model", uri::build(Class::Resource, NAME, authority, "model").name(&provider).id(&model).finish(), model);
    }
    for what in [Says::McpResource, Says::Url] {
        if let Some(url) = attributes.get(what).map(url::bare) {
            add("url", uri::resource(NAME, authority, "url", &url), url);
        }
    }
    if event.resources.is_empty()
        && let Some(host) = attributes.get(Says::ServerAddress)
    {
        let (kind, role) = (Cow::Borrowed("host"), ResourceRole::Target);
        let uri = uri::resource(NAME, authority, "host", &host);
        event.resources.push(Resource { uri, kind, name: Some(host), role });
    }
}

fn place<'a>(event: &mut Event<'a>, attributes: &Attributes<'a>, resource: &Attributes<'a>) {
    event.workload.name =
        attributes.either(resource, Says::Workload).or_else(|| attributes.either(resource, Says::Service));
    event.workload.uid =
        attributes.either(resource, Says::WorkloadId).or_else(|| attributes.either(resource, Says::ServiceInstance));
    event.workload.namespace = attributes
        .either(resource, Says::WorkloadNamespace)
        .or_else(|| attributes.either(resource, Says::ServiceNamespace));
    event.workload.node = attributes.either(resource, Says::Node);
    event.dst.host = attributes.get(Says::ServerAddress);
    event.dst.port = attributes.get(Says::ServerPort).and_then(|port| port.parse().ok());
    let client = attributes.get(Says::ClientAddress);
    match client.as_deref().map(str::parse::<std::net::IpAddr>) {
        Some(Ok(_)) => event.src.ip = client,
        Some(Err(_)) => event.src.host = client,
        None => {}
    }
    event.user_agent = attributes.get(Says::UserAgent);
}

/// Columns that every complete span fills.
fn missing(event: &mut Event<'_>) {
    let holes = [
        (event.time.is_none(), "time"),
        (event.source_event_id.is_none(), "source_event_id"),
        (event.actor.name.is_none(), "actor_principal"),
        (event.trace_id.is_none(), "trace_id"),
        (event.authority == "unknown", "authority"),
    ];
    fill::lacking(event, &holes);
}
