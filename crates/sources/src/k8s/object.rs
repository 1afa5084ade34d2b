//! What was asked for: verb, resource, subresource, and what they do.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{Access, Resource, ResourceRole, Text};

use super::PLATFORM;
use super::record::ObjectRef;

/// API group of roles and bindings.
pub(super) const RBAC: &str = "rbac.authorization.k8s.io";

/// The kinds of requests that mean more than their verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Nothing but its verb.
    Plain,
    /// Asks for a token of a service account.
    TokenRequest,
    /// Makes, decides on or signs a certificate signing request.
    Signing,
    /// Makes, changes or removes a role.
    Role,
    /// Makes, changes or removes a binding.
    Binding,
    /// Reads or writes the value of secrets.
    Secret,
    /// Runs something in or through a pod, node or service.
    Execute,
    /// Asks the server about permissions; changes nothing.
    Review,
    /// Has the server check a token.
    TokenReview,
    /// Makes or changes a pod, or what makes pods.
    Workload,
}

/// Sorts a request by what it is about.
pub(super) fn act(object: &ObjectRef<'_>, verb: &str) -> Act {
    let group = object.api_group.as_deref().or_else(|| object.api_version.as_deref()?.split_once('/').map(|g| g.0));
    let resource = object.resource.as_deref().unwrap_or_default();
    let subresource = object.subresource.as_deref().unwrap_or_default();
    let writes = !matches!(access(verb), Access::Read);
    match (resource, subresource) {
        ("serviceaccounts", "token") if writes => Act::TokenRequest,
        ("certificatesigningrequests", _) if writes => Act::Signing,
        ("roles" | "clusterroles", _) if writes && in_rbac(group) => Act::Role,
        ("rolebindings" | "clusterrolebindings", _) if writes && in_rbac(group) => Act::Binding,
        ("secrets", _) => Act::Secret,
        (_, "exec" | "attach" | "portforward" | "proxy") => Act::Execute,
        ("tokenreviews", _) => Act::TokenReview,
        ("subjectaccessreviews" | "selfsubjectaccessreviews" | "localsubjectaccessreviews", _)
        | ("selfsubjectrulesreviews" | "selfsubjectreviews", _) => Act::Review,
        ("pods" | "deployments" | "daemonsets" | "statefulsets" | "replicasets" | "jobs", "") if writes => {
            Act::Workload
        }
        _ => Act::Plain,
    }
}

// Trimmed records leave the group out; no other group has resources of these names.
fn in_rbac(group: Option<&str>) -> bool {
    group.is_none_or(|group| group.is_empty() || group == RBAC)
}

/// What a verb does, on its own.
pub(super) fn access(verb: &str) -> Access {
    match verb {
        "get" | "list" | "watch" | "head" | "options" | "watchlist" => Access::Read,
        "create" | "post" => Access::Create,
        "update" | "patch" | "put" | "apply" => Access::Modify,
        "delete" | "deletecollection" => Access::Delete,
        "connect" | "proxy" => Access::Execute,
        "bind" | "escalate" | "approve" | "sign" => Access::Grant,
        _ => Access::Other,
    }
}

/// OCSF activity of API Activity (6003) for a verb.
pub(super) fn activity(verb: &str) -> u8 {
    match access(verb) {
        Access::Create => 1,
        Access::Read => 2,
        Access::Modify => 3,
        Access::Delete => 4,
        _ => 99,
    }
}

/// `core/v1`, `apps/v1`; for a URL that is no resource, `non-resource`.
pub(super) fn service<'a>(object: Option<&ObjectRef<'a>>) -> Option<Text<'a>> {
    let Some(object) = object else { return Some(Cow::Borrowed("non-resource")) };
    let version = object.api_version.as_deref().unwrap_or_default();
    let group = match object.api_group.as_deref() {
        Some(group) if !group.is_empty() => group,
        // v1alpha1 writes the group into the version.
        _ if version.contains('/') => return object.api_version.clone(),
        _ => "core",
    };
    Some(match (group, version) {
        ("core", "v1") => Cow::Borrowed("core/v1"),
        (_, "") => Cow::Owned(group.to_owned()),
        _ => Cow::Owned(format!("{group}/{version}")),
    })
}

