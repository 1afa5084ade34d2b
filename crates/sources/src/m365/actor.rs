//! Who acted: principals of the Entra tenant, under the URIs that Entra's own records give them, and Microsoft itself.

use std::borrow::Cow;

use model::uri;
use model::{ActorKind, Alias, Human, Party, Principal};

use super::NAME;
use super::record::{Record, Text, property, said};
use crate::entra::guid::{is_guid, lower};
use crate::entra::identity as directory;

/// Names under which the services themselves act.
const SERVICES: [&str; 5] = ["app@sharepoint", "sharepoint\\system", "nt authority\\", "nt service\\", "s-1-5-18"];

/// The object id: of the actor, else the key, where that is one.
fn object_id<'a>(record: &Record<'a>) -> Text<'a> {
    let of_actor = record.actor.iter().filter_map(|name| said(&name.id)).find(|id| is_guid(id));
    of_actor.or_else(|| said(&record.user_key).filter(|key| is_guid(key)))
}

/// The client application, by the token or beside it.
pub(super) fn app_id<'a>(record: &Record<'a>) -> Text<'a> {
    let of_token = record.app_access_context.as_ref().and_then(|token| said(&token.client_app_id));
    of_token.or_else(|| said(&record.application_id))
}

/// The executing principal; whoever failed to sign in is only a claim.
pub(super) fn of<'a>(record: &Record<'a>, tenant: &str, proved: bool) -> Principal<'a> {
    let name = said(&record.user_id);
    let folded = name.as_deref().unwrap_or_default().to_ascii_lowercase();
    let kind = record.user_type.as_deref().unwrap_or_default();
    let service = SERVICES.iter().any(|service| folded.starts_with(service));
    let (uri, kind, is_human, rule) = match kind {
        "4" | "System" | "7" | "CustomPolicy" | "8" | "SystemPolicy" => of_service(&folded, "R1:m365-system"),
        _ if folded == "anonymous" || folded.starts_with("urn:spo:anon") => {
            (uri::principal(NAME, tenant, "anon", tenant), ActorKind::Shared, Human::Unknown, "anonymous")
        }
        _ if service => of_service(&folded, "R1:m365-service-name"),
        "5" | "Application" => of_app(record, &folded, tenant, "R1:m365-application"),
        "6" | "ServicePrincipal" => of_app(record, &folded, tenant, "R1:m365-service-principal"),
        _ if folded.starts_with("serviceprincipal_") => of_app(record, &folded, tenant, "R1:m365-service-principal"),
        _ => {
            let request = property(&record.extended_properties, "RequestType").unwrap_or_default();
            let interactive = proved && super::is_sign_in(record) && request.starts_with("Login:");
            let (is_human, rule) =
                if interactive { (Human::Human, "R2:m365-sign-in") } else { (Human::Unknown, "default") };
            let uri = directory::user(tenant, object_id(record), name.clone(), proved);
            (uri, ActorKind::Human, is_human, rule)
        }
    };
    Principal { uri, kind, name: name.or_else(|| said(&record.user_key)), is_human, rule }
}

type Sorted = (String, ActorKind, Human, &'static str);

fn of_service(name: &str, rule: &'static str) -> Sorted {
    let name = if name.is_empty() { "system" } else { name };
    let uri = uri::principal_named(NAME, "microsoft", "service", name);
    (uri, ActorKind::PlatformService, Human::Nonhuman, rule)
}

/// An application that acts by itself: its service principal by id, else its client id.
fn of_app(record: &Record<'_>, name: &str, tenant: &str, rule: &'static str) -> Sorted {
    let of_name = Some(name.strip_prefix("serviceprincipal_").unwrap_or(name)).filter(|id| is_guid(id));
    let principal = of_name.map(|id| Cow::Owned(id.to_owned())).or_else(|| object_id(record));
    let uri = match (principal, app_id(record)) {
        (Some(id), _) => uri::principal(directory::NAME, tenant, "sp", &lower(&id)),
        (None, Some(app)) => uri::principal(directory::NAME, tenant, "app", &lower(&app)),
        (None, None) if name.is_empty() => directory::unknown(tenant),
        (None, None) => uri::principal_named(directory::NAME, tenant, "app", name),
    };
    (uri, ActorKind::ServiceAccount, Human::Nonhuman, rule)
}

/// Id and name of one user.
pub(super) fn aliases(record: &Record<'_>, tenant: &str, actor: &Principal<'_>) -> Vec<Alias> {
    if !actor.uri.contains(":user/") {
        return Vec::new();
    }
    let (Some(id), Some(name)) = (object_id(record), said(&record.user_id)) else { return Vec::new() };
    directory::user_alias(tenant, &id, &name).into_iter().collect()
}

/// Microsoft's own people, partners and guests are no people of the tenant.
pub(super) fn party(record: &Record<'_>, actor: &Principal<'_>) -> Option<Party> {
    match record.user_type.as_deref() {
        _ if actor.kind == ActorKind::PlatformService => Some(Party::Provider),
        Some("3" | "DcAdmin" | "1" | "Reserved") => Some(Party::Provider),
        Some("9" | "PartnerTechnician" | "10" | "Guest") => Some(Party::Third),
        _ if record.external_access == Some(true) => Some(Party::Third),
        _ if record.user_id.as_deref().is_some_and(|name| name.to_ascii_lowercase().contains("#ext#")) => {
            Some(Party::Third)
        }
        _ => None,
    }
}
