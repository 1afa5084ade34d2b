//! Deliveries of the deployment webhook: a deployment to a protected environment is a grant, of one job.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    Access, ActorKind, Alias, AliasRel, Event, GrantFact, GrantPhase, Human, Platform, Principal, Resource,
    ResourceRole, Status,
};

use super::record::{Deployment, Project, Text, User, first, said};
use super::{NAME, is_bot, when};
use crate::{Context, url};

/// Reads one delivery.
pub(super) fn event<'a>(delivery: &Deployment<'a>, context: &Context<'_>) -> Event<'a> {
    let project = delivery.project.as_ref();
    let host = project.and_then(|project| url::host(&said(&project.web_url)?));
    let authority: Cow<'a, str> =
        Cow::Owned(context.authority.map(str::to_owned).or(host).unwrap_or_else(|| "unknown".to_owned()));
    let status = delivery.status.as_deref().unwrap_or_default();
    let decided = matches!(status, "approved" | "rejected");
    let acts = if decided { delivery.approver.as_ref() } else { delivery.user.as_ref() };
    let mut event = Event::new(Platform::GitLab, authority.clone(), person(acts, &authority));
    (event.activity_id, event.access) = (99, if decided { Access::Grant } else { Access::Execute });
    event.privileged = decided.then_some(true);
    event.api.service = Some(Cow::Borrowed(NAME));
    event.api.operation = Some(Cow::Owned(format!("deployment.{status}")));
    event.status_code = said(&delivery.status);
    event.status = match status {
        "failed" => Status::Failure,
        "success" | "approved" | "rejected" => Status::Success,
        _ => Status::Other,
    };
    let approved_at = delivery.approval.as_ref().and_then(|approval| said(&approval.created_at)).filter(|_| decided);
    when(&mut event, &[&approved_at, &delivery.status_changed_at]);
    event.tenant = project.and_then(|project| root(&project.path_with_namespace));
    for user in [delivery.user.as_ref(), delivery.approver.as_ref()].into_iter().flatten() {
        event.aliases.extend(names(user, &authority));
    }
    job(&mut event, delivery, project);
    grant(&mut event, delivery, project, status);
    crate::fill::usual(&mut event);
    // A delivery has no id of its own.
    event.quality.missing.retain(|column| *column != "source_event_id");
    event
}

fn person<'a>(user: Option<&User<'a>>, authority: &str) -> Principal<'a> {
    let username = user.and_then(|user| said(&user.username));
    let name = user.and_then(|user| first(&[&user.username, &user.name]));
    let uri = user.and_then(|user| user_uri(user, authority));
    let uri = uri.unwrap_or_else(|| uri::principal_claimed(NAME, authority, "user", "unknown"));
    let bot = username.as_deref().is_some_and(is_bot);
    let (kind, is_human, rule) = if bot {
        (ActorKind::Bot, Human::Nonhuman, "R1:gitlab-bot-name")
    } else {
        (ActorKind::Unknown, Human::Unknown, "default")
    };
    Principal { uri, kind, name, is_human, rule }
}

fn user_uri(user: &User<'_>, authority: &str) -> Option<String> {
    match (said(&user.id), said(&user.username)) {
        (Some(id), _) => Some(uri::principal(NAME, authority, "user", &id)),
        (None, Some(name)) => Some(uri::principal_named(NAME, authority, "user", &name)),
        (None, None) => None,
    }
}

fn names(user: &User<'_>, authority: &str) -> Option<Alias> {
    let a = uri::principal(NAME, authority, "user", &said(&user.id)?);
    let b = uri::principal_named(NAME, authority, "user", &said(&user.username)?);
    Some(Alias { a, b, rel: AliasRel::SameAs, rule: "gitlab:id+username" })
}

fn root<'a>(path: &Text<'a>) -> Text<'a> {
    let path = said(path)?;
    Some(Cow::Owned(path.split('/').next().unwrap_or_default().to_owned()))
}

/// The job that deploys, its environment and its project.
fn job<'a>(event: &mut Event<'a>, delivery: &Deployment<'a>, project: Option<&Project<'a>>) {
    let authority = event.authority.clone();
    if let Some(job) = said(&delivery.deployable_id) {
        event.session = Some(uri::session(NAME, &authority, "job", &job));
        event.correlation_ids.push(job.clone());
        event.workload.uid = Some(job);
    }
    let path = project.and_then(|project| said(&project.path_with_namespace));
    event.workload.namespace.clone_from(&path);
    event.purpose.job = said(&delivery.git_ref);
    let mut add = |kind: &'static str, uri: String, name: Cow<'a, str>, role: ResourceRole| {
        event.resources.push(Resource { uri, kind: Cow::Borrowed(kind), name: Some(name), role });
    };
    if let Some(name) = said(&delivery.environment) {
        add("environment", environment(&authority, path.as_deref(), &name), name, ResourceRole::Target);
    }
    if let Some((id, path)) = project.and_then(|project| said(&project.id)).zip(path) {
        let uri = uri::build(Class::Resource, NAME, &authority, "project").id(&id).finish();
        add("project", uri, path, ResourceRole::Related);
    }
}

fn environment(authority: &str, project: Option<&str>, name: &str) -> String {
    uri::build(Class::Resource, NAME, authority, "environment").name(project.unwrap_or("unknown")).id(name).finish()
}

/// What the delivery says about the grant. One that was never blocked was not asked for.
fn grant<'a>(event: &mut Event<'a>, delivery: &Deployment<'a>, project: Option<&Project<'a>>, status: &str) {
    let phase = match status {
        "blocked" => GrantPhase::Request,
        "approved" => GrantPhase::Approve,
        "rejected" => GrantPhase::Deny,
        "running" => GrantPhase::Activate,
        "success" | "failed" => GrantPhase::Expire,
        "canceled" => GrantPhase::Revoke,
        _ => return,
    };
    let Some(id) = said(&delivery.deployment_id) else { return };
    let authority = event.authority.clone();
    let uri = uri::grant(NAME, &authority, "deployment", &id);
    if let Some(job) = said(&delivery.deployable_id) {
        let b = uri::grant(NAME, &authority, "deployment-of-job", &job);
        event.aliases.push(Alias { a: uri.clone(), b, rel: AliasRel::SameAs, rule: "gitlab:deployment+job" });
    }
    let path = project.and_then(|project| said(&project.path_with_namespace));
    let by = |user: Option<&User<'_>>| user.and_then(|user| user_uri(user, &authority));
    let name = said(&delivery.environment);
    event.grant_refs.push(uri.clone());
    event.grants.push(GrantFact {
        requester: by(delivery.user.as_ref()),
        beneficiary: project.and_then(|p| said(&p.id)).map(|id| uri::principal(NAME, &authority, "project", &id)),
        approver: by(delivery.approver.as_ref()),
        resource: name.as_deref().map(|name| Cow::Owned(environment(&authority, path.as_deref(), name))),
        target: name,
        reason: delivery.approval.as_ref().and_then(|approval| said(&approval.comment)),
        // It waits for somebody; whether for more than one, no delivery says.
        approvals_min: (phase == GrantPhase::Request).then_some(1),
        ..GrantFact::new(uri, phase)
    });
}
