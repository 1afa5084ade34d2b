//! Who acted, as the platform names it: actors, their URIs and the org they belong to.

use std::borrow::Cow;

use model::{ActorKind, Alias, AliasRel, Human, Principal, uri};

use super::record::{DebugData, Entity, Record, said};
use crate::Context;

/// The name of the platform inside URIs.
pub(super) const NAME: &str = "okta";

/// Domains under which the platform alone hands out org hosts.
const ORG_DOMAINS: [&str; 6] =
    [".okta.com", ".oktapreview.com", ".okta-emea.com", ".okta-gov.com", ".okta.mil", ".trexcloud.com"];

/// The org host: the configured one, else the host of an absolute URL in which the platform names
/// its own org. A record does not name it otherwise, and a custom domain proves nothing.
pub(super) fn authority<'a>(record: &Record<'a>, context: &Context<'_>) -> Option<Cow<'a, str>> {
    if let Some(configured) = context.authority {
        return Some(Cow::Owned(configured.to_owned()));
    }
    let data = record.debug.as_ref()?.data.as_ref()?;
    [&data.url, &data.request_uri, &data.authorization_server]
        .into_iter()
        .find_map(|value| org_host(value.as_deref()?))
        .map(Cow::Owned)
}

fn org_host(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://")?;
    let host = rest.split(['/', '?', '#', ':']).next()?.to_ascii_lowercase();
    let inside = !host.contains('@') && ORG_DOMAINS.iter().any(|domain| host.ends_with(domain));
    // The console of an org has a host of its own: `acme-admin.okta.com`.
    inside.then(|| host.replacen("-admin.", ".", 1))
}

/// What decides whether a human acted, besides the type of the actor.
#[derive(Clone, Copy)]
pub(super) struct Proof {
    /// The act was an authentication that did not succeed: who acted is only a claim.
    pub(super) unproved: bool,
    /// The request carried an API token.
    pub(super) api_token: bool,
    /// The request belongs to a session that the platform opened for the actor.
    pub(super) session: bool,
}

/// The executing principal. Without an actor in the record it is `unknown`.
pub(super) fn actor<'a>(entity: Option<&Entity<'a>>, authority: &str, proof: Proof) -> Principal<'a> {
    let Some((entity, id)) = entity.and_then(|e| Some((e, said(&e.id).or_else(|| said(&e.alternate_id))?))) else {
        return Principal {
            uri: uri::principal(NAME, authority, "unknown", "unknown"),
            kind: ActorKind::Unknown,
            name: None,
            is_human: Human::Unknown,
            rule: "default",
        };
    };
    let known = said(&entity.id).is_some();
    let (part, kind, is_human, rule) = sort(entity.kind.as_deref().unwrap_or_default(), &id, proof);
    let claimed = part == "address" || (part == "user" && proof.unproved);
    let builder = uri::build(uri::Class::Principal, NAME, authority, part);
    let builder = match (claimed, known) {
        (true, _) => builder.claim(&id),
        (false, true) => builder.id(&id),
        (false, false) => builder.name(&id),
    };
    let name = said(&entity.alternate_id).or_else(|| said(&entity.display_name)).or(Some(id));
    Principal { uri: builder.finish(), kind, name, is_human, rule }
}

fn sort(kind: &str, id: &str, proof: Proof) -> (&'static str, ActorKind, Human, &'static str) {
    match kind {
        _ if id.starts_with("wlp") => ("agent", ActorKind::Agent, Human::Nonhuman, "R1:okta-agent"),
        "User" if proof.unproved => ("user", ActorKind::Human, Human::Unknown, "default"),
        "User" if proof.api_token => ("user", ActorKind::Script, Human::Mixed, "R3:okta-api-token"),
        "User" if proof.session => ("user", ActorKind::Human, Human::Human, "R2:okta-session"),
        "User" => ("user", ActorKind::Human, Human::Unknown, "default"),
        "SystemPrincipal" => ("system", ActorKind::PlatformService, Human::Nonhuman, "R1:okta-system-principal"),
        "PublicClientApp" | "Client" | "OAuth2Client" => {
            ("client", ActorKind::ApiClient, Human::Nonhuman, "R1:okta-client")
        }
        "AppInstance" | "Application" | "App" => ("client", ActorKind::Integration, Human::Nonhuman, "R1:okta-app"),
        "IP address" | "IP Address" | "IP" => ("address", ActorKind::Unknown, Human::Unknown, "default"),
        _ => ("actor", ActorKind::Unknown, Human::Unknown, "default"),
    }
}

/// URI of a principal that a record names by its id: clients, agents and users have prefixes of
/// their own.
pub(super) fn principal_of_id(authority: &str, id: &str) -> String {
    match id.get(..3) {
        Some("0oa") => uri::principal(NAME, authority, "client", id),
        Some("wlp") => uri::principal(NAME, authority, "agent", id),
        Some("00u") => uri::principal(NAME, authority, "user", id),
        _ => uri::principal_named(NAME, authority, "user", id),
    }
}

/// URI of a target that is a principal.
pub(super) fn target_principal(entity: &Entity<'_>, authority: &str) -> Option<String> {
    let part = match entity.kind.as_deref()? {
        "User" => "user",
        "PublicClientApp" | "Client" | "OAuth2Client" | "AppInstance" => "client",
        "UserGroup" => "group",
        _ => return None,
    };
    match (said(&entity.id), said(&entity.alternate_id).or_else(|| said(&entity.display_name))) {
        (Some(id), _) => Some(uri::principal(NAME, authority, part, &id)),
        (None, Some(name)) => Some(uri::principal_named(NAME, authority, part, &name)),
        (None, None) => None,
    }
}

/// A user's id and login, seen in one record: the platform looked the one up by the other.
pub(super) fn alias(entity: &Entity<'_>, authority: &str) -> Option<Alias> {
    let (id, login) = (said(&entity.id)?, said(&entity.alternate_id)?);
    (entity.kind.as_deref() == Some("User") && id != login).then(|| Alias {
        a: uri::principal(NAME, authority, "user", &id),
        b: uri::principal_named(NAME, authority, "user", &login),
        rel: AliasRel::SameAs,
        rule: "okta:id+alternateId",
    })
}

/// The type of a target as a part of a URI: `AppInstance` is `app-instance`.
pub(super) fn kebab(kind: &str) -> String {
    let mut out = String::with_capacity(kind.len() + 4);
    let mut previous_lower = false;
    for c in kind.chars() {
        if c.is_ascii_alphanumeric() {
            if c.is_ascii_uppercase() && previous_lower {
                out.push('-');
            }
            previous_lower = !c.is_ascii_uppercase();
            out.push(c.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
            previous_lower = false;
        }
    }
    out.truncate(out.trim_end_matches('-').len());
    if out.is_empty() { "target".to_owned() } else { out }
}

/// The free-form data of the component that wrote the record.
pub(super) fn debug<'r, 'a>(record: &'r Record<'a>) -> Option<&'r DebugData<'a>> {
    record.debug.as_ref()?.data.as_ref()
}
