//! `deedbook serve`: the long-running collector.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use anyhow::Context as _;
use model::Directive;
use parking_lot::Mutex;
use server::questions::Asked;
use server::{Access, App, Config, Parts, Running, Scope, Sockets};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

use super::followed::{self, Followers};
use super::ingest::with_opened;
use super::{Place, guard, token, watch};
use crate::cli::Serve;
use crate::config;
use crate::exit::Exit;
use crate::pipeline::{self, Report, Writer};

pub(crate) fn run(place: &Place, serve: &Serve) -> anyhow::Result<Exit> {
    let settings = settings(place, serve)?;
    if serve.init && ledger::discover(&place.data).is_err() {
        let log = super::init::make(place, None)?;
        eprintln!("made log {} ({}) in {}", log.short, log.origin, place.data.display());
    }
    let log = place.log()?;
    // Not `stop_on_interrupt`: that takes SIGHUP for an end, and here it means to read the settings again.
    let stop = Arc::new(AtomicBool::new(false));
    let writer = Writer::open(&place.data, &log)?.serving();
    with_opened(place, writer, &stop, |writer| {
        listen(writer, place, &log, serve, settings, &stop)?;
        Ok(Report::default())
    })?;
    eprintln!("stopped");
    Ok(Exit::Done)
}

fn listen(
    writer: &Arc<Writer>,
    place: &Place,
    log: &ledger::LogInfo,
    serve: &Serve,
    (config, secrets): (Config, HashMap<String, String>),
    stop: &Arc<AtomicBool>,
) -> anyhow::Result<()> {
    let door = Arc::new(writer.door()?);
    let mut known = token::Known::default();
    writer.on_directive(|directives| {
        match directives {
            Some(directives) => directives.iter().for_each(|directive| known.apply(directive)),
            None => known = token::known(&writer.reader().view()?)?,
        }
        let told = Arc::clone(&known.access);
        Ok(Box::new(move |directive| told.apply(directive)))
    })?;
    let (access, mut in_force) = (known.access, known.settings);
    let first = first_token(writer, &access)?;
    seal_settings(writer, &config, &mut in_force)?;
    let reader = writer.reader();
    let public = place.data.join("logs").join(&log.short).join("log").join("checkpoint");
    let log_name = log.short.clone();
    let questions = asking(place, &log.short)?;
    let accounts = Arc::clone(&questions);
    let parts = Parts { door, access, reader, log: log_name, public, config, secrets, clock: pipeline::now, questions };
    let mut app = Arc::new(App::new(parts));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("serve").build()?;
    let every = Arc::new(Mutex::new(app.config().verify));
    let (data, is_over) = (place.data.clone(), Arc::clone(stop));
    watch::start(writer.reader(), Arc::clone(&app), accounts, Arc::clone(&is_over));
    let watch = guard::start(Arc::clone(writer), Arc::clone(&app), Arc::clone(&every), data, is_over);
    let served = runtime.block_on(async {
        let mut hangup = signal(SignalKind::hangup())?;
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let mut sockets = Sockets::default();
        let mut running = server::start(&app, &mut sockets).await?;
        say(&running);
        let mut followers = Followers::start(writer, &app)?;
        if let Some(token) = first {
            eprintln!("admin token, shown once: {token}");
        }
        eprintln!("ready; Ctrl-C ends cleanly");
        loop {
            tokio::select! {
                _ = hangup.recv() => {}
                _ = interrupt.recv() => break,
                _ = terminate.recv() => break,
            }
            match settings(place, serve) {
                Err(error) => {
                    tracing::error!("settings are not read again, those in force stay: {}", crate::exit::text(&error));
                }
                Ok((config, secrets)) => {
                    running.stop(&app).await;
                    let next = Arc::new(app.again(config.clone(), secrets));
                    running = match server::start(&next, &mut sockets).await {
                        Ok(running) => {
                            tokio::task::block_in_place(|| seal_settings(writer, &config, &mut in_force))?;
                            *every.lock() = config.verify;
                            app = next;
                            tokio::task::block_in_place(|| followers.again(writer, &app))?;
                            running
                        }
                        Err(error) => {
                            tracing::error!("settings cannot be used, the former ones go on: {error}");
                            app = Arc::new(app.again(app.config().clone(), app.secrets().clone()));
                            server::start(&app, &mut sockets).await?
                        }
                    };
                    say(&running);
                    eprintln!("ready; settings were read again");
                }
            }
        }
        eprintln!("stopping: what is under way ends first");
        followers.stop();
        running.stop(&app).await;
        tokio::task::block_in_place(|| followers.end());
        anyhow::Ok(())
    });
    stop.store(true, Relaxed);
    // Tasks that wait for the disk have told their clients, or have nobody left to tell.
    runtime.shutdown_timeout(Duration::from_secs(1));
    watch.join().map_err(|_| anyhow::anyhow!("the thread that verifies panicked"))?;
    served
}

/// What the file and the command line say now.
fn settings(place: &Place, serve: &Serve) -> anyhow::Result<(Config, HashMap<String, String>)> {
    // What `[[follow]]` may name.
    pipeline::mappings(place)?;
    let config = config::of(serve)?;
    followed::check_apart(&config.follow, &place.data)?;
    let secrets = config::secrets(&config)?;
    Ok((config, secrets))
}

fn say(running: &Running) {
    for (what, address) in &running.addresses {
        eprintln!("listening on {what}://{address}");
    }
}

/// Settings have force: those that are new are sealed.
fn seal_settings(writer: &Writer, config: &Config, in_force: &mut Option<String>) -> anyhow::Result<()> {
    let toml = toml::to_string(config)?;
    if in_force.as_ref() != Some(&toml) {
        writer.set(&[Directive::Settings { toml: toml.clone() }])?;
        *in_force = Some(toml);
    }
    Ok(())
}

/// How a question over HTTP is asked: this program, on the same data folder. Of the environment it gets what it needs:
/// no secret is in it.
fn asking(place: &Place, log: &str) -> anyhow::Result<Asked> {
    let program = std::env::current_exe().context("the path of this program")?;
    let data = std::path::absolute(&place.data).with_context(|| place.data.display().to_string())?;
    #[expect(clippy::disallowed_methods, reason = "the binary reads the environment")]
    let kept: Vec<_> =
        ["TMPDIR", "RUST_BACKTRACE"].into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))).collect();
    let log = log.to_owned();
    Ok(Arc::new(move |arguments: &[String]| {
        let mut command = Command::new(&program);
        command.env_clear().envs(kept.iter().cloned());
        command.args(["--errors=json", "--log", &log, "--data"]).arg(&data).args(arguments);
        command
    }))
}

/// The first server on a log makes the token with which all others are made.
fn first_token(writer: &Writer, access: &Access) -> anyhow::Result<Option<String>> {
    if access.tokens().iter().any(|token| !token.revoked && token.scopes.contains(&Scope::Admin)) {
        return Ok(None);
    }
    let minted = server::mint("admin", &[Scope::Admin], Vec::new(), None)?;
    access.apply(&minted.directive);
    writer.set(&[minted.directive])?;
    Ok(Some(minted.token))
}
