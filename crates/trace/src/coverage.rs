//! Which identities an inventory lists, which records show, and which of both have an owner.
//!
//! Whoever streams all facts tells them one by one, in any order. Names of one identity count once,
//! as far as a record shows them together; a name that passed on counts for whoever had it then.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::{ActorKind, AliasRel, InventoryState};
use serde::Serialize;

use crate::answer::{Evidence, Gap};
use crate::name::Name;
use crate::store::{Store, StoreError};
use crate::{Fact, Rank, Settings, alias, rank};

/// Identities of one platform.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Platform part of their URIs.
    pub platform: String,
    /// Listed by an inventory as existing.
    pub inventoried: usize,
    /// Acting in a record.
    pub seen: usize,
    /// Both.
    pub inventoried_and_seen: usize,
    /// Listed and in no record.
    pub never_seen: usize,
    /// In a record and in no inventory.
    pub not_inventoried: usize,
    /// Listed without an owner or a team.
    pub unowned: usize,
    /// Listed as deleted, and not counted above unless seen.
    pub deleted: usize,
    /// The newest inventory.
    pub inventory: Option<Evidence>,
}

/// One identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// The name that names it best.
    pub principal: String,
    /// Its name in the newest record, verbatim.
    pub name: Option<String>,
    /// Records in which it acts.
    pub events: u64,
    /// The newest inventory that lists it.
    pub listed: Option<Evidence>,
    /// The newest record in which it acts.
    pub last_seen: Option<Evidence>,
    /// Whether an owner or a team is known.
    pub owned: bool,
}

/// The answer over all facts that were told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// By platform.
    pub platforms: Vec<Count>,
    /// Listed and in no record, by URI.
    pub never_seen: Vec<Identity>,
    /// In a record and in no inventory, the most active first.
    pub not_inventoried: Vec<Identity>,
    /// Listed without an owner, by URI.
    pub unowned: Vec<Identity>,
    /// Limits that cut the answer: of the lists `listed_max`, of all identities `identities_max`.
    pub gaps: Vec<Gap>,
    /// Version of the rules.
    pub resolution: u32,
}

/// Which identities are listed, seen and owned over all facts.
///
/// # Errors
/// When the store cannot answer, or `facts` yields an error.
pub fn of<F: AsRef<Fact>>(
    store: &impl Store,
    facts: impl IntoIterator<Item = Result<F, StoreError>>,
    settings: &Settings,
) -> Result<Coverage, StoreError> {
    let mut tally = Tally::new(settings);
    for fact in facts {
        tally.add(fact?.as_ref());
    }
    tally.finish(store)
}

/// What was told so far; about 500 bytes for each URI of an identity.
pub struct Tally<'s> {
    settings: &'s Settings,
    places: HashMap<String, usize>,
    uris: Vec<Uri>,
    /// For each platform, its newest inventory.
    inventories: BTreeMap<String, Evidence>,
    crowded: bool,
}

/// One URI.
#[derive(Default)]
struct Uri {
    uri: String,
    name: Option<String>,
    events: u64,
    /// Times between which it acts.
    span: Option<(i64, i64)>,
    last_seen: Option<Evidence>,
    listed: Option<(Evidence, bool)>,
    owned: bool,
    /// Other names shown beside it, by place.
    same: BTreeSet<usize>,
}

/// Most other names of one URI that are kept.
const SAME_MAX: usize = 64;

