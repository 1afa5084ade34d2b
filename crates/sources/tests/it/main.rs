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

mod auth0;
mod aws;
mod azure;
mod core;
mod databricks;
mod entra;
mod gcp;
mod github;
mod gitlab;
mod golden;
mod grant;
mod hoop;
mod inventory;
mod k8s;
mod keycloak;
mod mcp;
mod mongodb_atlas;
mod ocsf;
mod okta;
mod onepassword;
mod otel;
mod postgres;
mod real;
mod salesforce;
mod slack;
mod snowflake;
mod spire;
mod syslog;
mod teleport;
mod vault;
