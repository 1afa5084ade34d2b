//! SHA-256 as RFC 6962 section 2.1 uses it.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::{Error, Result, text};

/// Size of a hash.
pub const HASH_BYTES: usize = 32;

/// The SHA-256 of a leaf, of a node or of the empty tree.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; HASH_BYTES]);

impl Hash {
    /// The root of a tree without leaves: SHA-256 of nothing (RFC 6962 section 2.1).
    pub const EMPTY_TREE: Hash = Hash([
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae,
        0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
    ]);

    /// Standard padded base64, 44 characters, as checkpoints and proofs write a hash.
    pub fn to_base64(&self) -> String {
        text::base64(&self.0)
    }

    /// The inverse of [`Hash::to_base64`]; refuses any other encoding of the same bytes.
    pub fn from_base64(text: &str) -> Result<Hash> {
        let bytes = text::from_base64(text)?;
        let length = bytes.len();
        let bytes = bytes.try_into();
        bytes.map(Hash).map_err(|_| Error::invalid(format!("hash has {length} bytes, SHA-256 has {HASH_BYTES}")))
    }

    /// The first four bytes in hexadecimal, to tell hashes apart in a message.
    pub(crate) fn short(&self) -> String {
        let [a, b, c, d, ..] = self.0;
        format!("{a:02x}{b:02x}{c:02x}{d:02x}..")
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `SHA-256(0x00 || entry)`.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    let mut hash = Sha256::new();
    hash.update([0]);
    hash.update(entry);
    Hash(hash.finalize().into())
}

/// `SHA-256(0x01 || left || right)`.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    // One update over one buffer: three small ones cost a tenth more.
    let mut bytes = [1; 1 + 2 * HASH_BYTES];
    let [_, rest @ ..] = &mut bytes;
    let (l, r) = rest.split_at_mut(HASH_BYTES);
    l.copy_from_slice(&left.0);
    r.copy_from_slice(&right.0);
    Hash(Sha256::digest(bytes).into())
}
