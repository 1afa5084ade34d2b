//! Who acted, as the directory names it: users, service principals, managed identities and agents.

use std::borrow::Cow;

use model::{ActorKind, Alias, AliasRel, Human, Party, Principal, uri};

use super::guid::{is_guid, lower};
use super::record::{Envelope, Properties, said};
use crate::Context;

/// The name of the platform inside URIs.
pub(crate) const NAME: &str = "entra";

/// The tenant in which Microsoft owns its own applications.
const MICROSOFT_SERVICES: &str = "f8cdef31-a31e-4b4a-93e4-5f571e91255a";

/// The tenant whose log this is. Graph records do not name it; a sign-in that crosses no tenant
/// boundary shows it all the same.
pub(super) fn tenant<'a>(
    envelope: &Envelope<'a>,
    properties: &Properties<'a>,
    context: &Context<'_>,
) -> Option<String> {
    let of_resource = envelope.resource_id.as_deref().and_then(tenant_of_resource);
    let named = said(&envelope.tenant)
        .or_else(|| said(&properties.aad_tenant))
        .or_else(|| said(&properties.tenant))
        .map(|id| lower(&id).into_owned());
    let home = said(&properties.home_tenant);
    let same = said(&properties.resource_tenant)
        .filter(|tenant| properties.cross_tenant.as_deref() == Some("none") || Some(tenant) == home.as_ref());
    named
        .or(of_resource)
        .or_else(|| context.authority.map(str::to_owned))
        .or_else(|| same.map(|id| lower(&id).into_owned()))
}

/// The tenant in `/tenants/<id>/providers/...`.
fn tenant_of_resource(id: &str) -> Option<String> {
    let mut parts = id.split('/').skip_while(|part| !part.eq_ignore_ascii_case("tenants"));
    parts.next()?;
    parts.next().filter(|part| !part.is_empty()).map(|part| lower(part).into_owned())
}

/// Which of the sign-in tables a record is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    User,
    NonInteractive,
    ServicePrincipal,
    ManagedIdentity,
}

/// The table by category, then by the event types, then by who is named.
pub(super) fn table(category: Option<&str>, properties: &Properties<'_>) -> Table {
    let types = &properties.event_types;
    let typed = |wanted: &str| types.iter().any(|t| t == wanted);
    match category {
        Some("ServicePrincipalSignInLogs" | "MicrosoftServicePrincipalSignInLogs") => Table::ServicePrincipal,
        Some("ManagedIdentitySignInLogs") => Table::ManagedIdentity,
        Some("NonInteractiveUserSignInLogs") => Table::NonInteractive,
        Some("SignInLogs") if properties.interactive != Some(false) => Table::User,
        _ if typed("managedIdentity") => Table::ManagedIdentity,
        _ if typed("servicePrincipal") => Table::ServicePrincipal,
        _ if typed("nonInteractiveUser") || properties.interactive == Some(false) => Table::NonInteractive,
        _ if said(&properties.user_id).is_none() && said(&properties.service_principal_id).is_some() => {
            Table::ServicePrincipal
        }
        _ => Table::User,
    }
}

/// The principal of a sign-in; unless it succeeded, who a user is is only a claim.
pub(super) fn of_sign_in<'a>(properties: &Properties<'a>, table: Table, tenant: &str, proved: bool) -> Principal<'a> {
    let agentic = agent_kind(properties);
    match (table, agentic) {
        (Table::ServicePrincipal | Table::ManagedIdentity, _) | (_, Some(_)) => {
            let (part, kind, rule) = match (agentic, table) {
                (Some(_), _) => ("agent", ActorKind::Agent, "R1:entra-agent"),
                (None, Table::ManagedIdentity) => ("mi", ActorKind::Workload, "R1:entra-managed-identity"),
                _ => ("sp", ActorKind::ServiceAccount, "R1:entra-service-principal"),
            };
            let id = said(&properties.service_principal_id).or_else(|| said(&properties.user_id));
            let name = said(&properties.service_principal_name)
                .or_else(|| said(&properties.app_display_name))
                .or_else(|| said(&properties.user_principal_name));
            let id_or_app = id.clone().map(|id| (part, id)).or_else(|| Some(("app", said(&properties.app_id)?)));
            let uri = match &id_or_app {
                Some((part, id)) if proved => uri::principal(NAME, tenant, part, &lower(id)),
                Some((part, id)) => uri::principal_claimed(NAME, tenant, part, &lower(id)),
                None => unknown(tenant),
            };
            Principal { uri, kind, name: name.or(id), is_human: Human::Nonhuman, rule }
        }
        _ => {
            let (is_human, rule) = match (table, proved) {
                (_, false) => (Human::Unknown, "default"),
                _ if properties.protocol.as_deref() == Some("ropc") => (Human::Mixed, "R3:entra-ropc"),
                (Table::NonInteractive, _) => (Human::Mixed, "R3:entra-non-interactive"),
                _ => (Human::Human, "R2:entra-interactive-sign-in"),
            };
            let uri = user(tenant, said(&properties.user_id), said(&properties.user_principal_name), proved);
            let name = said(&properties.user_principal_name)
                .or_else(|| said(&properties.user_display_name))
                .or_else(|| said(&properties.user_id));
            Principal { uri, kind: ActorKind::Human, name, is_human, rule }
        }
    }
}

