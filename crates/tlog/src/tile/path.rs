//! The names of tiles.

use std::fmt;
use std::str::FromStr;

use crate::{Error, HASH_BYTES, Result, text};

use super::{TILE_WIDTH, items_in_row};

/// Highest level that a path may name.
const LEVEL_MAX: u8 = 63;

/// What a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Row {
    /// Hashes: row 0 has the leaf hashes, row `l` the nodes at level `8 * l` of the tree.
    Level(u8),
    /// The entries themselves.
    Entries,
}

/// One tile of hashes or one bundle of entries. Its text is its path below the log's folder, as in
/// `tile/0/x001/x234/067.p/112`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tile {
    /// What it holds.
    pub row: Row,
    /// Place in its row, from 0.
    pub index: u64,
    /// How many hashes or entries: 256, or 1 to 255 for a partial tile.
    pub width: u16,
}

impl Tile {
    /// True for a tile that is not full yet.
    pub fn is_partial(&self) -> bool {
        self.width < TILE_WIDTH
    }

    /// The full tile that a partial one grows into.
    pub fn full(&self) -> Tile {
        Tile { width: TILE_WIDTH, ..*self }
    }

    /// The tile of this row and index as wide as a tree of `size` leaves has it, if it has one.
    pub fn at_size(row: Row, index: u64, size: u64) -> Option<Tile> {
        let left = items_in_row(row, size).checked_sub(index.checked_mul(u64::from(TILE_WIDTH))?)?;
        let width = left.min(u64::from(TILE_WIDTH)) as u16;
        (width > 0).then_some(Tile { row, index, width })
    }

    /// Checks the length of a tile of hashes.
    pub(crate) fn check_bytes(&self, bytes: &[u8]) -> Result<()> {
        let expected = usize::from(self.width) * HASH_BYTES;
        if bytes.len() == expected {
            return Ok(());
        }
        Err(Error::invalid(format!("{self} has {} bytes, {} hashes take {expected}", bytes.len(), self.width)))
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row {
            Row::Level(level) => write!(f, "tile/{level}/")?,
            Row::Entries => f.write_str("tile/entries/")?,
        }
        // Groups of three digits, all but the last with an x, so that no folder grows without bound.
        let mut group = 1_000_u64;
        while self.index / group >= 1_000 {
            group *= 1_000;
        }
        while group > 1 && self.index >= group {
            write!(f, "x{:03}/", self.index / group % 1_000)?;
            group /= 1_000;
        }
        write!(f, "{:03}", self.index % 1_000)?;
        if self.is_partial() {
            write!(f, ".p/{}", self.width)?;
        }
        Ok(())
    }
}

impl FromStr for Tile {
    type Err = Error;

    /// Accepts exactly what `Display` writes.
    fn from_str(path: &str) -> Result<Tile> {
        let wrong = || Error::invalid(format!("`{}` is not the path of a tile", text::shown(path)));
        let (row, rest) = path.strip_prefix("tile/").and_then(|rest| rest.split_once('/')).ok_or_else(wrong)?;
        let row = match row {
            "entries" => Row::Entries,
            level => Row::Level(
                text::decimal(level)
                    .ok()
                    .and_then(|level| u8::try_from(level).ok())
                    .filter(|level| *level <= LEVEL_MAX)
                    .ok_or_else(wrong)?,
            ),
        };
        let (number, width) = match rest.split_once(".p/") {
            None => (rest, TILE_WIDTH),
            Some((number, width)) => {
                let width = text::decimal(width).ok().and_then(|width| u16::try_from(width).ok());
                (number, width.filter(|width| (1..TILE_WIDTH).contains(width)).ok_or_else(wrong)?)
            }
        };
        let tile = Tile { row, index: tile_index(number).ok_or_else(wrong)?, width };
        // `x000/001` names a tile that has another name: one tile, one path.
        if tile.to_string() == path { Ok(tile) } else { Err(wrong()) }
    }
}

fn tile_index(groups: &str) -> Option<u64> {
    groups.split('/').try_fold(0u64, |index, group| {
        let digits = group.strip_prefix('x').unwrap_or(group);
        let canonical = digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit());
        let value = digits.parse::<u64>().ok().filter(|_| canonical)?;
        index.checked_mul(1_000)?.checked_add(value)
    })
}
