//! Ten sources over three weeks, and what went wrong with them: the truth for an account of completeness.
//!
//! The first week is whole, for each source has to be heard before its rhythm is known; faults come in the two weeks
//! behind it, at least six hours apart. Only when records come is told here, not what is in them. Each source has a rhythm
//! of its own: even or by office hours, one by one or in batches, with numbers of its own or without; all have what is
//! ordinary and must not be called a fault: waits by chance, retries, stragglers, a clock that is some seconds off.

use serde::Serialize;

use crate::random::Random;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Days without a fault.
const WHOLE_DAYS: i64 = 7;

/// Days in all.
const DAYS: i64 = 21;

/// Hours between the end of a fault and the beginning of the next one of the source.
const APART_HOURS: i64 = 6;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// Nothing came, and never will.
    Silence,
    /// One record in fourteen came.
    SlowDrip,
    /// What came in some minutes came again.
    Doubled,
    /// Numbers in the middle never came.
    LostMiddle,
    /// The source's clock was off, behind or ahead.
    ClockDrift,
    /// Somebody stopped the audit log on the platform; the platform said so.
    StoppedAudit,
    /// A silence that was announced: no fault.
    PlannedPause,
    /// Nothing came, and all of it later.
    LateDelivery,
}

/// All kinds.
pub const FAULT_KINDS: [FaultKind; 8] = [
    FaultKind::Silence,
    FaultKind::SlowDrip,
    FaultKind::Doubled,
    FaultKind::LostMiddle,
    FaultKind::ClockDrift,
    FaultKind::StoppedAudit,
    FaultKind::PlannedPause,
    FaultKind::LateDelivery,
];

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What.
    pub kind: FaultKind,
    /// Place of the source among the sources.
    pub source: usize,
    /// When it began, milliseconds since 1970.
    pub from_ms: i64,
    /// When it ended.
    pub until_ms: i64,
    /// Records that never came, came again, or came late, or with a wrong time.
    pub records: u64,
}

/// A record on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Arrival {
    /// When it came, by the clock of whoever collects.
    pub received_ms: i64,
    /// When it happened, by the clock of its source.
    pub event_ms: i64,
    /// Its id at the source.
    pub id: u64,
    /// Its place in the source's own numbers, where it has any.
    pub number: Option<u64>,
}

/// One source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Timeline {
    /// Its name.
    pub name: String,
    /// Its platform.
    pub platform: String,
    /// What came, in the order in which it came.
    pub arrivals: Vec<Arrival>,
}

/// Sources, what came of them, and what was wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Timelines {
    /// Where the first hour begins, milliseconds since 1970.
    pub from_ms: i64,
    /// Where the last hour ends.
    pub until_ms: i64,
    /// The sources.
    pub sources: Vec<Timeline>,
    /// What was wrong, by source and time.
    pub faults: Vec<Fault>,
}

/// How a source behaves.
struct Profile {
    name: &'static str,
    platform: &'static str,
    /// Records an hour, in office hours.
    rate: f64,
    /// Part of that at night, and at weekends.
    night: f64,
    weekend: f64,
    /// Seconds between deliveries; 0 for one by one.
    batch_s: i64,
    /// Shortest and longest way of a record, milliseconds.
    delay_ms: (i64, i64),
    /// Whether its records are numbered.
    numbered: bool,
}

const fn profile(
    (name, platform): (&'static str, &'static str),
    (rate, night, weekend): (f64, f64, f64),
    batch_s: i64,
    delay_ms: (i64, i64),
    numbered: bool,
) -> Profile {
    Profile { name, platform, rate, night, weekend, batch_s, delay_ms, numbered }
}

