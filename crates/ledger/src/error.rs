//! The one error of this crate: what the caller can do about it, then what happened where.

use std::fmt;
use std::io;
use std::path::Path;

/// What the caller does with an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// There is no log, leaf or file of that name: choose another, or run `init`.
    NotFound,
    /// Another process holds the log: wait for it or talk to it.
    Locked,
    /// The argument breaks a rule or a named limit: change it.
    Invalid,
    /// The data folder was written by another format version: use the program that wrote it.
    Version,
    /// The log cannot take it now (disk full, WAL at its limit, stopping): try again later.
    Unavailable,
    /// Bytes on disk are not what was written: run `verify`; nothing is retried.
    Corrupt,
    /// The log on disk is shorter than one it signed before: restore the newer copy.
    Rollback,
    /// The operating system refused an operation: permission, missing folder, I/O error.
    Io,
    /// Writing has stopped for good in this process, as after a sync that did not succeed: restart.
    Fatal,
}

/// Why the ledger did not do something.
#[derive(Clone, Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    io: Option<io::ErrorKind>,
    full: bool,
}

/// Result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error { kind, message: message.into(), io: None, full: false }
    }

    pub(crate) fn corrupt(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Corrupt, message)
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Invalid, message)
    }

    pub(crate) fn fatal(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Fatal, message)
    }

    pub(crate) fn unavailable(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Unavailable, message)
    }

    /// The disk has less free space than is kept for closing.
    pub(crate) fn full(message: impl Into<String>) -> Error {
        Error { full: true, ..Error::unavailable(message) }
    }

    /// An operating system error at a path, with the operation that met it.
    pub(crate) fn io(operation: &str, path: &Path, source: &io::Error) -> Error {
        let full = matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
        let kind = match source.kind() {
            _ if full => ErrorKind::Unavailable,
            io::ErrorKind::NotFound => ErrorKind::NotFound,
            _ => ErrorKind::Io,
        };
        Error { kind, message: format!("{operation} {}: {source}", path.display()), io: Some(source.kind()), full }
    }

    /// What to do about it.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// True when the file system is full (or over quota): nothing was lost, try again with space.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// The kind of operating system error behind it, if one was.
    pub fn io_kind(&self) -> Option<io::ErrorKind> {
        self.io
    }

    /// A sync that did not succeed: what is durable is unknown, and asking again would not tell.
    pub(crate) fn sync_is_fatal(mut self) -> Error {
        self.kind = ErrorKind::Fatal;
        self.full = false;
        self
    }

    /// The same error as seen from `place`.
    pub(crate) fn at(mut self, place: impl fmt::Display) -> Error {
        self.message = format!("{place}: {}", self.message);
        self
    }

    pub(crate) fn with_kind(mut self, kind: ErrorKind) -> Error {
        self.kind = kind;
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<tlog::Error> for Error {
    fn from(error: tlog::Error) -> Error {
        Error::corrupt(error.to_string())
    }
}
