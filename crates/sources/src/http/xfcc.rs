//! The header `x-forwarded-client-cert` of Envoy: one element for each proxy that a call went through, the nearest last.

/// What one proxy says of whom it got the call from.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Element {
    /// Who says so.
    pub(super) by: Option<String>,
    /// Whose certificate it was.
    pub(super) uri: Option<String>,
    /// SHA-256 of the certificate, hex.
    pub(super) hash: Option<String>,
    pub(super) subject: Option<String>,
}

/// Most proxies read of one header.
const ELEMENTS_MAX: usize = 32;

/// The elements of a header; what is none of its keys is left out.
pub(super) fn read(header: &str) -> Vec<Element> {
    parts(header, b',').take(ELEMENTS_MAX).map(element).collect()
}

fn element(text: &str) -> Element {
    let mut element = Element::default();
    for pair in parts(text, b';') {
        let Some((key, value)) = pair.split_once('=') else { continue };
        let value = match value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) {
            Some(quoted) => quoted.replace("\\\"", "\""),
            None => value.to_owned(),
        };
        let place = match key.trim().to_ascii_lowercase().as_str() {
            "by" => &mut element.by,
            "uri" => &mut element.uri,
            "hash" => &mut element.hash,
            "subject" => &mut element.subject,
            _ => continue,
        };
        // Of several names the first is the one by which proxies decide.
        if !value.is_empty() {
            place.get_or_insert(value);
        }
    }
    element
}

/// The parts of a text between separators that are not in quotes.
fn parts(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (mut quoted, mut escaped) = (false, false);
        let end = text.bytes().position(|byte| {
            let ends = byte == separator && !quoted;
            if byte == b'"' && !escaped {
                quoted = !quoted;
            }
            escaped = byte == b'\\' && !escaped;
            ends
        });
        let part = match end {
            Some(end) => {
                rest = text.get(end + 1..);
                text.get(..end)?
            }
            None => {
                rest = None;
                text
            }
        };
        Some(part.trim())
    })
}
