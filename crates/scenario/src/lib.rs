//! Native logs of a fictional company, by seed, with the truth about them.
//!
//! Halden Freight runs its shipping on three Kubernetes clusters, five AWS accounts and one Vault. What its
//! service accounts, CI jobs and people do is simulated session by session: a token is minted, used
//! some forty times, renewed or left to expire, and each record is written as the platform would write it,
//! in order of time, while the file grows. The truth names each credential, the record that minted it,
//! its uses, and who is behind it.
//!
//! Written from the vendors' documents, apart from the parsers of this repository: this crate knows
//! no other crate of ours, so it can be their oracle.

pub mod cloudtrail;
mod company;
pub mod incident;
pub mod kubernetes;
mod random;
mod sessions;
mod sink;
mod truth;
pub mod vault;

use std::io;
use std::path::Path;

pub use sink::Form;
pub use truth::{Minted, Totals};

/// What to write.
#[derive(Clone, Debug)]
pub struct Options {
    /// Two runs with one seed write the same bytes.
    pub seed: u64,
    /// Records in all, over all platforms.
    pub records: u64,
    /// Time of the first record, milliseconds since 1970.
    pub start_ms: i64,
    /// How CloudTrail is delivered.
    pub form: Form,
}

/// Writes logs below `out` and `out/truth.ndjson`; streams, so memory does not grow with the records.
///
/// `cloudtrail/` as the form says, `kubernetes/<cluster>.log`, `vault/audit.log`. Nothing is synced: this
/// is test data.
pub fn write(out: &Path, options: &Options) -> io::Result<Totals> {
    let mut sink = sink::Sink::create(out, options.form)?;
    let totals = sessions::simulate(options, &mut sink)?;
    sink.finish(&totals)?;
    Ok(totals)
}

/// Appends to a record under construction.
fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = std::fmt::Write::write_fmt(out, text);
}

#[cfg(test)]
mod tests;
