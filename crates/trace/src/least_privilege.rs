//! What a principal was granted, against what it used.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::Effect;
use serde::Serialize;

use crate::answer::{Evidence, Gap, as_time};
use crate::blast_radius::is_refused;
use crate::entitlement::{self, Entitled, Privilege};
use crate::store::{Key, Lookup, Order, Store, StoreError};
use crate::{Fact, Settings, alias, bearing, passport};

/// A privilege, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Granted {
    /// What it is.
    #[serde(flatten)]
    pub privilege: Privilege,
    /// Whether it stands for more than one action.
    pub wildcard: bool,
    /// Calls that it covers.
    pub uses: usize,
    /// The actions of those calls, sorted: what a wildcard could be replaced by.
    pub operations: BTreeSet<String>,
    /// The newest of them.
    pub last_use: Option<Evidence>,
}

/// An action that was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Used {
    /// The call.
    pub operation: String,
    /// Calls that were let through, or of which the record does not say that they failed.
    pub allowed: usize,
    /// Attempts that were refused or failed.
    pub denied: usize,
    /// Whether a privilege on record covers it.
    pub granted: bool,
    /// Of the calls let through, those whose resources no covering privilege names.
    pub outside_targets: usize,
    /// The newest call that was let through.
    pub last_allowed: Option<Evidence>,
    /// The newest attempt that was not.
    pub last_denied: Option<Evidence>,
}

/// Granted against used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeastPrivilege {
    /// The principal asked about.
    pub principal: String,
    /// The names under which it was looked for.
    pub names: Vec<String>,
    /// Uses count from here.
    #[serde(serialize_with = "as_time")]
    pub since: i64,
    /// Uses count up to here; privileges are told as of then.
    #[serde(serialize_with = "as_time")]
    pub until: i64,
    /// The newest inventory that says what it may do; none means that nobody knows, not that it may
    /// do nothing.
    pub inventory: Option<Evidence>,
    /// Said beside it.
    pub inventory_note: &'static str,
    /// Privileges that were used.
    pub used_privileges: Vec<Granted>,
    /// Privileges that were not.
    pub unused_privileges: Vec<Granted>,
    /// What is refused by policy.
    pub refused_privileges: Vec<Privilege>,
    /// Actions used, with and without a recorded privilege.
    pub used: Vec<Used>,
    /// Actions let through that no privilege on record covers.
    pub without_grant: Vec<String>,
    /// Actions refused.
    pub denied: Vec<String>,
    /// Groups, roles and policies it has privileges from, of which no inventory says what they hold.
    pub not_listed: Vec<String>,
    /// Limits that cut the answer.
    pub gaps: Vec<Gap>,
    /// Version of the rules.
    pub resolution: u32,
}

