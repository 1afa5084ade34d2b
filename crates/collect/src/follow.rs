//! Files that grow: `deedbook tail -f`, and folders of them under `serve`.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use crate::Error;
use crate::grown::{is_like_another, is_packed};
use crate::inputs::{Input, Unread, because, expand};
use crate::run::{Options, Pipeline, Summary};
use crate::state::State;

/// A file that begins like a known one and grows all the time is no copy.
const COPY_MAX: Duration = Duration::from_secs(60);
/// Files of folders that are held open, at most. A file that is not held is found again by the next scan; what is written to it
/// between that and its being deleted is lost.
const HELD_MAX: usize = 512;
/// How long a file of a folder that does not change is held; one that is gone from its name, [`GONE_HELD`].
const QUIET_HELD: Duration = Duration::from_secs(600);
const GONE_HELD: Duration = Duration::from_secs(30);
/// Files of folders that are remembered; those beyond are not taken, and said to be.
const SEEN_MAX: usize = 100_000;

/// The files that are followed. Each may not exist yet, and may be renamed, replaced or cut while it
/// is followed: the held handle is read to its end before the new file under its name begins.
#[derive(Debug)]
pub struct Follow {
    paths: Vec<PathBuf>,
    held: BTreeMap<PathBuf, Held>,
    scan: Option<Scan>,
}

#[derive(Debug)]
struct Held {
    file: Arc<File>,
    stamp: Option<Stamp>,
    changed: Instant,
}

/// Folders and globs.
#[derive(Debug)]
struct Scan {
    arguments: Vec<String>,
    settled: Duration,
    seen: BTreeMap<PathBuf, Seen>,
    last: Option<Instant>,
    told: HashSet<String>,
}

#[derive(Debug)]
struct Seen {
    stamp: Stamp,
    first: Instant,
    changed: Instant,
    /// As it is now, it was taken.
    is_taken: bool,
}

/// What changes when a file does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    identity: (u64, u64),
    length: u64,
    modified: (i64, i64),
}

impl Stamp {
    fn of(file: &File) -> Option<Stamp> {
        let meta = file.metadata().ok()?;
        let modified = (meta.mtime(), meta.mtime_nsec());
        Some(Stamp { identity: (meta.dev(), meta.ino()), length: meta.len(), modified })
    }
}

impl Follow {
    /// Follows these files.
    pub fn new(paths: Vec<PathBuf>) -> Follow {
        Follow { paths, held: BTreeMap::new(), scan: None }
    }

    /// Follows what files, folders and globs come to, from time to time anew: files that appear are taken, compressed ones
    /// once they are whole. What a rotation makes of a file that was followed adds only what is new of it. A compressed file
    /// is taken when it has not changed for as long as `settled`, and so is a file that begins like a known one, which may
    /// be a copy that is still being made; twice in that time it is looked.
    pub fn over(arguments: Vec<String>, settled: Duration) -> Follow {
        let scan = Scan { arguments, settled, seen: BTreeMap::new(), last: None, told: HashSet::new() };
        Follow { paths: Vec::new(), held: BTreeMap::new(), scan: Some(scan) }
    }

    /// Seals what has come since the last look; each file gives one delivery of whole lines. Returns
    /// `None` when nothing had come. What it sealed has to be folded before the next look.
    pub fn look(
        &mut self,
        pipeline: &Pipeline<'_>,
        state: &State,
        options: &Options,
    ) -> Result<Option<Summary>, Error> {
        let mut unread = Vec::new();
        let now = Instant::now();
        let is_due = self.scan.as_ref().is_some_and(|scan| scan.last.is_none_or(|last| now - last >= scan.settled / 2));
        let mut inputs = if is_due { self.found(state, options, now, &mut unread)? } else { Vec::new() };
        // Never both: what has just come to a held file has to be folded before its copy is looked at.
        if inputs.is_empty() {
            inputs = self.grown(now);
        }
        if pipeline.stop.load(Relaxed) {
            return Ok(None);
        }
        let mut summary = match inputs.is_empty() {
            true => Summary::default(),
            false => pipeline.ingest(state, inputs, options)?,
        };
        summary.unread.extend(unread);
        // What an earlier look has sealed is not news.
        summary.already_known = 0;
        let is_news = summary.records > 0 || summary.deliveries > 0 || !summary.unread.is_empty();
        Ok(is_news.then_some(summary))
    }

