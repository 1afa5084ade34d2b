//! Deliveries that others send: one call for each, from any number of threads at once.
//!
//! A delivery is decoded, cut and scrubbed by whoever calls; numbered, committed to and submitted under the seat of its
//! source, so that the numbers of a source have no gaps; and waited for without a thread. Nobody is
//! kept waiting before a full queue: the sender is told to come back.
//!
//! A sender that names its request (`Idempotency-Key`, a delivery id of a webhook) may send it again: what is sealed is
//! told again and not sealed twice, and what a crash cut short is gone on with. The key travels in
//! the sealed position, so this holds after a restart, too.

use std::collections::HashMap;
use std::io::Cursor;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytes::Bytes;
use ledger::{Append, ErrorKind, Pending, Reader, Signed};
use model::{Commitment, Header, Kind, LeafIndex, Millis, Prepared, canonical_json};
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};
use sources::scrub::Scrubber;
use sources::split::{Limits, Piece, Splitter};

use crate::Error;
use crate::caller::{self, Callers, Opened, Relayed};
use crate::content::{Content, Digests, Encoding};
use crate::delivery::{Delivery, Item, Numbers, Origin};
use crate::pulled::{Stream, is_object};
use crate::run::first_word;
use crate::secrets::{Replaced, Secrets};
use crate::state::{OpenDelivery, Request, Seat, Source, State};

/// Longest content of one delivery: all of it is in memory at once.
const DECODED_BYTES_MAX: usize = 64 << 20;

/// Room for what is decoded, to begin with.
const DECODED_AT_ONCE: usize = 16 << 10;

/// How long a delivery waits for others of its source.
pub(crate) const SEAT_WAIT: Duration = Duration::from_millis(250);

/// Keys remembered in memory until they are folded.
const REQUESTS_KEPT_MAX: usize = 65_536;

/// How the content of a delivery is cut into records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cut {
    /// As a file: the shape is read off the content.
    Auto,
    /// All of it is one record.
    Whole,
    /// The receiver knows where the records are: in order, none within another. The body is taken as it is, without a
    /// look for an encoding.
    At(Arc<[Range<usize>]>),
    /// The body is the beginning of one record that was too long to be kept; it is taken as it is.
    Head {
        /// Length of all of the record, bytes.
        length: u64,
        /// SHA-256 of all of it.
        sha256: [u8; 32],
    },
}

/// What a sender hands over.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// Name of its source; made if it is new.
    pub source: String,
    /// What the delivery is called: the path of the endpoint, as a rule.
    pub name: String,
    /// The sender's key for it.
    pub request: Option<String>,
    /// As it came; gzip and zstd are recognised by their first bytes.
    pub body: Bytes,
    /// How to cut it.
    pub cut: Cut,
    /// Where its records stand, if they come from a stream that numbers them itself.
    pub stream: Option<Stream>,
    /// On whose behalf it was sent.
    pub relayed: Relayed,
}

/// Why a delivery was not taken. Nothing of it is sealed, unless a crash comes between.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It holds no record.
    #[error("the body holds no record")]
    Empty,
    /// It cannot be decoded.
    #[error("the body cannot be read: {0}")]
    Damaged(String),
    /// It is longer, decoded, than a delivery may be.
    #[error("the body has more than {limit} bytes, decoded (decoded_bytes_max); send it in parts")]
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// The same key came with another body.
    #[error("key `{0}` was used for another body; a key names one delivery for good")]
    OtherBody(String),
    /// A delivery with this key is being sealed.
    #[error("a delivery with key `{0}` is being sealed; ask again")]
    InUse(String),
    /// The log, or the source, cannot take it now.
    #[error("{0}; try again later")]
    Busy(String),
    /// Writing has stopped, or the positions cannot be read.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<ledger::Error> for Refused {
    fn from(error: ledger::Error) -> Refused {
        match error.kind() {
            ErrorKind::Unavailable => Refused::Busy(error.to_string()),
            ErrorKind::Invalid => Refused::Damaged(error.to_string()),
            _ => Refused::Failed(Error::Ledger(error)),
        }
    }
}

/// A record as it is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its leaf.
    pub index: LeafIndex,
    /// RFC 6962 hash of that leaf.
    pub leaf_hash: [u8; 32],
}

