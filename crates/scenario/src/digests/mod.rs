//! Digest files of CloudTrail: signed chains of them, and the ways in which they break.
//!
//! After AWS's pages *CloudTrail digest file structure* and *Custom implementations of CloudTrail log file
//! integrity validation*: once an hour and region, the log files delivered with the SHA-256 of each, the hash and
//! the signature of the digest before, signed with a key of the region over four lines of text.
//!
//! A [`Trail`] is delivered hour by hour; what goes wrong at the platform (logging stopped, another bucket, ranges
//! that do not join) is made while it is delivered, so it is signed; what somebody does to the bucket afterwards
//! is done to the objects. [`Placed`] says of each fault where it is.

mod fault;
mod key;

use std::io::{self, Write as _};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

pub use fault::{Fault, Placed, broken};
pub use key::public_keys;

use crate::cloudtrail::{self, Call, Caller};
use crate::put;
use crate::random::Random;
use key::Signer;

const HOUR_MS: i64 = 3_600_000;

/// An object of S3, with what S3 keeps beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Bucket.
    pub bucket: String,
    /// Key.
    pub key: String,
    /// Content, uncompressed.
    pub content: Vec<u8>,
    /// `x-amz-meta-signature`, of digest files.
    pub signature: Option<String>,
}

impl Object {
    /// The bytes of the object.
    pub fn packed(&self) -> io::Result<Vec<u8>> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::new(6));
        gzip.write_all(&self.content)?;
        gzip.finish()
    }
}

/// Writes objects as `<out>/<bucket>/<key>`, and the signature of each digest file beside it as `<key>.signature`.
pub fn write(out: &Path, objects: &[Object]) -> io::Result<()> {
    for object in objects {
        let path = out.join(&object.bucket).join(&object.key);
        std::fs::create_dir_all(path.parent().unwrap_or(out))?;
        std::fs::write(&path, object.packed()?)?;
        if let Some(signature) = &object.signature {
            let mut beside = path.into_os_string();
            beside.push(".signature");
            std::fs::write(beside, signature)?;
        }
    }
    Ok(())
}

/// One trail in one region.
#[derive(Clone, Debug)]
pub struct Trail {
    /// Account.
    pub account: &'static str,
    /// Region whose events it has.
    pub region: &'static str,
    /// Name.
    pub name: &'static str,
    /// Region it was made in.
    pub home: &'static str,
    /// Where it delivers to.
    pub bucket: &'static str,
    /// Time of the first digest, milliseconds since 1970.
    pub start_ms: i64,
    /// Hours it is on.
    pub hours: usize,
}

/// The trails of Halden Freight: one over two regions, and one of another account whose name has an underscore.
pub fn trails(start_ms: i64, hours: usize) -> Vec<Trail> {
    let trail = |account, region, name, home, bucket, offset_ms| Trail {
        account,
        region,
        name,
        home,
        bucket,
        start_ms: start_ms + offset_ms,
        hours,
    };
    vec![
        trail("200000000001", "eu-north-1", "halden-main", "eu-north-1", "halden-trail-logs", 91_000),
        trail("200000000001", "us-east-1", "halden-main", "eu-north-1", "halden-trail-logs", 95_000),
        trail("200000000002", "eu-north-1", "audit_of_payments", "eu-north-1", "halden-payments-logs", 1_807_000),
    ]
}

/// What is out of the ordinary about an hour while it is delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Hour {
    /// Logging is off: no log file, no digest, and the next digest begins a chain.
    off: bool,
    /// The digest begins so much later than the one before ended; earlier if negative.
    shift_ms: i64,
    /// From here on it is delivered to another bucket.
    other_bucket: bool,
    /// Nothing is delivered.
    empty: bool,
}

/// An hour as it was delivered.
#[derive(Clone, Debug)]
struct Delivered {
    start_ms: i64,
    end_ms: i64,
    /// Places in the list of objects.
    logs: Vec<usize>,
    digest: usize,
}

