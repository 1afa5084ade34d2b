//! Columns that many modules fill in the same way.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    Access, ActorKind, Decision, Effect, Endpoint, Event, Human, Principal, Resource, ResourceRole, TimePrecision,
};

use crate::field::{self, Text, first, said};
use crate::time::Parsed;

/// OCSF class and activity, and access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Act {
    pub(crate) class_uid: u32,
    pub(crate) activity_id: u8,
    pub(crate) access: Access,
}

pub(crate) const fn act(class_uid: u32, activity_id: u8, access: Access) -> Act {
    Act { class_uid, activity_id, access }
}

impl Act {
    /// A call of an interface, by what it does.
    pub(crate) const fn api(access: Access) -> Act {
        let activity_id = match access {
            Access::Create => 1,
            Access::Read => 2,
            Access::Modify => 3,
            Access::Delete => 4,
            _ => 99,
        };
        act(6003, activity_id, access)
    }

    /// What became of a setting, a policy or a trust: Entity Management, whose numbers are the same.
    pub(crate) const fn entity(access: Access) -> Act {
        Act { class_uid: 3004, ..Act::api(access) }
    }

    /// What this call of an interface is numbered where users and roles are managed (3007, 3008).
    pub(crate) const fn managed(self) -> u8 {
        match self.activity_id {
            1 => 1,
            3 => 2,
            4 => 3,
            _ => 99,
        }
    }

    /// Puts it into an event.
    pub(crate) fn put(self, event: &mut Event<'_>) {
        (event.class_uid, event.activity_id, event.access) = (self.class_uid, self.activity_id, self.access);
    }
}

/// What the verb at the end of an operation's name does, as a call of an API.
pub(crate) fn by_verb(verb: &str) -> Act {
    let (activity, access) = match verb {
        "create" | "created" | "add" | "added" | "upload" | "uploaded" | "register" | "registered" | "store"
        | "stored" | "import" | "imported" | "sent" | "invited" | "generated" => (1, Access::Create),
        "get" | "read" | "reveal" | "show" | "view" | "viewed" | "list" | "listed" | "access" | "accessed"
        | "fetch" | "fetched" | "retrieved" | "download" | "downloaded" | "export" | "exported" | "searched" => {
            (2, Access::Read)
        }
        "update" | "updated" | "edit" | "edited" | "modify" | "modified" | "change" | "changed" | "set" | "renamed"
        | "replaced" | "enabled" | "disabled" | "activated" | "deactivated" | "archived" | "unarchived"
        | "restored" | "lock" | "locked" | "unlock" | "unlocked" | "move" | "moved" | "verified" => (3, Access::Modify),
        "delete" | "deleted" | "destroy" | "destroyed" | "remove" | "removed" | "revoke" | "revoked" | "purged" => {
            (4, Access::Delete)
        }
        _ => (99, Access::Other),
    };
    act(6003, activity, access)
}

/// The time as a module has read it, and as it was written.
pub(crate) fn timed<'a>(event: &mut Event<'a>, parsed: Option<Parsed>, raw: Text<'a>) {
    event.time = parsed.map(|parsed| parsed.nanos);
    event.time_precision = parsed.map_or(TimePrecision::Second, |parsed| parsed.precision);
    event.time_raw = raw;
}

/// The time of a record in any of the forms of [`field::instant`].
pub(crate) fn when<'a>(event: &mut Event<'a>, raw: Text<'a>) {
    timed(event, raw.as_deref().and_then(field::instant), raw);
}

/// Adds a resource, named as the platform names it.
pub(crate) fn resource<'a>(event: &mut Event<'a>, kind: &'static str, name: Cow<'a, str>, role: ResourceRole) {
    let uri = uri::resource(event.platform.as_str(), &event.authority, kind, &name);
    event.resources.push(Resource { uri, kind: Cow::Borrowed(kind), name: Some(name), role });
}

/// Adds what was acted on, by its id, else by its name.
pub(crate) fn item<'a>(
    event: &mut Event<'a>,
    kind: Cow<'a, str>,
    (id, name): (Text<'a>, Text<'a>),
    role: ResourceRole,
) {
    let Some(shown) = first(&[&name, &id]) else { return };
    let builder = uri::build(Class::Resource, event.platform.as_str(), &event.authority, &kind);
    let uri = match said(&id) {
        Some(id) => builder.id(&id).finish(),
        None => builder.name(&shown).finish(),
    };
    if event.resources.iter().all(|known| known.uri != uri) {
        event.resources.push(Resource { uri, kind, name: Some(shown), role });
    }
}

