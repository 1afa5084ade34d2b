//! Salesforce: event log files, real-time events and the setup audit trail.
//!
//! [`record`] knows the shapes, [`kind`] what types and actions mean.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    ActorKind, Alias, AliasRel, Change, CredentialChange, CredentialChangeKind, Decision, Effect, Event, Human,
    Platform, Principal, Related, Resource, ResourceRole, Status, Step, StepKind,
};

use self::record::Record;
use crate::field::{Text, first, said};
use crate::fill;
use crate::{Context, Module, Probe, Reject, RejectKind, json};

mod kind;
mod origins;
mod record;

/// The platform part of canonical URIs.
const NAME: &str = "salesforce";

pub(crate) static MODULE: Module =
    Module { platform: Platform::Salesforce, version: 1, recognise, normalise, origins: origins::ORIGINS };

/// Types of objects of the API that are read.
const OBJECTS: [&str; 4] = ["\"SetupAuditTrail\"", "\"LoginHistory\"", "Event\"", "EventStore\""];

fn recognise(probe: &Probe<'_>) -> bool {
    let any = |keys: &[&str]| keys.iter().any(|key| probe.has(key));
    if probe.contains("\"EVENT_TYPE\"") && probe.has("EVENT_TYPE") {
        return probe.has("ORGANIZATION_ID") && any(&["USER_ID", "USER_ID_DERIVED", "REQUEST_ID"]);
    }
    if probe.contains("\"attributes\"")
        && probe
            .raw("attributes")
            .is_some_and(|raw| OBJECTS.iter().any(|kind| raw.contains(kind)) && raw.contains("\"url\""))
    {
        return true;
    }
    probe.contains("\"EventIdentifier\"") && probe.has("EventIdentifier") && any(&["EventDate", "CreatedDate"])
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let record: Record<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let Some(kind) = kind(&record) else {
        return Err(Reject::new(RejectKind::Shape, "neither EVENT_TYPE nor attributes.type says what this record is"));
    };
    let authority = match (context.authority, said(&record.organization)) {
        (Some(set), _) => Cow::Owned(set.to_owned()),
        (None, organization) => organization.map_or(Cow::Borrowed("unknown"), |id| short(id)),
    };
    let act = kind::of(&kind, &record);
    let status = status(&kind, &record);
    let mut event = Event::new(Platform::Salesforce, authority.clone(), actor(&record, &kind, status, &authority));
    act.put(&mut event);
    event.status = status;
    event.tenant = said(&record.organization);
    event.source_event_id = first(&[&record.event_id, &record.id, &record.request]);
    event.api.service = Some(Cow::Borrowed(NAME));
    event.api.request_id = said(&record.request);
    event.correlation_ids = [&record.request, &record.login, &record.related].into_iter().filter_map(said).collect();
    event.related.extend(said(&record.related).map(|source_event_id| Related { rel: "related", source_event_id }));
    outcome(&mut event, &record);
    sessions(&mut event, &record);
    place(&mut event, &record);
    authn(&mut event, &record, &kind);
    event.aliases.extend(names(&record, &authority).filter(|_| status != Status::Failure));
    logged_in_as(&mut event, &record, &kind);
    revoked(&mut event, &record, &kind);
    resources(&mut event, &record, &kind);
    event.data_rows = first(&[&record.rows, &record.calls]).and_then(|rows| rows.parse().ok());
    event.duration_ms = said(&record.duration).and_then(|ms| ms.parse::<f64>().ok()).map(|ms| ms as i64);
    if event.class_uid == 2004 {
        event.severity_id = 3;
    }
    event.privileged = (kind == "LoginAs" || kind == "SetupAuditTrail").then_some(true);
    event.api.operation = Some(match said(&record.action) {
        Some(action) => Cow::Owned(format!("{kind}.{action}")),
        None => kind,
    });
    fill::when(
        &mut event,
        first(&[&record.derived, &record.timestamp, &record.event_date, &record.login_time, &record.created]),
    );
    let holes = [
        (event.time.is_none(), "time"),
        (event.source_event_id.is_none(), "source_event_id"),
        (event.actor.name.is_none(), "actor_principal"),
        (event.status == Status::Unknown, "status_id"),
        (event.src.ip.is_none() && record.action.is_none(), "src_ip"),
        (event.authority == "unknown", "authority"),
    ];
    fill::lacking(&mut event, &holes);
    Ok(event)
}

