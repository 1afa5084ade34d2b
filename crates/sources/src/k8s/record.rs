//! An audit event as Kubernetes writes it: `audit.k8s.io` v1, v1beta1 and v1alpha1.
//!
//! Objects of the API itself (`requestObject`, `responseObject`) stay raw; the few kinds that say
//! something about identity are parsed when they are met.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::field::Text;
use crate::json;

/// One audit event. Field names are those of the API group.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) api_version: Text<'a>,
    #[serde(borrow, default, rename = "auditID", deserialize_with = "json::text")]
    pub(super) audit_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) stage: Text<'a>,
    #[serde(borrow, default, rename = "requestURI", deserialize_with = "json::text")]
    pub(super) request_uri: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) verb: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) user: Option<User<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) impersonated_user: Option<User<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) authentication_metadata: Option<AuthenticationMetadata<'a>>,
    #[serde(borrow, default, rename = "sourceIPs", deserialize_with = "json::texts")]
    pub(super) source_ips: Vec<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) user_agent: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) object_ref: Option<ObjectRef<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) response_status: Option<ResponseStatus<'a>>,
    #[serde(borrow, default)]
    pub(super) request_object: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) response_object: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) request_received_timestamp: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) stage_timestamp: Text<'a>,
    /// v1alpha1 and v1beta1 only.
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) timestamp: Text<'a>,
    /// v1alpha1 and v1beta1 only.
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) metadata: Option<EventMeta<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) annotations: Option<Annotations<'a>>,
}

/// `metadata` of the event itself.
#[derive(Debug, Default, Deserialize)]
pub(super) struct EventMeta<'a> {
    #[serde(borrow, default, rename = "creationTimestamp", deserialize_with = "json::text")]
    pub(super) creation_timestamp: Text<'a>,
}

/// Who asked, as the authenticator says, or as the caller asked to be seen.
#[derive(Debug, Default, Deserialize)]
pub(super) struct User<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) username: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) uid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::texts")]
    pub(super) groups: Vec<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) extra: Option<Extra<'a>>,
}

impl User<'_> {
    pub(super) fn in_group(&self, group: &str) -> bool {
        self.groups.iter().any(|name| name == group)
    }
}

/// Facts that authenticators add. Keys are lowercase since Kubernetes 1.8, but for those of the AWS
/// authenticator; some pipelines write `_io_slash_` for `.io/`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Extra<'a> {
    #[serde(
        borrow,
        default,
        rename = "authentication.kubernetes.io/credential-id",
        alias = "authentication_kubernetes_io_slash_credential-id",
        deserialize_with = "json::texts"
    )]
    pub(super) credential_id: Vec<Cow<'a, str>>,
    #[serde(
        borrow,
        default,
        rename = "authentication.kubernetes.io/pod-name",
        alias = "authentication_kubernetes_io_slash_pod-name",
        deserialize_with = "json::texts"
    )]
    pub(super) pod_name: Vec<Cow<'a, str>>,
    #[serde(
        borrow,
        default,
        rename = "authentication.kubernetes.io/pod-uid",
        alias = "authentication_kubernetes_io_slash_pod-uid",
        deserialize_with = "json::texts"
    )]
    pub(super) pod_uid: Vec<Cow<'a, str>>,
    #[serde(
        borrow,
        default,
        rename = "authentication.kubernetes.io/node-name",
        alias = "authentication_kubernetes_io_slash_node-name",
        deserialize_with = "json::texts"
    )]
    pub(super) node_name: Vec<Cow<'a, str>>,
    #[serde(borrow, default, rename = "accessKeyId", alias = "accesskeyid", deserialize_with = "json::texts")]
    pub(super) access_key_id: Vec<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::texts")]
    pub(super) arn: Vec<Cow<'a, str>>,
    #[serde(borrow, default, rename = "sessionName", alias = "sessionname", deserialize_with = "json::texts")]
    pub(super) session_name: Vec<Cow<'a, str>>,
}

/// What the request was about; absent for URLs that are no resource.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ObjectRef<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) resource: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) namespace: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) uid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) api_group: Text<'a>,
    /// In v1alpha1 this is `group/version`.
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) api_version: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) resource_version: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) subresource: Text<'a>,
}