impl<'s> Tally<'s> {
    /// Nothing told yet.
    pub fn new(settings: &'s Settings) -> Tally<'s> {
        Tally { settings, places: HashMap::new(), uris: Vec::new(), inventories: BTreeMap::new(), crowded: false }
    }

    fn place(&mut self, uri: &str) -> Option<usize> {
        if let Some(place) = self.places.get(uri) {
            return Some(*place);
        }
        if self.uris.len() >= self.settings.identities_max {
            self.crowded = true;
            return None;
        }
        let place = self.uris.len();
        self.places.insert(uri.to_owned(), place);
        self.uris.push(Uri { uri: uri.to_owned(), ..Uri::default() });
        Some(place)
    }

    fn at(&mut self, uri: &str) -> Option<&mut Uri> {
        let place = self.place(uri)?;
        self.uris.get_mut(place)
    }

    /// Tells one fact.
    pub fn add(&mut self, fact: &Fact) {
        match &fact.inventory {
            Some(listed) => self.listed(fact, listed),
            None => self.seen(fact),
        }
        for alias in &fact.aliases {
            let (a, b) = (&alias.a, &alias.b);
            match alias.rel {
                AliasRel::SameAs if is_identity(a) && is_identity(b) => self.same(a, b),
                AliasRel::OwnedBy if is_identity(a) => {
                    self.at(a).into_iter().for_each(|uri| uri.owned = true);
                }
                _ => {}
            }
        }
    }

    fn listed(&mut self, fact: &Fact, listed: &crate::Inventory) {
        if !is_identity(&listed.uri) {
            return;
        }
        let evidence = Evidence::of(fact);
        let platform = Name::of(&listed.uri).map(|name| name.platform).unwrap_or_default().to_owned();
        let newest = self.inventories.entry(platform).or_insert_with(|| evidence.clone());
        if newer(&evidence, newest) {
            *newest = evidence.clone();
        }
        let deleted = listed.state == Some(InventoryState::Deleted);
        let owned = !listed.owners.is_empty() || listed.team.is_some();
        let Some(uri) = self.at(&listed.uri) else { return };
        uri.owned |= owned;
        if uri.listed.as_ref().is_none_or(|(known, _)| newer(&evidence, known)) {
            uri.listed = Some((evidence, deleted));
            uri.name = listed.name.clone().or_else(|| uri.name.take());
        }
    }

    fn seen(&mut self, fact: &Fact) {
        // A platform's own services are nobody's to list.
        if fact.actor.kind == ActorKind::PlatformService || !is_identity(&fact.actor.uri) {
            return;
        }
        let Some(uri) = self.at(&fact.actor.uri) else { return };
        uri.events += 1;
        let (first, last) = uri.span.unwrap_or((fact.time, fact.time));
        uri.span = Some((first.min(fact.time), last.max(fact.time)));
        let evidence = Evidence::of(fact);
        if uri.last_seen.as_ref().is_none_or(|known| newer(&evidence, known)) {
            uri.last_seen = Some(evidence);
            uri.name = uri.name.take().filter(|_| uri.listed.is_some()).or_else(|| fact.actor.name.clone());
        }
    }

    fn same(&mut self, a: &str, b: &str) {
        let (Some(a), Some(b)) = (self.place(a), self.place(b)) else { return };
        for (one, other) in [(a, b), (b, a)] {
            if let Some(uri) = self.uris.get_mut(one) {
                if uri.same.len() >= SAME_MAX {
                    self.crowded |= !uri.same.contains(&other);
                } else {
                    uri.same.insert(other);
                }
            }
        }
    }

    /// The answer over all that was told.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub fn finish(self, store: &impl Store) -> Result<Coverage, StoreError> {
        let groups = self.groups(store)?;
        let mut coverage = Coverage {
            platforms: Vec::new(),
            never_seen: Vec::new(),
            not_inventoried: Vec::new(),
            unowned: Vec::new(),
            gaps: Vec::new(),
            resolution: crate::RESOLUTION,
        };
        let mut counts: BTreeMap<String, Count> = BTreeMap::new();
        for (platform, evidence) in self.inventories {
            counts.entry(platform).or_default().inventory = Some(evidence);
        }
        for (identity, deleted) in groups {
            let platform = Name::of(&identity.principal).map(|name| name.platform).unwrap_or_default();
            let count = counts.entry(platform.to_owned()).or_default();
            count.add(&identity, deleted);
            let lists = [
                (&mut coverage.never_seen, identity.listed.is_some() && !deleted && identity.last_seen.is_none()),
                (&mut coverage.not_inventoried, identity.listed.is_none() && identity.last_seen.is_some()),
                (&mut coverage.unowned, identity.listed.is_some() && !deleted && !identity.owned),
            ];
            for (list, belongs) in lists {
                if belongs {
                    list.push(identity.clone());
                }
            }
        }
        coverage.platforms = counts.into_iter().map(|(platform, count)| Count { platform, ..count }).collect();
        coverage.not_inventoried.sort_by(|a, b| b.events.cmp(&a.events).then_with(|| a.principal.cmp(&b.principal)));
        let max = self.settings.listed_max;
        for list in [&mut coverage.never_seen, &mut coverage.not_inventoried, &mut coverage.unowned] {
            let cut = Gap::Cut { limit: "listed_max", value: max };
            if list.len() > max && !coverage.gaps.contains(&cut) {
                coverage.gaps.push(cut);
            }
            list.truncate(max);
        }
        if self.crowded {
            coverage.gaps.push(Gap::Cut { limit: "identities_max", value: self.settings.identities_max });
        }
        Ok(coverage)
    }

    /// Each identity once, by URI, and whether its newest inventory lists it as deleted.
    fn groups(&self, store: &impl Store) -> Result<Vec<(Identity, bool)>, StoreError> {
        let mut union = Union::new(self.uris.len());
        let mut passed_on = Vec::new();
        for (place, uri) in self.uris.iter().enumerate() {
            let bearers = uri.same.iter().filter(|other| self.rank(**other) == Rank::Immutable).count();
            if rank(&uri.uri) != Rank::Immutable && bearers > 1 {
                passed_on.push(place);
            }
        }
        for (place, uri) in self.uris.iter().enumerate().filter(|(place, _)| passed_on.binary_search(place).is_err()) {
            let others = uri.same.iter().filter(|other| passed_on.binary_search(other).is_err());
            others.for_each(|other| union.join(place, *other));
        }
        let mut groups: BTreeMap<usize, Group> = BTreeMap::new();
        for (place, uri) in self.uris.iter().enumerate() {
            match passed_on.binary_search(&place) {
                Ok(_) => {
                    for bearer in self.bearers(store, uri)? {
                        groups.entry(union.find(bearer)).or_default().add(uri, false);
                    }
                }
                Err(_) => groups.entry(union.find(place)).or_default().add(uri, true),
            }
        }
        let mut identities: Vec<(Identity, bool)> = groups.into_values().filter_map(Group::finish).collect();
        identities.sort_by(|a, b| a.0.principal.cmp(&b.0.principal));
        Ok(identities)
    }

