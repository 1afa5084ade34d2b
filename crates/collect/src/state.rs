//! What has been collected before: a fold of the log, kept in `state/collect.redb` so that it need not be
//! folded from the first leaf at each start. Delete the file and the next run makes it again.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use model::{DeliveryBody, Directive, FLAG_TRUNCATED, Header, Kind, LeafIndex, Position};
use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};
use serde::{Deserialize, Serialize};

use crate::Error;

const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const SOURCES: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("sources");
const CONTENTS: TableDefinition<'_, &[u8], u64> = TableDefinition::new("contents");
const HEADS: TableDefinition<'_, &[u8], ()> = TableDefinition::new("heads");
const FILES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("files");
const OPEN: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("open");

const APPLIED_THROUGH: &str = "applied_through";
const FORMAT: &str = "format";
const FORMAT_NOW: u64 = 0;

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
    pub(crate) head_sha256: Option<[u8; 32]>,
    pub(crate) base: u64,
    /// Records sealed.
    pub(crate) records: u64,
    last_offset: u64,
}

/// What the log says about deliveries, by source.
pub struct State {
    db: Database,
    path: String,
    applied_through: u64,
    /// Folded, not yet written.
    fresh: Fresh,
    /// Of the run that is under way: submitted, perhaps not sealed, never written.
    ahead: Fresh,
}

#[derive(Default)]
struct Fresh {
    sources: BTreeMap<u32, Source>,
    contents: HashMap<Vec<u8>, u64>,
    heads: HashMap<Vec<u8>, ()>,
    files: HashMap<Vec<u8>, FileState>,
    /// `None` takes an entry of the table away.
    open: HashMap<Vec<u8>, Option<OpenDelivery>>,
}

