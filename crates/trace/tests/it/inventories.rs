//! Inventories against the truth of the scenario: who of those listed acts, who has an owner, and which of the
//! rights that each has were used.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use trace::attribution;
use trace::coverage::{self, Coverage, Identity};
use trace::least_privilege::{self, Granted};

use crate::judge::text;
use crate::memory::Memory;
use crate::truth::{World, delivered, settings, world};

fn coverage(store: &Memory) -> Coverage {
    let facts = store.facts().iter().map(|fact| Ok(Arc::clone(fact)));
    coverage::of(store, facts, &settings(&[])).unwrap()
}

/// Whether a URI is that of one of the truth: of its platform, with its id or its name.
fn is(uri: &str, listed: &Value) -> bool {
    let of_platform =
        uri.starts_with(&format!("nhi:principal:{}:{}:", text(listed, "platform"), text(listed, "authority")));
    let id = uri.rsplit('/').next().unwrap_or_default().trim_start_matches('~');
    of_platform && [text(listed, "principal"), text(listed, "name")].map(trace::escaped).iter().any(|one| one == id)
}

/// Those of the truth that a list names, by their ids; what it names besides is wrong.
fn named<'t>(list: &[Identity], platform: &str, truth: &[&'t Value]) -> BTreeSet<&'t str> {
    let of_platform = list.iter().filter(|one| one.principal.starts_with(&format!("nhi:principal:{platform}:")));
    let find =
        |one: &Identity| truth.iter().find(|listed| is(&one.principal, listed)).map(|found| text(found, "principal"));
    of_platform.map(|one| find(one).unwrap_or_else(|| panic!("{one:?} is not in the truth"))).collect()
}

fn judge_coverage(World { facts, listed, .. }: World) {
    let store = Memory::of(facts);
    let answer = coverage(&store);
    for platform in ["aws", "gcp", "k8s"] {
        let truth: Vec<&Value> = listed.iter().filter(|one| text(one, "platform") == platform).collect();
        let alive = || truth.iter().filter(|one| one["deleted"] == false).copied();
        let of = |chosen: &dyn Fn(&Value) -> bool| -> BTreeSet<&str> {
            alive().filter(|one| chosen(one)).map(|one| text(one, "principal")).collect()
        };
        let (seen, unseen) = (of(&|one| one["records"] != 0), of(&|one| one["records"] == 0));
        let unowned = of(&|one| text(one, "owner").is_empty());
        assert!(!seen.is_empty() && !unowned.is_empty(), "{platform}");

        let count = answer.platforms.iter().find(|count| count.platform == platform).unwrap();
        assert_eq!((count.inventoried, count.deleted), (alive().count(), truth.len() - alive().count()), "{platform}");
        assert_eq!((count.inventoried_and_seen, count.never_seen), (seen.len(), unseen.len()), "{platform}");
        assert_eq!(named(&answer.never_seen, platform, &truth), unseen, "{platform}");
        assert_eq!(named(&answer.unowned, platform, &truth), unowned, "{platform}");
        let missing = answer.not_inventoried.iter().find(|one| truth.iter().any(|listed| is(&one.principal, listed)));
        assert_eq!(missing, None, "{platform}");
        eprintln!("{platform}: listed {}, seen {}, without owner {}", alive().count(), seen.len(), unowned.len());
    }
}

#[test]
fn who_is_listed_seen_and_owned_is_as_the_truth_says() {
    judge_coverage(world(6_000));
}

#[test]
fn who_is_listed_seen_and_owned_does_not_depend_on_the_order_of_delivery() {
    let delivery = scenario::Delivery { shuffle_s: 21_600, double_percent: 20, without: Vec::new() };
    judge_coverage(delivered(6_000, delivery));
}

fn texts<'v>(value: &'v Value, key: &str) -> BTreeSet<&'v str> {
    value[key].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

/// Granted against used: by its own policies, by those of its groups, by what its bindings give; and by whom
/// ever acted with its rights.
#[test]
fn the_rights_that_were_used_and_those_that_were_not_are_as_the_truth_says() {
    let World { facts, listed, end, .. } = world(6_000);
    let settings = settings(&facts);
    let store = Memory::of(facts);
    let (mut used, mut unused) = (0, 0);
    for one in listed.iter().filter(|one| text(one, "platform") != "gcp") {
        let kind = match text(one, "principal").get(..4) {
            Some("AIDA") => "user",
            Some("AROA") => "role",
            _ => "serviceaccount",
        };
        let (platform, authority) = (text(one, "platform"), text(one, "authority"));
        let principal = format!("nhi:principal:{platform}:{authority}:{kind}/{}", text(one, "principal"));
        let answer = least_privilege::of(&store, &principal, i64::MIN, end, &settings).unwrap();
        let names =
            |all: &[Granted]| -> BTreeSet<String> { all.iter().map(|g| g.privilege.privilege.clone()).collect() };
        let same = |told: BTreeSet<String>, key: &str| {
            let told: BTreeSet<&str> = told.iter().map(String::as_str).collect();
            assert_eq!(told, texts(one, key), "{key} of {one}");
        };
        same(names(&answer.used_privileges), "used");
        same(names(&answer.unused_privileges), "unused");
        same(answer.without_grant.into_iter().collect(), "without_grant");
        same(answer.denied.into_iter().collect(), "denied");
        let refused: Vec<&str> = answer.refused_privileges.iter().map(|one| one.privilege.as_str()).collect();
        assert_eq!(refused, if kind == "user" { vec!["iam:DeleteUser"] } else { vec![] }, "{one}");
        used += texts(one, "used").len();
        unused += texts(one, "unused").len();
    }
    eprintln!("privileges: {used} used, {unused} not");
    assert!(used > 30 && unused > 50, "{used} {unused}");
}

/// What an inventory lists is nobody's act, so it has no part in how many acts have one clear actor.
#[test]
fn an_item_of_an_inventory_is_no_event_that_somebody_is_behind() {
    let World { facts, .. } = world(3_000);
    let settings = settings(&facts);
    let items = facts.iter().filter(|fact| fact.inventory.is_some()).count();
    let store = Memory::of(facts);
    let told = store.facts().iter().map(|fact| Ok((None, Arc::clone(fact))));
    let shares = attribution::of(&store, told, &settings).unwrap();
    assert!(items > 50, "{items}");
    assert_eq!(shares.events, (store.facts().len() - items) as u64);
    assert!(shares.shares.iter().all(|share| share.platform != model::Platform::Inventory), "{:?}", shares.shares);
}
