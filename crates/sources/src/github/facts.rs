//! Credentials, grants and sessions that an entry shows.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::uri::{self, Class};
use model::{
    Alias, AliasRel, Change, Credential, CredentialChange, CredentialChangeKind, Effect, Event, Fingerprint, GrantFact,
    GrantPhase,
};

use super::record::{Entry, OptText, first, present};
use super::{PLATFORM, action, actor, deployment};

/// What the actor acted with: the digest of a token, its id, or both.
pub(super) fn used<'a>(event: &mut Event<'a>, entry: &Entry<'a>) {
    let digest = present(entry.hashed_token.clone());
    let id = present(entry.token_id.clone());
    let hex = digest.as_deref().and_then(hex_of_base64);
    let by_digest = hex.as_deref().map(|hex| uri::cred(PLATFORM, &event.authority, "token-sha256", hex));
    let by_id = id.as_deref().map(|id| uri::cred(PLATFORM, &event.authority, "token", id));
    if let (Some(a), Some(b)) = (&by_digest, &by_id) {
        let rule = "github:hashed_token+token_id";
        event.aliases.push(Alias { a: a.clone(), b: b.clone(), rel: AliasRel::SameAs, rule });
    }
    let kind = if by_digest.is_some() { "token-sha256" } else { "token" };
    event.authn.method = present(entry.programmatic_access_type.clone());
    event.authn.protocol = first([&entry.transport_protocol_name, &entry.protocol_name]);
    let Some(uri) = by_digest.or(by_id) else { return };
    // A deploy key is the repository's, whoever added it.
    let deploy_key = event.authn.method.as_deref().map(actor::token) == Some(actor::Token::DeployKey);
    let holder = if deploy_key { actor::repository(entry, &event.authority) } else { None };
    let holder = holder.unwrap_or_else(|| event.actor.uri.clone());
    let rule = "github:token-of-actor";
    event.aliases.push(Alias { a: uri.clone(), b: holder, rel: AliasRel::CredentialOf, rule });
    event.credential = Some(Credential {
        uri,
        kind: Cow::Borrowed(kind),
        native_id: id.or(digest),
        fingerprint: hex.map(|hex| Fingerprint { algorithm: "sha256", encoding: "hex", value: Cow::Owned(hex) }),
        issuer: Some(event.authority.clone()),
        scopes: scopes(&entry.token_scopes),
        ..Credential::default()
    });
}

/// GitHub logs the SHA-256 of a token in base64; the URI has it in hex.
fn hex_of_base64(digest: &str) -> Option<String> {
    let bytes = STANDARD.decode(digest).ok().filter(|bytes| bytes.len() == 32)?;
    Some(model::hex(&bytes))
}

fn scopes<'a>(scopes: &OptText<'a>) -> Vec<Cow<'a, str>> {
    let list = scopes.as_deref().unwrap_or_default();
    list.split([',', ' ']).filter(|scope| !scope.is_empty()).map(|scope| Cow::Owned(scope.to_owned())).collect()
}

