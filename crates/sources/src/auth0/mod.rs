//! Auth0: log events of a tenant.
//!
//! [`record`] knows the shape, [`kind`] what types mean, [`management`] calls of the Management API. A log stream
//! delivers the event inside of `data`, which is taken off like any envelope.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    ActorKind, Alias, AliasRel, Authn, Credential, Decision, Effect, Event, Human, Platform, Principal, Resource,
    ResourceRole, Status, Step, StepKind,
};

use self::kind::Kind;
use self::record::Log;
use crate::field::{Text, first, said, words};
use crate::fill;
use crate::{Context, Module, Probe, Reject, RejectKind, json};

mod kind;
mod management;
mod origins;
mod record;

/// The platform part of canonical URIs.
const NAME: &str = "auth0";

pub(crate) static MODULE: Module =
    Module { platform: Platform::Auth0, version: 1, recognise, normalise, origins: origins::ORIGINS };

/// A short type and a date, with the tenant, the client or the id of the log beside them.
fn recognise(probe: &Probe<'_>) -> bool {
    let any = |keys: &[&str]| keys.iter().any(|key| probe.has(key));
    probe.contains("\"date\"")
        && probe.has("date")
        && probe.text("type").is_some_and(is_type)
        && (any(&["log_id", "tenant_name"]) || (any(&["_id", "details", "hostname"]) && any(&["client_id", "user_id"])))
        && any(&["description", "ip", "client_id"])
}

fn is_type(kind: &str) -> bool {
    !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let log: Log<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let Some(name) = said(&log.kind) else {
        return Err(Reject::new(RejectKind::Shape, "type is missing; a log event has one"));
    };
    let mut kind = kind::of(&name);
    let authority = match (context.authority, said(&log.tenant)) {
        (Some(set), _) => Cow::Owned(set.to_owned()),
        (None, tenant) => tenant.unwrap_or(Cow::Borrowed("unknown")),
    };
    kind.status = answered(&log, kind.status);
    let mut event = Event::new(Platform::Auth0, authority.clone(), actor(&log, &name, kind, &authority));
    kind.act.put(&mut event);
    event.status = kind.status;
    event.tenant = first(&[&log.tenant, &log.hostname]);
    event.region = said(&log.environment);
    event.source_event_id = first(&[&log.log_id, &log.id]);
    event.api.service = Some(Cow::Borrowed(NAME));
    outcome(&mut event, &log, &name);
    place(&mut event, &log);
    authn(&mut event, &log, kind);
    used(&mut event, &log);
    on_behalf(&mut event, &log, kind);
    match kind.grant {
        Some(_) => exchanged(&mut event, &log, &name),
        None if is_management(&name) => {
            if let Some(details) = &log.details {
                management::read(&mut event, details);
            }
        }
        None => {}
    }
    resources(&mut event, &log);
    event.api.operation = Some(operation(&log, name));
    fill::when(&mut event, first(&[&log.date]));
    let holes = [
        (event.time.is_none(), "time"),
        (event.source_event_id.is_none(), "source_event_id"),
        (event.actor.name.is_none(), "actor_principal"),
        (event.status == Status::Unknown, "status_id"),
        (event.src.ip.is_none(), "src_ip"),
        (event.resources.is_empty(), "resources"),
        (event.authority == "unknown", "authority"),
    ];
    fill::lacking(&mut event, &holes);
    Ok(event)
}

fn is_management(name: &str) -> bool {
    matches!(name, "sapi" | "fapi" | "mgmt_api_read")
}

/// The type; of a call of the Management API also what was called, because all of them have one type. Ids in
/// the path are `*`, so that equal calls have one name.
fn operation<'a>(log: &Log<'a>, name: Cow<'a, str>) -> Cow<'a, str> {
    let request = log.details.as_ref().and_then(|details| details.request.as_ref());
    let Some(request) = request.filter(|_| is_management(&name)) else { return name };
    let method = request.method.as_deref().unwrap_or_default().to_ascii_uppercase();
    let path = request.path.as_deref().unwrap_or_default();
    let is_id = |part: &str| {
        part.bytes().any(|byte| byte.is_ascii_digit() || matches!(byte, b'%' | b'|' | b'_' | b'@')) && part != "v2"
    };
    let parts: Vec<&str> = path.split('/').map(|part| if is_id(part) { "*" } else { part }).collect();
    Cow::Owned(format!("{name} {method} {}", parts.join("/")).trim_end().to_owned())
}

/// A call says its outcome by the code of its answer, whatever its type.
fn answered(log: &Log<'_>, status: Status) -> Status {
    let response = log.details.as_ref().and_then(|details| details.response.as_ref());
    match response.and_then(|response| response.status.as_deref()?.parse::<u16>().ok()) {
        Some(400..) => Status::Failure,
        _ => status,
    }
}

