//! Facts on disk: of each leaf what `trace` knows of it, a few leaves a block, so that a look-up unpacks
//! kilobytes and reads no evidence.
//!
//! A run of leaves has one file, made with its rows and sealed like them. Times, names and credentials of
//! people are in it: whoever erases a record makes this file anew, like that of the rows.
//!
//! ```text
//! mark       8 bytes  "DBFACT", the form of a fact, line feed
//! blocks     each of 32 leaves, the last of fewer: a zstd frame with its checksum, of the first leaf, then for
//!            each leaf the length of its entry (0: no event), the number of its source, the fact
//! directory  for each block: offset (u64), bytes unpacked (u32)
//! footer     first leaf, leaves, events, offset of the directory (u64 each), CRC-32C of the directory, CRC-32C
//!            of the footer before it (u32 each), the mark
//! ```
//! Numbers in blocks are LEB128; a fact is in the form of [postcard](https://postcard.jamesmunns.com), which has
//! no names of fields. Fixed-width numbers are little-endian.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use trace::Fact;
use zstd::bulk::{Compressor, Decompressor};

use crate::files::{self, Encode, Hashing};
use crate::number::{put, take};
use crate::{Error, ErrorKind, Result};

/// How a file begins and ends; a file of another form of facts is made again.
const MARK: [u8; 8] = [b'D', b'B', b'F', b'A', b'C', b'T', b'0' + trace::FORM, b'\n'];

/// Leaves of one block: what a point read has to unpack, against what packing it costs.
const BLOCK_LEAVES: u64 = 32;

/// Compression level: the knee between speed and size.
const ZSTD_LEVEL: i32 = 3;

/// Bytes of an entry of the directory.
const ENTRY_BYTES: usize = 12;

/// Bytes of the footer.
const FOOTER_BYTES: usize = 48;

/// Most bytes of a block, unpacked: records are smaller than this by far, so more is damage.
const BLOCK_BYTES_MAX: u32 = 1 << 30;

/// The facts of a run under construction, as blocks that are not packed yet.
pub(crate) struct Builder {
    next: u64,
    open: Block,
    full: Vec<Block>,
}

/// A block, unpacked.
#[derive(Default)]
pub(crate) struct Block {
    bytes: Vec<u8>,
    leaves: u64,
    events: u64,
}

impl Builder {
    /// Of the run that begins with this leaf.
    pub(crate) fn new(first: u64) -> Builder {
        Builder { next: first, open: Block::default(), full: Vec::new() }
    }

    /// Takes the fact of one leaf. Leaves rise; those passed over have none.
    ///
    /// # Errors
    /// Fatal, if a fact cannot be encoded: a mistake of this program.
    pub(crate) fn push(&mut self, leaf: u64, source: u32, fact: &Fact) -> Result<()> {
        self.skip_to(leaf);
        let mut entry = Vec::new();
        put(&mut entry, u64::from(source));
        let entry = postcard::to_extend(fact, entry)
            .map_err(|error| Error::caused(ErrorKind::Fatal, format!("encode the fact of leaf {leaf}"), error))?;
        self.open.events += 1;
        self.leaf(&entry);
        Ok(())
    }

    /// Leaves below `end` that were not told have no fact.
    pub(crate) fn skip_to(&mut self, end: u64) {
        while self.next < end {
            self.leaf(&[]);
        }
    }

    fn leaf(&mut self, entry: &[u8]) {
        if self.open.leaves == 0 {
            put(&mut self.open.bytes, self.next);
        }
        put(&mut self.open.bytes, entry.len() as u64);
        self.open.bytes.extend_from_slice(entry);
        self.open.leaves += 1;
        self.next += 1;
        if self.open.leaves == BLOCK_LEAVES {
            self.full.push(std::mem::take(&mut self.open));
        }
    }

    /// The blocks that are complete; with `all` the one that is not, too.
    pub(crate) fn take(&mut self, all: bool) -> Vec<Block> {
        if all && self.open.leaves > 0 {
            self.full.push(std::mem::take(&mut self.open));
        }
        std::mem::take(&mut self.full)
    }
}

/// Packs blocks into a file.
pub(crate) struct Packer {
    file: Hashing,
    path: PathBuf,
    zstd: Compressor<'static>,
    first: u64,
    leaves: u64,
    events: u64,
    offset: u64,
    directory: Vec<u8>,
}

