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
/// so), up to nine digits of fraction. A leap second counts as the second before it.
pub fn parse(text: &str) -> Option<Parsed> {
    let text = text.trim();
    if let Some(parsed) = parse_utc(text.as_bytes()) {
        return Some(parsed);
    }
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

/// The one form nearly every record has, `2026-11-20T10:41:07[.fraction]Z`; anything else is left
/// to the full parser.
fn parse_utc(text: &[u8]) -> Option<Parsed> {
    let (civil, rest) = text.split_first_chunk::<19>()?;
    let [y1, y2, y3, y4, b'-', o1, o2, b'-', d1, d2, b'T', h1, h2, b':', m1, m2, b':', s1, s2] = *civil else {
        return None;
    };
    let (year, month, day) = (number(&[y1, y2, y3, y4])?, number(&[o1, o2])?, number(&[d1, d2])?);
    let (hour, minute, second) = (number(&[h1, h2])?, number(&[m1, m2])?, number(&[s1, s2])?);
    let (fraction, precision) = match rest {
        b"Z" => (0, TimePrecision::Second),
        [b'.', digits @ .., b'Z'] if (1..=9).contains(&digits.len()) => {
            let missing = u32::try_from(9 - digits.len()).ok()?;
            (number(digits)? * 10_i64.pow(missing), by_digits(digits.len()))
        }
        _ => return None,
    };
    let last_day = match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1970..=2200).contains(&year) || day < 1 || day > last_day || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    Some(Parsed { nanos: seconds * 1_000_000_000 + fraction, precision, zone_assumed: false })
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |value, digit| digit.is_ascii_digit().then(|| value * 10 + i64::from(digit - b'0')))
}

/// Days since 1970. The year is counted from March, so that the leap day is its last one.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    // 719,468 days lie between 0000-03-01 and 1970-01-01.
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

fn nanos(time: jiff::Timestamp) -> Option<i64> {
    i64::try_from(time.as_nanosecond()).ok()
}

fn precision(text: &str) -> TimePrecision {
    by_digits(text.split_once(['.', ',']).map_or(0, |(_, rest)| rest.bytes().take_while(u8::is_ascii_digit).count()))
}

fn by_digits(digits: usize) -> TimePrecision {
    match digits {
        0 => TimePrecision::Second,
        1..=3 => TimePrecision::Milli,
        4..=6 => TimePrecision::Micro,
        _ => TimePrecision::Nano,
    }
}

#[cfg(test)]
mod tests;
