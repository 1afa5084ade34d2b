//! HTTP connections: limits on them, TLS, and a stop that lets what is under way end.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderValue, Request};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::accept::Accepting;
use crate::app::App;
use crate::audit::Peer;
use crate::router::router;
use crate::tls;

/// Takes HTTP/1.1 and HTTP/2, over TLS if there is an acceptor, until it is told to stop; then requests under way have as
/// long as the limit says. What is not answered by then was not acknowledged.
pub(crate) async fn http(
    app: Arc<App>,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    stopped: watch::Receiver<bool>,
) {
    let limits = app.limits;
    let routes = TowerToHyperService::new(router(Arc::clone(&app)));
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(limits.head_seconds_max));
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(100);
    let graceful = GracefulShutdown::new();
    let mut accepting = Accepting::new(listener, &limits, stopped.clone());
    while let Some((stream, peer, seat)) = accepting.next().await {
        // Answers are small and somebody waits for each.
        let _ = stream.set_nodelay(true);
        let Some(tls) = tls.clone() else {
            let service = marked(routes.clone(), Peer(peer.ip().to_canonical()), None);
            let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
            tokio::spawn(until_its_end(graceful.watch(connection), seat));
            continue;
        };
        let (app, builder, routes, watcher) = (Arc::clone(&app), builder.clone(), routes.clone(), graceful.watcher());
        let mut stopped = stopped.clone();
        tokio::spawn(async move {
            let patience = Duration::from_secs(limits.head_seconds_max);
            // Nothing was asked yet: a stop does not wait for a handshake.
            let accepted = tokio::select! {
                accepted = tokio::time::timeout(patience, tls.accept(stream)) => accepted,
                _ = stopped.wait_for(|stopped| *stopped) => return,
            };
            let stream = match accepted {
                Ok(Ok(stream)) => stream,
                Ok(Err(error)) => return tracing::debug!(%error, "TLS"),
                Err(_) => return tracing::debug!("no TLS within {patience:?} (head_seconds_max)"),
            };
            let service = marked(routes, Peer(peer.ip().to_canonical()), workload(&app, &stream));
            let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
            until_its_end(watcher.watch(connection), seat).await;
        });
    }
    drop(accepting);
    let patience = Duration::from_secs(limits.stop_seconds_max);
    if tokio::time::timeout(patience, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were under way {} s after the stop (stop_seconds_max)", limits.stop_seconds_max);
    }
}

/// A client that breaks off is its own affair.
async fn until_its_end<E: std::fmt::Display>(
    connection: impl Future<Output = Result<(), E>>,
    _seat: OwnedSemaphorePermit,
) {
    if let Err(error) = connection.await {
        tracing::debug!(%error, "connection");
    }
}

/// The routes, told on which connection a request came: from where, and whose certificate was shown on it.
fn marked(
    routes: TowerToHyperService<Router>,
    peer: Peer,
    token: Option<HeaderValue>,
) -> impl Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send> + Clone {
    service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        if let Some(token) = &token {
            request.headers_mut().entry(AUTHORIZATION).or_insert_with(|| token.clone());
        }
        routes.call(request)
    })
}

/// What stands in for a token where a certificate with a SPIFFE id was shown: it writes to the source of that name.
fn workload(app: &App, stream: &TlsStream<TcpStream>) -> Option<HeaderValue> {
    let certificate = stream.get_ref().1.peer_certificates()?.first()?;
    app.access.workload(&tls::spiffe_id(certificate)?)
}
