//! Kubernetes audit: events of `audit.k8s.io`, as lines or out of an `EventList`.
//!
//! One request gives up to three records, one per stage, that share an `auditID`. Each becomes an
//! event of its own; the id is among `correlation_ids`. No record names its cluster: the authority
//! comes from the source's configuration, or is `unknown`. Objects of an inventory are read by [`inventory`].

mod inventory;
mod object;
mod record;
mod rights;
mod token;
mod user;
mod workload;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use model::{Access, Api, Endpoint, Event, Platform, SecretAccess, Status, Step, StepKind, Text, uri};

use crate::{Context, Module, Origin, Probe, Reject, RejectKind, json, time};
use object::Act;
use record::{ObjectRef, Record};

/// The platform part of URIs.
const PLATFORM: &str = "k8s";

pub(crate) static MODULE: Module =
    Module { platform: Platform::Kubernetes, version: 6, recognise, normalise, origins: ORIGINS };

static ORIGINS: &[Origin] = &[
    Origin { column: "source_event_id", pointers: &["/auditID"] },
    Origin {
        column: "time",
        pointers: &["/stageTimestamp", "/requestReceivedTimestamp", "/timestamp", "/metadata/creationTimestamp"],
    },
    Origin {
        column: "time_raw",
        pointers: &["/stageTimestamp", "/requestReceivedTimestamp", "/timestamp", "/metadata/creationTimestamp"],
    },
    Origin { column: "status", pointers: &["/responseStatus/code", "/responseStatus/status", "/stage"] },
    Origin { column: "status_code", pointers: &["/responseStatus/code"] },
    Origin { column: "access", pointers: &["/verb", "/objectRef/resource", "/objectRef/subresource"] },
    Origin { column: "actor_principal", pointers: &["/user/uid", "/user/username"] },
    Origin { column: "actor_name", pointers: &["/user/username"] },
    Origin { column: "subject_principal", pointers: &["/impersonatedUser/uid", "/impersonatedUser/username"] },
    Origin { column: "initiator_principal", pointers: &["/user/uid", "/user/username"] },
    Origin { column: "privileged", pointers: &["/user/groups/*", "/requestObject/spec"] },
    Origin {
        column: "credential_native_id",
        pointers: &["/user/extra/authentication.kubernetes.io~1credential-id/0", "/user/extra/accessKeyId/0"],
    },
    Origin {
        column: "issued_credential_native_id",
        pointers: &[
            "/annotations/authentication.kubernetes.io~1issued-credential-id",
            "/responseObject/status/certificate",
        ],
    },
    Origin {
        column: "issued_credential_not_after",
        pointers: &[
            "/responseObject/status/expirationTimestamp",
            "/responseObject/spec/expirationSeconds",
            "/requestObject/spec/expirationSeconds",
        ],
    },
    Origin { column: "grant_refs", pointers: &["/annotations/authorization.k8s.io~1reason"] },
    Origin { column: "decision_effect", pointers: &["/annotations/authorization.k8s.io~1decision"] },
    Origin {
        column: "decision_reason",
        pointers: &["/annotations/authorization.k8s.io~1reason", "/responseStatus/message"],
    },
    Origin { column: "api_service", pointers: &["/objectRef/apiGroup", "/objectRef/apiVersion"] },
    Origin {
        column: "api_operation",
        pointers: &["/verb", "/objectRef/resource", "/objectRef/subresource", "/requestURI"],
    },
    Origin { column: "api_request_id", pointers: &["/auditID"] },
    Origin {
        column: "resources",
        pointers: &["/objectRef/uid", "/objectRef/name", "/objectRef/namespace", "/objectRef/resource", "/requestURI"],
    },
    Origin { column: "secret_access_path", pointers: &["/objectRef/name", "/objectRef/namespace"] },
    Origin {
        column: "secret_access_version",
        pointers: &["/objectRef/resourceVersion", "/responseObject/metadata/resourceVersion"],
    },
    Origin { column: "session_uri", pointers: &["/user/uid", "/user/extra/accessKeyId/0"] },
    Origin { column: "workload_name", pointers: &["/user/extra/authentication.kubernetes.io~1pod-name/0"] },
    Origin { column: "workload_uid", pointers: &["/user/extra/authentication.kubernetes.io~1pod-uid/0"] },
    Origin {
        column: "workload_node",
        pointers: &["/user/extra/authentication.kubernetes.io~1node-name/0", "/user/username"],
    },
    Origin { column: "src_ip", pointers: &["/sourceIPs/0", "/sourceIPs"] },
    Origin { column: "src_network", pointers: &["/sourceIPs/*"] },
    Origin { column: "user_agent", pointers: &["/userAgent"] },
    Origin { column: "process", pointers: &["/requestURI"] },
    Origin { column: "error_code", pointers: &["/responseStatus/reason", "/responseStatus/code"] },
    Origin { column: "error_message", pointers: &["/responseStatus/message"] },
    Origin { column: "duration_ms", pointers: &["/requestReceivedTimestamp", "/stageTimestamp"] },
    Origin { column: "correlation_ids", pointers: &["/auditID"] },
    Origin { column: "inventory_uri", pointers: &["/metadata/uid", "/metadata/name", "/metadata/namespace"] },
    Origin { column: "inventory_name", pointers: &["/metadata/name", "/metadata/namespace"] },
    Origin { column: "inventory_owners", pointers: &["/metadata/labels", "/metadata/annotations"] },
    Origin { column: "inventory_team", pointers: &["/metadata/labels", "/metadata/annotations"] },
    Origin { column: "inventory_purpose", pointers: &["/metadata/labels", "/metadata/annotations"] },
    Origin { column: "inventory_sensitivity", pointers: &["/metadata/labels", "/metadata/annotations"] },
    Origin { column: "inventory_created", pointers: &["/metadata/creationTimestamp"] },
    Origin { column: "entitlements", pointers: &["/rules/*", "/roleRef/name", "/subjects/*"] },
];

