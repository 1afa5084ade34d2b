//! `deedbook init`

use super::Place;
use crate::exit::Exit;

pub(crate) fn run(place: &Place, origin: Option<String>) -> anyhow::Result<Exit> {
    let log = make(place, origin)?;
    println!("log {} ({}) in {}", log.short, log.origin, place.data.display());
    eprintln!("hand out the key with `deedbook key show`; seal records with `deedbook ingest`");
    Ok(Exit::Done)
}

/// Makes a log. When this returns, it is durable, with leaf 0 sealed.
pub(crate) fn make(place: &Place, origin: Option<String>) -> anyhow::Result<ledger::LogInfo> {
    let options = ledger::InitOptions { origin, ..ledger::InitOptions::default() };
    Ok(ledger::init(&place.data, &options, &ledger::SystemClock::new())?)
}
