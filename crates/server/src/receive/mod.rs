//! Receivers: one module for each protocol that people's senders speak.

pub(crate) mod bulk;
pub(crate) mod cloudevents;
pub(crate) mod fluent;
pub(crate) mod hec;
pub(crate) mod lines;
pub(crate) mod loki;
pub(crate) mod native;
pub(crate) mod otlp;
pub(crate) mod packed;
pub(crate) mod posted;
pub(crate) mod records;
pub(crate) mod scim;
pub(crate) mod socket;
pub(crate) mod stream;
pub(crate) mod syslog;
pub(crate) mod vault;
pub(crate) mod webhook;
pub(crate) mod wire;

use crate::access::Token;
use crate::problem::Problem;

/// The source of a sender whose protocol has no word for it: the token's only one, else the one asked for, else `usual`.
pub(crate) fn source_of(token: &Token, asked: Option<&str>, usual: &str) -> Result<String, Problem> {
    let is_bound = token.sources.len() == 1;
    token.source((!is_bound).then_some(asked.unwrap_or(usual)))
}