/// An event says so itself; as an item of a list it does not, and trimmed ones keep less still.
fn recognise(probe: &Probe<'_>) -> bool {
    // As the server writes it.
    if probe.head(64).starts_with(r#"{"kind":"Event","apiVersion":"audit.k8s.io/"#) {
        return true;
    }
    if probe.contains("audit.k8s.io/")
        && probe.text("apiVersion").is_some_and(|version| version.starts_with("audit.k8s.io/"))
    {
        return probe.text("kind").is_none_or(|kind| kind == "Event");
    }
    let item = probe.contains("\"auditID\"") && probe.has("auditID") && (probe.has("stage") || probe.has("verb"));
    item || (probe.contains("\"objectRef\"") && probe.has("objectRef") && probe.has("verb"))
        || inventory::recognise(probe)
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let mut record: Record<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    if record.kind.as_deref() == Some("EventList") {
        return Err(Reject::new(RejectKind::Shape, "an audit EventList; its items are records, it is none"));
    }
    let is_event = record.api_version.as_deref().is_some_and(|version| version.starts_with("audit.k8s.io/"));
    if !is_event && record.audit_id.is_none() && record.verb.is_none() && record.request_uri.is_none() {
        if inventory::recognise(&Probe::new(text)) {
            return inventory::read(text, context);
        }
        return Err(Reject::new(RejectKind::Shape, "no audit.k8s.io apiVersion, auditID, verb or requestURI"));
    }
    let authority = context.authority.filter(|authority| !authority.is_empty()).unwrap_or("unknown");
    let code: Option<u16> = record.response_status.as_ref().and_then(|status| status.code.as_deref()?.parse().ok());

    let mut user = record.user.take().unwrap_or_default();
    let identity = user::identity(&mut user, authority, code == Some(401));
    let mut event = Event::new(Platform::Kubernetes, authority_text(authority), identity.principal);
    event.party = identity.party;
    event.session = identity.session;
    event.privileged = identity.privileged;
    event.workload = identity.workload;
    event.aliases = identity.aliases;

    read_times(&mut event, &mut record);
    read_outcome(&mut event, &mut record, code);
    read_call(&mut event, &mut record, authority);
    let issued = read_rights(&mut event, &mut record, code, authority);
    if let Some(mut extra) = user.extra {
        (event.credential, event.authn) = token::used(&mut extra, authority);
    }
    if let Some(credential) = &event.credential {
        let of = user::alias(&credential.uri, &event.actor.uri, model::AliasRel::CredentialOf, "k8s:credential");
        event.aliases.push(of);
    }
    read_impersonation(&mut event, &mut record, authority);
    read_act(&mut event, &record, issued, authority);
    note_missing(&mut event);
    Ok(event)
}

/// A user of a cluster by its name.
pub(crate) fn principal_of_username(authority: &str, username: &str) -> String {
    user::username_uri(authority, username)
}

