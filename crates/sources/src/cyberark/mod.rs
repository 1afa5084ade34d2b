//! CyberArk: the audit of the Vault of Privileged Access Manager, as its translators write it (JSON, and CEF behind a
//! syslog header), and the audit messages of Conjur.

mod act;
mod conjur;
mod origins;
mod record;

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    Access, ActorKind, CredentialChange, CredentialChangeKind, Event, GrantFact, GrantPhase, Human, Millis, Platform,
    Principal, Resource, ResourceRole, Status, TimePrecision,
};

use crate::field::{first, said};
use crate::fill;
use crate::syslog::line::Line;
use crate::syslog::payload::Payload;
use crate::{Context, Module, Probe, Reject, RejectKind, json, time};
use record::{Account, Audit, Record, Syslog};

/// The platform part of canonical URIs.
const NAME: &str = "cyberark";

/// How much of a record shows that it is a message of one of the products.
const HEAD_BYTES: usize = 512;

pub(crate) static MODULE: Module =
    Module { platform: Platform::CyberArk, version: 1, recognise, normalise, origins: origins::ORIGINS };

fn recognise(probe: &Probe<'_>) -> bool {
    is_line(probe.head(HEAD_BYTES))
        || probe.contains("\"audit_record\"")
            && probe.raw("syslog").is_some_and(|raw| raw.starts_with('{') && raw.contains("\"Issuer\""))
}

/// Whether the beginning of a record is a message of the Vault or of Conjur.
pub(crate) fn is_line(head: &str) -> bool {
    let marked = head.contains("|Cyber-Ark|Vault|") || head.contains(conjur::MARK);
    marked && !head.starts_with('{') && Line::read(head, Millis(u64::from(u32::MAX) * 1_000)).is_some()
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    if text.trim_start().starts_with('{') {
        let record: Record<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
        let Some(Syslog { audit_record: Some(audit) }) = record.syslog else {
            return Err(Reject::new(RejectKind::Shape, "syslog.audit_record is missing; every audit record has one"));
        };
        let raw = first(&[&audit.iso_timestamp, &audit.timestamp]);
        let mut event = event(&audit, &record::account(text), context);
        fill::when(&mut event, raw);
        return Ok(done(event));
    }
    let line = Line::read(text.trim_end_matches(['\n', '\r', '\0']), context.received_at);
    let shape = || Reject::new(RejectKind::Shape, "neither an audit record of the Vault nor a message of Conjur");
    let line = line.ok_or_else(shape)?;
    if line.data.is_some_and(|data| data.contains(conjur::MARK)) {
        return Ok(conjur::event(&line, context));
    }
    // Behind a header of RFC 5424 without a program the payload is not where the standard has the message.
    let at = text.find("CEF:").ok_or_else(shape)?;
    let payload = text.get(at..).and_then(Payload::read).ok_or_else(shape)?;
    let (audit, account) = record::cef(&payload, line.host);
    let mut event = event(&audit, &account, context);
    event.time = line.time.map(|time| time.nanos);
    event.time_precision = line.time.map_or(TimePrecision::Second, |time| time.precision);
    event.time_raw = line.time_raw.map(Cow::Borrowed);
    if event.time.is_none() {
        header_time(&mut event, text);
    }
    Ok(done(event))
}

/// `<5>1 2026-09-03T08:01:22Z VAULT CEF:...`: too few words for RFC 5424, and so its time is read here.
fn header_time<'a>(event: &mut Event<'a>, text: &'a str) {
    let behind = text.split_once('>').map_or(text, |(_, behind)| behind);
    let word = behind.split(' ').find(|word| word.len() >= 19 && word.as_bytes().get(10) == Some(&b'T'));
    if let Some(parsed) = word.and_then(time::parse) {
        event.time = Some(parsed.nanos);
        event.time_precision = parsed.precision;
        event.time_raw = word.map(Cow::Borrowed);
    }
}

