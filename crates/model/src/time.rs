//! Times as numbers, and the one way they are printed: RFC 3339, UTC, with `Z`.

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub u64);

impl std::fmt::Display for Millis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&rfc3339_from_millis(*self))
    }
}

/// `2026-11-20T10:41:07.120Z`. A time past the year 9999 prints as the last representable one.
pub fn rfc3339_from_millis(time: Millis) -> String {
    let millis = i64::try_from(time.0).unwrap_or(i64::MAX);
    let time = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX);
    format!("{time:.3}")
}

/// Nanoseconds since 1970 as RFC 3339 UTC, with as many digits as the value needs: none, 3, 6 or 9.
pub fn rfc3339_from_nanos(nanos: i64) -> String {
    // Every i64 of nanoseconds lies between 1677 and 2262, inside jiff's range.
    let time = jiff::Timestamp::from_nanosecond(i128::from(nanos)).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    match time.subsec_nanosecond() {
        0 => format!("{time:.0}"),
        n if n % 1_000_000 == 0 => format!("{time:.3}"),
        n if n % 1_000 == 0 => format!("{time:.6}"),
        _ => format!("{time:.9}"),
    }
}
