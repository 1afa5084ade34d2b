//! Credentials: the one a request was made with, and those that requests issue
//! (`identity.md` 4, rows 10 to 13).

use std::borrow::Cow;

use base64::Engine as _;
use model::uri;
use model::{Authn, Credential, Fingerprint, Text};
use sha2::{Digest, Sha256};

use super::PLATFORM;
use super::record::{Extra, Object, ObjectStatus, Spec};
use super::user::arn_account;

/// The credential behind a request and how it proved the identity.
pub(super) fn used<'a>(extra: &mut Extra<'a>, authority: &str) -> (Option<Credential<'a>>, Authn<'a>) {
    let mut authn = Authn::default();
    if let Some(id) = extra.credential_id.first_mut().map(std::mem::take) {
        let credential = from_credential_id(id, authority);
        authn.protocol = match credential.kind.as_ref() {
            "jti" => Some(Cow::Borrowed("jwt")),
            "x509-sha256" => Some(Cow::Borrowed("x509")),
            _ => None,
        };
        return (Some(credential), authn);
    }
    let Some(key) = extra.access_key_id.first_mut().map(std::mem::take).filter(|key| !key.is_empty()) else {
        return (None, authn);
    };
    authn.protocol = Some(Cow::Borrowed("aws-iam"));
    // The token sent to the cluster is an STS request signed with this key: the key is what acted.
    let account = extra.arn.first().and_then(|arn| arn_account(arn)).map_or("unknown", |(account, _)| account);
    let kind = if key.starts_with("ASIA") { "sts-key" } else { "access-key" };
    let credential = Credential {
        uri: uri::cred("aws", account, kind, &key),
        kind: Cow::Borrowed(kind),
        native_id: Some(key),
        ..Credential::default()
    };
    (Some(credential), authn)
}

/// `JTI=<id>` or `X509SHA256=<hex>`: both ends of a token's life are written by the same function
/// of the server, so equal texts are equal credentials.
fn from_credential_id<'a>(id: Text<'a>, authority: &str) -> Credential<'a> {
    let mut credential = Credential::default();
    if let Some(jti) = id.strip_prefix("JTI=") {
        credential.uri = uri::cred(PLATFORM, authority, "jti", jti);
        credential.kind = Cow::Borrowed("jti");
    } else if let Some(hex) = id.strip_prefix("X509SHA256=") {
        credential.uri = uri::cred(PLATFORM, authority, "x509-sha256", hex);
        credential.kind = Cow::Borrowed("x509-sha256");
        credential.fingerprint =
            Some(Fingerprint { algorithm: "sha256", encoding: "hex", value: Cow::Owned(hex.to_owned()) });
    } else {
        credential.uri = uri::cred(PLATFORM, authority, "credential-id", &id);
        credential.kind = Cow::Borrowed("credential-id");
    }
    credential.native_id = Some(match id.split_once('=') {
        // The id itself is what other platforms log.
        Some(("JTI" | "X509SHA256", id)) => Cow::Owned(id.to_owned()),
        _ => id,
    });
    credential
}

/// The pod that a token is bound to.
pub(super) struct BoundPod<'a> {
    pub(super) name: Text<'a>,
    pub(super) uid: Option<Text<'a>>,
}

/// The pod that a token was asked for, by the request or the answer.
pub(super) fn bound_pod<'a>(request: Option<Object<'a>>, response: Option<Object<'a>>) -> Option<BoundPod<'a>> {
    let specs = [response, request].into_iter().flatten().filter_map(|object| object.spec);
    let bound = specs.filter_map(|spec| spec.bound_object_ref).find(|bound| bound.kind.as_deref() == Some("Pod"))?;
    Some(BoundPod { name: bound.name.filter(|name| !name.is_empty())?, uid: bound.uid.filter(|uid| !uid.is_empty()) })
}

/// The token that a TokenRequest issued: `id` is the annotation of the server, without which nothing
/// names it.
pub(super) fn issued_token<'a>(
    id: Text<'a>,
    request: Option<Object<'a>>,
    response: Option<Object<'a>>,
    time: Option<i64>,
    authority: &str,
    parent: Option<&str>,
) -> Credential<'a> {
    let asked = request.and_then(|object| object.spec);
    let (given, status) = response.map(|object| (object.spec, object.status)).unwrap_or_default();
    let mut credential = from_credential_id(id, authority);
    credential.not_before = time;
    credential.not_after = expiry(status.as_ref(), given.as_ref().or(asked.as_ref()), time);
    let Spec { audiences, bound_object_ref, .. } = given.or(asked).unwrap_or_default();
    credential.audience = audiences;
    credential.confirmation = bound_object_ref.and_then(|bound| {
        let kind = bound.kind?;
        let id = bound.uid.or(bound.name)?;
        Some(Cow::Owned(format!("{kind}/{id}")))
    });
    credential.parent = parent.map(str::to_owned);
    credential
}

fn expiry(status: Option<&ObjectStatus<'_>>, spec: Option<&Spec<'_>>, time: Option<i64>) -> Option<i64> {
    if let Some(at) = status.and_then(|status| crate::time::parse(status.expiration_timestamp.as_deref()?)) {
        return Some(at.nanos);
    }
    time?.checked_add(spec?.expiration_seconds?.checked_mul(1_000_000_000)?)
}

/// The certificate that a signer put into the status of a signing request. Its name here is the
/// SHA-256 of its DER form, as the server computes it for `X509SHA256=`.
pub(super) fn issued_certificate<'a>(
    certificate: &str,
    signer: Option<Text<'a>>,
    authority: &str,
) -> Option<Credential<'a>> {
    let hex = model::hex(&Sha256::digest(first_der(certificate)?));
    Some(Credential {
        uri: uri::cred(PLATFORM, authority, "x509-sha256", &hex),
        kind: Cow::Borrowed("x509-sha256"),
        native_id: Some(Cow::Owned(hex.clone())),
        fingerprint: Some(Fingerprint { algorithm: "sha256", encoding: "hex", value: Cow::Owned(hex) }),
        issuer: signer,
        ..Credential::default()
    })
}

/// The first certificate of a base64 text of PEM: the leaf, before its chain.
fn first_der(base64_of_pem: &str) -> Option<Vec<u8>> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let engine = base64::engine::general_purpose::STANDARD;
    let pem = String::from_utf8(engine.decode(base64_of_pem.trim()).ok()?).ok()?;
    let (_, rest) = pem.split_once(BEGIN)?;
    let (body, _) = rest.split_once(END)?;
    let body: String = body.split_ascii_whitespace().collect();
    engine.decode(body).ok()
}
