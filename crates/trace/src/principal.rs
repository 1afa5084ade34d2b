//! The passport of a principal: its names over time, what it is and why, its life, what it holds and
//! touches, whom it works with, and whose it is; as of a time.

use std::collections::BTreeMap;

use model::{ActorKind, Human};
use serde::Serialize;

use crate::alias::{self, Relation, Uncertain};
use crate::answer::{Evidence, Gap, as_time};
use crate::blast_radius::Touched;
use crate::life::{Life, State};
use crate::owner::{self, Owner};
use crate::passport::{self, Reader};
use crate::store::{Store, StoreError};
use crate::{Rank, Settings, Tier, bearing};

/// A name, and when it was this principal's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NameSpan {
    /// Canonical URI.
    pub uri: String,
    /// How well it names its bearer.
    pub rank: Rank,
    /// The first record that shows it beside another name of this principal.
    pub first: Option<Evidence>,
    /// The last one up to the time asked for.
    pub last: Option<Evidence>,
    /// The rule by which the record's module says so.
    pub alias_rule: Option<String>,
    /// Whether it is its name at the time asked for.
    pub current: bool,
}

/// Somebody else who had one of the names: another principal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OtherBearer {
    /// The name.
    pub name: String,
    /// Who had it.
    pub principal: String,
    /// The first record that shows it.
    pub first: Evidence,
    /// The last one up to the time asked for.
    pub last: Evidence,
}

/// What it is, as records say by one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kind {
    /// What kind of principal.
    pub kind: ActorKind,
    /// Whether a human acts.
    pub is_human: Human,
    /// The rule that decided, as in `R1:k8s-serviceaccount`; empty where none did.
    pub rule: String,
    /// What such a rule goes by.
    pub why: &'static str,
    /// Records that say so, of those read.
    pub events: usize,
    /// The newest of them.
    pub evidence: Evidence,
}

/// A step in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// It was made.
    Created,
    /// The first record in which it acts.
    FirstSeen,
    /// It was changed, switched off or on: the operation says which.
    Changed,
    /// What it may do was changed.
    RightsChanged,
    /// It was listed in an inventory.
    Listed,
    /// A credential of it was issued.
    CredentialIssued,
    /// A credential of it was ended or switched off.
    CredentialEnded,
    /// The newest record in which it acts.
    LastSeen,
    /// It was removed.
    Deleted,
}

/// One step, with its record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What it is.
    pub step: StepKind,
    /// The call.
    pub operation: Option<String>,
    /// Who did it.
    pub by: String,
    /// The credential, of a step of one.
    pub credential: Option<String>,
    /// The record.
    pub evidence: Evidence,
}

/// A credential of the principal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Held {
    /// A record says that it was issued to it.
    pub issued_to: bool,
    /// A record shows it being used by it.
    pub used_by: bool,
    /// The newest inventory that lists it.
    pub listed: Option<Evidence>,
    /// Its life.
    #[serde(flatten)]
    pub life: Life,
}

/// How a peer stands to the principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PeerRole {
    /// It acted through this principal: assumed it, impersonated it, called it.
    CameFrom,
    /// This principal acted through it.
    WentTo,
    /// It had credentials issued to this principal.
    IssuedBy,
    /// This principal had credentials issued to it.
    IssuedTo,
}

/// Another principal it works with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Peer {
    /// Canonical URI.
    pub principal: String,
    /// How it stands to this one.
    pub role: PeerRole,
    /// Records that show it, of those read.
    pub events: usize,
    /// How strongly the newest of them does.
    pub tier: Tier,
    /// The newest of them.
    pub evidence: Evidence,
}

/// The passport.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Passport {
    /// The name that names it best.
    pub principal: String,
    /// As of when everything here is told.
    #[serde(serialize_with = "as_time")]
    pub as_of: i64,
    /// Its names over time, the best first.
    pub names: Vec<NameSpan>,
    /// Who else had one of them: a name deleted and given out again is two principals.
    pub other_bearers: Vec<OtherBearer>,
    /// Names whose bearer at that time is not known.
    pub uncertain: Vec<Uncertain>,
    /// What it leads to, and what leads to it.
    pub relations: Vec<Relation>,
    /// What it is, the rule that goes first in `identity.md` 3.4 first; empty when no record shows it.
    pub kinds: Vec<Kind>,
    /// Whether it is a human, by the first of those; `mixed` when records contradict each other.
    pub is_human: Human,
    /// Its life, a record each, oldest first.
    pub steps: Vec<Step>,
    /// Its credentials, those alive first.
    pub credentials: Vec<Held>,
    /// Credentials by state.
    pub states: BTreeMap<State, usize>,
    /// Newest events read that it did.
    pub uses: usize,
    /// What it touched in them, the most often touched first.
    pub touched: Vec<Touched>,
    /// Resources touched that are not listed.
    pub touched_left_out: usize,
    /// Whom it works with, the most frequent first.
    pub peers: Vec<Peer>,
    /// Peers that are not listed.
    pub peers_left_out: usize,
    /// Whose it is, as inventories and records say; all empty where none does.
    pub owner: Owner,
    /// The newest inventory that lists it; none when none does.
    pub listed: Option<Evidence>,
    /// What could not be told, and limits that cut the answer.
    pub gaps: Vec<Gap>,
    /// Version of the rules.
    pub resolution: u32,
}

/// The passport of a principal as of a time in nanoseconds since 1970.
///
/// # Errors
/// When the store cannot answer.
pub fn of(store: &impl Store, principal: &str, time: i64, settings: &Settings) -> Result<Passport, StoreError> {
    let identity = alias::resolve(store, principal, time, settings)?;
    let bearings = bearing::of(store, &identity, time, settings)?;
    let mut reader = Reader::new(store, settings, time, &bearings);
    let acts = reader.acts()?;
    let issued = reader.issued()?;
    let listings = reader.listings()?;
    let credentials = reader.credentials(&acts, &issued, &listings)?;
    let steps = reader.steps(&credentials, &listings)?;
    let mut states = BTreeMap::new();
    for held in &credentials {
        *states.entry(held.life.state).or_default() += 1;
    }
    let kinds = passport::kinds(&acts, &listings, &bearings);
    let (touched, touched_left_out) = passport::touched(&acts, &bearings, settings.top_max);
    let (peers, peers_left_out) = passport::peers(&acts, &issued, &bearings, settings.top_max);
    Ok(Passport {
        as_of: time,
        names: passport::names(&bearings, &identity),
        other_bearers: passport::others(&bearings),
        is_human: passport::is_human(&kinds),
        uses: acts.iter().filter(|fact| bearings.means(&fact.actor.uri, fact.time)).count(),
        owner: owner::of(&listings, &identity.relations, &bearings),
        listed: listings.first().map(|fact| Evidence::of(fact)),
        gaps: reader.gaps,
        principal: identity.display,
        uncertain: identity.uncertain,
        relations: identity.relations,
        kinds,
        steps,
        credentials,
        states,
        touched,
        touched_left_out,
        peers,
        peers_left_out,
        resolution: crate::RESOLUTION,
    })
}
