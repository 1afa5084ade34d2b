//! Finding what issued a credential: the joins of [`crate::rule`], each a bounded look-up.

use std::sync::Arc;

use model::{CredentialChangeKind, Status};

use crate::name::{Name, UNKNOWN};
use crate::rule::{self, Join, Rule};
use crate::store::{Key, Lookup, Order, Store, StoreError};
use crate::{Credential, Fact, Settings};

const NANOS_PER_MS: i64 = 1_000_000;

/// A credential that was used, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Use<'u> {
    pub(crate) uri: &'u str,
    pub(crate) kind: &'u str,
    pub(crate) native_id: Option<&'u str>,
    pub(crate) time: i64,
}

impl<'u> Use<'u> {
    pub(crate) fn of(credential: &'u Credential, time: i64) -> Use<'u> {
        let native_id = credential.native_id.as_deref();
        Use { uri: &credential.uri, kind: &credential.kind, native_id, time }
    }
}

/// What was found for one join.
pub(crate) struct Found {
    pub(crate) rule: &'static Rule,
    /// Issuing records, tellings of one call counted once, oldest first.
    pub(crate) issuers: Vec<Arc<Fact>>,
    /// Whether there were more than the limit.
    pub(crate) more: bool,
}

/// Nanoseconds of a tolerance.
pub(crate) fn nanos(millis: i64) -> i64 {
    millis.saturating_mul(NANOS_PER_MS)
}

/// Every issuance of a credential that one can name: what the platform itself says, and besides what
/// another platform says that had it minted.
pub(crate) fn by_id(store: &impl Store, used: Use<'_>, settings: &Settings) -> Result<Vec<Found>, StoreError> {
    let mut all = Vec::new();
    let own = match find(store, Join::Uri, Key::Issued(used.uri), used, settings)? {
        None => find(store, Join::Announced, Key::Changed(used.uri), used, settings)?,
        found => found,
    };
    all.extend(own);
    let elsewhere = Name::of(used.uri).filter(|name| name.authority != UNKNOWN).map(|name| name.within(UNKNOWN));
    if let Some(elsewhere) = elsewhere {
        all.extend(find(store, Join::Elsewhere, Key::Issued(&elsewhere), used, settings)?);
    }
    if let Some(id) = used.native_id {
        all.extend(find(store, Join::NativeId, Key::IssuedId(id), used, settings)?);
        for hash in settings.hashes_of(id) {
            all.extend(find(store, Join::Hashed, Key::IssuedId(hash), used, settings)?);
        }
    }
    Ok(all)
}

fn find(
    store: &impl Store,
    join: Join,
    key: Key<'_>,
    used: Use<'_>,
    settings: &Settings,
) -> Result<Option<Found>, StoreError> {
    let Some(rule) = rule::rule(join, used.kind) else { return Ok(None) };
    let until = used.time.saturating_add(nanos(rule.tolerance_ms));
    let page = store.find(&Lookup::newest(key, until, settings.candidates_max))?;
    let fits = |fact: &Arc<Fact>| match join {
        Join::Announced => announces(fact, used.uri),
        Join::NativeId | Join::Hashed => is_foreign(fact, used),
        _ => fact.status != Status::Failure,
    };
    let mut issuers = once_each(page.facts.into_iter().filter(fits).collect());
    // A key id may be given out again, a name in particular: then the newest holds.
    if !rule::is_unique(used.kind) {
        issuers = issuers.pop().into_iter().collect();
    }
    Ok((!issuers.is_empty()).then_some(Found { rule, issuers, more: page.more }))
}

fn announces(fact: &Fact, uri: &str) -> bool {
    fact.issued.as_ref().is_none_or(|issued| issued.uri != uri)
        && fact.changes.iter().any(|change| change.uri == uri && change.change == CredentialChangeKind::Issued)
}

/// A credential of one platform that another's record calls by the same id. Names that differ only in
/// an unknown authority are another rule's business.
fn is_foreign(fact: &Fact, used: Use<'_>) -> bool {
    let (Some(issued), Some(used)) = (fact.issued.as_ref().and_then(|i| Name::of(&i.uri)), Name::of(used.uri)) else {
        return false;
    };
    issued.platform != used.platform
}

/// When the first issuance after a use was, for a credential that has none before it.
pub(crate) fn later(store: &impl Store, used: Use<'_>) -> Result<Option<Arc<Fact>>, StoreError> {
    let page = store.find(&Lookup::within(Key::Issued(used.uri), used.time, i64::MAX, 1))?;
    Ok(page.facts.into_iter().next())
}

/// Issuances of a token without an id: to the actor, by a caller that the use names, in its life.
pub(crate) fn by_window(store: &impl Store, event: &Fact, settings: &Settings) -> Result<Option<Found>, StoreError> {
    let Some(rule) = rule::rule(Join::Window, "access-token") else { return Ok(None) };
    // An exchange gives the principal its own token: nothing of this platform comes before it.
    if event.holders().any(|holder| holder == event.actor.uri) {
        return Ok(None);
    }
    let named = |fact: &Fact| {
        fact.actor.uri == event.actor.uri || event.chain.iter().any(|step| step.principal == fact.actor.uri)
    };
    let fits = |fact: &Arc<Fact>| {
        fact.platform == event.platform
            && fact.issued.as_ref().is_some_and(|issued| rule::is_without_id(&issued.kind))
            && lives(fact, event.time, rule, settings)
            && named(fact)
            && fact.id != event.id
    };
    let to = |principal: &str| -> Result<(Vec<Arc<Fact>>, bool), StoreError> {
        let page = issued_to(store, principal, event.time, rule, settings)?;
        Ok((page.facts.into_iter().filter(fits).collect(), page.more))
    };
    let (mut issuers, mut more) = to(&event.actor.uri)?;
    if issuers.is_empty() {
        // The mint names the account by its id, the use by its address, or the other way about.
        let names = crate::alias::resolve(store, &event.actor.uri, event.time, settings)?.names;
        for known in names.iter().filter(|known| known.uri != event.actor.uri) {
            let (also, cut) = to(&known.uri)?;
            issuers.extend(also);
            more |= cut;
        }
    }
    let issuers = once_each(issuers);
    Ok((!issuers.is_empty()).then_some(Found { rule, issuers, more }))
}

/// Tokens of a principal that could have been shown to another platform at a time.
pub(crate) fn by_subject(
    store: &impl Store,
    principal: &str,
    event: &Fact,
    settings: &Settings,
) -> Result<Option<Found>, StoreError> {
    let Some(rule) = rule::rule(Join::Exchange, "") else { return Ok(None) };
    let page = issued_to(store, principal, event.time, rule, settings)?;
    let audience = event.issued.as_ref().map(|issued| issued.audience.as_slice()).unwrap_or_default();
    let meant = |fact: &Fact| {
        let of = fact.issued.as_ref().map(|issued| issued.audience.as_slice()).unwrap_or_default();
        audience.is_empty() || of.is_empty() || of.iter().any(|one| audience.contains(one))
    };
    let fits = |fact: &Arc<Fact>| meant(fact) && lives(fact, event.time, rule, settings) && fact.id != event.id;
    let issuers = once_each(page.facts.into_iter().filter(fits).collect());
    if let (true, Some(claimed)) = (issuers.len() > 1, claimed(&issuers, event)) {
        return Ok(Some(claimed));
    }
    Ok((!issuers.is_empty()).then_some(Found { rule, issuers, more: page.more }))
}

/// Of several that fit, the one whose id the caller named: a pod or a run in the name of a session. The
/// caller chose that name, so it tells one from the others and proves nothing.
fn claimed(candidates: &[Arc<Fact>], event: &Fact) -> Option<Found> {
    let rule = rule::rule(Join::Claimed, "")?;
    let mut named = candidates.iter().filter(|fact| ids(fact).any(|id| names(event, id)));
    let one = named.next().filter(|_| named.next().is_none())?;
    Some(Found { rule, issuers: vec![one.clone()], more: false })
}

/// What a record calls itself, its run or the pod it is about.
fn ids(fact: &Fact) -> impl Iterator<Item = &str> {
    let beside = fact.resources.iter().filter(|resource| resource.role == model::ResourceRole::Related);
    let names = beside.filter_map(|resource| resource.name.as_deref());
    fact.correlation_ids.iter().map(String::as_str).chain(names.map(|name| name.rsplit('/').next().unwrap_or(name)))
}

/// Shortest id that is looked for within another text: a shorter one may stand there by chance.
const CLAIMED_CHARS_MIN: usize = 5;

/// Whether an id stands in what the record is called by, as a word of its own.
fn names(event: &Fact, id: &str) -> bool {
    let apart = |text: &str, at: usize| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + id.len()..).and_then(|after| after.chars().next());
        [before, after].into_iter().flatten().all(|c| !c.is_ascii_alphanumeric())
    };
    id.len() >= CLAIMED_CHARS_MIN
        && event.correlation_ids.iter().any(|text| text.match_indices(id).any(|(at, _)| apart(text, at)))
}

