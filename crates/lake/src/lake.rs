//! The lake: sealed files, the tail behind them, and the two ways in which files come to be.

use std::fs::{File, TryLockError};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use datafusion::execution::cache::cache_manager::FileMetadataCache;
use model::{Millis, ViewManifest};
use sources::mapping::Mappings;

use crate::catalog::{Catalog, LiveFile};
use crate::derive::{Deriver, Forget, Source};
use crate::evidence::{Evidence, try_scan};
use crate::files::{UNFINISHED, digest};
use crate::lookup::Merging;
use crate::pin::Pin;
use crate::tail::Tail;
use crate::writer::{FileName, Follower};
use crate::{Completeness, Error, Result};

/// The file in `lake/` whose lock keeps replaced files where they are: readers share it, and tidying up
/// needs it alone.
const IN_USE: &str = "in-use";

/// The derived tables of one log as of one size. Opening reads no evidence that an earlier opening
/// has already looked through; nothing changes under an open lake.
#[derive(Debug)]
pub struct Lake {
    pub(crate) folder: PathBuf,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) evidence: Arc<dyn Evidence>,
    pub(crate) tail: Arc<Tail>,
    /// Held as long as questions may be asked; see [`IN_USE`].
    _in_use: Option<File>,
    /// Footers that questions have read.
    pub(crate) footers: OnceLock<Arc<FileMetadataCache>>,
}

/// What a sealed lake file is instead of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Name of the file in `lake/`.
    pub file: String,
    /// Leaf that announced it.
    pub announced_by: u64,
    /// First leaf it covers.
    pub first: u64,
    /// Last leaf it covers.
    pub last: u64,
    /// What is wrong: missing, or other bytes.
    pub what: String,
}

/// Where a rebuild is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Leaves derived again.
    pub leaves: u64,
    /// Leaves to derive again in all.
    pub leaves_total: u64,
}

impl Lake {
    /// Opens the lake in `folder` over a log, for questions. The folder is made if there is none.
    ///
    /// # Errors
    /// Corrupt, if a sealed file is missing or cannot be read; Evidence, if the log cannot be read;
    /// Unavailable, if the folder cannot be made.
    pub fn open(folder: &Path, evidence: Arc<dyn Evidence>) -> Result<Lake> {
        std::fs::create_dir_all(folder).map_err(|error| Error::io("make", folder, error))?;
        // Who may not write here reads without the lock: a question of theirs may fail when a rebuild
        // ends, and succeeds when it is asked again.
        let in_use = lock_file(folder).and_then(|file| file.lock_shared().map(|()| file)).ok();
        let mut catalog = Catalog::open(folder, &*evidence)?;
        catalog.look(folder)?;
        Ok(Lake::over(folder, catalog, evidence, in_use))
    }

    /// The tables of a log without files, as a backup is one: every row is derived when it is asked for, and nothing is
    /// written. A question takes as long as reading all of the log. `folder` is any that is there.
    pub fn open_without_files(folder: &Path, evidence: Arc<dyn Evidence>) -> Lake {
        let catalog = Catalog::without_files(&*evidence);
        Lake::over(folder, catalog, evidence, None)
    }

    /// Opens the lake for the one writer of the folder: to follow, to rebuild, to tidy up. What the
    /// log announces is believed and no file is looked at, so any of them may be missing or damaged; a
    /// question that needs such a file fails as Corrupt.
    ///
    /// # Errors
    /// Evidence, if the log cannot be read; Unavailable, if the folder cannot be made.
    pub fn open_for_writing(folder: &Path, evidence: Arc<dyn Evidence>) -> Result<Lake> {
        std::fs::create_dir_all(folder).map_err(|error| Error::io("make", folder, error))?;
        let catalog = Catalog::open(folder, &*evidence)?;
        Ok(Lake::over(folder, catalog, evidence, None))
    }

    fn over(folder: &Path, catalog: Catalog, evidence: Arc<dyn Evidence>, in_use: Option<File>) -> Lake {
        let catalog = Arc::new(catalog);
        let tail = Tail::new(folder.to_owned(), Arc::clone(&catalog), Arc::clone(&evidence));
        Lake {
            folder: folder.to_owned(),
            catalog,
            evidence,
            tail: Arc::new(tail),
            _in_use: in_use,
            footers: OnceLock::new(),
        }
    }

    /// Size of the log that is visible here: all of it.
    pub fn tree_size(&self) -> u64 {
        self.evidence.size()
    }