/// A delivery that is sealed: durable, and under a signed checkpoint.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// Its records, in their order; those that were sealed before a crash are not among them.
    pub records: Vec<Receipt>,
    /// Records that were sealed before: all of a delivery that was sent again.
    pub already_known: u64,
    /// Known secrets replaced.
    pub replaced: Replaced,
    /// Covers all records.
    pub checkpoint: Signed,
}

/// Where deliveries come in. Cheap to share; all of it may be called at once.
pub struct Door {
    pub(crate) append: Append,
    pub(crate) reader: Reader,
    pub(crate) scrubber: Arc<Scrubber>,
    pub(crate) state: Arc<State>,
    pub(crate) clock: fn() -> Millis,
    /// Requests under way, and those that are sealed and perhaps not folded yet.
    pub(crate) requests: Mutex<HashMap<(u32, String), Known>>,
}

#[derive(Clone, Debug)]
pub(crate) enum Known {
    UnderWay,
    Done(Request),
    /// An object that is sealed to its end, in a log of at least this size.
    Object {
        records: u64,
        size: u64,
    },
    /// An object that was begun; where it stands is known once so much is folded.
    Begun {
        size: u64,
    },
}

impl Known {
    /// What the fold of so much of the log says as well.
    fn is_folded(&self, folded: u64) -> bool {
        match self {
            Known::UnderWay => false,
            Known::Done(done) => done.first + done.records < folded,
            Known::Object { size, .. } | Known::Begun { size } => *size <= folded,
        }
    }
}

/// A delivery that was submitted.
#[derive(Debug)]
pub struct Submitted {
    pending: Pending,
    /// Commitments of its leaves; none for a leaf that is no record.
    commitments: Vec<Option<Commitment>>,
    already_known: u64,
    replaced: Replaced,
    seat: Arc<Seat>,
    request: Option<(u32, String, Request)>,
}

/// What [`Door::submit`] comes to.
#[derive(Debug)]
pub enum Submission {
    /// It is on its way: [`Door::seal`] waits for it.
    Submitted(Submitted),
    /// It had been sealed before.
    Repeated(Sealed),
}

impl Door {
    /// In front of a log. `state` has to have folded all of it.
    pub fn new(
        append: Append,
        reader: Reader,
        scrubber: Arc<Scrubber>,
        state: Arc<State>,
        clock: fn() -> Millis,
    ) -> Door {
        Door { append, reader, scrubber, state, clock, requests: Mutex::default() }
    }

    /// Whether the log takes records now.
    ///
    /// # Errors
    /// Busy, with the reason (a full disk, say); Failed, if writing has stopped for good.
    pub fn ready(&self) -> Result<(), Refused> {
        self.append.ready().map_err(Refused::from)
    }

    /// Queues a leaf of the log itself; its future says when it is sealed.
    ///
    /// # Errors
    /// Busy or Failed, as for a delivery.
    pub fn own(&self, kind: Kind, body: Vec<u8>) -> Result<Pending, Refused> {
        Ok(self.append.try_submit_own(kind, body)?)
    }

    /// Cuts, scrubs and submits a delivery. Takes as long as its bytes take; does not wait for the disk.
    ///
    /// # Errors
    /// See [`Refused`]; nothing was submitted then.
    pub fn submit(&self, parcel: &Parcel) -> Result<Submission, Refused> {
        self.submit_opened(parcel, &Door::open(parcel)?)
    }

    /// Decodes a delivery. Most come as they are: those are neither copied nor decoded.
    ///
    /// # Errors
    /// Damaged or TooLong.
    pub fn open(parcel: &Parcel) -> Result<Opened, Refused> {
        let is_cut = matches!(parcel.cut, Cut::At(_) | Cut::Head { .. });
        if is_cut || Encoding::of(&parcel.body) == Encoding::None {
            if parcel.body.len() > DECODED_BYTES_MAX {
                return Err(Refused::TooLong { limit: DECODED_BYTES_MAX });
            }
            let (content, digests) = (parcel.body.clone(), Digests::plain(&parcel.body));
            return Ok(Opened { content, encoding: Encoding::None, digests });
        }
        let damaged = |error: std::io::Error| Refused::Damaged(error.to_string());
        let mut content = Content::new(Cursor::new(&parcel.body)).map_err(damaged)?;
        let decoded = read(&mut content, parcel.body.len(), DECODED_BYTES_MAX)?;
        Ok(Opened { content: decoded.into(), encoding: content.encoding, digests: content.digests() })
    }