fn authority_text<'a>(authority: &str) -> Text<'a> {
    if authority == "unknown" { Cow::Borrowed("unknown") } else { Cow::Owned(authority.to_owned()) }
}

/// The stage's time is the event's; the time of receipt tells how long it took.
fn read_times<'a>(event: &mut Event<'a>, record: &mut Record<'a>) {
    let received = record.request_received_timestamp.as_deref().and_then(time::parse);
    let at_stage = record.stage_timestamp.as_deref().and_then(time::parse);
    // The first stage is the receipt itself; it took no time because nothing was done yet.
    let ended = at_stage.filter(|_| record.stage.as_deref() != Some("RequestReceived"));
    if let (Some(received), Some(at_stage)) = (received, ended) {
        event.duration_ms = Some(at_stage.nanos.saturating_sub(received.nanos) / 1_000_000);
    }
    let candidates = [
        (at_stage, record.stage_timestamp.take()),
        (received, record.request_received_timestamp.take()),
        (record.timestamp.as_deref().and_then(time::parse), record.timestamp.take()),
        (
            record.metadata.as_ref().and_then(|meta| time::parse(meta.creation_timestamp.as_deref()?)),
            record.metadata.take().and_then(|meta| meta.creation_timestamp),
        ),
    ];
    for (parsed, raw) in candidates {
        if let Some(parsed) = parsed {
            event.time = Some(parsed.nanos);
            event.time_precision = parsed.precision;
            event.time_raw = raw;
            return;
        }
    }
}

fn read_outcome<'a>(event: &mut Event<'a>, record: &mut Record<'a>, code: Option<u16>) {
    let stage = record.stage.as_deref();
    let response = record.response_status.take().unwrap_or_default();
    event.status = match (code, response.status.as_deref()) {
        _ if stage == Some("Panic") => Status::Failure,
        // Before there is a response there is no outcome.
        _ if stage == Some("RequestReceived") => Status::Unknown,
        (Some(400..), _) | (None, Some("Failure")) => Status::Failure,
        (Some(1..), _) | (None, Some("Success")) => Status::Success,
        _ => Status::Unknown,
    };
    if stage == Some("Panic") {
        event.severity_id = 4;
    }
    if event.status == Status::Failure {
        event.error_code = response.reason.filter(|reason| !reason.is_empty()).or_else(|| response.code.clone());
        event.error_message = response.message.filter(|message| !message.is_empty());
    }
    event.status_code = response.code;
}

fn read_call<'a>(event: &mut Event<'a>, record: &mut Record<'a>, authority: &str) {
    let verb = record.verb.as_deref().unwrap_or_default();
    let reference = record.object_ref.as_ref();
    event.access = object::access(verb);
    event.activity_id = object::activity(verb);
    event.api = Api {
        service: object::service(reference),
        operation: object::operation(verb, reference, record.request_uri.as_deref()).map(Cow::Owned),
        request_id: record.audit_id.clone(),
    };
    match (reference, record.request_uri.as_deref()) {
        (Some(reference), _) => {
            let created = match reference.name.as_deref() {
                None | Some("") if verb == "create" => created_name(record),
                _ => None,
            };
            event.resources.push(object::resource(reference, created.as_deref(), authority));
        }
        (None, Some(request_uri)) => event.resources.push(object::url_resource(request_uri, authority)),
        (None, None) => {}
    }
    event.correlation_ids.extend(record.audit_id.clone());
    event.source_event_id = record.audit_id.take();
    event.user_agent = record.user_agent.take();
    event.src = source(std::mem::take(&mut record.source_ips));
}

/// The name of a new object, which the reference lacks while the server has yet to choose it.
fn created_name<'a>(record: &Record<'a>) -> Option<Text<'a>> {
    let name = |raw| record::object(raw)?.metadata?.name.filter(|name| !name.is_empty());
    name(record.response_object).or_else(|| name(record.request_object))
}

