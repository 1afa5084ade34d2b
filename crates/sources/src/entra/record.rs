//! The fields of sign-in, directory audit and Graph activity records that an event is made of.
//!
//! The same fields arrive in three shapes: below `properties` (diagnostic settings), at the top level
//! (Graph API) and at the top level with a capital letter (Log Analytics tables).

use std::borrow::Cow;

use serde::Deserialize;

use crate::field::Text;
use crate::json;

/// What diagnostic settings put around the properties.
#[derive(Deserialize)]
pub(super) struct Envelope<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) time: Text<'a>,
    #[serde(borrow, default, rename = "resourceId", deserialize_with = "json::text")]
    pub(super) resource_id: Text<'a>,
    #[serde(borrow, default, rename = "operationName", deserialize_with = "json::text")]
    pub(super) operation: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) category: Text<'a>,
    #[serde(borrow, default, rename = "tenantId", deserialize_with = "json::text")]
    pub(super) tenant: Text<'a>,
    #[serde(borrow, default, rename = "resultType", deserialize_with = "json::text")]
    pub(super) result_type: Text<'a>,
    #[serde(borrow, default, rename = "resultDescription", deserialize_with = "json::text")]
    pub(super) result_description: Text<'a>,
    #[serde(default, rename = "durationMs", deserialize_with = "json::integer")]
    pub(super) duration_ms: Option<i64>,
    #[serde(borrow, default, rename = "callerIpAddress", deserialize_with = "json::text")]
    pub(super) caller_ip: Text<'a>,
    #[serde(borrow, default, rename = "ipAddress", deserialize_with = "json::text")]
    pub(super) ip: Text<'a>,
    #[serde(borrow, default, rename = "correlationId", deserialize_with = "json::text")]
    pub(super) correlation_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) properties: Option<Properties<'a>>,
}

