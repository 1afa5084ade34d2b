//! Calls of the Management API: what they do, by method and path, and what that means for credentials and grants.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    Access, Alias, AliasRel, Credential, CredentialChange, CredentialChangeKind, Event, GrantFact, GrantPhase,
    Resource, ResourceRole, Status,
};

use super::NAME;
use super::record::{self, Body, Details, Request};
use crate::field::{nanos, said};
use crate::fill::{Act, act};

/// The parts of a path behind the version, as `clients`, `<id>`, `rotate-secret`.
fn parts<'r>(request: &'r Request<'_>) -> Vec<&'r str> {
    let path = request.path.as_deref().unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default();
    path.split('/').filter(|part| !part.is_empty() && !matches!(*part, "api" | "v2")).collect()
}

fn access(request: &Request<'_>) -> Access {
    match request.method.as_deref().unwrap_or_default().to_ascii_lowercase().as_str() {
        "get" | "head" => Access::Read,
        "post" => Access::Create,
        "put" | "patch" => Access::Modify,
        "delete" => Access::Delete,
        _ => Access::Other,
    }
}

/// Reads a call: its class, its facts and its resource.
pub(super) fn read<'a>(event: &mut Event<'a>, details: &Details<'a>) {
    let Some(request) = &details.request else { return };
    let parts = parts(request);
    let access = access(request);
    let (asked, answered) = (record::body(request.body), record::body(details.response.as_ref().and_then(|r| r.body)));
    of(access, &parts, &asked).put(event);
    event.privileged = (event.access != Access::Read).then_some(true);
    if let [kind, rest @ ..] = parts.as_slice() {
        let id = rest.first().copied().or(answered.id.as_deref());
        resource(event, kind, id);
    }
    if event.status != Status::Success {
        return;
    }
    credentials(event, access, &parts, &asked, &answered);
    grants(event, access, &parts, &asked, &answered);
}

fn of(access: Access, parts: &[&str], asked: &Body<'_>) -> Act {
    let entity = Act::entity(access);
    let pick = |create, alter, drop| match access {
        Access::Create => create,
        Access::Delete => drop,
        _ => alter,
    };
    if access == Access::Read {
        return Act::api(Access::Read);
    }
    match parts {
        // Where the events of this very log are sent.
        ["log-streams", ..] => match access {
            Access::Create => act(1008, 9, access),
            Access::Delete => act(1008, 10, access),
            _ if matches!(asked.status.as_deref(), Some("paused" | "suspended")) => act(1008, 7, access),
            _ if asked.status.as_deref() == Some("active") => act(1008, 6, access),
            _ => act(1008, 99, access),
        },
        ["clients", _, "rotate-secret"] => act(3007, 18, Access::Issue),
        ["clients", _, "credentials", ..] => match access {
            Access::Create => act(3007, 18, Access::Issue),
            Access::Delete => act(3007, 19, access),
            _ => act(3007, 99, access),
        },
        ["keys", ..] if parts.contains(&"rotate") => act(3004, 3, Access::Issue),
        ["refresh-tokens" | "grants" | "device-credentials", ..]
        | ["users", _, "refresh-tokens" | "sessions", ..]
        | ["sessions", ..]
            if access == Access::Delete =>
        {
            act(3007, 19, access)
        }
        ["client-grants", ..] | ["organizations", _, "client-grants", ..] => act(3008, pick(4, 2, 5), Access::Grant),
        ["users", _, "roles" | "permissions"] => act(3007, pick(16, 16, 17), Access::Grant),
        ["roles", _, "users"] => act(3007, 16, Access::Grant),
        ["roles", _, "permissions"] => act(3008, pick(4, 4, 5), Access::Grant),
        ["organizations", _, "members", _, "roles"] => act(3007, pick(16, 16, 17), Access::Grant),
        ["organizations", _, "members", ..] => act(3006, pick(3, 9, 4), Access::Grant),
        [.., "invitations"] | [.., "invitations", _] => act(3006, pick(3, 9, 4), Access::Grant),
        ["roles", ..] => act(3008, pick(1, 2, 3), access),
        ["users", _, "multifactor", ..] | ["users", _, "authenticators" | "authentication-methods", ..] => {
            act(3007, pick(12, 2, 13), access)
        }
        ["users", ..] => act(3007, pick(1, 2, 3), access),
        ["clients", ..] => act(6002, pick(1, 8, 2), access),
        [
            "connections" | "resource-servers" | "attack-protection" | "guardian" | "tenants" | "rules" | "hooks"
            | "actions" | "prompts" | "keys" | "custom-domains" | "risk-assessment" | "anomaly" | "organizations",
            ..,
        ] => entity,
        _ => Act::api(access),
    }
}

fn resource<'a>(event: &mut Event<'a>, kind: &str, id: Option<&str>) {
    let singular = kind.strip_suffix('s').unwrap_or(kind).to_owned();
    let builder = uri::build(Class::Resource, NAME, &event.authority, &singular);
    let (uri, name) = match id {
        Some(id) => {
            let id = uri::decoded(id);
            (builder.id(&id).finish(), id)
        }
        None => (builder.name(kind).finish(), kind.to_owned()),
    };
    event.resources.push(Resource {
        uri,
        kind: Cow::Owned(singular),
        name: Some(Cow::Owned(name)),
        role: ResourceRole::Target,
    });
}

