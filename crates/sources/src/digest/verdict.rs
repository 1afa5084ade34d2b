//! What is found, and where it is.

use serde::Serialize;

use super::{file_stem, key};

/// Whose chain of digests: one trail in one region of one account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Trail {
    /// The account whose logs they are.
    pub account: String,
    /// The region they are from.
    pub region: String,
    /// Name of the trail.
    pub trail: String,
    /// The region the trail was made in.
    pub home_region: String,
    /// Digests that were made later, of log files which the digest of their hour had left out.
    pub backfill: bool,
}

impl Trail {
    /// By the key of a digest file.
    pub fn of(object: &str) -> Option<Trail> {
        let stem = file_stem(object);
        let (stem, backfill) = match stem.strip_suffix("_backfill") {
            Some(stem) => (stem, true),
            None => (stem, false),
        };
        let (account, rest) = stem.split_once("_CloudTrail-Digest_")?;
        let (region, rest) = rest.split_once('_')?;
        // Names of trails may have underscores, those of regions have none.
        let (rest, _end) = rest.rsplit_once('_')?;
        let (trail, home_region) = rest.rsplit_once('_')?;
        let owned = str::to_owned;
        Some(Trail {
            account: owned(account),
            region: owned(region),
            trail: owned(trail),
            home_region: owned(home_region),
            backfill,
        })
    }

    /// Where the key says nothing.
    pub(super) fn unnamed(account: Option<&str>) -> Trail {
        let unknown = || "unknown".to_owned();
        let account = account.map_or_else(unknown, str::to_owned);
        Trail { account, region: unknown(), trail: unknown(), home_region: unknown(), backfill: false }
    }
}

impl std::fmt::Display for Trail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let backfill = if self.backfill { " (backfill)" } else { "" };
        write!(f, "{} {} {}{backfill}", self.account, self.region, self.trail)
    }
}

/// How a verdict counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// As it was delivered.
    Good,
    /// Worth knowing; nothing is wrong.
    Note,
    /// Nothing can be said for lack of something that the operator may have.
    Unchecked,
    /// Changed, gone, or never made.
    Break,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $weight:ident;)+) => {
        /// What a verdict says.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Kind { $($(#[$doc])* $name,)+ }

        impl Kind {
            /// The one spelling of it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Kind::$name => $text,)+ }
            }

            /// How it counts.
            pub const fn weight(self) -> Weight {
                match self { $(Kind::$name => Weight::$weight,)+ }
            }

            /// All of them.
            pub const ALL: &'static [Kind] = &[$(Kind::$name,)+];
        }
    };
}

kinds! {
    /// The digest is signed by CloudTrail, or its hash is in one that is.
    DigestVerified = "digest-verified", Good;
    /// Its signature is not at hand: it is in the metadata of the object, and in the next digest.
    DigestUnsigned = "digest-unsigned", Unchecked;
    /// Signed with a key that was not given.
    KeyUnknown = "key-unknown", Unchecked;
    /// Signed, or hashed, by an algorithm that is not known here.
    Unsupported = "unsupported", Unchecked;
    /// The digest is not as CloudTrail signed it.
    DigestAltered = "digest-altered", Break;
    /// As CloudTrail signed it, but found under another key.
    DigestMoved = "digest-moved", Break;
    /// The digest is good; the signature beside it is not its own.
    SignatureAltered = "signature-altered", Break;
    /// A later digest names a digest that is not there.
    DigestMissing = "digest-missing", Break;
    /// The chain began anew: logging, or the validation of log files, was off.
    ChainRestarted = "chain-restarted", Break;
    /// The digest follows on another one than the one before it.
    ChainForked = "chain-forked", Break;
    /// Time between a digest and the next that neither covers.
    RangeGap = "range-gap", Break;
    /// Time that both a digest and the next cover.
    RangeOverlap = "range-overlap", Break;
    /// After the last digest nothing came for longer than digests take.
    ChainSilent = "chain-silent", Break;
    /// The first digest since logging, or its validation, was switched on.
    ChainBegins = "chain-begins", Note;
    /// The trail delivers to another bucket from here on.
    BucketChanged = "bucket-changed", Note;
    /// The log file is as the digest says.
    LogVerified = "log-verified", Good;
    /// The log file was as the digest says when it came. Known secrets were replaced in what is kept, so this
    /// cannot be checked again.
    LogVerifiedAtReceipt = "log-verified-at-receipt", Good;
    /// The log file is not as the digest says.
    LogAltered = "log-altered", Break;
    /// The log file is not there.
    LogMissing = "log-missing", Break;
    /// A log file that no digest lists, of a time that digests cover without a break.
    LogUnlisted = "log-unlisted", Break;
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing found, placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// What is so.
    pub kind: Kind,
    /// From when it concerns, nanoseconds since 1970; none where nothing tells.
    pub since: Option<i64>,
    /// Until when.
    pub until: Option<i64>,
    /// The object: key from `AWSLogs/` on.
    pub what: String,
    /// What it rests on, for people.
    pub evidence: String,
}

impl Verdict {
    pub(super) fn new(
        kind: Kind,
        range: (Option<i64>, Option<i64>),
        what: &str,
        evidence: impl Into<String>,
    ) -> Verdict {
        Verdict { kind, since: range.0, until: range.1, what: key(what).to_owned(), evidence: evidence.into() }
    }
}

/// One chain, judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Chain {
    /// Whose.
    #[serde(flatten)]
    pub trail: Trail,
    /// Start of the first digest found.
    pub since: Option<i64>,
    /// End of the last one.
    pub until: Option<i64>,
    /// Digests found.
    pub digests: u64,
    /// Of these, as CloudTrail signed them and empty: proof that nothing was delivered.
    pub empty: u64,
    /// Log files that the digests list; those of altered digests are not counted.
    pub log_files: u64,
    /// In order of time.
    pub verdicts: Vec<Verdict>,
}

impl Chain {
    /// How many verdicts there are of a kind.
    pub fn count(&self, kind: Kind) -> usize {
        self.verdicts.iter().filter(|verdict| verdict.kind == kind).count()
    }

    /// What is changed, gone, or was never made.
    pub fn breaks(&self) -> impl Iterator<Item = &Verdict> {
        self.verdicts.iter().filter(|verdict| verdict.kind.weight() == Weight::Break)
    }
}

/// All chains, judged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// By account, region and trail.
    pub chains: Vec<Chain>,
    /// Files that were taken for digests and are none, and whose chain nothing tells.
    pub strangers: Vec<Verdict>,
}

impl Report {
    /// The gravest verdict there is.
    pub fn worst(&self) -> Option<Weight> {
        let chains = self.chains.iter().flat_map(|chain| &chain.verdicts);
        chains.chain(&self.strangers).map(|verdict| verdict.kind.weight()).max()
    }
}
