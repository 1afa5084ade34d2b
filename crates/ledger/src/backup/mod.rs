//! A copy of a log on another folder, made beside a living writer: all that one published checkpoint covers.
//!
//! The copy is built under a name that nobody reads, made durable, verified, and only then takes the place of the one
//! before, in one step: the backup that was there stays whole until the new one is. What never changes (evidence, full
//! tiles, the history of past days) is linked where source and copy are on one file system, else copied, and taken
//! from the backup before where that has it: only what is new moves.
//!
//! No key is copied, and nothing derived. The write-ahead log is copied up to the group that ends at the checkpoint,
//! with the note over it: what was sealed after that is in the next backup.

mod copy;
mod snapshot;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use model::TreeSize;
use tlog::Hash;
use tlog::checkpoint::{Checkpoint, Opened};
use tlog::note::VerifierKey;
use tlog::tree::Frontier;

use crate::disk::{Disk, aside, parent};
use crate::layout::Layout;
use crate::reader::{Reader, Selection};
use crate::{Error, ErrorKind, LogInfo, RealDisk, Result, identity, verify};
use copy::{Copy, Tally};
use snapshot::Snapshot;

/// Largest identity or checkpoint that is read.
const SMALL_BYTES_MAX: u64 = 1 << 20;

/// Findings that an error lists; the others are counted.
const FINDINGS_SHOWN_MAX: usize = 3;

/// What may lie in a folder of backups beside `logs`: our lock, and what a command made that read from it.
const BESIDE: [&str; 3] = [LOCK, "lake", "state"];

/// The file that two backups into one folder take turns by.
const LOCK: &str = ".backup-lock";

/// A backup that was made: durable and verified.
#[derive(Clone, Debug)]
pub struct Backup {
    /// Leaves it holds.
    pub size: TreeSize,
    /// The checkpoint over them: the signed note.
    pub checkpoint: Bytes,
    /// Leaves of the backup that was there before.
    pub former: Option<TreeSize>,
    /// Length of all its files.
    pub bytes: u64,
    /// Files that are links to those of the log: one file system, so a failing disk takes both.
    pub linked: u64,
    /// Files that the backup before had.
    pub kept: u64,
    /// Files that were written.
    pub copied: u64,
    /// Their length.
    pub copied_bytes: u64,
    /// Whether the backup before was damaged, and all of it was taken from the log again.
    pub anew: bool,
    /// What the verification of the copy read.
    pub verified: verify::Report,
}

/// How far a backup is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Evidence is put into the copy.
    Copying {
        /// Bytes that are there.
        bytes: u64,
        /// Bytes in all.
        bytes_total: u64,
    },
    /// The copy is verified.
    Verifying(verify::Progress),
}

/// Backs a log up into `to`: an empty folder, one that is not there yet, or one with an earlier backup of this log.
/// Takes no lock of the log; have it flushed and published first.
///
/// # Errors
/// `Unavailable` (and not [`Error::is_full`]) when the log moved on under the copy: publish and call again, what was
/// copied is kept. `Invalid` when `to` holds anything else; `Locked` while another backup works there; `Rollback` when
/// the backup there is ahead of the log, or of another history; `Corrupt` when the copy does not verify: then the one
/// before is left as it was; `Io`.
pub fn run(data: &Path, short: &str, to: &Path, threads: usize, progress: &mut dyn FnMut(Progress)) -> Result<Backup> {
    run_on(&(Arc::new(RealDisk) as Arc<dyn Disk>), data, short, to, threads, progress)
}

