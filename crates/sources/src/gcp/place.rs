//! What was touched, from where, and how it ended.

use std::borrow::Cow;
use std::net::IpAddr;

use model::uri;
use model::{Effect, Event, Resource, ResourceRole, Status};
use serde::Deserialize;

use super::record::{AuditLog, Labels, LogEntry, Monitored, MonitoredLabels, present, read};
use super::{PLATFORM, gke};
use crate::json;

type OptText<'a> = Option<Cow<'a, str>>;

/// Codes of `google.rpc.Code` that a policy gives: permission denied, unauthenticated.
const DENIED: [&str; 2] = ["7", "16"];

/// Whether a call failed: its status says so; without one, every permission was refused.
pub(super) fn failed(payload: &AuditLog<'_>, method: &str) -> bool {
    match payload.status.as_ref().and_then(|status| status.code.as_deref()) {
        Some(code) => code != "0",
        None if payload.status.is_some() => false,
        None => {
            let refused = payload.authorization.iter().all(|checked| checked.granted == Some(false));
            (!payload.authorization.is_empty() && refused) || method.ends_with(".loginFailure")
        }
    }
}

/// Whether the platform says that the call only reads: by its permissions, then by its log.
pub(super) fn reads(payload: &AuditLog<'_>, log_name: Option<&str>) -> Option<bool> {
    let mut kinds = payload.authorization.iter().filter_map(|checked| checked.permission_type.as_deref()).peekable();
    if kinds.peek().is_some() {
        return Some(kinds.all(|kind| kind.ends_with("_READ")));
    }
    // The activity log holds nothing but writes.
    log_name.filter(|name| name.ends_with("activity")).map(|_| false)
}

/// Status, error and decision.
pub(super) fn outcome<'a>(
    event: &mut Event<'a>,
    payload: &mut AuditLog<'a>,
    labels: Option<&mut Labels<'a>>,
    failed: bool,
) {
    event.status = if failed { Status::Failure } else { Status::Success };
    let status = payload.status.take().unwrap_or_default();
    event.status_code = present(status.code);
    if failed {
        event.error_code.clone_from(&event.status_code);
        event.error_message = present(status.message);
    }
    let policy_denied = event.error_code.as_deref().is_some_and(|code| DENIED.contains(&code));
    let refused = payload.authorization.iter().any(|checked| checked.granted == Some(false));
    let allowed = payload.authorization.iter().any(|checked| checked.granted == Some(true));
    let decision = &mut event.decision;
    decision.effect = match (policy_denied, refused, allowed) {
        (true, _, _) | (false, true, _) => Some(Effect::Deny),
        (false, false, true) => Some(Effect::Allow),
        (false, false, false) => None,
    };
    let permissions: Vec<&str> = payload.authorization.iter().filter_map(|c| c.permission.as_deref()).collect();
    decision.rule = (!permissions.is_empty()).then(|| Cow::Owned(permissions.join(",")));
    if decision.effect.is_some() {
        decision.pdp = Some(Cow::Borrowed("iam.googleapis.com"));
    }
    if policy_denied {
        decision.reason.clone_from(&event.error_message);
    }
    if let Some(labels) = labels {
        cluster_decision(event, labels);
    }
    perimeter(event, payload);
}

/// GKE says how Kubernetes decided in labels of the entry.
fn cluster_decision<'a>(event: &mut Event<'a>, labels: &mut Labels<'a>) {
    let effect = match labels.k8s_decision.as_deref() {
        Some("allow") => Effect::Allow,
        Some("forbid" | "deny") => Effect::Deny,
        _ => return,
    };
    event.decision.effect = Some(effect);
    event.decision.pdp = Some(Cow::Borrowed("k8s.io"));
    if let Some(reason) = present(labels.k8s_reason.take()) {
        event.decision.reason = Some(reason);
    }
}

