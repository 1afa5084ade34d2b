//! The shape of a CloudTrail record, read leniently: every value is optional, every text may be
//! empty, and what only some calls need stays JSON text until it is asked for.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json;

/// A text that may be absent.
pub(super) type Maybe<'a> = Option<Cow<'a, str>>;

/// The text, unless it is absent or empty: CloudTrail writes `""` for several absent values.
pub(super) fn filled<'a>(text: &Maybe<'a>) -> Maybe<'a> {
    text.as_ref().filter(|text| !text.is_empty()).cloned()
}

/// [`filled`] without a copy.
pub(super) fn seen<'t>(text: &'t Maybe<'_>) -> Option<&'t str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// One record of an API call, a sign-in, a service event or an insight. The lower-case spellings are
/// those of table exports.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Record<'a> {
    #[serde(borrow, alias = "eventversion", deserialize_with = "json::text")]
    pub(super) event_version: Maybe<'a>,
    #[serde(borrow, alias = "useridentity", deserialize_with = "json::object")]
    pub(super) user_identity: Option<Identity<'a>>,
    #[serde(borrow, alias = "eventtime", deserialize_with = "json::text")]
    pub(super) event_time: Maybe<'a>,
    #[serde(borrow, alias = "eventsource", deserialize_with = "json::text")]
    pub(super) event_source: Maybe<'a>,
    #[serde(borrow, alias = "eventname", deserialize_with = "json::text")]
    pub(super) event_name: Maybe<'a>,
    #[serde(borrow, alias = "awsregion", deserialize_with = "json::text")]
    pub(super) aws_region: Maybe<'a>,
    #[serde(borrow, rename = "sourceIPAddress", alias = "sourceipaddress", deserialize_with = "json::text")]
    pub(super) source_ip_address: Maybe<'a>,
    #[serde(borrow, alias = "useragent", deserialize_with = "json::text")]
    pub(super) user_agent: Maybe<'a>,
    #[serde(borrow, alias = "errorcode", deserialize_with = "json::text")]
    pub(super) error_code: Maybe<'a>,
    #[serde(borrow, alias = "errormessage", deserialize_with = "json::text")]
    pub(super) error_message: Maybe<'a>,
    #[serde(borrow, alias = "requestparameters")]
    pub(super) request_parameters: Option<&'a RawValue>,
    #[serde(borrow, alias = "responseelements")]
    pub(super) response_elements: Option<&'a RawValue>,
    #[serde(borrow, alias = "serviceeventdetails")]
    pub(super) service_event_details: Option<&'a RawValue>,
    #[serde(borrow, alias = "additionaleventdata", deserialize_with = "json::object")]
    pub(super) additional_event_data: Option<Additional<'a>>,
    #[serde(borrow, rename = "requestID", alias = "requestid", deserialize_with = "json::text")]
    pub(super) request_id: Maybe<'a>,
    #[serde(borrow, rename = "eventID", alias = "eventid", deserialize_with = "json::text")]
    pub(super) event_id: Maybe<'a>,
    #[serde(alias = "readonly", deserialize_with = "json::boolean")]
    pub(super) read_only: Option<bool>,
    #[serde(borrow, deserialize_with = "json::objects")]
    pub(super) resources: Vec<Named<'a>>,
    #[serde(borrow, alias = "eventtype", deserialize_with = "json::text")]
    pub(super) event_type: Maybe<'a>,
    #[serde(borrow, alias = "recipientaccountid", deserialize_with = "json::text")]
    pub(super) recipient_account_id: Maybe<'a>,
    #[serde(borrow, rename = "sharedEventID", alias = "sharedeventid", deserialize_with = "json::text")]
    pub(super) shared_event_id: Maybe<'a>,
    #[serde(borrow, alias = "vpcendpointid", deserialize_with = "json::text")]
    pub(super) vpc_endpoint_id: Maybe<'a>,
    #[serde(borrow, alias = "tlsdetails", deserialize_with = "json::object")]
    pub(super) tls_details: Option<Tls<'a>>,
    #[serde(alias = "sessioncredentialfromconsole", deserialize_with = "json::boolean")]
    pub(super) session_credential_from_console: Option<bool>,
    #[serde(borrow, deserialize_with = "json::object")]
    pub(super) insight_details: Option<Insight<'a>>,
    #[serde(borrow, deserialize_with = "json::object")]
    pub(super) addendum: Option<Addendum<'a>>,
    #[serde(borrow, rename = "@timestamp", deserialize_with = "json::text")]
    pub(super) timestamp: Maybe<'a>,
    #[serde(borrow, rename = "digestSignatureAlgorithm", deserialize_with = "json::text")]
    pub(super) digest_signature_algorithm: Maybe<'a>,
}

