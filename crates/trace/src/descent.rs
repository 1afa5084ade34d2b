//! The way down: what came of a principal or a credential, and by which look-ups its uses are found.
//!
//! The transitive closure over issued, brokered, exchanged and federated credentials and opened
//! sessions, the best founded and nearest first. Two questions walk it: how far a theft would reach
//! ([`Aim::Reach`]), and what somebody is behind ([`Aim::Origin`]).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;

use model::{AliasRel, CredentialChangeKind, EventId};

use crate::answer::{Edge, EdgeKind, Evidence, Gap};
use crate::bearing::Bearings;
use crate::issuance::{self, Use, nanos};
use crate::name::{Name, UNKNOWN};
use crate::rule::{self, Join};
use crate::settings::Foreign;
use crate::store::{Key, Lookup, Page, Store, StoreError};
use crate::{Fact, Settings, Tier, agent, life, lineage};

/// What is asked of the way down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aim {
    /// All that whoever holds it can get at.
    Reach,
    /// What it is behind: not what it minted for another, as a kubelet and a broker do.
    Origin,
}

/// A principal, credential or session on the way.
#[derive(Clone, Debug)]
pub(crate) struct Reached {
    pub(crate) uri: String,
    /// The weakest link up to here.
    pub(crate) tier: Tier,
    pub(crate) hop: usize,
    /// Place of what it came from.
    pub(crate) above: Option<usize>,
    /// Place of the edge from there.
    pub(crate) edge: Option<usize>,
    /// A credential that others use as well: only what those at the start did with it is theirs.
    shared: bool,
}

impl Reached {
    pub(crate) fn is_credential(&self) -> bool {
        Name::of(&self.uri).is_some_and(|name| name.class == "cred")
    }
}

/// Where the uses of something reached are found.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    /// Place of what is used.
    pub(crate) of: usize,
    by: By,
    /// Only facts of this time, nanoseconds since 1970.
    pub(crate) from: i64,
    pub(crate) until: i64,
    /// How its facts are tied to what is used.
    tier: Tier,
}

#[derive(Clone, Debug)]
enum By {
    /// The credential of this URI was used.
    Used(String),
    /// It was used by one of these.
    OfThese(String, Arc<BTreeSet<String>>),
    /// This principal acted.
    Actor(String),
    /// This principal acted, started it, or stands in the chain.
    OnTheWay(String),
    /// `holder` acted, reached through `caller`, with a token that no use names.
    Through { holder: String, caller: String },
    /// A platform vouched that its actor is this principal of another.
    Federated(String),
    /// This call has the id by which an agent's record tells of it.
    Called { id: String, call: EventId },
    /// The credential of this URI was issued to a job.
    Issuing(String),
    /// In this session, with no credential or one that no record issues.
    Session { session: String, unissued: Option<String> },
}

impl Reading {
    pub(crate) fn key(&self) -> Key<'_> {
        match &self.by {
            By::Used(uri) | By::OfThese(uri, _) => Key::Used(uri),
            By::Actor(uri) | By::OnTheWay(uri) | By::Through { holder: uri, .. } => Key::Principal(uri),
            By::Federated(uri) => Key::Alias(uri, AliasRel::FederatesTo),
            By::Called { id, .. } => Key::Correlation(id),
            By::Issuing(uri) => Key::Issued(uri),
            By::Session { session, .. } => Key::Session(session),
        }
    }

    /// How a fact found by the key is tied to what is used; `None` for one that is no use of it.
    pub(crate) fn counts(&self, fact: &Fact) -> Option<Tier> {
        if !(self.from..=self.until).contains(&fact.time) || fact.inventory.is_some() {
            return None;
        }
        let ties = match &self.by {
            By::Used(_) | By::Issuing(_) => true,
            By::Called { call, .. } => fact.id == *call,
            By::OfThese(_, own) => own.contains(&fact.actor.uri),
            By::Actor(uri) => fact.actor.uri == *uri,
            By::OnTheWay(uri) => return on_the_way(fact, uri).map(|tier| tier.max(self.tier)),
            By::Through { holder, caller } => {
                let named = caller == holder || fact.chain.iter().any(|step| step.principal == *caller);
                // An exchange is where such a token comes from, not a use of one.
                fact.actor.uri == *holder && named && !fact.holders().any(|one| one == holder)
            }
            By::Federated(uri) => {
                let vouched = |alias: &crate::Alias| {
                    alias.rel == AliasRel::FederatesTo && alias.a == *uri && alias.b == fact.actor.uri
                };
                fact.aliases.iter().any(vouched)
            }
            By::Session { unissued, .. } => {
                fact.credential.as_ref().is_none_or(|credential| Some(&credential.uri) == unissued.as_ref())
            }
        };
        ties.then_some(self.tier)
    }
}

