//! The door for new leaves: a bounded queue in front of the writer thread.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use model::{Commitment, Kind, Leaf, LeafIndex, Millis, Prepared, SALT_BYTES, Salt};
use parking_lot::{Condvar, Mutex};

use crate::checkpoint::Signed;
use crate::stored::Item;
use crate::{Error, Options, Result};

/// What the caller of [`Append::submit`] gets once its leaves are durable and under a signed
/// checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Index of the first leaf; the others follow without gaps.
    pub first: LeafIndex,
    /// Number of leaves.
    pub count: u64,
    /// A signed checkpoint that covers all of them.
    pub checkpoint: Signed,
    /// The times that the writer gave them, in their order: how many leaves, and when. With the
    /// commitments these make the entries of the log.
    pub times: Vec<(u64, Millis)>,
}

impl Receipt {
    /// The RFC 6962 hash of one of the leaves, counted from the first, by what it commits to.
    pub fn leaf_hash(&self, nth: u64, commitment: Commitment) -> [u8; 32] {
        let mut before = 0;
        let time = self.times.iter().find(|(leaves, _)| {
            before += leaves;
            nth < before
        });
        let sequenced_at = time.map_or(Millis(0), |(_, at)| *at);
        tlog::leaf_hash(&Leaf { sequenced_at, commitment }.encode()).0
    }
}

/// Leaves on their way to the log: waited for by a thread ([`Pending::wait`]) or by a task (as a future).
#[derive(Debug)]
pub struct Pending {
    done: Arc<Done>,
}

impl Pending {
    /// Blocks until the leaves are sealed: durable and under a signed checkpoint.
    ///
    /// # Errors
    /// `Fatal` when the writer has stopped, `Unavailable` when the disk is full: then the leaves
    /// were not acknowledged, and those of a batch that spans groups may be in the log in part.
    pub fn wait(&self) -> Result<Receipt> {
        let mut settled = self.done.settled.lock();
        loop {
            if let Some(result) = settled.result.as_ref() {
                return result.clone();
            }
            self.done.sealed.wait(&mut settled);
        }
    }
}

impl Future for Pending {
    type Output = Result<Receipt>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<Receipt>> {
        let mut settled = self.done.settled.lock();
        if let Some(result) = &settled.result {
            return Poll::Ready(result.clone());
        }
        settled.task = Some(context.waker().clone());
        Poll::Pending
    }
}

/// Hands leaves to the writer. Cheap to clone; every clone feeds the same log.
#[derive(Clone, Debug)]
pub struct Append {
    pub(crate) queue: Arc<Queue>,
}

impl Append {
    /// Queues prepared leaves; blocks while the queue is at its limit
    /// ([`Options::queue_records_max`], [`Options::queue_bytes_max`]).
    ///
    /// The leaves get consecutive numbers in this order; a batch may span several frame groups.
    ///
    /// # Errors
    /// `Invalid` for an empty batch, an unknown kind or a leaf over [`Options::leaf_bytes_max`];
    /// `Unavailable` (retry later) when the disk is full or the ledger is closing; `Fatal` when the
    /// writer has stopped.
    pub fn submit(&self, batch: Vec<Prepared>) -> Result<Pending> {
        self.queue.push(self.entries(batch)?, AtLimit::Wait)
    }

    /// [`Append::submit`] for callers who must not wait: a queue at its limit is an error.
    ///
    /// # Errors
    /// As for [`Append::submit`]; `Unavailable` too while the queue is at its limit.
    pub fn try_submit(&self, batch: Vec<Prepared>) -> Result<Pending> {
        self.queue.push(self.entries(batch)?, AtLimit::Refuse)
    }

    fn entries(&self, batch: Vec<Prepared>) -> Result<VecDeque<Entry>> {
        let mut items = VecDeque::with_capacity(batch.len());
        for prepared in batch {
            let bytes = prepared.header.len() + prepared.body.len();
            if bytes > self.queue.limits.leaf_bytes_max {
                let limit = self.queue.limits.leaf_bytes_max;
                return Err(Error::invalid(format!("leaf has {bytes} bytes, limit is {limit} (leaf_bytes_max)")));
            }
            let item = Item::new(prepared).ok_or_else(|| Error::invalid("header does not begin with a known kind"))?;
            items.push_back(Entry::Prepared(item));
        }
        Ok(items)
    }

