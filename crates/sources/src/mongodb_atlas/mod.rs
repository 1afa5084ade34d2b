//! MongoDB Atlas: events of organisations and projects.
//!
//! [`record`] knows the shape, [`act`] what event types mean.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    Access, ActorKind, Alias, AliasRel, Credential, CredentialChange, CredentialChangeKind, Event, GrantFact,
    GrantPhase, Human, Party, Platform, Principal, Resource, ResourceRole, Status,
};

use self::record::Record;
use crate::field::{Text, first, kebab, said};
use crate::fill;
use crate::{Context, Module, Probe, Reject, RejectKind, json, url};

mod act;
mod origins;
mod record;

/// The platform part of canonical URIs.
const NAME: &str = "mongodb-atlas";

/// The public service. Ids of users, keys and projects are one in all of it.
const PUBLIC: &str = "cloud.mongodb.com";

pub(crate) static MODULE: Module =
    Module { platform: Platform::MongoDbAtlas, version: 1, recognise, normalise, origins: origins::ORIGINS };

fn recognise(probe: &Probe<'_>) -> bool {
    let any = |keys: &[&str]| keys.iter().any(|key| probe.has(key));
    (probe.contains("\"eventTypeName\"") || probe.contains("\"eventtypename\""))
        && any(&["eventTypeName", "eventtypename"])
        && any(&["orgId", "orgid", "groupId", "groupid"])
        && probe.has("created")
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let record: Record<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let Some(kind) = said(&record.kind) else {
        return Err(Reject::new(RejectKind::Shape, "eventTypeName is missing; an event of Atlas has one"));
    };
    let linked = record.links.iter().find_map(|link| url::host(&said(&link.href)?));
    let authority: Cow<'a, str> = match (context.authority, linked) {
        (Some(set), _) => Cow::Owned(set.to_owned()),
        (None, Some(host)) => Cow::Owned(host),
        (None, None) => Cow::Borrowed(PUBLIC),
    };
    let mut event = Event::new(Platform::MongoDbAtlas, authority.clone(), actor(&record, &authority));
    act::of(&kind).put(&mut event);
    let failed = kind.ends_with("_FAILED") || kind.ends_with("_FAILURE") || kind.ends_with("_DENIED");
    event.status = if failed { Status::Failure } else { Status::Success };
    event.tenant = first(&[&record.org, &record.group]);
    event.source_event_id = said(&record.id);
    event.api.service = Some(Cow::Borrowed(NAME));
    if record.global_admin.as_deref() == Some("true") {
        event.party = Some(Party::Provider);
    }
    event.privileged = (event.party.is_some() || matches!(event.access, Access::Grant | Access::Issue)).then_some(true);
    fill::endpoint(&mut event.src, said(&record.remote));
    event.aliases.extend(names(&record, &authority));
    credentials(&mut event, &record, &kind);
    grants(&mut event, &record, &kind);
    resources(&mut event, &record);
    event.api.operation = Some(kind);
    fill::when(&mut event, first(&[&record.created]));
    let holes = [
        (event.time.is_none(), "time"),
        (event.source_event_id.is_none(), "source_event_id"),
        (event.actor.name.is_none(), "actor_principal"),
        (event.src.ip.is_none() && event.actor.kind != ActorKind::PlatformService, "src_ip"),
        (event.tenant.is_none(), "tenant"),
    ];
    fill::lacking(&mut event, &holes);
    Ok(event)
}

/// A record names a key or a user of the console, or neither where Atlas did it by itself.
fn actor<'a>(record: &Record<'a>, authority: &str) -> Principal<'a> {
    if let Some(id) = said(&record.key) {
        return Principal {
            uri: uri::principal(NAME, authority, "api-key", &id),
            kind: ActorKind::ApiClient,
            name: said(&record.public_key).or(Some(id)),
            is_human: Human::Nonhuman,
            rule: "R1:atlas-api-key",
        };
    }
    if let Some(key) = said(&record.public_key) {
        return Principal {
            uri: uri::principal_named(NAME, authority, "api-key", &key),
            kind: ActorKind::ApiClient,
            name: Some(key),
            is_human: Human::Nonhuman,
            rule: "R1:atlas-api-key",
        };
    }
    match (said(&record.user), said(&record.username)) {
        (None, None) => Principal {
            uri: uri::principal(NAME, authority, "service", "atlas"),
            kind: ActorKind::PlatformService,
            name: Some(Cow::Borrowed("atlas")),
            is_human: Human::Nonhuman,
            rule: "R1:atlas-itself",
        },
        (id, name) => {
            let uri = match (&id, &name) {
                (Some(id), _) => uri::principal(NAME, authority, "user", id),
                (None, name) => uri::principal_named(NAME, authority, "user", name.as_deref().unwrap_or_default()),
            };
            Principal {
                uri,
                kind: ActorKind::Human,
                name: name.or(id),
                is_human: Human::Human,
                rule: "R2:atlas-console-user",
            }
        }
    }
}

