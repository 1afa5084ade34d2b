//! Google Cloud audit logs: a `LogEntry` of Cloud Logging whose payload is an `AuditLog`.
//!
//! [`record`] knows the shape, [`actor`] the names of principals, [`method`] what a method does,
//! [`iam`] the facts about tokens, keys and bindings, [`pam`] grants, [`gke`] the calls to clusters,
//! [`place`] resources, addresses and outcomes.

use std::borrow::Cow;

use model::{Access, Alias, AliasRel, Credential, Event, Party, Platform, Status, Step, StepKind};

use self::actor::Identity;
use self::method::Kind;
use self::record::{AuditLog, Authentication, LogEntry, MonitoredLabels, present};
use crate::{Context, Module, Probe, Reject, RejectKind, json, time};

mod actor;
mod gke;
mod iam;
mod login;
mod method;
mod origins;
mod pam;
mod place;
mod record;

/// The platform part of canonical URIs.
const PLATFORM: &str = "gcp";

pub(crate) static MODULE: Module =
    Module { platform: Platform::Gcp, version: 5, recognise, normalise, origins: origins::ORIGINS };

/// JSON pointers of the hops of a delegation; later ones are shown by the whole list.
const HOPS: [&str; 4] = [
    "/protoPayload/authenticationInfo/serviceAccountDelegationInfo/0",
    "/protoPayload/authenticationInfo/serviceAccountDelegationInfo/1",
    "/protoPayload/authenticationInfo/serviceAccountDelegationInfo/2",
    "/protoPayload/authenticationInfo/serviceAccountDelegationInfo/3",
];

/// An audit payload under one of its keys, or the payload alone. `jsonPayload` is anybody's: it must
/// look like an audit payload.
fn recognise(probe: &Probe<'_>) -> bool {
    if ["protoPayload", "protopayload", "protopayload_auditlog"].iter().any(|key| probe.has(key)) {
        return true;
    }
    if let Some(payload) = probe.raw("jsonPayload") {
        return payload.contains("\"methodName\"") && payload.contains("\"serviceName\"");
    }
    probe.text("methodName").is_some() && !probe.has("eventName") && !probe.has("action")
}

/// A principal by its e-mail address.
pub(crate) fn principal_of_email(email: &str) -> String {
    actor::of_email(email).uri
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let mut entry: LogEntry<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let mut payload = match entry.take_payload() {
        Some(payload) => payload,
        None => serde_json::from_str::<AuditLog<'a>>(text)
            .ok()
            .filter(|payload| payload.method_name.is_some())
            .ok_or_else(|| Reject::new(RejectKind::Shape, "a log entry without an audit payload and a method"))?,
    };
    Ok(event(&mut entry, &mut payload, context))
}

/// Names that several columns need, worked out once.
struct Names {
    service: String,
    method: String,
    resource: String,
    cluster: Option<String>,
}

fn event<'a>(entry: &mut LogEntry<'a>, payload: &mut AuditLog<'a>, context: &Context<'_>) -> Event<'a> {
    let monitored = entry.resource.take().or_else(|| payload.resource.take()).unwrap_or_default();
    let labels = monitored.labels.as_ref();
    let authority = authority(entry.log_name(), labels, context);
    let names = names(payload, labels, &authority);
    let kind = method::kind(&names.service, &names.method);
    let log = entry.log_name().map_or("", |name| name.rsplit(['/', 'F']).next().unwrap_or(""));
    let system = log == "system_event" || log.ends_with("system_event");

    let failed = place::failed(payload, &names.method);
    let actor = acting(payload, kind, &names, &authority, system, failed);
    let mut event = Event::new(Platform::Gcp, Cow::Owned(authority), actor.principal);
    event.party = actor.party;
    event.source_event_id = entry.take_insert_id();
    when(&mut event, entry, payload);
    what(&mut event, entry, payload, kind, &names);
    place::outcome(&mut event, payload, entry.labels.as_mut(), failed);
    event.severity_id = place::severity(entry.severity.as_deref());
    let parts =
        iam::Parts { kind, method: &names.method, resource_name: &names.resource, payload: &*payload, labels, failed };
    credential(&mut event, payload.authentication.as_ref());
    chain(&mut event, payload, kind, failed);
    place::resources(&mut event, payload, &monitored, &names.service, names.cluster.as_deref());
    iam::facts(&mut event, &parts);
    login::facts(&mut event, payload, kind);
    place::source(&mut event, payload);
    place::correlation(&mut event, entry, payload);
    event.region = place::region(payload, labels);
    event.tenant = Some(event.authority.clone()).filter(|tenant| tenant != "unknown");
    missing(&mut event, system);
    event
}