/// A trail, unbroken.
pub fn chain(trail: &Trail, seed: u64) -> Vec<Object> {
    deliver(trail, seed, &vec![Hour::default(); trail.hours]).0
}

fn signer(trail: &Trail) -> Signer {
    if trail.region == "us-east-1" { Signer::East } else { Signer::North }
}

fn deliver(trail: &Trail, seed: u64, hours: &[Hour]) -> (Vec<Object>, Vec<Option<Delivered>>) {
    let mut random = Random::new(seed ^ trail.start_ms.cast_unsigned());
    let (mut objects, mut delivered) = (Vec::new(), Vec::new());
    let mut previous: Option<Object> = None;
    let mut bucket = trail.bucket.to_owned();
    let mut at_ms = trail.start_ms;
    for hour in hours {
        let (start_ms, end_ms) = (at_ms + hour.shift_ms, at_ms + HOUR_MS);
        at_ms = end_ms;
        if hour.off {
            previous = None;
            delivered.push(None);
            continue;
        }
        if hour.other_bucket {
            bucket.push_str("-new");
        }
        let count = if hour.empty { 0 } else { 1 + random.below(3) };
        let first = objects.len();
        for n in 0..count {
            let delivered_ms = at_ms - HOUR_MS + 600_000 + i64::try_from(n).unwrap_or(0) * 780_000;
            objects.push(log_file(trail, &bucket, delivered_ms, &mut random));
        }
        let logs: Vec<usize> = (first..objects.len()).collect();
        let listed = objects.get(first..).unwrap_or_default();
        let digest = digest(trail, &bucket, (start_ms, end_ms), listed, previous.as_ref(), signer(trail));
        previous = Some(digest.clone());
        delivered.push(Some(Delivered { start_ms, end_ms, logs, digest: objects.len() }));
        objects.push(digest);
    }
    (objects, delivered)
}

fn log_file(trail: &Trail, bucket: &str, at_ms: i64, random: &mut Random) -> Object {
    let Trail { account, region, .. } = trail;
    let mut content = "{\"Records\":[".to_owned();
    for n in 0..1 + random.below(5) {
        let (id, request, time) = (random.uuid(), random.uuid(), time(at_ms - 300_000, "%Y-%m-%dT%H:%M:%SZ"));
        let caller = Caller::User {
            account,
            user: "freight-sync",
            user_id: "AIDAHALDENFREIGHT001",
            key: "AKIAHALDENFREIGHT001",
        };
        let call = Call {
            id: &id,
            request: &request,
            time: &time,
            service: "s3.amazonaws.com",
            name: "GetObject",
            read_only: true,
            data: true,
            ip: "203.0.113.7",
            agent: "aws-sdk-rust/1.3",
            parameters: "{\"bucketName\":\"halden-manifests\",\"key\":\"2026/11.csv\"}",
            response: "null",
            resources: "",
            recipient: account,
            error: None,
            additional: "",
        };
        content.push_str(if n > 0 { "," } else { "" });
        content.push_str(&cloudtrail::record(&caller, &call));
    }
    content.push_str("]}");
    let (day, stamp, unique) = (time(at_ms, "%Y/%m/%d"), time(at_ms, "%Y%m%dT%H%MZ"), random.aws_id(""));
    Object {
        bucket: bucket.to_owned(),
        key: format!(
            "AWSLogs/{account}/CloudTrail/{region}/{day}/{account}_CloudTrail_{region}_{stamp}_{unique}.json.gz"
        ),
        content: content.into_bytes(),
        signature: None,
    }
}

