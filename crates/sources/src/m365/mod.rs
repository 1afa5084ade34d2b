//! Microsoft 365: records of the unified audit log (Entra, Exchange, SharePoint, Teams, Copilot and all other
//! workloads), and items of an eDiscovery export.
//!
//! [`record`] knows the shape, [`act`] what operations mean, [`actor`] who did it, [`facts`] what else they show.

use std::borrow::Cow;

use model::{Credential, Event, Platform, Status, uri};

use self::record::{Record, property, said};
use crate::entra::guid;
use crate::entra::identity as directory;
use crate::{Context, Module, Probe, Reject, RejectKind, fill, json, time};

mod act;
mod actor;
mod ediscovery;
mod facts;
mod origins;
mod record;

/// The platform part of canonical URIs.
const NAME: &str = "m365";

/// Bytes of a line that show whether it may be an item of an export.
const HEAD_BYTES: usize = 512;

pub(crate) static MODULE: Module =
    Module { platform: Platform::M365, version: 1, recognise, normalise, origins: origins::ORIGINS };

/// The keys that the common schema demands, as the platform writes them or in lower case; or a line of an export.
fn recognise(probe: &Probe<'_>) -> bool {
    let all = |keys: &[&str]| keys.iter().all(|key| probe.has(key));
    probe.contains("\"RecordType\"") && all(&["RecordType", "Operation"]) && is_whole(probe, ["CreationTime", "UserId"])
        || probe.contains("\"recordtype\"")
            && all(&["recordtype", "operation"])
            && is_whole(probe, ["creationtime", "userid"])
        || ediscovery::is_item(probe.head(HEAD_BYTES), || Some(probe.head(usize::MAX).to_owned()))
}

fn is_whole(probe: &Probe<'_>, keys: [&str; 2]) -> bool {
    keys.iter().any(|key| probe.has(key))
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    if !text.trim_start().starts_with('{') {
        return ediscovery::event(text, context);
    }
    let record: Record<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let Some(operation) = said(&record.operation) else {
        return Err(Reject::new(RejectKind::Shape, "Operation is missing; every record of the audit log has one"));
    };
    Ok(event(&record, operation, context))
}

/// Whether a record is of a sign-in.
fn is_sign_in(record: &Record<'_>) -> bool {
    matches!(record.operation.as_deref(), Some("UserLoggedIn" | "UserLoginFailed"))
}

fn event<'a>(record: &Record<'a>, operation: Cow<'a, str>, context: &Context<'_>) -> Event<'a> {
    let known = said(&record.organization_id).map(|id| guid::lower(&id).into_owned());
    let tenant = known.clone().or_else(|| context.authority.map(str::to_owned)).unwrap_or_else(|| "unknown".to_owned());
    // Names of directory operations end with a full stop or a space, or not.
    let operation = match operation {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_end_matches(['.', ' '])),
        Cow::Owned(text) => Cow::Owned(text.trim_end_matches(['.', ' ']).to_owned()),
    };
    let status = outcome(record, &operation);
    let proved = !(is_sign_in(record) && status == Status::Failure);
    let mut event = Event::new(Platform::M365, Cow::Owned(tenant.clone()), actor::of(record, &tenant, proved));
    let act = act::classify(record, &operation);
    (event.class_uid, event.activity_id, event.access) = (act.class_uid, act.activity_id, act.access);
    event.tenant = known.map(Cow::Owned);
    event.status = status;
    event.status_code = said(&record.result_status);
    event.error_code = said(&record.logon_error).or_else(|| said(&record.error_number).filter(|code| code != "0"));
    event.party = actor::party(record, &event.actor);
    event.source_event_id = said(&record.id);
    event.severity_id = severity(record, act.class_uid);
    event.privileged = (matches!(event.access, model::Access::Grant | model::Access::Issue)
        || matches!(record.user_type.as_deref(), Some("2" | "3" | "Admin" | "DcAdmin"))
        || event.class_uid == 1008)
        .then_some(true);
    event.api.service = said(&record.workload);
    event.api.request_id = said(&record.correlation_id).or_else(|| said(&record.intra_system_id));
    if proved {
        event.aliases = actor::aliases(record, &tenant, &event.actor);
    }
    when(&mut event, record);
    place(&mut event, record);
    token(&mut event, record, &tenant);
    facts::resources(&mut event, record);
    facts::credentials(&mut event, record);
    facts::grants(&mut event, record, &operation);
    facts::changes(&mut event, record);
    facts::copilot(&mut event, record);
    event.api.operation = Some(operation);
    missing(&mut event);
    event
}

