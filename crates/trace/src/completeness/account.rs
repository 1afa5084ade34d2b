//! What came, hour by hour, as it is told receipt by receipt.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::histogram::Histogram;
use super::input::{Axis, Receipt, Source};
use super::rhythm::{Delay, Expected, Rhythm, Whole};
use super::sequence::Sequences;
use super::{HOUR_MS, Span, hour_of, judge};

/// Two receipts less than this apart came at one moment, milliseconds.
const MOMENT_MS: i64 = 1_000;

/// Silences that may still be filled by records that come late.
const OPEN_SILENCES_MAX: usize = 16;

/// A time this far before the last one told is of the same moment; a greater step back is taken so, too, but never counted
/// as a wait.
const FAR_FUTURE_MS: i64 = i64::MAX / 4;

/// Shorter waits are never silences.
const WAIT_MS_MIN: i64 = 300_000;

/// Hours without a receipt that are gone through one by one; of a longer silence the hours in its middle have no row.
const QUIET_HOURS_MAX: i64 = 24 * 400;

/// A time without records, longer than the source's rhythm has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Silence {
    /// From the last record until the next one, or until it was looked at.
    pub span: Span,
    /// The record before it.
    pub before: u64,
    /// The record after it; none while it lasts.
    pub after: Option<u64>,
    /// From which length on silence is told at its beginning, milliseconds.
    pub told_after_ms: i64,
    /// Records that a time like this has as a rule.
    pub expected: u64,
    /// Records that came later and were made in it.
    pub filled: u64,
    /// First and last of those.
    pub filled_by: Option<(u64, u64)>,
}

impl Silence {
    /// Whether what happened in it came later: as a whole, as far as the rhythm can tell.
    pub fn is_filled(&self) -> bool {
        self.filled > 0 && self.filled * 2 >= self.expected
    }
}

/// One hour as it was told.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) records: u64,
    pub(crate) arrivals: u64,
    pub(crate) leaves: Option<(u64, u64)>,
    pub(crate) longest_ms: i64,
    pub(crate) silences: Histogram,
    pub(crate) delays: Histogram,
    pub(crate) doubled: u64,
    /// First and last leaf that told something again.
    pub(crate) doubled_by: Option<(u64, u64)>,
    /// What its rhythm said, once the hour was over.
    pub(crate) judged: Option<Judged>,
}

/// What an hour was compared with, and what came of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Judged {
    pub(crate) expected: Option<Expected>,
    pub(crate) delay: Option<Delay>,
    pub(crate) dripping: bool,
    /// As few records as of a drip, though it was silent for so long that this alone says nothing.
    pub(crate) thin: bool,
    pub(crate) doubled: bool,
    /// Records that came late.
    pub(crate) late: u64,
    /// By how much the clocks have parted, milliseconds.
    pub(crate) drift_ms: Option<i64>,
}

/// The account of one source, as far as it was told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Account {
    pub(crate) source: Source,
    pub(crate) excused: Vec<Span>,
    pub(crate) hours: BTreeMap<i64, Told>,
    pub(crate) rhythm: Rhythm,
    pub(crate) sequences: Sequences,
    pub(crate) silences: Vec<Silence>,
    /// Records of each of the source's counts, in their order.
    pub(crate) counted: Vec<u64>,
    pub(crate) records: u64,
    pub(crate) first_ms: Option<i64>,
    pub(crate) last: Option<(i64, u64)>,
    pub(crate) last_received_ms: Option<i64>,
    /// The first hour that is not judged yet.
    next: i64,
}

impl Account {
    /// Nothing told yet.
    pub fn new(source: Source) -> Account {
        let excused = source.excused(FAR_FUTURE_MS);
        Account {
            counted: vec![0; source.counts.len()],
            source,
            excused,
            hours: BTreeMap::new(),
            rhythm: Rhythm::default(),
            sequences: Sequences::default(),
            silences: Vec::new(),
            records: 0,
            first_ms: None,
            last: None,
            last_received_ms: None,
            next: 0,
        }
    }

    /// Tells anew what was announced about the source; what was counted stays.
    pub fn announced(&mut self, source: Source) {
        self.counted.resize(source.counts.len(), 0);
        self.excused = source.excused(FAR_FUTURE_MS);
        self.source = source;
    }

