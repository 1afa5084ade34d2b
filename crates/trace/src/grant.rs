//! Grants: what records say of one, folded; and the verdict on each use (`identity.md` 5).

mod proof;

use std::sync::Arc;

use model::{CredentialChangeKind, GrantPhase, Status};
pub use proof::{Proof, Verdict, prove, prove_grant, uses};
use serde::Serialize;

use crate::answer::{Evidence, as_maybe_time};
use crate::store::{Key, Lookup, Store, StoreError};
use crate::{Fact, GrantFact, Settings};

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
    /// Whether it was given over the rules.
    pub forced: bool,
    /// Approvals that the policy asked for when it was given, as records told by then.
    pub approvals_min: Option<u32>,
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
    /// What it is limited to, as other records name it; empty when no record limits it.
    pub resources: Vec<String>,
    /// Justification.
    pub reason: Option<String>,
    /// Ticket.
    pub ticket: Option<String>,
    /// The policy that decided who had to agree.
    pub policy: Option<String>,
    /// Version or digest of that policy.
    pub policy_version: Option<String>,
    /// Approvals that policy asked for, as the last record says.
    pub approvals_min: Option<u32>,
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
    /// It ends with the credential it was taken with, or with the run it was for, by then at the latest, where
    /// no record says when.
    #[serde(serialize_with = "as_maybe_time")]
    pub ends_by: Option<i64>,
    /// Whether a record ended it.
    pub ended: bool,
    /// Break-glass: taken without asking.
    pub break_glass: bool,
    /// All records about it, oldest first.
    pub evidence: Vec<Evidence>,
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
    let mut page = store.find(&Lookup::newest(Key::Grant(uri), until, settings.uses_max))?;
    page.facts.dedup_by(|again, fact| again.is_again(fact));
    let mut told: Vec<(&Arc<Fact>, &GrantFact)> = page
        .facts
        .iter()
        .flat_map(|fact| fact.grants.iter().filter(|grant| grant.uri == uri).map(move |grant| (fact, grant)))
        .collect();
    told.sort_by(|a, b| a.0.order().cmp(&b.0.order()));
    let Some(mut grant) = folded(uri, &told, time) else { return Ok(None) };
    if grant.ends.is_none() && crate::rule::is_bounded(uri) {
        grant.ends_by = ends_by(store, &told)?;
        if grant.state == GrantState::Active && grant.ends_by.is_some_and(|end| end < time) {
            grant.state = GrantState::Expired;
        }
    }
    Ok(Some(grant))
}

/// The end of what a grant was taken with or for: of a credential, unless that was given more time since; of
/// a run.
fn ends_by(store: &impl Store, told: &[(&Arc<Fact>, &GrantFact)]) -> Result<Option<i64>, StoreError> {
    let Some((fact, _)) = told.iter().rfind(|(_, grant)| grant.phase == GrantPhase::Activate) else {
        return Ok(None);
    };
    match &fact.credential {
        Some(credential) => credential_ends(store, fact, credential),
        None => run_ends(store, fact),
    }
}

/// When the run ended that a record belongs to: the first record after it that says so.
fn run_ends(store: &impl Store, fact: &Fact) -> Result<Option<i64>, StoreError> {
    if !fact.is_run() {
        return Ok(None);
    }
    let of_run =
        |other: &&Arc<Fact>| (other.platform, &other.authority) == (fact.platform, &fact.authority) && other.is_run();
    let mut end: Option<i64> = None;
    for id in &fact.correlation_ids {
        let page = store.find(&Lookup::within(Key::Correlation(id), fact.time, i64::MAX, CHANGES_MAX))?;
        let closes = |other: &&Arc<Fact>| crate::rule::is_closing(other.operation.as_deref());
        let ended = page.facts.iter().filter(of_run).filter(closes).map(|other| other.time).min();
        end = [end, ended].into_iter().flatten().min();
    }
    Ok(end)
}

