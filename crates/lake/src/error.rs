//! What can go wrong with the derived tables, named by what the caller does about it.

use std::path::Path;

/// What the caller does about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The question is wrong: SQL that does not parse, a column that does not exist. Ask another.
    Invalid,
    /// The question may not be asked: the tables are read-only.
    Denied,
    /// The answer is over a limit on memory, time or rows. Narrow the question or raise the limit.
    Limit,
    /// A derived file is missing, damaged or not the one that was sealed. Rebuild the lake.
    Corrupt,
    /// The evidence could not be read; the lake cannot mend that. Verify the log.
    Evidence,
    /// The operating system said no: disk full, no permission. Mend that and try again.
    Unavailable,
    /// A mistake of this program.
    Fatal,
}

/// A failed operation on the lake.
#[derive(Debug, thiserror::Error)]
#[error("{context}")]
pub struct Error {
    kind: ErrorKind,
    context: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The result of an operation on the lake.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn new(kind: ErrorKind, context: impl Into<String>) -> Error {
        Error { kind, context: context.into(), source: None }
    }

    pub(crate) fn caused(
        kind: ErrorKind,
        context: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        let source = source.into();
        Error { kind, context: format!("{}: {source}", context.into()), source: Some(source) }
    }

    pub(crate) fn io(verb: &str, path: &Path, source: std::io::Error) -> Error {
        Error::caused(ErrorKind::Unavailable, format!("{verb} {}", path.display()), source)
    }

    pub(crate) fn file(path: &Path, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        let context = format!("lake file {} cannot be read, `deedbook lake rebuild` makes it again", path.display());
        Error::caused(ErrorKind::Corrupt, context, source)
    }

    /// What the caller does about it.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}
