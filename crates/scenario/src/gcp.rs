//! Google Cloud audit log entries, after the vendor's `LogEntry` and `AuditLog`.

/// One entry.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// `insertId`.
    pub id: &'a str,
    /// RFC 3339 with nanoseconds.
    pub time: &'a str,
    /// Project whose log this is.
    pub project: &'a str,
    /// `activity`, `data_access`, `system_event`.
    pub log: &'a str,
    /// As in `storage.googleapis.com`.
    pub service: &'a str,
    /// As in `storage.objects.get`.
    pub method: &'a str,
    /// `resourceName`.
    pub resource: &'a str,
    /// JSON of `authenticationInfo`.
    pub who: &'a str,
    /// The permission that was checked; empty for none.
    pub permission: &'a str,
    /// Source address.
    pub ip: &'a str,
    /// Why it was refused; empty where it was not.
    pub denied: &'a str,
    /// Further members of the payload, each with a leading comma.
    pub members: &'a str,
    /// The service account that the call is about: its address and its unique id.
    pub account: Option<(&'a str, &'a str)>,
}

/// One entry as a line of JSON.
pub fn record(entry: &Entry<'_>) -> String {
    let Entry { id, time, project, log, service, method, resource, who, permission, ip, denied, members, account } =
        *entry;
    let granted = denied.is_empty();
    let (status, severity) = match denied {
        "" => (String::new(), if log == "activity" { "NOTICE" } else { "INFO" }),
        message => (format!(r#""status":{{"code":7,"message":"{message}"}},"#), "ERROR"),
    };
    let checked = match permission {
        "" => String::new(),
        name => {
            format!(
                r#""authorizationInfo":[{{"granted":{granted},"permission":"{name}","resource":"{resource}","resourceAttributes":{{}}}}],"#
            )
        }
    };
    let about = match account {
        Some((mail, unique_id)) => format!(
            r#"{{"labels":{{"email_id":"{mail}","project_id":"{project}","unique_id":"{unique_id}"}},"type":"service_account"}}"#
        ),
        None => format!(r#"{{"labels":{{"project_id":"{project}"}},"type":"audited_resource"}}"#),
    };
    format!(
        r#"{{"insertId":"{id}","logName":"projects/{project}/logs/cloudaudit.googleapis.com%2F{log}","protoPayload":{{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","authenticationInfo":{who},{checked}"methodName":"{method}","requestMetadata":{{"callerIp":"{ip}","callerSuppliedUserAgent":"google-cloud-sdk gcloud/545.0.0","destinationAttributes":{{}},"requestAttributes":{{"auth":{{}},"time":"{time}"}}}},"resourceName":"{resource}","serviceName":"{service}",{status}"resourceLocation":{{"currentLocations":["europe-north1"]}}{members}}},"receiveTimestamp":"{time}","resource":{about},"severity":"{severity}","timestamp":"{time}"}}"#
    )
}

/// A user, or a service account that acts by itself.
pub fn principal(mail: &str) -> String {
    let kind = if mail.ends_with("gserviceaccount.com") { "serviceAccount" } else { "user" };
    format!(r#"{{"principalEmail":"{mail}","principalSubject":"{kind}:{mail}"}}"#)
}

/// A service account with one of its keys.
pub fn with_key(mail: &str, project: &str, key: &str) -> String {
    format!(
        r#"{{"principalEmail":"{mail}","principalSubject":"serviceAccount:{mail}","serviceAccountKeyName":"//iam.googleapis.com/projects/{project}/serviceAccounts/{mail}/keys/{key}"}}"#
    )
}

/// A service account that `caller` impersonates.
pub fn impersonated(mail: &str, caller: &str) -> String {
    format!(
        r#"{{"principalEmail":"{mail}","principalSubject":"serviceAccount:{mail}","serviceAccountDelegationInfo":[{{"firstPartyPrincipal":{{"principalEmail":"{caller}"}}}}]}}"#
    )
}

/// A workload that has no address: the subject of its own token, or what a pool maps that to.
pub fn subject(subject: &str) -> String {
    format!(r#"{{"principalSubject":"{subject}"}}"#)
}

/// A workload identity pool and one of its providers.
#[derive(Clone, Copy, Debug)]
pub struct Pool<'a> {
    /// Number of the project that keeps it.
    pub number: u64,
    /// Its id.
    pub pool: &'a str,
    /// Id of the provider.
    pub provider: &'a str,
}

fn location(pool: Pool<'_>) -> String {
    format!("projects/{}/locations/global/workloadIdentityPools/{}", pool.number, pool.pool)
}

/// Name of the provider.
pub fn provider(pool: Pool<'_>) -> String {
    format!("{}/providers/{}", location(pool), pool.provider)
}

/// The principal that the pool makes of a subject.
pub fn mapped(pool: Pool<'_>, subject: &str) -> String {
    format!("principal://iam.googleapis.com/{}/subject/{subject}", location(pool))
}

/// Members of `ExchangeToken`: Google logs the principal it mapped, and no id of a token.
pub fn exchanged(pool: Pool<'_>, mapped: &str) -> String {
    let provider = provider(pool);
    format!(
        r#","metadata":{{"@type":"type.googleapis.com/google.identity.sts.v1.AuditData","mapped_principal":"{mapped}"}},"request":{{"@type":"type.googleapis.com/google.identity.sts.v1.ExchangeTokenRequest","audience":"//iam.googleapis.com/{provider}","grantType":"urn:ietf:params:oauth:grant-type:token-exchange","requestedTokenType":"urn:ietf:params:oauth:token-type:access_token","scope":"https://www.googleapis.com/auth/cloud-platform","subjectTokenType":"urn:ietf:params:oauth:token-type:jwt"}}"#
    )
}

/// Members of `GenerateAccessToken` for a service account.
pub fn token_request(mail: &str, unique_id: &str, lifetime_s: u64) -> String {
    format!(
        r#","request":{{"@type":"type.googleapis.com/google.iam.credentials.v1.GenerateAccessTokenRequest","name":"projects/-/serviceAccounts/{mail}","lifetime":"{lifetime_s}s","scope":["https://www.googleapis.com/auth/cloud-platform"]}},"metadata":{{"identityDelegationChain":["projects/-/serviceAccounts/{unique_id}"]}}"#
    )
}

/// Members of `CreateServiceAccountKey`.
pub fn key_made(mail: &str, project: &str, key: &str) -> String {
    format!(
        r#","request":{{"@type":"type.googleapis.com/google.iam.admin.v1.CreateServiceAccountKeyRequest","name":"projects/{project}/serviceAccounts/{mail}"}},"response":{{"@type":"type.googleapis.com/google.iam.admin.v1.ServiceAccountKey","name":"projects/{project}/serviceAccounts/{mail}/keys/{key}","key_algorithm":2,"key_type":1}}"#
    )
}
