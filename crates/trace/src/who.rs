//! The answer of `who` for one event: one line per question, each with its tier and its evidence.

use std::sync::Arc;

use model::{ActorKind, Effect, Human, Mode, Status};
use serde::Serialize;

use crate::agent::{self, Agent};
use crate::answer::{EdgeKind, Evidence, Found, Gap, Origin};
use crate::grant::{self, Proof};
use crate::name::Name;
use crate::store::{Store, StoreError};
use crate::{Fact, Lineage, Rank, Settings, Tier, lineage, rank};

/// Whether an event has one clear actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attribution {
    /// One principal that is nobody else's, by the record or through lineage.
    Clear,
    /// A name that many can use, and lineage reaches nothing that is one's own.
    Shared,
    /// Several fit, and nothing tells which.
    Ambiguous,
    /// The record names nobody, or only what a caller claimed.
    Unknown,
}

/// A principal that answers one of the questions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Party {
    /// Canonical URI.
    pub principal: String,
    /// Its name in the record, verbatim.
    pub name: Option<String>,
    /// The pod, function, instance or job it ran in.
    pub workload: Option<String>,
    /// How strong.
    pub tier: Tier,
    /// The record that says so.
    pub evidence: Evidence,
}

/// The credential of the event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct With {
    /// Canonical URI.
    pub credential: String,
    /// Type of credential.
    pub kind: String,
    /// When it was minted, nanoseconds since 1970.
    pub minted: Option<Evidence>,
    /// The record that shows it being used.
    pub evidence: Evidence,
}

/// One hop of the minting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Minted {
    /// The credential or session that was minted.
    pub credential: String,
    /// The credential it was minted with, or the principal where none was named.
    pub parent: String,
    /// Who did it.
    pub principal: String,
    /// Grants under which it was made, as a lease.
    pub grants: Vec<String>,
    /// What kind of link.
    pub edge: EdgeKind,
    /// How strong.
    pub tier: Tier,
    /// The minting record.
    pub evidence: Evidence,
}

/// A declared purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Why {
    /// Free text.
    pub reason: Option<String>,
    /// Ticket.
    pub ticket: Option<String>,
    /// Job or pipeline.
    pub job: Option<String>,
    /// How strongly the event is linked to the record that declares it.
    pub tier: Tier,
    /// The record that declares it.
    pub evidence: Evidence,
}

/// Who did one event, with what, for whom, by whose leave, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Who {
    /// The event.
    pub event: Evidence,
    /// The call.
    pub operation: Option<String>,
    /// What was acted on.
    pub resources: Vec<String>,
    /// Outcome.
    pub status: Status,
    /// What was decided.
    pub decision: Option<Effect>,
    /// Who executed.
    pub executed_by: Party,
    /// With which credential.
    pub with: Option<With>,
    /// How it was minted, nearest first.
    pub minted_by: Vec<Minted>,
    /// Who had it minted and held it.
    pub held_by: Option<Party>,
    /// Who or what is behind it, the best founded first; empty when it is the executor itself.
    pub on_behalf_of: Vec<Origin>,
    /// The agent whose call it is, if a record of one is joined with it.
    pub agent: Option<Agent>,
    /// How the agent behind it ran, if there is one.
    pub agent_mode: Option<Mode>,
    /// Run of that agent.
    pub agent_run: Option<String>,
    /// Under which grant, and the verdict on this use of it.
    pub granted_by: Proof,
    /// Why, as declared.
    pub why: Vec<Why>,
    /// One clear actor, or not.
    pub attribution: Attribution,
    /// The weakest link of the chain to the origin; none when nothing links.
    pub weakest: Option<Tier>,
    /// What could not be told.
    pub gaps: Vec<Gap>,
    /// Version of the rules.
    pub resolution: u32,
}

/// Answers for one event.
///
/// # Errors
/// When the store cannot answer.
pub fn of_event(store: &impl Store, event: &Arc<Fact>, settings: &Settings) -> Result<Who, StoreError> {
    let lineage = lineage::of_event(store, event, settings)?;
    let granted_by = grant::prove(store, event, &lineage, settings)?;
    let hops = hops(store, &lineage)?;
    let is_minting = |minted: &&Minted| minted.edge != EdgeKind::Ran;
    let minted_by: Vec<Minted> = hops.iter().map(|(minted, _)| minted).filter(is_minting).cloned().collect();
    let evidence = Evidence::of(event);
    let with = event.credential.as_ref().map(|credential| With {
        credential: credential.uri.clone(),
        kind: credential.kind.clone(),
        minted: minted_by.iter().find(|hop| hop.credential == credential.uri).map(|hop| hop.evidence.clone()),
        evidence: evidence.clone(),
    });
    let mode = || std::iter::once(event).chain(hops.iter().map(|(_, fact)| fact));
    let agent = agent::of_event(store, event, settings)?;
    Ok(Who {
        operation: event.operation.clone(),
        resources: event.resources.iter().map(|resource| resource.uri.clone()).collect(),
        status: event.status,
        decision: event.effect,
        executed_by: party(event, &event.actor.uri, Tier::L1),
        with,
        held_by: held_by(event, &hops),
        on_behalf_of: lineage.origins.iter().filter(|origin| origin.principal != event.actor.uri).cloned().collect(),
        agent,
        agent_mode: mode().find_map(|fact| fact.agent_mode),
        agent_run: mode().find_map(|fact| fact.agent_run.clone()),
        why: why(event, &lineage, &hops, &granted_by),
        attribution: attribution(event, &lineage),
        weakest: lineage.weakest.filter(|_| lineage.checked_edges > 0),
        gaps: lineage.gaps,
        resolution: crate::RESOLUTION,
        event: evidence,
        minted_by,
        granted_by,
    })
}

