//! Inventory of a directory: applications, service principals, their app roles and consents, as the
//! Graph API lists them.
//!
//! No object names its tenant: it is the one that the source is set to. An app role is known by the
//! service principal that offers it; who is assigned to it inherits what that object calls it.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    ActorKind, Alias, AliasRel, Entitlement, Event, HeldCredential, Human, Inventory, InventoryState, Platform, Text,
};
use serde::Deserialize;

use super::guid::lower;
use super::identity::{self, NAME};
use crate::field::said;
use crate::{Context, Probe, Reject, RejectKind, json, listing};

type Maybe<'a> = Option<Text<'a>>;

/// Any of the objects.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Item<'a> {
    #[serde(borrow, rename = "@odata.type", deserialize_with = "json::text")]
    odata_type: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    id: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    app_id: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    display_name: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    description: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    notes: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    created_date_time: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    deleted_date_time: Maybe<'a>,
    #[serde(deserialize_with = "json::boolean")]
    account_enabled: Option<bool>,
    #[serde(borrow, deserialize_with = "json::text")]
    service_principal_type: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    agent_identity_blueprint_id: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::texts")]
    tags: Vec<Text<'a>>,
    #[serde(borrow, deserialize_with = "json::objects")]
    owners: Vec<Owner<'a>>,
    #[serde(borrow, deserialize_with = "json::objects")]
    password_credentials: Vec<Credential<'a>>,
    #[serde(borrow, deserialize_with = "json::objects")]
    key_credentials: Vec<Credential<'a>>,
    #[serde(borrow, deserialize_with = "json::objects")]
    federated_identity_credentials: Vec<Federated<'a>>,
    #[serde(borrow, deserialize_with = "json::objects")]
    app_roles: Vec<Role<'a>>,
    #[serde(borrow, deserialize_with = "json::objects")]
    app_role_assignments: Vec<Assignment<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Owner<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    id: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    user_principal_name: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    display_name: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    app_id: Maybe<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Credential<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    key_id: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    start_date_time: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    end_date_time: Maybe<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Federated<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    id: Maybe<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Role<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    id: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    value: Maybe<'a>,
    #[serde(deserialize_with = "json::boolean")]
    is_enabled: Option<bool>,
}

/// An app role assignment, or a consent to delegated permissions.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Assignment<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    id: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    app_role_id: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    principal_id: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    principal_type: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    resource_id: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    resource_display_name: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    client_id: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    consent_type: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    scope: Maybe<'a>,
}

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    ServicePrincipal,
    Application,
    Assignment,
    Consent,
}

/// Tells the objects by fields that no log of this platform has together.
fn shape(probe: &Probe<'_>) -> Option<Shape> {
    let all = |keys: &[&str]| keys.iter().all(|key| probe.has(key));
    if all(&["appRoleId", "principalId", "resourceId"]) {
        return Some(Shape::Assignment);
    }
    if all(&["clientId", "consentType", "resourceId", "scope"]) {
        return Some(Shape::Consent);
    }
    if !all(&["id", "appId", "displayName"]) || probe.has("servicePrincipalId") {
        return None;
    }
    if probe.has("servicePrincipalType") || probe.has("servicePrincipalNames") {
        return Some(Shape::ServicePrincipal);
    }
    let application = ["signInAudience", "requiredResourceAccess", "identifierUris"];
    application.iter().any(|key| probe.has(key)).then_some(Shape::Application)
}

/// Whether a record is such an object.
pub(super) fn recognise(probe: &Probe<'_>) -> bool {
    shape(probe).is_some()
}

/// Reads an object; `None` if it is none of an inventory.
pub(super) fn read<'a>(text: &'a str, context: &Context<'_>) -> Option<Result<Event<'a>, Reject>> {
    let shape = shape(&Probe::new(text))?;
    let tenant = context.authority.filter(|authority| !authority.is_empty()).unwrap_or("unknown");
    let tenant = &*lower(tenant);
    let not_json = |error| json::not_json(&error);
    let mut event = match shape {
        Shape::ServicePrincipal => {
            serde_json::from_str(text).map_err(not_json).and_then(|item| principal(&item, tenant))
        }
        Shape::Application => serde_json::from_str(text).map_err(not_json).and_then(|item| application(&item, tenant)),
        Shape::Assignment | Shape::Consent => {
            serde_json::from_str(text).map_err(not_json).map(|item| assigned(&item, tenant))
        }
    };
    if let Ok(event) = &mut event {
        event.tenant = Some(event.authority.clone()).filter(|tenant| tenant != "unknown");
        if event.tenant.is_none() {
            event.quality.missing.push("authority");
        }
    }
    Some(event)
}

