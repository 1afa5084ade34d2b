//! Microsoft Entra logs as diagnostic settings deliver them, after the vendor's schemas.

/// The tenant.
pub const TENANT: &str = "3f1e8a52-6b7c-4d0e-9f21-0a1b2c3d4e5f";

/// What every record has around its properties.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// RFC 3339 with microseconds.
    pub time: &'a str,
    /// `operationName`.
    pub operation: &'a str,
    /// As in `ServicePrincipalSignInLogs`.
    pub category: &'a str,
    /// Source address.
    pub ip: &'a str,
    /// `correlationId`.
    pub correlation: &'a str,
    /// 0 for a success.
    pub code: u32,
}

fn wrap(envelope: &Envelope<'_>, properties: &str) -> String {
    let Envelope { time, operation, category, ip, correlation, code } = *envelope;
    format!(
        r#"{{"time":"{time}","resourceId":"/tenants/{TENANT}/providers/Microsoft.aadiam","operationName":"{operation}","operationVersion":"1.0","category":"{category}","tenantId":"{TENANT}","resultType":"{code}","resultSignature":"None","durationMs":0,"callerIpAddress":"{ip}","correlationId":"{correlation}","Level":4,"location":"NO","properties":{{{properties}}}}}"#
    )
}

/// A sign-in of a service principal.
#[derive(Clone, Copy, Debug)]
pub struct SignIn<'a> {
    /// `id` of the sign-in.
    pub id: &'a str,
    /// Client id.
    pub app: &'a str,
    /// Object id.
    pub principal: &'a str,
    /// Display name.
    pub name: &'a str,
    /// Id of the secret that was shown.
    pub key: &'a str,
    /// `uniqueTokenIdentifier`.
    pub token: &'a str,
}

/// A sign-in of a service principal with a secret.
pub fn sign_in(envelope: &Envelope<'_>, sign_in: &SignIn<'_>) -> String {
    let SignIn { id, app, principal, name, key, token } = *sign_in;
    let Envelope { time, ip, correlation, code, .. } = *envelope;
    wrap(
        envelope,
        &format!(
            r#""id":"{id}","createdDateTime":"{time}","appId":"{app}","appDisplayName":"{name}","ipAddress":"{ip}","status":{{"errorCode":{code}}},"clientCredentialType":"clientSecret","correlationId":"{correlation}","isInteractive":false,"servicePrincipalId":"{principal}","servicePrincipalName":"{name}","servicePrincipalCredentialKeyId":"{key}","servicePrincipalCredentialThumbprint":"","federatedCredentialId":"","resourceDisplayName":"Microsoft Graph","resourceId":"00000003-0000-0000-c000-000000000000","resourceTenantId":"{TENANT}","homeTenantId":"{TENANT}","uniqueTokenIdentifier":"{token}","crossTenantAccessType":"none","signInEventTypes":["servicePrincipal"]"#
        ),
    )
}

/// A call of Microsoft Graph by an application.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// `requestId`.
    pub id: &'a str,
    /// Client id.
    pub app: &'a str,
    /// Object id.
    pub principal: &'a str,
    /// `signInActivityId`: the token's identifier.
    pub token: &'a str,
    /// `GET`, `PATCH`.
    pub method: &'a str,
    /// Path below the version.
    pub path: &'a str,
    /// HTTP status.
    pub status: u16,
}

/// A Graph activity record.
pub fn activity(envelope: &Envelope<'_>, call: &Call<'_>) -> String {
    let Call { id, app, principal, token, method, path, status } = *call;
    let Envelope { time, ip, .. } = *envelope;
    wrap(
        envelope,
        &format!(
            r#""timeGenerated":"{time}","location":"North Europe","requestId":"{id}","operationId":"{id}","clientRequestId":"{id}","apiVersion":"v1.0","requestMethod":"{method}","responseStatusCode":{status},"tenantId":"{TENANT}","durationMs":81234,"responseSizeBytes":1204,"signInActivityId":"{token}","roles":"User.Read.All Group.Read.All","appId":"{app}","UserPrincipalObjectID":"","scopes":"","identityProvider":"","clientAuthMethod":"1","userAgent":"halden-sync/3.2","ipAddress":"{ip}","requestUri":"https://graph.microsoft.com/v1.0{path}","servicePrincipalId":"{principal}","userId":"","sessionId":"","tokenIssuedAt":"{time}""#
        ),
    )
}

/// A directory audit.
#[derive(Clone, Copy, Debug)]
pub struct Audit<'a> {
    /// `id`.
    pub id: &'a str,
    /// `category` of the properties, as in `RoleManagement`.
    pub category: &'a str,
    /// `activityDisplayName`.
    pub activity: &'a str,
    /// `PIM`, `Core Directory`.
    pub service: &'a str,
    /// Object id of the user who did it.
    pub user_id: &'a str,
    /// Name of that user.
    pub user: &'a str,
    /// JSON objects, joined by commas.
    pub targets: &'a str,
    /// Keys and values.
    pub details: &'a [(&'a str, &'a str)],
}

/// A directory audit record; its category is `AuditLogs`.
pub fn audit(envelope: &Envelope<'_>, audit: &Audit<'_>) -> String {
    let Audit { id, category, activity, service, user_id, user, targets, details } = *audit;
    let Envelope { time, ip, correlation, .. } = *envelope;
    let details: Vec<String> =
        details.iter().map(|(key, value)| format!(r#"{{"key":"{key}","value":"{value}"}}"#)).collect();
    wrap(
        envelope,
        &format!(
            r#""id":"{id}","category":"{category}","correlationId":"{correlation}","result":"success","resultReason":"","activityDisplayName":"{activity}","activityDateTime":"{time}","loggedByService":"{service}","operationType":"Update","initiatedBy":{{"user":{{"id":"{user_id}","displayName":"{user}","userPrincipalName":"{user}","ipAddress":"{ip}","roles":[]}}}},"targetResources":[{targets}],"additionalDetails":[{}]"#,
            details.join(",")
        ),
    )
}

/// A target of a directory audit.
pub fn target(kind: &str, id: &str, name: &str, modified: &str) -> String {
    let user = if kind == "User" { format!(r#","userPrincipalName":"{name}""#) } else { String::new() };
    format!(r#"{{"id":"{id}","displayName":"{name}","type":"{kind}"{user},"modifiedProperties":[{modified}]}}"#)
}

/// The change of the secrets of an application: lists of texts such as [`secret`] makes.
pub fn secrets(old: &str, new: &str) -> String {
    format!(r#"{{"displayName":"KeyDescription","oldValue":"[{old}]","newValue":"[{new}]"}}"#)
}

/// A secret, as it is listed there.
pub fn secret(id: &str, name: &str) -> String {
    format!(r#"\"[KeyIdentifier={id},KeyType=Password,KeyUsage=Verify,DisplayName={name}]\""#)
}
