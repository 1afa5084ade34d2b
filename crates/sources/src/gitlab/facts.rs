//! Credentials, memberships and grants that an audit event shows.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    Alias, AliasRel, Change, Credential, CredentialChange, CredentialChangeKind, Event, GrantFact, GrantPhase, Status,
};

use super::record::{Audit, Details, Text, first, said};
use super::{NAME, act, entity_name};
use crate::time;

/// A token or a key that came, went or was used.
pub(super) fn credentials<'a>(event: &mut Event<'a>, audit: &Audit<'a>, details: &Details<'a>, operation: &str) {
    if !act::is_credential(operation) {
        used(event, audit, details);
        return;
    }
    let Some(kind) = kind(operation) else { return };
    let words = details.custom_message.words.as_deref().unwrap_or_default();
    let named = number_after(words, "token_id:").or_else(|| number_after(words, "with id"));
    let of_target = said(&details.target_id).filter(|_| targets_it(details));
    let Some(id) = named.map(|id| Cow::Owned(id.to_owned())).or(of_target) else { return };
    let uri = match (kind, said(&details.target_details)) {
        // Uses name a deploy key by its title.
        ("deploy-key" | "deploy-token", Some(title)) => {
            uri::build(Class::Cred, NAME, &event.authority, kind).name(&entity_name(audit, details)).id(&title).finish()
        }
        _ => uri::cred(NAME, &event.authority, kind, &id),
    };
    let holder = holder(event, audit, details, kind);
    if event.status == Status::Failure {
        return;
    }
    let change = match event.access {
        model::Access::Issue => None,
        model::Access::Delete => Some(CredentialChangeKind::Revoked),
        _ if operation.ends_with("_rotated") => Some(CredentialChangeKind::Rotated),
        _ => return,
    };
    if let Some(change) = change {
        let native_id = Some(id);
        event.credential_changes.push(CredentialChange { change, uri, native_id, holder: Some(holder) });
        return;
    }
    event.aliases.push(Alias { a: uri.clone(), b: holder, rel: AliasRel::CredentialOf, rule: "gitlab:issued-for" });
    event.issued_credential =
        Some(Credential { uri, kind: Cow::Borrowed(kind), native_id: Some(id), ..Credential::default() });
}

/// The kind of credential an event type is about.
fn kind(operation: &str) -> Option<&'static str> {
    let kinds = [
        ("project_access_token", "access-token-of-project"),
        ("group_access_token", "access-token-of-group"),
        ("personal_access_token", "pat"),
        ("impersonation_token", "pat"),
        ("deploy_token", "deploy-token"),
        ("deploy_key", "deploy-key"),
        ("ssh_key", "ssh-key"),
        ("gpg_key", "gpg-key"),
    ];
    kinds.into_iter().find_map(|(word, kind)| operation.contains(word).then_some(kind))
}

/// Whether the target is the credential, not the bot or the project it is for.
fn targets_it(details: &Details<'_>) -> bool {
    details.target_type.as_deref().is_some_and(|target| target.contains("Token") || target.contains("Key"))
}

/// Keys and tokens of a project are the project's; a personal one is the target user's, else the author's.
fn holder(event: &Event<'_>, audit: &Audit<'_>, details: &Details<'_>, kind: &str) -> String {
    let of = |kind: &str, id: &str| uri::principal(NAME, &event.authority, kind, id);
    let entity = audit.entity_id.as_deref().unwrap_or("unknown");
    match (kind, details.target_type.as_deref(), audit.entity_type.as_deref()) {
        // The bot of the token.
        (_, Some("User"), _) => of("user", details.target_id.as_deref().unwrap_or("unknown")),
        ("pat" | "ssh-key" | "gpg-key", _, Some("User")) => of("user", entity),
        ("pat" | "ssh-key" | "gpg-key", ..) => event.actor.uri.clone(),
        (_, _, Some("Group")) => of("group", entity),
        _ => of("project", entity),
    }
}

