//! A store that notes for how long its answers hold: by how much an event could be earlier or later
//! and every look-up of its walk would still find the same facts.
//!
//! A walk asks from the event's own time, give or take a tolerance, and back by the longest life of a
//! token. As the event moves, so do those bounds; a fact that one of them would pass over, and the end
//! of a life that the event's time would pass over, limit the stretch.

use std::cell::Cell;
use std::sync::Arc;

use model::EventId;

use crate::issuance::nanos;
use crate::rule;
use crate::store::{Key, Lookup, Order, Page, Store, StoreError};
use crate::{Fact, Settings};

/// The store of one walk.
pub(crate) struct Steady<'s, S> {
    store: &'s S,
    /// Time of the event that the walk begins at.
    time: i64,
    life: i64,
    /// The first and last time at which the event could have been.
    stretch: Cell<(i64, i64)>,
}

impl<'s, S: Store> Steady<'s, S> {
    pub(crate) fn new(store: &'s S, time: i64, settings: &Settings) -> Steady<'s, S> {
        Steady { store, time, life: nanos(settings.life_max_ms), stretch: Cell::new((i64::MIN, i64::MAX)) }
    }

    /// From when until when an event like the one walked would have the same answer.
    pub(crate) fn stretch(&self) -> (i64, i64) {
        self.stretch.get()
    }

    fn from(&self, from: i64) {
        let (known, until) = self.stretch.get();
        self.stretch.set((known.max(from), until));
    }

    fn until(&self, until: i64) {
        let (from, known) = self.stretch.get();
        self.stretch.set((from, known.min(until)));
    }

    /// A bound that was put at the event's time, or a life before it: how far it is from there. Others
    /// belong to facts that stay where they are.
    fn moves(&self, bound: i64) -> Option<i64> {
        let near = |anchor: i64| {
            let ahead = bound.saturating_sub(anchor);
            (ahead.saturating_abs() <= nanos(rule::TOLERANCE_MAX_MS)).then_some(ahead)
        };
        near(self.time)
            .or_else(|| near(self.time.saturating_sub(self.life)).map(|ahead| ahead.saturating_sub(self.life)))
    }

    fn bounds(&self, lookup: &Lookup<'_>, page: &Page) -> Result<(), StoreError> {
        let times = || page.facts.iter().map(|fact| fact.time);
        if let Some(ahead) = self.moves(lookup.until) {
            if let Some(newest) = times().max() {
                self.from(newest.saturating_sub(ahead));
            }
            // A page that is full with the oldest stays as it is, whatever comes later.
            if lookup.order == Order::Oldest && page.more {
                return Ok(());
            }
            let after = Lookup::within(lookup.key, lookup.until.saturating_add(1), i64::MAX, 1);
            if let Some(next) = self.store.find(&after)?.facts.first() {
                self.until(next.time.saturating_sub(ahead).saturating_sub(1));
            }
        }
        if let Some(ahead) = self.moves(lookup.from) {
            if let Some(oldest) = times().min() {
                self.until(oldest.saturating_sub(ahead));
            }
            let before = Lookup::newest(lookup.key, lookup.from.saturating_sub(1), 1);
            if let Some(next) = self.store.find(&before)?.facts.first() {
                self.from(next.time.saturating_sub(ahead).saturating_add(1));
            }
        }
        Ok(())
    }

    /// Whether the token of a fact was alive is told from the event's time.
    fn lives(&self, fact: &Fact) {
        let Some(issued) = &fact.issued else { return };
        let end = issued.not_after.unwrap_or_else(|| fact.time.saturating_add(self.life));
        for tolerance_ms in rule::TOLERANCES_MS {
            let end = end.saturating_add(nanos(tolerance_ms));
            if self.time <= end {
                self.until(end);
            } else {
                self.from(end.saturating_add(1));
            }
        }
    }
}

impl<S: Store> Store for Steady<'_, S> {
    fn find(&self, lookup: &Lookup<'_>) -> Result<Page, StoreError> {
        let page = self.store.find(lookup)?;
        self.bounds(lookup, &page)?;
        if matches!(lookup.key, Key::IssuedTo(_)) {
            page.facts.iter().for_each(|fact| self.lives(fact));
        }
        Ok(page)
    }

    fn event(&self, id: &EventId) -> Result<Option<Arc<Fact>>, StoreError> {
        self.store.event(id)
    }
}
