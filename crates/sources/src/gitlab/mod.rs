//! GitLab: audit events from `audit_json.log`, the API or a stream, and deliveries of the deployment webhook.
//!
//! [`record`] knows the shapes, [`act`] what event types mean, [`facts`] credentials, memberships and
//! grants of audit events, [`deployment`] the webhook.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{ActorKind, Event, Human, Platform, Principal, Resource, ResourceRole, Status, Step, StepKind};

use self::record::{Audit, Details, Text, first, said};
use crate::{Context, Module, Probe, Reject, RejectKind, fill, json, time};

mod act;
mod deployment;
mod facts;
mod origins;
mod record;

/// The platform part of canonical URIs.
const NAME: &str = "gitlab";

pub(crate) static MODULE: Module =
    Module { platform: Platform::GitLab, version: 3, recognise, normalise, origins: origins::ORIGINS };

fn recognise(probe: &Probe<'_>) -> bool {
    is_audit(probe) || is_deployment(probe)
}

fn is_audit(probe: &Probe<'_>) -> bool {
    probe.contains("\"author_id\"")
        && probe.has("author_id")
        && probe.text("entity_type").is_some()
        && (probe.has("entity_id") || probe.has("details"))
}

fn is_deployment(probe: &Probe<'_>) -> bool {
    probe.contains("\"object_kind\"")
        && probe.text("object_kind") == Some("deployment")
        && (probe.has("deployment_id") || probe.has("deployable_id"))
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let probe = Probe::new(text);
    let not_json = |error: serde_json::Error| json::not_json(&error);
    if is_deployment(&probe) {
        return Ok(deployment::event(&serde_json::from_str(text).map_err(not_json)?, context));
    }
    if !is_audit(&probe) {
        return Err(Reject::new(RejectKind::Shape, "neither an audit event nor a delivery about a deployment"));
    }
    let mut audit: Audit<'a> = serde_json::from_str(text).map_err(not_json)?;
    let beside: Details<'a> = serde_json::from_str(text).map_err(not_json)?;
    let inside = audit.details.take().unwrap_or_default();
    Ok(event(&audit, &merged(inside, beside), context))
}

/// Details, and what stands beside them where they lack it.
fn merged<'a>(inside: Details<'a>, beside: Details<'a>) -> Details<'a> {
    let message = if inside.custom_message.words.is_some() || inside.custom_message.git.is_some() {
        inside.custom_message
    } else {
        beside.custom_message
    };
    Details {
        event_name: inside.event_name.or(beside.event_name),
        event_type: inside.event_type.or(beside.event_type),
        author_name: inside.author_name.or(beside.author_name),
        author_class: inside.author_class.or(beside.author_class),
        target_id: inside.target_id.or(beside.target_id),
        target_type: inside.target_type.or(beside.target_type),
        target_details: inside.target_details.or(beside.target_details),
        ip_address: inside.ip_address.or(beside.ip_address),
        entity_path: inside.entity_path.or(beside.entity_path),
        impersonated_by: inside.impersonated_by.or(beside.impersonated_by),
        custom_message: message,
        change: inside.change.or(beside.change),
        from: inside.from.or(beside.from),
        to: inside.to.or(beside.to),
        add: inside.add.or(beside.add),
        remove: inside.remove.or(beside.remove),
        role: inside.role.or(beside.role),
        expiry_to: inside.expiry_to.or(beside.expiry_to),
        with: inside.with.or(beside.with),
        failed_login: inside.failed_login.or(beside.failed_login),
        reason: inside.reason.or(beside.reason),
        approval_comment: inside.approval_comment.or(beside.approval_comment),
    }
}

