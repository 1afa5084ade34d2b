//! The shape of an entry of the Audit Logs API.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::field::{Text, texts};
use crate::{Probe, json};

texts! {
    Entry {
        id: "id",
        date: "date_create",
        action: "action",
    } and {
        #[serde(borrow, default, deserialize_with = "json::object")]
        actor: Option<Actor<'a>>,
        #[serde(borrow, default)]
        entity: Option<&'a RawValue>,
        #[serde(borrow, default, deserialize_with = "json::object")]
        context: Option<Context<'a>>,
        #[serde(borrow, default, deserialize_with = "json::object")]
        details: Option<Details<'a>>,
    }
}

/// Who did it.
#[derive(Default, Deserialize)]
pub(super) struct Actor<'a> {
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) user: Option<Thing<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) app: Option<Thing<'a>>,
}

texts! {
    /// A user, an app, a channel, a file, a workspace: what an entry is about.
    Thing {
        id: "id",
        name: "name",
        email: "email",
        domain: "domain",
        title: "title",
        team: "team",
    } and {
        #[serde(borrow, default, deserialize_with = "json::texts")]
        scopes: Vec<Cow<'a, str>>,
    }
}

texts! {
    Context {
        session: "session_id",
        ip: "ip_address",
        agent: "ua",
    } and {
        #[serde(borrow, default, deserialize_with = "json::object")]
        location: Option<Location<'a>>,
        #[serde(borrow, default, deserialize_with = "json::object")]
        app: Option<Thing<'a>>,
    }
}

texts! {
    Location { kind: "type", id: "id", name: "name", domain: "domain", }
}

texts! {
    Details {
        reason: "reason",
        new_value: "new_value",
        previous_value: "previous_value",
    } and {
        #[serde(borrow, default, deserialize_with = "json::texts")]
        new_scopes: Vec<Cow<'a, str>>,
        #[serde(borrow, default, deserialize_with = "json::texts")]
        previous_scopes: Vec<Cow<'a, str>>,
    }
}

/// What an entry is about: its type, and the object under the key of that name.
pub(super) fn entity<'a>(entry: &Entry<'a>) -> Option<(Cow<'a, str>, Thing<'a>)> {
    #[derive(Deserialize)]
    struct Typed<'a> {
        #[serde(rename = "type", borrow, default, deserialize_with = "json::text")]
        kind: Text<'a>,
    }
    let raw = entry.entity?.get();
    let kind = serde_json::from_str::<Typed<'a>>(raw).ok()?.kind?;
    let thing = Probe::new(raw).raw(&kind).and_then(|inside| serde_json::from_str(inside).ok());
    Some((kind, thing.unwrap_or_default()))
}
