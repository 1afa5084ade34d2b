//! Lineage up: from an event or a credential to its origin (`identity.md` 4).
//!
//! Breadth first, one hop per issuing record. Each hop is an [`Edge`] with the columns it rests on;
//! what cannot be told is a [`Gap`]. The walk ends at its limits, at a record it has seen before, and
//! where nothing leads on; it never picks one of several candidates.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use model::{AliasRel, CredentialChangeKind, EventId, Human};
use serde::Serialize;

use crate::agent;
use crate::answer::{Edge, EdgeKind, Evidence, Found, Gap, Mark, Origin};
use crate::issuance::{self, Use};
use crate::rule::{self, Join, Rule};
use crate::settings::Foreign;
use crate::store::{Key, Lookup, Store, StoreError};
use crate::{Fact, Rank, Settings, Tier, rank};

/// Where something came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lineage {
    /// The hops, nearest first.
    pub edges: Vec<Edge>,
    /// Who or what started it, the best founded first. Several are not a contradiction: a workload, and
    /// the person it says it works for.
    pub origins: Vec<Origin>,
    /// What could not be told.
    pub gaps: Vec<Gap>,
    /// The weakest tier on the path to the first origin; none without a path.
    pub weakest: Option<Tier>,
    /// Origins by what platforms checked alone.
    #[serde(skip)]
    pub(crate) checked: Vec<Origin>,
    /// How many of the gaps are theirs, from the first on.
    #[serde(skip)]
    pub(crate) checked_gaps: usize,
    /// How many of the edges are theirs.
    #[serde(skip)]
    pub(crate) checked_edges: usize,
}

impl Lineage {
    /// The records on the path, nearest first, each with the weakest link up to it.
    pub(crate) fn issuers(&self) -> Vec<(&Edge, &Evidence, Tier)> {
        let mut reached: Vec<(&Edge, &Evidence, Tier)> = Vec::new();
        for edge in self.edges.iter().filter(|edge| edge.on_path) {
            let Some(issuer) = &edge.issuer else { continue };
            let from = edge.user.as_ref().and_then(|user| {
                reached.iter().find(|(_, known, _)| known.event_id == user.event_id).map(|(.., tier)| *tier)
            });
            reached.push((edge, issuer, from.map_or(edge.tier, |from| from.max(edge.tier))));
        }
        reached
    }
}

/// Follows the credential of an event up to its origin.
///
/// # Errors
/// When the store cannot answer.
pub fn of_event(store: &impl Store, event: &Arc<Fact>, settings: &Settings) -> Result<Lineage, StoreError> {
    let mut walk = Walk::new(store, settings);
    walk.push(event.clone(), 0, None, true);
    walk.run(true)
}

/// The same by what platforms checked alone, without what agents tell of their calls.
pub(crate) fn of_checked(store: &impl Store, event: &Arc<Fact>, settings: &Settings) -> Result<Lineage, StoreError> {
    let mut walk = Walk::new(store, settings);
    walk.push(event.clone(), 0, None, true);
    walk.run(false)
}

/// Follows a credential up to its origin, as of a time in nanoseconds since 1970.
///
/// # Errors
/// When the store cannot answer.
pub fn of_credential(store: &impl Store, uri: &str, time: i64, settings: &Settings) -> Result<Lineage, StoreError> {
    let mut walk = Walk::new(store, settings);
    let kind = crate::name::Name::of(uri).map(|name| name.kind).unwrap_or_default();
    let native_id = walk.native_id(uri, time)?;
    let used = Use { uri, kind, native_id: native_id.as_deref(), time };
    let from = Hop { event: None, used, hop: 0, weakest: None, on_path: true };
    if !walk.climb(from)? {
        walk.bearer(uri, time)?;
    }
    walk.run(true)
}

/// One event on the way up.
struct Visit {
    event: Arc<Fact>,
    hop: usize,
    /// The weakest link up to here; none before the first.
    weakest: Option<Tier>,
    on_path: bool,
}