/// [`run`] on any disk.
///
/// # Errors
/// As [`run`].
pub fn run_on(
    disk: &Arc<dyn Disk>,
    data: &Path,
    short: &str,
    to: &Path,
    threads: usize,
    progress: &mut dyn FnMut(Progress),
) -> Result<Backup> {
    let source = Layout::new(data, short);
    let info = identity::read(disk.as_ref(), &source)?;
    let key = identity::verifier(&info)?;
    let target = Layout::new(to, short);
    check_folder(disk.as_ref(), &target)?;
    let logs = parent(&target.log);
    disk.create_dir(&logs).map_err(|e| Error::io("create", &logs, &e))?;
    let _lock = lock(disk.as_ref(), to)?;
    let staging = Layout { log: logs.join(partial(short)), ..target.clone() };
    end_exchange(disk.as_ref(), &staging, &target)?;
    let former = former(disk.as_ref(), &source, &target, &key)?;
    let backup = Making { disk, source, target, staging, info: &info, key: &key, former, threads };
    match backup.attempt(true, progress)? {
        Attempt::Whole(made) => backup.put_in_place(*made),
        // The damage may be in what was there before: the log itself has the last word.
        Attempt::Damaged(_, kept) if kept > 0 => match backup.attempt(false, progress)? {
            Attempt::Whole(made) => backup.put_in_place(Backup { anew: true, ..*made }),
            Attempt::Damaged(report, _) => Err(backup.damaged(&report)),
        },
        Attempt::Damaged(report, _) => Err(backup.damaged(&report)),
    }
}

/// Name of the folder in which a copy is built.
fn partial(short: &str) -> String {
    format!(".partial-{short}")
}

/// Ends an exchange that a crash cut short: what is aside is whole and newer, or the backup under its name is in place.
fn end_exchange(disk: &dyn Disk, staging: &Layout, target: &Layout) -> Result<()> {
    let aside = aside(&staging.log);
    let is_there = |path: &Path| disk.list(path).is_ok();
    match (is_there(&aside), is_there(&target.log)) {
        (false, _) => Ok(()),
        (true, true) => remove(disk, &aside),
        (true, false) => {
            disk.rename(&aside, &target.log).map_err(|e| Error::io("rename", &aside, &e))?;
            let logs = parent(&target.log);
            disk.sync_dir(&logs).map_err(|e| Error::io("sync", &logs, &e).sync_is_fatal())
        }
    }
}

/// The folder may hold backups and nothing else: what is a data folder, or anything of anybody's, is left alone.
fn check_folder(disk: &dyn Disk, target: &Layout) -> Result<()> {
    let list = |folder: &Path| match disk.list(folder) {
        Ok(names) => Ok(names),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(Error::io("list", folder, &e)),
    };
    let to = target.data.display();
    let foreign = list(&target.data)?.into_iter().find(|name| name != "logs" && !BESIDE.contains(&name.as_str()));
    if let Some(name) = foreign {
        let what = if name == "keys" { "it is a data folder" } else { "it is no backup" };
        let message = format!("{to} holds `{name}`, so {what}; give an empty folder, or one with a backup of this log");
        return Err(Error::invalid(message));
    }
    let partial = partial(&target.short);
    let is_ours = |name: &String| *name == target.short || name.starts_with(&partial);
    let other = list(&target.data.join("logs"))?.into_iter().find(|name| !is_ours(name));
    match other {
        Some(name) => Err(Error::invalid(format!(
            "{to} holds a backup of another log, {name}; this is {}, give it a folder of its own",
            target.short
        ))),
        None => Ok(()),
    }
}

fn lock(disk: &dyn Disk, to: &Path) -> Result<crate::disk::Guard> {
    let path = to.join(LOCK);
    disk.lock(&path, std::process::id()).map_err(|e| match e.kind() {
        io::ErrorKind::WouldBlock => {
            Error::new(ErrorKind::Locked, format!("{}: a backup is being made here by {e}", path.display()))
        }
        _ => Error::io("lock", &path, &e),
    })
}

/// The checkpoint of the backup that is there, which has to be of this log.
fn former(disk: &dyn Disk, source: &Layout, target: &Layout, key: &VerifierKey) -> Result<Option<Opened>> {
    if disk.list(&target.log).is_err_and(|e| e.kind() == io::ErrorKind::NotFound) {
        return Ok(None);
    }
    if small(disk, &target.identity())? != small(disk, &source.identity())? {
        let message = format!("{}: the backup there is of another log of this name", target.log.display());
        return Err(Error::invalid(message));
    }
    let path = target.checkpoint();
    let opened = Opened::open(&small(disk, &path)?, key).map_err(|e| {
        Error::corrupt(format!("{}: {e}; see `verify` about that backup, and give another folder", path.display()))
    })?;
    Ok(Some(opened))
}

