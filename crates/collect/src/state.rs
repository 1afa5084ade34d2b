//! What has been collected before: a fold of the log, kept in `state/collect.redb` so that it need not be
//! folded from the first leaf at each start. Delete the file and the next run makes it again.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use model::{DeliveryBody, Directive, FLAG_TRUNCATED, Header, Kind, LeafIndex, Position};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::delivery::Origin;
use crate::grown::{Beginning, Grown, Part, may_be_copy};
use crate::pulled::{StreamState, is_object, is_resource, is_stream, object_key, stream_key};
use crate::run::HEAD_BYTES;
use crate::secrets::Unscrubbed;
use crate::store::{Fresh, Store};

/// A configured stream of records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its number in sealed headers; 0 is the log itself.
    pub number: u32,
    /// The name people use.
    pub name: String,
    /// `auto` or the name of a platform.
    pub platform: String,
    /// The next number of a leaf of this source.
    pub next_seq: u64,
    /// The next number of a delivery of this source.
    pub next_delivery: u64,
    /// No directive names it yet: whoever gives out its first number seals one.
    #[serde(skip)]
    pub(crate) is_new: bool,
}

/// A file as far as it has been collected, by device and inode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileState {
    pub(crate) head_bytes: u64,
    pub(crate) head_sha256: [u8; 32],
    /// Where to go on: the end of what is sealed, or the beginning of an unfinished last line.
    pub(crate) resume: u64,
    /// Length of the file when it was last read.
    pub(crate) end: u64,
    /// Records sealed from it.
    pub(crate) records: u64,
}

/// A delivery whose end is not sealed: the run that began it was stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OpenDelivery {
    pub(crate) number: u64,
    pub(crate) name: String,
    pub(crate) device: Option<u64>,
    pub(crate) inode: Option<u64>,
    /// Bytes that the digest of its beginning covers: the file may have grown since.
    #[serde(default)]
    pub(crate) head_bytes: Option<u64>,
    pub(crate) head_sha256: Option<[u8; 32]>,
    pub(crate) base: u64,
    /// Records sealed.
    pub(crate) records: u64,
    last_offset: u64,
    /// Key that the sender gave.
    #[serde(default)]
    pub(crate) request: Option<String>,
    /// Leaf of its first record.
    #[serde(default)]
    pub(crate) first: u64,
}

impl OpenDelivery {
    /// Whether it is this part of this file.
    pub(crate) fn is_part_of(&self, origin: &Origin, beginning: &Beginning) -> bool {
        let is_same_file = self.device == origin.device && self.inode == origin.inode;
        is_same_file && self.begins(origin, beginning)
    }

    /// Whether it is this part of a file that this one is a copy of.
    pub(crate) fn is_part_of_original(&self, origin: &Origin, beginning: &Beginning) -> bool {
        let is_long = self.head_bytes.is_some_and(|bytes| bytes >= HEAD_BYTES);
        let may_be = is_long || may_be_copy(&self.name, &origin.name);
        self.device.is_some() && may_be && self.begins(origin, beginning)
    }

    fn begins(&self, origin: &Origin, beginning: &Beginning) -> bool {
        let head = self.head_bytes.map_or(origin.head_sha256, |bytes| beginning.sha256(bytes));
        self.head_sha256 == head && self.base == origin.base
    }

    /// Begun by reading an object, not by a sender.
    pub(crate) fn is_object(&self) -> bool {
        self.device.is_none() && is_object(&self.name)
    }
}

/// A delivery over the network that is sealed to its end, known by the key that its sender gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Request {
    /// Leaf of its first record.
    pub(crate) first: u64,
    /// Number of the delivery at its source.
    pub(crate) delivery: u64,
    pub(crate) records: u64,
    pub(crate) content_sha256: [u8; 32],
    pub(crate) received_at: u64,
}

/// A source with the numbers that it gives out: whoever holds it submits in their order.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) source: Mutex<Source>,
    /// Something that was submitted failed: what was given out may not be in the log.
    pub(crate) is_stale: AtomicBool,
    /// Deliveries that were submitted and not settled.
    pub(crate) under_way: AtomicU64,
}

