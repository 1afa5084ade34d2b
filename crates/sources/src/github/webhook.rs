//! Deliveries of repository and organisation webhooks: nested objects, no id, no name of the event.
//!
//! Which event it is stands in a header of the delivery, which a record does not have, so it is told
//! by the object it carries. A delivery is then read as the audit log entry that says the same.

use std::borrow::Cow;

use serde::Deserialize;

use super::record::{Entry, OptText, present};
use crate::json;

/// One delivery.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Delivery<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    action: OptText<'a>,
    #[serde(rename = "ref", borrow, default, deserialize_with = "json::text")]
    git_ref: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    sender: Option<Account<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    repository: Option<Repository<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    organization: Option<Account<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    enterprise: Option<Enterprise<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    installation: Option<Installation<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pusher: Option<Pusher<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    head_commit: Option<Commit<'a>>,
    #[serde(default, deserialize_with = "json::objects")]
    commits: Vec<Any>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    workflow_run: Option<Run<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    workflow_job: Option<Run<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pull_request: Option<Thing<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    issue: Option<Thing<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    review: Option<Thing<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    release: Option<Thing<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    check_run: Option<Thing<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    check_suite: Option<Thing<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    deployment: Option<Thing<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    approver: Option<Account<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    requestor: Option<Account<'a>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    environment: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    deployment_callback_url: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    since: OptText<'a>,
    #[serde(borrow, default, rename = "comment", deserialize_with = "either")]
    said: Comment<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    workflow_job_run: Option<Thing<'a>>,
    #[serde(borrow, default, deserialize_with = "json::objects")]
    workflow_job_runs: Vec<Thing<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    key: Option<Thing<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    hook: Option<Thing<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    alert: Option<Thing<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    rule: Option<Thing<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    team: Option<Thing<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    member: Option<Account<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    membership: Option<Membership<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    invitation: Option<Account<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    personal_access_token_request: Option<TokenRequest<'a>>,
}

/// A comment: an object of its own, or the words that come with a review.
#[derive(Debug, Default)]
struct Comment<'a> {
    thing: Option<Thing<'a>>,
    words: OptText<'a>,
}

fn either<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Comment<'de>, D::Error> {
    let raw = <&serde_json::value::RawValue>::deserialize(deserializer)?.get();
    let mut again = serde_json::Deserializer::from_str(raw);
    let read = if raw.starts_with('{') {
        json::object(&mut again).map(|thing| Comment { thing, words: None })
    } else {
        json::text(&mut again).map(|words| Comment { thing: None, words })
    };
    read.map_err(serde::de::Error::custom)
}

/// An object of which only its presence counts.
#[derive(Debug, Default, Deserialize)]
struct Any {}

#[derive(Debug, Default, Deserialize)]
struct Account<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    login: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    id: OptText<'a>,
    #[serde(rename = "type", borrow, default, deserialize_with = "json::text")]
    kind: OptText<'a>,
}

#[derive(Debug, Default, Deserialize)]
struct Repository<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    full_name: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    owner: Option<Account<'a>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    visibility: OptText<'a>,
}

#[derive(Debug, Default, Deserialize)]
struct Enterprise<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    slug: OptText<'a>,
}

#[derive(Debug, Default, Deserialize)]
struct Installation<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    app_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    app_slug: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    updated_at: OptText<'a>,
}

#[derive(Debug, Default, Deserialize)]
struct Pusher<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    name: OptText<'a>,
}

#[derive(Debug, Default, Deserialize)]
struct Commit<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    timestamp: OptText<'a>,
}

#[derive(Debug, Default, Deserialize)]
struct Run<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    run_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    run_attempt: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    name: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    workflow_name: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    workflow_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    conclusion: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    head_branch: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    runner_name: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    created_at: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    started_at: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    completed_at: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    updated_at: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    triggering_actor: Option<Account<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    actor: Option<Account<'a>>,
}

/// Any object with an id, a name or title, an author and times.
#[derive(Debug, Default, Deserialize)]
struct Thing<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    name: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    slug: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    title: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    number: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    conclusion: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    environment: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    created_at: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    updated_at: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    user: Option<Account<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    creator: Option<Account<'a>>,
}

