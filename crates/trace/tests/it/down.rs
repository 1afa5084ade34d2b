//! Blast radius, sessions and offboarding.

use model::CredentialChangeKind;
use sources::Context;
use trace::blast_radius::{self, BlastRadius};
use trace::life::{self, State};
use trace::offboard::{self, Gone};
use trace::session::{self, Moment};
use trace::{EdgeKind, Fact, Gap, Settings, Tier};

use crate::lineage::{federated, leased, read, settings};
use crate::memory::Memory;
use crate::native::*;

fn radius(store: &Memory, start: &str, second: i64) -> BlastRadius {
    blast_radius::of(store, start, i64::MIN, nanos(second), &settings()).unwrap()
}

fn key(id: &str) -> String {
    format!("nhi:cred:aws:{ACCOUNT}:sts-key/{id}")
}

fn chain() -> Vec<(String, Context<'static>)> {
    let plain = Context::default();
    vec![
        (mint(&user("AKIADEPLOYER00000001"), "mint-1", 0, "AssumeRole", "first", "ASIAFIRST00000000001"), plain),
        (
            as_role("first", "ASIAFIRST00000000001", |caller| {
                mint(caller, "mint-2", 10, "AssumeRole", "second", "ASIASECOND0000000001")
            }),
            plain,
        ),
        (as_role("second", "ASIASECOND0000000001", |caller| read_object(caller, "use", 20)), plain),
    ]
}

#[test]
fn a_long_lived_key_reaches_every_key_below_it_and_what_they_touched() {
    let store = read(chain());
    let start = format!("nhi:cred:aws:{ACCOUNT}:access-key/AKIADEPLOYER00000001");
    let radius = radius(&store, &start, 60);
    let reached: Vec<&str> = radius.credentials.iter().map(|life| life.credential.as_str()).collect();
    assert_eq!(reached, [start.as_str(), &key("ASIAFIRST00000000001"), &key("ASIASECOND0000000001")]);
    assert_eq!(radius.uses, 3);
    let object = radius.touched.iter().find(|touched| touched.resource.contains("2026-11.csv")).unwrap();
    assert_eq!((object.allowed, object.failed), (1, 0));
    assert!(object.operations.contains("s3:GetObject"));
    // AWS ends no session with the key that began it: all three are to be ended, the parent first.
    let order: Vec<(&str, bool)> =
        radius.revoke.iter().map(|one| (one.credential.as_str(), one.ends_with.is_some())).collect();
    assert_eq!(order, [(reached[0], false), (reached[1], false), (reached[2], false)]);
    assert!(radius.gaps.is_empty(), "{:?}", radius.gaps);
}

#[test]
fn what_has_expired_needs_no_revocation() {
    let radius = radius(&read(chain()), &key("ASIAFIRST00000000001"), 4_000);
    assert!(radius.credentials.iter().all(|life| life.state == State::Expired), "{:?}", radius.credentials);
    assert!(radius.revoke.is_empty());
}

#[test]
fn a_vault_token_reaches_the_key_that_it_leased_and_takes_it_along() {
    let store = read(leased());
    let accessor = store.by_source("login").issued.as_ref().unwrap().uri.clone();
    let radius = radius(&store, &accessor, 90);
    let edge = &radius.edges[0];
    assert_eq!((edge.kind, edge.tier), (EdgeKind::Brokered, Tier::L1));
    assert!(radius.touched.iter().any(|touched| touched.resource.contains("2026-11.csv")), "{:?}", radius.touched);
    let leased = radius.revoke.iter().find(|one| one.credential.contains("ASIAEXPORT")).unwrap();
    assert_eq!(leased.ends_with.as_deref(), Some(accessor.as_str()));
}

#[test]
fn a_service_account_reaches_the_role_sessions_it_was_trusted_with_at_l4() {
    let store = federated(&[("request", 0)]);
    let radius = radius(&store, "nhi:principal:k8s:prod-north:serviceaccount/~billing/agent", 200);
    let exchanged = radius.edges.iter().find(|edge| edge.kind == EdgeKind::Exchanged).unwrap();
    assert_eq!((exchanged.to.as_str(), exchanged.tier), (key("ASIAEXPORT0000000001").as_str(), Tier::L4));
    assert!(radius.touched.iter().any(|touched| touched.resource.contains("2026-11.csv")));
}

#[test]
fn a_fan_out_over_the_limit_is_cut_and_says_so() {
    let plain = Context::default();
    let lines = (0..50).map(|n| {
        (as_role("first", "ASIAFIRST00000000001", |caller| read_object(caller, &format!("use-{n}"), n)), plain)
    });
    let store = read(lines.collect());
    let limit = Settings { uses_max: 20, ..Settings::default() };
    let radius = blast_radius::of(&store, &key("ASIAFIRST00000000001"), i64::MIN, i64::MAX, &limit).unwrap();
    assert_eq!(radius.uses, 20);
    assert!(radius.gaps.contains(&Gap::Cut { limit: "uses_max", value: 20 }));
}

