//! Lineage down: what a credential or a principal minted, touched, and what of it is still alive.
//!
//! The transitive closure over issued, exchanged and federated credentials, breadth first. Resources
//! are those that records show to be touched; what could be touched is a question for the inventory
//! and not answered here.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use model::{Effect, Status};
use serde::Serialize;

use crate::answer::{Edge, EdgeKind, Evidence, Gap, as_time};
use crate::issuance::nanos;
use crate::life::{self, Life, State};
use crate::lineage::new_edge;
use crate::name::Name;
use crate::rule::{self, Join};
use crate::store::{Key, Lookup, Page, Store, StoreError};
use crate::{Fact, Settings};

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
    let mut fall = Fall {
        store,
        settings,
        since,
        until,
        queue: VecDeque::new(),
        known: BTreeSet::new(),
        counted: BTreeSet::new(),
        cascading: BTreeMap::new(),
        touched: BTreeMap::new(),
        done: BlastRadius {
            start: start.to_owned(),
            credentials: Vec::new(),
            edges: Vec::new(),
            touched: Vec::new(),
            uses: 0,
            revoke: Vec::new(),
            gaps: Vec::new(),
        },
    };
    if Name::of(start).is_some_and(|name| name.class == "cred") {
        fall.push(start.to_owned(), 0);
    } else {
        fall.principal(start)?;
    }
    fall.run()
}

struct Fall<'s, S> {
    store: &'s S,
    settings: &'s Settings,
    since: i64,
    until: i64,
    queue: VecDeque<(String, usize)>,
    known: BTreeSet<String>,
    /// Events counted as uses.
    counted: BTreeSet<(String, u64)>,
    /// Credential, and the parent whose end ends it.
    cascading: BTreeMap<String, String>,
    touched: BTreeMap<String, Touched>,
    done: BlastRadius,
}

