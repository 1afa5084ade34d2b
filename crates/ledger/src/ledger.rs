//! An open log: the lock, recovery, its threads, and a clean stop.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};
use model::{Kind, LeafIndex, RecoveryNote, TreeSize, canonical_json};
use tlog::note::SignerKey;
use tlog::tile::{TILE_WIDTH, TileBuilder, push_entry};

use crate::alarm::Watch;
use crate::append::{Append, Queue};
use crate::checkpoint::Signed;
use crate::disk::{Disk, Guard};
use crate::keeper::{Keeper, Order, Task};
use crate::layout::Layout;
use crate::reader::{LogTiles, Reader, View};
use crate::recover::{Recovered, recover};
use crate::sequencer::Sequencer;
use crate::tail::{Follower, Tail};
use crate::tiles::{Edge, Tiles};
use crate::wal::{Ahead, Files, Wal};
use crate::{Clock, Error, ErrorKind, LogInfo, Options, RealDisk, Result, identity};

/// The one writer of a log. Dropping it stops both threads at once, as a crash would; only
/// [`Ledger::close`] stops cleanly.
pub struct Ledger {
    info: LogInfo,
    append: Append,
    tail: Arc<Tail>,
    reader: Reader,
    orders: Option<Sender<Order>>,
    progress: Arc<AtomicU64>,
    writer: Option<JoinHandle<Result<()>>>,
    keeper: Option<JoinHandle<Result<()>>>,
    /// Dropped when both threads have ended.
    ahead: Option<Ahead>,
    _lock: Guard,
}

impl Ledger {
    /// Opens a log for writing: takes the lock, recovers, starts the writer and the evidence thread.
    ///
    /// # Errors
    /// `NotFound` (run `init`), `Locked` (names the process), `Version`, `Rollback`, `Corrupt`
    /// (run `verify`), `Invalid` for a key of another log or impossible limits, `Io`.
    pub fn open(data: &Path, short: &str, options: Options, clock: Arc<dyn Clock>) -> Result<Ledger> {
        Ledger::open_on(Arc::new(RealDisk), data, short, options, clock)
    }

    /// [`Ledger::open`] on any disk.
    ///
    /// # Errors
    /// As [`Ledger::open`].
    pub fn open_on(
        disk: Arc<dyn Disk>,
        data: &Path,
        short: &str,
        options: Options,
        clock: Arc<dyn Clock>,
    ) -> Result<Ledger> {
        options.check()?;
        let layout = Layout::new(data, short);
        let info = identity::read(disk.as_ref(), &layout)?;
        let lock = lock(disk.as_ref(), &layout)?;
        let key = identity::verifier(&info)?;
        let signer = Arc::new(identity::signer(disk.as_ref(), &layout, &info)?);
        let found = recover(&disk, &layout, &info, &key)?;
        let torn = found.torn.clone();
        let reader = Reader::open_on(disk.clone(), data, short)?;
        let suspects = Arc::default();
        reader.report_to(&suspects);
        let watch = Watch::new(disk.clone(), reader.clone(), suspects);
        let parts = Parts { disk, layout, info: info.clone(), signer, clock, options, reader: reader.clone(), watch };
        let (sequencer, keeper, orders) = parts.assemble(found)?;
        reader.attach(&sequencer.tail);
        let (append, tail) = (Append { queue: sequencer.queue.clone() }, sequencer.tail.clone());
        let progress = keeper.progress.clone();
        let (folder, files) = (keeper.layout.wal(), keeper.files.clone());
        let ahead = Ahead::start(keeper.disk.clone(), folder, files, &keeper.options)?;
        let writer = spawn("ledger-writer", move || sequencer.run())?;
        let keeper = spawn("ledger-evidence", move || keeper.run())?;
        let ledger = Ledger {
            info,
            append,
            tail,
            reader,
            orders: Some(orders),
            progress,
            writer: Some(writer),
            keeper: Some(keeper),
            ahead: Some(ahead),
            _lock: lock,
        };
        for torn in torn {
            let note = RecoveryNote {
                note: "recovery".to_owned(),
                index: torn.index,
                torn_bytes: torn.bytes,
                torn_sha256: model::hex(&torn.sha256),
            };
            ledger.append.submit_own(Kind::Note, canonical_json(&note))?.wait()?;
        }
        Ok(ledger)
    }

    /// The log.
    pub fn info(&self) -> &LogInfo {
        &self.info
    }

    /// The door for new leaves.
    pub fn append(&self) -> Append {
        self.append.clone()
    }

    /// A reader as other processes have it, but one that sees a leaf as soon as its receipt is given.
    pub fn reader(&self) -> Reader {
        self.reader.clone()
    }

