//! `deedbook fingerprint`: what the log knows of a token that leaked, without anybody being told the token.

use std::io::{IsTerminal as _, Read as _};

use anyhow::Context as _;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use sources::scrub::Scrubber;
use trace::who::{self, Who};

use super::Place;
use crate::cli::Asking;
use crate::exit::{Exit, Usage};
use crate::lines::{moment, person, shown};
use crate::question::Question;
use crate::{pasted, pipeline};

/// Longest token.
const TOKEN_BYTES_MAX: u64 = 64 << 10;

/// Events and records shown when nobody says how many.
const SHOWN: usize = 20;

/// What is known of a token.
#[derive(Serialize)]
struct Answer {
    /// As it stands in replacements: `deedbook:secret:<rule>:<fingerprint>`.
    fingerprint: String,
    /// Where the token itself was, before it was replaced.
    replaced: Vec<serde_json::Value>,
    /// Events of platforms that log a digest of the token they were shown.
    used: Vec<Who>,
    /// Whether older ones were left out.
    more: bool,
}

/// Reads a token from the terminal without echo, or from standard input, and prints its fingerprint and where it was.
pub(crate) fn run(place: &Place, asking: &Asking) -> anyhow::Result<Exit> {
    let token = token()?;
    let question = Question::open(place, asking)?;
    let log = place.log()?;
    let scrubber = Scrubber::new(log.read_fingerprint_key()?).context("rules of known secrets")?;
    let fingerprint = scrubber.fingerprint(token.as_bytes());
    let limit = asking.limit.unwrap_or(SHOWN).max(1);
    // A platform that logs a digest logs SHA-256, in hex or base64; an HMAC with a key of its own cannot be joined.
    let hits = pasted::events(&question, &format!("sha256:{}", model::hex(&Sha256::digest(&token))), limit)?;
    let used = hits.facts.iter().map(|fact| who::of_event(&question.facts, fact, &question.settings));
    let answer = Answer {
        replaced: replaced(place, &log, &fingerprint, limit)?,
        used: used.collect::<Result<_, _>>()?,
        more: hits.more,
        fingerprint: fingerprint.clone(),
    };
    if answer.used.is_empty() && answer.replaced.is_empty() {
        eprintln!(
            "neither the token nor its SHA-256 is in any record; platforms that log an HMAC of it, as Vault does, cannot be joined"
        );
    }
    question.print(&fingerprint, &answer, lines)?;
    Ok(Exit::Done)
}

fn token() -> anyhow::Result<String> {
    let stdin = std::io::stdin();
    let mut token = String::new();
    if stdin.is_terminal() {
        token = rpassword::prompt_password("token (not shown): ").context("read the token")?;
    } else {
        stdin.take(TOKEN_BYTES_MAX + 1).read_to_string(&mut token).context("read the token")?;
    }
    let token = token.trim();
    match token.len() as u64 {
        0 => Err(Usage("no token came; it is read from the terminal or from standard input".to_owned()).into()),
        1..=TOKEN_BYTES_MAX => Ok(token.to_owned()),
        _ => Err(Usage(format!("over {TOKEN_BYTES_MAX} bytes: no token is that long")).into()),
    }
}

/// The newest records in which the token was replaced. All records are read for it: no index holds what nobody may search for.
fn replaced(
    place: &Place,
    log: &ledger::LogInfo,
    fingerprint: &str,
    limit: usize,
) -> anyhow::Result<Vec<serde_json::Value>> {
    let query = format!(
        "SELECT event_id, source, received_at FROM records WHERE strpos(raw, ':{fingerprint}') > 0 ORDER BY leaf_index DESC LIMIT {limit}"
    );
    let answer = pipeline::tables(&place.data, log)?.sql(&query, lake::Limits::default())?;
    let mut rows = Vec::new();
    for batch in answer {
        let batch = batch?;
        for row in 0..batch.num_rows() {
            rows.push(serde_json::from_str(&lake::json::row(&batch, row))?);
        }
    }
    Ok(rows)
}

fn lines(answer: &Answer) -> Vec<String> {
    let mut lines = vec![format!("fingerprint {}", answer.fingerprint)];
    for row in &answer.replaced {
        let text = |name: &str| row.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
        lines.push(format!("{}  replaced in record {} of {}", text("received_at"), text("event_id"), text("source")));
    }
    for who in &answer.used {
        let operation = who.operation.as_deref().unwrap_or("an unnamed call");
        let by = person(&who.executed_by.principal, who.executed_by.name.as_deref());
        let what = who.resources.first().map(|uri| shown(uri)).unwrap_or_default();
        lines.push(format!(
            "{}  used for {operation} {what} by {by}  record {}",
            moment(who.event.time),
            who.event.event_id
        ));
    }
    if answer.more {
        lines.push(format!("the newest {} uses shown; --limit shows more", answer.used.len()));
    }
    lines
}
