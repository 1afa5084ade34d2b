//! The events as facts: the store of `trace` over the look-up index and the facts beside it.
//!
//! A look-up asks the index for leaves and reads the facts of those it needs, newest or oldest first: its
//! cost grows with the answer, not with the log, and neither evidence nor the SQL planner is asked. A fact
//! is all that `trace` knows of a record, written down when the record was normalised: no column can lose it.

mod file;
mod search;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use model::{Event, EventId, LeafIndex, Millis};
use parking_lot::Mutex;
use trace::{Fact, Lookup, Order, Page, Store, StoreError};
use zstd::bulk::Decompressor;

use crate::catalog::LiveFile;
use crate::derive::{Carry, Issuer, Sink};
use crate::evidence::try_scan;
use crate::lookup::Run;
use crate::pin::Pin;
use crate::schema::{self, Origin, RejectRow};
use crate::{Completeness, Error, ErrorKind, Lake, Result};

pub(crate) use file::{Builder, Packer};

use file::FactFile;
use search::Search;

/// Facts that a scan has in memory at once.
const SCANNED_AT_ONCE: usize = 4_096;

/// Facts kept in memory; when there are more, all are let go.
const FACTS_KEPT_MAX: usize = 65_536;

/// The events of a log as of a size. Nothing changes under it, and two equal look-ups give one answer.
#[derive(Debug)]
pub struct Facts {
    lake: Arc<Lake>,
    /// Leaves below this one are seen.
    size: u64,
    carry: Carry,
    runs: Vec<Lazy<Run>>,
    /// Files of facts, ascending.
    stored: Vec<Lazy<FactFile>>,
    /// Events of leaves that have no files, by leaf.
    tail: OnceLock<Vec<Told>>,
    kept: Mutex<HashMap<u64, Option<Arc<Fact>>>>,
    unpackers: Unpackers,
}

/// Contexts of zstd that wait for the next read: making one costs more than unpacking a block.
#[derive(Default)]
struct Unpackers(Mutex<Vec<Decompressor<'static>>>);

impl std::fmt::Debug for Unpackers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Unpackers").field(&self.0.lock().len()).finish()
    }
}

/// An event that has no file yet.
#[derive(Debug)]
struct Told {
    /// Name of its source.
    source: String,
    /// Whether an earlier record told the same.
    again: bool,
    fact: Arc<Fact>,
}

/// A file that is opened when it is first asked.
#[derive(Debug)]
struct Lazy<F> {
    live: LiveFile,
    file: OnceLock<F>,
}

impl<F> Lazy<F> {
    fn new(live: &LiveFile) -> Lazy<F> {
        Lazy { live: live.clone(), file: OnceLock::new() }
    }

    fn get(&self, folder: &Path, open: impl FnOnce(&Path) -> Result<F>) -> Result<&F> {
        if let Some(file) = self.file.get() {
            return Ok(file);
        }
        let file = open(&folder.join(&self.live.name))?;
        Ok(self.file.get_or_init(|| file))
    }
}

impl Facts {
    /// The events of all leaves below `size`.
    ///
    /// # Errors
    /// Invalid, if the log has fewer leaves; Corrupt, if leaves with rows have no look-up file or no facts, as
    /// in a lake of an earlier release.
    pub fn as_of(lake: &Arc<Lake>, size: u64) -> Result<Facts> {
        let whole = lake.tree_size();
        if size > whole {
            return Err(Error::new(ErrorKind::Invalid, format!("the log has {whole} leaves, {size} are asked for")));
        }
        let covered = lake.covered();
        for (files, what) in [(&lake.catalog.lookups, "look-up file"), (&lake.catalog.facts, "file of facts")] {
            let follows = |next, file: &LiveFile| if file.first == next { file.last + 1 } else { next };
            let next = files.values().filter(|file| file.last < covered).fold(0, follows);
            if next < covered {
                let context = format!("leaf {next} is in no {what}, `deedbook lake rebuild` makes them");
                return Err(Error::new(ErrorKind::Corrupt, context));
            }
        }
        let seen = |file: &&LiveFile| file.last < covered && file.first < size && file.rows > 0;
        Ok(Facts {
            size,
            carry: lake.tail.carry()?,
            runs: lake.catalog.lookups.values().filter(seen).map(Lazy::new).collect(),
            stored: lake.catalog.facts.values().filter(seen).map(Lazy::new).collect(),
            tail: OnceLock::new(),
            kept: Mutex::default(),
            unpackers: Unpackers::default(),
            lake: Arc::clone(lake),
        })
    }

