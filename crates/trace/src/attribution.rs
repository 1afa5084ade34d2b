//! The share of events with one clear actor, and who the others are.
//!
//! Every event is asked what `who` is asked, over as many events as there are. What lineage finds
//! depends on the event's own facts and on its time, so an answer is kept for the facts, together
//! with the stretch of time in which no look-up would find anything else: ten thousand calls with
//! one token cost one walk, and a kept answer is the answer that a walk would give.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use model::{AliasRel, Platform};
use serde::Serialize;

use crate::answer::{Evidence, Gap};
use crate::name::Name;
use crate::steady::Steady;
use crate::store::{Store, StoreError};
use crate::who::{self, Attribution};
use crate::{Fact, Settings, Tier, issuance, lineage, rule};

/// Events of one platform and source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Share {
    /// The platform.
    pub platform: Platform,
    /// The source they came from, where the caller names it.
    pub source: Option<String>,
    /// Events.
    pub events: u64,
    /// Events with one clear actor.
    pub clear: u64,
    /// Events under a name that many can use.
    pub shared: u64,
    /// Events that several could have made.
    pub ambiguous: u64,
    /// Events whose actor nobody names.
    pub unknown: u64,
    /// Events with one clear actor, by the weakest link to their origin.
    pub tiers: Tiers,
}

/// Events by the weakest link of their chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tiers {
    /// A chain of nothing weaker than L1.
    #[serde(rename = "L1")]
    pub l1: u64,
    /// L2 is the weakest.
    #[serde(rename = "L2")]
    pub l2: u64,
    /// L3 is the weakest.
    #[serde(rename = "L3")]
    pub l3: u64,
    /// L4 is the weakest.
    #[serde(rename = "L4")]
    pub l4: u64,
    /// No chain: the record alone names the actor.
    pub record: u64,
}

/// An actor whose events are not clear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unclear {
    /// What is not clear about it.
    pub attribution: Attribution,
    /// The actor, as the records name it.
    pub principal: String,
    /// Its name in the example, verbatim.
    pub name: Option<String>,
    /// The platform of the records.
    pub platform: Platform,
    /// Events.
    pub events: u64,
    /// The oldest of them.
    pub example: Evidence,
}

/// The answer over all events that were told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shares {
    /// Events.
    pub events: u64,
    /// Events with one clear actor.
    pub clear: u64,
    /// By platform and source.
    pub shares: Vec<Share>,
    /// The shared, ambiguous and unknown, the most frequent first.
    pub unclear: Vec<Unclear>,
    /// Limits that cut the list of the unclear; the counts are of all events.
    pub gaps: Vec<Gap>,
    /// Walks that were made; the other events were answered from a kept one.
    pub walks: u64,
    /// Version of the rules.
    pub resolution: u32,
}

/// The share of each source's events. A source is named by the caller, since no record names its own.
///
/// # Errors
/// When the store cannot answer, or `facts` yields an error.
pub fn of(
    store: &impl Store,
    facts: impl IntoIterator<Item = Result<(Option<String>, Arc<Fact>), StoreError>>,
    settings: &Settings,
) -> Result<Shares, StoreError> {
    let mut tally = Tally::new(store, settings);
    for fact in facts {
        let (source, fact) = fact?;
        tally.add(source.as_deref(), &fact)?;
    }
    Ok(tally.finish())
}

/// Whoever streams events tells them one by one, in any order.
pub struct Tally<'s, S> {
    store: &'s S,
    settings: &'s Settings,
    kept: Kept,
    shares: BTreeMap<(Platform, Option<String>), Share>,
    unclear: HashMap<(Attribution, Platform, String), Unclear>,
    /// Actors that found no place among the unclear.
    crowded: bool,
    walks: u64,
}

