//! `deedbook backup`

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use anyhow::Context as _;
use ledger::ErrorKind;
use ledger::backup::{self, Backup, Progress};
use serde_json::json;

use super::Place;
use super::ingest::{stop_on_interrupt, with_writer};
use super::upkeep::Backup as Noted;
use crate::cli::Format;
use crate::control::{self, Request};
use crate::exit::{Exit, Usage};
use crate::pipeline;
use crate::progress::Line;

/// How often a log that moves on under the copy is looked at anew.
const TRIES_MAX: usize = 16;

pub(crate) fn run(place: &Place, to: &Path, format: Format) -> anyhow::Result<Exit> {
    let log = place.log()?;
    refuse_inside(&place.data, to)?;
    let mut stop = None;
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut tries = 0;
    let made = loop {
        tries += 1;
        publish(place, &log, &mut stop)?;
        let (copying, verifying) = (Line::bytes("backup"), Line::leaves("verify"));
        let mut show = |at| match at {
            Progress::Copying { bytes, bytes_total } => copying.at(bytes, bytes_total),
            Progress::Verifying(at) => verifying.at(at.leaves, at.leaves_total),
        };
        let made = backup::run(&place.data, &log.short, to, threads, &mut show);
        copying.finish();
        verifying.finish();
        match made {
            Err(error) if error.kind() == ErrorKind::Unavailable && !error.is_full() => {
                if tries == TRIES_MAX || stop.as_ref().is_some_and(|stop| stop.load(Relaxed)) {
                    let hint = "what was copied is kept for the next backup; see also `deedbook verify`";
                    return Err(error).context(format!("after {tries} looks; {hint}"));
                }
                tracing::info!(tries, "{error}");
            }
            made => break made,
        }
    };
    match made {
        Ok(made) => {
            let to_shown = std::path::absolute(to).unwrap_or_else(|_| to.to_owned()).display().to_string();
            let noted = Noted { log: log.short.clone(), to: to_shown, leaves: made.size.0, at_ms: pipeline::now().0 };
            noted.note(place);
            print(&log, to, &made, format);
            Ok(Exit::Done)
        }
        Err(error) if error.kind() == ErrorKind::Invalid => Err(Usage(format!("--to {error}")).into()),
        Err(error) if matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Rollback) => {
            eprintln!("deedbook: {error}");
            Ok(Exit::Altered)
        }
        Err(error) => Err(error.into()),
    }
}

/// Has the open segment closed and a checkpoint published, by the process that holds the lock or by this one. Only where
/// this one writes, an interrupt has to end it cleanly.
fn publish(place: &Place, log: &ledger::LogInfo, stop: &mut Option<Arc<AtomicBool>>) -> anyhow::Result<()> {
    if control::ask(&place.data, &Request::Publish, false, &mut |_| {})?.is_none() {
        let asked = stop.take().map_or_else(stop_on_interrupt, Ok)?;
        with_writer(place, log, stop.insert(asked), |writer| writer.publish())?;
    }
    Ok(())
}

/// A backup inside of the data folder goes where that goes.
fn refuse_inside(data: &Path, to: &Path) -> anyhow::Result<()> {
    let data = std::fs::canonicalize(data).with_context(|| format!("path {}", data.display()))?;
    let whole = std::path::absolute(to).with_context(|| format!("path {}", to.display()))?;
    let above = whole.ancestors().find_map(|above| std::fs::canonicalize(above).ok());
    if above.unwrap_or_else(|| PathBuf::from("/")).starts_with(&data) {
        let (to, data) = (to.display(), data.display());
        return Err(Usage(format!("--to {to} is inside of the data folder {data}: what takes one takes both")).into());
    }
    Ok(())
}

fn print(log: &ledger::LogInfo, to: &Path, made: &Backup, format: Format) {
    let Backup { size, checkpoint, former, bytes, linked, kept, copied, copied_bytes, anew, verified } = made;
    let to = to.display();
    if format != Format::Table {
        let answer = json!({
            "log": log.short, "origin": log.origin, "to": to.to_string(), "leaves": size.0, "root": verified.root,
            "bytes": bytes, "linked": linked, "kept": kept, "copied": copied, "copied_bytes": copied_bytes,
            "former_leaves": former.map(|size| size.0), "anew": anew, "verified": true,
            "left_out": ["keys", "lake", "state"], "checkpoint": String::from_utf8_lossy(checkpoint),
        });
        println!("{answer}");
        return;
    }
    println!("backup of log {} ({}) in {to}: {size} leaves, {bytes} bytes", log.short, log.origin);
    println!("{linked} files linked, {copied} copied ({copied_bytes} bytes), {kept} were there");
    match former {
        Some(former) => println!("verified, and goes on from the {former} leaves that were there"),
        None => println!("verified"),
    }
    print!("{}", String::from_utf8_lossy(checkpoint));
    if *anew {
        eprintln!("the backup before was damaged: all of it was taken from the log again");
    }
    if *linked > 0 {
        eprintln!("linked files are one copy on one disk: take {to} to another machine, or back up to another disk");
    }
    eprintln!(
        "left out: keys/ (keep a copy apart: without them a restored log can be read but not written), and lake/ and \
         state/, which are made again"
    );
}
