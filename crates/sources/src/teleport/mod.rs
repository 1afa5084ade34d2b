//! Teleport audit: logins, certificates, sessions on hosts, databases, clusters and apps, joins of
//! bots, and access requests with their reviews.
//!
//! A certificate carries the access requests it was issued under into every later record, so a grant
//! and its use are joined by id; records of bots carry the id of the bot's instance as well.

mod class;
mod facts;
mod identity;
mod origins;
mod record;

use std::borrow::Cow;

use model::{Access, Decision, Effect, Event, Platform, Status, Step, StepKind};

use crate::{Context, Module, Probe, Reject, RejectKind, fill, json, sql, time};
use identity::Boundary;
use record::{Record, Text, first, said};

/// The name of the platform inside URIs.
const NAME: &str = "teleport";

pub(crate) static MODULE: Module =
    Module { platform: Platform::Teleport, version: 2, recognise, normalise, origins: origins::ORIGINS };

/// A type of event beside the platform's code for it: `T` and letters or digits, or one of the few
/// older forms; or beside its index in a stream, which every record of the platform has.
fn recognise(probe: &Probe<'_>) -> bool {
    if !probe.contains("\"event\"") || !probe.has("time") || !probe.has("uid") {
        return false;
    }
    let Some(event) = probe.text("event") else { return false };
    let coded = probe.text("code").is_some_and(|code| {
        (5..=12).contains(&code.len())
            && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && code.ends_with(['I', 'W', 'E', 'S', 'i', 'w', 'e', 's'])
    });
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
    coded && !event.is_empty() && event.chars().all(word)
}

/// Nanoseconds of a time that is really there.
fn nanos(text: &Text<'_>) -> Option<i64> {
    time::parse(&said(text)?).map(|parsed| parsed.nanos)
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let record: Record<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let Some(name) = said(&record.event) else {
        return Err(Reject::new(RejectKind::Shape, "event is missing; every Teleport audit record has one"));
    };
    let at = boundary(&record, context);
    let class = class::of(&name);
    let status = status(&record);
    let login = class.uid == 3002 && class.access == Access::Authenticate;
    let unproved = login && status == Status::Failure && !name.contains(".session.");
    let (actor, subject) = identity::actor(&record, &at, unproved);
    let aliases = if unproved { Vec::new() } else { identity::aliases(&record, &actor, &at) };

    let mut event = Event::new(Platform::Teleport, at.cluster.clone(), actor);
    (event.class_uid, event.activity_id, event.access) = (class.uid, class.activity, class.access);
    event.status = status;
    event.tenant = said(&record.cluster_name);
    event.aliases = aliases;
    impersonation(&mut event, subject);
    refine(&mut event, &record, &name);
    rights(&mut event, &record, &name);
    event.session = facts::session(&record, &at);
    if !unproved && name != "bot.join" {
        event.credential = facts::credential(&record, &at);
    }
    if status != Status::Failure {
        event.issued_credential = facts::issued(&record, event.credential.as_ref(), &at);
        event.credential_changes = facts::changes(&record, &at);
    }
    event.grant_refs = facts::grant_refs(&record, &at);
    event.grants = facts::grants(&record, &event, &at);
    event.resources = facts::resources(&record, &at);
    authn(&mut event, &record, login);
    outcome(&mut event, &record, &name);
    when(&mut event, &record);
    place(&mut event, &record);
    event.api.service = Some(Cow::Borrowed(NAME));
    event.api.operation = Some(name);
    event.source_event_id = said(&record.uid);
    event.correlation_ids.extend(said(&record.sid));
    fill::usual(&mut event);
    Ok(event)
}

fn boundary<'a>(record: &Record<'a>, context: &Context<'_>) -> Boundary<'a> {
    let cluster = said(&record.cluster_name)
        .or_else(|| context.authority.map(|authority| Cow::Owned(authority.to_owned())))
        .unwrap_or(Cow::Borrowed("unknown"));
    let home = said(&record.user_cluster_name).unwrap_or_else(|| cluster.clone());
    Boundary { cluster, home }
}

