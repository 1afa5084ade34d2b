//! `deedbook mapping`: platforms that a file describes, tried out, put in force and taken back.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use anyhow::Context as _;
use collect::{Input, Progress};
use model::Directive;
use serde::Serialize;
use serde_json::{Value, json};
use sources::mapping::{Explained, FILE_BYTES_MAX, MAPPINGS_MAX, Mapping, Mappings};
use sources::scrub::Scrubber;
use sources::{Context, RejectKind, Scratch};

use super::Place;
use super::ingest::set_directives;
use crate::cli::Format;
use crate::exit::{Exit, Missing, Usage};
use crate::pipeline;

/// What becomes of one record of the sample.
#[derive(Serialize)]
struct Tried {
    /// Which record of the sample, from 1.
    record: u64,
    /// What it would be taken for by a source that is set to no platform; empty if by nothing.
    recognised: Option<String>,
    columns: Vec<Explained>,
    event: Option<Value>,
    reject: Option<String>,
}

/// What is tried with each record.
struct Trial<'m> {
    mapping: &'m Mapping,
    mappings: &'m Mappings,
    authority: Option<&'m str>,
    scrubber: Scrubber,
    records: u64,
    rejects: u64,
    /// Of how many records each column has a value.
    filled: BTreeMap<String, u64>,
    format: Format,
}

/// Explains a sample, record by record.
pub(crate) fn test(
    place: &Place,
    file: &str,
    samples: &[String],
    authority: Option<&str>,
    format: Format,
) -> anyhow::Result<Exit> {
    let mut mappings = pipeline::mappings(place)?;
    let known = mappings.iter().find(|(mapping, _)| mapping.name() == file).map(|(known, _)| known.platform());
    let platform = match known {
        Some(platform) if !Path::new(file).exists() => platform,
        _ => {
            let mapping = read(Path::new(file))?;
            let platform = mapping.platform();
            mappings.set(mapping);
            platform
        }
    };
    let mapping = mappings.get(platform).context("the mapping that was just read")?;
    // Nothing is kept, so any key does.
    let scrubber = Scrubber::new([0; 32]).context("rules of known secrets")?;
    let (records, rejects, filled) = (0, 0, BTreeMap::new());
    let mut trial = Trial { mapping, mappings: &mappings, authority, scrubber, records, rejects, filled, format };
    let inputs = samples.iter().map(|sample| match sample.as_str() {
        "-" => Input::Stream(Box::new(std::io::stdin())),
        path => Input::File(path.into()),
    });
    let (progress, stop) = (Progress::default(), AtomicBool::new(false));
    let mut failed = None;
    let summary = collect::survey(inputs.collect(), &progress, &stop, &mut |record, _| {
        if let Err(error) = trial.record(record) {
            failed.get_or_insert(error);
        }
    });
    if let Some(error) = failed {
        return Err(error);
    }
    for unread in &summary.unread {
        eprintln!("not read: {}: {}", unread.path, unread.reason);
    }
    if format == Format::Table {
        trial.conclude();
    }
    Ok(if summary.unread.is_empty() && trial.rejects == 0 { Exit::Done } else { Exit::Incomplete })
}

impl Trial<'_> {
    fn record(&mut self, record: &[u8]) -> anyhow::Result<()> {
        self.records += 1;
        let scrubbed = self.scrubber.scrub(record);
        let record = scrubbed.as_ref().map_or(record, |scrubbed| &scrubbed.body);
        let (mappings, received_at) = (self.mappings, pipeline::now());
        let auto = Context { platform: None, authority: self.authority, received_at, mappings };
        let set = Context { platform: Some(self.mapping.platform()), ..auto };
        let mut scratch = Scratch::default();
        let recognised = sources::normalise(record, &auto, &mut scratch).map(|event| event.platform.to_string()).ok();
        let mut scratch = Scratch::default();
        let mut tried = Tried { record: self.records, recognised, columns: Vec::new(), event: None, reject: None };
        match sources::explain(record, &set, &mut scratch) {
            Ok(explained) => {
                let mut seen: Vec<&str> = Vec::new();
                for column in explained.columns.iter().filter(|column| column.value.is_some()) {
                    if !seen.contains(&column.column.as_str()) {
                        seen.push(&column.column);
                        *self.filled.entry(column.column.clone()).or_default() += 1;
                    }
                }
                tried.event = Some(serde_json::to_value(&explained.event)?);
                tried.columns = explained.columns;
            }
            Err(reject) => {
                self.rejects += 1;
                let hint = match reject.kind {
                    RejectKind::Shape | RejectKind::UnknownPlatform => " (see `recognise` in the mapping)",
                    _ => "",
                };
                tried.reject = Some(format!("{reject}{hint}"));
            }
        }
        match self.format {
            Format::Table => self.print(&tried),
            _ => println!("{}", serde_json::to_string(&tried)?),
        }
        Ok(())
    }

    fn print(&self, tried: &Tried) {
        println!("record {}", tried.record);
        if let Some(reject) = &tried.reject {
            println!("  rejected: {reject}\n");
            return;
        }
        match &tried.recognised {
            Some(name) if name == self.mapping.name() => {}
            other => {
                let taken = other.as_deref().unwrap_or("unknown");
                println!("  a source that is set to no platform takes it for: {taken}; set the source to the platform");
            }
        }
        for Explained { column, value, why } in &tried.columns {
            match value {
                Some(value) => println!("  {column:<26} {value}\n  {:<26}   from {why}", ""),
                None => println!("  {column:<26} -\n  {:<26}   empty: {why}", ""),
            }
        }
        println!();
    }

    fn conclude(&self) {
        let events = self.records - self.rejects;
        println!("{} records: {events} events, {} rejects", self.records, self.rejects);
        for (column, count) in &self.filled {
            println!("  {column:<26} {count} of {events}");
        }
    }
}