    /// As [`Door::submit`], for a delivery that is decoded: the same that [`Door::open`] was called with, but for what
    /// was found out about its callers meanwhile.
    ///
    /// # Errors
    /// See [`Refused`]; nothing was submitted then.
    pub fn submit_opened(&self, parcel: &Parcel, opened: &Opened) -> Result<Submission, Refused> {
        let Opened { content, encoding, digests } = opened;
        let seat = self.state.seat(&parcel.source, "auto")?;
        let received_at = (self.clock)();
        // A file that is being read into the source holds its seat: minutes, perhaps.
        let Some(mut source) = seat.source.try_lock_for(SEAT_WAIT) else {
            return Err(Refused::Busy(format!("source `{}` is busy with files", parcel.source)));
        };
        let is_stale = seat.is_stale.load(Relaxed);
        if is_stale && !self.state.refresh(&seat, &mut source, self.reader.view()?.size().0)? {
            return Err(Refused::Busy(format!("source `{}` looks up what was sealed of it", parcel.source)));
        }
        let mut began = None;
        if let Some(key) = &parcel.request {
            match self.known(source.number, &parcel.name, key)? {
                Some(Known::Object { records, .. }) => {
                    let checkpoint = self.reader.view()?.checkpoint().clone();
                    let sealed = Sealed {
                        records: Vec::new(),
                        already_known: records,
                        replaced: Replaced::default(),
                        checkpoint,
                    };
                    return Ok(Submission::Repeated(sealed));
                }
                Some(Known::Begun { .. }) => {
                    return Err(Refused::Busy(format!("what was sealed of `{key}` is being looked up")));
                }
                Some(Known::UnderWay) => return Err(Refused::InUse(key.clone())),
                Some(Known::Done(done)) if done.content_sha256 != digests.content_sha256 => {
                    return Err(Refused::OtherBody(key.clone()));
                }
                Some(Known::Done(done)) => {
                    let number = source.number;
                    drop(source);
                    return self.again(number, &done).map(Submission::Repeated);
                }
                None => {}
            }
            let open = self.state.open_deliveries(source.number)?;
            let is_object = is_object(&parcel.name);
            let same_kind = |open: &OpenDelivery| if is_object { open.name == parcel.name } else { !open.is_object() };
            began = open.into_iter().find(|open| open.request.as_ref() == Some(key) && same_kind(open));
        }
        let skip = began.as_ref().map_or(0, |open| open.records);
        let cut = Piecework { parcel, content, received_at, began: began.as_ref() };
        let before = source.clone();
        let submitted = self.leaves(cut, &mut source, *encoding, digests).and_then(|work| {
            let pending = self.append.try_submit(work.leaves)?;
            Ok((pending, work.commitments, work.replaced, work.records, work.number))
        });
        let (pending, commitments, replaced, records, number) = match submitted {
            Ok(submitted) => submitted,
            Err(refused) => {
                // No number was used: the next delivery gets them.
                *source = before;
                return Err(refused);
            }
        };
        let request = parcel.request.as_ref().map(|key| {
            let content_sha256 = digests.content_sha256;
            let first = began.as_ref().map_or(u64::MAX, |open| open.first);
            let request = Request { first, delivery: number, records, content_sha256, received_at: received_at.0 };
            let key = remembered(&parcel.name, key);
            self.requests.lock().insert((source.number, key.clone()), Known::UnderWay);
            (source.number, key, request)
        });
        seat.under_way.fetch_add(1, Relaxed);
        drop(source);
        let already_known = skip;
        Ok(Submission::Submitted(Submitted { pending, commitments, already_known, replaced, seat, request }))
    }

