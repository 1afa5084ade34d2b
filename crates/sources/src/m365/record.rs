//! The shape of a record of the unified audit log. Collectors write its keys as the platform does, or in lower case.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

pub(super) use crate::field::{Text, said};
use crate::json;

/// The common schema, and what the services add to it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Record<'a> {
    #[serde(borrow, alias = "id", deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, alias = "recordtype", deserialize_with = "json::text")]
    pub(super) record_type: Text<'a>,
    #[serde(borrow, alias = "creationtime", deserialize_with = "json::text")]
    pub(super) creation_time: Text<'a>,
    #[serde(borrow, alias = "operation", deserialize_with = "json::text")]
    pub(super) operation: Text<'a>,
    #[serde(borrow, alias = "organizationid", deserialize_with = "json::text")]
    pub(super) organization_id: Text<'a>,
    #[serde(borrow, alias = "usertype", deserialize_with = "json::text")]
    pub(super) user_type: Text<'a>,
    #[serde(borrow, alias = "userkey", deserialize_with = "json::text")]
    pub(super) user_key: Text<'a>,
    #[serde(borrow, alias = "userid", deserialize_with = "json::text")]
    pub(super) user_id: Text<'a>,
    #[serde(borrow, alias = "workload", deserialize_with = "json::text")]
    pub(super) workload: Text<'a>,
    #[serde(
        borrow,
        rename = "ClientIP",
        alias = "clientip",
        alias = "ClientIPAddress",
        alias = "clientipaddress",
        alias = "ClientIp",
        deserialize_with = "json::text"
    )]
    pub(super) client_ip: Text<'a>,
    #[serde(borrow, rename = "ActorIpAddress", alias = "actoripaddress", deserialize_with = "json::text")]
    pub(super) actor_ip: Text<'a>,
    #[serde(borrow, alias = "objectid", deserialize_with = "json::text")]
    pub(super) object_id: Text<'a>,
    #[serde(borrow, alias = "resultstatus", deserialize_with = "json::text")]
    pub(super) result_status: Text<'a>,
    #[serde(
        borrow,
        alias = "applicationid",
        alias = "AppId",
        alias = "appid",
        alias = "ClientAppId",
        alias = "clientappid",
        deserialize_with = "json::text"
    )]
    pub(super) application_id: Text<'a>,
    #[serde(borrow, alias = "logonerror", deserialize_with = "json::text")]
    pub(super) logon_error: Text<'a>,
    #[serde(borrow, alias = "errornumber", deserialize_with = "json::text")]
    pub(super) error_number: Text<'a>,
    #[serde(borrow, alias = "intersystemsid", deserialize_with = "json::text")]
    pub(super) inter_systems_id: Text<'a>,
    #[serde(borrow, alias = "intrasystemid", deserialize_with = "json::text")]
    pub(super) intra_system_id: Text<'a>,
    #[serde(borrow, alias = "correlationid", deserialize_with = "json::text")]
    pub(super) correlation_id: Text<'a>,
    #[serde(borrow, alias = "sessionid", deserialize_with = "json::text")]
    pub(super) session_id: Text<'a>,
    #[serde(
        borrow,
        alias = "useragent",
        alias = "ClientInfoString",
        alias = "clientinfostring",
        deserialize_with = "json::text"
    )]
    pub(super) user_agent: Text<'a>,
    #[serde(borrow, alias = "itemtype", deserialize_with = "json::text")]
    pub(super) item_type: Text<'a>,
    #[serde(borrow, alias = "siteurl", deserialize_with = "json::text")]
    pub(super) site_url: Text<'a>,
    #[serde(
        borrow,
        rename = "TargetUserOrGroupName",
        alias = "targetuserorgroupname",
        deserialize_with = "json::text"
    )]
    pub(super) target_name: Text<'a>,
    #[serde(borrow, rename = "MailboxOwnerUPN", alias = "mailboxownerupn", deserialize_with = "json::text")]
    pub(super) mailbox_owner: Text<'a>,
    #[serde(borrow, alias = "teamguid", deserialize_with = "json::text")]
    pub(super) team_guid: Text<'a>,
    #[serde(borrow, alias = "teamname", deserialize_with = "json::text")]
    pub(super) team_name: Text<'a>,
    #[serde(borrow, alias = "agentid", deserialize_with = "json::text")]
    pub(super) agent_id: Text<'a>,
    #[serde(borrow, alias = "agentname", deserialize_with = "json::text")]
    pub(super) agent_name: Text<'a>,
    #[serde(borrow, alias = "appidentity", deserialize_with = "json::text")]
    pub(super) app_identity: Text<'a>,
    #[serde(borrow, alias = "clientregion", deserialize_with = "json::text")]
    pub(super) client_region: Text<'a>,
    #[serde(borrow, alias = "severity", deserialize_with = "json::text")]
    pub(super) severity: Text<'a>,
    #[serde(alias = "externalaccess", deserialize_with = "json::boolean")]
    pub(super) external_access: Option<bool>,
    #[serde(borrow, alias = "appaccesscontext", deserialize_with = "json::object")]
    pub(super) app_access_context: Option<Token<'a>>,
    #[serde(borrow, alias = "actor", deserialize_with = "json::objects")]
    pub(super) actor: Vec<Named<'a>>,
    #[serde(borrow, alias = "target", deserialize_with = "json::objects")]
    pub(super) target: Vec<Named<'a>>,
    #[serde(borrow, alias = "extendedproperties", deserialize_with = "json::objects")]
    pub(super) extended_properties: Vec<Property<'a>>,
    #[serde(borrow, alias = "deviceproperties", deserialize_with = "json::objects")]
    pub(super) device_properties: Vec<Property<'a>>,
    #[serde(borrow, alias = "modifiedproperties", deserialize_with = "json::objects")]
    pub(super) modified_properties: Vec<Property<'a>>,
    #[serde(borrow, alias = "parameters", deserialize_with = "json::objects")]
    pub(super) parameters: Vec<Property<'a>>,
    #[serde(borrow, alias = "members", deserialize_with = "json::objects")]
    pub(super) members: Vec<Member<'a>>,
    #[serde(borrow, alias = "copiloteventdata", deserialize_with = "json::object")]
    pub(super) copilot_event_data: Option<Copilot<'a>>,
}