/// Whose names the record holds: the project, folder, organisation or billing account of its log.
fn authority(log_name: Option<&str>, labels: Option<&MonitoredLabels<'_>>, context: &Context<'_>) -> String {
    let of_log = log_name.and_then(|name| {
        let mut parts = name.split('/');
        let scope = parts.next()?;
        let id = parts.next().filter(|id| !id.is_empty())?;
        // A project id is bare, as everywhere else; the other scopes are said.
        Some(if scope == "projects" { id.to_owned() } else { format!("{scope}/{id}") })
    });
    let of_labels = || {
        let labels = labels?;
        let project = present(labels.project_id.clone()).map(Cow::into_owned);
        let organisation = || present(labels.organization_id.clone()).map(|id| format!("organizations/{id}"));
        let folder = || present(labels.folder_id.clone()).map(|id| format!("folders/{id}"));
        project.or_else(organisation).or_else(folder)
    };
    of_log.or_else(of_labels).or_else(|| context.authority.map(str::to_owned)).unwrap_or_else(|| "unknown".to_owned())
}

fn names(payload: &AuditLog<'_>, labels: Option<&MonitoredLabels<'_>>, authority: &str) -> Names {
    let own = |text: &Option<Cow<'_, str>>| text.as_deref().unwrap_or_default().to_owned();
    let (service, method) = (own(&payload.service_name), own(&payload.method_name));
    let mut resource = own(&payload.resource_name);
    let cluster = method.starts_with("io.k8s.") || service == "k8s.io";
    if resource.is_empty() && cluster {
        resource = own(&payload.authorization.first().and_then(|checked| checked.resource.clone()));
    }
    // As GKE names a cluster: project, location and name; the cluster's own UID is not logged.
    let cluster = cluster.then(|| match labels {
        Some(labels) if labels.cluster_name.is_some() => format!(
            "{}/{}/{}",
            labels.project_id.as_deref().unwrap_or(authority),
            labels.location.as_deref().unwrap_or("-"),
            labels.cluster_name.as_deref().unwrap_or("-")
        ),
        _ => "unknown".to_owned(),
    });
    Names { service, method, resource, cluster }
}

struct Actor<'a> {
    principal: model::Principal<'a>,
    party: Option<Party>,
}

fn acting<'a>(
    payload: &mut AuditLog<'a>,
    kind: Kind,
    names: &Names,
    authority: &str,
    system: bool,
    failed: bool,
) -> Actor<'a> {
    let mapped = if kind == Kind::Exchange { iam::mapped_principal(payload) } else { None };
    let authentication = payload.authentication.as_ref();
    let email = present(authentication.and_then(|who| who.email.clone()));
    let subject = present(authentication.and_then(|who| who.subject.clone()));
    let cluster = names.cluster.as_deref();
    let found: Option<Identity> = match (&mapped, kind) {
        (Some(mapped), _) => Some(actor::of_member(mapped)),
        (None, Kind::Exchange) if email.is_none() => {
            subject.as_deref().map(|subject| actor::external(subject, &names.resource))
        }
        _ => actor::of_call(subject.as_deref(), email.as_deref(), cluster),
    };
    let mut identity = found.unwrap_or_else(|| {
        if system {
            actor::platform_service(if names.service.is_empty() { "google" } else { &names.service })
        } else if names.service == "storage.googleapis.com" && authentication.is_some() {
            // Public objects are read without a credential; Cloud Storage then names nobody.
            actor::anonymous(authority)
        } else {
            actor::unnamed(authority)
        }
    });
    // A sign-in that failed proves no identity.
    if kind == Kind::Login
        && failed
        && let Some(email) = &email
    {
        let domain = email.rsplit_once('@').map_or("unknown", |(_, host)| host);
        identity.uri = model::uri::principal_claimed(PLATFORM, domain, "user", email);
    }
    let party = identity.party;
    Actor { principal: identity.named(email.or(subject)), party }
}

fn when<'a>(event: &mut Event<'a>, entry: &mut LogEntry<'a>, payload: &mut AuditLog<'a>) {
    let request_time = || payload.request_metadata.as_ref()?.request.as_ref()?.time.clone();
    let stamps = [entry.timestamp.take(), payload.timestamp.take(), request_time(), entry.take_receive_timestamp()];
    for stamp in stamps.into_iter().flatten() {
        if let Some(parsed) = time::parse(&stamp) {
            event.time = Some(parsed.nanos);
            event.time_precision = parsed.precision;
            event.time_raw = Some(stamp);
            return;
        }
    }
}