#[derive(Debug, Default, Deserialize)]
struct Membership<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    role: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    user: Option<Account<'a>>,
}

#[derive(Debug, Default, Deserialize)]
struct TokenRequest<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    token_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    token_name: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    token_expires_at: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    created_at: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    owner: Option<Account<'a>>,
}

/// A delivery as an entry, and its own name: `pull_request.opened`, `push`.
pub(super) fn read<'a>(mut delivery: Delivery<'a>) -> (Entry<'a>, Cow<'a, str>) {
    let kind = kind(&delivery);
    let action = present(delivery.action.take());
    let operation = match &action {
        Some(action) if kind != "push" => Cow::Owned(format!("{kind}.{action}")),
        _ => Cow::Borrowed(kind),
    };
    let mut entry =
        Entry { action: Some(audit_action(kind, action.as_deref().unwrap_or_default())), ..Entry::default() };
    places(&mut entry, &mut delivery);
    if kind.starts_with("deployment_") {
        deployments(&mut entry, &mut delivery);
    }
    runs(&mut entry, &mut delivery);
    things(&mut entry, &mut delivery);
    people(&mut entry, &mut delivery);
    (entry, operation)
}

/// The event, by the object that only it carries. Order matters: a comment comes with its issue.
fn kind(delivery: &Delivery<'_>) -> &'static str {
    let carried = [
        (delivery.workflow_job.is_some(), "workflow_job"),
        (delivery.deployment_callback_url.is_some(), "deployment_protection_rule"),
        (delivery.approver.is_some() || delivery.requestor.is_some(), "deployment_review"),
        (delivery.workflow_run.is_some(), "workflow_run"),
        (delivery.check_run.is_some(), "check_run"),
        (delivery.check_suite.is_some(), "check_suite"),
        (delivery.review.is_some(), "pull_request_review"),
        (delivery.said.thing.is_some() && delivery.issue.is_some(), "issue_comment"),
        (delivery.said.thing.is_some(), "comment"),
        (delivery.pull_request.is_some(), "pull_request"),
        (delivery.issue.is_some(), "issues"),
        (delivery.release.is_some(), "release"),
        (delivery.deployment.is_some(), "deployment"),
        (delivery.personal_access_token_request.is_some(), "personal_access_token_request"),
        (delivery.key.is_some(), "deploy_key"),
        (delivery.hook.is_some(), "meta"),
        (delivery.alert.is_some(), "alert"),
        (delivery.rule.is_some(), "branch_protection_rule"),
        (delivery.membership.is_some() || delivery.invitation.is_some(), "organization"),
        (delivery.member.is_some() && delivery.team.is_some(), "membership"),
        (delivery.member.is_some(), "member"),
        (delivery.team.is_some(), "team"),
        (delivery.pusher.is_some() || !delivery.commits.is_empty() || delivery.git_ref.is_some(), "push"),
        (delivery.installation.is_some() && delivery.repository.is_none(), "installation"),
        (delivery.repository.is_some(), "repository"),
    ];
    carried.into_iter().find_map(|(here, kind)| here.then_some(kind)).unwrap_or("webhook")
}

/// The audit log action that says the same.
fn audit_action(kind: &str, action: &str) -> Cow<'static, str> {
    let same = match (kind, action) {
        ("push", _) => "git.push",
        ("member", "added") => "repo.add_member",
        ("member", "removed") => "repo.remove_member",
        ("member", "edited") => "repo.update_member",
        ("membership", "added") => "team.add_member",
        ("membership", "removed") => "team.remove_member",
        ("organization", "member_added") => "org.add_member",
        ("organization", "member_removed") => "org.remove_member",
        ("organization", "member_invited") => "org.invite_member",
        ("team", "created") => "team.create",
        ("team", "deleted") => "team.destroy",
        ("team", "added_to_repository") => "team.add_repository",
        ("team", "removed_from_repository") => "team.remove_repository",
        ("installation", "created") => "integration_installation.create",
        ("installation", "deleted") => "integration_installation.destroy",
        ("installation", "suspend") => "integration_installation.suspend",
        ("installation", "unsuspend") => "integration_installation.unsuspend",
        ("deploy_key", "created") => "deploy_key.create",
        ("deploy_key", "deleted") => "deploy_key.delete",
        ("deployment_review", "approved") => "workflows.approve_workflow_job",
        ("deployment_review", "rejected") => "workflows.reject_workflow_job",
        ("branch_protection_rule", "created") => "protected_branch.create",
        ("branch_protection_rule", "deleted") => "protected_branch.destroy",
        ("branch_protection_rule", "edited") => "protected_branch.update",
        ("personal_access_token_request", "approved") => "personal_access_token.access_granted",
        ("personal_access_token_request", "denied") => "personal_access_token.request_denied",
        ("personal_access_token_request", "created") => "personal_access_token.request_created",
        ("personal_access_token_request", "cancelled") => "personal_access_token.request_cancelled",
        _ => return Cow::Owned(format!("{kind}.{action}")),
    };
    Cow::Borrowed(same)
}

