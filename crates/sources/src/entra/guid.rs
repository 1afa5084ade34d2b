//! Ids of the directory: GUIDs, which the platform compares without regard to case.

use std::borrow::Cow;

/// The id in the one spelling used in URIs: lower case. Ids that are no GUID have the same rule on
/// this platform, tokens excepted, which never come here.
pub(crate) fn lower(id: &str) -> Cow<'_, str> {
    if id.bytes().any(|b| b.is_ascii_uppercase()) { Cow::Owned(id.to_ascii_lowercase()) } else { Cow::Borrowed(id) }
}

/// Whether a text is a GUID with its hyphens.
pub(crate) fn is_guid(text: &str) -> bool {
    uuid::Uuid::try_parse(text).is_ok() && text.len() == 36
}

/// An address without the port that some logs append: `192.0.2.1:443`, `[2001:db8::1]:443`.
pub(crate) fn split_port(address: &str) -> (&str, Option<u16>) {
    if let Some((inside, rest)) = address.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (inside, rest.strip_prefix(':').and_then(|port| port.parse().ok()));
    }
    match address.split_once(':') {
        // More than one colon is a bare IPv6 address.
        Some((host, port)) if !port.contains(':') => (host, port.parse().ok()),
        _ => (address, None),
    }
}

/// Sets the source of an event from an address that may carry a port.
pub(crate) fn endpoint<'a>(address: Cow<'a, str>) -> model::Endpoint<'a> {
    let (ip, port) = match address {
        Cow::Borrowed(text) => {
            let (ip, port) = split_port(text);
            (Cow::Borrowed(ip), port)
        }
        Cow::Owned(text) => {
            let (ip, port) = split_port(&text);
            (Cow::Owned(ip.to_owned()), port)
        }
    };
    model::Endpoint { ip: Some(ip), port, ..model::Endpoint::default() }
}