/// `LoginAsEvent` and `LoginAsEventStream` are what files call `LoginAs`.
fn kind<'a>(record: &Record<'a>) -> Text<'a> {
    let named = said(&record.event_type).or_else(|| record.attributes.as_ref().and_then(|of| said(&of.kind)));
    let named = named.or_else(|| {
        let guess = if record.delegated_name.is_some() {
            "LoginAs"
        } else if record.login.is_some() && record.login_type.is_some() {
            "Login"
        } else if record.query.is_some() || record.operation.is_some() {
            "Api"
        } else {
            return None;
        };
        Some(Cow::Borrowed(guess))
    })?;
    let stem = named.strip_suffix("Stream").or_else(|| named.strip_suffix("Store")).unwrap_or(&named);
    let stem = stem.strip_suffix("Event").unwrap_or(stem);
    let length = stem.len();
    Some(match named {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(..length).unwrap_or(text)),
        Cow::Owned(mut text) => {
            text.truncate(length);
            Cow::Owned(text)
        }
    })
}

/// An id has a form of 15 characters and one of 18, which adds a check to it.
fn short(id: Cow<'_, str>) -> Cow<'_, str> {
    if id.len() != 18 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return id;
    }
    match id {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(..15).unwrap_or(text)),
        Cow::Owned(mut text) => {
            text.truncate(15);
            Cow::Owned(text)
        }
    }
}

fn status(kind: &str, record: &Record<'_>) -> Status {
    if let Some(login) = said(&record.login_status) {
        return if login == "LOGIN_NO_ERROR" { Status::Success } else { Status::Failure };
    }
    if let Some(code) = record.http_status.as_deref().and_then(|code| code.parse::<u16>().ok()) {
        return if code < 400 { Status::Success } else { Status::Failure };
    }
    let said = first(&[&record.status, &record.request_status]);
    match said.as_deref() {
        Some("Success" | "S" | "success") => Status::Success,
        // Real-time events name what was wrong: `Invalid Password`.
        Some(_) => Status::Failure,
        None if kind.ends_with("Failed") => Status::Failure,
        None if kind == "SetupAuditTrail" || kind == "Logout" || kind == "LoginAs" => Status::Success,
        None if kind.contains("Anomaly") => Status::Other,
        None => Status::Unknown,
    }
}

fn outcome<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    event.status_code = first(&[&record.login_status, &record.http_status, &record.status, &record.request_status]);
    if event.status == Status::Failure {
        event.error_code = event.status_code.clone();
    }
    if let Some(outcome) = said(&record.policy_outcome) {
        let effect = match outcome.as_ref() {
            "Block" | "Blocked" | "FailedInvalidOrExpired" => Effect::Deny,
            "NoAction" | "Notified" => Effect::Observed,
            _ => Effect::Allow,
        };
        event.decision = Decision {
            effect: Some(effect),
            pdp: Some(Cow::Borrowed("transaction-security")),
            policies: said(&record.policy).into_iter().collect(),
            reason: Some(outcome),
            ..Decision::default()
        };
    }
}