    /// The events that a pin speaks of.
    ///
    /// # Errors
    /// Invalid, if the pin is of another log or a longer one, or if it was computed by other rules or from
    /// records read by another normaliser: then the answer cannot be repeated exactly, and the error says why.
    pub fn at(lake: &Arc<Lake>, pin: &Pin) -> Result<Facts> {
        pin.holds(&lake.pin(pin.size, pin.asked), lake.tree_size())?;
        Facts::as_of(lake, pin.size)
    }

    /// What an answer over this is computed from, when it is asked as of this moment.
    pub fn pin(&self, asked: Millis) -> Pin {
        self.lake.pin(self.size, asked)
    }

    /// Leaves below this one are seen.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// What directives below the size say about identities: whose tokens issuers sign, and under which
    /// accounts brokers mint for others.
    pub fn configured(&self) -> (impl Iterator<Item = &Issuer>, impl Iterator<Item = &str>) {
        (self.carry.issuers(self.size), self.carry.brokers(self.size))
    }

    /// What is known below the size about the completeness of a range, nanoseconds since 1970, both ends included.
    pub fn completeness(&self, from: i64, until: i64) -> Completeness {
        self.carry.lacks(self.size, from.div_euclid(1_000_000), until.div_euclid(1_000_000))
    }

    /// Visits the events of a time range (both ends included), each with the name of its source, in the
    /// order of the log, until told to stop; those that tell again what an earlier one told are left out.
    ///
    /// # Errors
    /// Corrupt, if a file cannot be read; Evidence, if a record without one cannot.
    pub fn scan(&self, from: i64, until: i64, visit: &mut dyn FnMut(&str, Arc<Fact>) -> ControlFlow<()>) -> Result<()> {
        let wanted = |time: i64| (from..=until).contains(&time);
        for lazy in &self.runs {
            if lazy.live.times.is_some_and(|(earliest, latest)| latest < from || earliest > until) {
                continue;
            }
            let run = self.run(lazy)?;
            let mut leaves: Vec<u64> = (run.first()..(run.first() + run.leaves()).min(self.size)).collect();
            let mut times = run.times(&leaves)?.into_iter();
            leaves.retain(|_| times.next().flatten().is_some_and(wanted));
            // A merged run is long: facts are read, and let go, some thousand at a time.
            for leaves in leaves.chunks(SCANNED_AT_ONCE) {
                let mut facts = Vec::with_capacity(leaves.len());
                self.read(leaves, |source, fact| facts.push((source, fact)))?;
                for (source, fact) in facts {
                    if visit(self.carry.name(source), fact).is_break() {
                        return Ok(());
                    }
                }
            }
        }
        for told in self.tail()?.iter().filter(|told| !told.again && wanted(told.fact.time)) {
            if visit(&told.source, Arc::clone(&told.fact)).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn run<'r>(&self, lazy: &'r Lazy<Run>) -> Result<&'r Run> {
        lazy.get(&self.lake.folder, Run::open)
    }

    /// The events behind the last look-up file, by leaf.
    fn tail(&self) -> Result<&[Told]> {
        if let Some(tail) = self.tail.get() {
            return Ok(tail);
        }
        let (from, mut found) = (self.lake.covered(), Gather::default());
        if from < self.size && self.lake.tail.has_records()? {
            let mut deriver = self.lake.tail.deriver(from)?;
            try_scan(&*self.lake.evidence, from, self.size, |leaf| {
                deriver.push(leaf, &mut found)?;
                Ok(ControlFlow::Continue(()))
            })?;
        }
        Ok(self.tail.get_or_init(|| found.facts))
    }

