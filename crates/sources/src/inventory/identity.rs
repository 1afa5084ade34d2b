//! Identities as people copy them out of logs and consoles, and the URIs that they mean.

use model::uri::{SCHEME, URI_BYTES_MAX};

use crate::{Context, aws, gcp, k8s, spiffe};

/// How identities begin whose form the beginning tells.
const BEGINNINGS: [&str; 6] =
    ["nhi:principal:", "arn:aws", "spiffe://", "system:serviceaccount:", "system:node:", "principal://"];

/// An identity that was understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// Canonical URI.
    pub(super) uri: String,
    /// The authority in it.
    pub(super) authority: String,
}

/// Whether a line begins with an identity.
pub(super) fn begins(line: &str) -> bool {
    let first = line.strip_prefix('"').unwrap_or(line);
    let end = first.find([',', '"']).unwrap_or(first.len());
    let first = first.get(..end).unwrap_or_default();
    BEGINNINGS.iter().any(|beginning| first.starts_with(beginning)) || is_google(first)
}

fn is_google(text: &str) -> bool {
    text.ends_with(".gserviceaccount.com") && text.contains('@')
}

/// Reads an identity; `None` if its form is not known. Names of a cluster are those of the cluster that
/// the source is set to.
pub(super) fn read(text: &str, context: &Context<'_>) -> Option<Identity> {
    let text = text.trim();
    let uri = if text.starts_with(SCHEME) {
        canonical(text)?
    } else if text.starts_with("arn:") {
        aws::principal_of_arn(text)?
    } else if text.starts_with("spiffe://") {
        spiffe::principal(text)?
    } else if text.starts_with("system:") {
        let authority = context.authority.filter(|authority| !authority.is_empty()).unwrap_or("unknown");
        k8s::principal_of_username(authority, text)
    } else if is_google(text) || text.starts_with("principal://") {
        gcp::principal_of_email(text)
    } else {
        return None;
    };
    let authority = uri.split(':').nth(3)?;
    let authority = model::uri::decoded(authority);
    Some(Identity { uri, authority })
}

/// A canonical URI of a principal, as it stands.
fn canonical(text: &str) -> Option<String> {
    let mut parts = text.splitn(5, ':');
    let (scheme, class) = (parts.next()?, parts.next()?);
    let (platform, authority, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let (kind, id) = rest.split_once('/')?;
    let whole = [platform, authority, kind, id].iter().all(|part| !part.is_empty());
    let plain = text.len() <= URI_BYTES_MAX && text.bytes().all(|byte| byte.is_ascii_graphic());
    (scheme == SCHEME && class == "principal" && whole && plain).then(|| text.to_owned())
}