    fn rank(&self, place: usize) -> Rank {
        self.uris.get(place).map_or(Rank::Claim, |uri| rank(&uri.uri))
    }

    /// Who had a name when it was first and last seen, and when it was listed.
    fn bearers(&self, store: &impl Store, uri: &Uri) -> Result<BTreeSet<usize>, StoreError> {
        let seen = uri.span.into_iter().flat_map(|(first, last)| [first, last]);
        let times: BTreeSet<i64> = seen.chain(uri.listed.iter().map(|(evidence, _)| evidence.time)).collect();
        let mut bearers = BTreeSet::new();
        for time in times {
            let identity = alias::resolve(store, &uri.uri, time, self.settings)?;
            bearers.extend(self.places.get(&identity.display).filter(|place| self.rank(**place) == Rank::Immutable));
        }
        Ok(bearers)
    }
}

impl Count {
    fn add(&mut self, identity: &Identity, deleted: bool) {
        let (seen, listed) = (identity.last_seen.is_some(), identity.listed.is_some());
        self.seen += usize::from(seen);
        self.not_inventoried += usize::from(seen && !listed);
        self.deleted += usize::from(deleted);
        self.inventoried += usize::from(listed && !deleted);
        self.inventoried_and_seen += usize::from(seen && listed && !deleted);
        self.never_seen += usize::from(listed && !deleted && !seen);
        self.unowned += usize::from(listed && !deleted && !identity.owned);
    }
}

/// Whether a URI is one that an inventory could list: no claim, nobody in particular, nothing that only
/// a run is called by.
fn is_identity(uri: &str) -> bool {
    let named = Name::of(uri).is_some_and(|name| name.class == "principal" && name.kind != "anon");
    named && rank(uri) != Rank::Claim
}

fn newer(new: &Evidence, known: &Evidence) -> bool {
    (new.time, &new.source_event_id) > (known.time, &known.source_event_id)
}

/// The URIs of one identity.
#[derive(Default)]
struct Group {
    best: Option<(Rank, String)>,
    name: Option<String>,
    events: u64,
    listed: Option<(Evidence, bool)>,
    last_seen: Option<Evidence>,
    owned: bool,
}

impl Group {
    /// Adds a URI; of one that passed on, only what it was seen and listed with.
    fn add(&mut self, uri: &Uri, names: bool) {
        let place = (rank(&uri.uri), uri.uri.clone());
        if names && self.best.as_ref().is_none_or(|best| place < *best) {
            self.best = Some(place);
        }
        self.events += uri.events;
        self.owned |= uri.owned;
        if self.name.is_none() || uri.listed.is_some() {
            self.name = uri.name.clone().or_else(|| self.name.take());
        }
        if let Some((evidence, deleted)) = &uri.listed
            && self.listed.as_ref().is_none_or(|(known, _)| newer(evidence, known))
        {
            self.listed = Some((evidence.clone(), *deleted));
        }
        if let Some(evidence) = &uri.last_seen
            && self.last_seen.as_ref().is_none_or(|known| newer(evidence, known))
        {
            self.last_seen = Some(evidence.clone());
        }
    }

    /// The identity; none for a name that was only ever mentioned.
    fn finish(self) -> Option<(Identity, bool)> {
        let Group { best, name, events, listed, last_seen, owned } = self;
        let (listed, deleted) = listed.map_or((None, false), |(evidence, deleted)| (Some(evidence), deleted));
        let principal = best.filter(|_| listed.is_some() || last_seen.is_some())?.1;
        Some((Identity { principal, name, events, listed, last_seen, owned }, deleted))
    }
}

/// Sets of places that are one identity.
struct Union {
    above: Vec<usize>,
}

impl Union {
    fn new(places: usize) -> Union {
        Union { above: (0..places).collect() }
    }

    fn find(&mut self, mut place: usize) -> usize {
        while let Some(above) = self.above.get(place).copied().filter(|above| *above != place) {
            let next = self.above.get(above).copied().unwrap_or(above);
            if let Some(own) = self.above.get_mut(place) {
                *own = next;
            }
            place = above;
        }
        place
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        if let Some(above) = self.above.get_mut(a.max(b)) {
            *above = a.min(b);
        }
    }
}
