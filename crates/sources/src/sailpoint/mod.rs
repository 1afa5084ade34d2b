//! SailPoint: audit events of Identity Security Cloud: sign-ins, access requests, provisioning, certifications, sources.

mod origins;
mod record;

use std::borrow::Cow;

use model::uri;
use model::{
    Access, ActorKind, Credential, Event, GrantFact, GrantPhase, Human, Platform, Principal, ResourceRole, Status,
};

use crate::field::{first, said};
use crate::fill::{self, Act, act};
use crate::{Context, Module, Probe, Reject, RejectKind, json};
use record::{Attributes, Record};

/// The platform part of canonical URIs.
const NAME: &str = "sailpoint";

pub(crate) static MODULE: Module =
    Module { platform: Platform::SailPoint, version: 1, recognise, normalise, origins: origins::ORIGINS };

fn recognise(probe: &Probe<'_>) -> bool {
    probe.contains("\"trackingNumber\"")
        && ["trackingNumber", "technicalName", "action", "created", "org"].iter().all(|key| probe.has(key))
        && (probe.has("actor") || probe.has("target"))
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let record: Record<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let Some(name) = first(&[&record.technical_name, &record.action]) else {
        return Err(Reject::new(RejectKind::Shape, "neither action nor technicalName; every audit event has both"));
    };
    let authority = context.authority.or(record.org.as_deref()).unwrap_or("unknown").to_owned();
    let kind = record.kind.as_deref().unwrap_or_default();
    let verb = record.operation.as_deref().unwrap_or_default().to_ascii_lowercase();
    let act = classify(kind, &verb, &name);
    let status = status(record.status.as_deref());
    let signs_in = act.access == Access::Authenticate;
    let actor = actor(&record, signs_in, status == Status::Failure, &authority);
    let mut event = Event::new(Platform::SailPoint, Cow::Owned(authority), actor);
    act.put(&mut event);
    event.privileged = (act.access == Access::Grant || act.class_uid == 3004).then_some(true);
    event.status = status;
    event.status_code = said(&record.status);
    event.source_event_id = said(&record.id);
    event.tenant = said(&record.org);
    fill::when(&mut event, said(&record.created));
    event.api.service = said(&record.stack).or(Some(Cow::Borrowed(NAME)));
    event.api.operation = Some(name);
    event.api.request_id = said(&record.tracking_number);
    event.correlation_ids.extend(event.api.request_id.clone());
    // Lists of addresses begin with the caller's.
    let from =
        said(&record.ip_address).map(|ip| Cow::Owned(ip.split(',').next().unwrap_or_default().trim().to_owned()));
    fill::endpoint(&mut event.src, from);
    let none = Attributes::default();
    let attributes = record.attributes.as_ref().unwrap_or(&none);
    event.purpose.reason = said(&attributes.comment);
    if status == Status::Failure {
        event.error_message = said(&attributes.errors);
    }
    event.credential = said(&attributes.client_id).map(|id| Credential {
        uri: uri::cred(NAME, &event.authority, "client", &id),
        kind: Cow::Borrowed("client"),
        native_id: Some(id),
        ..Credential::default()
    });
    resources(&mut event, &record, attributes, kind);
    request(&mut event, &record, attributes, kind, &verb);
    fill::usual(&mut event);
    Ok(event)
}

fn status(said: Option<&str>) -> Status {
    match said.map(str::to_ascii_uppercase).as_deref() {
        Some("PASSED" | "SUCCESS" | "COMPLETED") => Status::Success,
        Some("FAILED" | "FAILURE" | "ERROR" | "DENIED") => Status::Failure,
        Some("STARTED" | "PENDING" | "INITIATED" | "EXPIRED") => Status::Other,
        _ => Status::Unknown,
    }
}

fn classify(kind: &str, verb: &str, name: &str) -> Act {
    let plain = fill::by_verb(verb);
    let (activity, access, managed) = (plain.activity_id, plain.access, plain.managed());
    match kind {
        "AUTH" | "SSO" => {
            act(3002, if name.contains("LOGOUT") || name.contains("SIGN_OUT") { 2 } else { 1 }, Access::Authenticate)
        }
        "PASSWORD_ACTION" | "PASSWORD_CHANGE" => act(3007, if verb == "reset" { 9 } else { 8 }, Access::Modify),
        "ACCESS_REQUEST" | "ACCESS_ITEM" | "CERTIFICATION" => act(6003, activity, Access::Grant),
        // A key of the API, whose type is that of its owner.
        _ if name.contains("PERSONAL_ACCESS_TOKEN") || name.contains("API_CLIENT") || name.contains("OAUTH_CLIENT") => {
            match activity {
                4 => act(3007, 19, Access::Delete),
                1 => act(3007, 18, Access::Issue),
                _ => act(3007, 2, Access::Modify),
            }
        }
        "PROVISIONING" | "ROLE" | "USER_MANAGEMENT" | "IDENTITY_MANAGEMENT" => match verb {
            "add" | "request" | "assign" => act(3007, 16, Access::Grant),
            "remove" | "revoke" | "unassign" => act(3007, 17, Access::Grant),
            "enable" => act(3007, 4, Access::Modify),
            "disable" => act(3007, 5, Access::Modify),
            "lock" => act(3007, 6, Access::Modify),
            "unlock" => act(3007, 7, Access::Modify),
            _ => act(3007, managed, access),
        },
        "SOURCE_MANAGEMENT" | "SYSTEM_CONFIG" | "ACCESS_PROFILE" | "POLICY" => {
            act(3004, if matches!(activity, 1..=4) { activity } else { 99 }, access)
        }
        _ => plain,
    }
}

