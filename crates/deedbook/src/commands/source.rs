//! `deedbook source`: the streams of records, and what the operator says about the identities in them.

use model::Directive;
use server::Pause;

use super::ingest::{self, set_directives};
use super::{Place, token};
use crate::cli::{Format, Ingest, Output, SourceSet};
use crate::exit::{Exit, Missing, Usage};
use crate::{output, pipeline, when};

/// Longest reason for a pause, or for sealing secrets as they come.
const REASON_BYTES_MAX: usize = 1_000;

/// Longest name of who announces it.
const AUTHOR_CHARS_MAX: usize = 100;

/// Lists the sources with what came of their records, until when each is paused, and whether its known secrets are replaced.
pub(crate) fn list(place: &Place, format: Format) -> anyhow::Result<Exit> {
    let log = place.log()?;
    let known = token::known(&pipeline::view(&place.data, &log)?)?;
    let pauses = known.access.pauses().all(pipeline::now());
    let text = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let rows = pauses.iter().map(|Pause { source, reason, until }| {
        format!("({}, {}, {})", text(source), text(&until.to_string()), text(reason))
    });
    // Without a pause there is one of no source: a list of values has at least one row.
    let rows = rows.chain(pauses.is_empty().then(|| "('', '', '')".to_owned())).collect::<Vec<_>>().join(", ");
    // No source has an empty name: a list has at least one member.
    let unscrubbed = known.unscrubbed.names().chain([""]).map(text).collect::<Vec<_>>().join(", ");
    let query = format!(
        "SELECT s.*, p.paused_until, p.pause_reason, CASE WHEN s.name IN ({unscrubbed}) THEN 'off' ELSE 'on' END AS scrubbing
         FROM sources s LEFT JOIN (VALUES {rows}) AS p (source, paused_until, pause_reason) ON p.source = s.name ORDER BY s.number"
    );
    let answer = pipeline::tables(&place.data, &log)?.sql(&query, lake::Limits::default())?;
    if output::print(answer, format, None)? == 0 {
        eprintln!("no source yet; `deedbook ingest --source NAME ...` makes one");
    }
    Ok(Exit::Done)
}

/// Announces a silence. When this returns, a server on this log takes nothing for the source.
pub(crate) fn pause(place: &Place, name: &str, reason: &str, until: &str) -> anyhow::Result<Exit> {
    let log = place.log()?;
    known(place, &log, name)?;
    check_reason(reason)?;
    let until_ms = when::ahead("until", until, pipeline::now())?.0;
    let (name, reason, author) = (name.to_owned(), reason.to_owned(), author());
    set_directives(place, &log, &[Directive::SourcePaused { name: name.clone(), reason, until_ms, author }])?;
    println!("paused {name} until {}", model::Millis(until_ms));
    eprintln!("its senders are told to come back; `deedbook source resume {name}` ends it early");
    Ok(Exit::Done)
}

fn check_reason(reason: &str) -> Result<(), Usage> {
    if reason.trim().is_empty() || reason.len() > REASON_BYTES_MAX {
        return Err(Usage(format!("--reason has 1 to {REASON_BYTES_MAX} bytes: it is read later")));
    }
    Ok(())
}

/// Says whether known secrets of a source are replaced. When this returns it holds for what is submitted from then on.
pub(crate) fn scrub(place: &Place, name: &str, on: bool, reason: &str) -> anyhow::Result<Exit> {
    let log = place.log()?;
    known(place, &log, name)?;
    check_reason(reason)?;
    let (name, reason, author) = (name.to_owned(), reason.to_owned(), author());
    set_directives(place, &log, &[Directive::SourceScrubbing { name: name.clone(), on, reason, author }])?;
    if on {
        println!("known secrets of {name} are replaced");
    } else {
        println!("known secrets of {name} are sealed as they come");
        eprintln!("whoever reads the log reads them; `deedbook source scrub {name} on --reason ...` ends it");
    }
    Ok(Exit::Done)
}

/// Who runs this command, as the shell says: a claim, like every name of a user of this machine.
fn author() -> String {
    #[expect(clippy::disallowed_methods, reason = "the binary reads the environment")]
    let names = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    names.unwrap_or_default().chars().take(AUTHOR_CHARS_MAX).collect()
}

