//! HCP Terraform (Terraform Cloud): the audit trail of an organisation: tokens, runs, workspaces, variables, teams.
//!
//! Tokens of teams and organisations act as users that the platform made up for them; their names have a form of their own.

mod origins;
mod record;

use std::borrow::Cow;

use model::uri;
use model::{
    Access, ActorKind, Credential, CredentialChange, CredentialChangeKind, Event, GrantFact, GrantPhase, Human,
    Platform, Principal, ResourceRole, Status, Step, StepKind,
};

use crate::field::{Text, first, said};
use crate::fill::{self, Act, act};
use crate::{Context, Module, Probe, Reject, RejectKind, json};
use record::{Auth, Meta, Record, Thing};

/// The platform part of canonical URIs.
const NAME: &str = "terraform";

/// Ids are unique over all organisations.
const AUTHORITY: &str = "app.terraform.io";

pub(crate) static MODULE: Module =
    Module { platform: Platform::Terraform, version: 1, recognise, normalise, origins: origins::ORIGINS };

fn recognise(probe: &Probe<'_>) -> bool {
    probe.text("type") == Some("Resource")
        && ["auth", "resource", "timestamp", "version"].iter().all(|key| probe.has(key))
        && probe.raw("resource").is_some_and(|raw| raw.starts_with('{') && raw.contains("\"action\""))
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let record: Record<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let Some(thing) = &record.resource else {
        return Err(Reject::new(RejectKind::Shape, "resource is missing; every entry of the audit trail has one"));
    };
    let authority = context.authority.unwrap_or(AUTHORITY).to_owned();
    let none = Auth::default();
    let auth = record.auth.as_ref().unwrap_or(&none);
    let mut event = Event::new(Platform::Terraform, Cow::Owned(authority.clone()), actor(auth, &authority));
    let kind = thing.kind.as_deref().unwrap_or("unknown");
    let action = thing.action.as_deref().unwrap_or("unknown");
    let act = classify(kind, action);
    act.put(&mut event);
    event.privileged = matches!(act.access, Access::Issue | Access::Grant).then_some(true);
    let failed = ["error", "fail", "denied"].iter().any(|word| action.contains(word));
    event.status = if failed { Status::Failure } else { Status::Success };
    event.source_event_id = said(&record.id);
    event.tenant = said(&auth.organization_id);
    fill::when(&mut event, said(&record.timestamp));
    event.api.service = Some(Cow::Borrowed(NAME));
    event.api.operation = Some(Cow::Owned(format!("{kind}.{action}")));
    event.api.request_id = record.request.as_ref().and_then(|request| said(&request.id));
    event.correlation_ids.extend(event.api.request_id.clone());
    impersonated(&mut event, auth);
    facts(&mut event, thing, kind, action);
    fill::usual(&mut event);
    Ok(event)
}

fn is_token(kind: &str) -> bool {
    kind.ends_with("token") || matches!(kind, "ssh_key" | "gpg_key" | "api_key")
}

fn classify(kind: &str, action: &str) -> Act {
    let verb = fill::by_verb(action);
    let Act { activity_id: activity, access, .. } = verb;
    match (kind, activity) {
        _ if action.contains("override") => act(6003, 99, Access::Grant),
        (_, 1) if is_token(kind) => act(3007, 18, Access::Issue),
        (_, 4) if is_token(kind) => act(3007, 19, Access::Delete),
        ("run" | "plan" | "apply" | "run_task" | "assessment_result", 2) => verb,
        ("run" | "plan" | "apply" | "run_task", activity) => act(6003, activity, Access::Execute),
        ("team_membership" | "team_member", 1) => act(3006, 3, Access::Grant),
        ("team_membership" | "team_member", 4) => act(3006, 4, Access::Grant),
        ("team_workspace" | "team_access" | "team_project", 1) => act(3006, 1, Access::Grant),
        ("team_workspace" | "team_access" | "team_project", 4) => act(3006, 2, Access::Grant),
        ("team_workspace" | "team_access" | "team_project", 3) => act(3006, 9, Access::Grant),
        ("team", 1) => act(3006, 6, access),
        ("team", 3) => act(3006, 9, access),
        ("team", 4) => act(3006, 5, access),
        ("organization_membership" | "organization_user", 1 | 3) => act(3007, 16, Access::Grant),
        ("organization_membership" | "organization_user", 4) => act(3007, 17, Access::Grant),
        ("user", 1) => act(3007, 1, access),
        ("user", 3) => act(3007, 2, access),
        ("user", 4) => act(3007, 3, access),
        ("session" | "user_session", 1) => act(3002, 1, Access::Authenticate),
        ("session" | "user_session", 4) => act(3002, 2, Access::Authenticate),
        ("organization" | "saml_configuration" | "oauth_client" | "agent_pool", 1 | 3 | 4) => {
            act(3004, activity, access)
        }
        (kind, 1 | 3 | 4) if kind.starts_with("policy") || kind.contains("setting") => act(3004, activity, access),
        _ => verb,
    }
}

