//! The events as facts: the store of `trace` over the look-up index and the evidence.
//!
//! A look-up asks the index for leaves and reads the records of those it needs, newest or oldest first:
//! its cost grows with the answer, not with the log, and the SQL planner is never asked. What a record
//! says is read off the record again, so no column can lose a fact.

use std::collections::{BinaryHeap, HashMap};
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use model::{Event, EventId, FLAG_TRUNCATED, Header, Kind, LeafIndex, Millis};
use parking_lot::Mutex;
use sources::{Context, Scratch};
use trace::{Fact, Lookup, Order, Page, Store, StoreError};

use crate::catalog::LiveFile;
use crate::derive::{Carry, Issuer, Sealed, Sink, normalise};
use crate::evidence::try_scan;
use crate::lookup::{Run, filed};
use crate::pin::Pin;
use crate::schema::{self, Origin, RejectRow};
use crate::{Error, ErrorKind, Lake, Result};

/// Facts kept in memory; when there are more, all are let go.
const FACTS_KEPT_MAX: usize = 65_536;

/// Facts of one time that are put in order by what they say; beyond it, by leaf.
const TIES_MAX: usize = 1_024;

/// The events of a log as of a size. Nothing changes under it, and two equal look-ups give one answer.
#[derive(Debug)]
pub struct Facts {
    lake: Arc<Lake>,
    /// Leaves below this one are seen.
    size: u64,
    carry: Carry,
    runs: Vec<Lazy>,
    /// Events of leaves that have no look-up file, by leaf.
    tail: OnceLock<Vec<Told>>,
    kept: Mutex<HashMap<u64, Option<Arc<Fact>>>>,
}

/// An event, and the name of its source.
type Told = (String, Arc<Fact>);

/// A look-up file that is opened when it is first asked.
#[derive(Debug)]
struct Lazy {
    live: LiveFile,
    run: OnceLock<Run>,
}

impl Facts {
    /// The events of all leaves below `size`.
    ///
    /// # Errors
    /// Invalid, if the log has fewer leaves; Corrupt, if leaves with rows have no look-up file, as in a
    /// lake of an earlier release.
    pub fn as_of(lake: &Arc<Lake>, size: u64) -> Result<Facts> {
        let whole = lake.tree_size();
        if size > whole {
            return Err(Error::new(ErrorKind::Invalid, format!("the log has {whole} leaves, {size} are asked for")));
        }
        let covered = lake.covered();
        let mut next = 0;
        for file in lake.catalog.lookups.values().filter(|file| file.last < covered) {
            if file.first == next {
                next = file.last + 1;
            }
        }
        if next < covered {
            let context = format!("leaf {next} is in no look-up file, `deedbook lake rebuild` makes them");
            return Err(Error::new(ErrorKind::Corrupt, context));
        }
        let seen = |file: &&LiveFile| file.last < covered && file.first < size && file.rows > 0;
        let lazy = |live: &LiveFile| Lazy { live: live.clone(), run: OnceLock::new() };
        Ok(Facts {
            size,
            carry: lake.tail.carry()?,
            runs: lake.catalog.lookups.values().filter(seen).map(lazy).collect(),
            tail: OnceLock::new(),
            kept: Mutex::default(),
            lake: Arc::clone(lake),
        })
    }

    /// The events that a pin speaks of.
    ///
    /// # Errors
    /// Invalid, if the pin is of another log or a longer one, or if what computed it is not what this
    /// release computes with: then the answer cannot be repeated exactly, and the error says why.
    pub fn at(lake: &Arc<Lake>, pin: &Pin) -> Result<Facts> {
        pin.holds(lake.evidence.log(), lake.tree_size())?;
        Facts::as_of(lake, pin.size)
    }

