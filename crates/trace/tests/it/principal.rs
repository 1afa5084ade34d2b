//! The passport of a principal.

use std::sync::Arc;

use model::{ActorKind, Human};
use sources::Context;
use trace::life::State;
use trace::principal::{Passport, PeerRole, StepKind, of};
use trace::{Gap, Settings, Tier};

use crate::aliases::{NAME, NEW, OLD, recreated};
use crate::lineage::{leased, read, settings};
use crate::memory::Memory;
use crate::native::*;

fn passport(store: &Memory, principal: &str, second: i64) -> Passport {
    of(store, principal, nanos(second), &settings()).unwrap()
}

fn administer(
    id: &str,
    second: i64,
    name: &str,
    service: &str,
    parameters: &str,
    response: &str,
) -> (String, Context<'static>) {
    let call = Aws { id, second, service, name, parameters, response, resources: "" };
    let admin = scenario::cloudtrail::Caller::User {
        account: ACCOUNT,
        user: "admin",
        user_id: "AIDAADMIN00000000001",
        key: "AKIAADMIN0000000001",
    };
    (aws(&admin, &call).replace(r#""readOnly":true"#, r#""readOnly":false"#), Context::default())
}

/// A user made, given a key, working, taking a role, and losing the key.
fn deployer() -> Memory {
    let plain = Context::default();
    let (iam, named) = ("iam.amazonaws.com", r#"{"userName":"deployer"}"#);
    let key = r#"{"accessKey":{"userName":"deployer","accessKeyId":"AKIADEPLOYER00000001","status":"Active"}}"#;
    let end = r#"{"userName":"deployer","accessKeyId":"AKIADEPLOYER00000001"}"#;
    read(vec![
        administer("made", 0, "CreateUser", iam, named, "null"),
        administer("key", 5, "CreateAccessKey", iam, named, key),
        (read_object(&user("AKIADEPLOYER00000001"), "read-1", 10), plain),
        (read_object(&user("AKIADEPLOYER00000001"), "read-2", 11), plain),
        (mint(&user("AKIADEPLOYER00000001"), "mint", 20, "AssumeRole", "first", "ASIAFIRST00000000001"), plain),
        (as_role("first", "ASIAFIRST00000000001", |caller| read_object(caller, "use", 30)), plain),
        administer(
            "rights",
            40,
            "AttachUserPolicy",
            iam,
            r#"{"userName":"deployer","policyArn":"arn:aws:iam::aws:policy/ReadOnlyAccess"}"#,
            "null",
        ),
        administer("profile", 45, "DeleteSigningCertificate", iam, named, "null"),
        administer("end", 50, "DeleteAccessKey", iam, end, "null"),
        administer("gone", 60, "DeleteUser", iam, named, "null"),
    ])
}

fn uri() -> String {
    format!("nhi:principal:aws:{ACCOUNT}:user/AIDADEPLOYER000000001")
}

#[test]
fn a_life_is_told_with_a_record_for_each_step() {
    let passport = passport(&deployer(), &uri(), 100);
    let told: Vec<(StepKind, &str)> =
        passport.steps.iter().map(|step| (step.step, step.evidence.source_event_id.as_deref().unwrap())).collect();
    let expected = [
        (StepKind::Created, "made"),
        (StepKind::CredentialIssued, "key"),
        (StepKind::FirstSeen, "read-1"),
        (StepKind::LastSeen, "mint"),
        (StepKind::RightsChanged, "rights"),
        (StepKind::Changed, "profile"),
        (StepKind::CredentialEnded, "end"),
        (StepKind::Deleted, "gone"),
    ];
    assert_eq!(told, expected);
    assert_eq!(passport.steps[0].operation.as_deref(), Some("iam:CreateUser"));
    assert!(passport.steps[1].credential.as_deref().unwrap().ends_with("AKIADEPLOYER00000001"));
    let earlier = self::passport(&deployer(), &uri(), 15);
    assert_eq!(earlier.steps.last().unwrap().evidence.source_event_id.as_deref(), Some("read-2"), "as of then");
}

#[test]
fn credentials_resources_and_peers_are_told_as_of_a_time() {
    let passport = passport(&deployer(), &uri(), 45);
    let held: Vec<(&str, State, bool, bool)> = passport
        .credentials
        .iter()
        .map(|held| (held.life.kind.as_str(), held.life.state, held.issued_to, held.used_by))
        .collect();
    assert_eq!(held, [("access-key", State::Alive, true, true)]);
    assert_eq!(self::passport(&deployer(), &uri(), 55).states, [(State::Revoked, 1)].into());
    assert_eq!((passport.uses, passport.touched_left_out), (3, 0));
    let object = passport.touched.iter().find(|touched| touched.resource.contains("2026-11.csv")).unwrap();
    assert_eq!((object.allowed, object.last.source_event_id.as_deref()), (2, Some("read-2")));
    let role = format!("nhi:principal:aws:{ACCOUNT}:role/{}", role_id("first"));
    let met: Vec<(&str, PeerRole, Tier)> =
        passport.peers.iter().map(|peer| (peer.principal.as_str(), peer.role, peer.tier)).collect();
    assert!(met.contains(&(&role, PeerRole::IssuedTo, Tier::L1)), "{met:?}");
    let admin = format!("nhi:principal:aws:{ACCOUNT}:user/AIDAADMIN00000000001");
    assert!(met.contains(&(&admin, PeerRole::IssuedBy, Tier::L1)), "{met:?}");
}

#[test]
fn the_kind_comes_with_its_rule_and_a_record() {
    let store = read(leased());
    let role = store.by_source("use").actor.uri.clone();
    let passport = passport(&store, &role, 100);
    assert!(!passport.kinds.is_empty());
    for kind in &passport.kinds {
        assert!(kind.why.len() > 10 && kind.events > 0, "{kind:?}");
    }
    let value = serde_json::to_value(&passport).unwrap();
    assert_eq!(value["kinds"][0]["evidence"]["source_event_id"], "use");
    assert_eq!(value["as_of"].as_str(), Some("2026-11-20T10:01:40Z"));
    assert_eq!(value["credentials"][0]["state"], "alive");
    assert_eq!(value["states"]["alive"], 1);
}

fn as_human(store: &Memory, rules: &[(&str, Human)]) -> Passport {
    let one = store.by_source("read-1");
    let facts = rules.iter().enumerate().map(|(at, (rule, human))| {
        let mut fact = (*one).clone();
        fact.id.index.0 = at as u64;
        fact.source_event_id = Some(format!("{rule}-{at}"));
        (fact.actor.kind, fact.actor.is_human, fact.actor.rule) = (ActorKind::Human, *human, (*rule).to_owned());
        Arc::new(fact)
    });
    passport(&Memory::of(facts.collect()), &uri(), 100)
}

#[test]
fn the_first_rule_decides_and_a_machines_use_of_a_humans_account_is_mixed() {
    let store = deployer();
    let decided =
        as_human(&store, &[("R5:sdk", Human::Nonhuman), ("R1:platform", Human::Nonhuman), ("", Human::Unknown)]);
    assert_eq!((decided.is_human, decided.kinds[0].rule.as_str()), (Human::Nonhuman, "R1:platform"));
    assert_eq!(decided.kinds[0].why, "the platform says so");
    assert_eq!(as_human(&store, &[("R2:console", Human::Human), ("R3:key", Human::Nonhuman)]).is_human, Human::Mixed);
    assert_eq!(as_human(&store, &[("", Human::Unknown)]).is_human, Human::Unknown);
}

#[test]
fn a_deleted_and_recreated_role_has_two_passports() {
    let (old, new) = (passport(&recreated(), OLD, 350), passport(&recreated(), NEW, 350));
    let span = |passport: &Passport| {
        let name = passport.names.iter().find(|name| name.uri == NAME).unwrap();
        let at = |evidence: &Option<trace::Evidence>| evidence.as_ref().unwrap().time;
        (at(&name.first), at(&name.last), name.current)
    };
    assert_eq!(span(&old), (nanos(0), nanos(100), false));
    assert_eq!(span(&new), (nanos(200), nanos(300), true));
    assert_eq!(old.other_bearers[0].principal, NEW);
    assert_eq!((new.other_bearers[0].principal.as_str(), new.principal.as_str()), (OLD, NEW));
    assert_eq!(passport(&recreated(), NAME, 50).principal, OLD, "as of then");
}

/// Two thousand sights of one pair, a change in the middle of them: found without reading them all.
#[test]
fn a_name_passed_on_among_many_records_is_found_by_halving() {
    let sights =
        (0..2_000).map(|n| crate::aliases::same(n, i64::try_from(n).unwrap(), NAME, if n < 1_234 { OLD } else { NEW }));
    let store = Memory::of(sights.collect());
    let passport = passport(&store, OLD, 5_000);
    let name = passport.names.iter().find(|name| name.uri == NAME).unwrap();
    assert_eq!(name.last.as_ref().unwrap().time, nanos(1_233));
    assert_eq!(passport.other_bearers[0].first.time, nanos(1_234));
    assert!(passport.gaps.is_empty(), "{:?}", passport.gaps);
}

#[test]
fn more_resources_than_the_limit_are_counted_and_more_records_are_said() {
    let one = deployer().by_source("read-1");
    let facts = (0..50u64).map(|n| {
        let mut fact = (*one).clone();
        fact.id.index.0 = n;
        fact.source_event_id = Some(format!("read-{n}"));
        fact.resources[0].uri = format!("nhi:resource:aws:{ACCOUNT}:s3-object/o{n}");
        Arc::new(fact)
    });
    let limit = Settings { top_max: 5, uses_max: 40, ..settings() };
    let passport = of(&Memory::of(facts.collect()), &uri(), nanos(100), &limit).unwrap();
    assert_eq!((passport.touched.len(), passport.uses), (5, 40));
    assert!(passport.touched_left_out >= 35);
    assert_eq!(passport.gaps, [Gap::Cut { limit: "uses_max", value: 40 }]);
}
