//! The shape of an audit activity.

use serde::Deserialize;

use crate::field::{Text, texts};
use crate::json;

#[derive(Deserialize)]
pub(super) struct Record<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(rename = "recordedAt", borrow, default, deserialize_with = "json::text")]
    pub(super) recorded_at: Text<'a>,
    #[serde(rename = "createdAt", borrow, default, deserialize_with = "json::text")]
    pub(super) created_at: Text<'a>,
    #[serde(rename = "correlationId", borrow, default, deserialize_with = "json::text")]
    pub(super) correlation_id: Text<'a>,
    #[serde(rename = "internalCorrelation", borrow, default, deserialize_with = "json::object")]
    pub(super) internal: Option<Internal<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) source: Option<Source<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) actors: Option<Actors<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) action: Option<Action<'a>>,
    #[serde(borrow, default, deserialize_with = "json::objects")]
    pub(super) resources: Vec<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) result: Option<Outcome<'a>>,
}

texts! { Internal { session_id: "sessionId", transaction_id: "transactionId", } }
texts! { Source { user_agent: "userAgent", ip_address: "ipAddress", } }
texts! { Action { kind: "type", } }
texts! { Outcome { status, description, } }
texts! { Id { id, } }

/// Who acted: a client, and a user through it.
#[derive(Deserialize)]
pub(super) struct Actors<'a> {
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) client: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) user: Option<Named<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Named<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
    #[serde(rename = "type", borrow, default, deserialize_with = "json::text")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) environment: Option<Id<'a>>,
}
