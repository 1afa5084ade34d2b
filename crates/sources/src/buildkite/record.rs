//! The shapes of an audit event: as the REST API and GraphQL list it, and as EventBridge delivers it.

use serde::Deserialize;
use serde::de::Deserializer;
use serde_json::value::RawValue;

use crate::field::{Text, texts};
use crate::json;

#[derive(Default, Deserialize)]
pub(super) struct Record<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) uuid: Text<'a>,
    #[serde(rename = "type", borrow, default, deserialize_with = "json::text")]
    pub(super) kind: Text<'a>,
    #[serde(alias = "occurredAt", borrow, default, deserialize_with = "json::text")]
    pub(super) occurred_at: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) url: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) actor: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) subject: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) subject_type: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) subject_uuid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) subject_name: Text<'a>,
    #[serde(default, deserialize_with = "surroundings")]
    pub(super) context: Surroundings,
}

/// The form of EventBridge: the event in one part, who and whose in others.
#[derive(Deserialize)]
pub(super) struct Delivered<'a> {
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) event: Option<Record<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) actor: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) organization: Option<Organization<'a>>,
}

texts! { Named { kind: "type" | "__typename", uuid, name, } }
texts! { Organization { uuid, slug, } }

/// Where a call came from. It may be JSON inside of a text, so it is owned.
#[derive(Default, Deserialize)]
pub(super) struct Surroundings {
    #[serde(default, alias = "__typename", rename = "type", deserialize_with = "text")]
    pub(super) kind: Option<String>,
    #[serde(default, alias = "requestIpAddress", alias = "request_ip_address", deserialize_with = "text")]
    pub(super) request_ip: Option<String>,
    #[serde(default, alias = "requestUserAgent", deserialize_with = "text")]
    pub(super) request_user_agent: Option<String>,
    #[serde(default, alias = "requestId", deserialize_with = "text")]
    pub(super) request_id: Option<String>,
    #[serde(default, alias = "requestApiAccessTokenUuid", alias = "api_access_token_uuid", deserialize_with = "text")]
    pub(super) request_api_access_token_uuid: Option<String>,
    #[serde(default, alias = "sessionUserUuid", deserialize_with = "text")]
    pub(super) session_user_uuid: Option<String>,
    #[serde(default, alias = "sessionKey", deserialize_with = "text")]
    pub(super) session_key: Option<String>,
    #[serde(default, alias = "agentUuid", deserialize_with = "text")]
    pub(super) agent_uuid: Option<String>,
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(json::text(deserializer)?.map(std::borrow::Cow::into_owned).filter(|text| !text.is_empty()))
}

fn surroundings<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Surroundings, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    let inside: Option<String> = raw.get().starts_with('"').then(|| serde_json::from_str(raw.get()).ok()).flatten();
    let of = inside.as_deref().unwrap_or(raw.get());
    Ok(serde_json::from_str(of).unwrap_or_default())
}
