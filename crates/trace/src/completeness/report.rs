//! The account as it is told: hours, what was found in them, and what cannot be seen at all.

use std::collections::BTreeSet;

use serde::Serialize;

use super::account::{Account, Silence, Told};
use super::input::{Axis, Transport};
use super::retention::{Retention, retention};
use super::rhythm::Level;
use super::verdict::{Finding, Verdict};
use super::{DAY_MS, HOUR_MS, SPAN_MS_MAX, Span, hour_of, judge};

/// One hour of one source.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hour {
    /// When it began, milliseconds since 1970.
    pub from_ms: i64,
    /// What it was.
    pub verdict: Verdict,
    /// Whether it is not over yet.
    pub partial: bool,
    /// Records that came.
    pub records: u64,
    /// Of those, what had come before.
    pub doubled: u64,
    /// Records of such an hour as a rule.
    pub expected: Option<u64>,
    /// Which earlier hours that rests on.
    pub rhythm: Option<Level>,
    /// The longest time in it without a record, milliseconds.
    pub longest_silence_ms: i64,
    /// From which length on a silence is told, milliseconds.
    pub silence_told_after_ms: Option<i64>,
    /// Receipt after event, in the middle, milliseconds.
    pub delay_ms: Option<i64>,
    /// First and last leaf.
    pub leaves: Option<(u64, u64)>,
    /// Places in [`SourceAccount::findings`].
    pub findings: Vec<usize>,
}

/// How long there is to mend a stop, before what was not fetched is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Margin {
    /// What the platform keeps.
    pub kept: Retention,
    /// When what happened after the last record begins to be lost, milliseconds since 1970.
    pub lost_from_ms: i64,
    /// How long until then, milliseconds; below zero when it has begun.
    pub left_ms: i64,
}

/// What this account cannot see of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "spot", rename_all = "kebab-case")]
pub enum BlindSpot {
    /// No rhythm yet: nothing is said of silence, volume, clock.
    TooLittleHistory {
        /// Whole hours known.
        hours: usize,
    },
    /// The sender gives no numbers: single records that never came are not seen.
    NoNumbers,
    /// There is no upstream proof: what was altered before it came is not seen.
    NoProof,
    /// Shorter silences are not told.
    ShortSilence {
        /// From this length on they are, at this hour, milliseconds.
        told_after_ms: i64,
    },
    /// It says too little in an hour for a slow drip to be told.
    SlowDrip,
    /// The hours are those of its own clock: neither the clock nor a delay can be judged.
    OwnClock,
    /// How its records come.
    Transport {
        /// The class.
        transport: Transport,
    },
    /// For how long the platform keeps its own log is not known.
    Retention,
}

/// The account of one source.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceAccount {
    /// The source.
    pub source: String,
    /// Its platform; empty when it is not known.
    pub platform: String,
    /// How its records come.
    pub transport: Transport,
    /// By which clock its hours are counted.
    pub axis: Axis,
    /// Records of the range.
    pub records: u64,
    /// The last record that came, milliseconds since 1970.
    pub last_received_ms: Option<i64>,
    /// The hours of the range, from the first record on.
    pub hours: Vec<Hour>,
    /// What was found in them, by time.
    pub findings: Vec<Finding>,
    /// How long there is to mend a stop.
    pub margin: Option<Margin>,
    /// What cannot be seen.
    pub blind_spots: Vec<BlindSpot>,
}

impl SourceAccount {
    /// The findings that are gaps.
    pub fn gaps(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.verdict.is_gap())
    }
}

