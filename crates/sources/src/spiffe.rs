//! SPIFFE names that more than one platform writes: identities, and the documents that prove them.

use model::uri::{self, Class};

/// The platform part of URIs: the trust domain is the boundary, whoever issues within it.
pub(crate) const NAME: &str = "spiffe";

/// Trust domain and path of a SPIFFE ID; `None` if this is none (SPIFFE-ID, section 2).
pub(crate) fn parse(id: &str) -> Option<(&str, &str)> {
    let rest = id.strip_prefix("spiffe://")?;
    let (domain, path) = rest.split_once('/').unwrap_or((rest, ""));
    (!domain.is_empty() && !domain.contains(|c: char| c.is_ascii_whitespace() || c == '@')).then_some((domain, path))
}

/// The URI of a workload, agent or server; of the trust domain itself if the ID has no path.
pub(crate) fn principal(id: &str) -> Option<String> {
    let (domain, path) = parse(id)?;
    let domain = domain.to_ascii_lowercase();
    Some(match path {
        "" => uri::principal(NAME, &domain, "trust-domain", &domain),
        path => uri::build(Class::Principal, NAME, &domain, "workload").path(path).finish(),
    })
}

/// The URI of an X.509-SVID by its serial number, in the form of [`hex`].
pub(crate) fn certificate(domain: &str, serial: &str) -> String {
    uri::cred(NAME, &domain.to_ascii_lowercase(), "x509-serial", serial)
}

/// The URI of a JWT-SVID by its `jti`.
pub(crate) fn token(domain: &str, jti: &str) -> String {
    uri::cred(NAME, &domain.to_ascii_lowercase(), "jti", jti)
}

/// A serial number written in hex, as servers and proxies log it on a connection: lowercase, no
/// colons, no leading zeros.
pub(crate) fn hex(serial: &str) -> String {
    let hex: String = serial.chars().filter(|c| *c != ':').map(|c| c.to_ascii_lowercase()).collect();
    match hex.trim_start_matches('0') {
        "" => "0".to_owned(),
        trimmed => trimmed.to_owned(),
    }
}
