//! A stream of lines: the same records whatever its chunks are, none over the limit, none made up, and none left out.
#![no_main]

use libfuzzer_sys::fuzz_target;
use server::fuzzing::lines;

const LIMIT: usize = 64;

fuzz_target!(|bytes: &[u8]| {
    let Some((at, stream)) = bytes.split_first() else { return };
    let whole = lines(&[stream], LIMIT);
    let (one, other) = stream.split_at(usize::from(*at).min(stream.len()));
    assert_eq!(lines(&[one, other], LIMIT), whole, "other chunks, other lines");
    let single: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(lines(&single, LIMIT), whole, "byte by byte, other lines");
    let is_kept = |line: &&[u8]| line.len() > LIMIT || !line.strip_suffix(b"\r").unwrap_or(line).is_empty();
    let expected: Vec<(Vec<u8>, u64)> = stream
        .split(|byte| *byte == b'\n')
        .filter(is_kept)
        .map(|line| {
            let is_long = line.len() > LIMIT;
            let text = if is_long { line } else { line.strip_suffix(b"\r").unwrap_or(line) };
            (text[..text.len().min(LIMIT)].to_vec(), text.len() as u64)
        })
        .collect();
    assert_eq!(whole, expected);
});
