//! The writer thread: takes what is waiting, numbers it, writes one frame group, syncs once, signs,
//! acknowledges. It waits for more than what is there only while several submit at once: [`PACE`].
//!
//! A new leaf passes: [`crate::Append::submit`] (queue) -> [`Sequencer::seal`] (here: number, write,
//! sync, sign) -> [`crate::Pending::wait`] (receipt). Nothing else stands on that path.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{ClockNote, Kind, LeafIndex, Millis, canonical_json};
use tlog::note::SignerKey;

use crate::append::{Entry, Queue, Taken, after_ms};
use crate::checkpoint::Signed;
use crate::head::{self, Head, Numbered, note_frame};
use crate::stored::Group;
use crate::tail::Tail;
use crate::wal::{self, Files, FrameHeader, Wal};
use crate::{Clock, Error, ErrorKind, Options, Result};

/// How long the writer waits for the next group before it gives the last note a sync of its own.
const NOTE_IDLE_MS: u64 = 5;

/// While a group was of several batches, the next one begins this long after it at the earliest. Where a sync takes a tenth
/// of that, groups of two or three leaves would spend most of their time on signatures and on waking threads. Whoever
/// submits alone is not kept waiting.
const PACE: Duration = Duration::from_millis(1);

/// How long the writer sleeps at most before it looks at its other duties.
const IDLE_MS: u64 = 1_000;

/// How often the writer looks whether a WAL at its limit has been freed.
const FULL_WAIT_MS: u64 = 50;

/// State of the writer thread.
pub(crate) struct Sequencer {
    pub(crate) origin: String,
    pub(crate) origin_hash: [u8; 32],
    pub(crate) signer: Arc<SignerKey>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) options: Options,
    pub(crate) queue: Arc<Queue>,
    pub(crate) tail: Arc<Tail>,
    pub(crate) files: Arc<Files>,
    pub(crate) wal: Wal,
    pub(crate) head: Head,
    /// The note of the last group, while it is not in the WAL.
    pub(crate) unwritten: Option<(FrameHeader, Signed)>,
    /// Wall and monotonic time of the last look at the clock, milliseconds.
    pub(crate) seen: Option<(u64, u64)>,
}

impl Sequencer {
    /// Runs until the queue is closed and empty. An error is fatal: everything that waits gets it.
    pub(crate) fn run(mut self) -> Result<()> {
        let result = self.work();
        let stop = match &result {
            Ok(()) => Error::unavailable("the ledger is closed"),
            Err(error) => error.clone().with_kind(ErrorKind::Fatal),
        };
        self.queue.stop(&stop);
        self.tail.stop(result.as_ref().err());
        result
    }

    fn work(&mut self) -> Result<()> {
        let mut taken = Taken::default();
        let mut not_before: Option<Instant> = None;
        loop {
            if let Some(until) = not_before.take() {
                std::thread::sleep(until.saturating_duration_since(Instant::now()));
            }
            let full = self.files.live_count() >= self.options.wal_files_max;
            let open = self.queue.take(&mut taken, full, self.wake_at(full));
            if taken.entries.is_empty() {
                self.write_note()?;
                if !open {
                    return Ok(());
                }
                continue;
            }
            not_before = (taken.due.len() > 1).then(|| Instant::now() + PACE);
            self.seal(&mut taken)?;
        }
    }

    fn wake_at(&self, full: bool) -> Instant {
        after_ms(match (&self.unwritten, full) {
            (Some(_), _) => NOTE_IDLE_MS,
            (None, true) => FULL_WAIT_MS,
            (None, false) => IDLE_MS,
        })
    }

    /// Seals one group. A full disk refuses it and changes nothing; any other error is fatal.
    fn seal(&mut self, taken: &mut Taken) -> Result<()> {
        let note = if taken.continues { None } else { self.clock_note() };
        // A clock note stands before the leaves of the callers.
        let first = LeafIndex(self.head.next().0 + u64::from(note.is_some()));
        let result = self.write_group(note.into_iter().chain(taken.entries.drain(..)));
        let refused = result.as_ref().err().filter(|error| error.is_full()).cloned();
        let result = match result {
            Err(error) if refused.is_none() => Err(error.with_kind(ErrorKind::Fatal)),
            result => result,
        };
        for begun in taken.begun.drain(..) {
            if let Ok((_, at)) = &result {
                begun.sealed(*at);
            }
        }
        for due in taken.due.drain(..) {
            due.settle(first, result.clone());
        }
        match refused {
            None => result.map(|_| ()),
            Some(error) => {
                // What is left of a batch whose beginning was refused is refused too.
                self.queue.refuse(Some(error.clone()));
                self.queue.fail_waiting(&error);
                Ok(())
            }
        }
    }

