//! The verdict on each use of a grant: the proof predicate of `identity.md` 5.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::Effect;
use serde::Serialize;

use super::{Approval, Grant, fold, told_until};
use crate::answer::Evidence;
use crate::descent::{Aim, Descent};
use crate::issuance::nanos;
use crate::store::{Key, Lookup, Store, StoreError};
use crate::{Fact, Lineage, Settings, Tier};

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
    /// A grant is named, and no record tells of it or of its end; or nobody approved, and no record tells
    /// whether anybody had to.
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
    /// An approval by whoever asked for it or receives it, before the use.
    pub self_approved: bool,
    /// An approval over the rules, before the use.
    pub forced: bool,
    /// Nothing in the records tells whether the use lies within the target of the grant.
    pub scope_untold: bool,
    /// Nothing in the records tells how many had to approve: whoever did counts for all, and if nobody did, it
    /// is not known whether that was right.
    pub policy_untold: bool,
    /// The use.
    pub user: Evidence,
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
    for (uri, tier, scoped) in named(store, event, lineage, settings)? {
        proofs.push(judge(store, event, &uri, tier, scoped, settings)?);
    }
    // A lease ends with the credential it made: it says how long, not by whose leave. Where the lineage
    // names another grant besides, that one decides.
    let bounded = |proof: &Proof| proof.uri.as_deref().is_some_and(crate::rule::is_bounded);
    if proofs.iter().any(|proof| !bounded(proof)) {
        proofs.retain(|proof| !bounded(proof));
    }
    if proofs.is_empty() {
        for Holder { principal, only_in } in principals(store, event, lineage, settings)? {
            let lookup = Lookup::newest(Key::GrantedTo(&principal), event.time, settings.candidates_max);
            let page = store.find(&lookup)?;
            let held = page.facts.iter().flat_map(|fact| &fact.grants);
            let mut uris: Vec<&str> =
                held.filter(|g| g.beneficiary.as_deref() == Some(&principal)).map(|g| g.uri.as_str()).collect();
            uris.sort_unstable();
            uris.dedup();
            let within = |uri: &&str| match (&only_in, crate::name::Name::of(uri)) {
                (Some(authority), name) => name.is_some_and(|name| name.authority == authority),
                (None, _) => true,
            };
            for uri in uris.into_iter().filter(within) {
                proofs.push(judge(store, event, uri, Tier::L3, false, settings)?);
            }
        }
    }
    // Of equals the nearest in time, then the one that more records tell of: who asked and who agreed, not
    // only that it was given. A grant that was refused and one that had ended speak against the use alike:
    // the nearer of them is the one it was made under.
    let skew = nanos(settings.grant_skew_ms).max(1);
    let near = |proof: &Proof| proof.grant.as_ref().map_or(i64::MAX, |grant| away(grant, event.time) / skew);
    let told = |proof: &Proof| std::cmp::Reverse(proof.grant.as_ref().map_or(0, |grant| grant.evidence.len()));
    let rank = |proof: &Proof| match proof.verdict {
        Verdict::NotApproved => Verdict::OutsideWindow,
        verdict => verdict,
    };
    let order = |proof: &Proof| (rank(proof), proof.tier, near(proof), proof.verdict, told(proof));
    proofs.sort_by(|a, b| order(a).cmp(&order(b)).then_with(|| a.uri.cmp(&b.uri)));
    Ok(proofs.into_iter().next().unwrap_or(Proof {
        verdict: Verdict::NoGrant,
        grant: None,
        uri: None,
        tier: None,
        skew_ms: settings.grant_skew_ms,
        credential_outlives_grant: false,
        self_approved: false,
        forced: false,
        scope_untold: false,
        policy_untold: false,
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
    let named = named(store, event, lineage, settings)?.into_iter().find(|(uri, ..)| uri == grant);
    let (tier, scoped) = named.map_or((Tier::L3, false), |(_, tier, scoped)| (tier, scoped));
    judge(store, event, grant, tier, scoped, settings)
}

/// Grants that records name, how the use is linked to them, and whether the naming record itself says
/// that the grant covers the call.
fn named(
    store: &impl Store,
    event: &Fact,
    lineage: &Lineage,
    settings: &Settings,
) -> Result<Vec<(String, Tier, bool)>, StoreError> {
    let mut found: Vec<(String, Tier, bool)> =
        event.grant_refs.iter().map(|uri| (uri.clone(), Tier::L1, true)).collect();
    for (_, issuer, weakest) in lineage.issuers() {
        let Some(issuer) = store.event(&issuer.event_id)? else { continue };
        // The credential was made under the grant: using it is using the grant.
        for uri in &issuer.grant_refs {
            if !found.iter().any(|(known, ..)| known == uri) {
                found.push((uri.clone(), weakest, true));
            }
        }
    }
    if found.is_empty() {
        found = of_runs(store, event, lineage, settings)?;
    }
    Ok(found)
}

/// Grants of the run of a job behind an event, which other records of the run name: approvals of its
/// deployments. A platform does not know for which of them it was called, so the link is no stronger than L3.
fn of_runs(
    store: &impl Store,
    event: &Fact,
    lineage: &Lineage,
    settings: &Settings,
) -> Result<Vec<(String, Tier, bool)>, StoreError> {
    let mut found: Vec<(String, Tier, bool)> = Vec::new();
    for (_, run, weakest) in lineage.issuers() {
        let Some(run) = store.event(&run.event_id)?.filter(|fact| fact.is_run()) else { continue };
        for id in &run.correlation_ids {
            let lookup = Lookup::newest(Key::Correlation(id), event.time, settings.candidates_max);
            let of_run = |fact: &&Arc<Fact>| fact.platform == run.platform && fact.authority == run.authority;
            for uri in store.find(&lookup)?.facts.iter().filter(of_run).flat_map(|fact| &fact.grant_refs) {
                if !found.iter().any(|(known, ..)| known == uri) {
                    found.push((uri.clone(), weakest.max(Tier::L3), true));
                }
            }
        }
    }
    Ok(found)
}

/// One who may hold a grant.
struct Holder {
    principal: String,
    /// The authority whose grants alone count, already escaped; all of them for none.
    only_in: Option<String>,
}

/// Who bears a name in a directory that serves other authorities as well: the only one of this kind that a
/// record before called so. What it was given within the authority of the claim may be held by the claim.
fn of_directory(
    store: &impl Store,
    claim: &crate::name::Name<'_>,
    time: i64,
    settings: &Settings,
) -> Result<Option<String>, StoreError> {
    let Some(name) = claim.id.strip_prefix('?').map(crate::name::decoded) else { return Ok(None) };
    let page = store.find(&Lookup::newest(Key::Name(&name), time, settings.candidates_max))?;
    let actors = page.facts.iter().map(|fact| fact.actor.uri.as_str());
    let bears = |uri: &&str| {
        crate::name::Name::of(uri).is_some_and(|bearer| {
            (bearer.platform, bearer.kind) == (claim.platform, claim.kind) && !bearer.id.starts_with(['~', '?'])
        })
    };
    let bearers: BTreeSet<&str> = actors.filter(bears).collect();
    Ok(bearers.first().filter(|_| bearers.len() == 1).map(|bearer| (*bearer).to_owned()))
}

/// The executor and those it may hold a grant through, each under all names it had then.
fn principals(
    store: &impl Store,
    event: &Fact,
    lineage: &Lineage,
    settings: &Settings,
) -> Result<Vec<Holder>, StoreError> {
    let of_event = [Some(&event.actor.uri), event.subject.as_ref(), event.initiator.as_ref()];
    let origins = lineage.origins.iter().map(|origin| &origin.principal);
    let mut all: Vec<String> = of_event.into_iter().flatten().chain(origins).cloned().collect();
    // A claim that the platform checked is a name.
    let checked = || event.chain.iter().filter(|step| step.verified).map(|step| &step.principal);
    all.extend(checked().filter_map(|claim| crate::name::Name::of(claim)?.as_named()));
    let mut known = BTreeSet::new();
    let mut names = Vec::new();
    for uri in all {
        if !known.contains(&uri) {
            let identity = crate::alias::resolve(store, &uri, event.time, settings)?;
            let new = identity.names.into_iter().map(|name| name.uri).filter(|name| known.insert(name.clone()));
            names.extend(new.map(|principal| Holder { principal, only_in: None }));
        }
    }
    for claim in checked().filter_map(|claim| crate::name::Name::of(claim)) {
        if let Some(principal) = of_directory(store, &claim, event.time, settings)?.filter(|one| !known.contains(one)) {
            names.push(Holder { principal, only_in: Some(claim.authority.to_owned()) });
        }
    }
    Ok(names)
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
    let by = event.time.saturating_add(skew);
    let scope = match &grant {
        Some(grant) if !scoped => scope(grant, event),
        _ => Scope::Inside,
    };
    let verdict = match &grant {
        None => Verdict::Unknown,
        Some(grant) => verdict(grant, event, tier, scope, skew, settings),
    };
    let end = lives_until(store, event)?;
    let ends = grant.as_ref().and_then(|grant| [grant.ends, grant.ends_by].into_iter().flatten().min());
    let decided = |of: fn(&Approval) -> bool| {
        grant.iter().flat_map(|grant| &grant.approvals).any(|approval| approval.evidence.time <= by && of(approval))
    };
    Ok(Proof {
        verdict,
        // Both ends are the platforms' own, often rounded to seconds: clocks may differ here as well.
        credential_outlives_grant: end.zip(ends).is_some_and(|(end, grant)| end > grant.saturating_add(skew)),
        self_approved: decided(|approval| approval.self_approved),
        forced: decided(|approval| approval.forced),
        scope_untold: scope == Scope::Untold,
        policy_untold: grant.as_ref().is_some_and(|grant| is_policy_untold(grant, settings)),
        grant,
        uri: Some(uri.to_owned()),
        tier: Some(tier),
        skew_ms: settings.grant_skew_ms,
        user: Evidence::of(event),
    })
}

/// Until when the credential of a use lives: as its own record says, else the one that issued it.
fn lives_until(store: &impl Store, event: &Fact) -> Result<Option<i64>, StoreError> {
    let Some(credential) = &event.credential else { return Ok(None) };
    if credential.not_after.is_some() {
        return Ok(credential.not_after);
    }
    let page = store.find(&Lookup::newest(Key::Issued(&credential.uri), event.time, 1))?;
    Ok(page.facts.first().and_then(|fact| fact.issued.as_ref()?.not_after))
}

fn verdict(grant: &Grant, event: &Fact, tier: Tier, scope: Scope, skew: i64, settings: &Settings) -> Verdict {
    let agreed = agreed(grant, event.time.saturating_add(skew), settings);
    if agreed == Agreed::No {
        return Verdict::NotApproved;
    }
    if !is_in_window(grant, event.time, skew) {
        return Verdict::OutsideWindow;
    }
    if scope == Scope::Outside {
        return Verdict::OverScope;
    }
    let one_session = event.session.as_ref().is_some_and(|session| grant.resources.contains(session));
    match (grant.ends, tier) {
        // What was given for one session ends with it.
        (None, Tier::L1 | Tier::L2) if one_session => Verdict::Proved,
        // It has an end, and no record says when.
        (None, _) if crate::rule::is_bounded(&grant.grant) => Verdict::Unknown,
        (None, _) => Verdict::Standing,
        // That the platform put it in force is no approval, and that it asked for none is told by nothing.
        _ if agreed == Agreed::Untold => Verdict::Unknown,
        (_, Tier::L1 | Tier::L2) => Verdict::Proved,
        (_, Tier::L3) => Verdict::Consistent,
        (_, Tier::L4) => Verdict::Heuristic,
    }
}

/// How far a time lies from the window of a grant; from the last that was told of it, if it never had one.
fn away(grant: &Grant, time: i64) -> i64 {
    let ends = [grant.ends, grant.ends_by].into_iter().flatten().min();
    match grant.begins {
        Some(begins) if time < begins => begins.saturating_sub(time),
        Some(_) => ends.map_or(0, |ends| time.saturating_sub(ends).max(0)),
        None => grant
            .evidence
            .iter()
            .map(|one| time.abs_diff(one.time))
            .min()
            .map_or(i64::MAX, |away| i64::try_from(away).unwrap_or(i64::MAX)),
    }
}

fn is_in_window(grant: &Grant, time: i64, skew: i64) -> bool {
    let ends = [grant.ends, grant.ends_by].into_iter().flatten().min();
    grant.begins.is_some_and(|begins| time >= begins.saturating_sub(skew))
        && ends.is_none_or(|ends| time <= ends.saturating_add(skew))
}

/// Whether those who had to agree had agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Agreed {
    Yes,
    No,
    /// Nobody agreed, and nothing tells whether anybody had to.
    Untold,
}

/// Whether they had by the time of the use: as many as the policy asked for that was in force when they did,
/// where a record tells it; else as the operator says; else anybody.
fn agreed(grant: &Grant, by: i64, settings: &Settings) -> Agreed {
    let decided = || grant.approvals.iter().filter(|approval| approval.evidence.time <= by);
    let denied = decided().next_back().is_some_and(|last| !last.approved);
    let own = decided().any(|approval| approval.self_approved) && !settings.self_approval_allowed;
    if denied || own {
        return Agreed::No;
    }
    if grant.break_glass || !grant.requested {
        return Agreed::Yes;
    }
    let least = |then: Option<u32>| then.or(grant.approvals_min).map(|n| n as usize).or(settings.approvals_min);
    let mut given: BTreeSet<&str> = BTreeSet::new();
    // What was enough when it was given stays enough under a later policy.
    let enough = decided().filter(|approval| approval.approved).any(|approval| {
        given.extend(approval.approver.as_deref());
        given.len() >= least(approval.approvals_min).unwrap_or(1)
    });
    match least(None) {
        _ if enough => Agreed::Yes,
        Some(0) => Agreed::Yes,
        Some(_) => Agreed::No,
        None => Agreed::Untold,
    }
}

/// Whether approvals are owed for a grant, and nothing tells how many.
fn is_policy_untold(grant: &Grant, settings: &Settings) -> bool {
    grant.requested && !grant.break_glass && grant.approvals_min.is_none() && settings.approvals_min.is_none()
}

/// How a use stands to the target of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Inside,
    Outside,
    /// The grant is for a role or a privilege, and the record of the use does not say under which of
    /// them it was allowed.
    Untold,
}

