//! `deedbook serve` as a child: started, asked what it uses, and stopped.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::client;
use crate::bench::Result;
use crate::bench::program::{cpu, memory};

/// How long it may take to be ready, or to stop.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long it may take to make the rows of what it was sent.
const REST_PATIENCE: Duration = Duration::from_secs(900);

/// How often it is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(1);

/// A server on a data folder.
pub(super) struct Server {
    child: Child,
    said: PathBuf,
    pub(super) address: SocketAddr,
    /// From its start until it says that it is ready.
    pub(super) ready: Duration,
}

impl Server {
    /// Starts it and waits until it is ready.
    pub(super) fn start(bin: &Path, data: &Path) -> Result<Server> {
        let said = data.with_extension("stderr");
        let began = Instant::now();
        let mut command = Command::new(bin.join("deedbook"));
        command.args(["serve", "--init", "--listen", "127.0.0.1:0"]).env("DEEDBOOK_DATA", data);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&said)?).spawn()?;
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Server { child, said, address, ready: Duration::ZERO };
        loop {
            let said = std::fs::read_to_string(&server.said)?;
            if let Some(ended) = server.child.try_wait()? {
                return Err(format!("deedbook serve ended with {ended}: {said}").into());
            }
            if said.lines().any(|line| line.starts_with("ready; ")) {
                let line = said.lines().find_map(|line| line.strip_prefix("listening on http://"));
                server.address = line.ok_or("it listens nowhere")?.parse()?;
                break;
            }
            if began.elapsed() > PATIENCE {
                return Err(format!("deedbook serve was not ready after {PATIENCE:?}: {said}").into());
            }
            std::thread::sleep(LOOK);
        }
        server.ready = began.elapsed();
        match client::status(server.address, "/readyz")? {
            200 => Ok(server),
            other => Err(format!("/readyz answered {other}").into()),
        }
    }

    /// The token that the first server on a log shows.
    pub(super) fn token(&self) -> Result<String> {
        let said = std::fs::read_to_string(&self.said)?;
        let token = said.lines().find_map(|line| line.strip_prefix("admin token, shown once: "));
        Ok(token.ok_or("it showed no token")?.to_owned())
    }

    /// User and system time of all its threads so far.
    pub(super) fn cpu(&self) -> Result<Duration> {
        cpu(&self.child.id().to_string())
    }

    /// Bytes of memory, by the name that `/proc/<pid>/status` has for it.
    pub(super) fn memory(&self, name: &str) -> u64 {
        memory(self.child.id(), name)
    }

    /// Waits until it has nothing left to do: a second in which it used less than a twentieth of a core.
    pub(super) fn rest(&self) -> Result<()> {
        let began = Instant::now();
        let (mut before, second) = (self.cpu()?, Duration::from_secs(1));
        loop {
            std::thread::sleep(second);
            let now = self.cpu()?;
            if now.saturating_sub(before) < second / 20 {
                return Ok(());
            }
            if began.elapsed() > REST_PATIENCE {
                return Err(format!("it was still busy after {REST_PATIENCE:?}").into());
            }
            before = now;
        }
    }

    /// Asks it to stop and waits for its end.
    pub(super) fn stop(mut self) -> Result<Duration> {
        let began = Instant::now();
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        loop {
            if let Some(ended) = self.child.try_wait()? {
                return if ended.success() {
                    Ok(began.elapsed())
                } else {
                    Err(format!("it ended with {ended}").into())
                };
            }
            if began.elapsed() > PATIENCE {
                return Err(format!("it did not stop within {PATIENCE:?}").into());
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Kills it, as a crash would.
    pub(super) fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    /// Nothing is left at work when a step fails.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
