//! `deedbook audit`: what was done with this log over the network.

use ledger::Selection;
use model::{Audit, Kind};
use serde_json::json;

use super::Place;
use crate::cli::Format;
use crate::exit::Exit;
use crate::{pipeline, when};

pub(crate) fn run(place: &Place, since: Option<&str>, format: Format) -> anyhow::Result<Exit> {
    let now_ns = i64::try_from(pipeline::now().0).unwrap_or(i64::MAX).saturating_mul(1_000_000);
    let since = since.map(|since| when::parse("since", since, now_ns)).transpose()?;
    let since_ms = since.and_then(|ns| u64::try_from(ns / 1_000_000).ok()).unwrap_or(0);
    let log = place.log()?;
    let view = pipeline::view(&place.data, &log)?;
    for leaves in view.scan(0..view.size().0, Selection { bodies: true, only: Some(Kind::Audit) }) {
        for leaf in leaves? {
            let done: Audit = serde_json::from_slice(&leaf.body)?;
            if done.since_ms < since_ms {
                continue;
            }
            if format != Format::Table {
                let Audit { did, with, token, name, peer, status, times, since_ms } = done;
                let leaf = format!("{}-{}", log.short, leaf.index.0);
                let line = json!({ "leaf": leaf, "did": did, "with": with, "token": token, "name": name, "peer": peer,
                    "status": status, "times": times, "since_ms": since_ms });
                println!("{line}");
                continue;
            }
            let at = jiff::Timestamp::from_millisecond(i64::try_from(done.since_ms).unwrap_or(i64::MAX))?;
            let name = if done.name.is_empty() { "(no token)" } else { &done.name };
            let with = if done.with.is_empty() { &done.did } else { &done.with };
            println!("{at}  {name:<16} {:<15} {} x{:<5} {with}", done.peer, done.status, done.times);
        }
    }
    Ok(Exit::Done)
}
