//! Acknowledgements, on the ledger itself: a burst as large as the WAL takes, then half that load.
//!
//! From a record in memory to its receipt: hashed by the senders, numbered, written, synced, signed.
//! Segments close meanwhile, as they do in use.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ledger::{Append, InitOptions, Ledger, Options, SystemClock};
use model::{Header, Kind, Millis, Position, Prepared};

use super::report::{Report, ms, rate};
use super::steps::{self, Bare, Sample};
use super::{Result, percentile};

/// Records that a sender hands over at once, as a collector's worker does.
const BATCH_RECORDS: usize = 512;

/// Records of the burst.
const BURST_RECORDS: usize = 400_000;

/// How long half load lasts: several segments close in it.
const HALF_LOAD: Duration = Duration::from_secs(15);

/// Runs both on a log of their own in `data`, which is removed.
pub(crate) fn measure(data: &Path, sample: &Sample, bare: &Bare, report: &mut Report) -> Result<()> {
    eprintln!("acknowledgements");
    let _ = std::fs::remove_dir_all(data);
    let clock = Arc::new(SystemClock::new());
    let info = ledger::init(data, &InitOptions::default(), clock.as_ref())?;
    let ledger = Ledger::open(data, &info.short, Options::default(), clock)?;
    let append = ledger.append();
    let bodies: Vec<&[u8]> = sample.lines().collect();

    let began = Instant::now();
    let senders = std::thread::available_parallelism()?.get();
    std::thread::scope(|scope| -> Result<()> {
        let each = BURST_RECORDS / BATCH_RECORDS / senders;
        let sent: Vec<_> = (0..senders)
            .map(|sender| {
                let (append, bodies) = (append.clone(), &bodies);
                scope.spawn(move || -> ledger::Result<()> {
                    let mut pending = Vec::with_capacity(each);
                    for batch in 0..each {
                        pending.push(append.submit(prepare(&append, bodies, sender, batch)?)?);
                    }
                    pending.iter().try_for_each(|batch| batch.wait().map(drop))
                })
            })
            .collect();
        for sender in sent {
            sender.join().map_err(|_| "a sender panicked")??;
        }
        Ok(())
    })?;
    let acknowledged = began.elapsed();
    let records = (BURST_RECORDS / BATCH_RECORDS / senders * senders * BATCH_RECORDS) as f64;
    let per_s = records / acknowledged.as_secs_f64();
    ledger.flush()?;
    let drained = began.elapsed();
    report.measured("acknowledged, burst", bare.acknowledge_per_s(), per_s, ">= 0.5");
    report.line("acknowledged, burst", "all of it in segments after", &ms(drained), "");

    let (p50, p99) = half_load(&append, &bodies, per_s / 2.0)?;
    let (_, sync_p99) = steps::syncs(data)?;
    let ratio = p99.as_secs_f64() / sync_p99.as_secs_f64();
    report.line("acknowledged, half load", &format!("p50 at {}", rate(per_s / 2.0)), &ms(p50), "");
    report.line("acknowledged, half load", "p99", &ms(p99), "");
    report.line("acknowledged, half load", "p99 of fdatasync(256 KiB), just after", &ms(sync_p99), "");
    report.line("acknowledged, half load", "p99 against it", &format!("{ratio:.1} x"), "<= 3 x");
    ledger.close()?;
    std::fs::remove_dir_all(data)?;
    Ok(())
}

/// Sends batches at a steady rate and returns median and 99th percentile of the time to the receipt.
fn half_load(append: &Append, bodies: &[&[u8]], per_s: f64) -> Result<(Duration, Duration)> {
    let gap = Duration::from_secs_f64(BATCH_RECORDS as f64 / per_s);
    let began = Instant::now();
    let (sender, receiver) = std::sync::mpsc::channel();
    let mut took = std::thread::scope(|scope| -> Result<Vec<Duration>> {
        // Receipts are waited for apart from sending, so that a slow one does not lower the load.
        let waiting = scope.spawn(move || {
            let waited = receiver
                .iter()
                .map(|(sent, pending): (Instant, ledger::Pending)| pending.wait().map(|_| sent.elapsed()));
            waited.collect::<ledger::Result<Vec<Duration>>>()
        });
        let mut batch = 0;
        while began.elapsed() < HALF_LOAD {
            let due = began + gap * u32::try_from(batch)?;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let prepared = prepare(append, bodies, 0, batch)?;
            sender.send((Instant::now(), append.submit(prepared)?)).map_err(|_| "no one waits for receipts")?;
            batch += 1;
        }
        drop(sender);
        Ok(waiting.join().map_err(|_| "waiting for receipts panicked")??)
    })?;
    took.sort();
    Ok((percentile(&took, 0.5), percentile(&took, 0.99)))
}

/// A batch as a worker of the collector makes it: salts drawn, commitments hashed.
fn prepare(append: &Append, bodies: &[&[u8]], sender: usize, batch: usize) -> ledger::Result<Vec<Prepared>> {
    let salts = append.salts(BATCH_RECORDS)?;
    let first = batch * BATCH_RECORDS;
    let records = bodies.iter().cycle().skip(first % bodies.len().max(1)).zip(salts).zip(first as u64..);
    let prepared = records.map(|((body, salt), seq)| {
        let header = Header {
            kind: Kind::Record,
            flags: 0,
            source: u32::try_from(sender).unwrap_or(0) + 1,
            source_seq: seq,
            received_at: Millis(1),
            body_bytes: body.len() as u64,
            replacements: Vec::new(),
            position: Position { ordinal: Some(seq), ..Position::default() },
        };
        Prepared::new(salt, header, body.to_vec())
    });
    Ok(prepared.collect())
}
