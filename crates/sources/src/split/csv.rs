//! Lines of comma-separated values whose quoted values may hold line ends.

/// Bytes of a time of the form `2026-11-20 10:41:07.123 `: digits stand for any digit.
const SHAPE: &[u8] = b"0000-00-00 00:00:00.000 ";

/// Longest name of a time zone, or offset, behind the time.
const ZONE_BYTES_MAX: usize = 6;

/// As many bytes decide [`begins`].
pub(crate) const HEAD_BYTES: usize = SHAPE.len() + ZONE_BYTES_MAX + 1;

/// Whether a record of a database's log begins here: a time with its zone as the first value.
/// `None` if there are too few bytes to tell; `whole` says that there will be no more.
pub(crate) fn begins(bytes: &[u8], whole: bool) -> Option<bool> {
    let unknown = if whole { Some(false) } else { None };
    for (at, wanted) in SHAPE.iter().enumerate() {
        let Some(byte) = bytes.get(at) else { return unknown };
        let fits = if wanted.is_ascii_digit() { byte.is_ascii_digit() } else { byte == wanted };
        if !fits {
            return Some(false);
        }
    }
    for at in 0..=ZONE_BYTES_MAX {
        match bytes.get(SHAPE.len() + at) {
            None => return unknown,
            Some(b',') => return Some(at > 0),
            Some(byte) if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b':') => {}
            Some(_) => return Some(false),
        }
    }
    Some(false)
}
