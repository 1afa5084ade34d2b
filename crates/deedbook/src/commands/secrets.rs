//! `deedbook source secrets`: what was replaced, by source and rule, and what looks random and no rule knows.

use std::collections::BTreeMap;
use std::sync::Arc;

use lake::{Lake, Limits};
use serde::Serialize;
use sources::scrub::random_texts;

use super::{Place, token};
use crate::cli::Format;
use crate::exit::Exit;
use crate::{output, pipeline};

/// The newest leaves among which records are looked at for random texts.
const SAMPLED_LEAVES_MAX: u64 = 10_000;

/// One source.
#[derive(Debug, Default, Serialize)]
struct Told {
    source: String,
    /// Whether known secrets are replaced now: `on` or `off`.
    scrubbing: &'static str,
    rules: Vec<Rule>,
    /// Records among the newest leaves of the log that were looked at for random texts.
    sampled: u64,
    /// Texts in them that look random.
    random_texts: u64,
}

/// One rule that knew secrets of a source.
#[derive(Debug, Serialize)]
struct Rule {
    rule: String,
    replaced: u64,
    records: u64,
    /// When the last of those records was received, RFC 3339.
    last: String,
}

pub(crate) fn run(place: &Place, format: Format) -> anyhow::Result<Exit> {
    let log = place.log()?;
    let unscrubbed = token::known(&pipeline::view(&place.data, &log)?)?.unscrubbed;
    let tables = pipeline::tables(&place.data, &log)?;
    let mut all = BTreeMap::new();
    for source in tables.sources()? {
        let scrubbing = if unscrubbed.contains(&source.name) { "off" } else { "on" };
        all.insert(source.name.clone(), Told { source: source.name, scrubbing, ..Told::default() });
    }
    replaced(&tables, &mut all)?;
    sample(&tables, &mut all)?;
    let all: Vec<Told> = all.into_values().collect();
    output::told(format, &all, &all, || all.iter().flat_map(lines).collect())?;
    Ok(Exit::Done)
}

/// What the sealed headers say was replaced.
fn replaced(tables: &Arc<Lake>, all: &mut BTreeMap<String, Told>) -> anyhow::Result<()> {
    let query =
        "SELECT source, rule, count(*) AS replaced, count(DISTINCT leaf_index) AS records, max(received_at) AS last
                 FROM (SELECT source, leaf_index, received_at, unnest(secret_rules) AS rule FROM records
                       WHERE secrets_replaced > 0) AS each
                 GROUP BY source, rule ORDER BY source, replaced DESC, rule";
    output::each_row(tables.sql(query, Limits::default())?, |cell| {
        let number = |at: usize| cell(at).parse().unwrap_or_default();
        let rule = Rule { rule: cell(1), replaced: number(2), records: number(3), last: cell(4) };
        all.entry(cell(0)).or_default().rules.push(rule);
    })
}

/// Looks at the newest records for texts that no rule knows.
fn sample(tables: &Arc<Lake>, all: &mut BTreeMap<String, Told>) -> anyhow::Result<()> {
    let from = tables.tree_size().saturating_sub(SAMPLED_LEAVES_MAX);
    let query = format!("SELECT source, raw FROM records WHERE leaf_index >= {from}");
    output::each_row(tables.sql(&query, Limits::default())?, |cell| {
        let told = all.entry(cell(0)).or_default();
        told.sampled += 1;
        told.random_texts += random_texts(cell(1).as_bytes());
    })
}

fn lines(told: &Told) -> Vec<String> {
    let Told { source, scrubbing, rules, sampled, random_texts } = told;
    let known: u64 = rules.iter().map(|rule| rule.replaced).sum();
    let mut lines = vec![match *scrubbing {
        "off" => format!("{source}  scrubbing is off: secrets are sealed as they come; {known} were replaced before"),
        _ => format!("{source}  {known} known secrets were replaced"),
    }];
    lines.extend(rules.iter().map(|rule| {
        let Rule { rule, replaced, records, last } = rule;
        format!("  {rule:<32} {replaced:>8} in {records} records, the last {last}")
    }));
    if *random_texts > 0 {
        lines.push(format!(
            "  {random_texts} texts look random in its newest {sampled} records: ids, or a rule is missing"
        ));
    }
    lines
}