/// The token that the call was made with.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Token<'a> {
    #[serde(borrow, rename = "AADSessionId", deserialize_with = "json::text")]
    pub(super) session_id: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) correlation_id: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) unique_token_id: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) issued_at_time: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) client_app_id: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) client_app_name: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) device_id: Text<'a>,
}

/// One name of an actor or a target; what kind of name is a number.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Named<'a> {
    #[serde(borrow, rename = "ID", alias = "id", deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
}

/// Somebody who was added to a team or taken out of it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Member<'a> {
    #[serde(borrow, rename = "UPN", alias = "upn", deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
}

/// A property with its value, or with the one before and the one after.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Property<'a> {
    #[serde(borrow, alias = "name", deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
    #[serde(borrow, alias = "value")]
    pub(super) value: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) old_value: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) new_value: Option<&'a RawValue>,
}

/// What Copilot used to answer. Neither question nor answer is in it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Copilot<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) app_host: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) thread_id: Text<'a>,
    #[serde(borrow, deserialize_with = "json::objects")]
    pub(super) contexts: Vec<Used<'a>>,
    #[serde(borrow, deserialize_with = "json::objects")]
    pub(super) accessed_resources: Vec<Used<'a>>,
    #[serde(borrow, rename = "AISystemPlugin", deserialize_with = "json::objects")]
    pub(super) plugins: Vec<Used<'a>>,
    #[serde(borrow, deserialize_with = "json::objects")]
    pub(super) model_transparency_details: Vec<Model<'a>>,
    #[serde(borrow, deserialize_with = "json::objects")]
    pub(super) messages: Vec<Message<'a>>,
}

/// A file, a page or a plugin.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Used<'a> {
    #[serde(borrow, alias = "ID", deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
    #[serde(rename = "Type", borrow, deserialize_with = "json::text")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) site_url: Text<'a>,
    #[serde(rename = "XPIADetected", deserialize_with = "json::boolean")]
    pub(super) injection_detected: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Model<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) model_name: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) model_version: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Message<'a> {
    #[serde(borrow, rename = "Id", alias = "ID", deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(rename = "JailbreakDetected", deserialize_with = "json::boolean")]
    pub(super) jailbreak_detected: Option<bool>,
}

/// A scalar, as text; a list of scalars, joined.
pub(super) fn value<'a>(raw: Option<&'a RawValue>) -> Text<'a> {
    let raw = raw?;
    if let Some(text) = crate::params::scalar(raw) {
        return Some(text);
    }
    let texts: Vec<_> = crate::params::items(raw).into_iter().filter_map(crate::params::scalar).collect();
    (!texts.is_empty()).then(|| Cow::Owned(texts.join(", ")))
}

/// The value of a property.
pub(super) fn property<'a>(properties: &[Property<'a>], name: &str) -> Text<'a> {
    let found = properties.iter().find(|property| property.name.as_deref() == Some(name))?;
    value(found.value).or_else(|| value(found.new_value))
}
