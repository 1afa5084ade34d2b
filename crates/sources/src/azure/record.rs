//! The fields of Azure Activity and resource log records that an event is made of.
//!
//! Diagnostic settings and the REST API spell the same facts differently; what is a text in one is an
//! object with a `value` in the other.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::field::Text;
pub(super) use crate::field::said;
use crate::json;

#[derive(Deserialize)]
pub(super) struct Record<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) time: Text<'a>,
    #[serde(borrow, default, rename = "eventTimestamp", deserialize_with = "json::text")]
    pub(super) event_timestamp: Text<'a>,
    #[serde(borrow, default, rename = "eventDataId", deserialize_with = "json::text")]
    pub(super) event_data_id: Text<'a>,
    #[serde(borrow, default, rename = "operationName")]
    pub(super) operation: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) status: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "subStatus")]
    pub(super) sub_status: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "resourceId", deserialize_with = "json::text")]
    pub(super) resource_id: Text<'a>,
    #[serde(borrow, default, rename = "tenantId", deserialize_with = "json::text")]
    pub(super) tenant: Text<'a>,
    #[serde(borrow, default, rename = "resultType", deserialize_with = "json::text")]
    pub(super) result_type: Text<'a>,
    #[serde(borrow, default, rename = "resultSignature", deserialize_with = "json::text")]
    pub(super) result_signature: Text<'a>,
    #[serde(borrow, default, rename = "resultDescription", deserialize_with = "json::text")]
    pub(super) result_description: Text<'a>,
    #[serde(default, rename = "statusCode", deserialize_with = "json::integer")]
    pub(super) status_code: Option<i64>,
    #[serde(borrow, default, rename = "statusText", deserialize_with = "json::text")]
    pub(super) status_text: Text<'a>,
    #[serde(default, rename = "durationMs", deserialize_with = "json::integer")]
    pub(super) duration_ms: Option<i64>,
    #[serde(borrow, default, rename = "callerIpAddress", deserialize_with = "json::text")]
    pub(super) caller_ip: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) caller: Text<'a>,
    #[serde(borrow, default, rename = "correlationId", deserialize_with = "json::text")]
    pub(super) correlation_id: Text<'a>,
    #[serde(borrow, default, rename = "operationId", deserialize_with = "json::text")]
    pub(super) operation_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) level: Text<'a>,
    #[serde(borrow, default, rename = "Level", deserialize_with = "json::text")]
    pub(super) upper_level: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) location: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) uri: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) identity: Option<Identity<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) authorization: Option<Authorization<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) claims: Option<Claims<'a>>,
    #[serde(borrow, default, rename = "httpRequest", deserialize_with = "json::object")]
    pub(super) http: Option<HttpRequest<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) properties: Option<Properties<'a>>,
}

/// Who, in diagnostic settings: an Entra token, or the key of a storage account.
#[derive(Deserialize)]
pub(super) struct Identity<'a> {
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) authorization: Option<Authorization<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) claims: Option<Claims<'a>>,
    /// Key Vault writes it in the singular.
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) claim: Option<Claims<'a>>,
    #[serde(borrow, default, rename = "type", deserialize_with = "json::text")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default, rename = "tokenHash", deserialize_with = "json::text")]
    pub(super) token_hash: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) requester: Option<Requester<'a>>,
}

/// Who, in storage logs, when the request carried an Entra token.
#[derive(Deserialize)]
pub(super) struct Requester<'a> {
    #[serde(borrow, default, rename = "objectId", deserialize_with = "json::text")]
    pub(super) object_id: Text<'a>,
    #[serde(borrow, default, rename = "tenantId", deserialize_with = "json::text")]
    pub(super) tenant: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) upn: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Authorization<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) scope: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) evidence: Option<Evidence<'a>>,
}

/// The role assignment that allowed it.
#[derive(Deserialize)]
pub(super) struct Evidence<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) role: Text<'a>,
    #[serde(borrow, default, rename = "roleAssignmentId", deserialize_with = "json::text")]
    pub(super) assignment: Text<'a>,
    #[serde(borrow, default, rename = "principalId", deserialize_with = "json::text")]
    pub(super) principal_id: Text<'a>,
    #[serde(borrow, default, rename = "principalType", deserialize_with = "json::text")]
    pub(super) principal_kind: Text<'a>,
}

