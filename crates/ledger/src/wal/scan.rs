//! Reading frames where they stand, and telling a clean end from a torn one.

use bytes::Bytes;

use super::frame::{FRAME_HEADER_BYTES, FrameHeader, PAGE_BYTES, Reason, check_rest};
use crate::disk::File;

/// Where the frames of a file end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// A page of zeros, or the end of the file.
    Clean,
    /// Bytes that are neither a frame nor zeros: a write that was cut off, or damage.
    Torn(Reason),
}

/// What stands at an offset.
#[derive(Debug)]
pub(crate) enum Found {
    /// A frame, checked from its first byte to its last.
    Frame(FrameHeader, Bytes),
    /// No more frames.
    End(End),
}

/// Reads and checks the frame at `offset` of the file with this mark.
pub(crate) fn read_frame(file: &dyn File, mark: u64, offset: u64) -> std::io::Result<Found> {
    let (header, crc) = match read_frame_header(file, mark, offset)? {
        Ok(found) => found,
        Err(end) => return Ok(Found::End(end)),
    };
    let mut bytes = vec![0; header.frame_bytes as usize];
    let read = file.read_at(offset, &mut bytes)?;
    let rest = bytes.get(FRAME_HEADER_BYTES..).unwrap_or_default();
    if read < bytes.len() {
        return Ok(Found::End(End::Torn("frame is longer than its file")));
    }
    match check_rest(rest, crc) {
        Ok(()) => Ok(Found::Frame(header, bytes.into())),
        Err(reason) => Ok(Found::End(End::Torn(reason))),
    }
}

/// Reads the fixed part of the frame at `offset` only; the inner error is the end of the frames.
pub(crate) fn read_frame_header(
    file: &dyn File,
    mark: u64,
    offset: u64,
) -> std::io::Result<Result<(FrameHeader, u32), End>> {
    let mut page = [0; PAGE_BYTES];
    let read = file.read_at(offset, &mut page)?;
    if page.iter().all(|byte| *byte == 0) {
        return Ok(Err(End::Clean));
    }
    if read < PAGE_BYTES {
        return Ok(Err(End::Torn("file ends inside a page")));
    }
    Ok(match FrameHeader::decode(&page) {
        Ok((header, _)) if header.mark != mark => Err(End::Torn("frame belongs to an earlier use of the file")),
        Ok(found) => Ok(found),
        Err(reason) => Err(End::Torn(reason)),
    })
}

/// Looks for a valid frame of this file behind a torn place: a group is only written after the one
/// before it was synced, so a later frame proves that the torn place was durable once and has been
/// damaged since. Returns the offset and the header of the first one.
pub(crate) fn valid_frame_after(
    file: &dyn File,
    mark: u64,
    torn_at: u64,
) -> std::io::Result<Option<(u64, FrameHeader)>> {
    let length = file.len()?;
    let mut offset = torn_at + PAGE_BYTES as u64;
    // The frame that stood at the torn place may itself hold bytes that look like a frame; its own
    // length, when it can still be read, says where it ends.
    if let Ok((header, _)) = read_frame_header(file, mark, torn_at)? {
        offset = torn_at + u64::from(header.frame_bytes);
    }
    while offset < length {
        if let Found::Frame(header, _) = read_frame(file, mark, offset)? {
            return Ok(Some((offset, header)));
        }
        offset += PAGE_BYTES as u64;
    }
    Ok(None)
}

/// Longest torn tail that is kept when its own header cannot say how long it is.
const TORN_BYTES_MAX: u64 = 16 << 20;

/// The torn bytes at `offset`: the frame that was begun there if its length can be read, else all
/// up to the first page of zeros.
pub(crate) fn torn_bytes(file: &dyn File, mark: u64, offset: u64) -> std::io::Result<Vec<u8>> {
    let left = file.len()?.saturating_sub(offset);
    let known = read_frame_header(file, mark, offset)?.ok().map(|(header, _)| u64::from(header.frame_bytes));
    let mut bytes = vec![0; usize::try_from(known.unwrap_or(TORN_BYTES_MAX).min(left)).unwrap_or(0)];
    let read = file.read_at(offset, &mut bytes)?;
    bytes.truncate(read);
    if known.is_none() {
        let pages = bytes.chunks(PAGE_BYTES).take_while(|page| page.iter().any(|byte| *byte != 0)).count();
        bytes.truncate(pages * PAGE_BYTES);
    }
    Ok(bytes)
}
