//! OpenAI: the audit log of an organisation of the API platform: keys, service accounts, projects, roles, sign-ins.
//!
//! Its details stand under the name of the event's type, which some collectors write with underscores.

mod act;
mod origins;
mod record;

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    Access, ActorKind, Change, Credential, CredentialChange, CredentialChangeKind, Event, GrantFact, GrantPhase, Human,
    Platform, Principal, ResourceRole, Status,
};

use crate::field::{Text, first, said};
use crate::fill::{self, act};
use crate::{Context, Module, Probe, Reject, RejectKind, json};
use record::{Details, Record, User};

/// The platform part of canonical URIs.
const NAME: &str = "openai";

/// Ids are unique over all organisations.
const AUTHORITY: &str = "api.openai.com";

pub(crate) static MODULE: Module =
    Module { platform: Platform::OpenAi, version: 1, recognise, normalise, origins: origins::ORIGINS };

/// The mark of an entry, or what every entry has: some lists leave out the mark.
fn recognise(probe: &Probe<'_>) -> bool {
    probe.contains("\"effective_at\"")
        && probe.has("effective_at")
        && probe.has("actor")
        && (probe.text("object") == Some("organization.audit_log")
            || probe.text("id").is_some_and(|id| id.starts_with("audit_log-")))
        && probe.text("type").is_some()
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let record: Record<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let Some(kind) = said(&record.kind) else {
        return Err(Reject::new(RejectKind::Shape, "type is missing; every entry of the audit log has one"));
    };
    let probe = Probe::new(text);
    let raw = probe.raw(&kind).or_else(|| probe.raw(&kind.replace('.', "_")));
    let details: Details<'a> = match raw.filter(|raw| raw.starts_with('{')) {
        Some(raw) => serde_json::from_str(raw).map_err(|error| json::not_json(&error))?,
        None => Details::default(),
    };
    Ok(event(&record, &kind, &details, context))
}

fn event<'a>(record: &Record<'a>, kind: &str, details: &Details<'a>, context: &Context<'_>) -> Event<'a> {
    let authority = context.authority.unwrap_or(AUTHORITY).to_owned();
    let failed = kind.ends_with(".failed");
    let mut event = Event::new(Platform::OpenAi, Cow::Owned(authority.clone()), actor(record, failed, &authority));
    let logging = details.changes_requested.as_ref().and_then(|asked| said(&asked.api_call_logging));
    let act = match (&logging, kind, details.principal_type.as_deref()) {
        // Whether calls are logged at all.
        (Some(now), "organization.updated", _) => {
            fill::act(1008, if now == "disabled" { 10 } else { 9 }, Access::Modify)
        }
        (_, "role.assignment.created", Some("group")) => act(3006, 12, Access::Grant),
        (_, "role.assignment.deleted", Some("group")) => act(3006, 13, Access::Grant),
        _ => act::classify(kind),
    };
    act.put(&mut event);
    event.privileged = act::is_privileged(act).then_some(true);
    event.source_event_id = said(&record.id);
    fill::when(&mut event, said(&record.effective_at));
    event.api.service = Some(Cow::Borrowed(NAME));
    event.api.operation = said(&record.kind);
    event.status = if failed { Status::Failure } else { Status::Success };
    event.error_code = said(&details.error_code);
    event.error_message = said(&details.error_message);
    place(&mut event, record);
    credentials(&mut event, record, kind, details);
    assignment(&mut event, kind, details);
    changes(&mut event, details);
    resources(&mut event, record, kind, details);
    fill::usual(&mut event);
    event
}

/// Who acted. A failed sign-in proves nobody: then the name is what was typed.
fn actor<'a>(record: &Record<'a>, failed: bool, authority: &str) -> Principal<'a> {
    let actor = record.actor.as_ref();
    let key = actor.and_then(|actor| actor.api_key.as_ref());
    let session = actor.and_then(|actor| actor.session.as_ref());
    let id = |user: Option<&User<'a>>| user.and_then(|user| said(&user.id));
    let email = |user: Option<&User<'a>>| user.and_then(|user| said(&user.email));
    if let Some(id) = key.and_then(|key| id(key.service_account.as_ref())) {
        let uri = uri::principal(NAME, authority, "service-account", &id);
        let (kind, rule) = (ActorKind::ServiceAccount, "R1:openai-service-account");
        return Principal { uri, kind, name: Some(id), is_human: Human::Nonhuman, rule };
    }
    let user = key.map_or_else(|| session.and_then(|session| session.user.as_ref()), |key| key.user.as_ref());
    let (id, email) = (id(user), email(user));
    let name = first(&[&email, &id]);
    let uri = match (&id, &name) {
        (_, Some(name)) if failed => uri::principal_claimed(NAME, authority, "user", name),
        (Some(id), _) => uri::principal(NAME, authority, "user", id),
        (None, Some(name)) => uri::principal_named(NAME, authority, "user", name),
        (None, None) => uri::principal_claimed(NAME, authority, "user", "unknown"),
    };
    let (kind, is_human, rule) = match (key.is_some(), name.is_some()) {
        // A person's key in the hands of a program.
        (true, true) => (ActorKind::Script, Human::Mixed, "R3:openai-user-api-key"),
        (false, true) if !failed => (ActorKind::Human, Human::Human, "R2:openai-session"),
        _ => (ActorKind::Unknown, Human::Unknown, "default"),
    };
    Principal { uri, kind, name, is_human, rule }
}

