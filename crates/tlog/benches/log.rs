//! `cargo bench -p tlog`: what one leaf, one proof and one signature cost.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::collections::HashMap;
use std::path::PathBuf;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use tlog::checkpoint::{Checkpoint, Opened};
use tlog::note::{Algorithm, SignerKey};
use tlog::proof::LogProof;
use tlog::tile::{Tile, TileBuilder, TileHashReader, TileReader};
use tlog::tree::{Frontier, prove_consistency, prove_inclusion};
use tlog::{Error, Hash, Result, leaf_hash, node_hash};

const SIZE: u64 = 1_000_000;

fn main() {
    divan::main();
}

struct Memory(HashMap<Tile, Vec<u8>>);

impl TileReader for &Memory {
    type Error = Error;

    fn tile(&mut self, tile: Tile) -> Result<Vec<u8>> {
        Ok(self.0[&tile].clone())
    }
}

fn leaf(index: u64) -> Hash {
    leaf_hash(&[index.to_be_bytes().as_slice(), &[7; 36]].concat())
}

fn million() -> (TileBuilder, Memory) {
    let mut builder = TileBuilder::new();
    let mut memory = Memory(HashMap::new());
    for index in 0..SIZE {
        builder.append(leaf(index), |tile, bytes| drop(memory.0.insert(tile, bytes.to_vec())));
    }
    memory.0.extend(builder.partial_tiles().map(|(tile, bytes)| (tile, bytes.to_vec())));
    (builder, memory)
}

fn signer() -> SignerKey {
    SignerKey::from_seed("bench.example/log", Algorithm::Ed25519, &[1; 32]).unwrap()
}

/// The ceiling of the two below.
#[divan::bench]
fn raw_node_hash(bencher: Bencher) {
    let hash = leaf(0);
    bencher
        .counter(ItemsCount::new(65_536_u32))
        .bench(|| (0..65_536).fold(hash, |node, _| node_hash(black_box(&hash), &node)));
}

#[divan::bench]
fn append_to_frontier(bencher: Bencher) {
    let leaves: Vec<Hash> = (0..65_536).map(leaf).collect();
    bencher.counter(ItemsCount::new(leaves.len())).bench(|| {
        let mut frontier = Frontier::new();
        frontier.append_all(leaves.iter().copied());
        frontier.root()
    });
}

#[divan::bench]
fn append_to_tiles(bencher: Bencher) {
    let leaves: Vec<Hash> = (0..65_536).map(leaf).collect();
    bencher.counter(ItemsCount::new(leaves.len())).bench(|| {
        let mut builder = TileBuilder::new();
        for leaf in &leaves {
            builder.append(*leaf, |tile, bytes| _ = black_box((tile, bytes)));
        }
        builder.root()
    });
}

/// What a log pays for one entry: its leaf hash, the tree, the tiles.
#[divan::bench]
fn append_entries_of_44_bytes(bencher: Bencher) {
    bencher.counter(ItemsCount::new(65_536_u32)).bench(|| {
        let (mut builder, mut entry) = (TileBuilder::new(), [9; 44]);
        for index in 0..65_536_u64 {
            entry[36..].copy_from_slice(&index.to_be_bytes());
            builder.append(leaf_hash(&entry), |tile, bytes| _ = black_box((tile, bytes)));
        }
        builder.root()
    });
}

#[divan::bench]
fn leaf_hash_of_44_bytes(bencher: Bencher) {
    let entry = [9; 44];
    bencher.bench(|| leaf_hash(black_box(&entry)));
}

#[divan::bench]
fn prove_inclusion_warm(bencher: Bencher) {
    let (_, memory) = million();
    let mut reader = TileHashReader::new(&memory, SIZE);
    prove_inclusion(&mut reader, 123_456, SIZE).unwrap();
    bencher.bench_local(|| prove_inclusion(&mut reader, black_box(123_456), SIZE).unwrap());
}

#[divan::bench]
fn prove_inclusion_cold(bencher: Bencher) {
    let (_, memory) = million();
    bencher.bench_local(|| prove_inclusion(&mut TileHashReader::new(&memory, SIZE), 123_456, SIZE).unwrap());
}

/// As a program does that has only the folder: every tile is read from its file.
#[divan::bench]
fn prove_inclusion_from_tile_files(bencher: Bencher) {
    let (_, memory) = million();
    let folder = Folder(std::env::temp_dir().join(format!("tlog-bench-{}", std::process::id())));
    for (tile, bytes) in &memory.0 {
        let path = folder.0.join(tile.to_string());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    bencher.bench_local(|| prove_inclusion(&mut TileHashReader::new(&folder, SIZE), 123_456, SIZE).unwrap());
}

/// A folder of tiles, deleted at the end.
struct Folder(PathBuf);

impl TileReader for &Folder {
    type Error = Error;

    fn tile(&mut self, tile: Tile) -> Result<Vec<u8>> {
        Ok(std::fs::read(self.0.join(tile.to_string())).unwrap())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[divan::bench]
fn prove_consistency_warm(bencher: Bencher) {
    let (_, memory) = million();
    let mut reader = TileHashReader::new(&memory, SIZE);
    bencher.bench_local(|| prove_consistency(&mut reader, black_box(654_321), SIZE).unwrap());
}

/// From the bytes of the file to the verdict.
#[divan::bench]
fn verify_proof_file(bencher: Bencher) {
    let (builder, memory) = million();
    let hashes = prove_inclusion(&mut TileHashReader::new(&memory, SIZE), 123_456, SIZE).unwrap();
    let checkpoint = Checkpoint::new("bench.example/log", SIZE, builder.root()).sign(&signer()).unwrap();
    let file = LogProof { extra: None, index: 123_456, hashes, checkpoint }.encode();
    let key = signer().verifier();
    bencher.bench(|| LogProof::parse(file.as_bytes()).unwrap().verify(&leaf(123_456), &key, None).unwrap());
}

#[divan::bench]
fn sign_checkpoint(bencher: Bencher) {
    let key = signer();
    let checkpoint = Checkpoint::new("bench.example/log", SIZE, leaf(0));
    bencher.bench(|| black_box(&checkpoint).sign(&key).unwrap());
}

#[divan::bench]
fn open_checkpoint(bencher: Bencher) {
    let note = Checkpoint::new("bench.example/log", SIZE, leaf(0)).sign(&signer()).unwrap().encode();
    let key = signer().verifier();
    bencher.bench(|| Opened::open(black_box(note.as_bytes()), &key).unwrap());
}
