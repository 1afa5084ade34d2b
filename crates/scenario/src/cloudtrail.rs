//! CloudTrail records, after AWS's record-contents reference (event version 1.11).

use crate::put;

/// Who calls, as `userIdentity` shows it.
#[derive(Clone, Debug)]
pub enum Caller<'a> {
    /// A role session with temporary keys.
    Role {
        /// Account of the role.
        account: &'a str,
        /// Name of the role.
        role: &'a str,
        /// `AROA...`.
        role_id: &'a str,
        /// Chosen by whoever took the role.
        session: &'a str,
        /// `ASIA...`.
        key: &'a str,
        /// When the keys were minted, RFC 3339.
        since: &'a str,
        /// Issuer and subject of the web identity behind it, if there is one.
        web_identity: Option<&'a str>,
        /// Sticky through role chaining.
        source_identity: Option<&'a str>,
    },
    /// An IAM user with a long-lived key.
    User {
        /// Account.
        account: &'a str,
        /// Name.
        user: &'a str,
        /// `AIDA...`.
        user_id: &'a str,
        /// `AKIA...`.
        key: &'a str,
    },
    /// A federated workload that has no AWS identity yet.
    Web {
        /// The OIDC provider.
        issuer: &'a str,
        /// Its subject.
        subject: &'a str,
    },
    /// A person through a SAML provider, before the role.
    Saml {
        /// Account of the provider.
        account: &'a str,
        /// The name in the assertion.
        name: &'a str,
    },
    /// Anybody else: JSON of `userIdentity`.
    Other(&'a str),
}

/// One call.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// `eventID`.
    pub id: &'a str,
    /// `requestID`.
    pub request: &'a str,
    /// `eventTime`, RFC 3339 in seconds.
    pub time: &'a str,
    /// As in `s3.amazonaws.com`.
    pub service: &'a str,
    /// `eventName`.
    pub name: &'a str,
    /// `readOnly`.
    pub read_only: bool,
    /// A data event, not a management event.
    pub data: bool,
    /// Source address.
    pub ip: &'a str,
    /// User agent.
    pub agent: &'a str,
    /// JSON of `requestParameters`.
    pub parameters: &'a str,
    /// JSON of `responseElements`.
    pub response: &'a str,
    /// JSON of `resources`; empty for none.
    pub resources: &'a str,
    /// Account that received the record.
    pub recipient: &'a str,
    /// Error code and message of a call that failed.
    pub error: Option<(&'a str, &'a str)>,
    /// JSON members of `additionalEventData`; empty for none.
    pub additional: &'a str,
}

/// One record as a line of JSON.
pub fn record(caller: &Caller<'_>, call: &Call<'_>) -> String {
    let mut out = String::with_capacity(2_048);
    out.push_str("{\"eventVersion\":\"1.11\",\"userIdentity\":");
    identity(&mut out, caller);
    let Call { time, service, name, ip, agent, .. } = call;
    put(
        &mut out,
        format_args!(
            ",\"eventTime\":\"{time}\",\"eventSource\":\"{service}\",\"eventName\":\"{name}\",\"awsRegion\":\"eu-north-1\",\"sourceIPAddress\":\"{ip}\",\"userAgent\":\"{agent}\""
        ),
    );
    if let Some((code, message)) = call.error {
        put(&mut out, format_args!(",\"errorCode\":\"{code}\",\"errorMessage\":\"{message}\""));
    }
    let response = if call.error.is_some() { "null" } else { call.response };
    put(&mut out, format_args!(",\"requestParameters\":{},\"responseElements\":{response}", call.parameters));
    if !call.additional.is_empty() {
        put(&mut out, format_args!(",\"additionalEventData\":{{{}}}", call.additional));
    }
    put(
        &mut out,
        format_args!(",\"requestID\":\"{}\",\"eventID\":\"{}\",\"readOnly\":{}", call.request, call.id, call.read_only),
    );
    if !call.resources.is_empty() {
        put(&mut out, format_args!(",\"resources\":{}", call.resources));
    }
    let category = if call.data { "Data" } else { "Management" };
    put(
        &mut out,
        format_args!(
            ",\"eventType\":\"AwsApiCall\",\"managementEvent\":{},\"recipientAccountId\":\"{}\",\"eventCategory\":\"{category}\",\"tlsDetails\":{{\"tlsVersion\":\"TLSv1.3\",\"cipherSuite\":\"TLS_AES_128_GCM_SHA256\",\"clientProvidedHostHeader\":\"{}\"}}}}",
            !call.data,
            call.recipient,
            service.replace(".amazonaws", ".eu-north-1.amazonaws")
        ),
    );
    out
}