/// How an attempt ended that nothing kept from ending.
enum Attempt {
    /// The copy is whole, under the name that nobody reads.
    Whole(Box<Backup>),
    /// It does not verify; so many of its files were there before.
    Damaged(Box<verify::Report>, u64),
}

/// One backup.
struct Making<'a> {
    disk: &'a Arc<dyn Disk>,
    source: Layout,
    target: Layout,
    staging: Layout,
    info: &'a LogInfo,
    key: &'a VerifierKey,
    former: Option<Opened>,
    threads: usize,
}

impl Making<'_> {
    /// Builds a copy and verifies it. With `reuse`, what the backup before has is taken from there, and evidence that
    /// an earlier attempt brought over is kept.
    fn attempt(&self, reuse: bool, progress: &mut dyn FnMut(Progress)) -> Result<Attempt> {
        let disk = self.disk.as_ref();
        self.clear(reuse)?;
        for folder in [self.staging.wal(), self.staging.torn(), self.staging.evidence(), self.staging.history()] {
            disk.create_dir(&folder).map_err(|e| Error::io("create", &folder, &e))?;
        }
        let moved = || {
            let what = "the log moved on while it was copied; publish and try again";
            Error::unavailable(format!("{}: {what}", self.source.log.display()))
        };
        let snapshot = snapshot::take(disk, &self.source, &self.staging, self.key)?.ok_or_else(moved)?;
        self.check_former(&snapshot)?;
        let mut copy = Copy::new(self, reuse && self.former.is_some());
        copy.count(snapshot.wal.iter().copied());
        if !copy.evidence(&snapshot.segments, progress)? {
            return Err(moved());
        }
        copy.public(&snapshot)?;
        copy.put_bytes(&self.staging.identity(), &small(disk, &self.source.identity())?)?;
        copy.torn(snapshot.size)?;
        copy.sync()?;
        // Durable now: the whole copy, under a name that nobody reads.
        let checkpoint = self.former.as_ref().map(|_| small(disk, &self.target.checkpoint())).transpose()?;
        let options = verify::Options { checkpoint, bodies: true, from: 0, threads: self.threads };
        let verified = verify::run_in(self.disk, &self.staging, self.info, &options, &mut |at| {
            progress(Progress::Verifying(at));
        })?;
        if !verified.is_intact() || verified.size.0 != snapshot.size {
            return Ok(Attempt::Damaged(Box::new(verified), copy.tally.kept));
        }
        let Tally { bytes, linked, kept, copied, copied_bytes } = copy.tally;
        let former = self.former.as_ref().map(|former| TreeSize(former.checkpoint.size));
        let (size, checkpoint) = (TreeSize(snapshot.size), snapshot.note);
        let made =
            Backup { size, checkpoint, former, bytes, linked, kept, copied, copied_bytes, anew: false, verified };
        Ok(Attempt::Whole(Box::new(made)))
    }

    /// Removes what an earlier attempt left: evidence has its name only when it is whole, all else is small.
    fn clear(&self, keep_evidence: bool) -> Result<()> {
        let names = match self.disk.list(&self.staging.log) {
            Ok(names) => names,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(Error::io("list", &self.staging.log, &e)),
        };
        for name in names.iter().filter(|name| !(keep_evidence && *name == "evidence")) {
            remove(self.disk.as_ref(), &self.staging.log.join(name))?;
        }
        Ok(())
    }

    /// The log has to go on from the backup that is there.
    fn check_former(&self, snapshot: &Snapshot) -> Result<()> {
        let Some(former) = self.former.as_ref().map(|opened| &opened.checkpoint) else { return Ok(()) };
        let to = self.target.data.display();
        if former.size > snapshot.size {
            let message = format!(
                "the backup in {to} has {} leaves under a signed checkpoint, the log has {}: the log was rolled back; \
                 keep that backup, and see docs/operating.md on restoring",
                former.size, snapshot.size
            );
            return Err(Error::new(ErrorKind::Rollback, message));
        }
        if goes_on(self.disk, &self.source, former)? {
            return Ok(());
        }
        let message = format!(
            "the backup in {to} has another history: its checkpoint over {} leaves is not of this log, though signed \
             with its key; keep that backup, it is proof of it",
            former.size
        );
        Err(Error::new(ErrorKind::Rollback, message))
    }

    /// The copy takes the place of the one before, in one step.
    fn put_in_place(&self, made: Backup) -> Result<Backup> {
        let disk = self.disk.as_ref();
        let (staging, log, logs) = (&self.staging.log, &self.target.log, parent(&self.target.log));
        if self.former.is_some() {
            disk.exchange(staging, log).map_err(|e| Error::io("exchange", staging, &e))?;
        } else {
            disk.rename(staging, log).map_err(|e| Error::io("rename", staging, &e))?;
        }
        let above = Some(parent(&self.target.data)).filter(|above| above != Path::new(""));
        for folder in [&logs, &self.target.data, &above.unwrap_or_else(|| PathBuf::from("."))] {
            disk.sync_dir(folder).map_err(|e| Error::io("sync", folder, &e).sync_is_fatal())?;
        }
        // Durable now: the new backup under its name. A crash before left the one before there.
        if self.former.is_some() {
            remove(disk, staging)?;
        }
        Ok(made)
    }

    fn damaged(&self, report: &verify::Report) -> Error {
        let mut found: Vec<&verify::Finding> = report.findings.iter().collect();
        // Where evidence is damaged, the rest follows from it.
        found.sort_by_key(|found| !found.place.starts_with("evidence/"));
        let first = found.iter().take(FINDINGS_SHOWN_MAX);
        let first: Vec<String> =
            first.map(|found| format!("{} {}: {}", found.class.as_str(), found.place, found.what)).collect();
        let more = found.len().saturating_sub(first.len());
        // The copy is of no use, and may be large.
        let _ = remove(self.disk.as_ref(), &self.staging.log);
        Error::corrupt(format!(
            "{}: the copy does not verify, so it is not kept: the log itself is damaged, see `verify` and `repair`; {} \
             (and {more} more)",
            self.source.log.display(),
            first.join("; ")
        ))
    }
}

