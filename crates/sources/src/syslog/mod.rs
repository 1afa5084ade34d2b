//! Syslog messages (RFC 5424, RFC 3164), alone or as lines of a file; in them CEF and LEEF. What sshd, sudo and their like
//! write is read by `linux`.
//!
//! Any process of a host can write a line in the name of any other, and over UDP any host in the name of any other. So
//! whom a message names stays a claim, and so do all facts of it: what it says of an outcome is what it says.
//!
//! Headers are read by a small reader of our own: the crate for it that is around brings a second library for times and
//! one for parsers, and guesses years by a clock.

pub(crate) mod line;
mod origins;
pub(crate) mod payload;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{ActorKind, Event, Human, Millis, Platform, Principal, Resource, ResourceRole, Status, TimePrecision};

pub(crate) use self::line::{Line, parameters};
use self::payload::Payload;
use crate::{Context, Module, Probe, Reject, RejectKind, cyberark, fill, pam360, url};

/// The platform part of URIs.
const NAME: &str = "syslog";

/// How much of a record shows that it is a message.
const HEAD_BYTES: usize = 512;

pub(crate) static MODULE: Module =
    Module { platform: Platform::Syslog, version: 2, recognise, normalise, origins: origins::ORIGINS };

fn recognise(probe: &Probe<'_>) -> bool {
    let head = probe.head(HEAD_BYTES);
    // An object is some platform's, and is looked at by the others.
    matches!(head.as_bytes().first(), Some(b'<' | b'A'..=b'Z' | b'0'..=b'9'))
        && Line::read(head, Millis(u64::from(u32::MAX) * 1_000)).is_some()
        // Messages of products with a module of their own.
        && !pam360::is_line(head)
        && !cyberark::is_line(head)
}

/// The JSON object that a message is, behind its header and the cookie of CEE, if it is one.
pub(crate) fn object(text: &str) -> Option<&str> {
    let may_begin = matches!(text.as_bytes().first(), Some(b'<' | b'A'..=b'Z' | b'0'..=b'9'));
    if !may_begin || !text.trim_end().ends_with('}') {
        return None;
    }
    let message = Line::read(text, Millis(0))?.message.trim();
    let message = message.strip_prefix("@cee:").map_or(message, str::trim_start);
    message.starts_with('{').then_some(message)
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let text = text.trim_end_matches(['\n', '\r', '\0']);
    let line = Line::read(text, context.received_at)
        .ok_or_else(|| Reject::new(RejectKind::Shape, "neither a header of syslog nor CEF or LEEF"))?;
    let at = context.authority.or(line.host).unwrap_or("unknown");
    let payload = Payload::read(line.message);
    let data: Vec<_> = line.data.map(line::parameters).unwrap_or_default();
    let given = |names: &[&str]| {
        let value = data.iter().find(|(_, name, value)| names.contains(name) && !value.is_empty());
        value.map(|(_, _, value)| Cow::Owned(value.clone()))
    };
    let any = |names: &[&str]| payload.as_ref().and_then(|payload| payload.any(names)).or_else(|| given(names));

    let user = any(&USERS);
    let mut event = Event::new(Platform::Syslog, Cow::Owned(at.to_owned()), actor(&line, user, at));
    when(&mut event, &line);
    event.severity_id = severity(&line, payload.as_ref());
    event.process = line.pid.map(Cow::Borrowed);
    event.workload.node = line.host.map(Cow::Borrowed);
    event.workload.name = line.app.map(Cow::Borrowed);
    event.api.service = line.app.map(Cow::Borrowed);
    event.api.operation = line.id.or(line.app).map(Cow::Borrowed);
    if let Some(payload) = &payload {
        event.api.service = Some(Cow::Owned(format!("{} {}", payload.vendor, payload.product)));
        event.api.operation = Some(payload.name.clone().unwrap_or_else(|| payload.id.clone()));
        event.status_code = Some(payload.id.clone());
    }
    event.source_event_id = any(&["externalId", "sequenceId"]);
    event.src.ip = any(&["src", "sourceTranslatedAddress"]).filter(|ip| ip.parse::<std::net::IpAddr>().is_ok());
    event.src.host = any(&["shost", "srcHostName", "identHostName"]);
    event.src.port = any(&["spt", "srcPort"]).and_then(|port| port.parse().ok());
    event.dst.ip = any(&["dst"]).filter(|ip| ip.parse::<std::net::IpAddr>().is_ok());
    event.dst.host = any(&["dhost", "dstHostName"]);
    event.dst.port = any(&["dpt", "dstPort"]).and_then(|port| port.parse().ok());
    event.user_agent = any(&["requestClientApplication", "userAgent"]);
    event.role = any(&["spriv", "role"]);
    event.api.request_id = any(&["requestId"]);
    event.error_message = any(&["reason"]);
    outcome(&mut event, any(&["outcome", "result"]), any(&["act", "action"]));
    for (kind, names) in TARGETS {
        if let Some(name) = any(names) {
            // The query of an address may hold a secret.
            let name = if kind == "url" { url::bare(name) } else { name };
            resource(&mut event, kind, name, at);
        }
    }
    if event.resources.is_empty() {
        let host = any(&["dvchost", "dvc"]).or(line.host.map(Cow::Borrowed)).unwrap_or(Cow::Borrowed("unknown"));
        resource(&mut event, "host", host, at);
    }
    missing(&mut event);
    Ok(event)
}

