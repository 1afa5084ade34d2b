//! HashiCorp Vault and OpenBao audit: request and response entries, line by line.
//!
//! Both entries of one call become events that share the request's id. The request entry shows that
//! Vault let the call begin, or refused it; only the response entry shows what came of it.

mod act;
mod actor;
mod path;
mod record;
mod token;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use model::{Access, Api, Decision, Effect, Endpoint, Event, Platform, Related, Status, Text};

use crate::{Context, Module, Origin, Probe, Reject, RejectKind, json, time};
use path::{Act, Path};
use record::{Data, Headers, PolicyResults, Record, Request, some};

/// The platform part of URIs.
const PLATFORM: &str = "vault";

pub(crate) static MODULE: Module =
    Module { platform: Platform::Vault, version: 5, recognise, normalise, origins: ORIGINS };

static ORIGINS: &[Origin] = &[
    Origin { column: "source_event_id", pointers: &["/request/id"] },
    Origin { column: "time", pointers: &["/time"] },
    Origin { column: "time_raw", pointers: &["/time"] },
    Origin { column: "status", pointers: &["/error", "/response/data/error", "/type"] },
    Origin { column: "access", pointers: &["/request/operation", "/request/path"] },
    Origin { column: "authority", pointers: &["/request/namespace/path", "/request/namespace/id"] },
    Origin { column: "tenant", pointers: &["/request/namespace/path"] },
    Origin {
        column: "actor_principal",
        pointers: &["/auth/entity_id", "/auth/accessor", "/request/client_token_accessor", "/request/path"],
    },
    Origin { column: "actor_name", pointers: &["/auth/display_name", "/request/path", "/request/data/role_id"] },
    Origin { column: "privileged", pointers: &["/auth/policies/*"] },
    Origin {
        column: "credential_native_id",
        pointers: &[
            "/auth/accessor",
            "/request/client_token_accessor",
            "/auth/client_token",
            "/request/client_token",
            "/request/data/secret_id",
            "/request/client_certificate_serial_number",
        ],
    },
    Origin { column: "credential_fingerprint", pointers: &["/auth/client_token", "/request/client_token"] },
    Origin { column: "credential_scopes", pointers: &["/auth/policies/*"] },
    Origin { column: "credential_not_before", pointers: &["/auth/token_issue_time"] },
    Origin {
        column: "credential_not_after",
        pointers: &["/response/data/expire_time", "/auth/token_issue_time", "/auth/token_ttl"],
    },
    Origin {
        column: "issued_credential_native_id",
        pointers: &[
            "/response/auth/accessor",
            "/response/auth/client_token",
            "/response/wrap_info/accessor",
            "/response/data/secret_id_accessor",
            "/response/data/access_key",
            "/response/data/username",
            "/response/data/serial_number",
            "/response/secret/lease_id",
        ],
    },
    Origin {
        column: "credential_changes",
        pointers: &[
            "/response/auth/accessor",
            "/request/data/accessor",
            "/request/data/token",
            "/auth/accessor",
            "/response/wrap_info/wrapped_accessor",
            "/request/data/serial_number",
            "/request/data/lease_id",
            "/request/path",
        ],
    },
    Origin {
        column: "grant_refs",
        pointers: &["/response/secret/lease_id", "/request/path", "/request/data/lease_id"],
    },
    Origin {
        column: "grants",
        pointers: &[
            "/response/secret/lease_id",
            "/response/secret/lease_duration",
            "/response/data/ttl",
            "/response/data/expire_time",
            "/request/path",
            "/request/data/lease_id",
        ],
    },
    Origin { column: "credential_uses_max", pointers: &["/auth/num_uses"] },
    Origin { column: "decision_effect", pointers: &["/auth/policy_results/allowed", "/error"] },
    Origin { column: "decision_policies", pointers: &["/auth/policy_results/granting_policies/*/name"] },
    Origin { column: "decision_reason", pointers: &["/error"] },
    Origin { column: "api_service", pointers: &["/request/mount_type", "/response/mount_type", "/request/path"] },
    Origin { column: "api_operation", pointers: &["/request/operation", "/request/path"] },
    Origin { column: "api_request_id", pointers: &["/request/id"] },
    Origin { column: "resources", pointers: &["/request/path"] },
    Origin { column: "secret_access_path", pointers: &["/request/path"] },
    Origin {
        column: "secret_access_version",
        pointers: &["/response/data/metadata/version", "/response/data/version", "/request/data/version"],
    },
    Origin { column: "secret_access_lease_id", pointers: &["/response/secret/lease_id"] },
    Origin { column: "src_ip", pointers: &["/request/remote_address"] },
    Origin { column: "src_port", pointers: &["/request/remote_port"] },
    Origin { column: "src_network", pointers: &["/forwarded_from"] },
    Origin { column: "user_agent", pointers: &["/request/headers/user-agent/0"] },
    Origin { column: "error_code", pointers: &["/error"] },
    Origin { column: "error_message", pointers: &["/error", "/response/data/error"] },
    Origin { column: "correlation_ids", pointers: &["/request/id"] },
];

