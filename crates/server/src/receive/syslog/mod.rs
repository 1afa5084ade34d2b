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

use bytes::{Buf as _, BytesMut};
use collect::Cut;
use futures::FutureExt as _;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use self::framing::{Frames, Head};
use super::socket::{self, BATCH_BYTES_MAX, Batch, Peer, READ_BYTES, Stream, keep};
use crate::access::named;
use crate::app::{App, parcel};
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
        sealing.connection(stream)
    })
}

/// Whose messages are sealed, and as what.
struct Sealing {
    app: Arc<App>,
    source: String,
    /// How deliveries are called.
    name: String,
    stopped: watch::Receiver<bool>,
}

impl Sealing {
    /// Reads messages until the sender ends the connection or the collector stops. What was read by then is sealed.
    async fn connection(mut self, mut stream: Box<dyn Stream>) {
        let mut frames = Frames::new(self.app.limits.message_bytes_max);
        let mut buffer = BytesMut::new();
        loop {
            buffer.reserve(READ_BYTES);
            let mut ended = tokio::select! {
                read = stream.read_buf(&mut buffer) => !matches!(read, Ok(1..)),
                _ = self.stopped.wait_for(|stopped| *stopped) => true,
            };
            // More of what waits makes a larger delivery, if there is room for one.
            let mut room = None;
            while !ended && buffer.len() < BATCH_BYTES_MAX {
                if buffer.len() >= READ_BYTES && room.is_none() {
                    room = self.app.room_now(2 * BATCH_BYTES_MAX);
                    if room.is_none() {
                        break;
                    }
                }
                buffer.reserve(READ_BYTES);
                match stream.read_buf(&mut buffer).now_or_never() {
                    None => break,
                    Some(read) => ended = !matches!(read, Ok(1..)),
                }
            }
            if !self.messages(&mut frames, &mut buffer, ended).await || ended {
                return;
            }
            if buffer.is_empty() {
                // An idle connection holds no memory.
                buffer = BytesMut::new();
            }
        }
    }

    /// Seals all messages that are whole. False if that is not possible.
    async fn messages(&self, frames: &mut Frames, buffer: &mut BytesMut, ended: bool) -> bool {
        loop {
            let mut batch = Batch::default();
            let cut = frames.cut(buffer, ended, &mut batch);
            buffer.advance(cut.used);
            self.app.metrics.messages_cut(&self.source, cut.broken);
            if batch.is_empty() && cut.head.is_none() {
                return true;
            }
            if !self.seal(&mut batch).await {
                return false;
            }
            if let Some(head) = cut.head
                && !self.seal_head(head).await
            {
                return false;
            }
        }
    }

    async fn seal(&self, batch: &mut Batch) -> bool {
        if batch.is_empty() {
            return true;
        }
        let records = batch.records();
        let (body, cut) = batch.take();
        self.delivery(body, cut, records as u64).await
    }

    /// The beginning of a message over the limit.
    async fn seal_head(&self, head: Head) -> bool {
        self.app.metrics.messages_cut(&self.source, 1);
        let Head { kept, length, sha256 } = head;
        tracing::warn!("a message of {length} bytes from {} was cut (message_bytes_max)", self.name);
        self.delivery(kept.into(), Cut::Head { length, sha256 }, 1).await
    }

    async fn delivery(&self, body: bytes::Bytes, cut: Cut, records: u64) -> bool {
        let parcel = parcel(self.source.clone(), &self.name, None, body, cut);
        match keep(&self.app, parcel, self.stopped.clone()).await {
            Ok(_) => true,
            Err(problem) => {
                self.app.metrics.messages_lost(&self.source, records);
                tracing::error!("{records} messages from {} could not be sealed: {}", self.name, problem.detail);
                false
            }
        }
    }
}
