//! The resources of a source as its provider last told them: what a provider asks for before it tells the next change.
//!
//! The log is the truth. A roster is made of it when the source is first asked for, and kept in memory.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::answer::Refusal;
use super::expression::member;

/// Resources of one source, of both kinds.
pub(super) const RESOURCES_MAX: usize = 500_000;

/// The resource types that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    User,
    Group,
}

impl Kind {
    /// By the last part of its address.
    pub(super) fn parse(endpoint: &str) -> Option<Kind> {
        [Kind::User, Kind::Group].into_iter().find(|kind| kind.endpoint() == endpoint)
    }

    pub(super) const fn endpoint(self) -> &'static str {
        match self {
            Kind::User => "Users",
            Kind::Group => "Groups",
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Kind::User => "User",
            Kind::Group => "Group",
        }
    }

    pub(super) fn schema(self) -> String {
        format!("urn:ietf:params:scim:schemas:core:2.0:{}", self.name())
    }

    /// The attribute without which there is no resource of this kind.
    pub(super) const fn needed(self) -> &'static str {
        match self {
            Kind::User => "userName",
            Kind::Group => "displayName",
        }
    }
}

/// A change, as it is sealed.
#[derive(Serialize)]
pub(super) struct Told<'t> {
    /// `POST`, `PUT`, `PATCH` or `DELETE`.
    pub(super) method: &'t str,
    /// Endpoint and id.
    pub(super) path: &'t str,
    /// The body, as it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) request: Option<&'t RawValue>,
    /// What the resource is after it; of one that is gone what it was before.
    pub(super) resource: &'t Map<String, Value>,
}

/// The same, as it is read back.
#[derive(Deserialize)]
struct Sealed {
    method: String,
    path: String,
    resource: Map<String, Value>,
}

/// The resources of one source.
#[derive(Debug, Default)]
pub(super) struct Roster {
    /// JSON texts: objects would take several times the room.
    resources: BTreeMap<(Kind, String), String>,
    /// Names of users, in lower case: no two have the same (RFC 7643 section 4.1.1).
    user_names: HashMap<String, String>,
}

impl Roster {
    /// Of the last record of each resource, in the order of the log.
    pub(super) fn of<'r>(records: impl Iterator<Item = &'r [u8]>) -> Roster {
        let mut roster = Roster::default();
        for record in records {
            // Sealed by a version that wrote something else.
            let Ok(sealed) = serde_json::from_slice::<Sealed>(record) else { continue };
            let Some((kind, id)) = sealed.path.split_once('/') else { continue };
            let Some(kind) = Kind::parse(kind) else { continue };
            if sealed.method != "DELETE" {
                roster.put(kind, id, &sealed.resource);
            }
        }
        roster
    }

    pub(super) fn get(&self, kind: Kind, id: &str) -> Result<Map<String, Value>, Refusal> {
        let found = self.resources.get(&(kind, id.to_owned())).and_then(|text| serde_json::from_str(text).ok());
        let id: String = id.chars().take(80).collect();
        found.ok_or_else(|| Refusal::not_found(format!("{} `{id}` is not here", kind.name())))
    }

    /// All of a kind, by id.
    pub(super) fn all(&self, kind: Kind) -> impl Iterator<Item = Map<String, Value>> {
        let of_kind = self.resources.range((kind, String::new())..).take_while(move |((its, _), _)| *its == kind);
        of_kind.filter_map(|(_, text)| serde_json::from_str(text).ok())
    }

    /// Whether this may become the resource of this id, new or not.
    pub(super) fn check(&self, kind: Kind, id: &str, resource: &Map<String, Value>) -> Result<(), Refusal> {
        let needed = kind.needed();
        let name = member(resource, needed).and_then(Value::as_str).filter(|name| !name.trim().is_empty());
        let name = name.ok_or_else(|| Refusal::value(format!("a {} has a `{needed}`", kind.name())))?;
        if kind == Kind::User && self.user_names.get(&name.to_lowercase()).is_some_and(|known| known != id) {
            return Err(Refusal::taken(needed, name));
        }
        if self.resources.len() >= RESOURCES_MAX && !self.resources.contains_key(&(kind, id.to_owned())) {
            return Err(Refusal::too_many(RESOURCES_MAX));
        }
        Ok(())
    }

    /// It is sealed.
    pub(super) fn put(&mut self, kind: Kind, id: &str, resource: &Map<String, Value>) {
        self.remove(kind, id);
        if let Some(name) = name(kind, resource) {
            self.user_names.insert(name, id.to_owned());
        }
        self.resources.insert((kind, id.to_owned()), Value::Object(resource.clone()).to_string());
    }

    /// That it is gone is sealed.
    pub(super) fn remove(&mut self, kind: Kind, id: &str) {
        let before = self.resources.remove(&(kind, id.to_owned())).and_then(|text| serde_json::from_str(&text).ok());
        if let Some(name) = before.and_then(|before| name(kind, &before)) {
            self.user_names.remove(&name);
        }
    }
}

fn name(kind: Kind, resource: &Map<String, Value>) -> Option<String> {
    let name = member(resource, Kind::User.needed()).filter(|_| kind == Kind::User);
    name.and_then(Value::as_str).map(str::to_lowercase)
}