/// How the request ended.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ResponseStatus<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) status: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) message: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) reason: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) code: Text<'a>,
}

/// Constrained impersonation (KEP-5284): under which `impersonate:` permission it was allowed.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuthenticationMetadata<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) impersonation_constraint: Text<'a>,
}

/// The annotations that say who decided what, and which token was issued.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Annotations<'a> {
    #[serde(borrow, default, rename = "authorization.k8s.io/decision", deserialize_with = "json::text")]
    pub(super) decision: Text<'a>,
    #[serde(borrow, default, rename = "authorization.k8s.io/reason", deserialize_with = "json::text")]
    pub(super) reason: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "authentication.kubernetes.io/issued-credential-id",
        deserialize_with = "json::text"
    )]
    pub(super) issued_credential_id: Text<'a>,
    #[serde(borrow, default, rename = "pod-security.kubernetes.io/enforce-policy", deserialize_with = "json::text")]
    pub(super) pod_security_policy: Text<'a>,
    #[serde(default, rename = "audit.k8s.io/truncated", deserialize_with = "json::boolean")]
    pub(super) truncated: Option<bool>,
}

/// The parts of an API object that are read off `requestObject` or `responseObject`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Object<'a> {
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) metadata: Option<ObjectMeta<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) role_ref: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::objects")]
    pub(super) subjects: Vec<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) spec: Option<Spec<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) status: Option<ObjectStatus<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) details: Option<ObjectMeta<'a>>,
}

/// `metadata` of an object.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ObjectMeta<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) uid: Text<'a>,
    #[serde(borrow, default, rename = "resourceVersion", deserialize_with = "json::text")]
    pub(super) resource_version: Text<'a>,
    #[serde(borrow, default)]
    pub(super) annotations: Option<&'a RawValue>,
}

/// A role or a subject of a binding, or the object a token is bound to.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Named<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) namespace: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) uid: Text<'a>,
}

/// `spec` of a token request, of a certificate signing request, of a pod and of what makes pods.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Spec<'a> {
    #[serde(borrow, default, deserialize_with = "json::texts")]
    pub(super) audiences: Vec<Cow<'a, str>>,
    #[serde(default, deserialize_with = "json::integer")]
    pub(super) expiration_seconds: Option<i64>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) bound_object_ref: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) username: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) signer_name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) service_account_name: Text<'a>,
    #[serde(default, rename = "hostPID", deserialize_with = "json::boolean")]
    pub(super) host_pid: Option<bool>,
    #[serde(default, rename = "hostIPC", deserialize_with = "json::boolean")]
    pub(super) host_ipc: Option<bool>,
    #[serde(default, deserialize_with = "json::boolean")]
    pub(super) host_network: Option<bool>,
    #[serde(default, deserialize_with = "json::objects")]
    pub(super) containers: Vec<Container>,
    #[serde(default, deserialize_with = "json::objects")]
    pub(super) init_containers: Vec<Container>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) template: Option<Template<'a>>,
}

/// The pod inside a deployment, a daemon set, a job.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Template<'a> {
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) spec: Option<Box<Spec<'a>>>,
}

/// A container, as far as its privileges go.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Container {
    #[serde(default, deserialize_with = "json::object")]
    pub(super) security_context: Option<SecurityContext>,
}

/// `securityContext` of a container.
#[derive(Debug, Default, Deserialize)]
pub(super) struct SecurityContext {
    #[serde(default, deserialize_with = "json::boolean")]
    pub(super) privileged: Option<bool>,
}

/// `status` of a token request and of a certificate signing request; a text in a `Status` object.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ObjectStatus<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) expiration_timestamp: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) certificate: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::objects")]
    pub(super) conditions: Vec<Condition<'a>>,
}

/// A condition of a certificate signing request.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Condition<'a> {
    #[serde(borrow, default, rename = "type", deserialize_with = "json::text")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) message: Text<'a>,
}

/// Reads an API object; `None` when there is none, or none that can be read.
pub(super) fn object(raw: Option<&RawValue>) -> Option<Object<'_>> {
    serde_json::from_str(raw?.get()).ok()
}