fn what<'a>(event: &mut Event<'a>, entry: &LogEntry<'a>, payload: &mut AuditLog<'a>, kind: Kind, names: &Names) {
    let reads = place::reads(payload, entry.log_name());
    let act = if kind == Kind::Cluster {
        let call = gke::Call::parse(&names.method, &names.resource);
        event.secret_access = call.secret_access();
        event.workload.namespace = None;
        call.classify()
    } else {
        let act = method::classify(&names.service, &names.method, kind, reads);
        let request = payload.request.map_or("", serde_json::value::RawValue::get);
        method::switched(&names.service, &names.method, request).map_or(act, |activity| method::Act {
            class_uid: 1008,
            activity_id: activity,
            ..act
        })
    };
    event.class_uid = act.class_uid;
    event.activity_id = act.activity_id;
    event.access = act.access;
    if kind == Kind::Secret {
        let name = payload.resource_name.as_deref().unwrap_or_default();
        let (path, version) = name.split_once("/versions/").map_or((name, None), |(path, v)| (path, Some(v)));
        event.secret_access.path = (!path.is_empty()).then(|| Cow::Owned(path.to_owned()));
        event.secret_access.version = version.map(|version| Cow::Owned(version.to_owned()));
    }
    event.api.service = present(payload.service_name.take());
    event.api.operation = present(payload.method_name.take());
    event.api.request_id = payload
        .request_metadata
        .as_mut()
        .and_then(|metadata| metadata.request.as_mut())
        .and_then(|request| present(request.id.take()));
    event.data_rows = payload.num_response_items;
    if event.access == Access::Issue || event.access == Access::Grant {
        event.privileged = Some(true);
    }
}

/// What the caller acted with: a key of a service account, if one is named.
fn credential<'a>(event: &mut Event<'a>, authentication: Option<&Authentication<'a>>) {
    let Some(authentication) = authentication else { return };
    if let Some(name) = present(authentication.key_name.clone()) {
        let uri = iam::key_uri(&name, "sa-key", event.actor.name.as_deref().filter(|name| name.contains('@')));
        let rule = "gcp:serviceAccountKeyName";
        event.aliases.push(Alias { a: uri.clone(), b: event.actor.uri.clone(), rel: AliasRel::CredentialOf, rule });
        event.credential = Some(Credential {
            uri,
            kind: Cow::Borrowed("sa-key"),
            native_id: Some(name),
            issuer: Some(Cow::Borrowed("iam.googleapis.com")),
            ..Credential::default()
        });
        event.authn.method = Some(Cow::Borrowed("service-account-key"));
    }
    event.client_app = authentication.oauth.as_ref().and_then(|oauth| present(oauth.client_id.clone()));
    event.role = present(authentication.authority_selector.clone());
}

/// The hops before the caller, in the platform's order: first who started it.
fn chain(event: &mut Event<'_>, payload: &AuditLog<'_>, kind: Kind, failed: bool) {
    let Some(authentication) = payload.authentication.as_ref() else { return };
    let step = |principal: String, step: StepKind, evidence_path: &'static str| Step {
        principal,
        step,
        evidence_path,
        asserted_by: Cow::Borrowed("iam.googleapis.com"),
        verified: true,
    };
    for (index, hop) in authentication.delegation.iter().enumerate() {
        let first_party = hop.first_party.as_ref().and_then(|party| party.email.as_deref());
        let Some(identity) = hop.subject.as_deref().map(actor::of_member).or(first_party.map(actor::of_email)) else {
            continue;
        };
        let how =
            if identity.party == Some(Party::Provider) { StepKind::ServiceForward } else { StepKind::Impersonation };
        let path = HOPS.get(index).copied().unwrap_or("/protoPayload/authenticationInfo/serviceAccountDelegationInfo");
        event.chain.push(step(identity.uri, how, path));
    }
    if kind == Kind::Exchange
        && !failed
        && let Some(subject) = authentication.subject.as_deref()
        && !subject.starts_with("principal://")
    {
        let provider = payload.resource_name.as_deref().unwrap_or("unknown");
        let uri = model::uri::principal_named(PLATFORM, provider, "external", subject);
        let rule = "gcp:mapped_principal";
        let alias = Alias { a: uri.clone(), b: event.actor.uri.clone(), rel: AliasRel::FederatesTo, rule };
        event.aliases.push(alias);
        event.chain.push(step(uri, StepKind::Exchange, "/protoPayload/authenticationInfo/principalSubject"));
    }
    if let Some(first) = event.chain.first() {
        event.initiator = Some(first.principal.clone());
        let executor = event.actor.uri.clone();
        let path = match kind {
            Kind::Exchange => "/protoPayload/metadata/mapped_principal",
            _ => "/protoPayload/authenticationInfo/principalEmail",
        };
        event.chain.push(step(executor, StepKind::Invoke, path));
    }
}

/// Columns that a complete record fills and this one does not.
fn missing(event: &mut Event<'_>, system: bool) {
    let quality = &mut event.quality.missing;
    let mut check = |absent: bool, column: &'static str| {
        if absent {
            quality.push(column);
        }
    };
    check(event.source_event_id.is_none(), "source_event_id");
    check(event.time.is_none(), "time");
    check(event.authority == "unknown", "authority");
    check(event.actor.rule == "default" && event.actor.name.is_none(), "actor_principal");
    check(event.api.operation.is_none(), "api_operation");
    check(event.resources.is_empty(), "resources");
    check(!system && event.src.ip.is_none() && event.src.host.is_none(), "src_ip");
    check(event.status == Status::Unknown, "status_id");
}