impl Packer {
    /// Begins a file with this first leaf.
    pub(crate) fn new(mut file: Hashing, path: &Path, first: u64) -> Result<Packer> {
        let unable = |error| Error::caused(ErrorKind::Fatal, "set up zstd", error);
        let mut zstd = Compressor::new(ZSTD_LEVEL).map_err(unable)?;
        zstd.include_checksum(true).map_err(unable)?;
        file.write_all(&MARK).map_err(|error| Error::io("write", path, error))?;
        let (leaves, events, offset, directory) = (0, 0, MARK.len() as u64, Vec::new());
        Ok(Packer { file, path: path.to_owned(), zstd, first, leaves, events, offset, directory })
    }
}

impl Encode for Packer {
    type Piece = Vec<Block>;

    fn take(&mut self, blocks: Vec<Block>) -> Result<()> {
        for Block { bytes, leaves, events } in blocks {
            let too_long = |_| Error::new(ErrorKind::Fatal, format!("{} bytes of facts in one block", bytes.len()));
            let length = u32::try_from(bytes.len()).map_err(too_long)?;
            let failed = |error| Error::io("write", &self.path, error);
            let packed = self.zstd.compress(&bytes).map_err(failed)?;
            self.file.write_all(&packed).map_err(failed)?;
            self.directory.extend(self.offset.to_le_bytes());
            self.directory.extend(length.to_le_bytes());
            self.offset += packed.len() as u64;
            self.leaves += leaves;
            self.events += events;
        }
        Ok(())
    }

    fn end(mut self) -> Result<(Hashing, u64)> {
        let mut footer = Vec::with_capacity(FOOTER_BYTES);
        for number in [self.first, self.leaves, self.events, self.offset] {
            footer.extend(number.to_le_bytes());
        }
        footer.extend(crc32c::crc32c(&self.directory).to_le_bytes());
        footer.extend(crc32c::crc32c(&footer).to_le_bytes());
        footer.extend(MARK);
        let written = self.file.write_all(&self.directory).and_then(|()| self.file.write_all(&footer));
        written.map_err(|error| Error::io("write", &self.path, error))?;
        Ok((self.file, self.events))
    }
}

/// An open file of facts.
#[derive(Debug)]
pub(crate) struct FactFile {
    file: File,
    path: PathBuf,
    first: u64,
    leaves: u64,
    /// Offset of each block, and of the end of the last.
    offsets: Vec<u64>,
    /// Bytes of each block, unpacked.
    lengths: Vec<u32>,
}

