//! The share of events with one clear actor, against the answer of `who` for each of them.

use std::sync::Arc;

use model::ActorKind;
use sources::Context;
use trace::attribution::{Shares, Tally, of};
use trace::who::{self, Attribution};
use trace::{Fact, Gap, Settings, StoreError};

use crate::lineage::{federated, leased, read, settings};
use crate::memory::Memory;
use crate::native::*;
use crate::truth::{self, World, world};

fn shares(store: &Memory, settings: &Settings) -> Shares {
    let facts = store.facts().iter().map(|fact| Ok((None, fact.clone())));
    of(store, facts, settings).unwrap()
}

#[test]
fn events_are_counted_by_platform_source_and_weakest_tier() {
    let store = read(leased());
    let told = store.facts().iter().map(|fact| Ok((Some(format!("file-{}", fact.platform)), fact.clone())));
    let shares = of(&store, told, &settings()).unwrap();
    let counted: Vec<(&str, &str, u64, u64)> = shares
        .shares
        .iter()
        .map(|share| (share.platform.as_str(), share.source.as_deref().unwrap(), share.events, share.clear))
        .collect();
    assert_eq!(counted, [("aws", "file-aws", 2, 2), ("vault", "file-vault", 2, 2)]);
    assert_eq!((shares.shares[0].tiers.l1, shares.shares[0].tiers.record), (1, 1), "{:?}", shares.shares[0]);
    assert_eq!((shares.events, shares.clear), (4, 4));
}

#[test]
fn the_shared_are_named_with_their_count_and_their_oldest_event() {
    let plain = Context::default();
    let use_of = |n: i64| (read_object(&user("AKIADEPLOYER00000001"), &format!("use-{n}"), 100 - n), plain);
    let facts = read((0..5).map(use_of).collect());
    let store = Memory::of(facts.facts().iter().map(|fact| Arc::new(as_shared(fact))).collect());
    let shares = shares(&store, &settings());
    assert_eq!((shares.events, shares.clear, shares.shares[0].shared), (5, 0, 5));
    let [unclear] = shares.unclear.as_slice() else { panic!("{:?}", shares.unclear) };
    assert_eq!((unclear.attribution, unclear.events), (Attribution::Shared, 5));
    assert_eq!(unclear.example.source_event_id.as_deref(), Some("use-4"));
}

fn as_shared(fact: &Fact) -> Fact {
    let mut fact = fact.clone();
    fact.actor.kind = ActorKind::Shared;
    fact
}

#[test]
fn more_unclear_actors_than_the_limit_are_counted_and_the_cut_is_said() {
    let facts: Vec<Arc<Fact>> = read((0..5).map(|n| (format!("{n}"), n)).map(anonymous).collect()).facts().to_vec();
    let facts = facts.iter().enumerate().map(|(at, fact)| {
        let mut fact = as_shared(fact);
        fact.actor.uri = format!("nhi:principal:aws:{ACCOUNT}:user/~u{at}");
        Arc::new(fact)
    });
    let store = Memory::of(facts.collect());
    let shares = shares(&store, &Settings { unclear_max: 3, ..settings() });
    assert_eq!((shares.unclear.len(), shares.shares[0].shared), (3, 5));
    assert_eq!(shares.gaps, [Gap::Cut { limit: "unclear_max", value: 3 }]);
}

fn anonymous((id, second): (String, i64)) -> (String, Context<'static>) {
    (read_object(&user("AKIADEPLOYER00000001"), &id, second), Context::default())
}

