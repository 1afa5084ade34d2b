//! Credentials that Vault hands out, extends and ends (`identity.md` 4, rows 18 to 21).
//!
//! Tokens, leases and serials are named below the cluster, not the namespace: a token made in one
//! namespace works in those below it, and must be found again there.

use std::borrow::Cow;

use model::uri;
use model::{Credential, CredentialChange, CredentialChangeKind, Fingerprint, Text};
use sha2::Digest as _;

use super::record::{Auth, Data, Request, WrapInfo};
use super::{Boundary, PLATFORM};
use crate::time;

/// Mark of a text that the audit device hashed.
const HMAC: &str = "hmac-sha256:";

/// The token of an `auth` object: used when it is the entry's own, issued when it is the response's.
pub(super) fn of_auth<'a>(auth: &Auth<'a>, at: &Boundary) -> Option<Credential<'a>> {
    let mut credential = of_token(auth.accessor.clone(), auth.client_token.clone(), at)?;
    credential.scopes.clone_from(&auth.policies);
    credential.not_before = auth.token_issue_time.as_deref().and_then(time::parse).map(|time| time.nanos);
    credential.not_after = until(credential.not_before, auth.token_ttl);
    credential.uses_max = auth.num_uses.filter(|uses| *uses > 0).and_then(|uses| u32::try_from(uses).ok());
    Some(credential)
}

/// The token that a request showed, whether or not Vault knows it.
pub(super) fn of_request<'a>(request: &Request<'a>, at: &Boundary) -> Option<Credential<'a>> {
    of_token(request.client_token_accessor.clone(), request.client_token.clone(), at)
}

fn of_token<'a>(accessor: Option<Text<'a>>, token: Option<Text<'a>>, at: &Boundary) -> Option<Credential<'a>> {
    let accessor = accessor.filter(|accessor| !accessor.is_empty());
    let secret = token.filter(|token| !token.is_empty()).map(Digest::of);
    let (kind, id) = match (accessor, &secret) {
        (Some(accessor), _) => ("accessor", accessor),
        (None, Some(digest)) => ("token", digest.id.clone()),
        (None, None) => return None,
    };
    Some(Credential {
        uri: uri::cred(PLATFORM, &at.cluster, kind, &id),
        kind: Cow::Borrowed(kind),
        native_id: Some(id),
        fingerprint: secret.map(|digest| digest.fingerprint),
        ..Credential::default()
    })
}

/// What stands for a secret. Audit devices hash secrets; one that is set to log them raw gets the
/// SHA-256 here, so that no secret reaches a column.
pub(super) struct Digest<'a> {
    /// `hmac-sha256:<hex>` as logged, or `sha256:<hex>`.
    pub(super) id: Text<'a>,
    fingerprint: Fingerprint<'a>,
}

impl<'a> Digest<'a> {
    pub(super) fn of(secret: Text<'a>) -> Digest<'a> {
        match hmac(&secret) {
            Some(fingerprint) => Digest { id: secret, fingerprint },
            None => {
                let hex = model::hex(&sha2::Sha256::digest(secret.as_bytes()));
                let id = Cow::Owned(format!("sha256:{hex}"));
                let fingerprint = Fingerprint { algorithm: "sha256", encoding: "hex", value: Cow::Owned(hex) };
                Digest { id, fingerprint }
            }
        }
    }
}

fn hmac<'a>(text: &Text<'a>) -> Option<Fingerprint<'a>> {
    let value = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.strip_prefix(HMAC)?),
        Cow::Owned(text) => Cow::Owned(text.strip_prefix(HMAC)?.to_owned()),
    };
    Some(Fingerprint { algorithm: "hmac-sha256", encoding: "hex", value })
}

pub(super) fn until(from: Option<i64>, seconds: Option<i64>) -> Option<i64> {
    let seconds = seconds.filter(|seconds| *seconds > 0)?;
    from?.checked_add(seconds.checked_mul(1_000_000_000)?)
}

/// The token of a wrapped response.
pub(super) fn of_wrapping<'a>(wrap: &WrapInfo<'a>, at: &Boundary) -> Option<Credential<'a>> {
    let mut credential = of_token(wrap.accessor.clone(), wrap.token.clone(), at)?;
    credential.not_before = wrap.creation_time.as_deref().and_then(time::parse).map(|time| time.nanos);
    credential.not_after = until(credential.not_before, wrap.ttl);
    Some(credential)
}

