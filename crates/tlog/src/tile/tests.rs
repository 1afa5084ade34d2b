use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::tree::{Frontier, HashReader, prove_consistency, prove_inclusion, verify_consistency, verify_inclusion};
use crate::{Error, ErrorKind, Result, leaf_hash};

fn level(level: u8, index: u64, width: u16) -> Tile {
    Tile { row: Row::Level(level), index, width }
}

#[test]
fn paths_are_those_of_the_specification() {
    let cases = [
        (level(0, 1_234_067, 256), "tile/0/x001/x234/067"),
        (level(0, 1_234_067, 112), "tile/0/x001/x234/067.p/112"),
        (level(0, 0, 256), "tile/0/000"),
        (level(1, 999, 1), "tile/1/999.p/1"),
        (level(63, 1_000, 255), "tile/63/x001/000.p/255"),
        (Tile { row: Row::Entries, index: 273, width: 112 }, "tile/entries/273.p/112"),
        (level(0, u64::MAX, 256), "tile/0/x018/x446/x744/x073/x709/x551/615"),
    ];
    for (tile, path) in cases {
        assert_eq!(tile.to_string(), path);
        assert_eq!(path.parse::<Tile>().unwrap(), tile);
    }
}

#[test]
fn other_paths_are_refused() {
    let wrong = [
        "",
        "tile/0",
        "tile/0/",
        "tile/0/1",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/001",
        "tile/0/001/001",
        "tile/0/x001",
        "tile/0/x001/x234",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000/",
        "tile/entry/000",
        "/tile/0/000",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
        "tile/0/../000",
    ];
    for path in wrong {
        assert_eq!(path.parse::<Tile>().unwrap_err().kind(), ErrorKind::Invalid, "{path}");
    }
}

#[test]
fn a_size_has_the_tiles_of_the_specification() {
    let partial = |size| tiles(size).filter(Tile::is_partial).map(|tile| tile.to_string()).collect::<Vec<_>>();
    let full = |size, of| tiles(size).filter(|tile| !tile.is_partial() && tile.row == Row::Level(of)).count();
    assert_eq!(partial(70_000), ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]);
    assert_eq!((full(70_000, 0), full(70_000, 1), full(70_000, 2)), (273, 1, 0));
    assert_eq!(partial(256), ["tile/1/000.p/1"]);
    assert_eq!(full(256, 0), 1);
    assert_eq!(tiles(0).count(), 0);
    assert_eq!(row_tiles(Row::Entries, 257).last().unwrap().to_string(), "tile/entries/001.p/1");
    assert_eq!(Tile::at_size(Row::Level(1), 0, 70_000).unwrap().width, 256);
    assert_eq!(Tile::at_size(Row::Level(1), 1, 70_000).unwrap().width, 17);
    assert_eq!(Tile::at_size(Row::Level(1), 2, 70_000), None);
    assert_eq!(Tile::at_size(Row::Level(0), u64::MAX, 70_000), None);
}

/// Tiles in memory: what a builder has given, and its partial tiles.
#[derive(Default)]
struct Memory {
    tiles: BTreeMap<Tile, Vec<u8>>,
    reads: usize,
}

impl TileReader for &mut Memory {
    type Error = Error;

    fn tile(&mut self, tile: Tile) -> Result<Vec<u8>> {
        self.reads += 1;
        self.tiles.get(&tile).cloned().ok_or_else(|| Error::invalid(format!("{tile} does not exist")))
    }
}

fn leaf(index: u64) -> Hash {
    leaf_hash(&index.to_be_bytes())
}

fn build(size: u64) -> (TileBuilder, Memory) {
    let mut builder = TileBuilder::new();
    let mut memory = Memory::default();
    for index in 0..size {
        builder.append(leaf(index), |tile, bytes| {
            assert!(memory.tiles.insert(tile, bytes.to_vec()).is_none(), "{tile} was given twice");
        });
    }
    memory.tiles.extend(builder.partial_tiles().map(|(tile, bytes)| (tile, bytes.to_vec())));
    (builder, memory)
}