/// Whether a checkpoint is one of this log: by its tiles, or, where these say no, by its leaves. Tiles may be damaged, and
/// a checkpoint that is not of this log is an accusation.
fn goes_on(disk: &Arc<dyn Disk>, source: &Layout, former: &Checkpoint) -> Result<bool> {
    let view = Reader::open_on(Arc::clone(disk), &source.data, &source.short)?.view()?;
    let (new, root) = (view.size().0, Hash(view.root()));
    let is_shown = view.consistency(TreeSize(former.size)).is_ok_and(|proof| {
        let proof: Vec<Hash> = proof.into_iter().map(Hash).collect();
        tlog::tree::verify_consistency(former.size, &former.root, new, &root, &proof).is_ok()
    });
    if is_shown {
        return Ok(true);
    }
    let mut tree = Frontier::new();
    for batch in view.scan(0..former.size, Selection::default()) {
        tree.append_all(batch?.iter().map(|leaf| Hash(leaf.leaf_hash())));
    }
    Ok(tree.size() == former.size && tree.root() == former.root)
}

fn small(disk: &dyn Disk, path: &Path) -> Result<Vec<u8>> {
    disk.read(path, SMALL_BYTES_MAX).map_err(|e| Error::io("read", path, &e))
}

/// Removes a file, or a folder with all that is in it.
fn remove(disk: &dyn Disk, path: &Path) -> Result<()> {
    match disk.list(path) {
        Ok(names) => {
            for name in names {
                remove(disk, &path.join(name))?;
            }
            disk.remove_dir(path).map_err(|e| Error::io("remove", path, &e))
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(_) => disk.unlink(path).map_err(|e| Error::io("unlink", path, &e)),
    }
}
