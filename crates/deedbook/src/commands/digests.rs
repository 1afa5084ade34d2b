//! `deedbook source digests`: what CloudTrail's own digest files prove about what it delivered.
//!
//! From a copy of the bucket, or from what was ingested: there the SHA-256 of each delivery was taken before
//! any secret was replaced, and is sealed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use ledger::Selection;
use model::{DeliveryBody, Header, Kind as LeafKind, LeafIndex};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sources::digest::{
    self, Chain, Digest, Found, Hash, Held, Keys, LogFiles, Range, Report, SIGNATURE_SUFFIX, Unreadable, Verdict,
    Weight,
};
use trace::completeness::{Proof, Span};

use super::Place;
use crate::cli::{Digests, Format};
use crate::exit::{Exit, Usage};
use crate::lines::moment;
use crate::{output, pipeline, when};

/// Largest log file that is unpacked; CloudTrail's have some megabytes.
const CONTENT_BYTES_MAX: usize = 1 << 30;

/// Digests that are judged at once: of a hundred trails in a region each, a year and more.
const DIGESTS_MAX: usize = 1_000_000;

pub(crate) fn run(place: &Place, asked: &Digests) -> anyhow::Result<Exit> {
    let keys = keys(&asked.key)?;
    let now = i64::try_from(pipeline::now().0).unwrap_or(i64::MAX).saturating_mul(1_000_000);
    let time = |flag, text: &Option<String>| text.as_ref().map(|text| when::parse(flag, text, now)).transpose();
    let mut range = Range { since: time("since", &asked.since)?, until: time("until", &asked.until)? };
    let (found, files) = if asked.from.is_empty() {
        // Digests are expected up to now; of a copy nobody knows when it was made.
        range.until = range.until.or(Some(now));
        let (found, files) = ingested(place, &pipeline::tables(&place.data, &place.log()?)?)?;
        (found.into_values().flatten().map(|(found, _)| found).collect(), files)
    } else {
        copied(&asked.from)?
    };
    if found.is_empty() {
        let place = if asked.from.is_empty() { "what was ingested" } else { "the folders given" };
        eprintln!(
            "no digest file in {place}: is the validation of log files switched on, and is CloudTrail-Digest read?"
        );
    }
    let report = digest::verify(&found, &files, &keys, range);
    match asked.output.format {
        Format::Table => print(&report),
        _ => println!("{}", as_json(&report)?),
    }
    Ok(match report.worst() {
        _ if found.is_empty() => Exit::Unverifiable,
        Some(Weight::Break) => Exit::Altered,
        Some(Weight::Unchecked) => Exit::Unverifiable,
        _ => Exit::Done,
    })
}

/// The public keys in these files.
fn keys(paths: &[PathBuf]) -> anyhow::Result<Keys> {
    let mut keys = Keys::default();
    for path in paths {
        let file = std::fs::read(path).with_context(|| format!("read key {}", path.display()))?;
        keys.add(Keys::read(&file).map_err(|error| Usage(format!("--key {}: {error}", path.display())))?);
    }
    Ok(keys)
}

/// What the digests that were ingested prove about each source, by its name: each chain of which something could be checked
/// is a proof that holds, and what is broken in it are proofs that do not. Digests are expected up to `until`, nanoseconds.
pub(crate) fn proofs(
    place: &Place,
    tables: &Arc<lake::Lake>,
    key: &[PathBuf],
    until: i64,
) -> anyhow::Result<BTreeMap<String, Vec<Proof>>> {
    let keys = keys(key)?;
    let (by_source, files) = ingested(place, tables)?;
    let names: BTreeMap<u32, String> =
        tables.sources()?.into_iter().map(|source| (source.number, source.name)).collect();
    let range = Range { since: None, until: Some(until) };
    let mut proofs = BTreeMap::new();
    for (source, found) in by_source {
        let leaves: BTreeMap<String, u64> =
            found.iter().map(|(found, leaf)| (digest::key(&found.name).to_owned(), *leaf)).collect();
        let found: Vec<Found> = found.into_iter().map(|(found, _)| found).collect();
        let report = digest::verify(&found, &files, &keys, range);
        let all = report.chains.iter().flat_map(|chain| proofs_of(chain, &leaves)).collect();
        proofs.insert(names.get(&source).cloned().unwrap_or_default(), all);
    }
    Ok(proofs)
}

