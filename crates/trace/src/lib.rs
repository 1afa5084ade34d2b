//! Who really acted: lineage, delegation, sessions, grants and blast radius over the facts of events.
//!
//! Normalising is stateless: each event says what its own record shows. This crate puts the facts of
//! many events together when it is asked, as of a time, through a small [`Store`]: nothing is written,
//! so late and out-of-order records need no repair. Every link carries the columns it rests on, its
//! [`Tier`] and its evidence; what cannot be told is said, never guessed.
//!
//! This crate knows no SQL, no I/O, no clock and no platform: what is particular about a platform is
//! in the facts, and in rows of the tables of `rule.rs`.

pub mod agent;
pub mod alias;
mod answer;
pub mod attribution;
mod bearing;
pub mod blast_radius;
pub mod completeness;
pub mod coverage;
mod descent;
pub mod downstream;
mod entitlement;
mod fact;
pub mod grant;
mod issuance;
pub mod keys;
pub mod least_privilege;
pub mod life;
pub mod lineage;
mod merge;
mod name;
pub mod offboard;
mod once;
mod owner;
mod passport;
pub mod principal;
mod rule;
pub mod session;
mod settings;
mod steady;
mod store;
mod tier;
pub mod upstream;
pub mod who;

pub use agent::Agent;
pub use answer::{Edge, EdgeKind, Evidence, Found, Gap, Mark, Origin};
pub use blast_radius::BlastRadius;
pub use downstream::Downstream;
pub use entitlement::Privilege;
pub use fact::{
    Actor, Alias, Change, Credential, Entitlement, FORM, Fact, GrantFact, HeldCredential, Inventory, Resource, Step,
};
pub use grant::Grant;
pub use least_privilege::LeastPrivilege;
pub use life::Life;
pub use lineage::Lineage;
pub use name::{Rank, escaped, foreign_issuer, rank, readable};
pub use owner::Owner;
pub use principal::Passport;
pub use settings::{Hashed, Issuer, Settings};
pub use store::{Key, Lookup, Order, Page, Store, StoreError};
pub use tier::Tier;
pub use who::Who;

/// Version of the rules of lineage and aliases: part of every pin. Raised when an answer over the same
/// records could change.
pub const RESOLUTION: u32 = 7;
