//! Reading look-up files: the directory in memory, one block a look-up.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;

use super::{CRC_BYTES, ENTRY_BYTES, FOOTER_BYTES, Footer, MARK, STRETCH_BYTES, STRETCH_LEAVES};
use crate::{Error, Result, files, number};

/// Leaves and keys of which a run remembers what it found, 8 bytes each; when there are more, all are let go. A
/// name that is everywhere in a long run takes a quarter of it, under each of its keys.
const FOUND_KEPT_MAX: usize = 1 << 22;

/// An open look-up file.
#[derive(Debug)]
pub(crate) struct Run {
    file: File,
    path: PathBuf,
    footer: Footer,
    /// First key and offset of each block.
    directory: Vec<(u32, u64)>,
    stretches: OnceLock<Vec<Stretch>>,
    /// What look-ups have found: a chain of links asks for the same names again and again.
    found: Mutex<Found>,
}

/// Some leaves that follow each other.
#[derive(Clone, Debug)]
pub(crate) struct Stretch {
    /// Earliest and latest event time; the other way round without an event.
    pub(crate) earliest: i64,
    pub(crate) latest: i64,
    /// CRC-32C of the times.
    checksum: u32,
}

/// What one key finds in a run.
#[derive(Debug)]
pub(crate) struct Told {
    /// The leaves that may have it, rising.
    pub(crate) leaves: Vec<u64>,
    /// The stretches that they are of, each with the place of its first leaf among them.
    stretches: Vec<(usize, usize)>,
}

/// What was found, by key.
#[derive(Debug, Default)]
struct Found {
    by_key: HashMap<u32, Arc<Told>>,
    /// Leaves and keys together.
    kept: usize,
}

impl Run {
    /// Opens a file and reads its directory.
    pub(crate) fn open(path: &Path) -> Result<Run> {
        let failed = |error| Error::file(path, error);
        let damaged = || Error::file(path, "its footer or directory is damaged");
        let file = File::open(path).map_err(failed)?;
        files::advise_random(&file);
        let length = file.metadata().map_err(failed)?.len();
        let mut footer = [0; FOOTER_BYTES];
        let at = length.checked_sub(FOOTER_BYTES as u64).ok_or_else(damaged)?;
        file.read_exact_at(&mut footer, at).map_err(failed)?;
        let (footer, checksum) = Footer::decode(&footer).ok_or_else(damaged)?;
        let bytes = at.checked_sub(footer.directory).filter(|bytes| Some(*bytes) == footer.blocks.checked_mul(12));
        let mut directory = vec![0; usize::try_from(bytes.ok_or_else(damaged)?).map_err(|_| damaged())?];
        file.read_exact_at(&mut directory, footer.directory).map_err(failed)?;
        if crc32c::crc32c(&directory) != checksum {
            return Err(damaged());
        }
        let entry = |[a, b, c, d, offset @ ..]: &[u8; ENTRY_BYTES]| {
            (u32::from_le_bytes([*a, *b, *c, *d]), u64::from_le_bytes(*offset))
        };
        let directory = directory.as_chunks().0.iter().map(entry).collect();
        Ok(Run { file, path: path.to_owned(), footer, directory, stretches: OnceLock::new(), found: Mutex::default() })
    }

    /// First leaf.
    pub(crate) fn first(&self) -> u64 {
        self.footer.first
    }

    /// Number of leaves.
    pub(crate) fn leaves(&self) -> u64 {
        self.footer.leaves
    }

    /// Earliest and latest event time.
    pub(crate) fn span(&self) -> (i64, i64) {
        (self.footer.earliest, self.footer.latest)
    }

    /// Has the operating system read what [`Run::told`] will need, and does not wait for it.
    pub(crate) fn prefetch(&self, key: u32) {
        let place = || self.place(self.number_of(key)?);
        if !self.found.lock().by_key.contains_key(&key)
            && let Some((offset, end)) = place()
        {
            files::advise_soon(&self.file, offset, end.saturating_sub(offset));
        }
    }

    /// The leaves that may have a key.
    pub(crate) fn told(&self, key: u32) -> Result<Arc<Told>> {
        if let Some(known) = self.found.lock().by_key.get(&key) {
            return Ok(Arc::clone(known));
        }
        let told = Arc::new(self.grouped(self.find(key)?));
        let mut found = self.found.lock();
        let count = told.leaves.len() + 1;
        if found.kept + count > FOUND_KEPT_MAX {
            *found = Found::default();
        }
        if count < FOUND_KEPT_MAX {
            found.kept += count;
            found.by_key.insert(key, Arc::clone(&told));
        }
        Ok(told)
    }