    /// The facts of leaves below the tail, in the order asked for; none for a leaf that is no event.
    fn read_all(&self, leaves: &[u64]) -> Result<Vec<Option<Arc<Fact>>>> {
        let mut known: HashMap<u64, Option<Arc<Fact>>> = {
            let kept = self.kept.lock();
            leaves.iter().filter_map(|leaf| Some((*leaf, kept.get(leaf)?.clone()))).collect()
        };
        let mut unread: Vec<u64> = leaves.iter().filter(|leaf| !known.contains_key(leaf)).copied().collect();
        if !unread.is_empty() {
            unread.sort_unstable();
            let mut read: HashMap<u64, Option<Arc<Fact>>> = unread.iter().map(|leaf| (*leaf, None)).collect();
            self.read(&unread, |_, fact| {
                read.insert(fact.id.index.0, Some(fact));
            })?;
            let mut kept = self.kept.lock();
            if kept.len() > FACTS_KEPT_MAX {
                kept.clear();
            }
            kept.extend(read.iter().map(|(leaf, fact)| (*leaf, fact.clone())));
            known.extend(read);
        }
        Ok(leaves.iter().map(|leaf| known.get(leaf).cloned().flatten()).collect())
    }

    /// Visits the facts of leaves below the tail, which rise, each with the number of its source.
    fn read(&self, leaves: &[u64], mut visit: impl FnMut(u32, Arc<Fact>)) -> Result<()> {
        let unable = |error| Error::caused(ErrorKind::Fatal, "set up zstd", error);
        let waiting = self.unpackers.0.lock().pop();
        let mut zstd = waiting.map_or_else(Decompressor::new, Ok).map_err(unable)?;
        let mut places: Vec<(&FactFile, &[u64])> = Vec::new();
        let mut rest = leaves;
        while let Some(first) = rest.first() {
            let number = self.stored.partition_point(|lazy| lazy.live.last < *first);
            // Behind the last file with an event there is none.
            let Some(lazy) = self.stored.get(number) else { break };
            let (here, behind) = rest.split_at(rest.partition_point(|leaf| *leaf <= lazy.live.last));
            places.push((lazy.get(&self.lake.folder, FactFile::open)?, here));
            rest = behind;
        }
        if leaves.len() > 1 {
            places.iter().for_each(|(file, here)| file.prefetch(here));
        }
        for (file, here) in places {
            file.read(here, &mut zstd, |leaf, source, mut fact| {
                fact.id = self.id(leaf);
                visit(source, Arc::new(fact));
                Ok(())
            })?;
        }
        self.unpackers.0.lock().push(zstd);
        Ok(())
    }

    fn id(&self, index: u64) -> EventId {
        EventId { log: self.lake.evidence.log().to_owned(), index: LeafIndex(index) }
    }

    fn look(&self, lookup: &Lookup<'_>) -> Result<Page> {
        let mut search = Search::new(self, lookup)?;
        let mut page = Page::default();
        while page.facts.len() <= lookup.limit {
            let missing = lookup.limit.saturating_add(1) - page.facts.len();
            let Some(mut facts) = search.next(missing)? else { break };
            facts.retain(|fact| fact.has(lookup.key));
            facts.sort_by(|a, b| match lookup.order {
                Order::Oldest => a.order().cmp(&b.order()),
                Order::Newest => b.order().cmp(&a.order()),
            });
            page.facts.append(&mut facts);
        }
        page.more = page.facts.len() > lookup.limit;
        page.facts.truncate(lookup.limit);
        Ok(page)
    }
}

impl Store for Facts {
    fn find(&self, lookup: &Lookup<'_>) -> std::result::Result<Page, StoreError> {
        self.look(lookup).map_err(unanswered)
    }

    fn event(&self, id: &EventId) -> std::result::Result<Option<Arc<Fact>>, StoreError> {
        if id.log != self.lake.evidence.log() || id.index.0 >= self.size {
            return Ok(None);
        }
        if id.index.0 >= self.lake.covered() {
            let mut tail = self.tail().map_err(unanswered)?.iter().map(|told| &told.fact);
            return Ok(tail.find(|fact| fact.id == *id).cloned());
        }
        self.read_all(&[id.index.0]).map(|found| found.into_iter().flatten().next()).map_err(unanswered)
    }
}

fn unanswered(error: Error) -> StoreError {
    StoreError { what: error.to_string(), source: Some(Box::new(error)) }
}

/// Keeps the facts of events.
#[derive(Default)]
struct Gather {
    facts: Vec<Told>,
}

impl Sink for Gather {
    fn event(&mut self, origin: Origin<'_>, _: &str, duplicate_of: Option<u64>, event: &Event<'_>) {
        let fact = Arc::new(Fact::of(origin.id.clone(), schema::time_of(origin, event), event));
        self.facts.push(Told { source: origin.source.to_owned(), again: duplicate_of.is_some(), fact });
    }

    fn reject(&mut self, _: &RejectRow<'_>) {}
}