/// What an event acted on, and the role it acted under, against what a grant is for.
fn scope(grant: &Grant, event: &Fact) -> Scope {
    let within_any = |name: &str| {
        let targets = grant.target.iter().flat_map(|target| target.split(','));
        grant.resources.iter().map(String::as_str).chain(targets).any(|target| within(name, target))
    };
    let acted = event.resources.iter().flat_map(|resource| [Some(resource.uri.as_str()), resource.name.as_deref()]);
    let named = acted.flatten().chain(event.role.as_deref());
    if { named }.any(within_any) {
        Scope::Inside
    } else if grant.resources.is_empty() || event.resources.is_empty() {
        Scope::Untold
    } else {
        Scope::Outside
    }
}

/// The name itself, or something below it.
fn within(name: &str, target: &str) -> bool {
    let stem = target.strip_suffix('*').unwrap_or(target).trim_end_matches('/');
    !stem.is_empty()
        && name.strip_prefix(stem).is_some_and(|rest| rest.is_empty() || target.ends_with('*') || rest.starts_with('/'))
}

/// Those who receive a grant, under all their names, and under the claims that stand for one.
fn receivers(
    store: &impl Store,
    grant: &Grant,
    time: i64,
    settings: &Settings,
) -> Result<BTreeSet<String>, StoreError> {
    let mut names = BTreeSet::new();
    for beneficiary in &grant.beneficiaries {
        let identity = crate::alias::resolve(store, beneficiary, time, settings)?;
        for name in identity.names.into_iter().map(|known| known.uri) {
            let claimed = crate::name::Name::of(&name).and_then(|name| name.as_claimed());
            // A directory serves the authority of the grant as well: there the claim has the same form.
            let there = crate::name::Name::of(&grant.grant).map(|grant| grant.authority.to_owned());
            let elsewhere = claimed.as_deref().and_then(crate::name::Name::of).zip(there);
            names.extend(elsewhere.map(|(claim, authority)| claim.within(&authority)));
            names.extend(claimed);
            names.insert(name);
        }
    }
    Ok(names)
}

