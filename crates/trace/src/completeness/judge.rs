//! One hour against the rhythm of those before it.

use super::account::{Account, Judged, Told};
use super::histogram::Histogram;
use super::rhythm::{Delay, Expected};
use super::{HOUR_MS, Span};

/// Fewest records whose delay tells something about a clock.
const TIMED_MIN: u64 = 5;

/// Clocks have parted when the middle of an hour is so far outside of all earlier ones, milliseconds.
const DRIFT_MS_MIN: f64 = 60_000.0;

/// A record is late when it took three times as long as nine of ten do, and so much more, milliseconds.
const LATE_MS_MIN: f64 = 600_000.0;

/// Late or doubled records of an hour are told from so many on, and from this part of the hour.
const TOLD_MIN: u64 = 5;
const LATE_PART: f64 = 0.1;
const DOUBLED_PART: f64 = 0.05;

/// Doubled records are told when they are so many times more than as a rule.
const TIMES_DOUBLED: f64 = 5.0;

/// Less of an hour than this, outside of silences and pauses, says nothing about volume, milliseconds.
const HEARD_MS_MIN: i64 = 600_000;

/// Silences of one hour that are looked at.
const SILENCES_MAX: usize = 16;

/// Compares an hour that is over.
pub(crate) fn hour(account: &Account, hour: i64) -> Judged {
    let Some(told) = account.hours.get(&hour) else { return Judged::default() };
    let expected = account.rhythm.expected(hour);
    let delay = account.rhythm.delay(hour);
    let drift_ms = delay.and_then(|delay| drift(&told.delays, &delay));
    let late = match delay {
        Some(delay) if drift_ms.is_none() => late(told, &delay),
        _ => 0,
    };
    let dripping = expected.as_ref().is_some_and(|expected| dripping(account, hour, told, expected));
    let limit = expected.as_ref().and_then(|expected| expected.drip);
    let thin = limit.is_some_and(|limit| told.records > 0 && (told.records as f64) < limit);
    let doubled = doubled(told, account.rhythm.doubled());
    Judged { expected, delay, dripping, thin, doubled, late, drift_ms }
}

/// A tenth, half and nine tenths of the delays; none of too few.
pub(crate) fn delays(delays: &Histogram) -> Option<[f64; 3]> {
    if delays.total() < TIMED_MIN {
        return None;
    }
    Some([delays.quantile(0.1)?, delays.quantile(0.5)?, delays.quantile(0.9)?])
}

/// Far less than its rhythm has, in the part of the hour in which it was heard at all.
fn dripping(account: &Account, hour: i64, told: &Told, expected: &Expected) -> bool {
    let Some(limit) = expected.drip else { return false };
    let span = Span::hour(hour);
    if account.is_excused(span) || told.records == 0 {
        return false;
    }
    let silences = account.silences.iter().rev().take(SILENCES_MAX).map(|silence| silence.span.overlap_ms(span));
    let silences: Vec<i64> = silences.filter(|silent| *silent > 0).collect();
    let silent: i64 = silences.iter().sum();
    let begun = account.first_ms.map_or(0, |first| (first - span.from_ms).max(0));
    let heard = HOUR_MS - silent - begun;
    let part = heard as f64 / HOUR_MS as f64;
    if heard < HEARD_MS_MIN {
        // A few records between one silence and the next.
        return silences.len() > 1 && (told.records as f64) < limit;
    }
    (told.records as f64) < limit * part
}

/// By how much receipt and event have parted, milliseconds: nearly all records of the hour alike, so that it is the clock, or all of
/// the way here, and not some records that were held back.
fn drift(told: &Histogram, usual: &Delay) -> Option<i64> {
    // A third may still be from before: records are on their way when a clock is set.
    let [_, middle, high] = delays(told)?;
    let low = told.quantile(0.35)?;
    let (lowest, highest) = usual.middle;
    let shift = if middle > highest { middle - highest } else { (middle - lowest).min(0.0) };
    let limit = DRIFT_MS_MIN.max(highest - lowest);
    // A tenth of the middle: durations are known to that.
    let is_alike = high - low <= 2.0 * usual.width + DRIFT_MS_MIN + 0.2 * middle.abs();
    (shift.abs() > limit && is_alike).then_some(shift as i64)
}

/// Records that came late, if they are more than some.
fn late(told: &Told, usual: &Delay) -> u64 {
    let limit = 3.0 * usual.high.max(0.0) + LATE_MS_MIN;
    let late = told.delays.above(limit);
    if late >= TOLD_MIN && late as f64 >= LATE_PART * told.records as f64 { late } else { 0 }
}

fn doubled(told: &Told, usual: f64) -> bool {
    let limit = (DOUBLED_PART.max(TIMES_DOUBLED * usual)) * told.records as f64;
    told.doubled >= TOLD_MIN && told.doubled as f64 > limit
}