/// The last letter of a code is its level, and an event that can fail has one code for each outcome.
fn status(record: &Record<'_>) -> Status {
    let level = record.code.as_deref().and_then(|code| code.chars().last()).map(|letter| letter.to_ascii_uppercase());
    let code = |text: &Text<'_>| text.as_deref().and_then(|code| code.parse::<i64>().ok());
    let http = code(&record.response_code).or_else(|| code(&record.status_code));
    match (record.success, level) {
        (Some(false), _) | (_, Some('W' | 'E')) => Status::Failure,
        _ if http.is_some_and(|code| code >= 400) => Status::Failure,
        // Of `execve`: a command that could not be started.
        _ if code(&record.return_code).is_some_and(|code| code != 0) => Status::Failure,
        _ if denied_connection(record) => Status::Failure,
        (Some(true), _) | (_, Some('I' | 'S')) => Status::Success,
        _ => Status::Unknown,
    }
}

/// Enhanced recording stopped a connection: action 1 is "denied".
fn denied_connection(record: &Record<'_>) -> bool {
    record.event.as_deref() == Some("session.network") && matches!(record.action.as_deref(), Some("1" | "DENIED"))
}

/// The impersonator stays the actor; whom it acts as is the subject.
fn impersonation(event: &mut Event<'_>, subject: Option<String>) {
    let Some(subject) = subject else { return };
    event.initiator = Some(event.actor.uri.clone());
    event.chain.push(Step {
        principal: event.actor.uri.clone(),
        step: StepKind::Impersonation,
        evidence_path: "/impersonator",
        asserted_by: Cow::Borrowed(NAME),
        verified: true,
    });
    event.subject = Some(subject);
}

/// Activity and access of events that carry a call of another protocol.
fn refine(event: &mut Event<'_>, record: &Record<'_>, name: &str) {
    match name {
        "kube.request" => {
            (event.activity_id, event.access) = class::of_http(record.verb.as_deref().unwrap_or_default());
        }
        "app.session.request" | "app.session.dynamodb.request" => {
            (event.activity_id, event.access) = class::of_http(record.method.as_deref().unwrap_or_default());
        }
        "scp" | "sftp" => {
            let upload = record.code.as_deref().is_some_and(|code| code.starts_with("T3005"))
                || record.action.as_deref() == Some("upload");
            (event.activity_id, event.access) = if upload { (3, Access::Modify) } else { (2, Access::Read) };
        }
        _ => {
            if let Some(query) = said(&record.db_query) {
                (event.activity_id, event.access) = sql::act(&query);
            }
        }
    }
}

/// Under which name the actor worked where it went, and whether that name is one of power.
fn rights<'a>(event: &mut Event<'a>, record: &Record<'a>, name: &str) {
    event.role = first(&[
        &record.aws_role_arn,
        &record.azure_identity,
        &record.gcp_service_account,
        &record.db_user,
        &record.windows_user,
        &record.login,
    ])
    .or_else(|| record.kubernetes_users.first().cloned());
    let root = record.login.as_deref() == Some("root")
        || record.kubernetes_groups.iter().any(|group| group == "system:masters")
        || matches!(record.windows_user.as_deref(), Some("Administrator"));
    event.privileged = (root || class::privileged(name)).then_some(true);
}

fn authn<'a>(event: &mut Event<'a>, record: &Record<'a>, login: bool) {
    let device = record.mfa_device.as_ref();
    let with_mfa = device.is_some() || said(&record.with_mfa).is_some();
    event.authn.mfa = with_mfa.then_some(true);
    event.authn.factors =
        device.and_then(|device| said(&device.kind).or_else(|| said(&device.name))).into_iter().collect();
    if login {
        // The method of an application's request is one of HTTP.
        let method = said(&record.method).filter(|method| method.chars().any(|c| c.is_ascii_lowercase()));
        event.authn.protocol = method.as_deref().and_then(|method| match method {
            "saml" => Some(Cow::Borrowed("saml")),
            "oidc" | "github" | "gitlab" | "azure" | "gcp" => Some(Cow::Borrowed("oidc")),
            "local" => Some(Cow::Borrowed("password")),
            _ => None,
        });
        event.authn.method = method;
    }
}

