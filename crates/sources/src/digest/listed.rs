//! Log files against what the digests list.

use std::collections::BTreeMap;

use super::chain::Covered;
use super::verdict::{Kind, Report, Verdict};
use super::{Digest, Hash, LogFile, file_stem, key, named_time};

/// A log file, as it was found or as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Path or key.
    pub name: String,
    /// SHA-256 of its uncompressed content as it came; why there is none.
    pub sha256: Result<Hash, String>,
    /// Known secrets that were replaced in what is kept of it.
    pub replaced: u64,
}

/// The log files that are there.
#[derive(Clone, Debug, Default)]
pub struct LogFiles {
    /// By key; under one key may be several, of several buckets, or delivered twice.
    by_key: BTreeMap<String, Vec<Held>>,
}

impl LogFiles {
    /// Adds one.
    pub fn add(&mut self, held: Held) {
        let copies = self.by_key.entry(key(&held.name).to_owned()).or_default();
        if !copies.contains(&held) {
            copies.push(held);
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }
}

/// What has become of each log file that a digest lists.
pub(super) fn judge(digest: &Digest, proved: bool, files: &LogFiles, verdicts: &mut Vec<Verdict>) {
    let range = (Some(digest.start), Some(digest.end));
    let by = match proved {
        true => key(&digest.object).to_owned(),
        false => format!("{}, itself not proved", key(&digest.object)),
    };
    for (n, file) in digest.log_files.iter().enumerate() {
        let (kind, found) = compare(file, files);
        let evidence = format!("{found}: log file {} of {} in {by}", n + 1, digest.log_files.len());
        verdicts.push(Verdict::new(kind, range, &file.object, evidence));
    }
}

fn compare(file: &LogFile, files: &LogFiles) -> (Kind, String) {
    let Some(copies) = files.by_key.get(key(&file.object)).filter(|copies| !copies.is_empty()) else {
        return (Kind::LogMissing, "not there".to_owned());
    };
    let Some(said) = file.sha256 else {
        return (Kind::Unsupported, "hashed by an algorithm other than SHA-256".to_owned());
    };
    if let Some(good) = copies.iter().find(|held| held.sha256 == Ok(said)) {
        return match good.replaced {
            0 => (Kind::LogVerified, "hash as listed".to_owned()),
            replaced => {
                let told = format!("hash as listed at receipt, not re-checkable, {replaced} replaced");
                (Kind::LogVerifiedAtReceipt, told)
            }
        };
    }
    let found = copies.first().map(|held| match &held.sha256 {
        Ok(hash) => format!("SHA-256 {}, found {}", model::hex(&said), model::hex(hash)),
        Err(why) => format!("SHA-256 {}, but {why}", model::hex(&said)),
    });
    (Kind::LogAltered, found.unwrap_or_default())
}

/// Log files that no digest lists, though proved digests cover their time: put there by somebody else, or
/// by a trail without validation that delivers to the same place.
pub(super) fn unlisted(files: &LogFiles, covered: &Covered<'_>, report: &mut Report) {
    for name in files.by_key.keys().filter(|name| !covered.listed.contains(name.as_str())) {
        let Some((account, region)) = origin(name) else { continue };
        let Some(time) = named_time(name) else { continue };
        if covered.around(account, region, time).is_none() {
            continue;
        }
        let evidence = "no digest lists it: put there by somebody else, or by a trail without validation";
        let verdict = Verdict::new(Kind::LogUnlisted, (Some(time), Some(time)), name, evidence);
        let of = |chain: &&mut super::Chain| {
            !chain.trail.backfill && (chain.trail.account.as_str(), chain.trail.region.as_str()) == (account, region)
        };
        if let Some(chain) = report.chains.iter_mut().find(of) {
            chain.verdicts.push(verdict);
        }
    }
}

/// Account and region of a log file, by its name.
fn origin(name: &str) -> Option<(&str, &str)> {
    let (account, rest) = file_stem(name).split_once("_CloudTrail_")?;
    Some((account, rest.split('_').next()?))
}