/// What the log says about deliveries, by source. Shared: a run looks things up while the fold of
/// what it has sealed goes on behind it.
pub struct State {
    store: Store,
    folded: Mutex<Folded>,
    /// By name, with the number of the source. What was given out here may be ahead of what was folded.
    seats: Mutex<BTreeMap<String, (u32, Arc<Seat>)>>,
}

struct Folded {
    applied_through: u64,
    /// Folded, not yet written.
    fresh: Fresh,
    unscrubbed: Unscrubbed,
    /// Of the run that is under way: submitted, perhaps not sealed, never written.
    ahead: Fresh,
}

impl State {
    /// Opens or makes the file. Only the process that holds the log's lock opens it.
    pub fn open(path: &Path) -> Result<State, Error> {
        let (store, applied_through) = Store::open(path)?;
        let mut unscrubbed = Unscrubbed::default();
        // A release that kept no directives knew none about this.
        let kept = store.directives_kept()?;
        kept.values().flat_map(|body| serde_json::from_slice(body)).for_each(|directive| unscrubbed.apply(&directive));
        let folded = Folded { applied_through, fresh: Fresh::default(), unscrubbed, ahead: Fresh::default() };
        Ok(State { store, folded: Mutex::new(folded), seats: Mutex::default() })
    }

    /// The first leaf that has not been folded.
    pub fn applied_through(&self) -> LeafIndex {
        LeafIndex(self.folded.lock().applied_through)
    }

    /// Folds one leaf in; one that was folded before changes nothing. `body` is read for directives and
    /// deliveries only.
    pub fn apply(&self, index: LeafIndex, header: &Header, body: &[u8]) -> Result<(), Error> {
        self.folded.lock().apply(&self.store, index, header, body)
    }

    /// Makes what was folded durable. To be called when no run is under way and the fold has caught up.
    /// The log is the truth: losing this loses time only.
    pub fn commit(&self) -> Result<(), Error> {
        let mut folded = self.folded.lock();
        self.store.write(folded.applied_through, &folded.fresh)?;
        folded.fresh = Fresh::default();
        folded.ahead = Fresh::default();
        Ok(())
    }

    /// All directives that were folded, as they are sealed, in their order; none if this file was begun by a version that
    /// kept none.
    pub fn directives(&self) -> Result<Option<Vec<Vec<u8>>>, Error> {
        let folded = self.folded.lock();
        let mut directives = self.store.directives()?;
        if let Some(directives) = &mut directives {
            directives.extend(folded.fresh.directives.clone());
        }
        Ok(directives.map(|directives| directives.into_values().collect()))
    }

    /// Whether known secrets of a source are replaced: they are, unless the operator has said otherwise.
    pub fn is_scrubbed(&self, source: &str) -> bool {
        !self.folded.lock().unscrubbed.contains(source)
    }

    /// The source of this name.
    pub fn source(&self, name: &str) -> Result<Option<Source>, Error> {
        Ok(self.sources()?.into_iter().find(|source| source.name == name))
    }

    /// All sources, by number.
    pub fn sources(&self) -> Result<Vec<Source>, Error> {
        let mut sources = self.store.sources()?;
        let folded = self.folded.lock();
        sources.extend(folded.fresh.sources.clone());
        Ok(sources.into_values().collect())
    }

    /// The seat of a source, made if it is new.
    pub(crate) fn seat(&self, name: &str, platform: &str) -> Result<Arc<Seat>, Error> {
        let mut seats = self.seats.lock();
        if let Some((_, seat)) = seats.get(name) {
            return Ok(Arc::clone(seat));
        }
        let known = self.source(name)?;
        let source = match known {
            Some(source) => source,
            None => Source {
                number: self.next_number(&seats)?,
                name: name.to_owned(),
                platform: platform.to_owned(),
                next_seq: 0,
                next_delivery: 0,
                is_new: true,
            },
        };
        let number = source.number;
        let seat = Seat { source: Mutex::new(source), is_stale: AtomicBool::new(false), under_way: AtomicU64::new(0) };
        let seat = Arc::new(seat);
        seats.insert(name.to_owned(), (number, Arc::clone(&seat)));
        Ok(seat)
    }

