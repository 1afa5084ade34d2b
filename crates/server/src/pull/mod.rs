//! What is fetched instead of sent: objects of a store, topics of Kafka, entries of directories, keys of providers.
//!
//! None keeps a position of its own: what is sealed is known by the fold of the log, and what is not is fetched again. Told to
//! stop, a puller gives up what it waits for, but waits for what it has submitted: whoever comes next asks the log.

pub(crate) mod aws;
pub(crate) mod kafka;
pub(crate) mod ldap;
mod ldif;
pub(crate) mod oidc;
pub(crate) mod poll;
pub(crate) mod s3;
pub(crate) mod sqs;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use collect::{Parcel, Sealed};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::app::App;
use crate::problem::Problem;

/// The first wait after something failed, and the longest; each wait is twice the one before.
const WAIT_FIRST: Duration = Duration::from_secs(1);
const WAIT_MAX: Duration = Duration::from_secs(60);

/// How long a puller waits when the log cannot take its delivery now.
const BUSY_WAIT: Duration = Duration::from_millis(250);

/// Lines of all metrics of pullers; what is over that is not shown.
const LINES_MAX: usize = 20_000;

/// Waits that grow.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    failures: u32,
}

impl Patience {
    /// How long to wait now.
    pub(crate) fn next(&mut self) -> Duration {
        let wait = WAIT_FIRST.saturating_mul(2u32.saturating_pow(self.failures)).min(WAIT_MAX);
        self.failures = self.failures.saturating_add(1);
        wait
    }

    /// Something succeeded.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

/// Whether a puller is to stop.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    pub(crate) fn new(stopped: &watch::Receiver<bool>) -> Stop {
        Stop(stopped.clone())
    }

    pub(crate) fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    /// Does this, or gives it up when it is told to stop.
    pub(crate) async fn or<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut stopped = self.0.clone();
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => None,
            done = work => Some(done),
        }
    }

    pub(crate) async fn sleep(&self, wait: Duration) {
        let _ = self.or(tokio::time::sleep(wait)).await;
    }
}

/// Has a delivery sealed, however often the log is too busy for it.
///
/// # Errors
/// What waiting does not mend, or that it is to stop.
pub(crate) async fn seal(app: &Arc<App>, parcel: &Parcel) -> Result<Sealed, Problem> {
    loop {
        match app.seal(parcel.clone()).await {
            Err(problem) if problem.retry() && !app.is_stopping() => tokio::time::sleep(BUSY_WAIT).await,
            done => return done,
        }
    }
}

/// A metric of pullers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Metric {
    Lag,
    LagBytes,
    ObjectsUnread,
    Objects,
    Failures,
    Skipped,
    Notifications,
}

impl Metric {
    const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Metric::Lag => ("source_lag_records", "gauge", "Records of a partition that are not read yet."),
            Metric::LagBytes => ("source_lag_bytes", "gauge", "Bytes of followed files that are not sealed yet."),
            Metric::ObjectsUnread => ("objects_unread", "gauge", "Objects that cannot be read; they are tried again."),
            Metric::Objects => ("objects_sealed_total", "counter", "Objects sealed to their end."),
            Metric::Failures => ("source_failures_total", "counter", "Attempts to fetch that failed."),
            Metric::Skipped => ("source_skipped_total", "counter", "Records that were not sealed, and why."),
            Metric::Notifications => ("notifications_total", "counter", "Messages of a queue, by what became of them."),
        }
    }
}

/// What pullers count.
#[derive(Debug, Default)]
pub(crate) struct Pulled(Mutex<BTreeMap<(Metric, String), u64>>);

impl Pulled {
    pub(crate) fn set(&self, metric: Metric, labels: &[(&str, &str)], value: u64) {
        self.change(metric, labels, |at| *at = value);
    }

    pub(crate) fn add(&self, metric: Metric, labels: &[(&str, &str)], count: u64) {
        self.change(metric, labels, |at| *at += count);
    }

    fn change(&self, metric: Metric, labels: &[(&str, &str)], change: impl FnOnce(&mut u64)) {
        let labels = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", crate::metrics::quoted(value)));
        let key = (metric, labels.collect::<Vec<_>>().join(","));
        let mut lines = self.0.lock();
        if lines.len() < LINES_MAX || lines.contains_key(&key) {
            change(lines.entry(key).or_default());
        }
    }

    /// What is true of a moment is forgotten: other settings may say it of others.
    pub(crate) fn begin(&self) {
        self.0
            .lock()
            .retain(|(metric, _), _| !matches!(metric, Metric::Lag | Metric::LagBytes | Metric::ObjectsUnread));
    }

    /// In the text format of Prometheus.
    pub(crate) fn text(&self) -> String {
        let (mut out, mut before) = (String::new(), None);
        for ((metric, labels), value) in self.0.lock().iter() {
            let (name, kind, help) = metric.words();
            // Writing to a string cannot fail.
            if before != Some(*metric) {
                let _ = writeln!(out, "# HELP deedbook_{name} {help}\n# TYPE deedbook_{name} {kind}");
                before = Some(*metric);
            }
            let _ = writeln!(out, "deedbook_{name}{{{labels}}} {value}");
        }
        out
    }
}
