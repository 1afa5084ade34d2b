//! Okta System Log: what an org's users, clients and administrators did.
//!
//! A record does not name its own org, so the authority comes from the source's setting, or from an
//! absolute URL of the org inside the record; ids are never merged across orgs that are not known.

mod class;
mod facts;
mod identity;
mod record;
mod shape;

use std::borrow::Cow;

use model::{Authn, Decision, Effect, Event, Platform, Status, uri};

use crate::{Context, Module, Probe, Reject, RejectKind, fill, json, time};
use facts::Scene;
use identity::{NAME, Proof};
use record::{Record, said};

pub(crate) static MODULE: Module =
    Module { platform: Platform::Okta, version: 2, recognise, normalise, origins: shape::ORIGINS };

/// An event type with one of the objects that only this platform writes beside it.
fn recognise(probe: &Probe<'_>) -> bool {
    let keyed = |names: [&str; 2]| names.iter().any(|name| probe.has(name));
    (probe.contains("\"eventType\"") || probe.contains("\"eventtype\""))
        && keyed(["eventType", "eventtype"])
        && (keyed(["legacyEventType", "legacyeventtype"])
            || keyed(["displayMessage", "displaymessage"])
            || keyed(["authenticationContext", "authenticationcontext"])
            || (probe.has("published") && probe.has("actor")))
        && !probe.has("eventSource")
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let record: Record<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let Some(event_type) = record.event_type.clone() else {
        return Err(Reject::new(RejectKind::Shape, "eventType is missing; a System Log record has one"));
    };
    let class = class::of(&event_type);
    let status = status(record.outcome.as_ref().and_then(|o| o.result.as_deref()));
    let org = identity::authority(&record, context);
    let authority = org.clone().unwrap_or(Cow::Borrowed("unknown"));
    let credential = facts::credential_used(&record, &authority);
    let session = shape::session_id(&record);
    let proof = Proof {
        unproved: class.uid == 3002 && class.activity == 1 && status == Status::Failure,
        api_token: credential.is_some(),
        session: session.is_some(),
    };
    let actor = identity::actor(record.actor.as_ref(), &authority, proof);

    let scene = Scene { record: &record, event_type: &event_type, authority: &authority, actor: &actor.uri, status };
    let issued = facts::credential_issued(&scene, credential.as_ref());
    let (subject, chain) = facts::delegation(&scene);
    let resources = facts::resources(&scene);
    let grants = facts::grants(&scene);
    let credential_changes = facts::credential_changes(&scene);
    let changes = facts::changes(&scene);

    let mut event = Event::new(Platform::Okta, authority.clone(), actor);
    event.class_uid = class.uid;
    event.activity_id = class.activity;
    event.access = class.access;
    event.status = status;
    event.tenant = org;
    event.privileged = class::privileged(&event_type).then_some(true);
    event.session = session.map(|id| uri::session(NAME, &authority, "session", &id));
    event.initiator = chain.first().map(|step| step.principal.clone());
    event.subject = subject;
    event.chain = chain;
    event.grant_refs = grants.iter().map(|grant| grant.uri.clone()).collect();
    event.grants = grants;
    event.aliases = record.actor.iter().chain(&record.target).filter_map(|e| identity::alias(e, &authority)).collect();
    event.aliases.dedup();
    event.credential = credential;
    event.issued_credential = issued;
    event.credential_changes = credential_changes;
    event.resources = resources;
    event.changes = changes;
    event.agent.uid = record.actor.as_ref().and_then(|actor| said(&actor.id)).filter(|id| id.starts_with("wlp"));
    event.party = record.actor.as_ref().and_then(|actor| shape::party(actor.kind.as_deref()?));
    event.severity_id = shape::severity(record.severity.as_deref());
    event.authn = authn(&record, &event_type);
    event.decision = decision(&record, &event_type, status);
    outcome(&mut event, &record);
    when(&mut event, &record);
    shape::place(&mut event, &record);
    event.api.service = Some(Cow::Borrowed(NAME));
    event.api.operation = Some(event_type);
    event.source_event_id = said(&record.uuid);
    shape::missing(&mut event);
    Ok(event)
}