/// Ends a silence. When this returns, a server on this log takes records for the source.
pub(crate) fn resume(place: &Place, name: &str) -> anyhow::Result<Exit> {
    let log = place.log()?;
    let pauses = token::known(&pipeline::view(&place.data, &log)?)?.access;
    if pauses.pauses().of(name, pipeline::now()).is_none() {
        let all = pauses.pauses().all(pipeline::now());
        let all = all.iter().map(|pause| pause.source.as_str()).collect::<Vec<_>>().join(", ");
        return Err(Usage(format!("source `{name}` is not paused; paused: {all}")).into());
    }
    set_directives(place, &log, &[Directive::SourceResumed { name: name.to_owned() }])?;
    println!("resumed {name}");
    Ok(Exit::Done)
}

/// Seals older files into a source that is there.
pub(crate) fn backfill(place: &Place, source: String, inputs: Vec<String>, output: Output) -> anyhow::Result<Exit> {
    let platform = known(place, &place.log()?, &source)?.platform;
    ingest::run(place, &Ingest { inputs, platform, source, dry_run: false, init: false, output })
}

/// The source of this name.
fn known(place: &Place, log: &ledger::LogInfo, name: &str) -> anyhow::Result<lake::Source> {
    let sources = pipeline::tables(&place.data, log)?.sources()?;
    let there = || sources.iter().map(|source| source.name.as_str()).collect::<Vec<_>>().join(", ");
    let found = sources.iter().find(|source| source.name == name).cloned();
    found.ok_or_else(|| Missing(format!("source `{name}` is not there; there: {}", there())).into())
}

/// Seals what the operator says about a new source, so that it holds from its first record on.
pub(crate) fn add(place: &Place, set: &SourceSet) -> anyhow::Result<Exit> {
    let log = place.log()?;
    let tables = pipeline::tables(&place.data, &log)?;
    tables.mappings()?;
    let sources = tables.sources()?;
    if sources.iter().any(|source| source.name == set.name) {
        return Err(Usage(format!("source `{0}` is there already, `source set {0}` changes it", set.name)).into());
    }
    // Which number is free is for the writer to say.
    let (number, name, platform) = (0, set.name.clone(), "auto".to_owned());
    let new = lake::Source { number, name, platform, authority: None, owner: None };
    seal(place, &log, set, directives(&new, set, true)?)
}

/// Seals what the operator says about a source, its issuers and its brokers.
pub(crate) fn set(place: &Place, set: &SourceSet) -> anyhow::Result<Exit> {
    let log = place.log()?;
    let source = known(place, &log, &set.name)?;
    pipeline::mappings(place)?;
    let directives = directives(&source, set, false)?;
    if directives.is_empty() {
        let name = &set.name;
        let message = format!("nothing to set for {name}: give --platform, --authority, --owner, --issuer or --broker");
        return Err(Usage(message).into());
    }
    seal(place, &log, set, directives)
}

fn seal(place: &Place, log: &ledger::LogInfo, set: &SourceSet, directives: Vec<Directive>) -> anyhow::Result<Exit> {
    let sealed = set_directives(place, log, &directives)?;
    println!("sealed {} directives for {} in {} leaves", directives.len(), set.name, sealed.leaves);
    Ok(Exit::Done)
}

/// What is sealed about a source that is set to this so far; about a new one there is always something.
///
/// The mappings of the log have been read by now, so that their platforms are known.
fn directives(source: &lake::Source, set: &SourceSet, new: bool) -> Result<Vec<Directive>, Usage> {
    if let Some(platform) = &set.platform {
        pipeline::platform(platform)?;
    }
    let platform = set.platform.clone().unwrap_or_else(|| source.platform.clone());
    let authority = set.authority.clone().or_else(|| source.authority.clone());
    let mut directives = Vec::new();
    let owner = set.owner.clone().or_else(|| source.owner.clone());
    if new || platform != source.platform || authority != source.authority || owner != source.owner {
        let (number, name) = (source.number, source.name.clone());
        let (platform, authority) = (platform.clone(), authority.clone());
        directives.push(Directive::Source { number, name, platform, authority, owner });
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
