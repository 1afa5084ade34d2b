//! What somebody is behind, against the way up from every single event.

use std::collections::{BTreeMap, BTreeSet};

use sources::Context;
use trace::downstream::{Downstream, Span, of};
use trace::{EdgeKind, Fact, Gap, Rank, Settings, Store, Tier, lineage};

use crate::lineage::{federated, github, leased, read, settings};
use crate::memory::Memory;
use crate::native::*;
use crate::truth::{self, World, world};

fn all() -> Span {
    Span { since: i64::MIN, until: i64::MAX, after: None, events_max: 1_000_000 }
}

fn down(store: &Memory, principal: &str, settings: &Settings) -> Downstream {
    of(store, &[principal.to_owned()], &all(), settings).unwrap()
}

fn ids(found: &Downstream) -> Vec<&str> {
    found.events.iter().map(|one| one.event.source_event_id.as_deref().unwrap()).collect()
}

#[test]
fn a_login_to_vault_is_behind_the_lease_the_key_and_its_use_in_aws() {
    let store = read(leased());
    let entity = store.by_source("login").actor.uri.clone();
    let found = down(&store, &entity, &settings());
    assert_eq!(ids(&found), ["login", "lease", "use"], "the broker's own call is not its own");
    let last = found.events.last().unwrap();
    assert_eq!(last.path.len(), 3, "{:?}", last.path);
    assert_eq!((last.path[0].as_str(), last.tier), (entity.as_str(), Tier::L1));
    assert!(last.path[2].ends_with("ASIAEXPORT0000000001"));
    let brokered = found.edges.iter().find(|edge| edge.kind == EdgeKind::Brokered).unwrap();
    assert_eq!(brokered.issuer.as_ref().unwrap().source_event_id.as_deref(), Some("lease"));
    let broker = store.by_source("assume").actor.uri.clone();
    assert_eq!(ids(&down(&store, &broker, &settings())), ["assume"]);
}

#[test]
fn a_service_account_is_behind_what_its_federated_role_did() {
    let found =
        down(&federated(&[("request", 0)]), "nhi:principal:k8s:prod-north:serviceaccount/~billing/agent", &settings());
    let last = found.events.last().unwrap();
    assert_eq!((last.event.source_event_id.as_deref(), last.tier), (Some("use"), Tier::L3));
    assert!(found.edges.iter().any(|edge| edge.rule == "configured-issuer"), "{:?}", found.edges);
}

#[test]
fn whoever_started_a_job_is_behind_the_role_that_it_took() {
    let (by_run, by_repository) =
        (github("repo:acme/pay:run_id:9001"), github("repo:acme@1/pay@456789:ref:refs/heads/main"));
    for (store, tier) in [(by_run, Tier::L3), (by_repository, Tier::L4)] {
        let found = down(&store, "nhi:principal:github:github.com:user/11", &settings());
        assert_eq!(ids(&found), ["run", "mint", "use"]);
        assert_eq!((found.events[1].tier, found.events[2].tier), (tier, tier));
    }
}

