//! The shape of an entry of OpenAI's audit log, and of the details that stand under the name of its type.

use std::borrow::Cow;

use serde::Deserialize;

use crate::field::Text;
use crate::json;

#[derive(Deserialize)]
pub(super) struct Record<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(rename = "type", borrow, default, deserialize_with = "json::text")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) effective_at: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) project: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) actor: Option<Actor<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Named<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
}

/// Who acted: in a session of the dashboard, or with an API key.
#[derive(Default, Deserialize)]
pub(super) struct Actor<'a> {
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) session: Option<Session<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) api_key: Option<ApiKey<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Session<'a> {
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) user: Option<User<'a>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) ip_address: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) user_agent: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) ip_address_details: Option<Place<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Place<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) country: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) asn: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct ApiKey<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) user: Option<User<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) service_account: Option<User<'a>>,
}

#[derive(Deserialize)]
pub(super) struct User<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) email: Text<'a>,
}

/// The details of an event, whatever its type.
#[derive(Default, Deserialize)]
pub(super) struct Details<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) role_name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) principal_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) principal_type: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) resource_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) resource_type: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) error_code: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) error_message: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) data: Option<Data<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) changes_requested: Option<Data<'a>>,
}

/// What was made, or is to be changed.
#[derive(Default, Deserialize)]
pub(super) struct Data<'a> {
    #[serde(borrow, default, deserialize_with = "json::texts")]
    pub(super) scopes: Vec<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) role: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) email: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) title: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) group_name: Text<'a>,
    /// Whether calls of the API are logged, for all projects, some or none.
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) api_call_logging: Text<'a>,
}
