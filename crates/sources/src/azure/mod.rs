//! Azure Activity, and the resource logs of storage accounts and key vaults.
//!
//! Two shapes: elements of the `records[]` of diagnostic settings and objects of the REST API. The
//! principals are those of the Entra tenant and have the same URIs here as in its own records.

mod class;
mod grants;
mod identity;
mod origins;
mod record;

use std::borrow::Cow;

use model::{
    Api, CredentialChange, CredentialChangeKind, Decision, Effect, Event, Platform, Resource, ResourceRole, Status, uri,
};

use crate::entra::guid;
use crate::{Context, Module, Probe, Reject, RejectKind, fill, json, time};
use record::{Record, said, value_of};

/// The name of the platform inside URIs.
const NAME: &str = "azure";

pub(crate) static MODULE: Module =
    Module { platform: Platform::Azure, version: 2, recognise, normalise, origins: origins::ORIGINS };

/// Categories of the Activity log and of storage logs.
const CATEGORIES: [&str; 12] = [
    "Administrative",
    "Security",
    "ServiceHealth",
    "Alert",
    "Recommendation",
    "Policy",
    "Autoscale",
    "ResourceHealth",
    "StorageRead",
    "StorageWrite",
    "StorageDelete",
    "AuditEvent",
];

/// An operation with a time, on a resource of Azure Resource Manager or in a category of its own;
/// what belongs to the directory is Entra's.
fn recognise(probe: &Probe<'_>) -> bool {
    if !probe.contains("\"operationName\"") || !probe.has("operationName") || crate::entra::recognise(probe) {
        return false;
    }
    if probe.has("eventTimestamp") {
        return probe.has("authorization") || probe.has("claims") || probe.has("subscriptionId") || probe.has("caller");
    }
    let managed = || {
        probe.raw("resourceId").is_some_and(|id| {
            let id = id.to_ascii_lowercase();
            id.starts_with("\"/subscriptions/") || id.starts_with("\"/providers/")
        })
    };
    probe.has("time") && (probe.text("category").is_some_and(|c| CATEGORIES.contains(&c)) || managed())
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let record: Record<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let Some(operation) = value_of(record.operation) else {
        return Err(Reject::new(RejectKind::Shape, "operationName is missing; an Azure log record has one"));
    };
    let folded = operation.to_ascii_lowercase();
    let class = class::of(&folded);
    let known = identity::tenant(&record, context);
    let tenant = known.clone().unwrap_or_else(|| "unknown".to_owned());
    let actor = identity::actor(&record, &tenant);
    let mut event = Event::new(Platform::Azure, Cow::Owned(tenant.clone()), actor);
    event.tenant = known.map(Cow::Owned);
    event.class_uid = class.uid;
    event.activity_id = class.activity;
    event.access = class.access;
    event.privileged = class::privileged(&folded).then_some(true);
    outcome(&mut event, &record);
    event.severity_id = severity(said(&record.level).or_else(|| said(&record.upper_level)).as_deref());
    event.region = said(&record.location);
    event.credential = identity::credential(&record, &tenant);
    event.aliases = identity::aliases(&record, &event.actor, &tenant);
    event.workload = identity::workload(&record);
    decision(&mut event, &record, &tenant);
    event.resources = resources(&record, &tenant);
    secret(&mut event, &record, &folded, &tenant);
    if let Some(grant) = grants::grant(&record, &event, &folded, &tenant) {
        event.grant_refs.push(grant.uri.clone());
        event.grants.push(grant);
    }
    event.purpose.reason = event.grants.iter().find_map(|grant| grant.reason.clone());
    event.purpose.ticket = event.grants.iter().find_map(|grant| grant.ticket.clone());
    event.api = api(&record, operation, &folded);
    event.source_event_id = said(&record.event_data_id);
    event.duration_ms = record.duration_ms.filter(|ms| *ms > 0);
    when(&mut event, &record);
    place(&mut event, &record, &tenant);
    missing(&mut event);
    Ok(event)
}

/// The provider, or the storage service, that was asked.
fn api<'a>(record: &Record<'a>, operation: Cow<'a, str>, folded: &str) -> Api<'a> {
    let service = match folded.split_once('/') {
        Some((provider, _)) => provider.to_owned(),
        None => provider(record.resource_id.as_deref()).unwrap_or_else(|| "microsoft.storage".to_owned()),
    };
    Api { service: Some(Cow::Owned(service)), operation: Some(operation), request_id: said(&record.correlation_id) }
}

fn provider(resource: Option<&str>) -> Option<String> {
    let lower = resource?.to_ascii_lowercase();
    let (_, rest) = lower.rsplit_once("/providers/")?;
    rest.split('/').next().map(str::to_owned)
}

