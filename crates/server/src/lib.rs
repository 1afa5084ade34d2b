//! The long-running collector: people's own senders over HTTP, and who may do what.
//!
//! A request passes [`access`] (whose token, which scope, which source), a receiver of [`receive`] (what this protocol
//! calls a delivery), and the door of `collect`, which cuts, scrubs, numbers and has it sealed. Only then it is
//! answered: an answer that says "taken" means durable and under a signed checkpoint, whatever the protocol calls it.
//!
//! Everything that waits has a limit with a name ([`Limits`]); what is over it is told to come back, and counted.

mod access;
mod app;
mod config;
mod listen;
mod metrics;
mod operate;
mod problem;
mod read;
mod receive;
mod router;
mod start;
mod tls;

/// Readers of foreign bytes, for `fuzz/targets`; no part of the interface.
#[doc(hidden)]
pub mod fuzzing {
    /// The messages of syslog in a stream that comes in chunks, each cut to so many bytes.
    pub fn syslog_messages(chunks: &[&[u8]], limit: usize) -> Vec<Vec<u8>> {
        crate::receive::syslog::messages(chunks, limit)
    }

    /// The records of a message of Fluent, if it is one, of at most so many bytes.
    pub fn fluent_records(message: &[u8], limit: usize) -> Option<Vec<Vec<u8>>> {
        crate::receive::fluent::records(message, limit)
    }
}

pub use access::{Access, Minted, Scope, Token, mint};
pub use app::{App, Parts};
pub use config::{Config, Fluent, Limits, Secret, Syslog, Tls, Webhook};
pub use start::{Running, start};
