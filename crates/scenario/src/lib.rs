//! Native logs of a fictional company, by seed, with the truth about them.
//!
//! Halden Freight runs its shipping on three Kubernetes clusters, five AWS accounts, Google Cloud, Azure and one
//! Vault; its code is at GitHub and GitLab; its people sign in at Okta and ask for access wherever it is given for
//! a time: at Teleport, hoop.dev and Entra, Google Cloud, Identity Center and Okta, by role bindings, leases,
//! tickets and reviews of deployments; its agents tell of themselves in spans, and their calls of tools go through a
//! gateway. What they do is simulated session by session: a token is minted, used some times, exchanged, taken
//! back or left to expire, and each record is written as the platform would write it, in order of time, while the
//! file grows. One record in a hundred brings a principal, one in five a credential.
//!
//! As many records are written as were asked for. A session whose next step would be more than are left ends
//! there, and so does a story: what is true of it is told only where all of it happened.
//!
//! Each platform has a folder, `cloudtrail`, `kubernetes` (a file a cluster), `vault` and so on; `inventory` has
//! what lists identities instead of telling what they did: `iam.json` of one account, `prod-north.json` of one
//! cluster, `owners.csv` kept by hand. Their items count as records, and there are some dozens whatever the size.
//!
//! What is true stands beside the logs, a JSON object a line:
//!
//! | file | one line | type |
//! |---|---|---|
//! | `truth.ndjson` | a credential: by which record, from which parent, for whom, at which tier each of that can be known; last the totals | [`Minted`], [`Totals`] |
//! | `truth-grants.ndjson` | a grant, as it was asked for and decided | [`Granted`] |
//! | `truth-uses.ndjson` | a use of what was asked for, or not, and the verdict | [`Use`] |
//! | `truth-offboarding.ndjson` | an account that was closed, and what became of its credentials | [`Offboarding`] |
//! | `truth-standing.ndjson` | a standing token that was misused, and where | [`Misuse`] |
//! | `truth-privileges.ndjson` | a privilege, from when until when | [`Privilege`] |
//! | `truth-denied.ndjson` | an attempt that was refused, and who is behind it | [`Refused`] |
//! | `truth-acted.ndjson` | a record of one who acted with another's rights | [`Acted`] |
//! | `truth-listed.ndjson` | an identity that an inventory lists, whether it acts, and what it has of rights and uses | [`Listed`] |
//! | `truth-cases.ndjson` | one of four cases with a name, step by step | [`Case`] |
//!
//! Apart from all this, [`digests`] signs chains of CloudTrail's digest files, and breaks them.
//!
//! Written from the vendors' documents, apart from the parsers of this repository: this crate knows
//! no other crate of ours, so it can be their oracle.

pub mod azure;
pub mod cloudtrail;
mod company;
pub mod deployment_review;
pub mod digests;
mod disorder;
pub mod entra;
pub mod faults;
pub mod gcp;
pub mod github;
pub mod gitlab;
pub mod hoop;
pub mod incident;
pub mod inventory;
pub mod kubernetes;
pub mod mcp;
pub mod okta;
pub mod otel;
pub mod pam;
pub mod postgres;
mod random;
pub mod rbac;
mod sessions;
mod sink;
pub mod spire;
pub mod teleport;
pub mod ticket;
mod truth;
pub mod vault;

use std::io;
use std::path::Path;

pub use sink::Form;
pub use truth::{
    Acted, Case, Gone, Granted, Listed, Minted, Misuse, Offboarding, Privilege, Refused, Tiers, Told, Totals, Use,
};

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
    /// How everything is delivered.
    pub delivery: Delivery,
}

/// How records reach whoever collects them. The truth does not depend on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// Each record arrives up to so many seconds late; 0 for in order of time.
    pub shuffle_s: u64,
    /// Records that are delivered twice, in a hundred.
    pub double_percent: u64,
    /// Platforms whose log nobody collects, as in `vault`.
    pub without: Vec<String>,
}

/// Writes logs below `out`, and the truth beside them; streams, so memory does not grow with the records.
///
/// CloudTrail as the form says, all else as files of lines. Nothing is synced: this is test data.
pub fn write(out: &Path, options: &Options) -> io::Result<Totals> {
    let mut sink = sink::Sink::create(out, options)?;
    let totals = sessions::simulate(options, &mut sink)?;
    sink.finish(&totals)?;
    Ok(totals)
}

/// What the operator of the company of a seed configures: each issuer of tokens, with its platform and
/// the authority of its principals.
pub fn issuers(seed: u64) -> Vec<[String; 3]> {
    company::Company::found(&mut random::Random::new(seed), 0).issuers()
}

/// Appends to a record under construction.
pub(crate) fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = std::fmt::Write::write_fmt(out, text);
}

#[cfg(test)]
mod tests;
