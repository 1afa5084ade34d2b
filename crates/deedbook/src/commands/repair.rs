//! `deedbook repair`

use std::path::Path;

use super::Place;
use crate::exit::Exit;

pub(crate) fn run(place: &Place, from: &Path) -> anyhow::Result<Exit> {
    let log = place.log()?;
    let done = ledger::repair(&place.data, &log.short, from)?;
    for name in &done.mended {
        println!("put back: {name}");
    }
    for left in &done.left {
        println!("left: {left}");
    }
    if done == ledger::Repaired::default() {
        println!("nothing to put back: evidence and tiles are what was sealed");
    }
    eprintln!("see the whole of it: deedbook verify");
    Ok(if done.left.is_empty() { Exit::Done } else { Exit::Altered })
}