/// How strongly a record shows that a principal stands on the way to what was done.
fn on_the_way(fact: &Fact, uri: &str) -> Option<Tier> {
    if fact.actor.uri == uri {
        return Some(Tier::L1);
    }
    let step = fact.chain.iter().find(|step| step.principal == uri).map(rule::in_event);
    step.or_else(|| {
        fact.initiator.as_ref().filter(|initiator| *initiator == uri).map(|one| lineage::initiated(fact, one))
    })
}

/// The end of the way.
pub(crate) struct Descended {
    /// Parents before children.
    pub(crate) reached: Vec<Reached>,
    pub(crate) edges: Vec<Edge>,
    pub(crate) readings: Vec<Reading>,
    /// Credential, and the parent whose end ends it.
    pub(crate) cascading: BTreeMap<String, String>,
    /// To whom records say that the credentials were issued.
    pub(crate) holders: BTreeSet<String>,
    pub(crate) gaps: Vec<Gap>,
}

/// What waits to be visited: the best founded first, then the nearest, then the first found.
type Waiting = Reverse<(Tier, usize, usize)>;

/// Nothing is reached better than where the way begins.
const BEST: Way = (false, Tier::L1, 0);

/// How something was reached: whether shared, its tier, its hop; the least is the best.
type Way = (bool, Tier, usize);

/// A way down that has begun.
pub(crate) struct Descent<'s, S> {
    store: &'s S,
    settings: &'s Settings,
    aim: Aim,
    /// As of, nanoseconds since 1970.
    until: i64,
    waiting: BinaryHeap<Waiting>,
    found: Vec<Reached>,
    /// The best way in which each URI was reached; nothing is better than what was visited.
    known: BTreeMap<String, Way>,
    /// Since when what was reached can have been used.
    since: BTreeMap<String, i64>,
    /// Calls of agents that lead to one another, on the way now.
    deep: usize,
    /// The names that the way began with.
    own: Arc<BTreeSet<String>>,
    order: Vec<usize>,
    /// Facts that may still be read in search of credentials.
    left: usize,
    done: Descended,
}