/// Who acted, by the names of CEF, LEEF and common structured data.
const USERS: [&str; 6] = ["suser", "usrName", "suid", "user", "username", "accountName"];

/// What was acted on.
const TARGETS: [(&str, &[&str]); 4] = [
    ("url", &["request", "url"]),
    ("file", &["filePath", "fname"]),
    ("resource", &["resource", "resourceName"]),
    ("user", &["duser", "duid"]),
];

/// The user whom the message names, else the program that wrote it, else its host: claims, all of them.
fn actor<'a>(line: &Line<'a>, user: Option<Cow<'a, str>>, at: &str) -> Principal<'a> {
    let (kind, name) = match (user, line.app, line.host) {
        (Some(user), ..) => ("user", Some(user)),
        (None, Some(app), _) => ("app", Some(Cow::Borrowed(app))),
        (None, None, host) => ("host", host.map(Cow::Borrowed)),
    };
    let claimed = name.as_deref().unwrap_or("unknown");
    // A name of one host is another's on the next, whatever authority the source is set to.
    let host = line.host.filter(|host| *host != at && kind != "host");
    let builder = uri::build(Class::Principal, NAME, at, kind);
    let builder = host.into_iter().fold(builder, |builder, host| builder.claim(host));
    let uri = builder.claim(claimed).finish();
    let shared = kind == "user" && matches!(claimed, "root" | "admin" | "Administrator");
    let (kind, is_human, rule) = match kind {
        "user" if shared => (ActorKind::Shared, Human::Unknown, "default"),
        "user" => (ActorKind::Unknown, Human::Unknown, "default"),
        _ => (ActorKind::Unknown, Human::Nonhuman, "R1:syslog-program"),
    };
    Principal { uri, kind, name, is_human, rule }
}

fn when<'a>(event: &mut Event<'a>, line: &Line<'a>) {
    event.time = line.time.map(|time| time.nanos);
    event.time_precision = line.time.map_or(TimePrecision::Second, |time| time.precision);
    event.time_raw = line.time_raw.map(Cow::Borrowed);
}

/// The device's own word, of 0 to 10 or in English; else the severity of syslog.
fn severity(line: &Line<'_>, payload: Option<&Payload<'_>>) -> u8 {
    let said = payload.and_then(|payload| payload.severity.as_deref());
    match said.map(|said| (said.parse::<u8>(), said.to_ascii_lowercase())) {
        Some((Ok(9..=10), _)) => return 5,
        Some((Ok(7..=8), _)) => return 4,
        Some((Ok(4..=6), _)) => return 3,
        Some((Ok(1..=3), _)) => return 2,
        Some((Err(_), word)) => match word.as_str() {
            "very-high" | "very high" => return 5,
            "high" => return 4,
            "medium" => return 3,
            "low" => return 2,
            _ => {}
        },
        _ => {}
    }
    match line.severity() {
        Some(0) => 6,
        Some(1 | 2) => 5,
        Some(3) => 4,
        Some(4) => 3,
        Some(5) => 2,
        _ => 1,
    }
}

/// What the message says became of it.
fn outcome<'a>(event: &mut Event<'a>, outcome: Option<Cow<'a, str>>, act: Option<Cow<'a, str>>) {
    let said = outcome.or(act);
    event.status = match said.as_deref().map(str::to_ascii_lowercase).as_deref() {
        Some(
            "success" | "succeeded" | "successful" | "ok" | "allow" | "allowed" | "permit" | "accept" | "accepted",
        ) => Status::Success,
        Some("failure" | "failed" | "fail" | "error" | "deny" | "denied" | "block" | "blocked" | "drop" | "reject") => {
            Status::Failure
        }
        _ => Status::Unknown,
    };
}

fn resource<'a>(event: &mut Event<'a>, kind: &'static str, name: Cow<'a, str>, at: &str) {
    let uri = uri::resource(NAME, at, kind, &name);
    event.resources.push(Resource { uri, kind: Cow::Borrowed(kind), name: Some(name), role: ResourceRole::Target });
}

/// Columns that every complete message fills.
fn missing(event: &mut Event<'_>) {
    let holes = [
        (event.time.is_none(), "time"),
        (event.actor.name.is_none(), "actor_principal"),
        (event.workload.node.is_none(), "workload_node"),
        (event.authority == "unknown", "authority"),
    ];
    fill::lacking(event, &holes);
}
