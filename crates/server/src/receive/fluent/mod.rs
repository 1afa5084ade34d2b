//! The forward protocol of Fluentd: its settings.

use crate::config::Secret;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
/// A source.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fluent {
    /// Its name.
    pub source: String,
    /// Where connections come in.
    pub listen: SocketAddr,
    /// Speak TLS, with the certificates of `[tls]`.
    #[serde(default)]
    pub tls: bool,
    /// What both sides know and prove to each other.
    #[serde(default)]
    pub shared_key: Option<Secret>,
}
