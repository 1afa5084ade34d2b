//! Since when until when a principal had each of its names.
//!
//! A name may be on millions of records, so its sights are not read one by one: the range of time is
//! halved until it is known between which two records a name passed on. A stretch between two sights
//! of one bearer is probed a few times and no closer.

use std::sync::Arc;

use model::AliasRel;

use crate::alias::{Identity, partners};
use crate::store::{Key, Lookup, Store, StoreError};
use crate::{Fact, Rank, Settings, rank};

/// A name, and when it was this principal's.
#[derive(Clone, Debug)]
pub(crate) struct Bearing {
    pub(crate) uri: String,
    /// Records of this name from here on are this principal's, nanoseconds since 1970.
    pub(crate) from: i64,
    /// Up to here.
    pub(crate) until: i64,
    /// The last sight of the bearer before and the first of the next: in between nobody knows.
    pub(crate) gap: (i64, i64),
    /// The first and the last record that show both names; none for the name asked for.
    pub(crate) sights: Option<(Arc<Fact>, Arc<Fact>)>,
    pub(crate) rule: Option<String>,
}

/// Somebody else who had one of the names before or after.
#[derive(Clone, Debug)]
pub(crate) struct Other {
    pub(crate) name: String,
    pub(crate) bearer: String,
    pub(crate) sights: (Arc<Fact>, Arc<Fact>),
}

/// The names of a principal over time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bearings {
    pub(crate) names: Vec<Bearing>,
    pub(crate) others: Vec<Other>,
    /// Whether a limit left names out.
    pub(crate) cut: bool,
}

impl Bearings {
    /// Whether a record of this time that names this URI means this principal.
    pub(crate) fn means(&self, uri: &str, time: i64) -> bool {
        self.names.iter().any(|name| name.uri == uri && (name.from..=name.until).contains(&time))
    }
}

/// The names that an identity had up to a time, nanoseconds since 1970.
pub(crate) fn of(
    store: &impl Store,
    identity: &Identity,
    until: i64,
    settings: &Settings,
) -> Result<Bearings, StoreError> {
    let mut found = Bearings::default();
    let own: Vec<&str> = identity.names.iter().map(|known| known.uri.as_str()).collect();
    let mut names: Vec<String> = own.iter().map(|uri| (*uri).to_owned()).collect();
    for uri in own.iter().filter(|uri| rank(uri) == Rank::Immutable) {
        let (history, cut) = history(store, uri, until, settings)?;
        found.cut |= cut;
        for sight in history {
            if !names.contains(&sight.partner) {
                names.push(sight.partner);
            }
        }
    }
    for name in names {
        let (history, cut) = match rank(&name) {
            Rank::Immutable => (Vec::new(), false),
            _ => history(store, &name, until, settings)?,
        };
        found.cut |= cut;
        found.place(name, &own, &history, until);
    }
    Ok(found)
}

impl Bearings {
    fn place(&mut self, name: String, own: &[&str], history: &[Sight], until: i64) {
        let ours = |sight: &&Sight| own.contains(&sight.partner.as_str());
        // Another name of the same rank (an application beside its principal) is nobody else.
        let other =
            |sight: &&Sight| !ours(sight) && rank(&sight.partner) == Rank::Immutable && rank(&name) != Rank::Immutable;
        let first = history.iter().filter(ours).min_by(|a, b| a.first.order().cmp(&b.first.order()));
        let last = history.iter().filter(ours).max_by(|a, b| a.last.order().cmp(&b.last.order()));
        let before = |sight: &&Sight| first.is_some_and(|first| sight.first.time < first.first.time);
        let after = |sight: &&Sight| last.is_some_and(|last| sight.last.time > last.last.time);
        let others = || history.iter().filter(other);
        let previous = others().filter(before).map(|sight| sight.last.time).max();
        let next = others().filter(after).map(|sight| sight.first.time).min();
        let from = first.filter(|_| previous.is_some()).map_or(i64::MIN, |first| first.first.time);
        let to = last.filter(|_| next.is_some()).map_or(until, |last| last.last.time);
        let gap = (previous.unwrap_or(i64::MIN), next.unwrap_or(until));
        for sight in history.iter().filter(other) {
            let sights = (sight.first.clone(), sight.last.clone());
            self.others.push(Other { name: name.clone(), bearer: sight.partner.clone(), sights });
        }
        let sights = first.zip(last).map(|(first, last)| (first.first.clone(), last.last.clone()));
        let rule = first.map(|sight| sight.rule.clone());
        self.names.push(Bearing { uri: name, from, until: to, gap, sights, rule });
    }
}