/// The use from which one hop starts.
struct Hop<'u> {
    event: Option<&'u Fact>,
    used: Use<'u>,
    hop: usize,
    weakest: Option<Tier>,
    on_path: bool,
}

struct Walk<'s, S> {
    store: &'s S,
    settings: &'s Settings,
    queue: VecDeque<Visit>,
    seen: BTreeSet<(String, u64)>,
    visited: usize,
    /// Events on the path whose agents are asked for when all else is known.
    calls: Vec<Visit>,
    /// Whether agents are asked for now.
    asks: bool,
    done: Lineage,
}

impl<'s, S: Store> Walk<'s, S> {
    fn new(store: &'s S, settings: &'s Settings) -> Walk<'s, S> {
        let done = Lineage::default();
        Walk {
            store,
            settings,
            queue: VecDeque::new(),
            seen: BTreeSet::new(),
            visited: 0,
            calls: Vec::new(),
            asks: false,
            done,
        }
    }

    /// Queues an event unless it was visited; says whether it is new.
    fn push(&mut self, event: Arc<Fact>, hop: usize, weakest: Option<Tier>, on_path: bool) -> bool {
        let EventId { log, index } = &event.id;
        let new = self.seen.insert((log.clone(), index.0));
        if new {
            self.queue.push_back(Visit { event, hop, weakest, on_path });
        }
        new
    }

    fn run(mut self, agents: bool) -> Result<Lineage, StoreError> {
        self.drain()?;
        self.done.checked = self.done.origins.clone();
        self.done.checked_gaps = self.done.gaps.len();
        self.done.checked_edges = self.done.edges.len();
        if agents {
            self.asks = true;
            for visit in std::mem::take(&mut self.calls) {
                self.agent(&visit)?;
            }
            self.drain()?;
        }
        let Lineage { origins, checked, weakest, .. } = &mut self.done;
        origins.sort_by_key(|origin| (origin.found, origin.tier));
        checked.sort_by_key(|origin| (origin.found, origin.tier));
        *weakest = checked.first().or(origins.first()).map(|origin| origin.tier);
        Ok(self.done)
    }

    fn drain(&mut self) -> Result<(), StoreError> {
        while let Some(visit) = self.queue.pop_front() {
            if self.visited >= self.settings.events_max {
                self.cut("events_max", self.settings.events_max);
                self.queue.clear();
                break;
            }
            if visit.hop > self.settings.hops_max {
                self.cut("hops_max", self.settings.hops_max);
                continue;
            }
            self.visited += 1;
            self.visit(&visit)?;
            if self.asks {
                self.agent(&visit)?;
            } else if visit.on_path {
                self.calls.push(visit);
            }
        }
        Ok(())
    }

    fn cut(&mut self, limit: &'static str, value: usize) {
        self.gap(Gap::Cut { limit, value });
    }

    fn gap(&mut self, gap: Gap) {
        if !self.done.gaps.contains(&gap) {
            self.done.gaps.push(gap);
        }
    }

    fn visit(&mut self, visit: &Visit) -> Result<(), StoreError> {
        let event = &visit.event;
        self.delegations(visit);
        if event.credential.is_none() && self.copy(visit)? {
            return Ok(());
        }
        let mut led = false;
        if let Some(credential) = &event.credential {
            let used = Use::of(credential, event.time);
            let Visit { hop, weakest, on_path, .. } = *visit;
            led = self.climb(Hop { event: Some(event), used, hop, weakest, on_path })?;
        } else if let Some(found) = issuance::by_window(self.store, event, self.settings)? {
            led = self.take(visit, EdgeKind::Issued, &event.actor.uri, &found);
        }
        led |= self.federation(visit)?;
        if !led && let Some(found) = issuance::by_session(self.store, event, self.settings)? {
            let session = event.session.as_deref().unwrap_or_default();
            led = self.take(visit, EdgeKind::Opened, session, &found);
        }
        if !led && visit.on_path {
            self.end(visit);
        }
        Ok(())
    }

    /// The run of an agent that made this call. The path goes through the credential as well: what an agent
    /// tells of itself explains a call and does not replace what the platform checked.
    fn agent(&mut self, visit: &Visit) -> Result<(), StoreError> {
        let Some(found) = agent::nearest(self.store, &visit.event, self.settings)? else { return Ok(()) };
        let [run] = found.issuers.as_slice() else {
            // What several agents claim says nothing about the event itself.
            let about = format!("runs of agents by {}", found.rule.id);
            self.ambiguous(&about, &found);
            return Ok(());
        };
        let mut edge =
            new_edge(EdgeKind::Ran, &run.actor.uri, &visit.event.actor.uri, found.rule, visit.hop, visit.on_path);
        edge.issuer = Some(Evidence::of(run));
        edge.user = Some(Evidence::of(&visit.event));
        let tier = edge.tier;
        self.done.edges.push(edge);
        let weakest = Some(visit.weakest.map_or(tier, |weakest| weakest.max(tier)));
        self.push(run.clone(), visit.hop + 1, weakest, visit.on_path);
        Ok(())
    }

    /// The principals that the record itself names.
    fn delegations(&mut self, visit: &Visit) {
        let event = &visit.event;
        for (step, next) in event.chain.iter().zip(event.chain.iter().skip(1)) {
            let mut edge = self.edge(visit, EdgeKind::Delegated, &step.principal, &next.principal);
            edge.rule = "in-event";
            edge.rule_version = 1;
            edge.tier = rule::in_event(step);
            edge.basis = [step.evidence_path.clone(), next.evidence_path.clone()];
            self.done.edges.push(edge);
        }
        let Some(initiator) = event.initiator.as_ref().filter(|_| visit.on_path) else { return };
        let tier = initiated(event, initiator);
        let tier = visit.weakest.map_or(tier, |weakest| weakest.max(tier));
        self.origin(initiator, None, Human::Unknown, Found::Initiator, tier, event);
    }

    /// Another account's record of the same call shows the credential that this one lacks.
    fn copy(&mut self, visit: &Visit) -> Result<bool, StoreError> {
        let event = &visit.event;
        let Some(shared) = event.shared() else { return Ok(false) };
        let lookup = Lookup::newest(Key::Correlation(shared), i64::MAX, self.settings.candidates_max);
        let page = self.store.find(&lookup)?;
        let copy = page.facts.into_iter().find(|fact| fact.shared() == Some(shared) && fact.credential.is_some());
        let Some(copy) = copy else { return Ok(false) };
        let mut edge = self.edge(visit, EdgeKind::Copy, &copy.actor.uri, &event.actor.uri);
        edge.rule = "shared-event";
        edge.rule_version = 1;
        edge.basis = ["related".to_owned(), "related".to_owned()];
        edge.issuer = Some(Evidence::of(&copy));
        self.done.edges.push(edge);
        Ok(self.push(copy, visit.hop + 1, visit.weakest.or(Some(Tier::L1)), visit.on_path))
    }

    /// From a credential to what issued it. Where another platform had it minted, the path goes on there.
    fn climb(&mut self, from: Hop<'_>) -> Result<bool, StoreError> {
        let found = issuance::by_id(self.store, from.used, self.settings)?;
        if found.is_empty() {
            self.unissued(&from)?;
            return Ok(false);
        }
        let brokered = found.iter().any(|found| is_broker(found.rule));
        let mut led = false;
        for found in &found {
            let broker = is_broker(found.rule);
            let silent = from.on_path && !brokered && self.silent_broker(found);
            let on_path = from.on_path && (broker || !brokered) && !silent;
            led |= self.issued(&Hop { on_path, ..from }, found, broker)?;
        }
        Ok(led)
    }

    /// The account of a broker minted this, and no record of the broker tells for whom.
    fn silent_broker(&mut self, found: &issuance::Found) -> bool {
        let [issuer] = found.issuers.as_slice() else { return false };
        let principal = &issuer.actor.uri;
        let silent = self.settings.brokers.contains(principal);
        if silent {
            self.gap(Gap::SilentBroker { principal: principal.clone(), issuer: Evidence::of(issuer) });
        }
        silent
    }

    fn issued(&mut self, from: &Hop<'_>, found: &issuance::Found, broker: bool) -> Result<bool, StoreError> {
        let [issuer] = found.issuers.as_slice() else {
            self.ambiguous(from.used.uri, found);
            return Ok(true);
        };
        let itself = from.event.is_some_and(|event| event.id == issuer.id);
        if itself && !rule::is_unique(from.used.kind) {
            // The record that opens a session or makes a key carries its id as well.
            return Ok(false);
        }
        let parent = parent(issuer);
        let kind = if broker { EdgeKind::Brokered } else { EdgeKind::Issued };
        let user = from.event.map(Evidence::of);
        let mut edge = new_edge(kind, &parent, from.used.uri, found.rule, from.hop, from.on_path);
        edge.marks = self.marks(from, issuer, found.rule)?;
        edge.issuer = Some(Evidence::of(issuer));
        edge.user = user;
        let tier = edge.tier;
        let own = parent == from.used.uri || itself;
        self.done.edges.push(edge);
        let weakest = Some(from.weakest.map_or(tier, |weakest| weakest.max(tier)));
        if own || !self.push(issuer.clone(), from.hop + 1, weakest, from.on_path) && self.is_cycle(issuer, from) {
            self.gap(Gap::Cycle { credential: from.used.uri.to_owned() });
        }
        Ok(true)
    }

    /// Whether an issuing record that was visited before lies above itself. Two uses may well meet in
    /// one issuance; only a parent that was issued from its own child goes round.
    fn is_cycle(&self, issuer: &Fact, from: &Hop<'_>) -> bool {
        let mut above = vec![parent(issuer)];
        let mut known = BTreeSet::new();
        while let Some(uri) = above.pop() {
            if uri == from.used.uri {
                return true;
            }
            if known.insert(uri.clone()) {
                above.extend(self.done.edges.iter().filter(|edge| edge.to == uri).map(|edge| edge.from.clone()));
            }
        }
        false
    }

    fn unissued(&mut self, from: &Hop<'_>) -> Result<(), StoreError> {
        let credential = from.used.uri.to_owned();
        let gap = match (from.event, issuance::later(self.store, from.used)?) {
            (Some(event), Some(later)) => {
                Gap::IssuedAfterUse { credential, issuer: Evidence::of(&later), user: Evidence::of(event) }
            }
            _ => Gap::UseWithoutIssuance { credential, user: from.event.map(Evidence::of) },
        };
        self.gap(gap);
        Ok(())
    }

    /// What the life of the credential says about this use of it.
    fn marks(&self, from: &Hop<'_>, issuer: &Fact, rule: &Rule) -> Result<Vec<Mark>, StoreError> {
        let mut marks = Vec::new();
        let Some(event) = from.event else { return Ok(marks) };
        let tolerance = issuance::nanos(rule.tolerance_ms);
        let ends = [issuer.issued.as_ref(), event.credential.as_ref()];
        let end = ends.into_iter().flatten().filter_map(|credential| credential.not_after).max();
        let late = end.is_some_and(|end| event.time > end.saturating_add(tolerance));
        let lookup = Lookup::newest(Key::Changed(from.used.uri), event.time, self.settings.candidates_max);
        let page = self.store.find(&lookup)?;
        let kind = |fact: &Fact| {
            fact.changes.iter().rev().find(|change| change.uri == from.used.uri).map(|change| change.change)
        };
        let since = page.facts.iter().filter(|fact| fact.time >= issuer.time && !fact.same_call(event));
        let changes: Vec<(i64, CredentialChangeKind)> =
            since.filter_map(|fact| Some((fact.time, kind(fact)?))).collect();
        let refreshed = changes.iter().any(|(_, change)| *change == CredentialChangeKind::Refreshed);
        if refreshed {
            marks.push(Mark::Refreshed);
        }
        if late && !refreshed {
            marks.push(Mark::UsedAfterEnd);
        }
        let last = changes.iter().find(|(_, change)| *change != CredentialChangeKind::Refreshed);
        if let Some((at, CredentialChangeKind::Revoked | CredentialChangeKind::Disabled)) = last
            && event.time > at.saturating_add(tolerance)
        {
            marks.push(Mark::UsedAfterRevocation);
        }
        Ok(marks)
    }

    fn ambiguous(&mut self, about: &str, found: &issuance::Found) {
        let candidates = found.issuers.iter().map(|fact| Evidence::of(fact)).collect();
        self.gap(Gap::Ambiguous { about: about.to_owned(), candidates });
        if found.more {
            self.cut("candidates_max", self.settings.candidates_max);
        }
    }

    /// One candidate leads on; several are said.
    fn take(&mut self, visit: &Visit, kind: EdgeKind, to: &str, found: &issuance::Found) -> bool {
        let [issuer] = found.issuers.as_slice() else {
            self.ambiguous(to, found);
            self.agreed(visit, found);
            return true;
        };
        let mut edge = new_edge(kind, &parent(issuer), to, found.rule, visit.hop, visit.on_path);
        edge.issuer = Some(Evidence::of(issuer));
        edge.user = Some(Evidence::of(&visit.event));
        let tier = edge.tier;
        self.done.edges.push(edge);
        let weakest = Some(visit.weakest.map_or(tier, |weakest| weakest.max(tier)));
        self.push(issuer.clone(), visit.hop + 1, weakest, visit.on_path);
        true
    }

    /// Several tokens of one caller leave open which one was used, not who is behind it.
    fn agreed(&mut self, visit: &Visit, found: &issuance::Found) {
        let Some(first) = found.issuers.first().filter(|_| visit.on_path && !found.more) else { return };
        if found.issuers.iter().all(|fact| fact.actor.uri == first.actor.uri) && !rule::is_custodian(&first.actor.uri) {
            let tier = visit.weakest.map_or(found.rule.tier, |weakest| weakest.max(found.rule.tier));
            self.origin(
                &first.actor.uri,
                first.actor.name.as_deref(),
                first.actor.is_human,
                Found::Lineage,
                tier,
                first,
            );
        }
    }

    /// Identities of one platform that another vouches for or trusts (`identity.md` 4, rows 5, 13, 16, 25).
    fn federation(&mut self, visit: &Visit) -> Result<bool, StoreError> {
        let event = &visit.event;
        let mut led = false;
        let named = event
            .aliases
            .iter()
            .filter(|alias| alias.rel == AliasRel::FederatesTo && alias.b == event.actor.uri)
            .map(|alias| alias.a.clone());
        let foreign: Vec<String> = named.collect();
        for principal in foreign {
            let mut edge = self.edge(visit, EdgeKind::FederatesTo, &principal, &event.actor.uri);
            edge.rule = "vouched-for";
            edge.rule_version = 1;
            edge.basis = ["aliases federates_to".to_owned(), "actor_principal".to_owned()];
            edge.issuer = Some(Evidence::of(event));
            self.done.edges.push(edge);
            led |= self.shown(visit, &principal, Tier::L1)?;
        }
        match self.settings.foreign(&event.actor.uri) {
            None => Ok(led),
            Some(Err(issuer)) => {
                let principal = event.actor.uri.clone();
                self.gap(Gap::IssuerNotConfigured { issuer, principal });
                Ok(led)
            }
            Some(Ok(Foreign::Principal(principal))) => {
                let mut edge = self.edge(visit, EdgeKind::FederatesTo, &principal, &event.actor.uri);
                edge.rule = "configured-issuer";
                edge.rule_version = 1;
                edge.tier = Tier::L3;
                edge.basis = ["configured issuer".to_owned(), "actor_principal".to_owned()];
                self.done.edges.push(edge);
                self.shown(visit, &principal, Tier::L3)
            }
            Some(Ok(Foreign::Job { run, mut resources })) => {
                known_by_id(self.store, &mut resources, event.time)?;
                let found = issuance::by_job(self.store, run.as_deref(), &resources, event, self.settings)?;
                let Some(found) = found else { return Ok(led) };
                Ok(self.take(visit, EdgeKind::Exchanged, &event.actor.uri, &found))
            }
        }
    }

    /// A foreign principal showed a token of its own: which one is a matter of time.
    fn shown(&mut self, visit: &Visit, principal: &str, tier: Tier) -> Result<bool, StoreError> {
        let event = &visit.event;
        let tier = visit.weakest.map_or(tier, |weakest| weakest.max(tier));
        if visit.on_path {
            self.origin(principal, None, Human::Unknown, Found::Federation, tier, event);
        }
        let known = self.known_as(principal, event.time)?;
        if let Some(found) = issuance::by_subject(self.store, &known, event, self.settings)? {
            let beside = Visit { event: event.clone(), hop: visit.hop, weakest: Some(tier), on_path: visit.on_path };
            let to = event.issued.as_ref().map_or(event.actor.uri.as_str(), |issued| issued.uri.as_str());
            self.take(&beside, EdgeKind::Exchanged, to, &found);
        }
        Ok(true)
    }

    /// The name under which a principal gets its tokens: its own, or that of the same id in a configured
    /// authority.
    fn known_as(&self, principal: &str, time: i64) -> Result<String, StoreError> {
        let Some(name) = crate::name::Name::of(principal).filter(|name| name.authority == crate::name::UNKNOWN) else {
            return Ok(principal.to_owned());
        };
        for authority in self.settings.authorities(name.platform) {
            let within = name.within(&authority);
            let page = self.store.find(&Lookup::newest(Key::Alias(&within, AliasRel::SameAs), time, 1))?;
            let pairs = page.facts.iter().flat_map(|fact| &fact.aliases);
            let mut same = pairs.filter(|alias| alias.rel == AliasRel::SameAs && alias.a == within);
            if let Some(alias) = same.next() {
                return Ok(alias.b.clone());
            }
        }
        Ok(principal.to_owned())
    }

    /// Nothing leads on: whoever made this record is behind it, or whom it was made for.
    fn end(&mut self, visit: &Visit) {
        let event = visit.event.clone();
        let tier = visit.weakest.unwrap_or(Tier::L1);
        // The platform itself names who is behind this actor.
        if event.initiator.as_ref().is_some_and(|initiator| initiated(&event, initiator) == Tier::L1) {
            return;
        }
        let holder = event.holders().next().filter(|_| visit.hop > 0 && rule::is_custodian(&event.actor.uri));
        match holder {
            Some(holder) => self.origin(holder, None, Human::Unknown, Found::Lineage, tier, &event),
            None => {
                let actor = &event.actor;
                self.origin(&actor.uri, actor.name.as_deref(), actor.is_human, Found::Lineage, tier, &event);
            }
        }
    }

    fn origin(&mut self, principal: &str, name: Option<&str>, human: Human, found: Found, tier: Tier, fact: &Fact) {
        let origins = &mut self.done.origins;
        match origins.iter_mut().find(|origin| origin.principal == principal) {
            Some(known) => {
                known.name = known.name.take().or_else(|| name.map(str::to_owned));
                if known.is_human == Human::Unknown {
                    known.is_human = human;
                }
                if tier < known.tier {
                    (known.tier, known.found, known.evidence) = (tier, found, Evidence::of(fact));
                }
            }
            None => origins.push(Origin {
                principal: principal.to_owned(),
                name: name.map(str::to_owned),
                is_human: human,
                found,
                tier,
                evidence: Evidence::of(fact),
            }),
        }
    }

    fn edge(&self, visit: &Visit, kind: EdgeKind, from: &str, to: &str) -> Edge {
        Edge {
            kind,
            from: from.to_owned(),
            to: to.to_owned(),
            tier: Tier::L1,
            rule: "",
            rule_version: 0,
            basis: [String::new(), String::new()],
            tolerance_ms: 0,
            issuer: None,
            user: Some(Evidence::of(&visit.event)),
            hop: visit.hop,
            on_path: visit.on_path,
            marks: Vec::new(),
        }
    }

    /// Of a credential that nothing issued, whoever acted with it last is all that is known.
    fn bearer(&mut self, uri: &str, time: i64) -> Result<(), StoreError> {
        let page = self.store.find(&Lookup::newest(Key::Used(uri), time, 1))?;
        if let Some(fact) = page.facts.first() {
            let actor = &fact.actor;
            self.origin(&actor.uri, actor.name.as_deref(), actor.is_human, Found::Lineage, Tier::L1, fact);
        }
        Ok(())
    }

    fn native_id(&self, uri: &str, time: i64) -> Result<Option<String>, StoreError> {
        let page = self.store.find(&Lookup::newest(Key::Used(uri), time, 1))?;
        Ok(page.facts.first().and_then(|fact| fact.credential.as_ref()?.native_id.clone()))
    }
}

