//! Linux hosts: who came in and as whom, as sshd, sudo, su, PAM, logind and the tools for accounts write it to syslog or
//! to the journal; and the records of the audit subsystem.
//!
//! What these programs say they have checked: a login that they let in is a name, one that they did not is a claim. A
//! line of syslog can be written by any process of its host in any name; a record of the journal shows which program
//! wrote it, and is believed only if that is the one it names.

mod audit;
mod journal;
mod origins;
mod program;
mod ssh;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    Access, ActorKind, Alias, AliasRel, Credential, CredentialChange, CredentialChangeKind, Effect, Event, Human,
    Millis, Platform, Principal, ResourceRole, Status, TimePrecision,
};

use self::program::Said;
use crate::syslog::Line;
use crate::{Context, Module, Probe, Reject, RejectKind, fill};

/// The platform part of URIs.
const NAME: &str = "linux";

/// How much of a record shows that it is a line of one of these programs.
const HEAD_BYTES: usize = 512;

pub(crate) static MODULE: Module =
    Module { platform: Platform::Linux, version: 1, recognise, normalise, origins: origins::ORIGINS };

fn recognise(probe: &Probe<'_>) -> bool {
    let head = probe.head(HEAD_BYTES);
    match head.as_bytes().first() {
        Some(b'{') => journal::recognise(probe),
        Some(b't' | b'n' | b'm') => audit::begins(head),
        Some(b'<' | b'A'..=b'Z' | b'0'..=b'9') => {
            let line = Line::read(head, Millis(u64::from(u32::MAX) * 1_000));
            line.is_some_and(|line| line.app.is_some_and(|app| program::is_ours(app, line.message)))
        }
        _ => false,
    }
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let text = text.trim_end_matches(['\n', '\r', '\0']);
    if text.starts_with('{') {
        return journal::normalise(text, context);
    }
    if audit::begins(text) {
        return audit::normalise(text, context, None);
    }
    let line = Line::read(text, context.received_at).filter(|line| line.app.is_some());
    let Some(line) = line else {
        return Err(Reject::new(RejectKind::Shape, "neither a line of syslog with a tag nor a record of auditd"));
    };
    let app = line.app.unwrap_or_default();
    if let Some(record) = audit::in_syslog(line.message).filter(|_| program::carries_audit(app)) {
        return audit::normalise(record, context, line.host);
    }
    let host = line.host.unwrap_or("unknown");
    let at = context.authority.unwrap_or(host);
    let mut event = of_line(app, line.message, at, true);
    event.time = line.time.map(|time| time.nanos);
    event.time_precision = line.time.map_or(TimePrecision::Second, |time| time.precision);
    event.time_raw = line.time_raw.map(Cow::Borrowed);
    if let Some(severity) = line.severity().filter(|severity| *severity < 5) {
        event.severity_id = event.severity_id.max(match severity {
            0 => 6,
            1 | 2 => 5,
            3 => 4,
            _ => 3,
        });
    }
    placed(&mut event, line.host.map(Cow::Borrowed), Cow::Borrowed(app), line.pid.map(Cow::Borrowed));
    fill::missing(&mut event, &[(line.host.is_none(), "workload_node")]);
    Ok(event)
}

/// Which host and process wrote it; by these two other lines of the same connection are found.
fn placed<'a>(event: &mut Event<'a>, host: Option<Cow<'a, str>>, app: Cow<'a, str>, pid: Option<Cow<'a, str>>) {
    if let Some((host, pid)) = host.as_deref().zip(pid.as_deref()) {
        event.correlation_ids.push(Cow::Owned(format!("{host}/{app}[{pid}]")));
    }
    if event.resources.is_empty() {
        fill::target(event, "host", host.clone());
    }
    event.workload.node = host;
    event.workload.name.get_or_insert(app);
    event.process = pid.or_else(|| event.process.take());
}

