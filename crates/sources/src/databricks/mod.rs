//! Databricks: audit entries of an account and its workspaces.
//!
//! [`record`] knows the shape, [`act`] what actions do, [`facts`] credentials, grants and resources.

use std::borrow::Cow;

use model::uri;
use model::{ActorKind, Decision, Effect, Event, Human, Party, Platform, Principal, Status, Step, StepKind};

use self::record::{Entry, Params};
use crate::field::{Text, first, said};
use crate::fill;
use crate::{Context, Module, Probe, Reject, RejectKind, json};

mod act;
mod facts;
mod origins;
mod record;

/// The platform part of canonical URIs.
const NAME: &str = "databricks";

pub(crate) static MODULE: Module =
    Module { platform: Platform::Databricks, version: 1, recognise, normalise, origins: origins::ORIGINS };

/// Service and action, with the caller, the level or the response beside them.
fn recognise(probe: &Probe<'_>) -> bool {
    let all = |keys: [&str; 2]| probe.contains(keys[0]) && keys.iter().all(|key| probe.text(key).is_some());
    let any = |keys: &[&str]| keys.iter().any(|key| probe.has(key));
    (all(["serviceName", "actionName"]) && any(&["userIdentity", "auditLevel", "requestParams", "workspaceId"]))
        || (all(["service_name", "action_name"]) && any(&["user_identity", "audit_level", "request_params"]))
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let entry: Entry<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let (Some(service), Some(action)) = (said(&entry.service), said(&entry.action)) else {
        return Err(Reject::new(RejectKind::Shape, "serviceName or actionName is missing; an audit entry has both"));
    };
    let authority = match (context.authority, said(&entry.account)) {
        (Some(set), _) => Cow::Owned(set.to_owned()),
        (None, account) => account.unwrap_or(Cow::Borrowed("unknown")),
    };
    let nothing = Params::default();
    let params = entry.params.as_ref().unwrap_or(&nothing);
    let act = act::of(&service, &action, params);
    let status = status(&entry);
    let signs_in = act.class_uid == 3002 && act.activity_id == 1;
    let mut event =
        Event::new(Platform::Databricks, authority.clone(), actor(&entry, params, signs_in, status, &authority));
    act.put(&mut event);
    event.status = status;
    outcome(&mut event, &entry);
    event.tenant = said(&entry.workspace).filter(|id| id != "0").or_else(|| said(&entry.account));
    event.source_event_id = first(&[&entry.event_id, &entry.request]);
    event.api.request_id = said(&entry.request);
    event.correlation_ids.extend(said(&entry.request));
    event.session = said(&entry.session).map(|id| uri::session(NAME, &authority, "session", &id));
    event.authn.method = said(&params.method).or_else(|| signs_in.then(|| action.clone()));
    fill::endpoint(&mut event.src, said(&entry.source_ip));
    event.user_agent = said(&entry.agent);
    let at_account =
        entry.level.as_deref() == Some("ACCOUNT_LEVEL") && event.access != model::Access::Read && !signs_in;
    let over_others =
        event.access == model::Access::Grant || (event.access == model::Access::Issue && act.class_uid == 3007);
    event.privileged = (at_account || over_others).then_some(true);
    behind(&mut event, &entry);
    facts::read(&mut event, &entry, params, &service, &action);
    event.api.operation = Some(Cow::Owned(format!("{service}.{action}")));
    event.api.service = Some(service);
    fill::when(&mut event, first(&[&entry.timestamp]));
    let holes = [
        (event.time.is_none(), "time"),
        (event.source_event_id.is_none(), "source_event_id"),
        (event.actor.name.is_none(), "actor_principal"),
        (event.status == Status::Unknown, "status_id"),
        (event.src.ip.is_none(), "src_ip"),
        (event.authority == "unknown", "authority"),
    ];
    fill::lacking(&mut event, &holes);
    Ok(event)
}

/// The code of the answer; an entry without one does not say.
fn status(entry: &Entry<'_>) -> Status {
    let code = entry.response.as_ref().and_then(|response| response.status.as_deref()?.parse::<u16>().ok());
    match code {
        Some(200..=399) => Status::Success,
        Some(_) => Status::Failure,
        None => Status::Unknown,
    }
}

