//! `deedbook serve`: the long-running collector.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use anyhow::Context as _;
use server::questions::Asked;
use server::{Access, App, Config, Parts, Scope};
use tokio::process::Command;

use super::Place;
use super::ingest::{stop_on_interrupt, with_writer};
use super::token;
use crate::cli::Serve;
use crate::config;
use crate::exit::Exit;
use crate::pipeline::{self, Report, Writer};

/// How often a stop is looked for.
const LOOK: Duration = Duration::from_millis(50);

pub(crate) fn run(place: &Place, serve: &Serve) -> anyhow::Result<Exit> {
    let config = config::of(serve)?;
    let secrets = config::secrets(&config)?;
    if serve.init && ledger::discover(&place.data).is_err() {
        let log = super::init::make(place, None)?;
        eprintln!("made log {} ({}) in {}", log.short, log.origin, place.data.display());
    }
    let log = place.log()?;
    let stop = stop_on_interrupt()?;
    with_writer(place, &log, &stop, |writer| {
        listen(writer, &log.short, config, secrets, asking(place, &log.short)?, &stop)?;
        Ok(Report::default())
    })?;
    eprintln!("stopped");
    Ok(Exit::Done)
}

fn listen(
    writer: &Writer,
    log: &str,
    config: Config,
    secrets: HashMap<String, String>,
    questions: Asked,
    stop: &Arc<AtomicBool>,
) -> anyhow::Result<()> {
    let door = Arc::new(writer.door()?);
    let access = Arc::new(token::known(&writer.reader().view()?)?);
    let told = Arc::clone(&access);
    writer.on_directive(move |directive| told.apply(directive));
    let first = first_token(writer, &access)?;
    let (reader, log) = (writer.reader(), log.to_owned());
    let app = Arc::new(App::new(Parts { door, access, reader, log, config, secrets, clock: pipeline::now, questions }));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("serve").build()?;
    runtime.block_on(async {
        let running = server::start(&app).await?;
        for (what, address) in &running.addresses {
            eprintln!("listening on {what}://{address}");
        }
        if let Some(token) = first {
            eprintln!("admin token, shown once: {token}");
        }
        eprintln!("ready; Ctrl-C ends cleanly");
        while !stop.load(Relaxed) {
            tokio::time::sleep(LOOK).await;
        }
        running.stop(&app).await;
        anyhow::Ok(())
    })?;
    // Tasks that wait for the disk have told their clients, or have nobody left to tell.
    runtime.shutdown_timeout(Duration::from_secs(1));
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
