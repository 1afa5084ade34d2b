//! What administrators did: users, roles, groups, clients, and the events themselves.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    Access, ActorKind, CredentialChange, CredentialChangeKind, Event, GrantFact, GrantPhase, Human, Principal,
    Resource, ResourceRole, Status,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::record::AdminEvent;
use super::{NAME, authority};
use crate::Context;
use crate::field::{first, kebab, said};
use crate::fill::{self, Act, act};

/// Class, activity and access of an operation on a resource.
fn of(record: &AdminEvent<'_>, path: &[&str]) -> Act {
    let access = match record.operation.as_deref().unwrap_or_default() {
        "CREATE" => Access::Create,
        "UPDATE" => Access::Modify,
        "DELETE" => Access::Delete,
        "ACTION" => Access::Execute,
        _ => Access::Other,
    };
    let pick = |create, alter, delete, action| match access {
        Access::Create => create,
        Access::Delete => delete,
        Access::Modify => alter,
        _ => action,
    };
    match (record.kind.as_deref().unwrap_or_default(), path) {
        ("REALM", ["events", "config"]) => match enabled(record) {
            Some(true) => act(1008, 9, Access::Modify),
            Some(false) => act(1008, 10, Access::Modify),
            None => act(1008, 99, Access::Modify),
        },
        ("REALM", ["events" | "admin-events"]) => act(1008, 1, Access::Delete),
        (_, ["users", _, "reset-password"]) => act(3007, 9, Access::Modify),
        (_, ["users", _, "logout"]) | (_, ["sessions", _]) | (_, ["logout-all"]) => act(3002, 2, Access::Modify),
        (_, ["users", _, "impersonation"]) => act(3002, 7, Access::Authenticate),
        (_, ["users", _, "credentials", ..]) if access == Access::Delete => act(3007, 19, access),
        (_, ["users", _, "disable-credential-types"]) => act(3007, 19, Access::Modify),
        (_, ["clients", _, "client-secret", ..]) => act(3007, 18, Access::Issue),
        ("REALM_ROLE_MAPPING" | "CLIENT_ROLE_MAPPING", ["groups", ..]) => {
            act(3006, pick(12, 12, 13, 99), Access::Grant)
        }
        ("REALM_ROLE_MAPPING" | "CLIENT_ROLE_MAPPING", _) => act(3007, pick(16, 16, 17, 99), Access::Grant),
        ("GROUP_MEMBERSHIP", _) => act(3006, pick(3, 9, 4, 99), Access::Grant),
        ("GROUP", _) => act(3006, pick(6, 9, 5, 99), access),
        ("REALM_ROLE" | "CLIENT_ROLE", _) => act(3008, pick(1, 2, 3, 99), access),
        ("USER", _) => act(3007, pick(1, 2, 3, 99), access),
        ("USER_SESSION", _) => act(3002, 2, access),
        ("CLIENT_INITIAL_ACCESS_MODEL", _) => {
            act(3007, pick(18, 99, 19, 99), if access == Access::Create { Access::Issue } else { access })
        }
        ("AUTHORIZATION_POLICY" | "AUTHORIZATION_RESOURCE" | "AUTHORIZATION_SCOPE", _) => {
            act(3004, pick(1, 3, 4, 99), Access::Grant)
        }
        _ => act(3004, pick(1, 3, 4, 99), access),
    }
}

/// Whether user events are stored, or handed to any listener, after a change of the configuration.
fn enabled(record: &AdminEvent<'_>) -> Option<bool> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Config {
        events_enabled: Option<bool>,
        #[serde(default)]
        events_listeners: Vec<String>,
    }
    let config: Config = serde_json::from_str(&inner(record.representation)?).ok()?;
    Some(config.events_enabled? || !config.events_listeners.is_empty())
}

/// A representation is JSON inside of a text; some listeners write it as it is.
fn inner(raw: Option<&RawValue>) -> Option<String> {
    let raw = raw?.get();
    if raw.starts_with('"') { serde_json::from_str(raw).ok() } else { Some(raw.to_owned()) }
}

/// Reads an admin event.
pub(super) fn read<'a>(record: &AdminEvent<'a>, context: &Context<'_>) -> Event<'a> {
    let authority = authority(&record.realm, context);
    let mut event = super::event(authority, actor(record, context), &record.error);
    let whole = record.path.clone().unwrap_or_default();
    let path: Vec<&str> = whole.split('/').filter(|part| !part.is_empty()).collect();
    of(record, &path).put(&mut event);
    event.source_event_id = said(&record.id);
    event.tenant = first(&[&record.realm_name, &record.realm]);
    event.privileged = Some(true);
    let (operation, kind) = (said(&record.operation), said(&record.kind));
    event.api.operation = Some(Cow::Owned(format!(
        "{}.{}",
        kind.as_deref().unwrap_or("unknown"),
        operation.as_deref().unwrap_or("unknown")
    )));
    if let Some(auth) = &record.auth {
        fill::endpoint(&mut event.src, said(&auth.ip));
        event.client_app = said(&auth.client);
    }
    fill::when(&mut event, first(&[&record.time]));
    resources(&mut event, record, &path, &whole);
    if event.status == Status::Success {
        credentials(&mut event, &path);
    }
    grants(&mut event, record, &path);
    event
}

