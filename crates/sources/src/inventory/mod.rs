//! An inventory kept by hand: lines of `identity,owner,team,purpose,sensitivity[,kind[,state]]`.
//!
//! The order of the columns is fixed, because a record stands for itself. The line of headers, if there
//! is one, is no record. An identity is written as logs write it, and becomes the same URI.

mod identity;
mod origins;

use std::borrow::Cow;

use model::{Alias, AliasRel, Event, Inventory, InventoryState, Platform};

use crate::split::csv;
use crate::{Context, Module, Probe, Reject, RejectKind, listing};

pub(crate) static MODULE: Module =
    Module { platform: Platform::Inventory, version: 1, recognise, normalise, origins: origins::ORIGINS };

/// Values that a line has at least: those of the columns without which it says nothing.
const VALUES_MIN: usize = 5;

/// Separates several owners in one value.
const OWNERS_SEPARATOR: char = ';';

/// A line that begins with an identity and has enough values.
fn recognise(probe: &Probe<'_>) -> bool {
    let line = probe.head(usize::MAX);
    if !identity::begins(line) {
        return false;
    }
    csv::values(line).is_some_and(|values| values.len() >= VALUES_MIN)
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let shape = |detail: String| Reject::new(RejectKind::Shape, detail);
    let values = csv::values(text).ok_or_else(|| shape("a quote is not closed in this line".to_owned()))?;
    if values.len() < VALUES_MIN {
        return Err(shape(format!(
            "{} values, at least {VALUES_MIN} are wanted: identity,owner,team,purpose,sensitivity",
            values.len()
        )));
    }
    let mut values = values.into_iter().map(|value| value.filter(|value| !value.trim().is_empty()));
    let mut next = || values.next().flatten();
    let name = next().ok_or_else(|| shape("the first value, the identity, is empty".to_owned()))?;
    let found = identity::read(&name, context).ok_or_else(|| {
        shape(format!("identity {name:?} is of no known form; write its URI, as `deedbook who` shows it"))
    })?;
    let mut item = listing::item(found.uri.clone(), "identity", Some(name));
    let owners = next();
    item.team = next();
    item.purpose = next();
    item.sensitivity = next();
    if let Some(kind) = next() {
        listing::classify(&mut item, &kind);
    }
    item.state = state(next().as_deref())?;
    let aliases = own(&mut item, owners, context);
    let mut event = listing::listed(Platform::Inventory, Cow::Owned(found.authority), item);
    event.party = None;
    event.aliases = aliases;
    Ok(event)
}

fn state(said: Option<&str>) -> Result<Option<InventoryState>, Reject> {
    let Some(said) = said else { return Ok(None) };
    match InventoryState::parse(&said.trim().to_ascii_lowercase()) {
        Some(state) => Ok(Some(state)),
        None => Err(Reject::new(
            RejectKind::Shape,
            format!("state {said:?} is not known; write enabled, disabled or deleted"),
        )),
    }
}

/// Owners as they are written; those that are identities themselves are related to the item.
fn own<'a>(item: &mut Inventory<'a>, owners: Option<Cow<'a, str>>, context: &Context<'_>) -> Vec<Alias> {
    let Some(owners) = owners else { return Vec::new() };
    let each = owners.split(OWNERS_SEPARATOR).map(str::trim).filter(|owner| !owner.is_empty());
    item.owners = each.map(|owner| Cow::Owned(owner.to_owned())).collect();
    let owned = |owner: &Cow<'_, str>| {
        let owner = identity::read(owner, context)?.uri;
        Some(Alias { a: item.uri.clone(), b: owner, rel: AliasRel::OwnedBy, rule: "inventory:owner" })
    };
    item.owners.iter().filter_map(owned).collect()
}