fn place<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    let Some(session) = record.actor.as_ref().and_then(|actor| actor.session.as_ref()) else { return };
    fill::endpoint(&mut event.src, said(&session.ip_address));
    event.user_agent = said(&session.user_agent);
    if let Some(place) = &session.ip_address_details {
        event.src.country = said(&place.country);
        event.src.network = said(&place.asn);
    }
}

/// The key a call was made with, and keys that came or went.
fn credentials<'a>(event: &mut Event<'a>, record: &Record<'a>, kind: &str, details: &Details<'a>) {
    let authority = event.authority.clone();
    let key = |id: Cow<'a, str>| Credential {
        uri: uri::cred(NAME, &authority, "api-key", &id),
        kind: Cow::Borrowed("api-key"),
        native_id: Some(id),
        ..Credential::default()
    };
    let used = record.actor.as_ref().and_then(|actor| actor.api_key.as_ref()?.id.clone());
    event.credential = used.filter(|id| !id.is_empty()).map(key);
    let Some(id) = said(&details.id) else { return };
    match kind {
        "api_key.created" => {
            let scopes = details.data.as_ref().map(|data| data.scopes.clone()).unwrap_or_default();
            event.issued_credential = Some(Credential { scopes, ..key(id) });
        }
        "api_key.deleted" => event.credential_changes.push(CredentialChange {
            change: CredentialChangeKind::Revoked,
            uri: uri::cred(NAME, &event.authority, "api-key", &id),
            native_id: Some(id),
            holder: None,
        }),
        _ => {}
    }
}

/// A role given to somebody, or taken.
fn assignment<'a>(event: &mut Event<'a>, kind: &str, details: &Details<'a>) {
    let phase = match kind {
        "role.assignment.created" => GrantPhase::Activate,
        "role.assignment.deleted" => GrantPhase::Revoke,
        _ => return,
    };
    let Some(id) = said(&details.id) else { return };
    let uri = uri::grant(NAME, &event.authority, "role-assignment", &id);
    let of = details.principal_type.as_deref().filter(|kind| *kind == "group").unwrap_or("user");
    let beneficiary = said(&details.principal_id).map(|id| {
        let class = if of == "group" { Class::Resource } else { Class::Principal };
        uri::build(class, NAME, &event.authority, of).id(&id).finish()
    });
    let resource = said(&details.resource_id).map(|id| {
        let kind = details.resource_type.as_deref().and_then(|kind| kind.rsplit('.').next()).unwrap_or("resource");
        Cow::Owned(uri::build(Class::Resource, NAME, &event.authority, &crate::field::kebab(kind)).id(&id).finish())
    });
    event.grant_refs.push(uri.clone());
    event.grants.push(GrantFact {
        requester: Some(event.actor.uri.clone()),
        beneficiary,
        target: role(&id).or(Some(id)),
        resource,
        ..GrantFact::new(uri, phase)
    });
}

/// The role inside of `role_assignment_<role>__<type>__<resource>_<principal>`: no field of its own says it.
fn role<'a>(id: &str) -> Text<'a> {
    let (role, _) = id.strip_prefix("role_assignment_")?.split_once("__")?;
    Some(Cow::Owned(role.to_owned()))
}

fn changes<'a>(event: &mut Event<'a>, details: &Details<'a>) {
    let Some(asked) = &details.changes_requested else { return };
    let scopes = (!asked.scopes.is_empty()).then(|| Cow::Owned(asked.scopes.join(" ")));
    let fields = [
        ("scopes", scopes),
        ("role", said(&asked.role)),
        ("name", said(&asked.name)),
        ("title", said(&asked.title)),
        ("group_name", said(&asked.group_name)),
        ("api_call_logging", said(&asked.api_call_logging)),
    ];
    let changed = fields.into_iter().filter(|(_, after)| after.is_some());
    event.changes.extend(changed.map(|(field, after)| Change { field: Cow::Borrowed(field), before: None, after }));
}

/// What the type is about, and the project.
fn resources<'a>(event: &mut Event<'a>, record: &Record<'a>, kind: &str, details: &Details<'a>) {
    let of = crate::field::kebab(kind.rsplit_once('.').map_or(kind, |(of, _)| of));
    let data = details.data.as_ref();
    let made = data.and_then(|data| first(&[&data.name, &data.title, &data.group_name, &data.email]));
    let name = first(&[&details.name, &details.role_name]).or(made);
    if matches!(&*of, "login" | "logout") {
        let user = record.actor.as_ref().and_then(|actor| actor.session.as_ref()?.user.as_ref());
        let user = (user.and_then(|user| said(&user.id)), user.and_then(|user| said(&user.email)));
        fill::item(event, Cow::Borrowed("user"), user, ResourceRole::Target);
    }
    fill::item(event, Cow::Owned(of), (said(&details.id), name), ResourceRole::Target);
    if let Some(kind) = details.principal_type.as_deref() {
        let id = (said(&details.principal_id), None);
        fill::item(event, Cow::Owned(crate::field::kebab(kind)), id, ResourceRole::Affected);
    }
    if let Some(project) = &record.project {
        let project = (said(&project.id), said(&project.name));
        fill::item(event, Cow::Borrowed("project"), project, ResourceRole::Related);
    }
}
