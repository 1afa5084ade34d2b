//! Counters for `/metrics`, in the text format of Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use collect::Replaced;
use model::Beat;
use parking_lot::Mutex;

/// Sources that are counted apart; those beyond are counted together, as `other`.
const SOURCES_MAX: usize = 1_000;

/// How a delivery ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Sealed, or known to be.
    Sealed { records: u64, replaced: Replaced },
    /// Told to come back.
    Busy,
    /// Told what is wrong with it.
    Refused,
}

#[derive(Clone, Debug, Default)]
struct Counts {
    sealed: u64,
    busy: u64,
    refused: u64,
    records: u64,
    replaced: Replaced,
    bytes: u64,
    datagrams_dropped: u64,
    messages_cut: u64,
    messages_lost: u64,
}

/// What has happened since the process began.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    by_source: Mutex<BTreeMap<String, Counts>>,
    unauthorized: AtomicU64,
    /// Tokens of callers, by whether they were verified.
    callers: [AtomicU64; 2],
    pub(crate) verification_failed: AtomicBool,
    /// Leaves that the last verification covered.
    pub(crate) verified_size: AtomicU64,
}

impl Metrics {
    /// The token of a caller was looked at.
    pub(crate) fn caller(&self, verified: bool) {
        let [claimed, known] = &self.callers;
        if verified { known } else { claimed }.fetch_add(1, Relaxed);
    }

    pub(crate) fn count(&self, source: &str, bytes: u64, outcome: Outcome) {
        self.of(source, |counts| {
            counts.bytes += bytes;
            match outcome {
                Outcome::Sealed { records, replaced } => {
                    counts.sealed += 1;
                    counts.records += records;
                    counts.replaced.merge(&replaced);
                }
                Outcome::Busy => counts.busy += 1,
                Outcome::Refused => counts.refused += 1,
            }
        });
    }

    /// What came of a look at followed files: as much as was read of each is a delivery.
    pub(crate) fn files(&self, source: &str, summary: &collect::Summary) {
        self.of(source, |counts| {
            counts.bytes += summary.bytes;
            counts.sealed += summary.deliveries;
            counts.records += summary.records;
            counts.replaced.merge(&summary.replaced);
        });
    }

    /// Datagrams for which there was no room; none, to show the source before there are any.
    pub(crate) fn datagrams_dropped(&self, source: &str, datagrams: u64) {
        self.of(source, |counts| counts.datagrams_dropped += datagrams);
    }

    /// Messages of which only the beginning was kept.
    pub(crate) fn messages_cut(&self, source: &str, messages: u64) {
        self.of(source, |counts| counts.messages_cut += messages);
    }

    /// Messages that were read and could not be sealed.
    pub(crate) fn messages_lost(&self, source: &str, messages: u64) {
        self.of(source, |counts| counts.messages_lost += messages);
    }

    fn of(&self, source: &str, change: impl FnOnce(&mut Counts)) {
        let mut by_source = self.by_source.lock();
        let name = if by_source.len() < SOURCES_MAX || by_source.contains_key(source) { source } else { "other" };
        if !by_source.contains_key(name) {
            by_source.insert(name.to_owned(), Counts::default());
        }
        if let Some(counts) = by_source.get_mut(name) {
            change(counts);
        }
    }

    /// Records since the process began whose senders could not be told to come back: dropped, or read and not sealed.
    pub(crate) fn dropped(&self) -> u64 {
        self.by_source.lock().values().map(|counts| counts.datagrams_dropped + counts.messages_lost).sum()
    }

    /// What was counted of each source.
    pub(crate) fn beats(&self) -> Vec<Beat> {
        let beat = |(source, counts): (&String, &Counts)| Beat {
            source: source.clone(),
            records: counts.records,
            busy: counts.busy,
            refused: counts.refused,
            dropped: counts.datagrams_dropped + counts.messages_lost,
        };
        self.by_source.lock().iter().map(beat).collect()
    }

    pub(crate) fn refused_unauthorized(&self) {
        self.unauthorized.fetch_add(1, Relaxed);
    }

    /// The text of all counters.
    pub(crate) fn text(&self) -> String {
        let by_source = self.by_source.lock();
        let mut out = String::new();
        let mut metric = |name: &str, help: &str, lines: &mut dyn Iterator<Item = (String, u64)>| {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "# HELP deedbook_{name} {help}\n# TYPE deedbook_{name} counter");
            for (labels, value) in lines {
                let _ = writeln!(out, "deedbook_{name}{labels} {value}");
            }
        };
        let label = |source: &str| format!("source=\"{}\"", quoted(source));
        let each = |of: fn(&Counts) -> u64| {
            by_source.iter().map(move |(source, counts)| (format!("{{{}}}", label(source)), of(counts)))
        };
        metric(
            "records_sealed_total",
            "Records sealed by receivers, pullers and of followed files.",
            &mut each(|counts| counts.records),
        );
        let mut replaced = by_source.iter().flat_map(|(source, counts)| {
            let of = |(rule, count)| (format!("{{{},rule=\"{rule}\"}}", label(source)), count);
            counts.replaced.by_rule().map(of)
        });
        metric(
            "secrets_replaced_total",
            "Known secrets replaced before sealing, by the rule that knew them.",
            &mut replaced,
        );
        metric("received_bytes_total", "Bytes of deliveries as they came.", &mut each(|counts| counts.bytes));
        let dropped = "Datagrams dropped because others waited to be sealed (datagrams_bytes_max).";
        metric("datagrams_dropped_total", dropped, &mut each(|counts| counts.datagrams_dropped));
        let cut = "Messages over a limit, or cut off by the end of a connection: their beginning is sealed.";
        metric("messages_cut_total", cut, &mut each(|counts| counts.messages_cut));
        let lost = "Messages that were read off a socket and could not be sealed.";
        metric("messages_lost_total", lost, &mut each(|counts| counts.messages_lost));
        let mut deliveries = by_source.iter().flat_map(|(source, counts)| {
            let source = label(source);
            let outcomes = [("sealed", counts.sealed), ("busy", counts.busy), ("refused", counts.refused)];
            outcomes.map(|(outcome, count)| (format!("{{{source},outcome=\"{outcome}\"}}"), count))
        });
        metric("deliveries_total", "Deliveries, by how they ended.", &mut deliveries);
        let unauthorized = self.unauthorized.load(Relaxed);
        metric(
            "unauthorized_total",
            "Requests without a token that may.",
            &mut std::iter::once((String::new(), unauthorized)),
        );
        let callers = ["claimed", "verified"].into_iter().zip(&self.callers);
        let mut callers = callers.map(|(found, count)| (format!("{{found=\"{found}\"}}"), count.load(Relaxed)));
        metric("callers_total", "Tokens of callers that senders relayed, by what was found.", &mut callers);
        out
    }
}

/// The value of a label: backslash, quote and line feed are escaped.
pub(crate) fn quoted(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
