//! Frames: how a group of leaves, or the signed note over it, stands in a WAL file
//! (`docs/format/wal.md`). Bytes in, bytes out.

use bytes::Bytes;
use model::{Kind, LeafIndex, Millis, SALT_BYTES};

use crate::stored::{Item, Stored};

/// Frames begin at multiples of this, and every write is followed by one such page of zeros.
pub(crate) const PAGE_BYTES: usize = 4_096;

/// Length of the fixed part of a frame.
pub(crate) const FRAME_HEADER_BYTES: usize = 112;

const GROUP_MAGIC: &[u8; 8] = b"deedgrp0";
const NOTE_MAGIC: &[u8; 8] = b"deednot0";

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrameKind {
    /// Leaves of one group.
    Group,
    /// The signed note over the tree after a group.
    Note,
}

/// The fixed part of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub(crate) kind: FrameKind,
    /// The random mark of the file: what an earlier use of the file left behind is not ours, and no
    /// body can pass for a frame.
    pub(crate) mark: u64,
    /// Length of the frame, a multiple of [`PAGE_BYTES`].
    pub(crate) frame_bytes: u32,
    /// Length of what follows the fixed part, before the padding of zeros.
    pub(crate) payload_bytes: u32,
    /// Number of the group; a note has that of its group.
    pub(crate) group: u64,
    /// First leaf; in a note the first leaf after it.
    pub(crate) first: u64,
    /// Number of leaves; 0 in a note.
    pub(crate) count: u32,
    /// Whether one of the leaves is a manifest, so that readers find these without reading bodies.
    pub(crate) manifests: bool,
    /// Length of the note over the group before, which stands before the leaves; 0 when that note
    /// has a frame of its own, and in a note frame.
    pub(crate) note_bytes: u16,
    /// Time of the group.
    pub(crate) sequenced_at: Millis,
    /// Tree size after the group.
    pub(crate) size: u64,
    /// Root after the group.
    pub(crate) root: [u8; 32],
    /// Leaves of source 0 after the group.
    pub(crate) own_leaves: u64,
}

/// Why bytes are not a frame.
pub(crate) type Reason = &'static str;

impl FrameHeader {
    /// The fixed part with both checksums; `rest` is everything after it, padding included.
    fn encode(&self, rest: &[u8]) -> [u8; FRAME_HEADER_BYTES] {
        let mut out = Vec::with_capacity(FRAME_HEADER_BYTES);
        out.extend_from_slice(match self.kind {
            FrameKind::Group => GROUP_MAGIC,
            FrameKind::Note => NOTE_MAGIC,
        });
        out.extend_from_slice(&self.mark.to_be_bytes());
        out.extend_from_slice(&self.frame_bytes.to_be_bytes());
        out.extend_from_slice(&self.payload_bytes.to_be_bytes());
        out.extend_from_slice(&self.group.to_be_bytes());
        out.extend_from_slice(&self.first.to_be_bytes());
        out.extend_from_slice(&self.count.to_be_bytes());
        out.extend_from_slice(&u16::from(self.manifests).to_be_bytes());
        out.extend_from_slice(&self.note_bytes.to_be_bytes());
        out.extend_from_slice(&self.sequenced_at.0.to_be_bytes());
        out.extend_from_slice(&self.size.to_be_bytes());
        out.extend_from_slice(&self.root);
        out.extend_from_slice(&self.own_leaves.to_be_bytes());
        out.extend_from_slice(&crc32c::crc32c(rest).to_be_bytes());
        let own = crc32c::crc32c(&out);
        out.extend_from_slice(&own.to_be_bytes());
        let mut bytes = [0; FRAME_HEADER_BYTES];
        bytes.iter_mut().zip(out).for_each(|(slot, byte)| *slot = byte);
        bytes
    }

    /// Reads and checks the fixed part; the checksum of the rest is checked by [`check_rest`].
    pub(crate) fn decode(bytes: &[u8]) -> Result<(FrameHeader, u32), Reason> {
        let mut cut = Cut(bytes);
        let (body, crc) = bytes.split_at_checked(FRAME_HEADER_BYTES - 4).ok_or("frame header is cut")?;
        let stored = Cut(crc).u32().ok_or("frame header is cut")?;
        let kind = match &cut.array::<8>().ok_or("frame header is cut")? {
            GROUP_MAGIC => FrameKind::Group,
            NOTE_MAGIC => FrameKind::Note,
            _ => return Err("no frame begins here"),
        };
        if crc32c::crc32c(body) != stored {
            return Err("frame header does not match its checksum");
        }
        let header = FrameHeader::fields(kind, &mut cut).ok_or("frame header has unknown flags")?;
        let rest_crc = cut.u32().ok_or("frame header is cut")?;
        let length = header.frame_bytes as usize;
        let fits = length.is_multiple_of(PAGE_BYTES) && header.payload_bytes as usize + FRAME_HEADER_BYTES <= length;
        if fits { Ok((header, rest_crc)) } else { Err("frame lengths contradict each other") }
    }

    fn fields(kind: FrameKind, cut: &mut Cut<'_>) -> Option<FrameHeader> {
        Some(FrameHeader {
            kind,
            mark: cut.u64()?,
            frame_bytes: cut.u32()?,
            payload_bytes: cut.u32()?,
            group: cut.u64()?,
            first: cut.u64()?,
            count: cut.u32()?,
            manifests: match cut.array()? {
                [0, 0] => false,
                [0, 1] => true,
                _ => return None,
            },
            note_bytes: u16::from_be_bytes(cut.array()?),
            sequenced_at: Millis(cut.u64()?),
            size: cut.u64()?,
            root: cut.array()?,
            own_leaves: cut.u64()?,
        })
    }
}

