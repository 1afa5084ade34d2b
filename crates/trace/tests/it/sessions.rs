//! Sessions that no record names, and steps of those that records do.

use std::sync::Arc;

use sources::Context;
use trace::session::{self, Moment, Timeline};
use trace::{Fact, Gap, Settings, Tier};

use crate::lineage::{read, settings};
use crate::memory::Memory;
use crate::native::*;

/// A call with the key that everybody uses.
fn shared(at: usize, second: i64, ip: &str, agent: &str) -> Arc<Fact> {
    let line = read_object(&user("AKIADEPLOYER00000001"), &format!("use-{at}"), second);
    let mut fact = (*crate::memory::fact(at, &line, &Context::default())).clone();
    (fact.src_ip, fact.user_agent) = (Some(ip.to_owned()), Some(agent.to_owned()));
    Arc::new(fact)
}

fn timeline(store: &Memory, id: &str, settings: &Settings) -> Timeline {
    session::of_event(store, &store.by_source(id), settings).unwrap()
}

fn ids(timeline: &Timeline) -> Vec<&str> {
    timeline.entries.iter().map(|entry| entry.evidence.source_event_id.as_deref().unwrap()).collect()
}

/// Two people and two programs behind one key, and the first person again after a long time.
fn office() -> Memory {
    Memory::of(vec![
        shared(0, 0, "10.0.0.1", "cli"),
        shared(1, 60, "10.0.0.2", "cli"),
        shared(2, 600, "10.0.0.1", "cli"),
        shared(3, 700, "10.0.0.1", "console"),
        shared(4, 2_300, "10.0.0.1", "cli"),
        shared(5, 2_360, "10.0.0.2", "cli"),
        shared(6, 9_000, "10.0.0.1", "cli"),
    ])
}

#[test]
fn a_shared_key_is_cut_by_address_program_and_idle_time_and_that_is_said() {
    let store = office();
    let found = timeline(&store, "use-2", &settings());
    assert_eq!(ids(&found), ["use-0", "use-2", "use-4"]);
    let derived = found.derived.as_ref().unwrap();
    assert_eq!((derived.tier, derived.src_ip.as_deref(), derived.idle_ms), (Tier::L4, Some("10.0.0.1"), 1_800_000));
    let tiers: Vec<Tier> = found.entries.iter().map(|entry| entry.tier).collect();
    assert_eq!(tiers, [Tier::L4, Tier::L1, Tier::L4], "only the event asked about is sure");
    assert_eq!(ids(&timeline(&store, "use-1", &settings())), ["use-1"]);
    assert_eq!(ids(&timeline(&store, "use-3", &settings())), ["use-3"]);
    assert_eq!(ids(&timeline(&store, "use-6", &settings())), ["use-6"]);
    let patient = Settings { idle_ms: 10_000_000, ..settings() };
    assert_eq!(ids(&timeline(&store, "use-6", &patient)), ["use-0", "use-2", "use-4", "use-6"]);
    let value = serde_json::to_value(&found).unwrap();
    assert_eq!((value["derived"]["tier"].as_str(), value["derived"]["user_agent"].as_str()), (Some("L4"), Some("cli")));
}

/// Whichever of its events is asked about, the stretch is the same.
#[test]
fn every_event_of_a_stretch_leads_to_the_same_one() {
    let store = office();
    for id in ["use-0", "use-2", "use-4"] {
        assert_eq!(ids(&timeline(&store, id, &settings())), ["use-0", "use-2", "use-4"], "{id}");
    }
}

#[test]
fn what_a_stretch_minted_goes_on_in_it() {
    let plain = Context::default();
    let store = read(vec![
        (read_object(&user("AKIADEPLOYER00000001"), "before", 0), plain),
        (mint(&user("AKIADEPLOYER00000001"), "mint", 20, "AssumeRole", "first", "ASIAFIRST00000000001"), plain),
        (as_role("first", "ASIAFIRST00000000001", |caller| read_object(caller, "use", 30)), plain),
    ]);
    let found = timeline(&store, "before", &settings());
    assert_eq!(ids(&found), ["before", "mint", "use"]);
    assert_eq!((found.entries[1].moment, found.entries[2].tier), (Moment::Issuance, Tier::L4));
}

#[test]
fn a_record_with_a_token_needs_no_guess() {
    let store = read(crate::lineage::leased());
    let found = timeline(&store, "use", &settings());
    assert!(found.derived.is_none() && found.entries.iter().all(|entry| entry.tier == Tier::L1), "{found:?}");
}

#[test]
fn a_silence_names_the_records_on_both_sides() {
    let found = timeline(&office(), "use-2", &settings());
    let [silence] = found.silences.as_slice() else { panic!("{:?}", found.silences) };
    assert_eq!(silence.before.source_event_id.as_deref(), Some("use-2"));
    assert_eq!(silence.after.source_event_id.as_deref(), Some("use-4"));
}

#[test]
fn a_refresh_and_a_revocation_are_steps() {
    let issued = at(0);
    let token = token("accessor-1", &issued);
    let vault = Context { authority: Some("vault-1"), ..Context::default() };
    let call = |id, second, operation, path| Ask { id, second, operation, path, mount: "x", response: "", data: "" };
    let mut records = ask(None, Some(&token), &call("login", 0, "update", "auth/kubernetes/login")).to_vec();
    records.extend(ask(Some(&token), None, &call("use", 60, "read", "secret/data/bank")));
    records.extend(ask(Some(&token), Some(&token), &call("renew", 600, "update", "auth/token/renew-self")));
    records.extend(ask(Some(&token), None, &call("end", 700, "update", "auth/token/revoke-self")));
    let store = read(records.into_iter().map(|line| (line, vault)).collect());
    let found = timeline(&store, "use", &settings());
    let mut steps: Vec<(Moment, &str)> =
        found.entries.iter().map(|entry| (entry.moment, entry.evidence.source_event_id.as_deref().unwrap())).collect();
    steps.dedup();
    for step in
        [(Moment::Issuance, "login"), (Moment::Use, "use"), (Moment::Refresh, "renew"), (Moment::Revocation, "end")]
    {
        assert!(steps.contains(&step), "{step:?} in {steps:?}");
    }
}

#[test]
fn a_stretch_of_too_many_calls_is_cut_and_says_so() {
    let store = Memory::of((0..200).map(|n| shared(n, i64::try_from(n).unwrap(), "10.0.0.1", "cli")).collect());
    let found = timeline(&store, "use-100", &Settings { uses_max: 50, ..settings() });
    assert!(found.entries.len() <= 52, "{}", found.entries.len());
    assert!(found.gaps.contains(&Gap::Cut { limit: "uses_max", value: 50 }), "{:?}", found.gaps);
}
