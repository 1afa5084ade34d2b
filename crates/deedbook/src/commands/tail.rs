//! `deedbook tail`

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use anyhow::Context as _;

use super::Place;
use super::ingest::{exit, print, stop_on_interrupt, with_writer};
use crate::cli::Tail;
use crate::exit::Exit;
use crate::pipeline::{self, Job};

pub(crate) fn run(place: &Place, tail: Tail) -> anyhow::Result<Exit> {
    pipeline::mappings(place)?;
    pipeline::platform(&tail.platform)?;
    let log = place.log()?;
    let paths = tail.files.iter().map(|path| std::path::absolute(path).with_context(|| path.display().to_string()));
    let paths = paths.collect::<anyhow::Result<Vec<_>>>()?;
    let job = Job { inputs: Vec::new(), source: tail.source.clone(), platform: tail.platform.clone() };
    let stop = stop_on_interrupt()?;
    if tail.follow {
        eprintln!("following {} files; Ctrl-C ends cleanly", paths.len());
    }
    let told = AtomicBool::new(false);
    let report = with_writer(place, &log, &stop, |writer| {
        writer.tail(collect::Follow::new(paths), &job, !tail.follow, &stop, &mut |summary| {
            for unread in &summary.unread {
                // Said once: the look comes again ten times a second.
                if !told.swap(true, Relaxed) {
                    eprintln!("not read: {}: {}", unread.path, unread.reason);
                }
            }
            tracing::info!(records = summary.records, "sealed");
        })
    })?;
    print(&report, tail.output.format)?;
    Ok(exit(&report))
}
