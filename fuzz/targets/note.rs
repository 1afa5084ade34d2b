//! A signed note that is accepted is printed back byte by byte, and checking it ends.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tlog::note::{Algorithm, Note, SignerKey};
use tlog::policy::Policy;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(note) = Note::parse(bytes) {
        assert_eq!(note.encode().as_bytes(), bytes);
        assert!(!note.signatures().is_empty());
        let keys = [Algorithm::Ed25519, Algorithm::Cosignature]
            .map(|algorithm| SignerKey::from_seed("example.com/log", algorithm, &[9; 32]).expect("a key").verifier());
        if let Ok(verified) = note.verify(&keys) {
            assert!(!verified.is_empty());
        }
    }
    if let Ok(policy) = Policy::parse(bytes) {
        assert!(policy.logs.len() + policy.witness_keys().count() <= 1_000);
    }
});