    /// Queues one leaf of the log itself (source 0): a directive, a view manifest, a finding. The
    /// writer numbers these, so that `source_seq` of source 0 has no gaps.
    ///
    /// # Errors
    /// As for [`Append::submit`].
    pub fn submit_own(&self, kind: Kind, body: Vec<u8>) -> Result<Pending> {
        self.queue.push(VecDeque::from([Entry::Own(kind, body)]), AtLimit::Wait)
    }

    /// [`Append::submit_own`] for callers who must not wait: a queue at its limit is an error.
    ///
    /// # Errors
    /// As for [`Append::submit`]; `Unavailable` too while the queue is at its limit.
    pub fn try_submit_own(&self, kind: Kind, body: Vec<u8>) -> Result<Pending> {
        self.queue.push(VecDeque::from([Entry::Own(kind, body)]), AtLimit::Refuse)
    }

    /// Whether a batch would be taken now, but for its size.
    ///
    /// # Errors
    /// `Unavailable` when the disk is full or the ledger is closing; `Fatal` when the writer has stopped.
    pub fn ready(&self) -> Result<()> {
        let state = self.queue.state.lock();
        match state.stopped.as_ref().or(state.refused.as_ref()) {
            Some(error) => Err(error.clone()),
            None if state.closing => Err(Error::unavailable("the ledger is closing; nothing more is taken")),
            None => Ok(()),
        }
    }

    /// `count` fresh salts from the operating system's generator, drawn in one call.
    ///
    /// # Errors
    /// `Io` when the system has no randomness to give.
    pub fn salts(&self, count: usize) -> Result<Vec<Salt>> {
        salts(count)
    }
}

/// `count` salts drawn in one call.
pub(crate) fn salts(count: usize) -> Result<Vec<Salt>> {
    let mut salts = vec![[0; SALT_BYTES]; count];
    getrandom::fill(salts.as_flattened_mut())
        .map_err(|e| Error::new(crate::ErrorKind::Io, format!("draw {count} salts: {e}")))?;
    Ok(salts)
}

/// What a batch does before a queue at its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AtLimit {
    Wait,
    Refuse,
    /// An urgent one passes the limits and the refusals, but not a stop.
    Pass,
}

/// One leaf in the queue.
#[derive(Debug)]
pub(crate) enum Entry {
    /// Committed by a worker.
    Prepared(Item),
    /// A leaf of the log itself, to be numbered and committed by the writer.
    Own(Kind, Vec<u8>),
}