    /// What an answer over this is computed from, when it is asked as of this moment.
    pub fn pin(&self, asked: Millis) -> Pin {
        Pin::now(self.lake.evidence.log(), self.size, asked)
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

    /// Visits the events of a time range (both ends included), each with the name of its source, in the
    /// order of the log, until told to stop; those that tell again what an earlier one told are left out.
    ///
    /// # Errors
    /// Corrupt, if a look-up file cannot be read; Evidence, if a record cannot.
    pub fn scan(&self, from: i64, until: i64, visit: &mut dyn FnMut(&str, Arc<Fact>) -> ControlFlow<()>) -> Result<()> {
        let wanted = |time: Option<i64>| time.is_some_and(|time| (from..=until).contains(&time));
        let mut scratch = Scratch::default();
        let mut flow = ControlFlow::Continue(());
        for lazy in &self.runs {
            if lazy.live.times.is_some_and(|(earliest, latest)| latest < from || earliest > until) {
                continue;
            }
            let run = self.run(lazy)?;
            let leaves: Vec<u64> = (run.first()..(run.first() + run.leaves()).min(self.size)).collect();
            let times = run.times(&leaves)?;
            let mut times = times.iter();
            let end = leaves.last().map_or(run.first(), |last| last + 1);
            try_scan(&*self.lake.evidence, run.first(), end, |leaf| {
                if wanted(times.next().copied().flatten())
                    && let Some((source, fact)) = self.read(leaf, &mut scratch)?
                {
                    flow = visit(self.carry.name(source), fact);
                }
                Ok(flow)
            })?;
            if flow.is_break() {
                return Ok(());
            }
        }
        for (source, fact) in self.tail()?.iter().filter(|(_, fact)| wanted(Some(fact.time))) {
            if visit(source, Arc::clone(fact)).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn run<'r>(&self, lazy: &'r Lazy) -> Result<&'r Run> {
        if let Some(run) = lazy.run.get() {
            return Ok(run);
        }
        let run = Run::open(&self.lake.folder.join(&lazy.live.name))?;
        Ok(lazy.run.get_or_init(|| run))
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

    /// The facts of leaves, in the order asked for; none for a leaf that is no event.
    fn read_all(&self, leaves: &[u64]) -> Result<Vec<Option<Arc<Fact>>>> {
        let unread: Vec<u64> = {
            let kept = self.kept.lock();
            leaves.iter().filter(|leaf| !kept.contains_key(leaf)).copied().collect()
        };
        let (mut read, mut failed, mut scratch) = (Vec::with_capacity(unread.len()), None, Scratch::default());
        self.lake.evidence.leaves(&unread, &mut |leaf| match self.read(leaf, &mut scratch) {
            Ok(fact) => read.push((leaf.index, fact.map(|(_, fact)| fact))),
            Err(error) => failed = Some(error),
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        let mut kept = self.kept.lock();
        if kept.len() > FACTS_KEPT_MAX {
            kept.retain(|leaf, _| leaves.contains(leaf));
        }
        kept.extend(read);
        Ok(leaves.iter().map(|leaf| kept.get(leaf).cloned().flatten()).collect())
    }

    /// The event of a leaf and the number of its source.
    fn read(&self, leaf: &Sealed<'_>, scratch: &mut Scratch) -> Result<Option<(u32, Arc<Fact>)>> {
        let header = Header::decode(leaf.header).map_err(|error| {
            Error::caused(
                ErrorKind::Evidence,
                format!("leaf {}: its header cannot be read, run `verify`", leaf.index),
                error,
            )
        })?;
        if header.kind != Kind::Record || header.flags & FLAG_TRUNCATED != 0 {
            return Ok(None);
        }
        let (platform, authority) = self.carry.context_at(header.source, leaf.index);
        let context = Context { platform, authority, received_at: header.received_at };
        let event = normalise(leaf.body, &header, &context, scratch).ok();
        let received = schema::nanos(header.received_at);
        let fact = |event: Event<'_>| Arc::new(Fact::of(self.id(leaf.index), event.time.unwrap_or(received), &event));
        Ok(event.map(|event| (header.source, fact(event))))
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

/// A look-up under way: which leaves come next, and which runs were not asked yet.
struct Search<'s> {
    facts: &'s Facts,
    key: u32,
    from: i64,
    until: i64,
    order: Order,
    /// Runs not asked yet, the one that may hold the next leaf last.
    pending: Vec<(i64, &'s Lazy)>,
    /// Rank and leaf of what was found and not handed out, the next on top.
    waiting: BinaryHeap<(i64, u64)>,
}

impl<'s> Search<'s> {
    fn new(facts: &'s Facts, lookup: &Lookup<'_>) -> Result<Search<'s>> {
        let Lookup { key, from, until, order, .. } = *lookup;
        let mut search =
            Search { facts, key: filed(key), from, until, order, pending: Vec::new(), waiting: BinaryHeap::new() };
        for lazy in &facts.runs {
            // Without a noted span the file has to be opened to know.
            let (earliest, latest) = match lazy.live.times {
                Some(span) => span,
                None => facts.run(lazy)?.span(),
            };
            if earliest <= until && latest >= from {
                let best = if order == Order::Newest { latest } else { earliest };
                search.pending.push((search.rank(best), lazy));
            }
        }
        search.pending.sort_by_key(|(rank, _)| *rank);
        let tail = facts.tail()?.iter().map(|(_, fact)| fact);
        for fact in tail.filter(|fact| fact.has(key) && (from..=until).contains(&fact.time)) {
            search.waiting.push((search.rank(fact.time), fact.id.index.0));
        }
        Ok(search)
    }

    /// What comes first has the greater rank.
    fn rank(&self, time: i64) -> i64 {
        if self.order == Order::Newest { time } else { !time }
    }

    /// Some of the facts that come next, at least so many if there are; those of one time together.
    fn next(&mut self, count: usize) -> Result<Option<Vec<Arc<Fact>>>> {
        let (mut leaves, mut last) = (Vec::new(), None);
        loop {
            while let Some((_, lazy)) = self.pending.pop_if(|(best, _)| {
                // A run whose best comes after what waits need not be asked yet.
                self.waiting.peek().is_none_or(|(rank, _)| rank <= best)
            }) {
                self.ask(lazy)?;
            }
            let Some((rank, leaf)) = self.waiting.peek().copied() else { break };
            let is_tie = last == Some(rank) && leaves.len() < count.saturating_add(TIES_MAX);
            if leaves.len() >= count && !is_tie {
                break;
            }
            self.waiting.pop();
            leaves.push(leaf);
            last = Some(rank);
        }
        if leaves.is_empty() {
            return Ok(None);
        }
        let (tail, stored): (Vec<u64>, Vec<u64>) =
            leaves.into_iter().partition(|leaf| *leaf >= self.facts.lake.covered());
        let mut found: Vec<Arc<Fact>> = self.facts.read_all(&stored)?.into_iter().flatten().collect();
        let unfiled = self.facts.tail()?.iter().map(|(_, fact)| fact);
        found.extend(unfiled.filter(|fact| tail.contains(&fact.id.index.0)).cloned());
        Ok(Some(found))
    }

    fn ask(&mut self, lazy: &Lazy) -> Result<()> {
        let run = self.facts.run(lazy)?;
        let mut leaves = run.find(self.key)?;
        leaves.retain(|leaf| *leaf < self.facts.size);
        let times = run.times(&leaves)?;
        for (leaf, time) in leaves.into_iter().zip(times) {
            if let Some(time) = time.filter(|time| (self.from..=self.until).contains(time)) {
                self.waiting.push((self.rank(time), leaf));
            }
        }
        Ok(())
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
        self.read_all(&[id.index.0]).map(|found| found.into_iter().flatten().next()).map_err(unanswered)
    }
}

fn unanswered(error: Error) -> StoreError {
    StoreError { what: error.to_string(), source: Some(Box::new(error)) }
}

/// Keeps the facts of events that are told for the first time.
#[derive(Default)]
struct Gather {
    facts: Vec<Told>,
}

impl Sink for Gather {
    fn event(&mut self, origin: Origin<'_>, _: &str, duplicate_of: Option<u64>, event: &Event<'_>) {
        if duplicate_of.is_none() {
            let fact = Fact::of(origin.id.clone(), schema::time_of(origin, event), event);
            self.facts.push((origin.source.to_owned(), Arc::new(fact)));
        }
    }

    fn reject(&mut self, _: &RejectRow<'_>) {}
}
