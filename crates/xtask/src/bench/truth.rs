//! Answers over a log on disk, held against what its scenario says is true: however its records arrived, and
//! with the log of a platform missing.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::program::Program;
use super::{Place, Result, seal};
use crate::Truth;

/// Credentials of the truth that are judged, about; of more, one in so many.
const JUDGED: u64 = 2_500_000;

/// Wrong answers that are shown.
const WRONG_SHOWN: usize = 20;

/// Writes a scenario, seals it with the real program, and judges what is answered.
pub(crate) fn run(options: &Truth) -> Result<()> {
    let own = std::env::current_exe()?;
    let bin = own.parent().ok_or("no folder of programs")?.to_owned();
    let place = Place { bin, work: std::path::absolute(&options.work)?, records: options.records };
    let _ = fs::remove_dir_all(&place.work);
    fs::create_dir_all(&place.work)?;
    let (records, double) = (place.records.to_string(), options.double.to_string());
    let arguments = ["--records", &records, "--shuffle", &options.shuffle, "--double", &double, "--out"];
    let mut scenario = Program::new(&place.bin.join("scenario")).args(&arguments).path(&place.logs());
    if let Some(platform) = &options.without {
        scenario = scenario.args(&["--without", platform]);
    }
    scenario.run()?;
    let (sealed, _) = seal::everything(&place, &place.totals()?)?;
    println!("{sealed} records sealed, late by up to {}, {double} % twice", options.shuffle);
    print!("{}", judged(&place, &options.truth, options.without.as_deref())?);
    fs::remove_dir_all(&place.work)?;
    Ok(())
}

/// What `lake`'s bench of the truth says of the log, about all of the truth or about what a log without a
/// platform still has.
pub(super) fn judged(place: &Place, truth: &Path, without: Option<&str>) -> Result<String> {
    let minted = place.totals()?.get("minted").and_then(Value::as_u64).unwrap_or(0);
    let every = minted.div_ceil(JUDGED).max(1).to_string();
    let program = Program::new(truth).path(&place.data()).path(&place.logs()).args(&[&every]);
    let ran = program.args(without.as_slice()).run()?;
    ran.err.lines().filter(|line| line.contains('{')).take(WRONG_SHOWN).for_each(|line| eprintln!("{line}"));
    Ok(ran.out)
}
