//! Syslog over UDP (RFC 5426): a datagram is a message, all of it.
//!
//! UDP cannot be told to wait. Datagrams are taken off the socket at once and wait here, in order for each sender, within a
//! limit; what finds no room is dropped, and counted. A sender has a share of that room, so that one that floods drops its
//! own; sender addresses are not proved, so this is fairness among the honest, no defence.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use parking_lot::Mutex;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::{Notify, watch};

use crate::app::App;
use crate::receive::socket::{BATCH_BYTES_MAX, Batch, Peer};
use crate::receive::stream::{Head, Sealing};

/// What the operating system is asked to hold for us; it gives as much as it is set to (`net.core.rmem_max`).
const SOCKET_BYTES: usize = 8 << 20;
/// Longest datagram of UDP, bytes.
const DATAGRAM_BYTES_MAX: usize = 65_535;
/// What a datagram costs besides its bytes.
const OVERHEAD_BYTES: usize = 64;
/// The part of the room that one sender may have: one in so many.
const SHARES: usize = 4;
/// Senders whose datagrams are sealed at once.
const SENDERS_AT_ONCE: usize = 64;
/// Pause after a receive that failed.
const RECEIVE_PAUSE: Duration = Duration::from_millis(50);

/// Binds an address, with a large buffer.
///
/// # Errors
/// When it cannot be bound; the message names it.
pub(super) fn bound(address: SocketAddr) -> io::Result<UdpSocket> {
    let open = || {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        // Less is no failure: it drops earlier.
        let _ = socket.set_recv_buffer_size(SOCKET_BYTES);
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        UdpSocket::from_std(socket.into())
    };
    open().map_err(|error: io::Error| io::Error::new(error.kind(), format!("listen on udp {address}: {error}")))
}

/// Datagrams that wait to be sealed.
struct Queue {
    bytes_max: usize,
    waiting: Mutex<Waiting>,
    news: Notify,
}

#[derive(Default)]
struct Waiting {
    bytes: usize,
    /// By sender.
    datagrams: HashMap<IpAddr, Lane>,
    /// Whose turn it is.
    turns: VecDeque<IpAddr>,
    /// No more will come.
    is_closed: bool,
}

#[derive(Default)]
struct Lane {
    bytes: usize,
    datagrams: VecDeque<Vec<u8>>,
}

/// Some datagrams of one sender.
struct Turn {
    sender: IpAddr,
    datagrams: Vec<Vec<u8>>,
}

impl Queue {
    fn new(bytes_max: usize) -> Queue {
        Queue { bytes_max, waiting: Mutex::default(), news: Notify::new() }
    }

    /// False if there is no room.
    fn push(&self, sender: IpAddr, datagram: &[u8]) -> bool {
        let mut waiting = self.waiting.lock();
        let cost = datagram.len() + OVERHEAD_BYTES;
        let Waiting { bytes, datagrams, turns, .. } = &mut *waiting;
        let of_sender = datagrams.get(&sender).map_or(0, |lane| lane.bytes);
        if *bytes + cost > self.bytes_max || of_sender + cost > self.bytes_max / SHARES {
            return false;
        }
        let lane = datagrams.entry(sender).or_default();
        if lane.datagrams.is_empty() {
            turns.push_back(sender);
        }
        lane.datagrams.push_back(datagram.to_vec());
        lane.bytes += cost;
        *bytes += cost;
        drop(waiting);
        self.news.notify_one();
        true
    }

    fn close(&self) {
        self.waiting.lock().is_closed = true;
        self.news.notify_one();
    }

    /// What waits now, of some senders, as much as a delivery takes of each; waits until there is something. None when
    /// there will be no more.
    async fn take(&self) -> Option<Vec<Turn>> {
        loop {
            let is_closed = {
                let mut waiting = self.waiting.lock();
                let turns = waiting.take();
                if !turns.is_empty() {
                    return Some(turns);
                }
                waiting.is_closed
            };
            if is_closed {
                return None;
            }
            self.news.notified().await;
        }
    }
}

impl Waiting {
    fn take(&mut self) -> Vec<Turn> {
        let mut turns = Vec::new();
        for _ in 0..self.turns.len().min(SENDERS_AT_ONCE) {
            let Some(sender) = self.turns.pop_front() else { break };
            let Some(lane) = self.datagrams.get_mut(&sender) else { continue };
            let (mut taken, mut bytes) = (Vec::new(), 0);
            while bytes < BATCH_BYTES_MAX
                && let Some(datagram) = lane.datagrams.pop_front()
            {
                bytes += datagram.len() + OVERHEAD_BYTES;
                taken.push(datagram);
            }
            lane.bytes = lane.bytes.saturating_sub(bytes);
            self.bytes = self.bytes.saturating_sub(bytes);
            if lane.datagrams.is_empty() {
                self.datagrams.remove(&sender);
            } else {
                self.turns.push_back(sender);
            }
            turns.push(Turn { sender, datagrams: taken });
        }
        turns
    }
}

