use std::fs;
use std::path::Path;

use tlog::checkpoint::Checkpoint;
use tlog::leaf_hash;
use tlog::tile::{Row, TileBuilder, push_entry, row_tiles};

use crate::{run, signer};

const SIZE: u64 = 600;

fn write(folder: &Path, size: u64) {
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.join("log").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    let entry = |index: u64| [&[0; 36][..], &index.to_be_bytes()].concat();
    let mut tree = TileBuilder::new();
    for index in 0..size {
        tree.append(leaf_hash(&entry(index)), |tile, bytes| put(&tile.to_string(), bytes));
    }
    tree.partial_tiles().for_each(|(tile, bytes)| put(&tile.to_string(), bytes));
    for tile in row_tiles(Row::Entries, size) {
        let mut bundle = Vec::new();
        let first = tile.index * 256;
        (first..first + u64::from(tile.width)).for_each(|index| push_entry(&mut bundle, &entry(index)).unwrap());
        put(&tile.to_string(), &bundle);
    }
    let note = Checkpoint::new("example.com/log", size, tree.root()).sign(&signer(1)).unwrap();
    put("checkpoint", note.encode().as_bytes());
    fs::write(folder.join("key"), signer(1).verifier().to_string()).unwrap();
}

fn code(folder: &Path, more: &[&str]) -> i32 {
    run(folder, &[&["log", ".", "--key", "key", "--published"][..], more].concat()).status.code().unwrap()
}

#[test]
fn a_flipped_bit_in_any_file_of_the_log_is_named() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), SIZE);
    assert_eq!(code(folder.path(), &[]), 0);
    for name in
        ["tile/0/000", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/001", "tile/entries/002.p/88", "checkpoint"]
    {
        let path = folder.path().join("log").join(name);
        let good = fs::read(&path).unwrap();
        let mut bad = good.clone();
        bad[good.len() / 3] ^= 1;
        fs::write(&path, &bad).unwrap();
        // A bit in the origin or the key name of a checkpoint makes it that of another log.
        assert!([3, 5].contains(&code(folder.path(), &[])), "{name}");
        fs::remove_file(&path).unwrap();
        assert_ne!(code(folder.path(), &[]), 0, "{name} removed");
        fs::write(&path, good).unwrap();
    }
    assert_eq!(code(folder.path(), &[]), 0);
}

#[test]
fn a_cut_below_a_kept_checkpoint_is_seen() {
    let (longer, shorter) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(longer.path(), SIZE);
    write(shorter.path(), SIZE - 1);
    let kept = |folder: &Path| folder.join("log/checkpoint").display().to_string();
    assert_eq!(code(longer.path(), &["--checkpoint", &kept(shorter.path())]), 0);
    assert_eq!(code(shorter.path(), &["--checkpoint", &kept(longer.path())]), 3);
}
