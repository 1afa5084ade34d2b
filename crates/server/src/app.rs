//! What all requests share.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use collect::{Cut, Door, Parcel, Relayed, Sealed, Submission};
use ledger::{Reader, View};
use model::Millis;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::access::{Access, Scope, Token};
use crate::alarm::{Alarms, Behind};
use crate::audit::Counts;
use crate::caller;
use crate::config::{BODY_COPIES, Config, Limits, Secret};
use crate::issuer::Issuers;
use crate::metrics::{Metrics, Outcome};
use crate::problem::Problem;
use crate::pull::{Metric, Pulled};
use crate::questions::{Asked, Questions};
use crate::receive::hec::Channels;
use crate::receive::scim::Rosters;

/// Bytes of one permit for memory.
const PERMIT_BYTES: usize = 1 << 10;

/// A body up to this long is cut and submitted where it came in: cheaper than handing it to another thread.
const INLINE_BYTES_MAX: usize = 32 << 10;

/// The state behind all routes.
pub struct App {
    pub(crate) door: Arc<Door>,
    pub(crate) access: Arc<Access>,
    reader: Reader,
    pub(crate) log: String,
    pub(crate) config: Config,
    pub(crate) limits: Limits,
    pub(crate) clock: fn() -> Millis,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) pulled: Arc<Pulled>,
    pub(crate) audit: Arc<Counts>,
    pub(crate) alarms: Arc<Alarms>,
    /// The file of the published checkpoint.
    pub(crate) public: PathBuf,
    pub(crate) behind: Mutex<Behind>,
    /// When this process began to count.
    pub(crate) since: Millis,
    pub(crate) issuers: Issuers,
    secrets: HashMap<String, String>,
    pub(crate) channels: Arc<Channels>,
    pub(crate) rosters: Arc<Rosters>,
    pub(crate) questions: Questions,
    memory: Arc<Semaphore>,
    stopping: AtomicBool,
}

/// What a server is made of.
pub struct Parts {
    /// Where deliveries come in.
    pub door: Arc<Door>,
    /// All tokens.
    pub access: Arc<Access>,
    /// The log behind the door.
    pub reader: Reader,
    /// Its short name.
    pub log: String,
    /// The file of its published checkpoint.
    pub public: PathBuf,
    /// The settings.
    pub config: Config,
    /// What the secrets are that the settings name; one that is missing here is as good as not set.
    pub secrets: HashMap<String, String>,
    /// The wall clock.
    pub clock: fn() -> Millis,
    /// How a question is asked.
    pub questions: Asked,
}

impl App {
    /// Over a door and the log behind it.
    pub fn new(parts: Parts) -> App {
        let Parts { door, access, reader, log, public, config, secrets, clock, questions } = parts;
        let (limits, issuers) = (config.limits, Issuers::new(&config.issuer));
        App {
            door,
            access,
            reader,
            log,
            config,
            limits,
            clock,
            metrics: Arc::default(),
            pulled: Arc::default(),
            audit: Arc::default(),
            alarms: Arc::default(),
            public,
            behind: Mutex::default(),
            since: clock(),
            issuers,
            channels: Arc::default(),
            rosters: Arc::default(),
            questions: Questions::new(questions, &limits),
            secrets,
            memory: Arc::new(Semaphore::new(limits.bodies_bytes_max / PERMIT_BYTES)),
            stopping: AtomicBool::new(false),
        }
    }

    /// The same server with other settings: what it has counted, and what it has promised, goes on.
    pub fn again(&self, config: Config, secrets: HashMap<String, String>) -> App {
        let parts = Parts {
            door: Arc::clone(&self.door),
            access: Arc::clone(&self.access),
            reader: self.reader.clone(),
            log: self.log.clone(),
            public: self.public.clone(),
            config,
            secrets,
            clock: self.clock,
            questions: self.questions.asked(),
        };
        let (metrics, audit) = (Arc::clone(&self.metrics), Arc::clone(&self.audit));
        let (alarms, channels) = (Arc::clone(&self.alarms), Arc::clone(&self.channels));
        let questions = self.questions.again(&parts.config.limits);
        let (pulled, rosters, since) = (Arc::clone(&self.pulled), Arc::clone(&self.rosters), self.since);
        App { metrics, since, audit, alarms, pulled, channels, rosters, questions, ..App::new(parts) }
    }

    /// The secret that the settings name so.
    pub(crate) fn secret(&self, secret: &Secret) -> Option<&str> {
        self.secrets.get(&secret.to_string()).map(String::as_str)
    }

    /// The settings in force.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What the secrets are that the settings name.
    pub fn secrets(&self) -> &HashMap<String, String> {
        &self.secrets
    }

    /// Whether a silence of this source is announced now.
    pub fn is_paused(&self, source: &str) -> bool {
        self.access.pauses().of(source, (self.clock)()).is_some()
    }

    /// Tells how many bytes of followed files wait.
    pub fn files_lag(&self, source: &str, bytes: u64) {
        self.pulled.set(Metric::LagBytes, &[("source", source)], bytes);
    }

    /// Counts what came of files that are followed.
    pub fn count_files(&self, source: &str, summary: &collect::Summary) {
        self.metrics.files(source, summary);
        let unread = summary.unread.len() as u64;
        self.pulled.add(Metric::Failures, &[("source", source), ("what", "file")], unread);
    }

