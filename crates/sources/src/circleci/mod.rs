//! CircleCI: the audit log of an organisation: contexts and their secrets, keys and tokens of projects, jobs and who
//! approved them.

mod origins;
mod record;

use std::borrow::Cow;

use model::uri;
use model::{
    Access, ActorKind, Credential, CredentialChange, CredentialChangeKind, Event, GrantFact, GrantPhase, Human,
    Platform, Principal, ResourceRole, Status,
};

use crate::field::{Text, first, said};
use crate::fill::{self, Act, act};
use crate::{Context, Module, Probe, Reject, RejectKind, json};
use record::{Named, Part, Payload, Record};

/// The platform part of canonical URIs.
const NAME: &str = "circleci";

/// Of the cloud; a server of one's own is named by the source.
const AUTHORITY: &str = "circleci.com";

pub(crate) static MODULE: Module =
    Module { platform: Platform::CircleCi, version: 1, recognise, normalise, origins: origins::ORIGINS };

fn recognise(probe: &Probe<'_>) -> bool {
    probe.contains("\"occurred_at\"")
        && ["action", "actor", "target", "occurred_at", "scope"].iter().all(|key| probe.has(key))
        && (probe.has("payload") || probe.has("success"))
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let record: Record<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let Some(action) = said(&record.action) else {
        return Err(Reject::new(RejectKind::Shape, "action is missing; every entry of the audit log has one"));
    };
    let authority = context.authority.unwrap_or(AUTHORITY).to_owned();
    let actor = actor(record.actor.as_ref(), &action, &authority);
    let mut event = Event::new(Platform::CircleCi, Cow::Owned(authority), actor);
    let act = classify(&action);
    act.put(&mut event);
    event.privileged = matches!(act.access, Access::Issue | Access::Grant).then_some(true);
    let none = Payload::default();
    let payload = record.payload.as_ref().unwrap_or(&none);
    outcome(&mut event, &record, payload);
    event.source_event_id = said(&record.id);
    event.tenant = record.scope.as_ref().and_then(|scope| first(&[&scope.name, &scope.id]));
    fill::when(&mut event, said(&record.occurred_at));
    event.api.service = Some(Cow::Borrowed(NAME));
    event.api.request_id = record.request.as_ref().and_then(|request| said(&request.id));
    event.correlation_ids.extend(event.api.request_id.clone());
    secret(&mut event, &record, payload, &action);
    credentials(&mut event, &record, payload, &action);
    job(&mut event, &record, payload, &action);
    resources(&mut event, &record, payload);
    event.api.operation = Some(action);
    fill::usual(&mut event);
    Ok(event)
}

/// A key or a token, not a variable that may hold one.
fn is_key(action: &str) -> bool {
    ["api_token", "ssh_key", "checkout-key", "deploy-key", "runner.token", "token."]
        .iter()
        .any(|of| action.contains(of))
}

fn classify(action: &str) -> Act {
    let verb = action.rsplit('.').next().unwrap_or_default();
    let verb = verb.strip_suffix("-all").unwrap_or(verb);
    let by_verb = fill::by_verb(verb);
    match action {
        "user.logged_in" => act(3002, 1, Access::Authenticate),
        "user.logged_out" => act(3002, 2, Access::Authenticate),
        "user.create" => act(3007, 1, Access::Create),
        "workflow.job.approve" => act(6003, 99, Access::Grant),
        _ if action.starts_with("workflow.") || action.starts_with("pipeline.") => match by_verb {
            Act { activity_id: 99, .. } => Act { access: Access::Execute, ..by_verb },
            _ => by_verb,
        },
        _ if is_key(action) && by_verb.activity_id == 1 => act(3007, 18, Access::Issue),
        _ if is_key(action) && by_verb.activity_id == 4 => act(3007, 19, Access::Delete),
        _ if action.contains("settings") || action.contains("policy") => act(3004, by_verb.activity_id, by_verb.access),
        _ if action.contains("restriction") || action.contains("role") || action.contains("member") => {
            act(6003, by_verb.activity_id, Access::Grant)
        }
        _ => by_verb,
    }
}

/// A user by its id: whether a person sat there is only said of a sign-in.
fn actor<'a>(by: Option<&Named<'a>>, action: &str, authority: &str) -> Principal<'a> {
    let (id, name) = (by.and_then(|by| said(&by.id)), by.and_then(|by| said(&by.name)));
    let of = by.and_then(|by| said(&by.kind)).map_or_else(|| "user".to_owned(), |of| crate::field::kebab(&of));
    let uri = match (&id, &name) {
        (Some(id), _) => uri::principal(NAME, authority, &of, id),
        (None, Some(name)) => uri::principal_named(NAME, authority, &of, name),
        (None, None) => uri::principal_claimed(NAME, authority, &of, "unknown"),
    };
    let (kind, is_human, rule) = match &*of {
        "user" if action.starts_with("user.logged_") => (ActorKind::Human, Human::Human, "R2:circleci-sign-in"),
        "user" => (ActorKind::Unknown, Human::Unknown, "default"),
        "job" | "build" | "machine" | "runner" => (ActorKind::CiJob, Human::Nonhuman, "R1:circleci-actor-type"),
        "system" | "service" => (ActorKind::PlatformService, Human::Nonhuman, "R1:circleci-actor-type"),
        _ => (ActorKind::Unknown, Human::Unknown, "default"),
    };
    Principal { uri, kind, name: name.or(id), is_human, rule }
}