fn done(mut event: Event<'_>) -> Event<'_> {
    fill::usual(&mut event);
    // A record of the Vault has no id.
    event.quality.missing.retain(|column| *column != "source_event_id");
    event
}

fn event<'a>(audit: &Audit<'a>, account: &Account<'a>, context: &Context<'_>) -> Event<'a> {
    let authority = context.authority.or(audit.hostname.as_deref()).filter(|of| !of.is_empty());
    let authority = authority.unwrap_or("unknown").to_owned();
    let action = first(&[&audit.action, &audit.message]).unwrap_or(Cow::Borrowed("unknown"));
    let (act, says_failed) = act::classify(&action);
    let failed = says_failed || audit.severity.as_deref().is_some_and(|of| of.eq_ignore_ascii_case("error"));
    let actor = actor(audit, failed && act.access == Access::Authenticate, &authority);
    let mut event = Event::new(Platform::CyberArk, Cow::Owned(authority), actor);
    act.put(&mut event);
    event.privileged = (act.access == Access::Grant || matches!(act.class_uid, 1008 | 3004)).then_some(true);
    event.status = if failed { Status::Failure } else { Status::Success };
    event.status_code = said(&audit.message_id);
    event.severity_id = if failed { 3 } else { 1 };
    event.api.service = Some(Cow::Borrowed("vault"));
    fill::endpoint(&mut event.src, first(&[&audit.station, &audit.gateway_station]));
    event.dst.host.clone_from(&account.address);
    event.purpose.ticket = said(&audit.ticket_id);
    if failed {
        event.error_message = first(&[&audit.reason, &audit.message]);
    } else {
        event.purpose.reason = said(&audit.reason);
    }
    resources(&mut event, audit, account);
    password(&mut event, audit);
    request(&mut event, audit, &action);
    if event.class_uid == 3007 && matches!(event.activity_id, 14 | 15) {
        owner(&mut event, audit);
    }
    event.api.operation = Some(action);
    event
}

/// Parts of the product act under names of their own.
const COMPONENTS: [&str; 9] =
    ["PasswordManager", "PSMApp", "PSMGw", "PVWAAppUser", "PVWAGWUser", "Prov_", "NotificationEngine", "DR", "Backup"];

fn actor<'a>(audit: &Audit<'a>, claimed: bool, authority: &str) -> Principal<'a> {
    let name = first(&[&audit.issuer, &audit.source_user]);
    let Some(shown) = name.as_deref() else {
        let uri = uri::principal_claimed(NAME, authority, "user", "unknown");
        return Principal { uri, kind: ActorKind::Unknown, name: None, is_human: Human::Unknown, rule: "default" };
    };
    let component = COMPONENTS.iter().any(|of| match *of {
        "DR" | "Backup" => shown == *of,
        start => shown.starts_with(start),
    });
    let (kind, is_human, rule) = match shown {
        _ if claimed => (ActorKind::Unknown, Human::Unknown, "default"),
        _ if component => (ActorKind::PlatformService, Human::Nonhuman, "R1:cyberark-component"),
        "Administrator" | "Master" | "Auditor" | "Operator" | "Batch" => (ActorKind::Shared, Human::Unknown, "default"),
        _ => (ActorKind::Unknown, Human::Unknown, "default"),
    };
    let uri = if claimed {
        uri::principal_claimed(NAME, authority, "user", shown)
    } else {
        uri::principal_named(NAME, authority, "user", shown)
    };
    Principal { uri, kind, name, is_human, rule }
}