    /// Leaves of this run, which rise, with the stretches that they are of.
    pub(super) fn grouped(&self, leaves: Vec<u64>) -> Told {
        let mut stretches: Vec<(usize, usize)> = Vec::new();
        for (place, leaf) in leaves.iter().enumerate() {
            let number = self.stretch_of(*leaf);
            if stretches.last().is_none_or(|(last, _)| *last != number) {
                stretches.push((number, place));
            }
        }
        Told { leaves, stretches }
    }

    fn stretch_of(&self, leaf: u64) -> usize {
        usize::try_from(leaf.saturating_sub(self.footer.first) / STRETCH_LEAVES).unwrap_or(usize::MAX)
    }

    /// The leaves that may have a key, rising.
    pub(super) fn find(&self, key: u32) -> Result<Vec<u64>> {
        let Some(number) = self.number_of(key) else { return Ok(Vec::new()) };
        let (mut own, bytes) = self.packed(number)?;
        let damaged = || Error::file(&self.path, format!("block {number} is damaged"));
        let mut values = bytes.as_slice();
        let mut leaves = Vec::new();
        while !values.is_empty() {
            let step = number::take(&mut values).and_then(|step| u32::try_from(step).ok()).ok_or_else(damaged)?;
            own = own.checked_add(step).ok_or_else(damaged)?;
            match own.cmp(&key) {
                Ordering::Less => {
                    let count = number::take(&mut values).ok_or_else(damaged)?;
                    number::pass(&mut values, count.saturating_add(1)).ok_or_else(damaged)?;
                }
                Ordering::Equal => {
                    listed(&mut values, self.footer.leaves, &mut leaves).ok_or_else(damaged)?;
                    break;
                }
                Ordering::Greater => break,
            }
        }
        leaves.iter_mut().for_each(|leaf| *leaf += self.footer.first);
        Ok(leaves)
    }

    /// The block that has a key, if one has.
    fn number_of(&self, key: u32) -> Option<usize> {
        self.directory.partition_point(|(first, _)| *first <= key).checked_sub(1)
    }

    /// Where a block begins and ends.
    fn place(&self, number: usize) -> Option<(u64, u64)> {
        let (_, offset) = self.directory.get(number)?;
        let end = self.directory.get(number + 1).map_or(self.footer.directory, |(_, offset)| *offset);
        Some((*offset, end))
    }

    /// The first key of a block, and its values with their checksum right.
    fn packed(&self, number: usize) -> Result<(u32, Vec<u8>)> {
        let first = self.directory.get(number).map(|(first, _)| *first);
        let Some((first, (offset, end))) = first.zip(self.place(number)) else { return Ok((0, Vec::new())) };
        let damaged = || Error::file(&self.path, format!("block {number} at byte {offset} is damaged"));
        let mut bytes = vec![0; usize::try_from(end.saturating_sub(offset)).map_err(|_| damaged())?];
        self.file.read_exact_at(&mut bytes, offset).map_err(|error| Error::file(&self.path, error))?;
        let checksum = bytes.split_last_chunk::<CRC_BYTES>().map(|(values, crc)| (crc32c::crc32c(values), *crc));
        let (computed, stored) = checksum.ok_or_else(damaged)?;
        if computed != u32::from_le_bytes(stored) {
            return Err(damaged());
        }
        bytes.truncate(bytes.len() - CRC_BYTES);
        Ok((first, bytes))
    }

    /// Visits the values of one block with the offsets of their leaves.
    pub(super) fn block(&self, number: usize, mut visit: impl FnMut(u32, &[u64])) -> Result<()> {
        let (mut key, bytes) = self.packed(number)?;
        let damaged = || Error::file(&self.path, format!("block {number} is damaged"));
        let (mut values, mut leaves) = (bytes.as_slice(), Vec::new());
        while !values.is_empty() {
            let step = number::take(&mut values).and_then(|step| u32::try_from(step).ok()).ok_or_else(damaged)?;
            key = key.checked_add(step).ok_or_else(damaged)?;
            leaves.clear();
            listed(&mut values, self.footer.leaves, &mut leaves).ok_or_else(damaged)?;
            visit(key, &leaves);
        }
        Ok(())
    }

    /// Number of blocks.
    pub(super) fn blocks(&self) -> usize {
        self.directory.len()
    }

