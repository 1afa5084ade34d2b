//! A checkpoint that is accepted is printed back as it was; one that our key can sign opens again, and
//! one that it has not signed never opens.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tlog::checkpoint::{Checkpoint, Opened};
use tlog::note::{Algorithm, SignerKey};

fuzz_target!(|bytes: &[u8]| {
    let key = |name: &str| SignerKey::from_seed(name, Algorithm::Ed25519, &[9; 32]);
    if let Ok(signer) = key("example.com/log") {
        assert!(Opened::open(bytes, &signer.verifier()).is_err(), "a signature that nobody made");
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(checkpoint) = Checkpoint::parse(text) else { return };
    assert_eq!(checkpoint.to_text(), text);
    let Ok(signer) = key(&checkpoint.origin) else { return };
    if let Ok(note) = checkpoint.sign(&signer) {
        let opened = Opened::open(note.encode().as_bytes(), &signer.verifier()).expect("what was signed opens");
        assert_eq!(opened.checkpoint, checkpoint);
    }
});