    /// Waits for a delivery. When this returns, its records are sealed.
    ///
    /// # Errors
    /// As for [`ledger::Pending`]; a delivery that spans groups may be in the log in part.
    pub async fn seal(&self, submitted: Submitted) -> Result<Sealed, Refused> {
        let Submitted { pending, commitments, already_known, replaced, seat, request } = submitted;
        let settled = pending.await;
        if settled.is_err() {
            // Its numbers may be in the log or not: whoever comes next goes on from what the log says.
            seat.is_stale.store(true, Relaxed);
        }
        seat.under_way.fetch_sub(1, Relaxed);
        let receipt = match settled {
            Ok(receipt) => receipt,
            Err(error) => {
                if let Some((source, key, _)) = request {
                    self.requests.lock().remove(&(source, key));
                }
                return Err(error.into());
            }
        };
        let numbered = (0..).zip(commitments);
        let records: Vec<Receipt> = numbered
            .filter_map(|(nth, commitment)| {
                let leaf_hash = receipt.leaf_hash(nth, commitment?);
                Some(Receipt { index: LeafIndex(receipt.first.0 + nth), leaf_hash })
            })
            .collect();
        if let Some((number, key, request)) = request {
            // Of one that a crash cut short, the first record is from before.
            let first = records.first().map_or(receipt.first.0, |first| first.index.0).min(request.first);
            let known = match is_object(&key) {
                true => Known::Object { records: request.records, size: receipt.first.0 + receipt.count },
                false => Known::Done(Request { first, ..request }),
            };
            self.remember(number, key, known);
        }
        Ok(Sealed { records, already_known, replaced, checkpoint: receipt.checkpoint })
    }

    pub(crate) fn remember(&self, source: u32, key: String, known: Known) {
        let mut requests = self.requests.lock();
        let folded = self.state.applied_through().0;
        if requests.len() > REQUESTS_KEPT_MAX {
            requests.retain(|_, known| !known.is_folded(folded));
        }
        requests.insert((source, key), known);
    }

    pub(crate) fn known(&self, source: u32, name: &str, key: &str) -> Result<Option<Known>, Error> {
        let here = self.requests.lock().get(&(source, remembered(name, key))).cloned();
        let folded = self.state.applied_through().0;
        if let Some(known) = here.filter(|known| !matches!(known, Known::Begun { .. }) || !known.is_folded(folded)) {
            return Ok(Some(known));
        }
        if is_object(name) {
            let object = self.state.object(source, name, key)?;
            return Ok(object.map(|records| Known::Object { records, size: 0 }));
        }
        Ok(self.state.request(source, key)?.map(Known::Done))
    }

    /// What was said of a delivery when it was sealed.
    fn again(&self, source: u32, request: &Request) -> Result<Sealed, Refused> {
        let view = self.reader.view()?;
        let mut records = Vec::new();
        let mut index = request.first;
        // Its leaves follow each other, unless a crash came between.
        while (records.len() as u64) < request.records && index < view.size().0 {
            let leaf = view.leaf(LeafIndex(index))?;
            let header = Header::decode(&leaf.header).map_err(|error| Refused::Damaged(error.to_string()))?;
            let here = header.source == source && header.position.delivery == Some(request.delivery);
            if here && header.kind == Kind::Record {
                records.push(Receipt { index: LeafIndex(index), leaf_hash: leaf.leaf_hash() });
            } else if here {
                break;
            }
            index += 1;
        }
        let (replaced, checkpoint) = (Replaced::default(), view.checkpoint().clone());
        Ok(Sealed { records, already_known: request.records, replaced, checkpoint })
    }

    /// The leaves of a delivery, with the numbers of its source.
    fn leaves(
        &self,
        work: Piecework<'_>,
        source: &mut Source,
        encoding: Encoding,
        digests: &Digests,
    ) -> Result<Leaves, Refused> {
        let mut items = Vec::new();
        if source.is_new {
            items.push(first_word(source, work.received_at));
        }
        let stream = work.parcel.stream.as_ref();
        let origin = Origin {
            name: work.parcel.name.clone(),
            request: work.parcel.request.clone(),
            base: stream.map_or(0, |stream| stream.begin),
            offsets: stream.map(|stream| Arc::clone(&stream.offsets)),
            ..Origin::default()
        };
        // An empty object is known by that, and where a stream is begun is said before anything has come.
        let may_be_empty = stream.is_some() || origin.is_object();
        let number = work.began.map_or(source.next_delivery, |open| open.number);
        source.next_delivery = source.next_delivery.max(number + 1);
        let mut numbers = Numbers { source: source.number, next_seq: source.next_seq };
        let mut delivery = Delivery::new(origin, number, work.received_at, work.began.map_or(0, |open| open.records));
        let relayed = &work.parcel.relayed;
        let has_tokens = relayed.is_in_records() && caller::may_have_tokens(work.content);
        let mut callers = Callers::default();
        work.cut(&mut |piece| {
            if let Piece::Record { bytes, .. } = piece
                && has_tokens
            {
                callers.of_record(delivery.records, bytes, relayed);
            }
            delivery.piece(piece, &mut numbers, &mut |item| items.push(item));
        });
        let records = delivery.records;
        delivery.callers = callers.behind(relayed, records);
        if records == 0 && !may_be_empty {
            return Err(Refused::Empty);
        }
        delivery.finish(digests, encoding, "end".to_owned(), &mut numbers, &mut |item| items.push(item));
        source.next_seq = numbers.next_seq;
        let salts = self.append.salts(items.len())?;
        let mut done = Leaves {
            leaves: Vec::with_capacity(items.len()),
            commitments: Vec::new(),
            replaced: Replaced::default(),
            records,
            number,
        };
        let secrets = Secrets { scrubber: &self.scrubber, on: self.state.is_scrubbed(&source.name) };
        for (item, salt) in items.into_iter().zip(salts) {
            done.push(item, salt, secrets, has_tokens);
        }
        Ok(done)
    }
}