fn outcome<'a>(event: &mut Event<'a>, entry: &Entry<'a>) {
    let Some(response) = &entry.response else { return };
    event.status_code = said(&response.status);
    if event.status != Status::Failure {
        return;
    }
    event.error_code = said(&response.status);
    event.error_message = said(&response.error);
    if matches!(response.status.as_deref(), Some("401" | "403")) {
        event.decision = Decision {
            effect: Some(Effect::Deny),
            pdp: Some(Cow::Borrowed(NAME)),
            reason: said(&response.error),
            ..Decision::default()
        };
    }
}

fn actor<'a>(entry: &Entry<'a>, params: &Params<'a>, signs_in: bool, status: Status, authority: &str) -> Principal<'a> {
    let user = entry.user.as_ref();
    let name =
        user.and_then(|user| first(&[&user.email, &user.subject])).or_else(|| said(&params.user).filter(|_| signs_in));
    let Some(name) = name.filter(|name| !matches!(name.as_ref(), "unknown" | "anonymous")) else {
        return Principal {
            uri: uri::principal(NAME, authority, "unknown", "unknown"),
            kind: ActorKind::Unknown,
            name: None,
            is_human: Human::Unknown,
            rule: "default",
        };
    };
    // Who fails to sign in is nobody yet.
    if signs_in && status == Status::Failure {
        let uri = uri::principal_claimed(NAME, authority, principal_kind(&name), &name);
        return Principal {
            uri,
            kind: ActorKind::Unknown,
            name: Some(name),
            is_human: Human::Unknown,
            rule: "default",
        };
    }
    let method = params.method.as_deref().unwrap_or_default().to_ascii_uppercase();
    let action = entry.action.as_deref().unwrap_or_default();
    let (kind, is_human, rule) = match name.as_ref() {
        "System-User" | "System-user" => (ActorKind::PlatformService, Human::Nonhuman, "R1:databricks-itself"),
        id if is_uuid(id) => (ActorKind::ServiceAccount, Human::Nonhuman, "R1:databricks-service-principal"),
        _ if action == "tokenLogin" || said(&params.token).is_some() && signs_in => {
            (ActorKind::Script, Human::Mixed, "R3:databricks-token-of-user")
        }
        _ if signs_in && ["SAML", "MFA", "BROWSER", "AAD"].iter().any(|word| method.contains(word)) => {
            (ActorKind::Human, Human::Human, "R2:databricks-sign-in")
        }
        _ if matches!(action, "samlLogin" | "mfaLogin" | "oidcBrowserLogin" | "aadBrowserLogin") => {
            (ActorKind::Human, Human::Human, "R2:databricks-sign-in")
        }
        _ => (ActorKind::Unknown, Human::Unknown, "default"),
    };
    Principal { uri: principal(&name, authority), kind, name: Some(name), is_human, rule }
}

/// Users are named by address, service principals by their application id.
fn principal_kind(name: &str) -> &'static str {
    match name {
        "System-User" | "System-user" => "system",
        id if is_uuid(id) => "service-principal",
        _ => "user",
    }
}

fn principal(name: &str, authority: &str) -> String {
    match principal_kind(name) {
        kind @ ("system" | "service-principal") => uri::principal(NAME, authority, kind, name),
        kind => uri::principal_named(NAME, authority, kind, &name.to_lowercase()),
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// A job, an app or a shared cluster: one started it, another's rights were used. And the vendor's own people.
fn behind<'a>(event: &mut Event<'a>, entry: &Entry<'a>) {
    let method = entry.params.as_ref().and_then(|params| params.method.as_deref());
    let address = entry.user.as_ref().and_then(|user| user.email.as_deref()).unwrap_or_default();
    if method == Some("GENIE_AUTH") || address.ends_with("@databricks.com") && method.is_some() {
        event.party = Some(Party::Provider);
    }
    let Some(behind) = &entry.behind else { return };
    let uri = |text: &Text<'a>| said(text).map(|name| principal(&name, &event.authority));
    let (by, rights) = (uri(&behind.run_by), uri(&behind.run_as));
    let Some(by) = by else { return };
    let rights = rights.unwrap_or_else(|| event.actor.uri.clone());
    if by == rights {
        return;
    }
    let step = |principal: String, evidence_path| Step {
        principal,
        step: StepKind::Delegation,
        evidence_path,
        asserted_by: Cow::Borrowed(NAME),
        verified: true,
    };
    event.chain = vec![step(by.clone(), "/identityMetadata/runBy"), step(rights.clone(), "/identityMetadata/runAs")];
    event.initiator = Some(by);
    event.subject = Some(rights).filter(|rights| *rights != event.actor.uri);
}
