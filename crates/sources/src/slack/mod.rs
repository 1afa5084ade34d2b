//! Slack: entries of the Audit Logs API of an Enterprise organisation.
//!
//! [`record`] knows the shape, [`action`] what actions do, [`facts`] roles and apps as grants.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    ActorKind, Alias, AliasRel, Event, Human, Platform, Principal, Resource, ResourceRole, Status, Step, StepKind,
};

use self::record::{Entry, Thing};
use crate::field::{Text, first, kebab, said};
use crate::fill;
use crate::{Context, Module, Probe, Reject, RejectKind, json};

mod action;
mod facts;
mod origins;
mod record;

/// The platform part of canonical URIs.
const NAME: &str = "slack";

pub(crate) static MODULE: Module =
    Module { platform: Platform::Slack, version: 1, recognise, normalise, origins: origins::ORIGINS };

/// An action by an actor in a place; no other platform says `location` and `ua` inside of `context`.
fn recognise(probe: &Probe<'_>) -> bool {
    probe.contains("\"context\"")
        && probe.text("action").is_some()
        && probe.raw("actor").is_some_and(|actor| actor.starts_with('{') && actor.contains("\"type\""))
        && probe.raw("context").is_some_and(|context| {
            context.starts_with('{')
                && (context.contains("\"location\"") || context.contains("\"ua\""))
                && context.contains("\"ip_address\"")
        })
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let entry: Entry<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let Some(action) = said(&entry.action) else {
        return Err(Reject::new(RejectKind::Shape, "action is missing; an entry of the audit log has one"));
    };
    let authority = authority(&entry, context);
    let failed = action.ends_with("_failed") || action.ends_with("_denied");
    let mut event = Event::new(Platform::Slack, authority.clone(), actor(&entry, &action, failed, &authority));
    action::of(&action).put(&mut event);
    event.status = if failed { Status::Failure } else { Status::Success };
    event.source_event_id = said(&entry.id);
    event.tenant = entry.context.as_ref().and_then(|context| said(&context.location.as_ref()?.id));
    event.api.service = Some(Cow::Borrowed(NAME));
    place(&mut event, &entry);
    app_behind(&mut event, &entry);
    event.aliases.extend(names(entry.actor.as_ref().and_then(|actor| actor.user.as_ref()), &authority));
    if let Some((kind, thing)) = record::entity(&entry) {
        if kind == "user" {
            let alias = names(Some(&thing), &authority).filter(|alias| !event.aliases.contains(alias));
            event.aliases.extend(alias);
        }
        facts::read(&mut event, &entry, &action, &kind, &thing);
        resource(&mut event, &kind, &thing, ResourceRole::Target);
    } else {
        facts::read(&mut event, &entry, &action, "", &Thing::default());
    }
    workspace(&mut event, &entry);
    // Whoever joins a channel needs no privilege for it.
    event.privileged = (event.access == model::Access::Grant && event.class_uid != 3006).then_some(true);
    if failed {
        event.error_message = entry.details.as_ref().and_then(|details| said(&details.reason));
    }
    if action == "anomaly" {
        event.severity_id = 3;
    }
    event.api.operation = Some(action);
    fill::when(&mut event, first(&[&entry.date]));
    let holes = [
        (event.time.is_none(), "time"),
        (event.source_event_id.is_none(), "source_event_id"),
        (event.actor.name.is_none(), "actor_principal"),
        (event.session.is_none(), "session_uri"),
        (event.src.ip.is_none(), "src_ip"),
        (event.resources.is_empty(), "resources"),
        (event.authority == "unknown", "authority"),
    ];
    fill::lacking(&mut event, &holes);
    Ok(event)
}

/// Ids of users are one in a whole organisation; an entry names the place alone.
fn authority<'a>(entry: &Entry<'a>, context: &Context<'_>) -> Cow<'a, str> {
    if let Some(set) = context.authority {
        return Cow::Owned(set.to_owned());
    }
    let place = entry.context.as_ref().and_then(|context| said(&context.location.as_ref()?.id));
    let team = entry.actor.as_ref().and_then(|actor| said(&actor.user.as_ref()?.team));
    place.or(team).unwrap_or(Cow::Borrowed("unknown"))
}

