use std::sync::Arc;

use tlog::tile::{FoldedTile, Row, TILE_BYTES, TILE_WIDTH, Tile};

use super::source::{CACHED_BYTES_MAX, Cache};

fn tile(index: u64) -> Tile {
    Tile { row: Row::Level(0), index, width: TILE_WIDTH }
}

#[test]
fn kept_tiles_stay_below_their_limit_and_the_ones_used_last_stay() {
    let cache = Cache::default();
    let folded = Arc::new(FoldedTile::new(&[7; TILE_BYTES]));
    let fit = CACHED_BYTES_MAX / folded.memory_bytes();
    for index in 0..3 * fit as u64 {
        cache.put(tile(index), folded.clone());
        // The first one is used all the time.
        assert!(cache.get(tile(0)).is_some());
        assert!(cache.bytes() <= CACHED_BYTES_MAX);
    }
    let kept = (0..3 * fit as u64).filter(|index| cache.get(tile(*index)).is_some()).count();
    assert_eq!(kept, fit);
    assert!(cache.get(tile(3 * fit as u64 - 1)).is_some());
    cache.put(tile(0), folded);
    assert_eq!(cache.bytes(), fit * FoldedTile::new(&[7; TILE_BYTES]).memory_bytes(), "kept once");
    cache.clear();
    assert_eq!((cache.bytes(), cache.get(tile(0))), (0, None));
}
