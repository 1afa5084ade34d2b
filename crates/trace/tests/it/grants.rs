//! Grants: the fold, and a verdict for each way a use can stand to one.

use std::sync::Arc;

use model::GrantPhase;
use sources::Context;
use trace::grant::{self, GrantState, Verdict};
use trace::{Fact, GrantFact, Settings, Tier, lineage};

use crate::memory::{Memory, fact};
use crate::native::*;

const GRANT: &str = "nhi:grant:jit:acme:request/417";
const BOB: &str = "nhi:principal:idp:acme:user/bob";
const CAROL: &str = "nhi:principal:idp:acme:user/carol";

fn deployer() -> String {
    format!("nhi:principal:aws:{ACCOUNT}:user/AIDADEPLOYER000000001")
}

fn step(at: usize, second: i64, phase: GrantPhase, edit: impl Fn(&mut GrantFact)) -> Fact {
    let line = read_object(&user("AKIAADMIN0000000001"), &format!("grant-{at}"), second);
    let mut fact = (*fact(at, &line, &Context::default())).clone();
    (fact.actor.uri, fact.resources, fact.credential) = ("nhi:principal:jit:acme:service/jit".to_owned(), vec![], None);
    let mut told = GrantFact {
        uri: GRANT.to_owned(),
        phase,
        requester: Some(BOB.to_owned()),
        beneficiary: Some(deployer()),
        approver: None,
        target: Some("arn:aws:s3:::payroll-exports".to_owned()),
        reason: Some("monthly export".to_owned()),
        ticket: Some("OPS-2291".to_owned()),
        not_before: None,
        not_after: None,
        duration_s: None,
        resource: Some("arn:aws:s3:::payroll-exports".to_owned()),
        policy: None,
        policy_version: None,
        approvals_min: None,
    };
    edit(&mut told);
    fact.grants.push(told);
    fact
}

/// Asked at 0, approved at 10 by `approver`, in force from 20 for ten minutes.
fn life(approver: &str) -> Vec<Fact> {
    vec![
        step(1, 0, GrantPhase::Request, |_| ()),
        step(2, 10, GrantPhase::Approve, |told| told.approver = Some(approver.to_owned())),
        step(3, 20, GrantPhase::Activate, |told| told.not_after = Some(nanos(620))),
    ]
}

fn store(mut grants: Vec<Fact>, second: i64, edit: impl Fn(&mut Fact)) -> Memory {
    let line = read_object(&user("AKIADEPLOYER00000001"), "use", second);
    let mut used = (*fact(99, &line, &Context::default())).clone();
    edit(&mut used);
    grants.push(used);
    Memory::of(grants.into_iter().map(Arc::new).collect())
}

fn proof(store: &Memory, settings: &Settings) -> grant::Proof {
    let event = store.by_source("use");
    let lineage = lineage::of_event(store, &event, settings).unwrap();
    grant::prove(store, &event, &lineage, settings).unwrap()
}

fn verdict(grants: Vec<Fact>, second: i64, edit: impl Fn(&mut Fact)) -> Verdict {
    proof(&store(grants, second, edit), &Settings::default()).verdict
}

fn names(used: &mut Fact) {
    used.grant_refs.push(GRANT.to_owned());
}

#[test]
fn each_way_a_use_can_stand_to_a_grant_has_its_verdict() {
    let held = |_: &mut Fact| ();
    assert_eq!(verdict(life(CAROL), 100, names), Verdict::Proved);
    assert_eq!(verdict(life(CAROL), 100, held), Verdict::Consistent);
    assert_eq!(verdict(life(CAROL), 10, names), Verdict::OutsideWindow, "before it was in force");
    assert_eq!(verdict(life(CAROL), 700, names), Verdict::OutsideWindow, "after its end");
    assert_eq!(verdict(life(BOB), 100, names), Verdict::NotApproved, "by whoever asked");
    assert_eq!(verdict(vec![], 100, held), Verdict::NoGrant);
    assert_eq!(verdict(vec![], 100, names), Verdict::Unknown, "a grant that no record tells of");
    let elsewhere =
        |used: &mut Fact| used.resources.iter_mut().for_each(|r| r.name = Some("arn:aws:s3:::other".into()));
    assert_eq!(verdict(life(CAROL), 100, elsewhere), Verdict::OverScope);
    let unapproved = || vec![life(CAROL).remove(0), life(CAROL).remove(2)];
    assert_eq!(verdict(unapproved(), 100, names), Verdict::Unknown, "nobody agreed, and nothing says anybody had to");
    assert_eq!(verdict(unapproved(), 700, names), Verdict::OutsideWindow, "that much is known");
    assert_eq!(verdict(unapproved(), 100, elsewhere), Verdict::OverScope, "and that");
    for (least, expected) in [(0, Verdict::Proved), (1, Verdict::NotApproved)] {
        let settings = Settings { approvals_min: Some(least), ..Settings::default() };
        assert_eq!(proof(&store(unapproved(), 100, names), &settings).verdict, expected, "the operator says {least}");
    }
    let mut denied = life(CAROL);
    denied.push(step(4, 30, GrantPhase::Deny, |told| told.approver = Some(CAROL.to_owned())));
    assert_eq!(verdict(denied, 100, names), Verdict::NotApproved, "denied afterwards");
    let standing = vec![step(1, 0, GrantPhase::Activate, |_| ())];
    assert_eq!(verdict(standing, 100, names), Verdict::Standing);
}