impl<S: Store> Fall<'_, S> {
    fn push(&mut self, credential: String, hop: usize) {
        if self.known.len() >= self.settings.credentials_max {
            self.cut("credentials_max", self.settings.credentials_max);
        } else if self.known.insert(credential.clone()) {
            self.queue.push_back((credential, hop));
        }
    }

    fn cut(&mut self, limit: &'static str, value: usize) {
        let gap = Gap::Cut { limit, value };
        if !self.done.gaps.contains(&gap) {
            self.done.gaps.push(gap);
        }
    }

    fn run(mut self) -> Result<BlastRadius, StoreError> {
        while let Some((credential, hop)) = self.queue.pop_front() {
            if hop > self.settings.hops_max {
                self.cut("hops_max", self.settings.hops_max);
                continue;
            }
            let life = life::of(self.store, &credential, self.until, self.settings)?;
            self.done.credentials.push(life);
            for name in life::names(self.store, &credential)? {
                // Two names of one credential are visited once.
                self.known.insert(name.clone());
                self.children(&name, &credential, hop)?;
                self.uses(Key::Used(&name), |_| true)?;
            }
            self.elsewhere(&credential, hop)?;
            self.without_id(&credential, hop)?;
        }
        self.done.uses = self.counted.len();
        self.done.touched = std::mem::take(&mut self.touched).into_values().collect();
        self.order();
        Ok(self.done)
    }

    /// A principal's credentials: those issued to it, those it used, those it minted without one.
    fn principal(&mut self, principal: &str) -> Result<(), StoreError> {
        let issued = self.find(Key::IssuedTo(principal))?;
        for fact in &issued.facts {
            self.push_issued(fact, 0);
        }
        let acted = self.find(Key::Principal(principal))?;
        for fact in acted.facts.iter().filter(|fact| fact.actor.uri == principal) {
            match &fact.credential {
                Some(credential) => self.push(credential.uri.clone(), 0),
                None => self.push_issued(fact, 0),
            }
        }
        self.uses(Key::Principal(principal), |fact| fact.actor.uri == principal)?;
        let from = i64::MIN;
        for subject in self.settings.subjects(principal) {
            self.exchanged(&subject, principal, from, self.until, 0)?;
        }
        Ok(())
    }

    fn push_issued(&mut self, fact: &Fact, hop: usize) {
        if let Some(issued) = &fact.issued {
            self.push(issued.uri.clone(), hop);
        }
    }

    fn find(&mut self, key: Key<'_>) -> Result<Page, StoreError> {
        let page = self.store.find(&Lookup::within(key, i64::MIN, self.until, self.settings.uses_max))?;
        if page.more {
            self.cut("uses_max", self.settings.uses_max);
        }
        Ok(page)
    }

    /// What was minted with a credential, as its platform says.
    fn children(&mut self, name: &str, credential: &str, hop: usize) -> Result<(), StoreError> {
        let lookup = Lookup::within(Key::IssuedFrom(name), i64::MIN, self.until, self.settings.credentials_max);
        let page = self.store.find(&lookup)?;
        if page.more {
            self.cut("credentials_max", self.settings.credentials_max);
        }
        for fact in crate::issuance::once_each(page.facts) {
            let Some(child) = fact.issued.as_ref().map(|issued| issued.uri.clone()) else { continue };
            let join = if is_elsewhere(&fact, &child) { Join::Elsewhere } else { Join::Uri };
            self.link(EdgeKind::Issued, credential, &child, join, &fact, hop);
            if rule::cascades(name, &fact) {
                self.cascading.insert(child.clone(), credential.to_owned());
            }
            self.push(child, hop + 1);
        }
        Ok(())
    }

    fn link(&mut self, kind: EdgeKind, from: &str, to: &str, join: Join, fact: &Fact, hop: usize) {
        let kind_of = fact.issued.as_ref().map(|issued| issued.kind.as_str()).unwrap_or_default();
        let Some(rule) = rule::rule(join, kind_of) else { return };
        let kind = if join == Join::Elsewhere { EdgeKind::Brokered } else { kind };
        let mut edge = new_edge(kind, from, to, rule, hop, true);
        edge.issuer = Some(Evidence::of(fact));
        self.done.edges.push(edge);
    }

    /// What another platform calls the same: an id that both log, or of which one logs a hash.
    fn elsewhere(&mut self, credential: &str, hop: usize) -> Result<(), StoreError> {
        let page = self.store.find(&Lookup::newest(Key::Issued(credential), self.until, 1))?;
        let Some(issuer) = page.facts.first().cloned() else { return Ok(()) };
        let Some(native) = issuer.issued.as_ref().and_then(|issued| issued.native_id.clone()) else { return Ok(()) };
        let settings = self.settings;
        let ids = [(native.as_str(), Join::NativeId)].into_iter();
        for (id, join) in ids.chain(settings.id_of(&native).map(|id| (id, Join::Hashed))) {
            let used = self.store.find(&Lookup::within(Key::UsedId(id), issuer.time, self.until, 2))?;
            for child in used.facts.iter().filter_map(|fact| fact.credential.as_ref()) {
                let foreign =
                    Name::of(&child.uri).zip(Name::of(credential)).is_some_and(|(a, b)| a.platform != b.platform);
                if foreign && !self.known.contains(&child.uri) {
                    self.link(EdgeKind::Brokered, credential, &child.uri, join, &issuer, hop);
                    self.push(child.uri.clone(), hop + 1);
                }
            }
        }
        Ok(())
    }

    /// What came of a token whose uses do not name it: calls of its account through its caller, and
    /// sessions on platforms that trust its issuer.
    fn without_id(&mut self, credential: &str, hop: usize) -> Result<(), StoreError> {
        let page = self.store.find(&Lookup::newest(Key::Issued(credential), self.until, 1))?;
        let Some(issuer) = page.facts.first().cloned() else { return Ok(()) };
        let Some(issued) = &issuer.issued else { return Ok(()) };
        let end = issued.not_after.unwrap_or_else(|| issuer.time.saturating_add(nanos(self.settings.life_max_ms)));
        let holders: Vec<String> = issuer.holders().map(str::to_owned).collect();
        for holder in holders {
            if rule::is_without_id(&issued.kind) {
                let caller = issuer.actor.uri.clone();
                let through = |fact: &Fact| {
                    let named = caller == holder || fact.chain.iter().any(|step| step.principal == caller);
                    // An exchange is where such a token comes from, not a use of one.
                    let exchange = fact.holders().any(|one| one == holder);
                    fact.actor.uri == holder && named && !exchange && (issuer.time..=end).contains(&fact.time)
                };
                self.uses(Key::Principal(&holder), through)?;
            }
            for subject in self.settings.subjects(&holder) {
                self.exchanged(&subject, credential, issuer.time, end.min(self.until), hop)?;
            }
        }
        Ok(())
    }

    /// What a foreign subject got for its tokens: which token is not logged, so each that fits is a
    /// candidate.
    fn exchanged(&mut self, subject: &str, from: &str, since: i64, until: i64, hop: usize) -> Result<(), StoreError> {
        let limit = self.settings.credentials_max;
        let page = self.store.find(&Lookup::within(Key::Principal(subject), since, until, limit))?;
        if page.more {
            self.cut("credentials_max", limit);
        }
        for fact in page.facts.iter().filter(|fact| fact.actor.uri == subject) {
            let Some(child) = fact.issued.as_ref().map(|issued| issued.uri.clone()) else { continue };
            self.link(EdgeKind::Exchanged, from, &child, Join::Exchange, fact, hop);
            self.push(child, hop + 1);
        }
        Ok(())
    }

    fn uses(&mut self, key: Key<'_>, counts: impl Fn(&Fact) -> bool) -> Result<(), StoreError> {
        // One bound over all credentials: a thousand of them may not read a thousand times as much.
        let left = self.settings.uses_max.saturating_sub(self.counted.len());
        let page = self.store.find(&Lookup::within(key, self.since, self.until, left))?;
        if page.more {
            self.cut("uses_max", self.settings.uses_max);
        }
        for fact in page.facts.iter().filter(|fact| counts(fact)) {
            if self.counted.insert((fact.id.log.clone(), fact.id.index.0)) {
                self.touch(fact);
            }
        }
        Ok(())
    }

    fn touch(&mut self, fact: &Arc<Fact>) {
        let failed = fact.status == Status::Failure || fact.effect == Some(Effect::Deny);
        for resource in &fact.resources {
            let touched = self.touched.entry(resource.uri.clone()).or_insert_with(|| Touched {
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

    /// Parents first, so that nothing new is minted meanwhile; what ends with its parent says so.
    fn order(&mut self) {
        let open = |life: &&Life| matches!(life.state, State::Alive | State::Unknown);
        let open: Vec<(String, State)> =
            self.done.credentials.iter().filter(open).map(|life| (life.credential.clone(), life.state)).collect();
        let is_open = |credential: &String| open.iter().any(|(one, _)| one == credential);
        self.done.revoke = open
            .iter()
            .map(|(credential, state)| Revoke {
                credential: credential.clone(),
                state: *state,
                ends_with: self.cascading.get(credential).filter(|parent| is_open(parent)).cloned(),
            })
            .collect();
    }
}

/// Whether a record minted a credential of another platform than its own.
fn is_elsewhere(fact: &Fact, child: &str) -> bool {
    Name::of(child).is_some_and(|name| name.platform != fact.platform.as_str())
}
