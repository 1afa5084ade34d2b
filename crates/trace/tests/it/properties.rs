//! Properties of all answers: the order of arrival and a second delivery change nothing, and a record
//! sealed after the pin is in no answer.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{EventId, LeafIndex};
use proptest::prelude::*;
use serde_json::Value;
use sources::Context;
use trace::downstream::{self, Span};
use trace::{Fact, Lookup, Page, Store, StoreError};
use trace::{attribution, blast_radius, coverage, least_privilege, lineage, offboard, principal, session, who};

use crate::least_privilege::{item, user_detail};
use crate::lineage::{leased, settings};
use crate::memory::{Memory, fact};
use crate::native::*;

/// Chained roles, a lease of Vault, an inventory, a pod: records of three platforms that lead to each other.
fn records() -> Vec<Arc<Fact>> {
    let plain = Context::default();
    let mut lines = leased();
    lines
        .push((mint(&user("AKIADEPLOYER00000001"), "mint-1", 0, "AssumeRole", "first", "ASIAFIRST00000000001"), plain));
    let second = |caller: &scenario::cloudtrail::Caller<'_>| {
        mint(caller, "mint-2", 10, "AssumeRole", "second", "ASIASECOND0000000001")
    };
    lines.push((as_role("first", "ASIAFIRST00000000001", second), plain));
    for n in 0..3 {
        lines
            .push((as_role("second", "ASIASECOND0000000001", |c| read_object(c, &format!("read-{n}"), 20 + n)), plain));
        lines.push((read_object(&user("AKIADEPLOYER00000001"), &format!("own-{n}"), 200 * n), plain));
    }
    lines.push((token_request("request", 0, "jti-1", "https://kubernetes.default.svc"), cluster()));
    let get = Kube { id: "get", second: 60, verb: "get", resource: "secrets", subresource: "", name: "bank" };
    lines.push((kube(&service_account("jti-1"), &get, 200, "", ""), cluster()));
    let mut facts: Vec<Arc<Fact>> =
        lines.iter().enumerate().map(|(at, (line, context))| fact(at, line, context)).collect();
    let statement =
        r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Allow","Action":"sqs:*","Resource":"*"}"#;
    facts.push(item(facts.len(), 5, &user_detail(statement, "", ""), &plain));
    facts
}

/// The records in an order of arrival: the n-th to arrive is leaf n.
fn arrive(records: &[Arc<Fact>], order: &[usize]) -> Vec<Arc<Fact>> {
    let leaf = |(leaf, at): (usize, &usize)| {
        let mut fact = (*records[*at]).clone();
        fact.id = EventId { log: "3f2a91c0".to_owned(), index: LeafIndex(leaf as u64) };
        Arc::new(fact)
    };
    order.iter().enumerate().map(leaf).collect()
}

fn value(answer: impl serde::Serialize) -> Value {
    serde_json::to_value(answer).unwrap()
}

/// Every answer that the records give.
fn answers(store: &impl Store, facts: &[Arc<Fact>]) -> Vec<Value> {
    let (settings, until) = (settings(), nanos(1_000));
    let mut all = Vec::new();
    let mut seen = BTreeSet::new();
    let mut facts: Vec<&Arc<Fact>> = facts.iter().collect();
    facts.sort_by(|a, b| a.order().cmp(&b.order()));
    for event in facts.iter().copied() {
        if seen.insert(event.source_event_id.clone()) {
            all.push(value(lineage::of_event(store, event, &settings).unwrap()));
            all.push(value(who::of_event(store, event, &settings).unwrap()));
            all.push(value(session::of_event(store, event, &settings).unwrap()));
        }
        let actor = &event.actor.uri;
        if seen.insert(Some(actor.clone())) {
            let span = Span { since: i64::MIN, until, after: None, events_max: 1_000 };
            all.push(value(downstream::of(store, std::slice::from_ref(actor), &span, &settings).unwrap()));
            all.push(value(principal::of(store, actor, until, &settings).unwrap()));
            all.push(value(blast_radius::of(store, actor, i64::MIN, until, &settings).unwrap()));
            all.push(value(least_privilege::of(store, actor, nanos(-10), until, &settings).unwrap()));
            all.push(value(offboard::prove(store, actor, nanos(100), until, &settings).unwrap()));
        }
        for credential in event.credential.iter().chain(&event.issued) {
            if seen.insert(Some(credential.uri.clone())) {
                all.push(value(blast_radius::of(store, &credential.uri, i64::MIN, until, &settings).unwrap()));
            }
        }
    }
    all.iter_mut().for_each(timeless);
    all
}

