//! The audit log of Bitbucket Server as its versions before 7.0 write it to a file: eight fields between bars.

mod origins;

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{Access, ActorKind, Effect, Event, Human, Platform, Principal, ResourceRole, Status};

use crate::{Context, Module, Probe, Reject, RejectKind, fill};

/// The platform part of URIs.
const NAME: &str = "bitbucket";

/// How much of a line shows whose it is.
const HEAD_BYTES: usize = 2_048;

pub(crate) static MODULE: Module =
    Module { platform: Platform::Bitbucket, version: 1, recognise, normalise, origins: origins::ORIGINS };

/// Addresses, event, user, time, entity, details, request, session.
struct Line<'a> {
    addresses: &'a str,
    event: &'a str,
    user: Option<&'a str>,
    time: &'a str,
    entity: Option<&'a str>,
    request: Option<&'a str>,
    session: Option<&'a str>,
}

fn recognise(probe: &Probe<'_>) -> bool {
    let head = probe.head(HEAD_BYTES);
    head.as_bytes().first().is_some_and(|byte| byte.is_ascii_hexdigit() || *byte == b':') && begins(head).is_some()
}

/// The first four fields, which are all of a fixed form; and what is behind them.
fn begins(text: &str) -> Option<([&str; 4], &str)> {
    let mut found = [""; 4];
    let mut rest = text;
    for field in &mut found {
        (*field, rest) = rest.split_once(" | ")?;
    }
    let [addresses, event, _, time] = found;
    let fits = addresses.split(',').all(|ip| ip.trim().parse::<std::net::IpAddr>().is_ok())
        && event.ends_with("Event")
        && event.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && time.len() == 13
        && time.bytes().all(|byte| byte.is_ascii_digit());
    fits.then_some((found, rest))
}

fn read(text: &str) -> Option<Line<'_>> {
    let ([addresses, event, user, time], rest) = begins(text)?;
    // Details are JSON, which may hold a bar: the last two fields are counted from the end.
    let (rest, session) = rest.rsplit_once(" | ")?;
    let (rest, request) = rest.rsplit_once(" | ")?;
    let (entity, _) = rest.split_once(" | ")?;
    let said = |text| Some(text).filter(|text| !matches!(*text, "-" | ""));
    let (user, entity) = (said(user), said(entity));
    Some(Line { addresses, event, user, time, entity, request: said(request), session: said(session) })
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let line = read(text.trim_end()).ok_or_else(|| Reject::new(RejectKind::Shape, "no eight fields between bars"))?;
    let at = context.authority.unwrap_or("unknown");
    let failed = line.event.contains("Failure") || line.event.contains("Failed") || line.event.contains("Denied");
    let mut event = Event::new(Platform::Bitbucket, Cow::Owned(at.to_owned()), actor(&line, failed, at));
    fill::when(&mut event, Some(Cow::Borrowed(line.time)));
    (event.class_uid, event.activity_id, event.access) = act(line.event);
    event.privileged = matches!(event.class_uid, 3004 | 3006 | 3007).then_some(true);
    event.status = if failed { Status::Failure } else { Status::Success };
    event.api.service = Some(Cow::Borrowed(NAME));
    event.api.operation = Some(Cow::Borrowed(line.event));
    event.api.request_id = line.request.map(Cow::Borrowed);
    event.correlation_ids.extend(line.request.map(Cow::Borrowed));
    if let Some(session) = line.session {
        event.session = Some(uri::build(Class::Session, NAME, at, "session").name(session).finish());
    }
    // Proxies stand behind the client in the list.
    fill::endpoint(&mut event.src, line.addresses.split(',').next().map(|ip| Cow::Borrowed(ip.trim())));
    if failed {
        event.error_message = Some(Cow::Borrowed(line.event));
        let reason = event.error_message.clone();
        fill::decided(&mut event, Effect::Deny, reason);
    }
    fill::target(&mut event, "entity", line.entity.map(Cow::Borrowed));
    if event.resources.is_empty() {
        fill::resource(&mut event, "server", Cow::Owned(at.to_owned()), ResourceRole::Related);
    }
    fill::missing(&mut event, &[(line.user.is_none(), "actor_principal")]);
    Ok(event)
}

fn actor<'a>(line: &Line<'a>, failed: bool, at: &str) -> Principal<'a> {
    let Some(user) = line.user.map(Cow::Borrowed) else {
        let uri = uri::principal(NAME, at, "anon", at);
        let (kind, is_human, rule) = (ActorKind::Shared, Human::Unknown, "anonymous");
        return Principal { uri, kind, name: None, is_human, rule };
    };
    match failed && line.event.contains("Authentication") {
        true => fill::claimed(NAME, at, "user", Some(user)),
        false => fill::named(NAME, at, user.clone(), user == "admin"),
    }
}

fn act(event: &str) -> (u32, u8, Access) {
    let has = |words: &[&str]| words.iter().any(|word| event.contains(word));
    let (created, deleted) = (has(&["Created", "Added", "Granted"]), has(&["Deleted", "Removed", "Revoked"]));
    let of = |activities: (u8, u8, u8)| match (created, deleted) {
        (true, _) => (activities.0, Access::Create),
        (_, true) => (activities.1, Access::Delete),
        _ => (activities.2, Access::Modify),
    };
    if has(&["LoggedIn", "Authentication"]) {
        return (3002, 1, Access::Authenticate);
    }
    if has(&["LoggedOut"]) {
        return (3002, 2, Access::Other);
    }
    let (class, (activity, access)) = if has(&["AccessKey", "SshKey", "AccessToken"]) {
        (3007, of((18, 19, 99)))
    } else if has(&["Permission", "RestrictedRef"]) {
        let (activity, _) = of((14, 15, 2));
        (3007, (activity, Access::Grant))
    } else if has(&["GroupMember"]) {
        let (activity, _) = of((3, 4, 9));
        (3006, (activity, Access::Grant))
    } else if event.starts_with("Group") {
        (3006, of((6, 5, 9)))
    } else if event.starts_with("User") {
        (3007, of((1, 3, 2)))
    } else if created || deleted || has(&["Changed", "Modified", "Renamed", "Updated"]) {
        (6003, of((1, 4, 3)))
    } else {
        (6003, (99, Access::Other))
    };
    (class, activity, access)
}
