//! Argo CD: calls of its API as its server logs them (JSON or logfmt), what it says was done to applications, and the same
//! as events of Kubernetes.

mod origins;
mod record;

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    Access, ActorKind, Alias, AliasRel, Credential, CredentialChange, CredentialChangeKind, Effect, Event, Human,
    Platform, Principal, ResourceRole, Status,
};

use self::record::{Claims, Record};
use crate::{Context, Module, Probe, Reject, RejectKind, fill, oauth};

/// The platform part of URIs.
const NAME: &str = "argocd";

/// How much of a line shows whose it is.
const HEAD_BYTES: usize = 8_192;

pub(crate) static MODULE: Module =
    Module { platform: Platform::ArgoCd, version: 1, recognise, normalise, origins: origins::ORIGINS };

fn recognise(probe: &Probe<'_>) -> bool {
    let head = probe.head(HEAD_BYTES);
    if !head.starts_with('{') {
        return record::begins(head);
    }
    if probe.text("kind") == Some("Event") {
        return probe.contains("argocd") && record::is_event(probe);
    }
    let is_line = probe.has("level") && probe.has("msg");
    is_line
        && ((probe.has("grpc.service") && probe.has("grpc.method"))
            || (probe.has("application") && probe.has("reason") && probe.has("dest-server")))
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let Some(record) = Record::read(text)? else {
        return Err(Reject::new(RejectKind::Shape, "neither a line of Argo CD's log nor an event of it"));
    };
    let at = context.authority.unwrap_or("unknown").to_owned();
    let (actor, aliases) = actor(&record, &at);
    let mut event = Event::new(Platform::ArgoCd, Cow::Owned(at.clone()), actor);
    event.aliases = aliases;
    fill::when(&mut event, record.time.clone());
    event.severity_id = match record.level.as_deref() {
        Some("warning" | "warn" | "Warning") => 3,
        Some("error") => 4,
        Some("fatal" | "panic") => 6,
        _ => 1,
    };
    event.api.service.clone_from(&record.service);
    event.api.operation = record.method.clone().or_else(|| record.reason.clone());
    event.source_event_id.clone_from(&record.id);
    event.status_code = record.code.clone().or_else(|| record.kind.clone());
    event.status = match (record.code.as_deref(), record.kind.as_deref()) {
        (Some("OK"), _) => Status::Success,
        (Some(_), _) => Status::Failure,
        (None, Some("Warning")) => Status::Failure,
        (None, Some(_)) => Status::Success,
        // Written when a call comes, before anything is done.
        (None, None) => Status::Unknown,
    };
    event.duration_ms = record.duration_ms;
    event.user_agent.clone_from(&record.user_agent);
    fill::endpoint(&mut event.src, record.from.clone());
    act(&mut event, &record);
    event.authn.protocol = record.claims.as_ref().map(|claims| Cow::Borrowed(claims.protocol()));
    event.credential = record.claims.as_ref().and_then(|claims| credential(claims, &at));
    outcome(&mut event, &record);
    what(&mut event, &record, &at);
    tokens(&mut event, &record, &at);
    let nobody = event.actor.uri.contains("/?");
    let holes = [(nobody, "actor_principal"), (event.status == Status::Unknown, "status")];
    fill::missing(&mut event, &holes);
    Ok(event)
}