/// Claims of the token; long names are the same claims in their older spelling.
#[derive(Deserialize)]
pub(super) struct Claims<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) oid: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "http://schemas.microsoft.com/identity/claims/objectidentifier",
        deserialize_with = "json::text"
    )]
    pub(super) object_identifier: Text<'a>,
    #[serde(borrow, default, rename = "appid", deserialize_with = "json::text")]
    pub(super) app_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) upn: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
        deserialize_with = "json::text"
    )]
    pub(super) long_upn: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
        deserialize_with = "json::text"
    )]
    pub(super) long_name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) uti: Text<'a>,
    #[serde(borrow, default, rename = "xms_mirid", deserialize_with = "json::text")]
    pub(super) managed_identity: Text<'a>,
    #[serde(borrow, default, rename = "idtyp", deserialize_with = "json::text")]
    pub(super) id_kind: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) tid: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "http://schemas.microsoft.com/identity/claims/tenantid",
        deserialize_with = "json::text"
    )]
    pub(super) tenant: Text<'a>,
    #[serde(borrow, default, rename = "ipaddr", deserialize_with = "json::text")]
    pub(super) ip: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) sid: Text<'a>,
    #[serde(borrow, default, rename = "iss", deserialize_with = "json::text")]
    pub(super) issuer: Text<'a>,
    #[serde(borrow, default, rename = "aud", deserialize_with = "json::text")]
    pub(super) audience: Text<'a>,
    #[serde(borrow, default, rename = "nbf", deserialize_with = "json::text")]
    pub(super) not_before: Text<'a>,
    #[serde(borrow, default, rename = "exp", deserialize_with = "json::text")]
    pub(super) not_after: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "http://schemas.microsoft.com/identity/claims/scope",
        deserialize_with = "json::text"
    )]
    pub(super) scope: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "http://schemas.microsoft.com/claims/authnmethodsreferences",
        deserialize_with = "json::text"
    )]
    pub(super) methods: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct HttpRequest<'a> {
    #[serde(borrow, default, rename = "clientIpAddress", deserialize_with = "json::text")]
    pub(super) client_ip: Text<'a>,
    #[serde(borrow, default, rename = "clientRequestId", deserialize_with = "json::text")]
    pub(super) client_request_id: Text<'a>,
}

/// What the resource provider adds.
#[derive(Deserialize)]
pub(super) struct Properties<'a> {
    #[serde(borrow, default, rename = "statusCode", deserialize_with = "json::text")]
    pub(super) status_code: Text<'a>,
    #[serde(borrow, default, rename = "statusMessage", deserialize_with = "json::text")]
    pub(super) status_message: Text<'a>,
    #[serde(borrow, default, rename = "serviceRequestId", deserialize_with = "json::text")]
    pub(super) service_request_id: Text<'a>,
    #[serde(borrow, default, rename = "clientRequestId", deserialize_with = "json::text")]
    pub(super) client_request_id: Text<'a>,
    #[serde(borrow, default, rename = "requestbody", alias = "requestBody", deserialize_with = "json::text")]
    pub(super) request_body: Text<'a>,
    #[serde(borrow, default, rename = "accountName", deserialize_with = "json::text")]
    pub(super) account: Text<'a>,
    #[serde(borrow, default, rename = "objectKey", deserialize_with = "json::text")]
    pub(super) object_key: Text<'a>,
    #[serde(borrow, default, rename = "metricResponseType", deserialize_with = "json::text")]
    pub(super) response_kind: Text<'a>,
    #[serde(borrow, default, rename = "userAgentHeader", deserialize_with = "json::text")]
    pub(super) user_agent: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, default, rename = "appliedAssignmentId", deserialize_with = "json::text")]
    pub(super) assignment: Text<'a>,
    #[serde(borrow, default, rename = "clientInfo", deserialize_with = "json::text")]
    pub(super) client_info: Text<'a>,
    #[serde(default, rename = "httpStatusCode", deserialize_with = "json::integer")]
    pub(super) http_status: Option<i64>,
    #[serde(default, rename = "responseBodySize", deserialize_with = "json::integer")]
    pub(super) response_bytes: Option<i64>,
    #[serde(default, rename = "requestBodySize", deserialize_with = "json::integer")]
    pub(super) request_bytes: Option<i64>,
}

/// A text, or the `value` of an object.
pub(super) fn value_of<'a>(raw: Option<&'a RawValue>) -> Text<'a> {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow, default, deserialize_with = "json::text")]
        value: Text<'a>,
    }
    let text = raw?.get();
    let found = if text.starts_with('{') {
        serde_json::from_str::<Named<'a>>(text).ok()?.value
    } else {
        json::text(&mut serde_json::Deserializer::from_str(text)).ok()?
    };
    said(&found)
}

impl<'a> Record<'a> {
    /// The claims of the token, wherever they stand.
    pub(super) fn claims(&self) -> Option<&Claims<'a>> {
        let inside = self.identity.as_ref().and_then(|identity| identity.claims.as_ref().or(identity.claim.as_ref()));
        inside.or(self.claims.as_ref())
    }

    /// The role assignment that allowed it, wherever it stands.
    pub(super) fn authorization(&self) -> Option<&Authorization<'a>> {
        self.identity.as_ref().and_then(|identity| identity.authorization.as_ref()).or(self.authorization.as_ref())
    }
}