/// How a request is remembered here: objects apart from the keys of senders, who may choose any.
pub(crate) fn remembered(name: &str, key: &str) -> String {
    if is_object(name) { format!("{name}\n{key}") } else { key.to_owned() }
}

/// All of a content that is not longer than `limit`.
fn read(content: &mut Content<'_>, length: usize, limit: usize) -> Result<Vec<u8>, Refused> {
    let mut decoded = vec![0; length.max(DECODED_AT_ONCE)];
    let mut filled = 0;
    loop {
        let room = decoded.get_mut(filled..).unwrap_or_default();
        match content.fill(room).map_err(|error| Refused::Damaged(error.to_string()))? {
            0 => break,
            count => filled += count,
        }
        if filled > limit {
            return Err(Refused::TooLong { limit });
        }
        if filled == decoded.len() {
            decoded.resize((filled * 2).min(limit + 1), 0);
        }
    }
    decoded.truncate(filled);
    Ok(decoded)
}

/// Whether a body is gzip or zstd, by its first bytes.
pub fn is_packed(body: &[u8]) -> bool {
    Encoding::of(body) != Encoding::None
}

/// The content of a body, for a receiver that has to find the records in it ([`Cut::At`]).
///
/// # Errors
/// Damaged, or too long for `limit`.
pub fn decode(body: &[u8], limit: usize) -> Result<Vec<u8>, Refused> {
    let damaged = |error: std::io::Error| Refused::Damaged(error.to_string());
    read(&mut Content::new(Cursor::new(body)).map_err(damaged)?, body.len(), limit)
}

/// Leaves ready for the writer.
struct Leaves {
    leaves: Vec<Prepared>,
    commitments: Vec<Option<Commitment>>,
    replaced: Replaced,
    records: u64,
    number: u64,
}

impl Leaves {
    fn push(&mut self, item: Item, salt: model::Salt, secrets: Secrets<'_>, has_tokens: bool) {
        let prepared = match item {
            Item::Record(mut header, mut body) => {
                let tokens = if has_tokens { caller::token_ranges(&body) } else { Vec::new() };
                if let Some(scrubbed) = secrets.scrub(&body, &tokens) {
                    self.replaced.add(&scrubbed.replacements);
                    (header.replacements, body) = (scrubbed.replacements, scrubbed.body);
                }
                let prepared = Prepared::new(salt, header, body);
                self.commitments.push(Some(prepared.commitment));
                self.leaves.push(prepared);
                return;
            }
            Item::Own(header, body) => Prepared::new(salt, header, body),
            Item::Delivery(header, body) => {
                let mut body = *body;
                caller::scrub_gaps(&mut body.gaps, secrets, &mut self.replaced);
                body.replaced = self.replaced.total();
                Prepared::new(salt, header, canonical_json(&body))
            }
        };
        self.commitments.push(None);
        self.leaves.push(prepared);
    }
}

/// A delivery being cut.
pub(crate) struct Piecework<'p> {
    pub(crate) parcel: &'p Parcel,
    pub(crate) content: &'p [u8],
    pub(crate) received_at: Millis,
    /// What was sealed of it before a crash.
    pub(crate) began: Option<&'p OpenDelivery>,
}