    /// The source.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Tells of a record.
    pub fn push(&mut self, receipt: &Receipt) {
        let told_ms = match self.source.axis {
            Axis::Receipt => receipt.received_ms,
            Axis::Event => receipt.event_ms.unwrap_or(receipt.received_ms),
        };
        let at_ms = self.last.map_or(told_ms, |(last, _)| told_ms.max(last));
        match self.last {
            Some((last_ms, before)) => self.wait(last_ms, before, at_ms, receipt.leaf),
            None => {
                self.first_ms = Some(at_ms);
                self.next = hour_of(at_ms);
            }
        }
        let doubled = self.number(receipt, at_ms) || receipt.again;
        self.fills(receipt);
        self.count(receipt, doubled);
        let delay = self.delay(receipt);
        let moment = self.last.is_none_or(|(last, _)| at_ms - last >= MOMENT_MS);
        let hour = self.hours.entry(hour_of(at_ms)).or_default();
        hour.records += 1;
        hour.arrivals += u64::from(moment);
        hour.leaves = widened(hour.leaves, receipt.leaf);
        if doubled {
            hour.doubled += 1;
            hour.doubled_by = widened(hour.doubled_by, receipt.leaf);
        }
        delay.into_iter().for_each(|ms| hour.delays.add(ms));
        self.records += 1;
        self.last = Some((at_ms, receipt.leaf));
        self.last_received_ms = Some(self.last_received_ms.unwrap_or(i64::MIN).max(receipt.received_ms));
    }

    /// A silence that lasts now, if it is longer than the source's rhythm has.
    pub fn silent(&self, now_ms: i64) -> Option<Silence> {
        let (last_ms, before) = self.last?;
        self.silence(last_ms, before, now_ms, None)
    }

    /// The first hour that is not judged yet, once there are any.
    pub fn judged_before(&self) -> i64 {
        self.next
    }

    /// Whether nothing in a range says anything about the source.
    pub(crate) fn is_excused(&self, span: Span) -> bool {
        self.excused.iter().any(|excused| excused.overlap_ms(span) > 0)
    }

    /// Time between two records: a silence, or one more of its ordinary waits.
    fn wait(&mut self, last_ms: i64, before: u64, at_ms: i64, after: u64) {
        let waited = Span::new(last_ms, at_ms);
        let (first, last) = (hour_of(last_ms), hour_of(at_ms));
        let silence = self.silence(last_ms, before, at_ms, Some(after));
        let ordinary = silence.is_none() && !self.is_excused(waited) && waited.length_ms() >= MOMENT_MS;
        let quiet = (last - first).min(QUIET_HOURS_MAX);
        for hour in first..=first + quiet {
            let told = self.hours.entry(hour).or_default();
            told.longest_ms = told.longest_ms.max(waited.overlap_ms(Span::hour(hour)));
            if ordinary {
                told.silences.add(waited.length_ms());
            }
        }
        self.silences.extend(silence);
        self.settle(last);
    }

    /// Judges the hours before this one, and learns from those that were whole.
    fn settle(&mut self, until: i64) {
        while self.next < until {
            let hour = self.next;
            self.next += 1;
            if !self.hours.contains_key(&hour) {
                // The middle of a silence that is longer than anything with a rhythm.
                self.next = until;
                continue;
            }
            let judged = judge::hour(self, hour);
            let span = Span::hour(hour);
            let silent = self.silences.iter().rev().take(OPEN_SILENCES_MAX).any(|s| s.span.overlap_ms(span) > 0);
            let begins = self.first_ms.is_some_and(|first| span.holds(first));
            let is_whole = !silent && !begins && judged.is_ordinary() && !self.is_excused(span);
            let Some(told) = self.hours.get_mut(&hour) else { continue };
            told.judged = Some(judged);
            if is_whole {
                let whole = Whole {
                    hour,
                    records: told.records,
                    arrivals: told.arrivals,
                    silences: told.silences.clone(),
                    delay: judge::delays(&told.delays),
                    doubled: told.doubled,
                };
                self.rhythm.learn(whole);
            }
        }
    }

