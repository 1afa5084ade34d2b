//! Everything that the settings name, started together and stopped together.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::App;
use crate::receive::{fluent, syslog};
use crate::{listen, tls};

/// A server at work.
#[derive(Debug)]
pub struct Running {
    /// What listens where, with the ports that were chosen where 0 was asked for: `http`, `https`, `syslog+udp`,
    /// `syslog+tcp`, `syslog+tls`, `fluent`, `fluent+tls`.
    pub addresses: Vec<(&'static str, SocketAddr)>,
    stop: watch::Sender<bool>,
    pub(crate) tasks: JoinSet<()>,
}

impl Running {
    /// Takes nothing more and waits for what is under way, as long as `stop_seconds_max` says. What was not
    /// answered by then was not acknowledged.
    pub async fn stop(mut self, app: &App) {
        app.stop();
        // Tasks that have ended already need no word.
        let _ = self.stop.send(true);
        let patience = Duration::from_secs(app.limits.stop_seconds_max + 1);
        let ended = tokio::time::timeout(patience, async { while self.tasks.join_next().await.is_some() {} });
        if ended.await.is_err() {
            tracing::warn!("{} tasks were at work {patience:?} after the stop (stop_seconds_max)", self.tasks.len());
        }
    }
}

/// Starts all listeners of the settings. When this returns, each of them takes connections.
///
/// # Errors
/// When an address cannot be bound, or a certificate cannot be used; nothing is left at work then.
pub async fn start(app: &Arc<App>) -> io::Result<Running> {
    let (stop, stopped) = watch::channel(false);
    let mut running = Running { addresses: Vec::new(), stop, tasks: JoinSet::new() };
    let acceptor = app.config.tls.as_ref().map(tls::acceptor).transpose()?;
    for address in &app.config.listen {
        let listener = bound(*address).await?;
        running.addresses.push((if acceptor.is_some() { "https" } else { "http" }, listener.local_addr()?));
        running.tasks.spawn(listen::http(Arc::clone(app), listener, acceptor.clone(), stopped.clone()));
    }
    syslog::start(app, &mut running, acceptor.as_ref(), &stopped).await?;
    fluent::start(app, &mut running, acceptor.as_ref(), &stopped).await?;
    Ok(running)
}

pub(crate) async fn bound(address: SocketAddr) -> io::Result<TcpListener> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("listen on {address}: {error}"));
    TcpListener::bind(address).await.map_err(named)
}
