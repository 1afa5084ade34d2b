//! Names that people and other programs hand us: event ids, tile paths and verifier keys have one
//! spelling, which is printed back. Keys made of any seed and name read back, and a private one does not
//! show in messages.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::EventId;
use tlog::note::{Algorithm, SignerKey, VerifierKey};
use tlog::tile::Tile;

fuzz_target!(|bytes: &[u8]| {
    if let Some((seed, name)) = bytes.split_first_chunk::<32>()
        && let Ok(name) = std::str::from_utf8(name)
        && let Ok(key) = SignerKey::from_seed(name, Algorithm::Cosignature, seed)
    {
        let secret = key.to_secret_text();
        assert_eq!(SignerKey::parse(&secret).expect("our own text").to_secret_text(), secret);
        assert_eq!(key.verifier().to_string().parse(), Ok(key.verifier()));
        assert!(!format!("{key:?}").contains(&secret));
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(id) = text.parse::<EventId>() {
        assert_eq!(id.to_string(), text);
    }
    if let Ok(tile) = text.parse::<Tile>() {
        assert_eq!(tile.to_string(), text);
    }
    if let Ok(key) = text.parse::<VerifierKey>() {
        assert_eq!(key.to_string(), text);
    }
    if let Ok(key) = SignerKey::parse(text) {
        assert_eq!(key.to_secret_text(), text);
    }
});
