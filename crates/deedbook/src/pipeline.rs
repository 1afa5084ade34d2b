//! The order of steps: collect, seal, normalise, store. Data flows one way; the ledger waits for nobody.
//!
//! One process at a time holds the log's lock; here it is a [`Writer`]. A thread of its own follows the
//! log behind the writer: it folds positions into `state/`, writes the rows of each closed segment into
//! `lake/`, and has the manifest of those files sealed.

use std::collections::VecDeque;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use collect::{Door, Input, Pipeline, Progress, Snapshot, Unread};
use ledger::{Append, Ledger, Reader, Step, SystemClock};
use model::{Directive, Header, Kind, LeafIndex, Millis, Platform, canonical_json};
use parking_lot::{Condvar, Mutex};
use serde::{Deserialize, Serialize};
use sources::mapping::Mappings;
use sources::scrub::Scrubber;

use crate::exit::Usage;

/// How long the thread behind the log waits for leaves.
const IDLE: Duration = Duration::from_millis(100);

/// The same while files are being completed.
const COMPLETING: Duration = Duration::from_millis(5);

/// How often what was folded is made durable: after a crash so much is folded again.
const KEPT_EVERY: Duration = Duration::from_secs(30);

/// How long a server that stops waits for evidence files that are not written yet: with load to the end there are more than it
/// has time for.
const EVIDENCE_PATIENCE: Duration = Duration::from_secs(3);

/// How long a server that stops waits for rows that are not made yet.
const ROWS_PATIENCE: Duration = Duration::from_secs(1);

/// How modest a server's rows are beside sealing: a tenth of a core at least, where both want all of them.
const ROWS_NICE: i32 = 10;

/// How far rows may be behind a run over files: well within what the ledger keeps in memory.
const LEAVES_BEHIND_MAX: u64 = 16_384;

/// What to seal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    /// Absolute files and folders, and globs.
    pub(crate) inputs: Vec<String>,
    pub(crate) source: String,
    /// `auto` or a platform.
    pub(crate) platform: String,
}

/// What a run did: the object with which `ingest -o json` ends.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) deliveries: u64,
    pub(crate) bytes: u64,
    pub(crate) records: u64,
    pub(crate) events: u64,
    pub(crate) rejects: u64,
    pub(crate) already_known: u64,
    pub(crate) replaced: u64,
    pub(crate) leaves: u64,
    pub(crate) unread: Vec<Unread>,
    pub(crate) stopped: bool,
}

/// The process that holds the lock.
pub(crate) struct Writer {
    ledger: Ledger,
    append: Append,
    scrubber: Arc<Scrubber>,
    state: Arc<collect::State>,
    lake: PathBuf,
    /// One run at a time: numbers of a source are gapless. Holds what finished runs have reported.
    turn: Mutex<Reported>,
    behind: Arc<Behind>,
    followers: Mutex<Vec<JoinHandle<anyhow::Result<()>>>>,
    on_directive: Mutex<Option<Told>>,
    /// For a server: rows are made with what sealing leaves of the processor, and a close does not wait for all of them.
    is_serving: bool,
}

/// How long a look waits for its turn before it looks for a stop, and how long it is between two looks of `tail`.
const TURN: Duration = Duration::from_millis(100);

