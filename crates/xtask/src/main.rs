//! `xtask`: work on the project that is no part of the product. `bench` measures the product against
//! the machine's own ceilings; the tidy tests are in `tests/it`.

// A program of its own: it talks on stderr and answers on stdout.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod bench;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Measure ceilings, product and their ratio in one run.
    Bench(Bench),
}

#[derive(Debug, clap::Args)]
struct Bench {
    /// Records of the scenario to ingest.
    #[arg(long, default_value_t = 1_000_000)]
    records: u64,
    /// Folder to work in; made, and removed at the end.
    #[arg(long, default_value = "target/bench")]
    work: PathBuf,
    /// Leave the folder as it is at the end.
    #[arg(long)]
    keep: bool,
    /// Take the logs and the data that an earlier run with --keep left in the folder.
    #[arg(long)]
    reuse: bool,
    /// The programs of the product; the folder of this one by default.
    #[arg(long)]
    bin: Option<PathBuf>,
    /// Tessera's fsck as `interop/go` builds it, to compare with.
    #[arg(long)]
    fsck: Option<PathBuf>,
}

fn main() -> ExitCode {
    let Arguments { task: Task::Bench(bench) } = Arguments::parse();
    match bench::run(&bench) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}