/// What the record says of the result; a sign-in that failed may call the logging of it a success.
fn outcome(record: &Record<'_>, operation: &str) -> Status {
    if operation.ends_with("Failed") || operation.contains("Denied") || said(&record.logon_error).is_some() {
        return Status::Failure;
    }
    match record.result_status.as_deref() {
        Some("Failed" | "Failure" | "False" | "failed" | "failure" | "false" | "Error") => Status::Failure,
        Some("PartiallySucceeded") => Status::Other,
        // Most services log only what was done, and say no result.
        _ => Status::Success,
    }
}

fn severity(record: &Record<'_>, class: u32) -> u8 {
    match record.severity.as_deref() {
        Some("High") => 4,
        Some("Medium") => 3,
        Some("Low") => 2,
        _ if class == 2004 => 3,
        _ => 1,
    }
}

/// Times have no zone and are UTC.
fn when<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    let raw = said(&record.creation_time);
    fill::timed(event, raw.as_deref().and_then(time::parse), raw);
}

fn place<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    if let Some(address) = said(&record.client_ip).or_else(|| said(&record.actor_ip)) {
        event.src = guid::endpoint(address);
        // Version 4 in the form of version 6 is the same address.
        if let Some(plain) = event.src.ip.as_deref().and_then(|ip| ip.strip_prefix("::ffff:")) {
            event.src.ip = Some(Cow::Owned(plain.to_owned()));
        }
    }
    event.region = said(&record.client_region);
    event.user_agent = said(&record.user_agent).or_else(|| property(&record.extended_properties, "UserAgent"));
    event.client_app = record
        .app_access_context
        .as_ref()
        .and_then(|token| said(&token.client_app_name))
        .or_else(|| actor::app_id(record));
    event.device.id = record.app_access_context.as_ref().and_then(|token| said(&token.device_id));
    event.device.id = event.device.id.take().or_else(|| property(&record.device_properties, "Id"));
    event.device.name = property(&record.device_properties, "DisplayName");
    event.device.os = property(&record.device_properties, "OS");
    event.authn.method = property(&record.extended_properties, "UserAuthenticationMethod");
    event.authn.protocol = property(&record.extended_properties, "RequestType");
}

/// The token of the call: the one that Entra's sign-ins show being issued.
fn token<'a>(event: &mut Event<'a>, record: &Record<'a>, tenant: &str) {
    let token = record.app_access_context.as_ref();
    let session = token
        .and_then(|token| said(&token.session_id))
        .or_else(|| said(&record.session_id))
        .or_else(|| property(&record.device_properties, "SessionId"));
    event.session = session.map(|id| uri::session(directory::NAME, tenant, "sid", &guid::lower(&id)));
    if let Some(id) = token.and_then(|token| said(&token.unique_token_id)) {
        event.credential = Some(Credential {
            uri: uri::cred(directory::NAME, tenant, "uti", &id),
            kind: Cow::Borrowed("uti"),
            native_id: Some(id),
            not_before: token
                .and_then(|token| said(&token.issued_at_time))
                .and_then(|text| time::parse(&text))
                .map(|parsed| parsed.nanos)
                // The beginning of our era stands for no time.
                .filter(|nanos| *nanos > 0),
            ..Credential::default()
        });
    }
    let ids = [
        token.and_then(|token| said(&token.correlation_id)),
        said(&record.correlation_id),
        said(&record.intra_system_id),
        said(&record.inter_systems_id),
        token.and_then(|token| said(&token.unique_token_id)),
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
        (event.source_event_id.is_none(), "source_event_id"),
        (event.actor.name.is_none(), "actor_principal"),
        (event.src.ip.is_none(), "src_ip"),
        (event.resources.is_empty(), "resources"),
        (event.authority == "unknown", "authority"),
    ];
    fill::lacking(event, &holes);
}
