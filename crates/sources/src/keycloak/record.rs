//! The shapes of Keycloak's events: a user event and an admin event as the admin API lists them and listeners
//! hand them on as JSON, and the lines of the server's JSON log that the listener `jboss-logging` writes.

use serde_json::value::RawValue;

use crate::field::{Pairs, Text, texts};
use crate::json;

texts! {
    /// A user event.
    UserEvent {
        id: "id",
        time: "time",
        kind: "type",
        realm: "realmId",
        realm_name: "realmName",
        client: "clientId",
        user: "userId",
        session: "sessionId",
        ip: "ipAddress",
        error: "error",
    } and {
        #[serde(borrow, default, deserialize_with = "json::object")]
        details: Option<Pairs<'a>>,
    }
}

texts! {
    /// What an administrator did.
    AdminEvent {
        id: "id",
        time: "time",
        realm: "realmId",
        realm_name: "realmName",
        operation: "operationType",
        kind: "resourceType",
        path: "resourcePath",
        error: "error",
    } and {
        #[serde(rename = "authDetails", borrow, default, deserialize_with = "json::object")]
        auth: Option<Auth<'a>>,
        #[serde(borrow, default)]
        representation: Option<&'a RawValue>,
    }
}

texts! {
    /// Who did it: client by its internal id.
    Auth { realm: "realmId", client: "clientId", user: "userId", ip: "ipAddress", }
}

texts! {
    /// A line of the server's log.
    Line {
        timestamp: "timestamp",
        message: "message",
    }
}

/// The pairs of `type="LOGIN", realmId="...", ...`. A value ends at the quote behind which the next pair begins.
/// The text `null` is written where there is none.
pub(super) fn pairs(message: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut rest = message.trim();
    while let Some((key, value)) = rest.split_once("=\"") {
        let mut from = 0;
        let end = loop {
            let Some(at) = value.get(from..).and_then(|text| text.find('"')).map(|at| at + from) else { break None };
            let behind = value.get(at + 1..).unwrap_or_default();
            if behind.is_empty() || behind.starts_with(", ") {
                break Some(at);
            }
            from = at + 1;
        };
        let end = end.unwrap_or(value.len());
        let text = value.get(..end).unwrap_or_default();
        if text != "null" && !text.is_empty() {
            pairs.push((key.trim().to_owned(), text.to_owned()));
        }
        rest = value.get(end + 1..).unwrap_or_default().trim_start_matches([',', ' ']);
    }
    pairs
}

/// A user event and, if the line is about one, an admin event, as a line of the log says them.
pub(super) fn of_line<'a>(line: &Line<'a>) -> Option<Either<'a>> {
    let mut pairs = pairs(line.message.as_deref()?);
    let mut take = |key: &str| -> Text<'a> {
        let at = pairs.iter().position(|(name, _)| name == key)?;
        Some(pairs.swap_remove(at).1.into())
    };
    let realm = take("realmId");
    let realm_name = take("realmName");
    let (client, user, ip, error) = (take("clientId"), take("userId"), take("ipAddress"), take("error"));
    if let Some(operation) = take("operationType") {
        let (kind, path) = (take("resourceType"), take("resourcePath"));
        return Some(Either::Admin(AdminEvent {
            id: None,
            time: line.timestamp.clone(),
            realm: realm.clone(),
            realm_name,
            operation: Some(operation),
            kind,
            path,
            error,
            auth: Some(Auth { realm, client, user, ip }),
            representation: None,
        }));
    }
    let kind = take("type")?;
    let session = take("sessionId");
    Some(Either::User(UserEvent {
        id: None,
        time: line.timestamp.clone(),
        kind: Some(kind),
        realm,
        realm_name,
        client,
        user,
        session,
        ip,
        error,
        details: Some(Pairs::of(pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect())),
    }))
}

/// What a record is.
pub(super) enum Either<'a> {
    User(UserEvent<'a>),
    Admin(AdminEvent<'a>),
}
