//! Writes a log of N entries of 44 bytes into a folder, for readers that were not written here:
//! `cargo run -p tlog --example write_log -- <folder> <entries>`. The verifier key goes to
//! `<folder>/key.vkey`, the log to `<folder>/log/`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::Path;

use tlog::checkpoint::Checkpoint;
use tlog::leaf_hash;
use tlog::note::{Algorithm, SignerKey};
use tlog::tile::{Row, TILE_WIDTH, Tile, TileBuilder, push_entry};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().expect("first argument: folder");
    let size: u64 = arguments.next().and_then(|n| n.parse().ok()).expect("second argument: number of entries");
    let folder = Path::new(&folder);
    let log = folder.join("log");
    // A key for trying out: its secret is known to everybody.
    let key = SignerKey::from_seed("example.deedbook/write-log", Algorithm::Ed25519, &[1; 32]).unwrap();
    let mut builder = TileBuilder::new();
    let mut bundle = Vec::new();
    for index in 0..size {
        let mut entry = [0; 44];
        entry[36..].copy_from_slice(&index.to_be_bytes());
        push_entry(&mut bundle, &entry).unwrap();
        builder.append(leaf_hash(&entry), |tile, bytes| write(&log, &tile.to_string(), bytes));
        let width = (index % u64::from(TILE_WIDTH) + 1) as u16;
        if width == TILE_WIDTH || index + 1 == size {
            let tile = Tile { row: Row::Entries, index: index / u64::from(TILE_WIDTH), width };
            write(&log, &tile.to_string(), &bundle);
            bundle.clear();
        }
    }
    for (tile, bytes) in builder.partial_tiles() {
        write(&log, &tile.to_string(), bytes);
    }
    let note = Checkpoint::new(key.name(), size, builder.root()).sign(&key).unwrap();
    write(&log, "checkpoint", note.encode().as_bytes());
    write(folder, "key.vkey", format!("{}\n", key.verifier()).as_bytes());
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}