fn outcome<'a>(event: &mut Event<'a>, record: &Record<'a>, payload: &Payload<'a>) {
    event.status = match record.success {
        Some(true) => Status::Success,
        Some(false) => Status::Failure,
        None => Status::Unknown,
    };
    event.status_code = said(&payload.status).or_else(|| payload.job.as_ref().and_then(|job| said(&job.status)));
    if event.status == Status::Failure {
        event.error_message = said(&payload.reason);
    }
}

/// Variables are secrets by default: which one, or else of which context.
fn secret<'a>(event: &mut Event<'a>, record: &Record<'a>, payload: &Payload<'a>, action: &str) {
    if !action.contains("env_var") && !action.contains("secrets") {
        return;
    }
    let context = payload.context.as_ref().and_then(|context| said(&context.name));
    let target = record.target.as_ref().and_then(|target| first(&[&target.name, &target.id]));
    event.secret_access.path = first(&[&payload.env_var_name, &payload.context_name]).or(context).or(target);
}

fn credentials<'a>(event: &mut Event<'a>, record: &Record<'a>, payload: &Payload<'a>, action: &str) {
    let target = record.target.as_ref();
    // The target of a key is its project in some: then only the fingerprint tells keys apart.
    let of_target = target.filter(|target| target.kind.as_deref().is_some_and(is_thing));
    let id = said(&payload.fingerprint).or_else(|| of_target.and_then(|target| said(&target.id)));
    let Some(id) = id.filter(|_| is_key(action) && event.status != Status::Failure) else { return };
    let kind = if action.contains("token") { "token" } else { "ssh-key" };
    let uri = uri::cred(NAME, &event.authority, kind, &id);
    match event.activity_id {
        18 => {
            let kind = Cow::Borrowed(kind);
            event.issued_credential = Some(Credential { uri, kind, native_id: Some(id), ..Credential::default() });
        }
        19 => event.credential_changes.push(CredentialChange {
            change: CredentialChangeKind::Revoked,
            uri,
            native_id: Some(id),
            holder: None,
        }),
        _ => {}
    }
}

/// Whether a target is a key or a token by itself.
fn is_thing(kind: &str) -> bool {
    kind.contains("token") || kind.contains("key")
}

/// A job is a session; who lets it go on has approved it.
fn job<'a>(event: &mut Event<'a>, record: &Record<'a>, payload: &Payload<'a>, action: &str) {
    if !action.starts_with("workflow.job.") {
        return;
    }
    let part = |part: &Option<Part<'a>>| part.as_ref().and_then(|part| said(&part.id));
    let target = record.target.as_ref().filter(|target| target.kind.as_deref() == Some("job"));
    let id: Text<'a> = part(&payload.job).or_else(|| target.and_then(|target| said(&target.id)));
    let name = payload.job.as_ref().and_then(|job| said(&job.name)).or_else(|| target.and_then(|of| said(&of.name)));
    event.workload.name.clone_from(&name);
    event.workload.namespace = payload.project.as_ref().and_then(|project| first(&[&project.name, &project.id]));
    event.purpose.job = part(&payload.workflow);
    event.correlation_ids.extend(part(&payload.workflow));
    let Some(id) = id else { return };
    event.correlation_ids.push(id.clone());
    if action == "workflow.job.approve" {
        let uri = uri::grant(NAME, &event.authority, "job-approval", &id);
        event.grant_refs.push(uri.clone());
        let phase = if event.status == Status::Failure { GrantPhase::Deny } else { GrantPhase::Approve };
        event.grants.push(GrantFact {
            approver: Some(event.actor.uri.clone()),
            target: name,
            ..GrantFact::new(uri, phase)
        });
    } else {
        event.session = Some(uri::session(NAME, &event.authority, "job", &id));
    }
    event.workload.uid = Some(id);
}

fn resources<'a>(event: &mut Event<'a>, record: &Record<'a>, payload: &Payload<'a>) {
    if let Some(target) = &record.target {
        let kind = target.kind.as_deref().map_or_else(|| "target".to_owned(), crate::field::kebab);
        let of = (said(&target.id), said(&target.name));
        fill::item(event, Cow::Owned(kind), of, ResourceRole::Target);
    }
    let context = (said(&payload.context_id), said(&payload.context_name));
    fill::item(event, Cow::Borrowed("context"), context, ResourceRole::Related);
    for (kind, part) in [
        ("context", &payload.context),
        ("project", &payload.project),
        ("workflow", &payload.workflow),
        ("pipeline", &payload.pipeline),
    ] {
        if let Some(part) = part {
            let of = (said(&part.id), said(&part.name));
            fill::item(event, Cow::Borrowed(kind), of, ResourceRole::Related);
        }
    }
}
