//! An audit entry as Vault and OpenBao write it.
//!
//! Texts that could be secret are logged as `hmac-sha256:<hex>` under a salt of the audit device:
//! equal texts stay equal within one device, and that is what lineage joins on.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::field::Text;
use crate::json;

/// One entry: what was asked, or what was answered.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Record<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) time: Text<'a>,
    /// `request` or `response`.
    #[serde(borrow, default, rename = "type", deserialize_with = "json::text")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) auth: Option<Auth<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) request: Option<Request<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) response: Option<Response<'a>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) error: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) forwarded_from: Text<'a>,
}

/// A token and whose it is: the one used, or the one issued.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Auth<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) accessor: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) client_token: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) display_name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) entity_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) metadata: Option<Metadata<'a>>,
    #[serde(borrow, default, deserialize_with = "json::texts")]
    pub(super) policies: Vec<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) policy_results: Option<PolicyResults<'a>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) token_issue_time: Text<'a>,
    /// Seconds; 0 never ends.
    #[serde(default, deserialize_with = "json::integer")]
    pub(super) token_ttl: Option<i64>,
    /// How often the token may be used; 0 is not limited.
    #[serde(default, deserialize_with = "json::integer")]
    pub(super) num_uses: Option<i64>,
}

impl Auth<'_> {
    /// Whether the token carries the policy that allows everything.
    pub(super) fn is_root(&self) -> bool {
        self.policies.iter().any(|policy| policy == "root")
    }

    /// Whether the entry holds a token at all: an unauthenticated call has an `auth` with nothing
    /// but a token type.
    pub(super) fn is_known(&self) -> bool {
        [&self.accessor, &self.client_token, &self.entity_id].into_iter().any(|id| some(id.as_deref()).is_some())
    }
}

/// What the auth method noted about the one who logged in.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Metadata<'a> {
    /// `approle`.
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) role_name: Text<'a>,
    /// `kubernetes`.
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) service_account_uid: Text<'a>,
    /// `aws`.
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) account_id: Text<'a>,
    /// `aws`: the unique id, for a role with the session behind a colon.
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) client_user_id: Text<'a>,
    /// `gcp`.
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) service_account_email: Text<'a>,
}

/// Which policies decided.
#[derive(Debug, Default, Deserialize)]
pub(super) struct PolicyResults<'a> {
    #[serde(default, deserialize_with = "json::boolean")]
    pub(super) allowed: Option<bool>,
    #[serde(borrow, default, deserialize_with = "json::objects")]
    pub(super) granting_policies: Vec<Policy<'a>>,
}

/// A policy that granted.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Policy<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
    #[serde(borrow, default, rename = "type", deserialize_with = "json::text")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) namespace_path: Text<'a>,
}

/// What was asked.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Request<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) operation: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) path: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) namespace: Option<Namespace<'a>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) client_token: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) client_token_accessor: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) client_certificate_serial_number: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) mount_point: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) mount_type: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) remote_address: Text<'a>,
    #[serde(default, deserialize_with = "json::integer")]
    pub(super) remote_port: Option<i64>,
    #[serde(borrow, default)]
    pub(super) headers: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) data: Option<&'a RawValue>,
}

/// A namespace; the root one has an id and no path.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Namespace<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) path: Text<'a>,
}

/// What was answered.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Response<'a> {
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) auth: Option<Auth<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) secret: Option<Secret<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) wrap_info: Option<WrapInfo<'a>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) mount_type: Text<'a>,
    #[serde(borrow, default)]
    pub(super) data: Option<&'a RawValue>,
}

/// The lease of a secret.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Secret<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) lease_id: Text<'a>,
    /// Seconds, where it is logged.
    #[serde(default, deserialize_with = "json::integer")]
    pub(super) lease_duration: Option<i64>,
}

/// A response that was put aside under a token of its own.
#[derive(Debug, Default, Deserialize)]
pub(super) struct WrapInfo<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) accessor: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) token: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) wrapped_accessor: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) creation_time: Text<'a>,
    /// Seconds.
    #[serde(default, deserialize_with = "json::integer")]
    pub(super) ttl: Option<i64>,
}

/// The request and response data that name a credential, a lease or a version.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Data<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) accessor: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) token: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) role_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) role: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) secret_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) secret_id_accessor: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) lease_id: Text<'a>,
    /// Of a lease that was looked up.
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) expire_time: Text<'a>,
    /// Seconds: of keys that end by themselves, of a token or lease that was looked up.
    #[serde(default, deserialize_with = "json::integer")]
    pub(super) ttl: Option<i64>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) access_key: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) username: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) serial_number: Text<'a>,
    /// Seconds since 1970.
    #[serde(default, deserialize_with = "json::integer")]
    pub(super) expiration: Option<i64>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) version: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) metadata: Option<DataMetadata<'a>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) error: Text<'a>,
}

/// `metadata` of a versioned secret.
#[derive(Debug, Default, Deserialize)]
pub(super) struct DataMetadata<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) version: Text<'a>,
}

/// The request headers that an operator chose to log.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Headers<'a> {
    #[serde(borrow, default, rename = "user-agent", alias = "User-Agent", deserialize_with = "json::texts")]
    pub(super) user_agent: Vec<Cow<'a, str>>,
}

/// Reads a nested object; the default when there is none, or none that can be read.
pub(super) fn read<'a, T: Deserialize<'a> + Default>(raw: Option<&'a RawValue>) -> T {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

/// A text that is not empty.
pub(super) fn some(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}
