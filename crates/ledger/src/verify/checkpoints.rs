//! The checkpoint that is served, and the history of all that were.

use tlog::checkpoint::Opened;

use super::tree::Expected;
use super::{Class, Findings, Look};
use crate::history;

/// Every published checkpoint as a root to compare with; signatures and the chain are checked here.
pub(super) fn published(look: &Look<'_>, findings: &mut Findings) -> Vec<Expected> {
    let mut expected = Vec::new();
    let disk = look.disk.as_ref();
    let served = disk.read(&look.layout.checkpoint(), tlog::note::NOTE_BYTES_MAX as u64);
    let mut add = |note: &[u8], file: &str, at: String, findings: &mut Findings| match Opened::open(note, look.key) {
        Ok(opened) => expected.push(Expected {
            size: opened.checkpoint.size,
            root: opened.checkpoint.root,
            place: (file.to_owned(), at),
            published: true,
        }),
        Err(error) => findings.add(Class::Altered, file, &at, error.to_string()),
    };
    let days = match history::days(disk, &look.layout.history()) {
        Ok(days) => days,
        Err(error) => {
            findings.add(Class::Altered, "log/history", "", error.to_string());
            Vec::new()
        }
    };
    let mut last = [0; 32];
    let mut newest: Option<bytes::Bytes> = None;
    for path in &days {
        let file = format!("log/history/{}", path.file_name().unwrap_or_default().to_string_lossy());
        let bytes = match history::read_day(disk, path) {
            Ok(bytes) => bytes,
            Err(error) => {
                findings.add(Class::Altered, &file, "", error.to_string());
                continue;
            }
        };
        let day = history::decode(&bytes);
        if day.previous != Some(last) {
            let what = "first line does not name the last entry of the day before";
            findings.add(Class::Altered, &file, "offset 0", what);
        }
        last = day.last;
        for (offset, note) in &day.notes {
            add(note, &file, format!("offset {offset}"), findings);
            newest = Some(note.clone());
        }
        if day.end < bytes.len() as u64 {
            let what = "entry does not follow from the one before";
            findings.add(Class::Altered, &file, &format!("offset {}", day.end), what);
        }
    }
    match (served, newest) {
        (Ok(served), newest) => {
            add(&served, "log/checkpoint", String::new(), findings);
            if newest.is_none_or(|newest| newest != served) {
                // The entry follows the checkpoint: between the two a crash may lie, and the next start
                // adds it. Anything else is a history that was cut.
                let ahead = expected
                    .iter()
                    .rev()
                    .nth(1)
                    .is_none_or(|before| expected.last().is_some_and(|served| served.size > before.size));
                if !ahead {
                    findings.add(Class::Altered, "log/checkpoint", "", "is older than the last entry of the history");
                }
            }
        }
        (Err(error), None) if error.kind() == std::io::ErrorKind::NotFound => {}
        (Err(error), _) => findings.add(Class::Missing, "log/checkpoint", "", error.to_string()),
    }
    expected
}