#[derive(Default, Deserialize)]
struct Perimeter<'a> {
    #[serde(rename = "violationReason", borrow, default, deserialize_with = "json::text")]
    reason: OptText<'a>,
    #[serde(rename = "vpcServiceControlsUniqueId", borrow, default, deserialize_with = "json::text")]
    unique_id: OptText<'a>,
    #[serde(rename = "dryRun", default, deserialize_with = "json::boolean")]
    dry_run: Option<bool>,
    #[serde(rename = "resourceNames", borrow, default, deserialize_with = "json::texts")]
    resources: Vec<Cow<'a, str>>,
    #[serde(rename = "securityPolicyInfo", borrow, default, deserialize_with = "json::object")]
    policy: Option<PerimeterPolicy<'a>>,
}

#[derive(Default, Deserialize)]
struct PerimeterPolicy<'a> {
    #[serde(rename = "servicePerimeterName", borrow, default, deserialize_with = "json::text")]
    name: OptText<'a>,
}

/// A service perimeter stopped the call, or would have.
fn perimeter<'a>(event: &mut Event<'a>, payload: &AuditLog<'a>) {
    let Some(metadata) = payload.metadata.filter(|raw| raw.get().contains("VpcServiceControl")) else { return };
    let found: Perimeter<'a> = read(Some(metadata)).unwrap_or_default();
    let decision = &mut event.decision;
    decision.effect = Some(if found.dry_run == Some(true) { Effect::Observed } else { Effect::Deny });
    decision.pdp = Some(Cow::Borrowed("vpc-service-controls"));
    decision.reason = present(found.reason).or(decision.reason.take());
    decision.policies.extend(found.policy.and_then(|policy| present(policy.name)));
    event.correlation_ids.extend(present(found.unique_id));
    for name in found.resources {
        let uri = uri::resource(PLATFORM, &event.authority, "resource", &name);
        let role = ResourceRole::Affected;
        event.resources.push(Resource { uri, kind: Cow::Borrowed("resource"), name: Some(name), role });
    }
}

/// OCSF severity of a Cloud Logging severity.
pub(super) fn severity(text: Option<&str>) -> u8 {
    match text {
        Some("WARNING") => 2,
        Some("ERROR") => 3,
        Some("CRITICAL") => 4,
        Some("ALERT") => 5,
        Some("EMERGENCY") => 6,
        _ => 1,
    }
}

/// The resource named, then those that permissions were checked on.
pub(super) fn resources<'a>(
    event: &mut Event<'a>,
    payload: &AuditLog<'a>,
    monitored: &Monitored<'a>,
    service: &str,
    cluster: Option<&str>,
) {
    let type_of =
        |service: &str| service.split('.').next().filter(|name| !name.is_empty()).unwrap_or("resource").to_owned();
    let family = type_of(service);
    let kind = || {
        let checked = payload.authorization.iter().find_map(|checked| checked.attributes.as_ref()?.kind.clone());
        checked.or_else(|| present(monitored.kind.clone())).unwrap_or(Cow::Borrowed("resource"))
    };
    let named = present(payload.resource_name.clone());
    let mut targets = Vec::new();
    if let Some(cluster) = cluster {
        let checked = payload.authorization.first().and_then(|checked| checked.resource.clone());
        let native = named.clone().or(checked).unwrap_or_default();
        let method = event.api.operation.as_deref().unwrap_or_default();
        targets.extend(gke::Call::parse(method, &native).resource(cluster, &native));
    }
    if targets.is_empty()
        && let Some(name) = named
    {
        let uri = uri::resource(PLATFORM, &event.authority, &family, &name);
        targets.push(Resource { uri, kind: kind(), name: Some(name), role: ResourceRole::Target });
    }
    for checked in &payload.authorization {
        let attributes = checked.attributes.as_ref();
        let name = present(checked.resource.clone()).or_else(|| present(attributes?.name.clone()));
        let Some(name) = name.filter(|name| targets.iter().all(|known| known.name.as_ref() != Some(name))) else {
            continue;
        };
        let uri = uri::resource(PLATFORM, &event.authority, &family, &name);
        let kind = attributes.and_then(|a| a.kind.clone()).unwrap_or_else(kind);
        let role = if targets.is_empty() { ResourceRole::Target } else { ResourceRole::Related };
        targets.push(Resource { uri, kind, name: Some(name), role });
    }
    if targets.is_empty() {
        targets.extend(monitored_resource(event, monitored));
    }
    targets.append(&mut event.resources);
    event.resources = targets;
}

