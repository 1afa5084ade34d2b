//! Deployments to protected environments as grants: of one run, for one environment.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{Event, GrantFact, GrantPhase};

use super::PLATFORM;
use super::actor;
use super::record::{Entry, first};

/// What an action says about the deployment of a run; false if it says nothing.
pub(super) fn grants<'a>(event: &mut Event<'a>, entry: &Entry<'a>, action: &str) -> bool {
    let Some(phase) = phase(action) else { return false };
    let Some(run) = first([&entry.workflow_run_id]) else { return false };
    let environments = environments(entry);
    // A job that runs without an environment asks nobody.
    if environments.is_empty() && phase == GrantPhase::Activate {
        return false;
    }
    let by_actor = Some(event.actor.uri.clone());
    let decides = matches!(phase, GrantPhase::Approve | GrantPhase::Deny);
    let asked = entry.requester.as_ref().and_then(|(id, login)| actor::user(&event.authority, id, login));
    let requester = match phase {
        GrantPhase::Request | GrantPhase::Bypass => asked.or_else(|| by_actor.clone()),
        _ => asked,
    };
    if phase == GrantPhase::Bypass {
        event.privileged = Some(true);
    }
    let mut facts: Vec<GrantFact<'a>> = Vec::new();
    for environment in environments.into_iter().map(Some).chain([None]) {
        if environment.is_none() && !facts.is_empty() {
            break;
        }
        let mut grant = uri::build(Class::Grant, PLATFORM, &event.authority, "deployment").id(&run);
        if let Some(environment) = &environment {
            grant = grant.id(environment);
        }
        facts.push(GrantFact {
            requester: requester.clone(),
            beneficiary: actor::job(entry, &event.authority).map(|(job, _)| job),
            approver: by_actor.clone().filter(|_| decides),
            resource: environment.as_ref().map(|name| Cow::Owned(environment_uri(event, entry, name))),
            target: environment,
            reason: first([&entry.explanation, &entry.reason]),
            // It waits for one of the environment's reviewers. What rules of an app ask for, only the app knows.
            approvals_min: (action == "deployment_review.requested").then_some(1),
            ..GrantFact::new(grant.finish(), phase)
        });
    }
    event.grant_refs.extend(facts.iter().map(|fact| fact.uri.clone()));
    event.grants.extend(facts);
    true
}

fn phase(action: &str) -> Option<GrantPhase> {
    Some(match action {
        "deployment_review.requested" | "deployment_protection_rule.requested" => GrantPhase::Request,
        "workflows.approve_workflow_job" => GrantPhase::Approve,
        "workflows.reject_workflow_job" => GrantPhase::Deny,
        "workflows.bypass_protection_rules" => GrantPhase::Bypass,
        // It got its runner and its secrets: nothing holds it back any more.
        "workflows.prepared_workflow_job" => GrantPhase::Activate,
        _ => return None,
    })
}

/// The environments an entry is about, each once.
pub(super) fn environments<'a>(entry: &Entry<'a>) -> Vec<Cow<'a, str>> {
    let mut names: Vec<Cow<'a, str>> = first([&entry.environment_name, &entry.environment]).into_iter().collect();
    for name in &entry.environments {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// An environment belongs to its repository.
fn environment_uri(event: &Event<'_>, entry: &Entry<'_>, name: &str) -> String {
    let start = uri::build(Class::Resource, PLATFORM, &event.authority, "environment");
    match first([&entry.repo, &entry.repository]) {
        Some(repository) => start.name(&repository).id(name).finish(),
        None => start.name(name).finish(),
    }
}
