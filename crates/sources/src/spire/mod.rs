//! SPIRE server log, with its audit lines: which agent asked for which identity, under which entry.
//!
//! The audit line of a call (`type` is `audit`) and the debug line of a signature (`Signed X509
//! SVID`) are two records of one issuance; both carry the request's id, only the second the serial
//! number. Every other line of the server's log is an event of the server itself.

mod class;
mod facts;
mod origins;
mod record;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use model::uri;
use model::{Access, ActorKind, Decision, Effect, Event, Human, Platform, Principal, Status};

use crate::{Context, Module, Probe, Reject, RejectKind, fill, json, spiffe, time};
use record::{Record, Text, first, said};

/// The name of the platform inside URIs of what is the server's alone; identities are SPIFFE's.
const NAME: &str = "spire";

pub(crate) static MODULE: Module =
    Module { platform: Platform::Spire, version: 1, recognise, normalise, origins: origins::ORIGINS };

/// A line of the logger, with the part of the server that wrote it or with the marks of a call.
fn recognise(probe: &Probe<'_>) -> bool {
    (probe.contains("\"subsystem_name\"") || probe.contains("\"audit\""))
        && ["level", "msg", "time"].iter().all(|key| probe.has(key))
        && (probe.has("subsystem_name")
            || (probe.text("type") == Some("audit") && probe.has("service") && probe.has("method")))
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let record: Record<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let Some(message) = said(&record.msg) else {
        return Err(Reject::new(RejectKind::Shape, "msg is missing; every line of a SPIRE server log has one"));
    };
    let domain = domain(&record, context);
    let status = status(&record);
    let method = said(&record.method);
    let class = method.as_deref().map(|method| class::of(record.service.as_deref().unwrap_or_default(), method));
    let actor = actor(&record, &domain, status);

    let mut event = Event::new(Platform::Spire, domain.clone(), actor);
    match class {
        Some(class) => {
            (event.class_uid, event.activity_id, event.access) = (class.uid, class.activity, class.access);
            event.privileged = class.privileged.then_some(true);
        }
        // No call: the server says what it does by itself.
        None => (event.class_uid, event.activity_id, event.access) = (6002, 99, Access::Other),
    }
    event.status = status;
    event.severity_id = severity(record.level.as_deref());
    event.status_code = first(&[&record.status, &record.level]);
    outcome(&mut event, &record);
    event.api.service = said(&record.service).or_else(|| said(&record.subsystem_name));
    event.api.operation = Some(method.unwrap_or(message));
    event.api.request_id = said(&record.request_id);
    event.source_event_id = said(&record.request_id);
    event.correlation_ids.extend(said(&record.request_id));
    event.role = said(&record.authorized_as);
    event.authn.method = said(&record.node_attestor_type);
    event.process = said(&record.caller_path);
    facts::read(&mut event, &record, &domain);
    when(&mut event, &record);
    address(&mut event, &record);
    missing(&mut event, &record);
    Ok(event)
}

/// The trust domain: of the caller, else of the identity that was asked for, else as configured.
fn domain<'a>(record: &Record<'a>, context: &Context<'_>) -> Cow<'a, str> {
    let ids = [&record.caller_id, &record.spiffe_id, &record.agent_id, &record.trust_domain_id];
    let named = ids.into_iter().find_map(|id| {
        let id = said(id)?;
        spiffe::parse(&id).map(|(domain, _)| Cow::Owned(domain.to_ascii_lowercase()))
    });
    named
        .or_else(|| context.authority.map(|authority| Cow::Owned(authority.to_owned())))
        .unwrap_or(Cow::Borrowed("unknown"))
}

fn status(record: &Record<'_>) -> Status {
    match (record.status.as_deref(), record.level.as_deref()) {
        (Some("success"), _) => Status::Success,
        (Some("error"), _) => Status::Failure,
        (_, Some("error" | "fatal" | "panic")) => Status::Failure,
        _ if said(&record.error).is_some() => Status::Failure,
        (_, Some("debug" | "info" | "trace")) => Status::Success,
        _ => Status::Unknown,
    }
}

