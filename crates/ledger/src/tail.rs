//! Recent groups in memory, and the followers that read them: the evidence thread, the lake, the
//! server. A follower that falls behind reads from the WAL and from evidence; none slows sealing.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use model::{LeafIndex, TreeSize};
use parking_lot::{Condvar, Mutex};

use crate::checkpoint::Signed;
use crate::evidence::Segment;
use crate::reader::{Reader, Scan, Selection};
use crate::stored::Group;
use crate::{Error, Result};

/// What a follower gets next.
#[derive(Clone, Debug)]
pub enum Step {
    /// Consecutive leaves; none comes twice, none is left out.
    Leaves(Arc<Group>),
    /// All leaves of this evidence file have been handed over; the file is durable and sealed.
    Closed(Segment),
}

#[derive(Debug, Default)]
struct State {
    groups: VecDeque<Arc<Group>>,
    bytes: usize,
    /// Size of the sealed tree.
    end: u64,
    /// The newest checkpoint of this run: its group is durable, its note may not be yet.
    sealed: Option<Signed>,
    /// The newest note that is in the WAL.
    noted: Option<Signed>,
    /// Live segments by first leaf.
    segments: BTreeMap<u64, Segment>,
    stopped: Option<Stopped>,
    /// The evidence thread has something else to do than to wait for leaves.
    woken: bool,
}

#[derive(Clone, Debug)]
enum Stopped {
    Closed,
    Failed(Error),
}

/// Recent groups of one open log.
#[derive(Debug)]
pub(crate) struct Tail {
    state: Mutex<State>,
    changed: Condvar,
    bytes_max: usize,
}

impl Tail {
    /// The tail of a log of this size, with no group in memory yet.
    pub(crate) fn new(end: TreeSize, noted: Option<Signed>, segments: &[Segment], bytes_max: usize) -> Tail {
        let segments = segments.iter().map(|segment| (segment.first.0, segment.clone())).collect();
        let state = State { end: end.0, noted, segments, ..State::default() };
        Tail { state: Mutex::new(state), changed: Condvar::new(), bytes_max }
    }

    /// Adds a sealed group and lets go of the oldest ones above the limit.
    pub(crate) fn push(&self, group: Group) {
        let mut state = self.state.lock();
        state.end = group.end().0;
        state.sealed = group.checkpoint.clone();
        state.bytes += group.raw_bytes();
        state.groups.push_back(Arc::new(group));
        while state.bytes > self.bytes_max && state.groups.len() > 1 {
            let Some(oldest) = state.groups.pop_front() else { break };
            state.bytes = state.bytes.saturating_sub(oldest.raw_bytes());
        }
        drop(state);
        self.changed.notify_all();
    }

    /// The note of this checkpoint is in the WAL.
    pub(crate) fn noted(&self, checkpoint: Signed) {
        self.state.lock().noted = Some(checkpoint);
        self.changed.notify_all();
    }

    /// A segment is durable and under a sealed manifest; it takes the place of those it spans.
    pub(crate) fn closed(&self, segment: Segment) {
        let mut state = self.state.lock();
        state.segments.retain(|_, old| old.last < segment.first || old.first > segment.last);
        state.segments.insert(segment.first.0, segment);
        drop(state);
        self.changed.notify_all();
    }

    /// No more groups come; followers get what there is, then the error, if it was one.
    pub(crate) fn stop(&self, error: Option<&Error>) {
        let mut state = self.state.lock();
        state.stopped.get_or_insert_with(|| error.map_or(Stopped::Closed, |error| Stopped::Failed(error.clone())));
        drop(state);
        self.changed.notify_all();
    }

    /// Ends the wait of the evidence thread.
    pub(crate) fn wake(&self) {
        self.state.lock().woken = true;
        self.changed.notify_all();
    }

    /// Size of the sealed tree.
    pub(crate) fn end(&self) -> u64 {
        self.state.lock().end
    }

    /// The newest checkpoint of this run.
    pub(crate) fn sealed(&self) -> Option<Signed> {
        self.state.lock().sealed.clone()
    }

    /// Live segments, ascending.
    pub(crate) fn segments(&self) -> Vec<Segment> {
        self.state.lock().segments.values().cloned().collect()
    }

    /// Waits until a note over at least `size` leaves is in the WAL.
    pub(crate) fn wait_noted(&self, size: u64) -> Result<()> {
        let mut state = self.state.lock();
        loop {
            if state.noted.as_ref().is_some_and(|noted| noted.size.0 >= size) {
                return Ok(());
            }
            match &state.stopped {
                Some(Stopped::Failed(error)) => return Err(error.clone()),
                Some(Stopped::Closed) => return Err(Error::fatal("the writer ended before its last note")),
                None => self.changed.wait(&mut state),
            }
        }
    }
}

