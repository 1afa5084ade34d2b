//! The first page of a WAL file, and the names of files.

use std::path::Path;

use model::Millis;

use super::frame::{Cut, PAGE_BYTES};
use crate::disk::{Disk, File};
use crate::{Error, Result};

const MAGIC: &[u8; 8] = b"deedwal0";

/// Version of the WAL format inside the folder's format.
const FORMAT: u32 = 0;

/// A size of 64 bits has at most 64 perfect subtrees on its right edge.
const EDGE_BYTES_MAX: u32 = 8 + 64 * 32;

/// What the first page of a file says: where in the log it begins, and the state to go on from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileHeader {
    /// SHA-256 of the log origin.
    pub(crate) origin: [u8; 32],
    /// Number of the file, from 1.
    pub(crate) number: u64,
    /// Random; every frame of this use of the file carries it.
    pub(crate) mark: u64,
    /// Number of its first group.
    pub(crate) group: u64,
    /// Time of the group before.
    pub(crate) sequenced_at: Millis,
    /// Leaves of source 0 before its first group.
    pub(crate) own_leaves: u64,
    /// Right edge of the tree before its first group: the size, then the roots of the perfect
    /// subtrees that make it up, largest first ([`tlog::tree::Frontier::encode`]).
    pub(crate) edge: Vec<u8>,
}

impl FileHeader {
    /// Tree size before its first group.
    pub(crate) fn size(&self) -> u64 {
        Cut(&self.edge).u64().unwrap_or(0)
    }

    /// One page: fields, edge, zeros, and a checksum over all of it in the last four bytes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(PAGE_BYTES);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&FORMAT.to_be_bytes());
        out.extend_from_slice(&(self.edge.len() as u32).to_be_bytes());
        out.extend_from_slice(&self.origin);
        out.extend_from_slice(&self.number.to_be_bytes());
        out.extend_from_slice(&self.mark.to_be_bytes());
        out.extend_from_slice(&self.group.to_be_bytes());
        out.extend_from_slice(&self.sequenced_at.0.to_be_bytes());
        out.extend_from_slice(&self.own_leaves.to_be_bytes());
        out.extend_from_slice(&self.edge);
        out.resize(PAGE_BYTES - 4, 0);
        out.extend_from_slice(&crc32c::crc32c(&out).to_be_bytes());
        out
    }

    /// The inverse of [`FileHeader::encode`].
    pub(crate) fn decode(page: &[u8]) -> std::result::Result<FileHeader, &'static str> {
        let cut_short = "first page is cut";
        let (body, crc) = page.split_at_checked(PAGE_BYTES - 4).ok_or(cut_short)?;
        let mut cut = Cut(body);
        if cut.array().as_ref() != Some(MAGIC) {
            return Err("this is not a WAL file of a log");
        }
        if Cut(crc).u32() != Some(crc32c::crc32c(body)) {
            return Err("first page does not match its checksum");
        }
        if cut.u32() != Some(FORMAT) {
            return Err("WAL format of another version");
        }
        let edge = cut.u32().filter(|edge| *edge <= EDGE_BYTES_MAX).ok_or("first page has an impossible edge")?;
        let mut read = || {
            Some(FileHeader {
                origin: cut.array()?,
                number: cut.u64()?,
                mark: cut.u64()?,
                group: cut.u64()?,
                sequenced_at: Millis(cut.u64()?),
                own_leaves: cut.u64()?,
                edge: cut.bytes(edge as usize)?.to_vec(),
            })
        };
        read().ok_or(cut_short)
    }

    /// Reads the first page of an open file.
    pub(crate) fn read(file: &dyn File, path: &Path) -> Result<FileHeader> {
        let mut page = vec![0; PAGE_BYTES];
        file.read_at(0, &mut page).map_err(|e| Error::io("read", path, &e))?;
        FileHeader::decode(&page).map_err(|reason| Error::corrupt(format!("{}: {reason}", path.display())))
    }
}

/// Name of the live file of this number.
pub(crate) fn file_name(number: u64) -> String {
    format!("{number:016}.wal")
}

/// Numbers of the live files in the folder, ascending.
pub(crate) fn live_files(disk: &dyn Disk, folder: &Path) -> Result<Vec<u64>> {
    let names = disk.list(folder).map_err(|e| Error::io("list", folder, &e))?;
    let mut numbers: Vec<u64> = names.iter().filter_map(|name| number_of(name)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

fn number_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".wal")?;
    let number = digits.parse().ok()?;
    (file_name(number) == name).then_some(number)
}
