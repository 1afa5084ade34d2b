//! What is fetched instead of sent: objects of a store and topics of Kafka.
//!
//! Each puller is a task that ends when it is told to stop, wherever it stands: what it had sealed by then is known by the fold of
//! the log, and what it had not is fetched again. None keeps a position of its own.

pub(crate) mod aws;
pub(crate) mod kafka;
pub(crate) mod s3;
pub(crate) mod sqs;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use collect::{Parcel, Sealed};
use parking_lot::Mutex;

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

/// Has a delivery sealed, however often the log is too busy for it.
///
/// # Errors
/// What waiting does not mend.
pub(crate) async fn seal(app: &Arc<App>, parcel: &Parcel) -> Result<Sealed, Problem> {
    loop {
        match app.seal(parcel.clone()).await {
            Err(problem) if problem.retry() => tokio::time::sleep(BUSY_WAIT).await,
            done => return done,
        }
    }
}

/// A metric of pullers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Metric {
    Lag,
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
