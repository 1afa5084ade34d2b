//! A source's own rhythm, learned from the hours that were whole.
//!
//! Each hour is compared with earlier ones of its kind: the same hour of the week, or, as long as there are too few of
//! those, the same hour of working days or of weekends, the same hour of any day, any hour. Hours are those of UTC.
//! Before [`DAYS_MIN`] there is no rhythm at all, and nothing is judged by it.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::histogram::Histogram;

/// Days before a source has a rhythm: it has to have been seen through a weekend.
pub(crate) const DAYS_MIN: i64 = 7;

/// Hours that are remembered: eight weeks.
const HOURS_MAX: usize = 8 * 7 * 24;

/// Whole hours needed before anything is judged: three quarters of the first week.
const HOURS_MIN: usize = 126;

/// Which earlier hours an hour is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The same hour of the week.
    HourOfWeek,
    /// The same hour of working days, or of Saturdays and Sundays.
    HourOfWorkdays,
    /// The same hour of all days.
    HourOfDay,
    /// All hours.
    All,
}

/// Levels, the closest first, and how many hours each needs.
const LEVELS: [(Level, usize); 4] =
    [(Level::HourOfWeek, 4), (Level::HourOfWorkdays, 4), (Level::HourOfDay, 6), (Level::All, HOURS_MIN)];

/// 1970-01-01 was a Thursday.
fn is_weekend(hour: i64) -> bool {
    matches!(hour.div_euclid(24).rem_euclid(7), 2 | 3)
}

impl Level {
    fn alike(self, a: i64, b: i64) -> bool {
        match self {
            Level::HourOfWeek => a.rem_euclid(168) == b.rem_euclid(168),
            Level::HourOfWorkdays => a.rem_euclid(24) == b.rem_euclid(24) && is_weekend(a) == is_weekend(b),
            Level::HourOfDay => a.rem_euclid(24) == b.rem_euclid(24),
            Level::All => true,
        }
    }
}

/// What a whole hour was like.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Whole {
    pub(crate) hour: i64,
    pub(crate) records: u64,
    /// Moments at which something came.
    pub(crate) arrivals: u64,
    /// Silences that touch the hour.
    pub(crate) silences: Histogram,
    /// Receipt after event: a tenth is below, half, nine tenths; none of too few.
    pub(crate) delay: Option<[f64; 3]>,
    pub(crate) doubled: u64,
}

/// What is known of a source.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Rhythm {
    hours: VecDeque<Whole>,
    first: Option<i64>,
}

/// What an hour is expected to be like.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Expected {
    pub(crate) level: Level,
    /// A silence of this length is told, milliseconds.
    pub(crate) silence_ms: f64,
    /// Fewest records of such an hour.
    pub(crate) records_min: f64,
    /// Records of such an hour as a rule.
    pub(crate) records: f64,
    /// Moments at which something came, as a rule.
    pub(crate) arrivals: f64,
    /// Fewer records than this are a slow drip; none where that cannot be told.
    pub(crate) drip: Option<f64>,
}

/// How far apart receipt and event are as a rule, milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Delay {
    /// The middle of an hour, but for one in twenty at either end.
    pub(crate) middle: (f64, f64),
    /// The range of an hour, from a tenth to nine tenths; nineteen of twenty have no wider one.
    pub(crate) width: f64,
    /// Nine tenths of an hour; nineteen of twenty are below.
    pub(crate) high: f64,
}

/// A silence that would come by chance once in so many.
const CHANCE: f64 = 1e-9;

/// Shortest silence that is ever told, milliseconds.
const SILENCE_MS_MIN: f64 = 300_000.0;

/// A silence has to be so many times the longest that was ordinary.
const TIMES_LONGEST: f64 = 2.0;

/// A slow drip can be told of hours with so many records and so many moments at least.
const DRIP_RECORDS_MIN: f64 = 20.0;
const DRIP_ARRIVALS_MIN: f64 = 10.0;

/// A slow drip is below this part of the lowest hour.
const DRIP_PART: f64 = 0.4;

/// Hours with a delay that are needed before a clock is judged.
const DELAY_HOURS_MIN: usize = 24;

impl Rhythm {
    /// A whole hour.
    pub(crate) fn learn(&mut self, whole: Whole) {
        self.first.get_or_insert(whole.hour);
        self.hours.push_back(whole);
        if self.hours.len() > HOURS_MAX {
            self.hours.pop_front();
        }
    }

    /// Whether there is enough to judge an hour by.
    pub(crate) fn is_ripe(&self, hour: i64) -> bool {
        let since = self.first.is_some_and(|first| hour - first >= DAYS_MIN * 24);
        since && self.hours.len() >= HOURS_MIN
    }

