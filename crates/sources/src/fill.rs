//! Columns that many modules fill in the same way.

use std::borrow::Cow;

use model::uri;
use model::{ActorKind, Decision, Effect, Endpoint, Event, Human, Principal, Resource, ResourceRole, TimePrecision};

use crate::time::{self, Parsed};

/// The time of a record: RFC 3339 and its relatives, or seconds since 1970, a fraction behind them or not.
pub(crate) fn when<'a>(event: &mut Event<'a>, raw: Option<Cow<'a, str>>) {
    let parsed = raw.as_deref().and_then(nanos);
    event.time = parsed.map(|parsed| parsed.nanos);
    event.time_precision = parsed.map_or(TimePrecision::Second, |parsed| parsed.precision);
    event.time_raw = raw;
}

/// A time as [`when`] reads it.
pub(crate) fn nanos(text: &str) -> Option<Parsed> {
    if let Ok(number) = text.parse::<i64>() {
        return time::from_epoch(number);
    }
    let Some((seconds, fraction)) = text.split_once('.').filter(|(seconds, _)| seconds.len() <= 11) else {
        return time::parse(text);
    };
    let digits = |text: &str| (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then_some(());
    match digits(seconds).zip(digits(fraction)) {
        None => time::parse(text),
        Some(_) => {
            let seconds: i64 = seconds.parse().ok()?;
            let mut fraction = fraction.to_owned();
            let precision = match fraction.len() {
                0..=3 => TimePrecision::Milli,
                4..=6 => TimePrecision::Micro,
                _ => TimePrecision::Nano,
            };
            fraction.truncate(9);
            let nanos: i64 = format!("{fraction:0<9}").parse().ok()?;
            let nanos = seconds.checked_mul(1_000_000_000)?.checked_add(nanos)?;
            Some(Parsed { nanos, precision, zone_assumed: false })
        }
    }
}

/// Adds a resource, named as the platform names it.
pub(crate) fn resource<'a>(event: &mut Event<'a>, kind: &'static str, name: Cow<'a, str>, role: ResourceRole) {
    let uri = uri::resource(event.platform.as_str(), &event.authority, kind, &name);
    event.resources.push(Resource { uri, kind: Cow::Borrowed(kind), name: Some(name), role });
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
pub(crate) fn missing(event: &mut Event<'_>, more: &[(bool, &'static str)]) {
    let always = [(event.time.is_none(), "time"), (event.authority == "unknown", "authority")];
    let holes = always.iter().chain(more);
    event.quality.missing.extend(holes.filter(|(hole, _)| *hole).map(|(_, column)| *column));
}

#[cfg(test)]
mod tests;
