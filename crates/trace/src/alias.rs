//! Names at a time (`identity.md` 3.3): which URIs were one principal, and which only led to one.
//!
//! A name holds from the record that shows it to the record that shows another in its place, so a
//! deleted and recreated role is two principals. Between the last sight of one bearer and the first
//! of the next nobody knows when the name passed on: then both are listed and nothing is merged.
//! Nothing is merged across platforms, nor within an unknown authority.

use std::collections::BTreeSet;

use model::AliasRel;
use serde::Serialize;

use crate::answer::Evidence;
use crate::name::{Name, UNKNOWN};
use crate::store::{Key, Lookup, Store, StoreError};
use crate::{Alias, Fact, Rank, Settings, rank};

/// One principal, under its names at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// The name that names it best: immutable before issuer-qualified before unbounded.
    pub display: String,
    /// All names it had, best first.
    pub names: Vec<Known>,
    /// What it leads to, and what leads to it; never merged.
    pub relations: Vec<Relation>,
    /// Names whose bearer at that time is not known, with those it may have been.
    pub uncertain: Vec<Uncertain>,
    /// Whether a limit cut names or relations off.
    pub cut: bool,
}

/// A name, and the record that shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Known {
    /// The URI.
    pub uri: String,
    /// How well it names its bearer.
    pub rank: Rank,
    /// The record nearest to the time asked for that shows both names; none for the name asked for.
    pub evidence: Option<Evidence>,
    /// The rule by which the record's module says so.
    pub alias_rule: Option<String>,
}

/// A typed relation between two names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Relation {
    /// URI.
    pub a: String,
    /// How `a` relates to `b`.
    pub rel: AliasRel,
    /// URI.
    pub b: String,
    /// The rule by which the record's module says so.
    pub alias_rule: String,
    /// The newest record up to the time asked for that shows it.
    pub evidence: Evidence,
}

/// A name that passed from one bearer to another at a time nobody recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Uncertain {
    /// The name.
    pub name: String,
    /// Its bearers before and after.
    pub bearers: [String; 2],
}

/// Relations that are shown with an identity. Credentials have look-ups of their own.
const TYPED: [AliasRel; 5] =
    [AliasRel::InstanceOf, AliasRel::RunsAs, AliasRel::FederatesTo, AliasRel::OwnedBy, AliasRel::RenamedTo];

/// Resolves a URI as of a time in nanoseconds since 1970.
///
/// # Errors
/// When the store cannot answer.
pub fn resolve(store: &impl Store, uri: &str, time: i64, settings: &Settings) -> Result<Identity, StoreError> {
    let first = Known { uri: uri.to_owned(), rank: rank(uri), evidence: None, alias_rule: None };
    let mut names = vec![first];
    let mut uncertain = Vec::new();
    let (mut next, mut cut) = (0, false);
    while let Some(known) = names.get(next).map(|known| known.uri.clone()) {
        next += 1;
        if next > settings.candidates_max {
            cut = true;
            break;
        }
        for found in same(store, &known, time, settings, &mut uncertain, &mut cut)? {
            if !names.iter().any(|name| name.uri == found.uri) {
                names.push(found);
            }
        }
    }
    names.sort_by(|a, b| (a.rank, &a.uri).cmp(&(b.rank, &b.uri)));
    let mut relations = Vec::new();
    for known in &names {
        cut |= relate(store, &known.uri, time, settings, &mut relations)?;
    }
    let display = names.first().map_or_else(|| uri.to_owned(), |name| name.uri.clone());
    Ok(Identity { display, names, relations, uncertain, cut })
}

/// Whether two URIs may be one principal at all.
fn mergeable(a: &str, b: &str) -> bool {
    let (Some(a), Some(b)) = (Name::of(a), Name::of(b)) else { return false };
    a.class == b.class && a.platform == b.platform && a.authority != UNKNOWN && b.authority != UNKNOWN
}

/// The other end of each pair of equals, of the fact's own order.
pub(crate) fn partners<'f>(fact: &'f Fact, uri: &'f str) -> impl Iterator<Item = (&'f str, &'f Alias)> {
    fact.aliases.iter().filter(|alias| alias.rel == AliasRel::SameAs).filter_map(move |alias| {
        let other = match (alias.a == uri, alias.b == uri) {
            (true, false) => alias.b.as_str(),
            (false, true) => alias.a.as_str(),
            _ => return None,
        };
        mergeable(uri, other).then_some((other, alias))
    })
}

fn same(
    store: &impl Store,
    uri: &str,
    time: i64,
    settings: &Settings,
    uncertain: &mut Vec<Uncertain>,
    cut: &mut bool,
) -> Result<Vec<Known>, StoreError> {
    let key = Key::Alias(uri, AliasRel::SameAs);
    let before = store.find(&Lookup::newest(key, time, settings.candidates_max))?;
    let after = store.find(&Lookup::within(key, time.saturating_add(1), i64::MAX, settings.candidates_max))?;
    *cut |= before.more && rank(uri) == Rank::Immutable;
    let mut found = Vec::new();
    let mut rules = BTreeSet::new();
    let sights = || before.facts.iter().chain(&after.facts);
    for fact in sights() {
        for (other, alias) in partners(fact, uri) {
            // The nearest sight under each rule holds: before the time asked for, else after it.
            if !rules.insert(alias.rule.as_str()) {
                continue;
            }
            let of_rule = |(_, later): &(&str, &Alias)| later.rule == alias.rule;
            let later = after.facts.iter().flat_map(|fact| partners(fact, uri)).find(of_rule);
            let passed_on = later.filter(|(next, _)| *next != other && rank(uri) != Rank::Immutable);
            match passed_on {
                Some((next, _)) if fact.time <= time => {
                    let bearers = [other.to_owned(), next.to_owned()];
                    uncertain.push(Uncertain { name: uri.to_owned(), bearers });
                }
                _ if holds(store, uri, other, time)? => found.push(Known {
                    uri: other.to_owned(),
                    rank: rank(other),
                    evidence: Some(Evidence::of(fact)),
                    alias_rule: Some(alias.rule.clone()),
                }),
                _ => {}
            }
        }
    }
    Ok(found)
}

/// Whether a name found from its bearer still was that bearer's: the last record up to then decides.
fn holds(store: &impl Store, uri: &str, other: &str, time: i64) -> Result<bool, StoreError> {
    if rank(other) == Rank::Immutable {
        return Ok(true);
    }
    let page = store.find(&Lookup::newest(Key::Alias(other, AliasRel::SameAs), time, 1))?;
    let Some(last) = page.facts.first() else { return Ok(true) };
    Ok(partners(last, other).any(|(bearer, _)| bearer == uri))
}

fn relate(
    store: &impl Store,
    uri: &str,
    time: i64,
    settings: &Settings,
    relations: &mut Vec<Relation>,
) -> Result<bool, StoreError> {
    let mut cut = false;
    for rel in TYPED {
        let page = store.find(&Lookup::newest(Key::Alias(uri, rel), time, settings.candidates_max))?;
        cut |= page.more;
        for fact in &page.facts {
            for alias in fact.aliases.iter().filter(|alias| alias.rel == rel && (alias.a == uri || alias.b == uri)) {
                let known = |known: &Relation| known.a == alias.a && known.b == alias.b && known.rel == rel;
                if !relations.iter().any(known) {
                    relations.push(Relation {
                        a: alias.a.clone(),
                        rel,
                        b: alias.b.clone(),
                        alias_rule: alias.rule.clone(),
                        evidence: Evidence::of(fact),
                    });
                }
            }
        }
    }
    Ok(cut)
}
