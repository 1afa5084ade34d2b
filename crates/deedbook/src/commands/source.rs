//! `deedbook source`: the streams of records, and what the operator says about the identities in them.

use model::Directive;

use super::Place;
use super::ingest::{stop_on_interrupt, with_writer};
use crate::cli::{Format, SourceSet};
use crate::control::{self, Request};
use crate::exit::{Exit, Missing, Usage};
use crate::{output, pipeline};

/// Lists the sources with what came of their records.
pub(crate) fn list(place: &Place, format: Format) -> anyhow::Result<Exit> {
    let tables = pipeline::tables(&place.data, &place.log()?)?;
    let answer = tables.sql("SELECT * FROM sources ORDER BY number", lake::Limits::default())?;
    if output::print(answer, format, None)? == 0 {
        eprintln!("no source yet; `deedbook ingest --source NAME ...` makes one");
    }
    Ok(Exit::Done)
}

/// Seals what the operator says about a new source, so that it holds from its first record on.
pub(crate) fn add(place: &Place, set: &SourceSet) -> anyhow::Result<Exit> {
    let log = place.log()?;
    let sources = pipeline::tables(&place.data, &log)?.sources()?;
    if sources.iter().any(|source| source.name == set.name) {
        return Err(Usage(format!("source `{0}` is there already, `source set {0}` changes it", set.name)).into());
    }
    // Which number is free is for the writer to say.
    let (number, name, platform) = (0, set.name.clone(), "auto".to_owned());
    let new = lake::Source { number, name, platform, authority: None };
    seal(place, &log, set, directives(&new, set, true)?)
}

/// Seals what the operator says about a source, its issuers and its brokers.
pub(crate) fn set(place: &Place, set: &SourceSet) -> anyhow::Result<Exit> {
    let log = place.log()?;
    let sources = pipeline::tables(&place.data, &log)?.sources()?;
    let known = || sources.iter().map(|source| source.name.as_str()).collect::<Vec<_>>().join(", ");
    let source = sources
        .iter()
        .find(|source| source.name == set.name)
        .ok_or_else(|| Missing(format!("source `{}` is not there; there: {}", set.name, known())))?;
    let directives = directives(source, set, false)?;
    if directives.is_empty() {
        let name = &set.name;
        let message = format!("nothing to set for {name}: give --platform, --authority, --issuer or --broker");
        return Err(Usage(message).into());
    }
    seal(place, &log, set, directives)
}

fn seal(place: &Place, log: &ledger::LogInfo, set: &SourceSet, directives: Vec<Directive>) -> anyhow::Result<Exit> {
    let request = Request::Set { directives: directives.clone() };
    let sealed = match control::ask(&place.data, &request, false, &mut |_| {})? {
        Some(report) => report,
        None => with_writer(place, log, &stop_on_interrupt()?, |writer| writer.set(&directives))?,
    };
    println!("sealed {} directives for {} in {} leaves", directives.len(), set.name, sealed.leaves);
    Ok(Exit::Done)
}

/// What is sealed about a source that is set to this so far; about a new one there is always something.
fn directives(source: &lake::Source, set: &SourceSet, new: bool) -> Result<Vec<Directive>, Usage> {
    if let Some(platform) = &set.platform {
        pipeline::platform(platform)?;
    }
    let platform = set.platform.clone().unwrap_or_else(|| source.platform.clone());
    let authority = set.authority.clone().or_else(|| source.authority.clone());
    let mut directives = Vec::new();
    if new || platform != source.platform || authority != source.authority {
        let (number, name) = (source.number, source.name.clone());
        let (platform, authority) = (platform.clone(), authority.clone());
        directives.push(Directive::Source { number, name, platform, authority });
    }
    for issuer in &set.issuer {
        let host = issuer.trim_start_matches("https://").trim_end_matches('/').to_owned();
        if platform == "auto" {
            let message =
                format!("--issuer {host} needs --platform: whose tokens it signs is not in the source's setting");
            return Err(Usage(message));
        }
        let authority = authority.clone().ok_or_else(|| {
            Usage(format!("--issuer {host} needs --authority: the cluster id, organisation or tenant it speaks for"))
        })?;
        directives.push(Directive::Issuer { host, platform: platform.clone(), authority });
    }
    for principal in &set.broker {
        if !principal.starts_with("nhi:principal:") {
            return Err(Usage(format!("--broker `{principal}` is no URI of a principal; `deedbook who` prints them")));
        }
        directives.push(Directive::Broker { principal: principal.clone() });
    }
    Ok(directives)
}
