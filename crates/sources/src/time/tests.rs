#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Option<(i64, TimePrecision, bool)> {
    parse(text).map(|parsed| (parsed.nanos, parsed.precision, parsed.zone_assumed))
}

#[test]
fn usual_forms_are_read() {
    use TimePrecision::{Micro, Milli, Nano, Second};
    let base = 1_763_635_267_000_000_000;
    for (text, fraction, precision, zone_assumed) in [
        ("2025-11-20T10:41:07Z", 0, Second, false),
        (" 2025-11-20T10:41:07Z\n", 0, Second, false),
        ("2025-11-20t10:41:07z", 0, Second, false),
        ("2025-11-20T10:41:07.1Z", 100_000_000, Milli, false),
        ("2025-11-20T10:41:07.123456Z", 123_456_000, Micro, false),
        ("2025-11-20T10:41:07.123456789Z", 123_456_789, Nano, false),
        ("2025-11-20T10:41:07+00:00", 0, Second, false),
        ("2025-11-20T12:41:07.5+02:00", 500_000_000, Milli, false),
        ("2025-11-20 10:41:07", 0, Second, true),
        ("2025-11-20T10:41:07.123", 123_000_000, Milli, true),
        ("2025-11-20 10:41:07.1234567", 123_456_700, Nano, true),
    ] {
        assert_eq!(read(text), Some((base + fraction, precision, zone_assumed)), "{text}");
    }
}

#[test]
fn the_edges_of_time_are_read_and_what_is_no_time_is_not() {
    assert_eq!(read("1970-01-01T00:00:00Z").unwrap().0, 0);
    assert_eq!(read("1969-12-31T23:59:59Z").unwrap().0, -1_000_000_000);
    assert_eq!(read("2099-12-31T23:59:59Z").unwrap().0, 4_102_444_799_000_000_000);
    assert_eq!(read("2016-12-31T23:59:60Z"), read("2016-12-31T23:59:59Z"));
    assert_eq!(read("2000-02-29T00:00:00Z").unwrap().0, 951_782_400_000_000_000);
    for text in [
        "",
        "now",
        "2025",
        "2025-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2025-13-01T00:00:00Z",
        "2025-01-01T24:00:00Z",
        "2025-01-01T00:60:00Z",
        "2025-00-10T00:00:00Z",
        "2025-01-00T00:00:00Z",
        "2025-01-01T00:00:00.Z",
        "2025-01-01T00:00:00ZZ",
        "2025-01-01T00:00:0xZ",
        "9999-12-31T23:59:59Z",
        "+002025-01-01T00:00:00Z[",
        "redacted",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn an_epoch_tells_its_unit_by_its_size() {
    use TimePrecision::{Micro, Milli, Nano, Second};
    for (value, precision) in [
        (1_763_635_267, Second),
        (1_763_635_267_000, Milli),
        (1_763_635_267_000_000, Micro),
        (1_763_635_267_000_000_000, Nano),
    ] {
        let parsed = from_epoch(value).unwrap();
        assert_eq!((parsed.nanos, parsed.precision), (1_763_635_267_000_000_000, precision));
    }
    assert_eq!(from_epoch(0).unwrap().nanos, 0);
    assert_eq!(from_epoch(-1).unwrap().nanos, -1_000_000_000);
    assert!(from_epoch(i64::MIN).is_some());
}

proptest! {
    /// The oracle is jiff.
    #[test]
    fn the_fast_way_agrees_with_the_full_parser(seconds in -1_000_000_000_i64..8_000_000_000, nanos in 0_i32..1_000_000_000, digits in 0_usize..10) {
        let time = jiff::Timestamp::new(seconds, nanos).unwrap();
        let text = format!("{time:.digits$}");
        let expected: jiff::Timestamp = text.parse().unwrap();
        prop_assert_eq!(i128::from(parse(&text).unwrap().nanos), expected.as_nanosecond());
        prop_assert_eq!(parse(&text).unwrap().precision, precision(&text));
    }

    #[test]
    fn what_the_fast_way_takes_the_full_parser_takes(text in "(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{1,10})?Z") {
        if let Some(fast) = parse_utc(text.as_bytes()) {
            prop_assert_eq!(i128::from(fast.nanos), text.parse::<jiff::Timestamp>().unwrap().as_nanosecond());
        }
    }
}