/// A credential that came, went or changed: which one, and what happened.
pub(super) fn life<'a>(event: &mut Event<'a>, entry: &Entry<'a>) {
    let Some(name) = entry.action.as_deref() else { return };
    let (category, verb) = action::split(name);
    let Some((uri, kind, native)) = named_credential(event, entry, category) else { return };
    let owner = match kind {
        "deploy-key" => actor::repository(entry, &event.authority),
        "client-secret" => actor::app(entry, &event.authority),
        _ => actor::user(&event.authority, &entry.user_id, &entry.user),
    };
    let holder = owner.unwrap_or_else(|| event.actor.uri.clone());
    let change = match verb {
        "create" | "access_granted" | "generate_client_secret" => None,
        "access_revoked"
        | "destroy"
        | "delete"
        | "revoke"
        | "credential_revoked"
        | "credential_expired"
        | "remove_client_secret"
        | "revoke_all_tokens" => Some(CredentialChangeKind::Revoked),
        "regenerate" | "credential_regenerated" | "reset_secret" => Some(CredentialChangeKind::Rotated),
        "unverify" => Some(CredentialChangeKind::Disabled),
        "verify" => Some(CredentialChangeKind::Enabled),
        _ => return,
    };
    if let Some(change) = change {
        event.credential_changes.push(CredentialChange { change, uri, native_id: native, holder: Some(holder) });
        return;
    }
    let rule = "github:issued-for";
    event.aliases.push(Alias { a: uri.clone(), b: holder, rel: AliasRel::CredentialOf, rule });
    let fingerprint = present(entry.fingerprint.clone()).map(|value| match value.strip_prefix("SHA256:") {
        Some(rest) => Fingerprint { algorithm: "sha256", encoding: "base64", value: Cow::Owned(rest.to_owned()) },
        None => Fingerprint { algorithm: "md5", encoding: "hex", value },
    });
    event.issued_credential = Some(Credential {
        uri,
        kind: Cow::Borrowed(kind),
        native_id: native,
        fingerprint,
        issuer: Some(event.authority.clone()),
        not_after: entry.token_expires_at.as_deref().and_then(crate::time::parse).map(|parsed| parsed.nanos),
        parent: event.credential.as_ref().map(|credential| credential.uri.clone()),
        ..Credential::default()
    });
}

type Named<'a> = (String, &'static str, OptText<'a>);

/// The credential an action is about. Without an id or a name there is none to speak of.
fn named_credential<'a>(event: &Event<'a>, entry: &Entry<'a>, category: &str) -> Option<Named<'a>> {
    let authority = event.authority.as_ref();
    match category {
        "personal_access_token" => {
            let id = present(entry.user_programmatic_access_id.clone());
            let name = present(entry.user_programmatic_access_name.clone());
            let owner = first([&entry.user, &entry.actor]).unwrap_or_default();
            let uri = match (&id, &name) {
                (Some(id), _) => uri::cred(PLATFORM, authority, "pat", id),
                (None, Some(name)) => {
                    uri::build(Class::Cred, PLATFORM, authority, "pat").name(&owner).id(name).finish()
                }
                (None, None) => return None,
            };
            Some((uri, "pat", id.or(name)))
        }
        "public_key" | "deploy_key" => {
            // A key with a repository is a deploy key; one without belongs to a user.
            let of_repo = entry.repo.is_some() || entry.repository.is_some() || category == "deploy_key";
            let kind = if of_repo { "deploy-key" } else { "ssh-key" };
            let id = first([&entry.key_id, &entry.fingerprint])?;
            Some((uri::cred(PLATFORM, authority, kind, &id), kind, Some(id)))
        }
        "ssh_certificate_authority" => {
            let id = present(entry.fingerprint.clone())?;
            Some((uri::cred(PLATFORM, authority, "ssh-ca", &id), "ssh-ca", Some(id)))
        }
        "oauth_authorization" | "oauth_access" => {
            let app = first([&entry.oauth_application_id, &entry.oauth_application, &entry.application_name])?;
            let owner = first([&entry.user_id, &entry.user, &entry.actor_id, &entry.actor])?;
            let uri = uri::build(Class::Cred, PLATFORM, authority, "oauth-authorization").id(&app).id(&owner).finish();
            Some((uri, "oauth-authorization", Some(app)))
        }
        "oauth_application" | "integration" => {
            let app = first([&entry.oauth_application_id, &entry.integration_id, &entry.integration, &entry.name])?;
            Some((uri::cred(PLATFORM, authority, "client-secret", &app), "client-secret", Some(app)))
        }
        _ => None,
    }
}