fn credential_ends(store: &impl Store, fact: &Fact, credential: &crate::Credential) -> Result<Option<i64>, StoreError> {
    let since = store.find(&Lookup::within(Key::Changed(&credential.uri), fact.time, i64::MAX, CHANGES_MAX))?;
    let changes = || {
        let of = |fact: &Arc<Fact>| fact.changes.iter().find(|change| change.uri == credential.uri).map(|c| c.change);
        since
            .facts
            .iter()
            .filter(|fact| fact.status != Status::Failure)
            .filter_map(move |fact| Some((fact.time, of(fact)?)))
    };
    if since.more || changes().any(|(_, change)| change == CredentialChangeKind::Refreshed) {
        return Ok(None);
    }
    let revoked = changes().find(|(_, change)| *change == CredentialChangeKind::Revoked).map(|(time, _)| time);
    Ok([credential.not_after, revoked].into_iter().flatten().min())
}

/// Most changes of a credential, and most records of a run, that are looked at for the end of what was
/// taken with it.
const CHANGES_MAX: usize = 16;

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
        resources: Vec::new(),
        reason: first(|grant| grant.reason.as_ref()),
        ticket: first(|grant| grant.ticket.as_ref()),
        policy: first(|grant| grant.policy.as_ref()),
        policy_version: told.iter().rev().find_map(|(_, grant)| grant.policy_version.clone()),
        approvals_min: told.iter().rev().find_map(|(_, grant)| grant.approvals_min),
        approvals: Vec::new(),
        requested: false,
        begins: None,
        ends: None,
        ends_by: None,
        ended: false,
        break_glass: false,
        evidence: Vec::new(),
    };
    let (mut duration, mut least) = (None, None);
    for (fact, told) in told {
        let evidence = Evidence::of(fact);
        if !grant.evidence.contains(&evidence) {
            grant.evidence.push(evidence);
        }
        grant.resources.extend(told.resource.clone().filter(|one| !grant.resources.contains(one)));
        grant.beneficiaries.extend(told.beneficiary.clone().filter(|one| !grant.beneficiaries.contains(one)));
        duration = told.duration_s.or(duration);
        least = told.approvals_min.or(least);
        if fact.status != Status::Failure {
            step(&mut grant, fact, told, least);
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

/// One step in the life of a grant; the records come oldest first. `least` is what policy asks for by then.
fn step(grant: &mut Grant, fact: &Fact, told: &GrantFact, least: Option<u32>) {
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
            decide(grant, fact, told, approver, approved, least);
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
            // What was asked for may begin before it comes into force.
            grant.begins = grant.begins.max(told.not_before).or(Some(fact.time));
        }
        GrantPhase::Extend => grant.state = GrantState::Active,
        GrantPhase::Bypass => {
            grant.break_glass = true;
            // Somebody agreed over the rules, or nobody was asked.
            if let Some(approver) = told.approver.clone() {
                decide(grant, fact, told, Some(approver), true, least);
            }
            grant.state = GrantState::Active;
            grant.begins = grant.begins.or(told.not_before).or(Some(fact.time));
        }
        GrantPhase::Revoke => end(grant, GrantState::Revoked),
        GrantPhase::Expire => end(grant, GrantState::Expired),
        GrantPhase::Use => {}
    }
}

/// Adds a decision; the same one in a record that tells it again is one.
fn decide(
    grant: &mut Grant,
    fact: &Fact,
    told: &GrantFact,
    approver: Option<String>,
    approved: bool,
    approvals_min: Option<u32>,
) {
    let asked = |uri: &String| {
        grant.requester.as_ref() == Some(uri) || told.requester.is_none() && grant.beneficiaries.contains(uri)
    };
    let self_approved = approved && approver.as_ref().is_some_and(asked);
    let forced = told.phase == GrantPhase::Bypass;
    let evidence = Evidence::of(fact);
    let decision = Approval { approver, approved, self_approved, forced, approvals_min, evidence };
    let again = |known: &Approval| {
        (&known.approver, known.approved, known.forced) == (&decision.approver, approved, forced)
            && known.evidence.source_event_id.is_some()
            && known.evidence.source_event_id == decision.evidence.source_event_id
    };
    if !grant.approvals.iter().any(again) {
        grant.approvals.push(decision);
    }
}