fn proofs_of(chain: &Chain, leaves: &BTreeMap<String, u64>) -> Vec<Proof> {
    let span = |since: Option<i64>, until: Option<i64>| {
        let (since, until) = (since.or(until).unwrap_or(0), until.or(since).unwrap_or(0));
        Span::new(since.div_euclid(1_000_000), until.div_euclid(1_000_000))
    };
    let broken = chain.breaks().map(|verdict| Proof {
        span: span(verdict.since, verdict.until),
        holds: false,
        what: format!("{}: {} ({})", verdict.kind, verdict.what, verdict.evidence),
        leaf: leaves.get(digest::key(&verdict.what)).copied(),
    });
    // The newest digest that was ingested is unchecked as a rule: its signature stands in the next one.
    let is_checked = chain.verdicts.iter().any(|verdict| verdict.kind.weight() == Weight::Good);
    let whole = is_checked.then(|| Proof {
        span: span(chain.since, chain.until),
        holds: true,
        what: String::new(),
        leaf: None,
    });
    whole.into_iter().chain(broken).collect()
}

/// Digests and log files of a copy of the bucket.
fn copied(folders: &[String]) -> anyhow::Result<(Vec<Found>, LogFiles)> {
    let (mut found, mut files, mut unread) = (Vec::new(), LogFiles::default(), Vec::new());
    for path in collect::expand(folders.iter().map(String::as_str), &mut unread) {
        let name = path.to_string_lossy().into_owned();
        if digest::is_digest(&name) {
            let digest = content(&path).map_err(Unreadable).and_then(|content| Digest::read(&content));
            let beside = format!("{name}{SIGNATURE_SUFFIX}");
            let signature = std::fs::read_to_string(beside).ok().map(|text| text.trim().to_owned());
            found.push(Found { name, digest, signature });
        } else if digest::is_log_file(&name) {
            let sha256 = content(&path).map(|content| Sha256::digest(&content).into());
            files.add(Held { name, sha256, replaced: 0 });
        }
    }
    if let Some(unread) = unread.first() {
        anyhow::bail!("{}: {}", unread.path, unread.reason);
    }
    Ok((found, files))
}

/// What is in a file, unpacked; what is wrong with it is no error but part of the answer.
fn content(path: &Path) -> Result<Vec<u8>, String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    collect::decode(&bytes, CONTENT_BYTES_MAX).map_err(|refused| refused.to_string())
}

/// Digests of each source, with their leaves.
type BySource = BTreeMap<u32, Vec<(Found, u64)>>;

/// Digests and log files as they came, by their sealed deliveries.
fn ingested(place: &Place, tables: &Arc<lake::Lake>) -> anyhow::Result<(BySource, LogFiles)> {
    let log = place.log()?;
    let view = pipeline::view(&place.data, &log)?;
    let (mut files, mut digests) = (LogFiles::default(), BTreeMap::new());
    let selection = Selection { bodies: true, only: Some(LeafKind::Delivery) };
    for leaves in view.scan(0..view.size().0, selection) {
        for leaf in leaves? {
            let header = Header::decode(&leaf.header)?;
            let body: DeliveryBody = serde_json::from_slice(&leaf.body)?;
            let sha256 = whole(&body);
            if digest::is_log_file(&body.name) {
                files.add(Held { name: body.name, sha256, replaced: body.replaced });
            } else if let Ok(sha256) = sha256 {
                digests.insert((header.source, body.delivery), (body.name, sha256));
            }
        }
    }
    let mut found = BySource::new();
    for leaf in view.leaves(records(tables)?)? {
        let header = Header::decode(&leaf.header)?;
        let position = &header.position;
        let delivered = position.delivery.and_then(|number| digests.get(&(header.source, number)));
        // A file that is exactly one record, and not packed, has no delivery leaf: the record says it.
        let (name, sha256) = match delivered {
            Some((name, sha256)) => (name.clone(), Some(*sha256)),
            None => (position.name.clone().unwrap_or_default(), position.content_sha256),
        };
        let digest = match sha256 {
            Some(sha256) => Digest::of(&leaf.body, sha256),
            None => Err(Unreadable("its delivery was not read to the end".to_owned())),
        };
        let leaf = (Found { name, digest, signature: None }, leaf.index.0);
        found.entry(header.source).or_default().push(leaf);
    }
    Ok((found, files))
}

