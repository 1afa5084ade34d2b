//! Receivers: one module for each protocol that people's senders speak.

pub(crate) mod bulk;
pub(crate) mod hec;
pub(crate) mod native;
pub(crate) mod webhook;