fn credentials<'a>(event: &mut Event<'a>, access: Access, parts: &[&str], asked: &Body<'a>, answered: &Body<'a>) {
    let authority = event.authority.clone();
    let client = |id: &str| uri::principal(NAME, &authority, "client", id);
    match parts {
        // A client has one secret, which has no id of its own.
        ["clients", id, "rotate-secret"] => event.credential_changes.push(CredentialChange {
            change: CredentialChangeKind::Rotated,
            uri: uri::build(Class::Cred, NAME, &authority, "client-secret").id(id).finish(),
            native_id: Some(Cow::Owned((*id).to_owned())),
            holder: Some(client(id)),
        }),
        ["clients", id, "credentials", rest @ ..] => {
            let key = rest.first().map(|key| Cow::Owned((*key).to_owned())).or_else(|| said(&answered.id));
            let Some(key) = key else { return };
            let uri = uri::cred(NAME, &authority, "client-key", &key);
            if access == Access::Create {
                let (a, b) = (uri.clone(), client(id));
                event.aliases.push(Alias { a, b, rel: AliasRel::CredentialOf, rule: "auth0:issued-for" });
                event.issued_credential = Some(Credential {
                    uri,
                    kind: Cow::Borrowed("client-key"),
                    native_id: Some(key),
                    not_after: nanos(&asked.expires).or_else(|| nanos(&answered.expires)),
                    ..Credential::default()
                });
            } else if access == Access::Delete {
                let change = CredentialChangeKind::Revoked;
                let holder = Some(client(id));
                event.credential_changes.push(CredentialChange { change, uri, native_id: Some(key), holder });
            }
        }
        ["keys", "signing", rest @ ..] => {
            let (change, id) = match rest {
                ["rotate"] => (CredentialChangeKind::Rotated, "current"),
                [id, "revoke"] => (CredentialChangeKind::Revoked, *id),
                _ => return,
            };
            let uri = uri::cred(NAME, &authority, "signing-key", id);
            event.credential_changes.push(CredentialChange { change, uri, native_id: None, holder: None });
        }
        ["refresh-tokens" | "device-credentials", id] if access == Access::Delete => {
            let uri = uri::cred(NAME, &authority, "refresh-token", id);
            let native_id = Some(Cow::Owned((*id).to_owned()));
            let change = CredentialChangeKind::Revoked;
            event.credential_changes.push(CredentialChange { change, uri, native_id, holder: None });
        }
        _ => {}
    }
}

fn grants<'a>(event: &mut Event<'a>, access: Access, parts: &[&str], asked: &Body<'a>, answered: &Body<'a>) {
    let authority = event.authority.clone();
    let phase = if access == Access::Delete { GrantPhase::Revoke } else { GrantPhase::Activate };
    let user = |id: &str| uri::principal(NAME, &authority, "user", id);
    match parts {
        ["client-grants", rest @ ..] => {
            let id = rest.first().map(|id| Cow::Owned((*id).to_owned())).or_else(|| said(&answered.id));
            let Some(id) = id else { return };
            let client = said(&asked.client).or_else(|| said(&answered.client));
            let scopes = if asked.scope.is_empty() { &answered.scope } else { &asked.scope };
            let fact = GrantFact {
                beneficiary: client.map(|id| uri::principal(NAME, &authority, "client", &id)),
                target: (!scopes.is_empty()).then(|| Cow::Owned(scopes.join(" "))),
                resource: said(&asked.audience).or_else(|| said(&answered.audience)),
                ..GrantFact::new(uri::grant(NAME, &authority, "client-grant", &id), phase)
            };
            push(event, fact);
        }
        ["users", id, "roles"] => {
            let id = uri::decoded(id);
            for role in &asked.roles {
                push(event, role_of(&authority, &id, role, user(&id), phase));
            }
        }
        ["roles", role, "users"] => {
            for id in &asked.users {
                push(event, role_of(&authority, id, role, user(id), phase));
            }
        }
        ["organizations", organization, "members"] => {
            for id in &asked.members {
                let uri = uri::build(Class::Grant, NAME, &authority, "membership").id(organization).id(id).finish();
                let target = Some(Cow::Owned((*organization).to_owned()));
                push(event, GrantFact { beneficiary: Some(user(id)), target, ..GrantFact::new(uri, phase) });
            }
        }
        [.., "invitations"] => {
            let Some(id) = said(&answered.id) else { return };
            let target = (!asked.roles.is_empty()).then(|| Cow::Owned(asked.roles.join(" ")));
            let uri = uri::grant(NAME, &authority, "invitation", &id);
            push(
                event,
                GrantFact { target, not_after: nanos(&answered.expires), ..GrantFact::new(uri, GrantPhase::Request) },
            );
        }
        _ => {}
    }
}

fn role_of<'a>(authority: &str, user: &str, role: &str, beneficiary: String, phase: GrantPhase) -> GrantFact<'a> {
    let uri = uri::build(Class::Grant, NAME, authority, "role").id(role).id(user).finish();
    GrantFact {
        beneficiary: Some(beneficiary),
        target: Some(Cow::Owned(role.to_owned())),
        ..GrantFact::new(uri, phase)
    }
}

fn push<'a>(event: &mut Event<'a>, fact: GrantFact<'a>) {
    event.grant_refs.push(fact.uri.clone());
    event.grants.push(GrantFact { requester: Some(event.actor.uri.clone()), ..fact });
}
