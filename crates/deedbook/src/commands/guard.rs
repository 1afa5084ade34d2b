//! A server verifies its own log: what is new every hour, everything every week. What it finds is sealed.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ledger::Selection;
use ledger::verify::Options;
use model::{Kind, Millis, VerificationNote, canonical_json};
use parking_lot::Mutex;
use server::{App, Verified, Verify};

use crate::pipeline::{self, Writer};

/// How often the thread looks whether something is due, or over.
const LOOK: Duration = Duration::from_millis(200);

/// What was verified, and when.
#[derive(Clone, Copy, Debug, Default)]
struct Last {
    /// When everything was.
    all: Option<Millis>,
    /// When anything was.
    any: Option<Millis>,
    /// Leaves below this one were, then.
    size: u64,
}

/// Verifies until `stop`, as often as `every` says then.
pub(crate) fn start(
    writer: Arc<Writer>,
    app: Arc<App>,
    every: Arc<Mutex<Verify>>,
    data: PathBuf,
    stop: Arc<AtomicBool>,
) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut last = known(&writer).unwrap_or_else(|error| {
            tracing::warn!("when the log was verified last cannot be read: {error:#}");
            Last::default()
        });
        let began = pipeline::now();
        while !stop.load(Relaxed) {
            thread::sleep(LOOK);
            let (now, every) = (pipeline::now(), *every.lock());
            // A log that was never verified by a server is not held up at its first start.
            let is_due = |before: Option<Millis>, seconds: u64| {
                now.0.saturating_sub(before.unwrap_or(began).0) >= seconds.saturating_mul(1_000)
            };
            let all = is_due(last.all, every.all_seconds);
            if !all && !is_due(last.any, every.new_seconds) {
                continue;
            }
            let from = if all { 0 } else { last.size };
            match verify(&writer, &data, from) {
                Ok(verified) => {
                    last.size = verified.size;
                    app.verified(verified);
                }
                Err(error) => {
                    let findings = vec![format!("unverifiable log: {}", crate::exit::text(&error))];
                    app.verified(Verified { size: last.size, at: now, findings });
                }
            }
            last.any = Some(now);
            last.all = if all { Some(now) } else { last.all };
        }
    })
}

/// Looks at the log and seals what is found.
fn verify(writer: &Writer, data: &std::path::Path, from: u64) -> anyhow::Result<Verified> {
    let options = Options { checkpoint: None, bodies: true, from, threads: 1 };
    let report = ledger::verify::run(data, writer.short(), &options, &mut |_| {})?;
    let found =
        |finding: &ledger::verify::Finding| format!("{} {}: {}", finding.class.as_str(), finding.place, finding.what);
    let findings: Vec<String> = report.findings.iter().map(found).collect();
    let note = VerificationNote {
        note: "verification".to_owned(),
        size: report.size.0,
        opened: report.opened,
        root: report.root,
        findings: findings.clone(),
    };
    writer.note(canonical_json(&note))?;
    Ok(Verified { size: note.size, at: pipeline::now(), findings })
}

/// What earlier servers have sealed of it.
fn known(writer: &Writer) -> anyhow::Result<Last> {
    let view = writer.reader().view()?;
    let mut last = Last::default();
    for leaves in view.scan(0..view.size().0, Selection { bodies: true, only: Some(Kind::Note) }) {
        for leaf in leaves? {
            let Ok(note) = serde_json::from_slice::<VerificationNote>(&leaf.body) else { continue };
            last.any = Some(leaf.sequenced_at);
            last.size = note.size;
            if note.opened == note.size {
                last.all = last.any;
            }
        }
    }
    Ok(last)
}