/// Adds what was acted on, if the record says so.
pub(crate) fn target<'a>(event: &mut Event<'a>, kind: &'static str, name: Option<Cow<'a, str>>) {
    if let Some(name) = name {
        resource(event, kind, name, ResourceRole::Target);
    }
}

/// What was decided, by the platform itself, with its reason.
pub(crate) fn decided<'a>(event: &mut Event<'a>, effect: Effect, reason: Option<Cow<'a, str>>) {
    let pdp = Some(Cow::Borrowed(event.platform.as_str()));
    event.decision = Decision { effect: Some(effect), pdp, reason, ..Decision::default() };
}

/// An address with or without a port, in brackets or not; or a name.
pub(crate) fn endpoint<'a>(end: &mut Endpoint<'a>, text: Option<Cow<'a, str>>) {
    let Some(text) = text.filter(|text| !text.is_empty() && text != "-") else { return };
    if let Ok(socket) = text.parse::<std::net::SocketAddr>() {
        end.ip = Some(Cow::Owned(socket.ip().to_string()));
        end.port = Some(socket.port()).filter(|port| *port != 0);
    } else if text.parse::<std::net::IpAddr>().is_ok() {
        end.ip = Some(text);
    } else {
        match text.rsplit_once(':').map(|(host, port)| (host.to_owned(), port.parse::<u16>())) {
            Some((host, Ok(port))) => (end.host, end.port) = (Some(Cow::Owned(host)), Some(port)),
            _ => end.host = Some(text),
        }
    }
}

/// The address of a client without its port, which is another one with every connection.
pub(crate) fn host(text: Cow<'_, str>) -> Cow<'_, str> {
    match text.parse::<std::net::SocketAddr>() {
        Ok(socket) => Cow::Owned(socket.ip().to_string()),
        Err(_) => text,
    }
}

/// The platform itself, or a part of it.
pub(crate) fn itself<'a>(platform: &'static str, at: &str, kind: &str, rule: &'static str) -> Principal<'a> {
    Principal {
        uri: uri::principal(platform, at, kind, at),
        kind: ActorKind::PlatformService,
        name: None,
        is_human: Human::Nonhuman,
        rule,
    }
}

/// Somebody of whom nothing is known but what the record calls them, and that nobody checked.
pub(crate) fn claimed<'a>(platform: &str, at: &str, kind: &str, name: Option<Cow<'a, str>>) -> Principal<'a> {
    let uri = uri::principal_claimed(platform, at, kind, name.as_deref().unwrap_or("unknown"));
    Principal { uri, kind: ActorKind::Unknown, name, is_human: Human::Unknown, rule: "default" }
}

/// A user by name; `shared` says that many can use it.
pub(crate) fn named<'a>(platform: &str, at: &str, name: Cow<'a, str>, shared: bool) -> Principal<'a> {
    let uri = uri::principal_named(platform, at, "user", &name);
    let kind = if shared { ActorKind::Shared } else { ActorKind::Unknown };
    Principal { uri, kind, name: Some(name), is_human: Human::Unknown, rule: "default" }
}

/// Lists the columns that are empty though a complete record would fill them.
pub(crate) fn lacking(event: &mut Event<'_>, holes: &[(bool, &'static str)]) {
    event.quality.missing.extend(holes.iter().filter_map(|(hole, column)| hole.then_some(*column)));
}

/// The same with time and authority, which every record has.
pub(crate) fn missing(event: &mut Event<'_>, more: &[(bool, &'static str)]) {
    lacking(event, &[(event.time.is_none(), "time"), (event.authority == "unknown", "authority")]);
    lacking(event, more);
}

/// The same for the usual columns of an audit log.
pub(crate) fn usual(event: &mut Event<'_>) {
    let holes = [
        (event.time.is_none(), "time"),
        (event.source_event_id.is_none(), "source_event_id"),
        (event.actor.name.is_none(), "actor_principal"),
        (event.resources.is_empty(), "resources"),
        (event.authority == "unknown", "authority"),
    ];
    lacking(event, &holes);
}

#[cfg(test)]
mod tests;
