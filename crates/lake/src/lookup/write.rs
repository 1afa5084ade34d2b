//! Making a look-up file: keys gathered leaf by leaf, sorted, packed.

use std::io::{self, Write};

use model::Event;

use super::{BLOCK_BYTES, FOOTER_BYTES, Footer, LEAVES_MAX, MARK, STRETCH_LEAVES, filed};
use crate::{Error, ErrorKind, Result, number};

/// The keys of a run under construction.
#[derive(Default)]
pub(crate) struct Builder {
    first: u64,
    /// Event time of each leaf, where one is found.
    times: Vec<Option<i64>>,
    /// Key and offset of the leaf, in one word each.
    entries: Vec<u64>,
}

impl Builder {
    /// Of the run that begins with this leaf.
    pub(crate) fn new(first: u64) -> Builder {
        Builder { first, ..Builder::default() }
    }

    /// Takes one event. Leaves rise; those passed over are not found.
    pub(crate) fn push(&mut self, leaf: u64, time: i64, event: &Event<'_>) {
        let offset = leaf.saturating_sub(self.first);
        self.times.resize(usize::try_from(offset).unwrap_or(usize::MAX), None);
        self.times.push(Some(time));
        let begin = self.entries.len();
        trace::keys::of_event(event, &mut |key| self.entries.push(u64::from(filed(key)) << 32 | offset));
        // A principal that stands in three columns of one event is one key.
        if let Some(own) = self.entries.get_mut(begin..) {
            own.sort_unstable();
        }
        let mut last = None;
        let mut at = begin;
        for from in begin..self.entries.len() {
            let entry = self.entries.get(from).copied();
            if entry != last
                && let (Some(value), Some(slot)) = (entry, self.entries.get_mut(at))
            {
                *slot = value;
                at += 1;
            }
            last = entry;
        }
        self.entries.truncate(at);
    }

    /// Writes the file of the run that ends before leaf `end`; returns how many events it finds.
    pub(crate) fn write(mut self, end: u64, out: &mut dyn Write) -> Result<u64> {
        self.times.resize(usize::try_from(end.saturating_sub(self.first)).unwrap_or(usize::MAX), None);
        self.entries.sort_unstable();
        let mut packer = Packer::begin(self.first, &self.times, out)?;
        let mut leaves = Vec::new();
        let mut entries = self.entries.iter().peekable();
        while let Some(entry) = entries.next() {
            let key = (entry >> 32) as u32;
            leaves.push(entry & 0xffff_ffff);
            if entries.peek().is_none_or(|next| (**next >> 32) as u32 != key) {
                packer.value(key, &leaves)?;
                leaves.clear();
            }
        }
        packer.end()?;
        Ok(self.times.iter().flatten().count() as u64)
    }
}

/// Packs values in order of key.
pub(super) struct Packer<'w> {
    out: &'w mut dyn Write,
    footer: Footer,
    offset: u64,
    directory: Vec<u8>,
    block: Vec<u8>,
    last: u32,
}

impl<'w> Packer<'w> {
    /// Begins a file with the times of its leaves.
    pub(super) fn begin(first: u64, times: &[Option<i64>], out: &'w mut dyn Write) -> Result<Packer<'w>> {
        if times.len() as u64 > LEAVES_MAX {
            let context = format!("{} leaves in one run, at most {LEAVES_MAX}", times.len());
            return Err(Error::new(ErrorKind::Fatal, context));
        }
        let found = || times.iter().flatten().copied();
        let (earliest, latest) = (found().min().unwrap_or(i64::MAX), found().max().unwrap_or(i64::MIN));
        let unit = found().fold(0, |unit, time| gcd(unit, time.abs_diff(earliest))).max(1);
        let steps = if earliest > latest { 0 } else { latest.abs_diff(earliest) / unit };
        // One number more than there are steps: zero says that the leaf is not found.
        let width = (8 - steps.saturating_add(1).leading_zeros() as usize / 8).max(1);
        out.write_all(&MARK).map_err(refused)?;
        let (mut packed, mut stretches) = (Vec::new(), Vec::new());
        for times in times.chunks(STRETCH_LEAVES as usize) {
            packed.clear();
            let mut bounds: Option<(u64, u64)> = None;
            for time in times {
                let step = time.map_or(0, |time| time.abs_diff(earliest) / unit + 1);
                packed.extend_from_slice(step.to_le_bytes().get(..width).unwrap_or_default());
                let of_found = time.map(|_| bounds.map_or((step, step), |(a, b)| (a.min(step), b.max(step))));
                bounds = of_found.or(bounds);
            }
            out.write_all(&packed).map_err(refused)?;
            let (least, most) = bounds.unwrap_or_default();
            stretches.extend(least.to_le_bytes());
            stretches.extend(most.to_le_bytes());
            stretches.extend(crc32c::crc32c(&packed).to_le_bytes());
        }
        stretches.extend(crc32c::crc32c(&stretches).to_le_bytes());
        out.write_all(&stretches).map_err(refused)?;
        let (leaves, width) = (times.len() as u64, width as u64);
        let footer = Footer { first, leaves, earliest, latest, unit, width, directory: 0, blocks: 0 };
        let offset = footer.blocks_from();
        Ok(Packer { out, footer, offset, directory: Vec::new(), block: Vec::new(), last: 0 })
    }

    /// Adds a key with the offsets of its leaves, which rise.
    pub(super) fn value(&mut self, key: u32, leaves: &[u64]) -> Result<()> {
        if self.block.is_empty() {
            self.directory.extend(key.to_le_bytes());
            self.directory.extend(self.offset.to_le_bytes());
            self.footer.blocks += 1;
            self.last = key;
        }
        number::put(&mut self.block, u64::from(key - self.last));
        number::put(&mut self.block, (leaves.len() as u64).saturating_sub(1));
        let mut last = 0;
        for leaf in leaves {
            number::put(&mut self.block, leaf - last);
            last = *leaf;
        }
        self.last = key;
        if self.block.len() >= BLOCK_BYTES { self.end_block() } else { Ok(()) }
    }

    fn end_block(&mut self) -> Result<()> {
        let checksum = crc32c::crc32c(&self.block);
        self.block.extend(checksum.to_le_bytes());
        self.out.write_all(&self.block).map_err(refused)?;
        self.offset += self.block.len() as u64;
        self.block.clear();
        Ok(())
    }

    /// Ends the file.
    pub(super) fn end(mut self) -> Result<()> {
        if !self.block.is_empty() {
            self.end_block()?;
        }
        self.footer.directory = self.offset;
        self.out.write_all(&self.directory).map_err(refused)?;
        let footer: [u8; FOOTER_BYTES] = self.footer.encode(&self.directory);
        self.out.write_all(&footer).map_err(refused)
    }
}

fn refused(error: io::Error) -> Error {
    Error::caused(ErrorKind::Unavailable, "write a look-up file", error)
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