impl State {
    /// Opens or makes the file. Only the process that holds the log's lock opens it.
    pub fn open(path: &Path) -> Result<State, Error> {
        let shown = path.display().to_string();
        let failed = |message: String| Error::State { path: shown.clone(), message };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
        }
        let db = Database::create(path).map_err(|error| failed(error.to_string()))?;
        let mut state = State { db, path: shown, applied_through: 0, fresh: Fresh::default(), ahead: Fresh::default() };
        state.create_tables().map_err(|error| state.failed(&error))?;
        Ok(state)
    }

    fn create_tables(&mut self) -> Result<(), redb::Error> {
        let write = self.db.begin_write()?;
        {
            let mut meta = write.open_table(META)?;
            let format = meta.get(FORMAT)?.map(|value| value.value());
            if format.is_some_and(|format| format != FORMAT_NOW) {
                return Err(redb::Error::Corrupted("made by another version".to_owned()));
            }
            meta.insert(FORMAT, FORMAT_NOW)?;
            self.applied_through = meta.get(APPLIED_THROUGH)?.map_or(0, |value| value.value());
            write.open_table(SOURCES)?;
            write.open_table(CONTENTS)?;
            write.open_table(HEADS)?;
            write.open_table(FILES)?;
            write.open_table(OPEN)?;
        }
        write.commit()?;
        Ok(())
    }

    fn failed(&self, error: &dyn std::fmt::Display) -> Error {
        Error::State { path: self.path.clone(), message: error.to_string() }
    }

    /// The first leaf that has not been folded.
    pub fn applied_through(&self) -> LeafIndex {
        LeafIndex(self.applied_through)
    }

    /// Folds one leaf in. `body` is read for directives and deliveries only.
    pub fn apply(&mut self, index: LeafIndex, header: &Header, body: &[u8]) -> Result<(), Error> {
        if index.0 < self.applied_through {
            return Ok(());
        }
        self.applied_through = index.0 + 1;
        match header.kind {
            Kind::Directive => {
                if let Ok(Directive::Source { number, name, platform }) = serde_json::from_slice(body) {
                    let source = Source { number, name, platform, next_seq: 0, next_delivery: 0 };
                    self.fresh.sources.insert(number, source);
                }
            }
            Kind::Record => {
                self.count(header)?;
                self.apply_record(header)?;
            }
            Kind::Delivery => {
                self.count(header)?;
                if let Ok(delivery) = serde_json::from_slice::<DeliveryBody>(body) {
                    self.apply_delivery(header, &delivery)?;
                }
            }
            _ => self.count(header)?,
        }
        Ok(())
    }

    fn count(&mut self, header: &Header) -> Result<(), Error> {
        if !self.fresh.sources.contains_key(&header.source)
            && let Some(source) = self.stored_source(header.source)?
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

    fn apply_record(&mut self, header: &Header) -> Result<(), Error> {
        let position = &header.position;
        let Some(number) = position.delivery else { return Ok(()) };
        let key = delivery_key(header.source, number);
        let ordinal = position.ordinal.unwrap_or(0);
        let offset = position.offset.unwrap_or(0);
        let lone = position.content_sha256.filter(|_| header.flags & FLAG_TRUNCATED == 0);
        if let Some(content) = lone {
            self.fresh.contents.insert(digest_key(header.source, &content), 1);
            // A lone record ends without a line feed: if its file grows, it is read again from there.
            let end = offset + position.full_bytes.unwrap_or(header.body_bytes);
            self.know_head(header.source, position);
            self.know_file(header.source, position, &FileEnd { resume: offset, end, records: 1 })?;
            self.fresh.open.insert(key, None);
            return Ok(());
        }
        if ordinal == 0 {
            let open = OpenDelivery {
                number,
                name: position.name.clone().unwrap_or_default(),
                device: position.device,
                inode: position.inode,
                head_sha256: position.head_sha256,
                base: offset,
                records: 1,
                last_offset: offset,
            };
            self.fresh.open.insert(key, Some(open));
            return Ok(());
        }
        if !self.fresh.open.contains_key(&key) {
            let stored = self.stored_open(&key)?;
            self.fresh.open.insert(key.clone(), stored);
        }
        if let Some(Some(open)) = self.fresh.open.get_mut(&key) {
            open.records = open.records.max(ordinal + 1);
            open.last_offset = offset;
        }
        Ok(())
    }

    fn apply_delivery(&mut self, header: &Header, delivery: &DeliveryBody) -> Result<(), Error> {
        let key = delivery_key(header.source, delivery.delivery);
        let open = match self.fresh.open.get(&key) {
            Some(open) => open.clone(),
            None => self.stored_open(&key)?,
        };
        self.fresh.open.insert(key, None);
        if delivery.ended != "end" {
            // Cut short by damage: the same bytes again are the same damage, but a repaired file is not
            // known yet, so nothing is remembered of this one.
            return Ok(());
        }
        if let Some(content) = digest(&delivery.content_sha256) {
            self.fresh.contents.insert(digest_key(header.source, &content), delivery.records);
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
        self.know_file(header.source, &header.position, &FileEnd { resume, end, records: delivery.records })
    }

    fn know_head(&mut self, source: u32, position: &Position) {
        self.fresh.heads.extend(position.head_sha256.map(|head| (digest_key(source, &head), ())));
    }

    fn know_file(&mut self, source: u32, position: &Position, at: &FileEnd) -> Result<(), Error> {
        let (Some(head_bytes), Some(head_sha256)) = (position.head_bytes, position.head_sha256) else { return Ok(()) };
        if let (Some(device), Some(inode)) = (position.device, position.inode) {
            let before = self.file(source, device, inode)?;
            let earlier =
                before.filter(|_| position.offset.is_some_and(|offset| offset > 0)).map_or(0, |file| file.records);
            let records = earlier + at.records;
            let state = FileState { head_bytes, head_sha256, resume: at.resume, end: at.end, records };
            self.fresh.files.insert(file_key(source, device, inode), state);
        }
        Ok(())
    }

    /// Makes what was folded durable in the file. The log is the truth: losing this loses time only.
    pub fn commit(&mut self) -> Result<(), Error> {
        let fresh = std::mem::take(&mut self.fresh);
        self.ahead = Fresh::default();
        self.write(&fresh).map_err(|error| self.failed(&error))
    }

    fn write(&self, fresh: &Fresh) -> Result<(), redb::Error> {
        let write = self.db.begin_write()?;
        {
            write.open_table(META)?.insert(APPLIED_THROUGH, self.applied_through)?;
            let mut sources = write.open_table(SOURCES)?;
            for (number, source) in &fresh.sources {
                sources.insert(number, encoded(source).as_slice())?;
            }
            let mut contents = write.open_table(CONTENTS)?;
            for (key, records) in &fresh.contents {
                contents.insert(key.as_slice(), records)?;
            }
            let mut heads = write.open_table(HEADS)?;
            for key in fresh.heads.keys() {
                heads.insert(key.as_slice(), ())?;
            }
            let mut files = write.open_table(FILES)?;
            for (key, file) in &fresh.files {
                files.insert(key.as_slice(), encoded(file).as_slice())?;
            }
            let mut open = write.open_table(OPEN)?;
            for (key, delivery) in &fresh.open {
                match delivery {
                    Some(delivery) => drop(open.insert(key.as_slice(), encoded(delivery).as_slice())?),
                    None => drop(open.remove(key.as_slice())?),
                }
            }
        }
        write.commit()?;
        Ok(())
    }

    /// The source of this name.
    pub fn source(&self, name: &str) -> Result<Option<Source>, Error> {
        Ok(self.sources()?.into_iter().find(|source| source.name == name))
    }

    /// All sources, by number.
    pub fn sources(&self) -> Result<Vec<Source>, Error> {
        let mut sources = self.stored_sources().map_err(|error| self.failed(&error))?;
        sources.extend(self.fresh.sources.clone());
        sources.extend(self.ahead.sources.clone());
        Ok(sources.into_values().collect())
    }

    fn stored_sources(&self) -> Result<BTreeMap<u32, Source>, redb::Error> {
        let table = self.db.begin_read()?.open_table(SOURCES)?;
        let mut sources = BTreeMap::new();
        for entry in table.iter()? {
            let (number, source) = entry?;
            sources.extend(decoded(source.value()).map(|source| (number.value(), source)));
        }
        Ok(sources)
    }

    fn stored_source(&self, number: u32) -> Result<Option<Source>, Error> {
        let sources = self.stored_sources().map_err(|error| self.failed(&error))?;
        Ok(sources.get(&number).cloned())
    }

    fn stored_open(&self, key: &[u8]) -> Result<Option<OpenDelivery>, Error> {
        let get = || -> Result<Option<OpenDelivery>, redb::Error> {
            let table = self.db.begin_read()?.open_table(OPEN)?;
            Ok(table.get(key)?.and_then(|value| decoded(value.value())))
        };
        get().map_err(|error| self.failed(&error))
    }

    /// Records of the delivery with this content, if it was sealed before.
    pub(crate) fn content(&self, source: u32, sha256: &[u8; 32]) -> Result<Option<u64>, Error> {
        let key = digest_key(source, sha256);
        if let Some(records) = self.ahead.contents.get(&key).or(self.fresh.contents.get(&key)) {
            return Ok(Some(*records));
        }
        let get = || -> Result<Option<u64>, redb::Error> {
            let table = self.db.begin_read()?.open_table(CONTENTS)?;
            Ok(table.get(key.as_slice())?.map(|value| value.value()))
        };
        get().map_err(|error| self.failed(&error))
    }

    /// Whether any delivery began with these bytes: if not, it cannot be known.
    pub(crate) fn head(&self, source: u32, sha256: &[u8; 32]) -> Result<bool, Error> {
        let key = digest_key(source, sha256);
        if self.ahead.heads.contains_key(&key) || self.fresh.heads.contains_key(&key) {
            return Ok(true);
        }
        let get = || -> Result<bool, redb::Error> {
            let table = self.db.begin_read()?.open_table(HEADS)?;
            Ok(table.get(key.as_slice())?.is_some())
        };
        get().map_err(|error| self.failed(&error))
    }

    /// How far this file has been collected.
    pub(crate) fn file(&self, source: u32, device: u64, inode: u64) -> Result<Option<FileState>, Error> {
        let key = file_key(source, device, inode);
        if let Some(file) = self.fresh.files.get(&key) {
            return Ok(Some(file.clone()));
        }
        let get = || -> Result<Option<FileState>, redb::Error> {
            let table = self.db.begin_read()?.open_table(FILES)?;
            Ok(table.get(key.as_slice())?.and_then(|value| decoded(value.value())))
        };
        get().map_err(|error| self.failed(&error))
    }

    /// Deliveries of a source that were begun and not ended. Few: at most one for each run that was
    /// stopped.
    pub(crate) fn open_deliveries(&self, source: u32) -> Result<Vec<OpenDelivery>, Error> {
        let get = || -> Result<BTreeMap<Vec<u8>, OpenDelivery>, redb::Error> {
            let table = self.db.begin_read()?.open_table(OPEN)?;
            let mut found = BTreeMap::new();
            for entry in table.iter()? {
                let (key, value) = entry?;
                found.extend(decoded(value.value()).map(|open| (key.value().to_vec(), open)));
            }
            Ok(found)
        };
        let mut found = get().map_err(|error| self.failed(&error))?;
        for (key, open) in &self.fresh.open {
            match open {
                Some(open) => drop(found.insert(key.clone(), open.clone())),
                None => drop(found.remove(key)),
            }
        }
        found.retain(|key, _| key.starts_with(&source.to_be_bytes()));
        Ok(found.into_values().collect())
    }

    /// Remembers, for the rest of this run only, a delivery that has been submitted.
    pub(crate) fn submitted(&mut self, source: u32, head: Option<&[u8; 32]>, content: &[u8; 32], records: u64) {
        self.ahead.contents.insert(digest_key(source, content), records);
        self.ahead.heads.extend(head.map(|head| (digest_key(source, head), ())));
    }

    /// Remembers, for the rest of this run only, a source with the numbers it has given out.
    pub(crate) fn numbered(&mut self, source: Source) {
        self.ahead.sources.insert(source.number, source);
    }
}

struct FileEnd {
    resume: u64,
    end: u64,
    records: u64,
}

fn encoded<T: Serialize>(value: &T) -> Vec<u8> {
    // Plain structs of numbers and texts: serialising them cannot fail.
    serde_json::to_vec(value).unwrap_or_default()
}

fn decoded<T: for<'a> Deserialize<'a>>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(bytes).ok()
}

fn digest_key(source: u32, sha256: &[u8; 32]) -> Vec<u8> {
    [source.to_be_bytes().as_slice(), sha256].concat()
}

fn delivery_key(source: u32, delivery: u64) -> Vec<u8> {
    [source.to_be_bytes().as_slice(), &delivery.to_be_bytes()].concat()
}

fn file_key(source: u32, device: u64, inode: u64) -> Vec<u8> {
    [source.to_be_bytes().as_slice(), &device.to_be_bytes(), &inode.to_be_bytes()].concat()
}

fn digest(hex: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    if hex.len() != 64 {
        return None;
    }
    for (slot, pair) in digest.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        *slot = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(digest)
}
