//! Questions about attribution: `who`, `trace`, `blast-radius`, `session`, each in a process of its own,
//! with files cold and then again with what the operating system has kept of them; and whether answers are what
//! the scenario says is true.

use std::path::Path;
use std::time::Duration;

use super::questions::{timings, values};
use super::report::{Report, ms};
use super::{Place, Result, percentile, sizes};

/// Questions of each kind.
const QUESTIONS: usize = 40;

/// A command, and the column of `events` whose values it is asked about.
const ASKED: &[(&str, &str)] = &[
    ("who", "event_id"),
    ("who", "credential_native_id"),
    ("trace", "credential_uri"),
    ("blast-radius", "credential_uri"),
    ("session", "event_id"),
];

pub(crate) fn measure(place: &Place, truth: Option<&Path>, report: &mut Report) -> Result<()> {
    eprintln!("attribution");
    sizes::make_cold(&place.data())?;
    for (command, column) in ASKED {
        let asked = values(place, column)?;
        let name = format!("{command} by {column}");
        ask(place, report, &name, command, asked.iter().take(QUESTIONS))?;
    }
    let busiest = "SELECT actor_principal AS v FROM events GROUP BY 1 ORDER BY count(*) DESC LIMIT 1";
    let busiest = place.deedbook(&["sql", "-o", "csv", busiest]).run()?.out;
    let busiest: Vec<String> = busiest.lines().skip(1).map(str::to_owned).collect();
    ask(place, report, "who, the busiest principal", "who", std::iter::repeat_n(&busiest, QUESTIONS).flatten())?;
    let Some(truth) = truth else { return Ok(()) };
    eprintln!("truth");
    for line in super::truth::judged(place, truth, None)?.lines() {
        let (what, told) = line.split_once(": ").unwrap_or((line, ""));
        report.line("answers against the truth", what, told, "L1, L2: none wrong or missed");
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
        sizes::drop_pages(&place.data())?;
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