fn places<'a>(entry: &mut Entry<'a>, delivery: &mut Delivery<'a>) {
    if let Some(repository) = delivery.repository.take() {
        entry.repo = present(repository.full_name);
        entry.repo_id = present(repository.id);
        entry.visibility = present(repository.visibility);
        entry.org = repository.owner.and_then(|owner| present(owner.login));
        if entry.org.is_none() {
            let owner = entry.repo.as_deref().and_then(|name| name.split_once('/'));
            entry.org = owner.map(|(owner, _)| Cow::Owned(owner.to_owned()));
        }
    }
    if let Some(organization) = delivery.organization.take() {
        entry.org = present(organization.login).or(entry.org.take());
        entry.org_id = present(organization.id);
    }
    if let Some(enterprise) = delivery.enterprise.take() {
        entry.business = present(enterprise.slug);
        entry.business_id = present(enterprise.id);
    }
    if let Some(installation) = delivery.installation.take() {
        entry.integration_installation_id = present(installation.id);
        entry.integration_id = present(installation.app_id);
        entry.integration = present(installation.app_slug);
        entry.at_sign_timestamp = present(installation.updated_at);
    }
    entry.branch = present(delivery.git_ref.take());
}

/// Reviews of deployments: for which environments, started by whom, in which run.
fn deployments<'a>(entry: &mut Entry<'a>, delivery: &mut Delivery<'a>) {
    entry.environment = present(delivery.environment.take());
    let jobs = delivery.workflow_job_run.take().into_iter().chain(std::mem::take(&mut delivery.workflow_job_runs));
    entry.environments = jobs.filter_map(|job| present(job.environment)).collect();
    entry.reason = present(delivery.said.words.take());
    entry.at_sign_timestamp = present(delivery.since.take());
    // Where a custom rule answers is the only place that names the run.
    let url = present(delivery.deployment_callback_url.take());
    let run = url.as_deref().and_then(|url| url.split_once("/actions/runs/")?.1.split('/').next());
    entry.workflow_run_id = run.filter(|run| !run.is_empty()).map(|run| Cow::Owned(run.to_owned()));
    let of_run = delivery.workflow_run.as_ref().and_then(|run| run.triggering_actor.as_ref().or(run.actor.as_ref()));
    let of_deployment = delivery.deployment.as_ref().and_then(|deployment| deployment.creator.as_ref());
    let asked = delivery.requestor.as_ref().or(of_run).or(of_deployment);
    entry.requester = asked.map(|account| (present(account.id.clone()), present(account.login.clone())));
}