fn issued_to(
    store: &impl Store,
    principal: &str,
    time: i64,
    rule: &Rule,
    settings: &Settings,
) -> Result<crate::store::Page, StoreError> {
    let tolerance = nanos(rule.tolerance_ms);
    store.find(&Lookup {
        key: Key::IssuedTo(principal),
        from: time.saturating_sub(nanos(settings.life_max_ms)).saturating_sub(tolerance),
        until: time.saturating_add(tolerance),
        order: Order::Newest,
        limit: settings.candidates_max,
    })
}

/// Whether a token was alive, give or take the tolerance.
fn lives(fact: &Fact, time: i64, rule: &Rule, settings: &Settings) -> bool {
    let tolerance = nanos(rule.tolerance_ms);
    let end = fact.issued.as_ref().and_then(|issued| issued.not_after);
    let end = end.unwrap_or_else(|| fact.time.saturating_add(nanos(settings.life_max_ms)));
    fact.time <= time.saturating_add(tolerance) && time <= end.saturating_add(tolerance)
}

/// The record that opened the session of an event.
pub(crate) fn by_session(store: &impl Store, event: &Fact, settings: &Settings) -> Result<Option<Found>, StoreError> {
    let (Some(session), Some(rule)) = (&event.session, rule::rule(Join::Session, "")) else { return Ok(None) };
    let until = event.time.saturating_add(nanos(rule.tolerance_ms));
    let lookup = Lookup::within(Key::Session(session), i64::MIN, until, settings.candidates_max);
    let page = store.find(&lookup)?;
    // What follows at once on the record that opened it did not open it.
    let itself = opens_session(event);
    let others = page
        .facts
        .iter()
        .filter(|fact| !fact.same_call(event) && fact.id != event.id && (!itself || opened_before(fact, event)));
    let opener = first_opener(others).cloned();
    Ok(opener.map(|opener| Found { rule, issuers: vec![opener], more: false }))
}