fn event<'a>(audit: &Audit<'a>, details: &Details<'a>, context: &Context<'_>) -> Event<'a> {
    let authority: Cow<'a, str> = Cow::Owned(context.authority.unwrap_or("unknown").to_owned());
    let operation = act::operation(details);
    let name = operation.as_deref().unwrap_or_default();
    let git = details.custom_message.git.as_ref();
    let act = act::classify(name, git.and_then(|git| git.action.as_deref()));
    let mut event = Event::new(Platform::GitLab, authority.clone(), actor(audit, details, name, &authority));
    (event.class_uid, event.activity_id, event.access) = (act.class_uid, act.activity_id, act.access);
    event.source_event_id = said(&audit.id);
    when(&mut event, &[&audit.created_at, &audit.time]);
    event.tenant = tenant(audit, details);
    event.api.service = Some(Cow::Borrowed(NAME));
    event.api.request_id = said(&audit.correlation_id);
    event.correlation_ids.extend(event.api.request_id.clone());
    event.src.ip = said(&details.ip_address);
    outcome(&mut event, details, name);
    event.privileged = matches!(event.access, model::Access::Issue | model::Access::Grant).then_some(true);
    event.authn.protocol = git.and_then(|git| said(&git.protocol));
    event.authn.method = first(&[&details.with, &details.failed_login]);
    impersonated(&mut event, details, &authority);
    facts::credentials(&mut event, audit, details, name);
    facts::grants(&mut event, audit, details, name);
    facts::changes(&mut event, details);
    resources(&mut event, audit, details, name);
    if name.contains("ci_variable") || name.contains("secret_") {
        event.secret_access.path = said(&details.target_details);
    }
    event.api.operation = match git.and_then(|git| said(&git.action)) {
        Some(action) => Some(Cow::Owned(format!("repository_git_operation.{action}"))),
        None => operation,
    };
    fill::usual(&mut event);
    event
}

/// Users by id; keys and tokens, which have ids below zero, by name within their project.
fn actor<'a>(audit: &Audit<'a>, details: &Details<'a>, operation: &str, authority: &str) -> Principal<'a> {
    let id = said(&audit.author_id);
    let name = said(&details.author_name);
    let class = details.author_class.as_deref().unwrap_or_default();
    let number = id.as_deref().and_then(|id| id.parse::<i64>().ok());
    let of_entity = |kind: &str, name: &str| {
        uri::build(Class::Principal, NAME, authority, kind).name(&entity_name(audit, details)).id(name).finish()
    };
    let failed = operation.contains("login_failed") || operation.contains("failed_login");
    let (uri, kind, is_human, rule) = match (number, class, &name) {
        (Some(-3), _, Some(name)) | (_, "DeployKey", Some(name)) => {
            (of_entity("deploy-key", name), ActorKind::Script, Human::Nonhuman, "R3:gitlab-deploy-key")
        }
        (Some(-2), _, Some(name)) | (_, "DeployToken", Some(name)) => {
            (of_entity("deploy-token", name), ActorKind::Script, Human::Nonhuman, "R3:gitlab-deploy-token")
        }
        (Some(number), ..) if number > 0 && !failed => {
            let uri = uri::principal(NAME, authority, "user", id.as_deref().unwrap_or_default());
            let (kind, is_human, rule) = sort(name.as_deref(), details);
            (uri, kind, is_human, rule)
        }
        _ => {
            let claim = first(&[&details.target_details, &name]).unwrap_or(Cow::Borrowed("unknown"));
            let uri = uri::principal_claimed(NAME, authority, "user", &claim);
            (uri, ActorKind::Unknown, Human::Unknown, "default")
        }
    };
    Principal { uri, kind, name: name.or(id), is_human, rule }
}

/// Bots of projects and groups have names of one form; whoever signs in at the front door is a person.
fn sort(name: Option<&str>, details: &Details<'_>) -> (ActorKind, Human, &'static str) {
    match name {
        Some(name) if is_bot(name) => (ActorKind::Bot, Human::Nonhuman, "R1:gitlab-bot-name"),
        _ if said(&details.with).is_some() => (ActorKind::Human, Human::Human, "R2:gitlab-sign-in"),
        _ => (ActorKind::Unknown, Human::Unknown, "default"),
    }
}

