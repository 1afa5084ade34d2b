//! Names at a time.

use std::sync::Arc;

use model::AliasRel;
use sources::Context;
use trace::alias::{Identity, resolve};
use trace::{Alias, Fact, Rank, Settings};

use crate::memory::{Memory, fact};
use crate::native::*;

pub(crate) const NAME: &str = "nhi:principal:aws:111122223333:role/~export";
pub(crate) const OLD: &str = "nhi:principal:aws:111122223333:role/AROAOLD0000000000001";
pub(crate) const NEW: &str = "nhi:principal:aws:111122223333:role/AROANEW0000000000001";

fn seen(at: usize, second: i64, a: &str, b: &str, rel: AliasRel) -> Arc<Fact> {
    let line = read_object(&user("AKIADEPLOYER00000001"), &format!("seen-{at}"), second);
    let mut fact = (*fact(at, &line, &Context::default())).clone();
    fact.aliases = vec![Alias { a: a.to_owned(), b: b.to_owned(), rel, rule: "test:pair".to_owned() }];
    Arc::new(fact)
}

pub(crate) fn same(at: usize, second: i64, a: &str, b: &str) -> Arc<Fact> {
    seen(at, second, a, b, AliasRel::SameAs)
}

fn at(store: &Memory, uri: &str, second: i64) -> Identity {
    resolve(store, uri, nanos(second), &Settings::default()).unwrap()
}

fn uris(identity: &Identity) -> Vec<&str> {
    identity.names.iter().map(|known| known.uri.as_str()).collect()
}

/// A role deleted and made again under its name.
pub(crate) fn recreated() -> Memory {
    Memory::of(vec![same(1, 0, NAME, OLD), same(2, 100, NAME, OLD), same(3, 200, NAME, NEW), same(4, 300, NAME, NEW)])
}

#[test]
fn a_deleted_and_recreated_role_is_two_principals() {
    let store = recreated();
    assert_eq!(uris(&at(&store, NAME, 250)), [NEW, NAME]);
    assert_eq!(at(&store, NAME, 250).display, NEW);
    assert_eq!(uris(&at(&store, NEW, 250)), [NEW, NAME]);
    assert_eq!(uris(&at(&store, OLD, 250)), [OLD], "the name has passed on");
}

#[test]
fn while_a_name_may_have_passed_on_nothing_is_merged() {
    let store = recreated();
    let identity = at(&store, NAME, 150);
    assert_eq!(uris(&identity), [NAME]);
    assert_eq!(identity.uncertain[0].bearers, [OLD.to_owned(), NEW.to_owned()]);
    assert!(at(&store, NAME, 350).uncertain.is_empty());
}

#[test]
fn a_name_first_seen_later_is_known_before() {
    let store = Memory::of(vec![same(1, 100, NAME, OLD)]);
    assert_eq!(uris(&at(&store, NAME, 0)), [OLD, NAME]);
    assert_eq!(at(&store, NAME, 0).names[0].rank, Rank::Immutable);
}

#[test]
fn nothing_is_merged_across_platforms_nor_in_an_unknown_authority() {
    let other = "nhi:principal:k8s:c1:serviceaccount/u1";
    let store = Memory::of(vec![same(1, 0, NAME, other)]);
    assert_eq!(uris(&at(&store, NAME, 10)), [NAME]);
    let (a, b) = ("nhi:principal:k8s:unknown:serviceaccount/u1", "nhi:principal:k8s:unknown:serviceaccount/~n/a");
    let store = Memory::of(vec![same(1, 0, a, b)]);
    assert_eq!(uris(&at(&store, a, 10)), [a]);
}

#[test]
fn a_typed_relation_is_shown_and_never_merged() {
    let workload = "nhi:principal:k8s:c1:serviceaccount/u1";
    let store = Memory::of(vec![seen(1, 0, workload, OLD, AliasRel::FederatesTo), same(2, 5, NAME, OLD)]);
    let identity = at(&store, OLD, 10);
    assert_eq!(uris(&identity), [OLD, NAME]);
    assert_eq!((identity.relations[0].a.as_str(), identity.relations[0].rel), (workload, AliasRel::FederatesTo));
    assert!(at(&store, OLD, -10).relations.is_empty(), "not yet seen then");
}

#[test]
fn real_records_of_a_service_account_make_uid_and_name_one() {
    let get = Kube { id: "use", second: 60, verb: "get", resource: "secrets", subresource: "", name: "bank" };
    let line = kube(&service_account("jti-1"), &get, 200, "", "");
    let store = Memory::read(&[(&line, &cluster())]);
    let by_name = "nhi:principal:k8s:prod-north:serviceaccount/~billing/agent";
    let identity = at(&store, by_name, 61);
    assert_eq!(identity.display, "nhi:principal:k8s:prod-north:serviceaccount/c3b7d1f2-8a44-4b19-90a5-1f2e3d4c5b6a");
    assert!(identity.relations.iter().any(|relation| relation.rel == AliasRel::RunsAs), "{:?}", identity.relations);
}