impl<'s, S: Store> Tally<'s, S> {
    /// Nothing told yet.
    pub fn new(store: &'s S, settings: &'s Settings) -> Tally<'s, S> {
        Tally {
            store,
            settings,
            kept: Kept::new(settings.kept_max),
            shares: BTreeMap::new(),
            unclear: HashMap::new(),
            crowded: false,
            walks: 0,
        }
    }

    /// Tells one event. An item of an inventory tells a state and is nobody's act: it does not count.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub fn add(&mut self, source: Option<&str>, event: &Arc<Fact>) -> Result<(), StoreError> {
        if event.inventory.is_some() {
            return Ok(());
        }
        let (attribution, weakest) = self.answer(event)?;
        let key = (event.platform, source.map(str::to_owned));
        let share = self.shares.entry(key).or_insert_with(|| Share {
            platform: event.platform,
            source: source.map(str::to_owned),
            events: 0,
            clear: 0,
            shared: 0,
            ambiguous: 0,
            unknown: 0,
            tiers: Tiers::default(),
        });
        share.events += 1;
        match attribution {
            Attribution::Clear => {
                share.clear += 1;
                *share.tiers.of(weakest) += 1;
                return Ok(());
            }
            Attribution::Shared => share.shared += 1,
            Attribution::Ambiguous => share.ambiguous += 1,
            Attribution::Unknown => share.unknown += 1,
        }
        self.name(attribution, event);
        Ok(())
    }

    /// What `who` would say, kept where nothing but the time of the event differs.
    fn answer(&mut self, event: &Arc<Fact>) -> Result<(Attribution, Option<Tier>), StoreError> {
        let likeness = likeness(event);
        if let Some(kept) = likeness.and_then(|likeness| self.kept.get(likeness, event.time)) {
            return Ok(kept);
        }
        self.walks += 1;
        let steady = Steady::new(self.store, event.time, self.settings);
        let lineage = lineage::of_checked(&steady, event, self.settings)?;
        let weakest = lineage.weakest.filter(|_| lineage.checked_edges > 0);
        let answer = (who::attribution(event, &lineage), weakest);
        // Of several candidates the event's own ids may have told one, which are no other event's.
        let claims = lineage.gaps.iter().any(|gap| matches!(gap, Gap::Ambiguous { .. }))
            || lineage.edges.iter().any(|edge| edge.hop == 0 && edge.rule == rule::CLAIMED);
        if let Some(likeness) = likeness.filter(|_| !claims || foreign(event).next().is_none()) {
            self.kept.put(likeness, steady.stretch(), answer);
        }
        Ok(answer)
    }

    fn name(&mut self, attribution: Attribution, event: &Fact) {
        let key = (attribution, event.platform, event.actor.uri.clone());
        if let Some(known) = self.unclear.get_mut(&key) {
            known.events += 1;
            let order = |evidence: &Evidence| (evidence.time, evidence.source_event_id.clone());
            let new = Evidence::of(event);
            if order(&new) < order(&known.example) {
                known.example = new;
                known.name.clone_from(&event.actor.name);
            }
        } else if self.unclear.len() < self.settings.unclear_max {
            let unclear = Unclear {
                attribution,
                principal: event.actor.uri.clone(),
                name: event.actor.name.clone(),
                platform: event.platform,
                events: 1,
                example: Evidence::of(event),
            };
            self.unclear.insert(key, unclear);
        } else {
            self.crowded = true;
        }
    }

    /// The answer over all that was told.
    pub fn finish(self) -> Shares {
        let mut unclear: Vec<Unclear> = self.unclear.into_values().collect();
        unclear.sort_by(|a, b| {
            b.events.cmp(&a.events).then_with(|| (&a.principal, a.attribution).cmp(&(&b.principal, b.attribution)))
        });
        let cut = Gap::Cut { limit: "unclear_max", value: self.settings.unclear_max };
        let shares: Vec<Share> = self.shares.into_values().collect();
        Shares {
            events: shares.iter().map(|share| share.events).sum(),
            clear: shares.iter().map(|share| share.clear).sum(),
            shares,
            unclear,
            gaps: if self.crowded { vec![cut] } else { Vec::new() },
            walks: self.walks,
            resolution: crate::RESOLUTION,
        }
    }
}

