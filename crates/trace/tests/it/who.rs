//! The answer of `who`, its attribution, and its printed names.

use trace::grant::Verdict;
use trace::who::{Attribution, Who, of_event};
use trace::{Settings, Tier};

use crate::lineage::{federated, leased, read, settings};
use crate::memory::Memory;
use crate::native::*;

fn who(store: &Memory, id: &str) -> Who {
    of_event(store, &store.by_source(id), &settings()).unwrap()
}

#[test]
fn one_event_answers_with_executor_key_lease_holder_and_origin() {
    let who = who(&read(leased()), "use");
    assert_eq!(who.executed_by.principal, format!("nhi:principal:aws:{ACCOUNT}:role/{}", role_id("export")));
    let with = who.with.unwrap();
    assert_eq!(with.kind, "sts-key");
    assert_eq!(with.minted.unwrap().source_event_id.as_deref(), Some("lease"));
    assert_eq!(who.minted_by[0].grants, ["nhi:grant:vault:vault-1:lease/aws%2Fsts%2Fexport%2F7f3c"]);
    assert!(who.minted_by[0].parent.contains(":accessor/"));
    assert!(who.held_by.unwrap().principal.contains(":entity/e2d7c1b0"));
    assert!(who.on_behalf_of[0].principal.contains(":entity/e2d7c1b0"));
    assert_eq!((who.attribution, who.weakest), (Attribution::Clear, Some(Tier::L1)));
    // Vault's audit names the lease, not its end.
    assert_eq!(who.granted_by.verdict, Verdict::Unknown);
    assert_eq!(who.granted_by.tier, Some(Tier::L1));
}

#[test]
fn the_printed_answer_has_the_names_of_the_glossary_and_times_in_utc() {
    let who = who(&read(leased()), "use");
    let value = serde_json::to_value(&who).unwrap();
    let keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "agent",
        "agent_mode",
        "agent_run",
        "attribution",
        "decision",
        "event",
        "executed_by",
        "gaps",
        "granted_by",
        "held_by",
        "minted_by",
        "on_behalf_of",
        "operation",
        "resolution",
        "resources",
        "status",
        "weakest",
        "why",
        "with",
    ];
    assert_eq!(keys, expected);
    assert_eq!(value["event"]["time"], "2026-11-20T10:01:00Z");
    assert_eq!(value["event"]["event_id"], "3f2a91c0-3");
    assert_eq!(value["event"]["source_event_id"], "use");
    assert_eq!(value["minted_by"][0]["tier"], "L1");
    assert_eq!(value["minted_by"][0]["edge"], "brokered");
    assert_eq!(value["granted_by"]["verdict"], "UNKNOWN");
    assert_eq!(value["attribution"], "clear");
}

#[test]
fn the_pod_behind_a_federated_role_is_the_origin_at_l3() {
    let who = who(&federated(&[("request", 0)]), "use");
    assert_eq!(who.on_behalf_of[0].principal, "nhi:principal:k8s:prod-north:serviceaccount/~billing/agent");
    assert_eq!(who.weakest, Some(Tier::L3));
    assert_eq!(who.attribution, Attribution::Clear);
}

fn attribution(edit: impl Fn(&mut trace::Fact)) -> Attribution {
    let line = read_object(&user("AKIADEPLOYER00000001"), "use", 0);
    let mut fact = (*crate::memory::fact(0, &line, &sources::Context::default())).clone();
    edit(&mut fact);
    let fact = std::sync::Arc::new(fact);
    let store = Memory::of(vec![fact.clone()]);
    of_event(&store, &fact, &Settings::default()).unwrap().attribution
}

#[test]
fn shared_claimed_and_anonymous_actors_are_not_clear() {
    assert_eq!(attribution(|_| ()), Attribution::Clear);
    let shared = |fact: &mut trace::Fact| fact.actor.kind = model::ActorKind::Shared;
    assert_eq!(attribution(shared), Attribution::Shared, "a long-lived key is many people's");
    let told_apart = |fact: &mut trace::Fact| {
        fact.actor.kind = model::ActorKind::Shared;
        fact.credential.as_mut().unwrap().kind = "x509-sha256".to_owned();
    };
    assert_eq!(attribution(told_apart), Attribution::Clear);
    let claimed = |fact: &mut trace::Fact| fact.actor.uri = "nhi:principal:aws:1:user/?root".to_owned();
    assert_eq!(attribution(claimed), Attribution::Unknown);
    let anonymous = |fact: &mut trace::Fact| {
        fact.actor.kind = model::ActorKind::Shared;
        fact.actor.uri = "nhi:principal:k8s:c:anon/c".to_owned();
    };
    assert_eq!(attribution(anonymous), Attribution::Unknown);
}

#[test]
fn a_contradicted_token_makes_the_event_ambiguous() {
    let key = "ASIAFIRST00000000001";
    let plain = sources::Context::default();
    let store = read(vec![
        (mint(&user("AKIADEPLOYER00000001"), "mint-1", 0, "AssumeRole", "first", key), plain),
        (mint(&user("AKIADEPLOYER00000002"), "mint-2", 1, "AssumeRole", "first", key), plain),
        (as_role("first", key, |caller| read_object(caller, "use", 20)), plain),
    ]);
    assert_eq!(who(&store, "use").attribution, Attribution::Ambiguous);
}
