//! `deedbook source quality`: what each source can answer at all.
//!
//! The six columns that make an event complete are those that PCI DSS 4.0.1 asks of a log (10.2.2): who, what, when, the
//! outcome, where it came from, and what it was done to. Credential, session and decision are what attribution needs beyond.

use std::fmt::Write as _;

use super::Place;
use crate::cli::Format;
use crate::exit::Exit;
use crate::{output, pipeline};

/// Each question, and when an event answers it. Names that nobody proved (`?`) answer nothing.
const QUESTIONS: [(&str, &str); 9] = [
    ("who", "actor_name IS NOT NULL AND actor_principal NOT LIKE '%/?%'"),
    ("what", "api_operation IS NOT NULL"),
    ("when", "NOT array_has(quality_missing, 'time')"),
    ("outcome", "status_id IN (1, 2)"),
    ("origin", "src_ip IS NOT NULL OR src_host IS NOT NULL"),
    ("where", "cardinality(resources) > 0"),
    ("credential", "credential_uri IS NOT NULL"),
    ("session", "session_uri IS NOT NULL"),
    ("decision", "decision_effect IS NOT NULL"),
];

/// How many of them make an event complete.
const NEEDED: usize = 6;

/// Prints the share of each source's events that answer each question, in percent. What inventories list is nobody's act and is
/// left out.
pub(crate) fn run(place: &Place, format: Format) -> anyhow::Result<Exit> {
    let log = place.log()?;
    let answer = pipeline::tables(&place.data, &log)?.sql(&query(), lake::Limits::default())?;
    if output::print(answer, format, None)? == 0 {
        eprintln!("no events yet; `deedbook source ls` shows what came");
    }
    Ok(Exit::Done)
}

fn query() -> String {
    let share = |name: &str, holds: &str| {
        format!(", round(100.0 * count(*) FILTER (WHERE {holds}) / count(*), 1) AS \"{name}\"")
    };
    let complete: Vec<_> = QUESTIONS.iter().take(NEEDED).map(|(_, holds)| format!("({holds})")).collect();
    let mut query = "SELECT source, platform, count(*) AS events".to_owned();
    // Writing to a string cannot fail.
    let _ = write!(query, "{}", share("complete", &complete.join(" AND ")));
    for (name, holds) in QUESTIONS {
        query.push_str(&share(name, holds));
    }
    query + " FROM events WHERE inventory_uri IS NULL GROUP BY source, platform ORDER BY source, platform"
}
