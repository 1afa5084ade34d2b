//! GitHub audit log: entries as the API, a stream or an export gives them, and webhook deliveries.
//!
//! [`record`] knows the shape of an entry, [`webhook`] reads a delivery as one, [`action`] knows what
//! actions mean, [`actor`] who acted, [`facts`] credentials, grants and sessions, [`deployment`] who let a run
//! deploy.

use std::borrow::Cow;

use model::{Alias, AliasRel, Event, Platform, Resource, ResourceRole, Status, Step, StepKind, uri};

use self::record::{Entry, OptText, first, present};
use crate::time::Parsed;
use crate::{Context, Module, Probe, Reject, RejectKind, json, time};

mod action;
mod actor;
mod deployment;
mod facts;
mod installation;
mod origins;
mod record;
mod webhook;

/// The platform part of canonical URIs.
const PLATFORM: &str = "github";

/// Where names are from, unless the source is set to a server of one's own.
const AUTHORITY: &str = "github.com";

pub(crate) static MODULE: Module =
    Module { platform: Platform::GitHub, version: 6, recognise, normalise, origins: origins::ORIGINS };

/// An entry has a text `action` and names an actor or a place by text; a delivery has a `repository`
/// object with a full name, or a `sender` object.
fn recognise(probe: &Probe<'_>) -> bool {
    if ["eventType", "eventName", "kind", "protoPayload", "class_uid", "operationName"].iter().any(|key| probe.has(key))
    {
        return false;
    }
    if is_delivery(probe) || installation::recognise(probe) {
        return true;
    }
    let Some(action) = probe.text("action") else { return false };
    let text = |key: &str| probe.text(key).is_some();
    let place = ["org", "repo", "business", "_document_id", "hashed_token"].iter().any(|key| text(key));
    let stamp = probe.has("@timestamp") || probe.has("created_at");
    (text("actor") && (place || (stamp && action.contains('.')))) || (place && stamp && action.contains('.'))
}

fn is_delivery(probe: &Probe<'_>) -> bool {
    let object = |key: &str| probe.raw(key).filter(|raw| raw.starts_with('{'));
    if object("actor").is_some() {
        return false;
    }
    object("repository").is_some_and(|raw| raw.contains("\"full_name\""))
        || (object("sender").is_some_and(|raw| raw.contains("\"login\"")) && probe.text("action").is_some())
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    if installation::recognise(&Probe::new(text)) {
        return installation::read(text, context.authority.unwrap_or(AUTHORITY));
    }
    let (entry, operation) = if is_delivery(&Probe::new(text)) {
        let delivery = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
        let (entry, operation) = webhook::read(delivery);
        (entry, Some(operation))
    } else {
        let entry: Entry<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
        let operation = present(entry.action.clone());
        (entry, operation)
    };
    if operation.is_none() {
        return Err(Reject::new(RejectKind::Shape, "neither an audit log entry with an action nor a webhook delivery"));
    }
    Ok(event(entry, operation, context))
}

fn event<'a>(mut entry: Entry<'a>, operation: Option<Cow<'a, str>>, context: &Context<'_>) -> Event<'a> {
    let authority = context.authority.unwrap_or(AUTHORITY);
    let (principal, party) = actor::actor(&entry, authority);
    let mut event = Event::new(Platform::GitHub, Cow::Owned(authority.to_owned()), principal);
    event.party = party;
    event.source_event_id = present(entry.document_id.take());
    let stamp = when(&mut entry);
    if let Some((parsed, raw)) = stamp {
        event.time = Some(parsed.nanos);
        event.time_precision = parsed.precision;
        event.time_raw = Some(raw);
    }
    let name = entry.action.as_deref().unwrap_or_default();
    let act = action::classify(name, entry.operation_type.as_deref());
    (event.class_uid, event.activity_id, event.access) = (act.class_uid, act.activity_id, act.access);
    // An update of a stream pauses it, or goes on with it.
    if let (1008, 99, Some(on)) = (act.class_uid, act.activity_id, entry.audit_log_stream_enabled) {
        event.activity_id = if on { 9 } else { 10 };
    }
    event.api.service = Some(Cow::Borrowed("github"));
    event.api.operation = operation;
    event.api.request_id = present(entry.request_id.clone());
    event.correlation_ids.extend(event.api.request_id.clone());
    outcome(&mut event, &entry);
    event.tenant = first([&entry.org, &entry.business]);
    event.privileged = matches!(event.access, model::Access::Issue | model::Access::Grant).then_some(true);
    source(&mut event, &mut entry);
    names_of_actor(&mut event, &entry);
    facts::used(&mut event, &entry);
    facts::life(&mut event, &entry);
    facts::session(&mut event, &entry);
    facts::grants(&mut event, &entry);
    facts::decision(&mut event, &entry);
    facts::changes(&mut event, &entry);
    agent(&mut event, &entry);
    resources(&mut event, &entry);
    secrets(&mut event, &entry);
    single_sign_on(&mut event, &entry);
    missing(&mut event);
    event
}

