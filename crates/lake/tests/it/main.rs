//! The lake as its users see it: leaves in, answers out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::disallowed_methods)]

mod documents;
mod facts;
mod goldens;
mod ledger;
mod log;
mod query;
mod rebuild;
mod slt;
mod sql;