/// One look at files that grow; none when nothing had come.
type Look<'a> = &'a mut dyn FnMut(&Pipeline<'_>) -> Result<Option<collect::Summary>, collect::Error>;

/// Who is told of directives.
pub(crate) type Told = Box<dyn Fn(&Directive) + Send + Sync>;

/// Rows and leaves that runs of this process have reported as theirs.
#[derive(Clone, Copy, Default)]
struct Reported {
    events: u64,
    rejects: u64,
    leaves: u64,
}

/// How far the threads behind the log have come: one folds positions and directives, which takes little, and deliveries
/// wait for it; one makes rows, which nothing that is sealed waits for.
#[derive(Default)]
struct Behind {
    reached: Mutex<Reached>,
    moved: Condvar,
    stop: AtomicBool,
}

#[derive(Clone, Copy, Default)]
struct Reached {
    /// Leaves folded.
    folded: u64,
    /// Leaves whose rows are made, in files or in memory.
    made: u64,
    /// Leaves of closed segments whose rows are in the lake and announced.
    stored: u64,
    /// Rows of events written since the process began.
    events: u64,
    /// Rows of rejects written since the process began.
    rejects: u64,
    /// One of the threads has ended; why, it says itself when it is joined.
    ended: bool,
}

impl Writer {
    /// Takes the lock, recovers, and starts following.
    pub(crate) fn open(data: &Path, log: &ledger::LogInfo) -> anyhow::Result<Writer> {
        if !log.key.exists() {
            let key = log.key.display();
            anyhow::bail!(
                "{key} is not there, and without its key a log is not written; a backup has none: put keys/ back"
            );
        }
        let ledger = Ledger::open(data, &log.short, ledger::Options::default(), Arc::new(SystemClock::new()))?;
        let append = ledger.append();
        let scrubber = Arc::new(Scrubber::new(ledger.info().read_fingerprint_key()?)?);
        let state = Arc::new(collect::State::open(&data.join("state").join("collect.redb"))?);
        let lake = data.join("lake");
        let writer = Writer {
            append,
            scrubber,
            state,
            lake,
            turn: Mutex::default(),
            behind: Arc::default(),
            followers: Mutex::default(),
            on_directive: Mutex::new(None),
            is_serving: false,
            ledger,
        };
        Ok(writer)
    }

    /// The same for a server. What is sealed is closed whole as ever, and rows are made all the same: by the next start, if
    /// need be.
    pub(crate) fn serving(self) -> Writer {
        Writer { is_serving: true, ..self }
    }

    /// Starts the threads behind the log.
    pub(crate) fn follow(self: &Arc<Writer>) -> anyhow::Result<()> {
        // What was folded before this process began needs no waiting for.
        self.behind.reached.lock().folded = self.state.applied_through().0;
        let spawn = |name: &'static str, work: fn(&Writer) -> anyhow::Result<()>| {
            let writer = Arc::clone(self);
            std::thread::Builder::new().name(name.to_owned()).spawn(move || {
                let result = work(&writer);
                // Told of at once: who waits for it may come much later.
                if let Err(error) = &result {
                    tracing::error!("{name} behind the log: {}", crate::exit::text(error));
                }
                writer.behind.reached.lock().ended = true;
                writer.behind.moved.notify_all();
                result
            })
        };
        *self.followers.lock() = vec![spawn("fold", Writer::fold)?, spawn("rows", Writer::make_rows)?];
        Ok(())
    }

    fn fold(&self) -> anyhow::Result<()> {
        let mut follower = self.ledger.follow(self.state.applied_through());
        let mut kept = Instant::now();
        while !self.behind.stop.load(Relaxed) {
            if let Some(Step::Leaves(group)) = follower.next(IDLE)? {
                for leaf in &group.leaves {
                    let header = Header::decode(&leaf.header)?;
                    self.state.apply(leaf.index, &header, &leaf.body)?;
                    if header.kind == Kind::Directive
                        && let Some(told) = self.on_directive.lock().as_ref()
                        && let Ok(directive) = serde_json::from_slice(&leaf.body)
                    {
                        told(&directive);
                    }
                }
                self.behind.reached.lock().folded = group.end().0;
                self.behind.moved.notify_all();
            }
            if kept.elapsed() > KEPT_EVERY {
                self.keep_state()?;
                kept = Instant::now();
            }
        }
        Ok(())
    }

    fn make_rows(&self) -> anyhow::Result<()> {
        // Threads that are made by this one are as modest. Where it is not allowed, rows take their share.
        if self.is_serving
            && let Err(error) = rustix::process::setpriority_process(None, ROWS_NICE)
        {
            tracing::debug!(%error, "priority of rows");
        }
        let mut rows = self.open_lake()?.follow()?;
        {
            // Nor what was stored.
            let mut reached = self.behind.reached.lock();
            (reached.made, reached.stored) = (rows.next(), rows.next());
        }
        let mut follower = self.ledger.follow(LeafIndex(rows.next()));
        let mut completing = VecDeque::new();
        let mut merging: Option<lake::Closing> = None;
        while !self.behind.stop.load(Relaxed) {
            let patience = if completing.is_empty() { IDLE } else { COMPLETING };
            match follower.next(patience)? {
                Some(Step::Leaves(group)) => {
                    for leaf in &group.leaves {
                        if leaf.index.0 < rows.next() {
                            continue;
                        }
                        let (index, sequenced_at) = (leaf.index.0, leaf.sequenced_at);
                        rows.push(&lake::Sealed { index, sequenced_at, header: &leaf.header, body: &leaf.body })?;
                    }
                    self.behind.reached.lock().made = rows.next();
                }
                Some(Step::Closed(segment)) => {
                    let through = segment.last.0 + 1;
                    // Leaves behind the segment may have come before word of its end did.
                    let closing = if rows.next() >= through { rows.close()? } else { None };
                    completing.push_back((through, closing));
                }
                None => {}
            }
            while let Some((through, closing)) =
                completing.pop_front_if(|(_, closing)| closing.as_ref().is_none_or(lake::Closing::is_done))
            {
                let merge = self.announce(&mut rows, through, closing)?;
                merging = merging.or(merge);
            }
            if let Some(merged) = merging.take_if(|merged| merged.is_done()) {
                merging = self.seal(&mut rows, merged)?.1;
            }
            self.behind.moved.notify_all();
        }
        // A server that stops does not wait for merges either: what they would save comes due again.
        while let Some(merged) = merging.filter(|_| !self.is_serving) {
            merging = self.seal(&mut rows, merged)?.1;
        }
        Ok(())
    }

    /// Has the files of a segment announced; a merge that became due with them begins.
    fn announce(
        &self,
        rows: &mut lake::Follower,
        through: u64,
        closing: Option<lake::Closing>,
    ) -> anyhow::Result<Option<lake::Closing>> {
        let (counts, merge) = closing.map_or(Ok(Default::default()), |closing| self.seal(rows, closing))?;
        let mut reached = self.behind.reached.lock();
        reached.events += counts.events;
        reached.rejects += counts.rejects;
        reached.stored = through;
        Ok(merge)
    }

    /// Seals what says that files are there: from that leaf on they are read.
    fn seal(
        &self,
        rows: &mut lake::Follower,
        closing: lake::Closing,
    ) -> anyhow::Result<(lake::Counts, Option<lake::Closing>)> {
        let written = closing.wait()?;
        self.append.submit_own(Kind::ViewManifest, canonical_json(&written.manifest))?.wait()?;
        Ok((written.counts, rows.announced(&written.manifest)?))
    }

    /// Seals inputs and waits until their rows can be asked for.
    pub(crate) fn ingest(
        &self,
        job: &Job,
        stream: Option<Box<dyn Read + Send>>,
        stop: &AtomicBool,
        show: &mut dyn FnMut(&Snapshot),
    ) -> anyhow::Result<Report> {
        let mut unread = Vec::new();
        let files = collect::expand(job.inputs.iter().map(String::as_str), &mut unread);
        let progress = Progress::over(&files);
        let inputs: Vec<Input> =
            stream.map(Input::Stream).into_iter().chain(files.into_iter().map(Input::File)).collect();
        let mut turn = self.turn.lock();
        let options = options(&job.source, &job.platform)?;
        let before = self.settle(0)?;
        let summary = crate::control::with_progress(&progress, show, || {
            let pace = |end| self.keep_close(end, stop);
            self.pipeline(&progress, stop, &pace).ingest(&self.state, inputs, &options)
        })?;
        let after = self.settle(summary.end)?;
        self.state.commit()?;
        unread.extend(summary.unread.iter().cloned());
        let report = report(&summary, unread, before, after);
        turn.events += report.events;
        turn.rejects += report.rejects;
        turn.leaves += report.leaves;
        Ok(report)
    }

    /// Seals what has come to growing files until `stop` is set, and waits for its rows; `once` looks a single time.
    pub(crate) fn tail(
        &self,
        mut follow: collect::Follow,
        job: &Job,
        once: bool,
        stop: &AtomicBool,
        show: &mut dyn FnMut(&collect::Summary),
    ) -> anyhow::Result<Report> {
        let mut whole = collect::Summary::default();
        let others_before = *self.turn.lock();
        let before = self.settle(0)?;
        let options = options(&job.source, &job.platform)?;
        let mut look = |pipeline: &Pipeline<'_>| follow.look(pipeline, &self.state, &options);
        loop {
            if let Some(summary) = self.look(&mut look, stop)? {
                show(&summary);
                whole.add(&summary);
            }
            if once || stop.load(Relaxed) {
                break;
            }
            std::thread::sleep(TURN);
        }
        let after = self.settle(whole.end)?;
        // Commands that this process ran for others meanwhile have reported theirs.
        let others = *self.turn.lock();
        let mut report = report(&whole, whole.unread.clone(), before, after);
        report.events -= others.events - others_before.events;
        report.rejects -= others.rejects - others_before.rejects;
        report.leaves -= others.leaves - others_before.leaves;
        Ok(report)
    }

    /// A look at growing files, when it is its turn. When this returns, what was read is durable and folded: the next look
    /// may follow.
    fn look(&self, look: Look<'_>, stop: &AtomicBool) -> anyhow::Result<Option<collect::Summary>> {
        let progress = Progress::default();
        let turn = loop {
            // A long run over files, which holds it, has no say in when this one stops.
            match self.turn.try_lock_for(TURN) {
                Some(turn) => break turn,
                None if stop.load(Relaxed) => return Ok(None),
                None => {}
            }
        };
        let pace = |end| self.keep_close(end, stop);
        let looked = look(&self.pipeline(&progress, stop, &pace))?;
        if let Some(summary) = &looked {
            self.wait(|reached| reached.folded >= summary.end)?;
            self.state.commit()?;
        }
        drop(turn);
        Ok(looked)
    }

    /// A look at followed folders; as [`Writer::look`].
    pub(crate) fn look_over(
        &self,
        folders: &mut collect::Folders,
        job: &Job,
        stop: &AtomicBool,
    ) -> anyhow::Result<Option<collect::Summary>> {
        let options = options(&job.source, &job.platform)?;
        self.look(&mut |pipeline| folders.look(pipeline, &self.state, &options), stop)
    }

    /// Waits until all that is sealed now is folded.
    pub(crate) fn catch_up(&self) -> anyhow::Result<()> {
        self.folded(0).map(drop)
    }

    /// A door for deliveries over the network. When this returns, all that was sealed before is folded.
    pub(crate) fn door(&self) -> anyhow::Result<Door> {
        self.folded(0)?;
        let (append, reader) = (self.append.clone(), self.ledger.reader());
        Ok(Door::new(append, reader, Arc::clone(&self.scrubber), Arc::clone(&self.state), now))
    }

    /// Short name of the log.
    pub(crate) fn short(&self) -> &str {
        &self.ledger.info().short
    }

    /// Seals a note of our own. When this returns it is durable.
    pub(crate) fn note(&self, body: Vec<u8>) -> anyhow::Result<()> {
        self.append.submit_own(Kind::Note, body)?.wait()?;
        Ok(())
    }

    /// The log, as it is at any moment.
    pub(crate) fn reader(&self) -> Reader {
        self.ledger.reader()
    }

    /// Gives out the directives that are sealed so far, in their order (none if the state was begun by a version that kept
    /// none), and tells of each that is sealed from then on. None is missed between the two; the last may come twice.
    pub(crate) fn on_directive(
        &self,
        known: impl FnOnce(Option<Vec<Vec<u8>>>) -> anyhow::Result<Told>,
    ) -> anyhow::Result<()> {
        // The fold, which waits here, has kept a directive before it tells of it.
        let mut told = self.on_directive.lock();
        *told = Some(known(self.state.directives()?)?);
        Ok(())
    }

    /// Makes what was folded durable, unless a run over files is under way: it does so itself at its end.
    fn keep_state(&self) -> anyhow::Result<()> {
        if let Some(_turn) = self.turn.try_lock() {
            self.state.commit()?;
        }
        Ok(())
    }

    /// Makes every derived row again from the evidence.
    pub(crate) fn rebuild(&self, show: &mut dyn FnMut(u64, u64)) -> anyhow::Result<Report> {
        let _turn = self.turn.lock();
        let before = self.settle(0)?;
        let rebuilt = self.open_lake()?.rebuild(&mut |at| show(at.leaves, at.leaves_total))?;
        let mut end = 0;
        if let Some(manifest) = rebuilt {
            let receipt = self.append.submit_own(Kind::ViewManifest, canonical_json(&manifest))?.wait()?;
            end = receipt.first.0 + receipt.count;
        }
        self.wait(|reached| reached.folded >= end)?;
        let after = self.settle(0)?;
        Ok(report(&collect::Summary::default(), Vec::new(), before, after))
    }

    /// Seals directives. When this returns they are in force for every record sealed after them.
    pub(crate) fn set(&self, directives: &[Directive]) -> anyhow::Result<Report> {
        let _turn = self.turn.lock();
        let before = self.folded(0)?;
        for directive in directives {
            let mut directive = directive.clone();
            if let Directive::Source { number, name, .. } = &mut directive {
                // A number belongs to a name for good.
                *number = self.state.number(name)?;
            }
            self.append.submit_own(Kind::Directive, canonical_json(&directive))?.wait()?;
        }
        let after = self.folded(0)?;
        Ok(report(&collect::Summary::default(), Vec::new(), before, after))
    }

    /// Closes the open segment, waits for its rows, and publishes a checkpoint over all of it.
    pub(crate) fn publish(&self) -> anyhow::Result<Report> {
        let before = self.settle(0)?;
        self.ledger.publish()?;
        Ok(report(&collect::Summary::default(), Vec::new(), before, before))
    }

    /// Stops following and closes the log cleanly: everything sealed is in segments and published. A server has not always the
    /// time for that: then what is sealed stays in the WAL, as after a crash.
    pub(crate) fn close(self: Arc<Writer>) -> anyhow::Result<()> {
        let is_closed = if self.is_serving { self.settle_soon()? } else { self.settle(0).map(|_| true)? };
        self.state.commit()?;
        self.behind.stop.store(true, Relaxed);
        self.join()?;
        let lake = self.open_lake()?;
        lake.save()?;
        lake.tidy()?;
        drop(lake);
        let Some(writer) = Arc::into_inner(self) else { anyhow::bail!("a command is still at work") };
        if is_closed {
            writer.ledger.close()?;
        }
        Ok(())
    }

    /// Settles as far as the patience of whoever stops a server goes. Returns whether all that is sealed is in segments.
    fn settle_soon(&self) -> anyhow::Result<bool> {
        self.folded(0)?;
        if !self.ledger.flush_within(EVIDENCE_PATIENCE)? {
            tracing::info!(
                "evidence files of the newest records are not written yet; the next start writes them from the WAL"
            );
            return Ok(false);
        }
        let closed = self.segments_end()?;
        let deadline = Instant::now() + ROWS_PATIENCE;
        if self.wait_before(Some(deadline), |reached| reached.stored >= closed)?.is_none() {
            tracing::info!("rows of the newest records are not made yet; the next start makes them");
        }
        Ok(true)
    }

    fn join(&self) -> anyhow::Result<()> {
        let followers = std::mem::take(&mut *self.followers.lock());
        // All of them first, so that none goes on alone.
        let ended: Vec<_> = followers.into_iter().map(JoinHandle::join).collect();
        for result in ended {
            result.map_err(|_| anyhow::anyhow!("a thread behind the log panicked"))?.context("follow the log")?;
        }
        Ok(())
    }

    fn pipeline<'a>(
        &'a self,
        progress: &'a Progress,
        stop: &'a AtomicBool,
        pace: &'a (dyn Fn(u64) + Sync),
    ) -> Pipeline<'a> {
        Pipeline { append: &self.append, scrubber: &self.scrubber, clock: &now, progress, stop, pace }
    }

    /// Waits while rows are more than [`LEAVES_BEHIND_MAX`] behind `end`: leaves
    /// that are no longer in memory would have to be read back. Sealing itself waits for nobody; this
    /// holds back a file that can be read as well a moment later.
    fn keep_close(&self, end: u64, stop: &AtomicBool) {
        let mut reached = self.behind.reached.lock();
        while reached.made + LEAVES_BEHIND_MAX < end && !reached.ended && !stop.load(Relaxed) {
            self.behind.moved.wait_for(&mut reached, Duration::from_millis(200));
        }
    }

    /// Closes the open segment and waits until the rows of every leaf below `end` are in the lake.
    /// Returns how far that is, and the size of the log.
    fn settle(&self, end: u64) -> anyhow::Result<(Reached, u64)> {
        let closed = self.closed()?.max(end);
        self.wait(|reached| reached.stored >= closed)?;
        self.folded(0)
    }

    /// Waits until every leaf below `end`, and all that are sealed now, are folded. Returns how far that is, and the size of
    /// the log.
    fn folded(&self, end: u64) -> anyhow::Result<(Reached, u64)> {
        let size = self.ledger.reader().view()?.size().0;
        Ok((self.wait(|reached| reached.folded >= size.max(end))?, size))
    }

    /// Closes the open segment; the end of the closed ones.
    fn closed(&self) -> anyhow::Result<u64> {
        self.ledger.flush()?;
        self.segments_end()
    }

    fn segments_end(&self) -> anyhow::Result<u64> {
        Ok(self.ledger.reader().view()?.segments().last().map_or(0, |segment| segment.last.0 + 1))
    }

    fn open_lake(&self) -> anyhow::Result<lake::Lake> {
        let view = self.ledger.reader().view()?;
        Ok(lake::Lake::open_for_writing(&self.lake, Arc::new(lake::Log::new(view)))?)
    }

    fn wait(&self, until: impl Fn(&Reached) -> bool) -> anyhow::Result<Reached> {
        self.wait_before(None, until)?.context("a wait without an end has ended")
    }

    /// The same, until then at most; `None` if it is not so by then.
    fn wait_before(
        &self,
        deadline: Option<Instant>,
        until: impl Fn(&Reached) -> bool,
    ) -> anyhow::Result<Option<Reached>> {
        let mut reached = self.behind.reached.lock();
        while !until(&reached) {
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Ok(None);
            }
            if reached.ended {
                drop(reached);
                self.behind.stop.store(true, Relaxed);
                self.join()?;
                anyhow::bail!("following the log ended early");
            }
            self.behind.moved.wait_for(&mut reached, Duration::from_millis(200));
        }
        Ok(Some(*reached))
    }
}

