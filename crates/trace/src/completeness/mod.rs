//! The completeness account: for each source and hour, what came, what should have come, and what is missing.
//!
//! Nothing here reads a clock, a file or a table: whoever keeps the records tells each receipt in order, and what was
//! announced beside them. An hour is judged by what was there before it, so that a verdict does not change because more
//! comes later; the one exception is a silence that is filled afterwards, which becomes [`Verdict::Late`].
//!
//! The meaning of each verdict, and what each can and cannot show, is in `docs/completeness.md`.

mod account;
mod histogram;
mod input;
mod judge;
mod report;
mod retention;
mod rhythm;
mod sequence;
#[cfg(test)]
mod tests;
mod verdict;

pub use account::{Account, Silence};
use input::SPAN_MS_MAX;
pub use input::{
    Axis, Count, HEARTBEAT_MS_MAX, Heartbeat, Number, Pause, Proof, Receipt, Source, Stop, Transport, blind_spans,
};
pub use report::{BlindSpot, Hour, Margin, SourceAccount};
pub use retention::{RETENTIONS, Retention, retention};
pub use rhythm::Level;
pub use verdict::{Finding, Verdict};

/// Version of the rules: a verdict of another version may differ over the same records.
pub const RULES: u32 = 1;

/// Milliseconds of an hour.
pub const HOUR_MS: i64 = 3_600_000;

/// Milliseconds of a day.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// A time range, milliseconds since 1970, the end excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Span {
    /// Its beginning.
    pub from_ms: i64,
    /// Its end.
    pub until_ms: i64,
}

impl Span {
    /// From one time until another.
    pub fn new(from_ms: i64, until_ms: i64) -> Span {
        Span { from_ms, until_ms }
    }

    /// The hour that begins at a multiple of [`HOUR_MS`].
    pub fn hour(number: i64) -> Span {
        Span::new(number * HOUR_MS, (number + 1) * HOUR_MS)
    }

    /// How long it is.
    pub fn length_ms(self) -> i64 {
        (self.until_ms - self.from_ms).max(0)
    }

    /// How much of it is in another one.
    pub fn overlap_ms(self, other: Span) -> i64 {
        (self.until_ms.min(other.until_ms) - self.from_ms.max(other.from_ms)).max(0)
    }

    /// Whether a time is in it.
    pub fn holds(self, at_ms: i64) -> bool {
        (self.from_ms..self.until_ms).contains(&at_ms)
    }
}

/// Number of the hour of a time.
pub(crate) fn hour_of(at_ms: i64) -> i64 {
    at_ms.div_euclid(HOUR_MS)
}