/// What a program said, as an event. `believed`: that it was this program who said it.
fn of_line<'a>(app: &'a str, message: &'a str, at: &str, believed: bool) -> Event<'a> {
    let said = program::read(app, message);
    let proved = believed && said.status == Status::Success;
    let actor = match said.user {
        Some(user) => user_of(user, at, proved || (believed && said.known)),
        // Who shows a key or a certificate has still to say who they are.
        None if said.proof.is_some() => fill::claimed(NAME, at, "client", said.ip.map(Cow::Borrowed)),
        None => service(app, at, believed),
    };
    let mut event = Event::new(Platform::Linux, Cow::Owned(at.to_owned()), actor);
    (event.class_uid, event.activity_id, event.access) = (said.class, said.activity, said.access);
    event.status = if believed { said.status } else { Status::Unknown };
    event.severity_id = said.severity;
    event.api.service = Some(Cow::Borrowed(app));
    event.api.operation = Some(Cow::Borrowed(said.operation));
    event.src.ip = said.ip.map(Cow::Borrowed);
    event.src.host = said.from_host.map(Cow::Borrowed);
    event.src.port = said.port;
    event.authn.method = said.method.map(Cow::Borrowed);
    event.authn.protocol = said.protocol.map(Cow::Borrowed);
    if !believed {
        event.error_message = Some(Cow::Borrowed("the program that wrote this is not the one it names"));
    } else if said.status == Status::Failure {
        event.error_message = Some(Cow::Borrowed(said.why.unwrap_or(message).trim()));
        if said.denied {
            let reason = event.error_message.clone();
            fill::decided(&mut event, Effect::Deny, reason);
        }
    } else if said.denied {
        fill::decided(&mut event, Effect::Allow, None);
    }
    on_whom(&mut event, &said, at, believed);
    if let Some(session) = said.session {
        event.session = Some(session_of(at, session));
    }
    event.credential = said.proof.map(|proof| proof.credential());
    event.correlation_ids.extend(said.proof.and_then(|proof| proof.key_id).map(Cow::Borrowed));
    if let (Some(user), Some(uid), true) = (said.user.or(said.target), said.uid, believed) {
        event.aliases.push(Alias {
            a: uri::principal_named(NAME, at, "user", user),
            b: uri::principal_named(NAME, at, "unix-uid", uid),
            rel: AliasRel::SameAs,
            rule: "linux:name+uid",
        });
    }
    if believed {
        accounts(&mut event, &said, at);
    }
    event
}

/// As whom it was done, and what was run, made or changed.
fn on_whom<'a>(event: &mut Event<'a>, said: &Said<'a>, at: &str, believed: bool) {
    if let Some(target) = said.target.filter(|target| Some(*target) != said.user) {
        event.subject = said.acts_as.then(|| match believed {
            true => uri::principal_named(NAME, at, "user", target),
            false => uri::principal_claimed(NAME, at, "user", target),
        });
        event.privileged = (target == "root" || said.privileged).then_some(true);
        fill::resource(event, "user", Cow::Borrowed(target), ResourceRole::Target);
    } else if said.privileged {
        event.privileged = Some(true);
    }
    if let Some(group) = said.group {
        fill::target(event, "group", Some(Cow::Borrowed(group)));
    }
    // Arguments may hold a secret.
    let command = said.command.and_then(|command| command.split_whitespace().next());
    fill::target(event, "command", command.map(Cow::Borrowed));
    if let Some(tty) = said.tty {
        event.client_app = Some(Cow::Borrowed(tty));
    }
}

/// The login of an account: by its password, as other lines about the account call it.
fn accounts(event: &mut Event<'_>, said: &Said<'_>, at: &str) {
    let (Some(change), Some(target), Status::Success) = (said.change, said.target, said.status) else { return };
    let uri = uri::build(Class::Cred, NAME, at, "login").name(target).finish();
    let holder = uri::principal_named(NAME, at, "user", target);
    let native_id = Some(Cow::Owned(target.to_owned()));
    if change == CredentialChangeKind::Issued {
        event.aliases.push(Alias { a: uri.clone(), b: holder, rel: AliasRel::CredentialOf, rule: "linux:useradd" });
        event.issued_credential =
            Some(Credential { uri, kind: Cow::Borrowed("login"), native_id, ..Credential::default() });
    } else {
        event.credential_changes.push(CredentialChange { change, uri, native_id, holder: Some(holder) });
    }
}

/// A user of a host. Names are given again, so it is a name even if it was checked.
fn user_of<'a>(user: &'a str, at: &str, proved: bool) -> Principal<'a> {
    let name = Cow::Borrowed(user);
    match proved {
        true => fill::named(NAME, at, name, user == "root"),
        false => {
            let mut claim = fill::claimed(NAME, at, "user", Some(name));
            if user == "root" {
                claim.kind = ActorKind::Shared;
            }
            claim
        }
    }
}

/// A program of the host, which speaks of itself.
fn service<'a>(app: &'a str, at: &str, believed: bool) -> Principal<'a> {
    let uri = match believed {
        true => uri::principal_named(NAME, at, "service", app),
        false => uri::principal_claimed(NAME, at, "service", app),
    };
    let name = Some(Cow::Borrowed(app));
    Principal { uri, kind: ActorKind::PlatformService, name, is_human: Human::Nonhuman, rule: "R1:linux-service" }
}

/// A session as logind and the kernel number it: a number of this boot, given again after the next.
fn session_of(at: &str, number: &str) -> String {
    uri::build(Class::Session, NAME, at, "login").name(number).finish()
}

/// What class, activity and access are of something that none of the others is.
const OTHER: (u32, u8, Access) = (6003, 99, Access::Other);
