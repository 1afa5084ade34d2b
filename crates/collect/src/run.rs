//! The pipeline of one run: one thread reads and cuts, workers scrub and commit, one thread submits in
//! order. Every queue between them is bounded, so a slow disk slows the reading and nothing else.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use ledger::{Append, Pending};
use model::{DeliveryBody, Directive, Header, Kind, Millis, Platform, Position, Prepared, Replacement, canonical_json};
use sources::scrub::Scrubber;
use sources::split::Splitter;

use crate::content::{Content, Digests};
use crate::delivery::{Delivery, Item, Numbers, Origin};
use crate::grown::Beginning;
use crate::inputs::{Input, Unread, because};
use crate::secrets::{Replaced, Secrets};
use crate::state::{FileState, OpenDelivery, Seat, Source, State};
use crate::{Error, Progress};

/// Bytes read at once.
const CHUNK_BYTES: usize = 1 << 20;
/// Items of one batch between the threads.
const BATCH_ITEMS_MAX: usize = 1_024;
/// Body bytes of one batch, but for one large record.
const BATCH_BYTES_MAX: usize = 1 << 20;
/// Batches that wait for a worker or for their turn to be submitted.
const BATCHES_WAITING_MAX: usize = 8;
/// Batches submitted whose receipt has not come.
const RECEIPTS_WAITING_MAX: usize = 16;
/// How often a run looks whether deliveries over the network into its source are settled.
const SETTLING: Duration = Duration::from_millis(10);
/// Bytes of a growing file that are one delivery, at most, but for one long line: so much is read before any of it is
/// sealed, and a stop or a pause waits for no more. A delivery that a crash has cut short is cut again to the same end or a
/// later one, so this may grow from one release to the next, and never shrink.
const PART_BYTES_MAX: u64 = 8 << 20;
/// Bytes by which a file is known again.
pub(crate) const HEAD_BYTES: u64 = 4_096;

/// What a run may do.
#[derive(Clone, Debug)]
pub struct Options {
    /// Name of the source the records belong to; made if it is new.
    pub source: String,
    /// The platform of all its records; `None` recognises each.
    pub platform: Option<Platform>,
    /// Worker threads that scrub and hash.
    pub workers: usize,
    /// Replace known secrets before sealing, if the source is one that is scrubbed.
    pub scrub: bool,
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Summary {
    /// Deliveries of which something new was sealed.
    pub deliveries: u64,
    /// Bytes read, as they came.
    pub bytes: u64,
    /// Records newly sealed.
    pub records: u64,
    /// Records skipped because they were sealed before.
    pub already_known: u64,
    /// Secrets replaced.
    pub replaced: Replaced,
    /// What could not be read, or not to its end.
    pub unread: Vec<Unread>,
    /// True when the run was stopped before its end; the next one goes on.
    pub stopped: bool,
    /// One past the last leaf that was sealed; 0 when none was.
    pub end: u64,
    /// Bytes of growing files that are left for another look.
    #[serde(skip)]
    pub left: u64,
}

impl Summary {
    /// Adds what another run did.
    pub fn add(&mut self, other: &Summary) {
        self.deliveries += other.deliveries;
        self.bytes += other.bytes;
        self.records += other.records;
        self.already_known += other.already_known;
        self.replaced.merge(&other.replaced);
        self.unread.extend(other.unread.iter().cloned());
        self.stopped |= other.stopped;
        self.end = self.end.max(other.end);
        self.left = other.left;
    }
}

/// Seals what inputs hold.
pub struct Pipeline<'a> {
    /// Where leaves go.
    pub append: &'a Append,
    /// Replaces known secrets.
    pub scrubber: &'a Scrubber,
    /// The wall clock: times of receipt.
    pub clock: &'a (dyn Fn() -> Millis + Sync),
    /// Counters to show.
    pub progress: &'a Progress,
    /// Set from outside to end the run cleanly.
    pub stop: &'a AtomicBool,
    /// Told one past the last sealed leaf; it may wait, so that a run over a long file does not leave
    /// those behind who read what it seals.
    pub pace: &'a (dyn Fn(u64) + Sync),
}

type Batch = Vec<Item>;

/// A batch whose hashes are being computed; the answers are taken in the order of the questions.
type Turn = Receiver<Answer>;

