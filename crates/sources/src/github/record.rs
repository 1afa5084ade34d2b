//! The shape of an audit log entry: one flat object, much the same from the API, a stream, an export
//! and a webhook of the enterprise.

use std::borrow::Cow;

use serde::Deserialize;

use crate::json;

/// A scalar as text.
pub(super) type OptText<'a> = Option<Cow<'a, str>>;

/// One entry. Fields have the names they have in the log.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Entry<'a> {
    #[serde(rename = "@timestamp", borrow, default, deserialize_with = "json::text")]
    pub(super) at_timestamp: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) at_sign_timestamp: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) created_at: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) started_at: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) completed_at: OptText<'a>,
    #[serde(rename = "_document_id", borrow, default, deserialize_with = "json::text")]
    pub(super) document_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) action: OptText<'a>,
    #[serde(default, deserialize_with = "json::boolean")]
    pub(super) audit_log_stream_enabled: Option<bool>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) actor: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) actor_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) agent_session_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) actor_ip: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) actor_session: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) user: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) user_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) org: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) org_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) business: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) business_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) repo: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) repo_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) repository: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) repository_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) hashed_token: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) token_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) programmatic_access_type: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) token_scopes: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) user_programmatic_access_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) user_programmatic_access_name: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) user_programmatic_access_request_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) oauth_application: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) oauth_application_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) integration: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) integration_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) integration_installation_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) application_name: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) name: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) team: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) permission: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) old_permission: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) new_repo_permission: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) organization_role_name: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) old_name: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) fingerprint: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) title: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) key: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) key_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) operation_type: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) user_agent: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) request_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) transport_protocol_name: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) protocol_name: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) external_identity_nameid: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) external_identity_username: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) issuer: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) workflow_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) workflow_run_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) run_attempt: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) job_name: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) job_workflow_ref: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) environment_name: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) environment: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) runner_name: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) conclusion: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) branch: OptText<'a>,
    #[serde(rename = "ref", borrow, default, deserialize_with = "json::text")]
    pub(super) git_ref: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) hook_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) visibility: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) previous_visibility: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) explanation: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) reason: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) message: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) invitee: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) email: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) pull_request_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) ruleset_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) ruleset_name: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) token_expires_at: OptText<'a>,
    #[serde(default, deserialize_with = "json::boolean")]
    pub(super) actor_is_bot: Option<bool>,
    #[serde(default, deserialize_with = "json::boolean")]
    pub(super) actor_is_agent: Option<bool>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) actor_location: Option<Location<'a>>,
    #[serde(borrow, default, deserialize_with = "json::texts")]
    pub(super) secrets_passed: Vec<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) data: Option<Data<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) config: Option<HookConfig<'a>>,
    /// Environments of a review, which may be about several; in deliveries only.
    #[serde(skip)]
    pub(super) environments: Vec<Cow<'a, str>>,
    /// Id and login of whoever started what is under review; in deliveries only.
    #[serde(skip)]
    pub(super) requester: Option<(OptText<'a>, OptText<'a>)>,
}

/// Where the actor was, as GitHub worked it out from the address.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Location<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) country_code: OptText<'a>,
}

/// Fields that older exports nest.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Data<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) hook_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) user_agent: OptText<'a>,
}

/// Where a webhook delivers.
#[derive(Debug, Default, Deserialize)]
pub(super) struct HookConfig<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) url: OptText<'a>,
}

/// A text that is there and not empty.
pub(super) fn present(text: OptText<'_>) -> OptText<'_> {
    text.filter(|text| !text.is_empty())
}

/// The first text that is there and not empty.
pub(super) fn first<'a, const N: usize>(texts: [&OptText<'a>; N]) -> OptText<'a> {
    texts.into_iter().find_map(|text| present(text.clone()))
}