/// The record that opened the session that all of these name.
pub(crate) fn first_opener<'f>(facts: impl Iterator<Item = &'f Arc<Fact>>) -> Option<&'f Arc<Fact>> {
    let openers = facts.filter(|fact| opens_session(fact));
    openers.reduce(|one, other| if opened_before(other, one) { other } else { one })
}

/// Which of two openers of a session came first: of one moment the one that says it starts something.
fn opened_before(one: &Fact, other: &Fact) -> bool {
    let when = |fact: &Fact| (fact.time, !rule::is_opening(fact.operation.as_deref()));
    (when(one), one.order()) < (when(other), other.order())
}

/// Whether a record can have opened the session that it names.
pub(crate) fn opens_session(fact: &Fact) -> bool {
    let opening = || rule::is_opening(fact.operation.as_deref());
    fact.status != Status::Failure && (fact.access == model::Access::Authenticate || fact.issued.is_some() || opening())
}

/// Jobs of a repository that ran when a token of it was shown: by run where the subject has it.
pub(crate) fn by_job(
    store: &impl Store,
    run: Option<&str>,
    resources: &[String],
    event: &Fact,
    settings: &Settings,
) -> Result<Option<Found>, StoreError> {
    let Some(rule) = rule::rule(if run.is_some() { Join::Session } else { Join::Exchange }, "") else {
        return Ok(None);
    };
    let tolerance = nanos(rule.tolerance_ms);
    let (from, until) = (
        event.time.saturating_sub(nanos(settings.life_max_ms)).saturating_sub(tolerance),
        event.time.saturating_add(tolerance),
    );
    let keys = match run {
        Some(run) => vec![Key::Correlation(run)],
        None => resources.iter().map(|resource| Key::RunOn(resource)).collect(),
    };
    if run.is_none()
        && let Some(found) = claimed_run(store, resources, event, (from, until), settings)?
    {
        return Ok(Some(found));
    }
    let mut runs: Vec<Arc<Fact>> = Vec::new();
    let mut more = false;
    for key in keys {
        let page = store.find(&Lookup { key, from, until, order: Order::Newest, limit: settings.candidates_max })?;
        more |= page.more;
        runs.extend(page.facts.into_iter().filter(|fact| fact.is_run()));
    }
    let issuers = first_of_each_run(runs);
    Ok((!issuers.is_empty()).then_some(Found { rule, issuers, more }))
}

