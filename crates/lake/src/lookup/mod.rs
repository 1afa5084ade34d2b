//! The look-up index: from a key of [`trace::Key`] to the leaves of the events that have it.
//!
//! A run of leaves has one file, made with its rows and sealed like them, since a leaf missing here
//! would be missing from answers. Keys are kept as 32 bits of a hash: a look-up may find too many
//! leaves, never too few, and whoever asks compares the event itself ([`trace::Fact::has`]).
//!
//! ```text
//! mark       8 bytes  "DBLOK", the form of the file, the version of the list of keys, line feed
//! times      one fixed-width number a leaf: 0 where no event is found, else (time - base) / unit + 1
//! stretches  for each 1,024 leaves: earliest and latest of their times as these numbers (u64 each; 0: none is
//!            found), CRC-32C of the times; then CRC-32C of all this
//! blocks     of about 4 KiB, each: values, CRC-32C
//! directory  for each block: first key (u32), offset (u64)
//! footer     96 bytes, see `Footer`
//! ```
//! A value is the key's distance from the one before it in the block, its number of leaves less one,
//! its first leaf as an offset from that of the run, and the distances between leaves: LEB128 numbers.
//! Fixed-width numbers are little-endian. Stretches find the newest of a million leaves without the times of all.
//! Events that tell again what an earlier one told are not found.

mod merge;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use merge::{Due, Merging, merged};
pub(crate) use read::{Run, Told};
pub(crate) use write::Builder;

use twox_hash::XxHash64;

/// How a file begins and ends; the last digit is the version of the list of keys, so that a file of an older
/// list is made again instead of missing what it does not know.
const MARK: [u8; 8] = [b'D', b'B', b'L', b'O', b'K', b'2', b'0' + trace::keys::VERSION, b'\n'];

/// Leaves of which the file says how early and late they are.
const STRETCH_LEAVES: u64 = 1_024;

/// Bytes of what the file says of a stretch.
const STRETCH_BYTES: usize = 20;

/// Bytes of values after which a block ends.
const BLOCK_BYTES: usize = 4 << 10;

/// Bytes of a CRC-32C.
const CRC_BYTES: usize = 4;

/// Bytes of an entry of the directory.
const ENTRY_BYTES: usize = 12;

/// Bytes of the footer.
const FOOTER_BYTES: usize = 96;

/// Most leaves of one file: what the merge packs beside a key in one word.
const LEAVES_MAX: u64 = 1 << 32;

/// The hash by which a key is filed.
pub(crate) fn filed(key: trace::Key<'_>) -> u32 {
    let (number, text) = key.parts();
    (XxHash64::oneshot(u64::from(number), text.as_bytes()) >> 32) as u32
}

/// What a reader knows before it reads anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Footer {
    /// First leaf.
    first: u64,
    /// Number of leaves.
    leaves: u64,
    /// Earliest event time, nanoseconds; `i64::MAX` without an event.
    earliest: i64,
    /// Latest event time, nanoseconds; `i64::MIN` without an event.
    latest: i64,
    /// Nanoseconds of which each distance between times is a multiple.
    unit: u64,
    /// Bytes of one time.
    width: u64,
    /// Where the directory begins, which is where the blocks end.
    directory: u64,
    /// Number of blocks.
    blocks: u64,
}

impl Footer {
    fn encode(&self, directory: &[u8]) -> [u8; FOOTER_BYTES] {
        let numbers = [
            self.first,
            self.leaves,
            self.earliest.cast_unsigned(),
            self.latest.cast_unsigned(),
            self.unit,
            self.width,
            self.directory,
            self.blocks,
        ];
        let mut bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        bytes.extend(u64::from(crc32c::crc32c(directory)).to_le_bytes());
        bytes.extend(u64::from(crc32c::crc32c(&bytes)).to_le_bytes());
        bytes.resize(FOOTER_BYTES - MARK.len(), 0);
        bytes.extend(MARK);
        bytes.try_into().unwrap_or([0; FOOTER_BYTES])
    }

    /// The footer and the checksum of the directory; nothing, if these bytes are no footer.
    fn decode(bytes: &[u8; FOOTER_BYTES]) -> Option<(Footer, u32)> {
        let number = |at: usize| bytes.get(at * 8..at * 8 + 8).and_then(|b| b.try_into().ok()).map(u64::from_le_bytes);
        let checksum = u64::from(crc32c::crc32c(bytes.get(..72)?));
        if !bytes.ends_with(&MARK) || number(9)? != checksum {
            return None;
        }
        let footer = Footer {
            first: number(0)?,
            leaves: number(1)?,
            earliest: number(2)?.cast_signed(),
            latest: number(3)?.cast_signed(),
            unit: number(4)?,
            width: number(5)?,
            directory: number(6)?,
            blocks: number(7)?,
        };
        Some((footer, u32::try_from(number(8)?).ok()?))
    }

    /// Where the stretches begin, which is where the times end.
    fn stretches_from(&self) -> u64 {
        MARK.len() as u64 + self.leaves * self.width
    }

    /// Bytes of the stretches, without their checksum.
    fn stretches_bytes(&self) -> u64 {
        self.leaves.div_ceil(STRETCH_LEAVES) * STRETCH_BYTES as u64
    }

    /// Where the blocks begin.
    fn blocks_from(&self) -> u64 {
        self.stretches_from() + self.stretches_bytes() + CRC_BYTES as u64
    }
}
