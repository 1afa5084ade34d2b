//! The write-ahead log (`docs/format/wal.md`): the newest leaves, group by group, with the notes that
//! the log signed over them. Read twice: for what is signed, then for the leaves.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tlog::Hash;

use crate::Failure;
use crate::leaves::Opening;
use crate::report::Findings;

/// Files and frames are made of pages.
const PAGE_BYTES: usize = 4_096;

/// Length of the fixed part of a frame.
const FIXED_BYTES: usize = 112;

/// A frame, checked from its first byte to its last.
pub(crate) struct Frame {
    /// File and offset, for findings.
    pub(crate) place: String,
    is_group: bool,
    count: u32,
    note_bytes: u16,
    payload_bytes: u32,
    sequenced_at: u64,
    /// First leaf; in a note the first leaf after it.
    pub(crate) first: u64,
    /// Leaves of the log after it.
    pub(crate) size: u64,
    /// The root that belongs to `size`.
    pub(crate) root: Hash,
    mark: u64,
    bytes: Vec<u8>,
}

/// Which leaves the WAL holds: from the first up to, not including, the second.
#[derive(Clone, Copy, Default)]
pub(crate) struct Extent {
    pub(crate) first: u64,
    pub(crate) end: u64,
}

/// What the fixed part of the first page says.
struct FirstPage {
    mark: u64,
    size: u64,
}

/// Reads every frame of every live file. Damage is a finding, and so is a gap between files.
pub(crate) fn read(
    folder: &Path,
    origin: &str,
    findings: &mut Findings,
    each: &mut dyn FnMut(&Frame) -> Result<(), Failure>,
) -> Result<Extent, Failure> {
    let numbers = live_files(folder)?;
    let (Some(first), Some(last)) = (numbers.first().copied(), numbers.last().copied()) else {
        findings.altered("wal", "no file is there");
        return Ok(Extent::default());
    };
    let mut extent: Option<Extent> = None;
    for number in first..=last {
        let name = format!("wal/{number:016}.wal");
        if !numbers.contains(&number) {
            findings.altered(&name, "missing");
            continue;
        }
        let path = folder.join(format!("{number:016}.wal"));
        let mut file = WalFile::open(path, name, number == last)?;
        let Some(page) = findings.keep(file.first_page(number, origin))? else { continue };
        file.mark = page.mark;
        match &mut extent {
            None => extent = Some(Extent { first: page.size, end: page.size }),
            Some(known) if known.end != page.size => {
                findings.altered(
                    &file.name,
                    format!("begins at leaf {}, the file before ends at {}", page.size, known.end),
                );
                known.end = page.size;
            }
            Some(_) => {}
        }
        if let Some(extent) = &mut extent {
            let result = file.frames(&mut extent.end, each);
            findings.keep(result)?;
        }
    }
    Ok(extent.unwrap_or_default())
}

fn live_files(folder: &Path) -> Result<Vec<u64>, Failure> {
    let failed = |e: std::io::Error| Failure::Io(format!("{}: {e}", folder.display()));
    let mut numbers = Vec::new();
    if !folder.exists() {
        return Ok(numbers);
    }
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".wal")).and_then(|digits| digits.parse().ok());
        numbers.extend(number.filter(|number: &u64| *name == *format!("{number:016}.wal")));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

struct WalFile {
    file: File,
    path: PathBuf,
    name: String,
    length: u64,
    /// Random; every frame of this use of the file carries it.
    mark: u64,
    is_last: bool,
}