    /// Whether a wait is longer than the rhythm has. Each hour of it counts by its own measure, as a part of the silence
    /// that would be told in such an hour: a night is no silence, and a working hour behind it soon is one.
    fn silence(&self, from_ms: i64, before: u64, until_ms: i64, after: Option<u64>) -> Option<Silence> {
        let span = Span::new(from_ms, until_ms);
        if span.length_ms() < WAIT_MS_MIN {
            return None;
        }
        let (mut score, mut expected, mut told_after_ms) = (0.0, 0.0, None);
        for hour in hour_of(from_ms)..=hour_of(until_ms).min(hour_of(from_ms) + QUIET_HOURS_MAX) {
            let part = Span::hour(hour);
            let here = Span::new(part.from_ms.max(from_ms), part.until_ms.min(until_ms));
            let excused: i64 = self.excused.iter().map(|excused| excused.overlap_ms(here)).sum();
            let length = (here.length_ms() - excused).max(0) as f64;
            let usual = self.rhythm.expected(hour)?;
            told_after_ms.get_or_insert(usual.silence_ms as i64);
            score += length / usual.silence_ms;
            expected += usual.records * length / HOUR_MS as f64;
        }
        (score >= 1.0).then(|| Silence {
            span: self.unexcused(span),
            before,
            after,
            told_after_ms: told_after_ms.unwrap_or(0),
            expected: expected.round() as u64,
            filled: 0,
            filled_by: None,
        })
    }

    /// The longest part of a range in which nothing excuses the source.
    fn unexcused(&self, span: Span) -> Span {
        let inside = self.excused.iter().filter(|excused| excused.overlap_ms(span) > 0);
        let mut longest = Span::new(span.from_ms, span.from_ms);
        let mut from_ms = span.from_ms;
        // The excuses are in order and apart.
        for excused in inside.copied().chain([Span::new(span.until_ms, span.until_ms)]) {
            let part = Span::new(from_ms, excused.from_ms.clamp(span.from_ms, span.until_ms));
            if part.length_ms() > longest.length_ms() {
                longest = part;
            }
            from_ms = excused.until_ms;
        }
        longest
    }

    /// Whether its number at the sender was there before.
    fn number(&mut self, receipt: &Receipt, at_ms: i64) -> bool {
        receipt.number.is_some_and(|number| self.sequences.push(number, receipt, at_ms))
    }

    /// A record that was made in a silence fills it.
    fn fills(&mut self, receipt: &Receipt) {
        let Some(event_ms) = receipt.event_ms.filter(|_| self.source.axis == Axis::Receipt && !receipt.again) else {
            return;
        };
        for silence in self.silences.iter_mut().rev().take(OPEN_SILENCES_MAX) {
            if silence.span.holds(event_ms) {
                silence.filled += 1;
                silence.filled_by = widened(silence.filled_by, receipt.leaf);
            }
        }
    }

    /// Adds to the counts whose range it is in.
    fn count(&mut self, receipt: &Receipt, doubled: bool) {
        if doubled {
            return;
        }
        let at_ms = receipt.event_ms.unwrap_or(receipt.received_ms);
        for (count, counted) in self.source.counts.iter().zip(&mut self.counted) {
            *counted += u64::from(count.span.holds(at_ms));
        }
    }

    /// How long after it happened it came: where it had to wait for a pause to end, from there on.
    fn delay(&self, receipt: &Receipt) -> Option<i64> {
        let event_ms = receipt.event_ms.filter(|_| self.source.axis == Axis::Receipt && !receipt.again)?;
        let waited =
            self.excused.iter().any(|excused| excused.holds(event_ms) && excused.until_ms <= receipt.received_ms);
        (!waited).then_some(receipt.received_ms - event_ms)
    }
}

impl Judged {
    /// Whether nothing about it is out of the ordinary.
    fn is_ordinary(&self) -> bool {
        !self.dripping && !self.doubled && self.late == 0 && self.drift_ms.is_none()
    }
}

/// A range of leaves, with one more.
fn widened(range: Option<(u64, u64)>, leaf: u64) -> Option<(u64, u64)> {
    Some(range.map_or((leaf, leaf), |(first, last)| (first.min(leaf), last.max(leaf))))
}
