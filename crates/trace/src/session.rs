//! The stitched timeline of a session: its records on every platform, and what became of its credentials.
//!
//! A session is followed up to the credentials it came from and down to those it minted; where a
//! platform names no session, the records of one token are one. A key or a name that outlives its
//! sessions is cut into stretches: calls of one address and one program, none long after the other.
//! That is a guess, and said to be one.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::CredentialChangeKind;
use serde::Serialize;

use crate::answer::{Evidence, Gap, as_time};
use crate::issuance::nanos;
use crate::name::Name;
use crate::once::Once;
use crate::store::{Key, Lookup, Order, Store, StoreError};
use crate::{Fact, Settings, Tier, life, lineage};

/// What one entry of a timeline is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// A credential of the session was issued.
    Issuance,
    /// One was refreshed.
    Refresh,
    /// One was revoked or disabled.
    Revocation,
    /// A call.
    Use,
}

/// One entry of a timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// What it is.
    pub moment: Moment,
    /// The credential it concerns, or that was used; the session where the record names none.
    pub credential: Option<String>,
    /// The call.
    pub operation: Option<String>,
    /// How it is tied to what was asked for.
    pub tier: Tier,
    /// The record.
    pub evidence: Evidence,
}

/// A time without records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Silence {
    /// It begins with the last record before it.
    #[serde(serialize_with = "as_time")]
    pub from: i64,
    /// It ends with the first record after it.
    #[serde(serialize_with = "as_time")]
    pub until: i64,
    /// The last record before it.
    pub before: Evidence,
    /// The first record after it.
    pub after: Evidence,
}

/// What holds a session together that no record names: a guess, and so L4.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Derived {
    /// The credential that all its calls used; none where the records name none.
    pub credential: Option<String>,
    /// Who made all its calls.
    pub principal: String,
    /// The address they came from; none where the records name none.
    pub src_ip: Option<String>,
    /// The program they were made with; none where the records name none.
    pub user_agent: Option<String>,
    /// Longest time between two of them, milliseconds.
    pub idle_ms: i64,
    /// How strong that is.
    pub tier: Tier,
}

/// The timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Timeline {
    /// Sessions that its records name, sorted.
    pub sessions: Vec<String>,
    /// What holds it together where no record names a session.
    pub derived: Option<Derived>,
    /// Credentials of it, in the order in which they were reached.
    pub credentials: Vec<String>,
    /// The entries, by time.
    pub entries: Vec<Entry>,
    /// Longer times without a record.
    pub silences: Vec<Silence>,
    /// What could not be told.
    pub gaps: Vec<Gap>,
}

/// The timeline of the session an event belongs to.
///
/// # Errors
/// When the store cannot answer.
pub fn of_event(store: &impl Store, event: &Arc<Fact>, settings: &Settings) -> Result<Timeline, StoreError> {
    let mut stitch = Stitch::new(store, settings);
    match (&event.session, &event.credential) {
        (Some(session), _) => {
            let session = session.clone();
            stitch.seed(event);
            stitch.session(&session)?;
        }
        (None, Some(credential)) if is_of_session(&credential.uri) => stitch.seed(event),
        (None, _) => stitch.derive(event)?,
    }
    stitch.up(event)?;
    stitch.run()
}

/// The timeline of a session by its URI.
///
/// # Errors
/// When the store cannot answer.
pub fn of_session(store: &impl Store, session: &str, settings: &Settings) -> Result<Timeline, StoreError> {
    let mut stitch = Stitch::new(store, settings);
    let first = stitch.session(session)?;
    if let Some(first) = first {
        stitch.up(&first)?;
    }
    stitch.run()
}

struct Stitch<'s, S> {
    store: &'s S,
    settings: &'s Settings,
    /// Credentials to read, and how each is tied to what was asked for.
    credentials: Vec<(String, Tier)>,
    sessions: BTreeSet<String>,
    entries: Vec<(Arc<Fact>, Entry)>,
    /// Where the entry of a record stands.
    places: Once,
    derived: Option<Derived>,
    /// Facts read for a derived session.
    read: usize,
    gaps: Vec<Gap>,
}

