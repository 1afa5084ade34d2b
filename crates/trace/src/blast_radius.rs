//! Lineage down: what a credential or a principal minted, touched, and what of it is still alive.
//!
//! The transitive closure over issued, exchanged and federated credentials. Resources are those that
//! records show to be touched; what could be touched is told apart from them, by what inventories say.

use std::collections::{BTreeMap, BTreeSet};

use model::{Effect, Status};
use serde::Serialize;

use crate::answer::{Edge, Evidence, Gap, as_time};
use crate::descent::{Aim, Descended, Descent, Reading};
use crate::life::{self, Life, State};
use crate::name::Name;
use crate::once::Once;
use crate::store::{Lookup, Store, StoreError};
use crate::{Fact, Privilege, Settings, alias, bearing, entitlement};

/// What came of a credential or a principal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BlastRadius {
    /// The credential or principal asked about.
    pub start: String,
    /// Every credential below it and itself, parents before children.
    pub credentials: Vec<Life>,
    /// How they came from one another.
    pub edges: Vec<Edge>,
    /// What was touched with them, by URI.
    pub touched: Vec<Touched>,
    /// Records read that were made with them.
    pub uses: usize,
    /// What could be touched, as inventories say: given, whether or not it was used.
    pub could_touch: Vec<CouldTouch>,
    /// Principals whose rights are in play and of which no inventory says what they may do.
    pub not_listed: Vec<String>,
    /// What to revoke, in this order.
    pub revoke: Vec<Revoke>,
    /// What could not be told, and limits that cut the answer.
    pub gaps: Vec<Gap>,
}

/// A resource, and what was done to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Touched {
    /// Canonical URI.
    pub resource: String,
    /// Its name in the newest record, verbatim.
    pub name: Option<String>,
    /// The calls, sorted.
    pub operations: BTreeSet<String>,
    /// Calls that were let through, or of which the record does not say that they failed.
    pub allowed: usize,
    /// Attempts that were refused or failed.
    pub failed: usize,
    /// Time of the first call.
    #[serde(serialize_with = "as_time")]
    pub first: i64,
    /// The newest call.
    pub last: Evidence,
}

/// A privilege of a principal whose credentials are in play.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CouldTouch {
    /// The principal.
    pub principal: String,
    /// The privilege, and the inventories it rests on.
    #[serde(flatten)]
    pub privilege: Privilege,
}

/// One credential to end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Revoke {
    /// The credential.
    pub credential: String,
    /// What is known of its state: alive, or unknown.
    pub state: State,
    /// The parent whose end ends this one too; the platform does that by itself.
    pub ends_with: Option<String>,
}

/// Follows a credential or a principal down. Uses count from `since`; whether something is alive is
/// told as of `until`. Both in nanoseconds since 1970.
///
/// # Errors
/// When the store cannot answer.
pub fn of(
    store: &impl Store,
    start: &str,
    since: i64,
    until: i64,
    settings: &Settings,
) -> Result<BlastRadius, StoreError> {
    let mut descent = Descent::new(store, Aim::Reach, until, settings);
    if Name::of(start).is_some_and(|name| name.class == "cred") {
        descent.credential(start);
    } else {
        let identity = alias::resolve(store, start, until, settings)?;
        descent.principal(&bearing::of(store, &identity, until, settings)?)?;
    }
    let Descended { reached, edges, readings, cascading, holders, gaps } = descent.run()?;
    let mut credentials = Vec::new();
    for one in reached.iter().filter(|one| one.is_credential()) {
        credentials.push(life::of(store, &one.uri, until, settings)?);
    }
    let mut uses =
        Uses { store, settings, counted: Once::default(), touched: BTreeMap::new(), principals: BTreeSet::new(), gaps };
    for reading in &readings {
        uses.read(reading, since, until)?;
    }
    let mut rights = Rights { store, until, settings, could_touch: Vec::new(), not_listed: BTreeSet::new() };
    let principals = uses.principals.into_iter().chain(holders).chain([start.to_owned()]);
    let cut = rights.read(principals.collect())?;
    uses.gaps.extend(cut);
    Ok(BlastRadius {
        start: start.to_owned(),
        could_touch: rights.could_touch,
        not_listed: rights.not_listed.into_iter().collect(),
        revoke: to_revoke(&credentials, &cascading),
        credentials,
        edges,
        uses: uses.counted.len(),
        touched: uses.touched.into_values().collect(),
        gaps: uses.gaps,
    })
}

