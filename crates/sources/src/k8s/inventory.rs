//! Inventory of a cluster: service accounts, roles and bindings as `kubectl get -o json` lists them.
//!
//! A rule's privileges are spelled as the operations of audit events, its objects as their names, so
//! that what is granted and what was used can be compared.

use std::borrow::Cow;
use std::collections::BTreeMap;

use model::uri::{self, Class};
use model::{ActorKind, AliasRel, Entitlement, Event, Human, Platform, Text};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::PLATFORM;
use super::object::{RBAC, qualified};
use super::record::Named;
use super::rights::{beneficiary, expiry};
use super::user::{alias, arn_account, service_account_uri};
use crate::{Context, Probe, Reject, RejectKind, json, listing};

/// Objects that are items of an inventory.
const KINDS: [&str; 5] = ["ServiceAccount", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"];

/// Most privileges listed of one role: each of its rules multiplies verbs by resources.
const PRIVILEGES_MAX: usize = 4_096;

/// Any of the objects.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Item<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    kind: Option<Text<'a>>,
    #[serde(borrow, deserialize_with = "json::object")]
    metadata: Option<Meta<'a>>,
    #[serde(borrow, deserialize_with = "json::objects")]
    rules: Vec<Rule<'a>>,
    #[serde(borrow, deserialize_with = "json::object")]
    role_ref: Option<Named<'a>>,
    #[serde(borrow, deserialize_with = "json::objects")]
    subjects: Vec<Named<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Meta<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    name: Option<Text<'a>>,
    #[serde(borrow, deserialize_with = "json::text")]
    namespace: Option<Text<'a>>,
    #[serde(borrow, deserialize_with = "json::text")]
    uid: Option<Text<'a>>,
    #[serde(borrow, deserialize_with = "json::text")]
    creation_timestamp: Option<Text<'a>>,
    #[serde(borrow, deserialize_with = "json::text")]
    deletion_timestamp: Option<Text<'a>>,
    #[serde(borrow)]
    labels: Option<&'a RawValue>,
    #[serde(borrow)]
    annotations: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Rule<'a> {
    #[serde(borrow, deserialize_with = "json::texts")]
    verbs: Vec<Text<'a>>,
    #[serde(borrow, deserialize_with = "json::texts")]
    api_groups: Vec<Text<'a>>,
    #[serde(borrow, deserialize_with = "json::texts")]
    resources: Vec<Text<'a>>,
    #[serde(borrow, deserialize_with = "json::texts")]
    resource_names: Vec<Text<'a>>,
    #[serde(borrow, rename = "nonResourceURLs", deserialize_with = "json::texts")]
    non_resource_urls: Vec<Text<'a>>,
}

/// Whether a record is such an object.
pub(super) fn recognise(probe: &Probe<'_>) -> bool {
    probe.contains("\"apiVersion\"")
        && probe.text("kind").is_some_and(|kind| KINDS.contains(&kind))
        && probe.has("metadata")
        && probe
            .text("apiVersion")
            .is_some_and(|version| version == "v1" || version.split_once('/').is_some_and(|(group, _)| group == RBAC))
}

/// Reads an object. The cluster is the one that the source is set to.
pub(super) fn read<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let item: Item<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let authority = context.authority.filter(|authority| !authority.is_empty()).unwrap_or("unknown");
    let meta = item.metadata.as_ref();
    let name = meta.and_then(|meta| meta.name.clone()).filter(|name| !name.is_empty());
    let (Some(meta), Some(name)) = (meta, name) else {
        return Err(Reject::new(RejectKind::Shape, "an object of Kubernetes without metadata.name"));
    };
    let namespace = meta.namespace.as_deref().filter(|namespace| !namespace.is_empty());
    match item.kind.as_deref().unwrap_or_default() {
        "ServiceAccount" => service_account(meta, namespace, &name, authority),
        "Role" | "ClusterRole" => Ok(role(&item, meta, namespace, name, authority)),
        kind => binding(&item, meta, namespace, &name, kind, authority),
    }
}

fn authority_text<'a>(authority: &str) -> Text<'a> {
    Cow::Owned(authority.to_owned())
}

/// Labels or annotations; those that are no texts do not count.
fn map(raw: Option<&RawValue>) -> BTreeMap<String, String> {
    let values: BTreeMap<String, serde_json::Value> =
        raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    let text = |value| match value {
        serde_json::Value::String(text) => Some(text),
        _ => None,
    };
    values.into_iter().filter_map(|(key, value)| Some((key, text(value)?))).collect()
}

/// What any listed object has.
fn described<'a>(uri: String, item_type: &'static str, name: Text<'a>, meta: &Meta<'_>) -> model::Inventory<'a> {
    let mut listed = listing::item(uri, item_type, Some(name));
    listed.created = listing::nanos(meta.creation_timestamp.as_deref());
    if meta.deletion_timestamp.is_some() {
        listed.state = Some(model::InventoryState::Deleted);
    }
    for (key, value) in map(meta.labels).into_iter().chain(map(meta.annotations)) {
        listing::tag(&mut listed, &key, Cow::Owned(value));
    }
    listed
}