/// Within which names mean something. Tokens and leases are unique in a cluster, entities and paths
/// in a namespace of it.
pub(super) struct Boundary {
    cluster: String,
    namespace: String,
}

fn recognise(probe: &Probe<'_>) -> bool {
    if !probe.contains("\"operation\"") {
        return false;
    }
    // As the server writes it.
    let after_time = probe.head(96).strip_prefix(r#"{"time":""#).and_then(|rest| rest.split_once(r#"","type":""#));
    if after_time
        .is_some_and(|(_, rest)| rest.starts_with(r#"request","auth":{"#) || rest.starts_with(r#"response","auth":{"#))
    {
        return probe.contains(r#""request":{"#) && probe.contains("\"path\"");
    }
    if !matches!(probe.text("type"), Some("request" | "response")) {
        return false;
    }
    probe.has("time")
        && probe.raw("request").is_some_and(|request| {
            request.starts_with('{') && request.contains("\"operation\"") && request.contains("\"path\"")
        })
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let mut record: Record<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let Some(request) = record.request.take() else {
        return Err(Reject::new(RejectKind::Shape, "no request object, which every Vault audit entry has"));
    };
    let (at_time, forwarded_from) = (record.time.take(), record.forwarded_from.take());
    let results = record.auth.as_mut().and_then(|auth| auth.policy_results.take()).unwrap_or_default();
    let cluster = some(context.authority).unwrap_or("unknown").to_owned();
    let at = boundary(cluster, &request);
    let path = Path::new(&request, record.response.as_ref());
    let operation = request.operation.as_deref().unwrap_or_default();
    let act = path.act(operation);
    let asked: Data<'a> = if reads_request(act) { record::read(request.data) } else { Data::default() };

    let principal = read_actor(&record, &request, &path, act, &asked, &at);
    let mut event = Event::new(Platform::Vault, Cow::Owned(at.namespace.clone()), principal);
    event.tenant = request.namespace.as_ref().and_then(|ns| ns.path.clone()).filter(|path| !path.is_empty());
    if record.auth.as_ref().is_some_and(|auth| auth.is_known() && auth.is_root()) {
        event.privileged = Some(true);
    }
    read_time(&mut event, at_time);
    read_call(&mut event, &request, &path, operation);
    event.src = source(&request, forwarded_from);
    let headers: Headers<'a> = record::read(request.headers);
    event.user_agent = headers.user_agent.into_iter().next();
    read_outcome(&mut event, &record);
    event.decision = decision(&event, results);
    let entry = act::Entry { record: &record, request: &request, path: &path, asked: &asked, at: &at };
    act::read(&mut event, act, &entry);
    note_missing(&mut event);
    Ok(event)
}

fn boundary(cluster: String, request: &Request<'_>) -> Boundary {
    let namespace = request.namespace.as_ref();
    let path = namespace.and_then(|ns| some(ns.path.as_deref())).map(|path| path.trim_end_matches('/'));
    let name = path.or_else(|| namespace.and_then(|ns| some(ns.id.as_deref()))).unwrap_or("root");
    Boundary { namespace: format!("{cluster}/{name}"), cluster }
}

/// Whether the data of the request name a credential, a lease or a version.
fn reads_request(act: Act) -> bool {
    matches!(
        act,
        Act::Login
            | Act::TokenRenew
            | Act::TokenRevoke
            | Act::TokenLookup
            | Act::Secret
            | Act::CertificateRevoke
            | Act::LeaseRenew
            | Act::LeaseRevoke
            | Act::LeaseLookup
            | Act::Unwrap
    )
}

/// A login is proved by its response alone; the token shown with it, if any, decided nothing.
fn read_actor<'a>(
    record: &Record<'a>,
    request: &Request<'a>,
    path: &Path<'_>,
    act: Act,
    asked: &Data<'a>,
    at: &Boundary,
) -> model::Principal<'a> {
    let issued = record.response.as_ref().and_then(|response| response.auth.as_ref());
    match (act, issued) {
        (Act::Login, Some(auth)) if auth.is_known() => actor::known(auth, at),
        (Act::Login, _) => actor::claimed(path, asked, at),
        _ => match &record.auth {
            Some(auth) if auth.is_known() => actor::known(auth, at),
            None if act == Act::SelfTest => actor::vault_itself(at),
            _ => actor::unknown(request.client_token.as_deref(), at),
        },
    }
}

fn read_time<'a>(event: &mut Event<'a>, raw: Option<Text<'a>>) {
    if let Some(parsed) = raw.as_deref().and_then(time::parse) {
        event.time = Some(parsed.nanos);
        event.time_precision = parsed.precision;
        event.time_raw = raw;
    }
}

fn read_call<'a>(event: &mut Event<'a>, request: &Request<'a>, path: &Path<'_>, operation: &str) {
    event.access = path.access(operation);
    event.activity_id = match event.access {
        Access::Create => 1,
        Access::Read => 2,
        Access::Modify => 3,
        Access::Delete => 4,
        _ => 99,
    };
    event.api = Api {
        service: Some(Cow::Owned(path.service().to_owned())).filter(|service: &Text<'_>| !service.is_empty()),
        operation: Some(Cow::Owned(path.operation(operation))).filter(|operation: &Text<'_>| !operation.is_empty()),
        request_id: request.id.clone(),
    };
    event.source_event_id.clone_from(&request.id);
    event.correlation_ids.extend(request.id.clone());
    event.related.extend(request.id.clone().map(|id| Related { rel: "request-response", source_event_id: id }));
}

fn source<'a>(request: &Request<'a>, forwarded_from: Option<Text<'a>>) -> Endpoint<'a> {
    let mut endpoint = Endpoint::default();
    match request.remote_address.clone().filter(|address| !address.is_empty()) {
        Some(address) if address.parse::<std::net::IpAddr>().is_ok() => endpoint.ip = Some(address),
        // A Unix socket, or a proxy's name for it.
        address => endpoint.host = address,
    }
    endpoint.port = request.remote_port.and_then(|port| u16::try_from(port).ok()).filter(|port| *port != 0);
    endpoint.network = forwarded_from.filter(|from| !from.is_empty()).map(|from| Cow::Owned(format!("via {from}")));
    endpoint
}

fn read_outcome<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    let error = record.error.clone().filter(|error| !error.is_empty());
    let answered = record.kind.as_deref() == Some("response");
    let answer: Data<'a> = match &record.response {
        Some(response) if error.is_none() && answered => record::read(response.data),
        _ => Data::default(),
    };
    let refused = answer.error.filter(|error| !error.is_empty());
    event.status = match (&error, &refused) {
        (None, None) if answered => Status::Success,
        // A request entry says that the call began, not how it ended.
        (None, None) => Status::Unknown,
        _ => Status::Failure,
    };
    event.error_code = error.as_deref().map(|error| Cow::Owned(reason(error).to_owned()));
    event.error_message = error.or(refused);
}

