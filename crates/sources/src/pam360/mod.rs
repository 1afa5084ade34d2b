//! ManageEngine PAM360: its audit trails of resources and users, as it sends them to a syslog server.
//!
//! Over syslog, whoever reaches the port can write such lines: what they say is what the server says as far as the way
//! to us is trusted. Names of users, resources and accounts are names, not ids.

mod act;
mod line;
mod origins;

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    Access, ActorKind, CredentialChange, CredentialChangeKind, Decision, Effect, Event, GrantFact, GrantPhase, Human,
    Platform, Principal, ResourceRole, Status,
};

use self::line::{Details, Line};
use crate::{Context, Module, Probe, Reject, RejectKind, fill, time};

/// The platform part of canonical URIs.
const NAME: &str = "pam360";

pub(crate) static MODULE: Module =
    Module { platform: Platform::Pam360, version: 1, recognise, normalise, origins: origins::ORIGINS };

fn recognise(probe: &Probe<'_>) -> bool {
    is_line(probe.head(2 * line::HEAD_BYTES))
}

/// Whether the beginning of a record is a line of a trail.
pub(crate) fn is_line(head: &str) -> bool {
    Line::read(head).is_some()
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let Some(line) = Line::read(text) else {
        return Err(Reject::new(RejectKind::Shape, "no line of an audit trail: no trail, operation, date and status"));
    };
    let details = Details::read(&line);
    let authority = context.authority.or(line.server).unwrap_or("unknown").to_owned();
    let (mut act, says_failed) = act::classify(line.operation);
    if act.class_uid == 3007 && details.reason.is_some_and(|reason| reason.starts_with("Role_changed")) {
        act = fill::act(3007, 16, Access::Grant);
    }
    let failed = says_failed || line.status.eq_ignore_ascii_case("failure");
    let actor = actor(&line, &details, act, failed, &authority);
    let mut event = Event::new(Platform::Pam360, Cow::Owned(authority), actor);
    act.put(&mut event);
    event.privileged = (act.access == Access::Grant || matches!(act.class_uid, 1008 | 3004)).then_some(true);
    event.status = match line.status {
        _ if failed => Status::Failure,
        "Success" => Status::Success,
        _ => Status::Unknown,
    };
    event.status_code = Some(Cow::Borrowed(line.status));
    event.api.service = Some(Cow::Owned(format!("{}Audit", line.trail)));
    event.api.operation = Some(Cow::Borrowed(line.operation));
    when(&mut event, line.when);
    if let Some(from) = line.from {
        fill::endpoint(&mut event.src, Some(Cow::Borrowed(from)));
    }
    event.dst.host = line.server.map(Cow::Borrowed);
    if failed {
        event.error_message = details.reason.map(Cow::Borrowed);
        event.severity_id = 2;
    }
    if line.operation.contains("Denied") {
        let reason = details.reason.map(Cow::Borrowed);
        event.decision =
            Decision { effect: Some(Effect::Deny), pdp: Some(Cow::Borrowed(NAME)), reason, ..Decision::default() };
    }
    // Of a sign-in it is how somebody was checked.
    event.purpose.reason = details.reason.map(Cow::Borrowed).filter(|_| !failed && act.access != Access::Authenticate);
    event.purpose.ticket = details.reason.and_then(ticket).map(Cow::Borrowed);
    resources(&mut event, &details);
    password(&mut event, &line, &details);
    grants(&mut event, &line, &details);
    fill::usual(&mut event);
    // A line has no id.
    event.quality.missing.retain(|column| *column != "source_event_id");
    Ok(event)
}

/// `Ticket_ID:21882878` somewhere in a reason.
fn ticket(reason: &str) -> Option<&str> {
    let rest = reason.split_once("Ticket_ID:")?.1;
    let id = rest.split(['_', ' ']).next().filter(|id| !id.is_empty())?;
    line::said(id).filter(|id| !id.starts_with("Not"))
}

/// The operator; of a sign-in, which names none, the user who signs in.
fn actor<'a>(line: &Line<'a>, details: &Details<'a>, act: fill::Act, failed: bool, authority: &str) -> Principal<'a> {
    let signs_in = act.access == Access::Authenticate;
    let operator = line.operator.filter(|operator| *operator != "Unknown");
    if operator == Some("System") {
        let uri = uri::principal(NAME, authority, "system", "System");
        let (kind, rule) = (ActorKind::PlatformService, "R1:pam360-system");
        return Principal { uri, kind, name: Some(Cow::Borrowed("System")), is_human: Human::Nonhuman, rule };
    }
    let name = operator.or(details.user.filter(|_| signs_in));
    let proved = name.is_some() && !(signs_in && failed);
    let shown = name.unwrap_or("unknown");
    let uri = if proved {
        uri::principal_named(NAME, authority, "user", shown)
    } else {
        uri::principal_claimed(NAME, authority, "user", shown)
    };
    let (kind, is_human, rule) = match shown {
        "admin" => (ActorKind::Shared, Human::Unknown, "default"),
        _ if signs_in && proved => (ActorKind::Human, Human::Human, "R2:pam360-sign-in"),
        _ => (ActorKind::Unknown, Human::Unknown, "default"),
    };
    Principal { uri, kind, name: name.map(Cow::Borrowed), is_human, rule }
}