/// Milliseconds since 1970 or a text; exporters rename `@timestamp`.
fn when<'a>(entry: &mut Entry<'a>) -> Option<(Parsed, Cow<'a, str>)> {
    let stamps = [
        entry.at_timestamp.take(),
        entry.at_sign_timestamp.take(),
        entry.created_at.take(),
        entry.completed_at.take(),
        entry.started_at.take(),
    ];
    stamps.into_iter().flatten().find_map(|raw| {
        // A number may have been through a floating point column on its way.
        let whole = raw.strip_suffix(".0").unwrap_or(&raw);
        let parsed = match whole.parse::<i64>() {
            Ok(number) => time::from_epoch(number),
            Err(_) => time::parse(&raw),
        };
        parsed.map(|parsed| (parsed, raw))
    })
}

/// The log records what was done; a few actions say that it was refused or failed.
fn outcome<'a>(event: &mut Event<'a>, entry: &Entry<'a>) {
    let name = entry.action.as_deref().unwrap_or_default();
    let (_, verb) = action::split(name);
    let refused = verb.contains("failed") || verb.ends_with("failure") || verb == "rejected_ref_update";
    event.status_code = present(entry.conclusion.clone());
    event.status = match event.status_code.as_deref() {
        Some("success" | "approved") => Status::Success,
        Some("failure" | "timed_out" | "startup_failure") => Status::Failure,
        Some(_) => Status::Other,
        None if refused => Status::Failure,
        None => Status::Success,
    };
    if event.status == Status::Failure {
        event.error_code.clone_from(&event.status_code);
        event.error_message = first([&entry.message, &entry.reason]);
    }
}

fn source<'a>(event: &mut Event<'a>, entry: &mut Entry<'a>) {
    event.src.ip = present(entry.actor_ip.take());
    event.src.country = entry.actor_location.take().and_then(|location| present(location.country_code));
    event.user_agent = present(entry.user_agent.take())
        .or_else(|| entry.data.as_mut().and_then(|data| present(data.user_agent.take())));
    event.client_app =
        first([&entry.application_name, &entry.oauth_application, &entry.integration, &entry.oauth_application_id]);
}

/// An entry with login and id makes them one.
fn names_of_actor(event: &mut Event<'_>, entry: &Entry<'_>) {
    let pairs = [
        (&entry.actor_id, &entry.actor, "github:actor+actor_id"),
        (&entry.user_id, &entry.user, "github:user+user_id"),
    ];
    for (id, login, rule) in pairs {
        if let (Some(id), Some(login)) = (id.as_deref(), login.as_deref())
            && !id.is_empty()
            && !login.is_empty()
        {
            let b = match login.strip_suffix("[bot]") {
                Some(slug) => uri::principal_named(PLATFORM, &event.authority, "app", slug),
                None => actor::user_named(&event.authority, login),
            };
            let a = uri::principal(PLATFORM, &event.authority, "user", id);
            let alias = Alias { a, b, rel: AliasRel::SameAs, rule };
            if !event.aliases.iter().any(|known| known.a == alias.a && known.b == alias.b) {
                event.aliases.push(alias);
            }
        }
    }
}