/// `userIdentity`: who called.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Identity<'a> {
    #[serde(borrow, rename = "type", deserialize_with = "json::text")]
    pub(super) kind: Maybe<'a>,
    #[serde(borrow, alias = "principalid", deserialize_with = "json::text")]
    pub(super) principal_id: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) arn: Maybe<'a>,
    #[serde(borrow, alias = "accountid", deserialize_with = "json::text")]
    pub(super) account_id: Maybe<'a>,
    #[serde(borrow, alias = "accesskeyid", deserialize_with = "json::text")]
    pub(super) access_key_id: Maybe<'a>,
    #[serde(borrow, alias = "username", deserialize_with = "json::text")]
    pub(super) user_name: Maybe<'a>,
    #[serde(borrow, alias = "invokedby", deserialize_with = "json::text")]
    pub(super) invoked_by: Maybe<'a>,
    #[serde(borrow, alias = "identityprovider", deserialize_with = "json::text")]
    pub(super) identity_provider: Maybe<'a>,
    #[serde(borrow, alias = "credentialid", deserialize_with = "json::text")]
    pub(super) credential_id: Maybe<'a>,
    #[serde(borrow, alias = "sessioncontext", deserialize_with = "json::object")]
    pub(super) session_context: Option<Session<'a>>,
    #[serde(borrow, alias = "onbehalfof", deserialize_with = "json::object")]
    pub(super) on_behalf_of: Option<OnBehalfOf<'a>>,
    #[serde(borrow, alias = "inscopeof", deserialize_with = "json::object")]
    pub(super) in_scope_of: Option<InScopeOf<'a>>,
    #[serde(borrow, alias = "invokedbydelegate", deserialize_with = "json::object")]
    pub(super) invoked_by_delegate: Option<Delegate<'a>>,
}

/// `userIdentity.sessionContext`: how temporary credentials came to be.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Session<'a> {
    #[serde(borrow, alias = "sessionissuer", deserialize_with = "json::object")]
    pub(super) session_issuer: Option<Issuer<'a>>,
    #[serde(borrow, alias = "webidfederationdata", deserialize_with = "json::object")]
    pub(super) web_id_federation_data: Option<Federation<'a>>,
    #[serde(borrow, deserialize_with = "json::object")]
    pub(super) attributes: Option<Attributes<'a>>,
    #[serde(borrow, alias = "sourceidentity", deserialize_with = "json::text")]
    pub(super) source_identity: Maybe<'a>,
    #[serde(borrow, alias = "ec2roledelivery", deserialize_with = "json::text")]
    pub(super) ec2_role_delivery: Maybe<'a>,
    #[serde(alias = "assumedroot", deserialize_with = "json::boolean")]
    pub(super) assumed_root: Option<bool>,
}

/// `sessionIssuer`: whose rights a session has.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Issuer<'a> {
    #[serde(borrow, rename = "type", deserialize_with = "json::text")]
    pub(super) kind: Maybe<'a>,
    #[serde(borrow, alias = "principalid", deserialize_with = "json::text")]
    pub(super) principal_id: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) arn: Maybe<'a>,
    #[serde(borrow, alias = "accountid", deserialize_with = "json::text")]
    pub(super) account_id: Maybe<'a>,
    #[serde(borrow, alias = "username", deserialize_with = "json::text")]
    pub(super) user_name: Maybe<'a>,
}

/// `webIdFederationData`: the token a session was exchanged for.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Federation<'a> {
    #[serde(borrow, alias = "federatedprovider", deserialize_with = "json::text")]
    pub(super) federated_provider: Maybe<'a>,
}

/// `attributes` of a session.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Attributes<'a> {
    #[serde(borrow, alias = "creationdate", deserialize_with = "json::text")]
    pub(super) creation_date: Maybe<'a>,
    #[serde(alias = "mfaauthenticated", deserialize_with = "json::boolean")]
    pub(super) mfa_authenticated: Option<bool>,
}

