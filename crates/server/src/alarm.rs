//! What somebody has to know: a verification that failed, records that were dropped, a log that takes nothing, a checkpoint
//! that is not published.
//!
//! An alarm is logged, and posted to the webhook of `[notify]`, signed as Standard Webhooks are if there is a secret. The
//! same kind is told once an hour at most: whoever is woken by the first needs no second.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use model::Millis;
use parking_lot::Mutex;
use serde_json::json;
use sha2::Sha256;
use tokio::sync::{mpsc, watch};

use crate::app::App;
use crate::config::Notify;

/// How often the state of the server is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// How long the same kind is not told again, milliseconds.
const AGAIN_AFTER_MS: u64 = 3_600_000;

/// A published checkpoint this old, while there is something newer, is an alarm, seconds.
pub(crate) const CHECKPOINT_AGE_S_MAX: u64 = 120;

/// How long the webhook has to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often an alarm is posted before it is given up.
const TRIES: u32 = 5;

/// Alarms that wait for the webhook; more are logged alone.
const WAITING_MAX: usize = 64;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// The log is not what was sealed, or could not be verified.
    VerificationFailed,
    /// Records were dropped before they were sealed.
    RecordsDropped,
    /// Nothing can be sealed: the disk is down to its reserve, or writing has stopped.
    NotWritable,
    /// The published checkpoint is old.
    CheckpointOld,
}

impl Kind {
    /// The name in logs and notifications.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Kind::VerificationFailed => "verification-failed",
            Kind::RecordsDropped => "records-dropped",
            Kind::NotWritable => "not-writable",
            Kind::CheckpointOld => "checkpoint-old",
        }
    }
}

/// An alarm on its way.
#[derive(Debug)]
pub(crate) struct Alarm {
    kind: Kind,
    detail: String,
    at: Millis,
}

/// Where alarms are raised.
#[derive(Debug)]
pub(crate) struct Alarms {
    told: Mutex<HashMap<Kind, Millis>>,
    out: mpsc::Sender<Alarm>,
    waiting: Mutex<Option<mpsc::Receiver<Alarm>>>,
}

impl Default for Alarms {
    fn default() -> Alarms {
        let (out, waiting) = mpsc::channel(WAITING_MAX);
        Alarms { told: Mutex::default(), out, waiting: Mutex::new(Some(waiting)) }
    }
}

impl Alarms {
    /// Raises an alarm, unless the same kind was told within the hour. May be called from any thread.
    pub(crate) fn raise(&self, kind: Kind, detail: &str, now: Millis) {
        let before = self.told.lock().get(&kind).copied();
        if before.is_some_and(|before| now.0.saturating_sub(before.0) < AGAIN_AFTER_MS) {
            return;
        }
        self.told.lock().insert(kind, now);
        tracing::error!(alarm = kind.as_str(), "{detail}");
        // One that nobody takes was logged.
        let _ = self.out.try_send(Alarm { kind, detail: detail.to_owned(), at: now });
    }
}

/// Posts alarms until the stop; without a webhook they are logged alone.
pub(crate) async fn post(app: Arc<App>, mut stopped: watch::Receiver<bool>) {
    let Some(mut waiting) = app.alarms.waiting.lock().take() else { return };
    let client = reqwest::Client::builder().timeout(PATIENCE).build();
    loop {
        let alarm = tokio::select! {
            alarm = waiting.recv() => alarm,
            _ = stopped.wait_for(|stopped| *stopped) => break,
        };
        if let (Some(alarm), Some(notify), Ok(client)) = (alarm, &app.config.notify, &client) {
            let told = tell(&app, client, notify, &alarm);
            tokio::select! {
                () = told => {}
                _ = stopped.wait_for(|stopped| *stopped) => break,
            }
        }
    }
    // A reload goes on with it.
    *app.alarms.waiting.lock() = Some(waiting);
}

