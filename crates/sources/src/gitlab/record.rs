//! The shapes of a GitLab record: an audit event, flat or with its details beside it, and the delivery of a
//! deployment's webhook.

use serde::Deserialize;

pub(super) use crate::field::{Text, first, said};
use crate::json;

/// What an audit event says, in `details` or beside them.
#[derive(Default, Deserialize)]
pub(super) struct Details<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) event_name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) event_type: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) author_name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) author_class: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) target_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) target_type: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) target_details: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) ip_address: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) entity_path: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) impersonated_by: Text<'a>,
    #[serde(borrow, default, deserialize_with = "message")]
    pub(super) custom_message: Message<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) change: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) from: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) to: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) add: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) remove: Text<'a>,
    #[serde(rename = "as", borrow, default, deserialize_with = "json::text")]
    pub(super) role: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) expiry_to: Text<'a>,
    #[serde(rename = "with", borrow, default, deserialize_with = "json::text")]
    pub(super) with: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) failed_login: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) reason: Text<'a>,
    #[serde(borrow, default, alias = "comment", deserialize_with = "json::text")]
    pub(super) approval_comment: Text<'a>,
}

/// An audit event. Fields of [`Details`] may stand at its top level, too.
#[derive(Deserialize)]
pub(super) struct Audit<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) time: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) created_at: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) correlation_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) author_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) entity_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) entity_type: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) details: Option<Details<'a>>,
}

/// The words of an event; of a Git operation an object.
#[derive(Default)]
pub(super) struct Message<'a> {
    pub(super) words: Text<'a>,
    pub(super) git: Option<Git<'a>>,
}

/// A Git operation.
#[derive(Deserialize)]
pub(super) struct Git<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) protocol: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) action: Text<'a>,
}

fn message<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Message<'de>, D::Error> {
    let raw = <&serde_json::value::RawValue>::deserialize(deserializer)?.get();
    let mut again = serde_json::Deserializer::from_str(raw);
    let read = if raw.starts_with('{') {
        json::object(&mut again).map(|git| Message { words: None, git })
    } else {
        json::text(&mut again).map(|words| Message { words, git: None })
    };
    read.map_err(serde::de::Error::custom)
}

/// The delivery of a deployment's webhook.
#[derive(Deserialize)]
pub(super) struct Deployment<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) status: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) status_changed_at: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) deployment_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) deployable_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) environment: Text<'a>,
    #[serde(rename = "ref", borrow, default, deserialize_with = "json::text")]
    pub(super) git_ref: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) project: Option<Project<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) user: Option<User<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) approver: Option<User<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) approval: Option<Approval<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Project<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) path_with_namespace: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) web_url: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct User<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) username: Text<'a>,
}

/// What an approver recorded.
#[derive(Deserialize)]
pub(super) struct Approval<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) comment: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) created_at: Text<'a>,
}
