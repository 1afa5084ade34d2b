//! Uses of many things in one order of time, read as far as they are asked for.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::Fact;
use crate::descent::Reading;
use crate::store::{Lookup, Store, StoreError};
use crate::tier::Tier;

/// One use.
pub(crate) struct Used {
    pub(crate) fact: Arc<Fact>,
    /// How it is tied to what is used.
    pub(crate) tier: Tier,
    /// Place of its reading.
    pub(crate) reading: usize,
}

/// What comes next.
pub(crate) enum Next {
    Use(Used),
    /// So many records were read in vain that the answer stops at this one.
    Stopped(Arc<Fact>),
    End,
}

/// The uses of all readings, each read a little ahead.
pub(crate) struct Merge<'s, S> {
    store: &'s S,
    streams: Vec<Stream<'s>>,
}

struct Stream<'s> {
    reading: &'s Reading,
    from: i64,
    until: i64,
    ahead: VecDeque<(Arc<Fact>, Tier)>,
    /// The last record read; what is not after it was told.
    last: Option<Arc<Fact>>,
    size: usize,
    /// Records that may still be read in vain.
    left: usize,
    done: bool,
}

/// Records first read of each; a thousand streams are opened for one page.
const AHEAD: usize = 4;

impl<'s, S: Store> Merge<'s, S> {
    /// From a time on, or after a record; at most `vain_max` records of each are read in vain.
    pub(crate) fn new(
        store: &'s S,
        readings: &'s [Reading],
        (since, until): (i64, i64),
        after: Option<&Arc<Fact>>,
        vain_max: usize,
    ) -> Result<Merge<'s, S>, StoreError> {
        let since = after.map_or(since, |fact| since.max(fact.time));
        let stream = |reading: &'s Reading| Stream {
            reading,
            from: reading.from.max(since),
            until: reading.until.min(until),
            ahead: VecDeque::new(),
            last: after.cloned(),
            size: AHEAD,
            left: vain_max,
            done: false,
        };
        let mut streams: Vec<Stream<'s>> = readings.iter().map(stream).collect();
        for stream in &mut streams {
            stream.fill(store)?;
        }
        Ok(Merge { store, streams })
    }

    /// The oldest use that was not told yet.
    pub(crate) fn next(&mut self) -> Result<Next, StoreError> {
        let head =
            |stream: &Stream<'s>| stream.ahead.front().map(|(fact, _)| fact.clone()).or_else(|| stream.stopped());
        let heads = self.streams.iter().enumerate().filter_map(|(at, stream)| Some((at, head(stream)?)));
        let first = heads.min_by(|(_, a), (_, b)| a.order().cmp(&b.order()));
        let Some((reading, head)) = first else { return Ok(Next::End) };
        let Some(stream) = self.streams.get_mut(reading) else { return Ok(Next::End) };
        let Some((fact, tier)) = stream.ahead.pop_front() else { return Ok(Next::Stopped(head)) };
        if stream.ahead.is_empty() {
            stream.fill(self.store)?;
        }
        Ok(Next::Use(Used { fact, tier, reading }))
    }
}

impl Stream<'_> {
    /// Where it had to stop, when nothing is ahead.
    fn stopped(&self) -> Option<Arc<Fact>> {
        self.last.clone().filter(|_| !self.done)
    }

    fn fill(&mut self, store: &impl Store) -> Result<(), StoreError> {
        while self.ahead.is_empty() && !self.done && self.left > 0 {
            let page = store.find(&Lookup::within(self.reading.key(), self.from, self.until, self.size))?;
            self.done = !page.more;
            let mut new = 0;
            for fact in page.facts {
                if self.last.as_ref().is_some_and(|last| fact.order() <= last.order()) {
                    continue;
                }
                new += 1;
                self.from = fact.time;
                self.last = Some(fact.clone());
                if let Some(tier) = self.reading.counts(&fact) {
                    self.ahead.push_back((fact, tier));
                }
            }
            self.left = self.left.saturating_sub(new);
            let next = self.size.saturating_mul(2);
            // A moment with more records than were asked for is read again, larger.
            self.size = if new == 0 { next } else { next.min(SIZE_MAX) };
        }
        Ok(())
    }
}

/// Records read at once; more only where one moment has more.
const SIZE_MAX: usize = 1_024;
