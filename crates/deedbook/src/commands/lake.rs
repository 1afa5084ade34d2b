//! `deedbook lake rebuild`

use super::Place;
use super::ingest::{stop_on_interrupt, with_writer};
use crate::control::{self, Request};
use crate::exit::Exit;
use crate::progress::Line;

pub(crate) fn rebuild(place: &Place) -> anyhow::Result<Exit> {
    let log = place.log()?;
    let line = Line::leaves("rebuild");
    let report = match control::ask(&place.data, &Request::Rebuild, false, &mut |_| {})? {
        Some(report) => report,
        None => {
            let stop = stop_on_interrupt()?;
            with_writer(place, &log, &stop, |writer| writer.rebuild(&mut |done, whole| line.at(done, whole)))?
        }
    };
    line.finish();
    println!("rebuilt: {} new leaves announce the derived files", report.leaves);
    Ok(Exit::Done)
}
