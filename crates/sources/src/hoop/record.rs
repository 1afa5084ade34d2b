//! The fields of sessions, reviews and security audit entries that an event is made of.

use serde::Deserialize;

pub(super) use crate::field::{Text, first};
use crate::json;

/// A session, a review, or an entry of the security audit log: each has fields of its own.
#[derive(Deserialize)]
pub(super) struct Record<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, default, alias = "org_id", deserialize_with = "json::text")]
    pub(super) org: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) event_type: Text<'a>,
    #[serde(borrow, default, alias = "user_email", deserialize_with = "json::text")]
    pub(super) user: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) user_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) user_name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) verb: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) status: Text<'a>,
    #[serde(borrow, default, rename = "type", deserialize_with = "json::text")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) connection: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) review: Option<Review<'a>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) exit_code: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) exit_err: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) start_date: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) end_date: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) created_at: Text<'a>,
    #[serde(borrow, default, alias = "session_id", deserialize_with = "json::text")]
    pub(super) session: Text<'a>,
    #[serde(default, deserialize_with = "json::integer")]
    pub(super) access_duration: Option<i64>,
    #[serde(default, deserialize_with = "json::integer")]
    pub(super) access_duration_sec: Option<i64>,
    #[serde(borrow, default, alias = "revoke_at", deserialize_with = "json::text")]
    pub(super) revoked_at: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) owner_email: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) rejection_reason: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) access_request_rule_name: Text<'a>,
    #[serde(default, deserialize_with = "json::integer")]
    pub(super) min_approvals: Option<i64>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) review_owner: Option<Person<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) review_connection: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) connection_name: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "review_groups_data",
        alias = "review_groups",
        deserialize_with = "json::objects"
    )]
    pub(super) groups: Vec<Group<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) metadata: Option<Metadata<'a>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) actor_subject: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) actor_email: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) actor_name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) resource_type: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) action: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) resource_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) resource_name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) error_message: Text<'a>,
    #[serde(default, deserialize_with = "json::boolean")]
    pub(super) outcome: Option<bool>,
}

/// The review inside of a session.
#[derive(Deserialize)]
pub(super) struct Review<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) status: Text<'a>,
    #[serde(borrow, default, rename = "type", deserialize_with = "json::text")]
    pub(super) kind: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Person<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) email: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Named<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
}

/// A group that has to approve, and who of it did.
#[derive(Deserialize)]
pub(super) struct Group<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) status: Text<'a>,
    #[serde(borrow, default, alias = "owner", deserialize_with = "json::object")]
    pub(super) reviewed_by: Option<Person<'a>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) owner_email: Text<'a>,
    #[serde(borrow, default, alias = "reviewed_at", deserialize_with = "json::text")]
    pub(super) review_date: Text<'a>,
    #[serde(default, deserialize_with = "json::boolean")]
    pub(super) forced_review: Option<bool>,
}

/// What the caller gave along.
#[derive(Deserialize)]
pub(super) struct Metadata<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) reason: Text<'a>,
    #[serde(borrow, default, alias = "jira-issue", deserialize_with = "json::text")]
    pub(super) ticket: Text<'a>,
}

/// A value that is really there: the platform writes empty texts, and the zero time of its language.
pub(super) fn said<'a>(value: &Text<'a>) -> Text<'a> {
    value.clone().filter(|text| !text.is_empty() && !text.starts_with("0001-01-01T"))
}
