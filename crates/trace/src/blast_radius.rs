//! Lineage down: what a credential or a principal minted, touched, and what of it is still alive.
//!
//! The transitive closure over issued, exchanged and federated credentials, breadth first. Resources
//! are those that records show to be touched; what could be touched is a question for the inventory
//! and not answered here.

use std::collections::{BTreeMap, BTreeSet};

use model::{Effect, Status};
use serde::Serialize;

use crate::answer::{Edge, Evidence, Gap, as_time};
use crate::descent::{Aim, Descended, Descent, Reading};
use crate::life::{self, Life, State};
use crate::name::Name;
use crate::store::{Lookup, Store, StoreError};
use crate::{Fact, Settings, alias, bearing};

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
    let Descended { reached, edges, readings, cascading, gaps } = descent.run()?;
    let mut credentials = Vec::new();
    for one in reached.iter().filter(|one| one.is_credential()) {
        credentials.push(life::of(store, &one.uri, until, settings)?);
    }
    let mut uses = Uses { store, settings, counted: BTreeSet::new(), touched: BTreeMap::new(), gaps };
    for reading in &readings {
        uses.read(reading, since, until)?;
    }
    Ok(BlastRadius {
        start: start.to_owned(),
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
    /// Events counted as uses.
    counted: BTreeSet<(String, u64)>,
    touched: BTreeMap<String, Touched>,
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
            if self.counted.insert((fact.id.log.clone(), fact.id.index.0)) {
                touch(&mut self.touched, fact);
            }
        }
        Ok(())
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
