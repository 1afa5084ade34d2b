//! Links from a page of events to the next and the previous one (RFC 8288): the cursor is the id of an event.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::Format;
use super::arguments::Pair;

/// Events of a page when nobody says how many, as the command has it.
const PAGE_EVENTS: usize = 1_000;

#[derive(Deserialize)]
struct Row {
    event_id: String,
}

/// The value of `Link` for a whole page, in JSON or as lines; `said` is what the command said beside it.
pub(super) fn links(path: &str, asked: &[Pair], format: Option<Format>, page: &[u8], said: &str) -> Option<String> {
    if !matches!(format, Some(Format::Json | Format::Ndjson))
        || asked.iter().any(|(name, _)| name == "origin" || name == "group")
    {
        return None;
    }
    let has = |name: &str| asked.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
    let kept: Vec<&Pair> =
        asked.iter().filter(|(name, _)| !["before", "after", "sealed_after"].contains(&name.as_str())).collect();
    let link = |cursor: &str, id: &str, rel: &str| {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let mut query: String = kept.iter().map(|(name, value)| format!("{name}={}&", encoded(value))).collect();
        query.push_str(&format!("{cursor}={id}"));
        format!("<{path}?{query}>; rel=\"{rel}\"")
    };
    let rows = rows(page);
    let (first, last) = (rows.first().copied().and_then(id), rows.last().copied().and_then(id));
    if let Some(from) = has("sealed_after") {
        let next = seen_through(said).map(str::to_owned).or(last).unwrap_or_else(|| from.to_owned());
        return Some(link("sealed_after", &next, "next"));
    }
    let limit = has("limit").and_then(|limit| limit.parse().ok()).unwrap_or(PAGE_EVENTS);
    let is_full = limit > 0 && rows.len() >= limit;
    let mut links = Vec::new();
    // Behind a full page there may be more; so there is behind one that was reached from there.
    links.extend(last.filter(|_| is_full || has("after").is_some()).map(|id| link("before", &id, "next")));
    links.extend(first.map(|id| link("after", &id, "prev")));
    (!links.is_empty()).then(|| links.join(", "))
}

/// The rows of a page, each a JSON object: the lines of both forms.
pub(super) fn rows(page: &[u8]) -> Vec<&[u8]> {
    page.split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b",").unwrap_or(line))
        .filter(|line| line.starts_with(b"{"))
        .collect()
}

/// The id of the event of a row.
pub(super) fn id(row: &[u8]) -> Option<String> {
    Some(serde_json::from_slice::<Row>(row).ok()?.event_id)
}

/// How far the command says that it looked.
pub(super) fn seen_through(said: &str) -> Option<&str> {
    said.lines().find_map(|line| line.strip_prefix("seen through ")).map(str::trim)
}