/// The uses of a credential and of all that was minted with it; whether a limit cut some off.
fn below(
    store: &impl Store,
    credential: &str,
    [from, until]: [i64; 2],
    settings: &Settings,
    events: &mut Vec<Arc<Fact>>,
) -> Result<bool, StoreError> {
    let mut descent = Descent::new(store, Aim::Reach, until, settings);
    descent.credential(credential);
    let descended = descent.run()?;
    let mut more = !descended.gaps.is_empty();
    for reading in &descended.readings {
        let (from, until) = (from.max(reading.from), until.min(reading.until));
        let page = store.find(&Lookup::within(reading.key(), from, until, settings.uses_max))?;
        more |= page.more;
        events.extend(page.facts.into_iter().filter(|fact| reading.counts(fact).is_some()));
    }
    Ok(more)
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
        // What was minted under it, and with that, is used under it.
        if let Some(minted) = fact.issued.as_ref().filter(|_| fact.grant_refs.iter().any(|uri| uri == grant)) {
            more |= below(store, &minted.uri, [from, until], settings, &mut events)?;
        }
        if fact.grants.iter().all(|told| told.uri != grant) && fact.effect != Some(Effect::Deny) {
            events.push(fact.clone());
        }
    }
    if let Some(folded) = fold(store, grant, until, settings)? {
        let names = receivers(store, &folded, until, settings)?;
        let skew = nanos(settings.grant_skew_ms);
        let acts = |fact: &Arc<Fact>| {
            let by = names.contains(&fact.actor.uri) || fact.initiator.as_ref().is_some_and(|uri| names.contains(uri));
            let scoped = || match scope(&folded, fact) {
                Scope::Inside => true,
                // What it did besides is no use of this grant.
                Scope::Untold => is_in_window(&folded, fact.time, skew),
                Scope::Outside => false,
            };
            by && fact.grants.is_empty() && fact.issued.is_none() && scoped()
        };
        for name in &names {
            let page = store.find(&Lookup::within(Key::Principal(name), from, until, settings.uses_max))?;
            more |= page.more;
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
