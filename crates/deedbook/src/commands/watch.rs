//! A server notices silence: what a source lacks is sealed and told as soon as it is known.
//!
//! Every quarter of a minute the new leaves are told to the accounts of their sources, by their headers alone: that is enough
//! to know that something came. Once an hour, and when something was announced, the accounts are made anew from the rows,
//! with everything that those say: times, numbers, what the platforms said of themselves. That is a question like any other,
//! so a process of its own asks it.

use std::collections::HashSet;
use std::io::Read as _;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use ledger::{Reader, Selection};
use model::{Kind, SourceGap};
use server::App;
use server::questions::Asked;
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

/// Listens until `stop`. Nobody waits for it: what was not sealed by then is found again by the next server.
pub(crate) fn start(reader: Reader, app: Arc<App>, asked: Asked, stop: Arc<AtomicBool>) {
    thread::spawn(move || {
        let (mut heard, mut next) = (Heard::default(), 0);
        while !stop.load(Relaxed) {
            thread::sleep(LOOK);
            let now = pipeline::now().0;
            if now < next {
                continue;
            }
            next = now + EVERY_MS;
            if let Err(error) = heard.look(&reader, &app, &asked, &stop)
                && !stop.load(Relaxed)
            {
                // It is looked at again; what is not sealed is not known to be.
                tracing::warn!("the completeness account: {}", crate::exit::text(&error));
                heard.made_ms = None;
            }
        }
    });
}

/// The accounts of all sources, by a process of its own, which ends with `stop`.
fn accounts(asked: &Asked, stop: &AtomicBool) -> anyhow::Result<lake::Told> {
    let since = format!("--since={}h", NEWS_MS / HOUR_MS);
    let mut command = asked(&["completeness".to_owned(), "--accounts".to_owned(), since]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.as_std_mut().spawn().context("the process that makes the accounts")?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let read = |pipe: Option<Box<dyn std::io::Read + Send>>| {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            pipe.into_iter().try_for_each(|mut pipe| pipe.read_to_end(&mut bytes).map(|_| ())).map(|()| bytes)
        })
    };
    let (out, err) = (read(out.map(|pipe| Box::new(pipe) as _)), read(err.map(|pipe| Box::new(pipe) as _)));
    let status = loop {
        match child.try_wait()? {
            Some(status) => break status,
            None if stop.load(Relaxed) => child.kill()?,
            None => thread::sleep(LOOK),
        }
    };
    let bytes = |read: thread::JoinHandle<std::io::Result<Vec<u8>>>| read.join().unwrap_or_else(|_| Ok(Vec::new()));
    let (out, err) = (bytes(out)?, bytes(err)?);
    if !status.success() {
        anyhow::bail!("{status}: {}", String::from_utf8_lossy(&err).trim());
    }
    Ok(lake::Told::from_bytes(&out)?)
}

impl Heard {
    fn look(&mut self, reader: &Reader, app: &App, asked: &Asked, stop: &AtomicBool) -> anyhow::Result<()> {
        let now_ms = i64::try_from(pipeline::now().0).unwrap_or(i64::MAX);
        let is_fresh = self.made_ms.is_some_and(|made| now_ms - made < ANEW_MS);
        if !is_fresh || !self.follow(reader)? {
            self.told = accounts(asked, stop)?;
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