fn status(result: Option<&str>) -> Status {
    match result {
        Some("SUCCESS" | "ALLOW") => Status::Success,
        Some("FAILURE" | "DENY" | "RATE_LIMIT") => Status::Failure,
        Some("CHALLENGE" | "SKIPPED" | "ABANDONED" | "DEFERRED") => Status::Other,
        _ => Status::Unknown,
    }
}

fn outcome<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    let Some(outcome) = &record.outcome else { return };
    event.status_code = outcome.result.clone();
    if event.status == Status::Failure {
        let reason = said(&outcome.reason);
        // A reason is either a code of the platform or a sentence.
        let code =
            |text: &Cow<'_, str>| text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        event.error_code = reason.clone().filter(code).or_else(|| outcome.result.clone());
        event.error_message = reason;
    }
}

fn when<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    let parsed = record.published.as_deref().and_then(time::parse);
    fill::timed(event, parsed, record.published.clone());
}

fn authn<'a>(record: &Record<'a>, event_type: &str) -> Authn<'a> {
    let data = identity::debug(record);
    let context = record.authentication.as_ref();
    let detail = |pick: for<'x> fn(&'x record::Detail<'a>) -> &'x Option<Cow<'a, str>>| {
        record.target.iter().find_map(|target| said(pick(target.detail.as_ref()?)))
    };
    let protocol = match detail(|d| &d.sign_on_mode).as_deref() {
        Some("SAML_2_0" | "SAML_1_1") => Some(Cow::Borrowed("saml")),
        Some("OPENID_CONNECT") => Some(Cow::Borrowed("oidc")),
        Some(other) => Some(Cow::Owned(other.to_ascii_lowercase())),
        None if event_type.starts_with("app.oauth2.") => Some(Cow::Borrowed("oauth2")),
        None => None,
    };
    let method = data
        .and_then(|d| said(&d.grant_type))
        .or_else(|| context.and_then(|c| said(&c.credential_type)))
        .or_else(|| context.and_then(|c| said(&c.provider)));
    let factors: Vec<_> = [
        detail(|d| &d.method_used),
        data.and_then(|d| said(&d.factor)),
        data.and_then(|d| said(&d.client_auth)),
        context.and_then(|c| said(&c.credential_provider)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let mfa = (event_type == "user.authentication.auth_via_mfa").then_some(true);
    Authn { protocol, method, mfa, factors }
}

/// What the sign-on policy, or the platform itself, decided.
fn decision<'a>(record: &Record<'a>, event_type: &str, status: Status) -> Decision<'a> {
    let result = record.outcome.as_ref().and_then(|outcome| outcome.result.as_deref());
    let evaluated = event_type.starts_with("policy.evaluate_sign_on");
    let effect = match result {
        Some("ALLOW") => Effect::Allow,
        Some("DENY") => Effect::Deny,
        Some("CHALLENGE" | "SKIPPED") => Effect::Observed,
        _ if evaluated && status == Status::Success => Effect::Allow,
        _ if evaluated && status == Status::Failure => Effect::Deny,
        _ => return Decision::default(),
    };
    let named = |kinds: &[&str]| -> Vec<Cow<'a, str>> {
        record
            .target
            .iter()
            .filter(|target| kinds.iter().any(|kind| target.kind.as_deref() == Some(kind)))
            .filter_map(|target| said(&target.display_name).or_else(|| said(&target.id)))
            .collect()
    };
    Decision {
        effect: Some(effect),
        pdp: Some(Cow::Borrowed(NAME)),
        policies: named(&["PolicyEntity", "Policy"]),
        rule: named(&["Rule", "PolicyRule"]).into_iter().next(),
        reason: record.outcome.as_ref().and_then(|outcome| said(&outcome.reason)),
    }
}