/// `project_7_bot_a1b2`, `group_7_bot1`, `service_account_group_7_a1b2`.
fn is_bot(name: &str) -> bool {
    let rest = name.strip_prefix("project_").or_else(|| name.strip_prefix("group_"));
    let numbered = rest.and_then(|rest| rest.split_once("_bot"));
    numbered.is_some_and(|(number, _)| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
        || name.starts_with("service_account_")
}

fn entity_name<'a>(audit: &Audit<'a>, details: &Details<'a>) -> Cow<'a, str> {
    first(&[&details.entity_path, &audit.entity_id]).unwrap_or(Cow::Borrowed("unknown"))
}

/// An administrator who acts as a user is named by a display name, which is not unique: a claim.
fn impersonated<'a>(event: &mut Event<'a>, details: &Details<'a>, authority: &str) {
    let Some(name) = said(&details.impersonated_by) else { return };
    let admin = uri::principal_claimed(NAME, authority, "user", &name);
    let step = |principal: String, step, evidence_path| Step {
        principal,
        step,
        evidence_path,
        asserted_by: Cow::Borrowed(NAME),
        verified: true,
    };
    event.chain.push(step(admin.clone(), StepKind::Impersonation, "/details/impersonated_by"));
    event.chain.push(step(event.actor.uri.clone(), StepKind::Invoke, "/author_id"));
    event.initiator = Some(admin);
    event.privileged = Some(true);
}

/// The top-level group.
fn tenant<'a>(audit: &Audit<'a>, details: &Details<'a>) -> Text<'a> {
    let path = said(&details.entity_path).filter(|_| audit.entity_type.as_deref() != Some("User"))?;
    match path {
        Cow::Borrowed(path) => path.split('/').next().map(Cow::Borrowed),
        Cow::Owned(path) => path.split('/').next().map(|root| Cow::Owned(root.to_owned())),
    }
}

/// The log records what was done; a few event types say that it failed.
fn outcome<'a>(event: &mut Event<'a>, details: &Details<'a>, operation: &str) {
    let words = details.custom_message.words.as_deref().unwrap_or_default();
    let failed = ["failed", "denied", "blocked_access"].iter().any(|word| operation.contains(word))
        || words.starts_with("Attempted to");
    event.status = if failed { Status::Failure } else { Status::Success };
    if failed {
        event.error_message = first(&[&details.reason, &details.custom_message.words]);
    }
}

/// The target, and the project, group or user it belongs to.
fn resources<'a>(event: &mut Event<'a>, audit: &Audit<'a>, details: &Details<'a>, operation: &str) {
    let mut add = |kind: Cow<'a, str>, id: Text<'a>, name: Text<'a>, role: ResourceRole| {
        let Some(shown) = name.or_else(|| id.clone()) else { return };
        let builder = uri::build(Class::Resource, NAME, &event.authority, &kind);
        let uri = match &id {
            Some(id) => builder.id(id).finish(),
            None => builder.name(&shown).finish(),
        };
        if event.resources.iter().all(|known| known.uri != uri) {
            event.resources.push(Resource { uri, kind, name: Some(shown), role });
        }
    };
    let is_login = operation.contains("login") || operation.contains("signed_in");
    let role = if is_login { ResourceRole::Related } else { ResourceRole::Target };
    if let Some(kind) = said(&details.target_type) {
        add(kebab(&kind), said(&details.target_id), said(&details.target_details), role);
    }
    if let Some(kind) = said(&audit.entity_type) {
        let role = if details.target_type == audit.entity_type { ResourceRole::Target } else { ResourceRole::Related };
        add(kebab(&kind), said(&audit.entity_id), said(&details.entity_path), role);
    }
}

/// `ProtectedEnvironment` as `protected-environment`, `Gitlab::Audit::X` by its last part.
fn kebab(kind: &str) -> Cow<'static, str> {
    let last = kind.rsplit("::").next().unwrap_or(kind);
    let mut out = String::with_capacity(last.len() + 4);
    for (at, c) in last.chars().enumerate() {
        if c.is_ascii_uppercase() && at > 0 {
            out.push('-');
        }
        out.extend(if c.is_ascii_alphanumeric() { c.to_lowercase().next() } else { Some('-') });
    }
    Cow::Owned(out)
}

/// Times come as RFC 3339, and in webhooks as `2026-09-03 10:05:22 +0200` or `... UTC`.
fn when<'a>(event: &mut Event<'a>, texts: &[&Text<'a>]) {
    let Some(raw) = first(texts) else { return };
    let parsed = time::parse(&raw).or_else(|| {
        let (civil, zone) = raw.rsplit_once(' ')?;
        time::parse(&format!("{civil}{}", if zone == "UTC" { "Z" } else { zone }))
    });
    fill::timed(event, parsed, Some(raw));
}
