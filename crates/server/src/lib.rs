//! The long-running collector: people's own senders over HTTP, and who may do what.
//!
//! A request passes [`access`] (whose token, which scope, which source), a receiver of [`receive`] (what this protocol
//! calls a delivery), and the door of `collect`, which cuts, scrubs, numbers and has it sealed. Only then it is
//! answered: an answer that says "taken" means durable and under a signed checkpoint, whatever the protocol calls it.
//!
//! Everything that waits has a limit with a name ([`Limits`]); what is over it is told to come back, and counted.

mod accept;
mod access;
mod alarm;
mod app;
mod audit;
mod caller;
mod config;
#[doc(hidden)]
pub mod fuzzing;
mod heartbeat;
mod issuer;
mod listen;
mod metrics;
mod openapi;
mod operate;
mod pause;
mod problem;
mod pull;
pub mod questions;
mod read;
mod receive;
mod router;
mod signature;
mod start;
mod tls;

pub use access::{Access, Minted, Scope, Token, mint};
pub use alarm::Verified;
pub use app::{App, Parts};
pub use config::{
    Begin, Config, Fluent, Follow, Kafka, Ldap, Limits, Notify, Oidc, S3, Secret, Signature, Syslog, Tls, Vault,
    Verify, Webhook,
};
pub use issuer::{Issuer, Jwks};
pub use openapi::openapi;
pub use pause::{Pause, Pauses};
pub use start::{Running, Sockets, start};