/// An agent acts for the user who started it.
fn agent<'a>(event: &mut Event<'a>, entry: &Entry<'a>) {
    let session = present(entry.agent_session_id.clone());
    if entry.actor_is_agent != Some(true) && session.is_none() {
        return;
    }
    event.agent.uid = first([&entry.actor_id, &entry.actor]);
    event.correlation_ids.extend(session.clone());
    event.agent.run = session;
    if let Some(user) =
        actor::user(&event.authority, &entry.user_id, &entry.user).filter(|user| *user != event.actor.uri)
    {
        let step = |principal: String, step: StepKind, evidence_path: &'static str| Step {
            principal,
            step,
            evidence_path,
            asserted_by: Cow::Borrowed("github"),
            verified: true,
        };
        event.chain.push(step(user.clone(), StepKind::Delegation, "/user"));
        event.chain.push(step(event.actor.uri.clone(), StepKind::Invoke, "/actor"));
        event.initiator = Some(user);
    }
}

fn resources<'a>(event: &mut Event<'a>, entry: &Entry<'a>) {
    let name = entry.action.as_deref().unwrap_or_default();
    let (category, _) = action::split(name);
    let hook = first([&entry.hook_id]).or_else(|| entry.data.as_ref().and_then(|data| present(data.hook_id.clone())));
    let url = entry.config.as_ref().and_then(|config| present(config.url.clone()));
    let (target, affected) = (ResourceRole::Target, ResourceRole::Affected);
    add(event, entry, "hook", hook, url, target);
    if let Some((kind, id, name)) = subject(entry, category) {
        add(event, entry, kind, id, name, target);
    }
    if name.starts_with("environment.") || deployment_action(name) {
        for environment in deployment::environments(entry) {
            add(event, entry, "environment", None, Some(environment), target);
        }
    }
    if let Some(run) = present(entry.workflow_run_id.clone()) {
        add(event, entry, "run", Some(run), present(entry.name.clone()), target);
    }
    let id = first([&entry.repo_id, &entry.repository_id]);
    let repository = first([&entry.repo, &entry.repository]);
    if let (Some(id), Some(name)) = (&id, &repository) {
        let of = || uri::build(uri::Class::Resource, PLATFORM, &event.authority, "repo");
        let (a, b) = (of().name(name).finish(), of().id(id).finish());
        event.aliases.push(Alias { a, b, rel: AliasRel::SameAs, rule: "github:repo+repo_id" });
    }
    add(event, entry, "repo", id, repository, target);
    let affects = present(entry.user.clone()).filter(|user| entry.actor.as_ref() != Some(user));
    if let Some(user) = affects.filter(|_| entry.actor_is_agent != Some(true)) {
        add(event, entry, "user", present(entry.user_id.clone()), Some(user), affected);
    }
    add(event, entry, "user", None, first([&entry.invitee, &entry.email]), affected);
    if event.resources.is_empty() {
        add(event, entry, "org", present(entry.org_id.clone()), present(entry.org.clone()), target);
    }
    if event.resources.is_empty() {
        add(event, entry, "business", present(entry.business_id.clone()), present(entry.business.clone()), target);
    }
    if event.resources.is_empty() {
        let id = first([&entry.user_id, &entry.actor_id]);
        add(event, entry, "user", id, first([&entry.user, &entry.actor]), target);
    }
}

/// Actions on the way of a run to its environment.
fn deployment_action(name: &str) -> bool {
    name.starts_with("deployment")
        || ["workflows.approve", "workflows.reject", "workflows.bypass"].iter().any(|start| name.starts_with(start))
}

/// Kind, id and name of a resource.
type Subject<'a> = (&'static str, OptText<'a>, OptText<'a>);

