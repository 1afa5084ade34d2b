//! Google Workspace: activities of the Reports API (admin, sign-in, token, drive, groups, devices, rules, mail).
//!
//! [`record`] knows the shapes, [`act`] what events mean, [`actor`] who did it, [`facts`] what else they show.

use std::borrow::Cow;

use model::{Access, Decision, Effect, Event, Platform, Status};

use self::record::{Activity, Happening, Parameters, said};
use crate::params::Params;
use crate::{Context, Module, Probe, Reject, RejectKind, fill, json, time};

mod act;
mod actor;
mod facts;
mod origins;
mod record;

/// The platform part of canonical URIs.
const NAME: &str = "google-workspace";

pub(crate) static MODULE: Module =
    Module { platform: Platform::GoogleWorkspace, version: 1, recognise, normalise, origins: origins::ORIGINS };

/// The id of an activity is an object that names its application; beside it is who, or what.
fn recognise(probe: &Probe<'_>) -> bool {
    probe.contains("\"applicationName\"")
        && probe.raw("id").is_some_and(|id| id.starts_with('{') && id.contains("\"applicationName\""))
        && (probe.has("actor") || probe.text("kind") == Some("admin#reports#activity"))
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let not_json = |error: serde_json::Error| json::not_json(&error);
    let mut activity: Activity<'a> = serde_json::from_str(text).map_err(not_json)?;
    if activity.id.is_none() {
        return Err(Reject::new(RejectKind::Shape, "id is no object; an activity has one"));
    }
    if activity.events.is_empty() {
        activity.events.push(serde_json::from_str::<Happening<'a>>(text).map_err(not_json)?);
    }
    let parameters: Vec<Parameters<'a>> =
        activity.events.iter().map(|happening| Parameters::of(happening.parameters)).collect();
    // The one of several that the others follow from says so.
    let first = parameters.iter().position(|parameters| parameters.says("primary_event")).unwrap_or(0);
    let nothing = (Happening::default(), Parameters::default());
    let happening = activity.events.get(first).unwrap_or(&nothing.0);
    Ok(event(&activity, happening, parameters.get(first).unwrap_or(&nothing.1), context))
}

fn event<'a>(
    activity: &Activity<'a>,
    happening: &Happening<'a>,
    parameters: &Parameters<'a>,
    context: &Context<'_>,
) -> Event<'a> {
    let id = activity.id.as_ref();
    let application = id.and_then(|id| said(&id.application_name));
    let customer = id.and_then(|id| said(&id.customer_id));
    let authority = customer.clone().unwrap_or_else(|| Cow::Owned(context.authority.unwrap_or("unknown").to_owned()));
    let name = said(&happening.name).or_else(|| said(&happening.kind)).unwrap_or_default();
    let unproved = act::is_unproved(&name);
    let actor = actor::of(activity, parameters, &authority, unproved);
    let mut event = Event::new(Platform::GoogleWorkspace, authority, actor);
    let act = act::classify(application.as_deref().unwrap_or_default(), &name);
    (event.class_uid, event.activity_id, event.access) = (act.class_uid, act.activity_id, act.access);
    event.privileged = (application.as_deref() == Some("admin") && event.access != Access::Read
        || event.access == Access::Issue)
        .then_some(true);
    event.tenant = customer;
    event.source_event_id = id.and_then(|id| said(&id.unique_qualifier));
    event.api.operation = match (&application, name.is_empty()) {
        (Some(application), false) => Some(Cow::Owned(format!("{application}.{name}"))),
        (application, true) => application.clone(),
        (None, false) => Some(name.clone()),
    };
    event.api.service = application;
    when(&mut event, activity);
    place(&mut event, activity, parameters);
    outcome(&mut event, parameters, &name);
    actor::aliases(&mut event, activity, unproved);
    actor::application(&mut event, activity);
    facts::resources(&mut event, parameters);
    facts::credentials(&mut event, parameters, &name);
    facts::grants(&mut event, parameters, &name);
    facts::changes(&mut event, parameters);
    facts::device(&mut event, parameters);
    event.authn.method = parameters.text("login_type");
    event.authn.factors = parameters.texts("login_challenge_method");
    event.severity_id = severity(parameters, &event);
    missing(&mut event, activity);
    event
}

fn when<'a>(event: &mut Event<'a>, activity: &Activity<'a>) {
    let text = activity.id.as_ref().and_then(|id| said(&id.time));
    let parsed = text.as_deref().and_then(time::parse);
    fill::timed(event, parsed, text);
}

/// The address of the activity; of mail, the one that delivered it.
fn place<'a>(event: &mut Event<'a>, activity: &Activity<'a>, parameters: &Parameters<'a>) {
    let message = Params::of(parameters.raw("message_info"));
    event.src.ip = said(&activity.ip_address).or_else(|| message.object("connection_info").text("client_ip"));
    if let Some(network) = &activity.network_info {
        event.src.network = network.ip_asn.first().cloned();
        event.src.country = said(&network.region_code);
    }
    event.user_agent = parameters.text("user_agent");
    event.data_bytes_in = message.text("payload_size").and_then(|size| size.parse().ok());
}

/// An activity is what was done; a few events say that it was not.
fn outcome<'a>(event: &mut Event<'a>, parameters: &Parameters<'a>, name: &str) {
    let folded = name.to_ascii_lowercase();
    let undelivered = || Params::of(parameters.raw("event_info")).text("success").as_deref() == Some("false");
    let denied = folded.starts_with("access_deny");
    let failed = denied
        || ["failure", "failed", "blocked", "rejected", "denied"].iter().any(|word| folded.contains(word))
        || undelivered();
    event.status = if failed { Status::Failure } else { Status::Success };
    event.error_code = parameters.first(&["login_failure_type", "error_code"]).filter(|_| failed);
    event.status_code.clone_from(&event.error_code);
    if denied {
        event.decision = Decision {
            effect: Some(Effect::Deny),
            pdp: Some(Cow::Borrowed("context-aware-access")),
            policies: parameters.texts("CAA_ACCESS_LEVEL_UNSATISFIED"),
            ..Decision::default()
        };
    }
}

/// What a rule or a warning says; a suspicious sign-in is at least medium.
fn severity(parameters: &Parameters<'_>, event: &Event<'_>) -> u8 {
    match parameters.text("severity").as_deref() {
        Some("HIGH") => 4,
        Some("MEDIUM") => 3,
        Some("LOW") => 2,
        _ if event.class_uid == 2004 || parameters.says("is_suspicious") => 3,
        _ => 1,
    }
}

/// Columns that every complete record fills.
fn missing(event: &mut Event<'_>, activity: &Activity<'_>) {
    let holes = [
        (event.time.is_none(), "time"),
        (event.source_event_id.is_none(), "source_event_id"),
        (event.actor.name.is_none(), "actor_principal"),
        (event.api.operation == event.api.service, "api_operation"),
        (event.src.ip.is_none(), "src_ip"),
        (activity.id.as_ref().and_then(|id| said(&id.customer_id)).is_none(), "authority"),
    ];
    fill::lacking(event, &holes);
}
