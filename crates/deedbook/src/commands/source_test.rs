//! `deedbook source test`: what would become of a sample, without sealing it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Context as _;
use collect::{Input, Progress};
use serde::Serialize;
use serde_json::Value;
use sources::scrub::Scrubber;

use super::Place;
use crate::cli::Format;
use crate::exit::{Exit, Usage};
use crate::pipeline;

/// Rejects that are shown; the others are counted.
const REJECTS_SHOWN_MAX: usize = 5;

/// How much of a rejected record is shown, characters.
const EXCERPT_CHARACTERS: usize = 160;

/// Events that are shown as JSON.
const EVENTS_SHOWN: usize = 1;

/// What would become of the sample.
#[derive(Serialize)]
struct Found {
    source: String,
    /// Whether the source is there: else its settings are the defaults.
    known: bool,
    /// `auto` or a platform.
    platform: String,
    authority: Option<String>,
    /// The file, `-`, or `sealed records`.
    sample: String,
    bytes: u64,
    records: u64,
    /// Lengths of the shortest and of the longest record.
    record_bytes: Option<(usize, usize)>,
    /// Known secrets that would be replaced before sealing.
    secrets: u64,
    /// Records by the platform they were recognised as.
    events: BTreeMap<String, u64>,
    /// Rejects by reason.
    rejects: BTreeMap<String, u64>,
    first_events: Vec<Value>,
    first_rejects: Vec<Rejected>,
    /// Why the sample could not be read, or not to its end.
    unread: Vec<String>,
}

#[derive(Serialize)]
struct Rejected {
    /// Which record of the sample, from 1.
    record: u64,
    reason: String,
    detail: String,
    excerpt: String,
}

pub(crate) fn run(place: &Place, name: &str, file: Option<&str>, last: usize, format: Format) -> anyhow::Result<Exit> {
    let log = place.log()?;
    let tables = pipeline::tables(&place.data, &log)?;
    let source = tables.sources()?.into_iter().find(|source| source.name == name);
    let sealed = if file.is_none() { last_records(&tables, name, last)? } else { Vec::new() };
    let platform = source.as_ref().map_or_else(|| "auto".to_owned(), |source| source.platform.clone());
    let mut found = Found {
        source: name.to_owned(),
        known: source.is_some(),
        authority: source.and_then(|source| source.authority),
        sample: file.unwrap_or("sealed records").to_owned(),
        bytes: 0,
        records: 0,
        record_bytes: None,
        secrets: 0,
        events: BTreeMap::new(),
        rejects: BTreeMap::new(),
        first_events: Vec::new(),
        first_rejects: Vec::new(),
        unread: Vec::new(),
        platform,
    };
    let mut trial = Trial::new(&found, tables.mappings()?)?;
    match file {
        Some(file) => {
            let input = match file {
                "-" => Input::Stream(Box::new(std::io::stdin())),
                path => Input::File(path.into()),
            };
            let (progress, stop) = (Progress::default(), AtomicBool::new(false));
            let summary = collect::survey(vec![input], &progress, &stop, &mut |record, cut| {
                trial.record(record, cut, &mut found);
            });
            found.bytes = summary.bytes;
            found.unread = summary.unread.iter().map(|unread| format!("{}: {}", unread.path, unread.reason)).collect();
        }
        None if sealed.is_empty() => {
            return Err(Usage(format!("source `{name}` has no record yet; give a sample: a file, or `-`")).into());
        }
        None => {
            for record in &sealed {
                found.bytes += record.len() as u64;
                trial.record(record.as_bytes(), false, &mut found);
            }
        }
    }
    if format == Format::Table {
        print(&found);
    } else {
        println!("{}", serde_json::to_string(&found)?);
    }
    Ok(if found.unread.is_empty() { Exit::Done } else { Exit::Incomplete })
}

/// The last records of a source as they were sealed, oldest first.
fn last_records(tables: &Arc<lake::Lake>, name: &str, last: usize) -> anyhow::Result<Vec<String>> {
    let name = name.replace('\'', "''");
    let query = format!(
        "SELECT raw FROM (SELECT leaf_index, raw FROM records WHERE source = '{name}' ORDER BY leaf_index DESC LIMIT {last})
         ORDER BY leaf_index"
    );
    let mut records = Vec::new();
    for batch in tables.sql(&query, lake::Limits::default())? {
        let batch = batch?;
        records.extend((0..batch.num_rows()).filter_map(|row| lake::json::cell(batch.column(0), row)));
    }
    Ok(records)
}

