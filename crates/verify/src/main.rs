//! `deedbook-verify`: checks Deedbook proofs offline. The auditor's own program, to be read in an
//! evening: it shares the values (`model`) and the transparency log (`tlog`) with Deedbook and
//! nothing else, opens no connection and changes no file.
//!
//! `args` reads the command line, `files` reads files, `proof` checks one record. `log` checks a
//! whole log: `history` reads what was published when, `tree` rebuilds the tree of the published
//! entries, `evidence` and `wal` read the leaves that `leaves` opens, `sealed` holds files against
//! what leaves seal about them, `report` words the verdict.

mod args;
mod evidence;
mod files;
mod history;
mod leaves;
mod log;
mod proof;
mod report;
mod sealed;
mod tree;
mod wal;

use std::io::Write as _;
use std::process::ExitCode;

/// What a check, or a step of it, comes to.
type Result<T = (), E = Failure> = std::result::Result<T, E>;

/// How a check can end other than well; each has its exit code.
enum Failure {
    /// A file cannot be read, or the verdict cannot be printed.
    Io(String),
    /// Wrong arguments.
    Usage(String),
    /// The evidence is not what was sealed.
    Altered(String),
    /// Nothing can be said: unknown key, unknown format, too few witnesses.
    Unverifiable(String),
    /// A derived file is not what was announced; the evidence is intact.
    Differs(String),
}

impl Failure {
    /// The exit code, and what is said.
    fn ending(&self) -> (u8, String) {
        match self {
            Failure::Io(text) => (1, format!("failed: {text}\n")),
            Failure::Usage(text) => (2, format!("{text}\n\n{}", args::USAGE)),
            Failure::Altered(text) => (3, format!("ALTERED: {text}\n")),
            Failure::Unverifiable(text) => (5, format!("cannot be verified: {text}\n")),
            Failure::Differs(text) => (6, format!("DIFFERS: {text}\n")),
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let verdict = args::parse(&arguments).and_then(|request| match request {
        None => Ok(args::USAGE.to_owned()),
        Some(request) => match &request.record {
            Some(record) => proof::check(&request, record),
            None => log::check(&request),
        },
    });
    let (code, written) = match verdict.map_err(|failure| failure.ending()) {
        Ok(text) => (0, std::io::stdout().lock().write_all(text.as_bytes())),
        Err((code, text)) => (code, std::io::stderr().lock().write_all(text.as_bytes())),
    };
    // A verdict that nobody could read must not look like a good one.
    ExitCode::from(if written.is_err() && code == 0 { 1 } else { code })
}