/// Whether the bytes after the fixed part are the ones that were written.
pub(crate) fn check_rest(rest: &[u8], crc: u32) -> Result<(), Reason> {
    if crc32c::crc32c(rest) == crc { Ok(()) } else { Err("frame does not match its checksum") }
}

/// Length of the frame of these leaves and the note that travels with them.
pub(crate) fn group_frame_bytes(note: &[u8], items: &[Item]) -> usize {
    let payload: usize = items.iter().map(|item| 8 + SALT_BYTES + item.raw_bytes()).sum();
    (FRAME_HEADER_BYTES + note.len() + payload).next_multiple_of(PAGE_BYTES)
}

/// Length of the frame of this note.
pub(crate) fn note_frame_bytes(note: &[u8]) -> usize {
    (FRAME_HEADER_BYTES + note.len()).next_multiple_of(PAGE_BYTES)
}

/// Appends the frame of a group: the note over the group before, lengths of all leaves, then salt,
/// header and body of each.
pub(crate) fn put_group(out: &mut Vec<u8>, mut header: FrameHeader, note: &[u8], items: &[Item]) {
    let at = begin(out);
    out.extend_from_slice(note);
    for item in items {
        out.extend_from_slice(&(item.header.len() as u32).to_be_bytes());
        out.extend_from_slice(&(item.body.len() as u32).to_be_bytes());
    }
    for item in items {
        out.extend_from_slice(&item.salt);
        out.extend_from_slice(&item.header);
        out.extend_from_slice(&item.body);
    }
    header.kind = FrameKind::Group;
    // A note with one signature has some 300 bytes.
    header.note_bytes = note.len() as u16;
    finish(out, at, header);
}

/// Appends the frame of a signed note.
pub(crate) fn put_note(out: &mut Vec<u8>, mut header: FrameHeader, note: &[u8]) {
    let at = begin(out);
    out.extend_from_slice(note);
    header.kind = FrameKind::Note;
    finish(out, at, header);
}

fn begin(out: &mut Vec<u8>) -> usize {
    let at = out.len();
    out.resize(at + FRAME_HEADER_BYTES, 0);
    at
}

fn finish(out: &mut Vec<u8>, at: usize, mut header: FrameHeader) {
    let payload = out.len() - at - FRAME_HEADER_BYTES;
    let frame = (payload + FRAME_HEADER_BYTES).next_multiple_of(PAGE_BYTES);
    out.resize(at + frame, 0);
    // Leaves have at most leaf_bytes_max each and a group at most one over its limit: both fit u32.
    header.payload_bytes = payload as u32;
    header.frame_bytes = frame as u32;
    let encoded = header.encode(out.get(at + FRAME_HEADER_BYTES..).unwrap_or_default());
    if let Some(slot) = out.get_mut(at..at + FRAME_HEADER_BYTES) {
        slot.copy_from_slice(&encoded);
    }
}

/// The leaves of a checked group frame. `frame` is the whole frame; leaves share its bytes.
pub(crate) fn leaves(header: &FrameHeader, frame: &Bytes) -> Result<Vec<Stored>, Reason> {
    let wrong = "frame table contradicts its lengths";
    let count = header.count as usize;
    let start = FRAME_HEADER_BYTES + usize::from(header.note_bytes);
    let table = frame.get(start..start + 8 * count).ok_or(wrong)?;
    let mut cut = Cut(table);
    let mut at = start + 8 * count;
    let mut out = Vec::with_capacity(count);
    for offset in 0..u64::from(header.count) {
        let (head, body) = (cut.u32().ok_or(wrong)? as usize, cut.u32().ok_or(wrong)? as usize);
        let salt = frame.get(at..).and_then(<[u8]>::first_chunk::<SALT_BYTES>).ok_or(wrong)?;
        let split = at + SALT_BYTES + head;
        if frame.len() < split + body {
            return Err(wrong);
        }
        let bytes = frame.slice(at + SALT_BYTES..split);
        let kind = bytes.first().and_then(|number| Kind::from_number(*number)).ok_or("leaf has an unknown kind")?;
        out.push(Stored {
            index: LeafIndex(header.first + offset),
            kind,
            sequenced_at: header.sequenced_at,
            salt: *salt,
            header: bytes,
            body: frame.slice(split..split + body),
        });
        at = split + body;
    }
    if at == FRAME_HEADER_BYTES + header.payload_bytes as usize { Ok(out) } else { Err(wrong) }
}

/// The signed note in a checked frame, if it has one: in a group frame, over the group before.
pub(crate) fn note(header: &FrameHeader, frame: &Bytes) -> Option<Bytes> {
    let length = match header.kind {
        FrameKind::Group => usize::from(header.note_bytes),
        FrameKind::Note => header.payload_bytes as usize,
    };
    let end = FRAME_HEADER_BYTES + length;
    (length > 0 && end <= frame.len()).then(|| frame.slice(FRAME_HEADER_BYTES..end))
}

/// Reads big-endian fields off the front of a slice.
pub(crate) struct Cut<'a>(pub(crate) &'a [u8]);

impl<'a> Cut<'a> {
    pub(crate) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(count)?;
        self.0 = tail;
        Some(head)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, tail) = self.0.split_first_chunk::<N>()?;
        self.0 = tail;
        Some(*head)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }
}