    /// Leaves below this one have files; those from it on are derived when asked for.
    pub fn covered(&self) -> u64 {
        self.catalog.covered()
    }

    /// The normalisers that made the files, each with the first leaf it was used for.
    pub fn normalisers(&self) -> Vec<(u64, String)> {
        let mut found: Vec<(u64, String)> = Vec::new();
        for file in self.catalog.events.values() {
            let Some(name) = FileName::parse(&file.name) else { continue };
            if found.last().is_none_or(|(_, last)| *last != name.normaliser) {
                found.push((file.first, name.normaliser));
            }
        }
        found
    }

    /// What an answer over the first `size` leaves is computed from. Leaves without files are read by this
    /// release when they are asked for.
    pub(crate) fn pin(&self, size: u64, asked: Millis) -> Pin {
        // Where the tail cannot be read the question fails for that, and its pin does not matter.
        let running = self.tail.carry().unwrap_or_default().normaliser();
        let mut read_by = self.normalisers();
        read_by.retain(|(first, _)| *first < size);
        if size > self.covered() && read_by.last().is_none_or(|(_, last)| *last != running) {
            read_by.push((self.covered(), running));
        }
        Pin::now(self.evidence.log(), size, &read_by, asked)
    }

    /// The sources of the log, by number.
    ///
    /// # Errors
    /// As for a question.
    pub fn sources(&self) -> Result<Vec<Source>> {
        let carry = self.tail.carry()?;
        Ok(carry.sources.into_values().collect())
    }

    /// What is known about the completeness of a range, nanoseconds since 1970, both ends included.
    ///
    /// # Errors
    /// As for a question.
    pub fn lacks(&self, from: i64, until: i64) -> Result<Completeness> {
        let carry = self.tail.carry()?;
        Ok(carry.lacks(self.tree_size(), from.div_euclid(1_000_000), until.div_euclid(1_000_000)))
    }

    /// The mappings in force behind the last leaf: the operator's own, then those of the product.
    ///
    /// # Errors
    /// As for a question.
    pub fn mappings(&self) -> Result<Mappings> {
        self.tail.carry()?.mappings(&*self.evidence)
    }

    /// Keeps what was found out about the log, so that the next opening starts from here. For the
    /// one writer of the folder.
    ///
    /// # Errors
    /// Unavailable, if the disk refuses.
    pub fn save(&self) -> Result<()> {
        let mut catalog = Catalog::clone(&self.catalog);
        // A lake opened for writing has seen no footer yet. A lost file is for the next question to tell;
        // what is not noted here is noted then.
        let _ = catalog.look(&self.folder);
        catalog.save(&self.folder)
    }

