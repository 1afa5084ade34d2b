//! The life of one credential: issued, refreshed, switched off, ended.

use std::sync::Arc;

use model::{CredentialChangeKind, GrantPhase, Status};
use serde::Serialize;

use crate::answer::{Evidence, as_maybe_time};
use crate::name::{Name, UNKNOWN};
use crate::rule;
use crate::store::{Key, Lookup, Store, StoreError};
use crate::{Fact, Settings};

/// Whether a credential can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Nothing ended it, and either its end is to come or it has none.
    Alive,
    /// Its time is over.
    Expired,
    /// It was revoked, or what it hangs on was.
    Revoked,
    /// It is switched off and may be switched on again.
    Disabled,
    /// It should end by itself, and no record says when.
    Unknown,
}

/// The life of a credential up to a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Life {
    /// Canonical URI.
    pub credential: String,
    /// Type of credential.
    pub kind: String,
    /// Whether it can be used at the time asked for.
    pub state: State,
    /// The record that issued it.
    pub issued: Option<Evidence>,
    /// Valid until, as far as known.
    #[serde(serialize_with = "as_maybe_time")]
    pub not_after: Option<i64>,
    /// The record that ended or disabled it.
    pub ended: Option<Evidence>,
    /// The newest record that refreshed it.
    pub refreshed: Option<Evidence>,
    /// The newest record made with it, refused attempts included.
    pub last_use: Option<Evidence>,
}

/// The URIs of a credential: its own, and that of a record which does not know its authority.
pub(crate) fn names(store: &impl Store, uri: &str) -> Result<Vec<String>, StoreError> {
    let mut names = vec![uri.to_owned()];
    let Some(name) = Name::of(uri) else { return Ok(names) };
    if name.authority != UNKNOWN {
        names.push(name.within(UNKNOWN));
        return Ok(names);
    }
    let id = crate::name::decoded(name.id);
    for key in [Key::UsedId(&id), Key::IssuedId(&id)] {
        let page = store.find(&Lookup::newest(key, i64::MAX, 2))?;
        let credentials = page.facts.iter().flat_map(|fact| fact.credential.iter().chain(&fact.issued));
        for credential in credentials.filter(|c| Name::of(&c.uri).is_some_and(|found| found.fits(&name))) {
            if !names.contains(&credential.uri) {
                names.push(credential.uri.clone());
            }
        }
    }
    Ok(names)
}

/// The life of a credential up to a time in nanoseconds since 1970.
///
/// # Errors
/// When the store cannot answer.
pub fn of(store: &impl Store, uri: &str, time: i64, settings: &Settings) -> Result<Life, StoreError> {
    lived(store, uri, time, settings, 0)
}

/// How far up parents are asked whether their end ended a credential too.
const PARENTS_MAX: usize = 8;