impl Account {
    /// What there is to say about the hours of a range, as of now.
    pub fn report(&self, since_ms: i64, now_ms: i64) -> SourceAccount {
        let range = Span::new(since_ms.max(now_ms - SPAN_MS_MAX), now_ms);
        let findings = self.findings(range, now_ms);
        let first = self.first_ms.map_or(i64::MAX, |first| hour_of(first).max(hour_of(range.from_ms)));
        let hours = (first..=hour_of(now_ms - 1)).map(|hour| self.hour(hour, &findings, now_ms));
        let hours: Vec<Hour> = hours.collect();
        let margin = retention(&self.source.platform).zip(self.last_received_ms).map(|(kept, last)| {
            let lost_from_ms = last + i64::from(kept.days) * DAY_MS;
            Margin { kept: *kept, lost_from_ms, left_ms: lost_from_ms - now_ms }
        });
        SourceAccount {
            source: self.source.name.clone(),
            platform: self.source.platform.clone(),
            transport: self.source.transport,
            axis: self.source.axis,
            records: hours.iter().map(|hour| hour.records).sum(),
            last_received_ms: self.last_received_ms,
            blind_spots: self.blind_spots(now_ms),
            hours,
            findings,
            margin,
        }
    }

    fn hour(&self, hour: i64, findings: &[Finding], now_ms: i64) -> Hour {
        let span = Span::hour(hour);
        let empty = Told::default();
        let told = self.hours.get(&hour).unwrap_or(&empty);
        let partial = span.until_ms > now_ms;
        let judged = told.judged.as_ref();
        let expected = judged.map_or_else(|| self.rhythm.expected(hour), |judged| judged.expected);
        let mut found: Vec<usize> =
            (0..findings.len()).filter(|at| findings.get(*at).is_some_and(|f| concerns(f.span, span))).collect();
        let verdict = |at: &usize| findings.get(*at).map_or(Verdict::Complete, |finding| finding.verdict);
        let drips = found.iter().any(|at| verdict(at) == Verdict::Dripping);
        if drips {
            // Waits between the few that come are part of the drip.
            found.retain(|at| verdict(at) != Verdict::Silent);
        }
        let plain = if expected.is_some() { Verdict::Complete } else { Verdict::TooLittleHistory };
        Hour {
            from_ms: span.from_ms,
            verdict: found.iter().map(verdict).min().unwrap_or(plain),
            partial,
            records: told.records,
            doubled: told.doubled,
            expected: expected.map(|expected| expected.records.round() as u64),
            rhythm: expected.map(|expected| expected.level),
            longest_silence_ms: told.longest_ms.max(self.open_wait(span, now_ms)),
            silence_told_after_ms: expected.map(|expected| expected.silence_ms as i64),
            delay_ms: judge::delays(&told.delays).map(|[_, middle, _]| middle as i64),
            leaves: told.leaves,
            findings: found,
        }
    }

    /// How much of an hour is after the last record.
    fn open_wait(&self, hour: Span, now_ms: i64) -> i64 {
        self.last.map_or(0, |(last, _)| Span::new(last, now_ms).overlap_ms(hour))
    }

    fn findings(&self, range: Span, now_ms: i64) -> Vec<Finding> {
        let mut findings = Vec::new();
        self.announced_findings(now_ms, &mut findings);
        self.numbers(&mut findings);
        self.by_the_hour(&mut findings);
        let drips: BTreeSet<i64> = findings
            .iter()
            .filter(|finding| finding.verdict == Verdict::Dripping)
            .flat_map(|finding| hour_of(finding.span.from_ms)..=hour_of(finding.span.until_ms - 1))
            .collect();
        for silence in self.silences.iter().chain(self.silent(now_ms).as_ref()) {
            let hours = hour_of(silence.span.from_ms)..=hour_of(silence.span.until_ms);
            let mut hours = hours.filter(|hour| concerns(silence.span, Span::hour(*hour)));
            if !hours.all(|hour| drips.contains(&hour)) {
                findings.push(silence_finding(silence));
            }
        }
        findings.retain(|finding| finding.span.overlap_ms(range) > 0);
        findings.sort_by_key(|finding| (finding.span, finding.verdict));
        findings
    }

