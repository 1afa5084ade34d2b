//! The checkpoints that were published, one after the other (`docs/format/history.md`): every note is
//! signed, every entry chains to the one before.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tlog::checkpoint::{Checkpoint, Opened};
use tlog::note::VerifierKey;

use crate::files::{list, read, unreadable};
use crate::{Failure, Result};

/// Domain of the chain.
const TAG: &[u8] = b"deedbook/history/v0\n";

/// A disk writes sectors of this size whole or not at all.
const SECTOR_BYTES: usize = 512;

/// Reads the history of a log, one day in memory at a time.
pub(crate) struct History<'k> {
    key: &'k VerifierKey,
    /// The days to come, last first, with the length each had when the check began.
    pub(crate) days: Vec<(PathBuf, u64)>,
    /// `log/checkpoint`, read after the days were listed: the only note whose entry a crash can have
    /// left unfinished. `None` once its entry was seen.
    pub(crate) newest: Option<Vec<u8>>,
    path: PathBuf,
    bytes: Vec<u8>,
    at: usize,
    link: [u8; 32],
    pub(crate) count: u64,
    /// True when the last entry is unfinished, as a crash leaves it.
    pub(crate) torn: bool,
    /// Read, and not asked for yet; with its place.
    pub(crate) ahead: Option<(Checkpoint, String)>,
}

impl<'k> History<'k> {
    /// Takes stock of the files. What a living writer adds later is not looked at.
    pub(crate) fn begin(folder: &Path, key: &'k VerifierKey) -> Result<History<'k>> {
        let mut days = Vec::new();
        for path in list(folder)?.into_iter().rev() {
            if path.extension().is_some_and(|extension| extension == "notes") {
                let length = fs::metadata(&path).map_err(unreadable(&path))?.len();
                days.push((path, length));
            }
        }
        let (path, bytes, link) = (PathBuf::new(), Vec::new(), [0; 32]);
        Ok(History { key, days, newest: None, path, bytes, at: 0, link, count: 0, torn: false, ahead: None })
    }

    /// The next published checkpoint, if it is of at most `size` leaves.
    pub(crate) fn up_to(&mut self, size: u64) -> Result<Option<(Checkpoint, String)>> {
        if self.ahead.is_none() {
            self.ahead = self.next()?;
        }
        Ok(self.ahead.take_if(|(next, _)| next.size <= size))
    }

    fn next(&mut self) -> Result<Option<(Checkpoint, String)>> {
        while self.at == self.bytes.len() {
            let Some((path, length)) = self.days.pop() else { return Ok(None) };
            self.bytes = read(&path)?;
            self.bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
            (self.path, self.at) = (path, 0);
        }
        let place = format!("{} byte {}", self.path.display(), self.at);
        let altered = |what: &str| Failure::Altered(format!("{place}: {what}"));
        let Some((digest, note, end)) = entry(&self.bytes, self.at, &self.link) else {
            let rest = self.bytes.split_off(self.at);
            let newest = self.newest.as_ref().filter(|_| self.days.is_empty());
            self.torn = newest.is_some_and(|newest| is_torn(&rest, self.at, &self.link, newest));
            let torn = self.torn.then_some(None);
            return torn.ok_or_else(|| altered("the entry does not follow from the one before"));
        };
        let opened = Opened::open(note, self.key).map_err(|e| altered(&e.to_string()))?.checkpoint;
        self.newest.take_if(|newest| newest == note);
        (self.link, self.at, self.count) = (digest, end, self.count + 1);
        Ok(Some((opened, place)))
    }
}

/// The entry of a note: `<digest hex> <note bytes>\n<note>`. The first one of a file (`at` 0) comes
/// after the line `deedbook-history 0 <digest of the entry before>`.
fn encode(previous: &[u8; 32], at: usize, note: &[u8]) -> ([u8; 32], Vec<u8>) {
    let digest: [u8; 32] = Sha256::new().chain_update(TAG).chain_update(previous).chain_update(note).finalize().into();
    let mut text = format!("{} {}\n", model::hex(&digest), note.len());
    if at == 0 {
        text = format!("deedbook-history 0 {}\n{text}", model::hex(previous));
    }
    (digest, [text.as_bytes(), note].concat())
}

/// The entry at `at`, if it is whole and follows: its digest, its note, its end.
fn entry<'b>(bytes: &'b [u8], at: usize, previous: &[u8; 32]) -> Option<([u8; 32], &'b [u8], usize)> {
    let line_end = |from: usize| Some(from + bytes.get(from..)?.iter().position(|byte| *byte == b'\n')? + 1);
    let line = if at == 0 { line_end(at)? } else { at };
    let start = line_end(line)?;
    let (_, length) = std::str::from_utf8(bytes.get(line..start - 1)?).ok()?.split_once(' ')?;
    let end = start.checked_add(length.parse().ok()?)?;
    let note = bytes.get(start..end)?;
    let (digest, expected) = encode(previous, at, note);
    (bytes.get(at..end)? == expected).then_some((digest, note, end))
}

/// Whether these last bytes are what a crash leaves of the entry that was being added: each sector
/// is of that entry or zeros.
fn is_torn(tail: &[u8], at: usize, previous: &[u8; 32], newest: &[u8]) -> bool {
    let (_, entry) = encode(previous, at, newest);
    let Some(entry) = entry.get(..tail.len()) else { return false };
    // Sectors begin where those of the file do.
    let aligned = |bytes: &[u8]| [&vec![0; at % SECTOR_BYTES], bytes].concat();
    let (tail, entry) = (aligned(tail), aligned(entry));
    let mut sectors = tail.chunks(SECTOR_BYTES).zip(entry.chunks(SECTOR_BYTES));
    sectors.all(|(found, wanted)| found == wanted || found.iter().all(|byte| *byte == 0))
}