/// The user by id; whoever logs in as another is that one's name until its id is known.
fn actor<'a>(record: &Record<'a>, kind: &str, status: Status, authority: &str) -> Principal<'a> {
    let user = |id: Text<'a>, name: &Text<'a>| match (id, name) {
        (Some(id), _) => Some(uri::principal(NAME, authority, "user", &id)),
        (None, Some(name)) => Some(uri::principal_named(NAME, authority, "user", name)),
        (None, None) => None,
    };
    if kind == "LoginAs" || kind == "SetupAuditTrail" {
        let (id, name) = match kind {
            "LoginAs" => (first(&[&record.delegated, &record.delegated_derived]), said(&record.delegated_name)),
            _ => (said(&record.created_by), None),
        };
        let uri = user(id.clone().map(short), &name);
        // Nobody but a person works in the pages of the setup, or logs in as another; packages do the former, too.
        let (actor_kind, is_human, rule) = match said(&record.namespace) {
            Some(_) => (ActorKind::Integration, Human::Nonhuman, "R1:salesforce-package"),
            None if kind == "LoginAs" => (ActorKind::Human, Human::Human, "R2:salesforce-login-as"),
            None => (ActorKind::Unknown, Human::Unknown, "default"),
        };
        let uri = uri.unwrap_or_else(|| uri::principal(NAME, authority, "unknown", "unknown"));
        return Principal { uri, kind: actor_kind, name: name.or(id), is_human, rule };
    }
    let id = first(&[&record.user, &record.user_derived]);
    let name = first(&[&record.username, &record.user_name]);
    let failed = status == Status::Failure && kind == "Login";
    let uri = match (failed, first(&[&id, &name])) {
        (true, Some(claim)) => uri::principal_claimed(NAME, authority, "user", &claim),
        _ => {
            user(id.clone().map(short), &name).unwrap_or_else(|| uri::principal(NAME, authority, "unknown", "unknown"))
        }
    };
    let login_type = record.login_type.as_deref().unwrap_or_default();
    let (kind, is_human, rule) = match record.user_type.as_deref().unwrap_or_default() {
        "AutomatedProcess" | "CloudIntegrationUser" | "License Manager" => {
            (ActorKind::PlatformService, Human::Nonhuman, "R1:salesforce-user-type")
        }
        _ if failed => (ActorKind::Unknown, Human::Unknown, "default"),
        _ if matches!(login_type, "Application" | "SAML Sfdc Initiated SSO" | "SAML Idp Initiated SSO" | "SAML") => {
            (ActorKind::Human, Human::Human, "R2:salesforce-login-type")
        }
        _ if login_type.contains("JWT") || login_type.contains("Client Credentials") => {
            (ActorKind::ApiClient, Human::Nonhuman, "R2:salesforce-login-type")
        }
        _ => (ActorKind::Unknown, Human::Unknown, "default"),
    };
    Principal { uri, kind, name: name.or(id), is_human, rule }
}

/// A user's id and name, seen in one record.
fn names(record: &Record<'_>, authority: &str) -> impl Iterator<Item = Alias> {
    let of = |id: Text<'_>, name: Text<'_>| {
        let a = uri::principal(NAME, authority, "user", &short(id?));
        let b = uri::principal_named(NAME, authority, "user", &name?);
        Some(Alias { a, b, rel: AliasRel::SameAs, rule: "salesforce:id+username" })
    };
    let user = of(first(&[&record.user, &record.user_derived]), first(&[&record.username, &record.user_name]));
    let admin = of(first(&[&record.delegated, &record.delegated_derived]), said(&record.delegated_name));
    user.into_iter().chain(admin)
}

/// The key of a session; the key of the login that it began with joins them.
fn sessions(event: &mut Event<'_>, record: &Record<'_>) {
    let of = |kind: &str, id: Text<'_>| id.map(|id| uri::session(NAME, &event.authority, kind, &id));
    let (session, login) = (of("session", said(&record.session)), of("login", said(&record.login)));
    if let (Some(a), Some(b)) = (&session, &login) {
        let (a, b) = (a.clone(), b.clone());
        event.aliases.push(Alias { a, b, rel: AliasRel::InstanceOf, rule: "salesforce:session+login" });
    }
    event.session = session.or(login);
}

fn place<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    let client = said(&record.client_ip).filter(|ip| ip != "Salesforce.com IP");
    fill::endpoint(&mut event.src, said(&record.source_ip).or(client));
    event.src.country = said(&record.country);
    event.user_agent = first(&[&record.agent, &record.browser]);
    event.client_app =
        first(&[&record.app_name, &record.application, &record.client_name, &record.app, &record.client]);
    event.device.os = said(&record.platform);
}