impl WalFile {
    fn open(path: PathBuf, name: String, is_last: bool) -> Result<WalFile, Failure> {
        let failed = |e: std::io::Error| Failure::Io(format!("{}: {e}", path.display()));
        let file = File::open(&path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        Ok(WalFile { file, path, name, length, mark: 0, is_last })
    }

    /// Up to `length` bytes; fewer at the end of the file.
    fn bytes(&self, offset: u64, length: usize) -> Result<Vec<u8>, Failure> {
        let left = usize::try_from(self.length.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; length.min(left)];
        let read = self.file.read_exact_at(&mut bytes, offset);
        read.map_err(|e| Failure::Io(format!("{} offset {offset}: {e}", self.path.display())))?;
        Ok(bytes)
    }

    /// `"deedwal0" | format u32 | edge bytes u32 | SHA-256 of the origin | number u64 | mark u64 |
    /// group u64 | time u64 | own leaves u64 | edge, beginning with the size u64 | zeros | crc32c`.
    fn first_page(&self, number: u64, origin: &str) -> Result<FirstPage, Failure> {
        let wrong = |what: &str| Failure::Altered(format!("{} offset 0: {what}", self.name));
        let page = self.bytes(0, PAGE_BYTES)?;
        let body = checked(&page).filter(|_| page.len() == PAGE_BYTES);
        let mut fields = Fields(body.ok_or_else(|| wrong("first page does not match its checksum"))?);
        let mut read = || {
            let magic = fields.array()?;
            let (format, _edge) = (fields.u32()?, fields.u32()?);
            let (log, own_number, mark) = (fields.array::<32>()?, fields.u64()?, fields.u64()?);
            let _group_time_own: [u8; 24] = fields.array()?;
            Some((&magic == b"deedwal0", format, log, own_number, FirstPage { mark, size: fields.u64()? }))
        };
        let (is_wal, format, log, own_number, page) = read().ok_or_else(|| wrong("first page is cut"))?;
        if is_wal && format != 0 {
            return Err(Failure::Unverifiable(format!("{}: WAL format {format}, this program reads 0", self.name)));
        }
        if !is_wal || log != *Sha256::digest(origin.as_bytes()) || own_number != number {
            return Err(wrong("first page is of another file or log"));
        }
        Ok(page)
    }

    /// Hands over the frames, which must follow each other from leaf `end` on.
    fn frames(&self, end: &mut u64, each: &mut dyn FnMut(&Frame) -> Result<(), Failure>) -> Result<(), Failure> {
        let (mut offset, mut time) = (PAGE_BYTES as u64, 0);
        loop {
            let wrong = |what: &str| Failure::Altered(format!("{} offset {offset}: {what}", self.name));
            let frame = match self.frame(offset)? {
                Ok(frame) => frame,
                Err(None) if self.frame_after(offset)?.is_none() => return Ok(()),
                Err(reason) => {
                    let later = self.frame_after(offset + PAGE_BYTES as u64)?;
                    let (reason, after) = (reason.unwrap_or("no frame"), self.after(later));
                    return Err(wrong(&format!("{reason}; {after}")));
                }
            };
            let follows = match frame.is_group {
                true => {
                    frame.first == *end && frame.size == *end + u64::from(frame.count) && frame.sequenced_at >= time
                }
                false => frame.first == *end && frame.size == *end && frame.count == 0,
            };
            if !follows {
                return Err(wrong("frame does not follow from the one before"));
            }
            each(&frame)?;
            (*end, time) = (frame.size, frame.sequenced_at);
            offset += frame.bytes.len() as u64;
        }
    }

    fn after(&self, later: Option<u64>) -> String {
        match later {
            Some(offset) => format!("a whole frame follows at offset {offset}, so this one was whole once"),
            None if self.is_last => "damage, or the last write before the machine stopped: any command that writes \
                                     recovers from that, then check again"
                .to_owned(),
            None => "the next file shows that this one was whole once".to_owned(),
        }
    }

    /// The next whole frame from `offset` on, page by page.
    fn frame_after(&self, mut offset: u64) -> Result<Option<u64>, Failure> {
        while offset < self.length {
            if self.frame(offset)?.is_ok() {
                return Ok(Some(offset));
            }
            offset += PAGE_BYTES as u64;
        }
        Ok(None)
    }

    /// The frame at `offset`; else why there is none, which is nothing where a page of zeros or the
    /// end of the file is.
    fn frame(&self, offset: u64) -> Result<Result<Frame, Option<&'static str>>, Failure> {
        let page = self.bytes(offset, PAGE_BYTES)?;
        if page.iter().all(|byte| *byte == 0) {
            return Ok(Err(None));
        }
        let Some(fixed) = page.get(..FIXED_BYTES).and_then(checked) else {
            return Ok(Err(Some("frame header does not match its checksum")));
        };
        let Some((mut frame, length, crc)) = fixed_part(fixed) else {
            return Ok(Err(Some("frame header is malformed")));
        };
        if frame.mark != self.mark {
            return Ok(Err(Some("frame is of another use of the file")));
        }
        let sound = length.is_multiple_of(PAGE_BYTES) && frame.payload_bytes as usize + FIXED_BYTES <= length;
        frame.bytes = if sound { self.bytes(offset, length)? } else { Vec::new() };
        let rest = frame.bytes.get(FIXED_BYTES..).filter(|_| frame.bytes.len() == length);
        if rest.is_none_or(|rest| crc32c::crc32c(rest) != crc) {
            return Ok(Err(Some("frame does not match its checksum")));
        }
        frame.place = format!("{} offset {offset}", self.name);
        Ok(Ok(frame))
    }
}

