//! Names inside a data folder (`docs/format/data-folder.md`).

use std::path::{Path, PathBuf};

/// The folder of one log, `<data>/logs/<short>`.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) data: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) short: String,
}

impl Layout {
    pub(crate) fn new(data: &Path, short: &str) -> Layout {
        Layout { data: data.to_path_buf(), log: data.join("logs").join(short), short: short.to_owned() }
    }

    pub(crate) fn identity(&self) -> PathBuf {
        self.log.join("identity")
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.log.join("lock")
    }

    pub(crate) fn wal(&self) -> PathBuf {
        self.log.join("wal")
    }

    pub(crate) fn torn(&self) -> PathBuf {
        self.log.join("wal").join("torn")
    }

    /// The folder that may be published as it is.
    pub(crate) fn public(&self) -> PathBuf {
        self.log.join("log")
    }

    pub(crate) fn checkpoint(&self) -> PathBuf {
        self.log.join("log").join("checkpoint")
    }

    pub(crate) fn history(&self) -> PathBuf {
        self.log.join("log").join("history")
    }

    pub(crate) fn evidence(&self) -> PathBuf {
        self.log.join("evidence")
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.data.join("keys").join(&self.short)
    }

    pub(crate) fn fingerprint_key(&self) -> PathBuf {
        self.data.join("keys").join(format!("{}.fp", self.short))
    }
}
