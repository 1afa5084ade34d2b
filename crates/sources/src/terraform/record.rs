//! The shape of an entry of the audit trail.

use serde::Deserialize;

use crate::field::{Text, texts};
use crate::json;

#[derive(Deserialize)]
pub(super) struct Record<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) timestamp: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) auth: Option<Auth<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) request: Option<Request<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) resource: Option<Thing<'a>>,
}

texts! {
    /// Who was let in: a user, the made-up user of a token, or an administrator in the place of one.
    Auth { accessor_id, description, kind: "type", impersonator_id, organization_id, }
}

texts! { Request { id, } }

#[derive(Default, Deserialize)]
pub(super) struct Thing<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(rename = "type", borrow, default, deserialize_with = "json::text")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) action: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) meta: Option<Meta<'a>>,
}

/// What is said of the resource besides.
#[derive(Default, Deserialize)]
pub(super) struct Meta<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) key: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) run_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) workspace_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) workspace_name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) comment: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) run: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) workspace: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) user: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) team: Option<Named<'a>>,
}

texts! { Named { id, name: "name" | "username", } }