/// What actions of a category are about, besides the repository: kind, id and name.
fn subject<'a>(entry: &Entry<'a>, category: &str) -> Option<Subject<'a>> {
    Some(match category {
        "team" | "team_sync" => ("team", None, present(entry.team.clone())),
        "integration_installation" | "integration_installation_request" => {
            let id = present(entry.integration_installation_id.clone());
            ("installation", id, first([&entry.integration, &entry.name]))
        }
        "integration" => ("app", present(entry.integration_id.clone()), first([&entry.integration, &entry.name])),
        "oauth_application" | "oauth_access" | "oauth_authorization" => {
            let id = present(entry.oauth_application_id.clone());
            ("oauth-app", id, first([&entry.oauth_application, &entry.name]))
        }
        "personal_access_token" => {
            let id = present(entry.user_programmatic_access_id.clone());
            ("pat", id, present(entry.user_programmatic_access_name.clone()))
        }
        "public_key" | "deploy_key" | "ssh_certificate_authority" => {
            let id = first([&entry.key_id, &entry.fingerprint]);
            ("key", id, first([&entry.title, &entry.fingerprint]))
        }
        "protected_branch" => ("branch", None, first([&entry.branch, &entry.name])),
        "repository_ruleset" => {
            ("ruleset", present(entry.ruleset_id.clone()), first([&entry.ruleset_name, &entry.name]))
        }
        "organization_role" => ("role", None, first([&entry.organization_role_name, &entry.name])),
        _ if category.starts_with("pull_request") || category.starts_with("issue") => {
            ("thread", None, present(entry.pull_request_id.clone()))
        }
        _ => return None,
    })
}

/// Adds a resource with an id or a name. Names of parts are unique within their repository or
/// organisation only.
fn add<'a>(
    event: &mut Event<'a>,
    entry: &Entry<'a>,
    kind: &'static str,
    id: Option<Cow<'a, str>>,
    name: Option<Cow<'a, str>>,
    role: ResourceRole,
) {
    let Some(shown) = name.or_else(|| id.clone()) else { return };
    let uri = uri::build(uri::Class::Resource, PLATFORM, &event.authority, kind);
    let scope = match kind {
        "branch" | "ruleset" | "thread" | "secret" | "environment" => {
            first([&entry.repo, &entry.repository, &entry.org])
        }
        "role" => first([&entry.org, &entry.business]),
        _ => None,
    };
    let uri = match (id, scope) {
        (Some(id), _) => uri.id(&id),
        (None, Some(scope)) => uri.name(&scope).id(&shown),
        (None, None) => uri.name(&shown),
    };
    event.resources.push(Resource { uri: uri.finish(), kind: Cow::Borrowed(kind), name: Some(shown), role });
}

/// Secrets of Actions, Codespaces and Dependabot: set, removed, handed to a job.
fn secrets<'a>(event: &mut Event<'a>, entry: &Entry<'a>) {
    let name = entry.action.as_deref().unwrap_or_default();
    if name.ends_with("_secret") && !name.contains("client_secret") {
        event.secret_access.path = first([&entry.key, &entry.name]);
    }
    for secret in &entry.secrets_passed {
        add(event, entry, "secret", None, Some(secret.clone()), ResourceRole::Related);
    }
    if let (None, Some(first)) = (&event.secret_access.path, entry.secrets_passed.first()) {
        event.secret_access.path = Some(first.clone());
    }
}

fn single_sign_on<'a>(event: &mut Event<'a>, entry: &Entry<'a>) {
    let identity = first([&entry.external_identity_nameid, &entry.external_identity_username]);
    if let Some(identity) = identity {
        let issuer = present(entry.issuer.clone());
        let a = uri::principal_named("saml", issuer.as_deref().unwrap_or("unknown"), "subject", &identity);
        let rule = "github:external_identity";
        event.aliases.push(Alias { a, b: event.actor.uri.clone(), rel: AliasRel::FederatesTo, rule });
    }
    if entry.action.as_deref().is_some_and(|action| action.ends_with(".sso_response")) {
        event.authn.protocol = Some(Cow::Borrowed("saml"));
        event.authn.method = present(entry.issuer.clone());
    }
}

/// Columns that a complete entry fills and this one does not. Addresses are not among them: GitHub
/// shows them only where an organisation asks for it.
fn missing(event: &mut Event<'_>) {
    let absent = [
        (event.source_event_id.is_none(), "source_event_id"),
        (event.time.is_none(), "time"),
        (event.actor.rule == "default" && event.actor.name.is_none(), "actor_principal"),
        (event.resources.is_empty(), "resources"),
    ];
    event.quality.missing.extend(absent.into_iter().filter_map(|(absent, column)| absent.then_some(column)));
}