/// Adds to names the ids that they had then.
pub(crate) fn known_by_id(store: &impl Store, resources: &mut Vec<String>, time: i64) -> Result<(), StoreError> {
    for name in resources.clone() {
        let page = store.find(&Lookup::newest(Key::Alias(&name, AliasRel::SameAs), time, 1))?;
        let pairs = page.facts.iter().flat_map(|fact| &fact.aliases);
        let same = pairs.filter(|alias| alias.rel == AliasRel::SameAs && alias.a == name).map(|alias| &alias.b);
        let new: Vec<String> = same.filter(|id| !resources.contains(id)).cloned().collect();
        resources.extend(new);
    }
    Ok(())
}

/// What an issuance was made with: the credential it names as parent, the one it used, or whoever made it.
pub(crate) fn parent(issuer: &Fact) -> String {
    let named = issuer.issued.as_ref().and_then(|issued| issued.parent.as_ref());
    let issued = issuer.issued.as_ref().map(|issued| &issued.uri);
    let used = issuer.credential.as_ref().map(|credential| &credential.uri).filter(|used| Some(*used) != issued);
    named.or(used).unwrap_or(&issuer.actor.uri).clone()
}

/// How strongly a record shows its initiator.
pub(crate) fn initiated(event: &Fact, initiator: &str) -> Tier {
    let step = event.chain.first().filter(|step| step.principal == initiator).map(rule::in_event);
    step.unwrap_or(if rank(initiator) == Rank::Claim { Tier::L4 } else { Tier::L1 })
}

pub(crate) fn is_broker(rule: &Rule) -> bool {
    matches!(rule.join, Join::Elsewhere | Join::NativeId | Join::Hashed)
}

pub(crate) fn new_edge(kind: EdgeKind, from: &str, to: &str, rule: &'static Rule, hop: usize, on_path: bool) -> Edge {
    Edge {
        kind,
        from: from.to_owned(),
        to: to.to_owned(),
        tier: rule.tier,
        rule: rule.id,
        rule_version: rule.version,
        basis: [rule.basis.0.to_owned(), rule.basis.1.to_owned()],
        tolerance_ms: rule.tolerance_ms,
        issuer: None,
        user: None,
        hop,
        on_path,
        marks: Vec::new(),
    }
}