type Answer = Result<Vec<Done>, Error>;

enum Done {
    Ready { prepared: Prepared, record: bool, replaced: Vec<Replacement> },
    Delivery(Header, Box<DeliveryBody>),
}

impl Pipeline<'_> {
    /// Reads all inputs. When this returns, every record counted in the summary is sealed: durable and
    /// under a signed checkpoint.
    pub fn ingest(&self, state: &State, inputs: Vec<Input>, options: &Options) -> Result<Summary, Error> {
        let (work_in, work_out) = bounded::<(Batch, Sender<Answer>)>(BATCHES_WAITING_MAX);
        let (turn_in, turn_out) = bounded::<Turn>(BATCHES_WAITING_MAX);
        let on = options.scrub && state.is_scrubbed(&options.source);
        let secrets = Secrets { scrubber: self.scrubber, on };
        thread::scope(|scope| {
            for _ in 0..options.workers.max(1) {
                let work = work_out.clone();
                scope.spawn(move || self.work(&work, secrets));
            }
            drop(work_out);
            let submitter = scope.spawn(move || self.submit(&turn_out));
            let seat = self.seat(state, options)?;
            let mut reader = Reader {
                pipeline: self,
                out: Out { batch: Vec::new(), bytes: 0, work: work_in, turn: turn_in },
                summary: Summary::default(),
                chunk: vec![0; CHUNK_BYTES],
            };
            let read = reader.read_all(state, &seat, inputs);
            let summary = reader.close();
            let submitted = submitter.join().unwrap_or(Err(Error::Worker));
            if submitted.is_err() || read.is_err() {
                seat.is_stale.store(true, Relaxed);
                state.failed();
            }
            // What the ledger says is the cause; a reader that could not hand over is the effect.
            let Submitted { records, replaced, end } = submitted?;
            read?;
            Ok(Summary { records, replaced, end, ..summary })
        })
    }

    /// Finds the source, or a place for a new one.
    fn seat(&self, state: &State, options: &Options) -> Result<Arc<Seat>, Error> {
        let wanted = options.platform.map_or("auto", Platform::as_str);
        let seat = state.seat(&options.source, wanted)?;
        let Source { name, platform, .. } = seat.source.lock().clone();
        if platform != wanted && wanted != "auto" {
            return Err(Error::SourcePlatform { name, existing: platform, wanted: wanted.to_owned() });
        }
        Ok(seat)
    }

    fn work(&self, work: &Receiver<(Batch, Sender<Answer>)>, secrets: Secrets<'_>) {
        for (batch, reply) in work {
            let done =
                self.append.salts(batch.len()).map_err(Error::from).map(|salts| {
                    batch.into_iter().zip(salts).map(|(item, salt)| prepare(item, secrets, salt)).collect()
                });
            // The submitter hangs up only when the ledger has stopped; it reports that itself.
            drop(reply.send(done));
        }
    }

    /// Submits batch after batch and waits for receipts.
    fn submit(&self, turns: &Receiver<Turn>) -> Result<Submitted, Error> {
        let mut waiting: VecDeque<(Pending, u64)> = VecDeque::new();
        let mut submitted = Submitted::default();
        let mut replaced_in_delivery = 0;
        for turn in turns {
            let done = turn.recv().map_err(|_| Error::Worker)??;
            let mut records = 0;
            let mut leaves = Vec::with_capacity(done.len());
            for item in done {
                match item {
                    Done::Ready { prepared, record, replaced } => {
                        records += u64::from(record);
                        replaced_in_delivery += replaced.len() as u64;
                        submitted.replaced.add(&replaced);
                        leaves.push(prepared);
                    }
                    Done::Delivery(header, body) => {
                        let body = DeliveryBody { replaced: std::mem::take(&mut replaced_in_delivery), ..*body };
                        let body = canonical_json(&body);
                        leaves.extend(
                            self.append
                                .salts(1)?
                                .into_iter()
                                .map(|salt| Prepared::new(salt, header.clone(), body.clone())),
                        );
                    }
                }
            }
            waiting.push_back((self.append.submit(leaves)?, records));
            while waiting.len() > RECEIPTS_WAITING_MAX {
                self.settle(waiting.pop_front(), &mut submitted)?;
            }
        }
        while !waiting.is_empty() {
            self.settle(waiting.pop_front(), &mut submitted)?;
        }
        Ok(submitted)
    }

    /// Waits for a receipt: from here on the leaves are sealed.
    fn settle(&self, waiting: Option<(Pending, u64)>, submitted: &mut Submitted) -> Result<(), Error> {
        if let Some((pending, records)) = waiting {
            let receipt = pending.wait()?;
            submitted.records += records;
            submitted.end = submitted.end.max(receipt.first.0 + receipt.count);
            self.progress.records_sealed.fetch_add(records, Relaxed);
            (self.pace)(receipt.first.0 + receipt.count);
        }
        Ok(())
    }
}

