//! A proof file that is accepted is printed back byte by byte, and walking its path ends, whatever
//! index, size and number of hashes it claims.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tlog::checkpoint::Checkpoint;
use tlog::proof::LogProof;
use tlog::tree::{root_from_inclusion, verify_consistency, verify_inclusion};

fuzz_target!(|bytes: &[u8]| {
    let Ok(proof) = LogProof::parse(bytes) else { return };
    assert_eq!(proof.encode().as_bytes(), bytes);
    let Ok(checkpoint) = Checkpoint::parse(proof.checkpoint.text()) else { return };
    let leaf = tlog::leaf_hash(bytes);
    let (index, size, hashes) = (proof.index, checkpoint.size, &proof.hashes);
    if let Ok(root) = root_from_inclusion(index, size, &leaf, hashes) {
        assert!(index < size);
        assert!(verify_inclusion(index, size, &leaf, hashes, &root).is_ok());
        assert!(verify_inclusion(index, size, &tlog::leaf_hash(&[]), hashes, &root).is_err());
    }
    // As a consistency proof between two sizes, its hashes may say anything, and still it ends.
    let _ = verify_consistency(index, &leaf, size, &checkpoint.root, hashes);
});
