//! The shape of an audit event, as the search of Identity Security Cloud gives it.

use serde::Deserialize;

use crate::field::{Text, texts};
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
        source_name: "sourceName",
        source_id: "sourceId",
        account_name: "accountName",
        host_name: "hostName",
        access_name: "accessProfileName" | "roleName" | "entitlementName",
        request_id: "accessRequestId" | "requestId",
        client_id: "clientId",
        comment,
        errors,
    }
}
