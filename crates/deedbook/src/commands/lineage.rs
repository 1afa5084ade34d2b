//! `deedbook trace`: lineage up to the origin, and down to everything minted, as a tree.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use trace::{BlastRadius, Edge, Gap, Key, Lineage, Lookup, Store as _, blast_radius, lineage};

use super::{Place, one_of};
use crate::cli::Asking;
use crate::exit::Exit;
use crate::lines::{Line, block, gaps, person, shown, word};
use crate::pasted::{self, Class};
use crate::question::Question;

/// Both directions from one place.
#[derive(Serialize)]
struct Answer {
    start: String,
    up: Lineage,
    down: BlastRadius,
}

pub(crate) fn run(place: &Place, text: &str, asking: &Asking) -> anyhow::Result<Exit> {
    let question = Question::open(place, asking)?;
    let Question { facts, settings, since, until, .. } = &question;
    let event = text.parse().ok().map(|id| facts.event(&id)).transpose()?.flatten();
    let answer = match event {
        Some(event) => {
            let start = event.credential.as_ref().map_or(event.actor.uri.clone(), |used| used.uri.clone());
            let up = lineage::of_event(facts, &event, settings)?;
            Answer { down: blast_radius::of(facts, &start, *since, *until, settings)?, start, up }
        }
        None => {
            let found = pasted::uris(&question, text, &[Class::Credential, Class::Session, Class::Principal])?;
            let start = one_of(&question, text, found)?;
            // What opened a session is found from a call in it.
            let call = facts.find(&Lookup::newest(Key::Session(&start), *until, 1))?.facts.into_iter().next();
            let up = match call {
                Some(call) => lineage::of_event(facts, &call, settings)?,
                None => lineage::of_credential(facts, &start, *until, settings)?,
            };
            Answer { down: blast_radius::of(facts, &start, *since, *until, settings)?, start, up }
        }
    };
    question.print(text, &answer, lines)?;
    Ok(Exit::Done)
}

fn lines(answer: &Answer) -> Vec<String> {
    let mut lines = vec![shown(&answer.start), "up".to_owned()];
    let mut body: Vec<Line> = answer.up.edges.iter().map(|edge| step(edge, edge.hop, &edge.from)).collect();
    for origin in &answer.up.origins {
        let text = person(&origin.principal, origin.name.as_deref());
        body.push(Line::new("origin", text).by(Some(origin.tier), Some(&origin.evidence)));
    }
    lines.extend(block(&body));
    lines.push("down".to_owned());
    let mut children: BTreeMap<&str, Vec<&Edge>> = BTreeMap::new();
    for edge in &answer.down.edges {
        children.entry(&edge.from).or_default().push(edge);
    }
    let mut body = Vec::new();
    let mut shown = BTreeSet::new();
    grow(&answer.start, 0, &children, &mut shown, &mut body);
    // What hangs on another of its names.
    for edge in &answer.down.edges {
        if !shown.contains(edge.to.as_str()) {
            shown.insert(edge.to.as_str());
            body.push(step(edge, 0, &edge.to));
            grow(&edge.to, 1, &children, &mut shown, &mut body);
        }
    }
    lines.extend(block(&body));
    let all: Vec<Gap> = answer.up.gaps.iter().chain(&answer.down.gaps).cloned().collect();
    lines.extend(block(&gaps(&all)));
    lines
}

fn step(edge: &Edge, depth: usize, uri: &str) -> Line {
    let marks = edge.marks.iter().map(|mark| format!(", {}", word(mark))).collect::<String>();
    let evidence = edge.issuer.as_ref().or(edge.user.as_ref());
    Line::new(&word(edge.kind), format!("{}{marks}", shown(uri))).deeper(depth).by(Some(edge.tier), evidence)
}

fn grow<'e>(
    from: &str,
    depth: usize,
    children: &BTreeMap<&str, Vec<&'e Edge>>,
    shown: &mut BTreeSet<&'e str>,
    lines: &mut Vec<Line>,
) {
    for edge in children.get(from).into_iter().flatten() {
        if shown.insert(edge.to.as_str()) {
            lines.push(step(edge, depth, &edge.to));
            grow(&edge.to, depth + 1, children, shown, lines);
        }
    }
}
