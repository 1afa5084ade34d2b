//! What it costs to look for known secrets, beside what is done to the same bytes anyway.
//!
//! `cargo bench -p sources --bench scrub` prints milliseconds per megabyte on one core, for the golden records of
//! all platforms or for the file that `DEEDBOOK_BENCH_FILE` names (a record on each line). Cutting, hashing and
//! compressing are less than what sealing takes, so the ratio is the most that scrubbing adds.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout, missing_docs)]

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use sha2::{Digest, Sha256};
use sources::scrub::Scrubber;
use sources::split::{Limits, Piece, Splitter};

/// Bytes that are measured, at least.
const BYTES_MIN: usize = 16 << 20;

/// The least of so many runs counts: all others were disturbed.
const RUNS: usize = 9;

/// Bytes of a block that is compressed at once.
const BLOCK_BYTES: usize = 1 << 20;

fn content() -> Vec<u8> {
    if let Some(file) = std::env::var_os("DEEDBOOK_BENCH_FILE") {
        return std::fs::read(file).unwrap();
    }
    let mut content = Vec::new();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for folder in std::fs::read_dir(golden).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            if let Ok(value) = serde_json::from_str::<serde_json::Value>(&text)
                && !path.to_string_lossy().ends_with(".event.json")
            {
                content.extend_from_slice(value.to_string().as_bytes());
                content.push(b'\n');
            }
        }
    }
    let times = BYTES_MIN.div_ceil(content.len());
    content.repeat(times)
}

fn main() {
    let content = content();
    let records: Vec<&[u8]> = content.split(|byte| *byte == b'\n').filter(|record| !record.is_empty()).collect();
    let megabytes = content.len() as f64 / 1e6;
    let least = |work: &mut dyn FnMut()| {
        let times = (0..RUNS).map(|_| {
            let begin = Instant::now();
            work();
            begin.elapsed().as_secs_f64()
        });
        times.fold(f64::MAX, f64::min) * 1e3 / megabytes
    };
    let scrubber = Scrubber::new([7; 32]).unwrap();
    let split = least(&mut || {
        let mut splitter = Splitter::new(Limits::default());
        let mut take = |piece: Piece<'_>| {
            black_box(piece);
        };
        content.chunks(BLOCK_BYTES).for_each(|chunk| splitter.push(chunk, &mut take));
        splitter.finish(&mut take);
    });
    let hash = least(&mut || {
        records.iter().for_each(|record| {
            black_box(Sha256::digest(record));
        })
    });
    let compress = least(&mut || {
        content.chunks(BLOCK_BYTES).for_each(|block| drop(black_box(zstd::bulk::compress(block, 3).unwrap())));
    });
    let scrub = least(&mut || records.iter().for_each(|record| drop(black_box(scrubber.scrub(record)))));
    let sum = split + hash + compress;
    println!("{} records, {megabytes:.1} MB; milliseconds per MB", records.len());
    for (name, value) in [("split", split), ("SHA-256", hash), ("zstd level 3", compress), ("their sum", sum)] {
        println!("{name:>14} {value:7.3}");
    }
    println!("{:>14} {scrub:7.3}  {:.1} % of the sum", "scrub", scrub / sum * 100.0);
}