fn principal_uri(tenant: &str, part: &str, id: &str) -> String {
    uri::principal(NAME, tenant, part, &lower(id))
}

fn no_id(what: &str) -> Reject {
    Reject::new(RejectKind::Shape, format!("the {what} has no id"))
}

/// An app role of a service principal.
fn role_uri(tenant: &str, resource: &str, role: &str) -> String {
    uri::build(Class::Resource, NAME, tenant, "app-role").id(&lower(resource)).id(&lower(role)).finish()
}

fn described<'a>(item: &Item<'a>, uri: &str, item_type: &'static str) -> Inventory<'a> {
    let mut listed = listing::item(uri.to_owned(), item_type, said(&item.display_name));
    listed.created = listing::nanos(item.created_date_time.as_deref());
    listed.state = match (&item.deleted_date_time, item.account_enabled) {
        (Some(_), _) => Some(InventoryState::Deleted),
        (None, enabled) => enabled.map(listing::enabled),
    };
    for tag in &item.tags {
        if let Some((key, value)) = tag.split_once([':', '=']) {
            listing::tag(&mut listed, key.trim(), Cow::Owned(value.trim().to_owned()));
        }
    }
    listed.purpose = listed.purpose.take().or_else(|| said(&item.description)).or_else(|| said(&item.notes));
    for owner in &item.owners {
        listed.owners.extend(said(&owner.user_principal_name).or_else(|| said(&owner.display_name)));
    }
    listed
}

/// Secrets, certificates and trusted subjects: what sign-ins name as the credential.
fn held<'a>(item: &Item<'a>, tenant: &str) -> Vec<HeldCredential<'a>> {
    let credential = |kind: &'static str, id: Text<'a>| HeldCredential {
        uri: uri::cred(NAME, tenant, kind, &lower(&id)),
        kind: Cow::Borrowed(kind),
        native_id: Some(id),
        ..HeldCredential::default()
    };
    let keys = item.password_credentials.iter().chain(&item.key_credentials).filter_map(|key| {
        Some(HeldCredential {
            created: listing::nanos(key.start_date_time.as_deref()),
            not_after: listing::nanos(key.end_date_time.as_deref()),
            ..credential("app-key", said(&key.key_id)?)
        })
    });
    let trusted = item.federated_identity_credentials.iter();
    keys.chain(trusted.filter_map(|trusted| Some(credential("federated-credential", said(&trusted.id)?)))).collect()
}

/// The event of an object that can act, with its credentials and owners.
fn acting<'a>(item: &Item<'a>, listed: Inventory<'a>, tenant: &str) -> Event<'a> {
    let uri = listed.uri.clone();
    let mut listed = listed;
    listed.credentials = held(item, tenant);
    let credentials: Vec<Alias> = listed
        .credentials
        .iter()
        .map(|held| Alias {
            a: held.uri.clone(),
            b: uri.clone(),
            rel: AliasRel::CredentialOf,
            rule: "entra:credential-list",
        })
        .collect();
    let mut event = listing::listed(Platform::Entra, Cow::Owned(tenant.to_owned()), listed);
    event.aliases = credentials;
    for owner in &item.owners {
        let Some(id) = said(&owner.id) else { continue };
        let part = if said(&owner.app_id).is_some() { "sp" } else { "user" };
        let owner = principal_uri(tenant, part, &id);
        event.aliases.push(Alias { a: uri.clone(), b: owner, rel: AliasRel::OwnedBy, rule: "entra:owner-list" });
    }
    event
}

