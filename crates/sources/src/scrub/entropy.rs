//! Texts that look like secrets and that no rule knows: counted, never replaced.
//!
//! A count that grows says that a platform logs a token that deserves a rule. How random a text looks decides
//! nothing else: ids, digests and signatures look the same.

use super::check::is_token;

/// Shortest text that is counted.
const BYTES_MIN: usize = 24;

/// Longest text that is looked at; longer ones are documents.
const BYTES_MAX: usize = 128;

/// Least bits for a byte of it. Words have about three and a half, hex digits at most four, random letters and digits of this length
/// four and a half and more.
const BITS_MIN: f64 = 4.2;

/// How many texts of a record look random and mix capital letters, small letters and digits. Looks at every byte: for one record of many.
pub fn random_texts(record: &[u8]) -> u64 {
    let texts = record.split(|byte| !(is_token(*byte) || matches!(byte, b'+' | b'.')));
    texts.filter(|text| is_random(text)).count() as u64
}

fn is_random(text: &[u8]) -> bool {
    let has = |kind: fn(&u8) -> bool| text.iter().any(kind);
    (BYTES_MIN..=BYTES_MAX).contains(&text.len())
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_digit)
        && bits(text) >= BITS_MIN
}

/// Shannon's entropy of its bytes.
fn bits(text: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let length = text.len() as f64;
    let part = |count: &u32| {
        let share = f64::from(*count) / length;
        -share * share.log2()
    };
    counts.iter().filter(|count| **count > 0).map(part).sum()
}
