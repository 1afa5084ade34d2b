//! Lines over a connection, each a record: what programs write to a socket that have nothing to say but their log.
//!
//! Nothing is acknowledged on such a socket. What was read is sealed before more is read, so a busy log makes the sender
//! wait, and what the sender's system still holds when the connection breaks is the sender's to send again.

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use collect::Cut;
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncReadExt as _;
use tokio::net::UnixListener;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::task::JoinSet;

use super::socket::{self, BATCH_BYTES_MAX, Batch, Peer, READ_BYTES, Stream, keep};
use crate::accept::{self, Accepting};
use crate::app::{App, parcel};
use crate::start::{Running, bound};

/// Longest line that is kept whole, bytes.
const LINE_BYTES_MAX: usize = 1 << 20;
/// What is kept of a longer one, beside its length and digest.
const HEAD_BYTES: usize = 64 << 10;
/// Pause before it is looked again whether there is room for a long line.
const PAUSE: Duration = Duration::from_millis(50);

/// Where lines of one source come in.
pub(crate) struct Place<'a> {
    pub(crate) source: &'a str,
    /// What listeners and deliveries are called.
    pub(crate) scheme: &'static str,
    pub(crate) tcp: Option<SocketAddr>,
    pub(crate) unix: Option<&'a Path>,
}

/// Starts the listeners of a place.
///
/// # Errors
/// When an address or a path cannot be bound.
pub(crate) async fn start(
    app: &Arc<App>,
    running: &mut Running,
    place: Place<'_>,
    stopped: &watch::Receiver<bool>,
) -> io::Result<()> {
    let Place { source, scheme, tcp, unix } = place;
    if let Some(address) = tcp {
        let listener = bound(address).await?;
        running.addresses.push((scheme, listener.local_addr()?));
        let (held, source) = (Arc::clone(app), source.to_owned());
        let serve = move |stream, peer: Peer, stopped| {
            Reading { app: Arc::clone(&held), source: source.clone(), name: peer.name(scheme), stopped }.run(stream)
        };
        running.tasks.spawn(socket::accept(Arc::clone(app), listener, None, stopped.clone(), serve));
    }
    if let Some(path) = unix {
        let listener = bound_unix(path)?;
        let reading = Reading {
            app: Arc::clone(app),
            source: source.to_owned(),
            name: format!("{scheme}://{}", path.display()),
            stopped: stopped.clone(),
        };
        running.tasks.spawn(accept_unix(reading, listener, path.to_owned()));
    }
    Ok(())
}

/// A socket that nobody listens at any more is one of a process that is gone; another file is left alone.
fn bound_unix(path: &Path) -> io::Result<UnixListener> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("listen on {}: {error}", path.display()));
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|data| data.file_type().is_socket());
    if is_socket && std::os::unix::net::UnixStream::connect(path).is_err() {
        std::fs::remove_file(path).map_err(named)?;
    }
    UnixListener::bind(path).map_err(named)
}

async fn accept_unix(reading: Reading, listener: UnixListener, path: PathBuf) {
    let limits = reading.app.limits;
    let mut connections = JoinSet::new();
    let mut accepting = Accepting::new(listener, &limits, reading.stopped.clone());
    while let Some((stream, (), seat)) = accepting.next().await {
        while connections.try_join_next().is_some() {}
        let reading = reading.clone();
        connections.spawn(async move {
            let _seat = seat;
            reading.run(Box::new(stream)).await;
        });
    }
    drop(accepting);
    // A file that is gone already is as good.
    let _ = std::fs::remove_file(&path);
    accept::ended(connections, &limits).await;
}

/// Whose lines are sealed, and as what.
#[derive(Clone)]
struct Reading {
    app: Arc<App>,
    source: String,
    name: String,
    stopped: watch::Receiver<bool>,
}

impl Reading {
    /// Reads lines until the sender ends the connection or the collector stops. What was read by then is sealed, a line
    /// without an end, too.
    async fn run(mut self, mut stream: Box<dyn Stream>) {
        let mut lines = Lines::new(LINE_BYTES_MAX);
        let mut buffer = BytesMut::new();
        let mut room: Option<OwnedSemaphorePermit> = None;
        loop {
            // A little for each connection is there; a long line waits for its place in memory.
            if buffer.len() >= READ_BYTES && room.is_none() {
                room = self.app.room_now(2 * BATCH_BYTES_MAX);
                if room.is_none() && !*self.stopped.borrow() {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            }
            buffer.reserve(READ_BYTES);
            let ended = tokio::select! {
                read = stream.read_buf(&mut buffer) => !matches!(read, Ok(1..)),
                _ = self.stopped.wait_for(|stopped| *stopped) => true,
            };
            if !self.seal(&mut lines, &mut buffer, ended).await || ended {
                return;
            }
            if buffer.is_empty() {
                // An idle connection holds no memory.
                (buffer, room) = (BytesMut::new(), None);
            }
        }
    }

    /// Seals all lines that are whole. False if that is not possible.
    async fn seal(&self, lines: &mut Lines, buffer: &mut BytesMut, ended: bool) -> bool {
        loop {
            let mut batch = Batch::default();
            let (used, head) = lines.cut(buffer, ended, &mut batch);
            buffer.advance(used);
            if batch.is_empty() && head.is_none() {
                return true;
            }
            if !batch.is_empty() {
                let records = batch.records() as u64;
                let (body, cut) = batch.take();
                if !self.delivery(body, cut, records).await {
                    return false;
                }
            }
            if let Some(Head { kept, length, sha256 }) = head {
                self.app.metrics.messages_cut(&self.source, 1);
                tracing::warn!("a line of {length} bytes from {} was cut at {HEAD_BYTES}", self.name);
                if !self.delivery(kept.into(), Cut::Head { length, sha256 }, 1).await {
                    return false;
                }
            }
        }
    }

    async fn delivery(&self, body: bytes::Bytes, cut: Cut, records: u64) -> bool {
        let parcel = parcel(self.source.clone(), &self.name, None, body, cut);
        match keep(&self.app, parcel, self.stopped.clone()).await {
            Ok(_) => true,
            Err(problem) => {
                self.app.metrics.messages_lost(&self.source, records);
                tracing::error!("{records} lines from {} could not be sealed: {}", self.name, problem.detail);
                false
            }
        }
    }
}

/// The beginning of a line over the limit.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    kept: Vec<u8>,
    length: u64,
    sha256: [u8; 32],
}

