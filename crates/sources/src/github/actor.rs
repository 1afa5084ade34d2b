//! Who acted: users, bots, apps, agents, jobs; and whether that is a human.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{ActorKind, Human, Party, Principal};
use sha2::{Digest, Sha256};

use super::PLATFORM;
use super::record::{Entry, OptText, first, present};

/// How the caller's token was made, from `programmatic_access_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A personal access token, classic or fine-grained.
    Personal,
    /// A token of an OAuth app for a user.
    OAuth,
    /// A token of a GitHub App for a user.
    AppForUser,
    /// A token of a GitHub App by itself.
    App,
    /// A deploy key of a repository.
    DeployKey,
    /// An SSH key of a user.
    SshKey,
    /// A type this module does not know.
    Other,
}

/// Reads a type as GitHub spells it (`Personal access token (classic)`) and as exporters do
/// (`personal_access_token`).
pub(super) fn token(kind: &str) -> Token {
    let kind = kind.to_ascii_lowercase().replace('_', " ");
    if kind.contains("personal access") {
        Token::Personal
    } else if kind.contains("server-to-server") || kind.contains("server to server") {
        Token::App
    } else if kind.contains("app") {
        Token::AppForUser
    } else if kind.contains("oauth") {
        Token::OAuth
    } else if kind.contains("deploy key") {
        Token::DeployKey
    } else if kind.contains("ssh") || kind.contains("public key") {
        Token::SshKey
    } else {
        Token::Other
    }
}

/// The actor of an entry and whose it is.
pub(super) fn actor<'a>(entry: &Entry<'a>, authority: &str) -> (Principal<'a>, Option<Party>) {
    let login = present(entry.actor.clone());
    let id = present(entry.actor_id.clone());
    if login.is_none() && id.is_none() {
        return nobody(entry, authority);
    }
    let bot = login.as_deref().and_then(|login| login.strip_suffix("[bot]"));
    // A sign-in that failed proves no identity.
    let unproved = entry.action.as_deref() == Some("user.failed_login");
    let uri = match (&id, bot, &login) {
        _ if unproved => {
            uri::principal_claimed(PLATFORM, authority, "user", id.as_deref().or(login.as_deref()).unwrap_or("unknown"))
        }
        (Some(id), _, _) => uri::principal(PLATFORM, authority, "user", id),
        (None, Some(slug), _) => uri::principal_named(PLATFORM, authority, "app", slug),
        (None, None, Some(login)) => user_named(authority, login),
        (None, None, None) => return nobody(entry, authority),
    };
    let (kind, is_human, rule) = sort(entry, bot.is_some());
    let party = match bot {
        Some("github-actions" | "dependabot" | "secret-scanning" | "github-merge-queue" | "copilot-swe-agent") => {
            Some(Party::Provider)
        }
        _ => None,
    };
    (Principal { uri, kind, name: login.or(id), is_human, rule }, party)
}

/// URI of a user by login. GitHub compares logins without case.
pub(super) fn user_named(authority: &str, login: &str) -> String {
    uri::principal_named(PLATFORM, authority, "user", &login.to_ascii_lowercase())
}

/// URI of a user by id if there is one, else by login.
pub(super) fn user(authority: &str, id: &OptText<'_>, login: &OptText<'_>) -> Option<String> {
    match (id.as_deref().filter(|id| !id.is_empty()), login.as_deref().filter(|login| !login.is_empty())) {
        (Some(id), _) => Some(uri::principal(PLATFORM, authority, "user", id)),
        (None, Some(login)) => Some(user_named(authority, login)),
        (None, None) => None,
    }
}