/// What is done with each record.
struct Trial {
    mappings: sources::mapping::Mappings,
    platform: Option<model::Platform>,
    authority: Option<String>,
    scrubber: Scrubber,
    scratch: sources::Scratch,
}

impl Trial {
    fn new(found: &Found, mappings: sources::mapping::Mappings) -> anyhow::Result<Trial> {
        Ok(Trial {
            mappings,
            platform: pipeline::platform(&found.platform)?,
            authority: found.authority.clone(),
            // Nothing is kept, so any key does.
            scrubber: Scrubber::new([0; 32]).context("rules of known secrets")?,
            scratch: sources::Scratch::default(),
        })
    }

    /// Replaces secrets and reads the event, as would be done with a record that came.
    fn record(&mut self, record: &[u8], cut: bool, found: &mut Found) {
        found.records += 1;
        let (short, long) = found.record_bytes.unwrap_or((record.len(), record.len()));
        found.record_bytes = Some((short.min(record.len()), long.max(record.len())));
        let scrubbed = self.scrubber.scrub(record);
        found.secrets += scrubbed.as_ref().map_or(0, |scrubbed| scrubbed.replacements.len() as u64);
        let record = scrubbed.as_ref().map_or(record, |scrubbed| &scrubbed.body);
        let authority = self.authority.as_deref();
        let (platform, mappings) = (self.platform, &self.mappings);
        let context = sources::Context { platform, authority, received_at: pipeline::now(), mappings };
        let read = match cut {
            true => Err(sources::Reject::new(sources::RejectKind::TooLarge, "only its beginning would be kept")),
            false => sources::normalise(record, &context, &mut self.scratch),
        };
        match read {
            Ok(event) => {
                *found.events.entry(event.platform.to_string()).or_default() += 1;
                if found.first_events.len() < EVENTS_SHOWN {
                    found.first_events.extend(serde_json::to_value(&event).ok().and_then(filled));
                }
            }
            Err(reject) => {
                *found.rejects.entry(reject.kind.to_string()).or_default() += 1;
                if found.first_rejects.len() < REJECTS_SHOWN_MAX {
                    let excerpt = String::from_utf8_lossy(record).chars().take(EXCERPT_CHARACTERS).collect();
                    let (reason, detail) = (reject.kind.to_string(), reject.detail);
                    found.first_rejects.push(Rejected { record: found.records, reason, detail, excerpt });
                }
            }
        }
    }
}

/// The value without what is empty in it; `None` when nothing is left.
fn filled(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::String(text) if text.is_empty() => None,
        Value::Array(list) => {
            let list: Vec<Value> = list.into_iter().filter_map(filled).collect();
            (!list.is_empty()).then_some(Value::Array(list))
        }
        Value::Object(fields) => {
            let fields: serde_json::Map<String, Value> =
                fields.into_iter().filter_map(|(name, value)| Some((name, filled(value)?))).collect();
            (!fields.is_empty()).then_some(Value::Object(fields))
        }
        value => Some(value),
    }
}

fn print(found: &Found) {
    let Found { source, platform, sample, records, bytes, secrets, .. } = found;
    let authority = found.authority.as_deref().unwrap_or("none");
    let new = if found.known { "" } else { " (not there yet: default settings)" };
    println!("nothing is sealed. source {source}{new}, platform {platform}, authority {authority}");
    match found.record_bytes {
        Some((short, long)) => {
            println!("{sample}: {records} records in {bytes} bytes; the shortest has {short}, the longest {long}");
        }
        None => println!("{sample}: no record in {bytes} bytes"),
    }
    println!("{secrets} known secrets would be replaced before sealing");
    for (platform, count) in &found.events {
        println!("{count:>10}  events of {platform}");
    }
    for (reason, count) in &found.rejects {
        println!("{count:>10}  rejects: {reason}");
    }
    for Rejected { record, reason, detail, excerpt } in &found.first_rejects {
        println!("record {record} is {reason}: {detail}\n    {excerpt}");
    }
    for event in &found.first_events {
        println!("the first event:\n{}", serde_json::to_string_pretty(event).unwrap_or_default());
    }
    for unread in &found.unread {
        eprintln!("not read: {unread}");
    }
}