impl FactFile {
    /// Opens a file and reads its directory.
    ///
    /// # Errors
    /// Corrupt, if it is missing, damaged or of another form.
    pub(crate) fn open(path: &Path) -> Result<FactFile> {
        let failed = |error| Error::file(path, error);
        let damaged = || Error::file(path, "its footer or directory is damaged");
        let file = File::open(path).map_err(failed)?;
        files::advise_random(&file);
        let length = file.metadata().map_err(failed)?.len();
        let at = length.checked_sub(FOOTER_BYTES as u64).ok_or_else(damaged)?;
        let mut footer = [0; FOOTER_BYTES];
        file.read_exact_at(&mut footer, at).map_err(failed)?;
        let (numbers, [a, b, c, d, e, f, g, h, mark @ ..]) = footer
            .split_first_chunk::<32>()
            .and_then(|(n, r)| Some((n, r.first_chunk::<16>()?)))
            .ok_or_else(damaged)?;
        let (directory_crc, footer_crc) = (u32::from_le_bytes([*a, *b, *c, *d]), u32::from_le_bytes([*e, *f, *g, *h]));
        if *mark != MARK {
            return Err(Error::file(path, "facts of another form, `deedbook lake rebuild` makes them again"));
        }
        if footer.get(..36).is_none_or(|bytes| crc32c::crc32c(bytes) != footer_crc) {
            return Err(damaged());
        }
        let mut numbers = numbers.as_chunks().0.iter().map(|bytes: &[u8; 8]| u64::from_le_bytes(*bytes));
        let (first, leaves, _) = (numbers.next(), numbers.next(), numbers.next());
        let (first, leaves) = first.zip(leaves).ok_or_else(damaged)?;
        let begin = numbers.next().filter(|begin| *begin <= at).ok_or_else(damaged)?;
        let mut directory = vec![0; usize::try_from(at - begin).map_err(|_| damaged())?];
        file.read_exact_at(&mut directory, begin).map_err(failed)?;
        if crc32c::crc32c(&directory) != directory_crc
            || directory.len() as u64 != leaves.div_ceil(BLOCK_LEAVES) * ENTRY_BYTES as u64
        {
            return Err(damaged());
        }
        let entries = || directory.as_chunks::<ENTRY_BYTES>().0.iter();
        let offset =
            |[a, b, c, d, e, f, g, h, ..]: &[u8; ENTRY_BYTES]| u64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h]);
        let length = |[.., a, b, c, d]: &[u8; ENTRY_BYTES]| u32::from_le_bytes([*a, *b, *c, *d]);
        let offsets = entries().map(offset).chain([begin]).collect();
        Ok(FactFile { path: path.to_owned(), first, leaves, offsets, lengths: entries().map(length).collect(), file })
    }

    /// Has the operating system read the blocks of these leaves, and does not wait for it.
    pub(crate) fn prefetch(&self, leaves: &[u64]) {
        let mut numbers: Vec<usize> = leaves.iter().filter_map(|leaf| self.number_of(*leaf)).collect();
        numbers.dedup();
        for number in numbers {
            if let (Some(begin), Some(end)) = (self.offsets.get(number), self.offsets.get(number + 1)) {
                files::advise_soon(&self.file, *begin, end.saturating_sub(*begin));
            }
        }
    }

    /// Visits the facts of leaves of this file, which rise, each with the number of its source; nothing is
    /// told of a leaf that is no event. `fact` has no id yet.
    ///
    /// # Errors
    /// Corrupt, if a block is damaged or does not hold what the directory says.
    pub(crate) fn read(
        &self,
        leaves: &[u64],
        zstd: &mut Decompressor<'_>,
        mut visit: impl FnMut(u64, u32, Fact) -> Result<()>,
    ) -> Result<()> {
        for wanted in leaves.chunk_by(|a, b| self.number_of(*a) == self.number_of(*b)) {
            let Some(number) = wanted.first().and_then(|leaf| self.number_of(*leaf)) else { continue };
            let bytes = self.block(number, zstd)?;
            let damaged = || Error::file(&self.path, format!("block {number} is damaged"));
            let mut rest = bytes.as_slice();
            let mut leaf = take(&mut rest).ok_or_else(damaged)?;
            if leaf != self.first + number as u64 * BLOCK_LEAVES {
                return Err(damaged());
            }
            let mut wanted = wanted.iter().peekable();
            while let Some(next) = wanted.peek() {
                let length = take(&mut rest).and_then(|length| usize::try_from(length).ok()).ok_or_else(damaged)?;
                let (mut entry, behind) = rest.split_at_checked(length).ok_or_else(damaged)?;
                if leaf == **next {
                    wanted.next();
                    if !entry.is_empty() {
                        let source = take(&mut entry).and_then(|n| u32::try_from(n).ok()).ok_or_else(damaged)?;
                        let fact = postcard::from_bytes(entry).map_err(|error| {
                            Error::file(&self.path, format!("the fact of leaf {leaf} cannot be read: {error}"))
                        })?;
                        visit(leaf, source, fact)?;
                    }
                }
                rest = behind;
                leaf += 1;
            }
        }
        Ok(())
    }

    fn number_of(&self, leaf: u64) -> Option<usize> {
        let offset = leaf.checked_sub(self.first).filter(|offset| *offset < self.leaves)?;
        usize::try_from(offset / BLOCK_LEAVES).ok()
    }

    fn block(&self, number: usize, zstd: &mut Decompressor<'_>) -> Result<Vec<u8>> {
        let damaged = |what: String| Error::file(&self.path, format!("block {number}: {what}"));
        let place = || {
            let (begin, end) = (self.offsets.get(number)?, self.offsets.get(number + 1)?);
            let packed = usize::try_from(end.checked_sub(*begin)?).ok()?;
            let length = self.lengths.get(number).filter(|length| **length <= BLOCK_BYTES_MAX)?;
            Some((*begin, packed, *length as usize))
        };
        let (begin, packed, length) = place().ok_or_else(|| damaged("its place cannot be".to_owned()))?;
        let mut bytes = vec![0; packed];
        self.file.read_exact_at(&mut bytes, begin).map_err(|error| Error::file(&self.path, error))?;
        let bytes = zstd.decompress(&bytes, length).map_err(|error| damaged(error.to_string()))?;
        if bytes.len() == length { Ok(bytes) } else { Err(damaged(format!("{} of {length} bytes", bytes.len()))) }
    }
}
