//! Buildkite: audit events of an organisation: tokens of agents and of the API, clusters, secrets, pipelines, members.

mod origins;
mod record;

use std::borrow::Cow;

use model::uri;
use model::{
    Access, ActorKind, Credential, CredentialChange, CredentialChangeKind, Event, Human, Platform, Principal,
    ResourceRole, Status,
};

use crate::field::{Text, first, said};
use crate::fill::{self, Act, act};
use crate::{Context, Module, Probe, Reject, RejectKind, json};
use record::{Delivered, Named, Record, Surroundings};

/// The platform part of canonical URIs.
const NAME: &str = "buildkite";

/// Ids are unique over all organisations.
const AUTHORITY: &str = "buildkite.com";

pub(crate) static MODULE: Module =
    Module { platform: Platform::Buildkite, version: 1, recognise, normalise, origins: origins::ORIGINS };

fn recognise(probe: &Probe<'_>) -> bool {
    is_listed(probe) || is_delivered(probe)
}

fn is_listed(probe: &Probe<'_>) -> bool {
    (probe.has("occurred_at") || probe.has("occurredAt"))
        && ["uuid", "type", "actor", "subject", "context"].iter().all(|key| probe.has(key))
}

fn is_delivered(probe: &Probe<'_>) -> bool {
    probe.contains("\"subject_uuid\"")
        && probe.has("actor")
        && probe.has("organization")
        && probe.raw("event").is_some_and(|raw| raw.starts_with('{') && raw.contains("\"subject_type\""))
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let not_json = |error: serde_json::Error| json::not_json(&error);
    let mut record: Record<'a> = Record::default();
    let mut tenant = None;
    if is_delivered(&Probe::new(text)) {
        let delivered: Delivered<'a> = serde_json::from_str(text).map_err(not_json)?;
        if let Some(event) = delivered.event {
            record = Record { actor: delivered.actor, ..event };
            tenant = delivered.organization.and_then(|of| first(&[&of.slug, &of.uuid]));
        }
    } else {
        record = serde_json::from_str(text).map_err(not_json)?;
    }
    let Some(kind) = said(&record.kind) else {
        return Err(Reject::new(RejectKind::Shape, "type is missing; every audit event has one"));
    };
    let tenant = tenant.or_else(|| slug(record.url.as_deref()));
    Ok(event(&record, &kind, tenant, context))
}

/// The organisation in the address of an event.
fn slug<'a>(url: Option<&str>) -> Text<'a> {
    let slug = url?.split_once("/organizations/")?.1.split('/').next()?;
    Some(Cow::Owned(slug.to_owned()))
}

fn event<'a>(record: &Record<'a>, kind: &str, tenant: Text<'a>, context: &Context<'_>) -> Event<'a> {
    let authority = context.authority.unwrap_or(AUTHORITY).to_owned();
    let actor = actor(record.actor.as_ref(), &record.context, &authority);
    let mut event = Event::new(Platform::Buildkite, Cow::Owned(authority), actor);
    // The same event is `AgentTokenCreatedEvent` in one list and `AGENT_TOKEN_CREATED` in another.
    let name = crate::field::kebab(kind);
    let name = name.strip_suffix("-event").unwrap_or(&name);
    let act = classify(name);
    act.put(&mut event);
    event.privileged = matches!(act.access, Access::Issue | Access::Grant).then_some(true);
    event.status = if name.ends_with("failed") { Status::Failure } else { Status::Success };
    event.source_event_id = said(&record.uuid);
    event.tenant = tenant;
    fill::when(&mut event, said(&record.occurred_at));
    event.api.service = Some(Cow::Borrowed(NAME));
    event.api.operation = Some(Cow::Owned(name.replace('-', "_")));
    let around = &record.context;
    event.api.request_id = around.request_id.clone().map(Cow::Owned);
    event.correlation_ids.extend(event.api.request_id.clone());
    fill::endpoint(&mut event.src, around.request_ip.clone().map(Cow::Owned));
    event.user_agent = around.request_user_agent.clone().map(Cow::Owned);
    event.session = around.session_key.as_deref().map(|key| uri::session(NAME, &event.authority, "session", key));
    if let Some(id) = &around.request_api_access_token_uuid {
        event.credential = Some(token("api-access-token", Cow::Owned(id.clone()), &event.authority));
    }
    let subject = record.subject.as_ref();
    let id = subject.and_then(|of| said(&of.uuid)).or_else(|| said(&record.subject_uuid));
    let shown = subject.and_then(|of| said(&of.name)).or_else(|| said(&record.subject_name));
    let of = subject.and_then(|of| said(&of.kind)).or_else(|| said(&record.subject_type));
    let of = of.map_or_else(|| "subject".to_owned(), |of| crate::field::kebab(&of));
    credentials(&mut event, name, &of, id.clone());
    if of.contains("secret") {
        event.secret_access.path.clone_from(&shown);
    }
    fill::item(&mut event, Cow::Owned(of), (id, shown), ResourceRole::Target);
    let organization = (None, event.tenant.clone());
    fill::item(&mut event, Cow::Borrowed("organization"), organization, ResourceRole::Related);
    fill::usual(&mut event);
    event
}

