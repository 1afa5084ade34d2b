//! In which form an answer is wanted: `Accept`, as RFC 9110 section 12.5.1 has it.

use axum::http::{HeaderMap, header};

use super::Format;
use crate::problem::Problem;

/// The form that the caller likes best of those there are; the first of them for callers that do not care.
///
/// # Errors
/// Not acceptable, with the forms that there are.
pub(super) fn chosen(headers: &HeaderMap, formats: &[Format]) -> Result<Option<Format>, Problem> {
    let Some(first) = formats.first() else { return Ok(None) };
    let wanted: Vec<&str> = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let wanted = wanted.join(",");
    if wanted.trim().is_empty() {
        return Ok(Some(*first));
    }
    let mut best: Option<(Format, f32)> = None;
    for format in formats {
        let weight = weight(&wanted, format.media_type());
        if weight > best.map_or(0.0, |(_, weight)| weight) {
            best = Some((*format, weight));
        }
    }
    match best {
        Some((format, _)) => Ok(Some(format)),
        None => Err(Problem::not_acceptable(&formats.iter().map(|format| format.media_type()).collect::<Vec<_>>())),
    }
}

/// How much a media type is wanted: the most specific range that holds it decides.
fn weight(wanted: &str, media_type: &str) -> f32 {
    let mut best = (0, 0.0);
    for range in wanted.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
        let group = media_type.split('/').next().unwrap_or_default();
        let specific = match name.as_str() {
            "*/*" => 1,
            name if name.strip_suffix("/*") == Some(group) => 2,
            name if name == media_type => 3,
            _ => 0,
        };
        if specific > best.0 {
            best = (specific, quality);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_form_that_is_wanted_most_is_chosen() {
        let formats = [Format::Json, Format::Ndjson, Format::Table];
        let chosen = |accept: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            super::chosen(&headers, &formats).map(|format| format.map(Format::as_str))
        };
        assert_eq!(super::chosen(&HeaderMap::new(), &formats).unwrap(), Some(Format::Json));
        assert_eq!(chosen("*/*").unwrap(), Some("json"));
        assert_eq!(chosen("text/plain").unwrap(), Some("table"));
        assert_eq!(chosen("text/*;q=0.5, application/x-ndjson;q=0.9, */*;q=0.1").unwrap(), Some("ndjson"));
        assert_eq!(chosen("application/json;q=0, */*").unwrap(), Some("ndjson"));
        assert_eq!(chosen("text/html").unwrap_err().code, "not-acceptable");
    }
}
