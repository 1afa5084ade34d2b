//! Inventoried against seen.

use std::sync::Arc;

use sources::Context;
use trace::coverage::{Count, Coverage, of};
use trace::{Fact, Gap, Settings};

use crate::aliases::{NAME, NEW, OLD, recreated};
use crate::least_privilege::{item, user_detail};
use crate::lineage::settings;
use crate::memory::Memory;
use crate::native::*;

fn coverage(facts: &[Arc<Fact>], settings: &Settings) -> Coverage {
    let store = Memory::of(facts.to_vec());
    of(&store, facts.iter().cloned().map(Ok), settings).unwrap()
}

fn count<'c>(coverage: &'c Coverage, platform: &str) -> &'c Count {
    coverage.platforms.iter().find(|count| count.platform == platform).unwrap()
}

const ROLE: &str = r#"{"Path":"/","RoleName":"idle","RoleId":"AROAIDLE000000000001","Arn":"arn:aws:iam::111122223333:role/idle","CreateDate":"2024-11-05T10:00:00+00:00","AssumeRolePolicyDocument":{"Version":"2012-10-17","Statement":[]},"RolePolicyList":[],"AttachedManagedPolicies":[],"Tags":[{"Key":"Owner","Value":"payroll"}]}"#;

/// A user that works and has no owner, a role that has one and does nothing, a service account that
/// nobody listed.
fn facts() -> Vec<Arc<Fact>> {
    let plain = Context::default();
    let get = Kube { id: "use", second: 60, verb: "get", resource: "secrets", subresource: "", name: "bank" };
    vec![
        item(0, 0, &user_detail("", "", ""), &plain),
        item(1, 0, ROLE, &plain),
        crate::memory::fact(2, &read_object(&user("AKIADEPLOYER00000001"), "read", 10), &plain),
        crate::memory::fact(3, &kube(&service_account("jti-1"), &get, 200, "", ""), &cluster()),
    ]
}

#[test]
fn listed_seen_and_owned_are_counted_by_platform_and_named() {
    let coverage = coverage(&facts(), &settings());
    let aws = count(&coverage, "aws");
    assert_eq!((aws.inventoried, aws.seen, aws.inventoried_and_seen, aws.never_seen), (2, 1, 1, 1));
    assert_eq!((aws.not_inventoried, aws.unowned, aws.deleted), (0, 1, 0));
    assert_eq!(aws.inventory.as_ref().unwrap().time, nanos(0));
    let k8s = count(&coverage, "k8s");
    assert_eq!((k8s.inventoried, k8s.seen, k8s.not_inventoried, k8s.inventory.as_ref()), (0, 1, 1, None));
    assert!(coverage.never_seen[0].principal.ends_with("AROAIDLE000000000001"));
    assert_eq!(coverage.never_seen[0].name.as_deref(), Some("idle"));
    assert!(coverage.unowned[0].principal.ends_with("AIDADEPLOYER000000001"), "{:?}", coverage.unowned);
    let missing = &coverage.not_inventoried[0];
    assert!(missing.principal.contains(":serviceaccount/c3b7d1f2"), "by its id, not by its name: {missing:?}");
    assert_eq!(missing.last_seen.as_ref().unwrap().source_event_id.as_deref(), Some("use"));
}

/// The one that holds a name at a time is seen; the other of that name is not.
#[test]
fn of_a_name_that_passed_on_the_bearer_of_the_time_is_seen() {
    let line = read_object(&user("AKIADEPLOYER00000001"), "by-name", 250);
    let mut by_name = (*crate::memory::fact(90, &line, &Context::default())).clone();
    by_name.actor.uri = NAME.to_owned();
    by_name.aliases.clear();
    let listed = |at, uri: &str| {
        let mut fact = (*item(at, 400, ROLE, &Context::default())).clone();
        fact.inventory.as_mut().unwrap().uri = uri.to_owned();
        fact.aliases.clear();
        Arc::new(fact)
    };
    // Sights that only tell the names: nobody acts in them.
    let store = recreated();
    let sights = store.facts().iter().map(|fact| {
        let mut fact = (**fact).clone();
        fact.actor.kind = model::ActorKind::PlatformService;
        Arc::new(fact)
    });
    let facts: Vec<Arc<Fact>> = sights.chain([Arc::new(by_name), listed(91, OLD), listed(92, NEW)]).collect();
    let coverage = coverage(&facts, &settings());
    let never: Vec<&str> = coverage.never_seen.iter().map(|identity| identity.principal.as_str()).collect();
    assert_eq!(never, [OLD]);
    assert_eq!(count(&coverage, "aws").inventoried_and_seen, 1);
}

#[test]
fn what_is_listed_as_deleted_is_counted_apart() {
    let mut role = (*item(1, 5, ROLE, &Context::default())).clone();
    role.inventory.as_mut().unwrap().state = Some(model::InventoryState::Deleted);
    let mut all = facts();
    all.push(Arc::new(role));
    let coverage = coverage(&all, &settings());
    let aws = count(&coverage, "aws");
    assert_eq!((aws.inventoried, aws.never_seen, aws.deleted), (1, 0, 1));
}

#[test]
fn the_order_of_telling_and_telling_twice_change_nothing_but_counts_of_events() {
    let facts = facts();
    let backwards: Vec<Arc<Fact>> = facts.iter().rev().cloned().collect();
    assert_eq!(coverage(&facts, &settings()), coverage(&backwards, &settings()));
    let twice: Vec<Arc<Fact>> = facts.iter().chain(&facts).cloned().collect();
    assert_eq!(coverage(&facts, &settings()).platforms, coverage(&twice, &settings()).platforms);
}

#[test]
fn limits_cut_lists_and_say_so() {
    let cut = coverage(&facts(), &Settings { listed_max: 0, ..settings() });
    assert_eq!((cut.never_seen.len(), count(&cut, "aws").never_seen), (0, 1));
    assert_eq!(cut.gaps, [Gap::Cut { limit: "listed_max", value: 0 }]);
    let few = coverage(&facts(), &Settings { identities_max: 1, ..settings() });
    assert_eq!(few.gaps, [Gap::Cut { limit: "identities_max", value: 1 }]);
}