    /// Counts a look at files that could not be sealed; they are looked at again.
    pub fn files_failed(&self, source: &str) {
        self.pulled.add(Metric::Failures, &[("source", source), ("what", "seal")], 1);
    }

    /// From here on it is not ready: whoever balances load sends elsewhere.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// The log as it is now.
    pub(crate) fn view(&self) -> Result<View, Problem> {
        self.reader.view().map_err(|error| Problem::failed(error.to_string()))
    }

    /// Whose request it is, if they may do this.
    pub(crate) fn admitted(&self, headers: &HeaderMap, scope: Scope) -> Result<Token, Problem> {
        let token = self.access.of(headers, (self.clock)());
        let admitted = token.and_then(|token| token.may(scope).map(|()| token));
        if admitted.is_err() {
            self.metrics.refused_unauthorized();
        }
        admitted
    }

    /// A place in memory for so many bytes of bodies, as long as the permit lives.
    pub(crate) fn room(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Problem> {
        self.room_now(bytes).ok_or_else(|| {
            Problem::busy(format!("bodies of {} bytes are in memory (bodies_bytes_max)", self.limits.bodies_bytes_max))
        })
    }

    /// Reads a body, within its limits; the permit keeps its place in memory.
    pub(crate) async fn body(&self, headers: &HeaderMap, body: Body) -> Result<(Bytes, OwnedSemaphorePermit), Problem> {
        let limit = self.limits.body_bytes_max;
        let told = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if told.is_some_and(|told| told > limit) {
            return Err(Problem::too_long(limit));
        }
        let permit = self.room(told.unwrap_or(limit).max(PERMIT_BYTES) * BODY_COPIES)?;
        let seconds = self.limits.body_seconds_max;
        let read = axum::body::to_bytes(body, limit);
        match tokio::time::timeout(Duration::from_secs(seconds), read).await {
            Err(_) => Err(Problem::slow(seconds)),
            Ok(Err(_)) => Err(Problem::too_long(limit)),
            Ok(Ok(bytes)) => Ok((bytes, permit)),
        }
    }

    /// A place in memory for so many bytes; waits for others to give theirs back.
    pub(crate) async fn room_in_time(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.memory).acquire_many_owned(permits(bytes)).await.ok()
    }

    /// The same if there is one now.
    pub(crate) fn room_now(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.memory).try_acquire_many_owned(permits(bytes)).ok()
    }

    /// Has a delivery sealed. When this returns, its records are durable and under a signed checkpoint.
    pub(crate) async fn seal(self: &Arc<App>, parcel: Parcel) -> Result<Sealed, Problem> {
        if self.is_stopping() {
            self.metrics.count(&parcel.source, parcel.body.len() as u64, Outcome::Busy);
            return Err(Problem::busy("the collector is stopping"));
        }
        self.seal_taken(parcel).await
    }

    /// The same for what was taken already and nobody sends again: also while the collector stops.
    pub(crate) async fn seal_taken(self: &Arc<App>, parcel: Parcel) -> Result<Sealed, Problem> {
        let (source, bytes) = (parcel.source.clone(), parcel.body.len());
        let sealed = self.take(parcel).await;
        let outcome = match &sealed {
            Ok(sealed) => Outcome::Sealed { records: sealed.records.len() as u64, replaced: sealed.replaced.clone() },
            Err(problem) if problem.retry() => Outcome::Busy,
            Err(_) => Outcome::Refused,
        };
        self.metrics.count(&source, bytes as u64, outcome);
        sealed
    }

    async fn take(self: &Arc<App>, parcel: Parcel) -> Result<Sealed, Problem> {
        let now = (self.clock)();
        if let Some(pause) = self.access.pauses().of(&parcel.source, now) {
            return Err(Problem::paused(&pause, now));
        }
        let (door, is_short) = (Arc::clone(&self.door), parcel.body.len() <= INLINE_BYTES_MAX);
        let submission = if caller::is_asked(&parcel) {
            // Whoever has to be asked about a token is asked before the seat of the source is taken.
            let open = |parcel: Parcel| (Door::open(&parcel), parcel);
            let (opened, mut parcel) = if is_short { open(parcel) } else { blocking(move || open(parcel)).await? };
            let opened = opened?;
            caller::relayed(self, &mut parcel, &opened).await;
            let submit = move || door.submit_opened(&parcel, &opened);
            if is_short { submit() } else { blocking(submit).await? }
        } else if is_short {
            door.submit(&parcel)
        } else {
            blocking(move || door.submit(&parcel)).await?
        };
        match submission? {
            Submission::Repeated(sealed) => Ok(sealed),
            Submission::Submitted(submitted) => {
                // A client that hangs up cancels its request, not what was submitted for it.
                let app = Arc::clone(self);
                let waiting = tokio::spawn(async move { app.door.seal(submitted).await });
                Ok(waiting.await.map_err(|_| Problem::failed("the task that waited has ended"))??)
            }
        }
    }
}

fn permits(bytes: usize) -> u32 {
    u32::try_from(bytes / PERMIT_BYTES).unwrap_or(u32::MAX)
}

/// Does work that takes long, or reads files, on a thread of its own.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Problem::failed("the thread that worked on it has ended"))
}

/// A delivery of a receiver.
pub(crate) fn parcel(source: String, name: &str, request: Option<String>, body: Bytes, cut: Cut) -> Parcel {
    Parcel { source, name: name.to_owned(), request, body, cut, stream: None, relayed: Relayed::default() }
}
