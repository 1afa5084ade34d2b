//! The listener: connections with limits, and a stop that lets what is under way end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use crate::app::App;
use crate::problem::Problem;
use crate::receive::{bulk, hec, native, webhook};
use crate::{operate, read};

/// Pause after a failed `accept`, as when no file handle is left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// All routes.
fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/healthz", get(operate::healthz))
        .route("/readyz", get(operate::readyz))
        .route("/metrics", get(operate::metrics))
        .route("/v1/records", post(native::records))
        .route("/v1/records/{id}/proof", get(read::proof))
        .route("/v1/checkpoint", get(read::checkpoint))
        .route("/v1/consistency", get(read::consistency))
        .route("/v1/webhooks/{source}", post(webhook::deliver))
        .route("/services/collector", post(hec::collect))
        .route("/services/collector/event", post(hec::collect))
        .route("/services/collector/event/1.0", post(hec::collect))
        .route("/services/collector/raw", post(hec::collect))
        .route("/services/collector/raw/1.0", post(hec::collect))
        .route("/services/collector/ack", post(hec::acks))
        .route("/services/collector/health", get(hec::health))
        .route("/services/collector/health/1.0", get(hec::health))
        .route("/", get(bulk::greeting))
        .route("/_bulk", post(bulk::bulk).put(bulk::bulk))
        .route("/{index}/_bulk", post(bulk::bulk_of).put(bulk::bulk_of))
        .fallback(|| async { Problem::not_found("there is nothing at this path") })
        .method_not_allowed_fallback(|| async { Problem::method("this path takes another method") })
        .with_state(app)
}

/// A listener at work.
#[derive(Debug)]
pub struct Listening {
    /// Where it listens: with the port that was chosen, if 0 was asked for.
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Listening {
    /// Takes no more connections and waits for requests under way, as long as the limit says. What is not answered
    /// by then was not acknowledged.
    pub async fn stop(self) {
        // The task that listens is gone only if it has stopped already.
        let _ = self.stop.send(true);
        let _ = self.task.await;
    }
}

/// Listens for HTTP/1.1 and HTTP/2.
///
/// # Errors
/// When the address cannot be bound.
pub async fn listen(app: Arc<App>, address: SocketAddr) -> std::io::Result<Listening> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(accept(app, listener, stopped));
    Ok(Listening { address, stop, task })
}

async fn accept(app: Arc<App>, listener: TcpListener, mut stopped: watch::Receiver<bool>) {
    let limits = app.limits;
    let seats = Arc::new(Semaphore::new(limits.connections_max));
    let service = TowerToHyperService::new(router(Arc::clone(&app)));
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(limits.head_seconds_max));
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(100);
    let graceful = GracefulShutdown::new();
    loop {
        // A seat first: connections beyond the limit wait in the queue of the operating system.
        let seat = tokio::select! {
            seat = Arc::clone(&seats).acquire_owned() => seat,
            _ = stopped.wait_for(|stopped| *stopped) => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.wait_for(|stopped| *stopped) => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "accept");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Answers are small and somebody waits for each.
        let _ = stream.set_nodelay(true);
        let connection = builder.serve_connection(TokioIo::new(stream), service.clone()).into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // A client that breaks off is its own affair.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection");
            }
            drop(seat);
        });
    }
    drop(listener);
    let patience = Duration::from_secs(limits.stop_seconds_max);
    if tokio::time::timeout(patience, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were under way {} s after the stop (stop_seconds_max)", limits.stop_seconds_max);
    }
}