struct Uses<'s, S> {
    store: &'s S,
    settings: &'s Settings,
    /// Records counted as uses.
    counted: Once,
    touched: BTreeMap<String, Touched>,
    /// Whose rights were used.
    principals: BTreeSet<String>,
    gaps: Vec<Gap>,
}

impl<S: Store> Uses<'_, S> {
    fn read(&mut self, reading: &Reading, since: i64, until: i64) -> Result<(), StoreError> {
        // One bound over all credentials: a thousand of them may not read a thousand times as much.
        let left = self.settings.uses_max.saturating_sub(self.counted.len());
        let (from, until) = (since.max(reading.from), until.min(reading.until));
        let page = self.store.find(&Lookup::within(reading.key(), from, until, left))?;
        let cut = Gap::Cut { limit: "uses_max", value: self.settings.uses_max };
        if page.more && !self.gaps.contains(&cut) {
            self.gaps.push(cut);
        }
        for fact in page.facts.iter().filter(|fact| reading.counts(fact).is_some()) {
            if self.counted.place(fact).1 {
                touch(&mut self.touched, fact);
                self.principals.insert(fact.subject.as_ref().unwrap_or(&fact.actor.uri).clone());
            }
        }
        Ok(())
    }
}

/// What inventories say of principals.
struct Rights<'s, S> {
    store: &'s S,
    until: i64,
    settings: &'s Settings,
    could_touch: Vec<CouldTouch>,
    not_listed: BTreeSet<String>,
}

impl<S: Store> Rights<'_, S> {
    /// Reads what they may do; names the limits that left something out.
    fn read(&mut self, principals: BTreeSet<String>) -> Result<Vec<Gap>, StoreError> {
        let mut known = BTreeSet::new();
        let mut gaps = Vec::new();
        let acting = |uri: &&String| Name::of(uri).is_some_and(|name| name.class == "principal");
        for principal in principals.iter().filter(acting) {
            let identity = alias::resolve(self.store, principal, self.until, self.settings)?;
            if !known.insert(identity.display.clone()) {
                continue;
            }
            if known.len() > self.settings.principals_max {
                gaps.push(Gap::Cut { limit: "principals_max", value: self.settings.principals_max });
                break;
            }
            let names: Vec<String> = identity.names.into_iter().map(|known| known.uri).collect();
            let entitled = entitlement::of(self.store, &names, self.until, self.settings)?;
            self.not_listed.extend(entitled.not_listed);
            if entitled.newest.is_none() {
                self.not_listed.insert(identity.display.clone());
            }
            let left = self.settings.privileges_max.saturating_sub(self.could_touch.len());
            let cut = Gap::Cut { limit: "privileges_max", value: self.settings.privileges_max };
            if (entitled.cut || entitled.privileges.len() > left) && !gaps.contains(&cut) {
                gaps.push(cut);
            }
            let given = entitled.privileges.into_iter().filter(|one| one.effect == Effect::Allow).take(left);
            let principal = &identity.display;
            self.could_touch.extend(given.map(|privilege| CouldTouch { principal: principal.clone(), privilege }));
        }
        Ok(gaps)
    }
}

/// Counts one event for each resource that it names.
pub(crate) fn touch(all: &mut BTreeMap<String, Touched>, fact: &Fact) {
    let failed = is_refused(fact);
    for resource in &fact.resources {
        let touched = all.entry(resource.uri.clone()).or_insert_with(|| Touched {
            resource: resource.uri.clone(),
            name: None,
            operations: BTreeSet::new(),
            allowed: 0,
            failed: 0,
            first: fact.time,
            last: Evidence::of(fact),
        });
        touched.operations.extend(fact.operation.clone());
        touched.allowed += usize::from(!failed);
        touched.failed += usize::from(failed);
        touched.first = touched.first.min(fact.time);
        if fact.time >= touched.last.time {
            touched.last = Evidence::of(fact);
            touched.name.clone_from(&resource.name);
        }
    }
}

/// Whether a call was refused, or failed.
pub(crate) fn is_refused(fact: &Fact) -> bool {
    fact.status == Status::Failure || fact.effect == Some(Effect::Deny)
}

/// Parents first, so that nothing new is minted meanwhile; what ends with its parent says so.
fn to_revoke(credentials: &[Life], cascading: &BTreeMap<String, String>) -> Vec<Revoke> {
    let open = || credentials.iter().filter(|life| matches!(life.state, State::Alive | State::Unknown));
    let is_open = |credential: &&String| open().any(|life| life.credential == **credential);
    open()
        .map(|life| Revoke {
            credential: life.credential.clone(),
            state: life.state,
            ends_with: cascading.get(&life.credential).filter(is_open).cloned(),
        })
        .collect()
}
