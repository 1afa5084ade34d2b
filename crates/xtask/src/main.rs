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
    /// Measure `deedbook serve` over loopback, beside the ceilings.
    BenchServe(BenchServe),
    /// Hold the answers over a log against what its scenario says is true.
    Truth(Truth),
}

#[derive(Debug, clap::Args)]
struct Truth {
    /// Records of the scenario.
    #[arg(long, default_value_t = 1_000_000)]
    records: u64,
    /// Folder to work in; made, and removed at the end.
    #[arg(long, default_value = "target/truth")]
    work: PathBuf,
    /// Each record arrives up to so much later, as in `6h`.
    #[arg(long, default_value = "0s")]
    shuffle: String,
    /// Records that are delivered twice, in a hundred.
    #[arg(long, default_value_t = 0)]
    double: u64,
    /// A platform whose log nobody collects.
    #[arg(long)]
    without: Option<String>,
    /// The bench of the truth, as `lake` builds it.
    #[arg(long)]
    truth: PathBuf,
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
    /// The bench of the truth, as `lake` builds it, to judge the answers.
    #[arg(long)]
    truth: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct BenchServe {
    /// Records in the log that a start is measured with.
    #[arg(long, default_value_t = 1_000_000)]
    records: u64,
    /// Folder to work in; made, and removed at the end.
    #[arg(long, default_value = "target/bench-serve")]
    work: PathBuf,
    /// Leave the folder as it is at the end.
    #[arg(long)]
    keep: bool,
    /// This part alone.
    #[arg(long, value_parser = ["batches", "single", "start"])]
    only: Option<String>,
    /// The programs of the product; the folder of this one by default.
    #[arg(long)]
    bin: Option<PathBuf>,
}

fn main() -> ExitCode {
    let ran = match Arguments::parse().task {
        Task::Bench(bench) => bench::run(&bench),
        Task::BenchServe(bench) => bench::serve(&bench),
        Task::Truth(truth) => bench::judge(&truth),
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
