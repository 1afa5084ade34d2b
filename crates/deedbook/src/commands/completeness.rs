//! `deedbook completeness`: source by hour, what is missing, and what cannot be seen.

use std::collections::BTreeMap;
use std::io::Write as _;

use serde::Serialize;
use trace::completeness::{BlindSpot, DAY_MS, Finding, Hour, RULES, SourceAccount, Verdict};

use super::{Place, digests};
use crate::cli::Completeness;
use crate::exit::{Exit, Missing, Usage};
use crate::{output, pipeline, when};

/// Findings of one source that people read; -o json has all of them.
const FINDINGS_MAX: usize = 30;

/// What `-o json` prints.
#[derive(Serialize)]
struct Printed<'a> {
    /// Milliseconds since 1970.
    since_ms: i64,
    until_ms: i64,
    /// Leaves that were looked at.
    tree_size: u64,
    /// Version of the rules.
    rules: u32,
    sources: &'a [SourceAccount],
}

pub(crate) fn run(place: &Place, asked: &Completeness) -> anyhow::Result<Exit> {
    let now = pipeline::now();
    let now_ns = i64::try_from(now.0).unwrap_or(i64::MAX).saturating_mul(1_000_000);
    let until_ms = asked.until.as_deref().map_or(Ok(now_ns), |text| when::parse("until", text, now_ns))? / 1_000_000;
    let since_ms = when::parse("since", &asked.since, now_ns)? / 1_000_000;
    if since_ms >= until_ms {
        return Err(Usage(format!("--since {} is not before --until", asked.since)).into());
    }
    let log = place.log()?;
    let lake = pipeline::tables(&place.data, &log)?;
    let proofs = match asked.key.as_slice() {
        [] => BTreeMap::new(),
        key => digests::proofs(place, &lake, key, until_ms.saturating_mul(1_000_000))?,
    };
    let told = lake.completeness(since_ms, until_ms, &proofs)?;
    if asked.accounts {
        std::io::stdout().lock().write_all(&told.to_bytes()?)?;
        return Ok(Exit::Done);
    }
    let accounts = told.accounts.values();
    let wanted = accounts.filter(|account| asked.source.as_ref().is_none_or(|name| *name == account.source().name));
    let sources: Vec<SourceAccount> = wanted.map(|account| account.report(since_ms, until_ms)).collect();
    if let (Some(name), true) = (&asked.source, sources.is_empty()) {
        return Err(Missing(format!("source `{name}` is not there; `deedbook source ls` lists them")).into());
    }
    let printed = Printed { since_ms, until_ms, tree_size: told.size, rules: RULES, sources: &sources };
    output::told(asked.output.format, &printed, &sources, || {
        let each = sources.iter().flat_map(|source| lines(source).into_iter().chain([String::new()]));
        each.chain([legend()]).collect()
    })?;
    Ok(Exit::Done)
}

/// One hour, as one sign.
const fn sign(verdict: Verdict) -> char {
    match verdict {
        Verdict::Stopped => 'X',
        Verdict::Unproved => 'U',
        Verdict::Hole => 'H',
        Verdict::Silent => 'S',
        Verdict::Dripping => 'd',
        Verdict::Blind => 'B',
        Verdict::Paused => 'P',
        Verdict::Late => 'L',
        Verdict::Drifting => 'c',
        Verdict::Doubled => '2',
        Verdict::TooLittleHistory => '?',
        Verdict::Complete => '.',
    }
}

fn legend() -> String {
    let signs: Vec<String> =
        Verdict::ALL.iter().rev().map(|verdict| format!("{} {}", sign(*verdict), verdict.as_str())).collect();
    format!("one sign an hour, UTC: {}", signs.join(", "))
}

fn lines(account: &SourceAccount) -> Vec<String> {
    let platform = if account.platform.is_empty() { "unknown platform" } else { &account.platform };
    let last = account.last_received_ms.map_or("never".to_owned(), moment);
    let mut lines = vec![format!(
        "{}  {platform}  over {}  {} records  last received {last}",
        account.source,
        account.transport.as_str(),
        account.records
    )];
    let mut days: BTreeMap<i64, Vec<&Hour>> = BTreeMap::new();
    account.hours.iter().for_each(|hour| days.entry(hour.from_ms.div_euclid(DAY_MS)).or_default().push(hour));
    for (day, hours) in days {
        let mut row = [' '; 24];
        for hour in &hours {
            let at = usize::try_from(hour.from_ms.div_euclid(DAY_MS / 24).rem_euclid(24)).unwrap_or(0);
            row.get_mut(at).into_iter().for_each(|cell| *cell = sign(hour.verdict));
        }
        let records: u64 = hours.iter().map(|hour| hour.records).sum();
        let row: String = row.iter().collect();
        lines.push(format!("  {}  {row}  {records}", moment(day * DAY_MS).split('T').next().unwrap_or_default()));
    }
    lines.extend(account.findings.iter().take(FINDINGS_MAX).map(found));
    if account.findings.len() > FINDINGS_MAX {
        lines.push(format!("  ... {} more; -o json has all", account.findings.len() - FINDINGS_MAX));
    }
    if let Some(margin) = &account.margin {
        let days = margin.left_ms.div_euclid(DAY_MS);
        let from = moment(margin.lost_from_ms);
        lines.push(format!("  margin: {days} days, then what was not fetched is lost ({from}; {})", margin.kept.what));
    }
    lines.extend(account.blind_spots.iter().map(|spot| format!("  cannot see: {}", unseen(spot))));
    lines
}

fn found(finding: &Finding) -> String {
    let until = if finding.open { "now".to_owned() } else { moment(finding.span.until_ms) };
    let leaves: Vec<String> = finding.leaves.iter().map(u64::to_string).collect();
    let leaves = if leaves.is_empty() { String::new() } else { format!("  [leaves {}]", leaves.join(", ")) };
    let verdict = finding.verdict.as_str();
    format!("  {verdict}  {} .. {until}  {}{leaves}", moment(finding.span.from_ms), finding.what)
}

fn unseen(spot: &BlindSpot) -> String {
    match spot {
        BlindSpot::TooLittleHistory { hours } => {
            format!("silence, volume and clock: too little history ({hours} whole hours, a week is needed)")
        }
        BlindSpot::NoNumbers => "single records that never came: the sender does not number them".to_owned(),
        BlindSpot::NoProof => "what was altered before it came: there is no upstream proof".to_owned(),
        BlindSpot::ShortSilence { told_after_ms } => {
            format!("silences under {} min at this hour", told_after_ms / 60_000)
        }
        BlindSpot::SlowDrip => "a slow drip: there are too few records in an hour".to_owned(),
        BlindSpot::OwnClock => "its clock and delays: it was taken in long after, its hours are its own".to_owned(),
        BlindSpot::Transport { transport } => {
            format!("what somebody on the way adds or drops: the transport is {}", transport.as_str())
        }
        BlindSpot::Retention => "how long a stop can be mended: what the platform keeps is not known".to_owned(),
    }
}

fn moment(ms: i64) -> String {
    model::rfc3339_from_nanos(ms.saturating_mul(1_000_000))
}