    /// The number of a source of this name: its own, or the next that nobody has.
    ///
    /// # Errors
    /// State, if the positions cannot be read.
    pub fn number(&self, name: &str) -> Result<u32, Error> {
        let seats = self.seats.lock();
        if let Some((number, _)) = seats.get(name) {
            return Ok(*number);
        }
        let known = self.source(name)?;
        known.map_or_else(|| self.next_number(&seats), |source| Ok(source.number))
    }

    fn next_number(&self, seats: &BTreeMap<String, (u32, Arc<Seat>)>) -> Result<u32, Error> {
        let seated = seats.values().map(|(number, _)| *number);
        Ok(self.sources()?.into_iter().map(|source| source.number).chain(seated).max().map_or(1, |last| last + 1))
    }

    /// Where something that was submitted failed, goes on from what the log of this size says of the source. False
    /// while that cannot be told: something is under way, or not all of the log is folded.
    pub(crate) fn refresh(&self, seat: &Seat, source: &mut Source, size: u64) -> Result<bool, Error> {
        if !seat.is_stale.load(Relaxed) {
            return Ok(true);
        }
        if seat.under_way.load(Relaxed) > 0 || self.applied_through().0 < size {
            return Ok(false);
        }
        match self.source(&source.name)? {
            Some(known) => *source = known,
            None => (source.next_seq, source.next_delivery, source.is_new) = (0, 0, true),
        }
        seat.is_stale.store(false, Relaxed);
        Ok(true)
    }

    /// The delivery that was sealed under this key of its sender.
    pub(crate) fn request(&self, source: u32, key: &str) -> Result<Option<Request>, Error> {
        let key = request_key(source, key);
        match self.folded.lock().fresh.requests.get(&key) {
            Some(request) => Ok(Some(request.clone())),
            None => self.store.request(&key),
        }
    }

    /// The growing file that begins so.
    pub(crate) fn grown(&self, source: u32, head_sha256: &[u8; 32]) -> Result<Option<Grown>, Error> {
        let key = digest_key(source, head_sha256);
        self.folded.lock().grown(&self.store, &key)
    }

    /// Records of an object that is sealed to its end.
    pub(crate) fn object(&self, source: u32, name: &str, request: &str) -> Result<Option<u64>, Error> {
        let key = object_key(source, name, request);
        match self.folded.lock().fresh.objects.get(&key) {
            Some(records) => Ok(Some(*records)),
            None => self.store.object(&key),
        }
    }

    /// The offset behind the last that is sealed of a stream.
    pub(crate) fn next_offset(&self, source: u32, name: &str) -> Result<Option<u64>, Error> {
        let stream = self.folded.lock().stream(&self.store, &stream_key(source, name))?;
        Ok(stream.map(|stream| stream.next))
    }

    /// Leaves of the last record of each resource of a source.
    pub(crate) fn resources(&self, source: u32) -> Result<Vec<u64>, Error> {
        let mut found = self.store.resources(source)?;
        let of_source = source.to_be_bytes();
        let folded = self.folded.lock();
        found.extend(
            folded
                .fresh
                .resources
                .iter()
                .filter(|(key, _)| key.starts_with(&of_source))
                .map(|(key, leaf)| (key.clone(), *leaf)),
        );
        Ok(found.into_values().collect())
    }

    /// Records of the delivery with this content, if it was sealed before.
    pub(crate) fn content(&self, source: u32, sha256: &[u8; 32]) -> Result<Option<u64>, Error> {
        let key = digest_key(source, sha256);
        let folded = self.folded.lock();
        match folded.ahead.contents.get(&key).or(folded.fresh.contents.get(&key)) {
            Some(records) => Ok(Some(*records)),
            None => self.store.content(&key),
        }
    }

    /// Whether any delivery began with these bytes: if not, it cannot be known.
    pub(crate) fn head(&self, source: u32, sha256: &[u8; 32]) -> Result<bool, Error> {
        let key = digest_key(source, sha256);
        let folded = self.folded.lock();
        let fresh = folded.ahead.heads.contains_key(&key) || folded.fresh.heads.contains_key(&key);
        Ok(fresh || self.store.head(&key)?)
    }

    /// How far this file has been collected.
    pub(crate) fn file(&self, source: u32, device: u64, inode: u64) -> Result<Option<FileState>, Error> {
        self.folded.lock().file(&self.store, source, device, inode)
    }