/// Several records of one run are one candidate: the first of them tells who started it.
fn first_of_each_run(mut runs: Vec<Arc<Fact>>) -> Vec<Arc<Fact>> {
    runs.sort_by(|a, b| a.order().cmp(&b.order()));
    let mut seen = std::collections::BTreeSet::new();
    runs.retain(|fact| seen.insert(fact.session.clone()));
    // A record that does not say which attempt of a run it is of is of the one that another says.
    let told: Vec<String> = runs.iter().filter_map(|fact| fact.session.clone()).collect();
    let untold = |run: &String| {
        told.iter().any(|other| other.strip_prefix(run.as_str()).is_some_and(|rest| rest.starts_with('/')))
    };
    runs.retain(|fact| !fact.session.as_ref().is_some_and(untold));
    runs
}

/// Most words of the name of a session that are looked up as the id of a run.
const WORDS_MAX: usize = 8;

/// The run of the repository whose id the caller named when it showed its token.
fn claimed_run(
    store: &impl Store,
    resources: &[String],
    event: &Fact,
    (from, until): (i64, i64),
    settings: &Settings,
) -> Result<Option<Found>, StoreError> {
    let mut runs = Vec::new();
    let ids = event.correlation_ids.iter().flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric()));
    for id in ids.filter(|id| id.len() >= CLAIMED_CHARS_MIN).take(WORDS_MAX) {
        let (order, limit) = (Order::Newest, settings.candidates_max);
        let page = store.find(&Lookup { key: Key::Correlation(id), from, until, order, limit })?;
        let here = |fact: &Fact| fact.resources.iter().any(|resource| resources.contains(&resource.uri));
        runs.extend(page.facts.into_iter().filter(|fact| fact.id != event.id && fact.is_run() && here(fact)));
    }
    let issuers = first_of_each_run(runs);
    let rule = rule::rule(Join::Claimed, "").filter(|_| issuers.len() == 1);
    Ok(rule.map(|rule| Found { rule, issuers, more: false }))
}

/// Tellings of one call count once: the one that shows the caller's credential, then the latest stage.
pub(crate) fn once_each(facts: Vec<Arc<Fact>>) -> Vec<Arc<Fact>> {
    let mut kept: Vec<Arc<Fact>> = Vec::new();
    let better = |new: &Fact, old: &Fact| {
        let says = |fact: &Fact| (fact.credential.is_some(), fact.issued.is_some(), fact.time);
        says(new).cmp(&says(old)).then_with(|| old.order().cmp(&new.order())).is_gt()
    };
    for fact in facts {
        match kept.iter_mut().find(|old| old.same_call(&fact) || old.id == fact.id) {
            Some(old) if better(&fact, old) => *old = fact,
            Some(_) => {}
            None => kept.push(fact),
        }
    }
    kept.sort_by(|a, b| a.order().cmp(&b.order()));
    kept
}
