//! `--since` and `--until`: a moment, or a span back from now.

use model::Millis;

use crate::exit::Usage;

/// Nanoseconds since 1970 of a moment as people write it: RFC 3339, a date, or `24h`.
pub(crate) fn parse(flag: &str, text: &str, now_ns: i64) -> Result<i64, Usage> {
    let wrong = || {
        Usage(format!(
            "--{flag} `{text}` is neither a time such as 2026-11-20T10:00:00Z nor a span such as 90m, 24h, 7d"
        ))
    };
    if let Some(parsed) = sources::time::parse(text) {
        return Ok(parsed.nanos);
    }
    if let Ok(date) = text.parse::<jiff::civil::Date>() {
        let start = date.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| wrong())?;
        return i64::try_from(start.timestamp().as_nanosecond()).map_err(|_| wrong());
    }
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let count: i64 = digits.parse().map_err(|_| wrong())?;
    let seconds = match text.get(digits.len()..) {
        Some("s") => 1,
        Some("m") => 60,
        Some("h") => 3_600,
        Some("d") => 86_400,
        Some("w") => 604_800,
        _ => return Err(wrong()),
    };
    let span = count.checked_mul(seconds).and_then(|s| s.checked_mul(1_000_000_000)).ok_or_else(wrong)?;
    now_ns.checked_sub(span).ok_or_else(wrong)
}

/// A moment to come: a time or a date, or a span from now on.
pub(crate) fn ahead(flag: &str, text: &str, now: Millis) -> Result<Millis, Usage> {
    let now_ns = i64::try_from(now.0).unwrap_or(i64::MAX).saturating_mul(1_000_000);
    let parsed = parse(flag, text, now_ns)?;
    let is_span = sources::time::parse(text).is_none() && text.parse::<jiff::civil::Date>().is_err();
    // A span was counted back: as far ahead as that.
    let at = if is_span { now_ns.saturating_add(now_ns.saturating_sub(parsed)) } else { parsed };
    let past = || Usage(format!("--{flag} `{text}` is not ahead of now"));
    u64::try_from(at / 1_000_000).ok().filter(|at| *at > now.0).map(Millis).ok_or_else(past)
}

#[cfg(test)]
mod tests {
    use model::Millis;

    use super::{ahead, parse};

    const NOW: i64 = 1_790_000_000_000_000_000;

    #[test]
    fn spans_count_back_from_now() {
        assert_eq!(parse("since", "24h", NOW).unwrap(), NOW - 86_400_000_000_000);
        assert_eq!(parse("since", "90m", NOW).unwrap(), NOW - 5_400_000_000_000);
    }

    #[test]
    fn moments_are_rfc3339_or_a_date() {
        assert_eq!(parse("since", "1970-01-02", NOW).unwrap(), 86_400_000_000_000);
        assert_eq!(parse("since", "1970-01-01T00:00:01+01:00", NOW).unwrap(), -3_599_000_000_000);
    }

    #[test]
    fn what_is_ahead_counts_from_now_on_and_is_not_past() {
        let now = Millis(1_790_000_000_000);
        assert_eq!(ahead("until", "2h", now).unwrap(), Millis(1_790_000_000_000 + 7_200_000));
        assert_eq!(ahead("until", "2030-01-01", now).unwrap(), Millis(1_893_456_000_000));
        for text in ["2020-01-01", "0h", "1970-01-01T00:00:01Z"] {
            assert!(ahead("until", text, now).unwrap_err().to_string().contains("not ahead"), "{text}");
        }
    }

    #[test]
    fn anything_else_names_the_flag_and_the_value() {
        for text in ["yesterday", "24", "h", "", "99999999999999d"] {
            let message = parse("until", text, NOW).unwrap_err().to_string();
            assert!(message.contains("--until") && message.contains(text), "{message}");
        }
    }
}