const PROFILES: [Profile; 10] = [
    profile(("trail", "aws"), (300.0, 0.5, 0.5), 300, (120_000, 420_000), false),
    profile(("cluster", "k8s"), (300.0, 0.8, 0.8), 0, (100, 2_000), false),
    profile(("vault", "vault"), (200.0, 0.6, 0.5), 0, (50, 900), true),
    profile(("forge", "github"), (150.0, 0.2, 0.25), 60, (20_000, 50_000), false),
    profile(("people", "okta"), (150.0, 0.25, 0.3), 60, (5_000, 30_000), false),
    profile(("ledger-db", "postgres"), (300.0, 0.5, 0.5), 0, (20, 400), true),
    profile(("cloud", "gcp"), (240.0, 0.5, 0.5), 30, (2_000, 20_000), false),
    profile(("hosts", "syslog"), (180.0, 0.9, 0.9), 0, (10, 300), true),
    profile(("access", "teleport"), (120.0, 0.0, 0.1), 0, (200, 3_000), false),
    profile(("desk", "grant"), (12.0, 0.0, 0.0), 0, (300, 4_000), true),
];

impl Profile {
    /// Records an hour at a time. Nobody starts or ends by the minute.
    fn rate(&self, at_ms: i64) -> f64 {
        let hour = at_ms.div_euclid(HOUR).rem_euclid(24);
        // 1970-01-01 was a Thursday.
        let weekend = matches!(at_ms.div_euclid(DAY).rem_euclid(7), 2 | 3);
        let of_day = match hour {
            8..=17 => 1.0,
            6 | 7 | 18 | 19 => f64::midpoint(1.0, self.night),
            _ => self.night,
        };
        self.rate * of_day * if weekend { self.weekend } else { 1.0 }
    }

    /// Records that a time has as a rule.
    fn expected(&self, from_ms: i64, until_ms: i64) -> f64 {
        let minutes = (from_ms..until_ms).step_by(usize::try_from(MINUTE).unwrap_or(60_000));
        minutes.map(|at| self.rate(at) / 60.0).sum()
    }

    /// Whether a fault of a kind can show there: what cannot be told from what is ordinary, by whatever means, is none.
    fn shows(&self, kind: FaultKind, from_ms: i64, until_ms: i64) -> bool {
        let lowest = (from_ms..until_ms).step_by(600_000).map(|at| self.rate(at)).fold(f64::MAX, f64::min);
        match kind {
            FaultKind::Silence | FaultKind::LateDelivery => lowest >= 60.0 && self.expected(from_ms, until_ms) >= 60.0,
            FaultKind::SlowDrip => lowest >= 90.0,
            FaultKind::Doubled | FaultKind::ClockDrift => lowest >= 40.0,
            FaultKind::LostMiddle => self.numbered && lowest >= 10.0 && self.expected(from_ms, until_ms) >= 8.0,
            FaultKind::StoppedAudit | FaultKind::PlannedPause => lowest >= 4.0,
        }
    }
}

/// A company's sources, with so many faults.
pub fn timelines(seed: u64, start_ms: i64, faults: usize) -> Timelines {
    let mut random = Random::new(seed);
    let from_ms = start_ms.div_euclid(DAY) * DAY;
    let until_ms = from_ms + DAYS * DAY;
    let mut planned = plan(&mut random, from_ms, faults);
    planned.sort_by_key(|fault| (fault.source, fault.from_ms));
    let sources = PROFILES.iter().enumerate().map(|(at, profile)| {
        let mine = planned.iter_mut().filter(|fault| fault.source == at);
        let mine: Vec<&mut Fault> = mine.collect();
        Timeline {
            name: profile.name.to_owned(),
            platform: profile.platform.to_owned(),
            arrivals: arrivals(profile, &mut random, (from_ms, until_ms), mine),
        }
    });
    let sources = sources.collect();
    // What nobody could have noticed, because nothing was made then, is no fault.
    planned.retain(|fault| fault.records > 0);
    Timelines { from_ms, until_ms, sources, faults: planned }
}