fn prepare(item: Item, secrets: Secrets<'_>, salt: model::Salt) -> Done {
    match item {
        Item::Record(mut header, mut body) => {
            if let Some(scrubbed) = secrets.scrub(&body, &[]) {
                (header.replacements, body) = (scrubbed.replacements, scrubbed.body);
            }
            let replaced = header.replacements.clone();
            Done::Ready { prepared: Prepared::new(salt, header, body), record: true, replaced }
        }
        Item::Own(header, body) => {
            Done::Ready { prepared: Prepared::new(salt, header, body), record: false, replaced: Vec::new() }
        }
        Item::Delivery(header, body) => Done::Delivery(header, body),
    }
}

/// What the submitter saw sealed.
#[derive(Default)]
struct Submitted {
    records: u64,
    replaced: Replaced,
    end: u64,
}

/// The sending side of the queues.
struct Out {
    batch: Batch,
    bytes: usize,
    work: Sender<(Batch, Sender<Answer>)>,
    turn: Sender<Turn>,
}

impl Out {
    fn push(&mut self, item: Item) {
        self.bytes += match &item {
            Item::Record(_, body) | Item::Own(_, body) => body.len(),
            Item::Delivery(..) => 0,
        };
        self.batch.push(item);
    }

    fn full(&self) -> bool {
        self.batch.len() >= BATCH_ITEMS_MAX || self.bytes >= BATCH_BYTES_MAX
    }

    /// Hands the batch over; an error means that the other side has stopped and says why itself.
    fn flush(&mut self) -> Result<(), Error> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.bytes = 0;
        let (reply, turn) = bounded(1);
        self.turn.send(turn).map_err(|_| Error::Worker)?;
        self.work.send((std::mem::take(&mut self.batch), reply)).map_err(|_| Error::Worker)
    }
}

pub(crate) struct Reader<'a> {
    pipeline: &'a Pipeline<'a>,
    out: Out,
    pub(crate) summary: Summary,
    pub(crate) chunk: Vec<u8>,
}

/// A file at hand, and what the log knows of it.
pub(crate) struct Looked {
    pub(crate) origin: Origin,
    pub(crate) length: u64,
    pub(crate) known: Option<FileState>,
    pub(crate) beginning: Beginning,
}

/// How much of a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it.
    Whole,
    /// A part of one that grows, up to its last line feed: the rest is still being written.
    WholeLines,
    /// A part of one that grows no more.
    Rest,
}

