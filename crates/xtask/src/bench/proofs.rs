//! Proofs of the log that was ingested: built from its tiles, verified as a stranger would.

use std::time::Instant;

use ledger::Reader;
use model::LeafIndex;
use tlog::note::VerifierKey;
use tlog::proof::LogProof;

use super::report::{Report, micros};
use super::{Place, Result, percentile};

/// Leaves that are proved.
const LEAVES: u64 = 2_000;

/// Spreads the proved leaves over the log; prime, so that it meets every part of tiles and pages.
const STRIDE: u64 = 7_919;

/// Builds and verifies proofs of leaves all over the log.
pub(crate) fn measure(place: &Place, report: &mut Report) -> Result<()> {
    eprintln!("proofs");
    let logs = ledger::discover(&place.data())?;
    let info = logs.first().ok_or("no log in the data folder")?;
    let key = place.deedbook(&["key", "show"]).run()?.out.trim().parse::<VerifierKey>()?;
    let view = Reader::open(&place.data(), &info.short)?.view()?;
    let size = view.size().0;
    let (mut read, mut built, mut verified, mut path_bytes) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for at in 0..LEAVES {
        let index = LeafIndex(at * STRIDE % size);
        let began = Instant::now();
        let entry = view.leaf(index)?.leaf();
        read.push(began.elapsed());
        // The tiles on the way are warm at the second time.
        view.inclusion(index, &entry)?;
        let began = Instant::now();
        let text = view.inclusion(index, &entry)?;
        built.push(began.elapsed());
        let leaf = tlog::leaf_hash(&entry);
        let began = Instant::now();
        let proof = LogProof::parse(text.as_bytes())?;
        proof.verify(&leaf, &key, None)?;
        verified.push(began.elapsed());
        path_bytes = path_bytes.max(proof.hashes.len() * 32);
    }
    read.sort();
    built.sort();
    verified.sort();
    let (p50, p99) = (percentile(&built, 0.5), percentile(&built, 0.99));
    report.line("proof", "built, tiles warm, p50", &micros(p50), "<= 50 us");
    report.line("proof", "built, tiles warm, p99", &micros(p99), "");
    report.line("proof", "its record read from evidence, p50", &micros(percentile(&read, 0.5)), "");
    let bound = 32.0 * (size as f64).log2().ceil();
    report.line("proof", "size of the path", &format!("{path_bytes} B"), &format!("<= {bound:.0} B"));
    report.line("proof", "verified, from its text, p50", &micros(percentile(&verified, 0.5)), "<= 60 us");
    Ok(())
}
