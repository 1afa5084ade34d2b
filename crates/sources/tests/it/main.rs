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
mod argocd;
mod auth0;
mod aws;
mod azure;
mod bedrock;
mod bitbucket;
mod bitwarden;
mod boundary;
mod buildkite;
mod circleci;
mod core;
mod cyberark;
mod databricks;
mod digest;
mod entra;
mod eventbridge;
mod falco;
mod gcp;
mod github;
mod gitlab;
mod golden;
mod google_workspace;
mod grant;
mod hoop;
mod http;
mod infisical;
mod inventory;
mod jenkins;
mod k8s;
mod keycloak;
mod linux;
mod m365;
mod mapping;
mod mcp;
mod mongodb_atlas;
mod mysql;
mod ocsf;
mod okta;
mod onepassword;
mod opa;
mod openai;
mod otel;
mod pam360;
mod ping;
mod postgres;
mod real;
mod s3_access;
mod sailpoint;
mod salesforce;
mod secrets;
mod slack;
mod snowflake;
mod spire;
mod stops;
mod syslog;
mod teleport;
mod terraform;
mod tetragon;
mod transcripts;
mod vault;