/// A kept answer is the answer a walk gives: told in any order, with much room for kept ones or none.
fn agrees_with_who(store: &Memory, facts: &[Arc<Fact>], settings: &Settings) {
    let mut tally = Tally::new(store, settings);
    let (mut clear, mut record, mut l3) = (0, 0, 0);
    let acts = || facts.iter().filter(|fact| fact.inventory.is_none());
    for fact in facts {
        tally.add(None, fact).unwrap();
    }
    for fact in acts() {
        let who = who::of_event(store, fact, settings).unwrap();
        clear += u64::from(who.attribution == Attribution::Clear);
        record += u64::from(who.attribution == Attribution::Clear && who.weakest.is_none());
        l3 += u64::from(who.attribution == Attribution::Clear && who.weakest == Some(trace::Tier::L3));
    }
    let shares = tally.finish();
    let sum = |pick: fn(&trace::attribution::Tiers) -> u64| shares.shares.iter().map(|s| pick(&s.tiers)).sum::<u64>();
    assert_eq!((shares.clear, sum(|t| t.record), sum(|t| t.l3)), (clear, record, l3));
    assert_eq!(shares.events, u64::try_from(acts().count()).unwrap());
}

#[test]
fn kept_answers_are_the_answers_of_who() {
    let World { facts, .. } = world(4_000);
    let settings = truth::settings(&facts);
    let store = Memory::of(facts);
    agrees_with_who(&store, store.facts(), &settings);
    let backwards: Vec<Arc<Fact>> = store.facts().iter().rev().cloned().collect();
    agrees_with_who(&store, &backwards, &settings);
    agrees_with_who(&store, store.facts(), &Settings { kept_max: 1, ..settings });
    let store = federated(&[("request-1", 0), ("request-2", 5)]);
    agrees_with_who(&store, store.facts(), &crate::lineage::settings());
}

/// A use before its issuance has no chain, one after it has one: one kept answer cannot serve both.
#[test]
fn a_kept_answer_ends_where_another_record_would_be_found() {
    let plain = Context::default();
    let key = "ASIAFIRST00000000001";
    let used = |id: &str, second| (as_role("first", key, |caller| read_object(caller, id, second)), plain);
    let mint = |id: &str, second| (mint(&user("AKIADEPLOYER00000001"), id, second, "AssumeRole", "first", key), plain);
    let store = read(vec![
        used("before", 0),
        mint("mint-1", 60),
        used("after", 61),
        used("later", 900),
        mint("mint-2", 1_000),
        used("torn", 1_100),
    ]);
    agrees_with_who(&store, store.facts(), &settings());
    let backwards: Vec<Arc<Fact>> = store.facts().iter().rev().cloned().collect();
    agrees_with_who(&store, &backwards, &settings());
    let shares = shares(&store, &settings());
    assert_eq!((shares.shares[0].ambiguous, shares.shares[0].tiers.l1), (1, 2), "{:?}", shares.shares[0]);
}

#[test]
fn an_error_of_the_stream_is_the_answers_error() {
    let store = Memory::of(Vec::new());
    let broken = StoreError { what: "segment 7 cannot be read".to_owned(), source: None };
    let error = of(&store, [Err(broken)], &settings()).unwrap_err();
    assert_eq!(error.to_string(), "segment 7 cannot be read");
}

/// Not a test of speed: prints what one event costs, for the page.
#[test]
fn many_events_of_one_credential_cost_one_walk() {
    let records = std::env::var("DEEDBOOK_ATTRIBUTION_RECORDS").ok().and_then(|n| n.parse().ok()).unwrap_or(6_000);
    let World { facts, .. } = world(records);
    let settings = truth::settings(&facts);
    let store = Memory::of(facts);
    let begun = std::time::Instant::now();
    let shares = shares(&store, &settings);
    let micros = begun.elapsed().as_micros() as f64 / shares.events as f64;
    eprintln!("{} events, {} walks, {} clear, {micros:.1} us an event", shares.events, shares.walks, shares.clear);
    for share in &shares.shares {
        eprintln!("{share:?}");
    }
    for unclear in shares.unclear.iter().take(8) {
        eprintln!("{unclear:?}");
    }
    // A session of the scenario has some five events, and many are of a credential of their own.
    assert!(shares.walks * 3 < shares.events * 2, "{} walks for {} events", shares.walks, shares.events);
}
