//! The evidence thread: follows the log, writes tiles and evidence as leaves arrive, closes segments,
//! frees the WAL, publishes checkpoints.
//!
//! It is the same code after a crash as in a quiet minute: it always goes on from the oldest leaf in
//! the WAL, and writing a file that is there already is no work. When the disk is full it goes back to
//! the last closed segment and tries again; new records are refused meanwhile.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError};
use model::{Kind, LEAF_BYTES, canonical_json};
use tlog::note::SignerKey;

use crate::alarm::Watch;
use crate::append::{Queue, after_ms};
use crate::checkpoint::Signed;
use crate::disk::Disk;
use crate::evidence::{Finished, Segment, Writer};
use crate::head;
use crate::history::Publisher;
use crate::layout::Layout;
use crate::reader::Reader;
use crate::stored::{Group, Stored};
use crate::tail::{Follower, Step, Tail};
use crate::tiles::{Edge, Tiles};
use crate::wal::Files;
use crate::{Clock, Error, Options, Result, merge};

/// Free WAL files kept for use; more are deleted.
const FREE_FILES_MAX: usize = 4;

/// How long the thread waits for leaves before it looks at its other duties.
const WAIT_MS: u64 = 200;

/// What the owner of the ledger asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Close the open segment.
    Flush,
    /// Publish a checkpoint.
    Publish,
    /// Flush, publish and end.
    Close,
}

/// A task with the size of the log it was asked at, and where the answer goes.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) task: Task,
    pub(crate) through: u64,
    pub(crate) answer: Sender<Result<Option<Signed>>>,
}

/// State of the evidence thread.
pub(crate) struct Keeper {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) layout: Layout,
    pub(crate) origin: String,
    pub(crate) signer: Arc<SignerKey>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) options: Options,
    pub(crate) queue: Arc<Queue>,
    pub(crate) tail: Arc<Tail>,
    pub(crate) files: Arc<Files>,
    pub(crate) reader: Reader,
    /// Damage to older evidence.
    pub(crate) watch: Watch,
    pub(crate) publisher: Publisher,
    pub(crate) orders: Receiver<Order>,
    pub(crate) tiles: Tiles,
    /// The edge to go back to when the disk is full: that of the last closed segment.
    pub(crate) base: Edge,
    /// The edge after the last leaf taken.
    pub(crate) edge: Edge,
    /// First leaf that is in no segment.
    pub(crate) covered: u64,
    /// Leaves below that whose file is lost while the WAL has them: they go into a segment again.
    pub(crate) holes: Vec<Range<u64>>,
    /// The open segment.
    pub(crate) open: Option<Open>,
    /// Size of the log that was published last.
    pub(crate) published: u64,
    pub(crate) publish_at: Instant,
    /// Set while the disk is full: when to try again.
    pub(crate) full_until: Option<Instant>,
    /// Size of the log as far as this thread has got, for the figures.
    pub(crate) progress: Arc<AtomicU64>,
}

/// The segment being written.
pub(crate) struct Open {
    writer: Writer,
    since: Instant,
    /// Whether it holds more than manifests: a tail of manifests alone is not flushed.
    news: bool,
}

impl Keeper {
    /// Runs until it is told to close, or until the writer has failed.
    pub(crate) fn run(mut self) -> Result<()> {
        let mut waiting = Vec::new();
        let result = self.work(&mut waiting);
        if let Err(error) = &result {
            // The writer cannot free its WAL without this thread: it stops too.
            self.queue.stop(&error.clone().with_kind(crate::ErrorKind::Fatal));
            self.tail.stop(Some(error));
            waiting.extend(self.orders.try_iter());
            for order in waiting {
                let _ = order.answer.send(Err(error.clone()));
            }
        }
        result
    }