fn digest(
    trail: &Trail,
    bucket: &str,
    (start_ms, end_ms): (i64, i64),
    logs: &[Object],
    previous: Option<&Object>,
    signer: Signer,
) -> Object {
    let Trail { account, region, name, home, .. } = trail;
    let (day, stamp) = (time(end_ms, "%Y/%m/%d"), time(end_ms, "%Y%m%dT%H%M%SZ"));
    let object = format!(
        "AWSLogs/{account}/CloudTrail-Digest/{region}/{day}/{account}_CloudTrail-Digest_{region}_{name}_{home}_{stamp}.json.gz"
    );
    let [start, end] = [start_ms, end_ms].map(|ms| time(ms, "%Y-%m-%dT%H:%M:%SZ"));
    let mut text = String::new();
    put(
        &mut text,
        format_args!("{{\"awsAccountId\":\"{account}\",\"digestStartTime\":\"{start}\",\"digestEndTime\":\"{end}\""),
    );
    put(&mut text, format_args!(",\"digestS3Bucket\":\"{bucket}\",\"digestS3Object\":\"{object}\""));
    put(&mut text, format_args!(",\"digestPublicKeyFingerprint\":\"{}\"", signer.fingerprint()));
    put(&mut text, format_args!(",\"digestSignatureAlgorithm\":\"SHA256withRSA\""));
    let events = if logs.is_empty() { "null".to_owned() } else { format!("\"{start}\"") };
    put(&mut text, format_args!(",\"newestEventTime\":{events},\"oldestEventTime\":{events}"));
    let quoted = |value: Option<String>| value.map_or("null".to_owned(), |value| format!("\"{value}\""));
    let earlier = [
        ("previousDigestS3Bucket", previous.map(|object| object.bucket.clone())),
        ("previousDigestS3Object", previous.map(|object| object.key.clone())),
        ("previousDigestHashValue", previous.map(|object| sha256(&object.content))),
        ("previousDigestHashAlgorithm", previous.map(|_| "SHA-256".to_owned())),
        ("previousDigestSignature", previous.and_then(|object| object.signature.clone())),
    ];
    let repeated = earlier.last().and_then(|(_, value)| value.clone()).unwrap_or_else(|| "null".to_owned());
    for (name, value) in earlier {
        put(&mut text, format_args!(",\"{name}\":{}", quoted(value)));
    }
    text.push_str(",\"logFiles\":[");
    for (n, log) in logs.iter().enumerate() {
        let comma = if n > 0 { "," } else { "" };
        let (bucket, key, hash) = (&log.bucket, &log.key, sha256(&log.content));
        put(
            &mut text,
            format_args!("{comma}{{\"s3Bucket\":\"{bucket}\",\"s3Object\":\"{key}\",\"hashValue\":\"{hash}\""),
        );
        put(
            &mut text,
            format_args!(
                ",\"hashAlgorithm\":\"SHA-256\",\"newestEventTime\":\"{start}\",\"oldestEventTime\":\"{start}\"}}"
            ),
        );
    }
    text.push_str("]}");
    let signed = format!("{end}\n{bucket}/{object}\n{}\n{repeated}", sha256(text.as_bytes()));
    let signature = Some(signer.sign(&signed));
    Object { bucket: bucket.to_owned(), key: object, content: text.into_bytes(), signature }
}

fn time(ms: i64, format: &str) -> String {
    jiff::Timestamp::from_millisecond(ms).unwrap_or_default().strftime(format).to_string()
}

fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        put(&mut out, format_args!("{byte:02x}"));
    }
    out
}

fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Writes the trails into a folder, `broken` times broken, with the keys and the truth beside them: `keys.json`,
/// `truth-digests.ndjson`.
pub fn write_all(out: &Path, seed: u64, start_ms: i64, hours: usize, broken: bool) -> io::Result<Vec<Placed>> {
    let mut truth = Vec::new();
    for (n, trail) in trails(start_ms, hours).iter().enumerate() {
        let objects = match broken {
            true => {
                let (objects, placed) = fault::broken(trail, seed + n as u64);
                truth.extend(placed);
                objects
            }
            false => chain(trail, seed + n as u64),
        };
        write(out, &objects)?;
    }
    std::fs::write(out.join("keys.json"), public_keys())?;
    let mut lines = String::new();
    for placed in &truth {
        lines.push_str(&serde_json::to_string(placed)?);
        lines.push('\n');
    }
    std::fs::write(out.join("truth-digests.ndjson"), lines)?;
    Ok(truth)
}