/// URI of a user by id, else by name.
pub(crate) fn user(tenant: &str, id: Option<Cow<'_, str>>, name: Option<Cow<'_, str>>, proved: bool) -> String {
    match (id, name, proved) {
        (Some(id), _, true) => uri::principal(NAME, tenant, "user", &lower(&id)),
        (None, Some(name), true) => uri::principal_named(NAME, tenant, "user", &lower(&name)),
        (Some(claim), _, false) | (None, Some(claim), false) => {
            uri::principal_claimed(NAME, tenant, "user", &lower(&claim))
        }
        (None, None, _) => unknown(tenant),
    }
}

/// The principal of a record that names none.
pub(crate) fn unknown(tenant: &str) -> String {
    uri::principal(NAME, tenant, "unknown", "unknown")
}

/// The kind of agent, when the platform says it is one.
pub(super) fn agent_kind<'r>(properties: &'r Properties<'_>) -> Option<&'r str> {
    properties.agent.as_ref()?.kind.as_deref().filter(|kind| !kind.is_empty() && *kind != "notAgentic")
}

/// Names seen together: id and name of a user, service principal and its application.
pub(super) fn aliases(properties: &Properties<'_>, table: Table, tenant: &str) -> Vec<Alias> {
    let same = |a: String, b: String, rule| Alias { a, b, rel: AliasRel::SameAs, rule };
    let mut aliases = Vec::new();
    let principal = said(&properties.service_principal_id);
    let agentic = agent_kind(properties).is_some();
    let part = match (agentic, table) {
        (true, _) => "agent",
        (_, Table::ManagedIdentity) => "mi",
        _ => "sp",
    };
    if matches!(table, Table::ServicePrincipal | Table::ManagedIdentity) || agentic {
        aliases.extend(
            principal.as_ref().and_then(|id| same_object(&uri::principal(NAME, tenant, part, &lower(id)), tenant, id)),
        );
        if let (Some(id), Some(app)) = (&principal, said(&properties.app_id)) {
            let a = uri::principal(NAME, tenant, part, &lower(id));
            aliases.push(same(a, uri::principal(NAME, tenant, "app", &lower(&app)), "entra:servicePrincipalId+appId"));
        }
        let parent = properties.agent.as_ref().and_then(|agent| said(&agent.parent));
        if let (Some(id), Some(parent)) = (&principal, parent) {
            aliases.push(Alias {
                a: uri::principal(NAME, tenant, part, &lower(id)),
                b: uri::principal(NAME, tenant, "agent-blueprint", &lower(&parent)),
                rel: AliasRel::InstanceOf,
                rule: "entra:agentSubjectParentId",
            });
        }
    } else if let (Some(id), Some(name)) = (said(&properties.user_id), said(&properties.user_principal_name)) {
        aliases.extend(user_alias(tenant, &id, &name));
    }
    aliases
}

/// A user's id and principal name, seen in one record.
pub(crate) fn user_alias(tenant: &str, id: &str, name: &str) -> Option<Alias> {
    // For a user it cannot find, the platform writes the id in place of the name.
    (!name.is_empty() && !is_guid(name) && !id.eq_ignore_ascii_case(name)).then(|| Alias {
        a: uri::principal(NAME, tenant, "user", &lower(id)),
        b: uri::principal_named(NAME, tenant, "user", &lower(name)),
        rel: AliasRel::SameAs,
        rule: "entra:userId+userPrincipalName",
    })
}

/// Managed identities and agents are service principals of the directory: other records know them
/// by that name, under the same object id.
pub(crate) fn same_object(principal: &str, tenant: &str, id: &str) -> Option<Alias> {
    (principal.contains(":mi/") || principal.contains(":agent/")).then(|| Alias {
        a: principal.to_owned(),
        b: uri::principal(NAME, tenant, "sp", &lower(id)),
        rel: AliasRel::SameAs,
        rule: "entra:servicePrincipalId",
    })
}

/// Whose the principal is, seen from the tenant.
pub(super) fn party(properties: &Properties<'_>, tenant: &str) -> Option<Party> {
    let owner = said(&properties.app_owner_tenant).filter(|_| said(&properties.user_id).is_none());
    let owner = owner.or_else(|| said(&properties.home_tenant))?;
    Some(match lower(&owner).as_ref() {
        MICROSOFT_SERVICES => Party::Provider,
        own if own == tenant => Party::Own,
        _ if tenant == "unknown" => return None,
        _ => Party::Third,
    })
}
