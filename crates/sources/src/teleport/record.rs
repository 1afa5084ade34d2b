//! The fields of an audit event that an event of ours is made of. The platform writes all of them
//! flat, each type of event its own selection.

use std::borrow::Cow;

use serde::Deserialize;

pub(super) use crate::field::{Text, first};
use crate::json;

/// One audit event.
#[derive(Default, Deserialize)]
pub(super) struct Record<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) event: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) uid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) code: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) time: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) cluster_name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) user: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) login: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) user_name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) impersonator: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) aws_role_arn: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) azure_identity: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) gcp_service_account: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) user_kind: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) bot_name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) bot_instance_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) user_cluster_name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::texts")]
    pub(super) access_requests: Vec<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) trusted_device: Option<TrustedDevice<'a>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) sid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) with_mfa: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) server_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) server_hostname: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) server_addr: Text<'a>,
    #[serde(borrow, default, rename = "addr.local", deserialize_with = "json::text")]
    pub(super) addr_local: Text<'a>,
    #[serde(borrow, default, rename = "addr.remote", deserialize_with = "json::text")]
    pub(super) addr_remote: Text<'a>,
    #[serde(borrow, default, rename = "addr_remote", deserialize_with = "json::text")]
    pub(super) addr_remote_renamed: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) user_agent: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) kubernetes_cluster: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::texts")]
    pub(super) kubernetes_users: Vec<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::texts")]
    pub(super) kubernetes_groups: Vec<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) kubernetes_pod_name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) kubernetes_pod_namespace: Text<'a>,
    #[serde(default, deserialize_with = "json::boolean")]
    pub(super) success: Option<bool>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) error: Text<'a>,
    #[serde(borrow, default, rename = "exitError", deserialize_with = "json::text")]
    pub(super) exit_error: Text<'a>,
    #[serde(borrow, default, rename = "exitCode", deserialize_with = "json::text")]
    pub(super) exit_code: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) message: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) method: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) mfa_device: Option<MfaDevice<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) attributes: Option<Attributes<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) identity: Option<Identity<'a>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) db_service: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) db_name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) db_user: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) db_query: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) app_name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) app_uri: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) app_public_addr: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) desktop_name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) desktop_addr: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) windows_user: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) verb: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) resource_namespace: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) resource_kind: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) resource_name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) response_code: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) status_code: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) command: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) program: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) return_code: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) src_addr: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) dst_addr: Text<'a>,
    #[serde(default, deserialize_with = "json::integer")]
    pub(super) dst_port: Option<i64>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) action: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) session_start: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) session_stop: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) token_name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::texts")]
    pub(super) roles: Vec<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::objects")]
    pub(super) resource_ids: Vec<ResourceId<'a>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) state: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) proposed_state: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) delegator: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) reason: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) reviewer: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) submitted_by: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) max_duration: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) assume_start_time: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) promoted_access_list_name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) expires: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) updated_by: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) target: Option<LockTarget<'a>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) spiffe_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) serial_number: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) jti: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) not_after: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::texts")]
    pub(super) audiences: Vec<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) host_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) node_name: Text<'a>,
}

/// The identity inside of a certificate that was issued.
#[derive(Default, Deserialize)]
pub(super) struct Identity<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) user: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) impersonator: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) expires: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) teleport_cluster: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) client_ip: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) bot_name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) bot_instance_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) mfa_device_uuid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::texts")]
    pub(super) roles: Vec<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::texts")]
    pub(super) access_requests: Vec<Cow<'a, str>>,
}

#[derive(Default, Deserialize)]
pub(super) struct TrustedDevice<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) device_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) os_type: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) asset_tag: Text<'a>,
}

#[derive(Default, Deserialize)]
pub(super) struct MfaDevice<'a> {
    #[serde(borrow, default, rename = "mfa_device_name", deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
    #[serde(borrow, default, rename = "mfa_device_type", deserialize_with = "json::text")]
    pub(super) kind: Text<'a>,
}

/// What the issuer of a join token said about whoever joins.
#[derive(Default, Deserialize)]
pub(super) struct Attributes<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) sub: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) arn: Text<'a>,
}

#[derive(Default, Deserialize)]
pub(super) struct ResourceId<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) cluster: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) sub_resource: Text<'a>,
}

#[derive(Default, Deserialize)]
pub(super) struct LockTarget<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) user: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) role: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) login: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) mfa_device: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) windows_desktop: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) access_request: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) device: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) server_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) bot_instance_id: Text<'a>,
}

/// A value that is really there: the platform writes empty texts, and the zero time of its language.
pub(super) fn said<'a>(value: &Text<'a>) -> Text<'a> {
    value.clone().filter(|text| !text.is_empty() && !text.starts_with("0001-01-01T"))
}
