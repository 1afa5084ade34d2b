//! Microsoft Entra: sign-ins, directory audits and Microsoft Graph activity.
//!
//! Three shapes of the same records: elements of the `records[]` of diagnostic settings, objects of
//! the Graph API, and rows of Log Analytics tables. Ids of the directory are compared without
//! regard to case, so URIs hold them in lower case; token identifiers keep theirs.

mod activity;
mod audit;
mod class;
pub(crate) mod guid;
pub(crate) mod identity;
mod inventory;
mod origins;
mod record;
mod sign_in;

use std::borrow::Cow;

use model::{Event, Platform, TimePrecision};

use crate::{Context, Module, Probe, Reject, RejectKind, fill, json, time};
use record::{Envelope, Properties, said};

pub(crate) static MODULE: Module =
    Module { platform: Platform::Entra, version: 3, recognise, normalise, origins: origins::ORIGINS };

/// Categories of diagnostic settings that no other log has.
const CATEGORIES: [&str; 7] = [
    "SignInLogs",
    "NonInteractiveUserSignInLogs",
    "ServicePrincipalSignInLogs",
    "ManagedIdentitySignInLogs",
    "MicrosoftServicePrincipalSignInLogs",
    "ADFSSignInLogs",
    "MicrosoftGraphActivityLogs",
];

/// The directory's resource provider or a category of its own, around `properties`; or the fields
/// that only these objects of the Graph API have together.
pub(crate) fn recognise(probe: &Probe<'_>) -> bool {
    if probe.has("properties") {
        let provider = probe.raw("resourceId").is_some_and(|id| id.to_ascii_lowercase().contains("/microsoft.aadiam"));
        return provider
            || probe.text("category").is_some_and(|category| CATEGORIES.contains(&category))
            || (probe.text("category") == Some("AuditLogs") && probe.contains("\"activityDisplayName\""));
    }
    let all = |keys: &[&str]| keys.iter().all(|key| probe.has(key));
    all(&["activityDisplayName", "activityDateTime"])
        || all(&["ActivityDisplayName", "LoggedByService"])
        || (all(&["createdDateTime", "appId"]) && (probe.has("userPrincipalName") || probe.has("servicePrincipalId")))
        || (all(&["CreatedDateTime", "AppId"]) && (probe.has("UserPrincipalName") || probe.has("ServicePrincipalId")))
        || all(&["SignInActivityId", "RequestUri"])
        || all(&["signInActivityId", "requestUri"])
        || inventory::recognise(probe)
}

/// Class, activity and access of an activity by its display name, as other logs of Microsoft write it, too.
pub(crate) fn act_of(activity: &str) -> (u32, u8, model::Access) {
    let folded = activity.to_ascii_lowercase();
    let category = match () {
        () if folded.contains("group") => "GroupManagement",
        () if folded.contains("user") => "UserManagement",
        () => "",
    };
    let class = class::of(activity, category, "");
    (class.uid, class.activity, class.access)
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let mut envelope: Envelope<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let properties = match envelope.properties.take() {
        Some(properties) => properties,
        None => serde_json::from_str::<Properties<'a>>(text).map_err(|error| json::not_json(&error))?,
    };
    if envelope.operation.is_none()
        && envelope.category.is_none()
        && let Some(listed) = inventory::read(text, context)
    {
        return listed;
    }
    let tenant = identity::tenant(&envelope, &properties, context).unwrap_or_else(|| "unknown".to_owned());
    let mut event = if properties.uri.is_some() || properties.sign_in_activity.is_some() {
        activity::read(&envelope, &properties, tenant)
    } else if properties.activity.is_some() || properties.initiated_by.is_some() {
        audit::read(&envelope, &properties, tenant)
    } else if is_sign_in(&envelope, &properties) {
        sign_in::read(&envelope, &properties, tenant)
    } else if envelope.operation.is_some() {
        audit::read(&envelope, &properties, tenant)
    } else {
        return Err(Reject::new(RejectKind::Shape, "neither a sign-in nor an audit nor a Graph activity"));
    };
    event.tenant = Some(event.authority.clone()).filter(|tenant| tenant != "unknown");
    event.api.service.get_or_insert(Cow::Borrowed(identity::NAME));
    event.duration_ms = properties.duration_ms.or(envelope.duration_ms).filter(|ms| *ms > 0);
    when(&mut event, &envelope, &properties);
    source(&mut event, &envelope, &properties);
    missing(&mut event);
    Ok(event)
}

fn is_sign_in(envelope: &Envelope<'_>, properties: &Properties<'_>) -> bool {
    envelope.category.as_deref().is_some_and(|category| category.ends_with("SignInLogs"))
        || properties.created.is_some()
        || properties.status.is_some()
}

/// The time of the act itself, else the time of the envelope.
fn when<'a>(event: &mut Event<'a>, envelope: &Envelope<'a>, properties: &Properties<'a>) {
    let texts = [&properties.created, &properties.activity_time, &envelope.time, &properties.time];
    let found = texts.into_iter().filter_map(said).find_map(|text| Some((time::parse(&text)?, text)));
    event.time_precision = found.as_ref().map_or(TimePrecision::Second, |(parsed, _)| parsed.precision);
    event.time = found.as_ref().map(|(parsed, _)| parsed.nanos);
    event.time_raw = found.map(|(_, text)| text).or_else(|| texts.into_iter().find_map(said));
}

/// The address, which may stand in five places and may carry a port.
fn source<'a>(event: &mut Event<'a>, envelope: &Envelope<'a>, properties: &Properties<'a>) {
    let initiator = properties.initiated_by.as_ref().and_then(|i| said(&i.user.as_ref()?.ip));
    let detail = || {
        let found = properties.additional.iter().find(|d| d.key.as_deref() == Some("ipaddr"));
        found.and_then(|detail| said(&detail.value))
    };
    let address = said(&properties.ip)
        .or(initiator)
        .or_else(|| said(&envelope.caller_ip))
        .or_else(|| said(&envelope.ip))
        .or_else(detail);
    let Some(address) = address else { return };
    let found = guid::endpoint(address);
    event.src.ip = found.ip;
    event.src.port = found.port;
}

/// Columns that every complete record fills.
fn missing(event: &mut Event<'_>) {
    let holes = [
        (event.time.is_none(), "time"),
        (event.source_event_id.is_none(), "source_event_id"),
        (event.actor.name.is_none(), "actor_principal"),
        (event.status_code.is_none(), "status_id"),
        (event.src.ip.is_none(), "src_ip"),
        (event.authority == "unknown", "authority"),
    ];
    fill::lacking(event, &holes);
}
