//! The plain form of a step of a grant.

use std::borrow::Cow;

use serde::Deserialize;

pub(super) use crate::field::{Text, said};
use crate::json;

/// One step of one grant.
#[derive(Deserialize)]
pub(super) struct Record<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) format: Text<'a>,
    /// Host or name of the ticket system: within it ids and names mean something.
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) system: Text<'a>,
    /// Of this record, so that the same one told twice is known.
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) record_id: Text<'a>,
    /// When the step was taken.
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) time: Text<'a>,
    /// Of the grant.
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) step: Text<'a>,
    /// Who took the step.
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) by: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) requester: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::texts")]
    pub(super) beneficiaries: Vec<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) target: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::texts")]
    pub(super) resources: Vec<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) reason: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) ticket: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) not_before: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) not_after: Text<'a>,
    #[serde(default, deserialize_with = "json::integer")]
    pub(super) duration_s: Option<i64>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) policy: Option<Policy<'a>>,
}

/// What decides who must agree.
#[derive(Deserialize)]
pub(super) struct Policy<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) version: Text<'a>,
    #[serde(default, deserialize_with = "json::integer")]
    pub(super) approvals_min: Option<i64>,
}