/// The first address is the client, as far as the proxies after it tell the truth.
fn source(addresses: Vec<Text<'_>>) -> Endpoint<'_> {
    let mut endpoint = Endpoint::default();
    let mut addresses = addresses.into_iter();
    match addresses.next() {
        Some(client) if client.parse::<std::net::IpAddr>().is_ok() => endpoint.ip = Some(client),
        client => endpoint.host = client,
    }
    let proxies: Vec<Text<'_>> = addresses.collect();
    if !proxies.is_empty() {
        endpoint.network = Some(Cow::Owned(format!("via {}", proxies.join(", "))));
    }
    endpoint
}

/// Returns the id of the credential that the server says it issued.
fn read_rights<'a>(
    event: &mut Event<'a>,
    record: &mut Record<'a>,
    code: Option<u16>,
    authority: &str,
) -> Option<Text<'a>> {
    let mut annotations = record.annotations.take().unwrap_or_default();
    event.quality.truncated = annotations.truncated == Some(true);
    if let Some(binding) = annotations.reason.as_deref().and_then(rights::binding_of) {
        event.grant_refs.push(binding.uri(authority));
        if binding.is_cluster_admin() {
            event.privileged = Some(true);
        }
    }
    event.decision = rights::decision(&mut annotations, code, event.error_message.as_deref());
    annotations.issued_credential_id
}

/// The caller stays the actor; whom it acts as is the subject. The server checked that it may, and
/// logs the impersonated user only then.
fn read_impersonation<'a>(event: &mut Event<'a>, record: &mut Record<'a>, authority: &str) {
    let Some(mut impersonated) = record.impersonated_user.take() else { return };
    let subject = user::identity(&mut impersonated, authority, false);
    event.subject = Some(subject.principal.uri);
    event.initiator = Some(event.actor.uri.clone());
    event.chain.push(Step {
        principal: event.actor.uri.clone(),
        step: StepKind::Impersonation,
        evidence_path: "/impersonatedUser",
        asserted_by: Cow::Borrowed("kube-apiserver"),
        verified: true,
    });
    if subject.privileged == Some(true) {
        event.privileged = Some(true);
    }
    let constraint = record.authentication_metadata.take().and_then(|metadata| metadata.impersonation_constraint);
    event.decision.policies.extend(constraint);
}

/// What the request does beyond its verb.
fn read_act<'a>(event: &mut Event<'a>, record: &Record<'a>, issued: Option<Text<'a>>, authority: &str) {
    let Some(reference) = &record.object_ref else { return };
    let verb = record.verb.as_deref().unwrap_or_default();
    let done = event.status == Status::Success;
    match object::act(reference, verb) {
        Act::Plain => {}
        Act::Review => event.access = Access::Read,
        Act::TokenReview => event.access = Access::Authenticate,
        Act::Secret => event.secret_access = secret(reference, record, event),
        Act::Execute => {
            event.access = Access::Execute;
            event.process = record.request_uri.as_deref().and_then(object::command).map(Cow::Owned);
        }
        Act::TokenRequest => read_token_request(event, record, reference, issued, authority),
        Act::Signing => read_signing(event, record, reference, authority, verb, done),
        Act::Role => {
            event.class_uid = 3008;
            // 1 Create, 2 Update, 3 Delete.
            event.activity_id = match event.access {
                Access::Create => 1,
                Access::Modify => 2,
                Access::Delete => 3,
                _ => 99,
            };
        }
        Act::Binding => read_binding(event, record, reference, authority, verb, done),
        Act::Workload => read_workload(event, record, reference, authority),
    }
    if reference.subresource.as_deref() == Some("eviction") {
        event.access = Access::Delete;
    }
}

fn secret<'a>(reference: &ObjectRef<'a>, record: &Record<'a>, event: &Event<'a>) -> SecretAccess<'a> {
    let stored = || record::object(record.response_object)?.metadata?.resource_version;
    SecretAccess {
        path: event.resources.first().and_then(|resource| resource.name.clone()),
        // The version of a list is none of a secret.
        version: reference.name.as_ref().and_then(|_| reference.resource_version.clone().or_else(stored)),
        lease_id: None,
    }
}