impl<'s, S: Store> Descent<'s, S> {
    pub(crate) fn new(store: &'s S, aim: Aim, until: i64, settings: &'s Settings) -> Descent<'s, S> {
        let done = Descended {
            reached: Vec::new(),
            edges: Vec::new(),
            readings: Vec::new(),
            cascading: BTreeMap::new(),
            holders: BTreeSet::new(),
            gaps: Vec::new(),
        };
        Descent {
            store,
            settings,
            aim,
            until,
            waiting: BinaryHeap::new(),
            found: Vec::new(),
            known: BTreeMap::new(),
            since: BTreeMap::new(),
            deep: 0,
            own: Arc::default(),
            order: Vec::new(),
            left: settings.uses_max,
            done,
        }
    }

    /// Begins at a credential.
    pub(crate) fn credential(&mut self, uri: &str) {
        self.push(uri, None, None, Tier::L1);
    }

    /// Begins at a principal, under each of its names.
    pub(crate) fn principal(&mut self, names: &Bearings) -> Result<(), StoreError> {
        Arc::make_mut(&mut self.own).extend(names.names.iter().map(|name| name.uri.clone()));
        for name in &names.names {
            let place = self.start(&name.uri);
            let by = match self.aim {
                Aim::Reach => By::Actor(name.uri.clone()),
                Aim::Origin => By::OnTheWay(name.uri.clone()),
            };
            let until = name.until.min(self.until);
            self.acts(Reading { of: place, by, from: name.from, until, tier: Tier::L1 })?;
            self.issued_to(&name.uri, place, name.from, until)?;
            self.federated(&name.uri, place)?;
        }
        Ok(())
    }

    fn start(&mut self, uri: &str) -> usize {
        let place = self.found.len();
        self.known.insert(uri.to_owned(), BEST);
        self.found.push(Reached {
            uri: uri.to_owned(),
            tier: Tier::L1,
            hop: 0,
            above: None,
            edge: None,
            shared: false,
        });
        self.order.push(place);
        place
    }

    fn push(&mut self, uri: &str, above: Option<usize>, edge: Option<Edge>, tier: Tier) {
        self.reach(uri, above, edge, tier, false);
    }

    fn reach(&mut self, uri: &str, above: Option<usize>, edge: Option<Edge>, tier: Tier, shared: bool) {
        let from = above.and_then(|above| self.found.get(above));
        let hop = from.map_or(0, |from| from.hop + 1);
        let tier = from.map_or(tier, |from| from.tier.max(tier));
        let known = self.known.get(uri).copied();
        if hop > self.settings.hops_max {
            return self.cut("hops_max", self.settings.hops_max);
        }
        if known.is_none() && self.known.len() >= self.settings.credentials_max {
            return self.cut("credentials_max", self.settings.credentials_max);
        }
        // A credential was not used before it was issued, but for clocks that differ.
        let issued =
            edge.as_ref().and_then(|edge| Some(edge.issuer.as_ref()?.time.saturating_sub(nanos(edge.tolerance_ms))));
        let since = self.since.entry(uri.to_owned()).or_insert(i64::MAX);
        *since = issued.unwrap_or(i64::MIN).min(*since);
        let edge = edge.map(|edge| {
            self.done.edges.push(edge);
            self.done.edges.len() - 1
        });
        if known.is_none_or(|known| (shared, tier, hop) < known) {
            let place = self.found.len();
            self.known.insert(uri.to_owned(), (shared, tier, hop));
            self.found.push(Reached { uri: uri.to_owned(), tier, hop, above, edge, shared });
            self.waiting.push(Reverse((tier, hop, place)));
        }
    }

    pub(crate) fn cut(&mut self, limit: &'static str, value: usize) {
        let gap = Gap::Cut { limit, value };
        if !self.done.gaps.contains(&gap) {
            self.done.gaps.push(gap);
        }
    }

    pub(crate) fn run(mut self) -> Result<Descended, StoreError> {
        while let Some(Reverse((_, _, place))) = self.waiting.pop() {
            let Some(reached) = self.found.get(place).cloned() else { continue };
            // A better way was found since, or it was visited.
            if self.known.get(&reached.uri) != Some(&(reached.shared, reached.tier, reached.hop)) {
                continue;
            }
            self.known.insert(reached.uri.clone(), (reached.shared, BEST.1, BEST.2));
            self.order.push(place);
            self.visit(&reached, place)?;
        }
        // Places move to the order of visit; what waited in a worse way than it was reached is left out.
        let moved: BTreeMap<usize, usize> = self.order.iter().enumerate().map(|(new, old)| (*old, new)).collect();
        let at = |old: usize| moved.get(&old).copied();
        for old in &self.order {
            let Some(mut reached) = self.found.get(*old).cloned() else { continue };
            reached.above = reached.above.and_then(at);
            self.done.reached.push(reached);
        }
        for reading in &mut self.done.readings {
            reading.of = at(reading.of).unwrap_or(reading.of);
        }
        Ok(self.done)
    }

    /// Whose it is, as the record that issued it says.
    fn held(&mut self, uri: &str) -> Result<(), StoreError> {
        let page = self.store.find(&Lookup::newest(Key::Issued(uri), self.until, 1))?;
        self.done.holders.extend(page.facts.iter().flat_map(|fact| fact.bearers()).map(str::to_owned));
        Ok(())
    }

    fn visit(&mut self, reached: &Reached, place: usize) -> Result<(), StoreError> {
        if !reached.is_credential() {
            let by = By::Actor(reached.uri.clone());
            return self.acts(Reading { of: place, by, from: i64::MIN, until: self.until, tier: Tier::L1 });
        }
        let from = self.since.get(&reached.uri).copied().unwrap_or(i64::MIN);
        let mut names = life::names(self.store, &reached.uri)?;
        // A use in a boundary that its record does not say leads up to nobody.
        if self.aim == Aim::Origin && Name::of(&reached.uri).is_some_and(|name| name.authority != UNKNOWN) {
            names.truncate(1);
        }
        for name in names {
            self.held(&name)?;
            // Two names of one credential are visited once.
            self.known.insert(name.clone(), (reached.shared, BEST.1, BEST.2));
            self.children(&name, reached, place, from)?;
            self.runs(&name, reached, place, from)?;
            let by = match reached.shared {
                true => By::OfThese(name, self.own.clone()),
                false => By::Used(name),
            };
            self.done.readings.push(Reading { of: place, by, from, until: self.until, tier: Tier::L1 });
        }
        self.elsewhere(reached, place)?;
        self.without_id(reached, place)
    }

    fn find(&mut self, lookup: &Lookup<'_>) -> Result<Page, StoreError> {
        let lookup = Lookup { limit: lookup.limit.min(self.left), ..*lookup };
        let mut page = self.store.find(&lookup)?;
        self.left = self.left.saturating_sub(page.facts.len());
        // What was delivered twice stands side by side.
        page.facts.dedup_by(|again, fact| again.is_again(fact));
        if page.more {
            let (limit, value) = match lookup.limit == self.settings.credentials_max {
                true => ("credentials_max", self.settings.credentials_max),
                false => ("uses_max", self.settings.uses_max),
            };
            self.cut(limit, value);
        }
        Ok(page)
    }

    /// A reading whose facts name no credential that leads on by itself: what they used and minted is
    /// looked for now.
    fn acts(&mut self, reading: Reading) -> Result<(), StoreError> {
        let page = self.find(&Lookup::within(reading.key(), reading.from, reading.until, self.settings.uses_max))?;
        for fact in &page.facts {
            let Some(tier) = reading.counts(fact) else { continue };
            let own = matches!(&reading.by, By::Actor(uri) | By::OnTheWay(uri) if *uri == fact.actor.uri);
            match &fact.credential {
                // Who else used it did so on their own account, however much a thief could do with it.
                Some(credential) if own => {
                    let shared = self.aim == Aim::Origin;
                    self.reach(&credential.uri, Some(reading.of), None, tier, shared);
                }
                _ => self.minted(fact, &reading, tier),
            }
            self.opened(fact, reading.of)?;
            self.ran(fact, reading.of)?;
            if own {
                self.announced(fact, reading.of, tier);
                self.job(fact, reading.of)?;
            }
        }
        self.done.readings.push(reading);
        Ok(())
    }

    /// What a record minted without a credential of its own.
    fn minted(&mut self, fact: &Arc<Fact>, reading: &Reading, tier: Tier) {
        let Some(issued) = &fact.issued else { return };
        if self.is_for_another(fact) {
            return;
        }
        let from = self.found.get(reading.of).map(|reached| reached.uri.clone()).unwrap_or_default();
        let mut edge = self.edge(EdgeKind::Issued, &from, &issued.uri, Join::Uri, fact, reading.of);
        if let Some(edge) = &mut edge {
            edge.tier = edge.tier.max(tier);
        }
        let tier = edge.as_ref().map_or(tier, |edge| edge.tier);
        self.push(&issued.uri, Some(reading.of), edge, tier);
    }

    /// Whoever fetches a token for another is not behind what is done with it.
    fn is_for_another(&self, fact: &Fact) -> bool {
        let another = fact.holders().any(|holder| holder != fact.actor.uri);
        self.aim == Aim::Origin && another && rule::is_custodian(&fact.actor.uri)
    }

    fn issued_to(&mut self, name: &str, place: usize, from: i64, until: i64) -> Result<(), StoreError> {
        let page = self.find(&Lookup::within(Key::IssuedTo(name), from, until, self.settings.uses_max))?;
        for fact in &page.facts {
            let Some(issued) = &fact.issued else { continue };
            // What another gave it, it is not behind; what it fetched itself, or a custodian for it, it is.
            let own = fact.actor.uri == name || rule::is_custodian(&fact.actor.uri);
            if self.aim == Aim::Reach || own {
                let uri = issued.uri.clone();
                self.push(&uri, Some(place), None, Tier::L1);
            }
        }
        Ok(())
    }

    /// Sessions that an act opened, where later calls name no credential.
    fn opened(&mut self, fact: &Fact, place: usize) -> Result<(), StoreError> {
        let Some(session) = &fact.session else { return Ok(()) };
        if !issuance::opens_session(fact) || self.known.contains_key(session) {
            return Ok(());
        }
        let lookup = Lookup::within(Key::Session(session), i64::MIN, fact.time, self.settings.candidates_max);
        let page = self.store.find(&lookup)?;
        // Of several records that could have, the first opened it.
        let first = issuance::first_opener(page.facts.iter());
        if !first.is_some_and(|first| first.id == fact.id || first.same_call(fact)) {
            return Ok(());
        }
        self.known.insert(session.clone(), BEST);
        let unissued = match &fact.credential {
            Some(used) => issuance::by_id(self.store, Use::of(used, self.until), self.settings)?.is_empty(),
            None => false,
        };
        let unissued = fact.credential.as_ref().filter(|_| unissued).map(|used| used.uri.clone());
        let by = By::Session { session: session.clone(), unissued };
        self.acts(Reading { of: place, by, from: fact.time, until: self.until, tier: Tier::L3 })
    }

    /// Runs of agents that show a credential: calls made with others lead up to them, too.
    fn runs(&mut self, credential: &str, reached: &Reached, place: usize, from: i64) -> Result<(), StoreError> {
        let lookup = Lookup::within(Key::RunWith(credential), from, self.until, self.settings.uses_max);
        for run in self.find(&lookup)?.facts {
            if !reached.shared || self.own.contains(&run.actor.uri) {
                self.ran(&run, place)?;
            }
        }
        Ok(())
    }

    /// Calls that lead up to a record of an agent's run, and to no other run.
    fn ran(&mut self, run: &Arc<Fact>, place: usize) -> Result<(), StoreError> {
        if run.agent_run.is_none() {
            return Ok(());
        }
        if self.deep >= self.settings.hops_max {
            self.cut("hops_max", self.settings.hops_max);
            return Ok(());
        }
        self.deep += 1;
        let until = run.time.saturating_add(nanos(self.settings.life_max_ms)).min(self.until);
        let from = run.time.saturating_sub(nanos(rule::TOLERANCE_MAX_MS));
        for id in &run.correlation_ids {
            let calls = Lookup::within(Key::Correlation(id), from, until, self.settings.credentials_max);
            for fact in self.find(&calls)?.facts {
                let found = agent::nearest(self.store, &fact, self.settings)?;
                let Some(found) = found.filter(|found| !found.more) else { continue };
                let [only] = found.issuers.as_slice() else { continue };
                let this = only.id == run.id || only.agent_run.is_some() && only.agent_run == run.agent_run;
                if this && self.known.insert(format!("{id} {}", fact.id), BEST).is_none() {
                    let by = By::Called { id: id.clone(), call: fact.id.clone() };
                    let tier = found.rule.tier;
                    self.acts(Reading { of: place, by, from: fact.time, until: fact.time, tier })?;
                }
            }
        }
        self.deep -= 1;
        Ok(())
    }

    /// Identities of other platforms that stand for this one.
    fn federated(&mut self, name: &str, place: usize) -> Result<(), StoreError> {
        let mut names = vec![(name.to_owned(), Tier::L1)];
        if let Some(parts) = Name::of(name).filter(|parts| parts.authority != UNKNOWN)
            && self.settings.authorities(parts.platform).iter().any(|authority| authority == parts.authority)
        {
            names.push((parts.within(UNKNOWN), Tier::L3));
        }
        for (name, tier) in names {
            let by = By::Federated(name);
            self.acts(Reading { of: place, by, from: i64::MIN, until: self.until, tier })?;
        }
        for subject in self.settings.subjects(name) {
            let edge = self.federates(name, &subject, place);
            let tier = Tier::L3;
            self.push(&subject, Some(place), Some(edge), tier);
        }
        Ok(())
    }

    fn federates(&self, from: &str, to: &str, place: usize) -> Edge {
        Edge {
            kind: EdgeKind::FederatesTo,
            from: from.to_owned(),
            to: to.to_owned(),
            tier: Tier::L3,
            rule: "configured-issuer",
            rule_version: 1,
            basis: ["configured issuer".to_owned(), "actor_principal".to_owned()],
            tolerance_ms: 0,
            issuer: None,
            user: None,
            hop: self.found.get(place).map_or(0, |reached| reached.hop),
            on_path: true,
            marks: Vec::new(),
        }
    }

    /// The foreign identity under which a job showed itself, where it can be told that it was this one.
    fn job(&mut self, run: &Arc<Fact>, place: usize) -> Result<(), StoreError> {
        if !run.is_run() {
            return Ok(());
        }
        let until = run.time.saturating_add(nanos(self.settings.life_max_ms)).min(self.until);
        let jobs: BTreeSet<String> = run.resources.iter().flat_map(|resource| self.settings.jobs(resource)).collect();
        // Another platform's clock may be behind, and count whole seconds.
        let from = run.time.saturating_sub(nanos(rule::rule(Join::Exchange, "").map_or(0, |rule| rule.tolerance_ms)));
        for job in jobs {
            let lookup = Lookup::within(Key::JobOf(&job), from, until, self.settings.credentials_max);
            for fact in self.find(&lookup)?.facts {
                self.exchange_of(run, &fact, place)?;
            }
        }
        Ok(())
    }

    /// One exchange of a job's token, if it can only have been this run's.
    fn exchange_of(&mut self, run: &Arc<Fact>, fact: &Arc<Fact>, place: usize) -> Result<(), StoreError> {
        let Some(Ok(Foreign::Job { run: id, mut resources })) = self.settings.foreign(&fact.actor.uri) else {
            return Ok(());
        };
        lineage::known_by_id(self.store, &mut resources, fact.time)?;
        let found = issuance::by_job(self.store, id.as_deref(), &resources, fact, self.settings)?;
        let Some(found) = found.filter(|found| !found.more) else { return Ok(()) };
        let ([only], Some(issued)) = (found.issuers.as_slice(), &fact.issued) else { return Ok(()) };
        // Whoever let the run deploy, or took part in another way, did not start it.
        if only.id != run.id && (&only.session, &only.actor.uri) != (&run.session, &run.actor.uri) {
            return Ok(());
        }
        let hop = self.found.get(place).map_or(0, |reached| reached.hop);
        let from = run.session.clone().unwrap_or_default();
        let mut edge = lineage::new_edge(EdgeKind::Exchanged, &from, &issued.uri, found.rule, hop, true);
        edge.issuer = Some(Evidence::of(run));
        edge.user = Some(Evidence::of(fact));
        let tier = edge.tier;
        let by = By::Issuing(issued.uri.clone());
        self.done.readings.push(Reading { of: place, by, from: fact.time, until: fact.time, tier });
        self.push(&issued.uri, Some(place), Some(edge), tier);
        Ok(())
    }

    /// What was minted with a credential, as its platform says.
    fn children(&mut self, name: &str, reached: &Reached, place: usize, since: i64) -> Result<(), StoreError> {
        let limit = self.settings.credentials_max;
        let page = self.find(&Lookup::within(Key::IssuedFrom(name), since, self.until, limit))?;
        for fact in issuance::once_each(page.facts) {
            let Some(child) = fact.issued.as_ref().map(|issued| issued.uri.clone()) else { continue };
            let elsewhere = is_elsewhere(&fact, &child);
            if reached.shared && !self.own.contains(&fact.actor.uri) {
                continue;
            }
            if self.is_for_another(&fact) || !elsewhere && self.is_brokered(&fact)? {
                continue;
            }
            let join = if elsewhere { Join::Elsewhere } else { Join::Uri };
            let edge = self.edge(EdgeKind::Issued, &reached.uri, &child, join, &fact, place);
            let tier = edge.as_ref().map_or(Tier::L4, |edge| edge.tier);
            if rule::cascades(name, &fact) {
                self.done.cascading.insert(child.clone(), reached.uri.clone());
            }
            self.push(&child, Some(place), edge, tier);
            self.announced(&fact, place, Tier::L1);
        }
        Ok(())
    }

    /// Credentials that a record says came to exist without handing them out.
    fn announced(&mut self, fact: &Fact, place: usize, tier: Tier) {
        let handed = fact.issued.as_ref().map(|issued| issued.uri.as_str());
        let made = fact.changes.iter().filter(|change| change.change == CredentialChangeKind::Issued);
        for change in made.filter(|change| Some(change.uri.as_str()) != handed) {
            let from = self.found.get(place).map(|reached| reached.uri.clone()).unwrap_or_default();
            let mut edge = self.edge(EdgeKind::Issued, &from, &change.uri, Join::Announced, fact, place);
            if let Some(edge) = &mut edge {
                edge.tier = edge.tier.max(tier);
            }
            let tier = edge.as_ref().map_or(tier, |edge| edge.tier);
            self.push(&change.uri, Some(place), edge, tier);
        }
    }

    /// Whether another platform had this minted for somebody: then that one is behind it.
    fn is_brokered(&self, fact: &Fact) -> Result<bool, StoreError> {
        let Some(child) = fact.issued.as_ref().filter(|_| self.aim == Aim::Origin) else { return Ok(false) };
        let found = issuance::by_id(self.store, Use::of(child, self.until), self.settings)?;
        Ok(found.iter().any(|found| lineage::is_broker(found.rule)))
    }

    /// What another platform calls the same: an id that both log, or of which one logs a hash.
    fn elsewhere(&mut self, reached: &Reached, place: usize) -> Result<(), StoreError> {
        let page = self.store.find(&Lookup::newest(Key::Issued(&reached.uri), self.until, 1))?;
        let Some(issuer) = page.facts.first().cloned() else { return Ok(()) };
        let Some(native) = issuer.issued.as_ref().and_then(|issued| issued.native_id.clone()) else { return Ok(()) };
        let settings = self.settings;
        let ids = [(native.as_str(), Join::NativeId)].into_iter();
        for (id, join) in ids.chain(settings.id_of(&native).map(|id| (id, Join::Hashed))) {
            let used = self.store.find(&Lookup::within(Key::UsedId(id), issuer.time, self.until, 2))?;
            for child in used.facts.iter().filter_map(|fact| fact.credential.as_ref()) {
                let names = Name::of(&child.uri).zip(Name::of(&reached.uri));
                if names.is_some_and(|(a, b)| a.platform != b.platform) && !self.known.contains_key(&child.uri) {
                    let edge = self.edge(EdgeKind::Brokered, &reached.uri, &child.uri, join, &issuer, place);
                    let tier = edge.as_ref().map_or(Tier::L4, |edge| edge.tier);
                    self.push(&child.uri, Some(place), edge, tier);
                }
            }
        }
        Ok(())
    }

    fn edge(&self, kind: EdgeKind, from: &str, to: &str, join: Join, fact: &Fact, place: usize) -> Option<Edge> {
        let kind_of = fact.issued.as_ref().map(|issued| issued.kind.as_str()).unwrap_or_default();
        let rule = rule::rule(join, kind_of)?;
        let kind = if join == Join::Elsewhere { EdgeKind::Brokered } else { kind };
        let hop = self.found.get(place).map_or(0, |reached| reached.hop);
        let mut edge = lineage::new_edge(kind, from, to, rule, hop, true);
        edge.issuer = Some(Evidence::of(fact));
        Some(edge)
    }

    /// What came of a token whose uses do not name it: calls of its account through its caller, and
    /// sessions on platforms that trust its issuer.
    fn without_id(&mut self, reached: &Reached, place: usize) -> Result<(), StoreError> {
        let page = self.store.find(&Lookup::newest(Key::Issued(&reached.uri), self.until, 1))?;
        let Some(issuer) = page.facts.first().cloned() else { return Ok(()) };
        let Some(issued) = &issuer.issued else { return Ok(()) };
        let end = issued.not_after.unwrap_or_else(|| issuer.time.saturating_add(nanos(self.settings.life_max_ms)));
        let end = end.min(self.until);
        let holders: Vec<String> = issuer.holders().map(str::to_owned).collect();
        for holder in holders {
            if rule::is_without_id(&issued.kind) {
                let by = By::Through { holder: holder.clone(), caller: issuer.actor.uri.clone() };
                self.acts(Reading { of: place, by, from: issuer.time, until: end, tier: Tier::L3 })?;
            }
            if self.aim == Aim::Reach {
                for subject in self.settings.subjects(&holder) {
                    self.exchanged(&subject, &reached.uri, issuer.time, end, place)?;
                }
            }
        }
        Ok(())
    }

    /// What a foreign subject got for its tokens: which token is not logged, so each that fits is a
    /// candidate.
    fn exchanged(&mut self, subject: &str, from: &str, since: i64, until: i64, place: usize) -> Result<(), StoreError> {
        let limit = self.settings.credentials_max;
        let page = self.find(&Lookup::within(Key::Principal(subject), since, until, limit))?;
        for fact in page.facts.iter().filter(|fact| fact.actor.uri == subject) {
            let Some(child) = fact.issued.as_ref().map(|issued| issued.uri.clone()) else { continue };
            let edge = self.edge(EdgeKind::Exchanged, from, &child, Join::Exchange, fact, place);
            let tier = edge.as_ref().map_or(Tier::L4, |edge| edge.tier);
            self.push(&child, Some(place), edge, tier);
        }
        Ok(())
    }
}

/// Whether a record minted a credential of another platform than its own.
fn is_elsewhere(fact: &Fact, child: &str) -> bool {
    Name::of(child).is_some_and(|name| name.platform != fact.platform.as_str())
}
