//! A header that is accepted, and the position in it, is encoded back byte by byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::Header;

fuzz_target!(|bytes: &[u8]| {
    let Ok(header) = Header::decode(bytes) else { return };
    let mut again = Vec::new();
    header.encode(&mut again);
    assert_eq!(again, bytes);
});