    /// Deliveries of a source that were begun and not ended. Few: at most one for each run that was
    /// stopped.
    pub(crate) fn open_deliveries(&self, source: u32) -> Result<Vec<OpenDelivery>, Error> {
        let mut found = self.store.open_deliveries()?;
        for (key, open) in &self.folded.lock().fresh.open {
            match open {
                Some(open) => drop(found.insert(key.clone(), open.clone())),
                None => drop(found.remove(key)),
            }
        }
        found.retain(|key, _| key.starts_with(&source.to_be_bytes()));
        Ok(found.into_values().collect())
    }

    /// Forgets what was submitted by a run that failed: it may not be in the log.
    pub(crate) fn failed(&self) {
        self.folded.lock().ahead = Fresh::default();
    }

    /// Remembers, for the rest of this run only, a delivery that has been submitted.
    pub(crate) fn submitted(&self, source: u32, head: Option<&[u8; 32]>, content: &[u8; 32], records: u64) {
        let ahead = &mut self.folded.lock().ahead;
        ahead.contents.insert(digest_key(source, content), records);
        ahead.heads.extend(head.map(|head| (digest_key(source, head), ())));
    }
}

impl Folded {
    fn apply(&mut self, store: &Store, index: LeafIndex, header: &Header, body: &[u8]) -> Result<(), Error> {
        if index.0 < self.applied_through {
            return Ok(());
        }
        self.applied_through = index.0 + 1;
        match header.kind {
            Kind::Directive => {
                self.fresh.directives.insert(index.0, body.to_vec());
                let directive = serde_json::from_slice(body);
                directive.iter().for_each(|directive| self.unscrubbed.apply(directive));
                if let Ok(Directive::Source { number, name, platform, .. }) = directive {
                    // A source that is set again goes on with the numbers it has given out.
                    let known = match self.fresh.sources.remove(&number) {
                        Some(known) => Some(known),
                        None => store.sources()?.remove(&number),
                    };
                    let (next_seq, next_delivery) = known.map_or((0, 0), |known| (known.next_seq, known.next_delivery));
                    self.fresh
                        .sources
                        .insert(number, Source { number, name, platform, next_seq, next_delivery, is_new: false });
                }
                self.count(store, header)
            }
            Kind::Record => {
                self.count(store, header)?;
                self.apply_record(store, index, header)
            }
            Kind::Delivery => {
                self.count(store, header)?;
                match serde_json::from_slice::<DeliveryBody>(body) {
                    Ok(delivery) => self.apply_delivery(store, header, &delivery),
                    // Sealed by a newer version: nothing can be known of it here.
                    Err(_) => Ok(()),
                }
            }
            _ => self.count(store, header),
        }
    }

    fn count(&mut self, store: &Store, header: &Header) -> Result<(), Error> {
        if !self.fresh.sources.contains_key(&header.source)
            && let Some(source) = store.sources()?.remove(&header.source)
        {
            self.fresh.sources.insert(header.source, source);
        }
        if let Some(source) = self.fresh.sources.get_mut(&header.source) {
            source.next_seq = source.next_seq.max(header.source_seq + 1);
            if let Some(delivery) = header.position.delivery {
                source.next_delivery = source.next_delivery.max(delivery + 1);
            }
        }
        Ok(())
    }

