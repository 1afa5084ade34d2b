//! Access logs of web servers, proxies and gateways: lines of nginx and Apache, and the JSON of nginx, Envoy and Istio,
//! Kong, AWS API Gateway and Azure Application Gateway.
//!
//! What a client says of itself stays a claim; what the proxy has proved by a certificate, or the gateway by a key, is a
//! name. Queries of addresses, which may hold secrets, are not told.

mod fields;
mod identity;
mod line;
mod origins;
#[cfg(test)]
mod tests;
mod xfcc;

use std::borrow::Cow;

use model::{Access, Effect, Event, Platform, ResourceRole, Status};

use self::fields::Call;
use crate::json::Document;
use crate::{Context, Module, Probe, Reject, RejectKind, fill, url};

/// The platform part of URIs.
const NAME: &str = "http";

/// How much of a line shows that it is one of an access log.
const HEAD_BYTES: usize = 16_384;

pub(crate) static MODULE: Module =
    Module { platform: Platform::Http, version: 1, recognise, normalise, origins: origins::ORIGINS };

fn recognise(probe: &Probe<'_>) -> bool {
    let head = probe.head(HEAD_BYTES);
    match head.trim_start().as_bytes().first() {
        Some(b'{') => fields::recognise(probe).is_some(),
        Some(first) if first.is_ascii_alphanumeric() || *first == b':' => line::read(head).is_some(),
        _ => false,
    }
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let text = text.trim();
    let call = if text.starts_with('{') {
        let form = fields::recognise(&Probe::new(text)).ok_or_else(|| {
            Reject::new(RejectKind::Shape, "no fields of an access log: a status beside the request and its client")
        })?;
        fields::read(&Document::read(text)?, form)
    } else {
        line::read(text).ok_or_else(|| Reject::new(RejectKind::Shape, "neither a line of an access log nor JSON"))?
    };
    Ok(event(call, context))
}

fn event<'a>(call: Call<'a>, context: &Context<'_>) -> Event<'a> {
    let at = authority(&call, context);
    let who = identity::of(&call, &at);
    let mut event = Event::new(Platform::Http, Cow::Owned(at.clone()), who.actor);
    (event.subject, event.initiator, event.chain) = (who.subject, who.initiator, who.chain);
    (event.credential, event.aliases, event.role) = (who.credential, who.aliases, who.role);
    event.tenant = call.account.clone();
    event.authn.method = who.method;
    event.authn.protocol = who.protocol;
    (event.class_uid, event.activity_id, event.access) = act(call.method.as_deref());
    event.api.service = call.form.map(Cow::Borrowed);
    event.api.operation = call.method.clone();
    event.api.request_id.clone_from(&call.request_id);
    event.source_event_id.clone_from(&call.event_id);
    event.correlation_ids.extend(call.request_id.clone());
    event.correlation_ids.extend(call.more_ids.iter().flatten().cloned());
    event.trace_id.clone_from(&call.trace_id);
    event.session = call.session.as_deref().map(|id| model::uri::session(NAME, &at, "session", id));
    fill::when(&mut event, call.time.clone());
    if let Some(parsed) = call.parsed_time {
        (event.time, event.time_precision) = (Some(parsed.nanos), parsed.precision);
    }
    fill::endpoint(&mut event.src, call.client.clone());
    if call.client_port.is_some() {
        event.src.port = call.client_port;
    }
    fill::endpoint(&mut event.dst, call.upstream.clone());
    event.user_agent.clone_from(&call.user_agent);
    event.duration_ms = call.duration_ms;
    (event.data_bytes_in, event.data_bytes_out) = (call.bytes_in, call.bytes_out);
    outcome(&mut event, &call);
    let path = call.target.clone().map(url::bare);
    let host = call.host.as_deref().filter(|_| path.as_deref().is_some_and(|path| path.starts_with('/')));
    let address = match (host, path) {
        (Some(host), Some(path)) => Some(Cow::Owned(format!("{host}{path}"))),
        (_, path) => path,
    };
    fill::target(&mut event, "url", address);
    for (kind, name) in call.parts {
        fill::resource(&mut event, kind, name, ResourceRole::Related);
    }
    event.quality.truncated = call.truncated;
    event.quality.redacted = call.redacted;
    let holes = [
        (event.src.ip.is_none() && event.src.host.is_none(), "src_ip"),
        (event.resources.is_empty(), "resources"),
        (event.api.operation.is_none(), "api_operation"),
    ];
    fill::missing(&mut event, &holes);
    event
}

/// What the server calls itself; a name that the client sent is none.
fn authority(call: &Call<'_>, context: &Context<'_>) -> String {
    let own = call.server.as_deref().filter(|server| *server != "_");
    let domain = call.own_id.as_deref().and_then(crate::spiffe::parse).map(|(domain, _)| domain);
    context.authority.or(own).or(domain).unwrap_or("unknown").to_owned()
}

/// HTTP Activity, by the meaning of the methods (RFC 9110, section 9.3). What a POST does only the server knows.
fn act(method: Option<&str>) -> (u32, u8, Access) {
    let (activity, access) = match method.unwrap_or_default() {
        "CONNECT" => (1, Access::Other),
        "DELETE" => (2, Access::Delete),
        "GET" => (3, Access::Read),
        "HEAD" => (4, Access::Read),
        "OPTIONS" => (5, Access::Read),
        "POST" => (6, Access::Execute),
        "PUT" => (7, Access::Modify),
        "TRACE" => (8, Access::Read),
        "PATCH" => (9, Access::Modify),
        _ => (99, Access::Other),
    };
    (4002, activity, access)
}

fn outcome<'a>(event: &mut Event<'a>, call: &Call<'a>) {
    let code = call.status.as_deref().and_then(|status| status.parse::<u16>().ok());
    event.status_code.clone_from(&call.status);
    event.status = match code {
        Some(100..=399) => Status::Success,
        Some(_) => Status::Failure,
        None => Status::Unknown,
    };
    if event.status != Status::Failure {
        return;
    }
    event.severity_id = if matches!(code, Some(500..)) { 3 } else { 2 };
    event.error_code.clone_from(&call.status);
    event.error_message = call.why.clone();
    let by_policy = call.why.as_deref().is_some_and(|why| why.starts_with("rbac_access_denied"));
    if matches!(code, Some(401 | 403 | 407)) || by_policy {
        fill::decided(event, Effect::Deny, call.why.clone());
        // rbac_access_denied_matched_policy[ns[pay]-policy[deny-all]-rule[0]]
        let policy = call.why.as_deref().filter(|_| by_policy).and_then(|why| why.split_once('['));
        let policy = policy.map(|(_, policy)| Cow::Owned(policy.strip_suffix(']').unwrap_or(policy).to_owned()));
        event.decision.policies.extend(policy.filter(|policy| *policy != "none"));
    }
}