/// A sign-in, an audit or a Graph activity, whichever it is.
#[derive(Deserialize)]
pub(super) struct Properties<'a> {
    #[serde(borrow, default, alias = "Id", deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, default, rename = "createdDateTime", alias = "CreatedDateTime", deserialize_with = "json::text")]
    pub(super) created: Text<'a>,
    #[serde(borrow, default, rename = "activityDateTime", alias = "ActivityDateTime", deserialize_with = "json::text")]
    pub(super) activity_time: Text<'a>,
    #[serde(borrow, default, rename = "timeGenerated", alias = "TimeGenerated", deserialize_with = "json::text")]
    pub(super) time: Text<'a>,
    #[serde(borrow, default, alias = "Category", deserialize_with = "json::text")]
    pub(super) category: Text<'a>,
    #[serde(borrow, default, rename = "correlationId", alias = "CorrelationId", deserialize_with = "json::text")]
    pub(super) correlation_id: Text<'a>,
    #[serde(borrow, default, rename = "tenantId", deserialize_with = "json::text")]
    pub(super) tenant: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "aadTenantId",
        alias = "AADTenantId",
        alias = "AadTenantId",
        deserialize_with = "json::text"
    )]
    pub(super) aad_tenant: Text<'a>,
    #[serde(borrow, default, rename = "homeTenantId", alias = "HomeTenantId", deserialize_with = "json::text")]
    pub(super) home_tenant: Text<'a>,
    #[serde(borrow, default, rename = "resourceTenantId", alias = "ResourceTenantId", deserialize_with = "json::text")]
    pub(super) resource_tenant: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "crossTenantAccessType",
        alias = "CrossTenantAccessType",
        deserialize_with = "json::text"
    )]
    pub(super) cross_tenant: Text<'a>,
    #[serde(borrow, default, rename = "userId", alias = "UserId", deserialize_with = "json::text")]
    pub(super) user_id: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "userPrincipalName",
        alias = "UserPrincipalName",
        deserialize_with = "json::text"
    )]
    pub(super) user_principal_name: Text<'a>,
    #[serde(borrow, default, rename = "userDisplayName", alias = "UserDisplayName", deserialize_with = "json::text")]
    pub(super) user_display_name: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "servicePrincipalId",
        alias = "ServicePrincipalId",
        deserialize_with = "json::text"
    )]
    pub(super) service_principal_id: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "servicePrincipalName",
        alias = "ServicePrincipalName",
        deserialize_with = "json::text"
    )]
    pub(super) service_principal_name: Text<'a>,
    #[serde(borrow, default, rename = "appId", alias = "AppId", deserialize_with = "json::text")]
    pub(super) app_id: Text<'a>,
    #[serde(borrow, default, rename = "appDisplayName", alias = "AppDisplayName", deserialize_with = "json::text")]
    pub(super) app_display_name: Text<'a>,
    #[serde(borrow, default, rename = "appOwnerTenantId", alias = "AppOwnerTenantId", deserialize_with = "json::text")]
    pub(super) app_owner_tenant: Text<'a>,
    #[serde(borrow, default, alias = "Agent", deserialize_with = "json::object")]
    pub(super) agent: Option<Agent<'a>>,
    #[serde(
        borrow,
        default,
        rename = "servicePrincipalCredentialKeyId",
        alias = "ServicePrincipalCredentialKeyId",
        deserialize_with = "json::text"
    )]
    pub(super) key_id: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "servicePrincipalCredentialThumbprint",
        alias = "ServicePrincipalCredentialThumbprint",
        deserialize_with = "json::text"
    )]
    pub(super) thumbprint: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "federatedCredentialId",
        alias = "FederatedCredentialId",
        deserialize_with = "json::text"
    )]
    pub(super) federated_id: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "uniqueTokenIdentifier",
        alias = "UniqueTokenIdentifier",
        deserialize_with = "json::text"
    )]
    pub(super) uti: Text<'a>,
    #[serde(borrow, default, rename = "sessionId", alias = "SessionId", deserialize_with = "json::text")]
    pub(super) session_id: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "originalRequestId",
        alias = "OriginalRequestId",
        deserialize_with = "json::text"
    )]
    pub(super) original_request: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "clientCredentialType",
        alias = "ClientCredentialType",
        deserialize_with = "json::text"
    )]
    pub(super) client_credential: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "incomingTokenType",
        alias = "IncomingTokenType",
        deserialize_with = "json::text"
    )]
    pub(super) incoming_token: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "authenticationProtocol",
        alias = "AuthenticationProtocol",
        deserialize_with = "json::text"
    )]
    pub(super) protocol: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "authenticationRequirement",
        alias = "AuthenticationRequirement",
        deserialize_with = "json::text"
    )]
    pub(super) requirement: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "authenticationDetails",
        alias = "AuthenticationDetails",
        deserialize_with = "json::objects"
    )]
    pub(super) details: Vec<Step<'a>>,
    #[serde(default, rename = "isInteractive", alias = "IsInteractive", deserialize_with = "json::boolean")]
    pub(super) interactive: Option<bool>,
    #[serde(
        borrow,
        default,
        rename = "signInEventTypes",
        alias = "SignInEventTypes",
        deserialize_with = "json::texts"
    )]
    pub(super) event_types: Vec<Cow<'a, str>>,
    #[serde(
        borrow,
        default,
        rename = "conditionalAccessStatus",
        alias = "ConditionalAccessStatus",
        deserialize_with = "json::text"
    )]
    pub(super) conditional_access: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "appliedConditionalAccessPolicies",
        alias = "AppliedConditionalAccessPolicies",
        deserialize_with = "json::objects"
    )]
    pub(super) policies: Vec<Policy<'a>>,
    #[serde(
        borrow,
        default,
        rename = "conditionalAccessPolicies",
        alias = "ConditionalAccessPolicies",
        deserialize_with = "json::objects"
    )]
    pub(super) other_policies: Vec<Policy<'a>>,
    #[serde(borrow, default, alias = "Status", deserialize_with = "json::object")]
    pub(super) status: Option<SignInStatus<'a>>,
    #[serde(
        borrow,
        default,
        rename = "riskLevelDuringSignIn",
        alias = "RiskLevelDuringSignIn",
        deserialize_with = "json::text"
    )]
    pub(super) risk: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "ipAddress",
        alias = "IPAddress",
        alias = "IpAddress",
        deserialize_with = "json::text"
    )]
    pub(super) ip: Text<'a>,
    #[serde(borrow, default, alias = "LocationDetails", deserialize_with = "json::object")]
    pub(super) location: Option<Location<'a>>,
    #[serde(
        borrow,
        default,
        rename = "autonomousSystemNumber",
        alias = "AutonomousSystemNumber",
        deserialize_with = "json::text"
    )]
    pub(super) network: Text<'a>,
    #[serde(borrow, default, rename = "userAgent", alias = "UserAgent", deserialize_with = "json::text")]
    pub(super) user_agent: Text<'a>,
    #[serde(borrow, default, rename = "clientAppUsed", alias = "ClientAppUsed", deserialize_with = "json::text")]
    pub(super) client_app: Text<'a>,
    #[serde(borrow, default, rename = "deviceDetail", alias = "DeviceDetail", deserialize_with = "json::object")]
    pub(super) device: Option<Device<'a>>,
    #[serde(borrow, default, rename = "resourceId", alias = "ResourceId", deserialize_with = "json::text")]
    pub(super) resource_id: Text<'a>,
    #[serde(borrow, default, rename = "resourceIdentity", alias = "ResourceIdentity", deserialize_with = "json::text")]
    pub(super) resource_identity: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "resourceDisplayName",
        alias = "ResourceDisplayName",
        deserialize_with = "json::text"
    )]
    pub(super) resource_name: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "resourceServicePrincipalId",
        alias = "ResourceServicePrincipalId",
        deserialize_with = "json::text"
    )]
    pub(super) resource_principal: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "activityDisplayName",
        alias = "ActivityDisplayName",
        deserialize_with = "json::text"
    )]
    pub(super) activity: Text<'a>,
    #[serde(borrow, default, rename = "loggedByService", alias = "LoggedByService", deserialize_with = "json::text")]
    pub(super) logged_by: Text<'a>,
    #[serde(borrow, default, rename = "operationType", alias = "OperationType", deserialize_with = "json::text")]
    pub(super) operation_type: Text<'a>,
    #[serde(borrow, default, alias = "Result", deserialize_with = "json::text")]
    pub(super) result: Text<'a>,
    #[serde(borrow, default, rename = "resultReason", alias = "ResultReason", deserialize_with = "json::text")]
    pub(super) result_reason: Text<'a>,
    #[serde(borrow, default, rename = "initiatedBy", alias = "InitiatedBy", deserialize_with = "json::object")]
    pub(super) initiated_by: Option<Initiator<'a>>,
    #[serde(
        borrow,
        default,
        rename = "targetResources",
        alias = "TargetResources",
        deserialize_with = "json::objects"
    )]
    pub(super) targets: Vec<Target<'a>>,
    #[serde(
        borrow,
        default,
        rename = "additionalDetails",
        alias = "AdditionalDetails",
        deserialize_with = "json::objects"
    )]
    pub(super) additional: Vec<Detail<'a>>,
    #[serde(borrow, default, rename = "requestId", alias = "RequestId", deserialize_with = "json::text")]
    pub(super) request_id: Text<'a>,
    #[serde(borrow, default, rename = "clientRequestId", alias = "ClientRequestId", deserialize_with = "json::text")]
    pub(super) client_request_id: Text<'a>,
    #[serde(borrow, default, rename = "operationId", alias = "OperationId", deserialize_with = "json::text")]
    pub(super) operation_id: Text<'a>,
    #[serde(borrow, default, rename = "requestMethod", alias = "RequestMethod", deserialize_with = "json::text")]
    pub(super) method: Text<'a>,
    #[serde(borrow, default, rename = "requestUri", alias = "RequestUri", deserialize_with = "json::text")]
    pub(super) uri: Text<'a>,
    #[serde(default, rename = "responseStatusCode", alias = "ResponseStatusCode", deserialize_with = "json::integer")]
    pub(super) http_status: Option<i64>,
    #[serde(default, rename = "responseSizeBytes", alias = "ResponseSizeBytes", deserialize_with = "json::integer")]
    pub(super) response_bytes: Option<i64>,
    #[serde(default, rename = "durationMs", alias = "DurationMs", deserialize_with = "json::integer")]
    pub(super) duration_ms: Option<i64>,
    #[serde(borrow, default, rename = "signInActivityId", alias = "SignInActivityId", deserialize_with = "json::text")]
    pub(super) sign_in_activity: Text<'a>,
    #[serde(borrow, default, alias = "Scopes", deserialize_with = "json::text")]
    pub(super) scopes: Text<'a>,
    #[serde(borrow, default, alias = "Roles", deserialize_with = "json::text")]
    pub(super) roles: Text<'a>,
    #[serde(borrow, default, rename = "tokenIssuedAt", alias = "TokenIssuedAt", deserialize_with = "json::text")]
    pub(super) issued_at: Text<'a>,
    #[serde(borrow, default, rename = "clientAuthMethod", alias = "ClientAuthMethod", deserialize_with = "json::text")]
    pub(super) client_auth: Text<'a>,
    #[serde(borrow, default, rename = "deviceId", alias = "DeviceId", deserialize_with = "json::text")]
    pub(super) device_id: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Agent<'a> {
    #[serde(borrow, default, rename = "agentType", deserialize_with = "json::text")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default, rename = "agentSubjectType", deserialize_with = "json::text")]
    pub(super) subject_kind: Text<'a>,
    #[serde(borrow, default, rename = "agentSubjectParentId", deserialize_with = "json::text")]
    pub(super) parent: Text<'a>,
}