impl Tiers {
    fn of(&mut self, weakest: Option<Tier>) -> &mut u64 {
        match weakest {
            Some(Tier::L1) => &mut self.l1,
            Some(Tier::L2) => &mut self.l2,
            Some(Tier::L3) => &mut self.l3,
            Some(Tier::L4) => &mut self.l4,
            None => &mut self.record,
        }
    }
}

/// All that lineage reads off an event itself but its time, as a digest; `None` for an event that is
/// itself part of what the walk may find, and so has an answer of its own.
fn likeness(event: &Fact) -> Option<u128> {
    let own = |uri: &String| event.issued.as_ref().is_some_and(|issued| issued.uri == *uri);
    match &event.credential {
        _ if Name::of(&event.actor.uri).is_some_and(|name| name.kind == "subject") => return None,
        Some(credential) if own(&credential.uri) => return None,
        None if event.session.is_some() && issuance::opens_session(event) => return None,
        _ => {}
    }
    let half = |salt: u64| {
        let mut hasher = DefaultHasher::new();
        salt.hash(&mut hasher);
        digest(event, &mut hasher);
        u128::from(hasher.finish())
    };
    Some(half(1) << 64 | half(2))
}

/// Identities of other platforms that stand for the actor.
fn foreign(event: &Fact) -> impl Iterator<Item = &str> {
    let stands = |alias: &&crate::Alias| alias.rel == AliasRel::FederatesTo && alias.b == event.actor.uri;
    event.aliases.iter().filter(stands).map(|alias| alias.a.as_str())
}

fn digest(event: &Fact, hasher: &mut DefaultHasher) {
    let actor = &event.actor;
    (event.platform, &event.authority, &actor.uri, actor.kind, actor.name.is_some(), actor.is_human).hash(hasher);
    let credential = event.credential.as_ref();
    credential.map(|credential| (&credential.uri, &credential.kind, &credential.native_id)).hash(hasher);
    (&event.session, &event.initiator, event.agent_run.is_some()).hash(hasher);
    for step in &event.chain {
        (&step.principal, &step.evidence_path, step.verified).hash(hasher);
    }
    if credential.is_none() {
        (event.shared(), event.holders().any(|holder| holder == actor.uri)).hash(hasher);
    }
    foreign(event).for_each(|principal| principal.hash(hasher));
    event.issued.as_ref().map(|issued| &issued.audience).hash(hasher);
}

/// Answers, each with the first and the last time at which it holds. When half of the room is taken
/// the older half goes: what is forgotten costs a walk, and nothing else.
struct Kept {
    new: HashMap<u128, Vec<Answer>>,
    old: HashMap<u128, Vec<Answer>>,
    half: usize,
}

/// One answer and its stretch of time.
#[derive(Clone, Copy)]
struct Answer {
    from: i64,
    until: i64,
    attribution: Attribution,
    weakest: Option<Tier>,
}

/// Stretches kept for one likeness; a credential of many issuances is walked again.
const STRETCHES_MAX: usize = 8;

impl Kept {
    fn new(room: usize) -> Kept {
        Kept { new: HashMap::new(), old: HashMap::new(), half: (room / 2).max(1) }
    }

    fn get(&mut self, likeness: u128, time: i64) -> Option<(Attribution, Option<Tier>)> {
        let holds =
            |answers: &Vec<Answer>| answers.iter().find(|answer| (answer.from..=answer.until).contains(&time)).copied();
        let found = self.new.get(&likeness).and_then(holds);
        let found = found.or_else(|| {
            let found = self.old.get(&likeness).and_then(holds)?;
            let all = self.old.remove(&likeness)?;
            self.new.insert(likeness, all);
            Some(found)
        });
        found.map(|answer| (answer.attribution, answer.weakest))
    }

    fn put(&mut self, likeness: u128, (from, until): (i64, i64), answer: (Attribution, Option<Tier>)) {
        if self.new.len() >= self.half {
            self.old = std::mem::take(&mut self.new);
        }
        let answers = self.new.entry(likeness).or_default();
        if answers.len() >= STRETCHES_MAX {
            answers.remove(0);
        }
        let (attribution, weakest) = answer;
        answers.push(Answer { from, until, attribution, weakest });
    }
}
