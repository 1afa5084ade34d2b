//! The ledger as evidence of the lake.

use std::ops::ControlFlow;
use std::path::Path;

use ledger::{Selection, View};

use crate::evidence::{Checkpoint, Evidence, Segment};
use crate::{Error, ErrorKind, Result, Sealed};

/// Largest history file that is read: that of one day.
const HISTORY_BYTES_MAX: u64 = 256 << 20;

/// A view of a log, as the lake asks it.
pub struct Log {
    view: View,
    segments: Vec<Segment>,
}

impl Log {
    /// Wraps a view; a newer state of the log is another view.
    pub fn new(view: View) -> Log {
        let segments = view.segments().iter();
        let segments = segments.map(|s| Segment { first: s.first.0, last: s.last.0, path: s.path.clone() }).collect();
        Log { view, segments }
    }
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").field("short", &self.log()).field("size", &self.size()).finish_non_exhaustive()
    }
}

impl Evidence for Log {
    fn log(&self) -> &str {
        &self.view.info().short
    }

    fn size(&self) -> u64 {
        self.view.size().0
    }

    fn segments(&self) -> &[Segment] {
        &self.segments
    }

    fn scan(&self, from: u64, to: u64, visit: &mut dyn FnMut(&Sealed<'_>) -> ControlFlow<()>) -> Result<()> {
        for batch in self.view.scan(from..to, Selection::default()) {
            let unreadable = |error| Error::caused(ErrorKind::Evidence, "read the log", error);
            for leaf in &batch.map_err(unreadable)? {
                let (index, sequenced_at) = (leaf.index.0, leaf.sequenced_at);
                if visit(&Sealed { index, sequenced_at, header: &leaf.header, body: &leaf.body }).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn leaves(&self, indexes: &[u64], visit: &mut dyn FnMut(&Sealed<'_>)) -> Result<()> {
        let leaves = self.view.leaves(indexes.iter().map(|index| model::LeafIndex(*index)).collect());
        for leaf in leaves.map_err(|error| Error::caused(ErrorKind::Evidence, "read the log", error))? {
            let (index, sequenced_at) = (leaf.index.0, leaf.sequenced_at);
            visit(&Sealed { index, sequenced_at, header: &leaf.header, body: &leaf.body });
        }
        Ok(())
    }

    fn checkpoints(&self) -> Result<Vec<Checkpoint>> {
        let folder = self.view.info().dir.join("log/history");
        let mut days = Vec::new();
        match std::fs::read_dir(&folder) {
            Ok(entries) => {
                for entry in entries {
                    days.push(entry.map_err(|error| Error::io("list", &folder, error))?.path());
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::io("list", &folder, error)),
        }
        days.retain(|path| path.extension().is_some_and(|suffix| suffix == "notes"));
        days.sort();
        let mut found = Vec::new();
        for day in &days {
            read_day(day, self.size(), &mut found)?;
        }
        Ok(found)
    }
}

/// The notes of one day: a first line, then entries of a line `<digest> <bytes>` and a signed note
/// (`docs/format/history.md`). What a crash left behind the last whole entry is not read; whether the
/// digests are right is for `verify` to say.
fn read_day(path: &Path, size_max: u64, found: &mut Vec<Checkpoint>) -> Result<()> {
    let length = std::fs::metadata(path).map_err(|error| Error::io("read", path, error))?.len();
    if length > HISTORY_BYTES_MAX {
        let context = format!("{} has {length} bytes, at most {HISTORY_BYTES_MAX} are read", path.display());
        return Err(Error::new(ErrorKind::Evidence, context));
    }
    let bytes = std::fs::read(path).map_err(|error| Error::io("read", path, error))?;
    let mut rest = line(&bytes).map_or(&[][..], |(_, rest)| rest);
    while let Some((head, after)) = line(rest) {
        let length = head.split_once(' ').and_then(|(_, length)| length.parse::<usize>().ok());
        let Some((note, next)) = length.and_then(|length| after.split_at_checked(length)) else { break };
        found.extend(checkpoint(note).filter(|checkpoint| checkpoint.size <= size_max));
        rest = next;
    }
    Ok(())
}

fn line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let (line, rest) = bytes.split_at_checked(end)?;
    Some((std::str::from_utf8(line).ok()?, rest.get(1..)?))
}

/// The second and third line of a note: size and root.
fn checkpoint(note: &[u8]) -> Option<Checkpoint> {
    let mut lines = std::str::from_utf8(note).ok()?.lines().skip(1);
    Some(Checkpoint { size: lines.next()?.parse().ok()?, root: lines.next()?.to_owned() })
}
