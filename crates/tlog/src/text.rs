//! The two ways numbers and bytes are written in notes, checkpoints and proofs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::{Error, Result};

/// RFC 4648 section 4, padded.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The inverse of [`base64`]: padding is required and unused bits are zero, so that no two texts
/// decode to the same bytes.
pub(crate) fn from_base64(text: &str) -> Result<Vec<u8>> {
    STANDARD.decode(text).map_err(|source| Error::invalid(format!("not canonical base64: {source}")))
}

/// A decimal without sign and leading zeros.
pub(crate) fn decimal(text: &str) -> Result<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits || (text.len() > 1 && text.starts_with('0')) {
        return Err(Error::invalid(format!("`{}` is not a decimal without leading zeros", shown(text))));
    }
    text.parse().map_err(|_| Error::invalid(format!("{} is over the limit of 64 bits", shown(text))))
}

/// The beginning of a foreign text, safe to print in a message.
pub(crate) fn shown(text: &str) -> String {
    const CHARS_MAX: usize = 60;
    let mut shown: String = text.chars().take(CHARS_MAX).flat_map(char::escape_default).collect();
    if text.chars().nth(CHARS_MAX).is_some() {
        shown.push_str("..");
    }
    shown
}