/// Asked for under one policy, approved by one, in force under another.
fn under(policies: [Option<u32>; 3]) -> Vec<Fact> {
    let mut facts = life(CAROL);
    for (fact, least) in facts.iter_mut().zip(policies) {
        fact.grants[0].approvals_min = least;
    }
    facts
}

#[test]
fn the_policy_counts_that_was_in_force_when_it_was_approved() {
    assert_eq!(verdict(under([Some(1), None, Some(2)]), 100, names), Verdict::Proved, "stricter since");
    assert_eq!(verdict(under([Some(1), Some(2), None]), 100, names), Verdict::NotApproved, "stricter by then");
    assert_eq!(verdict(under([Some(2), Some(1), None]), 100, names), Verdict::Proved, "laxer by then");
    assert_eq!(verdict(under([None, None, Some(2)]), 100, names), Verdict::NotApproved, "told afterwards alone");
    let told = |policies| proof(&store(under(policies), 100, names), &Settings::default()).policy_untold;
    assert!(told([None; 3]) && !told([Some(1), None, None]));
}

/// Two grants of one user with one verdict: the answer is about the one that was over last.
#[test]
fn the_nearest_of_several_grants_is_named() {
    let mut grants = life(CAROL);
    for mut fact in life(CAROL) {
        fact.id.index.0 += 10;
        fact.time += 1_000_000_000_000;
        let told = &mut fact.grants[0];
        told.uri = GRANT.replace("417", "5");
        told.not_after = told.not_after.map(|end| end + 1_000_000_000_000);
        grants.push(fact);
    }
    let named = |second| proof(&store(grants.clone(), second, |_| ()), &Settings::default()).uri.unwrap();
    assert_eq!((named(700), named(1_700)), (GRANT.to_owned(), GRANT.replace("417", "5")));
}

#[test]
fn an_early_end_closes_the_window_and_the_skew_keeps_it_open_a_little() {
    let ended = || {
        let mut grants = life(CAROL);
        grants.push(step(4, 60, GrantPhase::Revoke, |_| ()));
        grants
    };
    assert_eq!(verdict(ended(), 59, names), Verdict::Proved);
    assert_eq!(verdict(ended(), 65, names), Verdict::Proved, "within five seconds");
    assert_eq!(verdict(ended(), 66, names), Verdict::OutsideWindow);
    let folded = grant::fold(&store(ended(), 0, |_| ()), GRANT, i64::MAX, &Settings::default()).unwrap().unwrap();
    assert_eq!((folded.state, folded.ends), (GrantState::Revoked, Some(nanos(60))));
}

#[test]
fn a_duration_ends_a_grant_that_states_no_end() {
    let grants = || vec![step(1, 0, GrantPhase::Activate, |told| told.duration_s = Some(60))];
    assert_eq!(verdict(grants(), 50, names), Verdict::Proved);
    assert_eq!(verdict(grants(), 70, names), Verdict::OutsideWindow);
}

#[test]
fn self_approval_is_allowed_where_policy_says_so_and_stays_visible() {
    let lax = Settings { self_approval_allowed: true, ..Settings::default() };
    let proof = proof(&store(life(BOB), 100, names), &lax);
    assert_eq!(proof.verdict, Verdict::Proved);
    assert!(proof.grant.unwrap().approvals[0].self_approved);
}

#[test]
fn a_credential_that_outlives_its_grant_is_a_mark_not_a_verdict() {
    let long = |used: &mut Fact| {
        names(used);
        used.credential.as_mut().unwrap().not_after = Some(nanos(9_000));
    };
    let proof = proof(&store(life(CAROL), 100, long), &Settings::default());
    assert_eq!((proof.verdict, proof.credential_outlives_grant), (Verdict::Proved, true));
    assert_eq!((proof.tier, proof.skew_ms), (Some(Tier::L1), 5_000));
}

#[test]
fn each_use_of_a_grant_gets_a_verdict() {
    let mut grants = life(CAROL);
    for (at, second) in [(50, 100), (51, 900)] {
        let line = read_object(&user("AKIADEPLOYER00000001"), &format!("use-{at}"), second);
        grants.push((*fact(at, &line, &Context::default())).clone());
    }
    let store = Memory::of(grants.into_iter().map(Arc::new).collect());
    let (proofs, more) = grant::uses(&store, GRANT, i64::MIN, i64::MAX, &Settings::default()).unwrap();
    let verdicts: Vec<Verdict> = proofs.iter().map(|proof| proof.verdict).collect();
    assert_eq!((verdicts, more), (vec![Verdict::Consistent, Verdict::OutsideWindow], false));
}
