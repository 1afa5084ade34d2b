//! The fields of a System Log record that an event is made of.
//!
//! Each key has the spelling of the API; the all-lower-case twins are what log pipelines make of it.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::field::Text;
use crate::json;

#[derive(Deserialize)]
pub(super) struct Record<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) uuid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) published: Text<'a>,
    #[serde(borrow, default, rename = "eventType", alias = "eventtype", deserialize_with = "json::text")]
    pub(super) event_type: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) severity: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) actor: Option<Entity<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) client: Option<Client<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) device: Option<Device<'a>>,
    #[serde(
        borrow,
        default,
        rename = "authenticationContext",
        alias = "authenticationcontext",
        deserialize_with = "json::object"
    )]
    pub(super) authentication: Option<Authentication<'a>>,
    #[serde(borrow, default, rename = "securityContext", alias = "securitycontext", deserialize_with = "json::object")]
    pub(super) security: Option<Security<'a>>,
    #[serde(borrow, default, rename = "debugContext", alias = "debugcontext", deserialize_with = "json::object")]
    pub(super) debug: Option<DebugContext<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) outcome: Option<Outcome<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) transaction: Option<Transaction<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) request: Option<Request<'a>>,
    #[serde(borrow, default, deserialize_with = "json::objects")]
    pub(super) target: Vec<Entity<'a>>,
}

/// An actor or a target.
#[derive(Deserialize)]
pub(super) struct Entity<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, default, rename = "type", deserialize_with = "json::text")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default, rename = "alternateId", alias = "alternateid", deserialize_with = "json::text")]
    pub(super) alternate_id: Text<'a>,
    #[serde(borrow, default, rename = "displayName", alias = "displayname", deserialize_with = "json::text")]
    pub(super) display_name: Text<'a>,
    #[serde(borrow, default, rename = "detailEntry", alias = "detailentry", deserialize_with = "json::object")]
    pub(super) detail: Option<Detail<'a>>,
    #[serde(borrow, default, rename = "changeDetails", alias = "changedetails", deserialize_with = "json::object")]
    pub(super) changes: Option<ChangeDetails<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Detail<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) hash: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) subject: Text<'a>,
    #[serde(borrow, default, alias = "expiration", alias = "exp", deserialize_with = "json::text")]
    pub(super) expires: Text<'a>,
    #[serde(borrow, default, alias = "scopes", deserialize_with = "json::texts")]
    pub(super) scope: Vec<Cow<'a, str>>,
    #[serde(borrow, default, alias = "aud", deserialize_with = "json::texts")]
    pub(super) audience: Vec<Cow<'a, str>>,
    #[serde(borrow, default, rename = "actor", alias = "act")]
    pub(super) act: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "signOnModeType", alias = "signonmodetype", deserialize_with = "json::text")]
    pub(super) sign_on_mode: Text<'a>,
    #[serde(borrow, default, rename = "methodTypeUsed", alias = "methodtypeused", deserialize_with = "json::text")]
    pub(super) method_used: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct ChangeDetails<'a> {
    #[serde(borrow, default)]
    pub(super) from: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) to: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct Client<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, default, rename = "ipAddress", alias = "ipaddress", deserialize_with = "json::text")]
    pub(super) ip: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) zone: Text<'a>,
    #[serde(borrow, default, rename = "userAgent", alias = "useragent", deserialize_with = "json::object")]
    pub(super) user_agent: Option<UserAgent<'a>>,
    #[serde(
        borrow,
        default,
        rename = "geographicalContext",
        alias = "geographicalcontext",
        deserialize_with = "json::object"
    )]
    pub(super) place: Option<Place<'a>>,
}

