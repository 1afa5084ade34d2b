//! URLs as names: without what may hold secrets or persons, and in one spelling.

use std::borrow::Cow;

/// A URL without what may hold secrets or persons: the user before the host, query and fragment.
pub(crate) fn bare(url: Cow<'_, str>) -> Cow<'_, str> {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let user = url.find("://").map(|at| at + 3).and_then(|from| {
        let host = url.get(from..end)?;
        let host = host.split('/').next().unwrap_or(host);
        Some((from, from + host.rfind('@')? + 1))
    });
    match (user, url) {
        (Some((from, until)), url) => {
            Cow::Owned([url.get(..from), url.get(until..end)].into_iter().flatten().collect::<String>())
        }
        (None, Cow::Borrowed(text)) => Cow::Borrowed(text.get(..end).unwrap_or(text)),
        (None, Cow::Owned(mut text)) => {
            text.truncate(end);
            Cow::Owned(text)
        }
    }
}

/// The canonical URI of a server (RFC 8707, section 2; MCP, authorization): scheme and host in lower case,
/// no default port, no query, no fragment, no slash at the end.
pub(crate) fn canonical(url: &str) -> String {
    let url = bare(Cow::Borrowed(url));
    let Some((scheme, rest)) = url.split_once("://") else { return url.into_owned() };
    let scheme = scheme.to_ascii_lowercase();
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.to_ascii_lowercase();
    let port = match scheme.as_str() {
        "https" => ":443",
        "http" => ":80",
        _ => "",
    };
    let host = host.strip_suffix(port).filter(|_| !port.is_empty()).unwrap_or(&host);
    match path.trim_end_matches('/') {
        "" => format!("{scheme}://{host}"),
        path => format!("{scheme}://{host}/{path}"),
    }
}

/// The host of a URL, in lower case, with its port if it has one.
pub(crate) fn host(url: &str) -> Option<String> {
    let canonical = canonical(url);
    let rest = canonical.split_once("://")?.1;
    Some(rest.split('/').next().unwrap_or(rest).to_owned()).filter(|host| !host.is_empty())
}
