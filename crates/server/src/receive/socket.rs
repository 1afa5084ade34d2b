//! What receivers over bare sockets share: connections with seats, an end that keeps what was read, and deliveries that
//! are tried until they are sealed.
//!
//! Nobody sends again what a socket has taken, so a busy log is waited for. While it is, nothing more is read: the
//! sender's window fills, and the sender waits, too.

use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use collect::{Cut, Parcel, Sealed};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::accept::{self, Accepting};
use crate::app::App;
use crate::problem::Problem;
use crate::tls;

/// Records of one delivery: what the writer of the log takes at once.
const BATCH_RECORDS_MAX: usize = 4_096;
/// Bytes of one delivery, beyond which it takes no further record.
pub(crate) const BATCH_BYTES_MAX: usize = 1 << 20;
/// Bytes read at once.
pub(crate) const READ_BYTES: usize = 64 << 10;
/// Pause before a delivery is tried again: the first, and the longest.
const RETRY_PAUSE: Duration = Duration::from_millis(20);
const RETRY_PAUSE_MAX: Duration = Duration::from_secs(1);
/// Silence after which a peer is asked whether it is there; without it the dead keep their seats.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// Records on their way to be one delivery.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    body: Vec<u8>,
    records: Vec<Range<usize>>,
}

impl Batch {
    pub(crate) fn push(&mut self, record: &[u8]) {
        let begin = self.body.len();
        self.body.extend_from_slice(record);
        self.records.push(begin..self.body.len());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.records.len() >= BATCH_RECORDS_MAX || self.body.len() >= BATCH_BYTES_MAX
    }

    pub(crate) fn records(&self) -> usize {
        self.records.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.body.len()
    }

    /// Moves all of another batch behind what is in this one.
    pub(crate) fn append(&mut self, other: &mut Batch) {
        other.iter().for_each(|record| self.push(record));
        *other = Batch::default();
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.records.iter().filter_map(|record| self.body.get(record.clone()))
    }

    /// What is in it, as a delivery takes it; it is empty then.
    pub(crate) fn take(&mut self) -> (Bytes, Cut) {
        let Batch { body, records } = std::mem::take(self);
        (Bytes::from(body), Cut::At(records.into()))
    }
}

/// Who is at the other end.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    /// The SPIFFE id of its certificate.
    pub(crate) identity: Option<String>,
}

impl Peer {
    /// What deliveries of this peer are called: protocol, address, and who it proved to be.
    pub(crate) fn name(&self, scheme: &str) -> String {
        let place = match self.address {
            IpAddr::V4(address) => format!("{scheme}://{address}"),
            IpAddr::V6(address) => format!("{scheme}://[{address}]"),
        };
        match &self.identity {
            Some(identity) => format!("{place} {identity}"),
            None => place,
        }
    }
}

/// Either kind of connection.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Takes connections until it is told to stop, and gives each to `serve`, which ends by itself after a stop.
pub(crate) async fn accept<F>(
    app: Arc<App>,
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    stopped: watch::Receiver<bool>,
    serve: impl Fn(Box<dyn Stream>, Peer, watch::Receiver<bool>) -> F + Send + Sync + 'static,
) where
    F: Future<Output = ()> + Send,
{
    let (limits, serve) = (app.limits, Arc::new(serve));
    let mut connections = JoinSet::new();
    let mut accepting = Accepting::new(listener, &limits, stopped.clone());
    while let Some((stream, address, seat)) = accepting.next().await {
        while connections.try_join_next().is_some() {}
        let _ = stream.set_nodelay(true);
        // Without it a dead peer is found out later.
        let _ = SockRef::from(&stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE));
        let patience = Duration::from_secs(limits.head_seconds_max);
        let (acceptor, serve, mut stopped) = (acceptor.clone(), Arc::clone(&serve), stopped.clone());
        connections.spawn(async move {
            let _seat = seat;
            let mut peer = Peer { address: address.ip().to_canonical(), identity: None };
            let stream: Box<dyn Stream> = match acceptor {
                None => Box::new(stream),
                Some(acceptor) => {
                    let opened = tokio::select! {
                        opened = tokio::time::timeout(patience, acceptor.accept(stream)) => opened,
                        _ = stopped.wait_for(|stopped| *stopped) => return,
                    };
                    match opened {
                        Ok(Ok(stream)) => {
                            let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
                            peer.identity = certificate.and_then(tls::spiffe_id);
                            Box::new(stream)
                        }
                        Ok(Err(error)) => return tracing::debug!(%error, "TLS"),
                        Err(_) => return tracing::debug!("no TLS within {patience:?} (head_seconds_max)"),
                    }
                }
            };
            serve(stream, peer, stopped).await;
        });
    }
    drop(accepting);
    accept::ended(connections, &limits).await;
}

/// Has sealed what was taken off a socket. A log that is busy is waited for, after a stop as long as `stop_seconds_max`
/// says.
///
/// # Errors
/// When it cannot be sealed, or not in time: who sent it has to know, or it has to be counted.
pub(crate) async fn keep(
    app: &Arc<App>,
    parcel: Parcel,
    mut stopped: watch::Receiver<bool>,
) -> Result<Sealed, Problem> {
    let patience = Duration::from_secs(app.limits.stop_seconds_max);
    let too_late = async move {
        if stopped.wait_for(|stopped| *stopped).await.is_ok() {
            tokio::time::sleep(patience).await;
        }
    };
    tokio::pin!(too_late);
    let mut pause = RETRY_PAUSE;
    loop {
        match app.seal_taken(parcel.clone()).await {
            Err(problem) if problem.retry() => {
                if pause == RETRY_PAUSE {
                    tracing::warn!("{} waits: {}", parcel.name, problem.detail);
                }
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = &mut too_late => return Err(problem),
                }
                pause = (pause * 2).min(RETRY_PAUSE_MAX);
            }
            sealed => return sealed,
        }
    }
}
