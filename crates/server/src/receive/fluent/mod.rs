//! Fluent forward: what Fluentd, Fluent Bit and the libraries for them send over TCP or TLS (*Forward Protocol
//! Specification v1*).
//!
//! A sender that wants to know (`chunk`) is answered `{"ack": chunk}` once all events of its message are sealed; when it
//! hears nothing, it sends the message again, and what is sealed is not sealed twice. Messages without a chunk are taken
//! as they come, those that wait together.

mod events;
mod handshake;
mod wire;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use collect::Cut;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;

use self::wire::{Extent, Wrong};
use super::socket::{self, Batch, Peer, READ_BYTES, Stream, keep};
use crate::access::named;
use crate::app::{App, blocking, parcel};
use crate::config::Secret;
use crate::start::{Running, bound};
use crate::tls;

/// Longest message, written out as records, that is worked on without a look at how many others are.
const SMALL_BYTES_MAX: usize = 1 << 20;
/// Longest message at all, written out: as long as a delivery may be.
const LARGE_BYTES_MAX: usize = 64 << 20;
/// Large messages worked on at once by a listener.
const LARGE_AT_ONCE: usize = 2;
/// Longest id of a chunk, bytes.
const CHUNK_BYTES_MAX: usize = 128;
/// Bytes of a digest in the key of a chunk.
const DIGEST_BYTES: usize = 8;

/// A source that is sent over the forward protocol of Fluentd.
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
    /// What senders have to know, and we prove to know; without it only this machine may send.
    #[serde(default)]
    pub shared_key: Option<Secret>,
}

/// Starts all listeners for Fluent.
///
/// # Errors
/// When a source cannot be named so, an address cannot be bound or is reached by anybody, or there is no certificate.
pub(crate) async fn start(
    app: &Arc<App>,
    running: &mut Running,
    acceptor: Option<&TlsAcceptor>,
    stopped: &watch::Receiver<bool>,
) -> io::Result<()> {
    let wrong = |why: String| io::Error::new(io::ErrorKind::InvalidInput, format!("[[fluent]] {why}"));
    for set in &app.config.fluent {
        let source = named(&set.source).map_err(|problem| wrong(problem.detail))?;
        let key = match &set.shared_key {
            Some(secret) => {
                let key = app.secret(secret).filter(|key| !key.is_empty());
                Some(key.ok_or_else(|| wrong(format!("{source}: shared_key {secret} is not there")))?.to_owned())
            }
            None if set.listen.ip().is_loopback() => None,
            None => {
                let open = set.listen;
                return Err(wrong(format!("{source}: {open} is reached from other machines: set shared_key")));
            }
        };
        let acceptor = match acceptor {
            _ if !set.tls => None,
            Some(acceptor) => Some(tls::without_http(acceptor)),
            None => return Err(wrong(format!("{source}: `tls` needs the certificates of [tls], which is not set"))),
        };
        let listener = bound(set.listen).await?;
        let scheme = if acceptor.is_some() { "fluent+tls" } else { "fluent" };
        running.addresses.push((scheme, listener.local_addr()?));
        let key: Option<Arc<str>> = key.map(Arc::from);
        let (held, large) = (Arc::clone(app), Arc::new(Semaphore::new(LARGE_AT_ONCE)));
        let serve = move |stream, peer: Peer, stopped| {
            let sender = Sender {
                app: Arc::clone(&held),
                source: source.clone(),
                name: peer.name(scheme),
                key: key.clone(),
                large: Arc::clone(&large),
                stopped,
            };
            sender.connection(stream)
        };
        running.tasks.spawn(socket::accept(Arc::clone(app), listener, acceptor, stopped.clone(), serve));
    }
    Ok(())
}