    /// What may have come to the files that are held.
    fn grown(&mut self, now: Instant) -> Vec<Input> {
        let mut inputs = Vec::new();
        for path in &self.paths {
            // A name without a file is between two rotations, or not there yet.
            let there = File::open(path).ok().map(Arc::new);
            let held = self.held.get(path);
            let replaced = match (&there, held) {
                (Some(there), Some(held)) => identity(there) != identity(&held.file),
                _ => false,
            };
            if let Some(held) = held.filter(|_| replaced) {
                inputs.push(Input::Growing { path: path.clone(), file: Arc::clone(&held.file), last: true });
            }
            if let Some(file) = there.filter(|_| replaced || held.is_none()) {
                self.held.insert(path.clone(), Held { file, stamp: None, changed: now });
            }
            if let Some(held) = self.held.get_mut(path) {
                let stamp = Stamp::of(&held.file);
                if stamp.is_none() || stamp != held.stamp {
                    (held.stamp, held.changed) = (stamp, now);
                    let file = Arc::clone(&held.file);
                    inputs.push(Input::Growing { path: path.clone(), file, last: false });
                }
            }
        }
        inputs
    }

    /// Files of folders and globs that are new, or have changed while they were not held.
    fn found(
        &mut self,
        state: &State,
        options: &Options,
        now: Instant,
        unread: &mut Vec<Unread>,
    ) -> Result<Vec<Input>, Error> {
        let Follow { paths, held, scan: Some(scan) } = self else { return Ok(Vec::new()) };
        scan.last = Some(now);
        let mut not_found = Vec::new();
        let found = expand(scan.arguments.iter().map(String::as_str), &mut not_found);
        let source = state.number(&options.source)?;
        let there: HashSet<&Path> = found.iter().map(PathBuf::as_path).collect();
        scan.seen.retain(|path, _| there.contains(path.as_path()));
        held.retain(|path, held| {
            let patience = if there.contains(path.as_path()) { QUIET_HELD } else { GONE_HELD };
            now - held.changed < patience
        });
        paths.retain(|path| held.contains_key(path));
        let identities: HashSet<_> = held.values().filter_map(|held| identity(&held.file)).collect();
        let mut inputs = Vec::new();
        for path in &found {
            if held.contains_key(path) {
                continue;
            }
            let file = match File::open(path) {
                Ok(file) => Arc::new(file),
                Err(error) => {
                    not_found.push(because(path, &error));
                    continue;
                }
            };
            let Some(stamp) = Stamp::of(&file).filter(|_| file.metadata().is_ok_and(|meta| meta.is_file())) else {
                continue;
            };
            // Renamed, and still read under the name that it had.
            if identities.contains(&stamp.identity) {
                continue;
            }
            if scan.seen.len() >= SEEN_MAX && !scan.seen.contains_key(path) {
                let reason = format!("{SEEN_MAX} files are followed already (seen_max)");
                not_found.push(Unread { path: scan.arguments.join(" "), reason });
                continue;
            }
            let fresh = || Seen { stamp, first: now, changed: now, is_taken: false };
            let seen = scan.seen.entry(path.clone()).or_insert_with(fresh);
            if seen.stamp != stamp {
                (seen.stamp, seen.changed, seen.is_taken) = (stamp, now, false);
            }
            if seen.is_taken {
                continue;
            }
            let is_settled = now - seen.changed >= scan.settled;
            let (path, file) = (path.clone(), file);
            if is_packed(&file).unwrap_or(false) {
                if is_settled {
                    seen.is_taken = true;
                    inputs.push(Input::Packed { path, file });
                }
                continue;
            }
            let may_be_taken = is_settled || now - seen.first >= COPY_MAX;
            if !may_be_taken && is_like_another(state, source, &path, &file)? {
                continue;
            }
            seen.is_taken = true;
            if held.len() < HELD_MAX {
                held.insert(path.clone(), Held { file: Arc::clone(&file), stamp: Some(stamp), changed: now });
                paths.push(path.clone());
            }
            inputs.push(Input::Growing { path, file, last: false });
        }
        // Said once: the scan comes again. What is not there may come yet.
        not_found.retain(|unread| !unread.reason.starts_with("no such file"));
        unread.extend(
            not_found.into_iter().filter(|unread| scan.told.insert(format!("{}{}", unread.path, unread.reason))),
        );
        Ok(inputs)
    }
}

fn identity(file: &File) -> Option<(u64, u64)> {
    file.metadata().ok().map(|meta| (meta.dev(), meta.ino()))
}