/// The monitored resource, for a record that names no other.
fn monitored_resource<'a>(event: &Event<'a>, monitored: &Monitored<'a>) -> Option<Resource<'a>> {
    let kind = present(monitored.kind.clone());
    let labels = monitored.labels.as_ref()?;
    let name = [&labels.name, &labels.bucket_name, &labels.cluster_name, &labels.service, &labels.project_id]
        .into_iter()
        .find_map(|label| present(label.clone()))?;
    let uri = uri::resource(PLATFORM, &event.authority, "resource", &name);
    Some(Resource {
        uri,
        kind: kind.unwrap_or(Cow::Borrowed("resource")),
        name: Some(name),
        role: ResourceRole::Target,
    })
}

/// Where the call came from and went to.
pub(super) fn source<'a>(event: &mut Event<'a>, payload: &mut AuditLog<'a>) {
    let Some(mut metadata) = payload.request_metadata.take() else { return };
    if let Some(ip) = metadata.take_caller_ip() {
        // `private` and `gce-internal-ip` stand for addresses that Google does not show.
        if ip.parse::<IpAddr>().is_ok() {
            event.src.ip = Some(ip);
        } else {
            event.src.host = Some(ip);
        }
    }
    event.src.network = present(metadata.network);
    event.user_agent = present(metadata.user_agent);
    if let Some(destination) = metadata.destination {
        event.dst.ip = present(destination.ip);
        event.dst.port = destination.port.and_then(|port| u16::try_from(port).ok());
    }
}

#[derive(Default, Deserialize)]
struct JobMetadata<'a> {
    #[serde(rename = "tableDataRead", borrow, default, deserialize_with = "json::object")]
    read: Option<JobOf<'a>>,
    #[serde(rename = "tableDataChange", borrow, default, deserialize_with = "json::object")]
    change: Option<JobOf<'a>>,
    #[serde(rename = "tableDeletion", borrow, default, deserialize_with = "json::object")]
    deletion: Option<JobOf<'a>>,
    #[serde(rename = "tableCreation", borrow, default, deserialize_with = "json::object")]
    creation: Option<JobOf<'a>>,
}

#[derive(Default, Deserialize)]
struct JobOf<'a> {
    #[serde(rename = "jobName", borrow, default, deserialize_with = "json::text")]
    name: OptText<'a>,
}

/// Values by which other entries name this call: operation, trace, request, query job.
pub(super) fn correlation<'a>(event: &mut Event<'a>, entry: &mut LogEntry<'a>, payload: &AuditLog<'a>) {
    let operation = entry.operation.take().unwrap_or_default();
    if event.api.service.is_none() {
        event.api.service = present(operation.producer);
    }
    event.correlation_ids.extend(present(operation.id));
    event.correlation_ids.extend(event.api.request_id.clone());
    event.correlation_ids.extend(entry.labels.take().and_then(|labels| present(labels.root_trigger_id)));
    if let Some(metadata) = payload.metadata.filter(|raw| raw.get().contains("\"jobName\"")) {
        let job: JobMetadata<'a> = read(Some(metadata)).unwrap_or_default();
        let part = job.read.or(job.change).or(job.deletion).or(job.creation);
        event.correlation_ids.extend(part.and_then(|part| present(part.name)));
    }
    event.trace_id = present(entry.trace.take()).map(|trace| match trace.rsplit_once('/') {
        Some((_, id)) => Cow::Owned(id.to_owned()),
        None => trace,
    });
    event.span_id = present(entry.span_id.take());
    event.correlation_ids.extend(event.trace_id.clone());
}

/// Where the resource lives.
pub(super) fn region<'a>(payload: &AuditLog<'a>, labels: Option<&MonitoredLabels<'a>>) -> OptText<'a> {
    let location = payload.resource_location.as_ref().and_then(|location| location.current.first().cloned());
    location.or_else(|| {
        let labels = labels?;
        [&labels.location, &labels.region, &labels.zone].into_iter().find_map(|label| present(label.clone()))
    })
}
