//! Keycloak: user events and admin events of a realm.
//!
//! [`record`] knows the three forms, [`user`] what users and clients did, [`admin`] what administrators did. All ids
//! are those of a realm, so the realm is the authority.

use std::borrow::Cow;

use model::{Event, Platform, Status};

use self::record::{AdminEvent, Either, Line, UserEvent};
use crate::field::{Text, said};
use crate::fill;
use crate::{Context, Module, Probe, Reject, RejectKind, json};

mod admin;
mod origins;
mod record;
mod user;

/// The platform part of canonical URIs.
const NAME: &str = "keycloak";

pub(crate) static MODULE: Module =
    Module { platform: Platform::Keycloak, version: 1, recognise, normalise, origins: origins::ORIGINS };

fn recognise(probe: &Probe<'_>) -> bool {
    is_line(probe) || is_admin(probe) || is_user(probe)
}

fn is_line(probe: &Probe<'_>) -> bool {
    probe.contains("org.keycloak.events")
        && probe.text("loggerName") == Some("org.keycloak.events")
        && probe.has("message")
}

fn is_admin(probe: &Probe<'_>) -> bool {
    probe.contains("\"authDetails\"") && ["authDetails", "operationType", "realmId"].iter().all(|key| probe.has(key))
}

fn is_user(probe: &Probe<'_>) -> bool {
    probe.contains("\"realmId\"")
        && probe.has("realmId")
        && probe.text("type").is_some_and(|kind| kind.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'))
        && (probe.has("clientId") || probe.has("userId") || probe.has("ipAddress"))
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let probe = Probe::new(text);
    let bad = |error: serde_json::Error| json::not_json(&error);
    let shape = || Reject::new(RejectKind::Shape, "neither a user event nor an admin event, nor a log line about one");
    let read = if is_line(&probe) {
        let line: Line<'a> = serde_json::from_str(text).map_err(bad)?;
        record::of_line(&line).ok_or_else(shape)?
    } else if is_admin(&probe) {
        Either::Admin(serde_json::from_str::<AdminEvent<'a>>(text).map_err(bad)?)
    } else if is_user(&probe) {
        Either::User(serde_json::from_str::<UserEvent<'a>>(text).map_err(bad)?)
    } else {
        return Err(shape());
    };
    let mut event = match &read {
        Either::User(record) => user::read(record, context),
        Either::Admin(record) => admin::read(record, context),
    };
    let holes = [
        (event.time.is_none(), "time"),
        (event.source_event_id.is_none(), "source_event_id"),
        (event.actor.name.is_none(), "actor_principal"),
        (event.src.ip.is_none(), "src_ip"),
        (event.resources.is_empty(), "resources"),
        (event.authority == "unknown", "authority"),
    ];
    fill::lacking(&mut event, &holes);
    Ok(event)
}

/// The realm by its id, which Keycloak never gives again; within the server that the source is set to.
fn authority<'a>(realm: &Text<'a>, context: &Context<'_>) -> Cow<'a, str> {
    let realm = said(realm).unwrap_or(Cow::Borrowed("unknown"));
    match context.authority {
        Some(server) => Cow::Owned(format!("{server}/{realm}")),
        None => realm,
    }
}

fn event<'a>(authority: Cow<'a, str>, actor: model::Principal<'a>, error: &Text<'a>) -> Event<'a> {
    let mut event = Event::new(Platform::Keycloak, authority, actor);
    event.api.service = Some(Cow::Borrowed(NAME));
    event.status = if said(error).is_some() { Status::Failure } else { Status::Success };
    event.error_code = said(error);
    event
}
