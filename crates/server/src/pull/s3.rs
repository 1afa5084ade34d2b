//! A prefix of a bucket, in S3 or a store that speaks like it (*Amazon S3 API Reference*, `ListObjectsV2`, `GetObject`).
//!
//! Each object is one delivery. All of the prefix is listed each time: keys do not come in their order (CloudTrail's begin with
//! account and region). With a queue, notifications say what is new at once, and the listing, once an hour, finds what
//! they have missed. An object that was written again has another ETag and is another delivery.
//!
//! CloudTrail's digest files are kept, each as one record: they say which log files there are, with their SHA-256, which is the
//! `transport_sha256` of the file's delivery leaf.

use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use axum::http::Method;
use bytes::{Buf as _, Bytes};
use collect::{Cut, Refused, Summary};
use futures::StreamExt as _;
use object_store::aws::AwsCredential;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::aws::{Aws, Failed, body, headers, path, strict};
use super::sqs::{self, Told};
use super::{BUSY_WAIT, Metric, Patience, Stop};
use crate::app::{App, blocking, parcel};
use crate::config::Secret;
use crate::metrics::Outcome;

/// An object up to this long is read into memory, with others at once; a longer one is sealed while it is read.
const IN_MEMORY_BYTES_MAX: u64 = 8 << 20;
const AT_ONCE: usize = 4;

/// Longest page of a listing: a thousand keys.
const PAGE_BYTES_MAX: usize = 16 << 20;

/// How often all is listed where a queue says what is new.
const LIST_AGAIN: Duration = Duration::from_secs(3_600);

/// Objects that could not be read and wait; those beyond are tried at each listing.
const FAILED_MAX: usize = 10_000;
/// The first wait of such an object, and the longest; each is twice the one before.
const FAILED_WAIT: Duration = Duration::from_secs(5);
const FAILED_WAIT_MAX: Duration = Duration::from_secs(3_600);

/// Chunks of a long object that wait to be cut.
const CHUNKS_WAITING_MAX: usize = 16;

/// A prefix that is followed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct S3 {
    /// The source of its records.
    pub source: String,
    /// The bucket.
    pub bucket: String,
    /// Keys that begin so; all if it is empty.
    #[serde(default)]
    pub prefix: String,
    /// Where a store that is not AWS is, as in `http://127.0.0.1:9000`.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// The region that requests are signed for.
    #[serde(default = "S3::region")]
    pub region: String,
    /// Without keys, the instance's metadata service is asked for them.
    #[serde(default)]
    pub access_key: Option<Secret>,
    /// Goes with the access key.
    #[serde(default)]
    pub secret_key: Option<Secret>,
    /// How often the prefix is listed, seconds.
    #[serde(default = "S3::poll_seconds")]
    pub poll_seconds: u64,
    /// A queue of SQS that says what is new.
    #[serde(default)]
    pub queue_url: Option<String>,
}

impl S3 {
    fn region() -> String {
        "us-east-1".to_owned()
    }

    const fn poll_seconds() -> u64 {
        60
    }

    /// The secrets that it names.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.access_key.iter().chain(&self.secret_key)
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listing {
    #[serde(default)]
    contents: Vec<Listed>,
    #[serde(default)]
    is_truncated: bool,
    next_continuation_token: Option<String>,
    encoding_type: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    key: String,
    #[serde(default, rename = "ETag")]
    etag: String,
    #[serde(default)]
    size: u64,
}

#[derive(Clone, Debug)]
struct Object {
    key: String,
    etag: String,
    size: u64,
}

impl Object {
    /// What tells its bytes from others under the same key.
    fn request(&self) -> String {
        format!("{}@{}", self.key, self.etag)
    }
}

#[derive(Debug)]
struct Waiting {
    attempts: u32,
    until: Instant,
    sweep: u64,
}

/// A bucket being followed.
pub(crate) struct Bucket {
    store: Arc<Store>,
    failed: HashMap<String, Waiting>,
    sweep: u64,
}

/// Where the objects are, and where they go.
struct Store {
    app: Arc<App>,
    settings: S3,
    aws: Aws,
    stop: Stop,
    /// Address of the bucket, without a slash at its end.
    url: String,
}

impl Bucket {
    /// As set; asks nothing yet.
    pub(crate) fn new(app: &Arc<App>, settings: &S3, stopped: &watch::Receiver<bool>) -> io::Result<Bucket> {
        let S3 { bucket, region, .. } = settings;
        let wrong = |what: String| io::Error::other(format!("[[s3]] {}: {what}", settings.source));
        let secret = |name: &Option<Secret>| name.as_ref().and_then(|name| app.secret(name)).map(str::to_owned);
        let keys = match (secret(&settings.access_key), secret(&settings.secret_key)) {
            (Some(key_id), Some(secret_key)) => Some(AwsCredential { key_id, secret_key, token: None }),
            (None, None) if settings.secrets().next().is_none() => None,
            _ => return Err(wrong("`access_key` and `secret_key` go together, and both have to be there".to_owned())),
        };
        let regional = || format!("https://s3.{region}.amazonaws.com");
        let endpoint = settings.endpoint.clone().unwrap_or_else(regional);
        let url = format!("{}/{}", endpoint.trim_end_matches('/'), path(bucket));
        for url in [&url].into_iter().chain(&settings.queue_url) {
            let parsed = reqwest::Url::parse(url).map_err(|error| wrong(format!("`{url}`: {error}")))?;
            if !matches!(parsed.scheme(), "http" | "https") || !parsed.has_host() {
                return Err(wrong(format!("`{url}` is no address of http or https")));
            }
        }
        let aws = Aws::new(region, keys).map_err(wrong)?;
        let (app, settings) = (Arc::clone(app), settings.clone());
        let store = Arc::new(Store { app, settings, aws, stop: Stop::new(stopped), url });
        Ok(Bucket { store, failed: HashMap::new(), sweep: 0 })
    }