fn lived(store: &impl Store, uri: &str, time: i64, settings: &Settings, depth: usize) -> Result<Life, StoreError> {
    let names = names(store, uri)?;
    let mut issuers = Vec::new();
    let mut last: Option<Arc<Fact>> = None;
    let mut changes = Vec::new();
    for name in &names {
        issuers.extend(store.find(&Lookup::newest(Key::Issued(name), time, 2))?.facts);
        let used = store.find(&Lookup::newest(Key::Used(name), time, 1))?.facts.into_iter().next();
        last = [last, used].into_iter().flatten().max_by(|a, b| a.order().cmp(&b.order()));
        let page = store.find(&Lookup::newest(Key::Changed(name), time, settings.candidates_max))?;
        for fact in page.facts.iter().filter(|fact| fact.status != Status::Failure) {
            let of = fact.changes.iter().rev().find(|change| change.uri == *name);
            changes.extend(of.map(|change| (change.change, fact.clone())));
        }
    }
    changes.sort_by(|a, b| b.1.order().cmp(&a.1.order()));
    let kind = Name::of(uri).map(|name| name.kind).unwrap_or_default().to_owned();
    let seen = last.iter().filter_map(|fact| fact.credential.as_ref());
    let ends = issuers.iter().filter_map(|fact| fact.issued.as_ref()).chain(seen);
    let not_after = ends.filter_map(|credential| credential.not_after).max();
    let newest = |wanted: &[CredentialChangeKind]| {
        changes.iter().find(|(change, _)| wanted.contains(change)).map(|(change, fact)| (*change, fact.clone()))
    };
    use CredentialChangeKind::{Disabled, Enabled, Refreshed, Revoked};
    let switched = newest(&[Disabled, Enabled, Revoked]).filter(|(change, _)| *change != Enabled);
    let refreshed = newest(&[Refreshed]).map(|(_, fact)| fact);
    let ended = match &switched {
        Some((_, fact)) => Some(fact.clone()),
        None => ended_with(store, &issuers, time, settings, depth)?,
    };
    let uses_max = issuers.iter().filter_map(|fact| fact.issued.as_ref()?.uses_max).min();
    let spent = uses_max.map(|most| is_spent(store, &names, most, time, settings)).transpose()?.unwrap_or(false);
    let state = match (&switched, &ended, not_after) {
        (Some((Disabled, _)), ..) => State::Disabled,
        (_, Some(_), _) => State::Revoked,
        _ if spent => State::Expired,
        (None, None, Some(end)) if end >= time => State::Alive,
        (None, None, Some(end)) => {
            // A refresh after which no record shows the new end leaves the end open.
            if refreshed.as_ref().is_some_and(|fact| fact.time <= end) { State::Unknown } else { State::Expired }
        }
        (None, None, None) if rule::is_temporary(&kind) => State::Unknown,
        _ => State::Alive,
    };
    issuers.sort_by(|a, b| a.order().cmp(&b.order()));
    Ok(Life {
        credential: uri.to_owned(),
        kind,
        state,
        issued: issuers.first().map(|fact| Evidence::of(fact)),
        not_after,
        ended: ended.map(|fact| Evidence::of(&fact)),
        refreshed: refreshed.map(|fact| Evidence::of(&fact)),
        last_use: last.map(|fact| Evidence::of(&fact)),
    })
}

/// Whether a credential of so many uses was used as often.
fn is_spent(
    store: &impl Store,
    names: &[String],
    uses_max: u32,
    time: i64,
    settings: &Settings,
) -> Result<bool, StoreError> {
    // Two records may tell one call.
    let Ok(most) = usize::try_from(uses_max) else { return Ok(false) };
    let limit = most.saturating_mul(2).saturating_add(2).min(settings.uses_max);
    let mut uses = 0;
    for name in names {
        uses += crate::issuance::once_each(store.find(&Lookup::newest(Key::Used(name), time, limit))?.facts).len();
    }
    Ok(uses >= most)
}

/// The record that ended what a credential hangs on: the lease it was made under, the parent whose
/// end ends its children.
fn ended_with(
    store: &impl Store,
    issuers: &[Arc<Fact>],
    time: i64,
    settings: &Settings,
    depth: usize,
) -> Result<Option<Arc<Fact>>, StoreError> {
    for issuer in issuers {
        for lease in issuer.grants.iter().filter(|grant| grant.phase == GrantPhase::Activate) {
            let page = store.find(&Lookup::newest(Key::Grant(&lease.uri), time, settings.candidates_max))?;
            let over = |fact: &&Arc<Fact>| {
                let ends = |grant: &crate::GrantFact| {
                    grant.uri == lease.uri && matches!(grant.phase, GrantPhase::Revoke | GrantPhase::Expire)
                };
                fact.status != Status::Failure && fact.time >= issuer.time && fact.grants.iter().any(ends)
            };
            if let Some(fact) = page.facts.iter().find(over) {
                return Ok(Some(fact.clone()));
            }
        }
        let parent = issuer.issued.as_ref().and_then(|issued| issued.parent.as_deref());
        let Some(parent) = parent.filter(|parent| rule::cascades(parent, issuer) && depth < PARENTS_MAX) else {
            continue;
        };
        let above = lived(store, parent, time, settings, depth + 1)?;
        if let (State::Revoked, Some(ended)) = (above.state, &above.ended) {
            return store.event(&ended.event_id);
        }
    }
    Ok(None)
}
