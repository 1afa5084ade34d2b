//! Folders of files that grow, are rotated and compressed: what a server follows.
//!
//! A file is held open from when it is found until it rests, by device and inode, so it is read to its end whatever its name
//! has become. What a rotation makes of it (a copy, a compressed one) is found as a file of its own, and adds only what is
//! new of it. Nothing is kept here that a restart would miss: what is sealed is known by the fold of the log.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use crate::Error;
use crate::content::MAGIC_BYTES;
use crate::follow::{Identity, Stamp};
use crate::grown::{Beginning, Likeness, Packing, likeness, packing};
use crate::inputs::{Input, Unread, because, expand};
use crate::run::{Options, Pipeline, Summary};
use crate::state::State;

/// A file that begins like a known one and changes all the time is no copy that is being made.
const COPY_MAX: Duration = Duration::from_secs(60);
/// Files that are held open, at most. One that is not held is looked at by the next scan; what is written to it between that
/// and its being deleted is lost.
const HELD_MAX: usize = 512;
/// How long a file that does not change is held; one that is gone from its folder, [`GONE_HELD`]. Then a last line without
/// its line feed is taken, too.
const QUIET_HELD: Duration = Duration::from_secs(600);
const GONE_HELD: Duration = Duration::from_secs(30);
/// Files that are remembered; those beyond are not taken, and said to be.
const SEEN_MAX: usize = 100_000;
/// Files, and bytes of them, of one look: others have a turn after it.
const LOOK_FILES_MAX: usize = 1_024;
const LOOK_BYTES_MAX: u64 = 64 << 20;
/// What could not be read is said once, of so many.
const TOLD_MAX: usize = 10_000;

/// Files, folders and globs that are followed.
#[derive(Debug)]
pub struct Folders {
    arguments: Vec<String>,
    settled: Duration,
    held: BTreeMap<Identity, Held>,
    seen: HashMap<PathBuf, Seen>,
    /// Files that the look at hand takes and does not hold.
    taken: Vec<PathBuf>,
    scanned: Option<Instant>,
    looked: Option<Instant>,
    /// The last look was a scan: the next one is at what is held, or scans that take long would leave no time for it.
    was_scan: bool,
    /// The last look left something for the next: copies wait until their originals are read.
    is_behind: bool,
    /// The last scan did.
    is_waiting: bool,
    /// Bytes that the last look left.
    left: u64,
    told: HashSet<String>,
}

#[derive(Debug)]
struct Held {
    path: PathBuf,
    file: Arc<File>,
    /// As it was when it was looked at.
    stamp: Stamp,
    changed: Instant,
    /// The last look did not come to its end.
    is_due: bool,
    /// The last scan found it.
    is_there: bool,
    /// It is read for the last time.
    is_last: bool,
}

/// A file that is not held.
#[derive(Debug)]
struct Seen {
    stamp: Stamp,
    first: Instant,
    changed: Instant,
    /// As it is now, it was taken.
    is_taken: bool,
}

/// What a scan has found.
#[derive(Default)]
struct Found {
    inputs: Vec<Input>,
    bytes: u64,
    unread: Vec<Unread>,
    /// How the new files of this scan begin, and how they do line by line: of two that may be copies of each other one waits.
    wholes: HashSet<[u8; 32]>,
    heads: HashSet<[u8; 32]>,
    packed: Option<Input>,
    is_more: bool,
}

impl Found {
    fn is_full(&self) -> bool {
        self.inputs.len() >= LOOK_FILES_MAX || self.bytes >= LOOK_BYTES_MAX
    }

    fn is_twin(&mut self, beginning: &Beginning) -> bool {
        let heads: Vec<_> = beginning.heads().into_iter().map(|(_, head)| head).collect();
        let Some(whole) = heads.first() else { return false };
        if self.heads.contains(whole) || heads.iter().any(|head| self.wholes.contains(head)) {
            return true;
        }
        self.wholes.insert(*whole);
        self.heads.extend(heads);
        false
    }
}

impl Folders {
    /// Follows what files, folders and globs come to, anew twice in `settled`: files that appear are taken, compressed ones
    /// once they are whole. A compressed file is taken when it has not changed for `settled`, and so is a file that begins
    /// like a known one (it may be a copy that is still being made), and one that does not end with a line feed.
    pub fn new(arguments: Vec<String>, settled: Duration) -> Folders {
        Folders {
            arguments,
            settled,
            held: BTreeMap::new(),
            seen: HashMap::new(),
            taken: Vec::new(),
            scanned: None,
            looked: None,
            was_scan: false,
            is_behind: false,
            is_waiting: false,
            left: 0,
            told: HashSet::new(),
        }
    }