    /// Until it is told to stop.
    pub(crate) async fn follow(mut self) {
        let mut patience = Patience::default();
        while !self.store.stop.is_set() {
            let wait = match self.list().await {
                Ok(()) => {
                    patience.reset();
                    Duration::from_secs(self.store.settings.poll_seconds.max(1))
                }
                Err(reason) => {
                    self.store.failure("list", &self.store.url, &reason);
                    patience.next()
                }
            };
            match self.store.settings.queue_url.clone() {
                Some(queue) => self.hear(&queue, Instant::now() + LIST_AGAIN).await,
                None => self.store.stop.sleep(wait).await,
            }
        }
    }

    /// Lists all of the prefix and seals what is new.
    async fn list(&mut self) -> Result<(), Failed> {
        self.sweep += 1;
        let mut token: Option<String> = None;
        loop {
            let mut url = format!(
                "{}?list-type=2&encoding-type=url&prefix={}",
                self.store.url,
                strict(&self.store.settings.prefix)
            );
            if let Some(token) = &token {
                url.push_str(&format!("&continuation-token={}", strict(token)));
            }
            let response = self.store.aws.ask("s3", Method::GET, &url, Default::default(), Bytes::new()).await?;
            let page = body(response, PAGE_BYTES_MAX).await?;
            let page: Listing = quick_xml::de::from_reader(page.as_ref())
                .map_err(|error| Failed::Because(format!("the listing cannot be read: {error}")))?;
            let is_encoded = page.encoding_type.is_some();
            let objects = page.contents.into_iter().map(|listed| Object {
                key: if is_encoded { sqs::decoded(&listed.key) } else { listed.key },
                etag: listed.etag.trim_matches('"').to_owned(),
                size: listed.size,
            });
            let objects = self.new_of(objects.collect())?;
            self.take_all(objects).await;
            token = page.next_continuation_token.filter(|_| page.is_truncated);
            if self.store.stop.is_set() {
                return Ok(());
            }
            if token.is_none() {
                break;
            }
        }
        let sweep = self.sweep;
        self.failed.retain(|_, waiting| waiting.sweep == sweep);
        self.count_failed();
        Ok(())
    }

    /// Those that are not sealed and do not wait.
    fn new_of(&mut self, objects: Vec<Object>) -> Result<Vec<Object>, Failed> {
        let mut new = Vec::new();
        for object in objects {
            // A folder that a console has made.
            if object.size == 0 {
                continue;
            }
            let request = object.request();
            if let Some(waiting) = self.failed.get_mut(&request) {
                waiting.sweep = self.sweep;
                if waiting.until > Instant::now() {
                    continue;
                }
            }
            if !self.store.knows(&object)? {
                new.push(object);
            }
        }
        Ok(new)
    }

    fn count_failed(&self) {
        self.store.app.pulled.set(
            Metric::ObjectsUnread,
            &[("source", &self.store.settings.source)],
            self.failed.len() as u64,
        );
    }

    /// Several are fetched at once, and sealed in their order.
    async fn take_all(&mut self, objects: Vec<Object>) {
        let store = Arc::clone(&self.store);
        let fetched = futures::stream::iter(objects).map(|object| async {
            let is_short = object.size <= IN_MEMORY_BYTES_MAX;
            let bytes = if is_short { Some(store.fetch(&object).await) } else { None };
            (object, bytes)
        });
        let mut fetched = std::pin::pin!(fetched.buffered(AT_ONCE));
        while let Some(Some((object, bytes))) = store.stop.or(fetched.next()).await {
            let outcome = match bytes {
                Some(Ok(bytes)) => store.seal(&object, bytes).await,
                Some(Err(failed)) => Err(failed),
                None => store.stream(&object).await,
            };
            self.settled(&object, &outcome);
        }
    }

