//! Anthropic: activities of an organisation as its Compliance API lists them: keys, services, roles, sign-ins, chats,
//! files, and the MCP servers and integrations that agents may use.

mod act;
mod facts;
mod origins;
mod record;

use std::borrow::Cow;

use model::uri;
use model::{Access, ActorKind, Event, Human, Party, Platform, Principal, Status};

use crate::field::{first, said};
use crate::fill::{self, act};
use crate::{Context, Module, Probe, Reject, RejectKind, json};
use record::{Actor, Fields, More};

/// The platform part of canonical URIs.
const NAME: &str = "anthropic";

/// Ids are unique over all organisations.
const AUTHORITY: &str = "api.anthropic.com";

pub(crate) static MODULE: Module =
    Module { platform: Platform::Anthropic, version: 1, recognise, normalise, origins: origins::ORIGINS };

fn recognise(probe: &Probe<'_>) -> bool {
    probe.contains("\"activity_")
        && probe.text("id").is_some_and(|id| id.starts_with("activity_"))
        && ["created_at", "actor", "type"].iter().all(|key| probe.has(key))
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let not_json = |error: serde_json::Error| json::not_json(&error);
    let fields: Fields<'a> = serde_json::from_str(text).map_err(not_json)?;
    let more: More<'a> = serde_json::from_str(text).map_err(not_json)?;
    let Some(kind) = said(&fields.kind) else {
        return Err(Reject::new(RejectKind::Shape, "type is missing; every activity has one"));
    };
    Ok(event(&fields, &more, &kind, context))
}

fn event<'a>(fields: &Fields<'a>, more: &More<'a>, kind: &str, context: &Context<'_>) -> Event<'a> {
    let authority = context.authority.unwrap_or(AUTHORITY).to_owned();
    let none = Actor::default();
    let by = more.actor.as_ref().unwrap_or(&none);
    let mut event = Event::new(Platform::Anthropic, Cow::Owned(authority.clone()), actor(by, &authority));
    let of = first(&[&fields.target_type, &fields.principal_type]);
    let act = match (kind, fields.compliance_api_logging_enabled.as_deref()) {
        ("org_compliance_api_settings_updated", Some("false")) => act(1008, 10, Access::Modify),
        ("org_compliance_api_settings_updated", Some("true")) => act(1008, 9, Access::Modify),
        ("org_compliance_api_settings_updated", _) => act(1008, 99, Access::Modify),
        ("compliance_api_accessed", _) => called(fields.request_method.as_deref()),
        _ => act::classify(kind, of.is_some_and(|of| of.contains("group"))),
    };
    act.put(&mut event);
    event.privileged = (matches!(act.access, Access::Issue | Access::Grant)
        || matches!(act.class_uid, 1008 | 3004 | 3008))
    .then_some(true);
    event.status = act::status(kind);
    event.status_code = said(&fields.status_code);
    if event.status_code.as_deref().and_then(|code| code.parse::<u16>().ok()).is_some_and(|code| code >= 400) {
        event.status = Status::Failure;
        event.error_code.clone_from(&event.status_code);
    }
    event.party = match by.kind.as_deref() {
        Some("anthropic_actor" | "system_actor") => Some(Party::Provider),
        _ => None,
    };
    event.source_event_id = said(&fields.id);
    event.tenant = first(&[&fields.organization_id, &fields.organization_uuid]);
    fill::when(&mut event, said(&fields.created_at));
    event.api.service = Some(Cow::Borrowed(NAME));
    event.api.operation = said(&fields.kind);
    event.api.request_id = said(&fields.request_id);
    event.correlation_ids.extend(event.api.request_id.clone());
    if act.class_uid == 3002 {
        event.authn.method = said(&fields.provider).or_else(|| method(kind).map(Cow::Borrowed));
    }
    fill::endpoint(&mut event.src, said(&by.ip_address));
    event.user_agent = said(&by.user_agent);
    event.tool.name = said(&fields.tool_name);
    event.tool.server = said(&fields.mcp_server_name).filter(|_| event.tool.name.is_some());
    facts::credentials(&mut event, kind, fields, more);
    facts::grants(&mut event, kind, fields);
    facts::changes(&mut event, fields);
    facts::resources(&mut event, fields, more);
    let signed_in = event.actor.clone();
    facts::user(&mut event, &signed_in);
    fill::usual(&mut event);
    event
}

