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
}

impl Memory {
    /// Of facts in any order.
    pub(crate) fn of(mut facts: Vec<Arc<Fact>>) -> Memory {
        facts.sort_by(|a, b| a.order().cmp(&b.order()));
        let mut keys: HashMap<(u8, String), Vec<usize>> = HashMap::new();
        for (at, fact) in facts.iter().enumerate() {
            for key in keys_of(fact) {
                let places = keys.entry(key).or_default();
                if places.last() != Some(&at) {
                    places.push(at);
                }
            }
        }
        Memory { facts, keys }
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
    Arc::new(Fact::of(id, event.time.unwrap_or_default(), &event))
}

fn keys_of(fact: &Fact) -> Vec<(u8, String)> {
    let mut keys = Vec::new();
    let mut add = |key: Key<'_>| keys.push(text(key));
    if let Some(used) = &fact.credential {
        add(Key::Used(&used.uri));
        used.native_id.iter().for_each(|id| add(Key::UsedId(id)));
    }
    if let Some(issued) = &fact.issued {
        add(Key::Issued(&issued.uri));
        issued.native_id.iter().for_each(|id| add(Key::IssuedId(id)));
        issued.parent.iter().for_each(|parent| add(Key::IssuedFrom(parent)));
    }
    fact.holders().for_each(|holder| add(Key::IssuedTo(holder)));
    fact.changes.iter().for_each(|change| add(Key::Changed(&change.uri)));
    fact.session.iter().for_each(|session| add(Key::Session(session)));
    add(Key::Principal(&fact.actor.uri));
    fact.subject.iter().chain(&fact.initiator).for_each(|uri| add(Key::Principal(uri)));
    fact.chain.iter().for_each(|step| add(Key::Principal(&step.principal)));
    fact.resources.iter().for_each(|resource| add(Key::Resource(&resource.uri)));
    fact.correlation_ids.iter().for_each(|id| add(Key::Correlation(id)));
    fact.grant_refs.iter().chain(fact.grants.iter().map(|grant| &grant.uri)).for_each(|uri| add(Key::Grant(uri)));
    fact.grants.iter().filter_map(|grant| grant.beneficiary.as_ref()).for_each(|uri| add(Key::GrantedTo(uri)));
    for alias in &fact.aliases {
        add(Key::Alias(&alias.a, alias.rel));
        add(Key::Alias(&alias.b, alias.rel));
    }
    keys
}

fn text(key: Key<'_>) -> (u8, String) {
    let (tag, text) = match key {
        Key::Used(text) => (0, text),
        Key::UsedId(text) => (1, text),
        Key::Issued(text) => (2, text),
        Key::IssuedId(text) => (3, text),
        Key::IssuedFrom(text) => (4, text),
        Key::IssuedTo(text) => (5, text),
        Key::Changed(text) => (6, text),
        Key::Session(text) => (7, text),
        Key::Principal(text) => (8, text),
        Key::Resource(text) => (9, text),
        Key::Correlation(text) => (10, text),
        Key::Grant(text) => (11, text),
        Key::GrantedTo(text) => (12, text),
        Key::Alias(text, rel) => (13 + rel as u8, text),
    };
    (tag, text.to_owned())
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
        Ok(self.facts.iter().find(|fact| fact.id == *id).cloned())
    }
}