    fn settled(&mut self, object: &Object, outcome: &Result<(), Failed>) {
        let request = object.request();
        match outcome {
            Ok(()) => {
                self.failed.remove(&request);
                self.store.app.pulled.add(Metric::Objects, &[("source", &self.store.settings.source)], 1);
            }
            Err(reason) => {
                self.store.failure("read", &self.store.name(object), reason);
                let attempts = self.failed.get(&request).map_or(0, |waiting| waiting.attempts);
                let wait = FAILED_WAIT.saturating_mul(2u32.saturating_pow(attempts)).min(FAILED_WAIT_MAX);
                if self.failed.len() < FAILED_MAX || self.failed.contains_key(&request) {
                    let until = Instant::now() + wait;
                    let waiting = Waiting { attempts: attempts.saturating_add(1), until, sweep: self.sweep };
                    self.failed.insert(request, waiting);
                }
            }
        }
        self.count_failed();
    }

    /// Takes what the queue tells, until then.
    async fn hear(&mut self, queue: &str, until: Instant) {
        let mut patience = Patience::default();
        let store = Arc::clone(&self.store);
        while Instant::now() < until {
            let Some(received) = store.stop.or(sqs::receive(&store.aws, queue)).await else { return };
            match received {
                Ok(messages) => {
                    patience.reset();
                    for message in messages {
                        let (outcome, is_done) = self.message(message.told()).await;
                        let labels = [("source", self.store.settings.source.as_str()), ("outcome", outcome)];
                        self.store.app.pulled.add(Metric::Notifications, &labels, 1);
                        if is_done && let Err(reason) = sqs::delete(&self.store.aws, queue, &message).await {
                            // It comes again, and what it names is known then.
                            self.store.failure("delete message of", queue, &reason);
                        }
                    }
                }
                Err(reason) => {
                    self.store.failure("receive from", queue, &reason);
                    self.store.stop.sleep(patience.next()).await;
                }
            }
        }
    }

    /// What became of a message, and whether it is done with: what is not sealed is told again by the queue.
    async fn message(&mut self, told: Told) -> (&'static str, bool) {
        let objects = match told {
            Told::New(objects) => objects,
            Told::Nothing => return ("nothing", true),
            Told::Unknown => return ("unknown", false),
        };
        let mut outcome = ("sealed", true);
        for (bucket, key) in objects {
            if bucket != self.store.settings.bucket || !key.starts_with(&self.store.settings.prefix) {
                outcome = ("elsewhere", false);
                continue;
            }
            match self.heard(&key).await {
                Ok(()) | Err(Failed::Gone) => {}
                Err(_) => outcome = ("unread", false),
            }
        }
        outcome
    }

    async fn heard(&mut self, key: &str) -> Result<(), Failed> {
        let url = format!("{}/{}", self.store.url, path(key));
        let head = self.store.aws.ask("s3", Method::HEAD, &url, Default::default(), Bytes::new()).await;
        let told = |response: &reqwest::Response, name: &str| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let object = head.map(|response| Object {
            key: key.to_owned(),
            etag: told(&response, "etag").unwrap_or_default().trim_matches('"').to_owned(),
            size: told(&response, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0),
        });
        let object = match object {
            Ok(object) => object,
            Err(reason) => {
                self.store.failure("read", key, &reason);
                return Err(reason);
            }
        };
        if object.size == 0 || self.store.knows(&object)? {
            return Ok(());
        }
        let outcome = match object.size <= IN_MEMORY_BYTES_MAX {
            true => match self.store.fetch(&object).await {
                Ok(bytes) => self.store.seal(&object, bytes).await,
                Err(failed) => Err(failed),
            },
            false => self.store.stream(&object).await,
        };
        self.settled(&object, &outcome);
        outcome
    }
}

impl Store {
    fn failure(&self, what: &str, name: &str, reason: &Failed) {
        let source = self.settings.source.as_str();
        self.app.pulled.add(Metric::Failures, &[("source", source), ("what", what)], 1);
        match reason {
            Failed::Gone => tracing::warn!("{what} {name}: there is nothing there any more"),
            Failed::Because(reason) => tracing::warn!("{what} {name}: {reason}; tried again later"),
        }
    }

    fn name(&self, object: &Object) -> String {
        format!("s3://{}/{}", self.settings.bucket, object.key)
    }

    fn knows(&self, object: &Object) -> Result<bool, Failed> {
        let known = self.app.door.knows_object(&self.settings.source, &self.name(object), &object.request());
        known.map_err(|error| Failed::Because(error.to_string()))
    }