/// What an action says about rights: given, taken, asked for, approved, denied, overridden.
pub(super) fn grants<'a>(event: &mut Event<'a>, entry: &Entry<'a>) {
    let Some(name) = entry.action.as_deref() else { return };
    if deployment::grants(event, entry, name) {
        return;
    }
    let Some((phase, kind)) = grant_kind(name) else { return };
    let authority = event.authority.clone();
    let repository = first([&entry.repo, &entry.repository]);
    let place = match kind {
        "team" => first([&entry.team, &entry.org]),
        "repo" | "team-repo" | "branch-protection" | "push-protection" => repository,
        "pat-request" => first([&entry.user_programmatic_access_request_id, &entry.user_programmatic_access_id]),
        "app" => first([
            &entry.integration_installation_id,
            &entry.integration,
            &entry.oauth_application_id,
            &entry.oauth_application,
            &entry.name,
        ]),
        _ => first([&entry.org, &entry.business]),
    };
    let beneficiary = match kind {
        "branch-protection" | "push-protection" | "app" => None,
        _ => actor::user(&authority, &entry.user_id, &entry.user)
            .or_else(|| present(entry.invitee.clone()).map(|login| actor::user_named(&authority, &login))),
    };
    let mut uri = uri::build(Class::Grant, PLATFORM, &authority, kind);
    uri = match &place {
        Some(place) => uri.id(place),
        None => uri.claim("unknown"),
    };
    let second = match kind {
        "branch-protection" | "push-protection" => first([&entry.branch, &entry.git_ref, &entry.name]),
        "pat-request" | "app" => None,
        "team-repo" => present(entry.team.clone()),
        _ => first([&entry.user_id, &entry.user, &entry.invitee, &entry.email]),
    };
    if let Some(second) = &second {
        uri = uri.id(second);
    }
    let by_actor = Some(event.actor.uri.clone());
    let approves = matches!(phase, GrantPhase::Approve | GrantPhase::Deny);
    if phase == GrantPhase::Bypass {
        event.privileged = Some(true);
    }
    let uri = uri.finish();
    event.grant_refs.push(uri.clone());
    event.grants.push(GrantFact {
        requester: if approves { None } else { by_actor.clone() },
        beneficiary,
        approver: if approves { by_actor } else { None },
        target: target(entry),
        reason: first([&entry.explanation, &entry.reason]),
        ..GrantFact::new(uri, phase)
    });
}

/// What a grant is for, as the entry words it: a permission, a role, an environment, a place.
fn target<'a>(entry: &Entry<'a>) -> OptText<'a> {
    first([
        &entry.permission,
        &entry.new_repo_permission,
        &entry.organization_role_name,
        &entry.branch,
        &entry.user_programmatic_access_name,
        &entry.team,
        &entry.repo,
        &entry.org,
        &entry.business,
    ])
}

/// The phase of an action and what kind of grant it is about.
fn grant_kind(name: &str) -> Option<(GrantPhase, &'static str)> {
    Some(match action::split(name) {
        ("org" | "business" | "", "add_member" | "add_admin" | "restore_member" | "add_outside_collaborator") => {
            (GrantPhase::Activate, "membership")
        }
        ("org" | "business" | "", "invite_member" | "invite_admin") => (GrantPhase::Request, "membership"),
        ("org" | "business" | "", "update_member") => (GrantPhase::Activate, "membership"),
        ("org" | "business" | "", "remove_member" | "remove_admin" | "remove_outside_collaborator") => {
            (GrantPhase::Revoke, "membership")
        }
        ("team", "add_member" | "promote_maintainer") => (GrantPhase::Activate, "team"),
        ("team", "remove_member" | "demote_maintainer") => (GrantPhase::Revoke, "team"),
        ("team", "add_repository" | "update_repository_permission") => (GrantPhase::Activate, "team-repo"),
        ("team", "remove_repository") => (GrantPhase::Revoke, "team-repo"),
        ("repo", "add_member" | "update_member") => (GrantPhase::Activate, "repo"),
        ("repo", "remove_member") => (GrantPhase::Revoke, "repo"),
        ("organization_role", "assign") | ("organization_moderators", "add_user") => (GrantPhase::Activate, "role"),
        ("organization_role", "revoke") | ("organization_moderators", "remove_user") => (GrantPhase::Revoke, "role"),
        ("personal_access_token", "request_created") => (GrantPhase::Request, "pat-request"),
        ("personal_access_token", "access_granted") => (GrantPhase::Approve, "pat-request"),
        ("personal_access_token", "request_denied") => (GrantPhase::Deny, "pat-request"),
        ("personal_access_token", "request_cancelled" | "access_revoked") => (GrantPhase::Revoke, "pat-request"),
        ("org", "oauth_app_access_requested") => (GrantPhase::Request, "app"),
        ("org", "oauth_app_access_approved") | ("integration_installation", "create") => (GrantPhase::Approve, "app"),
        ("org", "oauth_app_access_denied") => (GrantPhase::Deny, "app"),
        ("integration_installation_request", "create") => (GrantPhase::Request, "app"),
        ("integration_installation", "destroy") => (GrantPhase::Revoke, "app"),
        ("protected_branch", "policy_override") => (GrantPhase::Bypass, "branch-protection"),
        (category, "bypass") if category.contains("push_protection") => (GrantPhase::Bypass, "push-protection"),
        _ => return None,
    })
}