/// Whoever is named; parts of the service by names that no person has.
fn actor<'a>(record: &Record<'a>, signs_in: bool, failed: bool, authority: &str) -> Principal<'a> {
    let name = record.actor.as_ref().and_then(|actor| said(&actor.name));
    let Some(shown) = name.as_deref() else {
        let uri = uri::principal_claimed(NAME, authority, "identity", "unknown");
        return Principal { uri, kind: ActorKind::Unknown, name: None, is_human: Human::Unknown, rule: "default" };
    };
    let system = matches!(shown.to_ascii_lowercase().as_str(), "system" | "sailpoint" | "spadmin" | "internal");
    let (uri, kind, is_human, rule) = if system {
        let uri = uri::principal_named(NAME, authority, "system", shown);
        (uri, ActorKind::PlatformService, Human::Nonhuman, "R1:sailpoint-system")
    } else if signs_in && failed {
        (uri::principal_claimed(NAME, authority, "identity", shown), ActorKind::Unknown, Human::Unknown, "default")
    } else {
        let uri = uri::principal_named(NAME, authority, "identity", shown);
        if signs_in {
            (uri, ActorKind::Human, Human::Human, "R2:sailpoint-sign-in")
        } else {
            (uri, ActorKind::Unknown, Human::Unknown, "default")
        }
    };
    Principal { uri, kind, name, is_human, rule }
}

fn resources<'a>(event: &mut Event<'a>, record: &Record<'a>, attributes: &Attributes<'a>, kind: &str) {
    let target = record.target.as_ref().and_then(|target| said(&target.name));
    let of = match kind {
        "AUTH" | "SSO" | "PROVISIONING" | "ACCESS_REQUEST" | "PASSWORD_ACTION" | "USER_MANAGEMENT" => "identity",
        _ => "target",
    };
    fill::item(event, Cow::Borrowed(of), (None, target), ResourceRole::Target);
    for (kind, id, name) in [
        ("access", None, said(&attributes.access_name)),
        ("account", None, said(&attributes.account_name)),
        ("source", said(&attributes.source_id), said(&attributes.source_name)),
        ("host", None, said(&attributes.host_name)),
    ] {
        let role = if event.resources.is_empty() { ResourceRole::Target } else { ResourceRole::Related };
        fill::item(event, Cow::Borrowed(kind), (id, name), role);
    }
    if event.resources.is_empty() {
        let name = Some(Cow::Owned(kind.to_ascii_lowercase()));
        fill::item(event, Cow::Borrowed("category"), (None, name), ResourceRole::Target);
    }
}

/// A request for access, if the event has its id.
fn request<'a>(event: &mut Event<'a>, record: &Record<'a>, attributes: &Attributes<'a>, kind: &str, verb: &str) {
    let Some(id) = said(&attributes.request_id) else { return };
    let uri = uri::grant(NAME, &event.authority, "access-request", &id);
    event.correlation_ids.push(id);
    event.grant_refs.push(uri.clone());
    let phase = match verb {
        _ if kind != "ACCESS_REQUEST" && kind != "ACCESS_ITEM" => return,
        "request" | "create" | "submit" => GrantPhase::Request,
        "approve" | "approved" => GrantPhase::Approve,
        "reject" | "rejected" | "deny" | "denied" => GrantPhase::Deny,
        "cancel" | "revoke" | "remove" => GrantPhase::Revoke,
        "add" | "complete" | "completed" | "provision" => GrantPhase::Activate,
        "expire" | "expired" => GrantPhase::Expire,
        _ => return,
    };
    let by = event.actor.uri.clone();
    let target = record.target.as_ref().and_then(|target| said(&target.name));
    event.grants.push(GrantFact {
        requester: (phase == GrantPhase::Request).then(|| by.clone()),
        approver: matches!(phase, GrantPhase::Approve | GrantPhase::Deny).then_some(by),
        beneficiary: target.map(|name| uri::principal_named(NAME, &event.authority, "identity", &name)),
        target: said(&attributes.access_name),
        reason: said(&attributes.comment),
        ..GrantFact::new(uri, phase)
    });
}
