//! `deedbook-verify`: checks Deedbook proofs offline. The auditor's own program, to be read in an
//! evening: it shares the values (`model`) and the transparency log (`tlog`) with Deedbook and
//! nothing else, opens no connection and changes no file.
//!
//! `args` reads the command line, `proof` checks one record, `log` the published part of a log. Exit codes: 0 intact, 1 a file cannot
//! be read, 2 usage, 3 altered, 5 cannot be verified with this key or by this version.

mod args;
mod log;
mod proof;

use std::io::Write as _;
use std::process::ExitCode;

/// How a check can end other than well; each has its exit code.
#[derive(Debug)]
enum Failure {
    /// A file cannot be read, or the verdict cannot be printed.
    Io(String),
    /// Wrong arguments.
    Usage(String),
    /// The evidence is not what was sealed.
    Altered(String),
    /// Nothing can be said: unknown key, unknown format, too few witnesses.
    Unverifiable(String),
}

impl Failure {
    fn exit_code(&self) -> u8 {
        match self {
            Failure::Io(_) => 1,
            Failure::Usage(_) => 2,
            Failure::Altered(_) => 3,
            Failure::Unverifiable(_) => 5,
        }
    }

    fn text(&self) -> String {
        match self {
            Failure::Io(text) => format!("failed: {text}\n"),
            Failure::Usage(text) => format!("{text}\n\n{}", args::USAGE),
            Failure::Altered(text) => format!("ALTERED: {text}\n"),
            Failure::Unverifiable(text) => format!("cannot be verified: {text}\n"),
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let verdict = args::parse(&arguments).and_then(|command| match command {
        args::Command::Help => Ok(args::USAGE.to_owned()),
        args::Command::Proof(request) => proof::check(&request),
        args::Command::Log(request) => log::check(&request),
    });
    let (code, written) = match verdict {
        Ok(text) => (0, std::io::stdout().lock().write_all(text.as_bytes())),
        Err(failure) => (failure.exit_code(), std::io::stderr().lock().write_all(failure.text().as_bytes())),
    };
    // A verdict that nobody could read must not look like a good one.
    ExitCode::from(if written.is_err() && code == 0 { 1 } else { code })
}
