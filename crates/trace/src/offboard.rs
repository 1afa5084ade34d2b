//! Proof that a principal is gone: each credential, session and grant of it, and whether it is.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::answer::{Evidence, Gap};
use crate::grant::{self, GrantState};
use crate::life::{self, State};
use crate::name::Name;
use crate::store::{Key, Lookup, Page, Store, StoreError};
use crate::{Settings, alias};

/// Whether one thing of a principal is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Gone {
    /// Used after the time by which it should have been gone.
    UsedAfter,
    /// It can still be used.
    StillAlive,
    /// No record says how it ends.
    Unknown,
    /// Revoked or expired.
    Revoked,
}

/// One thing of a principal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// URI of a credential, session or grant.
    pub item: String,
    /// Class of the URI: `cred`, `session`, `grant`.
    pub class: &'static str,
    /// Whether it is gone.
    pub verdict: Gone,
    /// The record that ended it.
    pub ended: Option<Evidence>,
    /// The newest use of it up to now.
    pub last_use: Option<Evidence>,
}

/// The proof, the worst first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Offboarding {
    /// The principal asked about.
    pub principal: String,
    /// The names under which it was looked for.
    pub names: Vec<String>,
    /// What it has, the worst first.
    pub items: Vec<Item>,
    /// Limits that cut the proof: it then proves nothing about the rest.
    pub gaps: Vec<Gap>,
}

/// Proves, as of `now`, what became of all that a principal had, which should have been gone by `since`.
/// Both in nanoseconds since 1970.
///
/// # Errors
/// When the store cannot answer.
pub fn prove(
    store: &impl Store,
    principal: &str,
    since: i64,
    now: i64,
    settings: &Settings,
) -> Result<Offboarding, StoreError> {
    let identity = alias::resolve(store, principal, since, settings)?;
    let names: Vec<String> = identity.names.into_iter().map(|known| known.uri).collect();
    let mut has = Has::default();
    has.cut |= identity.cut;
    for name in &names {
        has.collect(store, name, now, settings)?;
    }
    let mut items = Vec::new();
    for credential in &has.credentials {
        let life = life::of(store, credential, now, settings)?;
        let used = life.last_use.as_ref().is_some_and(|used| used.time > since);
        let verdict = match life.state {
            _ if used => Gone::UsedAfter,
            State::Alive => Gone::StillAlive,
            State::Revoked | State::Expired => Gone::Revoked,
            // What is only switched off can be switched on.
            State::Disabled => Gone::StillAlive,
            State::Unknown => Gone::Unknown,
        };
        let item = credential.clone();
        items.push(Item { item, class: "cred", verdict, ended: life.ended, last_use: life.last_use });
    }
    for (session, credentials) in &has.sessions {
        let item = session_item(store, session, credentials, &items, since, now)?;
        items.push(item);
    }
    for grant in &has.grants {
        let Some(folded) = grant::fold(store, grant, now, settings)? else { continue };
        let verdict = match folded.state {
            GrantState::Active | GrantState::Approved | GrantState::Requested => Gone::StillAlive,
            GrantState::Denied | GrantState::Revoked | GrantState::Expired => Gone::Revoked,
        };
        let ended = folded.evidence.last().cloned().filter(|_| folded.ended);
        items.push(Item { item: grant.clone(), class: "grant", verdict, ended, last_use: None });
    }
    items.sort_by(|a, b| (a.verdict, a.class, &a.item).cmp(&(b.verdict, b.class, &b.item)));
    let gaps = if has.cut { vec![Gap::Cut { limit: "uses_max", value: settings.uses_max }] } else { Vec::new() };
    Ok(Offboarding { principal: principal.to_owned(), names, items, gaps })
}

/// What a principal has, by what records say.
#[derive(Default)]
struct Has {
    credentials: BTreeSet<String>,
    /// Session, and the credentials it was seen with.
    sessions: BTreeMap<String, BTreeSet<String>>,
    grants: BTreeSet<String>,
    cut: bool,
}

impl Has {
    fn collect(&mut self, store: &impl Store, name: &str, now: i64, settings: &Settings) -> Result<(), StoreError> {
        let mut find = |key| -> Result<Page, StoreError> {
            let page = store.find(&Lookup::newest(key, now, settings.uses_max))?;
            self.cut |= page.more;
            Ok(page)
        };
        let (issued, acted, granted) =
            (find(Key::IssuedTo(name))?, find(Key::Principal(name))?, find(Key::GrantedTo(name))?);
        self.credentials.extend(issued.facts.iter().filter_map(|fact| Some(fact.issued.as_ref()?.uri.clone())));
        for fact in acted.facts.iter().filter(|fact| fact.actor.uri == name) {
            let used = fact.credential.as_ref().map(|credential| credential.uri.clone());
            self.credentials.extend(used.clone());
            if let Some(session) = &fact.session {
                self.sessions.entry(session.clone()).or_default().extend(used);
            }
            // What it minted for others goes on without it.
            self.credentials.extend(fact.issued.as_ref().map(|issued| issued.uri.clone()));
        }
        let held = granted.facts.iter().flat_map(|fact| &fact.grants);
        self.grants.extend(held.filter(|g| g.beneficiary.as_deref() == Some(name)).map(|g| g.uri.clone()));
        self.credentials.retain(|uri| Name::of(uri).is_some_and(|name| name.class == "cred"));
        Ok(())
    }
}

/// A session is gone when each credential it was seen with is.
fn session_item(
    store: &impl Store,
    session: &str,
    credentials: &BTreeSet<String>,
    items: &[Item],
    since: i64,
    now: i64,
) -> Result<Item, StoreError> {
    let last = store.find(&Lookup::newest(Key::Session(session), now, 1))?.facts.into_iter().next();
    let used = last.as_ref().is_some_and(|fact| fact.time > since);
    let of = |item: &&Item| credentials.contains(&item.item);
    let verdict = match items.iter().filter(of).map(|item| item.verdict).min() {
        _ if used => Gone::UsedAfter,
        Some(worst) => worst,
        None => Gone::Unknown,
    };
    let last_use = last.map(|fact| Evidence::of(&fact));
    Ok(Item { item: session.to_owned(), class: "session", verdict, ended: None, last_use })
}