/// Compares what inventories say a principal may do as of `until` with what it did since `since`; both
/// in nanoseconds since 1970.
///
/// # Errors
/// When the store cannot answer.
pub fn of(
    store: &impl Store,
    principal: &str,
    since: i64,
    until: i64,
    settings: &Settings,
) -> Result<LeastPrivilege, StoreError> {
    let identity = alias::resolve(store, principal, until, settings)?;
    let bearings = bearing::of(store, &identity, until, settings)?;
    let current: Vec<String> = identity.names.iter().map(|known| known.uri.clone()).collect();
    let entitled = entitlement::of(store, &current, until, settings)?;
    let mut gaps = Vec::new();
    if entitled.cut {
        gaps.push(Gap::Cut { limit: "privileges_max", value: settings.privileges_max });
    }
    let mut facts = Vec::new();
    for name in &bearings.names {
        let (from, until) = (since.max(name.from), until.min(name.until));
        let lookup =
            Lookup { key: Key::Principal(&name.uri), from, until, order: Order::Newest, limit: settings.uses_max };
        let page = store.find(&lookup)?;
        let cut = Gap::Cut { limit: "uses_max", value: settings.uses_max };
        if page.more && !gaps.contains(&cut) {
            gaps.push(cut);
        }
        // Whose rights were used is what counts.
        let own = |fact: &Arc<Fact>| fact.subject.as_ref().unwrap_or(&fact.actor.uri) == &name.uri;
        facts.extend(page.facts.into_iter().filter(own).filter(|fact| fact.inventory.is_none()));
    }
    let facts = passport::once(facts);
    let used = used(&facts, &entitled);
    let mut by_operation: BTreeMap<&str, Vec<&Arc<Fact>>> = BTreeMap::new();
    for fact in facts.iter().filter(|fact| !is_refused(fact)) {
        fact.operation.iter().for_each(|operation| by_operation.entry(operation).or_default().push(fact));
    }
    let (mut used_privileges, mut unused_privileges, mut refused_privileges) = (Vec::new(), Vec::new(), Vec::new());
    for privilege in &entitled.privileges {
        let granted = granted(privilege, &by_operation);
        match (privilege.effect, granted.uses) {
            (Effect::Deny, _) => refused_privileges.push(granted.privilege),
            (_, 0) => unused_privileges.push(granted),
            _ => used_privileges.push(granted),
        }
    }
    let operations = |of: fn(&&Used) -> bool| used.iter().filter(of).map(|used| used.operation.clone()).collect();
    Ok(LeastPrivilege {
        principal: identity.display,
        names: current,
        since,
        until,
        inventory_note: if entitled.newest.is_some() { "as of the inventory" } else { "no inventory seen" },
        inventory: entitled.newest,
        used_privileges,
        unused_privileges,
        refused_privileges,
        without_grant: operations(|used| used.allowed > 0 && !used.granted),
        denied: operations(|used| used.denied > 0),
        used,
        not_listed: entitled.not_listed.into_iter().collect(),
        gaps,
        resolution: crate::RESOLUTION,
    })
}

/// What came of one privilege; the calls of each action are newest first.
fn granted(privilege: &Privilege, by_operation: &BTreeMap<&str, Vec<&Arc<Fact>>>) -> Granted {
    let mut granted = Granted {
        wildcard: privilege.is_wildcard(),
        uses: 0,
        operations: BTreeSet::new(),
        last_use: None,
        privilege: privilege.clone(),
    };
    let mut newest: Option<&Arc<Fact>> = None;
    for (operation, facts) in by_operation.iter().filter(|(operation, _)| privilege.covers(operation)) {
        for fact in facts.iter().filter(|fact| privilege.reaches(fact)) {
            granted.uses += 1;
            granted.operations.insert((*operation).to_owned());
            newest = newest.filter(|newest| newest.order() >= fact.order()).or(Some(fact));
        }
    }
    granted.last_use = newest.map(|fact| Evidence::of(fact));
    granted
}

/// The actions of facts, newest first, by name.
fn used(facts: &[Arc<Fact>], entitled: &Entitled) -> Vec<Used> {
    let mut all: BTreeMap<&str, Used> = BTreeMap::new();
    for fact in facts {
        let Some(operation) = fact.operation.as_deref() else { continue };
        let used = all.entry(operation).or_insert_with(|| Used {
            operation: operation.to_owned(),
            allowed: 0,
            denied: 0,
            granted: entitled.allows(operation),
            outside_targets: 0,
            last_allowed: None,
            last_denied: None,
        });
        if is_refused(fact) {
            used.denied += 1;
            used.last_denied.get_or_insert_with(|| Evidence::of(fact));
            continue;
        }
        used.allowed += 1;
        used.last_allowed.get_or_insert_with(|| Evidence::of(fact));
        let mut covering =
            entitled.privileges.iter().filter(|one| one.effect == Effect::Allow && one.covers(operation));
        used.outside_targets += usize::from(used.granted && !covering.any(|one| one.reaches(fact)));
    }
    all.into_values().collect()
}