    /// What an hour should be like; none with too little history.
    pub(crate) fn expected(&self, hour: i64) -> Option<Expected> {
        if !self.is_ripe(hour) {
            return None;
        }
        let (level, alike) = LEVELS.iter().find_map(|(level, needed)| {
            let alike: Vec<&Whole> = self.hours.iter().filter(|whole| level.alike(whole.hour, hour)).collect();
            (alike.len() >= *needed).then_some((*level, alike))
        })?;
        let mut records: Vec<f64> = alike.iter().map(|whole| whole.records as f64).collect();
        let mut arrivals: Vec<f64> = alike.iter().map(|whole| whole.arrivals as f64).collect();
        let (_, arrivals_middle) = (median(&mut records), median(&mut arrivals));
        let records_min = records.first().copied().unwrap_or(0.0);
        // Where workdays and weekends are told together, what is usual is that of the day's own kind.
        let own = alike.iter().filter(|whole| is_weekend(whole.hour) == is_weekend(hour));
        let mut own: Vec<f64> = own.map(|whole| whole.records as f64).collect();
        let records_middle = if own.len() < 2 { median(&mut records) } else { median(&mut own) };
        let drip = (records_min >= DRIP_RECORDS_MIN && arrivals_middle >= DRIP_ARRIVALS_MIN)
            .then(|| (records_min * DRIP_PART).min(far_below(&records)));
        Some(Expected {
            level,
            silence_ms: silence_limit_of(&alike)?,
            records_min,
            records: records_middle,
            arrivals: arrivals_middle,
            drip,
        })
    }

    /// How late records come as a rule; none when too few hours tell.
    pub(crate) fn delay(&self, hour: i64) -> Option<Delay> {
        if !self.is_ripe(hour) {
            return None;
        }
        let told: Vec<[f64; 3]> = self.hours.iter().filter_map(|whole| whole.delay).collect();
        if told.len() < DELAY_HOURS_MIN {
            return None;
        }
        let part = |part: f64, of: fn(&[f64; 3]) -> f64| {
            let mut values: Vec<f64> = told.iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            values.get((part * (values.len() - 1) as f64).round() as usize).copied()
        };
        Some(Delay {
            middle: (part(0.05, |[_, middle, _]| *middle)?, part(0.95, |[_, middle, _]| *middle)?),
            width: part(0.95, |[low, _, high]| high - low)?,
            high: part(0.95, |[_, _, high]| *high)?,
        })
    }

    /// Whole hours that are known.
    pub(crate) fn known(&self) -> usize {
        self.hours.len()
    }

    /// Doubled records so far, as a part of all records.
    pub(crate) fn doubled(&self) -> f64 {
        let (doubled, records) = self
            .hours
            .iter()
            .fold((0, 0), |(doubled, records), whole| (doubled + whole.doubled, records + whole.records));
        doubled as f64 / records.max(1) as f64
    }
}

/// The silence that is told, among hours of several kinds that of the quietest: a mean of busy and quiet hours would be that
/// of neither.
fn silence_limit_of(alike: &[&Whole]) -> Option<f64> {
    let mut kinds: BTreeMap<(bool, i64), Histogram> = BTreeMap::new();
    for whole in alike {
        let kind = (is_weekend(whole.hour), whole.hour.rem_euclid(24));
        kinds.entry(kind).or_default().merge(&whole.silences);
    }
    kinds.values().filter_map(silence_limit).reduce(f64::max)
}

/// The silence that is told in hours of one kind. Beyond what nineteen of twenty do not exceed, waits are taken to thin out evenly, as those of
/// independent events do; twice the longest is a second bound, for whatever is not independent.
fn silence_limit(silences: &Histogram) -> Option<f64> {
    let (middle, high, longest) = (silences.quantile(0.5)?, silences.quantile(0.95)?, silences.max()?);
    // From a half to a twentieth the number falls ten times.
    let step = (high - middle).max(0.0) / 10_f64.ln();
    let tail = high + step * (0.05 / CHANCE).ln();
    Some(tail.max(longest * TIMES_LONGEST).max(SILENCE_MS_MIN))
}

/// Sorts, and gives the middle.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// A count six deviations below the middle, on a scale of ratios; the deviation is that of the middle half, and no less
/// than chance makes it.
fn far_below(sorted: &[f64]) -> f64 {
    let at = |part: f64| sorted.get((part * (sorted.len().saturating_sub(1)) as f64) as usize).copied().unwrap_or(0.0);
    let middle = at(0.5).max(1.0);
    let half = (at(0.75).max(1.0).ln() - at(0.25).max(1.0).ln()) / 1.349;
    let deviation = half.max(1.0 / middle.sqrt());
    (middle.ln() - 6.0 * deviation).exp().max(middle * 0.15)
}