/// Why a connection ends before the sender ends it.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error("{0}")]
    Wrong(#[from] Wrong),
    #[error("{0}")]
    Broken(#[from] io::Error),
    #[error("a message has more than {0} bytes (body_bytes_max)")]
    Long(usize),
    #[error("{what} within {seconds} s ({limit})")]
    Slow { what: &'static str, seconds: u64, limit: &'static str },
    #[error("it does not know the shared key")]
    Stranger,
    #[error("its events could not be sealed: {0}")]
    Unsealed(String),
}

/// One connection.
struct Sender {
    app: Arc<App>,
    source: String,
    /// How deliveries are called.
    name: String,
    key: Option<Arc<str>>,
    large: Arc<Semaphore>,
    stopped: watch::Receiver<bool>,
}

/// Messages as they come, the beginning of the next one behind them.
#[derive(Default)]
struct Incoming {
    buffer: BytesMut,
    extent: Extent,
    /// A place in memory for a message that is longer than what is read at once.
    room: Option<OwnedSemaphorePermit>,
}

impl Sender {
    async fn connection(mut self, mut stream: Box<dyn Stream>) {
        if let Err(end) = self.messages(&mut stream).await {
            if matches!(end, End::Broken(_)) {
                tracing::debug!("{}: {end}", self.name);
            } else {
                tracing::warn!("{}: {end}", self.name);
            }
        }
    }

    async fn messages(&mut self, stream: &mut Box<dyn Stream>) -> Result<(), End> {
        let mut incoming = Incoming::default();
        if let Some(key) = self.key.clone()
            && !self.handshake(stream, &mut incoming, &key).await?
        {
            return Ok(());
        }
        // Events without a chunk, which wait for nobody but the messages behind them that are here already.
        let mut batch = Batch::default();
        loop {
            let message = match incoming.next()? {
                Some(message) => message,
                None => {
                    self.seal(&mut batch, None).await?;
                    if !self.more(stream, &mut incoming).await? {
                        return Ok(());
                    }
                    continue;
                }
            };
            let (mut events, chunk) = self.events(message).await?;
            if chunk.is_none() && !batch.is_full() && events.bytes() < SMALL_BYTES_MAX {
                batch.append(&mut events);
                if !batch.is_full() {
                    continue;
                }
            }
            self.seal(&mut batch, None).await?;
            self.seal(&mut events, chunk.as_deref()).await?;
            if let Some(chunk) = chunk {
                // What is acknowledged here is durable, and under a signed checkpoint.
                let mut ack = vec![0x81];
                handshake::text(&mut ack, b"ack");
                handshake::text(&mut ack, &chunk);
                self.write(stream, &ack).await?;
            }
        }
    }

    /// Whether the sender has the key. False if it went away.
    async fn handshake(
        &mut self,
        stream: &mut Box<dyn Stream>,
        incoming: &mut Incoming,
        key: &str,
    ) -> Result<bool, End> {
        let mut nonce = [0; handshake::NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|error| io::Error::other(error.to_string()))?;
        self.write(stream, &handshake::helo(&nonce)).await?;
        let seconds = self.app.limits.head_seconds_max;
        let ping = async {
            loop {
                if let Some(ping) = incoming.next()? {
                    return Ok::<_, End>(Some(ping));
                }
                if incoming.buffer.len() >= READ_BYTES || !self.more(stream, incoming).await? {
                    return Ok(None);
                }
            }
        };
        let ping = tokio::time::timeout(Duration::from_secs(seconds), ping).await;
        let slow = End::Slow { what: "no PING came", seconds, limit: "head_seconds_max" };
        let Some(ping) = ping.map_err(|_| slow)?? else { return Ok(false) };
        let (pong, right) = handshake::pong(&ping, &nonce, key);
        self.write(stream, &pong).await?;
        if right {
            return Ok(true);
        }
        self.app.metrics.refused_unauthorized();
        Err(End::Stranger)
    }

    /// Reads on. False at the end of the connection, and when the collector stops.
    async fn more(&mut self, stream: &mut Box<dyn Stream>, incoming: &mut Incoming) -> Result<bool, End> {
        let limits = self.app.limits;
        let begun = incoming.buffer.len();
        if begun >= limits.body_bytes_max {
            return Err(End::Long(limits.body_bytes_max));
        }
        let slow = |what| End::Slow { what, seconds: limits.body_seconds_max, limit: "body_seconds_max" };
        let patience = Duration::from_secs(limits.body_seconds_max);
        if begun >= READ_BYTES && incoming.room.is_none() {
            // All it may need, at once: two that wait for the rest of theirs would wait for each other.
            let room = tokio::time::timeout(patience, self.app.room_in_time(limits.body_bytes_max));
            incoming.room = room.await.map_err(|_| slow("there was no memory for a message"))?;
        }
        let holds = incoming.room.is_some();
        incoming.buffer.reserve(READ_BYTES);
        let read = async {
            tokio::select! {
                read = stream.read_buf(&mut incoming.buffer) => read.map(|count| count > 0),
                _ = self.stopped.wait_for(|stopped| *stopped) => Ok(false),
            }
        };
        match holds {
            // Whoever holds memory must go on.
            true => {
                Ok(tokio::time::timeout(patience, read).await.map_err(|_| slow("nothing more of a message came"))??)
            }
            false => Ok(read.await?),
        }
    }

    /// The events of a message, and its chunk.
    async fn events(&self, message: Bytes) -> Result<(Batch, Option<Vec<u8>>), End> {
        let read = |message: &[u8], limit| {
            let mut batch = Batch::default();
            events::read(message, limit, &mut batch).map(|told| (batch, told.chunk))
        };
        if message.len() <= READ_BYTES {
            match read(&message, SMALL_BYTES_MAX) {
                Err(Wrong::Large) => {}
                other => return self.understood(other, message.len()),
            }
        }
        let _turn = self.large.acquire().await;
        let length = message.len();
        let events = blocking(move || read(&message, LARGE_BYTES_MAX)).await;
        self.understood(events.map_err(|problem| End::Unsealed(problem.detail))?, length)
    }

    fn understood(
        &self,
        events: Result<(Batch, Option<Vec<u8>>), Wrong>,
        length: usize,
    ) -> Result<(Batch, Option<Vec<u8>>), End> {
        if events.is_err() {
            // What was in it is not known: the connection ends, and a sender that waits for an answer sends again.
            self.app.metrics.count(&self.source, length as u64, crate::metrics::Outcome::Refused);
        }
        Ok(events?)
    }

    async fn seal(&self, batch: &mut Batch, chunk: Option<&[u8]>) -> Result<(), End> {
        if batch.is_empty() {
            return Ok(());
        }
        let records = batch.records() as u64;
        let (body, cut) = batch.take();
        let parcel =
            parcel(self.source.clone(), &self.name, chunk.and_then(|chunk| key(chunk, &body, &cut)), body, cut);
        match keep(&self.app, parcel, self.stopped.clone()).await {
            Ok(_) => Ok(()),
            Err(problem) => {
                if chunk.is_none() {
                    self.app.metrics.messages_lost(&self.source, records);
                }
                Err(End::Unsealed(problem.detail))
            }
        }
    }

    async fn write(&self, stream: &mut Box<dyn Stream>, bytes: &[u8]) -> Result<(), End> {
        let seconds = self.app.limits.body_seconds_max;
        let written = async {
            stream.write_all(bytes).await?;
            stream.flush().await
        };
        let slow = End::Slow { what: "it did not take an answer", seconds, limit: "body_seconds_max" };
        Ok(tokio::time::timeout(Duration::from_secs(seconds), written).await.map_err(|_| slow)??)
    }
}

impl Incoming {
    /// The next message, if all of it is here.
    fn next(&mut self) -> Result<Option<Bytes>, Wrong> {
        if self.buffer.is_empty() {
            // An idle connection holds no memory.
            self.buffer = BytesMut::new();
            self.room = None;
            return Ok(None);
        }
        let Some(end) = self.extent.advance(&self.buffer)? else { return Ok(None) };
        self.extent = Extent::default();
        let message = Bytes::copy_from_slice(self.buffer.get(..end).unwrap_or_default());
        self.buffer.advance(end);
        Ok(Some(message))
    }
}

/// The sender's name for a message, with a digest of its events: a library that uses an id again for other events loses
/// none of them.
fn key(chunk: &[u8], body: &Bytes, cut: &Cut) -> Option<String> {
    if chunk.is_empty() || chunk.len() > CHUNK_BYTES_MAX {
        return None;
    }
    let mut hash = Sha256::new();
    hash.update(body);
    if let Cut::At(records) = cut {
        hash.update((records.len() as u64).to_be_bytes());
    }
    let digest = model::hex(&hash.finalize());
    let digest = digest.get(..2 * DIGEST_BYTES)?;
    Some(format!("{}.{digest}", String::from_utf8_lossy(chunk)))
}

/// The records of a message: what the fuzz target asks for.
pub(crate) fn records(message: &[u8], limit: usize) -> Option<Vec<Vec<u8>>> {
    let end = Extent::default().advance(message).ok()??;
    let mut batch = Batch::default();
    events::read(message.get(..end)?, limit, &mut batch).ok()?;
    Some(batch.iter().map(<[u8]>::to_vec).collect())
}

#[cfg(test)]
mod tests;
