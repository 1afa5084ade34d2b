//! Files and folders that a server follows: a thread for each entry of its settings.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use collect::Folders;
use server::{App, Follow};

use crate::exit::{self, Usage};
use crate::pipeline::{self, Job, Writer};

/// How long a compressed file, or the copy of a file, has to rest before it is taken.
const SETTLED: Duration = Duration::from_secs(2);
/// How long it waits after something failed, and how often it looks for a stop meanwhile.
const AGAIN: Duration = Duration::from_secs(10);
const STEP: Duration = Duration::from_millis(100);

/// Those that are at work.
pub(crate) struct Followers {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Followers {
    /// Starts what the settings name.
    ///
    /// # Errors
    /// When no thread can be made.
    pub(crate) fn start(writer: &Arc<Writer>, app: &Arc<App>) -> std::io::Result<Followers> {
        let mut followers = Followers { stop: Arc::default(), threads: Vec::new() };
        for follow in app.config().follow.clone() {
            let (writer, app, stop) = (Arc::clone(writer), Arc::clone(app), Arc::clone(&followers.stop));
            let thread = std::thread::Builder::new().name("follow".to_owned());
            followers.threads.push(thread.spawn(move || work(&writer, &app, &follow, &stop))?);
        }
        Ok(followers)
    }

    /// Ends them. When this returns, what they had submitted is sealed.
    pub(crate) fn end(&mut self) {
        self.stop.store(true, Relaxed);
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread that followed files panicked");
            }
        }
    }
}

impl Drop for Followers {
    fn drop(&mut self) {
        self.end();
    }
}

/// Refuses what cannot be followed. Two entries for one source would look for each other's copies at once.
pub(crate) fn check(follows: &[Follow]) -> Result<(), Usage> {
    let mut sources = HashSet::new();
    for Follow { source, paths, platform } in follows {
        let wrong = |why: String| Err(Usage(format!("[[follow]] {source}: {why}")));
        pipeline::platform(platform)?;
        if !sources.insert(source) {
            return wrong("it is there twice; list all its paths in one entry".to_owned());
        }
        if paths.is_empty() {
            return wrong("`paths` is empty".to_owned());
        }
        if let Some(path) = paths.iter().find(|path| !Path::new(path).is_absolute()) {
            return wrong(format!("`{path}` is no absolute path"));
        }
    }
    Ok(())
}

fn work(writer: &Writer, app: &App, follow: &Follow, stop: &AtomicBool) {
    let job = Job { inputs: Vec::new(), source: follow.source.clone(), platform: follow.platform.clone() };
    let mut files = Folders::new(follow.paths.clone(), SETTLED);
    while !stop.load(Relaxed) {
        // While a silence is announced, what comes stays where it is, and the files that are held stay held.
        if app.is_paused(&follow.source) {
            std::thread::sleep(STEP);
            continue;
        }
        let is_over = || stop.load(Relaxed) || app.is_paused(&follow.source);
        let lag = |bytes| app.files_lag(&follow.source, bytes);
        let looked = writer.look_over(&mut files, &job, &is_over, stop, &lag, &mut |summary| {
            app.count_files(&follow.source, summary);
            for unread in &summary.unread {
                tracing::warn!("not read: {}: {}", unread.path, unread.reason);
            }
        });
        if let Err(error) = looked {
            tracing::error!("[[follow]] {}: {}; tried again in {AGAIN:?}", follow.source, exit::text(&error));
            files = Folders::new(follow.paths.clone(), SETTLED);
            let again = Instant::now() + AGAIN;
            while Instant::now() < again && !stop.load(Relaxed) {
                std::thread::sleep(STEP);
            }
        }
    }
}
