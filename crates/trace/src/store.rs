//! What this crate asks of whoever keeps the events: a few point look-ups, each with a bound.
//!
//! A store answers as of its own pin: a record sealed after it is not there, and two calls with one
//! argument give one answer. How it finds facts (columns, indexes, a vector in a test) is its own
//! business; it may find too few only by saying so ([`Page::more`]).

use std::sync::Arc;

use model::{AliasRel, EventId};

use crate::Fact;

/// What facts are looked up by. Each value is one text of one column, compared whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key<'k> {
    /// Acted with the credential of this URI.
    Used(&'k str),
    /// Acted with a credential that the platform calls so.
    UsedId(&'k str),
    /// Issued the credential of this URI.
    Issued(&'k str),
    /// Issued a credential that the platform calls so.
    IssuedId(&'k str),
    /// Issued a credential whose parent is the credential of this URI: the one it names, else the one used.
    IssuedFrom(&'k str),
    /// Issued a credential to the principal of this URI: an alias `credential_of` says so.
    IssuedTo(&'k str),
    /// Says that the credential of this URI was issued, refreshed, revoked, disabled, enabled, rotated.
    Changed(&'k str),
    /// Belongs to the session of this URI.
    Session(&'k str),
    /// Names this principal as actor, subject, initiator or in the chain.
    Principal(&'k str),
    /// Names this resource.
    Resource(&'k str),
    /// Has this text among its correlation ids.
    Correlation(&'k str),
    /// Has this grant among those it names or tells of.
    Grant(&'k str),
    /// Tells of a grant whose beneficiary is this principal.
    GrantedTo(&'k str),
    /// Has this id at its source.
    SourceEvent(&'k str),
    /// Names its actor or a resource so.
    Name(&'k str),
    /// Came from this address.
    Address(&'k str),
    /// Is the item of an inventory with this URI.
    Listed(&'k str),
    /// Says, as part of an inventory, what the holder of this URI may do.
    Entitled(&'k str),
    /// Was done by the subject of a job: host of its issuer and name of the repository, as in
    /// `token.actions.githubusercontent.com/acme/pay`.
    JobOf(&'k str),
    /// Belongs to a session, names a credential or tells of a grant whose URI ends so, escaped as it stands there: the id by
    /// which people know it.
    EndsWith(&'k str),
    /// Belongs to a run of a job, and names this resource.
    RunOn(&'k str),
    /// Belongs to the run of an agent, and was done with the credential of this URI.
    RunWith(&'k str),
    /// Tells of one of these, whichever: `grant` (leases apart, which are minted in masses).
    Told(&'k str),
    /// Has an alias of this relation with this URI at either end.
    Alias(&'k str, AliasRel),
}

/// Which facts of a key come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// By time, rising.
    Oldest,
    /// By time, falling.
    Newest,
}

/// One look-up. Facts of equal time come in the order of [`Fact::order`], or its reverse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookup<'k> {
    /// By what.
    pub key: Key<'k>,
    /// Earliest event time, nanoseconds since 1970, inclusive.
    pub from: i64,
    /// Latest event time, nanoseconds since 1970, inclusive.
    pub until: i64,
    /// Which come first.
    pub order: Order,
    /// At most so many facts.
    pub limit: usize,
}

impl<'k> Lookup<'k> {
    /// The newest facts at or before a time.
    pub fn newest(key: Key<'k>, until: i64, limit: usize) -> Lookup<'k> {
        Lookup { key, from: i64::MIN, until, order: Order::Newest, limit }
    }

    /// The oldest facts within a time range, both ends included.
    pub fn within(key: Key<'k>, from: i64, until: i64, limit: usize) -> Lookup<'k> {
        Lookup { key, from, until, order: Order::Oldest, limit }
    }
}

/// What a look-up found.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The facts, in the order asked for.
    pub facts: Vec<Arc<Fact>>,
    /// Whether the limit cut off others.
    pub more: bool,
}

/// A store could not answer; the question may be asked again.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct StoreError {
    /// What could not be answered.
    pub what: String,
    /// Why.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Whoever keeps the facts.
pub trait Store {
    /// Facts by one key, within a time range, in order, so many at most.
    ///
    /// # Errors
    /// When the store cannot be read; a key that nothing has is an empty page.
    fn find(&self, lookup: &Lookup<'_>) -> Result<Page, StoreError>;

    /// One fact by its event id; `None` when no event has it.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn event(&self, id: &EventId) -> Result<Option<Arc<Fact>>, StoreError>;
}
