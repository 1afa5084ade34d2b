//! `deedbook verify`

use ledger::verify::{Class, Finding, Options, Report};
use serde_json::json;

use super::Place;
use crate::cli::{Format, Verify};
use crate::exit::Exit;
use crate::pipeline;
use crate::progress::Line;

pub(crate) fn run(place: &Place, verify: &Verify) -> anyhow::Result<Exit> {
    let log = place.log()?;
    let checkpoint = match &verify.checkpoint {
        Some(path) => {
            Some(std::fs::read(path).map_err(|error| anyhow::anyhow!("read checkpoint {}: {error}", path.display()))?)
        }
        None => None,
    };
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let options = Options { checkpoint, bodies: !verify.tree_only, from: 0, threads };
    let line = Line::leaves("verify");
    let mut report =
        ledger::verify::run(&place.data, &log.short, &options, &mut |at| line.at(at.leaves, at.leaves_total))?;
    // Derived files are looked at only over sound evidence: over damaged evidence the answer is known.
    let is_copy = pipeline::is_copy(&place.data, &log);
    let derived = if report.is_intact() && !is_copy { derived(place, &log) } else { Vec::new() };
    if is_copy {
        report.notes.push("a copy without keys and derived files: these are not looked for".to_owned());
    }
    line.finish();
    let exit = exit(&report, &derived);
    match verify.output.format {
        Format::Table => print(&report, &derived),
        _ => println!("{}", as_json(&report, &derived, exit)),
    }
    Ok(exit)
}

/// What is wrong with derived files, as place and reason.
fn derived(place: &Place, log: &ledger::LogInfo) -> Vec<(String, String)> {
    let checked = pipeline::view(&place.data, log)
        .and_then(|view| Ok(lake::check(&place.data.join("lake"), &lake::Log::new(view))?));
    match checked {
        Ok(differences) => differences.into_iter().map(|d| (format!("lake/{}", d.file), d.what)).collect(),
        Err(error) => vec![("lake".to_owned(), crate::exit::text(&error))],
    }
}

fn exit(report: &Report, derived: &[(String, String)]) -> Exit {
    let has = |class| report.findings.iter().any(|finding| finding.class == class);
    if has(Class::Altered) || has(Class::Missing) {
        Exit::Altered
    } else if has(Class::Unverifiable) {
        Exit::Unverifiable
    } else if derived.is_empty() {
        Exit::Done
    } else {
        Exit::Derived
    }
}

fn print(report: &Report, derived: &[(String, String)]) {
    for Finding { class, place, what } in &report.findings {
        println!("{:<12} {place}: {what}", class.as_str());
    }
    for (place, what) in derived {
        println!("{:<12} {place}: {what}", "derived");
    }
    let verdict = match (report.is_intact(), derived.is_empty()) {
        (true, true) => "intact",
        (true, false) => "evidence intact, derived files differ: run `deedbook lake rebuild`",
        (false, _) => "NOT INTACT",
    };
    println!(
        "{verdict}: log {} ({}), {} leaves, root {}",
        report.info.short, report.info.origin, report.size, report.root
    );
    println!("{} leaves opened and recomputed, {} bytes of evidence read", report.opened, report.evidence_bytes);
    match &report.anchored {
        Some(anchor) => println!(
            "anchored: the first {} leaves, by the kept checkpoint; unanchored: {} leaves, our own key alone",
            anchor.size,
            report.size.0 - anchor.size.0
        ),
        None => println!("anchored: nothing; unanchored: all {} leaves, our own key alone", report.size),
    }
    for note in &report.notes {
        eprintln!("note: {note}");
    }
}

fn as_json(report: &Report, derived: &[(String, String)], exit: Exit) -> serde_json::Value {
    let anchored = report.anchored.as_ref().map_or(0, |anchor| anchor.size.0);
    json!({
        "verdict": if report.is_intact() && derived.is_empty() { "intact" } else { "not intact" },
        "exit": exit as u8,
        "log": report.info.short,
        "origin": report.info.origin,
        "size": report.size.0,
        "root": report.root,
        "opened": report.opened,
        "evidence_bytes": report.evidence_bytes,
        "anchored": anchored,
        "unanchored": report.size.0 - anchored,
        "findings": report.findings.iter().map(|finding| json!({
            "class": finding.class.as_str(), "place": finding.place, "what": finding.what,
        })).chain(derived.iter().map(|(place, what)| json!({
            "class": "derived", "place": place, "what": what,
        }))).collect::<Vec<_>>(),
        "notes": report.notes,
    })
}
