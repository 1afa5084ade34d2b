//! Tests of the source modules through their public door: [`sources::normalise`].

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stderr,
    missing_docs
)]

mod aws;
mod azure;
mod core;
mod entra;
mod gcp;
mod github;
mod gitlab;
mod golden;
mod grant;
mod hoop;
mod inventory;
mod k8s;
mod mcp;
mod ocsf;
mod okta;
mod otel;
mod postgres;
mod real;
mod secrets;
mod spire;
mod syslog;
mod teleport;
mod vault;
