//! The control socket: while one process holds the log's lock, other commands that append hand their
//! work to it.
//!
//! One request, a JSON line, then, if it asks for it, the bytes of standard input; JSON lines back
//! until the last one says `done` or `failed`. The socket lies in the data folder, mode 0600: whoever may
//! use it may write the folder anyway.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, bail};
use collect::Snapshot;
use model::Directive;
use serde::{Deserialize, Serialize};

use crate::pipeline::{Job, Report, Writer};

/// What a command asks of the process that holds the lock.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub(crate) enum Request {
    /// Seal inputs; paths are absolute. With `stdin` the stream after this line is one more.
    Ingest { job: Job, stdin: bool },
    /// Make the derived tables again.
    Rebuild,
    /// Seal directives.
    Set { directives: Vec<Directive> },
    /// Close the open segment and publish a checkpoint.
    Publish,
}

/// What comes back, line by line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Reply {
    Progress(Snapshot),
    Done(Box<Report>),
    Failed(String),
}

/// How often a running job tells how far it is.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// Longest request line.
const REQUEST_BYTES_MAX: u64 = 1 << 20;

fn path(data: &Path) -> PathBuf {
    data.join("control.sock")
}

/// Accepts commands until `closing` is set, and ends those at work early when `stop` is. Only the
/// holder of the lock listens, so a socket that is there already belongs to a process that is gone.
pub(crate) fn listen(
    data: &Path,
    writer: Arc<Writer>,
    closing: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
) -> anyhow::Result<thread::JoinHandle<()>> {
    let path = path(data);
    drop(std::fs::remove_file(&path));
    let listener = UnixListener::bind(&path).with_context(|| format!("bind {}", path.display()))?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    Ok(thread::spawn(move || {
        let mut guests = Vec::new();
        while !closing.load(Relaxed) {
            match listener.accept() {
                Ok((stream, _)) => {
                    let (writer, stop) = (Arc::clone(&writer), Arc::clone(&stop));
                    guests.push(thread::spawn(move || serve(stream, &writer, &stop)));
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    thread::sleep(Duration::from_millis(20))
                }
                Err(error) => tracing::warn!("control socket: {error}"),
            }
            guests.retain(|guest| !guest.is_finished());
        }
        // A command that was accepted is finished before the log is closed.
        for guest in guests {
            drop(guest.join());
        }
        drop(std::fs::remove_file(path));
    }))
}

fn serve(stream: UnixStream, writer: &Arc<Writer>, stop: &Arc<AtomicBool>) {
    let reply = match handle(&stream, writer, stop) {
        Ok(report) => Reply::Done(Box::new(report)),
        Err(error) => Reply::Failed(crate::exit::text(&error)),
    };
    // A command that has gone away does not want the answer; its work is sealed all the same.
    drop(send(&stream, &reply));
}

fn handle(stream: &UnixStream, writer: &Arc<Writer>, stop: &Arc<AtomicBool>) -> anyhow::Result<Report> {
    stream.set_nonblocking(false)?;
    let mut lines = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    lines.by_ref().take(REQUEST_BYTES_MAX).read_line(&mut line)?;
    match serde_json::from_str(&line).context("read the request")? {
        Request::Ingest { job, stdin } => {
            let input = stdin.then(|| Box::new(lines) as Box<dyn Read + Send>);
            writer.ingest(&job, input, stop, &mut |now| drop(send(stream, &Reply::Progress(*now))))
        }
        Request::Rebuild => writer.rebuild(&mut |_, _| {}),
        Request::Set { directives } => writer.set(&directives),
        Request::Publish => writer.publish(),
    }
}

fn send(mut stream: &UnixStream, reply: &Reply) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(reply)?;
    line.push(b'\n');
    stream.write_all(&line)
}

/// Hands a request to the process that holds the lock; `None` when nobody listens.
pub(crate) fn ask(
    data: &Path,
    request: &Request,
    stdin: bool,
    show: &mut dyn FnMut(&Snapshot),
) -> anyhow::Result<Option<Report>> {
    let Ok(mut stream) = UnixStream::connect(path(data)) else { return Ok(None) };
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let sender = stream.try_clone()?;
    thread::spawn(move || {
        let mut sender = sender;
        if stdin {
            drop(std::io::copy(&mut std::io::stdin().lock(), &mut sender));
        }
        drop(sender.shutdown(Shutdown::Write));
    });
    for line in BufReader::new(stream).lines() {
        match serde_json::from_str(&line?).context("read the answer of the process that holds the lock")? {
            Reply::Progress(now) => show(&now),
            Reply::Done(report) => return Ok(Some(*report)),
            Reply::Failed(message) => bail!("{message}"),
        }
    }
    bail!("the process that holds the lock ended before it answered; run the same command again")
}

/// Runs `job` while telling `show` every [`PROGRESS_EVERY`] how far it is.
pub(crate) fn with_progress<T: Send>(
    progress: &collect::Progress,
    show: &mut dyn FnMut(&Snapshot),
    job: impl FnOnce() -> T + Send,
) -> T {
    thread::scope(|scope| {
        let job = scope.spawn(job);
        while !job.is_finished() {
            show(&progress.snapshot());
            thread::park_timeout(PROGRESS_EVERY);
        }
        match job.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