fn outcome<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    let properties = record.properties.as_ref();
    let http = properties.and_then(|p| p.http_status).or(record.status_code);
    let text = said(&record.result_type)
        .or_else(|| value_of(record.status))
        .or_else(|| record.status_code.map(|code| Cow::Owned(code.to_string())))
        .or_else(|| properties.and_then(|p| said(&p.response_kind)))
        .or_else(|| said(&record.result_signature));
    event.status = match (http, text.as_deref()) {
        // A key vault writes `Success` as the type of a request that it answered with 403.
        (Some(400..), _) => Status::Failure,
        (_, Some("Success" | "Succeeded" | "0" | "OK")) => Status::Success,
        (_, Some("Start" | "Started" | "Accept" | "Accepted" | "Active" | "InProgress" | "Resolved")) => Status::Other,
        (Some(200..=399), _) => Status::Success,
        (_, Some(_)) => Status::Failure,
        _ => Status::Unknown,
    };
    event.status_code = text;
    if event.status == Status::Failure {
        event.error_code = properties
            .and_then(|p| said(&p.status_code))
            .or_else(|| value_of(record.sub_status))
            .or_else(|| said(&record.status_text))
            .or_else(|| said(&record.result_signature))
            .or_else(|| event.status_code.clone());
        event.error_message =
            said(&record.result_description).or_else(|| properties.and_then(|p| said(&p.status_message)));
    }
}

fn severity(level: Option<&str>) -> u8 {
    match level {
        Some("Critical" | "1") => 5,
        Some("Error" | "2") => 4,
        Some("Warning" | "3") => 3,
        _ => 1,
    }
}

/// The role assignment that allowed it, and the one that was missing.
fn decision<'a>(event: &mut Event<'a>, record: &Record<'a>, tenant: &str) {
    let evidence = record.authorization().and_then(|authorization| authorization.evidence.as_ref());
    event.role = evidence.and_then(|evidence| said(&evidence.role));
    // A key vault says so beside its answer.
    let applied = || record.properties.as_ref().and_then(|properties| said(&properties.assignment));
    let assignment = evidence.and_then(|evidence| said(&evidence.assignment)).or_else(applied);
    let refused = ["AuthorizationFailed", "Forbidden", "LinkedAuthorizationFailed", "AuthorizationPermissionMismatch"];
    let denied = event.error_code.as_deref().is_some_and(|code| refused.contains(&code));
    let effect = match (&assignment, denied) {
        (_, true) => Effect::Deny,
        (Some(_), false) => Effect::Allow,
        (None, false) => return,
    };
    event
        .grant_refs
        .extend(assignment.as_ref().map(|id| uri::grant(NAME, tenant, "role-assignment", &identity::uuid_of(id))));
    event.decision = Decision {
        effect: Some(effect),
        pdp: Some(Cow::Borrowed("azure-rbac")),
        policies: event.role.clone().into_iter().collect(),
        rule: assignment,
        reason: event.error_code.clone().filter(|_| denied),
    };
}

/// The resource, and the object inside a storage account. Ids of Resource Manager are names, compared
/// without regard to case; names of blobs are not.
fn resources<'a>(record: &Record<'a>, tenant: &str) -> Vec<Resource<'a>> {
    let mut found = Vec::new();
    let properties = record.properties.as_ref();
    if let Some(key) = properties.and_then(|p| said(&p.object_key)) {
        found.push(Resource {
            uri: uri::resource(NAME, tenant, "blob", &key),
            kind: Cow::Borrowed("blob"),
            name: Some(key),
            role: ResourceRole::Target,
        });
    }
    if let Some((kind, id)) = vault_object(record) {
        let uri = uri::resource(NAME, tenant, kind, &id);
        found.push(Resource { uri, kind: Cow::Borrowed(kind), name: Some(id), role: ResourceRole::Target });
    }
    let scope = record.authorization().and_then(|authorization| said(&authorization.scope));
    if let Some(id) = said(&record.resource_id).or(scope) {
        found.push(Resource {
            uri: uri::resource(NAME, tenant, "arm", &id.to_ascii_lowercase()),
            kind: Cow::Owned(kind(&id)),
            name: Some(id),
            role: if found.is_empty() { ResourceRole::Target } else { ResourceRole::Related },
        });
    }
    found
}

/// The secret, key or certificate inside a key vault, by its URL without the version.
fn vault_object<'a>(record: &Record<'a>) -> Option<(&'static str, Cow<'a, str>)> {
    let id = said(&record.properties.as_ref()?.id).filter(|id| id.starts_with("https://"))?;
    let mut parts = id.splitn(6, '/');
    let (host, kind, name) = (parts.nth(2)?, parts.next()?, parts.next().filter(|name| !name.is_empty())?);
    let kind = match kind {
        "secrets" => "key-vault-secret",
        "keys" => "key-vault-key",
        "certificates" => "key-vault-certificate",
        _ => return None,
    };
    Some((kind, Cow::Owned(format!("{}/{name}", host.to_ascii_lowercase()))))
}

