//! The fields of a server log line that an event is made of.

use serde::Deserialize;

pub(super) use crate::field::{Text, first, said};
use crate::json;

/// One line. Which of the fields are there depends on the call.
#[derive(Deserialize)]
pub(super) struct Record<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) level: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) msg: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) time: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) service: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) method: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) request_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) status: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) status_code: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) status_message: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) error: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) subsystem_name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) caller_addr: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) caller_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) caller_uid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) caller_path: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) authorized_as: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) spiffe_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) parent_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) agent_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) entry_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) registration_entry_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) trust_domain_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) serial_num: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) serial_number: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) expires_at: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) expiration: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) jti: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) audience: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) node_attestor_type: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) plugin_name: Text<'a>,
}
