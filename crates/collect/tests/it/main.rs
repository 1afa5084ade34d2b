//! Collecting into a real log in a folder of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod deliveries;
mod door;
mod folder;
mod follow;
mod known;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use collect::{Error, Folders, Follow, Input, Options, Pipeline, Progress, State, Summary};
use ledger::{InitOptions, Ledger, Selection, Stored, SystemClock};
use model::{Header, Millis};
use sources::scrub::Scrubber;

/// A log, what is known of it, and a folder for inputs.
struct Bench {
    folder: tempfile::TempDir,
    ledger: Ledger,
    state: Arc<State>,
    scrubber: Arc<Scrubber>,
}

impl Bench {
    fn new() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let clock = Arc::new(SystemClock::new());
        let limits = ledger::Options::default();
        let log = ledger::init(&data, &InitOptions { origin: None, options: limits.clone() }, clock.as_ref()).unwrap();
        let ledger = Ledger::open(&data, &log.short, limits, clock).unwrap();
        let state = Arc::new(State::open(&folder.path().join("state/known.redb")).unwrap());
        Bench { ledger, state, scrubber: Arc::new(Scrubber::new([7; 32]).unwrap()), folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn with<T>(&self, work: impl FnOnce(&Pipeline<'_>) -> Result<T, Error>) -> T {
        let (append, progress, stop) = (self.ledger.append(), Progress::default(), AtomicBool::new(false));
        let clock = || Millis(1_763_000_000_000);
        let (progress, stop) = (&progress, &stop);
        let pipeline =
            Pipeline { append: &append, scrubber: &self.scrubber, clock: &clock, progress, stop, pace: &|_| {} };
        let done = work(&pipeline).unwrap();
        self.fold_into(&self.state);
        done
    }

    fn ingest(&self, paths: &[PathBuf]) -> Summary {
        let inputs = paths.iter().cloned().map(Input::File).collect();
        self.with(|pipeline| pipeline.ingest(&self.state, inputs, &options()))
    }

    fn look(&self, follow: &mut Follow) -> u64 {
        let looked = self.with(|pipeline| follow.look(pipeline, &self.state, &options()));
        looked.map_or(0, |summary| summary.records)
    }

    fn look_over(&self, folders: &mut Folders) -> u64 {
        let looked = self.with(|pipeline| folders.look(pipeline, &self.state, &options()));
        looked.map_or(0, |summary| summary.records)
    }

    /// All leaves with their headers.
    fn leaves(&self) -> Vec<(Header, Stored)> {
        self.leaves_from(0)
    }

    fn leaves_from(&self, first: u64) -> Vec<(Header, Stored)> {
        let view = self.ledger.reader().view().unwrap();
        let scan = view.scan(first..view.size().0, Selection { bodies: true, only: None });
        scan.flat_map(Result::unwrap).map(|leaf| (Header::decode(&leaf.header).unwrap(), leaf)).collect()
    }

    /// What the thread behind the log does: folds leaves that the state has not seen.
    fn fold_into(&self, state: &State) {
        for (header, leaf) in self.leaves_from(state.applied_through().0) {
            state.apply(leaf.index, &header, &leaf.body).unwrap();
        }
        state.commit().unwrap();
    }

    /// The bodies of all records, in the order in which they were sealed.
    fn records(&self) -> Vec<String> {
        let records = self.leaves().into_iter().filter(|(header, _)| header.kind == model::Kind::Record);
        records.map(|(_, leaf)| String::from_utf8(leaf.body.to_vec()).unwrap().trim_end().to_owned()).collect()
    }
}

fn options() -> Options {
    Options { source: "files".to_owned(), platform: None, workers: 2, scrub: false }
}

fn add(path: &Path, text: &str) {
    use std::io::Write as _;
    std::fs::OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

/// Records with these numbers, one a line.
fn lines(numbers: std::ops::Range<u32>) -> String {
    numbers.map(|number| format!("{{\"number\":{number}}}\n")).collect()
}

fn numbered(numbers: std::ops::Range<u32>) -> Vec<String> {
    lines(numbers).lines().map(str::to_owned).collect()
}