/// The first reason in an error, which is often a list: `1 error occurred:\n\t* permission denied`.
fn reason(error: &str) -> &str {
    let first = error.split_once("\t* ").map_or(error, |(_, rest)| rest);
    first.lines().next().unwrap_or(first).trim()
}

/// Vault's own verdict, and the policies that granted.
fn decision<'a>(event: &Event<'a>, results: PolicyResults<'a>) -> Decision<'a> {
    let denied = event.error_message.as_deref().is_some_and(|error| error.contains("permission denied"));
    let effect = match results.allowed {
        _ if denied => Some(Effect::Deny),
        Some(true) => Some(Effect::Allow),
        Some(false) => Some(Effect::Deny),
        None => None,
    };
    let policies = results.granting_policies.into_iter().filter_map(|policy| {
        let name = policy.name?;
        let namespace = policy.namespace_path.unwrap_or_default();
        let kind = policy.kind.filter(|kind| !kind.is_empty()).unwrap_or(Cow::Borrowed("acl"));
        Some(Cow::Owned(format!("{kind}/{namespace}{name}")))
    });
    Decision {
        effect,
        pdp: effect.map(|_| Cow::Borrowed("vault")),
        policies: policies.collect(),
        rule: None,
        reason: event.error_message.clone().filter(|_| denied),
    }
}

/// What every complete entry has.
fn note_missing(event: &mut Event<'_>) {
    let checks = [
        ("source_event_id", event.source_event_id.is_none()),
        ("time", event.time.is_none()),
        ("api_operation", event.api.operation.is_none()),
        ("resources", event.resources.is_empty()),
        ("src_ip", event.src.ip.is_none() && event.actor.rule != "R1:vault-itself"),
    ];
    event.quality.missing.extend(checks.into_iter().filter(|(_, absent)| *absent).map(|(column, _)| column));
}
