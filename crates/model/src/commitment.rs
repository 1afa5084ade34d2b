//! The salted commitment: what a leaf says about its content without showing it.

use sha2::{Digest, Sha256};

use crate::{Header, LEAF_BYTES, Leaf, Millis};

/// Bytes of a salt: drawn from the operating system, never derived, destroyed on erasure.
pub const SALT_BYTES: usize = 16;

/// The random opening of one commitment.
pub type Salt = [u8; SALT_BYTES];

/// Domain separation: no other hash of ours begins with these bytes.
const TAG: &[u8] = b"deedbook/leaf/v0\n";

/// SHA-256 over tag, salt, header and body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Commitment(pub [u8; 32]);

/// `SHA-256("deedbook/leaf/v0\n" || salt || header || body)`.
///
/// Unambiguous, because salt and tag have fixed lengths and the header says its own length and
/// that of the body.
pub fn commitment(salt: &Salt, header: &[u8], body: &[u8]) -> Commitment {
    let mut hash = Sha256::new();
    hash.update(TAG);
    hash.update(salt);
    hash.update(header);
    hash.update(body);
    Commitment(hash.finalize().into())
}

/// One item of evidence, ready for the writer: the expensive hash is done, the number is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// The opening.
    pub salt: Salt,
    /// The encoded [`Header`].
    pub header: Vec<u8>,
    /// The bytes kept.
    pub body: Vec<u8>,
    /// Over the three above.
    pub commitment: Commitment,
}

impl Prepared {
    /// Encodes the header, whose `body_bytes` is set here, and commits. Runs on worker threads.
    pub fn new(salt: Salt, mut header: Header, body: Vec<u8>) -> Prepared {
        header.body_bytes = body.len() as u64;
        let mut bytes = Vec::with_capacity(64);
        header.encode(&mut bytes);
        let commitment = commitment(&salt, &bytes, &body);
        Prepared { salt, header: bytes, body, commitment }
    }

    /// The entry of the log once the writer has given it a time.
    pub fn leaf(&self, sequenced_at: Millis) -> [u8; LEAF_BYTES] {
        Leaf { sequenced_at, commitment: self.commitment }.encode()
    }
}
