//! Durations, counted by size: eight classes for each doubling, so that a quantile is right within nine percent.

use serde::{Deserialize, Serialize};

/// Classes for each doubling.
const PER_OCTAVE: f64 = 8.0;

/// How often each class of duration was seen, by class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Histogram {
    counts: Vec<(i16, u32)>,
    total: u64,
}

/// Class of a duration in milliseconds. Those below zero have classes below zero: a clock may be ahead of ours.
fn class(ms: i64) -> i16 {
    let size = (ms.unsigned_abs() as f64 / 1_000.0 + 1.0).log2() * PER_OCTAVE;
    let class = size.round() as i16;
    if ms < 0 { -class } else { class }
}

/// The middle of a class, milliseconds.
fn value(class: i16) -> f64 {
    let size = ((f64::from(class.abs()) / PER_OCTAVE).exp2() - 1.0) * 1_000.0;
    if class < 0 { -size } else { size }
}

impl Histogram {
    pub(crate) fn add(&mut self, ms: i64) {
        let class = class(ms);
        self.put(class, 1);
    }

    fn put(&mut self, class: i16, times: u32) {
        self.total += u64::from(times);
        match self.counts.binary_search_by_key(&class, |(class, _)| *class) {
            Ok(at) => {
                if let Some((_, count)) = self.counts.get_mut(at) {
                    *count = count.saturating_add(times);
                }
            }
            Err(at) => self.counts.insert(at, (class, times)),
        }
    }

    pub(crate) fn merge(&mut self, other: &Histogram) {
        other.counts.iter().for_each(|(class, times)| self.put(*class, *times));
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// The duration that so great a part does not exceed, milliseconds; none of nothing.
    pub(crate) fn quantile(&self, part: f64) -> Option<f64> {
        let rank = (part * self.total as f64).ceil().max(1.0) as u64;
        let mut below = 0;
        for (class, times) in &self.counts {
            below += u64::from(*times);
            if below >= rank {
                return Some(value(*class));
            }
        }
        None
    }

    /// The longest, milliseconds.
    pub(crate) fn max(&self) -> Option<f64> {
        self.counts.last().map(|(class, _)| value(*class))
    }

    /// How many are longer.
    pub(crate) fn above(&self, ms: f64) -> u64 {
        self.counts.iter().filter(|(class, _)| value(*class) > ms).map(|(_, times)| u64::from(*times)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_within_nine_percent_also_below_zero() {
        let mut histogram = Histogram::default();
        (1..=1_000).for_each(|second| histogram.add(second * 1_000));
        for (part, ms) in [(0.5, 500_000.0), (0.95, 950_000.0), (1.0, 1_000_000.0)] {
            let found = histogram.quantile(part).unwrap();
            assert!((found / ms - 1.0_f64).abs() < 0.09, "{part}: {found}");
        }
        assert_eq!(histogram.total(), 1_000);
        let mut ahead = Histogram::default();
        ahead.add(-60_000);
        ahead.add(60_000);
        assert!(ahead.quantile(0.5).unwrap() < -55_000.0);
        assert!(ahead.max().unwrap() > 55_000.0);
        assert_eq!(ahead.above(0.0), 1);
        assert_eq!(Histogram::default().quantile(0.5), None);
    }
}
