//! `deedbook ingest`

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use anyhow::Context as _;
use collect::{Input, Progress};

use super::Place;
use crate::cli::{Format, Ingest};
use crate::control::{self, Request};
use crate::exit::{Exit, Usage};
use crate::pipeline::{self, Job, Report, Writer};
use crate::progress::Line;

pub(crate) fn run(place: &Place, ingest: &Ingest) -> anyhow::Result<Exit> {
    let mappings = pipeline::mappings(place)?;
    let platform = pipeline::platform(&ingest.platform)?;
    let stdin = ingest.inputs.iter().any(|input| input == "-");
    if ingest.dry_run {
        return dry_run(ingest, platform, &mappings, stdin);
    }
    if ingest.init && ledger::discover(&place.data).is_err() {
        let log = super::init::make(place, None)?;
        eprintln!("made log {} ({}) in {}", log.short, log.origin, place.data.display());
    }
    let log = place.log()?;
    let job =
        Job { inputs: absolute(&ingest.inputs)?, source: ingest.source.clone(), platform: ingest.platform.clone() };
    let line = Line::bytes("ingest");
    let mut show = |now: &collect::Snapshot| line.show(now);
    let request = Request::Ingest { job: job.clone(), stdin };
    let report = match control::ask(&place.data, &request, stdin, &mut show)? {
        Some(report) => report,
        None => {
            let stop = stop_on_interrupt()?;
            let stream = stdin.then(|| Box::new(std::io::stdin()) as Box<dyn Read + Send>);
            with_writer(place, &log, &stop, |writer| writer.ingest(&job, stream, &stop, &mut show))?
        }
    };
    line.finish();
    print(&report, ingest.output.format)?;
    Ok(exit(&report))
}

/// Takes the lock, runs `work` and closes the log cleanly, also after an error of `work`.
pub(crate) fn with_writer(
    place: &Place,
    log: &ledger::LogInfo,
    stop: &Arc<AtomicBool>,
    work: impl FnOnce(&Arc<Writer>) -> anyhow::Result<Report>,
) -> anyhow::Result<Report> {
    with_opened(place, Writer::open(&place.data, log)?, stop, work)
}

/// The same with a writer that has the lock.
pub(crate) fn with_opened(
    place: &Place,
    writer: Writer,
    stop: &Arc<AtomicBool>,
    work: impl FnOnce(&Arc<Writer>) -> anyhow::Result<Report>,
) -> anyhow::Result<Report> {
    let writer = Arc::new(writer);
    writer.follow()?;
    let closing = Arc::new(AtomicBool::new(false));
    let guests = control::listen(&place.data, Arc::clone(&writer), Arc::clone(&closing), Arc::clone(stop))?;
    let result = work(&writer);
    // No new guests; those at work are waited for, then the log is closed.
    closing.store(true, Relaxed);
    drop(guests.join());
    let closed = writer.close();
    let report = result?;
    closed?;
    Ok(report)
}

/// Seals directives, through the process that holds the lock if there is one. When this returns, they are durable and
/// hold; a server on this log knows them.
pub(crate) fn set_directives(
    place: &Place,
    log: &ledger::LogInfo,
    directives: &[model::Directive],
) -> anyhow::Result<Report> {
    let request = control::Request::Set { directives: directives.to_vec() };
    match control::ask(&place.data, &request, false, &mut |_| {})? {
        Some(report) => Ok(report),
        None => with_writer(place, log, &stop_on_interrupt()?, |writer| writer.set(directives)),
    }
}

/// Ctrl-C and SIGTERM ask the run to end cleanly; a second one is the operating system's.
pub(crate) fn stop_on_interrupt() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if asked.swap(true, Relaxed) {
            std::process::exit(130);
        }
        eprintln!("stopping: what is sealed stays sealed, the next run goes on (Ctrl-C again to give up)");
    })
    .context("take over Ctrl-C")?;
    Ok(stop)
}

/// Paths as another process would find them; `-` is left out, it travels as a stream.
fn absolute(inputs: &[String]) -> anyhow::Result<Vec<String>> {
    let paths = inputs.iter().filter(|input| *input != "-").map(|input| {
        let path = std::path::absolute(input).with_context(|| format!("path {input}"))?;
        path.into_os_string().into_string().map_err(|_| Usage(format!("path {input} is not UTF-8")).into())
    });
    paths.collect()
}

pub(crate) fn print(report: &Report, format: Format) -> anyhow::Result<()> {
    if format != Format::Table {
        println!("{}", serde_json::to_string(report)?);
        return Ok(());
    }
    for unread in &report.unread {
        eprintln!("not read: {}: {}", unread.path, unread.reason);
    }
    println!(
        "{} records sealed from {} deliveries ({} bytes): {} events, {} rejects; {} already known",
        report.records, report.deliveries, report.bytes, report.events, report.rejects, report.already_known
    );
    if report.replaced > 0 {
        println!("{} known secrets were replaced before sealing", report.replaced);
    }
    if report.rejects > 0 {
        eprintln!("see why: deedbook sql \"SELECT reason, count(*) FROM rejects GROUP BY 1\"");
    }
    if report.stopped {
        eprintln!("stopped before the end: run the same command again to go on");
    }
    Ok(())
}

pub(crate) fn exit(report: &Report) -> Exit {
    if report.unread.is_empty() { Exit::Done } else { Exit::Incomplete }
}

fn dry_run(
    ingest: &Ingest,
    platform: Option<model::Platform>,
    mappings: &sources::mapping::Mappings,
    stdin: bool,
) -> anyhow::Result<Exit> {
    let mut unread = Vec::new();
    let named = ingest.inputs.iter().map(String::as_str).filter(|input| *input != "-");
    let files = collect::expand(named, &mut unread);
    let progress = Progress::over(&files);
    let stream = stdin.then(|| Input::Stream(Box::new(std::io::stdin())));
    let inputs = stream.into_iter().chain(files.into_iter().map(Input::File)).collect();
    let stop = stop_on_interrupt()?;
    let line = Line::bytes("dry run");
    let mut outcomes: BTreeMap<String, u64> = BTreeMap::new();
    let mut rejects = 0;
    let context = sources::Context { platform, authority: None, received_at: pipeline::now(), mappings };
    let mut scratch = sources::Scratch::default();
    let summary = control::with_progress(&progress, &mut |now| line.show(now), || {
        collect::survey(inputs, &progress, &stop, &mut |record, cut| {
            let outcome = match cut {
                true => Err(sources::Reject::new(sources::RejectKind::TooLarge, "")),
                false => sources::normalise(record, &context, &mut scratch).map(|event| event.platform),
            };
            rejects += u64::from(outcome.is_err());
            let name =
                outcome.map_or_else(|reject| format!("reject: {}", reject.kind), |platform| platform.to_string());
            *outcomes.entry(name).or_default() += 1;
        })
    });
    line.finish();
    unread.extend(summary.unread.clone());
    let report = Report {
        deliveries: summary.deliveries,
        bytes: summary.bytes,
        records: summary.records,
        events: summary.records - rejects,
        rejects,
        unread,
        stopped: summary.stopped,
        ..Report::default()
    };
    if ingest.output.format == Format::Table {
        println!("dry run, nothing is sealed: {} records in {} deliveries", report.records, report.deliveries);
        for (outcome, count) in &outcomes {
            println!("{count:>10}  {outcome}");
        }
        for unread in &report.unread {
            eprintln!("not read: {}: {}", unread.path, unread.reason);
        }
    } else {
        print(&report, ingest.output.format)?;
    }
    Ok(exit(&report))
}
