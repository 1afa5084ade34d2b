//! What all requests share.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use collect::{Cut, Door, Parcel, Sealed, Submission};
use ledger::{Reader, View};
use model::Millis;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::access::{Access, Scope, Token};
use crate::config::{Config, Limits, Secret};
use crate::metrics::{Metrics, Outcome};
use crate::problem::Problem;
use crate::receive::hec::Channels;

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
    pub(crate) metrics: Metrics,
    secrets: HashMap<String, String>,
    pub(crate) channels: Channels,
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
    /// The settings.
    pub config: Config,
    /// What the secrets are that the settings name; one that is missing here is as good as not set.
    pub secrets: HashMap<String, String>,
    /// The wall clock.
    pub clock: fn() -> Millis,
}

impl App {
    /// Over a door and the log behind it.
    pub fn new(parts: Parts) -> App {
        let Parts { door, access, reader, log, config, secrets, clock } = parts;
        let limits = config.limits;
        App {
            door,
            access,
            reader,
            log,
            config,
            limits,
            clock,
            metrics: Metrics::default(),
            channels: Channels::default(),
            secrets,
            memory: Arc::new(Semaphore::new(limits.bodies_bytes_max / PERMIT_BYTES)),
            stopping: AtomicBool::new(false),
        }
    }

    /// The secret that the settings name so.
    pub(crate) fn secret(&self, secret: &Secret) -> Option<&str> {
        self.secrets.get(&secret.to_string()).map(String::as_str)
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

    /// Reads a body, within its limits; the permit keeps its place in memory.
    pub(crate) async fn body(&self, headers: &HeaderMap, body: Body) -> Result<(Bytes, OwnedSemaphorePermit), Problem> {
        let limit = self.limits.body_bytes_max;
        let told = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if told.is_some_and(|told| told > limit) {
            return Err(Problem::too_long(limit));
        }
        // Decoded and cut it is in memory twice.
        let bytes = told.unwrap_or(limit).max(PERMIT_BYTES) * 2;
        let permits = u32::try_from(bytes / PERMIT_BYTES).unwrap_or(u32::MAX);
        let permit = Arc::clone(&self.memory).try_acquire_many_owned(permits).map_err(|_| {
            Problem::busy(format!("bodies of {} bytes are in memory (bodies_bytes_max)", self.limits.bodies_bytes_max))
        })?;
        let seconds = self.limits.body_seconds_max;
        let read = axum::body::to_bytes(body, limit);
        match tokio::time::timeout(Duration::from_secs(seconds), read).await {
            Err(_) => Err(Problem::slow(seconds)),
            Ok(Err(_)) => Err(Problem::too_long(limit)),
            Ok(Ok(bytes)) => Ok((bytes, permit)),
        }
    }

    /// Has a delivery sealed. When this returns, its records are durable and under a signed checkpoint.
    pub(crate) async fn seal(self: &Arc<App>, parcel: Parcel) -> Result<Sealed, Problem> {
        let (source, bytes) = (parcel.source.clone(), parcel.body.len());
        let sealed = self.take(parcel).await;
        let outcome = match &sealed {
            Ok(sealed) => Outcome::Sealed { records: sealed.records.len() as u64, replaced: sealed.replaced },
            Err(problem) if problem.retry() => Outcome::Busy,
            Err(_) => Outcome::Refused,
        };
        self.metrics.count(&source, bytes as u64, outcome);
        sealed
    }

    async fn take(self: &Arc<App>, parcel: Parcel) -> Result<Sealed, Problem> {
        if self.is_stopping() {
            return Err(Problem::busy("the collector is stopping"));
        }
        let submission = if parcel.body.len() <= INLINE_BYTES_MAX {
            self.door.submit(&parcel)
        } else {
            let door = Arc::clone(&self.door);
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

/// Does work that takes long, or reads files, on a thread of its own.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Problem::failed("the thread that worked on it has ended"))
}

/// A delivery of a receiver.
pub(crate) fn parcel(source: String, name: &str, request: Option<String>, body: Bytes, cut: Cut) -> Parcel {
    Parcel { source, name: name.to_owned(), request, body, cut, stream: None }
}
