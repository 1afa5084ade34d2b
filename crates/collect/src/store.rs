//! The file behind [`crate::State`]: `state/collect.redb`, twelve small tables.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use redb::{Database, ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _, TableDefinition};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::grown::Grown;
use crate::pulled::StreamState;
use crate::state::{FileState, OpenDelivery, Request, Source};

const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const SOURCES: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("sources");
/// Source and content digest -> records.
const CONTENTS: TableDefinition<'_, &[u8], u64> = TableDefinition::new("contents");
/// Source and digest of the first bytes: a delivery that begins otherwise cannot be known.
const HEADS: TableDefinition<'_, &[u8], ()> = TableDefinition::new("heads");
/// Source, device, inode -> [`FileState`].
const FILES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("files");
/// Source, delivery -> [`OpenDelivery`].
const OPEN: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("open");
/// Source and digest of the first bytes of a growing file -> [`Grown`].
const GROWN: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("grown");
/// Source and key of the sender -> [`Request`].
const REQUESTS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("requests");
/// First leaf of a request -> its key: the oldest first.
const REQUEST_AGES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("request_ages");

/// Source, and half a digest of an object's name and what tells its bytes from others -> records. Never forgotten: some
/// 50 bytes an object, half a gigabyte for ten million.
const OBJECTS: TableDefinition<'_, &[u8], u64> = TableDefinition::new("objects");
/// Source and name of a stream -> [`StreamState`].
const STREAMS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("streams");
/// Source and name of a resource -> leaf of its last record.
const RESOURCES: TableDefinition<'_, &[u8], u64> = TableDefinition::new("resources");

/// Leaf -> directive, as it is sealed.
const DIRECTIVES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("directives");

/// Keys of senders that are remembered, at most, and for how long after they came, milliseconds.
const REQUESTS_MAX: u64 = 1_000_000;
const REQUEST_MS_MAX: u64 = 86_400_000;

const APPLIED_THROUGH: &str = "applied_through";
/// Directives from this leaf on are in their table.
const DIRECTIVES_FROM: &str = "directives_from";
const FORMAT: &str = "format";
const FORMAT_NOW: u64 = 0;

/// Changes that have not been written, or are not to be.
#[derive(Default)]
pub(crate) struct Fresh {
    pub(crate) sources: BTreeMap<u32, Source>,
    pub(crate) contents: HashMap<Vec<u8>, u64>,
    pub(crate) heads: HashMap<Vec<u8>, ()>,
    pub(crate) files: HashMap<Vec<u8>, FileState>,
    /// `None` takes an entry of the table away.
    pub(crate) open: HashMap<Vec<u8>, Option<OpenDelivery>>,
    pub(crate) requests: HashMap<Vec<u8>, Request>,
    /// `None` takes an entry away, here too.
    pub(crate) grown: HashMap<Vec<u8>, Option<Grown>>,
    pub(crate) objects: HashMap<Vec<u8>, u64>,
    pub(crate) streams: HashMap<Vec<u8>, StreamState>,
    pub(crate) resources: HashMap<Vec<u8>, u64>,
    pub(crate) directives: BTreeMap<u64, Vec<u8>>,
}

/// The tables.
pub(crate) struct Store {
    db: Database,
    path: String,
}