async fn tell(app: &App, client: &reqwest::Client, notify: &Notify, alarm: &Alarm) {
    let body = json!({ "alarm": alarm.kind.as_str(), "detail": alarm.detail, "log": app.log, "at_ms": alarm.at.0 });
    let body = body.to_string();
    let id = format!("{}-{}-{}", app.log, alarm.kind.as_str(), alarm.at.0);
    let secret = notify.secret.as_ref().and_then(|secret| app.secret(secret));
    for nth in 0..TRIES {
        let seconds = ((app.clock)().0 / 1_000).to_string();
        let mut request = client.post(&notify.url).header("content-type", "application/json");
        if let Some(signature) = secret.and_then(|secret| signature(secret, &id, &seconds, &body)) {
            let signed = [("webhook-id", &id), ("webhook-timestamp", &seconds), ("webhook-signature", &signature)];
            request = signed.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        }
        match request.body(body.clone()).send().await.and_then(reqwest::Response::error_for_status) {
            Ok(_) => return,
            // The URL may hold a secret: it is not repeated.
            Err(error) => tracing::warn!(error = %error.without_url(), "notify"),
        }
        tokio::time::sleep(Duration::from_secs(1 << nth)).await;
    }
    tracing::error!(alarm = alarm.kind.as_str(), "the webhook of [notify] did not take it in {TRIES} tries");
}

/// Standard Webhooks, *Signing*: HMAC-SHA-256 over `id.timestamp.body`.
fn signature(secret: &str, id: &str, seconds: &str, body: &str) -> Option<String> {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

/// Looks at the server until the stop.
pub(crate) async fn watch(app: Arc<App>, mut stopped: watch::Receiver<bool>) {
    let mut dropped = app.metrics.dropped();
    while tokio::time::timeout(LOOK_EVERY, stopped.wait_for(|stopped| *stopped)).await.is_err() {
        let now = (app.clock)();
        if let Err(refused) = app.door.ready() {
            app.alarms.raise(Kind::NotWritable, &refused.to_string(), now);
        }
        let (before, after) = (std::mem::replace(&mut dropped, app.metrics.dropped()), dropped);
        if after > before {
            let detail = format!("{} records were dropped within {LOOK_EVERY:?}", after - before);
            app.alarms.raise(Kind::RecordsDropped, &detail, now);
        }
        let age = checkpoint_age(&app).unwrap_or(0);
        if age > CHECKPOINT_AGE_S_MAX {
            let detail = format!("the published checkpoint is {age} s old, and there is something newer");
            app.alarms.raise(Kind::CheckpointOld, &detail, now);
        }
    }
}

/// How old the published checkpoint is, seconds; 0 when it covers everything, none when there is no checkpoint.
pub(crate) fn checkpoint_age(app: &App) -> Option<u64> {
    let (size, written) = published(&app.public)?;
    if app.view().ok()?.size().0 <= size {
        return Some(0);
    }
    Some((app.clock)().0.saturating_sub(written.0) / 1_000)
}

/// Size and time of the checkpoint in a file.
fn published(path: &Path) -> Option<(u64, Millis)> {
    let size = fs::read_to_string(path).ok()?.lines().nth(1)?.parse().ok()?;
    let written = fs::metadata(path).ok()?.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some((size, Millis(u64::try_from(written.as_millis()).ok()?)))
}

/// What the last verification found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Leaves below this one.
    pub size: u64,
    /// When.
    pub at: Millis,
    /// What is wrong.
    pub findings: Vec<String>,
}

impl App {
    /// Takes word of a verification; what it found is told.
    pub fn verified(&self, verified: Verified) {
        if let Some(first) = verified.findings.first() {
            let detail = format!("{} findings, the first: {first}", verified.findings.len());
            self.alarms.raise(Kind::VerificationFailed, &detail, verified.at);
        }
        self.metrics.verification_failed.store(!verified.findings.is_empty(), Relaxed);
        self.metrics.verified_size.store(verified.size, Relaxed);
    }
}