fn report(
    summary: &collect::Summary,
    unread: Vec<Unread>,
    (before, size_before): (Reached, u64),
    (after, size_after): (Reached, u64),
) -> Report {
    Report {
        deliveries: summary.deliveries,
        bytes: summary.bytes,
        records: summary.records,
        events: after.events - before.events,
        rejects: after.rejects - before.rejects,
        already_known: summary.already_known,
        replaced: summary.replaced.total(),
        leaves: size_after - size_before,
        unread,
        stopped: summary.stopped,
    }
}

fn options(source: &str, platform: &str) -> anyhow::Result<collect::Options> {
    let workers = std::thread::available_parallelism().map_or(2, std::num::NonZero::get).min(4);
    // Whoever asked has looked whether there is such a platform; that of a mapping may be new to this process.
    let platform = Some(platform).filter(|name| *name != "auto").and_then(Platform::named);
    Ok(collect::Options { source: source.to_owned(), platform, workers, scrub: true })
}

/// `auto` or the name of a platform: one of the product, or of a mapping that was read before by [`mappings`].
pub(crate) fn platform(name: &str) -> Result<Option<Platform>, Usage> {
    if name == "auto" {
        return Ok(None);
    }
    let mapped = Mappings::shipped().iter().map(|(mapping, _)| mapping.name());
    let known = || Platform::ALL.iter().map(|platform| platform.as_str()).chain(mapped).collect::<Vec<_>>().join(", ");
    Platform::parse(name).map(Some).ok_or_else(|| Usage(format!("platform `{name}` is not known; auto, {}", known())))
}