/// A local account, the token of a project's role, or whom an identity provider named.
fn actor<'a>(record: &Record<'a>, at: &str) -> (Principal<'a>, Vec<Alias>) {
    let Some(claims) = record.claims.as_ref().filter(|claims| claims.subject.is_some()) else {
        return match record.user.clone() {
            // The message of an event says who in the words of a display name.
            Some(user) => (fill::named(NAME, at, user.clone(), user == "admin"), Vec::new()),
            None if record.service.is_none() => (fill::itself(NAME, at, "controller", "R1:argocd-itself"), Vec::new()),
            None => (fill::claimed(NAME, at, "client", record.from.clone().map(fill::host)), Vec::new()),
        };
    };
    let subject = claims.subject.clone().unwrap_or_default();
    if let Some(role) = subject.strip_prefix("proj:") {
        let uri = uri::build(Class::Principal, NAME, at, "project-role").name(role).finish();
        let (kind, is_human, rule) = (ActorKind::ServiceAccount, Human::Nonhuman, "R1:argocd-project-role");
        return (Principal { uri, kind, name: Some(subject), is_human, rule }, Vec::new());
    }
    if claims.is_local() {
        // `ci:apiKey` is the account `ci` by a token of it, `ci:login` by its password.
        let (name, how) = subject.split_once(':').map_or((subject.as_ref(), ""), |(name, how)| (name, how));
        let mut principal = fill::named(NAME, at, Cow::Owned(name.to_owned()), name == "admin");
        if how == "apiKey" {
            (principal.is_human, principal.rule) = (Human::Nonhuman, "R3:argocd-api-key");
        }
        return (principal, Vec::new());
    }
    let issuer = oauth::issuer(claims.issuer.as_deref());
    let uri = oauth::subject(&issuer, &subject);
    let mut aliases = Vec::new();
    if let Some(email) = &claims.email {
        let b = uri::principal_named(NAME, at, "user", email);
        aliases.push(Alias { a: uri.clone(), b, rel: AliasRel::SameAs, rule: "argocd:sub+email" });
    }
    let name = claims.email.clone().or(Some(subject));
    (Principal { uri, kind: ActorKind::Unknown, name, is_human: Human::Unknown, rule: "default" }, aliases)
}

fn credential<'a>(claims: &Claims<'a>, at: &str) -> Option<Credential<'a>> {
    let id = claims.id.clone()?;
    let uri = match claims.is_local() {
        true => uri::cred(NAME, at, "jti", &id),
        false => oauth::token(&oauth::issuer(claims.issuer.as_deref()), &id),
    };
    let nanos = |seconds: Option<i64>| seconds.and_then(|seconds| seconds.checked_mul(1_000_000_000));
    Some(Credential {
        uri,
        kind: Cow::Borrowed("jti"),
        native_id: Some(id),
        issuer: claims.issuer.clone(),
        audience: claims.audience.clone(),
        not_before: nanos(claims.issued_at),
        not_after: nanos(claims.expires_at),
        ..Credential::default()
    })
}

fn act(event: &mut Event<'_>, record: &Record<'_>) {
    let part = record.service.as_deref().unwrap_or_default().split('.').next().unwrap_or_default();
    let method = record.method.as_deref().unwrap_or_default();
    let begins = |words: &[&str]| words.iter().any(|word| method.starts_with(word));
    let (class, activity, access, privileged) = match (part, method) {
        ("session", "Create") => (3002, 1, Access::Authenticate, false),
        ("session", "Delete") => (3002, 2, Access::Other, false),
        ("account" | "project", "CreateToken") => (3007, 18, Access::Issue, true),
        ("account" | "project", "DeleteToken") => (3007, 19, Access::Delete, true),
        ("account", "UpdatePassword") => (3007, 8, Access::Modify, true),
        ("application", "Sync" | "Rollback" | "TerminateOperation" | "RunResourceAction" | "RunResourceActionV2") => {
            (6003, 99, Access::Execute, true)
        }
        _ if begins(&["Get", "List", "Watch", "Can", "Managed", "Resource", "Revision", "Pod", "Validate"]) => {
            (6003, 2, Access::Read, false)
        }
        ("project" | "gpgkey" | "certificate" | "repocreds" | "repository" | "cluster", _) if begins(&["Create"]) => {
            (3004, 1, Access::Create, true)
        }
        ("project" | "gpgkey" | "certificate" | "repocreds" | "repository" | "cluster", _)
            if begins(&["Update", "Rotate", "Invalidate"]) =>
        {
            (3004, 3, Access::Modify, true)
        }
        ("project" | "gpgkey" | "certificate" | "repocreds" | "repository" | "cluster", _) if begins(&["Delete"]) => {
            (3004, 4, Access::Delete, true)
        }
        _ if begins(&["Create"]) => (6003, 1, Access::Create, true),
        _ if begins(&["Update", "Patch"]) => (6003, 3, Access::Modify, true),
        _ if begins(&["Delete"]) => (6003, 4, Access::Delete, true),
        _ => {
            let (activity, access) = reason(record.reason.as_deref().unwrap_or_default());
            (6003, activity, access, false)
        }
    };
    (event.class_uid, event.activity_id, event.access) = (class, activity, access);
    event.privileged = privileged.then_some(true);
}

