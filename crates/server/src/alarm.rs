//! What somebody has to know: a verification that failed, records that were dropped, a log that takes nothing, a checkpoint
//! that is not published.
//!
//! An alarm is logged, and posted to the webhook of `[notify]`, signed as Standard Webhooks are if there is a secret. The
//! same kind is told once an hour at most: whoever is woken by the first needs no second.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use model::Millis;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use crate::app::App;
use crate::config::Notify;
use crate::signature::Standard;

/// How often the state of the server is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// How long the same kind is not told again, milliseconds.
const AGAIN_AFTER_MS: u64 = 3_600_000;

/// A published checkpoint that has not covered the log for this long is an alarm, seconds.
pub(crate) const CHECKPOINT_AGE_S_MAX: u64 = 120;

/// How long the webhook has to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often an alarm is posted before it is given up.
const TRIES: u32 = 5;

/// Alarms that wait for the webhook; more are logged alone.
const WAITING_MAX: usize = 64;

/// Things that were told and are remembered, before those of more than an hour ago are let go.
const TOLD_MAX: usize = 10_000;

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
    /// Records of a source are missing, or it is silent.
    SourceGap,
}

impl Kind {
    /// The name in logs and notifications.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Kind::VerificationFailed => "verification-failed",
            Kind::RecordsDropped => "records-dropped",
            Kind::NotWritable => "not-writable",
            Kind::CheckpointOld => "checkpoint-old",
            Kind::SourceGap => "source-gap",
        }
    }
}

/// An alarm on its way.
#[derive(Debug)]
pub(crate) struct Alarm {
    kind: Kind,
    detail: String,
    /// The gap of a source, as it is sealed.
    gap: Option<Value>,
    at: Millis,
}

/// Where alarms are raised.
#[derive(Debug)]
pub(crate) struct Alarms {
    told: Mutex<HashMap<(Kind, String), Millis>>,
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
        self.raise_about(kind, "", detail, None, now);
    }

    /// The same where several things may be wrong in one way: each is told once an hour.
    pub(crate) fn raise_about(&self, kind: Kind, about: &str, detail: &str, gap: Option<Value>, now: Millis) {
        {
            let mut told = self.told.lock();
            if told.len() > TOLD_MAX {
                told.retain(|_, before| now.0.saturating_sub(before.0) < AGAIN_AFTER_MS);
            }
            match told.entry((kind, about.to_owned())) {
                Entry::Occupied(before) if now.0.saturating_sub(before.get().0) < AGAIN_AFTER_MS => return,
                entry => drop(entry.insert_entry(now)),
            }
        }
        tracing::error!(alarm = kind.as_str(), "{detail}");
        // One that nobody takes was logged.
        let _ = self.out.try_send(Alarm { kind, detail: detail.to_owned(), gap, at: now });
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
    let mut body = json!({ "alarm": alarm.kind.as_str(), "detail": alarm.detail, "log": app.log, "at_ms": alarm.at.0 });
    let mut id = format!("{}-{}-{}", app.log, alarm.kind.as_str(), alarm.at.0);
    if let (Some(gap), Some(fields)) = (&alarm.gap, body.as_object_mut()) {
        // Several may be found in one moment.
        let part = |name: &str| gap.get(name).map(Value::to_string).unwrap_or_default();
        id = format!("{id}-{}-{}", part("source").trim_matches('"'), part("from_ms"));
        fields.insert("gap".to_owned(), gap.clone());
    }
    let body = body.to_string();
    let secret = notify.secret.as_ref().and_then(|secret| app.secret(secret));
    for nth in 0..TRIES {
        let seconds = ((app.clock)().0 / 1_000).to_string();
        let mut request = client.post(&notify.url).header("content-type", "application/json");
        let delivery = Standard { id: &id, timestamp: &seconds, body: body.as_bytes() };
        if let Some(signature) = secret.and_then(|secret| delivery.signed(secret)) {
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

/// For how long the published checkpoint has not covered the log, seconds; 0 while it does, none when there is none.
pub(crate) fn checkpoint_age(app: &App) -> Option<u64> {
    let published = published(&app.public)?;
    let size = app.view().ok()?.size().0;
    Some(app.behind.lock().age(published, size, (app.clock)()))
}

/// Size of the checkpoint in a file.
fn published(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.lines().nth(1)?.parse().ok()
}

/// Since when the published checkpoint is behind the log. Its own age would not tell: that of a log at rest grows, and
/// nothing is wrong when a record comes then.
#[derive(Debug, Default)]
pub(crate) struct Behind(Option<(u64, Millis)>);

impl Behind {
    /// Takes a look; seconds since the first that found this checkpoint behind.
    fn age(&mut self, published: u64, size: u64, now: Millis) -> u64 {
        let since = match self.0 {
            _ if size <= published => None,
            Some((before, since)) if before == published => Some(since),
            _ => Some(now),
        };
        self.0 = since.map(|since| (published, since));
        since.map_or(0, |since| now.0.saturating_sub(since.0) / 1_000)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_behind_from_the_first_record_that_it_lacks() {
        let at = |seconds: u64| Millis(seconds * 1_000);
        let mut behind = Behind::default();
        assert_eq!(behind.age(10, 10, at(0)), 0);
        assert_eq!(behind.age(10, 11, at(90_000)), 0, "a day at rest is not its fault");
        assert_eq!(behind.age(10, 15, at(90_130)), 130);
        assert_eq!(behind.age(12, 16, at(90_140)), 0, "a newer one was published");
        assert_eq!(behind.age(12, 16, at(90_145)), 5);
        assert_eq!(behind.age(16, 16, at(90_150)), 0);
        assert_eq!(behind.age(16, 17, at(90_160)), 0);
    }

    #[test]
    fn a_kind_is_told_once_an_hour() {
        let alarms = Alarms::default();
        let mut waiting = alarms.waiting.lock().take().unwrap();
        let mut told = || std::iter::from_fn(|| waiting.try_recv().ok()).count();
        std::thread::scope(|threads| {
            for _ in 0..8 {
                threads.spawn(|| alarms.raise(Kind::NotWritable, "full", Millis(1)));
            }
        });
        assert_eq!(told(), 1, "whoever raises it at once");
        alarms.raise(Kind::RecordsDropped, "3", Millis(2));
        alarms.raise(Kind::NotWritable, "full", Millis(AGAIN_AFTER_MS));
        assert_eq!(told(), 1);
        alarms.raise(Kind::NotWritable, "full", Millis(AGAIN_AFTER_MS + 1));
        assert_eq!(told(), 1);
    }
}
