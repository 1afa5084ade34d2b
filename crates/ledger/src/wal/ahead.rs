//! Free files made ahead of need, by a thread that neither seals nor writes evidence.
//!
//! Filling a file with zeros takes as long as hundreds of syncs. The writer says when the file at hand
//! is half full ([`Files::expect`]); with each file that is used up one more is kept ready, up to
//! [`crate::Options::wal_files_ahead`], so a small log has none and a busy one is ahead of a burst.
//! What this thread meets is no more than a missing file: the writer then makes one itself.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use super::writer::{Files, fill_with_zeros};
use crate::disk::Disk;
use crate::{Error, ErrorKind, Options, Result};

/// Bytes of a file filled between two syncs: little enough that the WAL's own syncs get between.
const FILL_SYNC_BYTES: u64 = 4 << 20;

/// The thread that makes free files; stops when this is dropped.
pub(crate) struct Ahead {
    files: Arc<Files>,
    thread: Option<JoinHandle<()>>,
}

impl Ahead {
    /// Starts the thread, unless the options say that each file is made when it is needed.
    pub(crate) fn start(disk: Arc<dyn Disk>, folder: PathBuf, files: Arc<Files>, options: &Options) -> Result<Ahead> {
        let (file_bytes, reserve_bytes) = (options.wal_file_bytes, options.reserve_bytes);
        let mut ahead = Ahead { files, thread: None };
        if options.wal_files_ahead > 0 {
            let work = Work { disk, folder, files: ahead.files.clone(), file_bytes, reserve_bytes };
            let spawned = std::thread::Builder::new().name("ledger-wal".to_owned()).spawn(move || work.run());
            let failed = |e| Error::new(ErrorKind::Io, format!("start thread ledger-wal: {e}"));
            ahead.thread = Some(spawned.map_err(failed)?);
        }
        Ok(ahead)
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.files.stop_making();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that makes WAL files ended with a panic");
        }
    }
}

struct Work {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    files: Arc<Files>,
    file_bytes: u64,
    reserve_bytes: u64,
}

impl Work {
    fn run(&self) {
        while let Some(path) = self.files.wait_expected(&self.folder) {
            let made = self.make(&path).unwrap_or_else(|error| {
                tracing::debug!(%error, "no WAL file made ahead");
                false
            });
            if !made {
                // What could be written of it only takes space away.
                let _ = self.disk.unlink(&path);
            }
            self.files.made(made.then_some(path));
        }
    }

    /// `false` when there is no space to spare, or no time.
    fn make(&self, path: &std::path::Path) -> Result<bool> {
        let free = self.disk.free_bytes(&self.folder).map_err(|e| Error::io("ask for free space of", path, &e))?;
        if free < self.reserve_bytes.saturating_add(self.file_bytes) {
            return Ok(false);
        }
        fill_with_zeros(self.disk.as_ref(), path, self.file_bytes, FILL_SYNC_BYTES, &|| !self.files.is_stopped())
    }
}
