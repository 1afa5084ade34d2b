//! LEB128 numbers, as our own files have them.

/// Appends a LEB128 number.
pub(crate) fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Takes a LEB128 number off the front.
pub(crate) fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Passes over so many numbers at the front; `None` if there are fewer.
pub(crate) fn pass(bytes: &mut &[u8], count: u64) -> Option<()> {
    let mut left = count;
    let mut at = 0;
    while left > 0 {
        left -= u64::from(bytes.get(at)? & 0x80 == 0);
        at += 1;
    }
    *bytes = bytes.get(at..)?;
    Some(())
}