impl Reader<'_> {
    pub(crate) fn is_stopped(&self) -> bool {
        self.pipeline.stop.load(Relaxed)
    }

    fn close(self) -> Summary {
        self.summary
    }

    fn read_all(&mut self, state: &State, seat: &Seat, inputs: Vec<Input>) -> Result<(), Error> {
        let mut source = seat.source.lock();
        // Whoever runs this has waited until all that was sealed is folded; what is under way is settled soon.
        while !state.refresh(seat, &mut source, 0)? {
            thread::sleep(SETTLING);
        }
        if source.is_new {
            self.out.push(first_word(&mut source, (self.pipeline.clock)()));
        }
        let interrupted = state.open_deliveries(source.number)?;
        for input in inputs {
            if self.pipeline.stop.load(Relaxed) {
                self.summary.stopped = true;
                break;
            }
            match input {
                Input::Stream(stream) => {
                    let origin = Origin { name: "-".to_owned(), ..Origin::default() };
                    self.deliver(state, &mut source, stream, origin, 0, None)?;
                }
                Input::Object { name, request, bytes } => {
                    let same = |open: &&OpenDelivery| open.name == name && open.request.as_ref() == Some(&request);
                    let began = interrupted.iter().find(same);
                    let origin = Origin { name: name.clone(), request: Some(request.clone()), ..Origin::default() };
                    self.deliver(state, &mut source, bytes, origin, 0, began)?;
                }
                Input::File(path) => match File::open(&path) {
                    Ok(file) => self.file(state, &mut source, &interrupted, &path, &file, Extent::Whole)?,
                    Err(error) => self.summary.unread.push(because(&path, &error)),
                },
                Input::Packed { path, file } => self.packed(state, &mut source, &interrupted, &path, &file)?,
                Input::Growing { path, file, last } => {
                    let extent = if last { Extent::Rest } else { Extent::WholeLines };
                    self.file(state, &mut source, &interrupted, &path, &file, extent)?;
                }
            }
            self.pipeline.progress.deliveries_done.fetch_add(1, Relaxed);
        }
        self.out.flush()
    }

    pub(crate) fn file(
        &mut self,
        state: &State,
        source: &mut Source,
        interrupted: &[OpenDelivery],
        path: &Path,
        file: &File,
        extent: Extent,
    ) -> Result<(), Error> {
        let looked = look(state, source.number, path, file)?;
        let (mut origin, length, known, beginning) = match looked {
            Ok(Looked { origin, length, known, beginning }) => (origin, length, known, beginning),
            Err(unread) => {
                self.summary.unread.push(unread);
                return Ok(());
            }
        };
        let mut is_copy = false;
        if let Some(known) = &known {
            self.summary.already_known += known.records;
            self.pipeline.progress.bytes_read.fetch_add(known.resume, Relaxed);
            if known.end == length {
                return Ok(());
            }
            origin.base = known.resume;
        } else if let Some(grown) = self.copied(state, source.number, &origin, &beginning, file, length)? {
            self.summary.already_known += grown.records;
            self.pipeline.progress.bytes_read.fetch_add(grown.resume, Relaxed);
            if grown.end >= length {
                return Ok(());
            }
            (origin.base, is_copy) = (grown.resume, true);
        } else if self.known_by_content(state, source.number, &origin, file)? {
            return Ok(());
        }
        let began = interrupted.iter().find(|open| open.is_part_of(&origin, &beginning)).or_else(|| {
            // One of which nothing is sealed to its end is known by nothing else.
            let may_be = is_copy || known.is_none();
            interrupted.iter().find(|open| may_be && open.is_part_of_original(&origin, &beginning))
        });
        let until = match end_of(file, extent, origin.base, length) {
            Ok(until) => until,
            Err(error) => {
                self.summary.unread.push(because(path, &error));
                return Ok(());
            }
        };
        let Some(until) = until else {
            return self.deliver(state, source, file, origin, 0, began);
        };
        if until == origin.base {
            return Ok(());
        }
        let bytes = until - origin.base;
        if extent == Extent::Whole || bytes > PART_BYTES_MAX {
            return self.deliver(state, source, file.take(bytes), origin, until, began);
        }
        // What is sealed of a growing file begins like this; the line behind it is still being written.
        let head_bytes = until.min(HEAD_BYTES);
        (origin.head_bytes, origin.head_sha256) = (Some(head_bytes), beginning.sha256(head_bytes));
        match part(file, &origin, bytes) {
            Ok(Some(part)) => {
                if length - origin.base > PART_BYTES_MAX {
                    self.summary.left += length - until;
                }
                self.deliver(state, source, part.as_slice(), origin, until, began)
            }
            // It was cut while it was read: the next look sees what it is now.
            Ok(None) => {
                self.summary.left += 1;
                Ok(())
            }
            Err(error) => {
                self.summary.unread.push(because(path, &error));
                Ok(())
            }
        }
    }

    /// Whether the content was sealed before, under this name or another. Only a file that begins like
    /// a known one is read for this.
    fn known_by_content(&mut self, state: &State, source: u32, origin: &Origin, file: &File) -> Result<bool, Error> {
        let Some(head) = origin.head_sha256 else { return Ok(false) };
        if !state.head(source, &head)? {
            return Ok(false);
        }
        // Whatever stops this look is met again, and reported, when the file is read for good.
        let Ok(Some(digests)) = self.digest(file) else { return Ok(false) };
        let Some(records) = state.content(source, &digests.content_sha256)? else { return Ok(false) };
        self.summary.already_known += records;
        self.pipeline.progress.bytes_read.fetch_add(digests.transport_bytes, Relaxed);
        Ok(true)
    }

    fn digest(&mut self, mut file: &File) -> io::Result<Option<Digests>> {
        file.seek(SeekFrom::Start(0))?;
        let mut content = Content::new(file)?;
        while content.fill(&mut self.chunk)? > 0 {
            if self.pipeline.stop.load(Relaxed) {
                return Ok(None);
            }
        }
        Ok(Some(content.digests()))
    }

    /// Reads one delivery to its end, or to what stops it.
    pub(crate) fn deliver(
        &mut self,
        state: &State,
        source: &mut Source,
        raw: impl Read,
        origin: Origin,
        length: u64,
        began: Option<&OpenDelivery>,
    ) -> Result<(), Error> {
        let name = origin.name.clone();
        let head = origin.head_sha256;
        let mut content = match Content::new(raw) {
            Ok(content) => content,
            Err(error) => {
                self.summary.unread.push(because(Path::new(&name), &error));
                return Ok(());
            }
        };
        let skip = began.map_or(0, |open| open.records);
        let number = began.map_or(source.next_delivery, |open| open.number);
        source.next_delivery = source.next_delivery.max(number + 1);
        let base = origin.base;
        let mut numbers = Numbers { source: source.number, next_seq: source.next_seq };
        let is_object = origin.is_object();
        let mut delivery = Delivery::new(origin, number, (self.pipeline.clock)(), skip);
        let ended = self.cut(&mut content, &mut delivery, &mut numbers, is_object)?;
        let Some(mut ended) = ended else {
            // Stopped: the delivery stays open, the next run cuts it again and goes on behind `records`.
            source.next_seq = numbers.next_seq;
            self.summary.stopped = true;
            return Ok(());
        };
        let encoding = content.encoding;
        let digests = content.digests();
        if ended == "end" && base + digests.transport_bytes < length {
            ended = format!("shrank from {length} to {} bytes while it was read", base + digests.transport_bytes);
        }
        if ended != "end" {
            self.summary.unread.push(Unread { path: name, reason: ended.clone() });
        } else if base == 0 {
            state.submitted(source.number, head.as_ref(), &digests.content_sha256, delivery.records);
        }
        self.summary.deliveries += 1;
        self.summary.already_known += skip.min(delivery.records);
        self.summary.bytes += digests.transport_bytes;
        delivery.finish(&digests, encoding, ended, &mut numbers, &mut |item| self.out.push(item));
        source.next_seq = numbers.next_seq;
        if self.out.full() { self.out.flush() } else { Ok(()) }
    }

    /// Feeds the content to the splitter. `None` when the run was stopped from outside, or an object could not be read
    /// to its end: it is asked for again, so what comes last must not be taken for whole.
    fn cut(
        &mut self,
        content: &mut Content<'_>,
        delivery: &mut Delivery,
        numbers: &mut Numbers,
        is_object: bool,
    ) -> Result<Option<String>, Error> {
        let mut splitter = Splitter::new(sources::split::Limits::default());
        let mut counted = 0;
        loop {
            if self.pipeline.stop.load(Relaxed) {
                return Ok(None);
            }
            let (filled, ended) = match content.fill(&mut self.chunk) {
                Ok(0) => (0, Some("end".to_owned())),
                Ok(filled) => (filled, None),
                Err(error) if is_object => {
                    let path = delivery.name().to_owned();
                    self.summary.unread.push(Unread { path, reason: error.to_string() });
                    return Ok(None);
                }
                Err(error) => (0, Some(error.to_string())),
            };
            let out = &mut self.out;
            let mut piece =
                |piece: sources::split::Piece<'_>| delivery.piece(&piece, numbers, &mut |item| out.push(item));
            match ended {
                None => splitter.push(self.chunk.get(..filled).unwrap_or_default(), &mut piece),
                Some(_) => drop(splitter.finish(&mut piece)),
            }
            if self.out.full() {
                self.out.flush()?;
            }
            let came = content.transport_bytes();
            self.pipeline.progress.bytes_read.fetch_add(came - counted, Relaxed);
            counted = came;
            if ended.is_some() {
                return Ok(ended);
            }
        }
    }
}