    /// Seals what has come since the last look. Returns `None` when nothing had come. What it sealed has to be folded before
    /// the next look; after an error, all that is in the log.
    ///
    /// # Errors
    /// What stops the log, or the reading of positions. The next look takes up what this one could not.
    pub fn look(
        &mut self,
        pipeline: &Pipeline<'_>,
        state: &State,
        options: &Options,
    ) -> Result<Option<Summary>, Error> {
        let now = Instant::now();
        // After a pause, what has come to held files comes first.
        self.is_behind |= self.looked.is_some_and(|last| now.duration_since(last) >= self.settled);
        self.looked = Some(now);
        let is_due = self.scanned.is_none_or(|last| now.duration_since(last) >= self.settled / 2) && !self.was_scan;
        self.was_scan = is_due;
        // Files that are found are looked at apart: what has come to a held one has to be folded before its copy is.
        let looked = if is_due { self.found(state, options, now) } else { Ok(self.grown(now)) };
        let sealed = looked.and_then(|(inputs, unread)| {
            if inputs.is_empty() || pipeline.stop.load(Relaxed) {
                return Ok(Summary { unread, stopped: !inputs.is_empty(), ..Summary::default() });
            }
            let mut summary = pipeline.ingest(state, inputs, options)?;
            summary.unread.extend(unread);
            Ok(summary)
        });
        let is_done = sealed.as_ref().is_ok_and(|summary| !summary.stopped && summary.left == 0);
        self.left = sealed.as_ref().map_or(0, |summary| summary.left);
        if is_done {
            self.rest()
        } else {
            self.again()
        }
        self.is_behind = !is_done || self.is_waiting;
        let mut summary = sealed?;
        // What an earlier look has sealed is not news.
        summary.already_known = 0;
        summary.unread.retain(|unread| {
            self.told.len() < TOLD_MAX && self.told.insert(format!("{}\n{}", unread.path, unread.reason))
        });
        let is_news = summary.records > 0 || summary.deliveries > 0 || !summary.unread.is_empty();
        Ok(is_news.then_some(summary))
    }

    /// Bytes that have come and are not sealed, as far as they have been found: of a compressed file, its own.
    pub fn unsealed(&self) -> u64 {
        let held = self.held.values().map(|held| {
            let length = held.file.metadata().map_or(0, |meta| meta.len());
            length.saturating_sub(held.stamp.length)
        });
        let waiting = self.seen.values().filter(|seen| !seen.is_taken).map(|seen| seen.stamp.length);
        self.left + held.chain(waiting).sum::<u64>()
    }

    /// The look came to its end: what was read for the last time is let go.
    fn rest(&mut self) {
        self.taken.clear();
        for held in self.held.values_mut() {
            held.is_due = false;
            if held.is_last && held.is_there {
                let (stamp, first, changed) = (held.stamp, held.changed, held.changed);
                self.seen.insert(held.path.clone(), Seen { stamp, first, changed, is_taken: true });
            }
        }
        self.held.retain(|_, held| !held.is_last);
    }

    /// It did not: all is looked at again.
    fn again(&mut self) {
        for held in self.held.values_mut() {
            held.is_due = true;
        }
        for path in self.taken.drain(..) {
            if let Some(seen) = self.seen.get_mut(&path) {
                seen.is_taken = false;
            }
        }
    }

    /// What has come to the files that are held.
    fn grown(&mut self, now: Instant) -> (Vec<Input>, Vec<Unread>) {
        let (mut inputs, mut bytes) = (Vec::new(), 0);
        let mut packed = Vec::new();
        for (identity, held) in &mut self.held {
            let Ok(stamp) = held.file.metadata().map(|meta| Stamp::of(&meta)) else { continue };
            if held.stamp == stamp && !held.is_due {
                continue;
            }
            let before = held.stamp.length;
            // Whatever is written to a file that was cut or empty need not be lines.
            let is_anew = before < MAGIC_BYTES as u64 || stamp.length < before;
            if is_anew && Beginning::of(&held.file).is_ok_and(|beginning| packing(beginning.bytes()).is_some()) {
                packed.push(*identity);
                continue;
            }
            if bytes >= LOOK_BYTES_MAX {
                break;
            }
            bytes += stamp.length.saturating_sub(before);
            if held.stamp != stamp {
                (held.stamp, held.changed) = (stamp, now);
            }
            let (path, file) = (held.path.clone(), Arc::clone(&held.file));
            inputs.push(Input::Growing { path, file, last: held.is_last });
        }
        for identity in packed {
            self.held.remove(&identity);
        }
        (inputs, Vec::new())
    }

