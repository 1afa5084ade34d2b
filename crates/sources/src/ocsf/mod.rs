//! Events that arrive as OCSF: read back into the columns, class and activity as they are.
//!
//! Who mapped the original record, and how well, is not known here: the names keep the platform
//! `ocsf` and are never merged with those of the platform's own records.

mod access;
mod identity;
mod origins;
mod record;

use std::borrow::Cow;

use model::{Decision, Effect, Endpoint, Event, Platform, Resource, ResourceRole, Status, TimePrecision, uri};

use crate::{Context, Module, Probe, Reject, RejectKind, fill, json, time};
use record::{Record, said};

/// The name of the platform inside URIs.
const NAME: &str = "ocsf";

pub(crate) static MODULE: Module =
    Module { platform: Platform::Ocsf, version: 1, recognise, normalise, origins: origins::ORIGINS };

/// A class, with the metadata or the other numbers that every event has.
fn recognise(probe: &Probe<'_>) -> bool {
    probe.contains("\"class_uid\"")
        && probe.has("class_uid")
        && (probe.has("metadata") || probe.has("category_uid") || probe.has("type_uid"))
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let record: Record<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let Some(class_uid) = record.class_uid.and_then(|uid| u32::try_from(uid).ok()) else {
        return Err(Reject::new(RejectKind::Shape, "class_uid is not a number; an OCSF event has one"));
    };
    let activity_id = activity(&record);
    let status = status(&record);
    let known = identity::authority(&record, context);
    let authority = known.clone().unwrap_or(Cow::Borrowed("unknown"));
    let unproved = class_uid == 3002 && activity_id == 1 && status == Status::Failure;
    let mut event = Event::new(Platform::Ocsf, authority.clone(), identity::actor(&record, &authority, unproved));
    event.class_uid = class_uid;
    event.activity_id = activity_id;
    event.access = access::of(class_uid, activity_id);
    event.status = status;
    event.severity_id = record.severity_id.and_then(|id| u8::try_from(id).ok()).unwrap_or(0);
    let metadata = record.metadata.as_ref();
    event.tenant = metadata.and_then(|metadata| said(&metadata.tenant_uid)).or(known);
    event.source_event_id =
        metadata.and_then(|metadata| said(&metadata.original_event_uid).or_else(|| said(&metadata.uid)));
    event.region = record.cloud.as_ref().and_then(|cloud| said(&cloud.region));
    event.credential = identity::credential(&record, &authority);
    event.issued_credential = identity::issued(&record, &authority).filter(|_| status == Status::Success);
    event.aliases = identity::aliases(&record, &authority);
    let session = record.actor.as_ref().and_then(|actor| actor.session.as_ref()).or(record.session.as_ref());
    event.session =
        session.and_then(|session| said(&session.uid)).map(|id| uri::session(NAME, &authority, "session", &id));
    event.role = record.actor.as_ref().and_then(|actor| said(&actor.role.as_ref()?.name));
    event.delegation_uid = record.delegation.as_ref().and_then(|delegation| said(&delegation.uid));
    event.resources = resources(&record, &authority);
    event.decision = decision(&record);
    authn(&mut event, &record);
    outcome(&mut event, &record);
    api(&mut event, &record);
    when(&mut event, &record);
    place(&mut event, &record);
    agent(&mut event, &record);
    event.quality.truncated = metadata.and_then(|metadata| metadata.is_truncated).unwrap_or(false);
    missing(&mut event);
    Ok(event)
}

/// The activity; some producers fill only the type, which ends in it.
fn activity(record: &Record<'_>) -> u8 {
    let of_type = || record.type_uid.map(|uid| uid.rem_euclid(100));
    record.activity_id.or_else(of_type).and_then(|id| u8::try_from(id).ok()).unwrap_or(99)
}

fn status(record: &Record<'_>) -> Status {
    match (record.status_id, record.status.as_deref()) {
        (Some(1), _) | (None, Some("Success")) => Status::Success,
        (Some(2), _) | (None, Some("Failure")) => Status::Failure,
        (Some(0) | None, _) => Status::Unknown,
        _ => Status::Other,
    }
}

fn outcome<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    event.status_code = said(&record.status_code).or_else(|| said(&record.status));
    if event.status == Status::Failure {
        let response = record.api.as_ref().and_then(|api| api.response.as_ref());
        event.error_code =
            response.and_then(|r| said(&r.error).or_else(|| said(&r.code))).or_else(|| said(&record.status_code));
        event.error_message = response.and_then(|r| said(&r.error_message)).or_else(|| said(&record.status_detail));
    }
}