/// A call of the Compliance API itself.
fn called(method: Option<&str>) -> fill::Act {
    match method {
        Some("GET" | "HEAD") => act(6003, 2, Access::Read),
        Some("DELETE") => act(6003, 4, Access::Delete),
        Some("PUT" | "PATCH") => act(6003, 3, Access::Modify),
        _ => act(6003, 99, Access::Other),
    }
}

/// How somebody signs in, as the type says.
fn method(kind: &str) -> Option<&'static str> {
    let methods = [("sso", "sso"), ("magic_link", "magic_link"), ("social", "social"), ("phone_code", "phone_code")];
    methods.into_iter().find_map(|(start, method)| kind.starts_with(start).then_some(method))
}

/// Who acted, by the type of the actor.
fn actor<'a>(by: &Actor<'a>, authority: &str) -> Principal<'a> {
    let of = |kind: &str, id: &str| uri::principal(NAME, authority, kind, id);
    let key = first(&[&by.api_key_id, &by.admin_api_key_id]);
    let kind = by.kind.as_deref().unwrap_or_default();
    let (uri, name, kind, is_human, rule) = match kind {
        "user_actor" => match (said(&by.user_id), said(&by.email_address)) {
            (Some(id), name) => {
                (of("user", &id), name.or(Some(id)), ActorKind::Human, Human::Human, "R2:anthropic-user-actor")
            }
            (None, Some(name)) => {
                let uri = uri::principal_named(NAME, authority, "user", &name);
                (uri, Some(name), ActorKind::Human, Human::Human, "R2:anthropic-user-actor")
            }
            (None, None) => return nobody(authority, "user"),
        },
        "api_actor" | "admin_api_key_actor" => match key {
            Some(id) => {
                (of("api-key", &id), Some(id), ActorKind::ApiClient, Human::Nonhuman, "R1:anthropic-api-key-actor")
            }
            None => return nobody(authority, "api-key"),
        },
        "scim_directory_sync_actor" => match said(&by.directory_id) {
            Some(id) => {
                (of("directory", &id), Some(id), ActorKind::Integration, Human::Nonhuman, "R1:anthropic-directory-sync")
            }
            None => return nobody(authority, "directory"),
        },
        "system_actor" => {
            let name = said(&by.service).unwrap_or(Cow::Borrowed("system"));
            let uri = uri::principal_named(NAME, authority, "system", &name);
            (uri, Some(name), ActorKind::PlatformService, Human::Nonhuman, "R1:anthropic-system-actor")
        }
        "anthropic_actor" => {
            // Whoever of the provider: the log says no more.
            let name = said(&by.kind);
            (of("operator", "anthropic"), name, ActorKind::PlatformService, Human::Unknown, "default")
        }
        "unauthenticated_user_actor" => match said(&by.unauthenticated_email_address) {
            Some(name) => {
                let uri = uri::principal_claimed(NAME, authority, "user", &name);
                (uri, Some(name), ActorKind::Unknown, Human::Unknown, "default")
            }
            None => return nobody(authority, "user"),
        },
        other => {
            let kind = crate::field::kebab(other.strip_suffix("_actor").unwrap_or(other));
            return nobody(authority, &kind);
        }
    };
    Principal { uri, kind, name, is_human, rule }
}

fn nobody<'a>(authority: &str, kind: &str) -> Principal<'a> {
    let uri = uri::principal_claimed(NAME, authority, kind, "unknown");
    Principal { uri, kind: ActorKind::Unknown, name: None, is_human: Human::Unknown, rule: "default" }
}
