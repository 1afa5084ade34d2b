//! Tiles: the tree cut into files of 256 hashes, and the entries beside it (c2sp.org/tlog-tiles).

mod builder;
mod entries;
mod path;
mod reader;
#[cfg(test)]
mod tests;

pub use builder::TileBuilder;
pub use entries::{ENTRY_BYTES_MAX, bundle_entries, push_entry};
pub use path::{Row, Tile};
pub use reader::{FoldedTile, TileHashReader, TileReader};

use crate::tree::Node;
use crate::{HASH_BYTES, Hash};

/// Hashes or entries of a full tile.
pub const TILE_WIDTH: u16 = 256;

/// Bytes of a full tile of hashes.
pub const TILE_BYTES: usize = TILE_WIDTH as usize * HASH_BYTES;

/// Levels of the tree that one row of tiles spans: 256 is two to the eighth.
pub(crate) const ROW_LEVELS: u8 = 8;

/// All tiles of hashes of a tree, row by row from the leaves, each row from the left; the last of a
/// row may be partial. Entry bundles have the same shape as row 0.
pub fn tiles(size: u64) -> impl Iterator<Item = Tile> {
    (0..ROW_LEVELS).flat_map(move |level| row_tiles(Row::Level(level), size))
}

/// The tiles of one row of a tree of `size` leaves.
pub fn row_tiles(row: Row, size: u64) -> impl Iterator<Item = Tile> {
    let items = items_in_row(row, size);
    let full = (0..items / u64::from(TILE_WIDTH)).map(move |index| Tile { row, index, width: TILE_WIDTH });
    full.chain(partial_tile(row, size))
}

/// The partial tile at the right end of a row, if the row does not end with a full one.
pub fn partial_tile(row: Row, size: u64) -> Option<Tile> {
    let items = items_in_row(row, size);
    let width = (items % u64::from(TILE_WIDTH)) as u16;
    (width > 0).then_some(Tile { row, index: items / u64::from(TILE_WIDTH), width })
}

/// Hashes or entries that a row holds altogether: `floor(size / 256^level)`.
pub(crate) fn items_in_row(row: Row, size: u64) -> u64 {
    match row {
        Row::Entries => size,
        Row::Level(level) => size.checked_shr(u32::from(level) * u32::from(ROW_LEVELS)).unwrap_or(0),
    }
}

/// The tile that holds a node, as (row level, tile index), and the node's place inside: (level above
/// the row, index on that level).
pub(crate) fn place_of(node: Node) -> (u8, u64, u8, usize) {
    let above = node.level % ROW_LEVELS;
    // A tile has `256 >> above` nodes on that level.
    let per_tile = ROW_LEVELS - above;
    let inside = node.index & ((1 << per_tile) - 1);
    (node.level / ROW_LEVELS, node.index >> per_tile, above, inside as usize)
}

/// The hashes of a tile's bytes; bytes that do not fill a hash are left out, so check the length.
pub(crate) fn hashes(bytes: &[u8]) -> impl Iterator<Item = Hash> {
    bytes.as_chunks::<HASH_BYTES>().0.iter().map(|hash| Hash(*hash))
}