/// The server's own clock; its zone is not said.
fn when<'a>(event: &mut Event<'a>, raw: &'a str) {
    let parsed = time::parse(&raw.replace('/', "-"));
    fill::timed(event, parsed, Some(Cow::Borrowed(raw)));
}

fn resources<'a>(event: &mut Event<'a>, details: &Details<'a>) {
    if let (Some(resource), Some(account)) = (details.resource, details.account) {
        let uri = uri::build(Class::Resource, NAME, &event.authority, "account").name(resource).id(account).finish();
        let name = Some(Cow::Owned(format!("{resource}/{account}")));
        event.resources.push(model::Resource { uri, kind: Cow::Borrowed("account"), name, role: ResourceRole::Target });
    }
    for (kind, name) in [("resource", details.resource), ("user", details.user)] {
        let role = match kind {
            _ if event.resources.is_empty() => ResourceRole::Target,
            "user" => ResourceRole::Affected,
            _ => ResourceRole::Related,
        };
        fill::item(event, Cow::Borrowed(kind), (None, name.map(Cow::Borrowed)), role);
    }
    if event.resources.is_empty() {
        let server = event.dst.host.clone();
        fill::item(event, Cow::Borrowed("server"), (None, server), ResourceRole::Target);
    }
}

/// Passwords of accounts that were read or changed.
fn password<'a>(event: &mut Event<'a>, line: &Line<'a>, details: &Details<'a>) {
    let (Some(resource), Some(account)) = (details.resource, details.account) else { return };
    if !line.operation.contains("Password") {
        return;
    }
    // Of a request or an approval nobody has seen or changed anything yet.
    if event.access == Access::Read || event.class_uid == 3007 {
        event.secret_access.path = Some(Cow::Owned(format!("{resource}/{account}")));
    }
    if event.class_uid == 3007 && event.access == Access::Modify && event.status == Status::Success {
        let uri = uri::build(Class::Cred, NAME, &event.authority, "password").name(resource).id(account).finish();
        let change = CredentialChangeKind::Rotated;
        event.credential_changes.push(CredentialChange { change, uri, native_id: None, holder: None });
    }
}

/// Who asked for a password, who agreed, and who borrowed it until when. A request has no id: it is told by account and
/// user, so two requests of one user for one account are one grant with two lives.
fn grants<'a>(event: &mut Event<'a>, line: &Line<'a>, details: &Details<'a>) {
    let (Some(resource), name) = (details.resource, line.operation) else { return };
    let operator = line.operator.filter(|operator| !matches!(*operator, "System" | "Unknown"));
    let (phase, kind, user) = match () {
        () if name == "Password_Requested" => (GrantPhase::Request, "password-access", operator),
        () if name == "Password_Approved" => (GrantPhase::Approve, "password-access", details.user),
        () if name == "Password_Rejected" => (GrantPhase::Deny, "password-access", details.user),
        () if name == "Password_Checked_Out" => (GrantPhase::Activate, "password-access", operator),
        () if name == "Password_Checked_In" => (GrantPhase::Expire, "password-access", details.user.or(operator)),
        () if name.contains("Share_Given") => (GrantPhase::Activate, "share", details.user),
        () if name.contains("Share_Revoked") => (GrantPhase::Revoke, "share", details.user),
        () => return,
    };
    // Of a check-in by the server the line does not say whose it was.
    let Some(user) = user else { return };
    let user = user.split('(').next().filter(|user| !user.is_empty()).unwrap_or(user);
    let account = details.account.unwrap_or("*");
    let builder = uri::build(Class::Grant, NAME, &event.authority, kind).name(resource).id(account);
    let uri = builder.id(user).finish();
    let of = uri::principal_named(NAME, &event.authority, "user", user);
    let (by, decides) = (event.actor.uri.clone(), matches!(phase, GrantPhase::Approve | GrantPhase::Deny));
    event.grant_refs.push(uri.clone());
    event.grants.push(GrantFact {
        requester: (phase == GrantPhase::Request || kind == "share").then(|| by.clone()),
        beneficiary: Some(of),
        approver: decides.then_some(by),
        target: Some(Cow::Owned(format!("{resource}/{account}"))),
        reason: details.reason.map(Cow::Borrowed),
        ticket: event.purpose.ticket.clone(),
        resource: event.resources.first().map(|resource| Cow::Owned(resource.uri.clone())),
        ..GrantFact::new(uri, phase)
    });
}