fn runs<'a>(entry: &mut Entry<'a>, delivery: &mut Delivery<'a>) {
    let is_job = delivery.workflow_job.is_some();
    let Some(run) = delivery.workflow_job.take().or_else(|| delivery.workflow_run.take()) else { return };
    let id = if is_job { present(run.run_id) } else { present(run.id) };
    entry.workflow_run_id = id.or(entry.workflow_run_id.take());
    entry.run_attempt = present(run.run_attempt);
    if is_job {
        entry.job_name = present(run.name);
        entry.name = present(run.workflow_name);
    } else {
        entry.name = present(run.name);
    }
    entry.workflow_id = present(run.workflow_id);
    entry.conclusion = present(run.conclusion);
    entry.branch = present(run.head_branch).or(entry.branch.take());
    entry.runner_name = present(run.runner_name);
    let times = [run.completed_at, run.updated_at, run.started_at, run.created_at];
    entry.at_sign_timestamp = times.into_iter().find_map(present).or(entry.at_sign_timestamp.take());
    if let Some(actor) = run.triggering_actor.or(run.actor) {
        acted(entry, actor);
    }
}

fn things<'a>(entry: &mut Entry<'a>, delivery: &mut Delivery<'a>) {
    if let Some(commit) = delivery.head_commit.take() {
        entry.at_sign_timestamp = present(commit.timestamp);
    }
    if let Some(key) = delivery.key.take() {
        entry.key_id = present(key.id);
        entry.title = present(key.title);
        entry.at_sign_timestamp = present(key.created_at);
    }
    if let Some(team) = delivery.team.take() {
        entry.team = present(team.slug).or(present(team.name));
    }
    if let Some(hook) = delivery.hook.take() {
        entry.hook_id = present(hook.id);
    }
    if let Some(rule) = delivery.rule.take() {
        entry.name = present(rule.name);
        entry.at_sign_timestamp = present(rule.updated_at).or(present(rule.created_at));
    }
    if let Some(deployment) = delivery.deployment.take() {
        entry.environment = entry.environment.take().or(present(deployment.environment));
        entry.at_sign_timestamp = present(deployment.updated_at).or(present(deployment.created_at));
    }
    if let Some(request) = delivery.personal_access_token_request.take() {
        entry.user_programmatic_access_request_id = present(request.id);
        entry.user_programmatic_access_id = present(request.token_id);
        entry.user_programmatic_access_name = present(request.token_name);
        entry.token_expires_at = present(request.token_expires_at);
        entry.at_sign_timestamp = present(request.created_at);
        if let Some(owner) = request.owner {
            entry.user = present(owner.login);
            entry.user_id = present(owner.id);
        }
    }
    for thing in [
        delivery.pull_request.take(),
        delivery.issue.take(),
        delivery.said.thing.take(),
        delivery.review.take(),
        delivery.release.take(),
        delivery.check_run.take(),
        delivery.check_suite.take(),
        delivery.alert.take(),
    ]
    .into_iter()
    .flatten()
    {
        entry.at_sign_timestamp =
            present(thing.updated_at).or(present(thing.created_at)).or(entry.at_sign_timestamp.take());
        entry.pull_request_id = entry.pull_request_id.take().or(present(thing.number)).or(present(thing.id));
        entry.conclusion = entry.conclusion.take().or(present(thing.conclusion));
        if let Some(author) = thing.user {
            acted(entry, author);
        }
    }
}

/// Who is named as affected, then who acted: the sender, else who approved, pushed or wrote.
fn people<'a>(entry: &mut Entry<'a>, delivery: &mut Delivery<'a>) {
    let membership = delivery.membership.take().unwrap_or_default();
    entry.permission = present(membership.role);
    if let Some(user) = delivery.member.take().or(membership.user).or_else(|| delivery.invitation.take()) {
        entry.user = present(user.login);
        entry.user_id = present(user.id);
    }
    let pusher = delivery.pusher.take().map(|pusher| Account { login: pusher.name, ..Account::default() });
    for account in
        [pusher, delivery.requestor.take(), delivery.approver.take(), delivery.sender.take()].into_iter().flatten()
    {
        acted(entry, account);
    }
}

fn acted<'a>(entry: &mut Entry<'a>, account: Account<'a>) {
    if account.login.is_none() && account.id.is_none() {
        return;
    }
    entry.actor = present(account.login);
    entry.actor_id = present(account.id);
    entry.actor_is_bot = account.kind.map(|kind| kind == "Bot");
}
