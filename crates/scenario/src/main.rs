//! `scenario`: writes the logs of Halden Freight into a folder.

// A program of its own: it talks on stderr and answers on stdout.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// Native logs of a fictional company with ground truth, by seed.
#[derive(Debug, Parser)]
struct Arguments {
    /// Folder to write into.
    #[arg(long)]
    out: PathBuf,
    /// Records in all.
    #[arg(long, default_value_t = 10_000)]
    records: u64,
    /// Two runs with one seed write the same bytes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Time of the first record.
    #[arg(long, default_value = "2026-11-02T00:00:00Z")]
    start: jiff::Timestamp,
    /// Deliver CloudTrail as S3 objects instead of lines.
    #[arg(long)]
    objects: bool,
    /// Write the incident of the demo instead: a few dozen records, hand-made.
    #[arg(long)]
    incident: bool,
    /// Write signed digest files of CloudTrail and the log files they list instead, over three trails.
    #[arg(long)]
    digests: bool,
    /// Break these chains in every way; `truth-digests.ndjson` says where.
    #[arg(long, requires = "digests")]
    broken: bool,
    /// Hours that these trails are on, at least.
    #[arg(long, default_value_t = 48, requires = "digests")]
    hours: usize,
    /// Each record arrives up to so much later, as in `6h`.
    #[arg(long, default_value = "0s")]
    shuffle: jiff::SignedDuration,
    /// Records that are delivered twice, in a hundred.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=100))]
    double: u64,
    /// Leave out the log of a platform, as in `vault`.
    #[arg(long)]
    without: Vec<String>,
}

impl Arguments {
    fn delivery(&self) -> scenario::Delivery {
        scenario::Delivery {
            shuffle_s: u64::try_from(self.shuffle.as_secs()).unwrap_or(0),
            double_percent: self.double,
            without: self.without.clone(),
        }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let options = scenario::Options {
        seed: arguments.seed,
        records: arguments.records,
        start_ms: arguments.start.as_millisecond(),
        form: if arguments.objects { scenario::Form::Objects } else { scenario::Form::Lines },
        delivery: arguments.delivery(),
    };
    if arguments.digests {
        let Arguments { out, seed, hours, broken, .. } = &arguments;
        return match scenario::digests::write_all(out, *seed, options.start_ms, *hours, *broken) {
            Ok(placed) => {
                println!("{}", serde_json::json!({ "faults": placed.len() }));
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("scenario: {}: {error}", out.display());
                ExitCode::FAILURE
            }
        };
    }
    let written = if arguments.incident {
        scenario::incident::write(&arguments.out, options.start_ms)
    } else {
        scenario::write(&arguments.out, &options)
    };
    match written {
        Ok(totals) => {
            println!("{}", serde_json::json!(totals));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("scenario: {}: {error}", arguments.out.display());
            ExitCode::FAILURE
        }
    }
}
