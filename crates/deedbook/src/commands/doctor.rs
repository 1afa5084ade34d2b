//! `deedbook doctor`: what stands in the way of good answers, and the line that mends it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use serde::Serialize;
use trace::Evidence;

use super::Place;
use super::upkeep::Upkeep;
use crate::cli::Asking;
use crate::exit::Exit;
use crate::lines::{Line, block};
use crate::question::Question;

/// Issuers of foreign tokens that are named; those beyond are counted as cut.
const ISSUERS_MAX: usize = 1_000;

/// What was found.
#[derive(Serialize)]
struct Findings {
    /// Issuers whose subjects act in records, and nobody said whose tokens they sign.
    issuers_not_configured: Vec<Unknown>,
    /// Authorities of platforms whose records do not name their own, where none was set.
    authorities_unknown: Vec<Unknown>,
    #[serde(flatten)]
    upkeep: Upkeep,
    /// Whether there were more issuers than are kept.
    cut: bool,
}

/// Something that is not configured.
#[derive(Serialize)]
struct Unknown {
    name: String,
    events: u64,
    /// The first record that shows it.
    example: Evidence,
}

pub(crate) fn run(place: &Place, asking: &Asking) -> anyhow::Result<Exit> {
    let question = Question::open(place, asking)?;
    let configured: BTreeSet<&str> = question.settings.issuers.iter().map(|issuer| issuer.host.as_str()).collect();
    let (mut issuers, mut sources, mut cut) = (BTreeMap::new(), BTreeMap::new(), false);
    let progress = crate::progress::Line::events("reading");
    question.facts.scan(question.since, question.until, &mut |source, fact| {
        progress.one_more();
        let aliased = fact.aliases.iter().flat_map(|alias| [&alias.a, &alias.b]);
        let named = [&fact.actor.uri].into_iter().chain(&fact.subject).chain(aliased);
        let hosts: BTreeSet<String> = named.filter_map(|uri| trace::foreign_issuer(uri)).collect();
        for host in hosts.into_iter().filter(|host| !configured.contains(host.as_str())) {
            if issuers.len() < ISSUERS_MAX || issuers.contains_key(&host) {
                issuers.entry(host).or_insert_with(|| (0, Evidence::of(&fact))).0 += 1;
            } else {
                cut = true;
            }
        }
        if fact.authority == "unknown" {
            let name = format!("{source} ({})", fact.platform);
            sources.entry(name).or_insert_with(|| (0, Evidence::of(&fact))).0 += 1;
        }
        ControlFlow::Continue(())
    })?;
    progress.finish();
    let listed = |found: BTreeMap<String, (u64, Evidence)>| {
        found.into_iter().map(|(name, (events, example))| Unknown { name, events, example }).collect()
    };
    let (issuers_not_configured, authorities_unknown) = (listed(issuers), listed(sources));
    let upkeep = Upkeep::of(place, question.tables())?;
    let findings = Findings { issuers_not_configured, authorities_unknown, upkeep, cut };
    question.print("doctor", &findings, lines)?;
    Ok(Exit::Done)
}

fn lines(findings: &Findings) -> Vec<String> {
    let mut body = Vec::new();
    for issuer in &findings.issuers_not_configured {
        let Unknown { name, events, example } = issuer;
        let text = format!(
            "{name}: {events} events of its subjects; `deedbook source set SOURCE --platform P --authority ID --issuer {name}`"
        );
        body.push(Line::new("issuer", text).by(None, Some(example)));
    }
    for source in &findings.authorities_unknown {
        let Unknown { name, events, example } = source;
        let own = name.split(' ').next().unwrap_or(name);
        let text = format!(
            "{name}: {events} events do not say which cluster or host they are of; `deedbook source set {own} --authority ID`"
        );
        body.push(Line::new("authority", text).by(None, Some(example)));
    }
    if findings.cut {
        body.push(Line::new("cut", format!("more than {ISSUERS_MAX} issuers")));
    }
    body.extend(findings.upkeep.lines());
    if body.is_empty() {
        return vec!["nothing found".to_owned()];
    }
    block(&body)
}
