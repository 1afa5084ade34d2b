//! The seam between the ledger and the medium: every byte that is written, synced, linked, renamed
//! or unlinked passes here, so that tests can cut the power at each of these steps.
//!
//! What is assumed of a medium is written in `docs/format/data-folder.md`, *Assumptions about the
//! medium*: after [`File::sync`] returns, the bytes and the length are durable; after
//! [`Disk::sync_dir`] returns, the names in that folder are; nothing else is, and a write that was
//! not synced may be durable in any subset of its sectors.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An open file: positioned reads and writes only, so one handle serves many threads.
pub trait File: Send + Sync {
    /// Writes all of `bytes` at `offset`. Not durable until [`File::sync`].
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Reads up to `buffer.len()` bytes at `offset`; fewer only at the end of the file.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
    /// Makes bytes and length durable.
    fn sync(&self) -> io::Result<()>;
    /// Length in bytes.
    fn len(&self) -> io::Result<u64>;
    /// Whether it has no bytes.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }
    /// Cuts the file to `bytes`. Only a tail that was never completed is ever cut.
    fn cut(&self, bytes: u64) -> io::Result<()>;
    /// Makes everything durable that was written to the file system of this file or folder: bytes,
    /// lengths and names. `false` where there is no such call: then each file is synced by itself. An
    /// error since this handle was opened is reported, so the handle is kept open.
    fn sync_volume(&self) -> io::Result<bool> {
        Ok(false)
    }
}

/// A file system.
pub trait Disk: Send + Sync {
    /// Creates a file that must not exist (`O_EXCL`), mode 0600.
    fn create_new(&self, path: &Path) -> io::Result<Arc<dyn File>>;
    /// Opens for reading.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>>;
    /// Opens an existing file for reading and writing.
    fn open_write(&self, path: &Path) -> io::Result<Arc<dyn File>>;
    /// Gives a file a second name that must not exist.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Renames; replaces `to` if it exists.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Two names in one folder change places, in one step where the file system can. Where it cannot, a crash may
    /// leave what `one` named under [`aside`], and no `other`.
    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        let aside = aside(one);
        self.rename(one, &aside)?;
        self.rename(other, one)?;
        self.rename(&aside, other)
    }
    /// Removes a name.
    fn unlink(&self, path: &Path) -> io::Result<()>;
    /// Creates a folder and those above it, mode 0700; existing ones are left alone.
    fn create_dir(&self, path: &Path) -> io::Result<()>;
    /// Removes an empty folder.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;
    /// Makes the names in a folder durable.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// Names in a folder, files and folders, in no order.
    fn list(&self, path: &Path) -> io::Result<Vec<String>>;
    /// Takes the advisory lock of a file, which is created if need be, and writes `pid` into it. Held
    /// until the guard is dropped; `WouldBlock` names the holder.
    fn lock(&self, path: &Path, pid: u32) -> io::Result<Guard>;
    /// Free bytes for this user on the file system of `path`.
    fn free_bytes(&self, path: &Path) -> io::Result<u64>;

    /// Whether the path exists.
    fn exists(&self, path: &Path) -> io::Result<bool> {
        match self.open(path) {
            Ok(_) => Ok(true),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// The whole content of a file of at most `bytes_max`.
    fn read(&self, path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
        let file = self.open(path)?;
        let length = file.len()?;
        if length > bytes_max {
            let message = format!("file has {length} bytes, at most {bytes_max} are read here");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        let read = file.read_at(0, &mut bytes)?;
        bytes.truncate(read);
        Ok(bytes)
    }
}

/// A lock, held while this lives.
pub type Guard = Box<dyn Send + Sync>;

/// The file system of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

struct RealFile(fs::File);

impl File for RealFile {
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut read = 0;
        while let Some(rest) = buffer.get_mut(read..).filter(|rest| !rest.is_empty()) {
            match self.0.read_at(rest, offset + read as u64) {
                Ok(0) => break,
                Ok(n) => read += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(read)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn cut(&self, bytes: u64) -> io::Result<()> {
        self.0.set_len(bytes)
    }

    #[cfg(target_os = "linux")]
    fn sync_volume(&self) -> io::Result<bool> {
        rustix::fs::syncfs(&self.0)?;
        Ok(true)
    }
}

impl Disk for RealDisk {
    fn create_new(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let file = fs::OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
        Ok(Arc::new(RealFile(file)))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        Ok(Arc::new(RealFile(fs::File::open(path)?)))
    }

    fn open_write(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        Ok(Arc::new(RealFile(fs::OpenOptions::new().read(true).write(true).open(path)?)))
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    #[cfg(target_os = "linux")]
    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {}
            exchanged => return Ok(exchanged?),
        }
        let aside = aside(one);
        fs::rename(one, &aside)?;
        fs::rename(other, one)?;
        fs::rename(&aside, other)
    }

    fn unlink(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        fs::File::open(path)?.sync_all()
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(path)? {
            // A name that is not UTF-8 is none of ours.
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    fn lock(&self, path: &Path, pid: u32) -> io::Result<Guard> {
        let file = fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        if let Err(e) = rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
            let holder = fs::read_to_string(path).unwrap_or_default();
            let e = io::Error::from(e);
            return Err(match e.kind() {
                io::ErrorKind::WouldBlock => io::Error::new(e.kind(), format!("process {}", holder.trim())),
                _ => e,
            });
        }
        file.set_len(0)?;
        file.write_all_at(format!("{pid}\n").as_bytes(), 0)?;
        Ok(Box::new(file))
    }

    fn free_bytes(&self, path: &Path) -> io::Result<u64> {
        let stat = rustix::fs::statvfs(path)?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }
}

/// Where [`Disk::exchange`] puts the first of its two names for a moment.
pub(crate) fn aside(path: &Path) -> PathBuf {
    path.with_extension("aside")
}

/// The folder a path is in.
pub(crate) fn parent(path: &Path) -> PathBuf {
    path.parent().map(Path::to_path_buf).unwrap_or_default()
}