/// The directive with which a new source begins: its leaf 0.
pub(crate) fn first_word(source: &mut Source, received_at: Millis) -> Item {
    let Source { number, name, platform, .. } = source.clone();
    let body = Directive::Source { number, name, platform, authority: None, owner: None };
    (source.next_seq, source.is_new) = (1, false);
    let header = Header {
        kind: Kind::Directive,
        flags: 0,
        source: number,
        source_seq: 0,
        received_at,
        body_bytes: 0,
        replacements: Vec::new(),
        position: Position::default(),
    };
    Item::Own(header, canonical_json(&body))
}

/// Looks at an open file and up what the log knows of it; the inner error is a file that cannot be read.
pub(crate) fn look(state: &State, source: u32, path: &Path, file: &File) -> Result<Result<Looked, Unread>, Error> {
    let mut origin = Origin { name: path.display().to_string(), ..Origin::default() };
    let meta = match file.metadata() {
        Ok(meta) => meta,
        Err(error) => return Ok(Err(because(path, &error))),
    };
    if !meta.is_file() {
        return Ok(Ok(Looked { origin, length: 0, known: None, beginning: Beginning::default() }));
    }
    let beginning = match Beginning::of(file) {
        Ok(beginning) => beginning,
        Err(error) => return Ok(Err(because(path, &error))),
    };
    let head_bytes = beginning.bytes().len() as u64;
    (origin.head_bytes, origin.head_sha256) = (Some(head_bytes), beginning.sha256(head_bytes));
    (origin.device, origin.inode) = (Some(meta.dev()), Some(meta.ino()));
    // The same inode with another beginning is a recycled one; a shorter file was cut and begins anew.
    let known = state
        .file(source, meta.dev(), meta.ino())?
        .filter(|known| beginning.sha256(known.head_bytes) == Some(known.head_sha256) && known.end <= meta.len());
    Ok(Ok(Looked { origin, length: meta.len(), known, beginning }))
}

