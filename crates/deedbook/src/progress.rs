//! Progress on a terminal: bytes, objects, rate and time left. Silent when stderr is no terminal.

use std::io::IsTerminal as _;
use std::time::Duration;

use collect::Snapshot;
use indicatif::{ProgressBar, ProgressStyle};

/// One line on stderr that is drawn over and over.
pub(crate) struct Line {
    bar: ProgressBar,
}

impl Line {
    /// A line for a run that counts bytes.
    pub(crate) fn bytes(what: &'static str) -> Line {
        Line::new(what, "{msg:<10} {bar:24} {bytes}/{total_bytes} {bytes_per_sec} {prefix} eta {eta}")
    }

    /// A line for a run that counts leaves.
    pub(crate) fn leaves(what: &'static str) -> Line {
        Line::new(what, "{msg:<10} {bar:24} {human_pos}/{human_len} leaves {per_sec} eta {eta}")
    }

    /// A line for a run over events whose number is not known.
    pub(crate) fn events(what: &'static str) -> Line {
        Line::new(what, "{msg:<10} {human_pos} events {per_sec}")
    }

    /// Draws one more.
    pub(crate) fn one_more(&self) {
        self.bar.inc(1);
    }

    fn new(what: &'static str, template: &str) -> Line {
        let bar = if std::io::stderr().is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(what);
        bar.enable_steady_tick(Duration::from_millis(200));
        Line { bar }
    }

    /// Draws the counters of a run.
    pub(crate) fn show(&self, now: &Snapshot) {
        self.bar.set_length(now.bytes_expected.max(now.bytes_read));
        self.bar.set_position(now.bytes_read);
        self.bar.set_prefix(format!(
            "{} of {} objects, {} records",
            now.deliveries_done, now.deliveries_expected, now.records_sealed
        ));
    }

    /// Draws a count out of a known whole.
    pub(crate) fn at(&self, done: u64, whole: u64) {
        self.bar.set_length(whole);
        self.bar.set_position(done);
    }

    /// Takes the line away.
    pub(crate) fn finish(self) {
        self.bar.finish_and_clear();
    }
}
