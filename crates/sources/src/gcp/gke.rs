//! Calls to a GKE cluster: `io.k8s.<group>.<version>.<resource>[.<subresource>].<verb>` on
//! `<group>/<version>/namespaces/<namespace>/<resource>/<name>`.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{Access, Resource, ResourceRole, SecretAccess};

use super::method::Act;

/// A call to a cluster, taken apart.
#[derive(Debug, Default)]
pub(super) struct Call<'a> {
    pub(super) namespace: Option<&'a str>,
    pub(super) resource: &'a str,
    pub(super) name: Option<&'a str>,
    pub(super) subresource: Option<&'a str>,
    pub(super) verb: &'a str,
}

impl<'a> Call<'a> {
    /// Reads the method and the resource name; the latter may be missing.
    pub(super) fn parse(method: &'a str, resource_name: &'a str) -> Call<'a> {
        let (path, verb) = method.rsplit_once('.').unwrap_or(("", method));
        let mut call = Call { verb, ..Call::default() };
        let mut parts = resource_name.split('/').skip(2);
        let mut first = parts.next();
        if first == Some("namespaces") {
            let namespace = parts.next();
            match parts.next() {
                Some(resource) => {
                    call.namespace = namespace;
                    first = Some(resource);
                }
                // The namespace itself.
                None => {
                    call.resource = "namespaces";
                    call.name = namespace;
                    return call;
                }
            }
        }
        call.resource = first.unwrap_or_else(|| resource_of(path));
        call.name = parts.next();
        call.subresource = parts.next();
        call
    }

    /// Class, activity and access, as the Kubernetes module gives them.
    pub(super) fn classify(&self) -> Act {
        let (activity, access) = match self.verb {
            "get" | "list" | "watch" => (2, Access::Read),
            "create" => (1, Access::Create),
            "update" | "patch" => (3, Access::Modify),
            "delete" | "deletecollection" => (4, Access::Delete),
            _ => (99, Access::Other),
        };
        match (self.resource, self.subresource) {
            ("serviceaccounts", Some("token")) => Act { class_uid: 3002, activity_id: 3, access: Access::Issue },
            ("pods", Some("exec" | "attach" | "portforward" | "proxy")) => {
                Act { class_uid: 6003, activity_id: 99, access: Access::Execute }
            }
            ("roles" | "clusterroles" | "rolebindings" | "clusterrolebindings", _) if access != Access::Read => {
                let activity_id = match access {
                    Access::Create => 1,
                    Access::Delete => 3,
                    _ => 2,
                };
                Act { class_uid: 3008, activity_id, access: Access::Grant }
            }
            _ => Act { class_uid: 6003, activity_id: activity, access },
        }
    }

    /// Whether the value of a secret was touched.
    pub(super) fn secret_access(&self) -> SecretAccess<'static> {
        if self.resource != "secrets" {
            return SecretAccess::default();
        }
        let path = [self.namespace, self.name].into_iter().flatten().collect::<Vec<_>>().join("/");
        SecretAccess { path: (!path.is_empty()).then_some(Cow::Owned(path)), ..SecretAccess::default() }
    }

    /// The object in the cluster.
    pub(super) fn resource(&self, cluster: &str, native: &str) -> Option<Resource<'static>> {
        if self.resource.is_empty() {
            return None;
        }
        let mut uri = uri::build(Class::Resource, "k8s", cluster, self.resource);
        for (index, part) in [self.namespace, self.name, self.subresource].into_iter().flatten().enumerate() {
            uri = if index == 0 { uri.name(part) } else { uri.id(part) };
        }
        Some(Resource {
            uri: uri.finish(),
            kind: Cow::Owned(self.resource.to_owned()),
            name: Some(Cow::Owned(native.to_owned())),
            role: ResourceRole::Target,
        })
    }
}

/// The resource in a method's path: what follows the version (`v1`, `v1beta1`).
fn resource_of(path: &str) -> &str {
    let mut parts = path.split('.');
    while let Some(part) = parts.next() {
        let mut bytes = part.bytes();
        if bytes.next() == Some(b'v') && bytes.next().is_some_and(|byte| byte.is_ascii_digit()) {
            return parts.next().unwrap_or_default();
        }
    }
    ""
}
