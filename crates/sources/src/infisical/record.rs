//! The shape of an audit log entry: actor and event, each a type with details of its own.

use std::borrow::Cow;

use serde::Deserialize;

use crate::field::{Text, texts};
use crate::json;

#[derive(Deserialize)]
pub(super) struct Record<'a> {
    #[serde(alias = "_id", borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(rename = "createdAt", borrow, default, deserialize_with = "json::text")]
    pub(super) created_at: Text<'a>,
    #[serde(rename = "orgId", alias = "organization", borrow, default, deserialize_with = "json::text")]
    pub(super) organization: Text<'a>,
    #[serde(rename = "projectId", alias = "workspace", borrow, default, deserialize_with = "json::text")]
    pub(super) project: Text<'a>,
    #[serde(rename = "projectName", borrow, default, deserialize_with = "json::text")]
    pub(super) project_name: Text<'a>,
    #[serde(rename = "ipAddress", borrow, default, deserialize_with = "json::text")]
    pub(super) ip_address: Text<'a>,
    #[serde(rename = "userAgent", borrow, default, deserialize_with = "json::text")]
    pub(super) user_agent: Text<'a>,
    #[serde(rename = "userAgentType", borrow, default, deserialize_with = "json::text")]
    pub(super) user_agent_type: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) actor: Option<Actor<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) event: Option<Happened<'a>>,
}

#[derive(Default, Deserialize)]
pub(super) struct Actor<'a> {
    #[serde(rename = "type", borrow, default, deserialize_with = "json::text")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) metadata: Option<Who<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Happened<'a> {
    #[serde(rename = "type", borrow, default, deserialize_with = "json::text")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) metadata: Option<Details<'a>>,
}

texts! {
    Who {
        user_id: "userId",
        email,
        username,
        identity_id: "identityId",
        service_id: "serviceId",
        client_id: "clientId",
        name,
        auth_method: "authMethod",
    }
}

/// A second look at an entry, for the secrets that an event about several of them lists.
#[derive(Deserialize)]
pub(super) struct Several<'a> {
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) event: Option<Listed<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Listed<'a> {
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) metadata: Option<Secrets<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Secrets<'a> {
    #[serde(borrow, default, deserialize_with = "json::objects")]
    pub(super) secrets: Vec<Details<'a>>,
}

texts! {
    /// Details of an event, as far as they name things.
    Details {
        environment,
        secret_path: "secretPath",
        secret_id: "secretId",
        secret_key: "secretKey",
        secret_version: "secretVersion",
        number_of_secrets: "numberOfSecrets",
        identity_id: "identityId",
        client_secret_id: "clientSecretId",
        identity_access_token_id: "identityAccessTokenId",
        token_id: "tokenId",
        user_id: "userId",
        email,
        name,
        old_role: "oldRole",
        new_role: "newRole",
        integration_id: "integrationId",
        integration,
        folder_id: "folderId",
        folder_path: "folderPath",
        webhook_id: "webhookId",
        ca_id: "caId",
        dn,
        cn,
        cert_id: "certId",
        serial_number: "serialNumber",
        dynamic_secret_name: "dynamicSecretName",
        lease_id: "leaseId",
        project_id: "projectId",
        slug,
    }
}

/// A path and a key as one path.
pub(super) fn path<'a>(of: &Details<'a>) -> Text<'a> {
    let environment = of.environment.as_deref().unwrap_or_default();
    let folder = of.secret_path.as_deref().or(of.folder_path.as_deref())?.trim_end_matches('/');
    let key = of.secret_key.as_deref().or(of.dynamic_secret_name.as_deref());
    Some(Cow::Owned(match key {
        Some(key) => format!("{environment}:{folder}/{key}"),
        None => format!("{environment}:{folder}/"),
    }))
}
