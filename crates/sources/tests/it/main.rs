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

mod anthropic;
mod aws;
mod azure;
mod bitwarden;
mod buildkite;
mod circleci;
mod core;
mod cyberark;
mod entra;
mod gcp;
mod github;
mod gitlab;
mod golden;
mod grant;
mod hoop;
mod infisical;
mod inventory;
mod k8s;
mod mcp;
mod ocsf;
mod okta;
mod openai;
mod otel;
mod pam360;
mod ping;
mod postgres;
mod real;
mod sailpoint;
mod spire;
mod syslog;
mod teleport;
mod terraform;
mod transcripts;
mod vault;
