//! Ping Identity: audit activities of PingOne, as its API lists them and its webhooks deliver them.

mod origins;
mod record;

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    Access, ActorKind, Decision, Effect, Event, GrantFact, GrantPhase, Human, Platform, Principal, Resource,
    ResourceRole, Status,
};

use crate::field::{Text, first, said};
use crate::fill::{self, Act, act};
use crate::{Context, Module, Probe, Reject, RejectKind, json};
use record::{Named, Record};

/// The platform part of canonical URIs.
const NAME: &str = "ping";

pub(crate) static MODULE: Module =
    Module { platform: Platform::Ping, version: 1, recognise, normalise, origins: origins::ORIGINS };

fn recognise(probe: &Probe<'_>) -> bool {
    probe.contains("\"recordedAt\"")
        && ["recordedAt", "actors", "action", "resources"].iter().all(|key| probe.has(key))
        && probe.raw("action").is_some_and(|raw| raw.starts_with('{') && raw.contains("\"type\""))
}

/// The environment of a thing: ids are those of its environment.
fn environment<'a>(of: &Named<'a>) -> Text<'a> {
    of.environment.as_ref().and_then(|environment| said(&environment.id))
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let record: Record<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let Some(kind) = record.action.as_ref().and_then(|action| said(&action.kind)) else {
        return Err(Reject::new(RejectKind::Shape, "action.type is missing; every audit activity has one"));
    };
    let actors = record.actors.as_ref();
    let (user, client) = (actors.and_then(|of| of.user.as_ref()), actors.and_then(|of| of.client.as_ref()));
    let at = record
        .resources
        .iter()
        .find_map(environment)
        .or_else(|| [user, client].into_iter().flatten().find_map(environment));
    let authority = context.authority.or(at.as_deref()).unwrap_or("unknown").to_owned();
    let act = classify(&kind);
    let failed = record
        .result
        .as_ref()
        .and_then(|result| said(&result.status))
        .is_some_and(|status| status.to_ascii_uppercase().starts_with("FAIL"))
        || ["FAILED", "DENIED", "FAILURE"].iter().any(|word| kind.ends_with(word));
    let actor = actor(user, client, act, failed, &authority);
    let mut event = Event::new(Platform::Ping, Cow::Owned(authority), actor);
    act.put(&mut event);
    event.privileged =
        (matches!(act.access, Access::Issue | Access::Grant) || matches!(act.class_uid, 1008 | 3004)).then_some(true);
    event.status = match &record.result {
        _ if failed => Status::Failure,
        Some(_) => Status::Success,
        None => Status::Unknown,
    };
    event.status_code = record.result.as_ref().and_then(|result| said(&result.status));
    let described = record.result.as_ref().and_then(|result| said(&result.description));
    if kind.contains(".ACCESS_") {
        let effect = Some(if failed { Effect::Deny } else { Effect::Allow });
        let reason = described.clone();
        event.decision = Decision { effect, pdp: Some(Cow::Borrowed(NAME)), reason, ..Decision::default() };
    }
    event.error_message = described.filter(|_| failed);
    event.source_event_id = said(&record.id);
    event.tenant = at;
    fill::when(&mut event, first(&[&record.recorded_at, &record.created_at]));
    event.api.service = Some(Cow::Borrowed("pingone"));
    event.api.request_id = said(&record.correlation_id);
    event.correlation_ids.extend(event.api.request_id.clone());
    if let Some(internal) = &record.internal {
        event.correlation_ids.extend(said(&internal.transaction_id));
        event.session = said(&internal.session_id).map(|id| uri::session(NAME, &event.authority, "session", &id));
    }
    if let Some(source) = &record.source {
        fill::endpoint(&mut event.src, said(&source.ip_address));
        event.user_agent = said(&source.user_agent);
    }
    event.client_app = client.and_then(|client| first(&[&client.name, &client.id]));
    resources(&mut event, &record.resources);
    if kind.starts_with("SECRET.") {
        event.secret_access.path = event.resources.first().and_then(|of| of.name.clone());
    }
    assignment(&mut event, &kind, &record.resources);
    event.api.operation = Some(kind);
    fill::usual(&mut event);
    Ok(event)
}