fn sort(entry: &Entry<'_>, bot: bool) -> (ActorKind, Human, &'static str) {
    if entry.actor_is_agent == Some(true) {
        return (ActorKind::Agent, Human::Nonhuman, "R1:github-actor_is_agent");
    }
    if entry.actor_is_bot == Some(true) {
        return (ActorKind::Bot, Human::Nonhuman, "R1:github-actor_is_bot");
    }
    if bot {
        return (ActorKind::Bot, Human::Nonhuman, "R1:github-bot-login");
    }
    match entry.programmatic_access_type.as_deref().filter(|kind| !kind.is_empty()).map(token) {
        Some(Token::App) => return (ActorKind::Integration, Human::Nonhuman, "R1:github-app-token"),
        Some(Token::DeployKey) => return (ActorKind::Script, Human::Nonhuman, "R3:github-deploy-key"),
        Some(Token::Personal) => return (ActorKind::Script, Human::Mixed, "R3:github-personal-access-token"),
        Some(Token::OAuth | Token::AppForUser) => return (ActorKind::Script, Human::Mixed, "R3:github-user-token"),
        Some(Token::SshKey | Token::Other) | None => {}
    }
    if entry.action.as_deref().is_some_and(|action| action.ends_with(".sso_response")) {
        return (ActorKind::Human, Human::Human, "R2:github-saml");
    }
    if entry.actor_is_bot == Some(false) {
        return (ActorKind::Human, Human::Human, "R1:github-not-a-bot");
    }
    (ActorKind::Unknown, Human::Unknown, "default")
}

/// An entry without an actor: a job of Actions if it shows one, else nobody.
fn nobody<'a>(entry: &Entry<'a>, authority: &str) -> (Principal<'a>, Option<Party>) {
    if let Some((uri, name)) = job(entry, authority) {
        let name = Some(name);
        let rule = "R1:github-actions";
        return (Principal { uri, kind: ActorKind::CiJob, name, is_human: Human::Nonhuman, rule }, None);
    }
    let uri = uri::principal_claimed(PLATFORM, authority, "user", "unknown");
    (Principal { uri, kind: ActorKind::Unknown, name: None, is_human: Human::Unknown, rule: "default" }, None)
}

/// The workflow as a principal: repository and a digest of the workflow's reference. Entries without
/// the reference have an id or only a name, which are not the same principal until something says so.
pub(super) fn job<'a>(entry: &Entry<'a>, authority: &str) -> Option<(String, Cow<'a, str>)> {
    present(entry.workflow_run_id.clone())?;
    let start = uri::build(Class::Principal, PLATFORM, authority, "actions");
    let start = match (first([&entry.repo_id, &entry.repository_id]), first([&entry.repo, &entry.repository])) {
        (Some(id), _) => start.id(&id),
        (None, Some(name)) => start.name(&name),
        (None, None) => start.claim("unknown"),
    };
    if let Some(reference) = present(entry.job_workflow_ref.clone()) {
        let digest = Sha256::digest(reference.as_bytes());
        let digest = model::hex(digest.get(..8).unwrap_or_default());
        return Some((start.id(&digest).finish(), reference));
    }
    if let Some(id) = present(entry.workflow_id.clone()) {
        let name = first([&entry.name]).unwrap_or_else(|| id.clone());
        return Some((start.id("workflow").id(&id).finish(), name));
    }
    let name = first([&entry.name, &entry.job_name])?;
    Some((start.name(&name).finish(), name))
}

/// A repository as the holder of its deploy keys.
pub(super) fn repository(entry: &Entry<'_>, authority: &str) -> Option<String> {
    let start = uri::build(Class::Principal, PLATFORM, authority, "repo");
    match (first([&entry.repo_id, &entry.repository_id]), first([&entry.repo, &entry.repository])) {
        (Some(id), _) => Some(start.id(&id).finish()),
        (None, Some(name)) => Some(start.name(&name).finish()),
        (None, None) => None,
    }
}

/// An app as the holder of its secrets.
pub(super) fn app(entry: &Entry<'_>, authority: &str) -> Option<String> {
    let id = first([&entry.integration_id]);
    if let Some(id) = id {
        return Some(uri::principal(PLATFORM, authority, "app", &id));
    }
    if let Some(id) = first([&entry.oauth_application_id]) {
        return Some(uri::principal(PLATFORM, authority, "oauth-app", &id));
    }
    first([&entry.integration, &entry.name]).map(|name| uri::principal_named(PLATFORM, authority, "app", &name))
}