#[test]
fn many_keys_share_one_bound_on_uses() {
    let (plain, mut lines) = (Context::default(), Vec::new());
    for n in 0..5 {
        let (id, key) = (format!("mint-{n}"), format!("ASIAMANY{n:0>12}"));
        lines.push((mint(&user("AKIADEPLOYER00000001"), &id, 0, "AssumeRole", "many", &key), plain));
        let used = |m: i64| as_role("many", &key, |caller| read_object(caller, &format!("use-{n}-{m}"), 10 + m));
        lines.extend((0..10).map(|m| (used(m), plain)));
    }
    let store = read(lines);
    let limit = Settings { uses_max: 20, ..Settings::default() };
    let start = format!("nhi:cred:aws:{ACCOUNT}:access-key/AKIADEPLOYER00000001");
    let radius = blast_radius::of(&store, &start, i64::MIN, i64::MAX, &limit).unwrap();
    assert_eq!(radius.uses, 20, "5 mints and 50 calls were made");
    assert_eq!(radius.gaps, [Gap::Cut { limit: "uses_max", value: 20 }]);
    let timeline = session::of_event(&store, &store.by_source("use-0-0"), &Settings { uses_max: 5, ..limit }).unwrap();
    assert!(timeline.entries.len() <= 6, "{}", timeline.entries.len());
    assert!(timeline.gaps.contains(&Gap::Cut { limit: "uses_max", value: 5 }));
}

fn revoked(uri: &str, id: &str, second: i64) -> Fact {
    let line = read_object(&user("AKIAADMIN0000000001"), id, second);
    let mut fact = (*crate::memory::fact(900, &line, &Context::default())).clone();
    fact.changes.push(trace::Change { change: CredentialChangeKind::Revoked, uri: uri.to_owned(), holder: None });
    fact
}

fn with(store: &Memory, more: Vec<Fact>) -> Memory {
    Memory::of(store.facts().iter().cloned().chain(more.into_iter().map(std::sync::Arc::new)).collect())
}

#[test]
fn a_revoked_vault_token_takes_its_leases_with_it() {
    let store = read(leased());
    let accessor = store.by_source("login").issued.as_ref().unwrap().uri.clone();
    let store = with(&store, vec![revoked(&accessor, "revoke", 70)]);
    let at = |second| life::of(&store, &key("ASIAEXPORT0000000001"), nanos(second), &settings()).unwrap();
    assert_eq!(at(65).state, State::Alive);
    assert_eq!(at(80).state, State::Revoked);
    assert_eq!(at(80).ended.unwrap().source_event_id.as_deref(), Some("revoke"));
}

#[test]
fn a_session_is_stitched_over_vault_and_aws() {
    let store = read(leased());
    let timeline = session::of_event(&store, &store.by_source("use"), &settings()).unwrap();
    let told: Vec<(&str, Moment)> = timeline
        .entries
        .iter()
        .map(|entry| (entry.evidence.source_event_id.as_deref().unwrap(), entry.moment))
        .collect();
    let expected =
        [("login", Moment::Issuance), ("assume", Moment::Issuance), ("lease", Moment::Issuance), ("use", Moment::Use)];
    assert_eq!(told, expected);
    assert!(timeline.silences.is_empty());
    assert_eq!(timeline.sessions.len(), 1);
}

#[test]
fn a_long_silence_within_a_session_is_marked() {
    let mut lines = chain();
    lines.push((as_role("second", "ASIASECOND0000000001", |c| read_object(c, "later", 2_000)), Context::default()));
    let store = read(lines);
    let timeline = session::of_event(&store, &store.by_source("use"), &settings()).unwrap();
    let silences: Vec<(i64, i64)> = timeline.silences.iter().map(|silence| (silence.from, silence.until)).collect();
    assert_eq!(silences, [(nanos(20), nanos(2_000))]);
    assert!(!timeline.credentials.iter().any(|uri| uri.contains("AKIA")), "a key outlives the session");
}

#[test]
fn offboarding_tells_what_is_gone_alive_and_used_after() {
    let deployer = format!("nhi:principal:aws:{ACCOUNT}:user/AIDADEPLOYER000000001");
    let long_lived = format!("nhi:cred:aws:{ACCOUNT}:access-key/AKIADEPLOYER00000001");
    let verdict = |store: &Memory, since: i64, now: i64| {
        let proof = offboard::prove(store, &deployer, nanos(since), nanos(now), &settings()).unwrap();
        assert!(proof.gaps.is_empty());
        let of = |id: &str| proof.items.iter().find(|item| item.item.ends_with(id)).unwrap().verdict;
        (of("AKIADEPLOYER00000001"), of("ASIAFIRST00000000001"))
    };
    let store = read(chain());
    assert_eq!(verdict(&store, 60, 90), (Gone::StillAlive, Gone::StillAlive));
    assert_eq!(verdict(&store, 5, 90), (Gone::StillAlive, Gone::UsedAfter));
    assert_eq!(verdict(&store, 60, 9_000), (Gone::StillAlive, Gone::Revoked));
    let store = with(&store, vec![revoked(&long_lived, "revoke", 70)]);
    assert_eq!(verdict(&store, 60, 90), (Gone::Revoked, Gone::StillAlive));
}

