//! `deedbook log continue`

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use model::{Directive, Kind, canonical_json};
use tlog::checkpoint::Opened;
use tlog::note::VerifierKey;

use super::Place;
use crate::exit::{Exit, Usage};
use crate::pipeline;

/// Makes the new log. When this returns, the leaf that names the old one is sealed.
pub(crate) fn run(
    place: &Place,
    from: &Path,
    checkpoint: Option<&Path>,
    origin: Option<String>,
) -> anyhow::Result<Exit> {
    let old = pipeline::log(from, None)?;
    if ledger::discover(&place.data).is_ok() {
        let data = place.data.display();
        return Err(Usage(format!("{data} holds a log already; name an empty folder with --data")).into());
    }
    let path = checkpoint.map_or_else(|| old.dir.join("log").join("checkpoint"), Path::to_path_buf);
    let note = std::fs::read(&path).with_context(|| format!("read checkpoint {}", path.display()))?;
    let key: VerifierKey = old.vkey.parse()?;
    let good = Opened::open(&note, &key).with_context(|| format!("checkpoint {}", path.display()))?.checkpoint;
    let checkpoint = String::from_utf8(note).with_context(|| format!("checkpoint {}", path.display()))?;
    let log = super::init::make(place, origin)?;
    let options = ledger::Options::default();
    let opened = ledger::Ledger::open(&place.data, &log.short, options, Arc::new(ledger::SystemClock::new()))?;
    let body = canonical_json(&Directive::Continues { origin: old.origin.clone(), key: old.vkey.clone(), checkpoint });
    opened.append().submit_own(Kind::Directive, body)?.wait()?;
    opened.close()?;
    println!("log {} ({}) goes on from {} leaves of {}", log.short, log.origin, good.size, old.origin);
    eprintln!("keep {} as it is: it proves its own leaves", from.display());
    Ok(Exit::Done)
}
