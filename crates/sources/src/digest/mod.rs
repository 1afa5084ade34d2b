//! What CloudTrail itself says it delivered: digest files, verified.
//!
//! Once an hour CloudTrail writes a digest file for each trail and region: the log files it delivered, with
//! the SHA-256 of each, and hash and signature of the digest before. It is signed with a key of the region
//! (RSA, PKCS#1 v1.5, SHA-256), whose public half the operator fetches from AWS and gives as a file. So a
//! stranger can tell which log files are as they were delivered, which were changed, which are gone, and
//! where nothing is proved, because a digest itself is gone, changed, or was never made.
//!
//! Bytes in, verdicts out: [`Digest::read`] reads one file, [`Keys`] checks its signature, [`verify`] puts
//! the chains together. Nothing here reads a folder, a clock or the log of Deedbook.

mod chain;
mod key;
mod listed;
mod verdict;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

pub use chain::{Found, Range, verify};
pub use key::{KeyError, Keys, Signature};
pub use listed::{Held, LogFiles};
pub use verdict::{Chain, Kind, Report, Trail, Verdict, Weight};

/// A SHA-256.
pub type Hash = [u8; 32];

/// What one digest file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// Whose chain it belongs to.
    pub trail: Trail,
    /// First moment of what it covers, nanoseconds since 1970.
    pub start: i64,
    /// End of what it covers.
    pub end: i64,
    /// Bucket it was delivered to.
    pub bucket: String,
    /// Key it was delivered under.
    pub object: String,
    /// Names the key it is signed with.
    pub fingerprint: String,
    /// As in `SHA256withRSA`.
    pub algorithm: String,
    /// The digest before it; none in the first one since logging, or its validation, was switched on.
    pub previous: Option<Previous>,
    /// The log files delivered between `start` and `end`.
    pub log_files: Vec<LogFile>,
    /// Of the file as it came, uncompressed.
    pub sha256: Hash,
    /// `digestEndTime`, verbatim: part of what is signed.
    end_text: String,
    /// `previousDigestSignature`, verbatim, or `null`: part of what is signed.
    previous_text: String,
}

/// The digest before one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Previous {
    /// Its bucket.
    pub bucket: String,
    /// Its key.
    pub object: String,
    /// SHA-256 of its content; none if another algorithm was used.
    pub sha256: Option<Hash>,
    /// Its signature, hex.
    pub signature: String,
}

/// A log file, as a digest lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFile {
    /// Its bucket.
    pub bucket: String,
    /// Its key.
    pub object: String,
    /// SHA-256 of its uncompressed content; none if another algorithm was used.
    pub sha256: Option<Hash>,
}

/// Why bytes are no digest file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// The file, as CloudTrail writes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    aws_account_id: Option<String>,
    digest_start_time: String,
    digest_end_time: String,
    #[serde(rename = "digestS3Bucket")]
    bucket: String,
    #[serde(rename = "digestS3Object")]
    object: String,
    digest_public_key_fingerprint: Option<String>,
    digest_signature_algorithm: Option<String>,
    #[serde(rename = "previousDigestS3Bucket")]
    previous_bucket: Option<String>,
    #[serde(rename = "previousDigestS3Object")]
    previous_object: Option<String>,
    previous_digest_hash_value: Option<String>,
    previous_digest_hash_algorithm: Option<String>,
    previous_digest_signature: Option<String>,
    #[serde(default)]
    log_files: Vec<RawFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawFile {
    #[serde(rename = "s3Bucket")]
    bucket: String,
    #[serde(rename = "s3Object")]
    object: String,
    hash_value: String,
    hash_algorithm: Option<String>,
}

impl Digest {
    /// Reads a digest file: its content, uncompressed.
    pub fn read(content: &[u8]) -> Result<Digest, Unreadable> {
        Digest::of(content, Sha256::digest(content).into())
    }