/// One stream of lines.
#[derive(Debug)]
struct Lines {
    limit: usize,
    /// A line over the limit that is being read: what is kept, how long it is so far, and its digest.
    long: Option<(Vec<u8>, u64, Sha256)>,
    /// So many bytes at the beginning are known to hold no line end: who sends a byte at a time has none looked at twice.
    seen: usize,
}

impl Lines {
    fn new(limit: usize) -> Lines {
        Lines { limit, long: None, seen: 0 }
    }

    /// Cuts lines off the beginning of `bytes` until the batch is full, a long line is complete, or what is left is no
    /// whole line; the end of the stream makes it one. Says how many bytes are done with. A head comes behind the batch.
    fn cut(&mut self, bytes: &[u8], ended: bool, batch: &mut Batch) -> (usize, Option<Head>) {
        let mut used = 0;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            let seen = std::mem::take(&mut self.seen).min(rest.len());
            let unseen = rest.get(seen..).unwrap_or_default();
            let end = unseen.iter().position(|byte| *byte == b'\n').map(|end| seen + end);
            let (line, step) = match end {
                Some(end) => (rest.get(..end).unwrap_or_default(), end + 1),
                None => (rest, rest.len()),
            };
            let is_whole = end.is_some() || ended;
            if let Some((mut kept, mut length, mut hash)) = self.long.take() {
                let room = HEAD_BYTES.min(self.limit).saturating_sub(kept.len());
                kept.extend_from_slice(line.get(..room).unwrap_or(line));
                length += line.len() as u64;
                hash.update(line);
                used += step;
                if is_whole {
                    return (used, Some(Head { kept, length, sha256: hash.finalize().into() }));
                }
                self.long = Some((kept, length, hash));
                return (used, None);
            }
            if rest.is_empty() || batch.is_full() {
                return (used, None);
            }
            if line.len() > self.limit {
                self.long = Some((Vec::new(), 0, Sha256::new()));
                if !batch.is_empty() {
                    // Those before it are sealed first.
                    return (used, None);
                }
                continue;
            }
            if !is_whole {
                self.seen = rest.len();
                return (used, None);
            }
            let text = line.strip_suffix(b"\r").unwrap_or(line);
            if !text.is_empty() {
                batch.push(text);
            }
            used += step;
        }
    }
}

/// The lines of a stream that comes in chunks, each with its true length; of one over the limit the beginning.
pub(crate) fn records(chunks: &[&[u8]], limit: usize) -> Vec<(Vec<u8>, u64)> {
    let (mut lines, mut buffer, mut records) = (Lines::new(limit), Vec::new(), Vec::new());
    let ends = (0..chunks.len()).map(|_| false).chain([true]);
    for (chunk, ended) in chunks.iter().copied().chain([&[] as &[u8]]).zip(ends) {
        buffer.extend_from_slice(chunk);
        loop {
            let mut batch = Batch::default();
            let (used, head) = lines.cut(&buffer, ended, &mut batch);
            buffer.drain(..used);
            let is_done = batch.is_empty() && head.is_none();
            records.extend(batch.iter().map(|line| (line.to_vec(), line.len() as u64)));
            records.extend(head.map(|head| (head.kept, head.length)));
            if is_done {
                break;
            }
        }
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_the_same_lines_however_it_is_chunked() {
        let stream = b"{\"a\":1}\n\r\n{\"b\":2}\r\n0123456789abcdef\n{\"c\":3}";
        let whole = records(&[stream], 10);
        let expected: [(&[u8], u64); 4] =
            [(b"{\"a\":1}", 7), (b"{\"b\":2}", 7), (b"0123456789", 16), (b"{\"c\":3}", 7)];
        assert_eq!(whole, expected.map(|(line, length)| (line.to_vec(), length)));
        for size in 1..stream.len() {
            let chunks: Vec<&[u8]> = stream.chunks(size).collect();
            assert_eq!(records(&chunks, 10), whole, "chunks of {size}");
        }
    }
}