fn severity(level: Option<&str>) -> u8 {
    match level {
        Some("warning" | "warn") => 3,
        Some("error") => 4,
        Some("fatal" | "panic") => 6,
        _ => 1,
    }
}

fn actor<'a>(record: &Record<'a>, domain: &str, status: Status) -> Principal<'a> {
    // Who attests is nobody before, and the agent after it.
    let attested = said(&record.agent_id).filter(|_| record.method.as_deref() == Some("AttestAgent"));
    let id = said(&record.caller_id).or_else(|| attested.filter(|_| status == Status::Success));
    if let Some((id, uri)) = id.and_then(|id| Some((id.clone(), spiffe::principal(&id)?))) {
        let rule = if id.contains("/spire/agent/") { "R1:spire-agent" } else { "R1:spiffe-id" };
        return Principal { uri, kind: ActorKind::Workload, name: Some(id), is_human: Human::Nonhuman, rule };
    }
    if let Some(uid) = said(&record.caller_uid) {
        // A user of the host, over the server's own socket: only the host knows who that is.
        let kind = if uid == "0" { ActorKind::Shared } else { ActorKind::Unknown };
        let uri = uri::principal_named(NAME, domain, "unix-uid", &uid);
        return Principal { uri, kind, name: Some(uid), is_human: Human::Unknown, rule: "default" };
    }
    match said(&record.caller_addr) {
        Some(address) => Principal {
            uri: uri::principal_claimed(NAME, domain, "caller", &socket(&address).0),
            kind: ActorKind::Unknown,
            name: None,
            is_human: Human::Unknown,
            rule: "default",
        },
        None => Principal {
            uri: uri::principal(NAME, domain, "server", domain),
            kind: ActorKind::PlatformService,
            name: None,
            is_human: Human::Nonhuman,
            rule: "R1:spire-itself",
        },
    }
}

fn outcome<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    if event.status != Status::Failure {
        return;
    }
    event.error_code = said(&record.status_code);
    event.error_message = first(&[&record.status_message, &record.error, &record.msg]);
    if matches!(event.error_code.as_deref(), Some("PermissionDenied" | "Unauthenticated" | "NotFound"))
        && event
            .error_message
            .as_deref()
            .is_some_and(|message| message.contains("authorized") || message.contains("denied"))
    {
        event.decision = Decision {
            effect: Some(Effect::Deny),
            pdp: Some(Cow::Borrowed(NAME)),
            reason: event.error_message.clone(),
            ..Decision::default()
        };
    }
}

fn when<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    let parsed = record.time.as_deref().and_then(time::parse);
    fill::timed(event, parsed, said(&record.time));
}

/// A time as text, or as seconds since 1970.
fn nanos(value: &Text<'_>) -> Option<i64> {
    let text = said(value)?;
    let parsed = match text.parse::<i64>() {
        Ok(0) => None,
        Ok(seconds) => time::from_epoch(seconds),
        Err(_) => time::parse(&text),
    };
    parsed.map(|parsed| parsed.nanos)
}

fn address<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    let Some(address) = said(&record.caller_addr) else { return };
    let (host, port) = socket(&address);
    event.src.port = port;
    match host.parse::<std::net::IpAddr>() {
        Ok(_) => event.src.ip = Some(Cow::Owned(host)),
        Err(_) => event.src.host = Some(Cow::Owned(host)),
    }
}

fn socket(address: &str) -> (String, Option<u16>) {
    match address.parse::<std::net::SocketAddr>() {
        Ok(socket) => (socket.ip().to_string(), Some(socket.port()).filter(|port| *port != 0)),
        Err(_) => (address.to_owned(), None),
    }
}

/// Columns that every complete record fills; lines about the server itself need less.
fn missing(event: &mut Event<'_>, record: &Record<'_>) {
    let call = said(&record.method).is_some();
    let holes = [
        (event.time.is_none(), "time"),
        (call && event.source_event_id.is_none(), "source_event_id"),
        (call && event.actor.name.is_none(), "actor_principal"),
        (call && event.resources.is_empty(), "resources"),
        (event.authority == "unknown", "authority"),
    ];
    fill::lacking(event, &holes);
}