    fn apply_record(&mut self, store: &Store, index: LeafIndex, header: &Header) -> Result<(), Error> {
        let position = &header.position;
        let Some(number) = position.delivery else { return Ok(()) };
        let key = delivery_key(header.source, number);
        let ordinal = position.ordinal.unwrap_or(0);
        let offset = position.offset.unwrap_or(0);
        let lone = position.content_sha256.filter(|_| header.flags & FLAG_TRUNCATED == 0);
        if let Some(content) = lone {
            self.know_content(header.source, position, content, 1);
            if let Some(key) = position.request.as_ref().filter(|_| !self.know_object(header, 1)) {
                let request = Request {
                    first: index.0,
                    delivery: number,
                    records: 1,
                    content_sha256: content,
                    received_at: header.received_at.0,
                };
                self.fresh.requests.insert(request_key(header.source, key), request);
            }
            self.begin_stream(store, header, number, offset + 1)?;
            if let Some(name) = position.name.as_ref().filter(|name| is_resource(name)) {
                self.fresh.resources.insert(stream_key(header.source, name), index.0);
            }
            // A lone record ends without a line feed: if its file grows, it is read again from there.
            let end = offset + position.full_bytes.unwrap_or(header.body_bytes);
            self.know_head(header.source, position);
            let part = Part { offset, bytes: end - offset, sha256: content };
            self.know_file(store, header.source, position, FileEnd { resume: offset, end, records: 1, part })?;
            if position.device.is_some() {
                self.fresh.open.insert(key, None);
            }
            return Ok(());
        }
        if ordinal == 0 {
            self.begin_stream(store, header, number, offset + 1)?;
            let open = OpenDelivery {
                number,
                name: position.name.clone().unwrap_or_default(),
                device: position.device,
                inode: position.inode,
                head_bytes: position.head_bytes,
                head_sha256: position.head_sha256,
                base: offset,
                records: 1,
                last_offset: offset,
                request: position.request.clone(),
                first: index.0,
            };
            self.fresh.open.insert(key, Some(open));
            return Ok(());
        }
        if !self.fresh.open.contains_key(&key) {
            let stored = store.open_delivery(&key)?;
            self.fresh.open.insert(key.clone(), stored);
        }
        if let Some(Some(open)) = self.fresh.open.get_mut(&key) {
            open.records = open.records.max(ordinal + 1);
            open.last_offset = offset;
            if is_stream(&open.name) {
                let at = StreamState { next: offset + 1, delivery: number };
                self.fresh.streams.insert(stream_key(header.source, &open.name), at);
            }
        }
        Ok(())
    }

    fn apply_delivery(&mut self, store: &Store, header: &Header, delivery: &DeliveryBody) -> Result<(), Error> {
        let key = delivery_key(header.source, delivery.delivery);
        let open = match self.fresh.open.get(&key) {
            Some(open) => open.clone(),
            None => store.open_delivery(&key)?,
        };
        self.fresh.open.insert(key, None);
        if delivery.ended != "end" {
            // Cut short by damage: the same bytes again are the same damage, but a repaired file is not
            // known yet, so nothing is remembered of this one.
            return Ok(());
        }
        let content = model::unhex(&delivery.content_sha256);
        if let Some(content) = content {
            self.know_content(header.source, &header.position, content, delivery.records);
            let is_object = self.know_object(header, delivery.records);
            if let Some((key, first)) = open.as_ref().and_then(|open| Some((open.request.as_ref()?, open.first)))
                && !is_object
            {
                let request = Request {
                    first,
                    delivery: delivery.delivery,
                    records: delivery.records,
                    content_sha256: content,
                    received_at: header.received_at.0,
                };
                self.fresh.requests.insert(request_key(header.source, key), request);
            }
        }
        if delivery.records == 0 {
            self.begin_stream(store, header, delivery.delivery, delivery.offset)?;
        }
        self.know_head(header.source, &header.position);
        if delivery.encoding != "none" {
            // A compressed file does not grow line by line; it is known by its content alone.
            return Ok(());
        }
        let end = delivery.offset + delivery.content_bytes;
        let last = open.map_or(delivery.offset, |open| open.last_offset);
        // Bytes after the last record (its line feed) say that it was whole.
        let closed =
            delivery.records == 0 || delivery.gaps.iter().any(|gap| gap.offset > last && !gap.bytes.is_empty());
        let resume = if closed { end } else { last };
        let part = Part { offset: delivery.offset, bytes: delivery.content_bytes, sha256: content.unwrap_or_default() };
        let at = FileEnd { resume, end, records: delivery.records, part };
        self.know_file(store, header.source, &header.position, at)
    }

    /// Only files are known by what they hold: they say how they begin.
    fn know_content(&mut self, source: u32, position: &Position, content: [u8; 32], records: u64) {
        if position.head_sha256.is_some() {
            self.fresh.contents.insert(digest_key(source, &content), records);
        }
    }

    /// An object of a store is known for good, apart from the keys of senders.
    fn know_object(&mut self, header: &Header, records: u64) -> bool {
        let Position { name: Some(name), request: Some(request), device: None, .. } = &header.position else {
            return false;
        };
        let is_object = is_object(name);
        if is_object {
            self.fresh.objects.insert(object_key(header.source, name, request), records);
        }
        is_object
    }

