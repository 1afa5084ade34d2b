//! Files and folders, read within limits.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::{Failure, Result};

/// Largest file that is read: a record of 16 MiB in base64, with room.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Says of an error which file or folder it is about.
pub(crate) fn unreadable(path: &Path) -> impl Fn(io::Error) -> Failure {
    move |error| Failure::Io(format!("{}: {error}", path.display()))
}

/// The bytes of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    read_within(path, FILE_BYTES_MAX)
}

/// The bytes of a file of at most so many.
pub(crate) fn read_within(path: &Path, bytes_max: u64) -> Result<Vec<u8>> {
    let length = fs::metadata(path).map_err(unreadable(path))?.len();
    if length > bytes_max {
        return Err(Failure::Io(format!("{} has {length} bytes, the limit is {bytes_max}", path.display())));
    }
    fs::read(path).map_err(unreadable(path))
}

/// What is in a folder, ascending; nothing when the folder is missing.
pub(crate) fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    if folder.exists() {
        for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
            paths.push(entry.map_err(unreadable(folder))?.path());
        }
    }
    paths.sort_unstable();
    Ok(paths)
}

/// Length and SHA-256 (hex) of a file in words, which differ when the files do.
pub(crate) fn described(bytes: u64, sha256: &str) -> String {
    format!("{bytes} bytes, SHA-256 {sha256}")
}

/// What a file of any length is, described.
pub(crate) fn describe(path: &Path) -> Result<String> {
    let mut file = File::open(path).map_err(unreadable(path))?;
    let (mut hash, mut bytes, mut chunk) = (Sha256::new(), 0, vec![0; 1 << 20]);
    loop {
        let read = file.read(&mut chunk).map_err(unreadable(path))?;
        if read == 0 {
            return Ok(described(bytes, &model::hex(&hash.finalize())));
        }
        hash.update(chunk.get(..read).unwrap_or_default());
        bytes += read as u64;
    }
}