/// `ROLE_ASSIGNMENT.CREATED`: what, and what was done.
fn classify(kind: &str) -> Act {
    let (of, verb) = kind.split_once('.').unwrap_or((kind, ""));
    let plain = fill::by_verb(&verb.to_ascii_lowercase());
    let (activity, access, managed) = (plain.activity_id, plain.access, plain.managed());
    match (of, verb) {
        ("SESSION", "DELETED") => act(3002, 2, Access::Authenticate),
        ("SESSION" | "AUTHENTICATION" | "OTP" | "FLOW" | "MFA" | "ASSERTION", _) => act(3002, 1, Access::Authenticate),
        ("PASSWORD", _) if verb.starts_with("CHECK") => act(3002, 1, Access::Authenticate),
        ("USER", _) if verb.starts_with("ACCESS_") || verb.starts_with("SLO_") => {
            act(3002, if verb.starts_with("SLO") { 2 } else { 1 }, Access::Authenticate)
        }
        ("PASSWORD", "RESET" | "FORCE_CHANGE") => act(3007, 9, Access::Modify),
        ("PASSWORD", _) => act(3007, 8, Access::Modify),
        ("SECRET", "READ") => act(6003, 2, Access::Read),
        ("SECRET", _) => act(3007, 18, Access::Issue),
        ("TOKEN" | "USER_CREDENTIAL", "CREATED" | "ISSUED") => act(3002, 3, Access::Issue),
        ("TOKEN" | "USER_CREDENTIAL", "REVOKED" | "DELETED") => act(3007, 19, Access::Delete),
        // A subscription is what sends these very events on.
        ("SUBSCRIPTION", "CREATED") => act(1008, 9, access),
        ("SUBSCRIPTION", "DELETED") => act(1008, 10, access),
        ("SUBSCRIPTION", _) => act(1008, 99, Access::Modify),
        ("ROLE_ASSIGNMENT", "DELETED") => act(3007, 17, Access::Grant),
        ("ROLE_ASSIGNMENT", _) => act(3007, 16, Access::Grant),
        ("GRANT" | "APPLICATION_GRANT" | "SCOPE", _) => {
            act(3004, if activity == 99 { 3 } else { activity }, Access::Grant)
        }
        ("USER", "LOCKED") => act(3007, 6, Access::Modify),
        ("USER", "UNLOCKED") => act(3007, 7, Access::Modify),
        ("USER", _) => act(3007, managed, access),
        ("GROUP", "CREATED") => act(3006, 6, access),
        ("GROUP", "DELETED") => act(3006, 5, access),
        ("GROUP" | "MEMBER_OF_GROUP", _) => act(3006, 9, Access::Grant),
        ("SIGN_ON_POLICY" | "SIGN_ON_POLICY_ASSIGNMENT" | "PASSWORD_POLICY" | "ENVIRONMENT" | "GATEWAY", _) => {
            act(3004, if matches!(activity, 1..=4) { activity } else { 99 }, access)
        }
        ("APPLICATION", "CREATED") => act(6002, 1, access),
        ("APPLICATION", "DELETED") => act(6002, 2, access),
        ("APPLICATION", _) => act(6002, 8, access),
        _ => plain,
    }
}

/// The user, else the client that acted by itself.
fn actor<'a>(
    user: Option<&Named<'a>>,
    client: Option<&Named<'a>>,
    act: Act,
    failed: bool,
    authority: &str,
) -> Principal<'a> {
    let signs_in = act.class_uid == 3002;
    let (of, who) = match (user, client) {
        (Some(user), _) => ("user", user),
        (None, Some(client)) => ("client", client),
        (None, None) => {
            let uri = uri::principal_claimed(NAME, authority, "user", "unknown");
            return Principal { uri, kind: ActorKind::Unknown, name: None, is_human: Human::Unknown, rule: "default" };
        }
    };
    let own = environment(who);
    let at = own.as_deref().unwrap_or(authority);
    let (id, name) = (said(&who.id), first(&[&who.name, &who.id]));
    let uri = match (&id, &name) {
        // A sign-in that failed has found the user, but not proved that it was there.
        (_, Some(name)) if of == "user" && signs_in && failed => uri::principal_claimed(NAME, at, of, name),
        (Some(id), _) => uri::principal(NAME, at, of, id),
        (None, Some(name)) => uri::principal_named(NAME, at, of, name),
        (None, None) => uri::principal_claimed(NAME, at, of, "unknown"),
    };
    let (kind, is_human, rule) = match of {
        "client" => (ActorKind::ApiClient, Human::Nonhuman, "R1:ping-client"),
        _ if signs_in && !failed => (ActorKind::Human, Human::Human, "R2:ping-sign-in"),
        _ => (ActorKind::Unknown, Human::Unknown, "default"),
    };
    Principal { uri, kind, name, is_human, rule }
}

fn resources<'a>(event: &mut Event<'a>, named: &[Named<'a>]) {
    for of in named {
        let Some(shown) = first(&[&of.name, &of.id]) else { continue };
        let kind = crate::field::kebab(of.kind.as_deref().unwrap_or("resource"));
        let at = environment(of).unwrap_or_else(|| event.authority.clone());
        let builder = uri::build(Class::Resource, NAME, &at, &kind);
        let uri = match said(&of.id) {
            Some(id) => builder.id(&id).finish(),
            None => builder.name(&shown).finish(),
        };
        let role = if event.resources.is_empty() { ResourceRole::Target } else { ResourceRole::Related };
        event.resources.push(Resource { uri, kind: Cow::Owned(kind), name: Some(shown), role });
    }
}

/// A role that a user or a client was given: both stand among the resources.
fn assignment<'a>(event: &mut Event<'a>, kind: &str, named: &[Named<'a>]) {
    let phase = match kind {
        "ROLE_ASSIGNMENT.CREATED" => GrantPhase::Activate,
        "ROLE_ASSIGNMENT.DELETED" => GrantPhase::Revoke,
        _ => return,
    };
    let of = |kind: &str| named.iter().find(|of| of.kind.as_deref() == Some(kind));
    let Some(id) = of("ROLE_ASSIGNMENT").and_then(|of| said(&of.id)) else { return };
    let uri = uri::grant(NAME, &event.authority, "role-assignment", &id);
    let to = [("USER", "user"), ("CLIENT", "client"), ("APPLICATION", "client")];
    let beneficiary = to.into_iter().find_map(|(kind, class)| {
        let of = of(kind)?;
        let at = environment(of).unwrap_or_else(|| event.authority.clone());
        Some(uri::principal(NAME, &at, class, &said(&of.id)?))
    });
    event.grant_refs.push(uri.clone());
    event.grants.push(GrantFact {
        requester: Some(event.actor.uri.clone()),
        beneficiary,
        target: of("ROLE").and_then(|of| first(&[&of.name, &of.id])),
        ..GrantFact::new(uri, phase)
    });
}