#[test]
fn a_builder_gives_exactly_the_tiles_of_its_size() {
    for size in [0, 1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_793, 70_000] {
        let (builder, memory) = build(size);
        assert_eq!(memory.tiles.keys().copied().collect::<Vec<_>>(), tiles(size).collect::<Vec<_>>(), "size {size}");
        for (tile, bytes) in &memory.tiles {
            tile.check_bytes(bytes).unwrap();
        }
        let mut frontier = Frontier::new();
        frontier.append_all((0..size).map(leaf));
        assert_eq!(builder.frontier(), &frontier);
    }
}

#[test]
fn a_tile_of_the_second_row_holds_the_roots_of_the_first() {
    let (_, memory) = build(70_000);
    for (tile, bytes) in memory.tiles.iter().filter(|(tile, _)| tile.row == Row::Level(1)) {
        for (at, hash) in hashes(bytes).enumerate() {
            let first = (tile.index * 256 + at as u64) * 256;
            let mut below = Frontier::new();
            below.append_all((first..first + 256).map(leaf));
            assert_eq!(hash, below.root());
        }
    }
}

#[test]
fn a_restored_builder_goes_on_as_if_it_had_never_stopped() {
    for size in [0, 1, 255, 256, 300, 65_536, 66_000] {
        let (mut builder, mut memory) = build(size);
        let mut restored = TileBuilder::restore(&mut &mut memory, size).unwrap();
        assert_eq!(restored, builder, "size {size}");
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for index in size..size + 700 {
            builder.append(leaf(index), |tile, bytes| a.push((tile, bytes.to_vec())));
            restored.append(leaf(index), |tile, bytes| b.push((tile, bytes.to_vec())));
        }
        assert_eq!(a, b);
        assert_eq!(restored.root(), builder.root());
    }
    let (_, mut memory) = build(300);
    memory.tiles.get_mut(&level(0, 1, 44)).unwrap().pop();
    assert_eq!(TileBuilder::restore(&mut &mut memory, 300).unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(TileBuilder::restore(&mut &mut memory, u64::MAX).unwrap_err().kind(), ErrorKind::Invalid);
}

#[test]
fn a_proof_costs_few_tile_reads() {
    let (builder, mut memory) = build(70_000);
    let mut reader = TileHashReader::new(&mut memory, 70_000);
    let proof = prove_inclusion(&mut reader, 12_345, 70_000).unwrap();
    verify_inclusion(12_345, 70_000, &leaf(12_345), &proof, &builder.root()).unwrap();
    // Rows 0, 1 and 2 on the way up; rows 0 and 1 once more at the right edge.
    assert!(reader.tiles().reads <= 5, "{} reads", reader.tiles().reads);
    let before = reader.tiles().reads;
    prove_inclusion(&mut reader, 12_346, 70_000).unwrap();
    assert_eq!(reader.tiles().reads, before);
}

#[test]
fn nodes_outside_the_tree_are_refused() {
    let (_, mut memory) = build(300);
    let mut reader = TileHashReader::new(&mut memory, 300);
    for node in [Node { level: 0, index: 300 }, Node { level: 1, index: 150 }, Node { level: 9, index: 0 }] {
        assert_eq!(reader.node(node).unwrap_err().kind(), ErrorKind::Invalid, "{node:?}");
    }
    assert_eq!(reader.node(Node { level: 63, index: 1 }).unwrap_err().kind(), ErrorKind::Invalid);
    reader.node(Node { level: 8, index: 0 }).unwrap();
}

/// A source that has replaced every partial tile by the full one.
struct Wide(BTreeMap<Tile, Vec<u8>>);

impl TileReader for Wide {
    type Error = Error;

    fn tile(&mut self, tile: Tile) -> Result<Vec<u8>> {
        Err(Error::invalid(format!("{tile} was asked for without the nodes inside it")))
    }

    fn folded(&mut self, tile: Tile) -> Result<std::sync::Arc<FoldedTile>> {
        Ok(std::sync::Arc::new(FoldedTile::new(&self.0[&tile.full()])))
    }
}

#[test]
fn a_source_of_wider_tiles_gives_the_same_proofs_and_no_node_outside_the_tree() {
    let (_, memory) = build(65_536);
    for size in [1, 2, 3, 255, 256, 257, 1_000, 65_535] {
        let (builder, mut narrow) = build(size);
        let mut wide = TileHashReader::new(Wide(memory.tiles.clone()), size);
        let mut narrow = TileHashReader::new(&mut narrow, size);
        for index in [0, size / 2, size - 1] {
            let proof = prove_inclusion(&mut wide, index, size).unwrap();
            assert_eq!(proof, prove_inclusion(&mut narrow, index, size).unwrap());
            verify_inclusion(index, size, &leaf(index), &proof, &builder.root()).unwrap();
        }
        for level in 0..17 {
            let outside = Node { level, index: size >> level };
            assert_eq!(wide.node(outside).unwrap_err().kind(), ErrorKind::Invalid, "{outside:?} at {size}");
        }
    }
}

#[test]
fn a_folded_tile_holds_the_roots_of_its_perfect_subtrees() {
    for width in [1, 2, 3, 100, 255, 256] {
        let leaves: Vec<Hash> = (0..width).map(leaf).collect();
        let folded = FoldedTile::new(&leaves.iter().flat_map(|hash| hash.0).collect::<Vec<_>>());
        assert_eq!(folded.hashes(), leaves);
        for above in 0..8 {
            for (inside, below) in leaves.chunks_exact(1 << above).enumerate() {
                let mut tree = Frontier::new();
                tree.append_all(below.iter().copied());
                assert_eq!(folded.node(above, inside), Some(tree.root()), "{inside} on {above}, width {width}");
            }
            assert_eq!(folded.node(above, leaves.len() >> above), None);
        }
        let mut tree = Frontier::new();
        tree.append_all(leaves);
        assert_eq!(folded.root(), (width == 256).then(|| tree.root()));
    }
}

#[test]
fn a_bundle_holds_exactly_its_entries() {
    let tile = Tile { row: Row::Entries, index: 0, width: 3 };
    let mut bundle = Vec::new();
    for entry in [&b"one"[..], b"", b"three"] {
        push_entry(&mut bundle, entry).unwrap();
    }
    assert_eq!(bundle, b"\0\x03one\0\0\0\x05three");
    assert_eq!(bundle_entries(tile, &bundle).unwrap(), [&b"one"[..], b"", b"three"]);
    for end in 0..bundle.len() {
        assert_eq!(bundle_entries(tile, &bundle[..end]).unwrap_err().kind(), ErrorKind::Invalid, "{end} bytes");
    }
    assert!(bundle_entries(Tile { width: 2, ..tile }, &bundle).is_err());
    let mut largest = Vec::new();
    push_entry(&mut largest, &[7; ENTRY_BYTES_MAX]).unwrap();
    assert_eq!(push_entry(&mut largest, &[7; ENTRY_BYTES_MAX + 1]).unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(largest.len(), 2 + ENTRY_BYTES_MAX);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn proofs_from_tiles_verify(size in 1..2_000_u64, a in 0..2_000_u64, b in 0..2_000_u64) {
        let (builder, mut memory) = build(size);
        let mut reader = TileHashReader::new(&mut memory, size);
        let (index, old) = (a % size, b % size + 1);
        let proof = prove_inclusion(&mut reader, index, size).unwrap();
        verify_inclusion(index, size, &leaf(index), &proof, &builder.root()).unwrap();
        let proof = prove_consistency(&mut reader, old, size).unwrap();
        verify_consistency(old, &build(old).0.root(), size, &builder.root(), &proof).unwrap();
    }

    #[test]
    fn every_tile_has_one_path(index in any::<u64>(), row in 0..=63_u8, width in 1..=256_u16) {
        let tile = level(row, index, width);
        prop_assert_eq!(tile.to_string().parse::<Tile>().unwrap(), tile);
    }

    #[test]
    fn foreign_paths_never_panic(path in "tile/[0-9x./pentris]{0,24}") {
        if let Ok(tile) = path.parse::<Tile>() {
            prop_assert_eq!(tile.to_string(), path);
        }
    }
}
