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

/// The exit code of an error.
pub(crate) fn of(error: &anyhow::Error) -> Exit {
    if error.chain().any(|cause| cause.downcast_ref::<std::io::Error>().is_some_and(closed_by_reader)) {
        // `deedbook events | head` is no failure.
        return Exit::Done;
    }
    if error.is::<Usage>() { Exit::Usage } else { Exit::Failed }
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
