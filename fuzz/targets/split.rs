//! Any content, in any chunks: the pieces are the content in its order, and chunks change nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};
use sources::split::{End, Limits, Piece, Splitter};

/// Offset, length and whether it is a record, of each piece.
type Pieces = Vec<(u64, u64, bool)>;

fn split(content: &[u8], chunk_bytes: usize, limits: Limits) -> (Pieces, End) {
    let mut pieces = Pieces::new();
    let mut at = 0;
    let mut take = |piece: Piece<'_>| {
        let (offset, length, record) = match piece {
            Piece::Record { offset, bytes, cut: None } => {
                assert!(bytes.len() <= limits.record_bytes_max);
                assert_eq!(bytes, part(content, offset, bytes.len() as u64));
                (offset, bytes.len() as u64, true)
            }
            Piece::Record { offset, bytes, cut: Some(cut) } => {
                assert!(cut.length > limits.record_bytes_max as u64);
                let whole = part(content, offset, cut.length);
                assert_eq!(bytes, &whole[..limits.kept_bytes.min(limits.record_bytes_max)]);
                assert_eq!(cut.sha256, <[u8; 32]>::from(Sha256::digest(whole)));
                (offset, cut.length, true)
            }
            Piece::Between { offset, bytes } => {
                assert_eq!(bytes, part(content, offset, bytes.len() as u64));
                (offset, bytes.len() as u64, false)
            }
        };
        assert_eq!(offset, at, "pieces follow each other");
        assert!(length > 0, "a piece has bytes");
        at += length;
        // Where a chunk ends may cut bytes between records, and nothing else.
        match pieces.last_mut() {
            Some((_, before, false)) if !record => *before += length,
            _ => pieces.push((offset, length, record)),
        }
    };
    let mut splitter = Splitter::new(limits);
    content.chunks(chunk_bytes).for_each(|chunk| splitter.push(chunk, &mut take));
    let end = splitter.finish(&mut take);
    assert_eq!(end.consumed, at);
    assert_eq!(end.records, pieces.iter().filter(|(.., record)| *record).count() as u64);
    (pieces, end)
}

fn part(content: &[u8], offset: u64, length: u64) -> &[u8] {
    &content[offset as usize..(offset + length) as usize]
}

fuzz_target!(|bytes: &[u8]| {
    // The choices stand behind the content, so that a log is a good seed as it is.
    let [content @ .., flags, chunk] = bytes else { return };
    let record_bytes_max = [16 << 20, 1_000, 100, 3][usize::from(flags & 3)];
    let limits = Limits { record_bytes_max, kept_bytes: 10, lines_only: flags & 4 != 0 };
    let (pieces, end) = split(content, content.len().max(1), limits);
    assert_eq!((pieces, end), split(content, usize::from(*chunk) + 1, limits));
    if limits.lines_only {
        assert!(!content[end.consumed as usize..].contains(&b'\n'), "a whole line was left behind");
    } else {
        assert_eq!(end.consumed, content.len() as u64);
    }
});
