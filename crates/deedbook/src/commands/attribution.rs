//! `deedbook attribution`: the share of events with one clear actor.

use std::ops::ControlFlow;

use trace::attribution::{Shares, Tally};

use super::Place;
use crate::cli::Asking;
use crate::exit::Exit;
use crate::lines::{Line, block, gaps, shown, word};
use crate::question::Question;

/// Unclear names that people read; -o json has all of them.
const UNCLEAR_MAX: usize = 30;

pub(crate) fn run(place: &Place, asking: &Asking) -> anyhow::Result<Exit> {
    let question = Question::open(place, asking)?;
    let progress = crate::progress::Line::events("attributing");
    let mut tally = Tally::new(&question.facts, &question.settings);
    let mut failed = None;
    question.facts.scan(question.since, question.until, &mut |source, fact| {
        progress.one_more();
        match tally.add(Some(source), &fact) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    })?;
    progress.finish();
    if let Some(error) = failed {
        return Err(error.into());
    }
    question.print("attribution", &tally.finish(), lines)?;
    Ok(Exit::Done)
}

fn lines(shares: &Shares) -> Vec<String> {
    let percent = |part: u64, whole: u64| if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 };
    let mut lines =
        vec![format!("{} events, {:.3} % with one clear actor", shares.events, percent(shares.clear, shares.events))];
    for share in &shares.shares {
        let trace::attribution::Share { platform, source, events, clear, shared, ambiguous, unknown, tiers } = share;
        lines.push(format!(
            "  {:<10} {:<16} {events:>10} events  {:>8.3} % clear  {shared} shared  {ambiguous} ambiguous  \
             {unknown} unknown   weakest link: L1 {} L2 {} L3 {} L4 {} none {}",
            platform.as_str(),
            source.as_deref().unwrap_or("-"),
            percent(*clear, *events),
            tiers.l1,
            tiers.l2,
            tiers.l3,
            tiers.l4,
            tiers.record
        ));
    }
    let mut body = Vec::new();
    for unclear in shares.unclear.iter().take(UNCLEAR_MAX) {
        let text = format!("{}  {} events", shown(&unclear.principal), unclear.events);
        body.push(Line::new(&word(unclear.attribution), text).by(None, Some(&unclear.example)));
    }
    if shares.unclear.len() > UNCLEAR_MAX {
        body.push(Line::new("", format!("... {} more; -o json has all", shares.unclear.len() - UNCLEAR_MAX)));
    }
    body.extend(gaps(&shares.gaps));
    lines.extend(block(&body));
    lines
}