    /// Files that are new, or have changed while they were not held.
    fn found(&mut self, state: &State, options: &Options, now: Instant) -> Result<(Vec<Input>, Vec<Unread>), Error> {
        self.scanned = Some(now);
        let mut found = Found::default();
        let paths = expand(self.arguments.iter().map(String::as_str), &mut found.unread);
        // What is not there may come yet.
        found.unread.retain(|unread| !unread.reason.starts_with("no such file"));
        let source = state.number(&options.source)?;
        for held in self.held.values_mut() {
            held.is_there = false;
        }
        let there: HashSet<&Path> = paths.iter().map(PathBuf::as_path).collect();
        self.seen.retain(|path, _| there.contains(path.as_path()));
        self.taken.clear();
        for path in &paths {
            self.consider(state, source, path, now, &mut found)?;
        }
        for held in self.held.values_mut() {
            let patience = if held.is_there { QUIET_HELD } else { GONE_HELD };
            let is_quiet = !self.is_behind && now.duration_since(held.changed) >= patience;
            if is_quiet && !held.is_last {
                held.is_last = true;
                let (path, file) = (held.path.clone(), Arc::clone(&held.file));
                found.inputs.push(Input::Growing { path, file, last: true });
            }
        }
        let is_rest = found.inputs.is_empty() && !found.is_more && !self.is_behind;
        let is_packed = found.packed.is_some();
        // A compressed file is read whole: alone, and when all else is read.
        if let Some(Input::Packed { path, file }) = found.packed.take().filter(|_| is_rest) {
            if let Some(seen) = self.seen.get_mut(&path) {
                seen.is_taken = true;
            }
            self.taken.push(path.clone());
            found.inputs.push(Input::Packed { path, file });
        }
        if (found.is_more || is_packed) && !found.inputs.is_empty() {
            self.scanned = None;
        }
        self.is_waiting = found.is_more;
        Ok((found.inputs, found.unread))
    }

    fn consider(
        &mut self,
        state: &State,
        source: u32,
        path: &Path,
        now: Instant,
        found: &mut Found,
    ) -> Result<(), Error> {
        let Ok(stamp) = std::fs::metadata(path).map(|meta| (Stamp::of(&meta), meta.is_file())) else {
            // Gone since it was listed.
            return Ok(());
        };
        let (stamp, true) = stamp else { return Ok(()) };
        if let Some(held) = self.held.get_mut(&stamp.identity) {
            // Renamed perhaps, and read on.
            (held.is_there, held.path) = (true, path.to_owned());
            self.seen.remove(path);
            return Ok(());
        }
        if self.seen.len() >= SEEN_MAX && !self.seen.contains_key(path) {
            let reason = format!("{SEEN_MAX} files are followed already (seen_max)");
            found.unread.push(Unread { path: self.arguments.join(" "), reason });
            return Ok(());
        }
        let fresh = || Seen { stamp, first: now, changed: now, is_taken: false };
        let seen = self.seen.entry(path.to_owned()).or_insert_with(fresh);
        if seen.stamp != stamp {
            (seen.stamp, seen.changed, seen.is_taken) = (stamp, now, false);
        }
        if seen.is_taken || stamp.length == 0 {
            return Ok(());
        }
        if found.is_full() {
            found.is_more = true;
            return Ok(());
        }
        let is_settled = now.duration_since(seen.changed) >= self.settled;
        let is_patient = !is_settled && now.duration_since(seen.first) < COPY_MAX;
        let opened = File::open(path).and_then(|file| {
            let beginning = Beginning::of(&file)?;
            Ok((Stamp::of(&file.metadata()?), Arc::new(file), beginning))
        });
        let (file, beginning) = match opened {
            Ok((now, file, beginning)) if now.identity == stamp.identity => (file, beginning),
            // Replaced since it was looked at.
            Ok(_) => return Ok(()),
            Err(error) => {
                seen.is_taken = true;
                found.unread.push(because(path, &error));
                return Ok(());
            }
        };
        match packing(beginning.bytes()) {
            Some(Packing::Known) => {
                if is_settled && found.packed.is_none() {
                    found.packed = Some(Input::Packed { path: path.to_owned(), file });
                }
                return Ok(());
            }
            Some(Packing::Foreign(how)) => {
                seen.is_taken = true;
                let reason = format!("compressed with {how}, which is not read; gzip and zstd are");
                found.unread.push(Unread { path: path.display().to_string(), reason });
                return Ok(());
            }
            None => {}
        }
        let is_cut_off = !ends_with_line(&file, stamp.length);
        match likeness(state, source, path, &file, &beginning)? {
            Likeness::Itself => {}
            Likeness::Another if is_patient || self.is_behind => return Ok(()),
            Likeness::None if is_patient && (is_cut_off || beginning.bytes().len() < MAGIC_BYTES) => return Ok(()),
            Likeness::None if found.is_twin(&beginning) => {
                found.is_more = true;
                return Ok(());
            }
            Likeness::Another | Likeness::None => {}
        }
        found.bytes += stamp.length;
        let input = Input::Growing { path: path.to_owned(), file: Arc::clone(&file), last: is_settled && is_cut_off };
        found.inputs.push(input);
        if self.held.len() < HELD_MAX {
            let path = path.to_owned();
            self.seen.remove(&path);
            let held = Held { path, file, stamp, changed: now, is_due: false, is_there: true, is_last: false };
            self.held.insert(stamp.identity, held);
        } else {
            seen.is_taken = true;
            self.taken.push(path.to_owned());
        }
        Ok(())
    }
}

/// Whether the last of so many bytes is a line feed; a file that cannot be read tells so when it is read for good.
fn ends_with_line(file: &File, length: u64) -> bool {
    use std::os::unix::fs::FileExt as _;
    let mut last = [0];
    file.read_exact_at(&mut last, length.saturating_sub(1)).is_err() || last == *b"\n"
}