fn read_token_request<'a>(
    event: &mut Event<'a>,
    record: &Record<'a>,
    reference: &ObjectRef<'a>,
    issued: Option<Text<'a>>,
    authority: &str,
) {
    event.class_uid = 3002;
    event.activity_id = 3;
    event.access = Access::Issue;
    let Some(id) = issued else { return };
    let issued = token::issued_token(
        id,
        record::object(record.request_object),
        record::object(record.response_object),
        event.time,
        authority,
        event.credential.as_ref().map(|credential| credential.uri.as_str()),
    );
    if let (Some(namespace), Some(name)) = (reference.namespace.as_deref(), reference.name.as_deref()) {
        let holder = user::service_account_uri(authority, namespace, name);
        event.aliases.push(user::alias(&issued.uri, &holder, model::AliasRel::CredentialOf, "k8s:token-request"));
    }
    let objects = (record::object(record.request_object), record::object(record.response_object));
    let pod = token::bound_pod(objects.0, objects.1);
    if let (Some(pod), Some(namespace)) = (pod, reference.namespace.as_deref()) {
        let by_name =
            uri::build(uri::Class::Principal, PLATFORM, authority, "pod").name(namespace).id(&pod.name).finish();
        if let Some(uid) = &pod.uid {
            let by_uid = uri::principal(PLATFORM, authority, "pod", uid);
            event.aliases.push(user::alias(&by_uid, &by_name, model::AliasRel::SameAs, "k8s:bound-pod-name+uid"));
        }
        event.resources.push(object::pod(namespace, &pod.name, authority));
    }
    event.issued_credential = Some(issued);
}

fn read_signing<'a>(
    event: &mut Event<'a>,
    record: &Record<'a>,
    reference: &ObjectRef<'a>,
    authority: &str,
    verb: &str,
    done: bool,
) {
    let (request, response) = (record::object(record.request_object), record::object(record.response_object));
    event.access = match reference.subresource.as_deref() {
        Some("approval") => Access::Grant,
        Some("status") => Access::Issue,
        _ => event.access,
    };
    let grant =
        rights::signing(verb, reference, [request.as_ref(), response.as_ref()], authority, &event.actor.uri, done);
    if reference.subresource.as_deref() == Some("status") {
        event.class_uid = 3002;
        event.activity_id = 3;
        let signed = [&response, &request].into_iter().flatten().find(|object| {
            object.status.as_ref().is_some_and(|status| status.certificate.as_deref().is_some_and(|c| !c.is_empty()))
        });
        event.issued_credential = signed.filter(|_| done).and_then(|object| {
            let signer = object.spec.as_ref().and_then(|spec| spec.signer_name.clone());
            token::issued_certificate(object.status.as_ref()?.certificate.as_deref()?, signer, authority)
        });
        if let (Some(issued), Some(holder)) =
            (&event.issued_credential, grant.as_ref().and_then(|g| g.beneficiary.as_ref()))
        {
            event.aliases.push(user::alias(&issued.uri, holder, model::AliasRel::CredentialOf, "k8s:csr-signed"));
        }
    }
    event.grants.extend(grant);
}

fn read_binding<'a>(
    event: &mut Event<'a>,
    record: &Record<'a>,
    reference: &ObjectRef<'a>,
    authority: &str,
    verb: &str,
    done: bool,
) {
    event.class_uid = 3007;
    // 16 Assign Roles, 17 Remove Roles, 2 Update.
    event.activity_id = match event.access {
        Access::Create => 16,
        Access::Delete => 17,
        _ => 2,
    };
    event.access = Access::Grant;
    let objects = [record::object(record.request_object), record::object(record.response_object)];
    let actor = event.actor.uri.clone();
    let Some(change) = rights::binding_change(verb, reference, objects, authority, &actor, done) else { return };
    // What has only begun is told again when it is over.
    if event.status != Status::Unknown {
        event.grants = change.facts;
    }
    event.aliases.extend(change.alias);
    if change.cluster_admin {
        event.privileged = Some(true);
    }
}

fn read_workload<'a>(event: &mut Event<'a>, record: &Record<'a>, reference: &ObjectRef<'a>, authority: &str) {
    let asked = record::object(record.request_object);
    let stored = record::object(record.response_object);
    if asked.as_ref().or(stored.as_ref()).is_some_and(workload::is_privileged) {
        event.privileged = Some(true);
    }
    if reference.resource.as_deref() == Some("pods") {
        let alias = stored.as_ref().and_then(|pod| workload::runs_as(reference, pod, authority));
        event.aliases.extend(alias);
    }
}

/// What every complete record has.
fn note_missing(event: &mut Event<'_>) {
    let missing = &mut event.quality.missing;
    let checks = [
        ("source_event_id", event.source_event_id.is_none()),
        ("time", event.time.is_none()),
        ("actor_principal", event.actor.name.is_none() && event.actor.rule != "anonymous"),
        ("api_operation", event.api.operation.is_none()),
        ("src_ip", event.src.ip.is_none()),
    ];
    missing.extend(checks.into_iter().filter(|(_, absent)| *absent).map(|(column, _)| column));
}