/// `get secrets`, `create pods/exec`, `get /healthz`.
pub(super) fn operation(verb: &str, object: Option<&ObjectRef<'_>>, request_uri: Option<&str>) -> Option<String> {
    let what = match object.and_then(|object| object.resource.as_deref().map(|resource| (object, resource))) {
        Some((object, resource)) => match object.subresource.as_deref().filter(|sub| !sub.is_empty()) {
            Some(subresource) => format!("{resource}/{subresource}"),
            None => resource.to_owned(),
        },
        None => path_of(request_uri?).to_owned(),
    };
    Some(if verb.is_empty() { what } else { format!("{verb} {what}") })
}

/// A URL without its query.
fn path_of(request_uri: &str) -> &str {
    request_uri.split_once('?').map_or(request_uri, |(path, _)| path)
}

/// The object of a request. A list names all objects of a namespace, or of the cluster: `*`.
pub(super) fn resource<'a>(object: &ObjectRef<'a>, created: Option<&str>, authority: &str) -> Resource<'a> {
    let kind = kind(object.resource.as_deref().unwrap_or_default());
    let name = object.name.as_deref().filter(|name| !name.is_empty()).or(created);
    // A namespace names itself as its own namespace.
    let namespace = object.namespace.as_deref().filter(|ns| !ns.is_empty() && kind != "namespaces");
    let builder = uri::build(Class::Resource, PLATFORM, authority, &kind);
    let uri = match (object.uid.as_deref().filter(|uid| !uid.is_empty()), namespace) {
        (Some(uid), _) => builder.id(uid),
        (None, Some(namespace)) => builder.name(namespace).id(name.unwrap_or("*")),
        (None, None) => builder.name(name.unwrap_or("*")),
    };
    Resource {
        uri: uri.finish(),
        kind,
        name: Some(qualified(namespace, name.unwrap_or("*"))),
        role: ResourceRole::Target,
    }
}

/// A pod that a call is about beside its target.
pub(super) fn pod<'a>(namespace: &str, name: &str, authority: &str) -> Resource<'a> {
    Resource {
        uri: uri::build(Class::Resource, PLATFORM, authority, "pods").name(namespace).id(name).finish(),
        kind: Cow::Borrowed("pods"),
        name: Some(qualified(Some(namespace), name)),
        role: ResourceRole::Related,
    }
}

/// `namespace/name`, or the name alone.
pub(super) fn qualified(namespace: Option<&str>, name: &str) -> Text<'static> {
    Cow::Owned(match namespace {
        Some(namespace) => format!("{namespace}/{name}"),
        None => name.to_owned(),
    })
}

/// A URL that is no resource: health, discovery, metrics.
pub(super) fn url_resource<'a>(request_uri: &str, authority: &str) -> Resource<'a> {
    let path = path_of(request_uri);
    Resource {
        uri: uri::resource(PLATFORM, authority, "url", path),
        kind: Cow::Borrowed("url"),
        name: Some(Cow::Owned(path.to_owned())),
        role: ResourceRole::Target,
    }
}

/// The resource as the type part of a URI. Resource names are DNS labels; anything else is foreign
/// text that must not shape a URI.
fn kind(resource: &str) -> Text<'static> {
    const COMMON: [&str; 16] = [
        "pods",
        "secrets",
        "configmaps",
        "leases",
        "endpoints",
        "endpointslices",
        "events",
        "nodes",
        "services",
        "namespaces",
        "deployments",
        "replicasets",
        "serviceaccounts",
        "clusterroles",
        "rolebindings",
        "jobs",
    ];
    if let Some(common) = COMMON.iter().find(|common| **common == resource) {
        return Cow::Borrowed(common);
    }
    let valid = !resource.is_empty()
        && resource.len() <= 253
        && resource.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'));
    if valid { Cow::Owned(resource.to_owned()) } else { Cow::Borrowed("object") }
}

/// The command of `pods/exec`, from the query of its URL, decoded.
pub(super) fn command(request_uri: &str) -> Option<String> {
    let (_, query) = request_uri.split_once('?')?;
    let words: Vec<String> = query
        .split('&')
        .filter_map(|pair| pair.strip_prefix("command="))
        .map(|word| model::uri::decoded(&word.replace('+', " ")))
        .collect();
    (!words.is_empty()).then(|| words.join(" "))
}
