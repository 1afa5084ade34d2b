//! The long-running collector: people's own senders over HTTP, and who may do what.
//!
//! A request passes [`access`] (whose token, which scope, which source), a receiver of [`receive`] (what this protocol
//! calls a delivery), and the door of `collect`, which cuts, scrubs, numbers and has it sealed. Only then it is
//! answered: an answer that says "taken" means durable and under a signed checkpoint, whatever the protocol calls it.
//!
//! Everything that waits has a limit with a name ([`Limits`]); what is over it is told to come back, and counted.

mod access;
mod alarm;
mod app;
mod audit;
mod config;
#[doc(hidden)]
pub mod fuzzing;
mod listen;
mod metrics;
mod operate;
mod pause;
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
}

pub use access::{Access, Minted, Scope, Token, mint};
pub use alarm::Verified;
pub use app::{App, Parts};
pub use config::{Config, Fluent, Limits, Notify, Secret, Syslog, Tls, Verify, Webhook};
pub use pause::{Pause, Pauses};
pub use start::{Running, Sockets, start};
