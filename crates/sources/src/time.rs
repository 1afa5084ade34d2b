//! Times as platforms write them.

use model::TimePrecision;

/// A time read off a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// Nanoseconds since 1970.
    pub nanos: i64,
    /// How fine the text was.
    pub precision: TimePrecision,
    /// The text named no zone; UTC was assumed.
    pub zone_assumed: bool,
}

/// Reads RFC 3339 and its usual relatives: a space instead of `T`, no zone (UTC is assumed and said
/// so), up to nine digits of fraction.
pub fn parse(text: &str) -> Option<Parsed> {
    let text = text.trim();
    let precision = precision(text);
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Some(Parsed { nanos: nanos(time)?, precision, zone_assumed: false });
    }
    let civil: jiff::civil::DateTime = text.parse().ok()?;
    let time = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    Some(Parsed { nanos: nanos(time)?, precision, zone_assumed: true })
}

/// Reads an epoch number, in seconds, milliseconds, microseconds or nanoseconds by its size.
pub fn from_epoch(value: i64) -> Option<Parsed> {
    let (scale, precision) = match value.unsigned_abs() {
        0..100_000_000_000 => (1_000_000_000, TimePrecision::Second),
        100_000_000_000..100_000_000_000_000 => (1_000_000, TimePrecision::Milli),
        100_000_000_000_000..100_000_000_000_000_000 => (1_000, TimePrecision::Micro),
        _ => (1, TimePrecision::Nano),
    };
    Some(Parsed { nanos: value.checked_mul(scale)?, precision, zone_assumed: false })
}

fn nanos(time: jiff::Timestamp) -> Option<i64> {
    i64::try_from(time.as_nanosecond()).ok()
}

fn precision(text: &str) -> TimePrecision {
    let digits = text.split_once('.').map_or(0, |(_, rest)| rest.bytes().take_while(u8::is_ascii_digit).count());
    match digits {
        0 => TimePrecision::Second,
        1..=3 => TimePrecision::Milli,
        4..=6 => TimePrecision::Micro,
        _ => TimePrecision::Nano,
    }
}
