//! Receivers: one module for each protocol that people's senders speak.

pub(crate) mod bulk;
pub(crate) mod fluent;
pub(crate) mod hec;
pub(crate) mod native;
mod socket;
pub(crate) mod syslog;
pub(crate) mod webhook;