    /// A delivery begins in a stream: one before that a crash has cut short is gone on with here.
    fn begin_stream(&mut self, store: &Store, header: &Header, delivery: u64, next: u64) -> Result<(), Error> {
        let Some(name) = header.position.name.as_ref().filter(|name| is_stream(name)) else { return Ok(()) };
        let key = stream_key(header.source, name);
        let before = self.stream(store, &key)?;
        if let Some(before) = before.filter(|before| before.delivery != delivery) {
            self.fresh.open.insert(delivery_key(header.source, before.delivery), None);
        }
        self.fresh.streams.insert(key, StreamState { next, delivery });
        Ok(())
    }

    fn stream(&self, store: &Store, key: &[u8]) -> Result<Option<StreamState>, Error> {
        match self.fresh.streams.get(key) {
            Some(stream) => Ok(Some(stream.clone())),
            None => store.stream(key),
        }
    }

    fn know_head(&mut self, source: u32, position: &Position) {
        self.fresh.heads.extend(position.head_sha256.map(|head| (digest_key(source, &head), ())));
    }

    fn know_file(&mut self, store: &Store, source: u32, position: &Position, at: FileEnd) -> Result<(), Error> {
        let (Some(head_bytes), Some(head_sha256)) = (position.head_bytes, position.head_sha256) else { return Ok(()) };
        if let (Some(device), Some(inode)) = (position.device, position.inode) {
            let before = self.file(store, source, device, inode)?;
            let earlier = before
                .as_ref()
                .filter(|_| position.offset.is_some_and(|offset| offset > 0))
                .map_or(0, |file| file.records);
            let records = earlier + at.records;
            let state = FileState { head_bytes, head_sha256, resume: at.resume, end: at.end, records };
            self.fresh.files.insert(file_key(source, device, inode), state);
            let key = digest_key(source, &head_sha256);
            let mut parts = self.grown(store, &key)?.filter(|grown| grown.is_followed_by(&at.part));
            // A file that grows within its first 4 KiB begins otherwise each time. Only its latest beginning is kept: the
            // first line alone may be that of many files.
            let former = before.filter(|before| before.head_sha256 != head_sha256);
            if let Some(former) = former.map(|former| digest_key(source, &former.head_sha256))
                && let Some(grown) = self.grown(store, &former)?
                && (grown.device, grown.inode) == (device, inode)
                && grown.is_followed_by(&at.part)
            {
                self.fresh.grown.insert(former, None);
                parts = parts.or(Some(grown));
            }
            let name = position.name.clone().unwrap_or_default();
            let at = Grown { name, device, inode, resume: at.resume, end: at.end, records, parts: vec![at.part] };
            self.fresh.grown.insert(key, Some(at.after(parts)));
        }
        Ok(())
    }

    fn grown(&self, store: &Store, key: &[u8]) -> Result<Option<Grown>, Error> {
        match self.fresh.grown.get(key) {
            Some(grown) => Ok(grown.clone()),
            None => store.grown(key),
        }
    }

    fn file(&self, store: &Store, source: u32, device: u64, inode: u64) -> Result<Option<FileState>, Error> {
        let key = file_key(source, device, inode);
        match self.fresh.files.get(&key) {
            Some(file) => Ok(Some(file.clone())),
            None => store.file(&key),
        }
    }
}

struct FileEnd {
    resume: u64,
    end: u64,
    records: u64,
    part: Part,
}

fn digest_key(source: u32, sha256: &[u8; 32]) -> Vec<u8> {
    [source.to_be_bytes().as_slice(), sha256].concat()
}

fn request_key(source: u32, key: &str) -> Vec<u8> {
    [source.to_be_bytes().as_slice(), key.as_bytes()].concat()
}

fn delivery_key(source: u32, delivery: u64) -> Vec<u8> {
    [source.to_be_bytes().as_slice(), &delivery.to_be_bytes()].concat()
}

fn file_key(source: u32, device: u64, inode: u64) -> Vec<u8> {
    [source.to_be_bytes().as_slice(), &device.to_be_bytes(), &inode.to_be_bytes()].concat()
}