/// What became of a secret, key or certificate of a vault.
fn vault_change(folded: &str) -> Option<CredentialChangeKind> {
    let of_object = ["secret", "key", "certificate"].iter().find_map(|kind| folded.strip_prefix(kind))?;
    Some(match of_object {
        "rotate" | "rotateifdue" | "renew" => CredentialChangeKind::Rotated,
        // A vault keeps what was deleted, and gives it back, until it is purged.
        "delete" => CredentialChangeKind::Disabled,
        "recover" => CredentialChangeKind::Enabled,
        "purge" => CredentialChangeKind::Revoked,
        _ => return None,
    })
}

/// The type in an id: `/subscriptions/x/providers/Microsoft.KeyVault/vaults/v/secrets/s` is
/// `microsoft.keyvault/vaults/secrets`.
fn kind(id: &str) -> String {
    let lower = id.to_ascii_lowercase();
    let Some((_, rest)) = lower.rsplit_once("/providers/") else {
        return if lower.contains("/resourcegroups/") { "resource-group" } else { "subscription" }.to_owned();
    };
    let mut parts = rest.split('/');
    let provider = parts.next().unwrap_or_default();
    std::iter::once(provider).chain(parts.step_by(2)).collect::<Vec<_>>().join("/")
}

/// Secrets read, and keys replaced.
fn secret<'a>(event: &mut Event<'a>, record: &Record<'a>, folded: &str, tenant: &str) {
    if class::reads_secret(folded) {
        let id = record.properties.as_ref().and_then(|p| said(&p.id)).filter(|id| id.starts_with("https://"));
        event.secret_access.version = id.as_deref().and_then(version);
        event.secret_access.path = id.or_else(|| said(&record.resource_id));
    }
    if let (Some(change), Some((kind, id)), Status::Success) =
        (vault_change(folded), vault_object(record), event.status)
    {
        let uri = uri::build(uri::Class::Cred, NAME, tenant, kind).name(&id).finish();
        event.credential_changes.push(CredentialChange { change, uri, native_id: Some(id), holder: None });
    }
    if folded.contains("/regeneratekey/") && event.status == Status::Success {
        let Some(id) = said(&record.resource_id) else { return };
        event.credential_changes.push(CredentialChange {
            change: CredentialChangeKind::Rotated,
            uri: uri::build(uri::Class::Cred, NAME, tenant, "account-key").name(&id.to_ascii_lowercase()).finish(),
            native_id: Some(id),
            holder: None,
        });
    }
}

/// The version in `https://<vault>/secrets/<name>/<version>`.
fn version<'a>(id: &str) -> Option<Cow<'a, str>> {
    id.split('/').nth(5).filter(|part| !part.is_empty()).map(|part| Cow::Owned(part.to_owned()))
}

fn when<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    let text = said(&record.event_timestamp).or_else(|| said(&record.time));
    let parsed = text.as_deref().and_then(time::parse);
    fill::timed(event, parsed, text);
}

fn place<'a>(event: &mut Event<'a>, record: &Record<'a>, tenant: &str) {
    let claims = record.claims();
    let http = record.http.as_ref();
    let properties = record.properties.as_ref();
    let address = said(&record.caller_ip)
        .or_else(|| http.and_then(|http| said(&http.client_ip)))
        .or_else(|| claims.and_then(|claims| said(&claims.ip)));
    event.src = address.map(guid::endpoint).unwrap_or_default();
    event.user_agent = properties.and_then(|p| said(&p.user_agent).or_else(|| said(&p.client_info)));
    event.client_app = claims.and_then(|claims| said(&claims.app_id));
    event.session = claims
        .and_then(|claims| said(&claims.sid))
        .map(|id| uri::session(crate::entra::identity::NAME, tenant, "sid", &guid::lower(&id)));
    event.authn.mfa = claims.and_then(identity::mfa);
    event.authn.factors = claims
        .and_then(|claims| said(&claims.methods))
        .map(|methods| methods.split(',').map(|method| Cow::Owned(method.trim().to_owned())).collect())
        .unwrap_or_default();
    event.authn.method = record.identity.as_ref().and_then(|identity| said(&identity.kind));
    event.data_bytes_in = properties.and_then(|p| p.request_bytes);
    event.data_bytes_out = properties.and_then(|p| p.response_bytes);
    let ids = [
        said(&record.correlation_id),
        said(&record.operation_id),
        claims.and_then(|claims| said(&claims.uti)),
        properties.and_then(|p| said(&p.service_request_id)),
        properties.and_then(|p| said(&p.client_request_id)),
        http.and_then(|http| said(&http.client_request_id)),
    ];
    for id in ids.into_iter().flatten() {
        if !event.correlation_ids.contains(&id) {
            event.correlation_ids.push(id);
        }
    }
}

/// Columns that every complete record fills.
fn missing(event: &mut Event<'_>) {
    let holes = [
        (event.time.is_none(), "time"),
        (event.actor.name.is_none(), "actor_principal"),
        (event.status_code.is_none(), "status_id"),
        (event.resources.is_empty(), "resources"),
        (event.src.ip.is_none(), "src_ip"),
        (event.authority == "unknown", "authority"),
    ];
    fill::lacking(event, &holes);
}
