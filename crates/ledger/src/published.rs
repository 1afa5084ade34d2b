//! Entries of the log from the bundles under `log/`: what is left of a leaf whose evidence is lost.
//! Nobody vouches for these files; who takes entries from them compares a root afterwards.

use model::LEAF_BYTES;
use tlog::tile::{Row, TILE_WIDTH, Tile, bundle_entries};

use crate::disk::Disk;
use crate::layout::Layout;

/// The entries of a range from the bundles under `log/`, as far as they are there.
pub(crate) fn entries(disk: &dyn Disk, layout: &Layout, from: u64, end: u64) -> Vec<[u8; LEAF_BYTES]> {
    let width = u64::from(TILE_WIDTH);
    let mut entries = Vec::new();
    let mut next = from;
    while next < end {
        let full = Tile { row: Row::Entries, index: next / width, width: TILE_WIDTH };
        let Some(bundle) = widest(disk, layout, full) else { break };
        let (tile, bytes) = bundle;
        let Ok(all) = bundle_entries(tile, &bytes) else { break };
        let skip = usize::try_from(next % width).unwrap_or(0);
        let wanted = usize::try_from(end - next).unwrap_or(usize::MAX);
        let before = entries.len();
        entries
            .extend(all.iter().skip(skip).take(wanted).filter_map(|entry| <[u8; LEAF_BYTES]>::try_from(*entry).ok()));
        if entries.len() == before {
            break;
        }
        next += (entries.len() - before) as u64;
    }
    entries
}

/// The full bundle, or the widest partial one.
fn widest(disk: &dyn Disk, layout: &Layout, full: Tile) -> Option<(Tile, Vec<u8>)> {
    let bytes_max = u64::from(TILE_WIDTH) * (LEAF_BYTES as u64 + 2);
    let read =
        |tile: Tile| disk.read(&layout.public().join(tile.to_string()), bytes_max).ok().map(|bytes| (tile, bytes));
    read(full).or_else(|| {
        let partials = layout.public().join(full.to_string()).with_extension("p");
        let widths = disk.list(&partials).unwrap_or_default();
        let widest = widths.iter().filter_map(|name| name.parse().ok()).max()?;
        read(Tile { width: widest, ..full })
    })
}