    async fn get(&self, object: &Object) -> Result<reqwest::Response, Failed> {
        if object.key.split('/').any(|part| matches!(part, "." | "..")) {
            return Err(Failed::Because("a key with a part `.` or `..` cannot be asked for".to_owned()));
        }
        let same = headers(&[("if-match", &format!("\"{}\"", object.etag))]);
        let url = format!("{}/{}", self.url, path(&object.key));
        self.aws.ask("s3", Method::GET, &url, same, Bytes::new()).await
    }

    async fn fetch(&self, object: &Object) -> Result<Bytes, Failed> {
        let bytes = body(self.get(object).await?, usize::try_from(object.size).unwrap_or(usize::MAX)).await?;
        if bytes.len() as u64 != object.size {
            return Err(Failed::Because(format!("{} bytes came of {}", bytes.len(), object.size)));
        }
        Ok(bytes)
    }

    async fn seal(&self, object: &Object, bytes: Bytes) -> Result<(), Failed> {
        let cut = if object.key.contains("/CloudTrail-Digest/") { Cut::Whole } else { Cut::Auto };
        let parcel = parcel(self.settings.source.clone(), &self.name(object), Some(object.request()), bytes, cut);
        match super::seal(&self.app, &parcel).await {
            Ok(_) => Ok(()),
            // Decoded it is too long for the memory: it is read once more.
            Err(problem) if problem.code == "body-too-long" => self.stream(object).await,
            Err(problem) => Err(Failed::Because(problem.detail)),
        }
    }

    /// Seals a long object while it is read.
    async fn stream(&self, object: &Object) -> Result<(), Failed> {
        let done = loop {
            // Its delivery passes by where the others are held back.
            let pause = self.app.access.pauses().of(&self.settings.source, (self.app.clock)());
            let is_due = pause.is_none()
                && self
                    .app
                    .door
                    .may_read_object(&self.settings.source, &self.name(object), &object.request())
                    .map_err(|error| Failed::Because(error.to_string()))?;
            if self.stop.is_set() {
                return Err(Failed::Because("told to stop".to_owned()));
            }
            if !is_due {
                tokio::time::sleep(BUSY_WAIT).await;
                continue;
            }
            let mut response = self.get(object).await?;
            let (chunks, received) = mpsc::channel(CHUNKS_WAITING_MAX);
            let (app, source) = (Arc::clone(&self.app), self.settings.source.clone());
            let (name, request) = (self.name(object), object.request());
            let sealing = blocking(move || {
                let bytes = Box::new(Chunks { received, at: Bytes::new(), is_over: false });
                app.door.object(&source, &name, &request, bytes, &AtomicBool::new(false))
            });
            let reading = async move {
                loop {
                    let chunk = match self.stop.or(response.chunk()).await {
                        // What has come of it stays sealed, and is gone on with.
                        None => break,
                        Some(Ok(chunk)) => Ok(chunk.unwrap_or_default()),
                        Some(Err(error)) => Err(io::Error::other(error)),
                    };
                    let is_end = chunk.as_ref().map_or(true, Bytes::is_empty);
                    // Nobody takes it any more: the sealing has ended and says why.
                    if chunks.send(chunk).await.is_err() || is_end {
                        break;
                    }
                }
            };
            let (done, ()) = tokio::join!(sealing, reading);
            match done.map_err(|problem| Failed::Because(problem.detail))? {
                Err(Refused::Busy(_)) if !self.stop.is_set() => tokio::time::sleep(BUSY_WAIT).await,
                done => break done,
            }
        };
        let (outcome, result) = match done {
            Ok(Summary { records, replaced, unread, stopped: false, .. }) if unread.is_empty() => {
                (Outcome::Sealed { records, replaced }, Ok(()))
            }
            Ok(summary) => {
                let reason = summary.unread.into_iter().next().map_or("stopped".to_owned(), |unread| unread.reason);
                let reason = format!("{reason}; {} records of it are sealed", summary.records + summary.already_known);
                (Outcome::Refused, Err(Failed::Because(reason)))
            }
            Err(refused) => (Outcome::Refused, Err(Failed::Because(refused.to_string()))),
        };
        self.app.metrics.count(&self.settings.source, object.size, outcome);
        result
    }
}

/// The chunks of an answer, for a thread that reads.
struct Chunks {
    received: mpsc::Receiver<io::Result<Bytes>>,
    at: Bytes,
    is_over: bool,
}

impl Read for Chunks {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at.is_empty() && !self.is_over {
            // An empty chunk is the end; without one, whoever fetched it has stopped.
            let stopped = || Err(io::Error::other("stopped while it was read"));
            self.at = self.received.blocking_recv().unwrap_or_else(stopped)?;
            // Who reads to the end may ask again.
            self.is_over = self.at.is_empty();
        }
        let count = self.at.len().min(out.len());
        let (filled, _) = out.split_at_mut(count);
        self.at.copy_to_slice(filled);
        Ok(count)
    }
}