/// Faults of all kinds in turn, where there is room and they can show.
fn plan(random: &mut Random, from_ms: i64, wanted: usize) -> Vec<Fault> {
    let mut faults: Vec<Fault> = Vec::new();
    let hours = u64::try_from((DAYS - WHOLE_DAYS) * 24).unwrap_or(1);
    let mut tries = 0_u64;
    while faults.len() < wanted && tries < 2_000_000 {
        tries += 1;
        // One that found no place after many tries gives way to the next kind.
        let turn = faults.len() + usize::try_from(tries / 4_000).unwrap_or(0);
        let kind = FAULT_KINDS.get(turn % FAULT_KINDS.len()).copied().unwrap_or(FaultKind::Silence);
        let source = usize::try_from(random.below(PROFILES.len() as u64)).unwrap_or(0);
        let Some(profile) = PROFILES.get(source) else { continue };
        // A week is whole when its last hour has passed; who is quiet at night began in the morning.
        let hour = from_ms + WHOLE_DAYS * DAY + 12 * HOUR + i64::try_from(random.below(hours)).unwrap_or(0) * HOUR;
        let below = |random: &mut Random, limit| i64::try_from(random.below(limit)).unwrap_or(0);
        let minute = below(random, 50) * MINUTE;
        let (from, until) = match kind {
            FaultKind::Silence | FaultKind::LateDelivery => {
                (hour + minute, hour + minute + (50 + below(random, 190)) * MINUTE)
            }
            FaultKind::SlowDrip | FaultKind::ClockDrift => (hour, hour + (2 + below(random, 4)) * HOUR),
            FaultKind::Doubled => (hour + minute / 2, hour + minute / 2 + (15 + below(random, 15)) * MINUTE),
            FaultKind::LostMiddle => (hour + minute, hour + minute + (2 + below(random, 48)) * MINUTE),
            FaultKind::StoppedAudit | FaultKind::PlannedPause => {
                (hour + minute, hour + minute + (40 + below(random, 240)) * MINUTE)
            }
        };
        let apart = APART_HOURS * HOUR;
        let is_free = faults
            .iter()
            .filter(|fault| fault.source == source)
            .all(|fault| until + apart <= fault.from_ms || fault.until_ms + apart <= from);
        let is_inside = until + apart <= from_ms + DAYS * DAY;
        if is_free && is_inside && profile.shows(kind, from, until) {
            faults.push(Fault { kind, source, from_ms: from, until_ms: until, records: 0 });
        }
    }
    faults
}

/// What comes of one source.
fn arrivals(
    profile: &Profile,
    random: &mut Random,
    (from_ms, until_ms): (i64, i64),
    mut faults: Vec<&mut Fault>,
) -> Vec<Arrival> {
    let mut out = Vec::new();
    let (mut at, mut next, mut id) = (from_ms as f64, 0, 0);
    let fastest = profile.rate / HOUR as f64;
    let skew = i64::try_from(random.below(4_000)).unwrap_or(0) - 2_000;
    // Clocks that are off, each by so much: minutes to hours, either way.
    let off: Vec<i64> = faults
        .iter()
        .map(|_| {
            let size = 6 * MINUTE + i64::try_from(random.below(150)).unwrap_or(0) * MINUTE;
            if random.percent(50) { size } else { -size }
        })
        .collect();
    loop {
        // Events of the busiest hour, thinned to what the hour has.
        at += random.wait(1.0 / fastest);
        let made = at as i64;
        if made >= until_ms {
            break;
        }
        if random.below(1 << 20) as f64 >= profile.rate(made) / profile.rate * f64::from(1 << 20) {
            continue;
        }
        id += 1;
        let number = profile.numbered.then_some(next);
        let mut arrival = Arrival { received_ms: came(profile, random, made), event_ms: made + skew, id, number };
        let now = faults.iter_mut().enumerate().find(|(_, fault)| (fault.from_ms..fault.until_ms).contains(&made));
        let Some((nth, fault)) = now else {
            next += 1;
            deliver(&mut out, random, arrival);
            continue;
        };
        fault.records += 1;
        match fault.kind {
            // Nothing is made where nothing is logged, and its numbers go on.
            FaultKind::StoppedAudit => {}
            FaultKind::PlannedPause => {
                // A sender that keeps what it could not deliver sends it when the pause is over.
                next += 1;
                arrival.received_ms = fault.until_ms + i64::try_from(random.below(20_000)).unwrap_or(0);
                out.push(arrival);
            }
            // The sender has lost its connection, and never numbered what it could not send; so its numbers tell nothing.
            FaultKind::Silence => {}
            FaultKind::SlowDrip => {
                if random.below(14) == 0 {
                    next += 1;
                    deliver(&mut out, random, arrival);
                }
            }
            FaultKind::Doubled => {
                next += 1;
                out.push(arrival.clone());
                arrival.received_ms += 2_000 + i64::try_from(random.below(3_000)).unwrap_or(0);
                out.push(arrival);
            }
            FaultKind::LostMiddle => next += 1,
            FaultKind::ClockDrift => {
                next += 1;
                arrival.event_ms -= off.get(nth).copied().unwrap_or(0);
                deliver(&mut out, random, arrival);
            }
            FaultKind::LateDelivery => {
                next += 1;
                arrival.received_ms = fault.until_ms + i64::try_from(random.below(90_000)).unwrap_or(0);
                out.push(arrival);
            }
        }
    }
    out.sort_by_key(|arrival| (arrival.received_ms, arrival.id));
    for fault in faults {
        if matches!(fault.kind, FaultKind::Silence | FaultKind::LateDelivery) {
            // What was on its way when it began still came: to whoever collects, the silence begins with the last of that.
            let came = out.iter().map(|arrival| arrival.received_ms);
            fault.from_ms = came.take_while(|came| *came < fault.until_ms).last().unwrap_or(fault.from_ms);
        }
    }
    out
}