/// What is said to have been done to an application.
fn reason(reason: &str) -> (u8, Access) {
    match reason {
        "ResourceCreated" => (1, Access::Create),
        "ResourceUpdated" | "StatusRefreshed" => (3, Access::Modify),
        "ResourceDeleted" => (4, Access::Delete),
        "OperationStarted" | "OperationCompleted" | "ResourceActionRan" => (99, Access::Execute),
        _ => (99, Access::Other),
    }
}

fn outcome<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    if event.status != Status::Failure {
        return;
    }
    event.error_code.clone_from(&record.code);
    event.error_message = record.error.clone().or_else(|| record.message.clone());
    event.severity_id = event.severity_id.max(2);
    if matches!(record.code.as_deref(), Some("PermissionDenied" | "Unauthenticated")) {
        let reason = event.error_message.clone();
        fill::decided(event, Effect::Deny, reason);
    }
}

fn what<'a>(event: &mut Event<'a>, record: &Record<'a>, at: &str) {
    let part = record.service.as_deref().unwrap_or("application.").split('.').next().unwrap_or_default().to_owned();
    let kind = match part.as_str() {
        "application" | "applicationset" => "application",
        "project" => "project",
        "repository" | "repocreds" => "repository",
        "cluster" => "cluster",
        "account" => "account",
        _ => "object",
    };
    event.tenant.clone_from(&record.project);
    fill::target(event, kind, record.name.clone());
    if let Some(cluster) = record.cluster.clone() {
        let resource = crate::url::bare(cluster);
        fill::resource(event, "cluster", resource, ResourceRole::Related);
    }
    if event.resources.is_empty() {
        fill::target(event, "service", record.service.clone());
    }
    // Whoever signs in claims a name, until it is let in.
    if let (Some(name), "session") = (&record.user_name, part.as_str()) {
        event.actor = match event.status {
            Status::Success => fill::named(NAME, at, name.clone(), name == "admin"),
            _ => fill::claimed(NAME, at, "user", Some(name.clone())),
        };
    }
}

/// Tokens that are made and deleted, by the id that whoever asks gives them.
fn tokens(event: &mut Event<'_>, record: &Record<'_>, at: &str) {
    let (true, Some(id)) = (event.status != Status::Failure, &record.token) else { return };
    let role = record.role.as_deref().zip(record.project.as_deref().or(record.name.as_deref()));
    let holder = match role {
        Some((role, project)) => {
            let role = format!("{project}:{role}");
            uri::build(Class::Principal, NAME, at, "project-role").name(&role).finish()
        }
        None => uri::principal_named(NAME, at, "user", record.name.as_deref().unwrap_or("unknown")),
    };
    let uri = uri::cred(NAME, at, "jti", id);
    let native_id = Some(Cow::Owned(id.to_string()));
    match event.access {
        Access::Issue => {
            event.aliases.push(Alias { a: uri.clone(), b: holder, rel: AliasRel::CredentialOf, rule: "argocd:token" });
            event.issued_credential =
                Some(Credential { uri, kind: Cow::Borrowed("jti"), native_id, ..Credential::default() });
        }
        Access::Delete => event.credential_changes.push(CredentialChange {
            change: CredentialChangeKind::Revoked,
            uri,
            native_id,
            holder: Some(holder),
        }),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
