//! The shapes of a message: JSON-RPC by itself, and inside of what a gateway or proxy logs around it.
//!
//! A message may be JSON text inside of JSON, so everything here is owned.

use serde::Deserialize;
use serde::de::Deserializer;
use serde_json::value::RawValue;

use crate::json;

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(json::text(deserializer)?.map(std::borrow::Cow::into_owned).filter(|text| !text.is_empty()))
}

fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(json::texts(deserializer)?.into_iter().map(std::borrow::Cow::into_owned).collect())
}

/// A request, a notification or a response (JSON-RPC 2.0, sections 4 and 5).
#[derive(Default, Deserialize)]
pub(super) struct Message {
    #[serde(default, deserialize_with = "text")]
    pub(super) id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) method: Option<String>,
    #[serde(default, deserialize_with = "json::object")]
    pub(super) params: Option<Params>,
    #[serde(default, deserialize_with = "json::object")]
    pub(super) result: Option<Outcome>,
    #[serde(default, deserialize_with = "json::object")]
    pub(super) error: Option<Failure>,
}

/// What is asked for. Arguments are kept as they are written, for their digest alone.
#[derive(Deserialize)]
pub(super) struct Params {
    #[serde(default, deserialize_with = "text")]
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) uri: Option<String>,
    #[serde(default)]
    pub(super) arguments: Option<Box<RawValue>>,
    #[serde(default, rename = "clientInfo", deserialize_with = "json::object")]
    pub(super) client_info: Option<Info>,
    #[serde(default, rename = "_meta", deserialize_with = "json::object")]
    pub(super) meta: Option<Meta>,
}

/// What came of it.
#[derive(Deserialize)]
pub(super) struct Outcome {
    #[serde(default, rename = "isError", deserialize_with = "json::boolean")]
    pub(super) is_error: Option<bool>,
    #[serde(default, rename = "_meta", deserialize_with = "json::object")]
    pub(super) meta: Option<Meta>,
}

#[derive(Deserialize)]
pub(super) struct Failure {
    #[serde(default, deserialize_with = "text")]
    pub(super) code: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) message: Option<String>,
}

/// What a client says of itself.
#[derive(Deserialize)]
pub(super) struct Info {
    #[serde(default, deserialize_with = "text")]
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) version: Option<String>,
}

/// The trace context, which anyone who calls can choose.
#[derive(Deserialize)]
pub(super) struct Meta {
    #[serde(default, deserialize_with = "text")]
    pub(super) traceparent: Option<String>,
}

/// What is logged around a message.
#[derive(Default, Deserialize)]
pub(super) struct Around {
    #[serde(default, alias = "@timestamp", deserialize_with = "text")]
    pub(super) timestamp: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) time: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) ts: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) method: Option<String>,
    #[serde(default, alias = "serverUrl", deserialize_with = "text")]
    pub(super) server_url: Option<String>,
    #[serde(default, alias = "serverId", deserialize_with = "text")]
    pub(super) server_id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) server: Option<String>,
    #[serde(
        default,
        alias = "sessionId",
        alias = "mcp_session_id",
        alias = "mcpSessionId",
        alias = "mcp-session-id",
        deserialize_with = "text"
    )]
    pub(super) session_id: Option<String>,
    #[serde(default, alias = "requestId", deserialize_with = "text")]
    pub(super) request_id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) traceparent: Option<String>,
    #[serde(default, alias = "remote_addr", alias = "source_ip", alias = "clientIp", deserialize_with = "text")]
    pub(super) client_ip: Option<String>,
    #[serde(default, alias = "userAgent", deserialize_with = "text")]
    pub(super) user_agent: Option<String>,
    #[serde(default, alias = "latency_ms", alias = "durationMs", deserialize_with = "text")]
    pub(super) duration_ms: Option<String>,
    #[serde(default, deserialize_with = "principal")]
    pub(super) principal: Principal,
}

/// Whose call it is, as the gateway worked it out: a name, or the claims of the token that it checked.
#[derive(Default)]
pub(super) struct Principal {
    pub(super) name: Option<String>,
    pub(super) claims: Claims,
}

/// Claims of an access token (RFC 9068; RFC 8693, section 4).
#[derive(Default, Deserialize)]
pub(super) struct Claims {
    #[serde(default, alias = "issuer", deserialize_with = "text")]
    pub(super) iss: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) sub: Option<String>,
    #[serde(default, alias = "clientId", alias = "azp", deserialize_with = "text")]
    pub(super) client_id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) jti: Option<String>,
    #[serde(default, deserialize_with = "texts")]
    pub(super) aud: Vec<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) scope: Option<String>,
    #[serde(default, deserialize_with = "json::integer")]
    pub(super) exp: Option<i64>,
    #[serde(default, deserialize_with = "json::object")]
    pub(super) act: Option<Act>,
}

/// Who acts for the subject; those inside of it are history.
#[derive(Deserialize)]
pub(super) struct Act {
    #[serde(default, deserialize_with = "text")]
    pub(super) sub: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) iss: Option<String>,
}

fn principal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Principal, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    let mut again = serde_json::Deserializer::from_str(raw.get());
    let read = if raw.get().starts_with('{') {
        json::object(&mut again).map(|claims| Principal { name: None, claims: claims.unwrap_or_default() })
    } else {
        text(&mut again).map(|name| Principal { name, claims: Claims::default() })
    };
    read.map_err(serde::de::Error::custom)
}
