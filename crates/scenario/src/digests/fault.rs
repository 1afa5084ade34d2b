//! The ways in which a chain breaks, each once at a place of its own.

use serde::Serialize;

use super::key::Signer;
use super::{Delivered, HOUR_MS, Hour, Object, Trail, deliver, digest, log_file};
use crate::random::Random;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// A byte of a log file is another one.
    LogAltered,
    /// A log file is gone.
    LogDeleted,
    /// A log file is put where the platform puts its own.
    LogInserted,
    /// A digest has another hash for a log file, and the log file is changed to match.
    DigestAltered,
    /// The same, signed anew with a key of the attacker's.
    DigestForged,
    /// A digest is gone.
    DigestDeleted,
    /// Two in a row are gone.
    TwoDigestsDeleted,
    /// A digest says that there is none before it, and the one before it is gone.
    PreviousHidden,
    /// An older digest lies in the place of a digest.
    DigestReplayed,
    /// A digest lies under another key.
    DigestMoved,
    /// The signature in the metadata is another one.
    SignatureAltered,
    /// The first digest is gone.
    FirstDeleted,
    /// The last digest is gone.
    LastDeleted,
    /// Logging was off for two hours.
    LoggingStopped,
    /// A digest begins ten minutes after the one before it ended.
    RangeGap,
    /// A digest begins ten minutes before the one before it ended.
    RangeOverlap,
    /// The trail delivers to another bucket: nothing is wrong.
    BucketChanged,
    /// An hour in which nothing was delivered: nothing is wrong.
    Quiet,
}

impl Fault {
    /// Those that are made somewhere in the middle.
    pub const MIDDLE: &'static [Fault] = &[
        Fault::LogAltered,
        Fault::LogDeleted,
        Fault::LogInserted,
        Fault::DigestAltered,
        Fault::DigestForged,
        Fault::DigestDeleted,
        Fault::TwoDigestsDeleted,
        Fault::PreviousHidden,
        Fault::DigestReplayed,
        Fault::DigestMoved,
        Fault::SignatureAltered,
        Fault::LoggingStopped,
        Fault::RangeGap,
        Fault::RangeOverlap,
        Fault::BucketChanged,
        Fault::Quiet,
    ];
}

/// A fault, and where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Placed {
    /// What went wrong.
    pub fault: Fault,
    /// Account of the trail.
    pub account: String,
    /// Region of the trail.
    pub region: String,
    /// From when it concerns, milliseconds since 1970.
    pub since_ms: i64,
    /// Until when.
    pub until_ms: i64,
    /// The object that it was done to; the first that shows it where it was done to none.
    pub key: String,
}

/// Hours between two faults: what is around one is whole.
const APART: usize = 6;

/// A trail with every fault in it once, in an order of its own; it needs `6 x 19` hours, and is lengthened to them.
pub fn broken(trail: &Trail, seed: u64) -> (Vec<Object>, Vec<Placed>) {
    let mut random = Random::new(seed.wrapping_mul(0x9E37_79B9).wrapping_add(7));
    let mut faults = Fault::MIDDLE.to_vec();
    for n in (1..faults.len()).rev() {
        faults.swap(n, usize::try_from(random.below(n as u64 + 1)).unwrap_or(0));
    }
    let hours_min = (faults.len() + 3) * APART;
    let trail = Trail { hours: trail.hours.max(hours_min), ..trail.clone() };
    let mut plan = vec![Hour::default(); trail.hours];
    let places: Vec<usize> = (0..faults.len()).map(|n| (n + 1) * APART + usize::from(random.percent(50))).collect();
    for (fault, at) in faults.iter().zip(&places) {
        plan_hour(*fault, *at, &mut plan);
    }
    let (mut objects, delivered) = deliver(&trail, seed, &plan);
    let mut work =
        Work { trail: &trail, objects: &mut objects, delivered: &delivered, gone: Vec::new(), placed: Vec::new() };
    for (fault, at) in faults.iter().zip(&places) {
        work.tamper(*fault, *at, &mut random);
    }
    work.ends();
    let (gone, placed) = (work.gone, work.placed);
    let mut kept = objects.into_iter().enumerate().filter(|(at, _)| !gone.contains(at)).map(|(_, object)| object);
    (kept.by_ref().collect(), placed)
}