/// Seals a mapping. When this returns, records after it are read by it.
pub(crate) fn add(place: &Place, file: &Path) -> anyhow::Result<Exit> {
    let log = place.log()?;
    let mapping = read(file)?;
    let (name, toml) = (mapping.name().to_owned(), mapping.text().to_owned());
    let mappings = pipeline::mappings(place)?;
    let known = mappings.iter().find(|(known, _)| known.name() == name);
    if known.is_some_and(|(known, shipped)| !shipped && known.text() == toml) {
        println!("{name} is in force as it is in {}", file.display());
        return Ok(Exit::Done);
    }
    if mappings.own() >= MAPPINGS_MAX && known.is_none_or(|(_, shipped)| shipped) {
        let message = format!("{} mappings are in force, limit is {MAPPINGS_MAX}; remove one first", mappings.own());
        return Err(Usage(message).into());
    }
    set_directives(place, &log, &[Directive::Mapping { name: name.clone(), toml }])?;
    println!("sealed the mapping of {name}: records from now on are read by it");
    eprintln!("earlier records keep their rows; `deedbook lake rebuild` does not change them either");
    Ok(Exit::Done)
}

/// Takes a mapping back. When this returns, records after it are read without it.
pub(crate) fn remove(place: &Place, name: &str) -> anyhow::Result<Exit> {
    let log = place.log()?;
    let mappings = pipeline::mappings(place)?;
    if !mappings.iter().any(|(mapping, shipped)| !shipped && mapping.name() == name) {
        let own = mappings.iter().filter(|(_, shipped)| !shipped).map(|(mapping, _)| mapping.name());
        let own = own.collect::<Vec<_>>().join(", ");
        return Err(Missing(format!("no mapping of your own is named `{name}`; there: {own}")).into());
    }
    set_directives(place, &log, &[Directive::MappingRemoved { name: name.to_owned() }])?;
    println!("removed the mapping of {name}");
    Ok(Exit::Done)
}

/// Lists the mappings in force.
pub(crate) fn list(place: &Place, format: Format) -> anyhow::Result<Exit> {
    let mappings = pipeline::mappings(place)?;
    let mut all = Vec::new();
    for (mapping, shipped) in mappings.iter() {
        let (name, title, digest) = (mapping.name(), mapping.title(), mapping.digest());
        let from = if shipped { "product" } else { "own" };
        let line = json!({ "name": name, "title": title, "from": from, "sha256": digest });
        match format {
            Format::Table => println!("{name:<24} {from:<8} {title}"),
            Format::Json => all.push(line),
            _ => println!("{line}"),
        }
    }
    if format == Format::Json {
        println!("{:#}", Value::Array(all));
    }
    Ok(Exit::Done)
}

/// Prints the file of a mapping.
pub(crate) fn show(place: &Place, name: &str) -> anyhow::Result<Exit> {
    let mappings = pipeline::mappings(place)?;
    let Some((mapping, _)) = mappings.iter().find(|(mapping, _)| mapping.name() == name) else {
        let there = mappings.iter().map(|(mapping, _)| mapping.name()).collect::<Vec<_>>().join(", ");
        return Err(Missing(format!("mapping `{name}` is not in force; there: {there}")).into());
    };
    print!("{}", mapping.text());
    Ok(Exit::Done)
}

/// Reads a mapping file.
fn read(file: &Path) -> anyhow::Result<Mapping> {
    let shown = file.display();
    let bytes = std::fs::metadata(file).with_context(|| format!("read {shown}"))?.len();
    if bytes > FILE_BYTES_MAX as u64 {
        return Err(Usage(format!("{shown} has {bytes} bytes, limit of a mapping is {FILE_BYTES_MAX}")).into());
    }
    let text = std::fs::read_to_string(file).with_context(|| format!("read {shown}"))?;
    Mapping::compile(&text).map_err(|error| Usage(format!("{shown}: {error}")).into())
}
