//! Grants: what records say of one, folded; and the verdict on each use (`identity.md` 5).

use std::sync::Arc;

use model::{Effect, GrantPhase, Status};
use serde::Serialize;

use crate::answer::{Evidence, as_maybe_time};
use crate::issuance::nanos;
use crate::store::{Key, Lookup, Store, StoreError};
use crate::{Fact, GrantFact, Lineage, Settings, Tier};

/// Where a grant stands at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GrantState {
    /// Asked for.
    Requested,
    /// Approved and not yet in force.
    Approved,
    /// Denied.
    Denied,
    /// In force.
    Active,
    /// Ended before its time.
    Revoked,
    /// Its time is over.
    Expired,
}

/// One approval or denial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Approval {
    /// Who decided.
    pub approver: Option<String>,
    /// Approved, or denied.
    pub approved: bool,
    /// Whether the approver is the requester or the beneficiary.
    pub self_approved: bool,
    /// The record.
    pub evidence: Evidence,
}

/// The uniform grant, folded from all records about it up to a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Grant {
    /// Canonical URI.
    pub grant: String,
    /// Where it stands.
    pub state: GrantState,
    /// Who asked.
    pub requester: Option<String>,
    /// Who receives it.
    pub beneficiaries: Vec<String>,
    /// Role, resource or privileges, verbatim.
    pub target: Option<String>,
    /// Justification.
    pub reason: Option<String>,
    /// Ticket.
    pub ticket: Option<String>,
    /// Decisions, oldest first.
    pub approvals: Vec<Approval>,
    /// Whether anything asked for it: then approvals are owed.
    pub requested: bool,
    /// In force from.
    #[serde(serialize_with = "as_maybe_time")]
    pub begins: Option<i64>,
    /// In force until: the earliest of its stated end, its duration and its actual end.
    #[serde(serialize_with = "as_maybe_time")]
    pub ends: Option<i64>,
    /// Whether a record ended it.
    pub ended: bool,
    /// Break-glass: taken without asking.
    pub break_glass: bool,
    /// All records about it, oldest first.
    pub evidence: Vec<Evidence>,
}

/// What is to be said of one use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// In the window, in scope, approved; linked by a token or key id.
    Proved,
    /// The same, linked by session or by account and window.
    Consistent,
    /// The same, linked by a heuristic.
    Heuristic,
    /// A grant without an end.
    Standing,
    /// In the window, outside the target.
    OverScope,
    /// Denied, too few approvals, or approved by whoever asked.
    NotApproved,
    /// Before the grant was in force, or after it ended.
    OutsideWindow,
    /// A grant is named, and no record tells of it or of its end.
    Unknown,
    /// No grant covers it.
    NoGrant,
}

/// The verdict on one use, with the grant it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// What is to be said.
    pub verdict: Verdict,
    /// The grant; none for `NO_GRANT`.
    pub grant: Option<Grant>,
    /// URI of the grant, known or not.
    pub uri: Option<String>,
    /// How the use is linked to it.
    pub tier: Option<Tier>,
    /// How far the use may lie outside the window, milliseconds.
    pub skew_ms: i64,
    /// The credential used lives longer than the grant.
    pub credential_outlives_grant: bool,
    /// The use.
    pub user: Evidence,
}

/// Folds the records about a grant up to a time in nanoseconds since 1970; `None` when there are none.
///
/// # Errors
/// When the store cannot answer.
pub fn fold(store: &impl Store, uri: &str, time: i64, settings: &Settings) -> Result<Option<Grant>, StoreError> {
    told_until(store, uri, time, time, settings)
}

/// Folds the records up to one time; whether its own end has passed is told as of another.
fn told_until(
    store: &impl Store,
    uri: &str,
    until: i64,
    time: i64,
    settings: &Settings,
) -> Result<Option<Grant>, StoreError> {
    let page = store.find(&Lookup::newest(Key::Grant(uri), until, settings.uses_max))?;
    let mut told: Vec<(&Arc<Fact>, &GrantFact)> = page
        .facts
        .iter()
        .flat_map(|fact| fact.grants.iter().filter(|grant| grant.uri == uri).map(move |grant| (fact, grant)))
        .collect();
    told.sort_by(|a, b| a.0.order().cmp(&b.0.order()));
    Ok(folded(uri, &told, time))
}

