//! What was measured, as the tables of `docs/benchmarks.md`.

use std::fs;
use std::time::Duration;

use super::program::Ran;
use super::steps::{Bare, Sample};
use super::{Place, Result};

/// One line: what, in particular, measured, goal.
type Line = [String; 4];

/// The figures of one run.
pub(crate) struct Report {
    machine: String,
    steps: Vec<[String; 2]>,
    lines: Vec<Line>,
    /// Records sealed, and what it took; nothing when an earlier run's data is used.
    pub(crate) ingest: Option<(u64, Ran)>,
}

impl Report {
    /// Begins with what the machine is.
    pub(crate) fn begin(place: &Place) -> Result<Report> {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let after = |text: &str, key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key));
            line.map(|line| line.trim_start_matches([' ', '\t', ':']).to_owned()).unwrap_or_default()
        };
        let processor = after(&read("/proc/cpuinfo"), "model name");
        let memory = after(&read("/proc/meminfo"), "MemTotal");
        let cores = std::thread::available_parallelism()?;
        let load = read("/proc/loadavg");
        let load = load.split(' ').next().unwrap_or_default();
        let records = place.records;
        let machine = format!("{cores} cores ({processor}), {memory} of memory, load {load} before; {records} records");
        Ok(Report { machine, steps: Vec::new(), lines: Vec::new(), ingest: None })
    }

    /// One figure that has no ceiling of its own.
    pub(crate) fn line(&mut self, what: &str, which: &str, measured: &str, goal: &str) {
        self.lines.push([what, which, measured, goal].map(str::to_owned));
    }

    /// One figure against its ceiling.
    pub(crate) fn measured(&mut self, what: &str, ceiling: f64, product: f64, goal: &str) {
        let ratio = format!("{}, ceiling {}, ratio {:.2}", rate(product), rate(ceiling), product / ceiling);
        self.line(what, "product", &ratio, goal);
    }

    /// The bare steps.
    pub(crate) fn steps(&mut self, sample: &Sample, bare: &Bare) {
        let mean = sample.mean_bytes();
        let mut step = |name: &str, seconds: f64| {
            let text = format!("{:.2} us, {:.0} MB/s", seconds * 1e6, mean / seconds / 1e6);
            self.steps.push([name.to_owned(), text]);
        };
        step("split at newlines", bare.split);
        step("typed parse, three fields kept", bare.parse);
        step("SHA-256", bare.sha256);
        step("zstd 3, 1 MiB at once", bare.zstd);
        step("unzstd", bare.unzstd);
        step("Parquet write of its row", bare.parquet);
        step("known secrets looked for (the product's own)", bare.scrub);
        let syncs = format!("p50 {}, p99 {}", ms(bare.sync_p50), ms(bare.sync_p99));
        self.steps.push(["write and fdatasync of 256 KiB".to_owned(), syncs]);
        self.steps.push(["records, mean".to_owned(), format!("{mean:.0} B")]);
    }

    /// The lines of the ingest, once its ceiling is known.
    pub(crate) fn ingested(&mut self, bare: &Bare) {
        let Some((records, ran)) = self.ingest.take() else { return };
        let per_s = records as f64 / ran.wall.as_secs_f64();
        self.measured("ingest, raw JSON to sealed and queryable", bare.ingest_per_s(), per_s, ">= 0.6");
        let cpu = ran.cpu.as_secs_f64() / records as f64;
        let what = "ingest, raw JSON to sealed and queryable";
        self.line(what, "CPU for one record", &format!("{:.1} us", cpu * 1e6), "");
        self.line(what, "most memory", &bytes(ran.peak_bytes), "<= 1 GiB");
    }

    /// Ingest of the same logs with known secrets replaced, and as they come.
    pub(crate) fn scrubbed(&mut self, on: &Ran, off: &Ran) {
        let of =
            |on: std::time::Duration, off: std::time::Duration| format!("{:.2}", off.as_secs_f64() / on.as_secs_f64());
        let what = "ingest of CloudTrail, scrubbing on against off";
        self.line(what, "speed", &of(on.wall, off.wall), ">= 0.85");
        self.line(what, "speed by CPU", &of(on.cpu, off.cpu), "");
    }

    /// A verification of so many leaves.
    pub(crate) fn verified(&mut self, what: &str, leaves: u64, ran: &Ran, ceiling: Option<f64>) {
        let per_s = leaves as f64 / ran.wall.as_secs_f64();
        match ceiling {
            Some(ceiling) => self.measured(what, ceiling, per_s, ">= 0.7"),
            None => self.line(what, "product", &rate(per_s), ""),
        }
        let used = format!("{:.2} us a leaf, {}", ran.cpu.as_secs_f64() / leaves as f64 * 1e6, bytes(ran.peak_bytes));
        self.line(what, "CPU and most memory", &used, "");
    }

    /// Prints everything on stdout.
    pub(crate) fn print(&self) {
        println!("{}\n", self.machine);
        println!("| bare step, one thread | for one record |\n|---|---|");
        for [step, text] in &self.steps {
            println!("| {step} | {text} |");
        }
        println!("\n| figure | | measured | goal |\n|---|---|---|---|");
        for [what, which, measured, goal] in &self.lines {
            println!("| {what} | {which} | {measured} | {goal} |");
        }
    }
}

/// Records a second.
pub(crate) fn rate(per_s: f64) -> String {
    if per_s >= 1e6 { format!("{:.2} M/s", per_s / 1e6) } else { format!("{:.1} k/s", per_s / 1e3) }
}

/// Bytes, in units of 1,024.
pub(crate) fn bytes(bytes: u64) -> String {
    let bytes = bytes as f64;
    if bytes >= 1e9 {
        format!("{:.2} GiB", bytes / (1 << 30) as f64)
    } else {
        format!("{:.0} MiB", bytes / (1 << 20) as f64)
    }
}

pub(crate) fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

pub(crate) fn micros(time: Duration) -> String {
    format!("{:.0} us", time.as_secs_f64() * 1e6)
}
