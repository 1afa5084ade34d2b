//! Questions about attribution: `who`, `trace`, `blast-radius`, `session`, each in a process of its own,
//! with files cold and then again with what the operating system has kept of them; and, over a sample of
//! the scenario's truth, whether the answers are right.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::time::Duration;

use serde_json::Value;

use super::questions::{timings, values};
use super::report::{Report, ms};
use super::{Place, Result, percentile, sizes};

/// Questions of each kind.
const QUESTIONS: usize = 20;

/// A command, and the column of `events` whose values it is asked about.
const ASKED: &[(&str, &str)] = &[
    ("who", "event_id"),
    ("who", "credential_native_id"),
    ("trace", "credential_uri"),
    ("blast-radius", "credential_uri"),
    ("session", "event_id"),
];

pub(crate) fn measure(place: &Place, report: &mut Report) -> Result<()> {
    eprintln!("attribution");
    for (command, column) in ASKED {
        let asked = values(place, column)?;
        let name = format!("{command} by {column}");
        ask(place, report, &name, command, asked.iter().take(QUESTIONS))?;
    }
    let busiest = "SELECT actor_principal AS v FROM events GROUP BY 1 ORDER BY count(*) DESC LIMIT 1";
    let busiest = place.deedbook(&["sql", "-o", "csv", busiest]).run()?.out;
    let busiest: Vec<String> = busiest.lines().skip(1).map(str::to_owned).collect();
    ask(place, report, "who, the busiest principal", "who", std::iter::repeat_n(&busiest, QUESTIONS).flatten())?;
    judge(place, report)
}

/// Credentials of the truth whose issuance is asked for.
const JUDGED: usize = 400;

/// Links of one tier, held against the truth.
#[derive(Default)]
struct Score {
    found: usize,
    wrong: usize,
    missed: usize,
}

/// Asks for the lineage of credentials from all over the truth: does the record that issued each come out?
fn judge(place: &Place, report: &mut Report) -> Result<()> {
    let truth = || -> Result<_> { Ok(BufReader::new(File::open(place.logs().join("truth.ndjson"))?).lines()) };
    let step = (truth()?.count() / JUDGED).max(1);
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    for line in truth()?.step_by(step) {
        let minted: Value = serde_json::from_str(&line?)?;
        let text = |key: &str| minted.pointer(key).and_then(Value::as_str).unwrap_or_default();
        let (credential, issuance) = (text("/credential"), text("/minted_by"));
        // A key older than the log has no record that issued it; one that no log shows cannot be asked about.
        if issuance.is_empty() {
            continue;
        }
        let Ok(ran) = place.deedbook(&["trace", credential, "-o", "json"]).run() else {
            scores.entry(text("/tiers/issuance").to_owned()).or_default().missed += 1;
            continue;
        };
        let answer: Value = serde_json::from_str(&ran.out)?;
        let edges = answer.pointer("/answer/up/edges").and_then(Value::as_array).cloned().unwrap_or_default();
        let first = edges.iter().filter(|edge| edge.get("hop").and_then(Value::as_u64) == Some(0));
        let mut issuers = first.filter_map(|edge| edge.pointer("/issuer/source_event_id")?.as_str());
        let score = scores.entry(text("/tiers/issuance").to_owned()).or_default();
        match (issuers.clone().next(), issuers.any(|issuer| issuer == issuance)) {
            (_, true) => score.found += 1,
            (Some(_), false) => score.wrong += 1,
            (None, false) => score.missed += 1,
        }
    }
    for (tier, Score { found, wrong, missed }) in scores {
        let text = format!("{found} found, {wrong} wrong, {missed} missed");
        report.line("issuance, a sample of the truth", &tier, &text, "L1, L2: none wrong or missed");
    }
    Ok(())
}

fn ask<'v>(
    place: &Place,
    report: &mut Report,
    name: &str,
    command: &str,
    asked: impl Iterator<Item = &'v String>,
) -> Result<()> {
    let (mut cold, mut warm) = (Vec::new(), Vec::new());
    for value in asked {
        sizes::make_cold(&place.data())?;
        for took in [&mut cold, &mut warm] {
            let ran = place.deedbook(&[command, value, "--timing", "-o", "json"]).run()?;
            took.extend(timings(&ran.err, "answer"));
        }
    }
    let mut said = |mut took: Vec<Duration>, how: &str| {
        took.sort();
        let text = format!("p50 {}, p95 {}", ms(percentile(&took, 0.5)), ms(percentile(&took, 0.95)));
        report.line(name, how, &text, "p95 <= 100 ms");
    };
    said(cold, "cold files");
    said(warm, "warm files");
    Ok(())
}
