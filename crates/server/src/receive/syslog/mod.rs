//! Syslog: messages of RFC 5424 and RFC 3164, which senders of neither promise to keep to, over UDP (RFC 5426), TCP
//! (RFC 6587) and TLS (RFC 5425).
//!
//! The record is the message as it came, without its frame; what it says is read later. No transport of syslog has an
//! acknowledgement: what the sender's system has handed over is taken off the socket only as fast as it is sealed, and
//! what is lost on the way here (a crash, a full queue of datagrams) is lost as it would be with any other collector.

mod framing;
mod udp;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use self::framing::Frames;
use super::socket::{self, Peer};
use super::stream::Sealing;
use crate::access::named;
use crate::app::App;
use crate::start::{Running, bound};
use crate::tls;

pub(crate) use self::framing::messages;

/// A source that is sent over syslog.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Syslog {
    /// Its name.
    pub source: String,
    /// Where datagrams come in, one message each.
    #[serde(default)]
    pub udp: Option<SocketAddr>,
    /// Where connections come in.
    #[serde(default)]
    pub tcp: Option<SocketAddr>,
    /// Where connections with TLS come in; the certificates are those of `[tls]`.
    #[serde(default)]
    pub tls: Option<SocketAddr>,
}

/// Starts all listeners for syslog.
///
/// # Errors
/// When a source cannot be named so, an address cannot be bound, or there is no certificate for TLS.
pub(crate) async fn start(
    app: &Arc<App>,
    running: &mut Running,
    acceptor: Option<&TlsAcceptor>,
    stopped: &watch::Receiver<bool>,
) -> io::Result<()> {
    let wrong = |why: String| io::Error::new(io::ErrorKind::InvalidInput, format!("[[syslog]] {why}"));
    for set in &app.config.syslog {
        named(&set.source).map_err(|problem| wrong(problem.detail))?;
        if (set.udp, set.tcp, set.tls) == (None, None, None) {
            return Err(wrong(format!("{} listens nowhere: set `udp`, `tcp` or `tls`", set.source)));
        }
        if let Some(address) = set.udp {
            let socket = udp::bound(address)?;
            running.addresses.push(("syslog+udp", socket.local_addr()?));
            running.tasks.spawn(udp::receive(Arc::clone(app), set.source.clone(), socket, stopped.clone()));
        }
        if let Some(address) = set.tcp {
            let listener = bound(address).await?;
            running.addresses.push(("syslog+tcp", listener.local_addr()?));
            running.tasks.spawn(connections(Arc::clone(app), set, listener, None, stopped.clone()));
        }
        if let Some(address) = set.tls {
            let acceptor = acceptor.ok_or_else(|| {
                wrong(format!(
                    "{}: `tls = \"{address}\"` needs the certificates of [tls], which is not set",
                    set.source
                ))
            })?;
            let listener = bound(address).await?;
            running.addresses.push(("syslog+tls", listener.local_addr()?));
            let acceptor = Some(tls::without_http(acceptor));
            running.tasks.spawn(connections(Arc::clone(app), set, listener, acceptor, stopped.clone()));
        }
    }
    Ok(())
}

fn connections(
    app: Arc<App>,
    set: &Syslog,
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    stopped: watch::Receiver<bool>,
) -> impl Future<Output = ()> + use<> {
    let scheme = if acceptor.is_some() { "syslog+tls" } else { "syslog+tcp" };
    let (source, held) = (set.source.clone(), Arc::clone(&app));
    socket::accept(app, listener, acceptor, stopped, move |stream, peer: Peer, stopped| {
        let sealing = Sealing { app: Arc::clone(&held), source: source.clone(), name: peer.name(scheme), stopped };
        let frames = Frames::new(sealing.app.limits.message_bytes_max);
        sealing.connection(stream, frames)
    })
}
