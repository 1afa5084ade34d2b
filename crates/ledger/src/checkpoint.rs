//! The signed statement "the log has N leaves and this root", as bytes and as values.

use bytes::Bytes;
use model::TreeSize;

/// A signed checkpoint of this log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Number of leaves.
    pub size: TreeSize,
    /// RFC 6962 root over them.
    pub root: [u8; 32],
    /// The signed note, byte for byte.
    pub note: Bytes,
}
