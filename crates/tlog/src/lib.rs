//! The transparency log as bytes: RFC 6962 tree, proofs, tiles, signed notes, checkpoints.