/// `onBehalfOf`: the Identity Center user behind the call.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct OnBehalfOf<'a> {
    #[serde(borrow, alias = "userid", deserialize_with = "json::text")]
    pub(super) user_id: Maybe<'a>,
    #[serde(borrow, alias = "identitystorearn", deserialize_with = "json::text")]
    pub(super) identity_store_arn: Maybe<'a>,
}

/// `inScopeOf`: the resource for which a service got the credentials.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct InScopeOf<'a> {
    #[serde(borrow, alias = "sourcearn", deserialize_with = "json::text")]
    pub(super) source_arn: Maybe<'a>,
    #[serde(borrow, alias = "sourceaccount", deserialize_with = "json::text")]
    pub(super) source_account: Maybe<'a>,
    #[serde(borrow, alias = "credentialsissuedto", deserialize_with = "json::text")]
    pub(super) credentials_issued_to: Maybe<'a>,
}

/// `invokedByDelegate`: the product provider that used delegated access.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Delegate<'a> {
    #[serde(borrow, alias = "accountid", deserialize_with = "json::text")]
    pub(super) account_id: Maybe<'a>,
}

/// One entry of `resources`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Named<'a> {
    #[serde(borrow, rename = "ARN", alias = "arn", deserialize_with = "json::text")]
    pub(super) arn: Maybe<'a>,
    #[serde(borrow, rename = "ARNPrefix", deserialize_with = "json::text")]
    pub(super) arn_prefix: Maybe<'a>,
    #[serde(borrow, rename = "accountId", alias = "accountid", deserialize_with = "json::text")]
    pub(super) account_id: Maybe<'a>,
}

/// `tlsDetails`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Tls<'a> {
    #[serde(borrow, alias = "clientprovidedhostheader", deserialize_with = "json::text")]
    pub(super) client_provided_host_header: Maybe<'a>,
}

/// `additionalEventData`: what sign-ins and data events add.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Additional<'a> {
    #[serde(borrow, rename = "MFAUsed", deserialize_with = "json::text")]
    pub(super) mfa_used: Maybe<'a>,
    #[serde(borrow, rename = "MFAIdentifier", deserialize_with = "json::text")]
    pub(super) mfa_identifier: Maybe<'a>,
    #[serde(borrow, rename = "MfaType", deserialize_with = "json::text")]
    pub(super) mfa_type: Maybe<'a>,
    #[serde(borrow, rename = "UserName", deserialize_with = "json::text")]
    pub(super) user_name: Maybe<'a>,
    #[serde(borrow, rename = "CredentialType", deserialize_with = "json::text")]
    pub(super) credential_type: Maybe<'a>,
    #[serde(borrow, rename = "AuthWorkflowID", deserialize_with = "json::text")]
    pub(super) auth_workflow_id: Maybe<'a>,
    #[serde(borrow, rename = "SamlProviderArn", deserialize_with = "json::text")]
    pub(super) saml_provider_arn: Maybe<'a>,
    #[serde(borrow, rename = "SwitchTo", deserialize_with = "json::text")]
    pub(super) switch_to: Maybe<'a>,
    #[serde(borrow, rename = "AuthenticationMethod", deserialize_with = "json::text")]
    pub(super) authentication_method: Maybe<'a>,
    #[serde(borrow, rename = "SignatureVersion", deserialize_with = "json::text")]
    pub(super) signature_version: Maybe<'a>,
    #[serde(borrow, rename = "bytesTransferredIn", deserialize_with = "json::text")]
    pub(super) bytes_in: Maybe<'a>,
    #[serde(borrow, rename = "bytesTransferredOut", deserialize_with = "json::text")]
    pub(super) bytes_out: Maybe<'a>,
    #[serde(borrow, rename = "x-amz-id-2", deserialize_with = "json::text")]
    pub(super) amz_id_2: Maybe<'a>,
    #[serde(borrow, rename = "SecretId", deserialize_with = "json::text")]
    pub(super) secret_id: Maybe<'a>,
}

/// `insightDetails`: unusual activity that CloudTrail Insights noticed.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Insight<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) state: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) insight_type: Maybe<'a>,
}

/// `addendum`: this record corrects or completes an earlier one.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Addendum<'a> {
    #[serde(borrow, rename = "originalEventID", deserialize_with = "json::text")]
    pub(super) original_event_id: Maybe<'a>,
    #[serde(borrow, rename = "originalRequestID", deserialize_with = "json::text")]
    pub(super) original_request_id: Maybe<'a>,
}