/// Every event that the way up leads to somebody is one that the way down from there finds, and the
/// way down finds none on whose way up it does not stand.
fn ways_agree(store: &Memory, settings: &Settings) -> usize {
    let mut first: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    let mut on_the_way: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    for fact in store.facts().iter().filter(|fact| fact.inventory.is_none()) {
        let up = lineage::of_event(store, fact, settings).unwrap();
        let way = on_the_way.entry(fact.id.index.0).or_default();
        way.insert(fact.actor.uri.clone());
        way.extend(up.origins.iter().map(|origin| origin.principal.clone()));
        for edge in &up.edges {
            way.extend([edge.from.clone(), edge.to.clone()]);
            let issuer = edge.issuer.as_ref().and_then(|issuer| store.event(&issuer.event_id).unwrap());
            way.extend(issuer.iter().flat_map(|fact| fact.holders().map(str::to_owned).collect::<Vec<_>>()));
            way.extend(issuer.map(|fact| fact.actor.uri.clone()));
        }
        if let Some(origin) = up.origins.first().filter(|origin| trace::rank(&origin.principal) != Rank::Claim) {
            first.entry(origin.principal.clone()).or_default().insert(fact.id.index.0);
        }
    }
    let by_leaf: BTreeMap<u64, &Fact> = store.facts().iter().map(|fact| (fact.id.index.0, &**fact)).collect();
    let call = |leaf: &u64| by_leaf[leaf].source_event_id.clone();
    for (principal, events) in &first {
        let found = down(store, principal, settings);
        let ids: BTreeSet<u64> = found.events.iter().map(|one| one.event.event_id.index.0).collect();
        let told = |leaf: &&u64| {
            let fact = &by_leaf[*leaf];
            format!("{} {:?} {}", fact.platform, fact.source_event_id, fact.actor.uri)
        };
        // The two entries of a refused request say the same: one of them stands for both.
        let calls: BTreeSet<Option<String>> = ids.iter().map(call).collect();
        let missed = events.difference(&ids).filter(|leaf| !calls.contains(&call(leaf)));
        let missed: Vec<String> = missed.map(|leaf| told(&leaf)).collect();
        assert!(missed.is_empty(), "{principal}: {} of {} missed, {missed:#?}", missed.len(), events.len());
        for one in &found.events {
            // The twins of one golden record have one id, and so count as one call.
            let call = call(&one.event.event_id.index.0);
            let twins = by_leaf
                .values()
                .filter(|fact| fact.id == one.event.event_id || call.is_some() && fact.source_event_id == call);
            let way: BTreeSet<&String> = twins.flat_map(|fact| &on_the_way[&fact.id.index.0]).collect();
            assert!(found.names.iter().any(|name| way.contains(name)), "{principal} is not behind {one:?}: {way:#?}");
        }
        assert!(found.next.is_none() && found.gaps.is_empty(), "{:?}", found.gaps);
    }
    first.len()
}

#[test]
fn the_way_down_and_the_way_up_agree_on_every_event() {
    let World { facts, .. } = world(4_000);
    let settings = Settings { uses_max: 100_000, credentials_max: 100_000, ..truth::settings(&facts) };
    let principals = ways_agree(&Memory::of(facts), &settings);
    assert!(principals > 30, "{principals}");
}

/// The incident goes over eight platforms: Okta, SPIRE, Vault, AWS, PostgreSQL and what is around them.
#[test]
fn the_ways_agree_on_the_incident() {
    let store = crate::incident::incident();
    let settings = Settings { uses_max: 100_000, credentials_max: 100_000, ..Settings::default() };
    assert!(ways_agree(&store, &settings) > 5);
}

/// Pages of any size, put together, are the one page of everything; moments with many records included.
#[test]
fn pages_put_together_are_the_whole() {
    let plain = Context::default();
    let mut lines =
        vec![(mint(&user("AKIADEPLOYER00000001"), "mint", 0, "AssumeRole", "first", "ASIAFIRST00000000001"), plain)];
    let used = |n: i64| {
        as_role("first", "ASIAFIRST00000000001", |caller| read_object(caller, &format!("use-{n:0>3}"), n / 30))
    };
    lines.extend((0..90).map(|n| (used(n), plain)));
    lines.extend((0..20).map(|n| (read_object(&user("AKIADEPLOYER00000001"), &format!("own-{n:0>3}"), 1), plain)));
    let store = read(lines);
    let principal = format!("nhi:principal:aws:{ACCOUNT}:user/AIDADEPLOYER000000001");
    let whole = down(&store, &principal, &settings());
    assert_eq!(whole.events.len(), 111);
    for events_max in [1, 7, 110, 111, 112] {
        let (mut span, mut events) = (Span { events_max, ..all() }, Vec::new());
        loop {
            let page = of(&store, std::slice::from_ref(&principal), &span, &settings()).unwrap();
            assert!(page.events.len() <= events_max);
            events.extend(page.events);
            let Some(next) = page.next else { break };
            span.after = Some(next);
        }
        assert_eq!(events, whole.events, "pages of {events_max}");
    }
}

