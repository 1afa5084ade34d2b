//! The write-ahead log: preallocated files of frames, written by one thread, read by anyone.
//!
//! A live file is named by its number (`0000000000000007.wal`), a free one `free-<number>`. A file
//! becomes live in three durable steps: its first page is written and synced, it is renamed, the
//! folder is synced. So a file under a live name always has a valid first page, and frames of an
//! earlier use carry another file number.

mod ahead;
mod file;
mod frame;
mod scan;
mod writer;

pub(crate) use ahead::Ahead;
pub(crate) use file::{FileHeader, file_name, live_files};
pub(crate) use frame::{
    FrameHeader, FrameKind, PAGE_BYTES, group_frame_bytes, leaves, note, note_frame_bytes, put_note,
};
pub(crate) use scan::{End, Found, read_frame, torn_bytes, valid_frame_after};
pub(crate) use writer::{Files, Wal};