impl Entry {
    fn raw_bytes(&self) -> usize {
        match self {
            Entry::Prepared(item) => item.raw_bytes(),
            Entry::Own(_, body) => body.len() + 64,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Done {
    settled: Mutex<Settled>,
    sealed: Condvar,
}

#[derive(Debug, Default)]
struct Settled {
    result: Option<Result<Receipt>>,
    /// Of the groups so far: leaves of this batch, and the time of the group.
    times: Vec<(u64, Millis)>,
    /// The task that waits.
    task: Option<Waker>,
}

/// Leaves of a batch that is not at its end with the group at hand.
#[derive(Debug)]
pub(crate) struct Begun {
    done: Arc<Done>,
    leaves: u64,
}

impl Begun {
    /// Takes note of the time that these leaves were sealed with.
    pub(crate) fn sealed(self, at: Millis) {
        self.done.settled.lock().times.push((self.leaves, at));
    }
}

/// One call of `submit`, as far as the writer has not taken it yet.
#[derive(Debug)]
struct Batch {
    entries: VecDeque<Entry>,
    count: u64,
    done: Arc<Done>,
}

/// A batch whose last leaf is in the group at hand: settled after the sync.
#[derive(Debug)]
pub(crate) struct Due {
    done: Arc<Done>,
    count: u64,
    /// How many of its leaves are in this group.
    here: u64,
    /// Leaves of the group up to and including the last one of this batch.
    through: usize,
}

impl Due {
    /// Tells the caller; `group_first` is the index of the first leaf of the group.
    pub(crate) fn settle(self, group_first: LeafIndex, result: Result<(Signed, Millis)>) {
        let end = group_first.0 + self.through as u64;
        let mut settled = self.done.settled.lock();
        let mut times = std::mem::take(&mut settled.times);
        settled.result = Some(result.map(|(checkpoint, at)| {
            times.push((self.here, at));
            Receipt { first: LeafIndex(end - self.count), count: self.count, checkpoint, times }
        }));
        let task = settled.task.take();
        drop(settled);
        self.done.sealed.notify_all();
        if let Some(task) = task {
            task.wake();
        }
    }
}

/// What the writer took for one group.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) entries: Vec<Entry>,
    pub(crate) due: Vec<Due>,
    /// Batches whose last leaf is in a later group.
    pub(crate) begun: Vec<Begun>,
    /// The group begins in the middle of a batch: nothing may come before its leaves.
    pub(crate) continues: bool,
}

#[derive(Clone, Copy, Debug)]
struct Limits {
    queue_records_max: usize,
    queue_bytes_max: usize,
    group_records_max: usize,
    group_bytes_max: usize,
    leaf_bytes_max: usize,
}

#[derive(Debug, Default)]
struct State {
    batches: VecDeque<Batch>,
    /// Leaves the ledger needs to make progress (manifests): taken first, never blocked.
    urgent: VecDeque<Batch>,
    records: usize,
    bytes: usize,
    /// Why new batches are refused for now (disk full).
    refused: Option<Error>,
    /// Why no batch is taken any more.
    stopped: Option<Error>,
    /// No more batches come from outside.
    closing: bool,
    /// The writer may end when the queue is empty.
    ended: bool,
    /// The writer holds leaves that it has not settled yet.
    busy: bool,
}

/// The bounded queue between many producers and the writer.
#[derive(Debug)]
pub(crate) struct Queue {
    limits: Limits,
    state: Mutex<State>,
    filled: Condvar,
    emptied: Condvar,
}

impl Queue {
    pub(crate) fn new(options: &Options) -> Queue {
        let limits = Limits {
            queue_records_max: options.queue_records_max,
            queue_bytes_max: options.queue_bytes_max,
            group_records_max: options.group_records_max,
            group_bytes_max: options.group_bytes_max,
            leaf_bytes_max: options.leaf_bytes_max,
        };
        Queue { limits, state: Mutex::default(), filled: Condvar::new(), emptied: Condvar::new() }
    }

    /// Queues a batch.
    fn push(&self, entries: VecDeque<Entry>, at_limit: AtLimit) -> Result<Pending> {
        if entries.is_empty() {
            return Err(Error::invalid("batch has no leaves, it needs at least 1"));
        }
        let (count, bytes) = (entries.len(), entries.iter().map(Entry::raw_bytes).sum::<usize>());
        let done = Arc::new(Done::default());
        let batch = Batch { entries, count: count as u64, done: done.clone() };
        let mut state = self.state.lock();
        loop {
            if let Some(error) = state.stopped.as_ref() {
                return Err(error.clone());
            }
            if at_limit == AtLimit::Pass {
                state.urgent.push_back(batch);
                break;
            }
            if state.closing {
                return Err(Error::unavailable("the ledger is closing; nothing more is taken"));
            }
            if let Some(error) = state.refused.as_ref() {
                return Err(error.clone());
            }
            // A batch larger than the queue passes when it is alone.
            let fits = state.records + count <= self.limits.queue_records_max
                && state.bytes + bytes <= self.limits.queue_bytes_max;
            if fits || state.records == 0 {
                state.records += count;
                state.bytes += bytes;
                state.batches.push_back(batch);
                break;
            }
            if at_limit == AtLimit::Refuse {
                let limit = self.limits.queue_records_max;
                return Err(Error::unavailable(format!(
                    "{} leaves wait, limit is {limit} (queue_records_max)",
                    state.records
                )));
            }
            self.emptied.wait(&mut state);
        }
        self.filled.notify_one();
        Ok(Pending { done })
    }

    /// Queues a leaf of the log itself ahead of all others.
    pub(crate) fn push_urgent(&self, kind: Kind, body: Vec<u8>) -> Result<Pending> {
        self.push(VecDeque::from([Entry::Own(kind, body)]), AtLimit::Pass)
    }

    /// Fills `taken` with the next group. Waits until `until` when nothing is there; then `taken`
    /// stays empty. With `urgent_only`, ordinary batches stay where they are. `false` when the queue
    /// has ended and is empty.
    pub(crate) fn take(&self, taken: &mut Taken, urgent_only: bool, until: Instant) -> bool {
        let mut state = self.state.lock();
        state.busy = false;
        self.emptied.notify_all();
        loop {
            let mut room = Room { records: self.limits.group_records_max, bytes: self.limits.group_bytes_max };
            // The leaves of a batch are consecutive: one that was begun is finished first.
            taken.continues = state.batches.front().is_some_and(|batch| (batch.entries.len() as u64) < batch.count);
            if !taken.continues {
                room.fill(&mut state.urgent, taken);
            }
            if !urgent_only || taken.continues {
                let (records, bytes) = room.fill(&mut state.batches, taken);
                state.records -= records;
                state.bytes -= bytes;
            }
            if !taken.entries.is_empty() {
                state.busy = true;
                drop(state);
                self.emptied.notify_all();
                return true;
            }
            if state.ended && state.urgent.is_empty() && state.batches.is_empty() {
                return false;
            }
            if self.filled.wait_until(&mut state, until).timed_out() {
                return true;
            }
        }
    }

    /// Refuses (`Some`) or admits (`None`) new batches; waiting callers learn of it.
    pub(crate) fn refuse(&self, error: Option<Error>) {
        self.state.lock().refused = error;
        self.emptied.notify_all();
        self.filled.notify_all();
    }

    /// Why new batches are refused for now.
    pub(crate) fn refused(&self) -> Option<Error> {
        self.state.lock().refused.clone()
    }

    /// No more batches from outside; urgent ones still pass.
    pub(crate) fn close(&self) {
        self.state.lock().closing = true;
        self.emptied.notify_all();
    }

    /// Waits until everything taken so far is settled.
    pub(crate) fn wait_drained(&self) {
        let mut state = self.state.lock();
        while (state.busy || !state.batches.is_empty() || !state.urgent.is_empty()) && state.stopped.is_none() {
            self.emptied.wait(&mut state);
        }
    }

    /// The writer ends when the queue is empty.
    pub(crate) fn end(&self) {
        self.state.lock().ended = true;
        self.filled.notify_all();
    }

    /// Wakes the writer so that it looks at its other duties.
    pub(crate) fn wake(&self) {
        self.filled.notify_all();
    }

    /// Fails every ordinary batch that waits, as when the disk is full.
    pub(crate) fn fail_waiting(&self, error: &Error) {
        let batches = {
            let mut state = self.state.lock();
            (state.records, state.bytes) = (0, 0);
            std::mem::take(&mut state.batches)
        };
        self.emptied.notify_all();
        settle_all(batches, error);
    }

    /// Ends the queue: everything that waits, and all that comes later, gets this error.
    pub(crate) fn stop(&self, error: &Error) {
        let (batches, urgent) = {
            let mut state = self.state.lock();
            state.stopped.get_or_insert_with(|| error.clone());
            (state.records, state.bytes) = (0, 0);
            (std::mem::take(&mut state.batches), std::mem::take(&mut state.urgent))
        };
        self.emptied.notify_all();
        self.filled.notify_all();
        settle_all(batches, error);
        settle_all(urgent, error);
    }
}

fn settle_all(batches: VecDeque<Batch>, error: &Error) {
    for batch in batches {
        Due { done: batch.done, count: 0, here: 0, through: 0 }.settle(LeafIndex(0), Err(error.clone()));
    }
}

/// What a group still takes.
struct Room {
    records: usize,
    bytes: usize,
}

impl Room {
    /// Moves leaves from the front batches; one larger leaf travels alone. Returns what was moved.
    fn fill(&mut self, batches: &mut VecDeque<Batch>, taken: &mut Taken) -> (usize, usize) {
        let (mut records, mut bytes) = (0, 0);
        while let Some(batch) = batches.front_mut() {
            let mut here = 0;
            while let Some(entry) = batch.entries.front() {
                let size = entry.raw_bytes();
                if self.records == 0 || (size > self.bytes && !taken.entries.is_empty()) {
                    if here > 0 {
                        taken.begun.push(Begun { done: batch.done.clone(), leaves: here });
                    }
                    return (records, bytes);
                }
                here += 1;
                taken.entries.extend(batch.entries.pop_front());
                self.records -= 1;
                self.bytes = self.bytes.saturating_sub(size);
                records += 1;
                bytes += size;
            }
            let through = taken.entries.len();
            if let Some(batch) = batches.pop_front() {
                taken.due.push(Due { done: batch.done, count: batch.count, here, through });
            }
        }
        (records, bytes)
    }
}

/// The instant `ms` milliseconds from now, for waits.
pub(crate) fn after_ms(ms: u64) -> Instant {
    Instant::now() + Duration::from_millis(ms.min(86_400_000))
}