/// The call; without one the event code and the product that logged it.
fn api<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    let api = record.api.as_ref();
    let metadata = record.metadata.as_ref();
    let product = metadata.and_then(|metadata| metadata.product.as_ref());
    event.api.operation = api
        .and_then(|api| said(&api.operation))
        .or_else(|| metadata.and_then(|metadata| said(&metadata.event_code)))
        .or_else(|| said(&record.activity_name))
        .or_else(|| said(&record.class_name));
    event.api.service = api
        .and_then(|api| said(&api.service.as_ref()?.name))
        .or_else(|| product.and_then(|product| said(&product.name).or_else(|| said(&product.vendor))));
    event.api.request_id = api
        .and_then(|api| said(&api.request.as_ref()?.uid))
        .or_else(|| record.http_request.as_ref().and_then(|request| said(&request.uid)));
    let ids = [
        event.api.request_id.clone(),
        metadata.and_then(|metadata| said(&metadata.correlation_uid)),
        record.trace.as_ref().and_then(|trace| said(&trace.uid)),
    ];
    event.correlation_ids = ids.into_iter().flatten().collect();
    event.correlation_ids.dedup();
    event.duration_ms = record.duration;
}

/// `time` is milliseconds by the standard; seconds and texts are met, too.
fn when<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    let read = |text: &str| match text.parse::<i64>() {
        Ok(epoch) => time::from_epoch(epoch),
        Err(_) => time::parse(text),
    };
    let texts = [said(&record.time), said(&record.time_dt)];
    let parsed = texts.iter().flatten().find_map(|text| read(text));
    event.time = parsed.map(|parsed| parsed.nanos);
    event.time_precision = parsed.map_or(TimePrecision::Second, |parsed| parsed.precision);
    let original = record.metadata.as_ref().and_then(|metadata| said(&metadata.original_time));
    event.time_raw = original.or_else(|| texts.into_iter().flatten().next());
}

fn authn<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    let given = |text: &Option<Cow<'a, str>>| said(text).filter(|text| text != "Unknown" && text != "Other");
    let session = record.actor.as_ref().and_then(|actor| actor.session.as_ref());
    event.authn.protocol = given(&record.auth_protocol);
    event.authn.method = given(&record.logon_type);
    event.authn.mfa = record.is_mfa.or(record.mfa).or_else(|| session.and_then(|session| session.is_mfa));
    event.authn.factors = record.auth_factors.iter().filter_map(|factor| said(&factor.kind)).collect();
}

fn decision<'a>(record: &Record<'a>) -> Decision<'a> {
    let authorizations = record.actor.as_ref().map(|actor| actor.authorizations.as_slice()).unwrap_or_default();
    let said_so = authorizations.iter().find_map(|authorization| said(&authorization.decision));
    let effect = match (record.action_id, said_so.as_deref().map(str::to_ascii_lowercase).as_deref()) {
        (Some(1), _) | (_, Some("allow" | "allowed" | "grant" | "granted")) => Some(Effect::Allow),
        (Some(2), _) | (_, Some("deny" | "denied" | "forbid" | "forbidden")) => Some(Effect::Deny),
        (Some(3), _) => Some(Effect::Observed),
        _ => None,
    };
    let rule = record.firewall_rule.as_ref();
    Decision {
        effect,
        pdp: None,
        policies: authorizations
            .iter()
            .filter_map(|authorization| authorization.policy.as_ref())
            .filter_map(|policy| said(&policy.name).or_else(|| said(&policy.uid)))
            .collect(),
        rule: rule.and_then(|rule| said(&rule.name).or_else(|| said(&rule.uid))),
        reason: said_so,
    }
}

