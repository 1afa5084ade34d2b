//! Files that grow: `deedbook tail -f`.

use std::collections::BTreeMap;
use std::fs::File;
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
}

impl Follow {
    /// Follows these paths.
    pub fn new(paths: Vec<PathBuf>) -> Follow {
        Follow { paths, held: BTreeMap::new() }
    }

    /// Seals what has come since the last look; each file gives one delivery of whole lines. Returns
    /// `None` when nothing had come.
    pub fn look(
        &mut self,
        pipeline: &Pipeline<'_>,
        state: &State,
        options: &Options,
    ) -> Result<Option<Summary>, Error> {
        let mut inputs = Vec::new();
        for path in &self.paths {
            // A name without a file is between two rotations, or not there yet.
            let now = File::open(path).ok().map(Arc::new);
            let held = self.held.get(path);
            let replaced = match (&now, held) {
                (Some(now), Some(held)) => identity(now) != identity(held),
                _ => false,
            };
            if let Some(held) = held.filter(|_| replaced) {
                inputs.push(Input::Growing { path: path.clone(), file: Arc::clone(held), last: true });
            }
            if let Some(now) = now.filter(|_| replaced || held.is_none()) {
                self.held.insert(path.clone(), now);
            }
            if let Some(file) = self.held.get(path) {
                inputs.push(Input::Growing { path: path.clone(), file: Arc::clone(file), last: false });
            }
        }
        if inputs.is_empty() || pipeline.stop.load(Relaxed) {
            return Ok(None);
        }
        let mut summary = pipeline.ingest(state, inputs, options)?;
        // What an earlier look has sealed is not news.
        summary.already_known = 0;
        Ok((summary.records > 0 || summary.deliveries > 0).then_some(summary))
    }
}

fn identity(file: &File) -> Option<(u64, u64)> {
    file.metadata().ok().map(|meta| (meta.dev(), meta.ino()))
}
