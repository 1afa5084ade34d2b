//! The shape of an audit log entry: actor and event, each a type with details of its own.

use std::borrow::Cow;

use serde::Deserialize;

use crate::audit::{Text, texts};
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
        #[serde(rename = "userId")]
        user_id,
        email,
        username,
        #[serde(rename = "identityId")]
        identity_id,
        #[serde(rename = "serviceId")]
        service_id,
        #[serde(rename = "clientId")]
        client_id,
        name,
        #[serde(rename = "authMethod")]
        auth_method,
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
        #[serde(rename = "secretPath")]
        secret_path,
        #[serde(rename = "secretId")]
        secret_id,
        #[serde(rename = "secretKey")]
        secret_key,
        #[serde(rename = "secretVersion")]
        secret_version,
        #[serde(rename = "numberOfSecrets")]
        number_of_secrets,
        #[serde(rename = "identityId")]
        identity_id,
        #[serde(rename = "clientSecretId")]
        client_secret_id,
        #[serde(rename = "identityAccessTokenId")]
        identity_access_token_id,
        #[serde(rename = "tokenId")]
        token_id,
        #[serde(rename = "userId")]
        user_id,
        email,
        name,
        #[serde(rename = "oldRole")]
        old_role,
        #[serde(rename = "newRole")]
        new_role,
        #[serde(rename = "integrationId")]
        integration_id,
        integration,
        #[serde(rename = "folderId")]
        folder_id,
        #[serde(rename = "folderPath")]
        folder_path,
        #[serde(rename = "webhookId")]
        webhook_id,
        #[serde(rename = "caId")]
        ca_id,
        dn,
        cn,
        #[serde(rename = "certId")]
        cert_id,
        #[serde(rename = "serialNumber")]
        serial_number,
        #[serde(rename = "dynamicSecretName")]
        dynamic_secret_name,
        #[serde(rename = "leaseId")]
        lease_id,
        #[serde(rename = "projectId")]
        project_id,
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