fn party(fact: &Fact, principal: &str, tier: Tier) -> Party {
    let own = fact.actor.uri == principal;
    Party {
        principal: principal.to_owned(),
        name: fact.actor.name.clone().filter(|_| own),
        workload: fact.workload.clone().filter(|_| own),
        tier,
        evidence: Evidence::of(fact),
    }
}

/// The minting records and those of agents' runs on the path, nearest first.
fn hops(store: &impl Store, lineage: &Lineage) -> Result<Vec<(Minted, Arc<Fact>)>, StoreError> {
    let minting = [EdgeKind::Issued, EdgeKind::Brokered, EdgeKind::Exchanged, EdgeKind::Opened, EdgeKind::Ran];
    let mut hops = Vec::new();
    for edge in lineage.edges.iter().filter(|edge| edge.on_path && minting.contains(&edge.kind)) {
        let Some(evidence) = edge.issuer.clone() else { continue };
        let Some(fact) = store.event(&evidence.event_id)? else { continue };
        let minted = Minted {
            credential: edge.to.clone(),
            parent: edge.from.clone(),
            principal: fact.actor.uri.clone(),
            grants: fact.grant_refs.clone(),
            edge: edge.kind,
            tier: edge.tier,
            evidence,
        };
        hops.push((minted, fact));
    }
    Ok(hops)
}

/// Whoever had the credential minted; of one fetched for another, that other.
fn held_by(event: &Fact, hops: &[(Minted, Arc<Fact>)]) -> Option<Party> {
    let (minted, fact) = hops.iter().find(|(minted, _)| minted.edge != EdgeKind::Ran)?;
    let custodian = crate::rule::is_custodian(&fact.actor.uri);
    let holder = fact.holders().next().filter(|_| custodian).unwrap_or(&fact.actor.uri);
    (holder != event.actor.uri).then(|| party(fact, holder, minted.tier))
}

/// Purposes declared by the event, by the records of its lineage and by its grant.
fn why(event: &Arc<Fact>, lineage: &Lineage, hops: &[(Minted, Arc<Fact>)], proof: &Proof) -> Vec<Why> {
    let reached = lineage.issuers();
    let mut all = Vec::new();
    let mut add = |fact: &Fact, tier: Tier| {
        if fact.reason.is_some() || fact.ticket.is_some() || fact.job.is_some() {
            let (reason, ticket, job) = (fact.reason.clone(), fact.ticket.clone(), fact.job.clone());
            all.push(Why { reason, ticket, job, tier, evidence: Evidence::of(fact) });
        }
    };
    add(event, Tier::L1);
    for (minted, fact) in hops {
        let here = reached.iter().find(|(_, issuer, _)| issuer.event_id == fact.id);
        add(fact, here.map_or(minted.tier, |(.., tier)| *tier));
    }
    if let (Some(grant), Some(tier)) = (&proof.grant, proof.tier)
        && (grant.reason.is_some() || grant.ticket.is_some())
        && let Some(evidence) = grant.evidence.first()
    {
        let (reason, ticket, evidence) = (grant.reason.clone(), grant.ticket.clone(), evidence.clone());
        all.push(Why { reason, ticket, job: None, tier, evidence });
    }
    all
}

/// The verdict of `identity.md` 3.4: a shared name is somebody only where lineage ends at what is one's own.
pub(crate) fn attribution(event: &Fact, lineage: &Lineage) -> Attribution {
    let own = |origin: &&Origin| origin.principal != event.actor.uri && is_own(&origin.principal);
    // What agents tell of a call explains it, and does not decide whose it was.
    let mut found = lineage.checked.iter().filter(own);
    // An initiator that the platform checked leads as well; one that the caller chose does not.
    let checked = |origin: &&Origin| origin.found != Found::Initiator || origin.tier == Tier::L1;
    let led = found.any(|origin| checked(&origin) && origin.tier <= Tier::L3);
    let torn = lineage
        .gaps
        .iter()
        .take(lineage.checked_gaps)
        .any(|gap| matches!(gap, Gap::Ambiguous { .. } | Gap::Cycle { .. }))
        && !led;
    match event.actor.kind {
        ActorKind::Shared if led => Attribution::Clear,
        ActorKind::Shared if torn => Attribution::Ambiguous,
        // A credential of its own tells one bearer of a shared name from the others.
        ActorKind::Shared if is_anonymous(&event.actor.uri) => Attribution::Unknown,
        ActorKind::Shared if is_told_apart(event) => Attribution::Clear,
        ActorKind::Shared => Attribution::Shared,
        _ if rank(&event.actor.uri) == Rank::Claim => Attribution::Unknown,
        _ if torn => Attribution::Ambiguous,
        ActorKind::Unknown if event.actor.name.is_none() && event.actor.is_human == Human::Unknown => {
            if is_own(&event.actor.uri) { Attribution::Clear } else { Attribution::Unknown }
        }
        _ => Attribution::Clear,
    }
}

fn is_own(principal: &str) -> bool {
    matches!(rank(principal), Rank::Immutable | Rank::Name) && !is_anonymous(principal)
}

fn is_anonymous(principal: &str) -> bool {
    Name::of(principal).is_some_and(|name| name.kind == "anon")
}

/// Certificates and tokens are one bearer's; passwords are not.
fn is_told_apart(event: &Fact) -> bool {
    event.credential.as_ref().is_some_and(|credential| crate::rule::is_unique(&credential.kind))
}