/// A call with a deploy key or token shows which by its title.
fn used<'a>(event: &mut Event<'a>, audit: &Audit<'a>, details: &Details<'a>) {
    let kind = match event.actor.rule {
        "R3:gitlab-deploy-key" => "deploy-key",
        "R3:gitlab-deploy-token" => "deploy-token",
        _ => return,
    };
    let Some(title) = said(&details.author_name) else { return };
    let uri =
        uri::build(Class::Cred, NAME, &event.authority, kind).name(&entity_name(audit, details)).id(&title).finish();
    event.credential =
        Some(Credential { uri, kind: Cow::Borrowed(kind), native_id: Some(title), ..Credential::default() });
}

/// The digits behind a word.
fn number_after<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let rest = text.split_once(word)?.1.trim_start();
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..end).filter(|digits| !digits.is_empty())
}

/// Memberships, and approvals of deployments.
pub(super) fn grants<'a>(event: &mut Event<'a>, audit: &Audit<'a>, details: &Details<'a>, operation: &str) {
    match operation {
        "deployment_approved" => deployment(event, details, GrantPhase::Approve),
        "deployment_rejected" => deployment(event, details, GrantPhase::Deny),
        "member_created" | "add_user_access" => membership(event, audit, details, GrantPhase::Activate),
        "member_updated" | "change_access_level" => membership(event, audit, details, GrantPhase::Activate),
        "member_destroyed" | "remove_user_access" => membership(event, audit, details, GrantPhase::Revoke),
        _ => {}
    }
}

/// The deployment that was decided on: the target, else the job that the words name.
fn deployment<'a>(event: &mut Event<'a>, details: &Details<'a>, phase: GrantPhase) {
    let words = details.custom_message.words.as_deref().unwrap_or_default();
    let target = said(&details.target_id);
    let uri = match (details.target_type.as_deref(), target) {
        (Some("Deployment"), Some(id)) => uri::grant(NAME, &event.authority, "deployment", &id),
        _ => match number_after(words, "ID:").or_else(|| number_after(words, "with id")) {
            Some(job) => uri::grant(NAME, &event.authority, "deployment-of-job", job),
            None => return,
        },
    };
    event.grant_refs.push(uri.clone());
    event.grants.push(GrantFact {
        approver: Some(event.actor.uri.clone()),
        target: said(&details.target_details),
        reason: first(&[&details.approval_comment, &details.reason]),
        ..GrantFact::new(uri, phase)
    });
}

fn membership<'a>(event: &mut Event<'a>, audit: &Audit<'a>, details: &Details<'a>, phase: GrantPhase) {
    let (Some(entity), Some(id)) = (said(&audit.entity_id), said(&details.target_id)) else { return };
    let kind = audit.entity_type.as_deref().unwrap_or("unknown").to_ascii_lowercase();
    let user = match details.target_type.as_deref() {
        Some("User") => uri::principal(NAME, &event.authority, "user", &id),
        _ => return,
    };
    let uri = uri::build(Class::Grant, NAME, &event.authority, "membership").id(&kind).id(&entity).id(&id).finish();
    event.grant_refs.push(uri.clone());
    event.grants.push(GrantFact {
        requester: Some(event.actor.uri.clone()).filter(|_| phase == GrantPhase::Activate),
        beneficiary: Some(user),
        target: first(&[&details.role, &details.to]),
        not_after: said(&details.expiry_to).and_then(|until| time::parse(&until)).map(|until| until.nanos),
        ..GrantFact::new(uri, phase)
    });
}

/// The value that was changed.
pub(super) fn changes<'a>(event: &mut Event<'a>, details: &Details<'a>) {
    let Some(field) = said(&details.change) else { return };
    let (before, after): (Text<'a>, Text<'a>) = (said(&details.from), said(&details.to));
    event.changes.push(Change { field, before, after });
}
