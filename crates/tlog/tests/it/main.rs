//! The crate against three implementations that share no code with it: `tlog_tiles`, `signed_note`
//! and `ct-merkle`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod notes;
mod tree;