fn service_account<'a>(
    meta: &Meta<'_>,
    namespace: Option<&str>,
    name: &str,
    authority: &str,
) -> Result<Event<'a>, Reject> {
    let namespace = namespace
        .ok_or_else(|| Reject::new(RejectKind::Shape, format!("service account {name} has no metadata.namespace")))?;
    let named = service_account_uri(authority, namespace, name);
    let uid = meta.uid.as_deref().filter(|uid| !uid.is_empty());
    let uri = uid.map_or_else(|| named.clone(), |uid| uri::principal(PLATFORM, authority, "serviceaccount", uid));
    let username = format!("system:serviceaccount:{namespace}:{name}");
    let mut listed = described(uri.clone(), "serviceaccount", Cow::Owned(username), meta);
    (listed.kind, listed.is_human, listed.rule) = (ActorKind::ServiceAccount, Human::Nonhuman, "R1:k8s-serviceaccount");
    let mut event = listing::listed(Platform::Kubernetes, authority_text(authority), listed);
    if uid.is_some() {
        event.aliases.push(alias(&uri, &named, AliasRel::SameAs, "k8s:username+uid"));
    }
    let annotations = map(meta.annotations);
    if let Some((account, resource)) = annotations.get("eks.amazonaws.com/role-arn").and_then(|arn| arn_account(arn))
        && let Some(role) = resource.strip_prefix("role/").and_then(|path| path.rsplit('/').next())
    {
        let role = uri::principal_named("aws", account, "role", role);
        event.aliases.push(alias(&uri, &role, AliasRel::FederatesTo, "k8s:eks-role-annotation"));
    }
    // The server adds each service account to these groups.
    let of_namespace = format!("system:serviceaccounts:{namespace}");
    for group in ["system:serviceaccounts", &of_namespace, "system:authenticated"] {
        let source = uri::principal_named(PLATFORM, authority, "group", group);
        event.entitlements.push(listing::inherits(&uri, source, Some(Cow::Owned(group.to_owned()))));
    }
    Ok(event)
}

/// A role as audit events name it: by name, for roles are bound by name.
fn role_uri(authority: &str, namespace: Option<&str>, name: &str) -> String {
    of_namespace(authority, if namespace.is_some() { "roles" } else { "clusterroles" }, namespace, name)
}

/// An object by name, in its namespace if it has one.
fn of_namespace(authority: &str, resources: &str, namespace: Option<&str>, name: &str) -> String {
    let uri = uri::build(Class::Resource, PLATFORM, authority, resources);
    match namespace {
        Some(namespace) => uri.name(namespace).id(name).finish(),
        None => uri.name(name).finish(),
    }
}

fn role<'a>(item: &Item<'_>, meta: &Meta<'_>, namespace: Option<&str>, name: Text<'a>, authority: &str) -> Event<'a> {
    let uri = role_uri(authority, namespace, &name);
    let item_type = if namespace.is_some() { "role" } else { "clusterrole" };
    let listed = described(uri.clone(), item_type, qualified(namespace, &name), meta);
    let mut event = listing::listed(Platform::Kubernetes, authority_text(authority), listed);
    let mut left = PRIVILEGES_MAX;
    for rule in &item.rules {
        // The operation does not say the group: all of one group is less than all.
        let of_group =
            rule.resources.iter().any(|resource| resource == "*") && !rule.api_groups.iter().any(|group| group == "*");
        for (things, targets) in [(&rule.resources, objects(rule, namespace)), (&rule.non_resource_urls, Vec::new())] {
            let each = rule.verbs.iter().flat_map(|verb| things.iter().map(move |thing| format!("{verb} {thing}")));
            let privileges: Vec<Text<'a>> = each.take(left).map(Cow::Owned).collect();
            left -= privileges.len();
            if privileges.len() < rule.verbs.len().saturating_mul(things.len()) {
                event.quality.missing.push("entitlements");
                return event;
            }
            if !privileges.is_empty() {
                let entitlement = listing::privileges(&uri, privileges);
                event.entitlements.push(Entitlement { targets, conditional: of_group, ..entitlement });
            }
        }
    }
    event
}

/// The objects of a rule, as events name them.
fn objects<'a>(rule: &Rule<'_>, namespace: Option<&str>) -> Vec<Text<'a>> {
    let names = rule.resource_names.iter();
    match namespace {
        Some(namespace) if rule.resource_names.is_empty() => vec![qualified(Some(namespace), "*")],
        Some(namespace) => names.map(|name| qualified(Some(namespace), name)).collect(),
        // Bound for the cluster, a name counts with and without a namespace.
        None => names.flat_map(|name| [qualified(None, name), qualified(Some("*"), name)]).collect(),
    }
}

/// A binding: what its subjects inherit.
fn binding<'a>(
    item: &Item<'_>,
    meta: &Meta<'_>,
    namespace: Option<&str>,
    name: &str,
    kind: &str,
    authority: &str,
) -> Result<Event<'a>, Reject> {
    let role = item.role_ref.as_ref().and_then(|role| Some((role, role.name.as_deref()?)));
    let (role, of) =
        role.ok_or_else(|| Reject::new(RejectKind::Shape, format!("{kind} {name} has no roleRef.name")))?;
    let clustered = role.kind.as_deref() == Some("ClusterRole");
    let source = role_uri(authority, namespace.filter(|_| !clustered), of);
    let via = format!("{kind}/{}", qualified(namespace, name));
    let (item_type, resources) = if namespace.is_some() {
        ("rolebinding", "rolebindings")
    } else {
        ("clusterrolebinding", "clusterrolebindings")
    };
    let uri = of_namespace(authority, resources, namespace, name);
    let listed = described(uri, item_type, qualified(namespace, name), meta);
    let mut event = listing::listed(Platform::Kubernetes, authority_text(authority), listed);
    let not_after = meta.annotations.and_then(expiry);
    for holder in item.subjects.iter().filter_map(|subject| beneficiary(subject, namespace, authority)) {
        let inherits = listing::inherits(&holder, source.clone(), Some(Cow::Owned(via.clone())));
        let targets = namespace.map(|namespace| qualified(Some(namespace), "*")).into_iter().collect();
        event.entitlements.push(Entitlement { targets, not_after, ..inherits });
    }
    Ok(event)
}