/// The digest of a delivery, if it is that of a whole file.
fn whole(body: &DeliveryBody) -> Result<Hash, String> {
    if body.ended != "end" || body.offset != 0 {
        return Err(format!("not read to its end: {}", body.ended));
    }
    model::unhex(&body.content_sha256).ok_or_else(|| "no SHA-256 in its delivery leaf".to_owned())
}

/// The leaves of digest files.
fn records(tables: &Arc<lake::Lake>) -> anyhow::Result<Vec<LeafIndex>> {
    let query = format!(
        "SELECT leaf_index FROM events_all WHERE platform = 'aws' AND api_operation = 'cloudtrail-digest:Deliver' LIMIT {}",
        DIGESTS_MAX + 1
    );
    let mut leaves = Vec::new();
    let limits = lake::Limits { rows: DIGESTS_MAX as u64 + 1, ..lake::Limits::default() };
    output::each_row(tables.sql(&query, limits)?, |cell| leaves.extend(cell(0).parse().ok().map(LeafIndex)))?;
    if leaves.len() > DIGESTS_MAX {
        anyhow::bail!(
            "more than {DIGESTS_MAX} digests were ingested; judge a copy of the bucket, part by part (--from)"
        );
    }
    Ok(leaves)
}

fn as_json(report: &Report) -> anyhow::Result<String> {
    let verdict = |verdict: &Verdict| {
        let time = |nanos: Option<i64>| nanos.map(moment);
        json!({
            "kind": verdict.kind, "weight": verdict.kind.weight(), "since": time(verdict.since),
            "until": time(verdict.until), "what": verdict.what, "evidence": verdict.evidence,
        })
    };
    let chain = |chain: &Chain| {
        json!({
            "trail": chain.trail, "since": chain.since.map(moment), "until": chain.until.map(moment),
            "digests": chain.digests, "empty": chain.empty, "log_files": chain.log_files,
            "verdicts": chain.verdicts.iter().map(verdict).collect::<Vec<_>>(),
        })
    };
    let chains: Vec<_> = report.chains.iter().map(chain).collect();
    let strangers: Vec<_> = report.strangers.iter().map(verdict).collect();
    Ok(serde_json::to_string(&json!({ "chains": chains, "strangers": strangers }))?)
}

fn print(report: &Report) {
    for chain in &report.chains {
        let range = |nanos: Option<i64>| nanos.map_or_else(|| "?".to_owned(), moment);
        println!("{}  {} to {}", chain.trail, range(chain.since), range(chain.until));
        let Chain { digests, empty, log_files, .. } = chain;
        println!("  {digests} digests, {empty} of them of an hour without a log file; {log_files} log files listed");
        for kind in digest::Kind::ALL.iter().filter(|kind| kind.weight() == Weight::Good) {
            let count = chain.count(*kind);
            if count > 0 {
                println!("  {count:>8}  {kind}");
            }
        }
        for verdict in chain.verdicts.iter().filter(|verdict| verdict.kind.weight() != Weight::Good) {
            show(verdict);
        }
    }
    report.strangers.iter().for_each(show);
}

fn show(verdict: &Verdict) {
    let time = |nanos: Option<i64>| nanos.map_or_else(|| "?".to_owned(), moment);
    let (since, until) = (time(verdict.since), time(verdict.until));
    println!("  {:<18} {since} to {until}  {}\n      {}", verdict.kind.as_str(), verdict.what, verdict.evidence);
}