    /// Numbers, writes, syncs and signs. Until the write nothing has changed.
    fn write_group(&mut self, entries: impl IntoIterator<Item = Entry>) -> Result<(Signed, Millis)> {
        let numbered = head::number(&self.head, entries, self.clock.wall())?;
        self.make_room(&numbered)?;
        let note = self.unwritten.as_ref().map(|(_, signed)| signed.note.clone()).unwrap_or_default();
        self.wal.write_group(&note, numbered.frame, &numbered.items)?;
        // Durable now: this group and the note of the one before. Nobody has been told, and no note
        // exists: a crash here replays the frame to the same root and signs the same note.
        if let Some((_, signed)) = self.unwritten.take() {
            self.tail.noted(signed);
        }
        let Numbered { items, entries, head, frame } = numbered;
        self.head = head;
        let signed = self.head.sign(&self.origin, &self.signer)?;
        self.unwritten = Some((note_frame(&frame), signed.clone()));
        let indexes = (frame.first..).map(LeafIndex);
        let leaves = items.into_iter().zip(indexes).map(|(item, index)| item.into_stored(index, frame.sequenced_at));
        self.tail.push(Group { leaves: leaves.collect(), entries, checkpoint: Some(signed.clone()) });
        Ok((signed, frame.sequenced_at))
    }

    /// Goes on in a new WAL file when the group does not fit into this one.
    fn make_room(&mut self, numbered: &Numbered) -> Result<()> {
        let note = self.unwritten.as_ref().map(|(_, signed)| signed.note.as_ref()).unwrap_or_default();
        let bytes = wal::group_frame_bytes(note, &numbered.items);
        if self.wal.fits(bytes)? {
            return Ok(());
        }
        let limit = self.wal.group_bytes_max();
        if bytes > limit {
            return Err(Error::fatal(format!("group takes {bytes} bytes, a WAL file holds {limit}")));
        }
        self.rotate()
    }

    fn rotate(&mut self) -> Result<()> {
        self.wal.rotate(&self.head.file_header(self.origin_hash, self.wal.number() + 1)?)
    }

    /// Writes the note of the last group with a sync of its own.
    pub(crate) fn write_note(&mut self) -> Result<()> {
        let Some((frame, signed)) = self.unwritten.clone() else { return Ok(()) };
        let written = match self.wal.fits(wal::note_frame_bytes(&signed.note))? {
            true => Ok(()),
            false => self.rotate(),
        };
        match written.and_then(|()| self.wal.write_note(frame, &signed.note)) {
            Ok(()) => {
                // Durable now: the note. A log that is shorter than this is damaged, not torn.
                self.unwritten = None;
                self.tail.noted(signed);
                Ok(())
            }
            // It is tried again, or travels with the next group: replaying gives the same note.
            Err(error) if error.is_full() => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// A note when the wall clock stepped back, or jumped against the monotonic one.
    fn clock_note(&mut self) -> Option<Entry> {
        let (wall, monotonic) = (self.clock.wall().0, self.clock.monotonic_ms());
        let previous = self.seen.map_or(self.head.sequenced_at.0, |(wall, _)| wall);
        let expected = self.seen.map_or(wall.max(previous), |(seen, at)| seen + monotonic.saturating_sub(at));
        self.seen = Some((wall, monotonic));
        let back = wall.saturating_add(self.options.clock_back_ms_max) < previous;
        let jumped = wall.abs_diff(expected) > self.options.clock_jump_ms_max;
        (back || jumped).then(|| {
            let note =
                ClockNote { note: "clock".to_owned(), previous_ms: previous, wall_ms: wall, expected_ms: expected };
            Entry::Own(Kind::Note, canonical_json(&note))
        })
    }
}
