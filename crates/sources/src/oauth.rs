//! OAuth names that more than one platform writes: clients, subjects and tokens, each within the issuer
//! that gave it its id.

use model::uri::{self, Class};

/// The platform part of URIs: the issuer is the boundary, whoever logs the name.
const NAME: &str = "oauth";

/// Host and path of an issuer, as authority: without scheme, query and last slash, the host in lower
/// case. An issuer that a record does not name is `unknown`.
pub(crate) fn issuer(url: Option<&str>) -> String {
    let url = url.map(str::trim).filter(|url| !url.is_empty()).unwrap_or("unknown");
    let text = url.split_once("://").map_or(url, |(_, rest)| rest);
    let text = text.split(['?', '#']).next().unwrap_or(text).trim_end_matches('/');
    match text.split_once('/') {
        Some((host, path)) => format!("{}/{path}", host.to_ascii_lowercase()),
        None => text.to_ascii_lowercase(),
    }
}

/// A client: an id is the client's within its issuer alone.
pub(crate) fn client(issuer: &str, id: &str) -> String {
    uri::principal(NAME, issuer, "client", id)
}

/// Whoever a token speaks of.
pub(crate) fn subject(issuer: &str, id: &str) -> String {
    uri::principal(NAME, issuer, "subject", id)
}

/// A token by its `jti`.
pub(crate) fn token(issuer: &str, jti: &str) -> String {
    uri::build(Class::Cred, NAME, issuer, "jti").id(jti).finish()
}
