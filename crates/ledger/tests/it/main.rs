//! Tests of the ledger through its public door.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod backup;
mod basic;
mod crash;
mod damage;
mod failure;
mod proofs;
mod property;
mod sim;
mod support;
mod tamper;
