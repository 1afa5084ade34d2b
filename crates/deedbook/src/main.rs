//! The `deedbook` command: arguments in, one command run, an exit code out.
//!
//! The only place that reads the environment, prints, and knows the order of steps ([`pipeline`]).
//! It knows nothing of formats, trees or tables: those are the libraries'.

// Data goes to stdout and talk to stderr, from here and from nowhere else.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod cli;
mod commands;
mod config;
mod control;
mod exit;
mod lines;
mod output;
mod pasted;
mod pipeline;
mod progress;
mod question;
mod remote;
mod when;

use clap::{CommandFactory as _, FromArgMatches as _};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let parsed = cli::Arguments::command().try_get_matches();
    let parsed = parsed.and_then(|matches| Ok((cli::Arguments::from_arg_matches(&matches)?, matches)));
    let (arguments, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            // Help and version are answers, not mistakes.
            let code = if error.use_stderr() { exit::Exit::Usage } else { exit::Exit::Done };
            drop(error.print());
            return code.into();
        }
    };
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        // A log in a file has no colours.
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_max_level(arguments.verbosity())
        .with_target(false)
        .init();
    let errors = arguments.errors;
    let ran = match &arguments.server {
        Some(server) => remote::run(&matches, server).map(ExitCode::from),
        None => commands::run(arguments).map(ExitCode::from),
    };
    match ran {
        Ok(exit) => exit,
        Err(error) => {
            let exit = exit::of(&error);
            if exit != exit::Exit::Done {
                match errors {
                    cli::Errors::Text => eprintln!("deedbook: {}", exit::text(&error)),
                    cli::Errors::Json => {
                        let detail = exit::text(&error);
                        eprintln!("{}", serde_json::json!({ "code": exit::code(&error), "detail": detail }));
                    }
                }
            }
            exit.into()
        }
    }
}
