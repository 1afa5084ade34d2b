//! Files and folders that a server follows: a thread for each entry of its settings.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
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
/// How often it looks.
const LOOK: Duration = Duration::from_millis(100);
/// How long it waits after something failed; it looks for a stop meanwhile.
const AGAIN: Duration = Duration::from_secs(10);

/// Those that are at work.
pub(crate) struct Followers {
    settings: Vec<Follow>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Followers {
    /// Starts what the settings name.
    ///
    /// # Errors
    /// When no thread can be made.
    pub(crate) fn start(writer: &Arc<Writer>, app: &Arc<App>) -> io::Result<Followers> {
        let settings = app.config().follow.clone();
        let mut followers = Followers { settings: settings.clone(), stop: Arc::default(), threads: Vec::new() };
        for follow in settings {
            let (writer, app, stop) = (Arc::clone(writer), Arc::clone(app), Arc::clone(&followers.stop));
            let thread = std::thread::Builder::new().name("follow".to_owned());
            followers.threads.push(thread.spawn(move || work(&writer, &app, &follow, &stop))?);
        }
        Ok(followers)
    }

    /// Goes on with other settings. Those that did not change go on with the files that they hold, which may have no name
    /// any more.
    ///
    /// # Errors
    /// When no thread can be made.
    pub(crate) fn again(&mut self, writer: &Arc<Writer>, app: &Arc<App>) -> io::Result<()> {
        if self.settings != app.config().follow {
            self.end();
            *self = Followers::start(writer, app)?;
        }
        Ok(())
    }

    /// Tells them to end.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Relaxed);
    }

    /// Ends them. When this returns, what they had submitted is sealed.
    pub(crate) fn end(&mut self) {
        self.stop();
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
        for path in paths {
            if !Path::new(path).is_absolute() {
                return wrong(format!("`{path}` is no absolute path"));
            }
            if let Err(why) = readable(path) {
                return wrong(why);
            }
        }
    }
    Ok(())
}

/// Refuses to follow what the server itself writes: each look would make more of it.
pub(crate) fn check_apart(follows: &[Follow], data: &Path) -> Result<(), Usage> {
    let real = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_default();
    let data = real(data);
    for Follow { source, paths, .. } in follows {
        let found = collect::expand(paths.iter().map(String::as_str), &mut Vec::new());
        // A folder is refused for what it will hold, too.
        let over = paths.iter().map(PathBuf::from).find(|path| data.starts_with(real(path)));
        if let Some(path) = found.into_iter().find(|path| real(path).starts_with(&data)).or(over) {
            let (path, data) = (path.display(), data.display());
            return Err(Usage(format!("[[follow]] {source}: `{path}`: the data folder {data} is not followed")));
        }
    }
    Ok(())
}

/// What is not there may come yet; what is there has to be read.
fn readable(path: &str) -> Result<(), String> {
    let unread = |error: io::Error| format!("`{path}`: {error}");
    let meta = match std::fs::metadata(path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return collect::check_pattern(path).map_err(|why| format!("`{path}`: {why}"));
        }
        Err(error) => return Err(unread(error)),
    };
    if meta.is_dir() {
        std::fs::read_dir(path).map(drop).map_err(unread)
    } else if meta.is_file() {
        std::fs::File::open(path).map(drop).map_err(unread)
    } else {
        Err(format!("`{path}` is neither a file nor a folder"))
    }
}

fn work(writer: &Writer, app: &App, follow: &Follow, stop: &AtomicBool) {
    let job = Job { inputs: Vec::new(), source: follow.source.clone(), platform: follow.platform.clone() };
    // For all its life: what it holds may be found nowhere else any more.
    let mut files = Folders::new(follow.paths.clone(), SETTLED);
    let mut again = None;
    while !stop.load(Relaxed) {
        app.files_lag(&follow.source, files.unsealed());
        let waits = again.is_some_and(|again| Instant::now() < again);
        // While a silence is announced, what comes stays where it is, and the files that are held stay held.
        if waits || app.is_paused(&follow.source) {
            std::thread::sleep(LOOK);
            continue;
        }
        // What a look that failed has sealed all the same has to be known to the next.
        let caught_up = if again.is_some() { writer.catch_up() } else { Ok(()) };
        let looked = caught_up.and_then(|()| writer.look_over(&mut files, &job, stop));
        again = None;
        match looked {
            Ok(Some(summary)) => {
                app.count_files(&follow.source, &summary);
                for unread in &summary.unread {
                    tracing::warn!("not read: {}: {}", unread.path, unread.reason);
                }
                if summary.left > 0 {
                    continue;
                }
            }
            Ok(None) => {}
            Err(error) => {
                app.files_failed(&follow.source);
                tracing::error!("[[follow]] {}: {}; tried again in {AGAIN:?}", follow.source, exit::text(&error));
                again = Some(Instant::now() + AGAIN);
            }
        }
        std::thread::sleep(LOOK);
    }
}