fn folded(uri: &str, told: &[(&Arc<Fact>, &GrantFact)], time: i64) -> Option<Grant> {
    if told.is_empty() {
        return None;
    }
    let first = |pick: fn(&GrantFact) -> Option<&String>| told.iter().find_map(|(_, grant)| pick(grant)).cloned();
    let mut grant = Grant {
        grant: uri.to_owned(),
        state: GrantState::Requested,
        requester: first(|grant| grant.requester.as_ref()),
        beneficiaries: Vec::new(),
        target: first(|grant| grant.target.as_ref()),
        reason: first(|grant| grant.reason.as_ref()),
        ticket: first(|grant| grant.ticket.as_ref()),
        approvals: Vec::new(),
        requested: false,
        begins: None,
        ends: None,
        ended: false,
        break_glass: false,
        evidence: Vec::new(),
    };
    let mut duration = None;
    for (fact, told) in told {
        let evidence = Evidence::of(fact);
        if !grant.evidence.contains(&evidence) {
            grant.evidence.push(evidence);
        }
        grant.beneficiaries.extend(told.beneficiary.clone().filter(|one| !grant.beneficiaries.contains(one)));
        duration = told.duration_s.or(duration);
        if fact.status != Status::Failure {
            step(&mut grant, fact, told);
        }
    }
    let from = grant.begins.zip(duration);
    let by_duration = from.and_then(|(from, s)| from.checked_add(i64::try_from(s).ok()?.checked_mul(1_000_000_000)?));
    grant.ends = [grant.ends, by_duration].into_iter().flatten().min();
    if grant.state == GrantState::Active && grant.ends.is_some_and(|end| end < time) {
        grant.state = GrantState::Expired;
    }
    Some(grant)
}

/// One step in the life of a grant; the records come oldest first.
fn step(grant: &mut Grant, fact: &Fact, told: &GrantFact) {
    let end = |grant: &mut Grant, state| {
        grant.state = state;
        grant.ended = true;
        grant.ends = Some(grant.ends.map_or(fact.time, |end| end.min(fact.time)));
    };
    if told.not_after.is_some() && told.phase != GrantPhase::Revoke {
        grant.ends = told.not_after;
    }
    match told.phase {
        GrantPhase::Request => grant.requested = true,
        GrantPhase::Approve | GrantPhase::Deny => {
            let approved = told.phase == GrantPhase::Approve;
            let approver = told.approver.clone().or_else(|| Some(fact.actor.uri.clone()));
            let asked = |uri: &String| {
                grant.requester.as_ref() == Some(uri) || told.requester.is_none() && grant.beneficiaries.contains(uri)
            };
            let self_approved = approved && approver.as_ref().is_some_and(asked);
            grant.approvals.push(Approval { approver, approved, self_approved, evidence: Evidence::of(fact) });
            if grant.state == GrantState::Requested || !approved {
                grant.state = if approved { GrantState::Approved } else { GrantState::Denied };
            }
            if approved && told.not_before.is_some() {
                grant.begins = grant.begins.or(told.not_before);
            }
        }
        GrantPhase::Activate => {
            // Activated again after an end: the later window is the one in force.
            if grant.ended {
                (grant.ended, grant.ends, grant.begins) = (false, told.not_after, None);
            }
            grant.state = GrantState::Active;
            grant.begins = grant.begins.or(told.not_before).or(Some(fact.time));
        }
        GrantPhase::Extend => grant.state = GrantState::Active,
        GrantPhase::Bypass => {
            grant.break_glass = true;
            grant.state = GrantState::Active;
            grant.begins = grant.begins.or(told.not_before).or(Some(fact.time));
        }
        GrantPhase::Revoke => end(grant, GrantState::Revoked),
        GrantPhase::Expire => end(grant, GrantState::Expired),
        GrantPhase::Use => {}
    }
}

