//! Exit codes (`docs/exit-codes.md`): what a script may rely on.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done, or intact. Rejects do not change it.
    Done = 0,
    /// Failed: I/O, full disk, locked, other format version.
    Failed = 1,
    /// The call was wrong.
    Usage = 2,
    /// Altered, or missing without a sealed reason.
    Altered = 3,
    /// Some input could not be read; the rest is sealed.
    Incomplete = 4,
    /// Cannot be verified: no key, unknown format.
    Unverifiable = 5,
    /// A derived view differs while the evidence is intact.
    Derived = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// A mistake in the call that clap cannot see.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

/// What the call asks about is not there.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Missing(pub(crate) String);

/// The code of an error among those of `docs/errors.md`: what a process that asked for a caller goes by.
pub(crate) fn code(error: &anyhow::Error) -> &'static str {
    let tables = error.downcast_ref::<lake::Error>().map(lake::Error::kind);
    let log = error.downcast_ref::<ledger::Error>().map(ledger::Error::kind);
    match (tables, log) {
        _ if error.is::<Missing>() => "not-found",
        (_, Some(ledger::ErrorKind::NotFound)) => "not-found",
        (Some(lake::ErrorKind::Limit), _) => "question-too-large",
        _ if of(error) == Exit::Usage => "request-invalid",
        _ => "failed",
    }
}

/// The exit code of an error.
pub(crate) fn of(error: &anyhow::Error) -> Exit {
    if error.chain().any(|cause| cause.downcast_ref::<std::io::Error>().is_some_and(closed_by_reader)) {
        // `deedbook events | head` is no failure.
        return Exit::Done;
    }
    let asked_wrong = error.downcast_ref::<lake::Error>().map(lake::Error::kind);
    let asked_wrong = matches!(asked_wrong, Some(lake::ErrorKind::Invalid | lake::ErrorKind::Denied));
    if error.is::<Usage>() || error.is::<Missing>() || asked_wrong { Exit::Usage } else { Exit::Failed }
}

fn closed_by_reader(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::BrokenPipe
}

/// An error and its causes on one line, each said once.
pub(crate) fn text(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&cause);
        }
    }
    text
}
