//! The order in which a look-up comes upon leaves.

use std::collections::BinaryHeap;
use std::ops::Range;
use std::sync::Arc;

use trace::{Fact, Lookup, Order};

use super::{Facts, Lazy};
use crate::Result;
use crate::lookup::{Run, Told, filed};

/// Facts of one time that are put in order by what they say; beyond it, by leaf.
const TIES_MAX: usize = 1_024;

/// Facts of one run that are read without a look at their times first.
const READ_AT_ONCE_MAX: usize = 16;

/// A look-up under way: which leaves come next, and which runs were not asked yet.
pub(super) struct Search<'s> {
    facts: &'s Facts,
    key: u32,
    from: i64,
    until: i64,
    order: Order,
    /// Facts that whoever asks will take, at most.
    limit: usize,
    /// Runs not asked yet, the one that may hold the next leaf last.
    pending: Vec<(i64, &'s Lazy<Run>)>,
    /// The runs that were asked, with the leaves they told.
    asked: Vec<(&'s Run, Arc<Told>)>,
    /// Rank of what was found and not handed out, the next on top.
    waiting: BinaryHeap<(i64, Waiting)>,
}

/// What waits to be handed out. Of one rank a stretch comes first: it may hold leaves of that time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Waiting {
    /// A leaf whose time is known.
    Leaf(u64),
    /// Leaves of one stretch whose times were not looked at yet: number of the run in `asked`, and which of its leaves.
    Stretch(usize, usize, usize),
}

impl<'s> Search<'s> {
    pub(super) fn new(facts: &'s Facts, lookup: &Lookup<'_>) -> Result<Search<'s>> {
        let Lookup { key, from, until, order, limit } = *lookup;
        let (pending, asked, waiting) = (Vec::new(), Vec::new(), BinaryHeap::new());
        let mut search = Search { facts, key: filed(key), from, until, order, limit, pending, asked, waiting };
        for lazy in &facts.runs {
            // Without a noted span the file has to be opened to know.
            let (earliest, latest) = match lazy.live.times {
                Some(span) => span,
                None => facts.run(lazy)?.span(),
            };
            if earliest <= until && latest >= from {
                search.pending.push((search.best(earliest, latest), lazy));
            }
        }
        search.pending.sort_by_key(|(rank, _)| *rank);
        // A disk reads from several places at once in the time that it reads from one.
        for (_, lazy) in &search.pending {
            facts.run(lazy)?.prefetch(search.key);
        }
        let tail = facts.tail()?.iter().filter(|told| !told.again).map(|told| &told.fact);
        for fact in tail.filter(|fact| fact.has(key) && (from..=until).contains(&fact.time)) {
            search.waiting.push((search.rank(fact.time), Waiting::Leaf(fact.id.index.0)));
        }
        Ok(search)
    }

    /// What comes first has the greater rank.
    fn rank(&self, time: i64) -> i64 {
        if self.order == Order::Newest { time } else { !time }
    }

    /// The rank of what may come first of these times.
    fn best(&self, earliest: i64, latest: i64) -> i64 {
        self.rank(if self.order == Order::Newest { latest.min(self.until) } else { earliest.max(self.from) })
    }

    /// Some of the facts that come next, at least so many if there are; those of one time together.
    pub(super) fn next(&mut self, count: usize) -> Result<Option<Vec<Arc<Fact>>>> {
        let (mut leaves, mut last) = (Vec::new(), None);
        loop {
            while let Some((_, lazy)) = self.pending.pop_if(|(best, _)| {
                // A run whose best comes after what waits need not be asked yet.
                self.waiting.peek().is_none_or(|(rank, _)| rank <= best)
            }) {
                self.ask(lazy)?;
            }
            let is_tie =
                |(rank, _): &(i64, Waiting)| last == Some(*rank) && leaves.len() < count.saturating_add(TIES_MAX);
            if leaves.len() >= count && !self.waiting.peek().is_some_and(is_tie) {
                break;
            }
            match self.waiting.pop() {
                Some((rank, Waiting::Leaf(leaf))) => {
                    leaves.push(leaf);
                    last = Some(rank);
                }
                Some((_, Waiting::Stretch(run, begin, end))) => self.look(run, begin..end)?,
                None => break,
            }
        }
        if leaves.is_empty() {
            return Ok(None);
        }
        let (tail, stored): (Vec<u64>, Vec<u64>) =
            leaves.into_iter().partition(|leaf| *leaf >= self.facts.lake.covered());
        let mut found: Vec<Arc<Fact>> = self.facts.read_all(&stored)?.into_iter().flatten().collect();
        let unfiled = self.facts.tail()?.iter().map(|told| &told.fact);
        found.extend(unfiled.filter(|fact| tail.contains(&fact.id.index.0)).cloned());
        Ok(Some(found))
    }

    fn ask(&mut self, lazy: &'s Lazy<Run>) -> Result<()> {
        let run = self.facts.run(lazy)?;
        let told = run.told(self.key)?;
        let seen = told.leaves.partition_point(|leaf| *leaf < self.facts.size);
        // Few facts are read anyway, and tell their time; of many the index knows which are worth reading.
        if seen <= self.limit.min(READ_AT_ONCE_MAX) {
            let seen = told.leaves.get(..seen).unwrap_or_default();
            let times: Vec<_> = self.facts.read_all(seen)?.into_iter().map(|fact| fact.map(|fact| fact.time)).collect();
            self.wait(seen, times);
            return Ok(());
        }
        for (stretch, Range { start, end }) in run.stretches(&told)? {
            if start < seen && stretch.earliest <= self.until && stretch.latest >= self.from {
                let best = self.best(stretch.earliest, stretch.latest);
                self.waiting.push((best, Waiting::Stretch(self.asked.len(), start, end.min(seen))));
            }
        }
        self.asked.push((run, told));
        Ok(())
    }

    /// Looks at the times of leaves that a run told.
    fn look(&mut self, run: usize, place: Range<usize>) -> Result<()> {
        let Some((run, told)) = self.asked.get(run).map(|(run, told)| (*run, Arc::clone(told))) else { return Ok(()) };
        let leaves = told.leaves.get(place).unwrap_or_default();
        let times = run.times(leaves)?;
        self.wait(leaves, times);
        Ok(())
    }

    /// Lets those leaves wait whose times are asked about.
    fn wait(&mut self, leaves: &[u64], times: Vec<Option<i64>>) {
        for (leaf, time) in leaves.iter().zip(times) {
            if let Some(time) = time.filter(|time| (self.from..=self.until).contains(time)) {
                self.waiting.push((self.rank(time), Waiting::Leaf(*leaf)));
            }
        }
    }
}
