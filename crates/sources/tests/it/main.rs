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

mod argocd;
mod aws;
mod azure;
mod bitbucket;
mod boundary;
mod core;
mod entra;
mod falco;
mod gcp;
mod github;
mod gitlab;
mod golden;
mod grant;
mod hoop;
mod http;
mod inventory;
mod jenkins;
mod k8s;
mod linux;
mod mcp;
mod mysql;
mod ocsf;
mod okta;
mod opa;
mod otel;
mod postgres;
mod real;
mod spire;
mod syslog;
mod teleport;
mod tetragon;
mod vault;
