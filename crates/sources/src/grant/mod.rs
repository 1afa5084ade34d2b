//! Grants of ticket systems and of anything else without a module of its own, in one plain JSON form.
//!
//! A record is one step in the life of one grant, or all that is known of it. The form is ours, so that
//! a ticket system needs a small export and no module here: `docs/sources/grant.md`.

mod origins;
mod record;

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    Access, ActorKind, Event, GrantFact, GrantPhase, Human, Platform, Principal, Resource, ResourceRole, Status,
};

use self::record::{Record, Text, said};
use crate::{Context, Module, Probe, Reject, RejectKind, fill, json, time};

/// The platform part of URIs.
const NAME: &str = "grant";

/// What the key `format` of every record says; another number is another form.
const FORMAT: &str = "deedbook/grant/1";

/// Most beneficiaries and resources that are read off one record.
const LISTED_MAX: usize = 256;

pub(crate) static MODULE: Module =
    Module { platform: Platform::Grant, version: 1, recognise, normalise, origins: origins::ORIGINS };

fn recognise(probe: &Probe<'_>) -> bool {
    probe.contains("\"deedbook/grant/") && probe.text("format").is_some_and(|form| form.starts_with("deedbook/grant/"))
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let record: Record<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let shape = |detail: String| Err(Reject::new(RejectKind::Shape, detail));
    match record.format.as_deref() {
        Some(FORMAT) => {}
        other => return shape(format!("format is {:?}, known is {FORMAT:?}", other.unwrap_or_default())),
    }
    let Some(id) = said(&record.id) else { return shape("id is missing; it names the grant in every record".into()) };
    let step = record.step.as_deref().unwrap_or_default();
    let Some(phase) = GrantPhase::parse(step).filter(|phase| *phase != GrantPhase::Use) else {
        let known = "request, approve, deny, activate, extend, revoke, expire, bypass";
        return shape(format!("step is {step:?}, known are {known}"));
    };
    let system = said(&record.system).or_else(|| context.authority.map(|authority| Cow::Owned(authority.to_owned())));
    let system = system.unwrap_or(Cow::Borrowed("unknown"));
    let mut event = Event::new(Platform::Grant, system.clone(), actor(&record, &system));
    event.tenant = said(&record.system);
    (event.class_uid, event.activity_id, event.access) = (3003, 1, Access::Grant);
    event.status = Status::Success;
    event.source_event_id = said(&record.record_id);
    let parsed = record.time.as_deref().and_then(time::parse);
    fill::timed(&mut event, parsed, said(&record.time));
    event.api.service = Some(Cow::Borrowed(NAME));
    event.api.operation = Some(Cow::Owned(format!("grant.{phase}")));
    event.purpose.reason = said(&record.reason);
    event.purpose.ticket = said(&record.ticket);
    let uri = uri::grant(NAME, &system, "request", &id);
    event.resources.push(Resource {
        uri: uri::build(Class::Resource, NAME, &system, "request").id(&id).finish(),
        kind: Cow::Borrowed("request"),
        name: Some(id),
        role: ResourceRole::Target,
    });
    event.grant_refs.push(uri.clone());
    event.grants = facts(&record, uri, phase, &system, &event.actor.uri);
    missing(&mut event);
    Ok(event)
}

/// A principal as the ticket system names it: by a canonical URI, which other platforms' records carry,
/// or by a name of its own.
fn principal(name: &str, system: &str) -> String {
    if name.starts_with("nhi:principal:") { name.to_owned() } else { uri::principal_named(NAME, system, "user", name) }
}

/// Who took the step; the system itself if the record names nobody.
fn actor<'a>(record: &Record<'a>, system: &str) -> Principal<'a> {
    match said(&record.by) {
        Some(name) => {
            let uri = principal(&name, system);
            Principal { uri, kind: ActorKind::Unknown, name: Some(name), is_human: Human::Unknown, rule: "default" }
        }
        None => Principal {
            uri: uri::principal(NAME, system, "system", system),
            kind: ActorKind::PlatformService,
            name: None,
            is_human: Human::Nonhuman,
            rule: "R1:grant-system",
        },
    }
}

/// A fact for each beneficiary and for each resource, side by side: all of them are of one grant.
fn facts<'a>(record: &Record<'a>, uri: String, phase: GrantPhase, system: &str, by: &str) -> Vec<GrantFact<'a>> {
    let nanos = |text: &Text<'a>| time::parse(&said(text)?).map(|parsed| parsed.nanos);
    let decided = matches!(phase, GrantPhase::Approve | GrantPhase::Deny)
        || phase == GrantPhase::Bypass && said(&record.by).is_some();
    let policy = record.policy.as_ref();
    let fact = GrantFact {
        requester: said(&record.requester).map(|name| principal(&name, system)),
        approver: decided.then(|| by.to_owned()),
        target: said(&record.target),
        reason: said(&record.reason),
        ticket: said(&record.ticket),
        not_before: nanos(&record.not_before),
        not_after: nanos(&record.not_after),
        duration_s: record.duration_s.and_then(|seconds| u64::try_from(seconds).ok()),
        policy: policy.and_then(|policy| said(&policy.id)),
        policy_version: policy.and_then(|policy| said(&policy.version)),
        approvals_min: policy.and_then(|policy| u32::try_from(policy.approvals_min?).ok()),
        ..GrantFact::new(uri, phase)
    };
    let listed = record.beneficiaries.len().max(record.resources.len()).clamp(1, LISTED_MAX);
    let one = |at: usize| GrantFact {
        beneficiary: record.beneficiaries.get(at).map(|name| principal(name, system)),
        resource: record.resources.get(at).cloned(),
        ..fact.clone()
    };
    (0..listed).map(one).collect()
}

/// Columns that every complete record fills.
fn missing(event: &mut Event<'_>) {
    let holes = [
        (event.time.is_none(), "time"),
        (event.source_event_id.is_none(), "source_event_id"),
        (event.authority == "unknown", "authority"),
    ];
    fill::lacking(event, &holes);
}
