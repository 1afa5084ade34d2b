//! Azure Activity log records as diagnostic settings deliver them, after the vendor's schema.

use crate::entra::TENANT;

/// The subscription.
pub const SUBSCRIPTION: &str = "8d0c1b2a-4e5f-4a6b-9c7d-1e2f3a4b5c6d";

/// One act of an application.
#[derive(Clone, Copy, Debug)]
pub struct Act<'a> {
    /// `correlationId`.
    pub id: &'a str,
    /// RFC 3339 with microseconds.
    pub time: &'a str,
    /// As in `Microsoft.Storage/storageAccounts/listKeys/action`.
    pub operation: &'a str,
    /// Resource id below the subscription.
    pub resource: &'a str,
    /// Client id of the application; empty for a user.
    pub app: &'a str,
    /// Object id.
    pub principal: &'a str,
    /// Name of a user; empty for an application.
    pub user: &'a str,
    /// `uti` of the token.
    pub token: &'a str,
    /// The role that allowed it.
    pub role: &'a str,
    /// Source address.
    pub ip: &'a str,
    /// Whether it was refused.
    pub denied: bool,
}

/// One act as a line of JSON.
pub fn record(act: &Act<'_>) -> String {
    let Act { id, time, operation, resource, app, principal, user, token, role, ip, denied } = *act;
    let (kind, signature, status) = match denied {
        true => ("Failure", "Forbidden", "Forbidden"),
        false => ("Success", "Succeeded.", "OK"),
    };
    let who = match user {
        "" => format!(r#""appid":"{app}","appidacr":"1","idtyp":"app""#),
        name => format!(
            r#""name":"{name}","http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn":"{name}","http://schemas.microsoft.com/claims/authnmethodsreferences":"pwd,mfa""#
        ),
    };
    let principal_type = if user.is_empty() { "ServicePrincipal" } else { "User" };
    format!(
        r#"{{"time":"{time}","resourceId":"/SUBSCRIPTIONS/{SUBSCRIPTION}{resource}","operationName":"{operation}","category":"Administrative","resultType":"{kind}","resultSignature":"{signature}","durationMs":"0","callerIpAddress":"{ip}","correlationId":"{id}","identity":{{"authorization":{{"scope":"/subscriptions/{SUBSCRIPTION}{resource}","action":"{operation}","evidence":{{"role":"{role}","roleAssignmentScope":"/subscriptions/{SUBSCRIPTION}","principalId":"{principal}","principalType":"{principal_type}"}}}},"claims":{{"aud":"https://management.core.windows.net/","iss":"https://sts.windows.net/{TENANT}/",{who},"http://schemas.microsoft.com/identity/claims/objectidentifier":"{principal}","http://schemas.microsoft.com/identity/claims/tenantid":"{TENANT}","uti":"{token}","ver":"1.0"}}}},"level":"Information","properties":{{"statusCode":"{status}","serviceRequestId":"{id}"}},"tenantId":"{TENANT}"}}"#
    )
}