/// When a record comes.
fn came(profile: &Profile, random: &mut Random, made: i64) -> i64 {
    let (least, most) = profile.delay_ms;
    let way = |random: &mut Random| least + i64::try_from(random.below((most - least).unsigned_abs())).unwrap_or(0);
    if profile.batch_s == 0 {
        // A straggler, once in a while.
        let late = if random.below(1_500) == 0 { i64::try_from(random.below(900_000)).unwrap_or(0) } else { 0 };
        return made + way(random) + late;
    }
    // All of one batch come at one time, which depends on the batch alone.
    let batch = profile.batch_s * 1_000;
    let ends = (made.div_euclid(batch) + 1) * batch;
    let mixed = (ends.unsigned_abs() / 1_000).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
    ends + least + i64::try_from(mixed % (most - least).unsigned_abs().max(1)).unwrap_or(0)
}

/// A record comes, and one in seven hundred comes again: senders try again.
fn deliver(out: &mut Vec<Arrival>, random: &mut Random, arrival: Arrival) {
    if random.below(700) == 0 {
        let mut again = arrival.clone();
        again.received_ms += 1_000 + i64::try_from(random.below(30_000)).unwrap_or(0);
        out.push(again);
    }
    out.push(arrival);
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_772_323_200_000;

    #[test]
    fn two_hundred_faults_of_all_kinds_find_their_place_and_one_seed_tells_the_same() {
        let told = timelines(7, START, 200);
        assert_eq!(told.faults.len(), 200);
        for kind in FAULT_KINDS {
            let count = told.faults.iter().filter(|fault| fault.kind == kind).count();
            assert!(count >= 10, "{kind:?}: {count}");
        }
        assert!(told.faults.iter().all(|fault| fault.records > 0 && fault.from_ms >= told.from_ms + 7 * DAY));
        let few = timelines(8, START, 3);
        assert_eq!(few, timelines(8, START, 3));
        assert_ne!(told.sources, few.sources);
    }

    #[test]
    fn nothing_comes_in_a_silence_and_all_of_what_was_late_comes() {
        let told = timelines(7, START, 200);
        for fault in &told.faults {
            let arrivals = &told.sources.get(fault.source).unwrap().arrivals;
            let profile = PROFILES.get(fault.source).unwrap();
            // What was on its way when it began still comes.
            let under_way = match fault.kind {
                FaultKind::StoppedAudit | FaultKind::PlannedPause => {
                    profile.batch_s * 1_000 + profile.delay_ms.1 + 15 * MINUTE + 31_000
                }
                _ => 0,
            };
            let quiet = fault.from_ms + under_way + 1..fault.until_ms;
            let in_it = arrivals.iter().filter(|arrival| quiet.contains(&arrival.received_ms)).count();
            match fault.kind {
                FaultKind::Silence | FaultKind::StoppedAudit | FaultKind::LateDelivery | FaultKind::PlannedPause => {
                    assert_eq!(in_it, 0, "{fault:?}");
                }
                _ => {}
            }
        }
    }
}