fn outcome<'a>(event: &mut Event<'a>, log: &Log<'a>, name: &str) {
    let details = log.details.as_ref();
    event.status_code = details.and_then(|details| said(&details.response.as_ref()?.status));
    if event.status != Status::Failure {
        return;
    }
    let failure = details.map(record::failure).unwrap_or_default();
    event.error_code =
        first(&[&failure.oauth, &failure.code, &failure.reason, &failure.kind]).or_else(|| event.status_code.clone());
    event.error_message = first(&[&failure.message, &log.description]);
    if matches!(name, "limit_wc" | "limit_mu" | "limit_sul" | "pwd_leak" | "signup_pwd_leak" | "pla_blocked") {
        event.decision = Decision {
            effect: Some(Effect::Deny),
            pdp: Some(Cow::Borrowed("attack-protection")),
            reason: said(&log.description),
            ..Decision::default()
        };
    }
}

/// Who did it: of a call its token's user or client, of a token for itself the client, else the user.
fn actor<'a>(log: &Log<'a>, name: &str, kind: Kind, authority: &str) -> Principal<'a> {
    let auth = log.details.as_ref().and_then(|details| details.request.as_ref()?.auth.as_ref());
    let by = auth.and_then(|auth| auth.user.as_ref());
    let failed = kind.status == Status::Failure;
    let client = said(&log.client);
    let alone = kind.grant == Some("client_credentials");
    if let Some(agent) = said(&log.agent_id) {
        let uri = uri::principal(NAME, authority, "agent", &agent);
        return Principal {
            uri,
            kind: ActorKind::Agent,
            name: Some(agent),
            is_human: Human::Nonhuman,
            rule: "R1:auth0-agent",
        };
    }
    // In an exchange the client acts, with what a user gave it.
    let by_client = alone || (kind.grant.is_some() && client.is_some());
    let user = by.and_then(|user| said(&user.id)).or_else(|| said(&log.user)).filter(|_| !by_client);
    let shown = by.and_then(|user| first(&[&user.email, &user.name])).or_else(|| said(&log.user_name));
    if let Some(user) = user {
        let machine = user.ends_with("@clients");
        let claimed = failed && kind.act.class_uid == 3002;
        let uri = match (claimed, user.strip_suffix("@clients")) {
            (true, _) => uri::principal_claimed(NAME, authority, "user", &user),
            (_, Some(client)) => uri::principal(NAME, authority, "client", client),
            _ => uri::principal(NAME, authority, "user", &user),
        };
        let (kind, is_human, rule) = match () {
            () if machine => (ActorKind::ApiClient, Human::Nonhuman, "R1:auth0-client"),
            () if claimed => (ActorKind::Unknown, Human::Unknown, "default"),
            () if matches!(name, "s" | "scoa" | "ss" | "slo") => (ActorKind::Human, Human::Human, "R2:auth0-sign-in"),
            () if name.starts_with("gd_") => (ActorKind::Human, Human::Human, "R2:auth0-second-factor"),
            () if is_management(name) && channel(log) => (ActorKind::Human, Human::Human, "R2:auth0-dashboard"),
            () => (ActorKind::Unknown, Human::Unknown, "default"),
        };
        return Principal { uri, kind, name: shown.or(Some(user)), is_human, rule };
    }
    match (client, shown) {
        // Whoever knows an address may try it.
        (_, Some(shown)) if failed && !by_client && kind.act.class_uid == 3002 => Principal {
            uri: uri::principal_claimed(NAME, authority, "user", &shown),
            kind: ActorKind::Unknown,
            name: Some(shown),
            is_human: Human::Unknown,
            rule: "default",
        },
        (Some(client), _) => {
            let claimed = failed && kind.grant.is_some();
            let uri = match claimed {
                true => uri::principal_claimed(NAME, authority, "client", &client),
                false => uri::principal(NAME, authority, "client", &client),
            };
            let name = said(&log.client_name).or(Some(client));
            Principal { uri, kind: ActorKind::ApiClient, name, is_human: Human::Nonhuman, rule: "R1:auth0-client" }
        }
        (None, name) => Principal {
            uri: uri::principal(NAME, authority, "unknown", "unknown"),
            kind: ActorKind::Unknown,
            name,
            is_human: Human::Unknown,
            rule: "default",
        },
    }
}

/// Whether a call was made on the dashboard.
fn channel(log: &Log<'_>) -> bool {
    let request = log.details.as_ref().and_then(|details| details.request.as_ref());
    request.and_then(|request| request.channel.as_deref()).is_some_and(|channel| channel.contains("manage.auth0.com"))
}

fn place<'a>(event: &mut Event<'a>, log: &Log<'a>) {
    let request = log.details.as_ref().and_then(|details| details.request.as_ref());
    fill::endpoint(
        &mut event.src,
        first(&[&log.ip, &log.client_ip]).or_else(|| request.and_then(|request| said(&request.ip))),
    );
    event.src.country = log.location_info.as_ref().and_then(|place| said(&place.country));
    event.user_agent = said(&log.agent).or_else(|| request.and_then(|request| said(&request.agent)));
    event.client_app = first(&[&log.client_name, &log.client]);
    let session = log.details.as_ref().and_then(|details| said(&details.session)).or_else(|| said(&log.session));
    if let Some(id) = session {
        event.session = Some(uri::session(NAME, &event.authority, "session", &id));
        event.correlation_ids.push(id);
    }
}

