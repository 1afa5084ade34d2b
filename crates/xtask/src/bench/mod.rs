//! The bench driver: bare steps of this machine first, then the product on the same records, then
//! the ratio. Figures are of this run alone; nothing here asserts a time.
//!
//! The product is the programs that people run: `scenario` writes the logs, `deedbook` seals and
//! answers, `deedbook-verify` checks. Only acknowledgements and proofs are measured on the ledger
//! itself, which no command shows by itself.

mod acks;
mod lineage;
mod program;
mod proofs;
mod questions;
mod report;
mod seal;
mod serve;
mod sizes;
mod steps;
mod truth;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

use program::Program;
use report::Report;
use serde_json::Value;

pub(crate) use serve::run as serve;
pub(crate) use truth::run as judge;

use crate::Bench;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Where things are in one run.
struct Place {
    bin: PathBuf,
    work: PathBuf,
    records: u64,
}

/// Folders that `scenario` writes, one a platform.
const PLATFORMS: [&str; 17] = [
    "cloudtrail",
    "kubernetes",
    "vault",
    "github",
    "okta",
    "entra",
    "azure",
    "gcp",
    "teleport",
    "spire",
    "hoop",
    "postgres",
    "otel",
    "gitlab",
    "mcp",
    "inventory",
    "tickets",
];

impl Place {
    fn logs(&self) -> PathBuf {
        self.work.join("logs")
    }

    fn data(&self) -> PathBuf {
        self.work.join("data")
    }

    /// The folder of the one log in the data folder.
    fn log(&self) -> Result<PathBuf> {
        let mut logs = fs::read_dir(self.data().join("logs"))?;
        Ok(logs.next().ok_or("no log in the data folder")??.path())
    }

    fn deedbook(&self, arguments: &[&str]) -> Program {
        Program::new(&self.bin.join("deedbook")).env("DEEDBOOK_DATA", &self.data()).args(arguments)
    }

    /// What the scenario says of itself: the last line of the truth.
    fn totals(&self) -> Result<Value> {
        let last = BufReader::new(fs::File::open(self.logs().join("truth.ndjson"))?).lines().last();
        Ok(serde_json::from_str(&last.ok_or("the truth has no totals")??)?)
    }

    fn inputs(&self) -> Vec<PathBuf> {
        PLATFORMS.iter().map(|platform| self.logs().join(platform)).filter(|folder| folder.exists()).collect()
    }
}

/// Runs everything and prints the tables.
pub(crate) fn run(options: &Bench) -> Result<()> {
    let own = std::env::current_exe()?;
    let bin = options.bin.clone().or_else(|| own.parent().map(Path::to_path_buf)).ok_or("no folder of programs")?;
    let place = Place { bin, work: std::path::absolute(&options.work)?, records: options.records };
    if !options.reuse {
        let _ = fs::remove_dir_all(&place.work);
    }
    fs::create_dir_all(&place.work)?;
    let mut report = Report::begin(&place)?;

    if !options.reuse {
        eprintln!("writing {} records", place.records);
        let records = place.records.to_string();
        let scenario = Program::new(&place.bin.join("scenario"));
        scenario.args(&["--records", &records, "--out"]).path(&place.logs()).run()?;
    }
    let totals = place.totals()?;
    let sample = steps::Sample::read(&place.inputs())?;
    let mut bare = steps::measure(&sample, &place.work)?;
    if !options.reuse {
        ingest(&place, &totals, &mut report)?;
    }
    bare.parquet = steps::parquet(&place.data().join("lake"))?;
    report.steps(&sample, &bare);
    report.ingested(&bare);
    acks::measure(&place.work.join("acks"), &sample, &bare, &mut report)?;
    verify(&place, &bare, options.fsck.as_deref(), &mut report)?;
    proofs::measure(&place, &mut report)?;
    sizes::measure(&place, &mut report)?;
    questions::measure(&place, &mut report)?;
    lineage::measure(&place, options.truth.as_deref(), &mut report)?;
    report.print();
    if !options.keep && !options.reuse {
        fs::remove_dir_all(&place.work)?;
    }
    Ok(())
}

/// Seals everything with the real program, from files to rows that can be asked for.
fn ingest(place: &Place, totals: &Value, report: &mut Report) -> Result<()> {
    eprintln!("ingest");
    let (records, ran) = seal::everything(place, totals)?;
    let written = totals.get("records").and_then(Value::as_u64).ok_or("scenario names no records")?;
    if records != written {
        return Err(format!("{records} records were sealed, {written} were written").into());
    }
    report.ingest = Some((records, ran));
    eprintln!("ingest with scrubbing on and off");
    let [on, off] = seal::with_and_without_scrubbing(place)?;
    report.scrubbed(&on, &off);
    Ok(())
}

/// The whole log from cold files, with bodies and without.
fn verify(place: &Place, bare: &steps::Bare, fsck: Option<&Path>, report: &mut Report) -> Result<()> {
    eprintln!("verify");
    let log = place.log()?;
    sizes::make_cold(&place.data())?;
    let whole = place.deedbook(&["verify"]).run()?;
    sizes::make_cold(&place.data())?;
    let tree = place.deedbook(&["verify", "--tree-only"]).run()?;
    let leaves = leaves(&log)?;
    report.verified("verify, with bodies", leaves, &whole, Some(bare.verify_per_s()));
    report.verified("verify, tree only", leaves, &tree, None);
    let key = place.work.join("log.vkey");
    fs::write(&key, place.deedbook(&["key", "show"]).run()?.out)?;
    sizes::make_cold(&place.data())?;
    let auditor = Program::new(&place.bin.join("deedbook-verify"));
    let auditor = auditor.args(&["log"]).path(&log).args(&["--key"]).path(&key).run()?;
    report.verified("deedbook-verify log", leaves, &auditor, Some(bare.verify_per_s()));
    sizes::make_cold(&place.data())?;
    let auditor = Program::new(&place.bin.join("deedbook-verify"));
    let published = auditor.args(&["log"]).path(&log).args(&["--published", "--key"]).path(&key).run()?;
    report.verified("deedbook-verify log --published", leaves, &published, None);
    if let Some(fsck) = fsck {
        sizes::make_cold(&place.data())?;
        let theirs = Program::new(fsck).path(&log).path(&key).run()?;
        report.verified("Tessera fsck", leaves, &theirs, None);
        // Both read entries and tiles of log/ and nothing else.
        let ratio = theirs.wall.as_secs_f64() / published.wall.as_secs_f64();
        let what = "deedbook-verify log --published";
        report.line(what, "against Tessera fsck", &format!("{ratio:.1} x"), ">= 2 x");
    }
    Ok(())
}

fn leaves(log: &Path) -> Result<u64> {
    let checkpoint = fs::read_to_string(log.join("log").join("checkpoint"))?;
    Ok(checkpoint.lines().nth(1).ok_or("checkpoint has no size")?.parse()?)
}

/// The value that `part` of the sorted values lie below.
fn percentile(sorted: &[Duration], part: f64) -> Duration {
    let at = ((sorted.len() as f64 * part) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or_default()
}
