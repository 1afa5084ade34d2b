//! A server notices silence: what a source lacks is sealed and told as soon as it is known.
//!
//! Every quarter of a minute the new leaves are told to the accounts of their sources, by their headers alone: that is enough
//! to know that something came. Once an hour, and when something was announced, the accounts are made anew from the rows,
//! with everything that those say: times, numbers, what the platforms said of themselves.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use ledger::{LogInfo, Reader, Selection};
use model::{Kind, SourceGap};
use server::App;
use trace::completeness::{DAY_MS, Finding, HOUR_MS, RULES, Receipt, Verdict};

use crate::pipeline;

/// How often the thread looks whether something is due, or over.
const LOOK: Duration = Duration::from_millis(200);

/// How often the accounts are told of new leaves: a gap is sealed within a minute of being known.
const EVERY_MS: u64 = 15_000;

/// How often they are made anew.
const ANEW_MS: i64 = HOUR_MS;

/// What began earlier than this is not news.
const NEWS_MS: i64 = 2 * DAY_MS;

/// Gaps that are sealed at one look; others wait for the next.
const GAPS_MAX: usize = 100;

/// What is sealed once: source, verdict, beginning, whether it lasts.
type Place = (String, String, u64, bool);

/// What the thread knows.
#[derive(Default)]
struct Heard {
    told: lake::Told,
    sealed: HashSet<Place>,
    /// When the accounts were made; none while they have to be made.
    made_ms: Option<i64>,
}

/// Listens until `stop`. Nobody waits for it: accounts of a long log take longer to make than a stop may, and what was not sealed
/// by then is found again by the next server.
pub(crate) fn start(reader: Reader, app: Arc<App>, data: PathBuf, log: LogInfo, stop: Arc<AtomicBool>) {
    thread::spawn(move || {
        let (mut heard, mut next) = (Heard::default(), 0);
        while !stop.load(Relaxed) {
            thread::sleep(LOOK);
            let now = pipeline::now().0;
            if now < next {
                continue;
            }
            next = now + EVERY_MS;
            if let Err(error) = heard.look(&reader, &app, &data, &log)
                && !stop.load(Relaxed)
            {
                // It is looked at again; what is not sealed is not known to be.
                tracing::warn!("the completeness account: {}", crate::exit::text(&error));
                heard.made_ms = None;
            }
        }
    });
}

impl Heard {
    fn look(&mut self, reader: &Reader, app: &App, data: &std::path::Path, log: &LogInfo) -> anyhow::Result<()> {
        let now_ms = i64::try_from(pipeline::now().0).unwrap_or(i64::MAX);
        let is_fresh = self.made_ms.is_some_and(|made| now_ms - made < ANEW_MS);
        if !is_fresh || !self.follow(reader)? {
            let tables = pipeline::tables(data, log)?;
            self.told = tables.completeness(now_ms - NEWS_MS, now_ms, &BTreeMap::new())?;
            self.sealed.extend(self.told.sealed.iter().map(place));
            self.made_ms = Some(now_ms);
        }
        for gap in self.news(now_ms) {
            app.gap(&gap).map_err(anyhow::Error::msg)?;
            self.sealed.insert(place(&gap));
        }
        Ok(())
    }

    /// Tells the accounts of the new records; false when something was announced, or a source is new.
    fn follow(&mut self, reader: &Reader) -> anyhow::Result<bool> {
        let view = reader.view()?;
        let size = view.size().0;
        for leaves in view.scan(self.told.size..size, Selection { bodies: false, only: None }) {
            for leaf in leaves? {
                let header = model::Header::decode(&leaf.header)?;
                match header.kind {
                    Kind::Directive => return Ok(false),
                    Kind::Record => {
                        let Some(account) = self.told.accounts.get_mut(&header.source) else { return Ok(false) };
                        account.push(&Receipt {
                            leaf: leaf.index.0,
                            received_ms: i64::try_from(header.received_at.0).unwrap_or(i64::MAX),
                            event_ms: None,
                            number: None,
                            again: false,
                        });
                    }
                    _ => {}
                }
            }
        }
        self.told.size = size;
        Ok(true)
    }

    /// Gaps that are not sealed yet, and the ends of those that are.
    fn news(&self, now_ms: i64) -> Vec<SourceGap> {
        let mut news = Vec::new();
        for account in self.told.accounts.values() {
            let report = account.report(now_ms - NEWS_MS, now_ms);
            for finding in &report.findings {
                let gap = sealed_as(&report.source, finding);
                // Heartbeats tell when nobody listened; the end of a silence that was filled is news, too.
                let begun = (gap.source.clone(), Verdict::Silent.as_str().to_owned(), gap.from_ms, true);
                let is_end = finding.verdict == Verdict::Late && self.sealed.contains(&begun);
                let is_gap = finding.verdict.is_gap() && finding.verdict != Verdict::Blind;
                if (is_gap || is_end) && !self.sealed.contains(&place(&gap)) && news.len() < GAPS_MAX {
                    news.push(gap);
                }
            }
        }
        news
    }
}

fn place(gap: &SourceGap) -> Place {
    (gap.source.clone(), gap.verdict.clone(), gap.from_ms, gap.open)
}

fn sealed_as(source: &str, finding: &Finding) -> SourceGap {
    let unsigned = |ms: i64| u64::try_from(ms).unwrap_or(0);
    SourceGap {
        note: "gap".to_owned(),
        source: source.to_owned(),
        verdict: finding.verdict.as_str().to_owned(),
        from_ms: unsigned(finding.span.from_ms),
        until_ms: unsigned(finding.span.until_ms),
        open: finding.open,
        records: finding.records,
        leaves: finding.leaves.clone(),
        what: finding.what.clone(),
        rules: RULES,
    }
}