/// The log of a data folder: the only one, or the one named.
pub(crate) fn log(data: &Path, named: Option<&str>) -> anyhow::Result<ledger::LogInfo> {
    let logs = ledger::discover(data)?;
    let names = |logs: &[ledger::LogInfo]| {
        logs.iter().map(|log| format!("{} ({})", log.short, log.origin)).collect::<Vec<_>>().join(", ")
    };
    match named {
        Some(name) => {
            let listed = names(&logs);
            logs.into_iter()
                .find(|log| log.short == name || log.origin == name)
                .ok_or_else(|| Usage(format!("log `{name}` is not in {}; there: {listed}", data.display())).into())
        }
        None if logs.len() > 1 => {
            Err(Usage(format!("{} holds several logs, name one with --log: {}", data.display(), names(&logs))).into())
        }
        None => logs.into_iter().next().context("no log in the data folder"),
    }
}

/// The log as it is now, for reading: takes no lock.
pub(crate) fn view(data: &Path, log: &ledger::LogInfo) -> anyhow::Result<ledger::View> {
    Ok(Reader::open(data, &log.short)?.view()?)
}

/// The tables over the log as it is now.
pub(crate) fn tables(data: &Path, log: &ledger::LogInfo) -> anyhow::Result<Arc<lake::Lake>> {
    let (folder, evidence) = (data.join("lake"), Arc::new(lake::Log::new(view(data, log)?)));
    if is_copy(data, log) {
        eprintln!("a copy without derived files: rows are made for this question, from all of the evidence");
        return Ok(Arc::new(lake::Lake::open_without_files(data, evidence)));
    }
    Ok(Arc::new(lake::Lake::open(&folder, evidence)?))
}

/// The mappings in force: those of the log as it is now, or of the product alone where there is no log.
pub(crate) fn mappings(place: &crate::commands::Place) -> anyhow::Result<Mappings> {
    match ledger::discover(&place.data) {
        Ok(logs) if !logs.is_empty() => Ok(tables(&place.data, &place.log()?)?.mappings()?),
        _ => Ok(Mappings::shipped().clone()),
    }
}

/// Whether the folder holds a copy of a log, as `backup` makes it: without its key, and without derived files.
pub(crate) fn is_copy(data: &Path, log: &ledger::LogInfo) -> bool {
    !log.key.exists() && !data.join("lake").exists()
}

/// The wall clock.
pub(crate) fn now() -> Millis {
    #[expect(clippy::disallowed_methods, reason = "the binary reads the clock and hands it on")]
    let now = jiff::Timestamp::now().as_millisecond();
    Millis(u64::try_from(now).unwrap_or(0))
}