#[test]
fn a_fan_out_of_a_hundred_thousand_uses_is_read_page_by_page() {
    let one = as_role("first", "ASIAFIRST00000000001", |caller| read_object(caller, "use", 10));
    let one = crate::memory::fact(1, &one, &Context::default());
    let start = mint(&user("AKIADEPLOYER00000001"), "mint", 0, "AssumeRole", "first", "ASIAFIRST00000000001");
    let mut facts = vec![crate::memory::fact(0, &start, &Context::default())];
    facts.extend((1..=100_000u64).map(|n| {
        let mut fact = (*one).clone();
        fact.id.index.0 = n;
        fact.source_event_id = Some(format!("use-{n:0>6}"));
        fact.time += i64::try_from(n / 50_000).unwrap();
        std::sync::Arc::new(fact)
    }));
    let store = Memory::of(facts);
    let principal = format!("nhi:principal:aws:{ACCOUNT}:user/AIDADEPLOYER000000001");
    let span = Span { events_max: 50, ..all() };
    let page = of(&store, std::slice::from_ref(&principal), &span, &settings()).unwrap();
    assert_eq!((page.events.len(), page.gaps.len()), (50, 0));
    let radius = trace::blast_radius::of(&store, &principal, i64::MIN, i64::MAX, &settings()).unwrap();
    assert_eq!(radius.uses, settings().uses_max);
    assert_eq!(radius.gaps, [Gap::Cut { limit: "uses_max", value: 10_000 }]);
    let next = Span { after: page.next, ..span };
    let page = of(&store, &[principal], &next, &settings()).unwrap();
    assert_eq!(ids(&page)[0], "use-000050");
}

#[test]
fn a_key_that_issued_itself_ends_the_way_down() {
    let plain = Context::default();
    let own =
        as_role("first", "ASIAFIRST00000000001", |c| mint(c, "a", 0, "AssumeRole", "first", "ASIAFIRST00000000001"));
    let store =
        read(vec![(own, plain), (as_role("first", "ASIAFIRST00000000001", |c| read_object(c, "use", 20)), plain)]);
    let found = down(&store, &store.by_source("use").actor.uri.clone(), &settings());
    assert_eq!(ids(&found), ["a", "use"]);
    let key = format!("nhi:cred:aws:{ACCOUNT}:sts-key/ASIAFIRST00000000001");
    let radius = trace::blast_radius::of(&store, &key, i64::MIN, i64::MAX, &settings()).unwrap();
    assert_eq!((radius.credentials.len(), radius.uses), (1, 2));
}

/// A role that was deleted and made again under its name: neither is behind what the other did.
#[test]
fn of_a_name_that_passed_on_each_bearer_has_its_own_events() {
    let by_name = |id: &str, second| {
        let mut fact = (*crate::memory::fact(
            usize::try_from(second).unwrap(),
            &read_object(&user("AKIADEPLOYER00000001"), id, second),
            &Context::default(),
        ))
        .clone();
        fact.actor.uri = crate::aliases::NAME.to_owned();
        fact.credential = None;
        fact.aliases.clear();
        std::sync::Arc::new(fact)
    };
    let mut facts = crate::aliases::recreated().facts().to_vec();
    facts.extend([by_name("old", 50), by_name("between", 150), by_name("new", 250)]);
    let store = Memory::of(facts);
    assert_eq!(ids(&down(&store, crate::aliases::OLD, &settings())), ["old"]);
    assert_eq!(ids(&down(&store, crate::aliases::NEW, &settings())), ["new"]);
}

/// What the caller set and AWS kept leads down as it leads up: at L3, beside the proved origin.
#[test]
fn a_source_identity_is_behind_its_session_at_l3() {
    let (role, since) = (role_id("first"), at(0));
    let session = scenario::cloudtrail::Caller::Role {
        account: ACCOUNT,
        role: "first",
        role_id: &role,
        session: "s-first",
        key: "ASIAFIRST00000000001",
        since: &since,
        web_identity: None,
        source_identity: Some("alice@acme.example"),
    };
    let store = read(vec![(read_object(&session, "use", 9), Context::default())]);
    let claim = store.by_source("use").initiator.clone().unwrap();
    let found = down(&store, &claim, &settings());
    assert_eq!((ids(&found), found.events[0].tier), (vec!["use"], Tier::L3));
}
