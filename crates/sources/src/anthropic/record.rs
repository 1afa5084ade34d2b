//! The shape of an activity: who, and beside it the fields of its type, all at the top level.

use std::borrow::Cow;

use serde::Deserialize;

use crate::field::texts;
use crate::json;

texts! {
    /// Who acted; which fields there are depends on the type.
    Actor {
        kind: "type",
        email_address,
        unauthenticated_email_address,
        user_id,
        ip_address,
        user_agent,
        api_key_id,
        admin_api_key_id,
        directory_id,
        service,
    }
}

texts! {
    /// Fields of an activity that are scalars.
    Fields {
        id,
        created_at,
        organization_id,
        organization_uuid,
        kind: "type",
        request_id,
        url,
        request_method,
        status_code,
        provider,
        api_key_id,
        admin_api_key_id,
        service_key_id,
        service_name,
        key_name,
        claude_chat_id,
        claude_chat_snapshot_id,
        claude_project_id,
        claude_project_document_id,
        claude_file_id,
        claude_artifact_id,
        filename,
        file_id,
        session_id,
        group_id,
        group_name,
        role_id,
        role_name,
        role,
        target_id,
        target_type,
        principal_id,
        principal_type,
        resource_id,
        resource_type,
        workspace_id,
        user_id,
        user_email,
        deleted_user_id,
        deleted_user_email,
        invite_id,
        invited_email,
        previous_role,
        current_role,
        mcp_server_id,
        mcp_server_name,
        tool_name,
        max_permission,
        integration_id,
        integration_type,
        skill_id,
        skill_name,
        plugin_id,
        plugin_name,
        connection_id,
        share_id,
        compliance_api_logging_enabled,
    }
}

/// What else an activity has.
#[derive(Deserialize)]
pub(super) struct More<'a> {
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) actor: Option<Actor<'a>>,
    #[serde(borrow, default, deserialize_with = "json::texts")]
    pub(super) scopes: Vec<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::texts")]
    pub(super) member_ids: Vec<Cow<'a, str>>,
}
