//! What an inventory says: which identities exist, whose they are, and what they may do.
//!
//! An inventory (an export of users, roles and bindings, a list kept by hand) is sealed like any other
//! delivery, so that owner and granted privileges are evidence with a date. Each of its items is one
//! record and one event; nobody acted in it, so the actor of the event is whoever keeps the inventory.
//!
//! Privileges reach a principal through groups, roles and policies. Each of these is named by a URI and
//! is a holder of its own: following [`EntitlementKind::Inherits`] from holder to holder leads to the
//! privileges.

use crate::{ActorKind, Effect, EntitlementKind, Human, InventoryState, Text};

/// One item of an inventory.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Inventory<'a> {
    /// Canonical URI: a principal, or (class `resource`) a group, role, policy or binding, which cannot
    /// act but hands on privileges.
    pub uri: String,
    /// Its name, verbatim.
    pub name: Option<Text<'a>>,
    /// The platform's type: `iam-user`, `serviceaccount`, `group`, ...
    pub item_type: Text<'a>,
    /// What kind of principal; unknown for what cannot act.
    pub kind: ActorKind,
    /// Whether it is a human's.
    pub is_human: Human,
    /// The rule of `identity.md` 3.4 that decided, as in `R4:owner-tag`.
    pub rule: &'static str,
    /// Whether it can be used.
    pub state: Option<InventoryState>,
    /// Who answers for it, as the inventory says: names, addresses, ids.
    pub owners: Vec<Text<'a>>,
    /// Team it belongs to.
    pub team: Option<Text<'a>>,
    /// What it is for.
    pub purpose: Option<Text<'a>>,
    /// How sensitive it, or what it reaches, is.
    pub sensitivity: Option<Text<'a>>,
    /// Came to exist, nanoseconds since 1970.
    pub created: Option<i64>,
    /// Last used as the platform says, nanoseconds since 1970.
    pub last_used: Option<i64>,
    /// Ends, nanoseconds since 1970.
    pub not_after: Option<i64>,
    /// The credentials it has.
    pub credentials: Vec<HeldCredential<'a>>,
}

/// A credential that an inventory lists. Never the secret itself.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct HeldCredential<'a> {
    /// Canonical URI, class `cred`: as the events of its issuance and use name it.
    pub uri: String,
    /// The type part of the URI.
    pub kind: Text<'a>,
    /// The platform's own id, verbatim.
    pub native_id: Option<Text<'a>>,
    /// Whether it can be used.
    pub state: Option<InventoryState>,
    /// Came to exist, or valid from, nanoseconds since 1970.
    pub created: Option<i64>,
    /// Last used as the platform says, nanoseconds since 1970.
    pub last_used: Option<i64>,
    /// Valid until, nanoseconds since 1970.
    pub not_after: Option<i64>,
}

/// What a holder may do, or from whom it has what it may do.
///
/// One statement of a policy, rule of a role, or membership. Each of `privileges` is meant on each of
/// `targets`.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Entitlement<'a> {
    /// Canonical URI of who holds it: a principal, or a group, role or policy for those that inherit
    /// from it.
    pub holder: String,
    /// How to read the rest.
    pub kind: EntitlementKind,
    /// Actions, in the form of [`crate::Api::operation`] of the same platform: `s3:GetObject`,
    /// `get secrets`; `*` stands for any run of characters. Empty unless the kind is `privilege`.
    pub privileges: Vec<Text<'a>>,
    /// Actions that `privileges` do not include.
    pub except: Vec<Text<'a>>,
    /// Canonical URI of the group, role or policy that it inherits from or is bounded by.
    pub source: Option<String>,
    /// On what, as the platform names it, `*` standing for any run of characters; empty is all that the
    /// holder's authority has. What is inherited is limited to them.
    pub targets: Vec<Text<'a>>,
    /// Given or refused.
    pub effect: Effect,
    /// Name or URI of the policy statement, binding or assignment that says so, verbatim.
    pub via: Option<Text<'a>>,
    /// Whether it depends on conditions that are not told here; then it may give, or refuse, less.
    pub conditional: bool,
    /// Ends, nanoseconds since 1970.
    pub not_after: Option<i64>,
}