/// One partner of a name.
#[derive(Clone, Debug)]
struct Sight {
    partner: String,
    rule: String,
    first: Arc<Fact>,
    last: Arc<Fact>,
}

/// Look-ups spent on one name.
const LOOKUPS_MAX: usize = 256;
/// How often a stretch is halved at whose ends the same bearer is seen.
const PROBES: u32 = 3;

/// The partners of a name up to a time, and whether some may be missing.
fn history(store: &impl Store, uri: &str, until: i64, settings: &Settings) -> Result<(Vec<Sight>, bool), StoreError> {
    let mut halving = Halving { store, uri, partners: Vec::new(), left: LOOKUPS_MAX, max: settings.candidates_max };
    let key = Key::Alias(uri, AliasRel::SameAs);
    let oldest = store.find(&Lookup::within(key, i64::MIN, until, 1))?.facts.into_iter().next();
    let newest = store.find(&Lookup::newest(key, until, 1))?.facts.into_iter().next();
    let (Some(oldest), Some(newest)) = (oldest, newest) else { return Ok((Vec::new(), false)) };
    halving.see(&oldest);
    halving.see(&newest);
    let all = halving.halve(&oldest, &newest, PROBES)?;
    Ok((halving.partners, !all))
}

struct Halving<'s, S> {
    store: &'s S,
    uri: &'s str,
    partners: Vec<Sight>,
    left: usize,
    max: usize,
}

impl<S: Store> Halving<'_, S> {
    fn see(&mut self, fact: &Arc<Fact>) {
        for (partner, alias) in partners(fact, self.uri) {
            let room = self.partners.len() < self.max;
            match self.partners.iter_mut().find(|sight| sight.partner == partner) {
                Some(sight) => {
                    if fact.order() < sight.first.order() {
                        sight.first = fact.clone();
                    }
                    if fact.order() > sight.last.order() {
                        sight.last = fact.clone();
                    }
                }
                None if room => self.partners.push(Sight {
                    partner: partner.to_owned(),
                    rule: alias.rule.clone(),
                    first: fact.clone(),
                    last: fact.clone(),
                }),
                None => self.left = 0,
            }
        }
    }

    /// Finds what lies between two sights; says whether nothing was left out.
    fn halve(&mut self, low: &Arc<Fact>, high: &Arc<Fact>, probes: u32) -> Result<bool, StoreError> {
        let passed = self.passed_on(low, high);
        if low.time >= high.time || !passed && probes == 0 {
            return Ok(true);
        }
        if self.left < 2 {
            return Ok(!passed);
        }
        self.left -= 2;
        let key = Key::Alias(self.uri, AliasRel::SameAs);
        let middle = low.time + (high.time - low.time) / 2;
        let below = self.store.find(&Lookup::newest(key, middle, 1))?.facts.into_iter().next();
        let above = self.store.find(&Lookup::within(key, middle.saturating_add(1), high.time, 1))?;
        let (Some(below), Some(above)) = (below, above.facts.into_iter().next()) else { return Ok(true) };
        self.see(&below);
        self.see(&above);
        let probes = probes.saturating_sub(1);
        Ok(self.halve(low, &below, probes)? & self.halve(&above, high, probes)?)
    }

    /// Whether under one rule two records show two bearers.
    fn passed_on(&self, low: &Fact, high: &Fact) -> bool {
        let theirs: Vec<(&str, &str)> =
            partners(high, self.uri).map(|(uri, alias)| (alias.rule.as_str(), uri)).collect();
        partners(low, self.uri).any(|(uri, alias)| {
            theirs.iter().any(|(rule, _)| *rule == alias.rule)
                && !theirs.iter().any(|(rule, other)| *rule == alias.rule && *other == uri)
        })
    }
}
