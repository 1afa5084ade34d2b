//! The shape of an audit event, as the search of Identity Security Cloud gives it.

use serde::Deserialize;

use crate::audit::{Text, texts};
use crate::json;

#[derive(Deserialize)]
pub(super) struct Record<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) org: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) created: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) action: Text<'a>,
    #[serde(rename = "type", borrow, default, deserialize_with = "json::text")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) operation: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) status: Text<'a>,
    #[serde(rename = "technicalName", borrow, default, deserialize_with = "json::text")]
    pub(super) technical_name: Text<'a>,
    #[serde(rename = "trackingNumber", borrow, default, deserialize_with = "json::text")]
    pub(super) tracking_number: Text<'a>,
    #[serde(rename = "ipAddress", borrow, default, deserialize_with = "json::text")]
    pub(super) ip_address: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) stack: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) actor: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) target: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) attributes: Option<Attributes<'a>>,
}

texts! { Named { name, } }

texts! {
    /// What an event says besides, as far as it names things.
    Attributes {
        #[serde(rename = "sourceName")]
        source_name,
        #[serde(rename = "sourceId")]
        source_id,
        #[serde(rename = "accountName")]
        account_name,
        #[serde(rename = "hostName")]
        host_name,
        #[serde(rename = "accessProfileName", alias = "roleName", alias = "entitlementName")]
        access_name,
        #[serde(rename = "accessRequestId", alias = "requestId")]
        request_id,
        #[serde(rename = "clientId")]
        client_id,
        comment,
        errors,
    }
}
