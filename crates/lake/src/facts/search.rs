//! The order in which a look-up comes upon leaves.

use std::collections::BinaryHeap;
use std::sync::Arc;

use trace::{Fact, Lookup, Order};

use super::{Facts, Lazy};
use crate::Result;
use crate::lookup::{Run, filed};

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
    /// Rank and leaf of what was found and not handed out, the next on top.
    waiting: BinaryHeap<(i64, u64)>,
}

impl<'s> Search<'s> {
    pub(super) fn new(facts: &'s Facts, lookup: &Lookup<'_>) -> Result<Search<'s>> {
        let Lookup { key, from, until, order, limit } = *lookup;
        let (pending, waiting) = (Vec::new(), BinaryHeap::new());
        let mut search = Search { facts, key: filed(key), from, until, order, limit, pending, waiting };
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
        // A disk reads from several places at once in the time that it reads from one.
        for (_, lazy) in &search.pending {
            facts.run(lazy)?.prefetch(search.key);
        }
        let tail = facts.tail()?.iter().filter(|told| !told.again).map(|told| &told.fact);
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
    pub(super) fn next(&mut self, count: usize) -> Result<Option<Vec<Arc<Fact>>>> {
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
        let unfiled = self.facts.tail()?.iter().map(|told| &told.fact);
        found.extend(unfiled.filter(|fact| tail.contains(&fact.id.index.0)).cloned());
        Ok(Some(found))
    }

    fn ask(&mut self, lazy: &Lazy<Run>) -> Result<()> {
        let run = self.facts.run(lazy)?;
        let told = run.told(self.key)?;
        let seen: Vec<u64> = told.iter().copied().take_while(|leaf| *leaf < self.facts.size).collect();
        // Few facts are read anyway, and tell their time; of many the index knows which are worth reading.
        let times = if seen.len() <= self.limit.min(READ_AT_ONCE_MAX) {
            self.facts.read_all(&seen)?.into_iter().map(|fact| fact.map(|fact| fact.time)).collect()
        } else {
            run.times(&seen)?
        };
        for (leaf, time) in seen.into_iter().zip(times) {
            if let Some(time) = time.filter(|time| (self.from..=self.until).contains(time)) {
                self.waiting.push((self.rank(time), leaf));
            }
        }
        Ok(())
    }
}