    /// The stretches of what was told, each with its bounds and the places of its leaves; those in which no event is
    /// found are left out.
    pub(crate) fn stretches<'t>(
        &self,
        told: &'t Told,
    ) -> Result<impl Iterator<Item = (Stretch, std::ops::Range<usize>)> + use<'_, 't>> {
        let known = self.all_stretches()?;
        let ends = told.stretches.iter().skip(1).map(|(_, place)| *place).chain([told.leaves.len()]);
        Ok(told.stretches.iter().zip(ends).filter_map(|((number, begin), end)| {
            let stretch = known.get(*number)?;
            (stretch.earliest <= stretch.latest).then(|| (stretch.clone(), *begin..end))
        }))
    }

    /// Event times of leaves of this run, which rise; none for a leaf that is not found.
    pub(crate) fn times(&self, leaves: &[u64]) -> Result<Vec<Option<i64>>> {
        let width = usize::try_from(self.footer.width).unwrap_or(usize::MAX);
        let mut times = Vec::with_capacity(leaves.len());
        for group in leaves.chunk_by(|a, b| self.stretch_of(*a) == self.stretch_of(*b)) {
            let Some(first) = group.first() else { continue };
            let bytes = self.times_of(self.stretch_of(*first))?;
            times.extend(group.iter().map(|leaf| {
                let at = usize::try_from((leaf - self.footer.first) % STRETCH_LEAVES).ok()? * width;
                let mut step = [0; 8];
                step.iter_mut().zip(bytes.get(at..at + width)?).for_each(|(to, from)| *to = *from);
                self.time(u64::from_le_bytes(step))
            }));
        }
        Ok(times)
    }

    /// The times of one stretch, with their checksum right.
    fn times_of(&self, number: usize) -> Result<Vec<u8>> {
        let stretches = self.all_stretches()?;
        let Some(stretch) = stretches.get(number) else { return Ok(Vec::new()) };
        let before = number as u64 * STRETCH_LEAVES;
        let leaves = self.footer.leaves.saturating_sub(before).min(STRETCH_LEAVES);
        let offset = MARK.len() as u64 + before * self.footer.width;
        let mut bytes = vec![0; usize::try_from(leaves * self.footer.width).unwrap_or(0)];
        self.file.read_exact_at(&mut bytes, offset).map_err(|error| Error::file(&self.path, error))?;
        if crc32c::crc32c(&bytes) != stretch.checksum {
            return Err(Error::file(&self.path, format!("the times of stretch {number} are damaged")));
        }
        Ok(bytes)
    }

    /// What the file says of its stretches: some hundred kilobytes for eight million leaves.
    fn all_stretches(&self) -> Result<&[Stretch]> {
        if let Some(stretches) = self.stretches.get() {
            return Ok(stretches);
        }
        let damaged = || Error::file(&self.path, "what it says of its stretches is damaged");
        let length = usize::try_from(self.footer.stretches_bytes()).map_err(|_| damaged())?;
        let mut bytes = vec![0; length + CRC_BYTES];
        let read = self.file.read_exact_at(&mut bytes, self.footer.stretches_from());
        read.map_err(|error| Error::file(&self.path, error))?;
        let (bytes, stored) = bytes.split_last_chunk::<CRC_BYTES>().ok_or_else(damaged)?;
        if crc32c::crc32c(bytes) != u32::from_le_bytes(*stored) {
            return Err(damaged());
        }
        let stretch = |[a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, checksum @ ..]: &[u8; STRETCH_BYTES]| Stretch {
            earliest: self.time(u64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h])).unwrap_or(i64::MAX),
            latest: self.time(u64::from_le_bytes([*i, *j, *k, *l, *m, *n, *o, *p])).unwrap_or(i64::MIN),
            checksum: u32::from_le_bytes(*checksum),
        };
        let stretches = bytes.as_chunks().0.iter().map(stretch).collect();
        Ok(self.stretches.get_or_init(|| stretches))
    }

    fn time(&self, step: u64) -> Option<i64> {
        let distance = step.checked_sub(1)?.wrapping_mul(self.footer.unit);
        Some(self.footer.earliest.wrapping_add_unsigned(distance))
    }
}

/// Takes the offsets of the leaves of one value off a block.
fn listed(values: &mut &[u8], leaves_max: u64, leaves: &mut Vec<u64>) -> Option<()> {
    let count = number::take(values)?;
    let mut leaf = 0u64;
    // Each leaf takes a byte at least, so a damaged count ends with the block.
    for _ in 0..=count {
        leaf = leaf.checked_add(number::take(values)?).filter(|leaf| *leaf < leaves_max)?;
        leaves.push(leaf);
    }
    Some(())
}
