use std::collections::BTreeMap;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use tlog::tile::{Tile, TileBuilder, TileHashReader, TileReader, tiles};
use tlog::tree::{Frontier, prove_consistency, prove_inclusion, verify_consistency, verify_inclusion};
use tlog::{Error, Hash, Result, leaf_hash};
use tlog_tiles::{HashReader as _, stored_hash_index};

fn entry(index: u64) -> Vec<u8> {
    format!("entry {index}").into_bytes()
}

/// The hashes of `tlog_tiles`, computed and stored by it alone.
#[derive(Default)]
struct Theirs(Vec<tlog_tiles::Hash>);

impl tlog_tiles::HashReader for Theirs {
    fn read_hashes(&self, indexes: &[u64]) -> std::result::Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        Ok(indexes.iter().map(|index| self.0[*index as usize]).collect())
    }
}

impl Theirs {
    fn of(size: u64) -> Theirs {
        let mut theirs = Theirs::default();
        for index in 0..size {
            let new = tlog_tiles::stored_hashes(index, &entry(index), &theirs).unwrap();
            assert_eq!(theirs.0.len() as u64, stored_hash_index(0, index));
            theirs.0.extend(new);
        }
        theirs
    }
}

struct Ours(BTreeMap<Tile, Vec<u8>>);

impl TileReader for &Ours {
    type Error = Error;

    fn tile(&mut self, tile: Tile) -> Result<Vec<u8>> {
        Ok(self.0[&tile].clone())
    }
}

fn ours(size: u64) -> (TileBuilder, Ours) {
    let mut builder = TileBuilder::new();
    let mut kept = BTreeMap::new();
    for index in 0..size {
        builder.append(leaf_hash(&entry(index)), |tile, bytes| drop(kept.insert(tile, bytes.to_vec())));
    }
    kept.extend(builder.partial_tiles().map(|(tile, bytes)| (tile, bytes.to_vec())));
    (builder, Ours(kept))
}

#[test]
fn roots_and_proofs_are_those_of_tlog_tiles() {
    let theirs = Theirs::of(600);
    for size in [1, 2, 3, 255, 256, 257, 511, 512, 513, 600] {
        let (builder, memory) = ours(size);
        let root = builder.root();
        assert_eq!(tlog_tiles::tree_hash(size, &theirs).unwrap().0, root.0);
        let mut reader = TileHashReader::new(&memory, size);
        for index in (0..size).step_by(7) {
            let proof = prove_inclusion(&mut reader, index, size).unwrap();
            let expected = tlog_tiles::prove_record(size, index, &theirs).unwrap();
            assert_eq!(
                proof.iter().map(|hash| hash.0).collect::<Vec<_>>(),
                expected.iter().map(|hash| hash.0).collect::<Vec<_>>()
            );
            let old = index + 1;
            let proof = prove_consistency(&mut reader, old, size).unwrap();
            let expected = tlog_tiles::prove_tree(size, old, &theirs).unwrap();
            let expected: Vec<Hash> = expected.iter().map(|hash| Hash(hash.0)).collect();
            // For a power of two theirs begins with the old root, which RFC 6962 leaves out.
            let skip = expected.len() - proof.len();
            assert!(skip == 0 || (skip == 1 && old.is_power_of_two()), "{old} to {size}");
            assert_eq!(proof, expected[skip..], "{old} to {size}");
        }
    }
}

#[test]
fn tiles_are_those_of_tlog_tiles() {
    let size = 70_000;
    let theirs = Theirs::of(size);
    let (_, memory) = ours(size);
    let mut expected: Vec<String> = tlog_tiles::Tile::new_tiles(8, 0, size).iter().map(|tile| tile.path()).collect();
    // Their path begins with the height of tiles, which tlog-tiles fixes at eight.
    for path in &mut expected {
        *path = path.replacen("tile/8/", "tile/", 1);
    }
    expected.sort();
    let mut paths: Vec<String> = tiles(size).map(|tile| tile.to_string()).collect();
    paths.sort();
    assert_eq!(paths, expected);
    for tile in tlog_tiles::Tile::new_tiles(8, 0, size) {
        let path: Tile = tile.path().replacen("tile/8/", "tile/", 1).parse().unwrap();
        assert_eq!(memory.0[&path], tile.read_data(&theirs).unwrap(), "{path}");
    }
    assert!(theirs.read_hashes(&[0]).is_ok());
}

#[test]
fn roots_and_proofs_are_those_of_ct_merkle() {
    let mut tree = MemoryBackedTree::<sha2::Sha256, Vec<u8>>::new();
    let mut frontier = Frontier::new();
    for size in 1..=100_u64 {
        tree.push(entry(size - 1));
        frontier.append(leaf_hash(&entry(size - 1)));
        let root = frontier.root();
        assert_eq!(tree.root().as_bytes().as_slice(), root.0);
        for index in (0..size).step_by(5) {
            let proof = tree.prove_inclusion(index as usize);
            let proof: Vec<Hash> = proof.as_bytes().as_chunks::<32>().0.iter().map(|hash| Hash(*hash)).collect();
            verify_inclusion(index, size, &leaf_hash(&entry(index)), &proof, &root).unwrap();
        }
        for old in (1..size).step_by(3) {
            let mut beginning = Frontier::new();
            beginning.append_all((0..old).map(|index| leaf_hash(&entry(index))));
            let proof = tree.prove_consistency((size - old) as usize);
            let proof: Vec<Hash> = proof.as_bytes().as_chunks::<32>().0.iter().map(|hash| Hash(*hash)).collect();
            verify_consistency(old, &beginning.root(), size, &root, &proof).unwrap();
        }
    }
}