    /// What was announced, said by the platform, or proved upstream.
    fn announced_findings(&self, now_ms: i64, findings: &mut Vec<Finding>) {
        for pause in &self.source.pauses {
            let by = if pause.author.is_empty() { String::new() } else { format!(" by {}", pause.author) };
            findings.push(Finding {
                verdict: Verdict::Paused,
                span: Span::new(pause.span.from_ms, pause.span.until_ms.min(now_ms)),
                open: pause.span.until_ms > now_ms,
                what: format!("announced{by}: {}", pause.reason),
                records: None,
                leaves: vec![pause.leaf],
            });
        }
        for (span, leaf) in self.source.stopped(now_ms) {
            findings.push(Finding {
                verdict: Verdict::Stopped,
                span,
                open: span.until_ms >= now_ms,
                what: "the platform said that logging was stopped".to_owned(),
                records: None,
                leaves: vec![leaf],
            });
        }
        for span in &self.source.blind {
            findings.push(Finding {
                verdict: Verdict::Blind,
                span: *span,
                open: span.until_ms >= now_ms,
                what: format!("no heartbeat for {}: nobody listened here", length(span.length_ms())),
                records: None,
                leaves: Vec::new(),
            });
        }
        for proof in self.source.proofs.iter().filter(|proof| !proof.holds) {
            findings.push(Finding {
                verdict: Verdict::Unproved,
                span: proof.span,
                open: false,
                what: proof.what.clone(),
                records: None,
                leaves: proof.leaf.into_iter().collect(),
            });
        }
    }

    /// The sender's own numbers and counts.
    fn numbers(&self, findings: &mut Vec<Finding>) {
        for hole in self.sequences.holes() {
            let (from, until) = (hole.before.at_ms.min(hole.after.at_ms), hole.before.at_ms.max(hole.after.at_ms));
            let (missing, before, after) = (hole.missing(), hole.before.number, hole.after.number);
            findings.push(Finding {
                verdict: Verdict::Hole,
                span: Span::new(from, until.max(from + 1)),
                open: false,
                what: format!("the sender's numbers {} to {} never came: {missing} records", before + 1, after - 1),
                records: Some(missing),
                leaves: vec![hole.before.leaf, hole.after.leaf],
            });
        }
        for (count, came) in self.source.counts.iter().zip(&self.counted) {
            if *came < count.records {
                findings.push(Finding {
                    verdict: Verdict::Hole,
                    span: count.span,
                    open: false,
                    what: format!("the sender made {} records, {came} came", count.records),
                    records: Some(count.records - came),
                    leaves: vec![count.leaf],
                });
            }
        }
    }

    /// What the hours showed one by one; hours in a row are one finding.
    fn by_the_hour(&self, findings: &mut Vec<Finding>) {
        let dripping = self.dripping();
        for verdict in [Verdict::Dripping, Verdict::Late, Verdict::Drifting, Verdict::Doubled] {
            let mut run: Option<Finding> = None;
            for (hour, told) in &self.hours {
                let Some(found) = hourly(verdict, *hour, told, &dripping) else {
                    findings.extend(run.take());
                    continue;
                };
                run = match run.take() {
                    Some(mut before) if before.span.until_ms == found.span.from_ms => {
                        before.span.until_ms = found.span.until_ms;
                        before.records = before.records.zip(found.records).map(|(a, b)| a + b);
                        let last = found.leaves.last().copied();
                        before.leaves = before.leaves.first().copied().into_iter().chain(last).collect();
                        Some(before)
                    }
                    other => {
                        findings.extend(other);
                        Some(found)
                    }
                };
            }
            findings.extend(run);
        }
    }

    /// Hours of a slow drip: those that show it, and the thin ones beside them. A drip has long waits, too.
    fn dripping(&self) -> BTreeSet<i64> {
        let judged = |hour: &i64| self.hours.get(hour).and_then(|told| told.judged.as_ref());
        let mut drips: BTreeSet<i64> =
            self.hours.keys().filter(|hour| judged(hour).is_some_and(|judged| judged.dripping)).copied().collect();
        let mut edge: Vec<i64> = drips.iter().copied().collect();
        while let Some(hour) = edge.pop() {
            for beside in [hour - 1, hour + 1] {
                if judged(&beside).is_some_and(|judged| judged.thin) && drips.insert(beside) {
                    edge.push(beside);
                }
            }
        }
        drips
    }

