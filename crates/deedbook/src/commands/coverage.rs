//! `deedbook coverage`: identities listed by an inventory, seen in records, and owned.

use std::ops::ControlFlow;

use trace::coverage::{Coverage, Identity, Tally};

use super::Place;
use crate::cli::Asking;
use crate::exit::Exit;
use crate::lines::{Line, block, gaps, moment, shown};
use crate::question::Question;

/// Names of one list that people read; -o json has all of them.
const NAMES_MAX: usize = 20;

pub(crate) fn run(place: &Place, asking: &Asking) -> anyhow::Result<Exit> {
    let question = Question::open(place, asking)?;
    let progress = crate::progress::Line::events("reading");
    let mut tally = Tally::new(&question.settings);
    question.facts.scan(question.since, question.until, &mut |_, fact| {
        progress.one_more();
        tally.add(&fact);
        ControlFlow::Continue(())
    })?;
    progress.finish();
    question.print("coverage", &tally.finish(&question.facts)?, lines)?;
    Ok(Exit::Done)
}

fn lines(coverage: &Coverage) -> Vec<String> {
    let mut lines = Vec::new();
    for count in &coverage.platforms {
        let inventory = match &count.inventory {
            Some(inventory) => format!("inventory of {} (record {})", moment(inventory.time), inventory.event_id),
            None => "no inventory seen".to_owned(),
        };
        lines.push(format!(
            "{:<10} {} inventoried  {} seen  {} never seen  {} not inventoried  {} unowned  {inventory}",
            count.platform, count.inventoried, count.seen, count.never_seen, count.not_inventoried, count.unowned
        ));
    }
    let mut body = Vec::new();
    list("never seen", &coverage.never_seen, &mut body);
    list("not listed", &coverage.not_inventoried, &mut body);
    list("unowned", &coverage.unowned, &mut body);
    body.extend(gaps(&coverage.gaps));
    lines.extend(block(&body));
    lines
}

fn list(label: &str, identities: &[Identity], body: &mut Vec<Line>) {
    for identity in identities.iter().take(NAMES_MAX) {
        let name = identity.name.as_ref().map(|name| format!("  {name}")).unwrap_or_default();
        let text = format!("{}{name}  {} events", shown(&identity.principal), identity.events);
        body.push(Line::new(label, text).by(None, identity.listed.as_ref().or(identity.last_seen.as_ref())));
    }
    if identities.len() > NAMES_MAX {
        body.push(Line::new("", format!("... {} more; -o json has all", identities.len() - NAMES_MAX)));
    }
}
