//! The demo's incident, as its native logs tell it.

use std::sync::Arc;

use model::{Mode, Platform, Status};
use trace::grant::{self, Verdict};
use trace::{EdgeKind, Fact, Settings, Tier, lineage, who};

use crate::files;
use crate::memory::Memory;

/// Facts of the incident and its background.
pub(crate) fn incident() -> Memory {
    let folder = tempfile::tempdir().unwrap();
    let totals = scenario::incident::write_as(folder.path(), 1_793_577_600_000, scenario::Form::Lines).unwrap();
    let mut facts: Vec<Arc<Fact>> = Vec::new();
    files::read(folder.path(), &mut facts);
    assert_eq!(facts.len() as u64, totals.records);
    Memory::of(facts)
}

fn prove(store: &Memory, id: &str) -> (Verdict, Option<Tier>, Option<String>) {
    let settings = Settings::default();
    let event = store.by_source(id);
    let lineage = lineage::of_event(store, &event, &settings).unwrap();
    let proof = grant::prove(store, &event, &lineage, &settings).unwrap();
    (proof.verdict, proof.tier, proof.uri)
}

const JIT: &str = "nhi:grant:spire:prod.example:entry/JIT-417";
const NOVEMBER: &str = "9c1b7e30-0002-4a6b-b0c1-d2e3f4a5b603";

/// The line of the demo: role, lease, workload, run, person, approval, ticket, with a tier each.
#[test]
fn the_export_leads_to_the_workload_the_run_the_person_and_the_approval_that_was_over() {
    let store = incident();
    let export = store.by_source(NOVEMBER);
    let who = who::of_event(&store, &export, &Settings::default()).unwrap();
    let minted: Vec<(Platform, EdgeKind, Tier)> =
        who.minted_by.iter().map(|hop| (hop.evidence.platform, hop.edge, hop.tier)).collect();
    assert!(minted.starts_with(&[
        (Platform::Vault, EdgeKind::Brokered, Tier::L1),
        (Platform::Vault, EdgeKind::Issued, Tier::L1),
    ]));
    assert!(minted.contains(&(Platform::Spire, EdgeKind::Brokered, Tier::L1)), "{minted:?}");
    let behind = |principal: &str| who.on_behalf_of.iter().find(|o| o.principal == principal).map(|o| o.tier);
    assert_eq!(behind("nhi:principal:spiffe:prod.example:workload/ns/billing/sa/agent"), Some(Tier::L1));
    assert_eq!(behind("nhi:principal:okta:halden.okta.com:user/00u4lic3b3rgHALDEN01"), Some(Tier::L1));
    // What the agent says of itself stays a claim.
    assert_eq!(behind("nhi:principal:otel:billing:user/?alice.berg%40halden.example"), Some(Tier::L4));
    assert_eq!(who.agent_mode, Some(Mode::Autonomous));
    assert_eq!(who.agent_run.as_deref(), Some("0192e9a7-3b10-7d44-9c21-5f6e7d8c9b0a"));
    assert_eq!(who.why.iter().find_map(|why| why.ticket.as_deref()), Some("OPS-2291"));
    let proof = &who.granted_by;
    assert_eq!((proof.verdict, proof.tier, proof.uri.as_deref()), (Verdict::OutsideWindow, Some(Tier::L1), Some(JIT)));
    let ended = proof.grant.as_ref().unwrap().ends.unwrap();
    assert_eq!((export.time - ended) / 60_000_000_000, 11, "minutes after the end");
}

#[test]
fn the_same_export_an_hour_before_was_within_the_approval() {
    let store = incident();
    let within = Some(JIT.to_owned());
    assert_eq!(prove(&store, "9c1b7e30-0002-4a6b-b0c1-d2e3f4a5b601"), (Verdict::Proved, Some(Tier::L1), within));
}

#[test]
fn the_second_route_has_no_grant_and_the_refused_attempts_name_who_tried() {
    let store = incident();
    assert_eq!(prove(&store, "9c1b7e30-0004-4a6b-b0c1-d2e3f4a5b601").0, Verdict::NoGrant);
    for refused in ["9c1b7e30-0003-4a6b-b0c1-d2e3f4a5b601", "4f1d2c3b-0003-4e5f-8a9b-0c1d2e3f4a01"] {
        let event = store.by_source(refused);
        assert_eq!(event.status, Status::Failure, "{refused}");
        let who = who::of_event(&store, &event, &Settings::default()).unwrap();
        let workload = "nhi:principal:spiffe:prod.example:workload/ns/billing/sa/agent";
        assert!(who.on_behalf_of.iter().any(|origin| origin.principal == workload), "{refused}: {who:?}");
    }
}

/// Bound to its lease by the name that Vault gave to it.
#[test]
fn the_refused_database_user_leads_to_the_agents_lease() {
    let store = incident();
    let refused = store.facts().iter().find(|f| f.platform == Platform::Postgres && f.status == Status::Failure);
    let who = who::of_event(&store, refused.unwrap(), &Settings::default()).unwrap();
    assert!(who.minted_by.iter().any(|hop| hop.evidence.platform == Platform::Vault), "{who:?}");
}