/// What the platform itself does.
fn plan_hour(fault: Fault, at: usize, plan: &mut [Hour]) {
    let mut set = |at: usize, hour: Hour| {
        if let Some(slot) = plan.get_mut(at) {
            *slot = hour;
        }
    };
    match fault {
        Fault::LoggingStopped => {
            set(at, Hour { off: true, ..Hour::default() });
            set(at + 1, Hour { off: true, ..Hour::default() });
        }
        Fault::RangeGap => set(at, Hour { shift_ms: HOUR_MS / 6, ..Hour::default() }),
        Fault::RangeOverlap => set(at, Hour { shift_ms: -HOUR_MS / 6, ..Hour::default() }),
        Fault::BucketChanged => set(at, Hour { other_bucket: true, ..Hour::default() }),
        Fault::Quiet => set(at, Hour { empty: true, ..Hour::default() }),
        _ => {}
    }
}

struct Work<'a> {
    trail: &'a Trail,
    objects: &'a mut Vec<Object>,
    delivered: &'a [Option<Delivered>],
    /// Objects that are taken away at the end.
    gone: Vec<usize>,
    placed: Vec<Placed>,
}

impl Work<'_> {
    fn hour(&self, at: usize) -> Option<Delivered> {
        self.delivered.get(at)?.clone()
    }

    fn place(&mut self, fault: Fault, since_ms: i64, until_ms: i64, key: &str) {
        let (account, region) = (self.trail.account.to_owned(), self.trail.region.to_owned());
        self.placed.push(Placed { fault, account, region, since_ms, until_ms, key: key.to_owned() });
    }

    fn key(&self, object: usize) -> String {
        self.objects.get(object).map(|object| object.key.clone()).unwrap_or_default()
    }

    /// The next hour from one on that has a log file.
    fn with_log(&self, at: usize) -> Option<(Delivered, usize)> {
        (at..at + APART - 2).find_map(|at| {
            let hour = self.hour(at)?;
            let log = *hour.logs.first()?;
            Some((hour, log))
        })
    }

    fn tamper(&mut self, fault: Fault, at: usize, random: &mut Random) {
        match fault {
            Fault::LogAltered | Fault::LogDeleted => self.log(fault, at, random),
            Fault::LogInserted => self.insert(at, random),
            Fault::DigestAltered | Fault::DigestForged => self.digest(fault, at),
            Fault::LoggingStopped => self.stopped(at),
            _ => {
                let Some(hour) = self.hour(at) else { return };
                self.hourly(fault, at, &hour);
            }
        }
    }

    fn log(&mut self, fault: Fault, at: usize, random: &mut Random) {
        let Some((hour, log)) = self.with_log(at) else { return };
        let key = self.key(log);
        match self.objects.get_mut(log) {
            Some(object) if fault == Fault::LogAltered => {
                let byte = usize::try_from(random.below(object.content.len() as u64)).unwrap_or(0);
                if let Some(byte) = object.content.get_mut(byte) {
                    *byte ^= 1;
                }
            }
            _ => self.gone.push(log),
        }
        self.place(fault, hour.start_ms, hour.end_ms, &key);
    }

    fn insert(&mut self, at: usize, random: &mut Random) {
        let Some(hour) = self.hour(at) else { return };
        let bucket = self.objects.get(hour.digest).map(|digest| digest.bucket.clone()).unwrap_or_default();
        // Names of log files have minutes only.
        let at_ms = (hour.start_ms + HOUR_MS / 2).div_euclid(60_000) * 60_000;
        let object = log_file(self.trail, &bucket, at_ms, random);
        self.place(Fault::LogInserted, at_ms, at_ms, &object.key);
        self.objects.push(object);
    }

    /// A changed log file and a digest that lists the changed one.
    fn digest(&mut self, fault: Fault, at: usize) {
        let Some((hour, log)) = self.with_log(at) else { return };
        if let Some(byte) = self.objects.get_mut(log).and_then(|log| log.content.last_mut()) {
            *byte = b' ';
        }
        let logs: Vec<Object> = hour.logs.iter().filter_map(|at| self.objects.get(*at).cloned()).collect();
        let Some(old) = self.objects.get(hour.digest).cloned() else { return };
        let previous = self.before(hour.digest);
        let range = (hour.start_ms, hour.end_ms);
        let forged = digest(self.trail, &old.bucket, range, &logs, previous.as_ref(), Signer::Forger);
        let key = forged.key.clone();
        if let Some(slot) = self.objects.get_mut(hour.digest) {
            let signature = if fault == Fault::DigestForged { forged.signature } else { old.signature };
            *slot = Object { signature, ..forged };
        }
        self.place(fault, hour.start_ms, hour.end_ms, &key);
    }

    /// The digest delivered before one.
    fn before(&self, digest: usize) -> Option<Object> {
        let mut earlier = self.delivered.iter().flatten().filter(|hour| hour.digest < digest);
        self.objects.get(earlier.next_back()?.digest).cloned()
    }

    fn stopped(&mut self, at: usize) {
        let (Some(before), Some(after)) = (self.hour(at - 1), self.hour(at + 2)) else { return };
        let key = self.key(after.digest);
        self.place(Fault::LoggingStopped, before.end_ms, after.start_ms, &key);
    }

    /// Faults that concern the digest of an hour.
    fn hourly(&mut self, fault: Fault, at: usize, hour: &Delivered) {
        let key = self.key(hour.digest);
        let (mut since_ms, mut until_ms) = (hour.start_ms, hour.end_ms);
        match fault {
            Fault::DigestDeleted => self.gone.push(hour.digest),
            Fault::TwoDigestsDeleted => {
                let Some(next) = self.hour(at + 1) else { return };
                self.gone.extend([hour.digest, next.digest]);
                until_ms = next.end_ms;
                let key = self.key(next.digest);
                return self.place(fault, since_ms, until_ms, &key);
            }
            Fault::PreviousHidden => {
                let Some(next) = self.hour(at + 1) else { return };
                self.gone.push(hour.digest);
                let logs: Vec<Object> = next.logs.iter().filter_map(|at| self.objects.get(*at).cloned()).collect();
                let Some(slot) = self.objects.get_mut(next.digest) else { return };
                let range = (next.start_ms, next.end_ms);
                let changed = digest(self.trail, &slot.bucket, range, &logs, None, Signer::Forger);
                *slot = changed;
                until_ms = next.end_ms;
                let key = self.key(next.digest);
                return self.place(fault, since_ms, until_ms, &key);
            }
            Fault::DigestReplayed => {
                let Some(older) = self.before(hour.digest) else { return };
                if let Some(slot) = self.objects.get_mut(hour.digest) {
                    (slot.content, slot.signature) = (older.content, older.signature);
                }
            }
            Fault::DigestMoved => {
                if let Some(slot) = self.objects.get_mut(hour.digest) {
                    slot.key = slot.key.replace("AWSLogs/", "AWSLogs/old/");
                }
            }
            Fault::SignatureAltered => {
                let other = self.before(hour.digest).and_then(|digest| digest.signature);
                if let Some(slot) = self.objects.get_mut(hour.digest) {
                    slot.signature = other;
                }
            }
            Fault::RangeGap => (since_ms, until_ms) = (hour.start_ms - HOUR_MS / 6, hour.start_ms),
            Fault::RangeOverlap => (since_ms, until_ms) = (hour.start_ms, hour.start_ms + HOUR_MS / 6),
            _ => {}
        }
        self.place(fault, since_ms, until_ms, &key);
    }

    /// The first and the last digest are taken away.
    fn ends(&mut self) {
        let all: Vec<Delivered> = self.delivered.iter().flatten().cloned().collect();
        if let Some(first) = all.first() {
            self.gone.push(first.digest);
            let key = self.key(first.digest);
            self.place(Fault::FirstDeleted, first.start_ms, first.end_ms, &key);
        }
        if let Some(last) = all.last() {
            self.gone.push(last.digest);
            let key = self.key(last.digest);
            self.place(Fault::LastDeleted, last.start_ms, last.end_ms, &key);
        }
    }
}
