//! Tests of `trace` through its public door, on facts that `sources` read off native records.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stderr,
    missing_docs
)]

mod agents;
mod aliases;
mod attribution;
mod completeness;
mod coverage;
mod deployments;
mod down;
mod downstream;
mod files;
mod form;
mod golden;
mod grants;
mod incident;
mod inventories;
mod judge;
mod least_privilege;
mod lineage;
mod memory;
mod native;
mod offboarding;
mod platforms;
mod principal;
mod properties;
mod real;
mod rows;
mod sessions;
mod standing;
mod truth;
mod upstream;
mod verdicts;
mod who;