fn actor<'a>(entry: &Entry<'a>, action: &str, failed: bool, authority: &str) -> Principal<'a> {
    let actor = entry.actor.as_ref();
    let session = entry.context.as_ref().and_then(|context| said(&context.session)).is_some();
    if let Some(app) = actor.and_then(|actor| actor.app.as_ref())
        && let Some(uri) = id_of(app, "app", authority)
    {
        let name = first(&[&app.name, &app.id]);
        return Principal { uri, kind: ActorKind::Integration, name, is_human: Human::Nonhuman, rule: "R1:slack-app" };
    }
    let user = actor.and_then(|actor| actor.user.as_ref());
    let claimed = failed && action.starts_with("user_login");
    let (uri, name) = match user.and_then(|user| Some((user, first(&[&user.id, &user.name, &user.email])?))) {
        Some((user, claim)) if claimed => {
            (uri::principal_claimed(NAME, authority, "user", &claim), first(&[&user.email, &user.name, &user.id]))
        }
        Some((user, id)) => (
            id_of(user, "user", authority).unwrap_or_else(|| uri::principal_named(NAME, authority, "user", &id)),
            first(&[&user.email, &user.name, &user.id]),
        ),
        None => (uri::principal(NAME, authority, "unknown", "unknown"), None),
    };
    let (kind, is_human, rule) = match user.and_then(|user| user.id.as_deref()) {
        Some("USLACKBOT") => (ActorKind::PlatformService, Human::Nonhuman, "R1:slack-itself"),
        Some(_) if claimed => (ActorKind::Unknown, Human::Unknown, "default"),
        Some(_) if session => (ActorKind::Human, Human::Human, "R2:slack-session"),
        Some(_) if action.starts_with("user_login") => (ActorKind::Human, Human::Human, "R2:slack-sign-in"),
        _ => (ActorKind::Unknown, Human::Unknown, "default"),
    };
    Principal { uri, kind, name, is_human, rule }
}

fn id_of(thing: &Thing<'_>, kind: &str, authority: &str) -> Option<String> {
    Some(uri::principal(NAME, authority, kind, &said(&thing.id)?))
}

/// A user's id and address, seen in one entry.
fn names(user: Option<&Thing<'_>>, authority: &str) -> Option<Alias> {
    let user = user?;
    let (a, email) = (id_of(user, "user", authority)?, said(&user.email)?);
    let b = uri::principal_named(NAME, authority, "user", &email);
    Some(Alias { a, b, rel: AliasRel::SameAs, rule: "slack:id+email" })
}

fn place<'a>(event: &mut Event<'a>, entry: &Entry<'a>) {
    let Some(context) = entry.context.as_ref() else { return };
    fill::endpoint(&mut event.src, said(&context.ip));
    event.user_agent = said(&context.agent);
    if let Some(id) = said(&context.session) {
        event.session = Some(uri::session(NAME, &event.authority, "session", &id));
        event.correlation_ids.push(id);
    }
}

/// An app that did it for a user: the user's rights, the app's hands.
fn app_behind<'a>(event: &mut Event<'a>, entry: &Entry<'a>) {
    let Some(app) = entry.context.as_ref().and_then(|context| context.app.as_ref()) else { return };
    event.client_app = first(&[&app.name, &app.id]);
    let Some(uri) = id_of(app, "app", &event.authority) else { return };
    let step = |principal: String, evidence_path| Step {
        principal,
        step: StepKind::Delegation,
        evidence_path,
        asserted_by: Cow::Borrowed(NAME),
        verified: true,
    };
    event.chain.push(step(event.actor.uri.clone(), "/actor/user/id"));
    event.chain.push(step(uri, "/context/app/id"));
    event.initiator = Some(event.actor.uri.clone());
    if event.actor.is_human == Human::Unknown && event.actor.kind == ActorKind::Unknown {
        (event.actor.is_human, event.actor.rule) = (Human::Mixed, "R3:slack-app-of-user");
    }
}

fn resource<'a>(event: &mut Event<'a>, kind: &str, thing: &Thing<'a>, role: ResourceRole) {
    let kind = kebab(kind);
    let named: Text<'a> = first(&[&thing.email, &thing.name, &thing.title, &thing.domain, &thing.id]);
    let builder = uri::build(Class::Resource, NAME, &event.authority, &kind);
    let uri = match (said(&thing.id), &named) {
        (Some(id), _) => builder.id(&id).finish(),
        (None, Some(name)) => builder.name(name).finish(),
        (None, None) => return,
    };
    if event.resources.iter().all(|known| known.uri != uri) {
        event.resources.push(Resource { uri, kind: Cow::Owned(kind), name: named, role });
    }
}

/// The workspace or the organisation in which it happened.
fn workspace<'a>(event: &mut Event<'a>, entry: &Entry<'a>) {
    let Some(location) = entry.context.as_ref().and_then(|context| context.location.as_ref()) else { return };
    let kind = said(&location.kind).unwrap_or(Cow::Borrowed("workspace"));
    let thing = Thing {
        id: location.id.clone(),
        name: location.name.clone(),
        domain: location.domain.clone(),
        ..Thing::default()
    };
    resource(event, &kind, &thing, ResourceRole::Related);
}