/// A user, or the one the platform made up for a token of a team or an organisation.
fn actor<'a>(auth: &Auth<'a>, authority: &str) -> Principal<'a> {
    let name = first(&[&auth.description, &auth.accessor_id]);
    let called = auth.description.as_deref().unwrap_or_default();
    let system = auth.kind.as_deref() == Some("System");
    let (kind, is_human, rule) = if system {
        (ActorKind::PlatformService, Human::Nonhuman, "R1:terraform-system")
    } else if called.starts_with("api-org-") {
        (ActorKind::ServiceAccount, Human::Nonhuman, "R1:terraform-organization-token")
    } else if called.starts_with("api-team") {
        (ActorKind::ServiceAccount, Human::Nonhuman, "R1:terraform-team-token")
    } else {
        (ActorKind::Unknown, Human::Unknown, "default")
    };
    let uri = match (said(&auth.accessor_id), &name) {
        (Some(id), _) => uri::principal(NAME, authority, "user", &id),
        (None, Some(name)) => uri::principal_named(NAME, authority, "user", name),
        (None, None) if system => uri::principal(NAME, authority, "system", "terraform"),
        (None, None) => uri::principal_claimed(NAME, authority, "user", "unknown"),
    };
    Principal { uri, kind, name: name.or_else(|| said(&auth.kind)), is_human, rule }
}

/// An administrator of the platform in the place of a user.
fn impersonated<'a>(event: &mut Event<'a>, auth: &Auth<'a>) {
    let Some(id) = said(&auth.impersonator_id) else { return };
    let admin = uri::principal(NAME, &event.authority, "user", &id);
    let step = |principal: String, step, evidence_path| Step {
        principal,
        step,
        evidence_path,
        asserted_by: Cow::Borrowed(NAME),
        verified: true,
    };
    event.chain.push(step(admin.clone(), StepKind::Impersonation, "/auth/impersonator_id"));
    event.chain.push(step(event.actor.uri.clone(), StepKind::Invoke, "/auth/accessor_id"));
    event.initiator = Some(admin);
    event.privileged = Some(true);
}

fn facts<'a>(event: &mut Event<'a>, thing: &Thing<'a>, kind: &str, action: &str) {
    let none = Meta::default();
    let meta = thing.meta.as_ref().unwrap_or(&none);
    token(event, thing, kind);
    let workspace = meta.workspace.as_ref();
    let workspace: (Text<'a>, Text<'a>) = (
        workspace.and_then(|of| said(&of.id)).or_else(|| said(&meta.workspace_id)),
        workspace.and_then(|of| said(&of.name)).or_else(|| said(&meta.workspace_name)),
    );
    let run = said(&thing.id)
        .filter(|_| kind == "run")
        .or_else(|| said(&meta.run_id))
        .or_else(|| meta.run.as_ref().and_then(|run| said(&run.id)));
    if let Some(run) = run {
        event.session = Some(uri::session(NAME, &event.authority, "run", &run));
        event.workload.namespace = first(&[&workspace.1, &workspace.0]);
        event.correlation_ids.push(run.clone());
        if action.contains("override") {
            let uri = uri::grant(NAME, &event.authority, "policy-override", &run);
            event.grant_refs.push(uri.clone());
            event.grants.push(GrantFact {
                approver: Some(event.actor.uri.clone()),
                reason: said(&meta.comment),
                ..GrantFact::new(uri, GrantPhase::Bypass)
            });
        }
        event.workload.uid = Some(run);
    }
    let name = first(&[&meta.name, &meta.key]);
    let of = Cow::Owned(crate::field::kebab(kind));
    fill::item(event, of, (said(&thing.id), name), ResourceRole::Target);
    fill::item(event, Cow::Borrowed("workspace"), workspace, ResourceRole::Related);
    for (kind, named) in [("user", &meta.user), ("team", &meta.team)] {
        if let Some(named) = named {
            let named = (said(&named.id), said(&named.name));
            fill::item(event, Cow::Borrowed(kind), named, ResourceRole::Affected);
        }
    }
    if matches!(kind, "var" | "variable" | "state_version") {
        event.secret_access.path = first(&[&meta.key, &thing.id]);
    }
    event.purpose.reason = said(&meta.comment);
}

/// A token that came or went: its id is that of the resource.
fn token<'a>(event: &mut Event<'a>, thing: &Thing<'a>, kind: &str) {
    let Some(id) = said(&thing.id).filter(|_| is_token(kind)) else { return };
    let of = crate::field::kebab(kind);
    let uri = uri::cred(NAME, &event.authority, &of, &id);
    match event.access {
        Access::Issue => {
            let kind = Cow::Owned(of);
            event.issued_credential = Some(Credential { uri, kind, native_id: Some(id), ..Credential::default() });
        }
        Access::Delete => event.credential_changes.push(CredentialChange {
            change: CredentialChangeKind::Revoked,
            uri,
            native_id: Some(id),
            holder: None,
        }),
        _ => {}
    }
}