/// Administrators belong to a realm of their own, often `master`.
fn actor<'a>(record: &AdminEvent<'a>, context: &Context<'_>) -> Principal<'a> {
    let auth = record.auth.as_ref();
    let authority = authority(&auth.and_then(|auth| said(&auth.realm)).or_else(|| said(&record.realm)), context);
    let named = auth.and_then(|auth| said(&auth.user));
    let uri = match &named {
        Some(id) => uri::principal(NAME, &authority, "user", id),
        None => uri::principal(NAME, &authority, "unknown", "unknown"),
    };
    Principal { uri, kind: ActorKind::Unknown, name: named, is_human: Human::Unknown, rule: "default" }
}

/// The object by type and id, and whose it is where the path says so.
fn resources<'a>(event: &mut Event<'a>, record: &AdminEvent<'a>, path: &[&str], whole: &str) {
    let kind = said(&record.kind).map_or_else(|| "resource".to_owned(), |kind| kebab(&kind));
    let owner = match path {
        ["users", id, ..] => Some(("user", *id)),
        ["clients", id, ..] => Some(("client", *id)),
        ["groups", id, ..] => Some(("group", *id)),
        _ => None,
    };
    let mut add = |kind: String, id: &str, role| {
        let uri = uri::build(Class::Resource, NAME, &event.authority, &kind).id(id).finish();
        event.resources.push(Resource { uri, kind: Cow::Owned(kind), name: Some(Cow::Owned(id.to_owned())), role });
    };
    match owner {
        Some((owner, id)) => {
            add(owner.to_owned(), id, ResourceRole::Target);
            // What belongs to it, where that has a type of its own.
            if path.len() > 2 && kind != owner {
                add(kind, whole, ResourceRole::Affected);
            }
        }
        None if !whole.is_empty() => add(kind, whole, ResourceRole::Target),
        None => add(kind, "unknown", ResourceRole::Target),
    }
}

/// A secret that was made anew, passwords and keys that were taken away.
fn credentials(event: &mut Event<'_>, path: &[&str]) {
    let authority = event.authority.clone();
    let (change, kind, id, holder) = match path {
        ["clients", id, "client-secret", rest @ ..] => {
            let gone = !rest.is_empty() && event.access == Access::Delete;
            let change = if gone { CredentialChangeKind::Revoked } else { CredentialChangeKind::Rotated };
            (change, "client-secret", *id, uri::principal(NAME, &authority, "client", id))
        }
        ["users", user, "reset-password"] => {
            (CredentialChangeKind::Rotated, "password", *user, uri::principal(NAME, &authority, "user", user))
        }
        ["users", user, "credentials", id] if event.access == Access::Delete => {
            (CredentialChangeKind::Revoked, "credential", *id, uri::principal(NAME, &authority, "user", user))
        }
        _ => return,
    };
    let uri = uri::cred(NAME, &authority, kind, id);
    let native_id = Some(Cow::Owned(id.to_owned()));
    event.credential_changes.push(CredentialChange { change, uri, native_id, holder: Some(holder) });
}

/// What a representation is read for.
#[derive(Deserialize)]
struct Named {
    id: Option<String>,
    name: Option<String>,
}

/// Roles of users and groups, one fact each, and members of groups.
fn grants<'a>(event: &mut Event<'a>, record: &AdminEvent<'a>, path: &[&str]) {
    let phase = match (record.operation.as_deref(), event.status) {
        (_, Status::Failure) => GrantPhase::Request,
        (Some("DELETE"), _) => GrantPhase::Revoke,
        (Some("CREATE" | "UPDATE"), _) => GrantPhase::Activate,
        _ => return,
    };
    let authority = event.authority.clone();
    let mut push = |uri: String, beneficiary: String, target: Option<String>| {
        event.grant_refs.push(uri.clone());
        event.grants.push(GrantFact {
            requester: Some(event.actor.uri.clone()),
            beneficiary: Some(beneficiary),
            target: target.map(Cow::Owned),
            ..GrantFact::new(uri, phase)
        });
    };
    match (record.kind.as_deref().unwrap_or_default(), path) {
        ("GROUP_MEMBERSHIP", ["users", user, "groups", group]) => {
            let uri = uri::build(Class::Grant, NAME, &authority, "membership").id(group).id(user).finish();
            let name = inner(record.representation).and_then(|text| serde_json::from_str::<Named>(&text).ok()?.name);
            push(uri, uri::principal(NAME, &authority, "user", user), name.or_else(|| Some((*group).to_owned())));
        }
        ("REALM_ROLE_MAPPING" | "CLIENT_ROLE_MAPPING", [kind @ ("users" | "groups"), holder, ..]) => {
            let kind = if *kind == "users" { "user" } else { "group" };
            let Some(text) = inner(record.representation) else { return };
            for role in serde_json::from_str::<Vec<Named>>(&text).unwrap_or_default() {
                let Some(id) = role.id else { continue };
                let uri = uri::build(Class::Grant, NAME, &authority, "role").id(&id).id(kind).id(holder).finish();
                push(uri, uri::principal(NAME, &authority, kind, holder), role.name);
            }
        }
        _ => {}
    }
}
