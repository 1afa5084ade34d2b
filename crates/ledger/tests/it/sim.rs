//! A disk that forgets: what was written and not synced survives a power cut sector by sector, as a
//! coin decides; names survive folder by folder, as far as a coin says, unless the folder was synced.
//!
//! One scripted run records every operation; the image that a power cut after operation n leaves is
//! then built from the record, for every n.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ledger::{Disk, File, Guard};
use parking_lot::Mutex;

/// One step that changes the medium.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Create { path: PathBuf, inode: usize },
    CreateDir { path: PathBuf },
    Write { inode: usize, offset: usize, bytes: Arc<Vec<u8>> },
    Cut { inode: usize, bytes: usize },
    Sync { inode: usize },
    Link { from: PathBuf, to: PathBuf },
    Rename { from: PathBuf, to: PathBuf },
    Unlink { path: PathBuf },
    SyncDir { path: PathBuf },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    Dir,
    File(usize),
}

type Names = BTreeMap<PathBuf, Node>;

/// Applies an operation on names; `false` when it is none.
fn apply_name(names: &mut Names, op: &Op) -> bool {
    match op {
        Op::Create { path, inode } => drop(names.insert(path.clone(), Node::File(*inode))),
        Op::CreateDir { path } => drop(names.insert(path.clone(), Node::Dir)),
        Op::Unlink { path } => drop(names.remove(path)),
        Op::Link { from, to } => {
            if let Some(node) = names.get(from).copied() {
                names.insert(to.clone(), node);
            }
        }
        Op::Rename { from, to } => {
            let moved: Vec<PathBuf> = names.keys().filter(|path| path.starts_with(from)).cloned().collect();
            for path in moved {
                let node = names.remove(&path).unwrap();
                let rest = path.strip_prefix(from).unwrap();
                let target = if rest.as_os_str().is_empty() { to.clone() } else { to.join(rest) };
                names.insert(target, node);
            }
        }
        _ => return false,
    }
    true
}

/// The folder whose sync makes an operation on names durable.
fn folder_of(op: &Op) -> PathBuf {
    match op {
        Op::Create { path, .. } | Op::CreateDir { path } | Op::Unlink { path } => path.parent().unwrap().into(),
        Op::Link { to, .. } | Op::Rename { to, .. } => to.parent().unwrap().into(),
        _ => PathBuf::new(),
    }
}

/// A small generator: the coins of one power cut.
pub(crate) struct Coins(u64);

impl Coins {
    pub(crate) fn new(seed: u64) -> Coins {
        Coins(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % below
    }
}

/// What is surely on the medium, and what may be.
#[derive(Clone, Default)]
pub(crate) struct Medium {
    names: Names,
    pending_names: Vec<Op>,
    files: Vec<Arc<Vec<u8>>>,
    pending_bytes: Vec<(usize, Op)>,
}

impl Medium {
    /// Takes the next operation of the record.
    pub(crate) fn apply(&mut self, op: &Op) {
        match op {
            Op::Create { inode, .. } => {
                self.files.resize(self.files.len().max(inode + 1), Arc::default());
                self.pending_names.push(op.clone());
            }
            Op::Write { inode, .. } | Op::Cut { inode, .. } => self.pending_bytes.push((*inode, op.clone())),
            Op::Sync { inode } => {
                for (_, op) in self.pending_bytes.extract_if(.., |(of, _)| of == inode) {
                    apply_bytes(Arc::make_mut(&mut self.files[*inode]), &op, |_| true, 512);
                }
            }
            Op::SyncDir { path } => {
                for op in self.pending_names.extract_if(.., |op| folder_of(op) == *path) {
                    apply_name(&mut self.names, &op);
                }
            }
            _ => self.pending_names.push(op.clone()),
        }
    }