fn identity(out: &mut String, caller: &Caller<'_>) {
    match caller {
        Caller::Role { account, role, role_id, session, key, since, web_identity, source_identity } => {
            put(
                out,
                format_args!(
                    "{{\"type\":\"AssumedRole\",\"principalId\":\"{role_id}:{session}\",\"arn\":\"arn:aws:sts::{account}:assumed-role/{role}/{session}\",\"accountId\":\"{account}\",\"accessKeyId\":\"{key}\",\"sessionContext\":{{\"sessionIssuer\":{{\"type\":\"Role\",\"principalId\":\"{role_id}\",\"arn\":\"arn:aws:iam::{account}:role/{role}\",\"accountId\":\"{account}\",\"userName\":\"{role}\"}}"
                ),
            );
            if let Some(issuer) = web_identity {
                put(
                    out,
                    format_args!(
                        ",\"webIdFederationData\":{{\"federatedProvider\":\"arn:aws:iam::{account}:oidc-provider/{issuer}\",\"attributes\":{{}}}}"
                    ),
                );
            }
            put(out, format_args!(",\"attributes\":{{\"creationDate\":\"{since}\",\"mfaAuthenticated\":\"false\"}}"));
            if let Some(identity) = source_identity {
                put(out, format_args!(",\"sourceIdentity\":\"{identity}\""));
            }
            out.push_str("}}");
        }
        Caller::User { account, user, user_id, key } => put(
            out,
            format_args!(
                "{{\"type\":\"IAMUser\",\"principalId\":\"{user_id}\",\"arn\":\"arn:aws:iam::{account}:user/{user}\",\"accountId\":\"{account}\",\"accessKeyId\":\"{key}\",\"userName\":\"{user}\"}}"
            ),
        ),
        Caller::Web { issuer, subject } => put(
            out,
            format_args!(
                "{{\"type\":\"WebIdentityUser\",\"principalId\":\"{issuer}:sts.amazonaws.com:{subject}\",\"userName\":\"{subject}\",\"identityProvider\":\"{issuer}\"}}"
            ),
        ),
        Caller::Other(identity) => out.push_str(identity),
        Caller::Saml { account, name } => put(
            out,
            format_args!(
                "{{\"type\":\"SAMLUser\",\"principalId\":\"halden-sso:{name}\",\"userName\":\"{name}\",\"identityProvider\":\"arn:aws:iam::{account}:saml-provider/halden-sso\"}}"
            ),
        ),
    }
}

/// JSON of `responseElements` of a call that hands out temporary keys.
pub fn keys(
    account: &str,
    role: &str,
    role_id: &str,
    session: &str,
    key: &str,
    expires: &str,
    subject: &str,
) -> String {
    let subject = match subject {
        "" => String::new(),
        subject => format!("\"subjectFromWebIdentityToken\":\"{subject}\",\"audience\":\"sts.amazonaws.com\","),
    };
    format!(
        "{{{subject}\"credentials\":{{\"accessKeyId\":\"{key}\",\"sessionToken\":\"HIDDEN\",\"expiration\":\"{expires}\"}},\"assumedRoleUser\":{{\"assumedRoleId\":\"{role_id}:{session}\",\"arn\":\"arn:aws:sts::{account}:assumed-role/{role}/{session}\"}}}}"
    )
}