#[derive(Deserialize)]
pub(super) struct UserAgent<'a> {
    #[serde(borrow, default, rename = "rawUserAgent", alias = "rawuseragent", deserialize_with = "json::text")]
    pub(super) raw: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) os: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) browser: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Place<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) country: Text<'a>,
    /// Some pipelines move the address in here.
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) ip: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Device<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
    #[serde(borrow, default, alias = "osPlatform", deserialize_with = "json::text")]
    pub(super) os_platform: Text<'a>,
    #[serde(default, deserialize_with = "json::boolean")]
    pub(super) managed: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct Authentication<'a> {
    #[serde(
        borrow,
        default,
        rename = "externalSessionId",
        alias = "externalsessionid",
        deserialize_with = "json::text"
    )]
    pub(super) external_session: Text<'a>,
    #[serde(borrow, default, rename = "rootSessionId", alias = "rootsessionid", deserialize_with = "json::text")]
    pub(super) root_session: Text<'a>,
    #[serde(borrow, default, rename = "credentialType", alias = "credentialtype", deserialize_with = "json::text")]
    pub(super) credential_type: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "credentialProvider",
        alias = "credentialprovider",
        deserialize_with = "json::text"
    )]
    pub(super) credential_provider: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "authenticationProvider",
        alias = "authenticationprovider",
        deserialize_with = "json::text"
    )]
    pub(super) provider: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Security<'a> {
    #[serde(borrow, default, rename = "asOrg", alias = "asorg", deserialize_with = "json::text")]
    pub(super) as_org: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) domain: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct DebugContext<'a> {
    #[serde(borrow, default, rename = "debugData", alias = "debugdata", deserialize_with = "json::object")]
    pub(super) data: Option<DebugData<'a>>,
}

/// Beside these the platform writes whatever its component wants to say.
#[derive(Deserialize)]
pub(super) struct DebugData<'a> {
    #[serde(borrow, default, rename = "requestId", deserialize_with = "json::text")]
    pub(super) request_id: Text<'a>,
    #[serde(borrow, default, rename = "authnRequestId", deserialize_with = "json::text")]
    pub(super) authn_request_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) url: Text<'a>,
    #[serde(borrow, default, rename = "requestUri", deserialize_with = "json::text")]
    pub(super) request_uri: Text<'a>,
    #[serde(borrow, default, rename = "authorizationServer", deserialize_with = "json::text")]
    pub(super) authorization_server: Text<'a>,
    #[serde(borrow, default, rename = "grantType", deserialize_with = "json::text")]
    pub(super) grant_type: Text<'a>,
    #[serde(borrow, default, rename = "requestedScopes", deserialize_with = "json::text")]
    pub(super) requested_scopes: Text<'a>,
    #[serde(borrow, default, rename = "grantedScopes", deserialize_with = "json::text")]
    pub(super) granted_scopes: Text<'a>,
    #[serde(borrow, default, rename = "clientAuthType", deserialize_with = "json::text")]
    pub(super) client_auth: Text<'a>,
    #[serde(borrow, default, rename = "dtHash", deserialize_with = "json::text")]
    pub(super) device_hash: Text<'a>,
    #[serde(borrow, default, rename = "deviceFingerprint", deserialize_with = "json::text")]
    pub(super) device_fingerprint: Text<'a>,
    #[serde(borrow, default, rename = "privilegeGranted", deserialize_with = "json::text")]
    pub(super) privilege_granted: Text<'a>,
    #[serde(borrow, default, rename = "privilegeRevoked", deserialize_with = "json::text")]
    pub(super) privilege_revoked: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) factor: Text<'a>,
    #[serde(borrow, default, rename = "changedAttributes", deserialize_with = "json::text")]
    pub(super) changed_attributes: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Outcome<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) result: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) reason: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Transaction<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) detail: Option<TransactionDetail<'a>>,
}

#[derive(Deserialize)]
pub(super) struct TransactionDetail<'a> {
    #[serde(
        borrow,
        default,
        rename = "requestApiTokenId",
        alias = "requestapitokenid",
        deserialize_with = "json::text"
    )]
    pub(super) api_token: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Request<'a> {
    #[serde(borrow, default, rename = "ipChain", alias = "ipchain", deserialize_with = "json::objects")]
    pub(super) ip_chain: Vec<Hop<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Hop<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) ip: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "geographicalContext",
        alias = "geographicalcontext",
        deserialize_with = "json::object"
    )]
    pub(super) place: Option<Place<'a>>,
}

/// A value the platform really filled in: it also writes `unknown`, `null` and `UNKNOWN`.
pub(super) fn said<'a>(value: &Text<'a>) -> Text<'a> {
    value
        .clone()
        .filter(|text| !text.is_empty() && !text.eq_ignore_ascii_case("unknown") && !text.eq_ignore_ascii_case("null"))
}
