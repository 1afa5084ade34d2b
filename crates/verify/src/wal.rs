//! The write-ahead log (`docs/format/wal.md`): the newest leaves, group by group, with the notes that
//! the log signed over them. Read twice: for what is signed, then for the leaves. The numbers below are
//! the offsets of that page.

use std::ops::Range;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tlog::Hash;

use crate::files::{list, read_within};
use crate::leaves::{Each, Opening};
use crate::report::Findings;
use crate::{Failure, Result};

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
    length: usize,
    /// First leaf; in a note the first leaf after it.
    pub(crate) first: u64,
    count: u64,
    sequenced_at: u64,
    /// Leaves of the log after it, and the root that belongs to them.
    pub(crate) size: u64,
    pub(crate) root: Hash,
    /// The signed note over the leaves before `first`: a note frame is one, a group may bring it.
    pub(crate) note: &'b [u8],
    /// The rest of a group: a table of header and body lengths, then the leaves.
    leaves: &'b [u8],
}

/// What is done with each frame.
type EachFrame<'e> = &'e mut dyn FnMut(&Frame<'_>) -> Result;

/// Reads every frame of every live file, and returns which leaves they hold. Damage is a finding,
/// and so is a gap between files.
pub(crate) fn read(folder: &Path, origin: &str, findings: &mut Findings, each: EachFrame<'_>) -> Result<Range<u64>> {
    let number = |path: &PathBuf| {
        let name = path.file_name()?.to_str()?;
        let number = name.strip_suffix(".wal")?.parse().ok()?;
        (name == format!("{number:016}.wal")).then_some(number)
    };
    let mut numbers: Vec<u64> = list(folder)?.iter().filter_map(number).collect();
    numbers.sort_unstable();
    let (Some(first), Some(last)) = (numbers.first().copied(), numbers.last().copied()) else {
        findings.altered.add("wal: no file is there");
        return Ok(0..0);
    };
    let mut extent: Option<Range<u64>> = None;
    for number in first..=last {
        if !numbers.contains(&number) {
            findings.altered.add(format!("wal/{number:016}.wal: missing"));
            continue;
        }
        let Some(file) = findings.keep(WalFile::open(folder, number, origin, number == last))? else { continue };
        let extent = extent.get_or_insert(file.first..file.first);
        if extent.end != file.first {
            let what = format!("begins at leaf {}, the file before ends at {}", file.first, extent.end);
            findings.altered.add(format!("{}: {what}", file.name));
            extent.end = file.first;
        }
        findings.keep(file.frames(&mut extent.end, each))?;
    }
    Ok(extent.unwrap_or_default())
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
    /// Reads a file and its first page.
    fn open(folder: &Path, number: u64, origin: &str, is_last: bool) -> Result<WalFile> {
        let name = format!("wal/{number:016}.wal");
        let wrong = |what: &str| Failure::Altered(format!("{name} offset 0: {what}"));
        let bytes = read_within(&folder.join(format!("{number:016}.wal")), FILE_BYTES_MAX)?;
        let page = bytes.get(..PAGE_BYTES).and_then(checked);
        let page = page.ok_or_else(|| wrong("first page does not match its checksum"))?;
        let (is_wal, format) = (page.starts_with(b"deedwal0"), integer(page, 8..12));
        if is_wal && format != 0 {
            return Err(Failure::Unverifiable(format!("{name}: WAL format {format}, this program reads 0")));
        }
        let is_of_log = page.get(16..48) == Some(&*Sha256::digest(origin.as_bytes()));
        if !is_wal || !is_of_log || integer(page, 48..56) != number {
            return Err(wrong("first page is of another file or log"));
        }
        let (mark, first) = (integer(page, 56..64), integer(page, 88..96));
        Ok(WalFile { name, bytes, mark, first, is_last })
    }

    /// Hands over the frames, which must follow each other from leaf `end` on.
    fn frames(&self, end: &mut u64, each: EachFrame<'_>) -> Result {
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
            let is_next = frame.first == *end && Some(frame.size) == end.checked_add(frame.count);
            let is_sound = if frame.is_group { frame.sequenced_at >= time } else { frame.count == 0 };
            if !is_next || !is_sound {
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
    fn frame(&self, offset: usize) -> Result<Frame<'_>, Option<&'static str>> {
        let bytes = self.bytes.get(offset..).unwrap_or_default();
        if bytes.iter().take(PAGE_BYTES).all(|byte| *byte == 0) {
            return Err(None);
        }
        let fixed = bytes.get(..FIXED_BYTES).and_then(checked).ok_or("frame header does not match its checksum")?;
        let is_group = fixed.starts_with(b"deedgrp0");
        if !is_group && !fixed.starts_with(b"deednot0") {
            return Err(Some("frame header is malformed"));
        }
        if integer(fixed, 8..16) != self.mark {
            return Err(Some("frame is of another use of the file"));
        }
        let (length, payload_bytes) = (integer(fixed, 16..20) as usize, integer(fixed, 20..24) as usize);
        let note_bytes = if is_group { integer(fixed, 46..48) as usize } else { payload_bytes };
        let rest = bytes.get(FIXED_BYTES..length).filter(|_| length.is_multiple_of(PAGE_BYTES));
        let rest = rest.filter(|rest| u64::from(crc32c::crc32c(rest)) == integer(fixed, 104..108));
        let payload = rest.and_then(|rest| rest.get(..payload_bytes)).ok_or("frame does not match its checksum")?;
        let (note, leaves) = payload.split_at_checked(note_bytes).ok_or("frame header is malformed")?;
        let root = fixed.get(64..96).and_then(|root| root.try_into().ok()).map(Hash);
        Ok(Frame {
            place: format!("{} offset {offset}", self.name),
            is_group,
            length,
            first: integer(fixed, 32..40),
            count: integer(fixed, 40..44),
            sequenced_at: integer(fixed, 48..56),
            size: integer(fixed, 56..64),
            root: root.ok_or("frame header is malformed")?,
            note,
            leaves,
        })
    }
}

impl Frame<'_> {
    /// Hands over the leaves: a table of header and body lengths (u32 each), then salt, header and
    /// body of each.
    pub(crate) fn openings(&self, each: Each<'_>) -> Result {
        let wrong = || Failure::Altered(format!("{}: table contradicts the lengths of the frame", self.place));
        let (table, mut rest) = self.leaves.split_at_checked(8 * self.count as usize).ok_or_else(wrong)?;
        let mut cut = |bytes: usize| {
            let (head, tail) = rest.split_at_checked(bytes).ok_or_else(wrong)?;
            rest = tail;
            Ok(head)
        };
        for (index, lengths) in (self.first..).zip(table.chunks(8)) {
            let salt = cut(model::SALT_BYTES)?;
            let header = cut(integer(lengths, 0..4) as usize)?;
            let body = cut(integer(lengths, 4..8) as usize)?;
            let kind = header.first().copied().map_or(0, i32::from);
            each(&Opening { index, kind, sequenced_at: self.sequenced_at, salt, header, body })?;
        }
        if rest.is_empty() { Ok(()) } else { Err(wrong()) }
    }
}

/// The bytes without the CRC-32C in the last four, if it is theirs.
fn checked(bytes: &[u8]) -> Option<&[u8]> {
    let (body, crc) = bytes.split_last_chunk::<4>()?;
    (crc32c::crc32c(body) == u32::from_be_bytes(*crc)).then_some(body)
}

/// A big-endian integer.
fn integer(bytes: &[u8], at: Range<usize>) -> u64 {
    bytes.get(at).unwrap_or_default().iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}
