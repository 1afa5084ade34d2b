//! The parts that answers are made of: evidence, edges, gaps. Their names are stable.

use model::{EventId, Human, Platform};
use serde::{Serialize, Serializer};

use crate::{Fact, Tier};

/// Names one event as evidence: by our id, and by the id at its source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// The event.
    #[serde(serialize_with = "as_text")]
    pub event_id: EventId,
    /// The record's id at its source.
    pub source_event_id: Option<String>,
    /// The platform of the record.
    pub platform: Platform,
    /// Event time, nanoseconds since 1970; RFC 3339 when printed.
    #[serde(serialize_with = "as_time")]
    pub time: i64,
}

impl Evidence {
    /// Of one fact.
    pub fn of(fact: &Fact) -> Evidence {
        Evidence {
            event_id: fact.id.clone(),
            source_event_id: fact.source_event_id.clone(),
            platform: fact.platform,
            time: fact.time,
        }
    }
}

fn as_text<S: Serializer>(id: &EventId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

pub(crate) fn as_time<S: Serializer>(nanos: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&model::rfc3339_from_nanos(*nanos))
}

pub(crate) fn as_maybe_time<S: Serializer>(nanos: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    match nanos {
        Some(nanos) => as_time(nanos, serializer),
        None => serializer.serialize_none(),
    }
}

/// What an edge stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EdgeKind {
    /// `from` minted the credential `to`; the platform that honours it says so.
    Issued,
    /// `from` had the credential `to` minted by another platform, and handed it on.
    Brokered,
    /// A credential of `from` was exchanged for `to`; which one is not logged.
    Exchanged,
    /// `from` is known to another platform as `to`.
    FederatesTo,
    /// `from` opened the session `to`.
    Opened,
    /// `from` is another account's record of the call of `to`.
    Copy,
    /// `from` led to `to` within one event.
    Delegated,
    /// `from` is an agent whose own record tells of the call of `to`.
    Ran,
}

/// Something about an edge that its tier does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// The use lies after the end of the credential, by more than the tolerance.
    UsedAfterEnd,
    /// The use lies after the credential was revoked or disabled, by more than the tolerance.
    UsedAfterRevocation,
    /// The credential was refreshed since; its end is known from no record.
    Refreshed,
}

/// One link of lineage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Edge {
    /// What it stands for.
    pub kind: EdgeKind,
    /// Parent: a credential, or a principal where none was named.
    pub from: String,
    /// Child: a credential, a session or a principal.
    pub to: String,
    /// How strong.
    pub tier: Tier,
    /// The rule that joined the two.
    pub rule: &'static str,
    /// Its version.
    pub rule_version: u32,
    /// The column of the issuing record and of the using record that were compared.
    pub basis: [String; 2],
    /// How far the two clocks may be apart, milliseconds.
    pub tolerance_ms: i64,
    /// The event that issued, exchanged or opened.
    pub issuer: Option<Evidence>,
    /// The event that used it; none when lineage began at a credential.
    pub user: Option<Evidence>,
    /// Hops from where lineage began, the first being 0.
    pub hop: usize,
    /// Whether the origin was found through this edge. The account under which a broker works is
    /// beside the path, since it does not stand for whoever asked the broker.
    pub on_path: bool,
    /// What else is to be said.
    pub marks: Vec<Mark>,
}

/// Something lineage could not tell, said instead of guessed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "gap", rename_all = "kebab-case")]
pub enum Gap {
    /// A credential was used and no record issues it: older than the log, of a source that is not
    /// collected, or forged.
    UseWithoutIssuance {
        /// The credential.
        credential: String,
        /// The use.
        user: Option<Evidence>,
    },
    /// The only issuance lies after the use, by more than the tolerance.
    IssuedAfterUse {
        /// The credential.
        credential: String,
        /// The issuance.
        issuer: Evidence,
        /// The use.
        user: Evidence,
    },
    /// Several issuances fit, and nothing tells which.
    Ambiguous {
        /// Credential, session or principal.
        about: String,
        /// The candidates, oldest first; those beyond the limit are left out.
        candidates: Vec<Evidence>,
    },
    /// The issuer of a foreign subject is not configured, so nobody knows whose tokens it signs.
    IssuerNotConfigured {
        /// Host and path.
        issuer: String,
        /// The subject's principal.
        principal: String,
    },
    /// The account of a configured broker minted a credential, and no record of the broker says for whom:
    /// its log is missing, or it was gone around.
    SilentBroker {
        /// The broker's account.
        principal: String,
        /// The minting record.
        issuer: Evidence,
    },
    /// A credential is its own ancestor: the records contradict each other.
    Cycle {
        /// The credential.
        credential: String,
    },
    /// The walk stopped at a limit.
    Cut {
        /// Which limit of [`crate::Settings`].
        limit: &'static str,
        /// Its value.
        value: usize,
    },
}

/// How an origin was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Found {
    /// The end of a chain of issuances.
    Lineage,
    /// A platform vouched for the identity of another.
    Federation,
    /// A record names it as who started it.
    Initiator,
}

/// Who or what started an event in the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// Canonical URI.
    pub principal: String,
    /// Its name in the record, verbatim.
    pub name: Option<String>,
    /// Whether it is a human, where the record says so.
    pub is_human: Human,
    /// How it was found.
    pub found: Found,
    /// The weakest link on the way.
    pub tier: Tier,
    /// The record that names it.
    pub evidence: Evidence,
}