/// What the event lists as resources, and the objects that its class is about.
fn resources<'a>(record: &Record<'a>, authority: &str) -> Vec<Resource<'a>> {
    let mut found = Vec::new();
    let mut add = |kind: &str, id: Option<Cow<'a, str>>, name: Option<Cow<'a, str>>, role| {
        let kind = kebab(kind);
        let uri = match (&id, &name) {
            (Some(id), _) => uri::build(uri::Class::Resource, NAME, authority, &kind).id(id).finish(),
            (None, Some(name)) => uri::resource(NAME, authority, &kind, name),
            (None, None) => return,
        };
        found.push(Resource { uri, kind: Cow::Owned(kind), name: name.or(id), role });
    };
    for resource in record.resources.iter().chain(&record.resource) {
        let role = match resource.role_id {
            Some(2) => ResourceRole::Actor,
            Some(3) => ResourceRole::Affected,
            Some(4) => ResourceRole::Related,
            _ => ResourceRole::Target,
        };
        add(resource.kind.as_deref().unwrap_or("resource"), said(&resource.uid), said(&resource.name), role);
    }
    let subject = record.user.as_ref().filter(|_| record.class_uid != Some(3002) || record.actor.is_some());
    if let Some(user) = subject {
        add("user", said(&user.uid), said(&user.name).or_else(|| said(&user.email)), ResourceRole::Target);
    }
    let entity = record.entity.as_ref();
    let objects = [
        ("group", record.group.as_ref()),
        ("policy", record.policy.as_ref()),
        ("role", record.role.as_ref()),
        ("app", record.app.as_ref()),
        ("database", record.database.as_ref()),
        ("databucket", record.databucket.as_ref()),
        ("service", record.service.as_ref()),
        ("policy", entity.and_then(|entity| entity.policy.as_ref())),
        ("user", entity.and_then(|entity| entity.user.as_ref())),
        ("group", entity.and_then(|entity| entity.group.as_ref())),
        ("device", entity.and_then(|entity| entity.device.as_ref())),
        ("org", entity.and_then(|entity| entity.org.as_ref())),
    ];
    for (kind, object) in objects.into_iter().filter_map(|(kind, object)| Some((kind, object?))) {
        add(kind, said(&object.uid), said(&object.name), ResourceRole::Target);
    }
    if let Some(entity) = entity {
        add(entity.kind.as_deref().unwrap_or("entity"), said(&entity.uid), said(&entity.name), ResourceRole::Target);
    }
    if let Some(finding) = &record.finding {
        add("finding", said(&finding.uid), said(&finding.title), ResourceRole::Target);
    }
    found
}

/// A type as a part of a URI: lower case, other signs as one hyphen each.
fn kebab(kind: &str) -> String {
    let mut out = String::with_capacity(kind.len());
    for c in kind.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.truncate(out.trim_end_matches('-').len());
    if out.is_empty() { "resource".to_owned() } else { out }
}

fn place<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    let end = |endpoint: &record::Endpoint<'a>| Endpoint {
        ip: said(&endpoint.ip),
        port: endpoint.port.and_then(|port| u16::try_from(port).ok()),
        host: said(&endpoint.hostname).or_else(|| said(&endpoint.domain)).or_else(|| said(&endpoint.svc_name)),
        country: endpoint.location.as_ref().and_then(|location| said(&location.country)),
        network: said(&endpoint.vpc)
            .or_else(|| endpoint.autonomous_system.as_ref().and_then(|system| said(&system.name))),
    };
    event.src = record.src_endpoint.as_ref().map(end).unwrap_or_default();
    event.dst = record.dst_endpoint.as_ref().map(end).unwrap_or_default();
    event.user_agent = record.http_request.as_ref().and_then(|request| said(&request.user_agent));
    event.client_app = record.actor.as_ref().and_then(|actor| said(&actor.app_name));
    event.process = record.actor.as_ref().and_then(|actor| said(&actor.process.as_ref()?.name));
    if let Some(device) = &record.device {
        event.device.id = said(&device.uid);
        event.device.name = said(&device.name).or_else(|| said(&device.hostname));
        event.device.os = device.os.as_ref().and_then(|os| said(&os.name));
        event.device.managed = device.managed;
    }
    event.data_bytes_in = record.traffic.as_ref().and_then(|traffic| traffic.bytes_in);
    event.data_bytes_out = record.traffic.as_ref().and_then(|traffic| traffic.bytes_out);
    event.trace_id = record.trace.as_ref().and_then(|trace| said(&trace.uid));
    let span = record.trace.as_ref().and_then(|trace| trace.span.as_ref());
    event.span_id = span.and_then(|span| said(&span.uid));
    event.parent_span_id = span.and_then(|span| said(&span.parent_uid));
    event.purpose.ticket = record.ticket.as_ref().and_then(|ticket| said(&ticket.uid));
    event.purpose.reason = record.ticket.as_ref().and_then(|ticket| said(&ticket.title));
}

fn agent<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    let Some(agent) = &record.ai_agent else { return };
    event.agent.uid = said(&agent.uid);
    event.agent.instance = said(&agent.instance_uid);
    event.agent.version = said(&agent.version);
    event.agent.model = agent.model.as_ref().and_then(|model| said(&model.name));
}

/// Columns that every complete event fills.
fn missing(event: &mut Event<'_>) {
    let holes = [
        (event.time.is_none(), "time"),
        (event.source_event_id.is_none(), "source_event_id"),
        (event.actor.name.is_none(), "actor_principal"),
        (event.status == Status::Unknown, "status_id"),
        (event.authority == "unknown", "authority"),
    ];
    fill::lacking(event, &holes);
}