/// One step of an authentication.
#[derive(Deserialize)]
pub(super) struct Step<'a> {
    #[serde(borrow, default, rename = "authenticationMethod", deserialize_with = "json::text")]
    pub(super) method: Text<'a>,
    #[serde(default, deserialize_with = "json::boolean")]
    pub(super) succeeded: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct Policy<'a> {
    #[serde(borrow, default, rename = "displayName", deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) result: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct SignInStatus<'a> {
    #[serde(borrow, default, rename = "errorCode", deserialize_with = "json::text")]
    pub(super) code: Text<'a>,
    #[serde(borrow, default, rename = "failureReason", deserialize_with = "json::text")]
    pub(super) reason: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Location<'a> {
    #[serde(borrow, default, rename = "countryOrRegion", deserialize_with = "json::text")]
    pub(super) country: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Device<'a> {
    #[serde(borrow, default, rename = "deviceId", deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, default, rename = "displayName", deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
    #[serde(borrow, default, rename = "operatingSystem", deserialize_with = "json::text")]
    pub(super) os: Text<'a>,
    #[serde(default, rename = "isManaged", deserialize_with = "json::boolean")]
    pub(super) managed: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct Initiator<'a> {
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) user: Option<InitiatingUser<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) app: Option<InitiatingApp<'a>>,
    #[serde(borrow, default, rename = "linkableIdentifiers", deserialize_with = "json::object")]
    pub(super) linkable: Option<Linkable<'a>>,
}

