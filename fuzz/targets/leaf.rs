//! A leaf that is accepted is encoded back byte by byte, and so are the bundle that holds leaves and
//! the right edge of a tree.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::Leaf;
use tlog::tile::{Row, Tile, bundle_entries, push_entry};
use tlog::tree::Frontier;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(leaf) = Leaf::decode(bytes) {
        assert_eq!(leaf.encode(), bytes);
    }
    if let Ok(edge) = Frontier::decode(bytes) {
        assert_eq!(edge.encode(), bytes);
    }
    let Some((width, bundle)) = bytes.split_first() else { return };
    let tile = Tile { row: Row::Entries, index: 0, width: u16::from(*width) + 1 };
    if let Ok(entries) = bundle_entries(tile, bundle) {
        assert_eq!(entries.len(), usize::from(tile.width));
        let mut again = Vec::new();
        entries.iter().for_each(|entry| push_entry(&mut again, entry).expect("an entry of a bundle fits into one"));
        assert_eq!(again, bundle);
    }
});