    fn work(&mut self, waiting: &mut Vec<Order>) -> Result<()> {
        self.watch.look();
        let mut follower = self.follower();
        loop {
            match self.turn(&mut follower, waiting) {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(error) if error.is_full() => {
                    self.disk_is_full(&error, waiting);
                    follower = self.follower();
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// A follower from the last leaf that is surely in tiles and segments.
    fn follower(&self) -> Follower {
        Follower::new(self.tail.clone(), self.reader.clone(), model::LeafIndex(self.edge.size()), false)
    }

    /// One step: leaves if there are any, then what is due. `true` when told to close and done.
    fn turn(&mut self, follower: &mut Follower, waiting: &mut Vec<Order>) -> Result<bool> {
        if let Some(until) = self.full_until {
            match self.orders.recv_deadline(until) {
                Ok(order) => waiting.push(order),
                Err(RecvTimeoutError::Disconnected) => return Ok(true),
                Err(RecvTimeoutError::Timeout) => self.full_until = None,
            }
            if self.full_until.is_some() {
                return Ok(false);
            }
        }
        let wait = if waiting.is_empty() { self.idle_for() } else { Duration::ZERO };
        if let Some(Step::Leaves(group)) = follower.next(wait)? {
            self.take(&group)?;
        }
        self.progress.store(self.edge.size(), Ordering::Release);
        self.watch_disk();
        self.watch.work(&self.queue, || self.tail.segments())?;
        if self.open.as_ref().is_some_and(|open| self.is_old(open)) {
            self.close_segment()?;
        }
        if self.published < self.edge.size() && Instant::now() >= self.publish_at {
            self.publish()?;
        }
        loop {
            match self.orders.try_recv() {
                Ok(order) => waiting.push(order),
                Err(TryRecvError::Empty) => return self.obey(waiting, follower),
                // The ledger was dropped, not closed: stop as a crash would.
                Err(TryRecvError::Disconnected) => return Ok(true),
            }
        }
    }

    fn idle_for(&self) -> Duration {
        let until_publish = self.publish_at.saturating_duration_since(Instant::now());
        let wait = Duration::from_millis(WAIT_MS);
        if self.published < self.edge.size() { wait.min(until_publish) } else { wait }
    }

    fn is_old(&self, open: &Open) -> bool {
        open.news && open.since.elapsed() >= Duration::from_millis(self.options.segment_age_ms_max)
    }

    /// Does the orders whose leaves have all been taken.
    fn obey(&mut self, waiting: &mut Vec<Order>, follower: &mut Follower) -> Result<bool> {
        while let Some(at) = waiting.iter().position(|order| order.through <= self.edge.size()) {
            // A full disk leaves the order in its place: it gets the error, or is done later.
            let task = waiting.get(at).map_or(Task::Flush, |order| order.task);
            let done = self.do_task(task, follower)?;
            let order = waiting.remove(at);
            let _ = order.answer.send(Ok(done));
            if task == Task::Close {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn do_task(&mut self, task: Task, follower: &mut Follower) -> Result<Option<Signed>> {
        if task != Task::Publish {
            self.close_segment()?;
            self.merge()?;
        }
        if task != Task::Flush {
            self.catch_up_own(follower)?;
            let signed = self.publish()?;
            if task == Task::Close
                && let Some(open) = self.open.take()
            {
                // Manifests only: they stay in the WAL.
                open.writer.abandon();
            }
            return Ok(Some(signed));
        }
        Ok(None)
    }

    /// Takes the leaves that closing segments has added itself, so that they are published too.
    fn catch_up_own(&mut self, follower: &mut Follower) -> Result<()> {
        while self.edge.size() < self.tail.end() {
            if let Some(Step::Leaves(group)) = follower.next(Duration::from_millis(WAIT_MS))? {
                self.take(&group)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, group: &Group) -> Result<()> {
        for (leaf, entry) in group.leaves.iter().zip(&group.entries) {
            self.take_leaf(leaf, entry)?;
        }
        if let Some(checkpoint) = &group.checkpoint
            && checkpoint.size.0 == self.edge.size()
            && checkpoint.root != self.edge.root().0
        {
            let size = checkpoint.size;
            return Err(Error::fatal(format!("tree of {size} leaves: tiles and writer have different roots")));
        }
        Ok(())
    }

    fn take_leaf(&mut self, leaf: &Stored, entry: &[u8; LEAF_BYTES]) -> Result<()> {
        self.tiles.push(&mut self.edge, entry)?;
        let hole = self.holes.iter().find(|hole| hole.contains(&leaf.index.0)).map(|hole| hole.end);
        if leaf.index.0 < self.covered && hole.is_none() {
            if self.edge.size() == self.covered {
                self.base = self.edge.clone();
            }
            return Ok(());
        }
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.open_segment(leaf.index.0)?,
        };
        let pushed = open.writer.push(leaf);
        open.news |= !matches!(leaf.kind, Kind::Manifest | Kind::ViewManifest);
        let is_full = open.writer.raw_bytes() >= self.options.segment_bytes_max
            || (leaf.index.0 + 1).is_multiple_of(self.options.segment_leaves)
            || hole == Some(leaf.index.0 + 1);
        open.news |= is_full;
        self.open = Some(open);
        pushed?;
        if is_full { self.close_segment() } else { Ok(()) }
    }

    fn open_segment(&self, first: u64) -> Result<Open> {
        let writer =
            Writer::create(&self.disk, &self.layout.evidence(), &self.options, first, self.watch.generation(first))?;
        Ok(Open { writer, since: Instant::now(), news: false })
    }

    /// Closes the open segment, each step durable before the next; nothing to do for a tail of
    /// manifests only.
    fn close_segment(&mut self) -> Result<()> {
        let Some(open) = self.open.take_if(|open| open.news) else { return Ok(()) };
        // (a) The evidence file.
        let finished = open.writer.finish()?;
        // Durable now: the file, as an orphan. Its leaves are in the WAL.
        let receipt = self.seal_manifest(&finished, self.watch.lost_in(&finished.segment))?;
        // (b) Durable now: its manifest. The segment is live; the WAL still holds its leaves, and a
        // full disk from here on goes back no further than this.
        self.covered = self.covered.max(finished.segment.last.0 + 1);
        self.base = self.edge.clone();
        self.tail.closed(finished.segment);
        self.tiles.sync()?;
        // (c) Durable now: all full tiles and bundles up to the end of the segment.
        self.tail.wait_noted(receipt.size.0)?;
        // (d) Durable now: a signed checkpoint over the manifest.
        let kept = self.holes.iter().filter(|hole| hole.end > self.edge.size()).map(|hole| hole.start).min();
        let below = kept.unwrap_or(self.covered);
        self.files.free_below(self.disk.as_ref(), &self.layout.wal(), below, FREE_FILES_MAX)?;
        // (e) Durable now: the WAL files wholly below are free.
        self.queue.wake();
        Ok(())
    }

    /// Seals the manifest of a finished file. A file whose manifest was refused is deleted again: its
    /// name is free for the next try.
    fn seal_manifest(&self, finished: &Finished, replaces: Vec<String>) -> Result<Signed> {
        let body = canonical_json(&finished.manifest(replaces));
        let sealed = self.queue.push_urgent(Kind::Manifest, body).and_then(|pending| pending.wait());
        if sealed.as_ref().is_err_and(Error::is_full) {
            merge::delete(self.disk.as_ref(), &self.layout.evidence(), std::slice::from_ref(&finished.segment))?;
        }
        Ok(sealed?.checkpoint)
    }

    /// Merges the pieces of full blocks.
    fn merge(&mut self) -> Result<()> {
        if !self.options.merge {
            return Ok(());
        }
        while let Some(pieces) = merge::next(&self.disk, &self.tail.segments(), &self.options, &mut self.watch)? {
            let finished = match merge::rewrite(&self.disk, &self.layout.evidence(), &self.options, &pieces) {
                Err(error) if error.kind() == crate::ErrorKind::Corrupt => {
                    self.watch.set_aside(&pieces, &error);
                    continue;
                }
                finished => finished?,
            };
            // Durable now: the rewrite, as an orphan.
            let receipt = self.seal_manifest(&finished, pieces.iter().map(Segment::name).collect())?;
            self.tail.wait_noted(receipt.size.0)?;
            // Durable now: its manifest, which says what it replaces. A crash here deletes the pieces
            // at the next start.
            self.tail.closed(finished.segment);
            merge::delete(self.disk.as_ref(), &self.layout.evidence(), &pieces)?;
        }
        // What was found damaged on the way is noted before an order is answered.
        self.watch.work(&self.queue, || self.tail.segments())
    }

    /// Publishes the checkpoint over all leaves taken so far: tiles, then checkpoint, then history.
    fn publish(&mut self) -> Result<Signed> {
        self.publish_at = after_ms(self.options.publish_interval_ms);
        let signed = head::sign(&self.origin, self.edge.size(), self.edge.root(), &self.signer)?;
        self.tail.wait_noted(signed.size.0)?;
        // Durable now: the note, in the WAL. What is published can never be cut off by recovery.
        self.tiles.put_partial(&self.edge)?;
        self.tiles.sync()?;
        // Durable now: every tile of this size.
        self.publisher.publish(&signed.note, self.clock.wall())?;
        // Durable now: checkpoint and history.
        self.published = signed.size.0;
        Ok(signed)
    }

    /// Goes back to the last closed segment and refuses new records until there is space again.
    fn disk_is_full(&mut self, error: &Error, waiting: &mut Vec<Order>) {
        tracing::warn!(%error, "disk is full: new records are refused");
        if let Some(open) = self.open.take() {
            open.writer.abandon();
        }
        self.edge = self.base.clone();
        self.queue.refuse(Some(error.clone()));
        self.queue.fail_waiting(error);
        self.full_until = Some(after_ms(self.options.full_retry_ms));
        for order in waiting.drain(..) {
            let _ = order.answer.send(Err(error.clone()));
        }
    }

    /// Refuses new records while less than the reserve is free, admits them again when there is more.
    fn watch_disk(&self) {
        let Ok(free) = self.disk.free_bytes(&self.layout.log) else { return };
        let refused = self.queue.refused().is_some();
        if free < self.options.reserve_bytes && !refused {
            let (log, reserve) = (self.layout.log.display(), self.options.reserve_bytes);
            let message = format!("{log}: {free} bytes are free, {reserve} are kept for closing (reserve_bytes)");
            self.queue.refuse(Some(Error::full(message)));
        } else if refused && free >= self.options.reserve_bytes {
            self.queue.refuse(None);
        }
    }
}