/// Error, and what the platform decided where it decides whether a session may be.
fn outcome<'a>(event: &mut Event<'a>, record: &Record<'a>, name: &str) {
    event.status_code = said(&record.code);
    let http = first(&[&record.response_code, &record.status_code]);
    let message = first(&[&record.error, &record.exit_error]);
    if event.status == Status::Failure {
        event.error_code = http.clone().or_else(|| first(&[&record.return_code, &record.exit_code, &record.code]));
        let reason = first(&[&record.reason, &record.message]);
        event.error_message = message.or(reason);
    }
    let gate = name.ends_with("session.start") || matches!(name, "kube.request" | "session.rejected" | "auth");
    let text = event.error_message.as_deref().unwrap_or_default();
    let refused = ["access denied", "access to ", "not in the set of valid principals", "not allowed", "is locked"]
        .iter()
        .any(|words| text.contains(words))
        || matches!(http.as_deref(), Some("401" | "403"))
        || name == "session.rejected"
        || denied_connection(record);
    let effect = match event.status {
        Status::Failure if refused => Effect::Deny,
        Status::Success if gate => Effect::Allow,
        _ => return,
    };
    event.decision = Decision {
        effect: Some(effect),
        pdp: Some(Cow::Borrowed(NAME)),
        reason: event.error_message.clone(),
        ..Decision::default()
    };
}

fn when<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    let parsed = record.time.as_deref().and_then(time::parse);
    fill::timed(event, parsed, said(&record.time));
    let length =
        nanos(&record.session_stop).zip(nanos(&record.session_start)).map(|(stop, start)| stop.saturating_sub(start));
    event.duration_ms = length.map(|nanos| nanos / 1_000_000).filter(|length| *length >= 0);
}

/// Network, device, workload, process and declared reason.
fn place<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    let remote = first(&[&record.addr_remote, &record.addr_remote_renamed]);
    let inside = record.identity.as_ref().and_then(|identity| said(&identity.client_ip));
    match remote.or_else(|| said(&record.src_addr)).or(inside) {
        Some(address) => (event.src.ip, event.src.port) = socket(address),
        None => event.src.ip = None,
    }
    if let Some(address) = first(&[&record.dst_addr, &record.addr_local, &record.server_addr]) {
        (event.dst.ip, event.dst.port) = socket(address);
    }
    event.dst.port = record.dst_port.and_then(|port| u16::try_from(port).ok()).or(event.dst.port);
    event.dst.host = first(&[&record.server_hostname, &record.db_service, &record.app_public_addr]);
    event.user_agent = said(&record.user_agent);
    event.client_app = said(&record.submitted_by);
    if let Some(device) = &record.trusted_device {
        event.device.id = said(&device.device_id);
        event.device.name = said(&device.asset_tag);
        event.device.os = said(&device.os_type);
        event.device.managed = event.device.id.as_ref().map(|_| true);
    }
    event.workload.uid = identity::instance(record);
    event.process = first(&[&record.command, &record.program]);
    if record.resource_kind.as_deref() == Some("secrets") {
        let parts = [said(&record.resource_namespace), said(&record.resource_name)];
        event.secret_access.path = Some(Cow::Owned(parts.into_iter().flatten().collect::<Vec<_>>().join("/")));
    }
    event.purpose.reason = said(&record.reason).filter(|_| event.status != Status::Failure);
}

/// An address without its port, and the port: `192.0.2.1:3022`, `[2001:db8::1]:3022`, or none.
fn socket(address: Cow<'_, str>) -> (Text<'_>, Option<u16>) {
    match address.parse::<std::net::SocketAddr>() {
        Ok(socket) => (Some(Cow::Owned(socket.ip().to_string())), Some(socket.port()).filter(|port| *port != 0)),
        Err(_) => (Some(address).filter(|text| text.parse::<std::net::IpAddr>().is_ok()), None),
    }
}