    /// What is found after a power cut now: `sector` bytes arrive together or not at all.
    pub(crate) fn power_cut(&self, sector: usize, coins: &mut Coins) -> SimDisk {
        let mut image = self.clone();
        for (inode, op) in std::mem::take(&mut image.pending_bytes) {
            apply_bytes(Arc::make_mut(&mut image.files[inode]), &op, |_| coins.next(2) == 0, sector);
        }
        let pending = std::mem::take(&mut image.pending_names);
        let mut reached: BTreeMap<PathBuf, bool> = BTreeMap::new();
        for op in pending {
            // A folder's names survive in order, up to some point.
            let alive = reached.entry(folder_of(&op)).or_insert(true);
            *alive = *alive && coins.next(8) != 0;
            if *alive {
                apply_name(&mut image.names, &op);
            }
        }
        // A name in a folder that did not survive is gone with it.
        let dirs: Vec<PathBuf> = image.names.keys().cloned().collect();
        image.names.retain(|path, _| {
            path.ancestors().skip(1).all(|up| up == Path::new("") || dirs.contains(&up.into()) || up == Path::new("/"))
        });
        SimDisk::from(image)
    }
}

fn apply_bytes(file: &mut Vec<u8>, op: &Op, mut arrives: impl FnMut(usize) -> bool, sector: usize) {
    match op {
        Op::Write { offset, bytes, .. } => {
            let mut at = 0;
            while at < bytes.len() {
                let end = (at + sector - (offset + at) % sector).min(bytes.len());
                if arrives(offset + at) {
                    let length = file.len().max(offset + end);
                    file.resize(length, 0);
                    file[offset + at..offset + end].copy_from_slice(&bytes[at..end]);
                }
                at = end;
            }
        }
        Op::Cut { bytes, .. } if arrives(0) => file.resize(*bytes, 0),
        _ => {}
    }
}

#[derive(Default)]
struct World {
    names: Names,
    files: Vec<Vec<u8>>,
    record: Vec<Op>,
    recording: bool,
    /// From this operation on, `count` writes find the disk full.
    full_at: Option<(usize, usize)>,
    /// This sync does not succeed.
    sync_fails_at: Option<usize>,
    writes: usize,
    syncs: usize,
    /// Free space that is told; `None` for plenty.
    free_bytes: Option<u64>,
}

/// A file system in memory.
#[derive(Clone)]
pub(crate) struct SimDisk(Arc<Mutex<World>>);

struct SimFile(Arc<Mutex<World>>, usize);

impl From<Medium> for SimDisk {
    fn from(medium: Medium) -> SimDisk {
        let files = medium.files.into_iter().map(|file| file.as_ref().clone()).collect();
        SimDisk(Arc::new(Mutex::new(World { names: medium.names, files, ..World::default() })))
    }
}

impl SimDisk {
    /// An empty disk with a folder `/data`, which records what is done to it.
    pub(crate) fn recording() -> SimDisk {
        let mut world = World { recording: true, ..World::default() };
        world.names.insert("/data".into(), Node::Dir);
        SimDisk(Arc::new(Mutex::new(world)))
    }

    /// What a medium holds before anything was done to a recording disk.
    pub(crate) fn empty_medium() -> Medium {
        let mut medium = Medium::default();
        medium.names.insert("/data".into(), Node::Dir);
        medium
    }

    pub(crate) fn arc(&self) -> Arc<dyn Disk> {
        Arc::new(self.clone())
    }

    /// Number of operations so far.
    pub(crate) fn ops(&self) -> usize {
        self.0.lock().record.len()
    }

    pub(crate) fn record(&self) -> Vec<Op> {
        self.0.lock().record.clone()
    }

    pub(crate) fn writes(&self) -> usize {
        self.0.lock().writes
    }

    pub(crate) fn syncs(&self) -> usize {
        self.0.lock().syncs
    }

    /// From write `at` on, `count` writes find the disk full.
    pub(crate) fn fill(&self, at: usize, count: usize) {
        self.0.lock().full_at = Some((at, count));
    }

    /// What the disk says it has left.
    pub(crate) fn tell_free(&self, bytes: u64) {
        self.0.lock().free_bytes = Some(bytes);
    }

    pub(crate) fn fail_sync(&self, at: usize) {
        self.0.lock().sync_fails_at = Some(at);
    }
}

impl World {
    fn done(&mut self, op: Op) {
        apply_name(&mut self.names, &op);
        if self.recording {
            self.record.push(op);
        }
    }

    fn take_space(&mut self) -> io::Result<()> {
        self.writes += 1;
        match self.full_at {
            Some((at, count)) if (at..at + count).contains(&(self.writes - 1)) => {
                Err(io::ErrorKind::StorageFull.into())
            }
            _ => Ok(()),
        }
    }

