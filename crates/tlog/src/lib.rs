//! The transparency log as bytes: RFC 6962 tree, proofs, tiles, signed notes, checkpoints.
//!
//! ```text
//! tree        leaf_hash, node_hash, Frontier, inclusion and consistency proofs
//! tile        tile paths, tile content, entry bundles, TileBuilder, TileHashReader
//! note        signed notes, verifier and signer keys, cosignatures with a time
//! checkpoint  "the log has N leaves and this root", signed and opened
//! proof       .tlog-proof files, which a stranger checks offline
//! policy      which logs and witnesses a reader trusts, and how many of them
//! ```
//!
//! Bytes in, bytes out: this crate knows no I/O, no HTTP, no clock and not what an entry means. It
//! follows the specifications of c2sp.org (`signed-note`, `tlog-checkpoint`, `tlog-tiles`,
//! `tlog-cosignature`, `tlog-proof`, `tlog-policy`) with SHA-256 and Ed25519. Parsers are strict:
//! what is accepted has exactly one encoding, and encoding the parsed value gives the same bytes.
//! The bytes are written down in `docs/format/log.md`.

pub mod checkpoint;
mod error;
mod hash;
pub mod note;
pub mod policy;
pub mod proof;
mod text;
pub mod tile;
pub mod tree;

pub use error::{Error, ErrorKind, Result};
pub use hash::{HASH_BYTES, Hash, leaf_hash, node_hash};