/// All bytes of a part of a growing file; `None` if it is not the file any more that it was when it was looked at.
fn part(mut file: &File, origin: &Origin, bytes: u64) -> io::Result<Option<Vec<u8>>> {
    file.seek(SeekFrom::Start(origin.base))?;
    let mut part = Vec::with_capacity(usize::try_from(bytes).unwrap_or(0));
    file.take(bytes).read_to_end(&mut part)?;
    let is_whole = part.len() as u64 == bytes && file.metadata()?.len() >= origin.base + bytes;
    let head = Beginning::of(file)?.sha256(origin.head_bytes.unwrap_or(0));
    Ok((is_whole && head == origin.head_sha256).then_some(part))
}

/// How far a file is to be read, with its position set to `base`; `None` is a pipe, read to its end.
fn end_of(mut file: &File, extent: Extent, base: u64, length: u64) -> io::Result<Option<u64>> {
    if !file.metadata()?.is_file() {
        return Ok(None);
    }
    let within = length.min(base.saturating_add(PART_BYTES_MAX));
    let until = match extent {
        Extent::Whole => length,
        Extent::Rest if within == length => length,
        _ => match line_end(file, base, within)? {
            // A line that is longer than a part is read as one.
            until if until == base && within < length && extent == Extent::Rest => length,
            until if until == base && within < length => line_end(file, base, length)?,
            until => until,
        },
    };
    file.seek(SeekFrom::Start(base))?;
    Ok(Some(until))
}

/// Behind the last line feed between these; the first of them if there is none.
fn line_end(mut file: &File, from: u64, to: u64) -> io::Result<u64> {
    let mut block = [0; 4_096];
    let mut until = to;
    while until > from {
        let begin = until.saturating_sub(block.len() as u64).max(from);
        let window = block.get_mut(..usize::try_from(until - begin).unwrap_or(0)).unwrap_or_default();
        file.seek(SeekFrom::Start(begin))?;
        file.read_exact(window)?;
        if let Some(at) = window.iter().rposition(|byte| *byte == b'\n') {
            return Ok(begin + at as u64 + 1);
        }
        until = begin;
    }
    Ok(from)
}
