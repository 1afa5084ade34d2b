//! Kubernetes audit events, after `audit.k8s.io/v1`.

use crate::put;

/// Who calls.
#[derive(Clone, Debug)]
pub enum User<'a> {
    /// A pod with a bound token.
    ServiceAccount {
        /// Namespace.
        namespace: &'a str,
        /// Name.
        name: &'a str,
        /// UID of the service account.
        uid: &'a str,
        /// Name of the pod.
        pod: &'a str,
        /// UID of the pod.
        pod_uid: &'a str,
        /// Name of the node.
        node: &'a str,
        /// `jti` of the token.
        jti: &'a str,
    },
    /// A kubelet.
    Node {
        /// Name of the node.
        name: &'a str,
        /// SHA-256 of its client certificate, hex.
        certificate: &'a str,
    },
    /// A person with a token of the company's issuer, who acts as a service account.
    Impersonator {
        /// Name, as the server makes it of the token's claim.
        name: &'a str,
        /// `jti` of the token.
        jti: &'a str,
        /// Namespace of the service account.
        namespace: &'a str,
        /// Name of the service account.
        account: &'a str,
    },
}

/// One call.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// `auditID`.
    pub id: &'a str,
    /// `requestReceivedTimestamp`, RFC 3339 with microseconds.
    pub received: &'a str,
    /// `stageTimestamp`, likewise.
    pub done: &'a str,
    /// `get`, `list`, `create`, ...
    pub verb: &'a str,
    /// API group; empty for the core group.
    pub group: &'a str,
    /// Resource, plural.
    pub resource: &'a str,
    /// Subresource; empty for none.
    pub subresource: &'a str,
    /// Namespace of the object.
    pub namespace: &'a str,
    /// Name of the object; empty for a list.
    pub name: &'a str,
    /// Source address.
    pub ip: &'a str,
    /// User agent.
    pub agent: &'a str,
    /// HTTP status.
    pub code: u16,
    /// Role binding that allowed it; empty when it was denied.
    pub binding: &'a str,
    /// Further members of `annotations`, each with a leading comma.
    pub annotations: &'a str,
    /// Further members of the event, each with a leading comma.
    pub objects: &'a str,
}

/// One event as a line of JSON.
pub fn record(user: &User<'_>, call: &Call<'_>) -> String {
    let mut out = String::with_capacity(2_048);
    let Call { id, verb, group, resource, subresource, namespace, name, ip, agent, code, .. } = call;
    let api = if group.is_empty() { "/api/v1".to_owned() } else { format!("/apis/{group}/v1") };
    let slash = |part: &str| if part.is_empty() { String::new() } else { format!("/{part}") };
    put(
        &mut out,
        format_args!(
            "{{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":\"{}\",\"auditID\":\"{id}\",\"stage\":\"ResponseComplete\",\"requestURI\":\"{api}/namespaces/{namespace}/{resource}{}{}\",\"verb\":\"{verb}\",\"user\":",
            if call.objects.is_empty() { "Metadata" } else { "Request" },
            slash(name),
            slash(subresource)
        ),
    );
    identity(&mut out, user);
    put(
        &mut out,
        format_args!(
            ",\"sourceIPs\":[\"{ip}\"],\"userAgent\":\"{agent}\",\"objectRef\":{{\"resource\":\"{resource}\",\"namespace\":\"{namespace}\""
        ),
    );
    for (key, value) in [("name", name), ("apiGroup", group), ("subresource", subresource)] {
        if !value.is_empty() {
            put(&mut out, format_args!(",\"{key}\":\"{value}\""));
        }
    }
    put(&mut out, format_args!(",\"apiVersion\":\"v1\"}},\"responseStatus\":{{\"metadata\":{{}}"));
    if *code >= 400 {
        put(
            &mut out,
            format_args!(
                ",\"status\":\"Failure\",\"message\":\"{resource} is forbidden: User cannot {verb} resource in the namespace {namespace}\",\"reason\":\"Forbidden\""
            ),
        );
    }
    put(
        &mut out,
        format_args!(
            ",\"code\":{code}}}{},\"requestReceivedTimestamp\":\"{}\",\"stageTimestamp\":\"{}\",\"annotations\":{{",
            call.objects, call.received, call.done
        ),
    );
    match call.binding {
        "" => out.push_str("\"authorization.k8s.io/decision\":\"forbid\",\"authorization.k8s.io/reason\":\"\""),
        binding => put(
            &mut out,
            format_args!(
                "\"authorization.k8s.io/decision\":\"allow\",\"authorization.k8s.io/reason\":\"RBAC: allowed by RoleBinding \\\"{binding}/{namespace}\\\" of Role \\\"{binding}\\\" to ServiceAccount \\\"{binding}/{namespace}\\\"\""
            ),
        ),
    }
    put(&mut out, format_args!("{}}}}}", call.annotations));
    out
}

fn identity(out: &mut String, user: &User<'_>) {
    match user {
        User::ServiceAccount { namespace, name, uid, pod, pod_uid, node, jti } => put(
            out,
            format_args!(
                "{{\"username\":\"system:serviceaccount:{namespace}:{name}\",\"uid\":\"{uid}\",\"groups\":[\"system:serviceaccounts\",\"system:serviceaccounts:{namespace}\",\"system:authenticated\"],\"extra\":{{\"authentication.kubernetes.io/credential-id\":[\"JTI={jti}\"],\"authentication.kubernetes.io/node-name\":[\"{node}\"],\"authentication.kubernetes.io/pod-name\":[\"{pod}\"],\"authentication.kubernetes.io/pod-uid\":[\"{pod_uid}\"]}}}}"
            ),
        ),
        User::Node { name, certificate } => put(
            out,
            format_args!(
                "{{\"username\":\"system:node:{name}\",\"groups\":[\"system:nodes\",\"system:authenticated\"],\"extra\":{{\"authentication.kubernetes.io/credential-id\":[\"X509SHA256={certificate}\"]}}}}"
            ),
        ),
        User::Impersonator { name, jti, namespace, account } => put(
            out,
            format_args!(
                r#"{{"username":"oidc:{name}","groups":["oidc:platform","system:authenticated"],"extra":{{"authentication.kubernetes.io/credential-id":["JTI={jti}"]}}}},"impersonatedUser":{{"username":"system:serviceaccount:{namespace}:{account}","groups":["system:serviceaccounts","system:serviceaccounts:{namespace}","system:authenticated"]}},"authenticationMetadata":{{"impersonationConstraint":"impersonate:serviceaccount"}}"#
            ),
        ),
    }
}
