//! The audit devices of Vault and OpenBao: `socket`, over TCP and Unix sockets, and `http`.
//!
//! Vault writes an entry before it answers the request that the entry is about, and waits for the write: a device that
//! does not read stops Vault (developer.hashicorp.com, *Audit devices*, *Blocked audit devices*). That is what it is for.
//! The socket has no acknowledgement; with the device of OpenBao over HTTP an entry is sealed before Vault goes on.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::lines::{self, Place};
use crate::access::named;
use crate::app::App;
use crate::start::Running;

/// A Vault that writes its audit to a socket.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Vault {
    /// Its source.
    pub source: String,
    /// Where connections come in. There is no TLS: Vault's device knows none.
    #[serde(default)]
    pub tcp: Option<SocketAddr>,
    /// Path of a Unix socket, made at the start and removed at a stop; who may write to its folder may be Vault.
    #[serde(default)]
    pub unix: Option<PathBuf>,
}

/// Starts all listeners for Vault.
///
/// # Errors
/// When a source cannot be named so, or an address or a path cannot be bound.
pub(crate) async fn start(app: &Arc<App>, running: &mut Running, stopped: &watch::Receiver<bool>) -> io::Result<()> {
    let wrong = |why: String| io::Error::new(io::ErrorKind::InvalidInput, format!("[[vault]] {why}"));
    for set in &app.config.vault {
        named(&set.source).map_err(|problem| wrong(problem.detail))?;
        if set.tcp.is_none() && set.unix.is_none() {
            return Err(wrong(format!("{} listens nowhere: set `tcp` or `unix`", set.source)));
        }
        let place = Place { source: &set.source, scheme: "vault", tcp: set.tcp, unix: set.unix.as_deref() };
        lines::start(app, running, place, stopped).await?;
    }
    Ok(())
}
