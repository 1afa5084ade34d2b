//! Everything that the settings name, started together and stopped together.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::App;
use crate::pull::{kafka, ldap, oidc, poll, s3};
use crate::receive::{fluent, syslog, vault};
use crate::{alarm, audit, heartbeat, listen, tls};

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
        audit::settle(app).await;
    }
}

/// HTTP sockets that outlive a reload: who connects meanwhile waits in their queue and is not refused.
#[derive(Debug, Default)]
pub struct Sockets(Vec<(SocketAddr, std::net::TcpListener)>);

impl Sockets {
    /// A listener on this address: the one there is, or a new one.
    fn take(&mut self, kept: &mut Sockets, address: SocketAddr) -> io::Result<TcpListener> {
        let at = kept.0.iter().position(|(bound, _)| *bound == address);
        let socket = match at {
            Some(at) => kept.0.swap_remove(at).1,
            None => std::net::TcpListener::bind(address)
                .map_err(|error| io::Error::new(error.kind(), format!("listen on {address}: {error}")))?,
        };
        socket.set_nonblocking(true)?;
        let listener = TcpListener::from_std(socket.try_clone()?)?;
        self.0.push((address, socket));
        Ok(listener)
    }
}

/// Starts all listeners of the settings. When this returns, each of them takes connections. `sockets` are those of the
/// run before, and then those of this one; what is not used again is closed.
///
/// # Errors
/// When an address cannot be bound, or a certificate cannot be used; nothing is left at work then, and `sockets` holds
/// only what was not taken.
pub async fn start(app: &Arc<App>, sockets: &mut Sockets) -> io::Result<Running> {
    let (stop, stopped) = watch::channel(false);
    let mut running = Running { addresses: Vec::new(), stop, tasks: JoinSet::new() };
    let mut bound = Sockets::default();
    let acceptor = app.config.tls.as_ref().map(tls::acceptor).transpose()?;
    for address in &app.config.listen {
        let listener = bound.take(sockets, *address)?;
        running.addresses.push((if acceptor.is_some() { "https" } else { "http" }, listener.local_addr()?));
        running.tasks.spawn(listen::http(Arc::clone(app), listener, acceptor.clone(), stopped.clone()));
    }
    syslog::start(app, &mut running, acceptor.as_ref(), &stopped).await?;
    fluent::start(app, &mut running, acceptor.as_ref(), &stopped).await?;
    vault::start(app, &mut running, &stopped).await?;
    let buckets = app
        .config
        .s3
        .iter()
        .map(|settings| s3::Bucket::new(app, settings, &stopped))
        .collect::<io::Result<Vec<_>>>()?;
    let directories = app
        .config
        .ldap
        .iter()
        .map(|settings| ldap::Directory::new(app, settings, &stopped))
        .collect::<io::Result<Vec<_>>>()?;
    let providers = app
        .config
        .oidc
        .iter()
        .map(|settings| oidc::Provider::new(app, settings, &stopped))
        .collect::<io::Result<Vec<_>>>()?;
    *sockets = bound;
    app.pulled.begin();
    for bucket in buckets {
        running.tasks.spawn(bucket.follow());
    }
    for directory in directories {
        running.tasks.spawn(poll::follow(directory));
    }
    for provider in providers {
        running.tasks.spawn(poll::follow(provider));
    }
    for settings in &app.config.kafka {
        running.tasks.spawn(kafka::follow(Arc::clone(app), settings.clone(), stopped.clone()));
    }
    running.tasks.spawn(heartbeat::keep(Arc::clone(app), stopped.clone()));
    running.tasks.spawn(audit::keep(Arc::clone(app), stopped.clone()));
    running.tasks.spawn(alarm::post(Arc::clone(app), stopped.clone()));
    running.tasks.spawn(alarm::watch(Arc::clone(app), stopped));
    Ok(running)
}

pub(crate) async fn bound(address: SocketAddr) -> io::Result<TcpListener> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("listen on {address}: {error}"));
    TcpListener::bind(address).await.map_err(named)
}
