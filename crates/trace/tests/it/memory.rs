//! A store in memory: the plain reading of [`trace::Store`], by which others can be judged.

use std::collections::HashMap;
use std::sync::Arc;

use model::{EventId, LeafIndex};
use trace::{Fact, Key, Lookup, Order, Page, Store, StoreError};

/// Facts in a vector, sorted by [`Fact::order`], with one map of keys.
#[derive(Default)]
pub(crate) struct Memory {
    facts: Vec<Arc<Fact>>,
    keys: HashMap<(u8, String), Vec<usize>>,
    ids: HashMap<EventId, usize>,
}

impl Memory {
    /// Of facts in any order.
    pub(crate) fn of(mut facts: Vec<Arc<Fact>>) -> Memory {
        facts.sort_by(|a, b| a.order().cmp(&b.order()));
        let mut keys: HashMap<(u8, String), Vec<usize>> = HashMap::new();
        for (at, fact) in facts.iter().enumerate() {
            fact.keys(&mut |key| {
                let places = keys.entry(text(key)).or_default();
                if places.last() != Some(&at) {
                    places.push(at);
                }
            });
        }
        let ids = facts.iter().enumerate().map(|(at, fact)| (fact.id.clone(), at)).collect();
        Memory { facts, keys, ids }
    }

    /// Of native records, one a line, each line numbered as its leaf.
    pub(crate) fn read(lines: &[(&str, &sources::Context<'_>)]) -> Memory {
        Memory::of(lines.iter().enumerate().map(|(at, (line, context))| fact(at, line, context)).collect())
    }

    pub(crate) fn facts(&self) -> &[Arc<Fact>] {
        &self.facts
    }

    /// The fact with this id at its source; the last of several.
    pub(crate) fn by_source(&self, id: &str) -> Arc<Fact> {
        let found = self.facts.iter().rev().find(|fact| fact.source_event_id.as_deref() == Some(id));
        found.unwrap_or_else(|| panic!("no fact {id}")).clone()
    }
}

/// One native record as a fact.
pub(crate) fn fact(at: usize, line: &str, context: &sources::Context<'_>) -> Arc<Fact> {
    let mut scratch = sources::Scratch::default();
    let event = sources::normalise(line.as_bytes(), context, &mut scratch).unwrap_or_else(|e| panic!("{e}: {line}"));
    let id = EventId { log: "3f2a91c0".to_owned(), index: LeafIndex(at as u64) };
    let fact = Fact::of(id, event.time.unwrap_or_default(), &event);
    assert_eq!(keys(|each| trace::keys::of_event(&event, each)), keys(|each| fact.keys(each)), "{line}");
    Arc::new(fact)
}

fn text(key: Key<'_>) -> (u8, String) {
    let (number, text) = key.parts();
    (number, text.to_owned())
}

/// The keys that a visit names, sorted.
fn keys(visit: impl FnOnce(&mut dyn FnMut(Key<'_>))) -> Vec<(u8, String)> {
    let mut found = Vec::new();
    visit(&mut |key| found.push(text(key)));
    found.sort();
    found
}

impl Store for Memory {
    fn find(&self, lookup: &Lookup<'_>) -> Result<Page, StoreError> {
        let places = self.keys.get(&text(lookup.key)).map(Vec::as_slice).unwrap_or_default();
        let inside = |at: &&usize| (lookup.from..=lookup.until).contains(&self.facts[**at].time);
        let mut found: Vec<&usize> = places.iter().filter(inside).collect();
        if lookup.order == Order::Newest {
            found.reverse();
        }
        let more = found.len() > lookup.limit;
        let facts = found.into_iter().take(lookup.limit).map(|at| self.facts[*at].clone()).collect();
        Ok(Page { facts, more })
    }

    fn event(&self, id: &EventId) -> Result<Option<Arc<Fact>>, StoreError> {
        Ok(self.ids.get(id).map(|at| self.facts[*at].clone()))
    }
}
