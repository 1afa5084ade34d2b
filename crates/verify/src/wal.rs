//! The write-ahead log (`docs/format/wal.md`): the newest leaves, group by group, with the notes that
//! the log signed over them. Read twice: for what is signed, then for the leaves.

use std::ops::Range;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tlog::Hash;

use crate::Failure;
use crate::files::{list, read_within};
use crate::leaves::Opening;
use crate::report::Findings;

/// Files and frames are made of pages.
const PAGE_BYTES: usize = 4_096;

/// Largest file: sixteen times what a ledger makes unless told otherwise. One is in memory at a time.
const FILE_BYTES_MAX: u64 = 1 << 30;

/// Length of the fixed part of a frame.
const FIXED_BYTES: usize = 112;

/// A frame, checked from its first byte to its last.
pub(crate) struct Frame<'b> {
    /// File and offset, for findings.
    pub(crate) place: String,
    is_group: bool,
    mark: u64,
    /// Of the whole frame.
    length: usize,
    /// First leaf; in a note the first leaf after it.
    pub(crate) first: u64,
    count: u32,
    sequenced_at: u64,
    /// Leaves of the log after it.
    pub(crate) size: u64,
    /// The root that belongs to `size`.
    pub(crate) root: Hash,
    /// The signed note in it, over the leaves before `first`: a note frame is one, a group may bring
    /// the note over the group before.
    pub(crate) note: &'b [u8],
    /// The rest of a group: a table of header and body lengths, then the leaves.
    leaves: &'b [u8],
}

