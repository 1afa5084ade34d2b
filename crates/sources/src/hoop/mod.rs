//! hoop.dev: sessions through the gateway, the reviews that allow them, and its security audit log.
//!
//! A review is a grant: of one execution (`onetime`), which names its session, or of a time (`jit`),
//! whose uses are joined by owner and connection.

mod grants;
mod origins;
mod record;

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    Access, ActorKind, Alias, AliasRel, Decision, Effect, Event, Human, Platform, Principal, Related, Resource,
    ResourceRole, Status,
};

use crate::{Context, Module, Probe, Reject, RejectKind, fill, json, time};
use record::{Record, Text, first, said};

/// The name of the platform inside URIs.
const NAME: &str = "hoop";

pub(crate) static MODULE: Module =
    Module { platform: Platform::Hoop, version: 2, recognise, normalise, origins: origins::ORIGINS };

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A session, as the API lists it or a webhook announces it.
    Session,
    /// A review.
    Review,
    /// An entry of the security audit log.
    Audit,
}

fn kind(has: impl Fn(&str) -> bool) -> Option<Kind> {
    let any = |keys: &[&str]| keys.iter().any(|key| has(key));
    if has("actor_subject") && has("resource_type") && has("action") && has("outcome") {
        Some(Kind::Audit)
    } else if any(&["review_groups_data", "review_groups"])
        && any(&["access_duration", "access_duration_sec"])
        && has("status")
        && has("type")
    {
        Some(Kind::Review)
    } else if (has("event_type") && any(&["has_input_args", "exit_code"]) && has("id"))
        || (has("verb") && has("connection") && has("user_id") && has("start_date"))
    {
        Some(Kind::Session)
    } else {
        None
    }
}

fn recognise(probe: &Probe<'_>) -> bool {
    let marked = ["\"review_groups", "\"actor_subject\"", "\"connection\"", "\"exit_code\""];
    marked.iter().any(|mark| probe.contains(mark))
        && kind(|key| probe.has(key)).is_some_and(|kind| {
            kind != Kind::Session || probe.has("start_date") || session_event(probe.text("event_type"))
        })
}

fn session_event(event_type: Option<&str>) -> bool {
    event_type.is_some_and(|event| event.starts_with("session."))
}

/// Nanoseconds of a time that is really there.
fn nanos(text: &Text<'_>) -> Option<i64> {
    time::parse(&said(text)?).map(|parsed| parsed.nanos)
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let record: Record<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let probe = Probe::new(text);
    let Some(kind) = kind(|key| probe.has(key)) else {
        return Err(Reject::new(RejectKind::Shape, "neither a session, nor a review, nor a security audit entry"));
    };
    let org = said(&record.org).or_else(|| context.authority.map(|authority| Cow::Owned(authority.to_owned())));
    let authority = org.clone().unwrap_or(Cow::Borrowed("unknown"));
    let mut event = Event::new(Platform::Hoop, authority.clone(), actor(&record, kind, &authority));
    event.tenant = org;
    event.aliases.extend(alias(&record, kind, &event.actor.uri, &authority));
    event.api.service = Some(Cow::Borrowed(NAME));
    match kind {
        Kind::Session => session(&mut event, &record, &authority),
        Kind::Review => grants::review(&mut event, &record, &authority),
        Kind::Audit => audit(&mut event, &record, &authority),
    }
    if let Some(metadata) = &record.metadata {
        event.purpose.reason = said(&metadata.reason);
        event.purpose.ticket = said(&metadata.ticket);
    }
    fill::usual(&mut event);
    Ok(event)
}

/// A person of the organisation by its subject at the identity provider, else by its address.
fn user_uri(id: Option<&str>, email: Option<&str>, authority: &str) -> String {
    match (id, email) {
        (Some(id), _) => uri::principal(NAME, authority, "user", id),
        (None, Some(email)) => uri::principal_named(NAME, authority, "user", email),
        (None, None) => uri::principal(NAME, authority, "gateway", authority),
    }
}

fn ids<'a>(record: &Record<'a>, kind: Kind) -> (Text<'a>, Text<'a>) {
    let owner = record.review_owner.as_ref();
    match kind {
        Kind::Session => (said(&record.user_id), said(&record.user)),
        Kind::Audit => (said(&record.actor_subject), said(&record.actor_email)),
        // Owners have ids of their own in a review, not those of sessions: the address is common.
        Kind::Review => (None, owner.and_then(|owner| said(&owner.email)).or_else(|| said(&record.owner_email))),
    }
}

/// People and machines have accounts of one form: nothing in a record says which of them acted.
fn actor<'a>(record: &Record<'a>, kind: Kind, authority: &str) -> Principal<'a> {
    let (id, email) = ids(record, kind);
    let uri = user_uri(id.as_deref(), email.as_deref(), authority);
    let (is_human, rule, actor_kind) = match (&id, &email) {
        (None, None) => (Human::Nonhuman, "R1:hoop-gateway", ActorKind::PlatformService),
        _ => (Human::Unknown, "default", ActorKind::Unknown),
    };
    let name = email.or_else(|| first(&[&record.user_name, &record.actor_name])).or(id);
    Principal { uri, kind: actor_kind, name, is_human, rule }
}

fn alias(record: &Record<'_>, kind: Kind, actor: &str, authority: &str) -> Option<Alias> {
    let (id, email) = ids(record, kind);
    let by_name = user_uri(None, Some(email.as_deref()?), authority);
    id.map(|_| Alias { a: actor.to_owned(), b: by_name, rel: AliasRel::SameAs, rule: "hoop:subject+email" })
}