    /// A follower that writes the files of the leaves behind the last file. For the one writer of the
    /// folder.
    ///
    /// The rows to come depend on files of the duplicate window before them. Each of those is compared
    /// with its sealed digest first. If one is missing or changed, what it said is derived again from
    /// the log, in memory: sealing goes on, and no row differs from that of a rebuild.
    ///
    /// # Errors
    /// Evidence, if leaves cannot be read; Corrupt, if a file changes while it is read.
    pub fn follow(&self) -> Result<Follower> {
        let from = self.catalog.resumable(|file| match difference(&self.folder, file) {
            None => true,
            Some(what) => {
                let file = &file.name;
                tracing::warn!(
                    file,
                    what,
                    "lake file differs, its rows are derived again; run `deedbook lake rebuild`"
                );
                false
            }
        });
        let (mut deriver, covered) = (self.tail.deriver(from)?, self.covered());
        try_scan(&*self.evidence, from, covered, |leaf| {
            deriver.push(leaf, &mut Forget)?;
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(Follower::new(&self.folder, deriver, covered, self.next_turn()?, self.merging()))
    }

    /// Writes all files again from the evidence files and returns the manifest that, once the caller
    /// has sealed it, takes the place of every earlier one; nothing, if the log has no evidence file
    /// yet. Until then the old files stay in force.
    ///
    /// # Errors
    /// Evidence, if a leaf cannot be read; Unavailable, if the disk refuses.
    pub fn rebuild(&self, progress: &mut dyn FnMut(Progress)) -> Result<Option<ViewManifest>> {
        let deriver = Deriver::new(self.evidence.log());
        let mut follower = Follower::new(&self.folder, deriver, 0, self.next_turn()?, Merging::default());
        let leaves_total = self.evidence.segments().last().map_or(0, |segment| segment.last + 1);
        let (mut files, mut completing) = (Vec::new(), None);
        for segment in self.evidence.segments() {
            try_scan(&*self.evidence, segment.first, segment.last + 1, |leaf| {
                follower.push(leaf)?;
                Ok(ControlFlow::Continue(()))
            })?;
            // The files of one segment are completed while the rows of the next are made.
            let closing = follower.close()?;
            if let Some(closing) = std::mem::replace(&mut completing, closing) {
                files.extend(closing.wait()?.manifest.files);
            }
            progress(Progress { leaves: follower.next(), leaves_total });
        }
        if let Some(closing) = completing {
            files.extend(closing.wait()?.manifest.files);
        }
        let Some(last) = leaves_total.checked_sub(1) else { return Ok(None) };
        let normaliser = follower.normaliser().to_owned();
        Ok(Some(ViewManifest { first: 0, last, normaliser, files, rebuild: true }))
    }

    fn merging(&self) -> Merging {
        Merging::over(self.catalog.lookups.values().map(|file| file.name.as_str()))
    }

    /// Compares every live file with what was sealed about it, byte by byte.
    pub fn check(&self) -> Vec<Difference> {
        check_files(&self.folder, self.catalog.files())
    }

    /// Removes files of leaves that have other, announced files: unfinished ones, those whose manifest
    /// was never sealed, those that a rebuild replaced. For the one writer of the folder, while it does
    /// not rebuild; it may follow, because a follower writes only about leaves that have no file yet.
    /// While anyone has the lake open for questions it removes nothing. Returns how many it removed.
    ///
    /// # Errors
    /// Unavailable, if a file cannot be removed.
    pub fn tidy(&self) -> Result<usize> {
        let path = self.folder.join(IN_USE);
        let lock = lock_file(&self.folder).map_err(|error| Error::io("open", &path, error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(0),
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", &path, error)),
        }
        let covered = self.covered();
        let live = |name: &str| self.catalog.files().any(|file| file.name == name);
        let mut removed = 0;
        for name in names(&self.folder)? {
            let first = unfinished(&name).or_else(|| FileName::parse(&name).map(|name| name.first));
            if first.is_some_and(|first| first < covered) && !live(&name) {
                let path = self.folder.join(&name);
                std::fs::remove_file(&path).map_err(|error| Error::io("remove", &path, error))?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// One more than the turn of any file that was ever announced or lies in the folder.
    fn next_turn(&self) -> Result<u32> {
        let lying = names(&self.folder)?.into_iter().filter_map(|name| FileName::parse(&name)).map(|name| name.turn);
        Ok(lying.fold(self.catalog.turn, u32::max) + 1)
    }
}

/// Compares the lake files that the log announces with what is on disk, even when the lake cannot be
/// opened.
///
/// # Errors
/// Evidence, if the log cannot be read.
pub fn check(folder: &Path, evidence: &dyn Evidence) -> Result<Vec<Difference>> {
    Ok(check_files(folder, Catalog::fold(evidence)?.files()))
}

fn check_files<'f>(folder: &Path, files: impl Iterator<Item = &'f LiveFile>) -> Vec<Difference> {
    let differs = |file: &LiveFile| {
        let what = difference(folder, file)?;
        let LiveFile { name, announced_by, first, last, .. } = file;
        Some(Difference { file: name.clone(), announced_by: *announced_by, first: *first, last: *last, what })
    };
    files.filter_map(differs).collect()
}

/// How a file differs from what was sealed about it, if it does.
fn difference(folder: &Path, file: &LiveFile) -> Option<String> {
    match digest(&folder.join(&file.name)) {
        Ok((sha256, _)) if sha256 == file.sha256 => None,
        Ok((sha256, bytes)) => {
            Some(format!("{bytes} bytes with SHA-256 {sha256}, sealed were {} with {}", file.bytes, file.sha256))
        }
        Err(error) => Some(error.to_string()),
    }
}

fn lock_file(folder: &Path) -> std::io::Result<File> {
    File::options().create(true).truncate(false).write(true).open(folder.join(IN_USE))
}

/// The first leaf of an unfinished file.
fn unfinished(name: &str) -> Option<u64> {
    name.strip_suffix(UNFINISHED)?.split('.').next()?.parse().ok()
}

fn names(folder: &Path) -> Result<Vec<String>> {
    let unreadable = |error| Error::io("list", folder, error);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        names.extend(entry.map_err(unreadable)?.file_name().into_string());
    }
    Ok(names)
}