/// Counts over a stream of facts: what a second delivery adds to is the number of events alone.
fn counts(store: &impl Store, facts: &[Arc<Fact>]) -> (Value, Value) {
    let told = || facts.iter().cloned().map(Ok);
    let shares = attribution::of(store, facts.iter().map(|fact| Ok((None, fact.clone()))), &settings()).unwrap();
    let mut all = (value(shares), value(coverage::of(store, told(), &settings()).unwrap()));
    timeless(&mut all.0);
    timeless(&mut all.1);
    // How many walks were spared depends on the order of telling.
    all.0.as_object_mut().unwrap().remove("walks");
    all
}

/// An answer without what depends on the leaf.
fn timeless(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.remove("event_id");
            map.values_mut().for_each(timeless);
        }
        Value::Array(list) => list.iter_mut().for_each(timeless),
        _ => {}
    }
}

/// The first place at which two lists of answers differ, with what stands there.
fn difference(a: &[Value], b: &[Value]) -> Option<String> {
    fn within(a: &Value, b: &Value, path: &str) -> Option<String> {
        match (a, b) {
            _ if a == b => None,
            (Value::Object(x), Value::Object(y)) if x.keys().eq(y.keys()) => {
                x.iter().find_map(|(key, value)| within(value, &y[key], &format!("{path}/{key}")))
            }
            (Value::Array(x), Value::Array(y)) if x.len() == y.len() => {
                x.iter().zip(y).enumerate().find_map(|(at, (x, y))| within(x, y, &format!("{path}/{at}")))
            }
            _ => Some(format!("{path}: {a} or {b}")),
        }
    }
    assert_eq!(a.len(), b.len());
    within(&Value::Array(a.to_vec()), &Value::Array(b.to_vec()), "")
}

fn order() -> impl Strategy<Value = Vec<usize>> {
    Just((0..records().len()).collect::<Vec<usize>>()).prop_shuffle()
}

/// A store that holds back what was sealed after its pin.
struct Pinned<'m> {
    all: &'m Memory,
    size: u64,
}

impl Store for Pinned<'_> {
    fn find(&self, lookup: &Lookup<'_>) -> Result<Page, StoreError> {
        let mut page = self.all.find(&Lookup { limit: usize::MAX, ..*lookup })?;
        page.facts.retain(|fact| fact.id.index.0 < self.size);
        page.more = page.facts.len() > lookup.limit;
        page.facts.truncate(lookup.limit);
        Ok(page)
    }

    fn event(&self, id: &EventId) -> Result<Option<Arc<Fact>>, StoreError> {
        Ok(self.all.event(id)?.filter(|fact| fact.id.index.0 < self.size))
    }
}

fn leaves(value: &Value, found: &mut BTreeSet<u64>) {
    match value {
        Value::Object(map) => {
            let id = map.get("event_id").and_then(Value::as_str);
            found.extend(id.map(|id| id.rsplit('-').next().unwrap().parse::<u64>().unwrap()));
            map.values().for_each(|value| leaves(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| leaves(value, found)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_answer_depends_on_the_order_of_arrival(order in order()) {
        let records = records();
        let (facts, disorder) = (records.clone(), arrive(&records, &order));
        let (plain, other) = (Memory::of(facts.clone()), Memory::of(disorder.clone()));
        prop_assert_eq!(difference(&answers(&plain, &facts), &answers(&other, &disorder)), None);
        prop_assert_eq!(counts(&plain, &facts), counts(&other, &disorder));
    }

    #[test]
    fn a_record_delivered_twice_changes_no_answer(order in order(), again in prop::collection::vec(0usize..17, 0..12)) {
        let records = records();
        let twice: Vec<usize> = order.into_iter().chain(again.into_iter().filter(|at| *at < records.len())).collect();
        let doubled = arrive(&records, &twice);
        let (plain, other) = (Memory::of(records.clone()), Memory::of(doubled.clone()));
        prop_assert_eq!(difference(&answers(&plain, &records), &answers(&other, &doubled)), None);
    }

    #[test]
    fn what_was_sealed_after_the_pin_is_in_no_answer(order in order(), size in 1u64..17) {
        let records = arrive(&records(), &order);
        let all = Memory::of(records.clone());
        let pinned = Pinned { all: &all, size };
        let sealed: Vec<Arc<Fact>> = records.iter().filter(|fact| fact.id.index.0 < size).cloned().collect();
        let before = Memory::of(sealed.clone());
        prop_assert_eq!(difference(&answers(&pinned, &sealed), &answers(&before, &sealed)), None);
        let mut used = BTreeSet::new();
        for fact in &sealed {
            leaves(&value(who::of_event(&pinned, fact, &settings()).unwrap()), &mut used);
            leaves(&value(principal::of(&pinned, &fact.actor.uri, i64::MAX, &settings()).unwrap()), &mut used);
            leaves(&value(blast_radius::of(&pinned, &fact.actor.uri, i64::MIN, i64::MAX, &settings()).unwrap()), &mut used);
        }
        prop_assert!(used.iter().all(|leaf| *leaf < size), "{:?} of {}", used, size);
    }
}
