//! `deedbook who`: who executed, with what, minted by whom, for whom, by whose leave, and why.

use std::io::Read as _;

use model::Status;
use serde::Serialize;
use trace::who::{self, Attribution, Who};
use trace::{EdgeKind, Found};

use super::Place;
use crate::cli::Asking;
use crate::exit::{Exit, Usage};
use crate::lines::{Line, block, gaps, moment, person, shown, word};
use crate::pasted;
use crate::question::Question;

/// Events shown when nobody says how many.
const EVENTS: usize = 20;

/// Longest alert read from standard input.
const ALERT_BYTES_MAX: u64 = 16 << 20;

/// The events a text leads to, each with its answer.
#[derive(Serialize)]
struct Answer {
    events: Vec<Who>,
    /// Whether older ones were left out.
    more: bool,
}

pub(crate) fn run(place: &Place, text: &str, asking: &Asking) -> anyhow::Result<Exit> {
    let question = Question::open(place, asking)?;
    let limit = asking.limit.unwrap_or(EVENTS).max(1);
    let hits = if text == "-" {
        let mut alert = String::new();
        std::io::stdin().take(ALERT_BYTES_MAX).read_to_string(&mut alert)?;
        let alert: serde_json::Value = serde_json::from_str(&alert)
            .map_err(|error| Usage(format!("standard input is no alert as JSON: {error}")))?;
        pasted::alert(&question, &alert, limit)?
    } else {
        pasted::events(&question, text, limit)?
    };
    if hits.facts.is_empty() {
        eprintln!("{}", question.nothing(text)?);
    }
    let answers = hits.facts.iter().map(|fact| who::of_event(&question.facts, fact, &question.settings));
    let answer = Answer { events: answers.collect::<Result<_, _>>()?, more: hits.more };
    question.print(text, &answer, |answer| {
        let mut lines: Vec<String> = answer.events.iter().flat_map(event).collect();
        if answer.more {
            lines.push(format!("the newest {} shown; --limit shows more", answer.events.len()));
        }
        lines
    })?;
    Ok(Exit::Done)
}

/// One event with its answer.
fn event(who: &Who) -> Vec<String> {
    let what = who.resources.first().map(|uri| shown(uri)).unwrap_or_default();
    let outcome = match who.status {
        Status::Success => "allowed",
        Status::Failure => "denied",
        other => other.as_str(),
    };
    let operation = who.operation.as_deref().unwrap_or("an unnamed call");
    let mut lines =
        vec![format!("{}  {operation}  {what}  {outcome}  record {}", moment(who.event.time), who.event.event_id)];
    let mut body =
        vec![Line::new("executed by", executor(who)).by(Some(who.executed_by.tier), Some(&who.executed_by.evidence))];
    if let Some(with) = &who.with {
        let minted = with.minted.as_ref().map(|minted| format!(", minted {}", moment(minted.time)));
        let text = format!("{}{}", shown(&with.credential), minted.unwrap_or_default());
        body.push(Line::new("with", text).by(Some(trace::Tier::L1), Some(&with.evidence)));
    }
    for hop in &who.minted_by {
        let label = match hop.edge {
            EdgeKind::Opened => "opened by",
            EdgeKind::Exchanged => "exchanged by",
            EdgeKind::Brokered => "brokered by",
            _ => "minted by",
        };
        let under = hop.grants.first().map(|grant| format!(", under {}", shown(grant))).unwrap_or_default();
        let with = if hop.parent == hop.principal { String::new() } else { format!(" with {}", shown(&hop.parent)) };
        let text = format!("{}{with}{under}", shown(&hop.principal));
        body.push(Line::new(label, text).by(Some(hop.tier), Some(&hop.evidence)));
    }
    if let Some(holder) = &who.held_by {
        let pod = holder.workload.as_ref().map(|workload| format!(" (in {workload})")).unwrap_or_default();
        let text = format!("{}{pod}", person(&holder.principal, holder.name.as_deref()));
        body.push(Line::new("held by", text).by(Some(holder.tier), Some(&holder.evidence)));
    }
    body.extend(origins(who));
    body.push(granted(who));
    for why in &who.why {
        let parts = [("ticket ", &why.ticket), ("", &why.reason), ("job ", &why.job)];
        let parts = parts.iter().filter_map(|(what, value)| value.as_ref().map(|value| format!("{what}{value}")));
        let text = parts.collect::<Vec<_>>().join(", ");
        body.push(Line::new("why", text).by(Some(why.tier), Some(&why.evidence)));
    }
    body.extend(gaps(&who.gaps));
    let attribution = match who.attribution {
        Attribution::Clear => "one clear actor",
        Attribution::Shared => "shared: many can use this name, and nothing tells which of them did",
        Attribution::Ambiguous => "ambiguous: several fit, and nothing tells which",
        Attribution::Unknown => "unknown: the record names nobody, or only what a caller claimed",
    };
    let weakest = who.weakest.map(|tier| format!(", weakest link {tier}")).unwrap_or_default();
    body.push(Line::new("attribution", format!("{attribution}{weakest}")));
    lines.extend(block(&body));
    lines.push(String::new());
    lines
}

fn executor(who: &Who) -> String {
    let place = who.executed_by.workload.as_ref().map(|workload| format!(" (in {workload})")).unwrap_or_default();
    format!("{}{place}", person(&who.executed_by.principal, who.executed_by.name.as_deref()))
}

fn origins(who: &Who) -> Vec<Line> {
    let mut agent = Vec::new();
    agent.extend(who.agent_run.as_ref().map(|run| format!(", agent run {run}")));
    agent.extend(who.agent_mode.map(|mode| format!(", mode {}", mode.as_str())));
    let line = |origin: &trace::Origin| {
        let found = match origin.found {
            Found::Lineage => "",
            Found::Federation => ", by federation",
            Found::Initiator => ", as a record says",
        };
        let text = format!("{}{found}{}", person(&origin.principal, origin.name.as_deref()), agent.concat());
        Line::new("on behalf of", text).by(Some(origin.tier), Some(&origin.evidence))
    };
    who.on_behalf_of.iter().map(line).collect()
}

/// The grant of a use and the verdict on it, in words.
pub(crate) fn verdict(proof: &trace::grant::Proof) -> String {
    let time = |nanos: Option<i64>| nanos.map_or_else(|| "?".to_owned(), moment);
    let grant = match (&proof.grant, &proof.uri) {
        (Some(grant), _) => {
            let window = format!("{} .. {}", time(grant.begins), time(grant.ends));
            format!("{}, {window}: ", shown(&grant.grant))
        }
        (None, Some(uri)) => format!("{}: ", shown(uri)),
        (None, None) => String::new(),
    };
    let mut text = format!("{grant}{}", word(proof.verdict));
    if proof.credential_outlives_grant {
        text.push_str(", the credential outlives the grant");
    }
    if proof.self_approved {
        text.push_str(", approved by the requester");
    }
    text
}

fn granted(who: &Who) -> Line {
    let evidence = who.granted_by.grant.as_ref().and_then(|grant| grant.evidence.first());
    Line::new("granted by", verdict(&who.granted_by)).by(who.granted_by.tier, evidence)
}