/// Reads every frame of every live file, and returns which leaves they hold. Damage is a finding,
/// and so is a gap between files.
pub(crate) fn read(
    folder: &Path,
    origin: &str,
    findings: &mut Findings,
    each: &mut dyn FnMut(&Frame<'_>) -> Result<(), Failure>,
) -> Result<Range<u64>, Failure> {
    let numbers = live_files(folder)?;
    let (Some(first), Some(last)) = (numbers.first().copied(), numbers.last().copied()) else {
        findings.altered("wal", "no file is there");
        return Ok(0..0);
    };
    let mut extent: Option<Range<u64>> = None;
    for number in first..=last {
        if !numbers.contains(&number) {
            findings.altered(format!("wal/{number:016}.wal"), "missing");
            continue;
        }
        let Some(file) = findings.keep(WalFile::open(folder, number, origin, number == last))? else { continue };
        let extent = extent.get_or_insert(file.first..file.first);
        if extent.end != file.first {
            let what = format!("begins at leaf {}, the file before ends at {}", file.first, extent.end);
            findings.altered(&file.name, what);
            extent.end = file.first;
        }
        findings.keep(file.frames(&mut extent.end, each))?;
    }
    Ok(extent.unwrap_or_default())
}

fn live_files(folder: &Path) -> Result<Vec<u64>, Failure> {
    let number = |path: PathBuf| {
        let name = path.file_name()?.to_str()?;
        let number = name.strip_suffix(".wal")?.parse().ok()?;
        (name == format!("{number:016}.wal")).then_some(number)
    };
    let mut numbers: Vec<u64> = list(folder)?.into_iter().filter_map(number).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

struct WalFile {
    name: String,
    bytes: Vec<u8>,
    /// Random; every frame of this use of the file carries it.
    mark: u64,
    /// The first leaf that can be in it.
    first: u64,
    is_last: bool,
}

impl WalFile {
    /// Reads a file and its first page: `"deedwal0" | format u32 | edge bytes u32 | SHA-256 of the
    /// origin | number u64 | mark u64 | group u64 | time u64 | own leaves u64 | edge, beginning with
    /// the size u64 | zeros | crc32c`.
    fn open(folder: &Path, number: u64, origin: &str, is_last: bool) -> Result<WalFile, Failure> {
        let name = format!("wal/{number:016}.wal");
        let wrong = |what: &str| Failure::Altered(format!("{name} offset 0: {what}"));
        let bytes = read_within(&folder.join(format!("{number:016}.wal")), FILE_BYTES_MAX)?;
        let page = bytes.get(..PAGE_BYTES).and_then(checked);
        let mut fields = Fields(page.ok_or_else(|| wrong("first page does not match its checksum"))?);
        let mut read = || {
            let (magic, format, _edge) = (fields.array()?, fields.u32()?, fields.u32()?);
            let (log, own_number, mark) = (fields.array::<32>()?, fields.u64()?, fields.u64()?);
            let _group_time_own: [u8; 24] = fields.array()?;
            Some((&magic == b"deedwal0", format, log, own_number, mark, fields.u64()?))
        };
        let (is_wal, format, log, own_number, mark, first) = read().ok_or_else(|| wrong("first page is cut"))?;
        if is_wal && format != 0 {
            return Err(Failure::Unverifiable(format!("{name}: WAL format {format}, this program reads 0")));
        }
        if !is_wal || log != *Sha256::digest(origin.as_bytes()) || own_number != number {
            return Err(wrong("first page is of another file or log"));
        }
        Ok(WalFile { name, bytes, mark, first, is_last })
    }

    /// Hands over the frames, which must follow each other from leaf `end` on.
    fn frames(&self, end: &mut u64, each: &mut dyn FnMut(&Frame<'_>) -> Result<(), Failure>) -> Result<(), Failure> {
        let (mut offset, mut time) = (PAGE_BYTES, 0);
        loop {
            let wrong = |what: &str| Failure::Altered(format!("{} offset {offset}: {what}", self.name));
            let frame = match self.frame(offset) {
                Ok(frame) => frame,
                Err(None) if self.frame_after(offset).is_none() => return Ok(()),
                Err(reason) => {
                    let (reason, after) = (reason.unwrap_or("no frame"), self.after(offset + PAGE_BYTES));
                    return Err(wrong(&format!("{reason}; {after}")));
                }
            };
            let is_next = frame.first == *end && Some(frame.size) == end.checked_add(u64::from(frame.count));
            if !is_next || (frame.is_group && frame.sequenced_at < time) || (!frame.is_group && frame.count != 0) {
                return Err(wrong("frame does not follow from the one before"));
            }
            each(&frame)?;
            (*end, time) = (frame.size, frame.sequenced_at);
            offset += frame.length;
        }
    }

    /// What stands behind a place that is no frame, from `offset` on.
    fn after(&self, offset: usize) -> String {
        match self.frame_after(offset) {
            Some(offset) => format!("a whole frame follows at offset {offset}, so this one was whole once"),
            None if self.is_last => "damage, or the last write before the machine stopped: any command that writes \
                                     recovers from that, then check again"
                .to_owned(),
            None => "the next file shows that this one was whole once".to_owned(),
        }
    }

    /// The next whole frame from `offset` on, page by page.
    fn frame_after(&self, offset: usize) -> Option<usize> {
        (offset..self.bytes.len()).step_by(PAGE_BYTES).find(|offset| self.frame(*offset).is_ok())
    }

    /// The frame at `offset`; else why there is none, which is nothing where a page of zeros or the
    /// end of the file is.
    ///
    /// `"deedgrp0" or "deednot0" | mark u64 | frame bytes u32 | payload bytes u32 | group u64 | first
    /// u64 | count u32 | has manifests u16 | note bytes u16 | time u64 | size u64 | root | own leaves
    /// u64 | crc32c of what follows these fields | crc32c of the fields | payload | zeros`.
    fn frame(&self, offset: usize) -> Result<Frame<'_>, Option<&'static str>> {
        let bytes = self.bytes.get(offset..).unwrap_or_default();
        if bytes.iter().take(PAGE_BYTES).all(|byte| *byte == 0) {
            return Err(None);
        }
        let fixed = bytes.get(..FIXED_BYTES).and_then(checked).ok_or("frame header does not match its checksum")?;
        let mut fields = Fields(fixed);
        let mut read = || {
            let is_group = match &fields.array()? {
                b"deedgrp0" => true,
                b"deednot0" => false,
                _ => return None,
            };
            let (mark, length, payload_bytes) = (fields.u64()?, fields.u32()? as usize, fields.u32()? as usize);
            let (_group, first, count) = (fields.u64()?, fields.u64()?, fields.u32()?);
            let (_manifests, note_bytes) = (fields.array::<2>()?, u16::from_be_bytes(fields.array()?));
            let (sequenced_at, size, root) = (fields.u64()?, fields.u64()?, Hash(fields.array()?));
            let (_own, crc) = (fields.u64()?, fields.u32()?);
            let note_bytes = if is_group { usize::from(note_bytes) } else { payload_bytes };
            let (place, note, leaves): (_, &[u8], &[u8]) = (format!("{} offset {offset}", self.name), &[], &[]);
            let frame = Frame { place, is_group, mark, length, first, count, sequenced_at, size, root, note, leaves };
            Some((frame, payload_bytes, note_bytes, crc))
        };
        let (mut frame, payload_bytes, note_bytes, crc) = read().ok_or("frame header is malformed")?;
        if frame.mark != self.mark {
            return Err(Some("frame is of another use of the file"));
        }
        let rest = bytes.get(FIXED_BYTES..frame.length).filter(|rest| crc32c::crc32c(rest) == crc);
        let payload =
            rest.and_then(|rest| rest.get(..payload_bytes)).filter(|_| frame.length.is_multiple_of(PAGE_BYTES));
        let payload = payload.ok_or("frame does not match its checksum")?;
        (frame.note, frame.leaves) = payload.split_at_checked(note_bytes).ok_or("frame header is malformed")?;
        Ok(frame)
    }
}

impl Frame<'_> {
    /// Hands over the leaves: a table of header and body lengths (u32 each), then salt, header and
    /// body of each.
    pub(crate) fn openings(&self, each: &mut dyn FnMut(&Opening<'_>) -> Result<(), Failure>) -> Result<(), Failure> {
        let wrong = || Failure::Altered(format!("{}: table contradicts the lengths of the frame", self.place));
        let (table, leaves) = self.leaves.split_at_checked(8 * self.count as usize).ok_or_else(wrong)?;
        let (mut table, mut leaves) = (Fields(table), Fields(leaves));
        for index in self.first..self.size {
            let mut cut = || {
                let (header, body) = (table.u32()? as usize, table.u32()? as usize);
                Some((leaves.bytes(model::SALT_BYTES)?, leaves.bytes(header)?, leaves.bytes(body)?))
            };
            let (salt, header, body) = cut().ok_or_else(wrong)?;
            let kind = header.first().copied().map_or(0, i32::from);
            each(&Opening { index, kind, sequenced_at: self.sequenced_at, salt, header, body })?;
        }
        if leaves.0.is_empty() { Ok(()) } else { Err(wrong()) }
    }
}

/// The bytes without the CRC-32C in the last four, if it is theirs.
fn checked(bytes: &[u8]) -> Option<&[u8]> {
    let (body, crc) = bytes.split_last_chunk::<4>()?;
    (crc32c::crc32c(body) == u32::from_be_bytes(*crc)).then_some(body)
}

/// Reads big-endian fields off the front.
struct Fields<'b>(&'b [u8]);

impl<'b> Fields<'b> {
    fn bytes(&mut self, count: usize) -> Option<&'b [u8]> {
        let (head, tail) = self.0.split_at_checked(count)?;
        self.0 = tail;
        Some(head)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }
}