impl<'s, S: Store> Stitch<'s, S> {
    fn new(store: &'s S, settings: &'s Settings) -> Stitch<'s, S> {
        Stitch {
            store,
            settings,
            credentials: Vec::new(),
            sessions: BTreeSet::new(),
            entries: Vec::new(),
            places: Once::default(),
            derived: None,
            read: 0,
            gaps: Vec::new(),
        }
    }

    fn cut(&mut self, limit: &'static str, value: usize) {
        let gap = Gap::Cut { limit, value };
        if !self.gaps.contains(&gap) {
            self.gaps.push(gap);
        }
    }

    fn credential(&mut self, uri: &str, tier: Tier) {
        if self.credentials.iter().any(|(known, _)| known == uri) {
            return;
        }
        if self.credentials.len() >= self.settings.credentials_max {
            self.cut("credentials_max", self.settings.credentials_max);
            return;
        }
        self.credentials.push((uri.to_owned(), tier));
    }

    /// What an event says of its session: the credential that it used, if that ends with the session.
    fn seed(&mut self, event: &Arc<Fact>) {
        let used = event.credential.as_ref().map(|credential| credential.uri.as_str());
        match used.filter(|uri| is_of_session(uri)) {
            Some(credential) => self.credential(credential, Tier::L1),
            None => self.enter(event, Moment::Use, used, Tier::L1),
        }
    }

    /// Calls around an event that are alike in all that a shared name leaves to tell them apart.
    fn derive(&mut self, event: &Arc<Fact>) -> Result<(), StoreError> {
        let idle = nanos(self.settings.idle_ms);
        self.derived = Some(Derived {
            credential: event.credential.as_ref().map(|credential| credential.uri.clone()),
            principal: event.actor.uri.clone(),
            src_ip: event.src_ip.clone(),
            user_agent: event.user_agent.clone(),
            idle_ms: self.settings.idle_ms,
            tier: Tier::L4,
        });
        self.enter_use(event, Tier::L1);
        for order in [Order::Newest, Order::Oldest] {
            let mut edge = event.clone();
            loop {
                let (from, until) = match order {
                    Order::Newest => (edge.time.saturating_sub(idle), edge.time),
                    Order::Oldest => (edge.time, edge.time.saturating_add(idle)),
                };
                let alike = self.alike(event, &edge, (from, until), order)?;
                let Some(last) = alike.last().cloned() else { break };
                alike.iter().for_each(|fact| self.enter_use(fact, Tier::L4));
                edge = last;
            }
        }
        Ok(())
    }

    /// Calls like an event on the far side of another, nearest first.
    fn alike(
        &mut self,
        event: &Arc<Fact>,
        edge: &Arc<Fact>,
        (from, until): (i64, i64),
        order: Order,
    ) -> Result<Vec<Arc<Fact>>, StoreError> {
        let key = match &event.credential {
            Some(credential) => Key::Used(&credential.uri),
            None => Key::Principal(&event.actor.uri),
        };
        let limit = self.settings.uses_max.saturating_sub(self.read);
        let page = self.store.find(&Lookup { key, from, until, order, limit })?;
        self.read += page.facts.len();
        if page.more {
            self.cut("uses_max", self.settings.uses_max);
        }
        let used = |fact: &Fact| fact.credential.as_ref().map(|credential| credential.uri.clone());
        let tells = |fact: &Fact| (fact.actor.uri.clone(), used(fact), fact.src_ip.clone(), fact.user_agent.clone());
        let wanted = tells(event);
        let beyond = |fact: &Arc<Fact>| match order {
            Order::Newest => fact.order() < edge.order(),
            Order::Oldest => fact.order() > edge.order(),
        };
        Ok(page
            .facts
            .into_iter()
            .filter(|fact| beyond(fact) && fact.session.is_none() && tells(fact) == wanted)
            .collect())
    }

    /// Enters a call of a derived session; what it minted belongs to it.
    fn enter_use(&mut self, fact: &Arc<Fact>, tier: Tier) {
        let used = fact.credential.as_ref().map(|credential| credential.uri.clone());
        self.enter(fact, Moment::Use, used.as_deref(), tier);
        if let Some(child) = fact.issued.as_ref().filter(|child| is_of_session(&child.uri)) {
            self.credential(&child.uri.clone(), tier);
        }
    }

    /// The records that name a session; the first of them is returned.
    fn session(&mut self, session: &str) -> Result<Option<Arc<Fact>>, StoreError> {
        self.sessions.insert(session.to_owned());
        let page = self.read(Key::Session(session))?;
        for fact in &page {
            let used = fact.credential.as_ref().map(|credential| credential.uri.clone());
            self.enter(fact, Moment::Use, used.as_deref(), Tier::L1);
            // A long-lived key is more than one session; only what lives in this one is followed.
            if let Some(credential) = used.filter(|uri| is_of_session(uri)) {
                self.credential(&credential, Tier::L1);
            }
        }
        Ok(page.first().cloned())
    }

    fn read(&mut self, key: Key<'_>) -> Result<Vec<Arc<Fact>>, StoreError> {
        // One bound over the whole timeline.
        let left = self.settings.uses_max.saturating_sub(self.entries.len());
        let page = self.store.find(&Lookup::within(key, i64::MIN, i64::MAX, left))?;
        if page.more {
            self.cut("uses_max", self.settings.uses_max);
        }
        Ok(page.facts)
    }

    /// The credentials that an event's came from, as far as each lives in one session.
    fn up(&mut self, event: &Arc<Fact>) -> Result<(), StoreError> {
        let lineage = lineage::of_event(self.store, event, self.settings)?;
        let mut weakest = Tier::L1;
        for edge in lineage.edges.iter().filter(|edge| edge.on_path) {
            weakest = weakest.max(edge.tier);
            if is_of_session(&edge.from) {
                self.credential(&edge.from, weakest);
            }
            // How a key that outlives the session was made is no step of it.
            let outlives = Name::of(&edge.to).is_some_and(|name| name.class == "cred") && !is_of_session(&edge.to);
            if let Some(issuer) = edge.issuer.as_ref().filter(|_| !outlives)
                && let Some(fact) = self.store.event(&issuer.event_id)?
            {
                let minted = fact.issued.as_ref().map(|issued| issued.uri.clone());
                let moment = if minted.is_some() { Moment::Issuance } else { Moment::Use };
                self.enter(&fact, moment, minted.as_deref(), weakest);
            }
        }
        self.gaps.extend(lineage.gaps);
        Ok(())
    }

    fn run(mut self) -> Result<Timeline, StoreError> {
        let mut next = 0;
        while let Some((uri, tier)) = self.credentials.get(next).cloned() {
            next += 1;
            for name in life::names(self.store, &uri)? {
                self.read_credential(&name, tier)?;
            }
        }
        self.entries.sort_by(|(a, x), (b, y)| a.order().cmp(&b.order()).then(x.moment.cmp(&y.moment)));
        let silences = silences(&self.entries, nanos(self.settings.silence_ms));
        Ok(Timeline {
            sessions: self.sessions.into_iter().collect(),
            derived: self.derived,
            credentials: self.credentials.into_iter().map(|(uri, _)| uri).collect(),
            entries: self.entries.into_iter().map(|(_, entry)| entry).collect(),
            silences,
            gaps: self.gaps,
        })
    }

    fn read_credential(&mut self, name: &str, tier: Tier) -> Result<(), StoreError> {
        for fact in self.read(Key::Issued(name))? {
            self.enter(&fact, Moment::Issuance, Some(name), tier);
        }
        for fact in self.read(Key::Changed(name))? {
            let of = fact.changes.iter().find(|change| change.uri == name);
            let moment = match of.map(|change| change.change) {
                Some(CredentialChangeKind::Refreshed | CredentialChangeKind::Rotated) => Moment::Refresh,
                Some(CredentialChangeKind::Revoked | CredentialChangeKind::Disabled) => Moment::Revocation,
                _ => continue,
            };
            self.enter(&fact, moment, Some(name), tier);
        }
        for fact in self.read(Key::Used(name))? {
            self.sessions.extend(fact.session.clone());
            self.enter(&fact, Moment::Use, Some(name), tier);
        }
        for fact in self.read(Key::IssuedFrom(name))? {
            if let Some(child) = fact.issued.as_ref().filter(|child| is_of_session(&child.uri)) {
                self.credential(&child.uri.clone(), tier);
            }
        }
        Ok(())
    }

    /// One record is one entry: what it issued, refreshed or revoked says more than that it was a call.
    fn enter(&mut self, fact: &Arc<Fact>, moment: Moment, credential: Option<&str>, tier: Tier) {
        let entry = Entry {
            moment,
            credential: credential.map(str::to_owned),
            operation: fact.operation.clone(),
            tier,
            evidence: Evidence::of(fact),
        };
        let (place, _) = self.places.place(fact);
        match self.entries.get_mut(place) {
            Some((_, known)) if (moment, tier) < (known.moment, known.tier) => *known = entry,
            Some(_) => {}
            None => self.entries.push((fact.clone(), entry)),
        }
    }
}

/// Whether a credential lives in one session: a token does, a long-lived key does not.
fn is_of_session(uri: &str) -> bool {
    Name::of(uri).is_some_and(|name| name.class == "cred" && crate::rule::is_temporary(name.kind))
}

fn silences(entries: &[(Arc<Fact>, Entry)], longest: i64) -> Vec<Silence> {
    let facts = || entries.iter().map(|(fact, _)| fact);
    let pairs = facts().zip(facts().skip(1)).filter(|(before, after)| after.time - before.time > longest);
    let silence = |(before, after): (&Arc<Fact>, &Arc<Fact>)| Silence {
        from: before.time,
        until: after.time,
        before: Evidence::of(before),
        after: Evidence::of(after),
    };
    pairs.map(silence).collect()
}