/// Id and name of a user or a key, seen in one record.
fn names(record: &Record<'_>, authority: &str) -> Option<Alias> {
    let (kind, id, name, rule) = match said(&record.key) {
        Some(id) => ("api-key", id, said(&record.public_key)?, "atlas:apiKeyId+publicKey"),
        None => ("user", said(&record.user)?, said(&record.username)?, "atlas:userId+username"),
    };
    let a = uri::principal(NAME, authority, kind, &id);
    let b = uri::principal_named(NAME, authority, kind, &name);
    Some(Alias { a, b, rel: AliasRel::SameAs, rule })
}

/// Keys by their public half: the one name that both their making and their use write.
fn credentials<'a>(event: &mut Event<'a>, record: &Record<'a>, kind: &str) {
    let authority = event.authority.clone();
    let key = |id: Cow<'a, str>| Credential {
        uri: uri::cred(NAME, &authority, "api-key", &id),
        kind: Cow::Borrowed("api-key"),
        native_id: Some(id),
        ..Credential::default()
    };
    event.credential = said(&record.public_key).map(key);
    let Some(target) = said(&record.target_key) else { return };
    let made = key(target.clone());
    let holder = uri::principal_named(NAME, &authority, "api-key", &target);
    match kind {
        "API_KEY_CREATED" => {
            let a = made.uri.clone();
            event.aliases.push(Alias { a, b: holder, rel: AliasRel::CredentialOf, rule: "atlas:issued" });
            event.issued_credential = Some(made);
        }
        "API_KEY_DELETED" => event.credential_changes.push(CredentialChange {
            change: CredentialChangeKind::Revoked,
            uri: made.uri,
            native_id: made.native_id,
            holder: Some(holder),
        }),
        _ => {}
    }
}

/// Memberships of organisations, projects and teams. Which roles they bring, an event does not say.
fn grants<'a>(event: &mut Event<'a>, record: &Record<'a>, kind: &str) {
    let phase = match kind {
        _ if event.access != Access::Grant => return,
        _ if kind.starts_with("INVITED_TO") => GrantPhase::Request,
        _ if kind.starts_with("REMOVED_FROM") || kind.contains("REMOVED_FROM") => GrantPhase::Revoke,
        _ => GrantPhase::Activate,
    };
    let place = [("team", &record.team), ("project", &record.group), ("organization", &record.org)];
    let Some((place, id)) = place.into_iter().find_map(|(kind, id)| Some((kind, said(id)?))) else { return };
    let who = [("user", &record.target_user), ("api-key", &record.target_key)];
    let Some((holder, who)) = who.into_iter().find_map(|(kind, who)| Some((kind, said(who)?))) else { return };
    let uri =
        uri::build(Class::Grant, NAME, &event.authority, "membership").id(place).id(&id).id(holder).name(&who).finish();
    event.grant_refs.push(uri.clone());
    event.grants.push(GrantFact {
        requester: Some(event.actor.uri.clone()),
        beneficiary: Some(uri::principal_named(NAME, &event.authority, holder, &who)),
        target: Some(id.clone()),
        resource: Some(Cow::Owned(uri::build(Class::Resource, NAME, &event.authority, place).id(&id).finish())),
        ..GrantFact::new(uri, phase)
    });
}

fn resources<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    let kind = said(&record.resource_kind).map_or_else(|| "resource".to_owned(), |kind| kebab(&kind));
    let collection: Text<'a> =
        said(&record.database).zip(said(&record.collection)).map(|(d, c)| Cow::Owned(format!("{d}.{c}")));
    let candidates: [(&str, Text<'a>, bool, ResourceRole); 12] = [
        (&kind, said(&record.resource), true, ResourceRole::Target),
        ("user", said(&record.target_user), false, ResourceRole::Affected),
        ("api-key", said(&record.target_key), false, ResourceRole::Affected),
        ("database-user", said(&record.database_user), false, ResourceRole::Affected),
        ("access-list-entry", first(&[&record.entry, &record.access_entry]), false, ResourceRole::Target),
        ("alert-config", said(&record.alert_config), true, ResourceRole::Target),
        ("collection", collection, false, ResourceRole::Target),
        ("cluster", said(&record.cluster), false, ResourceRole::Target),
        ("host", said(&record.host), false, ResourceRole::Target),
        ("team", said(&record.team), true, ResourceRole::Target),
        ("project", said(&record.group), true, ResourceRole::Target),
        ("organization", said(&record.org), true, ResourceRole::Target),
    ];
    for (kind, id, immutable, role) in candidates {
        let Some(id) = id else { continue };
        let builder = uri::build(Class::Resource, NAME, &event.authority, kind);
        let uri = if immutable { builder.id(&id).finish() } else { builder.name(&id).finish() };
        event.resources.push(Resource { uri, kind: Cow::Owned(kind.to_owned()), name: Some(id), role });
    }
}
