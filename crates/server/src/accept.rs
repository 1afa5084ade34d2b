//! Connections, as many at once as there are seats, until the server stops.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use crate::config::Limits;

/// Pause after a failed `accept`, as when no file handle is left.
const PAUSE: Duration = Duration::from_millis(50);

/// A socket that takes connections.
pub(crate) trait Listener {
    type Stream;
    /// Who is at the other end.
    type Peer;

    fn accept(&self) -> impl Future<Output = io::Result<(Self::Stream, Self::Peer)>> + Send;
}

impl Listener for TcpListener {
    type Stream = TcpStream;
    type Peer = SocketAddr;

    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        TcpListener::accept(self).await
    }
}

impl Listener for UnixListener {
    type Stream = UnixStream;
    type Peer = ();

    async fn accept(&self) -> io::Result<(UnixStream, ())> {
        UnixListener::accept(self).await.map(|(stream, _)| (stream, ()))
    }
}

/// A listener with a limit on its connections.
pub(crate) struct Accepting<L> {
    listener: L,
    seats: Arc<Semaphore>,
    stopped: watch::Receiver<bool>,
}

impl<L: Listener> Accepting<L> {
    pub(crate) fn new(listener: L, limits: &Limits, stopped: watch::Receiver<bool>) -> Accepting<L> {
        Accepting { listener, seats: Arc::new(Semaphore::new(limits.connections_max)), stopped }
    }

    /// The next connection, with the seat that it gives back at its end; `None` after the stop.
    pub(crate) async fn next(&mut self) -> Option<(L::Stream, L::Peer, OwnedSemaphorePermit)> {
        loop {
            let next = async {
                // A seat first: connections beyond the limit wait in the queue of the operating system.
                let seat = Arc::clone(&self.seats).acquire_owned().await;
                (seat, self.listener.accept().await)
            };
            let next = tokio::select! {
                next = next => next,
                _ = self.stopped.wait_for(|stopped| *stopped) => return None,
            };
            match next {
                (Ok(seat), Ok((stream, peer))) => return Some((stream, peer, seat)),
                (Err(_), _) => return None,
                (_, Err(error)) => {
                    tracing::warn!(%error, "accept");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
}

/// Waits until connections have ended, as long as they have for it after a stop.
pub(crate) async fn ended(mut connections: JoinSet<()>, limits: &Limits) {
    let seconds = limits.stop_seconds_max;
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(Duration::from_secs(seconds), all).await.is_err() {
        tracing::warn!("connections were at work {seconds} s after the stop (stop_seconds_max)");
    }
}