/// The account, its safe, and the user on whom it was acted.
fn resources<'a>(event: &mut Event<'a>, audit: &Audit<'a>, account: &Account<'a>) {
    if let (Some(safe), Some(file)) = (said(&audit.safe), said(&audit.file)) {
        let uri = uri::build(Class::Resource, NAME, &event.authority, "account").name(&safe).id(&file).finish();
        let name = Some(file);
        event.resources.push(Resource { uri, kind: Cow::Borrowed("account"), name, role: ResourceRole::Target });
    }
    for (kind, name) in [("safe", said(&audit.safe)), ("user", said(&audit.target_user))] {
        let role = if event.resources.is_empty() { ResourceRole::Target } else { ResourceRole::Related };
        fill::item(event, Cow::Borrowed(kind), (None, name), role);
    }
    let of_account = account.user.as_deref().zip(account.address.as_deref());
    let of_account = of_account.map(|(user, address)| Cow::Owned(format!("{user}@{address}")));
    fill::item(event, Cow::Borrowed("target-account"), (None, of_account), ResourceRole::Related);
    if event.resources.is_empty() {
        let vault = audit.hostname.clone().or(Some(Cow::Borrowed("vault")));
        fill::item(event, Cow::Borrowed("vault"), (None, vault), ResourceRole::Target);
    }
}

/// Secrets of accounts that were read or changed.
fn password<'a>(event: &mut Event<'a>, audit: &Audit<'a>) {
    let (Some(safe), Some(file)) = (said(&audit.safe), said(&audit.file)) else { return };
    let changed = event.class_uid == 3007 && event.activity_id == 8;
    if event.access == Access::Read || changed {
        event.secret_access.path = Some(Cow::Owned(format!("{safe}/{file}")));
    }
    if changed && event.status == Status::Success {
        let uri = uri::build(Class::Cred, NAME, &event.authority, "password").name(&safe).id(&file).finish();
        let change = CredentialChangeKind::Rotated;
        event.credential_changes.push(CredentialChange { change, uri, native_id: None, holder: None });
    }
}

/// A request for an account, by its number: asked for, confirmed, rejected; and used.
fn request<'a>(event: &mut Event<'a>, audit: &Audit<'a>, action: &str) {
    let Some(id) = said(&audit.request_id) else { return };
    let uri = uri::grant(NAME, &event.authority, "request", &id);
    event.grant_refs.push(uri.clone());
    let name = action.to_ascii_lowercase();
    let phase = match () {
        () if !name.contains("request") => return,
        () if name.contains("reject") => GrantPhase::Deny,
        () if name.contains("confirm") || name.contains("approve") => GrantPhase::Approve,
        () if name.contains("delete") || name.contains("expire") => GrantPhase::Revoke,
        () if name.contains("create") || name.contains("add") => GrantPhase::Request,
        () => return,
    };
    let decides = matches!(phase, GrantPhase::Approve | GrantPhase::Deny);
    let by = event.actor.uri.clone();
    let asks = (phase == GrantPhase::Request).then(|| by.clone());
    event.grants.push(GrantFact {
        beneficiary: asks.clone(),
        requester: asks,
        approver: decides.then_some(by),
        target: said(&audit.file),
        resource: event.resources.first().map(|resource| Cow::Owned(resource.uri.clone())),
        reason: said(&audit.reason),
        ticket: said(&audit.ticket_id),
        ..GrantFact::new(uri, phase)
    });
}

/// A member of a safe.
fn owner<'a>(event: &mut Event<'a>, audit: &Audit<'a>) {
    let (Some(safe), Some(user)) = (said(&audit.safe), said(&audit.target_user)) else { return };
    let uri = uri::build(Class::Grant, NAME, &event.authority, "safe-member").name(&safe).id(&user).finish();
    let phase = if event.activity_id == 14 { GrantPhase::Activate } else { GrantPhase::Revoke };
    event.grant_refs.push(uri.clone());
    event.grants.push(GrantFact {
        requester: Some(event.actor.uri.clone()),
        beneficiary: Some(uri::principal_named(NAME, &event.authority, "user", &user)),
        resource: Some(Cow::Owned(uri::resource(NAME, &event.authority, "safe", &safe))),
        target: Some(safe),
        ..GrantFact::new(uri, phase)
    });
}