/// What GitHub's rules decided.
pub(super) fn decision<'a>(event: &mut Event<'a>, entry: &Entry<'a>) {
    let Some(name) = entry.action.as_deref() else { return };
    let (effect, pdp) = match action::split(name) {
        ("protected_branch", "policy_override") => (Effect::Allow, "branch-protection"),
        ("protected_branch", "rejected_ref_update") => (Effect::Deny, "branch-protection"),
        ("user", "failed_login") => (Effect::Deny, "sign-in"),
        ("workflows", "actions_policy_violation") => (Effect::Observed, "actions-policy"),
        _ => return,
    };
    event.decision.effect = Some(effect);
    event.decision.pdp = Some(Cow::Borrowed(pdp));
    event.decision.policies.extend(first([&entry.ruleset_name, &entry.branch, &entry.name]));
    event.decision.reason = first([&entry.message, &entry.reason, &entry.explanation]);
}

/// The run, the agent's session or the browser session that an entry belongs to.
pub(super) fn session<'a>(event: &mut Event<'a>, entry: &Entry<'a>) {
    let authority = event.authority.clone();
    if let Some(run) = present(entry.workflow_run_id.clone()) {
        let mut uri = uri::build(Class::Session, PLATFORM, &authority, "run").id(&run);
        if let Some(attempt) = present(entry.run_attempt.clone()) {
            uri = uri.id(&attempt);
        }
        let uri = uri.finish();
        if let Some((job, _)) = actor::job(entry, &authority) {
            event.aliases.push(Alias { a: uri.clone(), b: job, rel: AliasRel::InstanceOf, rule: "github:run" });
        }
        event.session = Some(uri);
        event.correlation_ids.push(run.clone());
        event.workload.uid = Some(run);
        event.workload.name = first([&entry.job_name, &entry.name, &entry.job_workflow_ref, &entry.workflow_id]);
        event.workload.namespace = first([&entry.repo, &entry.repository]);
        event.workload.node = present(entry.runner_name.clone());
        event.purpose.job = first([&entry.name, &entry.job_name]);
    } else if let Some(id) = present(entry.agent_session_id.clone()) {
        event.session = Some(uri::session(PLATFORM, &authority, "agent-session", &id));
    } else if let Some(id) = present(entry.actor_session.clone()) {
        event.session = Some(uri::session(PLATFORM, &authority, "web-session", &id));
    }
}

/// Values an entry says were changed.
pub(super) fn changes<'a>(event: &mut Event<'a>, entry: &Entry<'a>) {
    let pairs = [
        ("permission", &entry.old_permission, first([&entry.new_repo_permission, &entry.permission])),
        ("visibility", &entry.previous_visibility, present(entry.visibility.clone())),
        ("name", &entry.old_name, present(entry.name.clone())),
    ];
    for (field, before, after) in pairs {
        if let Some(before) = present(before.clone()) {
            event.changes.push(Change { field: Cow::Borrowed(field), before: Some(before), after });
        }
    }
}
