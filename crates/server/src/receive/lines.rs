//! Lines over a connection, each a record: what programs write to a socket that have nothing to say but their log.
//!
//! Nothing is acknowledged on such a socket. What was read is sealed before more is read, so a busy log makes the sender
//! wait, and what the sender's system still holds when the connection breaks is the sender's to send again.

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use tokio::net::UnixListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::socket::{self, Batch, Peer};
use super::stream::{Cut, Framing, Head, Sealing, cut_all};
use crate::accept::{self, Accepting};
use crate::app::App;
use crate::start::{Running, bound};

/// Longest line that is kept whole, bytes.
const LINE_BYTES_MAX: usize = 1 << 20;
/// What is kept of a longer one, beside its length and digest.
const HEAD_BYTES: usize = 64 << 10;

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
            let (app, source) = (Arc::clone(&held), source.clone());
            Sealing { app, source, name: peer.name(scheme), stopped }.connection(stream, Lines::new(LINE_BYTES_MAX))
        };
        running.tasks.spawn(socket::accept(Arc::clone(app), listener, None, stopped.clone(), serve));
    }
    if let Some(path) = unix {
        let listener = bound_unix(path)?;
        let sealing = Sealing {
            app: Arc::clone(app),
            source: source.to_owned(),
            name: format!("{scheme}://{}", path.display()),
            stopped: stopped.clone(),
        };
        running.tasks.spawn(accept_unix(sealing, listener, path.to_owned()));
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

async fn accept_unix(sealing: Sealing, listener: UnixListener, path: PathBuf) {
    let limits = sealing.app.limits;
    let mut connections = JoinSet::new();
    let mut accepting = Accepting::new(listener, &limits, sealing.stopped.clone());
    while let Some((stream, (), seat)) = accepting.next().await {
        while connections.try_join_next().is_some() {}
        let sealing = sealing.clone();
        connections.spawn(async move {
            let _seat = seat;
            sealing.connection(Box::new(stream), Lines::new(LINE_BYTES_MAX)).await;
        });
    }
    drop(accepting);
    // A file that is gone already is as good.
    let _ = std::fs::remove_file(&path);
    accept::ended(connections, &limits).await;
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
}

impl Framing for Lines {
    fn cut(&mut self, bytes: &[u8], ended: bool, batch: &mut Batch) -> Cut {
        let mut cut = Cut::default();
        loop {
            let rest = bytes.get(cut.used..).unwrap_or_default();
            let seen = std::mem::take(&mut self.seen).min(rest.len());
            let unseen = rest.get(seen..).unwrap_or_default();
            let end = memchr::memchr(b'\n', unseen).map(|end| seen + end);
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
                cut.used += step;
                if is_whole {
                    cut.head = Some(Head { kept, length, sha256: hash.finalize().into() });
                } else {
                    self.long = Some((kept, length, hash));
                }
                return cut;
            }
            if rest.is_empty() || batch.is_full() {
                return cut;
            }
            if line.len() > self.limit {
                self.long = Some((Vec::new(), 0, Sha256::new()));
                if !batch.is_empty() {
                    // Those before it are sealed first.
                    return cut;
                }
                continue;
            }
            if !is_whole {
                self.seen = rest.len();
                return cut;
            }
            let text = line.strip_suffix(b"\r").unwrap_or(line);
            if !text.is_empty() {
                batch.push(text);
            }
            cut.used += step;
        }
    }
}

/// The lines of a stream that comes in chunks, each with its true length; of one over the limit the beginning.
pub(crate) fn records(chunks: &[&[u8]], limit: usize) -> Vec<(Vec<u8>, u64)> {
    let mut records = Vec::new();
    cut_all(Lines::new(limit), chunks, |line, length| records.push((line.to_vec(), length)));
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
