//! What the account is made of, as whoever keeps the records tells it.

use serde::{Deserialize, Serialize};

use super::{HOUR_MS, Span};

/// How a source's records get here: what a stranger on the way could do to them unseen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// Not known, or several.
    #[default]
    Unknown,
    /// Datagrams: lost, doubled and forged without a trace.
    Udp,
    /// A connection without TLS: forged by whoever is on the way, and cut without a trace.
    Plain,
    /// Files or a device on this machine, or read from a store whose own access is not known here.
    Local,
    /// TLS, and a token that says who sends.
    TlsToken,
    /// TLS with a certificate of the sender.
    Mtls,
    /// Each delivery is signed by its sender.
    Signed,
}

impl Transport {
    /// As it is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Transport::Unknown => "unknown",
            Transport::Udp => "udp",
            Transport::Plain => "plain",
            Transport::Local => "local",
            Transport::TlsToken => "tls-token",
            Transport::Mtls => "mtls",
            Transport::Signed => "signed",
        }
    }
}

/// By which clock the hours of a source are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Axis {
    /// By our clock, when records come: the rule.
    #[default]
    Receipt,
    /// By the clock of the source, when they were made: of files that were taken in long afterwards. Then neither the
    /// source's clock nor a delay can be judged.
    Event,
}

/// One source and all that was announced about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Name of the source.
    pub name: String,
    /// Its platform, as in `model::Platform`; empty when it is not known.
    pub platform: String,
    /// How its records come.
    pub transport: Transport,
    /// By which clock its hours are counted.
    pub axis: Axis,
    /// Announced silences.
    pub pauses: Vec<Pause>,
    /// When the platform itself said that its logging was stopped or started again, in any order.
    pub stops: Vec<Stop>,
    /// Upstream proofs, and what came of them.
    pub proofs: Vec<Proof>,
    /// How many records the sender says it made.
    pub counts: Vec<Count>,
    /// When nobody listened here, by the heartbeats.
    pub blind: Vec<Span>,
}

/// An announced silence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// From its announcement until its end, also when that came early.
    pub span: Span,
    /// Why.
    pub reason: String,
    /// Who announced it; empty when the log does not say.
    pub author: String,
    /// The directive.
    pub leaf: u64,
}

/// The platform said that logging was stopped, or that it was started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// When.
    pub at_ms: i64,
    /// Whether it goes on from here.
    pub started: bool,
    /// The record that says so.
    pub leaf: u64,
}

/// What came of a proof that the platform hands out about its log files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The range that it is about.
    pub span: Span,
    /// Whether all of it holds.
    pub holds: bool,
    /// What was found: of a proof that does not hold, or is not there.
    pub what: String,
    /// The delivery of the proof, when there is one.
    pub leaf: Option<u64>,
}

/// How many records the sender says it made in a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// The range.
    pub span: Span,
    /// So many.
    pub records: u64,
    /// The record that says so.
    pub leaf: u64,
}

/// A number that the sender gave, in one of its own rows of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// Which row, by a number of the teller's own: a partition, a process, a session.
    pub stream: u64,
    /// The number.
    pub number: u64,
}

/// A record that came. Told in the order of [`Source::axis`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its leaf.
    pub leaf: u64,
    /// When it came, by our clock, milliseconds since 1970.
    pub received_ms: i64,
    /// When it happened, by the clock of the source; none when the record does not say.
    pub event_ms: Option<i64>,
    /// Its number at the sender, where there is one.
    pub number: Option<Number>,
    /// Whether an earlier record told the same.
    pub again: bool,
}

/// The log said that it was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// When.
    pub at_ms: i64,
    /// The leaf.
    pub leaf: u64,
}

/// Heartbeats come every minute; when none came for so long, nobody listened.
pub const HEARTBEAT_MS_MAX: i64 = 180_000;

/// When nobody listened: between heartbeats, and after the last one until now. A log that never had any says nothing of it.
/// The heartbeats are told by time.
pub fn blind_spans(heartbeats: &[Heartbeat], now_ms: i64) -> Vec<Span> {
    let times = heartbeats.iter().map(|heartbeat| heartbeat.at_ms);
    let ends = times.clone().skip(1).chain(std::iter::once(now_ms));
    let spans = times.zip(ends).map(|(from, until)| Span::new(from, until));
    spans.filter(|span| span.length_ms() > HEARTBEAT_MS_MAX).collect()
}

impl Source {
    /// When the platform's logging was stopped, by its own word, with the record that says so.
    pub(crate) fn stopped(&self, now_ms: i64) -> Vec<(Span, u64)> {
        let mut stops = self.stops.clone();
        stops.sort_by_key(|stop| (stop.at_ms, stop.leaf));
        let mut spans = Vec::new();
        let mut since: Option<Stop> = None;
        for stop in stops {
            match (since, stop.started) {
                (None, false) => since = Some(stop),
                (Some(begin), true) => {
                    spans.push((Span::new(begin.at_ms, stop.at_ms), begin.leaf));
                    since = None;
                }
                _ => {}
            }
        }
        spans.extend(since.map(|begin| (Span::new(begin.at_ms, now_ms.max(begin.at_ms + 1)), begin.leaf)));
        spans
    }

    /// Times in which silence says nothing about the source: paused, stopped by its own word, or nobody listened.
    pub(crate) fn excused(&self, now_ms: i64) -> Vec<Span> {
        let pauses = self.pauses.iter().map(|pause| pause.span);
        let stopped = self.stopped(now_ms).into_iter().map(|(span, _)| span);
        let mut spans: Vec<Span> = pauses.chain(stopped).chain(self.blind.iter().copied()).collect();
        spans.sort();
        let mut merged: Vec<Span> = Vec::new();
        for span in spans {
            match merged.last_mut().filter(|last| span.from_ms <= last.until_ms) {
                Some(last) => last.until_ms = last.until_ms.max(span.until_ms),
                None => merged.push(span),
            }
        }
        merged
    }
}

/// Longest range that one verdict is about.
pub(super) const SPAN_MS_MAX: i64 = 24 * 366 * HOUR_MS;
