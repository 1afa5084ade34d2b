use super::*;

#[test]
fn times_are_read_as_texts_and_as_numbers() {
    for (text, value, precision) in [
        ("1795936686.763", 1_795_936_686_763_000_000, TimePrecision::Milli),
        ("1795936686.763123456", 1_795_936_686_763_123_456, TimePrecision::Nano),
        ("1795936686", 1_795_936_686_000_000_000, TimePrecision::Second),
        ("1795936686763", 1_795_936_686_763_000_000, TimePrecision::Milli),
        ("2026-11-29T07:18:06.763Z", 1_795_936_686_763_000_000, TimePrecision::Milli),
    ] {
        let parsed = field::instant(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!((parsed.nanos, parsed.precision), (value, precision), "{text}");
    }
    for text in ["", ".", "1.", ".1", "a.1", "1.a", "99999999999.9", "1.2.3"] {
        assert_eq!(field::instant(text), None, "{text}");
    }
}

#[test]
fn ends_of_connections_are_taken_apart() {
    let of = |text: &str| {
        let mut end = Endpoint::default();
        endpoint(&mut end, Some(Cow::Owned(text.to_owned())));
        (end.ip.map(Cow::into_owned), end.host.map(Cow::into_owned), end.port)
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(of("192.0.2.1:443"), (some("192.0.2.1"), None, Some(443)));
    assert_eq!(of("[2001:db8::7]:443"), (some("2001:db8::7"), None, Some(443)));
    assert_eq!(of("2001:db8::7"), (some("2001:db8::7"), None, None));
    assert_eq!(of("db.example:5432"), (None, some("db.example"), Some(5432)));
    assert_eq!(of("db.example"), (None, some("db.example"), None));
    assert_eq!(of("-"), (None, None, None));
}
