//! Times in the forms that a mapping names.

use std::borrow::Cow;

use model::TimePrecision;

use super::value::{Env, Value};
use crate::time::{self, Parsed};

/// A value that is a time, and the forms in which it may come.
#[derive(Debug, Default)]
pub(super) struct Time {
    pub(super) value: Value,
    /// Tried in order; empty for RFC 3339 and its relatives, then an epoch number.
    pub(super) formats: Vec<Format>,
}

/// A form of times.
#[derive(Debug)]
pub(super) enum Format {
    /// RFC 3339 and its usual relatives.
    Rfc3339,
    /// An epoch number whose size tells its unit.
    Epoch,
    /// An epoch number; nanoseconds in one unit.
    Unit(i64, TimePrecision),
    /// Directives of strptime.
    Pattern(Box<str>),
}

impl Format {
    /// `None` if the text is no form of times.
    pub(super) fn new(text: &str) -> Result<Format, String> {
        Ok(match text {
            "rfc3339" => Format::Rfc3339,
            "epoch" => Format::Epoch,
            "epoch-s" => Format::Unit(1_000_000_000, TimePrecision::Second),
            "epoch-ms" => Format::Unit(1_000_000, TimePrecision::Milli),
            "epoch-us" => Format::Unit(1_000, TimePrecision::Micro),
            "epoch-ns" => Format::Unit(1, TimePrecision::Nano),
            pattern if pattern.contains('%') => Format::Pattern(checked(pattern)?.into()),
            other => {
                return Err(format!(
                    "\"{other}\" is no form of times; write rfc3339, epoch, epoch-s, epoch-ms, epoch-us, epoch-ns or directives such as %d/%m/%Y %H:%M:%S %z"
                ));
            }
        })
    }

    fn parse(&self, text: &str) -> Option<Parsed> {
        match self {
            Format::Rfc3339 => time::parse(text),
            Format::Epoch => time::from_epoch(text.parse().ok()?),
            Format::Unit(scale, precision) => unit(text, *scale, *precision),
            Format::Pattern(pattern) => by_pattern(pattern, text),
        }
    }
}

impl Time {
    /// The text and what it means.
    pub(super) fn get<'a>(&self, env: &Env<'_, 'a>) -> Option<(Cow<'a, str>, Option<Parsed>)> {
        let text = self.value.get(env)?;
        let parsed = self.parse(&text);
        Some((text, parsed))
    }

    pub(super) fn nanos(&self, env: &Env<'_, '_>) -> Option<i64> {
        self.get(env)?.1.map(|parsed| parsed.nanos)
    }

    fn parse(&self, text: &str) -> Option<Parsed> {
        let text = text.trim();
        if self.formats.is_empty() {
            return Format::Rfc3339.parse(text).or_else(|| Format::Epoch.parse(text));
        }
        self.formats.iter().find_map(|format| format.parse(text))
    }
}

/// An epoch number that may have a fraction.
fn unit(text: &str, scale: i64, precision: TimePrecision) -> Option<Parsed> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut nanos = whole.parse::<i64>().ok()?.checked_mul(scale)?;
    let mut digit = scale / 10;
    for byte in fraction.bytes() {
        nanos += i64::from(char::from(byte).to_digit(10)?) * digit;
        digit /= 10;
    }
    let precision = match (fraction.len(), precision) {
        (0, _) | (_, TimePrecision::Nano) => precision,
        (1..=3, TimePrecision::Second) => TimePrecision::Milli,
        (4..=6, TimePrecision::Second) | (1..=3, TimePrecision::Milli) => TimePrecision::Micro,
        _ => TimePrecision::Nano,
    };
    Some(Parsed { nanos, precision, zone_assumed: false })
}

fn by_pattern(pattern: &str, text: &str) -> Option<Parsed> {
    let read = jiff::fmt::strtime::parse(pattern, text).ok()?;
    let (time, zone_assumed) = match read.to_timestamp() {
        Ok(time) => (time, false),
        Err(_) => (read.to_datetime().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp(), true),
    };
    let nanos = i64::try_from(time.as_nanosecond()).ok()?;
    let precision = match nanos {
        nanos if nanos % 1_000_000_000 == 0 => TimePrecision::Second,
        nanos if nanos % 1_000_000 == 0 => TimePrecision::Milli,
        nanos if nanos % 1_000 == 0 => TimePrecision::Micro,
        _ => TimePrecision::Nano,
    };
    Some(Parsed { nanos, precision, zone_assumed })
}

/// A pattern that can be read back into a time.
fn checked(pattern: &str) -> Result<&str, String> {
    let sample = jiff::civil::date(2026, 11, 20).at(10, 41, 7, 0).to_zoned(jiff::tz::TimeZone::UTC);
    let written = sample.map_err(|error| error.to_string()).and_then(|sample| {
        jiff::fmt::strtime::format(pattern, &sample).map_err(|error| format!("\"{pattern}\": {error}"))
    })?;
    match by_pattern(pattern, &written) {
        Some(_) => Ok(pattern),
        None => Err(format!("\"{pattern}\" says no time: year, month, day and hour are wanted (%Y-%m-%d %H:%M:%S)")),
    }
}