    /// Reads a digest file of which the SHA-256 was taken when it came: what is sealed of it is the same
    /// text, but white space around it is kept elsewhere.
    pub fn of(content: &[u8], sha256: Hash) -> Result<Digest, Unreadable> {
        let raw: Raw =
            serde_json::from_slice(content).map_err(|error| Unreadable(format!("no digest file: {error}")))?;
        let time = |text: &str| {
            let parsed = crate::time::parse(text).map(|time| time.nanos);
            parsed.ok_or_else(|| Unreadable(format!("no digest file: `{text}` is no time")))
        };
        let previous_text = raw.previous_digest_signature.clone().unwrap_or_else(|| "null".to_owned());
        let previous = raw.previous_object.map(|object| Previous {
            bucket: raw.previous_bucket.unwrap_or_default(),
            object,
            sha256: hash(raw.previous_digest_hash_value.as_deref(), raw.previous_digest_hash_algorithm.as_deref()),
            signature: raw.previous_digest_signature.unwrap_or_default(),
        });
        let log_files = raw.log_files.into_iter().map(|file| LogFile {
            sha256: hash(Some(&file.hash_value), file.hash_algorithm.as_deref()),
            bucket: file.bucket,
            object: file.object,
        });
        Ok(Digest {
            trail: Trail::of(&raw.object).unwrap_or_else(|| Trail::unnamed(raw.aws_account_id.as_deref())),
            start: time(&raw.digest_start_time)?,
            end: time(&raw.digest_end_time)?,
            fingerprint: raw.digest_public_key_fingerprint.unwrap_or_default(),
            algorithm: raw.digest_signature_algorithm.unwrap_or_default(),
            previous,
            log_files: log_files.collect(),
            sha256,
            bucket: raw.bucket,
            object: raw.object,
            end_text: raw.digest_end_time,
            previous_text,
        })
    }

    /// What CloudTrail signs.
    pub fn signed(&self) -> String {
        let Digest { end_text, bucket, object, sha256, previous_text, .. } = self;
        format!("{end_text}\n{bucket}/{object}\n{}\n{previous_text}", model::hex(sha256))
    }
}

/// A hash in hex; SHA-256 is the only one CloudTrail uses.
fn hash(value: Option<&str>, algorithm: Option<&str>) -> Option<Hash> {
    algorithm.is_none_or(|name| name.eq_ignore_ascii_case("SHA-256")).then_some(())?;
    from_hex(value?)?.try_into().ok()
}

/// Bytes of a text in hex of either case.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim().as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let nibble = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    digits
        .chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => Some(nibble(*high)? << 4 | nibble(*low)?),
            _ => None,
        })
        .collect()
}

/// An object's key without what an operator put before it: folders, `s3://` and the bucket, a prefix.
pub fn key(name: &str) -> &str {
    match name.find("AWSLogs/") {
        Some(at) => name.get(at..).unwrap_or(name),
        None => name,
    }
}

/// Whether an object's name is that of a digest file.
pub fn is_digest(name: &str) -> bool {
    name.contains("_CloudTrail-Digest_") && !name.ends_with(SIGNATURE_SUFFIX)
}

/// Whether an object's name is that of a log file of CloudTrail.
pub fn is_log_file(name: &str) -> bool {
    name.contains("_CloudTrail_") && !name.ends_with(SIGNATURE_SUFFIX)
}

/// What is put behind the name of a digest file to name the file that has its signature: S3 keeps it in the
/// object's metadata (`x-amz-meta-signature`), which a copy on disk does not have.
pub const SIGNATURE_SUFFIX: &str = ".signature";

/// The time in the name of a digest or log file: `20150817T150131Z` or `20150817T1445Z`.
fn named_time(name: &str) -> Option<i64> {
    let stem = file_stem(name);
    stem.rsplit('_').find_map(|part| {
        let digits = part.strip_suffix('Z')?;
        let (day, clock) = digits.split_once('T')?;
        let all = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if day.len() != 8 || !matches!(clock.len(), 4 | 6) || !all(day) || !all(clock) {
            return None;
        }
        let [year, month, date] = [day.get(..4)?, day.get(4..6)?, day.get(6..)?];
        let [hour, minute, second] = [clock.get(..2)?, clock.get(2..4)?, clock.get(4..).unwrap_or_default()];
        let second = if second.is_empty() { "00" } else { second };
        Some(crate::time::parse(&format!("{year}-{month}-{date}T{hour}:{minute}:{second}Z"))?.nanos)
    })
}

/// The last part of a key, without what says how it is packed.
fn file_stem(name: &str) -> &str {
    let file = name.rsplit('/').next().unwrap_or(name);
    let file = file.strip_suffix(".gz").unwrap_or(file);
    file.strip_suffix(".json").unwrap_or(file)
}
