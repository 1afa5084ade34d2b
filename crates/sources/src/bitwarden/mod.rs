//! Bitwarden: the event log of an organisation, with Secrets Manager: numbers for types, ids for everything else.

mod act;
mod origins;
mod record;

use std::borrow::Cow;

use model::uri;
use model::{Access, ActorKind, Event, Human, Platform, Principal, ResourceRole, Status};

use crate::field::{Text, first, said};
use crate::fill;
use crate::{Context, Module, Probe, Reject, RejectKind, json};
use record::Record;

/// The platform part of canonical URIs.
const NAME: &str = "bitwarden";

pub(crate) static MODULE: Module =
    Module { platform: Platform::Bitwarden, version: 1, recognise, normalise, origins: origins::ORIGINS };

/// A number for its type, a date, and a device or an acting user; the public API marks its events besides.
fn recognise(probe: &Probe<'_>) -> bool {
    probe.contains("\"actingUserId\"")
        && probe.has("actingUserId")
        && probe.has("date")
        && probe.raw("type").is_some_and(|kind| kind.parse::<u16>().is_ok_and(|kind| (1000..10_000).contains(&kind)))
        && (probe.text("object") == Some("event") || probe.has("deviceType") || probe.has("device"))
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let record: Record<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let Some(kind) = record.kind.as_deref().and_then(|kind| kind.parse::<u16>().ok()) else {
        return Err(Reject::new(RejectKind::Shape, "type is no number; every event has one"));
    };
    let authority = context.authority.unwrap_or("unknown").to_owned();
    let failed = matches!(kind, 1005 | 1006);
    let mut event = Event::new(Platform::Bitwarden, Cow::Owned(authority.clone()), actor(&record, kind, &authority));
    let (name, act) = act::read(kind);
    act.put(&mut event);
    event.privileged = (act.access == Access::Grant || act.class_uid == 3004).then_some(true);
    event.status = if failed { Status::Failure } else { Status::Success };
    event.status_code = said(&record.kind);
    event.tenant = first(&[&record.organization_id, &record.provider_id]);
    fill::when(&mut event, said(&record.date));
    event.api.service = Some(Cow::Borrowed(NAME));
    event.api.operation = name.map(Cow::Borrowed).or_else(|| Some(Cow::Owned(format!("type_{kind}"))));
    fill::endpoint(&mut event.src, said(&record.ip_address));
    event.client_app = said(&record.device);
    if matches!(kind, 1100..=1199 | 2100..=2199) {
        event.secret_access.path = first(&[&record.secret_id, &record.item_id]);
    }
    resources(&mut event, &record);
    fill::usual(&mut event);
    // The public API gives events no id.
    event.quality.missing.retain(|column| *column != "source_event_id");
    Ok(event)
}

/// A member, a machine account with an access token, or a part of the server.
fn actor<'a>(record: &Record<'a>, kind: u16, authority: &str) -> Principal<'a> {
    if let Some(id) = said(&record.acting_user_id) {
        let failed = matches!(kind, 1005 | 1006);
        let uri = if failed {
            uri::principal_claimed(NAME, authority, "user", &id)
        } else {
            uri::principal(NAME, authority, "user", &id)
        };
        let (kind, is_human, rule) = if act::by_hand(kind) {
            (ActorKind::Human, Human::Human, "R2:bitwarden-client-by-hand")
        } else {
            (ActorKind::Unknown, Human::Unknown, "default")
        };
        return Principal { uri, kind, name: Some(id), is_human, rule };
    }
    // Where nobody acted for it, the machine account did: of the events about machine accounts it is the target.
    if let Some(id) = said(&record.service_account_id).filter(|_| !(2300..2400).contains(&kind)) {
        let uri = uri::principal(NAME, authority, "service-account", &id);
        let (kind, rule) = (ActorKind::ServiceAccount, "R1:bitwarden-service-account");
        return Principal { uri, kind, name: Some(id), is_human: Human::Nonhuman, rule };
    }
    if let Some(system) = said(&record.system_user) {
        let uri = uri::principal(NAME, authority, "system", &system);
        let (kind, rule) = (ActorKind::PlatformService, "R1:bitwarden-system-user");
        return Principal { uri, kind, name: Some(system), is_human: Human::Nonhuman, rule };
    }
    let name: Text<'a> = said(&record.user_id);
    let uri = uri::principal_claimed(NAME, authority, "user", name.as_deref().unwrap_or("unknown"));
    Principal { uri, kind: ActorKind::Unknown, name, is_human: Human::Unknown, rule: "default" }
}

/// The first is what the event is about.
fn resources<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    let named: [(&'static str, &Text<'a>); 12] = [
        ("secret", &record.secret_id),
        ("item", &record.item_id),
        ("collection", &record.collection_id),
        ("policy", &record.policy_id),
        ("service-account", &record.granted_service_account_id),
        ("project", &record.project_id),
        ("group", &record.group_id),
        ("member", &record.member_id),
        ("service-account", &record.service_account_id),
        ("domain", &record.domain_name),
        ("user", &record.user_id),
        ("organization", &record.organization_id),
    ];
    for (kind, id) in named {
        let role = if event.resources.is_empty() { ResourceRole::Target } else { ResourceRole::Related };
        fill::item(event, Cow::Borrowed(kind), (said(id), None), role);
    }
    if event.resources.is_empty() {
        // A sign-in names nothing but who signs in.
        let user = (said(&record.acting_user_id), None);
        fill::item(event, Cow::Borrowed("user"), user, ResourceRole::Target);
    }
}
