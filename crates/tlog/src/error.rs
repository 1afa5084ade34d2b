//! The one error of this crate: what the caller can do about it, then what was wrong.

/// What the caller does with an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The bytes or the argument break the format or a named limit: nothing is known about them.
    Invalid,
    /// The bytes are well formed and prove the opposite: a hash, a root or a signature differs.
    Mismatch,
    /// Nothing here can be checked with the keys and the algorithms at hand.
    UnknownKey,
    /// Signatures are good, and there are too few of them for the policy.
    Quorum,
}

/// Why bytes were refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn invalid(message: impl Into<String>) -> Error {
        Error { kind: ErrorKind::Invalid, message: message.into() }
    }

    pub(crate) fn mismatch(message: impl Into<String>) -> Error {
        Error { kind: ErrorKind::Mismatch, message: message.into() }
    }

    pub(crate) fn unknown_key(message: impl Into<String>) -> Error {
        Error { kind: ErrorKind::UnknownKey, message: message.into() }
    }

    pub(crate) fn quorum(message: impl Into<String>) -> Error {
        Error { kind: ErrorKind::Quorum, message: message.into() }
    }

    /// What to do about it.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The same error as seen from `place`, which comes first in the message.
    pub(crate) fn at(mut self, place: impl std::fmt::Display) -> Error {
        self.message = format!("{place}: {}", self.message);
        self
    }
}