fn authn<'a>(event: &mut Event<'a>, record: &Record<'a>, kind: &str) {
    event.authn.method = first(&[&record.login_type, &record.method]);
    if kind.starts_with("OAuth") {
        event.authn.protocol = Some(Cow::Borrowed("oauth2"));
    }
    event.authn.mfa = (record.session_level.as_deref() == Some("HIGH_ASSURANCE")).then_some(true);
}

/// An administrator in another's account: the administrator acts, the user's rights are used.
fn logged_in_as<'a>(event: &mut Event<'a>, record: &Record<'a>, kind: &str) {
    if kind == "SetupAuditTrail" {
        let Some(name) = said(&record.delegate) else { return };
        let admin = uri::principal_named(NAME, &event.authority, "user", &name);
        chain(event, admin.clone(), event.actor.uri.clone(), ["/DelegateUser", "/CreatedById"]);
        event.initiator = Some(admin);
        return;
    }
    if kind != "LoginAs" {
        return;
    }
    let id = first(&[&record.user, &record.user_derived]).map(short);
    let user = match (id, first(&[&record.username, &record.user_name])) {
        (Some(id), _) => uri::principal(NAME, &event.authority, "user", &id),
        (None, Some(name)) => uri::principal_named(NAME, &event.authority, "user", &name),
        (None, None) => return,
    };
    let paths = match record.attributes {
        Some(_) => ["/DelegatedUsername", "/UserId"],
        None => ["/DELEGATED_USER_ID", "/USER_ID"],
    };
    chain(event, event.actor.uri.clone(), user.clone(), paths);
    event.initiator = Some(event.actor.uri.clone());
    event.subject = Some(user);
}

fn chain(event: &mut Event<'_>, first: String, second: String, paths: [&'static str; 2]) {
    for (principal, evidence_path) in [first, second].into_iter().zip(paths) {
        event.chain.push(Step {
            principal,
            step: StepKind::Impersonation,
            evidence_path,
            asserted_by: Cow::Borrowed(NAME),
            verified: true,
        });
    }
}

/// Tokens have no id here: what one app has of one user stands for them.
fn revoked(event: &mut Event<'_>, record: &Record<'_>, kind: &str) {
    if kind != "OAuthTokenRevoked" || event.status == Status::Failure {
        return;
    }
    let (Some(app), Some(user)) = (first(&[&record.app, &record.client]), first(&[&record.user, &record.user_derived]))
    else {
        return;
    };
    let (app, user) = (short(app), short(user));
    event.credential_changes.push(CredentialChange {
        change: CredentialChangeKind::Revoked,
        uri: uri::build(Class::Cred, NAME, &event.authority, "tokens-of-app").id(&app).id(&user).finish(),
        native_id: None,
        holder: Some(uri::principal(NAME, &event.authority, "connected-app", &app)),
    });
}

fn resources<'a>(event: &mut Event<'a>, record: &Record<'a>, kind: &str) {
    let mut add = |kind: &'static str, id: Text<'a>, immutable: bool, role: ResourceRole| {
        let Some(id) = id else { return };
        let builder = uri::build(Class::Resource, NAME, &event.authority, kind);
        let uri = if immutable { builder.id(&short(id.clone())).finish() } else { builder.name(&id).finish() };
        event.resources.push(Resource { uri, kind: Cow::Borrowed(kind), name: Some(id), role });
    };
    add("report", said(&record.report), true, ResourceRole::Target);
    add("entity", said(&record.entity), false, ResourceRole::Target);
    add("connected-app", said(&record.app), true, ResourceRole::Target);
    add("oauth-client", said(&record.client), true, ResourceRole::Related);
    add("page", said(&record.uri), false, ResourceRole::Target);
    add("setup-section", said(&record.section), false, ResourceRole::Target);
    add("organization", said(&record.organization), true, ResourceRole::Related);
    if let Some(display) = said(&record.display).filter(|_| kind == "SetupAuditTrail") {
        event.changes.push(Change { field: Cow::Borrowed("setup"), before: None, after: Some(display) });
    }
    if let Some(summary) = said(&record.summary) {
        event.decision.reason = Some(summary);
        event.decision.effect.get_or_insert(Effect::Observed);
    }
}