    fn blind_spots(&self, now_ms: i64) -> Vec<BlindSpot> {
        let mut spots = Vec::new();
        match self.rhythm.expected(hour_of(now_ms)) {
            Some(expected) => {
                spots.push(BlindSpot::ShortSilence { told_after_ms: expected.silence_ms as i64 });
                if expected.drip.is_none() {
                    spots.push(BlindSpot::SlowDrip);
                }
            }
            None => spots.push(BlindSpot::TooLittleHistory { hours: self.rhythm.known() }),
        }
        if !self.sequences.any() && self.source.counts.is_empty() {
            spots.push(BlindSpot::NoNumbers);
        }
        if self.source.proofs.is_empty() {
            spots.push(BlindSpot::NoProof);
        }
        if self.source.axis == Axis::Event {
            spots.push(BlindSpot::OwnClock);
        }
        if matches!(self.source.transport, Transport::Unknown | Transport::Udp | Transport::Plain) {
            spots.push(BlindSpot::Transport { transport: self.source.transport });
        }
        if retention(&self.source.platform).is_none() {
            spots.push(BlindSpot::Retention);
        }
        spots
    }
}

/// Whether something is to be told of an hour: half of it, or five minutes of it, are there. So a gap of which some seconds
/// reach into the next hour is told once.
fn concerns(found: Span, hour: Span) -> bool {
    let overlap = found.overlap_ms(hour);
    overlap > 0 && overlap * 2 >= found.length_ms().min(HOUR_MS / 6)
}

fn silence_finding(silence: &Silence) -> Finding {
    let (span, expected) = (silence.span, silence.expected);
    let usual = length(silence.told_after_ms);
    let begin =
        format!("no record for {}, where {usual} are told; about {expected} as a rule", length(span.length_ms()));
    let mut leaves = vec![silence.before];
    leaves.extend(silence.after);
    if silence.is_filled() {
        leaves.extend(silence.filled_by.into_iter().flat_map(|(first, last)| [first, last]));
        return Finding {
            verdict: Verdict::Late,
            span,
            open: false,
            what: format!("{begin}; {} of that time came later", silence.filled),
            records: Some(silence.filled),
            leaves,
        };
    }
    let what = if silence.filled == 0 { begin } else { format!("{begin}; {} came later", silence.filled) };
    let missing = Some(expected.saturating_sub(silence.filled));
    Finding { verdict: Verdict::Silent, span, open: silence.after.is_none(), what, records: missing, leaves }
}

/// What one hour showed of one kind.
fn hourly(verdict: Verdict, hour: i64, told: &Told, dripping: &BTreeSet<i64>) -> Option<Finding> {
    let judged = told.judged.as_ref()?;
    let (first, last) = told.leaves.unwrap_or_default();
    let (what, records, leaves) = match verdict {
        Verdict::Dripping if dripping.contains(&hour) => {
            let expected = judged.expected?;
            let what = format!(
                "{} records in the hour, where {} are the fewest and {} the rule",
                told.records, expected.records_min, expected.records
            );
            let missing = (expected.records.round() as u64).saturating_sub(told.records);
            (what, Some(missing), vec![first, last])
        }
        Verdict::Late if judged.late > 0 => {
            let usual = length(judged.delay?.high as i64);
            let what = format!("{} records came far later than the {usual} that nine of ten need", judged.late);
            (what, Some(judged.late), vec![first, last])
        }
        Verdict::Drifting => {
            let parted = judged.drift_ms?;
            let side = if parted < 0 { "ahead of" } else { "behind" };
            let what = format!("event times are {} further {side} receipt than ever before", length(parted.abs()));
            (what, Some(told.records), vec![first, last])
        }
        Verdict::Doubled if judged.doubled => {
            let (first, last) = told.doubled_by.unwrap_or_default();
            let what = format!("{} of {} records had come before", told.doubled, told.records);
            (what, Some(told.doubled), vec![first, last])
        }
        _ => return None,
    };
    Some(Finding { verdict, span: Span::hour(hour), open: false, what, records, leaves })
}

/// A duration for people.
fn length(ms: i64) -> String {
    let seconds = ms / 1_000;
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h {:02} min", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3_600 % 24),
    }
}
