//! Where the records go: files that grow in order of time, or of arrival where that is asked for.

use std::fs::{File, create_dir_all};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

use crate::company::CLUSTERS;
use crate::disorder::Disorder;
use crate::truth::Totals;
use crate::{Delivery, Options};

/// How CloudTrail is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One growing file of lines.
    Lines,
    /// S3 objects: gzip, `{"Records":[...]}`, some hundred records each, in the platform's key layout.
    Objects,
}

/// Records of one S3 object.
const OBJECT_RECORDS: usize = 400;

/// One log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Log {
    CloudTrail,
    /// The audit log of a cluster, by its index.
    Kubernetes(usize),
    Vault,
    GitHub,
    Okta,
    Entra,
    Azure,
    Gcp,
    Teleport,
    Spire,
    Hoop,
    Postgres,
    Otel,
    GitLab,
    Mcp,
    /// Webhook deliveries of GitHub.
    GitHubHooks,
    Tickets,
}

/// Logs that are one file each: platform, file.
const FILES: [(&str, &str); 15] = [
    ("vault", "vault/audit.log"),
    ("github", "github/audit.ndjson"),
    ("okta", "okta/system.ndjson"),
    ("entra", "entra/directory.ndjson"),
    ("azure", "azure/activity.ndjson"),
    ("gcp", "gcp/audit.ndjson"),
    ("teleport", "teleport/events.ndjson"),
    ("spire", "spire/server.ndjson"),
    ("hoop", "hoop/gateway.ndjson"),
    ("postgres", "postgres/postgresql.json"),
    ("otel", "otel/spans.ndjson"),
    ("gitlab", "gitlab/audit-events.ndjson"),
    ("mcp", "mcp/messages.ndjson"),
    ("github", "github/webhooks.ndjson"),
    ("grant", "tickets/desk.ndjson"),
];

impl Log {
    /// Place among the streams: CloudTrail, the clusters, then [`FILES`].
    const fn at(self) -> usize {
        let file = match self {
            Log::CloudTrail => return 0,
            Log::Kubernetes(cluster) => return 1 + cluster,
            Log::Vault => 0,
            Log::GitHub => 1,
            Log::Okta => 2,
            Log::Entra => 3,
            Log::Azure => 4,
            Log::Gcp => 5,
            Log::Teleport => 6,
            Log::Spire => 7,
            Log::Hoop => 8,
            Log::Postgres => 9,
            Log::Otel => 10,
            Log::GitLab => 11,
            Log::Mcp => 12,
            Log::GitHubHooks => 13,
            Log::Tickets => 14,
        };
        1 + CLUSTERS.len() + file
    }
}

/// The kinds of truth, a file each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    Credentials,
    Grants,
    Uses,
    Offboarding,
    Standing,
    Privileges,
    Denied,
    Acted,
    Listed,
    Cases,
}

const TRUTHS: [&str; 10] = [
    "truth.ndjson",
    "truth-grants.ndjson",
    "truth-uses.ndjson",
    "truth-offboarding.ndjson",
    "truth-standing.ndjson",
    "truth-privileges.ndjson",
    "truth-denied.ndjson",
    "truth-acted.ndjson",
    "truth-listed.ndjson",
    "truth-cases.ndjson",
];

/// A log as it is delivered.
struct Stream {
    platform: &'static str,
    out: Out,
    disorder: Option<Disorder>,
}

enum Out {
    /// Nobody collects it.
    Nowhere,
    File(BufWriter<File>),
    Objects(Objects),
}

impl Out {
    fn line(&mut self, record: &str) -> io::Result<()> {
        match self {
            Out::Nowhere => Ok(()),
            Out::File(file) => line(file, record),
            Out::Objects(objects) => objects.push(record),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Out::Nowhere => Ok(()),
            Out::File(mut file) => file.flush(),
            Out::Objects(mut objects) => objects.close(),
        }
    }
}

/// The open files.
pub(crate) struct Sink {
    streams: Vec<Stream>,
    out: PathBuf,
    /// Platforms of which nothing is collected.
    without: Vec<String>,
    /// Opened with the first line: what did not happen has no file.
    truths: [Option<BufWriter<File>>; TRUTHS.len()],
    /// Bytes of records, uncompressed.
    pub(crate) bytes: u64,
}

