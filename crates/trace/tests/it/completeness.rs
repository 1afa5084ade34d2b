//! Every fault found and placed, none invented: the account against the scenario's own truth.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write as _;

use scenario::faults::{FAULT_KINDS, Fault, FaultKind, Timelines, timelines};
use trace::completeness::{
    Account, HOUR_MS, Number, Pause, Receipt, Source, SourceAccount, Span, Stop, Transport, Verdict,
};

/// 2026-03-02, a Monday.
const START_MS: i64 = 1_772_409_600_000;

/// The verdict that a fault has to get.
fn verdict(kind: FaultKind) -> Verdict {
    match kind {
        FaultKind::Silence => Verdict::Silent,
        FaultKind::SlowDrip => Verdict::Dripping,
        FaultKind::Doubled => Verdict::Doubled,
        FaultKind::LostMiddle => Verdict::Hole,
        FaultKind::ClockDrift => Verdict::Drifting,
        FaultKind::StoppedAudit => Verdict::Stopped,
        FaultKind::PlannedPause => Verdict::Paused,
        FaultKind::LateDelivery => Verdict::Late,
    }
}

/// The account of each source, as a store would tell it: records by receipt, announcements and the platform's own word.
pub(crate) fn accounts(told: &Timelines) -> Vec<SourceAccount> {
    let of = |(at, timeline): (usize, &scenario::faults::Timeline)| {
        let mine = told.faults.iter().filter(|fault| fault.source == at);
        let of_kind = |kind: FaultKind| mine.clone().filter(move |fault| fault.kind == kind);
        let pause = |fault: &Fault| Pause {
            span: Span::new(fault.from_ms, fault.until_ms),
            reason: "maintenance".to_owned(),
            author: "ops".to_owned(),
            leaf: 0,
        };
        let stop = |fault: &Fault| {
            [(fault.from_ms, false), (fault.until_ms, true)].map(|(at_ms, started)| Stop { at_ms, started, leaf: 0 })
        };
        let mut account = Account::new(Source {
            name: timeline.name.clone(),
            platform: timeline.platform.clone(),
            transport: Transport::TlsToken,
            pauses: of_kind(FaultKind::PlannedPause).map(pause).collect(),
            stops: of_kind(FaultKind::StoppedAudit).flat_map(stop).collect(),
            ..Source::default()
        });
        let mut known = HashSet::new();
        for (leaf, arrival) in (0..).zip(&timeline.arrivals) {
            account.push(&Receipt {
                leaf,
                received_ms: arrival.received_ms,
                event_ms: Some(arrival.event_ms),
                number: arrival.number.map(|number| Number { stream: 0, number }),
                again: !known.insert(arrival.id),
            });
        }
        account.report(told.from_ms, told.until_ms)
    };
    told.sources.iter().enumerate().map(of).collect()
}

/// Hours of a span, as the account places it: those that have five minutes of it, or half of it.
fn hours(from_ms: i64, until_ms: i64) -> BTreeSet<i64> {
    let length = until_ms - from_ms;
    let hours = from_ms.div_euclid(HOUR_MS)..=until_ms.div_euclid(HOUR_MS);
    let overlap = |hour: &i64| until_ms.min((hour + 1) * HOUR_MS) - from_ms.max(hour * HOUR_MS);
    hours.filter(|hour| overlap(hour) > 0 && overlap(hour) * 2 >= length.min(HOUR_MS / 6)).collect()
}

/// What became of the faults of one kind.
#[derive(Default)]
struct Score {
    faults: usize,
    found: usize,
    hours: usize,
    placed: usize,
    beside: usize,
}

/// Faults against findings. Returns the scores by kind, and what is wrong in words.
fn judge(told: &Timelines) -> (BTreeMap<FaultKind, Score>, Vec<String>) {
    let accounts = accounts(told);
    let mut scores: BTreeMap<FaultKind, Score> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (at, account) in accounts.iter().enumerate() {
        let hour_of = |hour: i64| account.hours.iter().find(|told| told.from_ms == hour * HOUR_MS);
        let mut explained: BTreeSet<i64> = BTreeSet::new();
        for fault in told.faults.iter().filter(|fault| fault.source == at) {
            let score = scores.entry(fault.kind).or_default();
            score.faults += 1;
            let (truth, want) = (hours(fault.from_ms, fault.until_ms), verdict(fault.kind));
            let has = |hour: i64| hour_of(hour).is_some_and(|told| told.verdict == want);
            score.hours += truth.len();
            let placed = truth.iter().filter(|hour| has(**hour)).count();
            score.placed += placed;
            score.found += usize::from(placed == truth.len());
            let (first, last) = (*truth.first().unwrap(), *truth.last().unwrap());
            let beside = [first - 1, last + 1].into_iter().filter(|hour| has(*hour)).count();
            score.beside += beside;
            if placed < truth.len() {
                let seen: Vec<_> = (first - 1..=last + 1).map(|h| hour_of(h).map(|told| told.verdict)).collect();
                wrong.push(format!("missed: {} {fault:?}: {seen:?}", account.source));
            }
            // A silence reaches from a record to the next one; a late or doubled record comes after the fault.
            explained.extend(first - 1..=last + 1);
        }
        let ordinary = [Verdict::Complete, Verdict::TooLittleHistory];
        for hour in account.hours.iter().filter(|hour| !ordinary.contains(&hour.verdict)) {
            if !explained.contains(&(hour.from_ms / HOUR_MS)) {
                let what: Vec<_> = hour.findings.iter().map(|at| &account.findings[*at]).collect();
                wrong.push(format!("invented: {} {:?} {what:?}", account.source, hour.verdict));
            }
        }
    }
    (scores, wrong)
}

fn table(scores: &BTreeMap<FaultKind, Score>) -> String {
    let mut out = String::from("kind | faults | found | hours | placed | hours beside\n");
    for kind in FAULT_KINDS {
        let score = scores.get(&kind).unwrap();
        let Score { faults, found, hours, placed, beside } = score;
        writeln!(out, "{kind:?} | {faults} | {found} | {hours} | {placed} | {beside}").unwrap();
    }
    out
}

/// Seeds that the rules were not made for; `DEEDBOOK_SEEDS` says how many more.
#[test]
fn of_other_faults_nearly_all_are_found_and_hardly_one_is_invented() {
    let seeds = std::env::var("DEEDBOOK_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(2);
    let (mut faults, mut found, mut invented) = (0, 0, 0);
    for seed in 1..=seeds {
        let (scores, wrong) = judge(&timelines(seed, START_MS, 200));
        faults += scores.values().map(|score| score.faults).sum::<usize>();
        found += scores.values().map(|score| score.found).sum::<usize>();
        invented += wrong.iter().filter(|wrong| wrong.starts_with("invented")).count();
        eprintln!("seed {seed}: {found} of {faults}, {invented} invented so far\n{}", wrong.join("\n"));
    }
    assert!(found * 100 >= faults * 98, "{found} of {faults}");
    assert!(invented <= seeds as usize, "{invented} hours of {seeds} seeds");
}

#[test]
fn every_fault_is_found_and_placed_and_none_is_invented() {
    let told = timelines(20_260_302, START_MS, 200);
    assert_eq!(told.faults.len(), 200);
    let (scores, wrong) = judge(&told);
    eprintln!("{}", table(&scores));
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