/// Receives until it is told to stop; what waits then is sealed.
pub(super) async fn receive(app: Arc<App>, source: String, socket: UdpSocket, mut stopped: watch::Receiver<bool>) {
    app.metrics.datagrams_dropped(&source, 0);
    let queue = Arc::new(Queue::new(app.limits.datagrams_bytes_max));
    let sealing = tokio::spawn(seal(Arc::clone(&app), source.clone(), Arc::clone(&queue), stopped.clone()));
    let mut datagram = vec![0; DATAGRAM_BYTES_MAX];
    let take = |datagram: &[u8], sender: SocketAddr| {
        // An empty one says nothing.
        if !datagram.is_empty() && !queue.push(sender.ip().to_canonical(), datagram) {
            app.metrics.datagrams_dropped(&source, 1);
        }
    };
    loop {
        let received = tokio::select! {
            received = socket.recv_from(&mut datagram) => received,
            _ = stopped.wait_for(|stopped| *stopped) => break,
        };
        match received {
            Ok((length, sender)) => take(datagram.get(..length).unwrap_or_default(), sender),
            Err(error) => {
                tracing::warn!(%error, "receive");
                tokio::time::sleep(RECEIVE_PAUSE).await;
            }
        }
    }
    // What has arrived before the stop is still in the hands of the operating system. It is asked itself: the runtime
    // answers from what it last heard of the socket. New ones do not keep us.
    match socket.into_std() {
        Ok(socket) => {
            for _ in 0..SOCKET_BYTES / OVERHEAD_BYTES {
                match socket.recv_from(&mut datagram) {
                    Ok((length, sender)) => take(datagram.get(..length).unwrap_or_default(), sender),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(error) => tracing::warn!(%error, "receive"),
                }
            }
        }
        Err(error) => tracing::error!(%error, "what the socket still held is lost"),
    }
    queue.close();
    if sealing.await.is_err() {
        tracing::error!("the task that sealed datagrams has ended");
    }
}

async fn seal(app: Arc<App>, source: String, queue: Arc<Queue>, stopped: watch::Receiver<bool>) {
    while let Some(turns) = queue.take().await {
        // One delivery of each at a time, so that the messages of a sender stay in order.
        let sealing = turns.into_iter().map(|turn| {
            let name = Peer { address: turn.sender, identity: None }.name("syslog+udp");
            let sealing = Sealing { app: Arc::clone(&app), source: source.clone(), name, stopped: stopped.clone() };
            seal_all(sealing, turn.datagrams)
        });
        join_all(sealing).await;
    }
}

async fn seal_all(sealing: Sealing, datagrams: Vec<Vec<u8>>) {
    let limit = sealing.app.limits.message_bytes_max;
    let mut batch = Batch::default();
    for datagram in datagrams {
        if datagram.len() > limit {
            sealing.seal(&mut batch).await;
            sealing.seal_head(Head::of(&datagram, limit)).await;
            continue;
        }
        batch.push(&datagram);
        if batch.is_full() {
            sealing.seal(&mut batch).await;
        }
    }
    sealing.seal(&mut batch).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const TWO: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[tokio::test]
    async fn a_flood_of_one_sender_leaves_room_for_the_others() {
        let queue = Queue::new(4 * 10 * (100 + OVERHEAD_BYTES));
        let taken = (0..50).filter(|_| queue.push(ONE, &[b'x'; 100])).count();
        assert_eq!(taken, 10, "its quarter");
        assert!(queue.push(TWO, b"<13>mine"));
        let turns = queue.take().await.unwrap();
        let of: Vec<_> = turns.iter().map(|turn| (turn.sender, turn.datagrams.len())).collect();
        assert_eq!(of, [(ONE, 10), (TWO, 1)]);
        assert!(queue.push(ONE, b"again"), "what was taken made room");
        queue.close();
        assert_eq!(queue.take().await.unwrap().len(), 1, "what waited before the end is given out");
        assert!(queue.take().await.is_none());
        let waiting = queue.waiting.lock();
        assert_eq!((waiting.bytes, waiting.datagrams.len()), (0, 0));
    }
}