impl Sink {
    pub(crate) fn create(out: &Path, options: &Options) -> io::Result<Sink> {
        let cloudtrail = match options.form {
            Form::Lines => open(out, "cloudtrail/events.ndjson"),
            Form::Objects => Ok(Out::Objects(Objects { out: out.to_owned(), records: Vec::new(), objects: 0 })),
        };
        let clusters = CLUSTERS.iter().map(|name| ("k8s", open(out, &format!("kubernetes/{name}.log"))));
        let files = FILES.iter().map(|(platform, name)| (*platform, open(out, name)));
        let mut streams = Vec::new();
        for (n, (platform, file)) in std::iter::once(("aws", cloudtrail)).chain(clusters).chain(files).enumerate() {
            let Delivery { shuffle_s, double_percent, without } = &options.delivery;
            let left_out = without.iter().any(|name| name == platform);
            let disorder = match (*shuffle_s, *double_percent) {
                (0, 0) => None,
                _ => Some(Disorder::new(&out.join(format!(".arriving-{n}")), options, n as u64)?),
            };
            let out = if left_out { Out::Nowhere } else { file? };
            streams.push(Stream { platform, out, disorder });
        }
        let without = options.delivery.without.clone();
        Ok(Sink { streams, out: out.to_owned(), without, truths: [const { None }; TRUTHS.len()], bytes: 0 })
    }

    /// One record, made at a time in milliseconds since 1970; says of which platform.
    pub(crate) fn record(&mut self, log: Log, record: &str, now_ms: i64) -> io::Result<&'static str> {
        self.bytes += record.len() as u64 + 1;
        let Some(stream) = self.streams.get_mut(log.at()) else { return Ok("") };
        match &mut stream.disorder {
            None => stream.out.line(record)?,
            Some(disorder) => disorder.push(record, now_ms, |line| stream.out.line(line))?,
        }
        Ok(stream.platform)
    }

    /// A document that is no log: an inventory.
    pub(crate) fn document(&mut self, platform: &str, name: &str, text: &str) -> io::Result<()> {
        self.bytes += text.len() as u64;
        if self.without.iter().any(|without| without == platform) {
            return Ok(());
        }
        let mut file = create(&self.out, name)?;
        file.write_all(text.as_bytes())?;
        file.flush()
    }

    pub(crate) fn truth(&mut self, kind: Truth, what: &impl Serialize) -> io::Result<()> {
        let (Some(slot), Some(name)) = (self.truths.get_mut(kind as usize), TRUTHS.get(kind as usize)) else {
            return Ok(());
        };
        let file = match slot {
            Some(file) => file,
            None => slot.insert(create(&self.out, name)?),
        };
        line(file, &serde_json::to_string(what)?)
    }

    pub(crate) fn finish(mut self, totals: &Totals) -> io::Result<()> {
        self.truth(Truth::Credentials, totals)?;
        for mut stream in self.streams {
            if let Some(disorder) = stream.disorder.take() {
                disorder.finish(|line| stream.out.line(line))?;
            }
            stream.out.finish()?;
        }
        self.truths.iter_mut().flatten().try_for_each(Write::flush)
    }
}

fn open(out: &Path, name: &str) -> io::Result<Out> {
    create(out, name).map(Out::File)
}

fn create(out: &Path, name: &str) -> io::Result<BufWriter<File>> {
    let path = out.join(name);
    create_dir_all(path.parent().unwrap_or(out))?;
    Ok(BufWriter::with_capacity(1 << 18, File::create(path)?))
}

/// CloudTrail as S3 objects.
struct Objects {
    out: PathBuf,
    records: Vec<String>,
    objects: u64,
}

impl Objects {
    fn push(&mut self, record: &str) -> io::Result<()> {
        self.records.push(record.to_owned());
        if self.records.len() >= OBJECT_RECORDS { self.close() } else { Ok(()) }
    }

    fn close(&mut self) -> io::Result<()> {
        if self.records.is_empty() {
            return Ok(());
        }
        let folder = self.out.join("cloudtrail/AWSLogs/CloudTrail/eu-north-1");
        create_dir_all(&folder)?;
        let name = format!("halden_CloudTrail_eu-north-1_{:07}.json.gz", self.objects);
        let mut gzip = GzEncoder::new(File::create(folder.join(name))?, Compression::new(6));
        gzip.write_all(b"{\"Records\":[")?;
        for (n, record) in self.records.drain(..).enumerate() {
            if n > 0 {
                gzip.write_all(b",")?;
            }
            gzip.write_all(record.as_bytes())?;
        }
        gzip.write_all(b"]}")?;
        gzip.finish()?;
        self.objects += 1;
        Ok(())
    }
}

fn line(file: &mut BufWriter<File>, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")
}