    /// Follows the log from this leaf on; closed segments that end at or after it are announced.
    pub fn follow(&self, from: LeafIndex) -> Follower {
        Follower::new(self.tail.clone(), self.reader.clone(), from, true)
    }

    /// Number of sealed leaves.
    pub fn size(&self) -> u64 {
        self.tail.end()
    }

    /// How many of them the evidence thread has taken: the rest is its lag.
    pub fn evidence_position(&self) -> u64 {
        self.progress.load(Ordering::Acquire)
    }

    /// Closes the open segment with all leaves sealed before this call: they are in an evidence file
    /// under a sealed manifest when it returns. A tail of manifests only is left open.
    ///
    /// # Errors
    /// `Unavailable` when the disk is full, `Fatal` when a thread has stopped.
    pub fn flush(&self) -> Result<()> {
        self.order(Task::Flush).map(|_| ())
    }

    /// The same, but waits this long at most: `false` if it was not done by then. It is still being done, unless the ledger
    /// is dropped: then what is in no evidence file stays in the WAL, where the next open finds it.
    ///
    /// # Errors
    /// As for [`Ledger::flush`].
    pub fn flush_within(&self, patience: Duration) -> Result<bool> {
        match self.send(Task::Flush)?.recv_timeout(patience) {
            Ok(done) => done.map(|_| true),
            Err(RecvTimeoutError::Timeout) => Ok(false),
            Err(RecvTimeoutError::Disconnected) => Err(no_keeper()),
        }
    }

    /// Publishes a checkpoint over all leaves sealed before this call (or later ones too) and
    /// returns it.
    ///
    /// # Errors
    /// As for [`Ledger::flush`].
    pub fn publish(&self) -> Result<Signed> {
        self.order(Task::Publish)?.ok_or_else(|| Error::fatal("publishing gave no checkpoint"))
    }

    /// Stops cleanly: takes nothing more, seals what waits, closes the open segment, publishes, ends
    /// both threads.
    ///
    /// # Errors
    /// The first error any of this met; the log is then as after a crash, and the next open recovers.
    pub fn close(mut self) -> Result<Signed> {
        self.append.queue.close();
        self.append.queue.wait_drained();
        let closed = self.order(Task::Close);
        let stopped = self.stop();
        let signed = closed.and_then(|signed| signed.ok_or_else(|| Error::fatal("closing gave no checkpoint")));
        stopped.and(signed)
    }

    fn order(&self, task: Task) -> Result<Option<Signed>> {
        self.send(task)?.recv().map_err(|_| no_keeper())?
    }

    fn send(&self, task: Task) -> Result<Receiver<Result<Option<Signed>>>> {
        let (answer, answered) = bounded(1);
        let order = Order { task, through: self.tail.end(), answer };
        self.orders.as_ref().ok_or_else(no_keeper)?.send(order).map_err(|_| no_keeper())?;
        self.tail.wake();
        Ok(answered)
    }

    /// Ends both threads; the first error that one of them ended with.
    fn stop(&mut self) -> Result<()> {
        self.orders = None;
        self.tail.wake();
        let kept = self.keeper.take().map_or(Ok(()), |thread| joined(thread.join(), "evidence"));
        self.append.queue.end();
        let written = self.writer.take().map_or(Ok(()), |thread| joined(thread.join(), "writer"));
        self.ahead = None;
        written.and(kept)
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        if self.writer.is_some() {
            self.append.queue.close();
            if let Err(error) = self.stop() {
                tracing::error!(%error, "ledger stopped");
            }
        }
    }
}

fn no_keeper() -> Error {
    Error::fatal("the evidence thread has stopped")
}

fn joined(result: std::thread::Result<Result<()>>, name: &str) -> Result<()> {
    result.unwrap_or_else(|_| Err(Error::fatal(format!("the {name} thread ended with a panic"))))
}

fn spawn(name: &str, work: impl FnOnce() -> Result<()> + Send + 'static) -> Result<JoinHandle<Result<()>>> {
    let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    spawned.map_err(|e| Error::new(ErrorKind::Io, format!("start thread {name}: {e}")))
}

/// Takes the lock of a log, or names the process that holds it.
pub(crate) fn lock(disk: &dyn Disk, layout: &Layout) -> Result<Guard> {
    let path = layout.lock();
    disk.lock(&path, std::process::id()).map_err(|e| match e.kind() {
        std::io::ErrorKind::WouldBlock => {
            Error::new(ErrorKind::Locked, format!("{}: the log is open for writing in {e}", path.display()))
        }
        _ => Error::io("lock", &path, &e),
    })
}