/// The token inside a wrapped response, which the entry names by its accessor alone.
pub(super) fn wrapped<'a>(wrap: &WrapInfo<'a>, at: &Boundary) -> Option<CredentialChange<'a>> {
    let accessor = wrap.wrapped_accessor.clone().filter(|accessor| !accessor.is_empty())?;
    Some(change(CredentialChangeKind::Issued, "accessor", accessor, at))
}

/// The secret id of an AppRole: made under a role, shown at a login. Its hash is the same in both.
pub(super) fn of_secret_id<'a>(data: &Data<'a>, at: &Boundary) -> Option<Credential<'a>> {
    let Digest { id, fingerprint } = Digest::of(data.secret_id.clone().filter(|id| !id.is_empty())?);
    Some(Credential {
        uri: uri::cred(PLATFORM, &at.cluster, "secret-id", &id),
        kind: Cow::Borrowed("secret-id"),
        fingerprint: Some(fingerprint),
        native_id: data.secret_id_accessor.clone().or(Some(id)),
        ..Credential::default()
    })
}

/// The client certificate of a login.
pub(super) fn of_client_certificate<'a>(serial: &Text<'a>, at: &Boundary) -> Credential<'a> {
    Credential {
        uri: uri::cred(PLATFORM, &at.cluster, "x509-serial", serial),
        kind: Cow::Borrowed("x509-serial"),
        native_id: Some(serial.clone()),
        ..Credential::default()
    }
}

/// The certificate that an engine signed.
pub(super) fn of_certificate<'a>(data: &Data<'a>, issuer: &str, at: &Boundary) -> Option<Credential<'a>> {
    let serial = data.serial_number.clone().filter(|serial| !serial.is_empty())?;
    let mut credential = of_client_certificate(&serial, at);
    credential.issuer = Some(Cow::Owned(issuer.to_owned()));
    credential.not_after = data.expiration.and_then(|seconds| seconds.checked_mul(1_000_000_000));
    Some(credential)
}

/// The credential that an engine made under a lease. An access key in the clear names it in the
/// other platform's log, too; without one the lease does.
pub(super) fn of_lease<'a>(lease: &str, data: &Data<'a>, issuer: &str, at: &Boundary) -> Credential<'a> {
    let native = data.access_key.clone().or_else(|| data.username.clone()).filter(|id| !id.is_empty());
    let aws_key = data.access_key.as_deref().filter(|key| key.starts_with("AKIA") || key.starts_with("ASIA"));
    let (uri, kind) = match aws_key {
        Some(key) => {
            let kind = if key.starts_with("ASIA") { "sts-key" } else { "access-key" };
            (uri::cred("aws", "unknown", kind, key), kind)
        }
        None => (uri::cred(PLATFORM, &at.cluster, "lease", lease), "lease"),
    };
    Credential {
        uri,
        kind: Cow::Borrowed(kind),
        fingerprint: native.as_ref().and_then(hmac),
        native_id: native.or_else(|| Some(Cow::Owned(lease.to_owned()))),
        issuer: Some(Cow::Owned(issuer.to_owned())),
        ..Credential::default()
    }
}

/// Which token a renewal or revocation is about: the caller's own, or the one its data name.
pub(super) fn changed<'a>(
    change_kind: CredentialChangeKind,
    word: &str,
    asked: &Data<'a>,
    answered: Option<&Auth<'a>>,
    own: Option<&Credential<'a>>,
    at: &Boundary,
) -> Option<CredentialChange<'a>> {
    if word.ends_with("-self") {
        let own = own?;
        let native_id = own.native_id.clone();
        return Some(CredentialChange { change: change_kind, uri: own.uri.clone(), native_id, holder: None });
    }
    let accessor = answered.and_then(|auth| auth.accessor.clone()).or_else(|| asked.accessor.clone());
    if let Some(accessor) = accessor.filter(|accessor| !accessor.is_empty()) {
        return Some(change(change_kind, "accessor", accessor, at));
    }
    let token = asked.token.clone().filter(|token| !token.is_empty())?;
    Some(change(change_kind, "token", Digest::of(token).id, at))
}

/// A change of one credential.
pub(super) fn change<'a>(
    change: CredentialChangeKind,
    kind: &str,
    id: Text<'a>,
    at: &Boundary,
) -> CredentialChange<'a> {
    CredentialChange { change, uri: uri::cred(PLATFORM, &at.cluster, kind, &id), native_id: Some(id), holder: None }
}