#[test]
fn an_orphan_outlives_the_token_it_was_made_with() {
    let issued = at(0);
    let (parent, child) = (token("accessor-1", &issued), token("accessor-2", &issued));
    let state = |path: &str| {
        let call = |id, path| Ask { id, second: 0, operation: "update", path, mount: "token", response: "", data: "" };
        let login = ask(None, Some(&parent), &call("login", "auth/kubernetes/login"));
        let create = ask(Some(&parent), Some(&child), &call("create", path));
        let vault = Context { authority: Some("vault-1"), ..Context::default() };
        let store = read(login.into_iter().chain(create).map(|line| (line, vault)).collect());
        let uri = |id| store.by_source(id).issued.as_ref().unwrap().uri.clone();
        let (above, below) = (uri("login"), uri("create"));
        let store = with(&store, vec![revoked(&above, "revoke", 70)]);
        life::of(&store, &below, nanos(80), &settings()).unwrap().state
    };
    assert_eq!(state("auth/token/create"), State::Revoked);
    assert_eq!(state("auth/token/create-orphan"), State::Alive);
}

#[test]
fn a_revoked_lease_ends_the_key_made_under_it() {
    let issued = at(0);
    let token = token("accessor-1", &issued);
    let path = "sys/leases/revoke/aws/sts/export/7f3c";
    let revoke = Ask { id: "revoke", second: 70, operation: "update", path, mount: "system", response: "", data: "" };
    let vault = Context { authority: Some("vault-1"), ..Context::default() };
    let mut lines = leased();
    lines.extend(ask(Some(&token), None, &revoke).map(|line| (line, vault)));
    let life = life::of(&read(lines), &key("ASIAEXPORT0000000001"), nanos(80), &settings()).unwrap();
    assert_eq!(life.state, State::Revoked);
    assert_eq!(life.ended.unwrap().source_event_id.as_deref(), Some("revoke"));
}

#[test]
fn a_token_reaches_what_it_may_have_been_exchanged_for() {
    let store = federated(&[("request", 0)]);
    let jti = store.by_source("request").issued.as_ref().unwrap().uri.clone();
    let radius = radius(&store, &jti, 200);
    assert_eq!((radius.edges[0].kind, radius.edges[0].tier), (EdgeKind::Exchanged, Tier::L4));
    assert_eq!(radius.credentials[1].credential, key("ASIAEXPORT0000000001"));
}

#[test]
fn a_service_account_reaches_its_role_sessions_though_its_cluster_is_silent() {
    let store = federated(&[]);
    let radius = radius(&store, "nhi:principal:k8s:prod-north:serviceaccount/~billing/agent", 200);
    assert_eq!(radius.credentials[0].credential, key("ASIAEXPORT0000000001"));
}

#[test]
fn a_session_goes_on_in_the_keys_that_it_minted() {
    let store = read(chain());
    let timeline = session::of_event(&store, &store.by_source("mint-2"), &settings()).unwrap();
    let last = timeline.entries.last().unwrap();
    assert_eq!(last.evidence.source_event_id.as_deref(), Some("use"));
}

/// What was touched is read off records, what could be touched off inventories, each with its evidence.
#[test]
fn what_could_be_touched_is_told_apart_from_what_was() {
    use crate::least_privilege::{item, user_detail};
    let statement =
        r#"{"Effect":"Allow","Action":"sqs:*","Resource":"*"},{"Effect":"Deny","Action":"kms:*","Resource":"*"}"#;
    let listed = item(90, -10, &user_detail(statement, "", ""), &Context::default());
    let store = with(&read(chain()), vec![(*listed).clone()]);
    let start = format!("nhi:cred:aws:{ACCOUNT}:access-key/AKIADEPLOYER00000001");
    let radius = radius(&store, &start, 60);
    let could: Vec<(&str, &str)> = radius
        .could_touch
        .iter()
        .map(|one| (one.principal.rsplit('/').next().unwrap(), one.privilege.privilege.as_str()))
        .collect();
    assert_eq!(could, [("AIDADEPLOYER000000001", "sqs:*")]);
    assert_eq!(radius.could_touch[0].privilege.evidence[0].source_event_id.as_deref(), Some("item-90"));
    let roles: Vec<&str> = radius.not_listed.iter().map(|uri| uri.rsplit('/').next().unwrap()).collect();
    assert_eq!(roles, [role_id("second"), role_id("first")], "minted roles of which nobody lists the rights");
    assert!(!radius.touched.iter().any(|touched| touched.operations.contains("sqs:*")));
}