/// What the two threads are made of.
struct Parts {
    disk: Arc<dyn Disk>,
    layout: Layout,
    info: LogInfo,
    signer: Arc<SignerKey>,
    clock: Arc<dyn Clock>,
    options: Options,
    reader: Reader,
    watch: Watch,
}

impl Parts {
    fn assemble(self, found: Recovered) -> Result<(Sequencer, Keeper, Sender<Order>)> {
        let (covered, holes) = (found.chosen.covered, found.chosen.holes.clone());
        let files = Arc::new(Files::open(self.disk.as_ref(), &self.layout.wal(), found.live.clone(), &self.options)?);
        let queue = Arc::new(Queue::new(&self.options));
        let tail_bytes = self.options.tail_bytes_max;
        let tail = Tail::new(TreeSize(found.head.tree.size()), found.noted.clone(), &found.chosen.live, tail_bytes);
        let tail = Arc::new(tail);
        let mut sequencer = self.sequencer(&found, &queue, &tail, &files)?;
        // A view needs the note of the last group, and the edge below needs a view.
        sequencer.write_note()?;
        let base = restore_edge(&self.reader.view()?, &found)?;
        let published = found.published_size;
        let mut publisher = found.publisher;
        if let Some(note) = publisher.published()? {
            publisher.record(&note.into(), self.clock.wall())?;
        }
        let (orders, received) = unbounded();
        let keeper = self.keeper(publisher, (base, covered, published), received, &sequencer);
        let keeper = Keeper { holes, ..keeper };
        Ok((sequencer, keeper, orders))
    }

    fn sequencer(
        &self,
        found: &Recovered,
        queue: &Arc<Queue>,
        tail: &Arc<Tail>,
        files: &Arc<Files>,
    ) -> Result<Sequencer> {
        let number = found.live.last().map_or(1, |(number, _)| *number);
        let place = (number, found.offset);
        let wal = Wal::open(self.disk.clone(), self.layout.wal(), files.clone(), &self.options, place)?;
        let unwritten = match found.unwritten {
            Some(frame) => Some((frame, found.head.sign(&self.info.origin, &self.signer)?)),
            None => None,
        };
        Ok(Sequencer {
            origin: self.info.origin.clone(),
            origin_hash: identity::origin_hash(&self.info.origin),
            signer: self.signer.clone(),
            clock: self.clock.clone(),
            options: self.options.clone(),
            queue: queue.clone(),
            tail: tail.clone(),
            files: files.clone(),
            wal,
            head: found.head.clone(),
            unwritten,
            seen: None,
        })
    }

    fn keeper(
        self,
        publisher: crate::history::Publisher,
        (base, covered, published): (Edge, u64, u64),
        orders: Receiver<Order>,
        sequencer: &Sequencer,
    ) -> Keeper {
        Keeper {
            tiles: Tiles::new(self.disk.clone(), self.layout.public()),
            disk: self.disk,
            layout: self.layout,
            origin: self.info.origin,
            signer: self.signer,
            clock: self.clock,
            options: self.options,
            queue: sequencer.queue.clone(),
            tail: sequencer.tail.clone(),
            files: sequencer.files.clone(),
            reader: self.reader,
            watch: self.watch,
            publisher,
            orders,
            edge: base.clone(),
            base,
            covered,
            holes: Vec::new(),
            open: None,
            published,
            publish_at: Instant::now(),
            full_until: None,
            progress: Arc::new(AtomicU64::new(0)),
        }
    }
}

/// The right edge where the WAL begins, from full tiles and the leaves after them, compared with the
/// edge that the WAL itself carries. Where evidence of these leaves is damaged, their published
/// entries do as well: the root tells.
fn restore_edge(view: &View, found: &Recovered) -> Result<Edge> {
    edge_from(LogTiles::durable(view), found).or_else(|error| {
        let edge = edge_from(LogTiles::published(view), found).map_err(|_| error)?;
        view.suspect(found.base.tree.size().saturating_sub(1));
        Ok(edge)
    })
}

fn edge_from(mut tiles: LogTiles<'_>, found: &Recovered) -> Result<Edge> {
    let size = found.base.tree.size();
    let tree = TileBuilder::restore(&mut tiles, size)?;
    if tree.root() != found.base.tree.root() {
        let message = format!("tiles and evidence give another root for {size} leaves than the WAL; run verify");
        return Err(Error::corrupt(message));
    }
    let mut bundle = Vec::new();
    for entry in tiles.entries(size - size % u64::from(TILE_WIDTH)..size)? {
        push_entry(&mut bundle, &entry)?;
    }
    Ok(Edge { tree, bundle })
}
