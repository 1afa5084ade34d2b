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
mod when;

use clap::Parser as _;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = match cli::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers, not mistakes.
            let code = if error.use_stderr() { exit::Exit::Usage } else { exit::Exit::Done };
            drop(error.print());
            return code.into();
        }
    };
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(arguments.verbosity())
        .with_target(false)
        .init();
    match commands::run(arguments) {
        Ok(exit) => exit.into(),
        Err(error) => {
            let exit = exit::of(&error);
            if exit != exit::Exit::Done {
                eprintln!("deedbook: {}", exit::text(&error));
            }
            exit.into()
        }
    }
}