/// A verdict on one use: of the grants that its own record or a record of its lineage names, else of
/// those its principals hold, the one that speaks best for it.
///
/// # Errors
/// When the store cannot answer.
pub fn prove(
    store: &impl Store,
    event: &Arc<Fact>,
    lineage: &Lineage,
    settings: &Settings,
) -> Result<Proof, StoreError> {
    let mut proofs = Vec::new();
    for (uri, tier, scoped) in named(store, event, lineage)? {
        proofs.push(judge(store, event, &uri, tier, scoped, settings)?);
    }
    if proofs.is_empty() {
        for principal in principals(event, lineage) {
            let lookup = Lookup::newest(Key::GrantedTo(&principal), event.time, settings.candidates_max);
            let page = store.find(&lookup)?;
            let held = page.facts.iter().flat_map(|fact| &fact.grants);
            let mut uris: Vec<&str> =
                held.filter(|g| g.beneficiary.as_deref() == Some(&principal)).map(|g| g.uri.as_str()).collect();
            uris.sort_unstable();
            uris.dedup();
            for uri in uris {
                proofs.push(judge(store, event, uri, Tier::L3, false, settings)?);
            }
        }
    }
    proofs.sort_by(|a, b| (a.verdict, a.tier, &a.uri).cmp(&(b.verdict, b.tier, &b.uri)));
    Ok(proofs.into_iter().next().unwrap_or(Proof {
        verdict: Verdict::NoGrant,
        grant: None,
        uri: None,
        tier: None,
        skew_ms: settings.grant_skew_ms,
        credential_outlives_grant: false,
        user: Evidence::of(event),
    }))
}

/// A verdict on one use of one grant: linked by its own record or its lineage where one names it.
///
/// # Errors
/// When the store cannot answer.
pub fn prove_grant(
    store: &impl Store,
    event: &Arc<Fact>,
    grant: &str,
    lineage: &Lineage,
    settings: &Settings,
) -> Result<Proof, StoreError> {
    let named = named(store, event, lineage)?.into_iter().find(|(uri, ..)| uri == grant);
    let (tier, scoped) = named.map_or((Tier::L3, false), |(_, tier, scoped)| (tier, scoped));
    judge(store, event, grant, tier, scoped, settings)
}

/// Grants that records name, how the use is linked to them, and whether the naming record itself says
/// that the grant covers the call.
fn named(store: &impl Store, event: &Fact, lineage: &Lineage) -> Result<Vec<(String, Tier, bool)>, StoreError> {
    let mut found: Vec<(String, Tier, bool)> =
        event.grant_refs.iter().map(|uri| (uri.clone(), Tier::L1, true)).collect();
    let mut weakest = Tier::L1;
    for edge in lineage.edges.iter().filter(|edge| edge.on_path) {
        weakest = weakest.max(edge.tier);
        let Some(issuer) = &edge.issuer else { continue };
        let Some(issuer) = store.event(&issuer.event_id)? else { continue };
        // The credential was made under the grant: using it is using the grant.
        for uri in &issuer.grant_refs {
            if !found.iter().any(|(known, ..)| known == uri) {
                found.push((uri.clone(), weakest, true));
            }
        }
    }
    Ok(found)
}

/// The executor and those it may hold a grant through.
fn principals(event: &Fact, lineage: &Lineage) -> Vec<String> {
    let of_event = [Some(&event.actor.uri), event.subject.as_ref(), event.initiator.as_ref()];
    let origins = lineage.origins.iter().map(|origin| &origin.principal);
    let aliases = event
        .aliases
        .iter()
        .filter(|alias| alias.rel == model::AliasRel::SameAs)
        .flat_map(|alias| [(&alias.a, &alias.b), (&alias.b, &alias.a)])
        .filter(|(known, _)| **known == event.actor.uri)
        .map(|(_, other)| other);
    let mut all: Vec<String> = of_event.into_iter().flatten().chain(aliases).chain(origins).cloned().collect();
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|uri| seen.insert(uri.clone()));
    all
}

fn judge(
    store: &impl Store,
    event: &Arc<Fact>,
    uri: &str,
    tier: Tier,
    scoped: bool,
    settings: &Settings,
) -> Result<Proof, StoreError> {
    // What happened to the grant later (an early end, an expiry) is part of its window; what was
    // decided after the use is not.
    let grant = told_until(store, uri, i64::MAX, event.time, settings)?;
    let skew = nanos(settings.grant_skew_ms);
    let verdict = match &grant {
        None => Verdict::Unknown,
        Some(grant) => verdict(grant, event, tier, scoped, skew, settings),
    };
    let end = event.credential.as_ref().and_then(|credential| credential.not_after);
    let ends = grant.as_ref().and_then(|grant| grant.ends);
    Ok(Proof {
        verdict,
        credential_outlives_grant: end.zip(ends).is_some_and(|(credential, grant)| credential > grant),
        grant,
        uri: Some(uri.to_owned()),
        tier: Some(tier),
        skew_ms: settings.grant_skew_ms,
        user: Evidence::of(event),
    })
}