fn authn<'a>(event: &mut Event<'a>, log: &Log<'a>, kind: Kind) {
    event.authn = Authn {
        protocol: kind.grant.map(|_| Cow::Borrowed("oauth2")),
        method: kind.grant.map(Cow::Borrowed).or_else(|| first(&[&log.connection, &log.strategy])),
        mfa: kind.grant.filter(|grant| grant.starts_with("mfa-")).map(|_| true),
        factors: Vec::new(),
    };
}

/// The token that a call of the Management API was made with.
fn used<'a>(event: &mut Event<'a>, log: &Log<'a>) {
    let auth = log.details.as_ref().and_then(|details| details.request.as_ref()?.auth.as_ref());
    let Some(token) = auth.and_then(|auth| auth.credentials.as_ref()) else { return };
    let Some(jti) = said(&token.jti) else { return };
    event.correlation_ids.push(jti.clone());
    event.credential = Some(Credential {
        uri: uri::cred(NAME, &event.authority, "jti", &jti),
        kind: Cow::Borrowed("jti"),
        native_id: Some(jti),
        scopes: token.scopes.clone(),
        ..Credential::default()
    });
}

/// A token for a user: the client acts for it; with an agent between them, that one does.
fn on_behalf<'a>(event: &mut Event<'a>, log: &Log<'a>, kind: Kind) {
    let user = said(&log.user).filter(|user| !user.ends_with("@clients"));
    let (Some(_), Some(user)) = (kind.grant, user) else { return };
    let proved = kind.status != Status::Failure;
    let of = |kind: &str, id: &str| match proved {
        true => uri::principal(NAME, &event.authority, kind, id),
        false => uri::principal_claimed(NAME, &event.authority, kind, id),
    };
    let (user, client) = (of("user", &user), said(&log.client).map(|id| of("client", &id)));
    let exchange = kind.grant.is_some_and(|grant| grant.ends_with("token-exchange"));
    let step = |principal: String, evidence_path| Step {
        principal,
        step: if exchange { StepKind::Exchange } else { StepKind::Delegation },
        evidence_path,
        asserted_by: Cow::Borrowed(NAME),
        verified: proved,
    };
    let agent = said(&log.agent_id);
    event.chain.push(step(user.clone(), "/user_id"));
    event.chain.extend(client.map(|client| step(client, "/client_id")));
    if agent.is_some() {
        event.chain.push(step(event.actor.uri.clone(), "/agent_id"));
    }
    event.agent.uid = agent;
    event.initiator = Some(user.clone());
    event.subject = Some(user).filter(|user| *user != event.actor.uri);
}

/// Tokens have no id in the log: the event stands for what it handed out.
fn exchanged<'a>(event: &mut Event<'a>, log: &Log<'a>, name: &str) {
    let scopes = if let [only] = log.scope.as_slice() { words(&Some(only.clone())) } else { log.scope.clone() };
    // A rotated token that comes twice was stolen, or lost on its way.
    if name == "ferrt" {
        event.severity_id = 4;
    }
    let (Status::Success, Some(id)) = (event.status, event.source_event_id.clone()) else { return };
    let uri = uri::cred(NAME, &event.authority, "issued-in", &id);
    let holder = said(&log.client).map(|client| uri::principal(NAME, &event.authority, "client", &client));
    if let Some(b) = holder {
        event.aliases.push(Alias { a: uri.clone(), b, rel: AliasRel::CredentialOf, rule: "auth0:issued-to" });
    }
    event.issued_credential = Some(Credential {
        uri,
        kind: Cow::Borrowed("access-token"),
        native_id: Some(id),
        issuer: said(&log.hostname),
        audience: said(&log.audience).into_iter().collect(),
        scopes,
        ..Credential::default()
    });
}

/// The audience, the connection and the organisation that an event names.
fn resources<'a>(event: &mut Event<'a>, log: &Log<'a>) {
    let candidates: [(&str, Text<'a>, ResourceRole); 4] = [
        ("audience", said(&log.audience), ResourceRole::Target),
        ("client", said(&log.client), ResourceRole::Related),
        ("connection", said(&log.connection), ResourceRole::Related),
        ("organization", said(&log.organization), ResourceRole::Related),
    ];
    for (kind, id, role) in candidates {
        let Some(id) = id else { continue };
        let builder = uri::build(Class::Resource, NAME, &event.authority, kind);
        let uri = if kind == "connection" { builder.name(&id).finish() } else { builder.id(&id).finish() };
        if event.resources.iter().all(|known| known.uri != uri) {
            event.resources.push(Resource { uri, kind: Cow::Borrowed(kind), name: Some(id), role });
        }
    }
}