/// `"deedgrp0" or "deednot0" | mark u64 | frame bytes u32 | payload bytes u32 | group u64 | first u64 |
/// count u32 | has manifests u16 | note bytes u16 | time u64 | size u64 | root | own leaves u64 |
/// crc32c of the rest`, and the crc32c of these (already checked).
fn fixed_part(bytes: &[u8]) -> Option<(Frame, usize, u32)> {
    let mut fields = Fields(bytes);
    let is_group = match &fields.array()? {
        b"deedgrp0" => true,
        b"deednot0" => false,
        _ => return None,
    };
    let (mark, length, payload_bytes) = (fields.u64()?, fields.u32()?, fields.u32()?);
    let _group = fields.u64()?;
    let (first, count) = (fields.u64()?, fields.u32()?);
    let _manifests: [u8; 2] = fields.array()?;
    let note_bytes = u16::from_be_bytes(fields.array()?);
    let (sequenced_at, size, root) = (fields.u64()?, fields.u64()?, Hash(fields.array()?));
    let _own = fields.u64()?;
    let (place, bytes) = (String::new(), Vec::new());
    let frame =
        Frame { place, is_group, count, note_bytes, payload_bytes, sequenced_at, first, size, root, mark, bytes };
    Some((frame, length as usize, fields.u32()?))
}

impl Frame {
    /// The signed note in it: a note frame is one, a group brings the note over the group before.
    pub(crate) fn note(&self) -> Option<&[u8]> {
        let length = if self.is_group { usize::from(self.note_bytes) } else { self.payload_bytes as usize };
        self.bytes.get(FIXED_BYTES..FIXED_BYTES + length).filter(|note| !note.is_empty())
    }

    /// Leaves that the note covers.
    pub(crate) fn note_size(&self) -> u64 {
        if self.is_group { self.first } else { self.size }
    }

    /// Hands over the leaves: after the note a table of header and body lengths (u32 each), then
    /// salt, header and body of each.
    pub(crate) fn openings(&self, each: &mut dyn FnMut(&Opening<'_>) -> Result<(), Failure>) -> Result<(), Failure> {
        let wrong = || Failure::Altered(format!("{}: table contradicts the lengths of the frame", self.place));
        let payload = FIXED_BYTES + self.note().map_or(0, <[u8]>::len)..FIXED_BYTES + self.payload_bytes as usize;
        let leaves = self.bytes.get(payload).filter(|_| self.is_group).unwrap_or_default();
        let (table, leaves) = leaves.split_at_checked(8 * self.count as usize).ok_or_else(wrong)?;
        let (mut table, mut leaves) = (Fields(table), Fields(leaves));
        for index in self.first..self.first + u64::from(self.count) {
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
        let (head, tail) = self.0.split_first_chunk()?;
        self.0 = tail;
        Some(*head)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }
}
