//! Any digest files under any names: no panic, every digest is counted once, and without a key nothing is proved.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sources::digest::{Digest, Found, Keys, Kind, LogFiles, Range, verify};

fuzz_target!(|bytes: &[u8]| {
    let _ = Keys::read(bytes);
    let parts = bytes.split(|byte| *byte == 0);
    let found: Vec<Found> = parts
        .enumerate()
        .map(|(n, content)| {
            let digest = Digest::read(content);
            let said = digest.as_ref().ok().map(|digest| digest.object.clone());
            let name = said.unwrap_or_else(|| format!("1_CloudTrail-Digest_x_t_x_2026110{}T000000Z.json.gz", n % 10));
            Found { name, digest, signature: Some("00".repeat(256)) }
        })
        .collect();
    let report = verify(&found, &LogFiles::default(), &Keys::default(), Range::default());
    for chain in &report.chains {
        assert!(chain.digests as usize <= found.len());
        assert_eq!(chain.count(Kind::DigestVerified), 0, "nothing is proved without a key");
    }
});
