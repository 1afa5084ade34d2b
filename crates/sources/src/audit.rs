//! What modules of audit logs do alike with the event they fill: times, addresses, resources, holes, and what the
//! verb at the end of an event's name means.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{Access, Event, Resource, ResourceRole, TimePrecision};

use crate::time;

/// A text of a record, if it has one.
pub(crate) type Text<'a> = Option<Cow<'a, str>>;

/// A record type, or a part of one, all of whose fields are scalars read as texts.
macro_rules! texts {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $field:ident,)+ }) => {
        $(#[$doc])*
        #[derive(Default, serde::Deserialize)]
        pub(super) struct $name<'a> {
            $($(#[$of])*
            #[serde(borrow, default, deserialize_with = "crate::json::text")]
            pub(super) $field: crate::audit::Text<'a>,)+
        }
    };
}
pub(crate) use texts;

/// A text that is there and not empty.
pub(crate) fn said<'a>(text: &Text<'a>) -> Text<'a> {
    text.clone().filter(|text| !text.is_empty())
}

/// The first text that is there and not empty.
pub(crate) fn first<'a>(texts: &[&Text<'a>]) -> Text<'a> {
    texts.iter().find_map(|text| said(text))
}

/// OCSF class, activity, and access.
pub(crate) type Act = (u32, u8, Access);

/// Sets class, activity and access.
pub(crate) fn act(event: &mut Event<'_>, (class_uid, activity_id, access): Act) {
    (event.class_uid, event.activity_id, event.access) = (class_uid, activity_id, access);
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
    (6003, activity, access)
}

/// The time, as a text or as a number since 1970.
pub(crate) fn when<'a>(event: &mut Event<'a>, raw: Text<'a>) {
    let parsed = raw.as_deref().and_then(|raw| match raw.parse::<i64>() {
        Ok(number) => time::from_epoch(number),
        // Some write the zone behind a blank.
        Err(_) => time::parse(raw).or_else(|| time::parse(&format!("{}Z", raw.strip_suffix(" UTC")?))),
    });
    event.time = parsed.map(|parsed| parsed.nanos);
    event.time_precision = parsed.map_or(TimePrecision::Second, |parsed| parsed.precision);
    event.time_raw = raw;
}

/// Where a call came from: an address, else a name.
pub(crate) fn source<'a>(event: &mut Event<'a>, from: Text<'a>) {
    let Some(from) = from.filter(|from| !from.is_empty()) else { return };
    if from.parse::<std::net::IpAddr>().is_ok() {
        event.src.ip = Some(from);
    } else {
        event.src.host = Some(from);
    }
}

/// Adds what was acted on, by its id, else by its name.
pub(crate) fn resource<'a>(
    event: &mut Event<'a>,
    platform: &str,
    kind: Cow<'a, str>,
    (id, name): (Text<'a>, Text<'a>),
    role: ResourceRole,
) {
    let Some(shown) = first(&[&name, &id]) else { return };
    let builder = uri::build(Class::Resource, platform, &event.authority, &kind);
    let uri = match said(&id) {
        Some(id) => builder.id(&id).finish(),
        None => builder.name(&shown).finish(),
    };
    if event.resources.iter().all(|known| known.uri != uri) {
        event.resources.push(Resource { uri, kind, name: Some(shown), role });
    }
}

/// `AgentToken`, `agent_token` and `agent token` as `agent-token`, `APIToken` as `api-token`.
pub(crate) fn kebab(kind: &str) -> String {
    let mut out = String::with_capacity(kind.len() + 4);
    let mut before = '-';
    let mut chars = kind.chars().peekable();
    while let Some(char) = chars.next() {
        let small = before.is_ascii_lowercase() || before.is_ascii_digit();
        let ends_acronym = before.is_ascii_uppercase() && chars.peek().is_some_and(char::is_ascii_lowercase);
        if char.is_ascii_uppercase() && (small || ends_acronym) {
            out.push('-');
        }
        before = char;
        out.push(if char.is_ascii_alphanumeric() { char.to_ascii_lowercase() } else { '-' });
    }
    // Part of a URI, so never empty.
    if out.is_empty() { "unknown".to_owned() } else { out }
}

/// Columns that every complete record fills.
pub(crate) fn missing(event: &mut Event<'_>) {
    let holes = [
        (event.time.is_none(), "time"),
        (event.source_event_id.is_none(), "source_event_id"),
        (event.actor.name.is_none(), "actor_principal"),
        (event.resources.is_empty(), "resources"),
        (event.authority == "unknown", "authority"),
    ];
    event.quality.missing = holes.into_iter().filter_map(|(hole, column)| hole.then_some(column)).collect();
}
