//! What is wrong with a mapping file: where, which key, which value, and what to write instead.

/// Why a mapping file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {key}{problem}")]
pub struct Error {
    /// Line of the file, from 1.
    pub line: usize,
    /// The key, dotted, with a colon and a space behind it; empty when the file itself is meant.
    pub key: String,
    /// The value, the limit and the remedy.
    pub problem: String,
}

/// What comes of reading a part of a mapping file.
pub(super) type Result<T> = std::result::Result<T, Error>;

/// The line of a byte.
pub(super) fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}