impl Piecework<'_> {
    pub(crate) fn cut(&self, out: &mut impl FnMut(&Piece<'_>)) {
        match self.parcel.cut {
            Cut::Auto => {
                let mut splitter = Splitter::new(Limits::default());
                splitter.push(self.content, &mut |piece| out(&piece));
                splitter.finish(&mut |piece| out(&piece));
            }
            Cut::Whole if self.content.is_empty() => {}
            Cut::Whole => record_at(0, self.content, out),
            Cut::At(ref ranges) => at(self.content, ranges, out),
            Cut::Head { length, sha256 } => {
                let cut = Some(sources::split::Cut { length, sha256 });
                out(&Piece::Record { offset: 0, bytes: self.content, cut });
            }
        }
    }
}

/// Records where they are said to be; a range that is not behind the one before, or not in the content, is none.
fn at(content: &[u8], ranges: &[Range<usize>], out: &mut impl FnMut(&Piece<'_>)) {
    let mut end = 0;
    for range in ranges {
        let (Some(between), Some(record)) = (content.get(end..range.start), content.get(range.clone())) else {
            continue;
        };
        if !between.is_empty() {
            out(&Piece::Between { offset: end as u64, bytes: between });
        }
        record_at(range.start as u64, record, out);
        end = range.end;
    }
    if let Some(rest) = content.get(end..).filter(|rest| !rest.is_empty()) {
        out(&Piece::Between { offset: end as u64, bytes: rest });
    }
}

/// A record as the splitter would hand it out: of one that is too long, the beginning, its length and its digest.
fn record_at(offset: u64, record: &[u8], out: &mut impl FnMut(&Piece<'_>)) {
    let limits = Limits::default();
    let is_long = record.len() > limits.record_bytes_max;
    let kept = record.get(..limits.kept_bytes).filter(|_| is_long);
    let cut = kept.map(|_| sources::split::Cut { length: record.len() as u64, sha256: Sha256::digest(record).into() });
    out(&Piece::Record { offset, bytes: kept.unwrap_or(record), cut });
}

#[cfg(test)]
mod tests {
    use ledger::{InitOptions, Ledger, Options, Selection, SystemClock};

    use super::*;

    /// Numbers that were given out and are perhaps not in the log: the next delivery goes on from what is.
    #[test]
    fn after_a_failure_numbers_go_on_from_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let (clock, limits) = (Arc::new(SystemClock::new()), Options::default());
        let options = InitOptions { origin: None, options: limits.clone() };
        let log = ledger::init(folder.path(), &options, clock.as_ref()).unwrap();
        let ledger = Ledger::open(folder.path(), &log.short, limits, clock).unwrap();
        let state = Arc::new(State::open(&folder.path().join("state.redb")).unwrap());
        let scrubber = Arc::new(Scrubber::new([7; 32]).unwrap());
        let door = Door::new(ledger.append(), ledger.reader(), scrubber, Arc::clone(&state), || Millis(1));
        let parcel = Parcel {
            source: "net".to_owned(),
            name: "/test".to_owned(),
            request: None,
            body: Bytes::from_static(b"{}"),
            cut: Cut::Auto,
            stream: None,
            relayed: Relayed::default(),
        };
        let send = || match door.submit(&parcel)? {
            Submission::Submitted(submitted) => {
                let receipt = submitted.pending.wait()?;
                submitted.seat.under_way.fetch_sub(1, Relaxed);
                Ok(receipt)
            }
            Submission::Repeated(_) => Err(Refused::Empty),
        };
        send().unwrap();
        let seat = state.seat("net", "auto").unwrap();
        seat.source.lock().next_seq += 5;
        seat.is_stale.store(true, Relaxed);
        assert!(matches!(send(), Err(Refused::Busy(_))), "not folded");
        let leaves = || -> Vec<(LeafIndex, Header, Bytes)> {
            let view = ledger.reader().view().unwrap();
            let scan = view.scan(0..view.size().0, Selection { bodies: true, only: None }).flat_map(Result::unwrap);
            scan.map(|leaf| (leaf.index, Header::decode(&leaf.header).unwrap(), leaf.body)).collect()
        };
        leaves().iter().for_each(|(index, header, body)| state.apply(*index, header, body).unwrap());
        seat.under_way.store(1, Relaxed);
        assert!(matches!(send(), Err(Refused::Busy(_))), "something is under way");
        seat.under_way.store(0, Relaxed);
        send().unwrap();
        let of_source = |(_, header, _): &(LeafIndex, Header, Bytes)| (header.source == 1).then_some(header.source_seq);
        assert_eq!(leaves().iter().filter_map(of_source).collect::<Vec<_>>(), [0, 1, 2]);
    }
}