fn verdict(grant: &Grant, event: &Fact, tier: Tier, scoped: bool, skew: i64, settings: &Settings) -> Verdict {
    if !approved(grant, event.time.saturating_add(skew), settings) {
        return Verdict::NotApproved;
    }
    let early = grant.begins.is_none_or(|begins| event.time < begins.saturating_sub(skew));
    let late = grant.ends.is_some_and(|ends| event.time > ends.saturating_add(skew));
    if early || late {
        return Verdict::OutsideWindow;
    }
    if !scoped && !covers(grant, event) {
        return Verdict::OverScope;
    }
    match (grant.ends, tier) {
        // It has an end, and no record says when.
        (None, _) if crate::rule::is_bounded(&grant.grant) => Verdict::Unknown,
        (None, _) => Verdict::Standing,
        (_, Tier::L1 | Tier::L2) => Verdict::Proved,
        (_, Tier::L3) => Verdict::Consistent,
        (_, Tier::L4) => Verdict::Heuristic,
    }
}

/// Whether those who had to agree had agreed by the time of the use.
fn approved(grant: &Grant, by: i64, settings: &Settings) -> bool {
    let decided = || grant.approvals.iter().filter(|approval| approval.evidence.time <= by);
    let denied = decided().next_back().is_some_and(|last| !last.approved);
    let own = decided().any(|approval| approval.self_approved) && !settings.self_approval_allowed;
    let given = decided().filter(|approval| approval.approved).count();
    !denied && !own && (grant.break_glass || !grant.requested || given >= settings.approvals_min)
}

/// Whether the target of a grant is what an event acted on or the role it acted under. A grant that
/// does not state its target covers nothing that can be shown.
fn covers(grant: &Grant, event: &Fact) -> bool {
    let Some(target) = &grant.target else { return false };
    let resource = |resource: &crate::Resource| {
        let names = [Some(resource.uri.as_str()), resource.name.as_deref()];
        names.into_iter().flatten().any(|name| within(name, target))
    };
    event.role.as_deref().is_some_and(|role| within(role, target)) || event.resources.iter().any(resource)
}

/// The name itself, or something below it.
fn within(name: &str, target: &str) -> bool {
    let stem = target.strip_suffix('*').unwrap_or(target).trim_end_matches('/');
    !stem.is_empty()
        && name.strip_prefix(stem).is_some_and(|rest| rest.is_empty() || target.ends_with('*') || rest.starts_with('/'))
}

/// Verdicts over every use of a grant within a time range: by those who name it, and by its
/// beneficiaries, bounded by `uses_max`; the second value says whether that cut some off.
///
/// # Errors
/// When the store cannot answer.
pub fn uses(
    store: &impl Store,
    grant: &str,
    from: i64,
    until: i64,
    settings: &Settings,
) -> Result<(Vec<Proof>, bool), StoreError> {
    let page = store.find(&Lookup::within(Key::Grant(grant), from, until, settings.uses_max))?;
    let mut more = page.more;
    let mut events: Vec<Arc<Fact>> = Vec::new();
    for fact in &page.facts {
        // What was minted under it is used under it.
        let minted = fact.issued.as_ref().filter(|_| fact.grant_refs.iter().any(|uri| uri == grant));
        for name in minted.map(|issued| crate::life::names(store, &issued.uri)).transpose()?.unwrap_or_default() {
            let page = store.find(&Lookup::within(Key::Used(&name), from, until, settings.uses_max))?;
            more |= page.more;
            events.extend(page.facts);
        }
        if fact.grants.iter().all(|told| told.uri != grant) && fact.effect != Some(Effect::Deny) {
            events.push(fact.clone());
        }
    }
    if let Some(folded) = fold(store, grant, until, settings)? {
        for beneficiary in &folded.beneficiaries {
            let page = store.find(&Lookup::within(Key::Principal(beneficiary), from, until, settings.uses_max))?;
            more |= page.more;
            let acts = |fact: &Arc<Fact>| {
                fact.actor.uri == *beneficiary
                    && fact.grants.is_empty()
                    && fact.issued.is_none()
                    && covers(&folded, fact)
            };
            events.extend(page.facts.into_iter().filter(acts));
        }
    }
    events.sort_by(|a, b| a.order().cmp(&b.order()));
    events.dedup_by(|a, b| a.id == b.id);
    more |= events.len() > settings.uses_max;
    let mut proofs = Vec::new();
    for event in events.iter().take(settings.uses_max) {
        let lineage = crate::lineage::of_event(store, event, settings)?;
        proofs.push(prove_grant(store, event, grant, &lineage, settings)?);
    }
    Ok((proofs, more))
}