    fn take_sync(&mut self) -> io::Result<()> {
        self.syncs += 1;
        match self.sync_fails_at {
            Some(at) if at == self.syncs - 1 => Err(io::Error::other("the device is gone")),
            _ => Ok(()),
        }
    }

    fn inode(&self, path: &Path) -> io::Result<usize> {
        match self.names.get(path) {
            Some(Node::File(inode)) => Ok(*inode),
            Some(Node::Dir) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn parent_exists(&self, path: &Path) -> io::Result<()> {
        match self.names.get(path.parent().unwrap()) {
            Some(Node::Dir) => Ok(()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

impl Disk for SimDisk {
    fn create_new(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let mut world = self.0.lock();
        world.parent_exists(path)?;
        if world.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        world.take_space()?;
        let inode = world.files.len();
        world.files.push(Vec::new());
        world.done(Op::Create { path: path.into(), inode });
        Ok(Arc::new(SimFile(self.0.clone(), inode)))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let inode = self.0.lock().inode(path)?;
        Ok(Arc::new(SimFile(self.0.clone(), inode)))
    }

    fn open_write(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        self.open(path)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut world = self.0.lock();
        world.inode(from)?;
        if world.names.contains_key(to) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        world.done(Op::Link { from: from.into(), to: to.into() });
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut world = self.0.lock();
        if !world.names.contains_key(from) {
            return Err(io::ErrorKind::NotFound.into());
        }
        world.done(Op::Rename { from: from.into(), to: to.into() });
        Ok(())
    }

    fn unlink(&self, path: &Path) -> io::Result<()> {
        let mut world = self.0.lock();
        world.inode(path)?;
        world.done(Op::Unlink { path: path.into() });
        Ok(())
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        let mut world = self.0.lock();
        let mut missing: Vec<&Path> =
            path.ancestors().take_while(|up| !world.names.contains_key(*up) && *up != Path::new("/")).collect();
        while let Some(path) = missing.pop() {
            world.take_space()?;
            world.done(Op::CreateDir { path: path.into() });
        }
        Ok(())
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.0.lock().done(Op::Unlink { path: path.into() });
        Ok(())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let mut world = self.0.lock();
        world.take_sync()?;
        world.done(Op::SyncDir { path: path.into() });
        Ok(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let world = self.0.lock();
        match world.names.get(path) {
            Some(Node::Dir) => {}
            Some(Node::File(_)) => return Err(io::ErrorKind::NotADirectory.into()),
            None => return Err(io::ErrorKind::NotFound.into()),
        }
        let inside = world.names.keys().filter(|name| name.parent() == Some(path));
        Ok(inside.map(|name| name.file_name().unwrap().to_str().unwrap().to_owned()).collect())
    }

    fn free_bytes(&self, _: &Path) -> io::Result<u64> {
        Ok(self.0.lock().free_bytes.unwrap_or(1 << 40))
    }

    fn lock(&self, _: &Path, _: u32) -> io::Result<Guard> {
        Ok(Box::new(()))
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        Ok(self.0.lock().names.contains_key(path))
    }
}

impl File for SimFile {
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut world = self.0.lock();
        world.take_space()?;
        let offset = offset as usize;
        let file = &mut world.files[self.1];
        let length = file.len().max(offset + bytes.len());
        file.resize(length, 0);
        file[offset..offset + bytes.len()].copy_from_slice(bytes);
        world.done(Op::Write { inode: self.1, offset, bytes: Arc::new(bytes.to_vec()) });
        Ok(())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let world = self.0.lock();
        let file = &world.files[self.1];
        let from = (offset as usize).min(file.len());
        let count = buffer.len().min(file.len() - from);
        buffer[..count].copy_from_slice(&file[from..from + count]);
        Ok(count)
    }

    fn sync(&self) -> io::Result<()> {
        let mut world = self.0.lock();
        world.take_sync()?;
        world.done(Op::Sync { inode: self.1 });
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().files[self.1].len() as u64)
    }

    fn cut(&self, bytes: u64) -> io::Result<()> {
        let mut world = self.0.lock();
        world.files[self.1].resize(bytes as usize, 0);
        world.done(Op::Cut { inode: self.1, bytes: bytes as usize });
        Ok(())
    }
}