impl Store {
    /// Opens or makes the file, and says how far the log has been folded into it.
    pub(crate) fn open(path: &Path) -> Result<(Store, u64), Error> {
        let shown = path.display().to_string();
        let failed = |message: String| Error::State { path: shown.clone(), message };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
        }
        let db = Database::create(path).map_err(|error| failed(error.to_string()))?;
        let store = Store { db, path: shown };
        let applied_through = store.tell(store.create_tables())?;
        Ok((store, applied_through))
    }

    fn create_tables(&self) -> Result<u64, redb::Error> {
        let write = self.db.begin_write()?;
        let applied_through = {
            let mut meta = write.open_table(META)?;
            let format = meta.get(FORMAT)?.map(|value| value.value());
            if format.is_some_and(|format| format != FORMAT_NOW) {
                return Err(redb::Error::Corrupted("made by another version".to_owned()));
            }
            meta.insert(FORMAT, FORMAT_NOW)?;
            write.open_table(SOURCES)?;
            write.open_table(CONTENTS)?;
            write.open_table(HEADS)?;
            write.open_table(FILES)?;
            write.open_table(OPEN)?;
            write.open_table(REQUESTS)?;
            write.open_table(REQUEST_AGES)?;
            write.open_table(GROWN)?;
            write.open_table(OBJECTS)?;
            write.open_table(STREAMS)?;
            write.open_table(RESOURCES)?;
            write.open_table(DIRECTIVES)?;
            let applied_through = meta.get(APPLIED_THROUGH)?.map_or(0, |value| value.value());
            if meta.get(DIRECTIVES_FROM)?.is_none() {
                meta.insert(DIRECTIVES_FROM, applied_through)?;
            }
            applied_through
        };
        write.commit()?;
        Ok(applied_through)
    }

    fn tell<T>(&self, result: Result<T, redb::Error>) -> Result<T, Error> {
        result.map_err(|error| Error::State { path: self.path.clone(), message: error.to_string() })
    }

    /// When this returns, the changes are durable.
    pub(crate) fn write(&self, applied_through: u64, fresh: &Fresh) -> Result<(), Error> {
        self.tell(self.try_write(applied_through, fresh))
    }

    fn try_write(&self, applied_through: u64, fresh: &Fresh) -> Result<(), redb::Error> {
        let write = self.db.begin_write()?;
        {
            write.open_table(META)?.insert(APPLIED_THROUGH, applied_through)?;
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
            let mut grown = write.open_table(GROWN)?;
            for (key, file) in &fresh.grown {
                match file {
                    Some(file) => drop(grown.insert(key.as_slice(), encoded(file).as_slice())?),
                    None => drop(grown.remove(key.as_slice())?),
                }
            }
            let mut objects = write.open_table(OBJECTS)?;
            for (key, records) in &fresh.objects {
                objects.insert(key.as_slice(), records)?;
            }
            let mut streams = write.open_table(STREAMS)?;
            for (key, stream) in &fresh.streams {
                streams.insert(key.as_slice(), encoded(stream).as_slice())?;
            }
            let mut resources = write.open_table(RESOURCES)?;
            for (key, leaf) in &fresh.resources {
                resources.insert(key.as_slice(), leaf)?;
            }
            let mut directives = write.open_table(DIRECTIVES)?;
            for (index, directive) in &fresh.directives {
                directives.insert(index, directive.as_slice())?;
            }
            let (mut requests, mut ages) = (write.open_table(REQUESTS)?, write.open_table(REQUEST_AGES)?);
            let mut latest = 0;
            for (key, request) in &fresh.requests {
                requests.insert(key.as_slice(), encoded(request).as_slice())?;
                ages.insert(request.first, key.as_slice())?;
                latest = latest.max(request.received_at);
            }
            let mut surplus = requests.len()?.saturating_sub(REQUESTS_MAX);
            loop {
                let oldest = ages.first()?.map(|(age, key)| (age.value(), key.value().to_vec()));
                let Some((age, key)) = oldest else { break };
                let known: Option<Request> = requests.get(key.as_slice())?.and_then(|request| decoded(request.value()));
                // A key that was used again stands at its later place.
                let stale = known.as_ref().is_some_and(|request| request.first != age);
                let old = known.is_none_or(|request| request.received_at.saturating_add(REQUEST_MS_MAX) < latest);
                if !stale && !old && surplus == 0 {
                    break;
                }
                ages.remove(age)?;
                if !stale {
                    requests.remove(key.as_slice())?;
                    surplus = surplus.saturating_sub(1);
                }
            }
        }
        write.commit()?;
        Ok(())
    }

    pub(crate) fn sources(&self) -> Result<BTreeMap<u32, Source>, Error> {
        self.tell((|| {
            let table = self.db.begin_read()?.open_table(SOURCES)?;
            let mut sources = BTreeMap::new();
            for entry in table.iter()? {
                let (number, source) = entry?;
                sources.extend(decoded(source.value()).map(|source| (number.value(), source)));
            }
            Ok(sources)
        })())
    }

    /// All directives by their leaves; none if some were folded before this table was there.
    pub(crate) fn directives(&self) -> Result<Option<BTreeMap<u64, Vec<u8>>>, Error> {
        let from = self.tell((|| {
            let from = self.db.begin_read()?.open_table(META)?.get(DIRECTIVES_FROM)?;
            Ok(from.map(|from| from.value()))
        })())?;
        if from == Some(0) { self.directives_kept().map(Some) } else { Ok(None) }
    }

    /// The directives that were folded since this table was there, by their leaves.
    pub(crate) fn directives_kept(&self) -> Result<BTreeMap<u64, Vec<u8>>, Error> {
        self.tell((|| {
            let mut directives = BTreeMap::new();
            for entry in self.db.begin_read()?.open_table(DIRECTIVES)?.iter()? {
                let (index, directive) = entry?;
                directives.insert(index.value(), directive.value().to_vec());
            }
            Ok(directives)
        })())
    }

    pub(crate) fn content(&self, key: &[u8]) -> Result<Option<u64>, Error> {
        self.tell(self.number(CONTENTS, key))
    }

    pub(crate) fn object(&self, key: &[u8]) -> Result<Option<u64>, Error> {
        self.tell(self.number(OBJECTS, key))
    }

    pub(crate) fn grown(&self, key: &[u8]) -> Result<Option<Grown>, Error> {
        self.tell(self.get(GROWN, key))
    }

    pub(crate) fn stream(&self, key: &[u8]) -> Result<Option<StreamState>, Error> {
        self.tell(self.get(STREAMS, key))
    }

    /// All resources of a source, with the leaf of the last record of each.
    pub(crate) fn resources(&self, source: u32) -> Result<BTreeMap<Vec<u8>, u64>, Error> {
        let (from, after) = (source.to_be_bytes(), source.saturating_add(1).to_be_bytes());
        self.tell((|| {
            let table = self.db.begin_read()?.open_table(RESOURCES)?;
            let found = table.range(from.as_slice()..after.as_slice())?;
            found
                .map(|entry| entry.map(|(key, leaf)| (key.value().to_vec(), leaf.value())).map_err(redb::Error::from))
                .collect()
        })())
    }

    fn number(&self, table: TableDefinition<'_, &[u8], u64>, key: &[u8]) -> Result<Option<u64>, redb::Error> {
        let table = self.db.begin_read()?.open_table(table)?;
        Ok(table.get(key)?.map(|value| value.value()))
    }

    pub(crate) fn head(&self, key: &[u8]) -> Result<bool, Error> {
        self.tell((|| {
            let table = self.db.begin_read()?.open_table(HEADS)?;
            Ok(table.get(key)?.is_some())
        })())
    }

    pub(crate) fn file(&self, key: &[u8]) -> Result<Option<FileState>, Error> {
        self.tell(self.get(FILES, key))
    }

    pub(crate) fn open_delivery(&self, key: &[u8]) -> Result<Option<OpenDelivery>, Error> {
        self.tell(self.get(OPEN, key))
    }

    pub(crate) fn open_deliveries(&self) -> Result<BTreeMap<Vec<u8>, OpenDelivery>, Error> {
        self.tell((|| {
            let table = self.db.begin_read()?.open_table(OPEN)?;
            let mut found = BTreeMap::new();
            for entry in table.iter()? {
                let (key, value) = entry?;
                found.extend(decoded(value.value()).map(|open| (key.value().to_vec(), open)));
            }
            Ok(found)
        })())
    }

    pub(crate) fn request(&self, key: &[u8]) -> Result<Option<Request>, Error> {
        self.tell(self.get(REQUESTS, key))
    }

    fn get<T: for<'a> Deserialize<'a>>(
        &self,
        table: TableDefinition<'_, &[u8], &[u8]>,
        key: &[u8],
    ) -> Result<Option<T>, redb::Error> {
        let table = self.db.begin_read()?.open_table(table)?;
        Ok(table.get(key)?.and_then(|value| decoded(value.value())))
    }
}

fn encoded<T: Serialize>(value: &T) -> Vec<u8> {
    // Plain structs of numbers and texts: serialising them cannot fail.
    serde_json::to_vec(value).unwrap_or_default()
}

fn decoded<T: for<'a> Deserialize<'a>>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(bytes).ok()
}