/// Reads the log in order from some leaf on, and waits at its end.
pub struct Follower {
    tail: Arc<Tail>,
    reader: Reader,
    next: u64,
    /// First leaf whose segment has not been announced.
    unannounced: u64,
    /// Leaves being read back, when behind.
    behind: Option<Scan>,
    /// Whether closed segments are announced: to all but the evidence thread, which closes them.
    announce: bool,
}

enum Ready {
    Step(Step),
    Behind,
    Nothing,
}

impl Follower {
    pub(crate) fn new(tail: Arc<Tail>, reader: Reader, from: LeafIndex, announce: bool) -> Follower {
        Follower { tail, reader, next: from.0, unannounced: from.0, behind: None, announce }
    }

    /// The leaf that comes next.
    pub fn position(&self) -> LeafIndex {
        LeafIndex(self.next)
    }

    /// The next step; `None` when there was none within `timeout`, or when the log was closed and
    /// everything has been handed over ([`Follower::is_finished`] tells which).
    ///
    /// # Errors
    /// `Fatal` when the writer has stopped with an error; `Corrupt` or `Io` when leaves that are no
    /// longer in memory cannot be read back.
    pub fn next(&mut self, timeout: Duration) -> Result<Option<Step>> {
        match self.ready(timeout)? {
            Ready::Step(step) => Ok(Some(step)),
            Ready::Nothing => Ok(None),
            Ready::Behind => self.read_back().map(|group| group.map(|group| Step::Leaves(Arc::new(group)))),
        }
    }

    /// True when the log was closed and this follower has had all of it.
    pub fn is_finished(&self) -> bool {
        let state = self.tail.state.lock();
        state.stopped.is_some() && self.next >= state.end
    }

    fn ready(&mut self, timeout: Duration) -> Result<Ready> {
        let tail = self.tail.clone();
        let until = crate::append::after_ms(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX));
        let mut state = tail.state.lock();
        loop {
            if let Some(segment) = self.announced(&state) {
                return Ok(Ready::Step(Step::Closed(segment)));
            }
            if self.next < state.end {
                return Ok(self.in_memory(&state).map_or(Ready::Behind, |group| Ready::Step(Step::Leaves(group))));
            }
            match &state.stopped {
                Some(Stopped::Failed(error)) => return Err(error.clone()),
                Some(Stopped::Closed) => return Ok(Ready::Nothing),
                None => {}
            }
            if !self.announce && std::mem::take(&mut state.woken) {
                return Ok(Ready::Nothing);
            }
            if tail.changed.wait_until(&mut state, until).timed_out() {
                return Ok(Ready::Nothing);
            }
        }
    }

    /// The next closed segment whose leaves have all been handed over.
    fn announced(&mut self, state: &State) -> Option<Segment> {
        if !self.announce {
            return None;
        }
        // The segment that holds the first leaf not announced, or the first one after it.
        let holds = state.segments.range(..=self.unannounced).next_back().filter(|(_, s)| s.last.0 >= self.unannounced);
        let (_, segment) = holds.or_else(|| state.segments.range(self.unannounced..).next())?;
        if segment.last.0 >= self.next {
            return None;
        }
        self.unannounced = segment.last.0 + 1;
        Some(segment.clone())
    }

    fn in_memory(&mut self, state: &State) -> Option<Arc<Group>> {
        let at = state.groups.partition_point(|group| group.end().0 <= self.next);
        let group = state.groups.get(at)?;
        if group.first().0 > self.next {
            return None;
        }
        self.behind = None;
        let whole = group.first().0 == self.next;
        let skip = usize::try_from(self.next - group.first().0).unwrap_or(0);
        self.next = group.end().0;
        Some(if whole { group.clone() } else { Arc::new(group.from(skip)) })
    }

    /// A chunk of leaves from the WAL or from evidence.
    fn read_back(&mut self) -> Result<Option<Group>> {
        let scan = match self.behind.take() {
            Some(scan) => scan,
            None => {
                let view = self.reader.view()?;
                let size = view.size().0;
                view.scan(self.next..size, Selection::default())
            }
        };
        self.hand_over(scan)
    }

    fn hand_over(&mut self, mut scan: Scan) -> Result<Option<Group>> {
        let Some(leaves) = scan.next().transpose()? else {
            // The scan ended where its view did; the caller comes back for what was sealed since.
            return Ok(None);
        };
        self.behind = Some(scan);
        let group = Group::read_back(leaves);
        self.next = group.end().0;
        Ok(Some(group))
    }
}