fn classify(name: &str) -> Act {
    let (of, verb) = name.rsplit_once('-').unwrap_or(("", name));
    let fill::Act { activity_id: activity, access, .. } = fill::by_verb(verb);
    match (of, activity) {
        _ if of.contains("organization-access") && verb == "revoked" => act(3007, 19, Access::Delete),
        (of, 1) if of.ends_with("token") => act(3007, 18, Access::Issue),
        (of, 4) if of.ends_with("token") => act(3007, 19, Access::Delete),
        (of, 3) if of.ends_with("token") => act(3007, 2, Access::Modify),
        ("organization-member" | "user", 1) => act(3007, 1, Access::Create),
        ("organization-member" | "user", 3) => act(3007, 2, Access::Grant),
        ("organization-member" | "user", 4) => act(3007, 3, Access::Delete),
        ("user-password", _) => act(3007, 9, Access::Modify),
        ("user-totp", _) => act(3007, if verb == "activated" { 12 } else { 13 }, Access::Modify),
        ("team-member", 1) => act(3006, 3, Access::Grant),
        ("team-member", 4) => act(3006, 4, Access::Grant),
        ("team-member" | "team-pipeline" | "team-suite" | "team-registry", 3) => act(3006, 9, Access::Grant),
        ("team-pipeline" | "team-suite" | "team-registry", 1) => act(3006, 1, Access::Grant),
        ("team-pipeline" | "team-suite" | "team-registry", 4) => act(3006, 2, Access::Grant),
        ("team", 1) => act(3006, 6, access),
        ("team", 3) => act(3006, 9, access),
        ("team", 4) => act(3006, 5, access),
        ("organization-invitation", 1) => act(6003, 1, Access::Grant),
        ("organization" | "sso-provider" | "cluster-permission" | "rule", 1 | 3 | 4) => act(3004, activity, access),
        _ => act(6003, activity, access),
    }
}

/// A user by its id; whether a person or a program is behind it shows in how the call came.
fn actor<'a>(by: Option<&Named<'a>>, around: &Surroundings, authority: &str) -> Principal<'a> {
    let id = by.and_then(|by| said(&by.uuid));
    let name = by.and_then(|by| said(&by.name)).or_else(|| id.clone());
    let of = by.and_then(|by| said(&by.kind)).map_or_else(|| "user".to_owned(), |of| crate::field::kebab(&of));
    let uri = match (&id, &name) {
        (Some(id), _) => uri::principal(NAME, authority, &of, id),
        (None, Some(name)) => uri::principal_named(NAME, authority, &of, name),
        (None, None) => uri::principal_claimed(NAME, authority, &of, "unknown"),
    };
    let web = around.kind.as_deref().is_some_and(|kind| kind.contains("Web")) || around.session_user_uuid.is_some();
    let (kind, is_human, rule) = match &*of {
        "user" if around.request_api_access_token_uuid.is_some() => {
            (ActorKind::Script, Human::Mixed, "R3:buildkite-api-access-token")
        }
        "user" if web => (ActorKind::Human, Human::Human, "R2:buildkite-web-session"),
        "user" => (ActorKind::Unknown, Human::Unknown, "default"),
        "agent" => (ActorKind::CiJob, Human::Nonhuman, "R1:buildkite-agent"),
        _ if around.agent_uuid.is_some() => (ActorKind::CiJob, Human::Nonhuman, "R1:buildkite-agent"),
        "system" | "buildkite" => (ActorKind::PlatformService, Human::Nonhuman, "R1:buildkite-system"),
        _ => (ActorKind::Unknown, Human::Unknown, "default"),
    };
    Principal { uri, kind, name, is_human, rule }
}

fn token<'a>(kind: &str, id: Cow<'a, str>, authority: &str) -> Credential<'a> {
    let uri = uri::cred(NAME, authority, kind, &id);
    Credential { uri, kind: Cow::Owned(kind.to_owned()), native_id: Some(id), ..Credential::default() }
}

/// A token that came or went is the subject of the event.
fn credentials<'a>(event: &mut Event<'a>, name: &str, of: &str, id: Text<'a>) {
    // The subject is the user or the organisation in a few.
    let kind = if of.ends_with("token") { of } else { return };
    let Some(id) = id.filter(|_| event.class_uid == 3007) else { return };
    let token = token(kind, id, &event.authority);
    match event.activity_id {
        18 => event.issued_credential = Some(token),
        19 => event.credential_changes.push(CredentialChange {
            change: CredentialChangeKind::Revoked,
            uri: token.uri,
            native_id: token.native_id,
            holder: None,
        }),
        _ if name.ends_with("rotated") => event.credential_changes.push(CredentialChange {
            change: CredentialChangeKind::Rotated,
            uri: token.uri,
            native_id: token.native_id,
            holder: None,
        }),
        _ => {}
    }
}
