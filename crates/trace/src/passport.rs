//! What a passport is made of: the records of one principal under each of its names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::{Access, Human, ResourceRole};

use crate::alias::Identity;
use crate::answer::{Evidence, Gap};
use crate::bearing::{self, Bearings};
use crate::blast_radius::{self, Touched};
use crate::life;
use crate::principal::{Held, Kind, NameSpan, OtherBearer, Peer, PeerRole, Step, StepKind};
use crate::store::{Key, Lookup, Order, Store, StoreError};
use crate::{Fact, Settings, Tier, rank, rule};

/// Reads what records say of a principal, as of a time.
pub(crate) struct Reader<'s, S> {
    store: &'s S,
    settings: &'s Settings,
    time: i64,
    bearings: &'s Bearings,
    pub(crate) gaps: Vec<Gap>,
}

impl<'s, S: Store> Reader<'s, S> {
    pub(crate) fn new(store: &'s S, settings: &'s Settings, time: i64, bearings: &'s Bearings) -> Reader<'s, S> {
        let mut reader = Reader { store, settings, time, bearings, gaps: Vec::new() };
        if bearings.cut {
            reader.cut("candidates_max", settings.candidates_max);
        }
        reader
    }

    fn cut(&mut self, limit: &'static str, value: usize) {
        let gap = Gap::Cut { limit, value };
        if !self.gaps.contains(&gap) {
            self.gaps.push(gap);
        }
    }

    /// The newest facts of each name while it was this principal's, told once, newest first.
    fn of_names(&mut self, key: impl Fn(&'s str) -> Key<'s>) -> Result<Vec<Arc<Fact>>, StoreError> {
        let bearings: &'s Bearings = self.bearings;
        let mut all = Vec::new();
        for name in &bearings.names {
            let (from, until) = (name.from, name.until.min(self.time));
            let limit = self.settings.uses_max;
            let page = self.store.find(&Lookup { key: key(&name.uri), from, until, order: Order::Newest, limit })?;
            all.extend(page.facts);
            if page.more {
                self.cut("uses_max", limit);
            }
        }
        Ok(once(all))
    }

    /// Records that name it as actor, initiator, subject or in the chain.
    pub(crate) fn acts(&mut self) -> Result<Vec<Arc<Fact>>, StoreError> {
        let all = self.of_names(Key::Principal)?;
        Ok(all.into_iter().filter(|fact| fact.inventory.is_none()).collect())
    }

    /// Records that issued a credential to it.
    pub(crate) fn issued(&mut self) -> Result<Vec<Arc<Fact>>, StoreError> {
        self.of_names(Key::IssuedTo)
    }

    /// Inventories that list it.
    pub(crate) fn listings(&mut self) -> Result<Vec<Arc<Fact>>, StoreError> {
        self.of_names(Key::Listed)
    }

    /// Its credentials: those issued to it, those it used, those an inventory lists.
    pub(crate) fn credentials(
        &mut self,
        acts: &[Arc<Fact>],
        issued: &[Arc<Fact>],
        listings: &[Arc<Fact>],
    ) -> Result<Vec<Held>, StoreError> {
        let mut found: BTreeMap<String, Ways> = BTreeMap::new();
        let mut order: Vec<String> = Vec::new();
        let mut note = |uri: &str, add: &dyn Fn(&mut Ways)| {
            add(found.entry(uri.to_owned()).or_insert_with(|| {
                order.push(uri.to_owned());
                Ways::default()
            }));
        };
        for fact in issued {
            fact.issued.iter().for_each(|issued| note(&issued.uri, &|ways| ways.issued_to = true));
        }
        for fact in acts.iter().filter(|fact| self.bearings.means(&fact.actor.uri, fact.time)) {
            fact.credential.iter().for_each(|used| note(&used.uri, &|ways| ways.used_by = true));
        }
        for fact in listings {
            for held in fact.inventory.iter().flat_map(|listed| &listed.credentials) {
                note(&held.uri, &|ways| ways.listed = ways.listed.take().or_else(|| Some(Evidence::of(fact))));
            }
        }
        let limit = self.settings.credentials_max;
        if order.len() > limit {
            self.cut("credentials_max", limit);
        }
        let mut all = Vec::new();
        for uri in order.into_iter().take(limit) {
            let life = life::of(self.store, &uri, self.time, self.settings)?;
            let Ways { issued_to, used_by, listed } = found.remove(&uri).unwrap_or_default();
            all.push(Held { issued_to, used_by, listed, life });
        }
        all.sort_by(|a, b| (a.life.state, &a.life.credential).cmp(&(b.life.state, &b.life.credential)));
        Ok(all)
    }

    /// Its life, oldest step first.
    pub(crate) fn steps(&mut self, credentials: &[Held], listings: &[Arc<Fact>]) -> Result<Vec<Step>, StoreError> {
        let mut steps = self.administered()?;
        steps.extend(self.seen()?);
        steps.extend(listings.iter().map(|fact| step(StepKind::Listed, fact, None)));
        for held in credentials {
            let of = [(StepKind::CredentialIssued, &held.life.issued), (StepKind::CredentialEnded, &held.life.ended)];
            for (kind, evidence) in of {
                let Some(evidence) = evidence else { continue };
                let fact = self.store.event(&evidence.event_id)?;
                steps.extend(fact.map(|fact| step(kind, &fact, Some(&held.life.credential))));
            }
        }
        let key = |step: &Step| (step.evidence.time, step.step, step.evidence.source_event_id.clone());
        steps.sort_by_cached_key(|step| (key(step), step.credential.clone()));
        Ok(steps)
    }

    /// The first and the newest record in which it acts.
    fn seen(&self) -> Result<Vec<Step>, StoreError> {
        let mut found: Vec<Arc<Fact>> = Vec::new();
        for name in &self.bearings.names {
            for order in [Order::Oldest, Order::Newest] {
                let (key, until) = (Key::Principal(name.uri.as_str()), name.until.min(self.time));
                let limit = self.settings.candidates_max;
                let page = self.store.find(&Lookup { key, from: name.from, until, order, limit })?;
                found.extend(page.facts.into_iter().filter(|fact| fact.actor.uri == name.uri));
            }
        }
        found.retain(|fact| fact.inventory.is_none());
        let first = found.iter().min_by(|a, b| a.order().cmp(&b.order()));
        let last = found.iter().max_by(|a, b| a.order().cmp(&b.order()));
        let steps = [(StepKind::FirstSeen, first), (StepKind::LastSeen, last)];
        Ok(steps.into_iter().filter_map(|(kind, fact)| Some(step(kind, fact?, None))).collect())
    }

    /// How it was made, changed and removed. Between two bearers of a name, what follows a making is the
    /// next one's, and what leads to a removal is the last one's.
    fn administered(&mut self) -> Result<Vec<Step>, StoreError> {
        let bearings: &'s Bearings = self.bearings;
        let mut facts: Vec<(Arc<Fact>, StepKind)> = Vec::new();
        for name in &bearings.names {
            let Some(resource) = rule::as_resource(&name.uri) else { continue };
            let (from, until) = (name.gap.0, name.gap.1.min(self.time));
            let lookup = Lookup::within(Key::Resource(&resource), from, until, self.settings.uses_max);
            let page = self.store.find(&lookup)?;
            if page.more {
                self.cut("uses_max", self.settings.uses_max);
            }
            let told =
                page.facts.into_iter().filter_map(|fact| Some((administers(&fact, &name.uri, &resource)?, fact)));
            let told: Vec<(StepKind, Arc<Fact>)> = told.collect();
            let made = told.iter().rev().find(|(kind, fact)| *kind == StepKind::Created && fact.time < name.from);
            let gone = told.iter().find(|(kind, fact)| *kind == StepKind::Deleted && fact.time > name.until);
            let begins = made.map_or(name.from, |(_, fact)| fact.time);
            let ends = gone.map_or(name.until, |(_, fact)| fact.time);
            let own = told.iter().filter(|(_, fact)| (begins..=ends).contains(&fact.time));
            facts.extend(own.map(|(kind, fact)| (fact.clone(), *kind)));
        }
        let mut seen = BTreeSet::new();
        facts.retain(|(fact, kind)| seen.insert((call(fact), *kind)));
        Ok(facts.iter().map(|(fact, kind)| step(*kind, fact, None)).collect())
    }
}

/// How a credential is known to be a principal's.
#[derive(Default)]
struct Ways {
    issued_to: bool,
    used_by: bool,
    listed: Option<Evidence>,
}

/// One text for each call: tellings of one call have the same.
fn call(fact: &Fact) -> (model::Platform, String, String) {
    let own = || format!("{}", fact.id);
    (fact.platform, fact.authority.clone(), fact.source_event_id.clone().unwrap_or_else(own))
}

/// One fact of each call, newest first.
pub(crate) fn once(mut facts: Vec<Arc<Fact>>) -> Vec<Arc<Fact>> {
    facts.sort_by(|a, b| b.order().cmp(&a.order()));
    let mut seen = BTreeSet::new();
    facts.retain(|fact| seen.insert(call(fact)));
    facts
}

/// What a record did to a principal.
fn administers(fact: &Fact, principal: &str, resource: &str) -> Option<StepKind> {
    let acted_on = |one: &crate::Resource| {
        one.uri == resource && matches!(one.role, ResourceRole::Target | ResourceRole::Affected)
    };
    // What became of a credential of it is told with the credential.
    if blast_radius::is_refused(fact) || !fact.changes.is_empty() || !fact.resources.iter().any(acted_on) {
        return None;
    }
    let itself = rule::means_itself(principal, fact.operation.as_deref());
    match fact.access {
        Access::Create if itself => Some(StepKind::Created),
        Access::Delete if itself => Some(StepKind::Deleted),
        Access::Create | Access::Delete | Access::Modify => Some(StepKind::Changed),
        Access::Grant => Some(StepKind::RightsChanged),
        Access::Read | Access::Execute | Access::Authenticate | Access::Issue | Access::Other => None,
    }
}

fn step(step: StepKind, fact: &Fact, credential: Option<&str>) -> Step {
    Step {
        step,
        operation: fact.operation.clone(),
        by: fact.actor.uri.clone(),
        credential: credential.map(str::to_owned),
        evidence: Evidence::of(fact),
    }
}

/// Its names, the best first, those of today before those it had.
pub(crate) fn names(bearings: &Bearings, identity: &Identity) -> Vec<NameSpan> {
    let span = |name: &bearing::Bearing| NameSpan {
        rank: rank(&name.uri),
        first: name.sights.as_ref().map(|(first, _)| Evidence::of(first)),
        last: name.sights.as_ref().map(|(_, last)| Evidence::of(last)),
        alias_rule: name.rule.clone(),
        current: identity.names.iter().any(|known| known.uri == name.uri),
        uri: name.uri.clone(),
    };
    let mut names: Vec<NameSpan> = bearings.names.iter().map(span).collect();
    names.sort_by(|a, b| (a.rank, !a.current, &a.uri).cmp(&(b.rank, !b.current, &b.uri)));
    names
}

/// Who else had its names.
pub(crate) fn others(bearings: &Bearings) -> Vec<OtherBearer> {
    let other = |other: &bearing::Other| OtherBearer {
        name: other.name.clone(),
        principal: other.bearer.clone(),
        first: Evidence::of(&other.sights.0),
        last: Evidence::of(&other.sights.1),
    };
    let mut others: Vec<OtherBearer> = bearings.others.iter().map(other).collect();
    others.sort_by(|a, b| (a.first.time, &a.name, &a.principal).cmp(&(b.first.time, &b.name, &b.principal)));
    others
}

/// What records say it is, each way of saying so once; `facts` and `listings` are newest first.
pub(crate) fn kinds(facts: &[Arc<Fact>], listings: &[Arc<Fact>], bearings: &Bearings) -> Vec<Kind> {
    let acting = facts.iter().filter(|fact| bearings.means(&fact.actor.uri, fact.time));
    let acting = acting.map(|fact| (fact, fact.actor.kind, fact.actor.is_human, fact.actor.rule.as_str()));
    let listed = listings.iter().filter_map(|fact| fact.inventory.as_ref().map(|listed| (fact, listed)));
    let listed = listed.map(|(fact, listed)| (fact, listed.kind, listed.is_human, listed.rule.as_str()));
    let mut kinds: Vec<Kind> = Vec::new();
    for (fact, kind, is_human, rule) in acting.chain(listed) {
        let same = |one: &&mut Kind| one.kind == kind && one.is_human == is_human && one.rule == rule;
        match kinds.iter_mut().find(same) {
            Some(known) => known.events += 1,
            None => kinds.push(Kind {
                kind,
                is_human,
                rule: rule.to_owned(),
                why: rule::human_rule(rule).1,
                events: 1,
                evidence: Evidence::of(fact),
            }),
        }
    }
    kinds.sort_by(|a, b| {
        let place = |kind: &Kind| (rule::human_rule(&kind.rule).0, std::cmp::Reverse(kind.evidence.time));
        place(a).cmp(&place(b)).then_with(|| (&a.rule, a.kind, a.is_human).cmp(&(&b.rule, b.kind, b.is_human)))
    });
    kinds
}

/// The first rule that decides, unless records contradict each other.
pub(crate) fn is_human(kinds: &[Kind]) -> Human {
    let says = |human: Human| kinds.iter().any(|kind| kind.is_human == human);
    if says(Human::Mixed) || says(Human::Human) && says(Human::Nonhuman) {
        return Human::Mixed;
    }
    kinds.iter().map(|kind| kind.is_human).find(|human| *human != Human::Unknown).unwrap_or(Human::Unknown)
}

/// What it touched, the most often touched first, and how many are left out.
pub(crate) fn touched(facts: &[Arc<Fact>], bearings: &Bearings, top: usize) -> (Vec<Touched>, usize) {
    let mut all = BTreeMap::new();
    for fact in facts.iter().filter(|fact| bearings.means(&fact.actor.uri, fact.time)) {
        blast_radius::touch(&mut all, fact);
    }
    let mut touched: Vec<Touched> = all.into_values().collect();
    touched
        .sort_by(|a, b| (b.allowed + b.failed).cmp(&(a.allowed + a.failed)).then_with(|| a.resource.cmp(&b.resource)));
    let left_out = touched.len().saturating_sub(top);
    touched.truncate(top);
    (touched, left_out)
}

/// Whom it works with, the most frequent first, and how many are left out.
pub(crate) fn peers(facts: &[Arc<Fact>], issued: &[Arc<Fact>], bearings: &Bearings, top: usize) -> (Vec<Peer>, usize) {
    let mut all: BTreeMap<(String, PeerRole), Peer> = BTreeMap::new();
    let mut meet = |principal: &str, role: PeerRole, tier: Tier, fact: &Arc<Fact>| {
        if bearings.names.iter().any(|name| name.uri == principal) {
            return;
        }
        let new = || Peer { principal: principal.to_owned(), role, events: 0, tier, evidence: Evidence::of(fact) };
        all.entry((principal.to_owned(), role)).or_insert_with(new).events += 1;
    };
    for fact in facts {
        let own = |uri: &str| bearings.means(uri, fact.time);
        for (step, next) in fact.chain.iter().zip(fact.chain.iter().skip(1)) {
            let tier = rule::in_event(step);
            match (own(&step.principal), own(&next.principal)) {
                (false, true) => meet(&step.principal, PeerRole::CameFrom, tier, fact),
                (true, false) => meet(&next.principal, PeerRole::WentTo, tier, fact),
                _ => {}
            }
        }
        if let Some(initiator) = fact.initiator.as_ref().filter(|_| fact.chain.is_empty()) {
            let tier = crate::lineage::initiated(fact, initiator);
            match (own(initiator), own(&fact.actor.uri)) {
                (false, true) => meet(initiator, PeerRole::CameFrom, tier, fact),
                (true, false) => meet(&fact.actor.uri, PeerRole::WentTo, tier, fact),
                _ => {}
            }
        }
        if own(&fact.actor.uri) {
            fact.bearers().for_each(|holder| meet(holder, PeerRole::IssuedTo, Tier::L1, fact));
        }
    }
    for fact in issued {
        meet(&fact.actor.uri, PeerRole::IssuedBy, Tier::L1, fact);
    }
    let mut peers: Vec<Peer> = all.into_values().collect();
    peers.sort_by(|a, b| b.events.cmp(&a.events).then_with(|| (&a.principal, a.role).cmp(&(&b.principal, b.role))));
    let left_out = peers.len().saturating_sub(top);
    peers.truncate(top);
    (peers, left_out)
}
