//! Files that grow, by name: `deedbook tail -f`.

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::Error;
use crate::inputs::Input;
use crate::run::{Options, Pipeline, Summary};
use crate::state::State;

/// The files that are followed. Each may not exist yet, and may be renamed, replaced or cut while it
/// is followed: the held handle is read to its end before the new file under its name begins.
#[derive(Debug)]
pub struct Follow {
    paths: Vec<PathBuf>,
    held: BTreeMap<PathBuf, Arc<File>>,
    /// Files that were replaced, until they are read to their end.
    former: Vec<(PathBuf, Arc<File>)>,
}

/// What changes when a file does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) identity: Identity,
    pub(crate) length: u64,
    modified: (i64, i64),
}

/// Device and inode.
pub(crate) type Identity = (u64, u64);

impl Stamp {
    pub(crate) fn of(meta: &Metadata) -> Stamp {
        let modified = (meta.mtime(), meta.mtime_nsec());
        Stamp { identity: (meta.dev(), meta.ino()), length: meta.len(), modified }
    }
}

impl Follow {
    /// Follows these paths.
    pub fn new(paths: Vec<PathBuf>) -> Follow {
        Follow { paths, held: BTreeMap::new(), former: Vec::new() }
    }

    /// Seals what has come since the last look; each file gives one delivery of whole lines. Returns
    /// `None` when nothing had come. What it sealed has to be folded before the next look.
    pub fn look(
        &mut self,
        pipeline: &Pipeline<'_>,
        state: &State,
        options: &Options,
    ) -> Result<Option<Summary>, Error> {
        for path in &self.paths {
            // A name without a file is between two rotations, or not there yet.
            let Ok(now) = File::open(path).map(Arc::new) else { continue };
            match self.held.get(path) {
                Some(held) if identity(&now) == identity(held) => {}
                Some(_) => self.former.extend(self.held.insert(path.clone(), now).map(|former| (path.clone(), former))),
                None => drop(self.held.insert(path.clone(), now)),
            }
        }
        let growing = |last| {
            move |(path, file): (&PathBuf, &Arc<File>)| Input::Growing {
                path: path.clone(),
                file: Arc::clone(file),
                last,
            }
        };
        let former = self.former.iter().map(|(path, file)| (path, file)).map(growing(true));
        let inputs: Vec<Input> = former.chain(self.held.iter().map(growing(false))).collect();
        if inputs.is_empty() || pipeline.stop.load(Relaxed) {
            return Ok(None);
        }
        let mut summary = pipeline.ingest(state, inputs, options)?;
        if summary.left == 0 && !summary.stopped {
            self.former.clear();
        }
        // What an earlier look has sealed is not news.
        summary.already_known = 0;
        let is_news = summary.records > 0 || summary.deliveries > 0 || !summary.unread.is_empty();
        Ok(is_news.then_some(summary))
    }
}

fn identity(file: &File) -> Option<Identity> {
    file.metadata().ok().map(|meta| (meta.dev(), meta.ino()))
}
