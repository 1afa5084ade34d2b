//! Pods, and what makes them: with which rights they will run.

use model::uri;
use model::{Alias, AliasRel};

use super::PLATFORM;
use super::record::{Object, ObjectRef, Spec};
use super::user::{alias, service_account_uri};

/// Whether a pod specification reaches into its node: privileged containers, host namespaces.
pub(super) fn is_privileged(object: &Object<'_>) -> bool {
    let Some(spec) = &object.spec else { return false };
    let pod = spec.template.as_ref().and_then(|template| template.spec.as_deref()).unwrap_or(spec);
    let host = [pod.host_pid, pod.host_ipc, pod.host_network].contains(&Some(true));
    host || pod
        .containers
        .iter()
        .chain(&pod.init_containers)
        .any(|container| container.security_context.as_ref().is_some_and(|context| context.privileged == Some(true)))
}

/// The service account that a pod made by this request runs as.
pub(super) fn runs_as(reference: &ObjectRef<'_>, stored: &Object<'_>, authority: &str) -> Option<Alias> {
    let Spec { service_account_name, .. } = stored.spec.as_ref()?;
    let pod = uri::principal(PLATFORM, authority, "pod", stored.metadata.as_ref()?.uid.as_deref()?);
    let account = service_account_name.as_deref().filter(|name| !name.is_empty()).unwrap_or("default");
    let account = service_account_uri(authority, reference.namespace.as_deref()?, account);
    Some(alias(&pod, &account, AliasRel::RunsAs, "k8s:pod-spec"))
}