fn principal<'a>(item: &Item<'a>, tenant: &str) -> Result<Event<'a>, Reject> {
    let id = said(&item.id).ok_or_else(|| no_id("service principal"))?;
    let agentic = item.odata_type.as_deref().is_some_and(|kind| kind.ends_with(".agentIdentity"))
        || said(&item.agent_identity_blueprint_id).is_some();
    let (part, kind, rule) = match item.service_principal_type.as_deref() {
        _ if agentic => ("agent", ActorKind::Agent, "R1:entra-agent"),
        Some("ManagedIdentity") => ("mi", ActorKind::Workload, "R1:entra-managed-identity"),
        _ => ("sp", ActorKind::ServiceAccount, "R1:entra-service-principal"),
    };
    let uri = principal_uri(tenant, part, &id);
    let mut listed = described(item, &uri, "service-principal");
    (listed.kind, listed.is_human, listed.rule) = (kind, Human::Nonhuman, rule);
    let mut event = acting(item, listed, tenant);
    event.aliases.extend(identity::same_object(&uri, tenant, &id));
    if let Some(app) = said(&item.app_id).filter(|_| !agentic) {
        let app = principal_uri(tenant, "app", &app);
        let rule = "entra:servicePrincipalId+appId";
        event.aliases.push(Alias { a: uri.clone(), b: app, rel: AliasRel::SameAs, rule });
    }
    if let Some(blueprint) = said(&item.agent_identity_blueprint_id) {
        let blueprint = principal_uri(tenant, "agent-blueprint", &blueprint);
        let rule = "entra:agentIdentityBlueprintId";
        event.aliases.push(Alias { a: uri.clone(), b: blueprint, rel: AliasRel::InstanceOf, rule });
    }
    for role in item.app_roles.iter().filter(|role| role.is_enabled != Some(false)) {
        let (Some(role), Some(value)) = (said(&role.id), said(&role.value)) else { continue };
        event.entitlements.push(Entitlement {
            targets: said(&item.display_name).into_iter().collect(),
            ..listing::privileges(&role_uri(tenant, &id, &role), vec![value])
        });
    }
    for assignment in &item.app_role_assignments {
        event.entitlements.extend(role_held(assignment, tenant));
    }
    Ok(event)
}

fn application<'a>(item: &Item<'a>, tenant: &str) -> Result<Event<'a>, Reject> {
    let app = said(&item.app_id).ok_or_else(|| no_id("application"))?;
    let uri = principal_uri(tenant, "app", &app);
    let mut listed = described(item, &uri, "application");
    (listed.kind, listed.is_human, listed.rule) = (ActorKind::ServiceAccount, Human::Nonhuman, "R1:entra-app");
    let mut event = acting(item, listed, tenant);
    if let Some(id) = said(&item.id) {
        let object = principal_uri(tenant, "app-object", &id);
        event.aliases.push(Alias { a: uri, b: object, rel: AliasRel::SameAs, rule: "entra:appId+applicationId" });
    }
    Ok(event)
}

/// An assignment: what its principal has.
fn assigned<'a>(item: &Assignment<'a>, tenant: &str) -> Event<'a> {
    let item_type = if item.app_role_id.is_some() { "app-role-assignment" } else { "permission-grant" };
    let uri = uri::build(Class::Resource, NAME, tenant, item_type);
    // The ids of assignments are not GUIDs: case counts.
    let uri = uri.id(item.id.as_deref().unwrap_or("unknown")).finish();
    let listed = listing::item(uri, item_type, said(&item.id));
    let mut event = listing::listed(Platform::Entra, Cow::Owned(tenant.to_owned()), listed);
    let held = if item.app_role_id.is_some() { role_held(item, tenant) } else { consented(item, tenant) };
    event.entitlements.extend(held);
    if event.entitlements.is_empty() {
        event.quality.missing.push("entitlements");
    }
    event
}

fn role_held<'a>(item: &Assignment<'a>, tenant: &str) -> Option<Entitlement<'a>> {
    let part = match item.principal_type.as_deref() {
        Some("User") => "user",
        Some("Group") => "group",
        _ => "sp",
    };
    let holder = principal_uri(tenant, part, &said(&item.principal_id)?);
    let source = role_uri(tenant, &said(&item.resource_id)?, &said(&item.app_role_id)?);
    let targets = said(&item.resource_display_name).into_iter().collect();
    Some(Entitlement { targets, ..listing::inherits(&holder, source, said(&item.id)) })
}

/// What a client may do in the name of people, of one of them or of all.
fn consented<'a>(item: &Assignment<'a>, tenant: &str) -> Option<Entitlement<'a>> {
    let holder = principal_uri(tenant, "sp", &said(&item.client_id)?);
    let scopes = said(&item.scope)?;
    let scopes = scopes.split_ascii_whitespace().map(|scope| Cow::Owned(scope.to_owned())).collect();
    let resource = principal_uri(tenant, "sp", &said(&item.resource_id)?);
    Some(Entitlement {
        targets: vec![Cow::Owned(resource)],
        via: said(&item.id),
        conditional: item.consent_type.as_deref() != Some("AllPrincipals"),
        ..listing::privileges(&holder, scopes)
    })
}