fn connection(event: &mut Event<'_>, name: &Text<'_>, authority: &str) {
    let Some(name) = said(name) else { return };
    event.resources.push(Resource {
        uri: uri::resource(NAME, authority, "connection", &name),
        kind: Cow::Borrowed("connection"),
        name: Some(Cow::Owned(name.into_owned())),
        role: ResourceRole::Target,
    });
}

fn session<'a>(event: &mut Event<'a>, record: &Record<'a>, authority: &str) {
    let ended = said(&record.end_date).is_some() || record.event_type.as_deref() == Some("session.close");
    (event.class_uid, event.activity_id, event.access) = match (record.verb.as_deref(), ended) {
        (Some("exec"), _) => (6003, 99, Access::Execute),
        (_, false) => (3002, 1, Access::Execute),
        (_, true) => (3002, 2, Access::Execute),
    };
    let step = if ended { "session.close" } else { "session.open" };
    event.api.operation = said(&record.event_type).or(Some(Cow::Borrowed(step)));
    event.authn.method = said(&record.verb);
    let id = said(&record.id);
    event.session = id.as_deref().map(|id| uri::session(NAME, authority, "session", id));
    event.source_event_id.clone_from(&id);
    event.correlation_ids.extend(id.clone());
    connection(event, &record.connection, authority);
    if event.resources.is_empty() {
        // The end of a session names nothing but the session.
        if let Some(id) = &id {
            let uri = uri::build(Class::Resource, NAME, authority, "session").id(id).finish();
            let (kind, role) = (Cow::Borrowed("session"), ResourceRole::Target);
            event.resources.push(Resource { uri, kind, name: Some(id.clone()), role });
        }
    }
    let code = record.exit_code.as_deref().and_then(|code| code.parse::<i64>().ok());
    event.status_code = said(&record.exit_code).or_else(|| said(&record.status));
    event.status = match (code, said(&record.exit_err)) {
        // -100: the gateway could not learn the code.
        (Some(-100) | None, None) => Status::Success,
        (Some(0), None) => Status::Success,
        _ => Status::Failure,
    };
    if event.status == Status::Failure {
        event.error_code = said(&record.exit_code);
        event.error_message = said(&record.exit_err);
    }
    // The end of a session that still runs is null.
    when(event, &[&record.end_date, &record.start_date]);
    let length = nanos(&record.end_date).zip(nanos(&record.start_date)).map(|(end, start)| end.saturating_sub(start));
    event.duration_ms = length.map(|nanos| nanos / 1_000_000).filter(|length| *length >= 0);
    if let Some(review) = &record.review {
        if let Some(id) = said(&review.id) {
            event.grant_refs.push(grants::uri(&id, authority));
        } else if let Some(id) = &id {
            // A webhook names the review by its session alone.
            event.grant_refs.push(grants::of_session(id, authority));
        }
        let effect = match review.status.as_deref() {
            Some("APPROVED" | "PROCESSING" | "EXECUTED") => Some(Effect::Allow),
            Some("REJECTED" | "REVOKED") => Some(Effect::Deny),
            _ => None,
        };
        event.decision = Decision {
            effect,
            pdp: effect.map(|_| Cow::Borrowed(NAME)),
            rule: said(&review.kind),
            ..Decision::default()
        };
    }
}

fn audit<'a>(event: &mut Event<'a>, record: &Record<'a>, authority: &str) {
    let thing = said(&record.resource_type).unwrap_or_default();
    let action = said(&record.action).unwrap_or_default();
    let (activity, access) = match &*action {
        "create" => (1, Access::Create),
        "update" => (3, Access::Modify),
        "delete" | "revoke" => (4, Access::Delete),
        _ => (99, Access::Other),
    };
    (event.class_uid, event.activity_id, event.access) = match (&*thing, &*action) {
        ("users" | "service_accounts", "create") => (3007, 1, access),
        ("users" | "service_accounts", "update") => (3007, 2, access),
        ("users" | "service_accounts", _) => (3007, 3, access),
        ("user_groups", _) => (3006, 9, Access::Grant),
        ("org_keys", "create") => (3007, 18, Access::Issue),
        ("org_keys", _) => (3007, 19, access),
        _ => (6003, activity, access),
    };
    event.privileged = Some(true);
    event.api.operation = Some(Cow::Owned(format!("{thing}.{action}")));
    event.source_event_id = said(&record.id);
    event.status = match record.outcome {
        Some(true) => Status::Success,
        Some(false) => Status::Failure,
        None => Status::Unknown,
    };
    event.error_message = said(&record.error_message);
    let kind = thing.trim_end_matches('s').replace('_', "-");
    let builder = uri::build(Class::Resource, NAME, authority, &kind);
    let name = first(&[&record.resource_name, &record.resource_id]);
    let uri = match (said(&record.resource_id), &name) {
        (Some(id), _) => builder.id(&id).finish(),
        (None, Some(name)) => builder.name(name).finish(),
        (None, None) => builder.name(&thing).finish(),
    };
    event.resources.push(Resource { uri, kind: Cow::Owned(kind), name, role: ResourceRole::Target });
    when(event, &[&record.created_at]);
}

fn when<'a>(event: &mut Event<'a>, values: &[&Text<'a>]) {
    let raw = first(values);
    let parsed = raw.as_deref().and_then(time::parse);
    fill::timed(event, parsed, raw);
}

fn relate<'a>(event: &mut Event<'a>, session: Text<'a>, authority: &str) {
    let Some(session) = session else { return };
    event.session = Some(uri::session(NAME, authority, "session", &session));
    event.correlation_ids.push(session.clone());
    event.related.push(Related { rel: "session", source_event_id: session });
}