#[derive(Deserialize)]
pub(super) struct InitiatingUser<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, default, rename = "userPrincipalName", deserialize_with = "json::text")]
    pub(super) principal_name: Text<'a>,
    #[serde(borrow, default, rename = "displayName", deserialize_with = "json::text")]
    pub(super) display_name: Text<'a>,
    #[serde(borrow, default, rename = "ipAddress", deserialize_with = "json::text")]
    pub(super) ip: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct InitiatingApp<'a> {
    #[serde(borrow, default, rename = "appId", deserialize_with = "json::text")]
    pub(super) app_id: Text<'a>,
    #[serde(borrow, default, rename = "servicePrincipalId", deserialize_with = "json::text")]
    pub(super) service_principal_id: Text<'a>,
    #[serde(borrow, default, rename = "servicePrincipalName", deserialize_with = "json::text")]
    pub(super) service_principal_name: Text<'a>,
    #[serde(borrow, default, rename = "displayName", deserialize_with = "json::text")]
    pub(super) display_name: Text<'a>,
}

/// What joins an audit to the sign-in whose token was used.
#[derive(Deserialize)]
pub(super) struct Linkable<'a> {
    #[serde(borrow, default, rename = "sessionId", alias = "sid", deserialize_with = "json::text")]
    pub(super) session_id: Text<'a>,
    #[serde(borrow, default, rename = "tokenDetails", deserialize_with = "json::object")]
    pub(super) token: Option<TokenDetails<'a>>,
}

#[derive(Deserialize)]
pub(super) struct TokenDetails<'a> {
    #[serde(borrow, default, rename = "uniqueTokenIdentifier", alias = "uti", deserialize_with = "json::text")]
    pub(super) uti: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Target<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, default, rename = "displayName", deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
    #[serde(borrow, default, rename = "type", deserialize_with = "json::text")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default, rename = "userPrincipalName", deserialize_with = "json::text")]
    pub(super) principal_name: Text<'a>,
    #[serde(borrow, default, rename = "modifiedProperties", deserialize_with = "json::objects")]
    pub(super) modified: Vec<Modified<'a>>,
}

/// Values are JSON texts of JSON.
#[derive(Deserialize)]
pub(super) struct Modified<'a> {
    #[serde(borrow, default, rename = "displayName", deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
    #[serde(borrow, default, rename = "oldValue", deserialize_with = "json::text")]
    pub(super) before: Text<'a>,
    #[serde(borrow, default, rename = "newValue", deserialize_with = "json::text")]
    pub(super) after: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Detail<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) key: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) value: Text<'a>,
}

/// A value the platform really filled in: it also writes empty texts, `null` and the zero id.
pub(super) fn said<'a>(value: &Text<'a>) -> Text<'a> {
    const NIL: &str = "00000000-0000-0000-0000-000000000000";
    value.clone().filter(|text| !text.is_empty() && text != NIL && !text.eq_ignore_ascii_case("null"))
}
