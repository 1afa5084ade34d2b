//! The shape of an entry of CircleCI's audit log.

use serde::Deserialize;

use crate::field::{Text, texts};
use crate::json;

#[derive(Deserialize)]
pub(super) struct Record<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) action: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) occurred_at: Text<'a>,
    #[serde(default, deserialize_with = "json::boolean")]
    pub(super) success: Option<bool>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) actor: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) target: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) scope: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) request: Option<Request<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) payload: Option<Payload<'a>>,
}

texts! { Named { id, kind: "type", name, } }
texts! { Request { id, } }

/// What is said of the action, as far as it names things.
#[derive(Default, Deserialize)]
pub(super) struct Payload<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) context_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) context_name: Text<'a>,
    #[serde(borrow, default, alias = "name", deserialize_with = "json::text")]
    pub(super) env_var_name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) fingerprint: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) reason: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) status: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) job: Option<Part<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) workflow: Option<Part<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) pipeline: Option<Part<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) project: Option<Part<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) context: Option<Part<'a>>,
}

texts! { Part { id, name: "name" | "job_name" | "slug", status: "status" | "job_status", } }
