//! Private keys in other forms than a PEM block, and keys with a checksum of their own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::check::{Class, Found, plain, run, starts_clean};
use super::field;
use super::rule::{How, Rule};

/// Rules 87 to 90.
pub(super) static RULES: [Rule; 4] = [
    Rule {
        number: 87,
        name: "age",
        what: "age secret key: AGE-SECRET-KEY-1 and 58 characters, the last six a Bech32 checksum",
        how: How::Anchors(&["AGE-SECRET-KEY-1"], age),
    },
    Rule {
        number: 88,
        name: "putty-key",
        what: "private lines of a PuTTY key, to its MAC or the end of the text",
        how: How::Anchors(&["Private-Lines:"], putty),
    },
    Rule {
        number: 89,
        name: "openssh-key",
        what: "base64 of an OpenSSH private key (openssh-key-v1), without its header",
        how: How::Anchors(&["b3BlbnNzaC1rZXktdjE"], |record, at| body(record, at, 64)),
    },
    Rule {
        number: 90,
        name: "encoded-key",
        what: "base64 of a PEM block of a private key",
        how: How::Anchors(&["LS0tLS1CRUdJTi"], pem),
    },
];

/// Letters and digits of Bech32 (BIP 173), by their values.
const BECH32: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// Digits behind the prefix: 52 of the key, six of the checksum.
const AGE_DIGITS: usize = 58;

fn age(record: &[u8], at: usize) -> Option<Found> {
    const PREFIX: usize = "AGE-SECRET-KEY-1".len();
    let digits = record.get(at + PREFIX..at + PREFIX + AGE_DIGITS)?;
    let ends = !record.get(at + PREFIX + AGE_DIGITS).is_some_and(u8::is_ascii_alphanumeric);
    (starts_clean(record, at) && ends && bech32(b"age-secret-key-", digits))
        .then(|| plain(at, at + PREFIX + AGE_DIGITS))
}

/// Whether the last six digits are the checksum of the name and the digits before them (BIP 173).
fn bech32(name: &[u8], digits: &[u8]) -> bool {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let value = |digit: &u8| BECH32.iter().position(|own| *own == digit.to_ascii_lowercase());
    let Some(values) = digits.iter().map(value).collect::<Option<Vec<_>>>() else { return false };
    let high = name.iter().map(|byte| usize::from(byte >> 5));
    let low = name.iter().map(|byte| usize::from(byte & 31));
    let checksum = high.chain([0]).chain(low).chain(values).fold(1_u32, |sum, value| {
        let folded = ((sum & 0x01ff_ffff) << 5) ^ u32::try_from(value).unwrap_or_default();
        let top = sum >> 25;
        GENERATOR.iter().enumerate().fold(folded, |sum, (bit, own)| if top >> bit & 1 == 1 { sum ^ own } else { sum })
    });
    checksum == 1
}

/// From behind the count of private lines to the line before the MAC. In JSON the line ends are escapes.
fn putty(record: &[u8], at: usize) -> Option<Found> {
    const FOOT: &[u8] = b"Private-MAC:";
    let number = at + "Private-Lines:".len() + 1;
    let count = run(record, number, |byte| byte.is_ascii_digit());
    let rest = record.get(number + count..)?;
    let slashes = field::slashes_around(record, at);
    let own_end = rest.iter().enumerate().position(|(skip, byte)| {
        *byte == b'"' && slashes.is_some_and(|slashes| !field::is_escaped_once(record, number + count + skip, slashes))
    });
    let text = rest.get(..own_end.unwrap_or(rest.len()))?;
    let foot = memchr::memmem::find(text, FOOT).unwrap_or(text.len());
    let lines = text.get(..foot)?;
    let is_end = |byte: &u8| matches!(byte, b'\\' | b'r' | b'n' | b'\r' | b'\n');
    let head = lines.iter().take_while(|byte| matches!(byte, b'\\' | b'\r' | b'\n')).count();
    // The letter of an escaped line end.
    let head = if lines.get(head.checked_sub(1)?) == Some(&b'\\') { escapes(lines) } else { head };
    let tail = lines.iter().rev().take_while(|byte| is_end(byte)).count();
    let (begin, end) = (number + count + head, number + count + foot.checked_sub(tail)?);
    let levels = slashes.and_then(field::depth).unwrap_or(0);
    let replaced = record.get(begin..end)?.starts_with(super::MARK.as_bytes());
    (count > 0 && begin < end && !replaced).then(|| Found { levels, ..plain(begin, end) })
}

/// How many bytes the escaped line ends take that a text begins with.
fn escapes(text: &[u8]) -> usize {
    let mut at = 0;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let slashes = rest.iter().take_while(|byte| **byte == b'\\').count();
        match rest.get(slashes) {
            Some(b'n' | b'r') if slashes > 0 => at += slashes + 1,
            _ => return at,
        }
    }
}

/// A run of base64, which may be broken into lines.
fn body(record: &[u8], at: usize, least: usize) -> Option<Found> {
    if !starts_clean(record, at) {
        return None;
    }
    let length = run(record, at, |byte| Class::Base64Padded.has(byte));
    (length >= least).then(|| plain(at, at + length))
}

/// Base64 of `-----BEGIN `, and of a name that says that the key is private: a certificate is no secret.
fn pem(record: &[u8], at: usize) -> Option<Found> {
    /// Digits that hold the longest such name.
    const HEAD: usize = 64;
    let found = body(record, at, HEAD)?;
    let head = STANDARD_NO_PAD.decode(record.get(at..at + HEAD)?).ok()?;
    let name = head.get(11..)?;
    let end = memchr::memmem::find(name, b"-----")?;
    let name = name.get(..end)?;
    (name.ends_with(b"PRIVATE KEY") || name.ends_with(b"PRIVATE KEY BLOCK")).then_some(found)
}
