//! Items of an inventory: what those of all platforms have in common.
//!
//! An inventory tells a state, not an act: its event is made by whoever keeps the inventory, has no
//! time but that of its receipt, and no outcome beyond having been collected.

use std::borrow::Cow;

use model::uri;
use model::{
    ActorKind, Effect, Entitlement, EntitlementKind, Event, Human, Inventory, InventoryState, Party, Platform,
    Principal, Status, Text,
};

use crate::time;

#[cfg(test)]
mod tests;

/// OCSF: User Inventory Info, Collect.
const COLLECTED: (u32, u8) = (5003, 2);

/// An item with nothing but its name; readers fill in what the record has.
pub(crate) fn item<'a>(uri: String, item_type: &'static str, name: Option<Text<'a>>) -> Inventory<'a> {
    Inventory {
        uri,
        name,
        item_type: Cow::Borrowed(item_type),
        kind: ActorKind::Unknown,
        is_human: Human::Unknown,
        rule: "default",
        state: None,
        owners: Vec::new(),
        team: None,
        purpose: None,
        sensitivity: None,
        created: None,
        last_used: None,
        not_after: None,
        credentials: Vec::new(),
    }
}

/// The event of an item, told by whoever keeps the inventory.
pub(crate) fn listed<'a>(platform: Platform, authority: Text<'a>, item: Inventory<'a>) -> Event<'a> {
    let keeper = Principal {
        uri: uri::principal_named(platform.as_str(), &authority, "service", "inventory"),
        kind: ActorKind::PlatformService,
        name: None,
        is_human: Human::Nonhuman,
        rule: "inventory",
    };
    let mut event = Event::new(platform, authority, keeper);
    (event.class_uid, event.activity_id) = COLLECTED;
    event.status = Status::Success;
    event.party = Some(Party::Provider);
    event.api.operation = Some(Cow::Owned(format!("inventory:{}", item.item_type)));
    event.quality.missing.push("time");
    event.inventory = Some(Box::new(item));
    event
}

/// The holder has all that a group, role or policy has.
pub(crate) fn inherits<'a>(holder: &str, source: String, via: Option<Text<'a>>) -> Entitlement<'a> {
    Entitlement { source: Some(source), kind: EntitlementKind::Inherits, via, ..privileges(holder, Vec::new()) }
}

/// The holder may do these things.
pub(crate) fn privileges<'a>(holder: &str, privileges: Vec<Text<'a>>) -> Entitlement<'a> {
    Entitlement {
        holder: holder.to_owned(),
        kind: EntitlementKind::Privilege,
        privileges,
        except: Vec::new(),
        source: None,
        targets: Vec::new(),
        effect: Effect::Allow,
        via: None,
        conditional: false,
        not_after: None,
    }
}

/// A time of the record in nanoseconds since 1970.
pub(crate) fn nanos(text: Option<&str>) -> Option<i64> {
    time::parse(text?).map(|parsed| parsed.nanos)
}

/// On or off.
pub(crate) fn enabled(enabled: bool) -> InventoryState {
    if enabled { InventoryState::Enabled } else { InventoryState::Disabled }
}

/// Reads a tag, label or column that people attach to identities; other keys say nothing here.
pub(crate) fn tag<'a>(item: &mut Inventory<'a>, key: &str, value: Text<'a>) {
    if value.trim().is_empty() {
        return;
    }
    // `Data-Classification`, `data_classification` and `example.com/dataClassification` are one key.
    let name = key.rsplit(['/', ':']).next().unwrap_or(key);
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect();
    match name.as_str() {
        "owner" | "owners" | "ownedby" | "owneremail" | "contact" | "technicalowner" | "businessowner" => {
            let is_new = !item.owners.contains(&value);
            item.owners.extend(is_new.then_some(value));
        }
        "team" | "ownerteam" | "owningteam" | "squad" | "department" => item.team = Some(value),
        "purpose" | "usage" | "description" => {
            item.purpose.get_or_insert(value);
        }
        "sensitivity" | "dataclassification" | "classification" | "dataclass" | "criticality" => {
            item.sensitivity = Some(value);
        }
        "identitytype" | "principaltype" | "accounttype" | "usertype" | "employeetype" => classify(item, &value),
        _ => {}
    }
}

/// Rule R4 of `identity.md` 3.4: an inventory says what a principal is, where no stronger rule does.
pub(crate) fn classify(item: &mut Inventory<'_>, said: &str) {
    if item.rule != "default" {
        return;
    }
    let said: String = said.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect();
    let kind = match said.as_str() {
        "human" | "person" | "employee" | "contractor" | "member" | "guest" => ActorKind::Human,
        "service" | "serviceaccount" | "machine" | "nonhuman" | "technical" => ActorKind::ServiceAccount,
        "workload" => ActorKind::Workload,
        "apiclient" | "client" => ActorKind::ApiClient,
        "script" => ActorKind::Script,
        "cijob" | "ci" | "pipeline" => ActorKind::CiJob,
        "bot" => ActorKind::Bot,
        "integration" | "application" | "app" => ActorKind::Integration,
        "agent" | "aiagent" => ActorKind::Agent,
        "shared" => ActorKind::Shared,
        _ => return,
    };
    item.kind = kind;
    item.is_human = match kind {
        ActorKind::Human => Human::Human,
        ActorKind::Shared => Human::Unknown,
        _ => Human::Nonhuman,
    };
    item.rule = "R4:inventory";
}
