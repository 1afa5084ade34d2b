//! Records of the audit subsystem: `type=USER_LOGIN msg=audit(1795936686.763:8): pid=1 ...`, as auditd writes them, raw or
//! enriched, as `ausearch` prints them, with their numbers made names or not, and as they pass through syslog and journal.

use std::borrow::Cow;

use model::uri;
use model::{Access, ActorKind, Alias, AliasRel, Effect, Event, Human, Platform, Principal, ResourceRole, Status};

use super::{NAME, OTHER, session_of};
use crate::{Context, Reject, RejectKind, fill};

/// Most names read of one record.
const PAIRS_MAX: usize = 512;

/// Whether a text is such a record: with its node, type or stamp first.
pub(super) fn begins(text: &str) -> bool {
    let rest = match text.strip_prefix("node=") {
        Some(rest) => rest.split_once(' ').map_or("", |(_, rest)| rest),
        None => text,
    };
    let stamp = rest.strip_prefix("type=").map_or(Some(rest), |rest| rest.split_once(' ').map(|(_, rest)| rest));
    stamp.is_some_and(|stamp| stamp.starts_with("msg=audit("))
}

/// The record in a message of syslog; the kernel writes `audit: type=1400 audit(1795936686.763:8): ...` itself.
pub(super) fn in_syslog(message: &str) -> Option<&str> {
    let message = message.trim_start();
    if begins(message) {
        return Some(message);
    }
    let at = message.find("audit: type=")?;
    let record = message.get(at + "audit: ".len()..)?;
    record.contains(" audit(").then_some(record)
}

/// Names and values of a record.
pub(super) struct Pairs<'a> {
    all: Vec<(&'a str, &'a str, bool)>,
    /// Whether numbers have been made names, and texts are as they were.
    interpreted: bool,
}

impl<'a> Pairs<'a> {
    fn read(text: &'a str, interpreted: bool) -> Pairs<'a> {
        let mut pairs = Pairs { all: Vec::new(), interpreted };
        pairs.take(text);
        pairs
    }

    fn take(&mut self, text: &'a str) {
        let mut rest = text;
        while self.all.len() < PAIRS_MAX {
            rest = rest.trim_start_matches([' ', '\u{1d}', ',']);
            let Some(end) = rest.find(['=', ' ', '\u{1d}']) else { return };
            let (key, after) = rest.split_at(end);
            let Some(value) = after.strip_prefix('=') else {
                rest = after;
                continue;
            };
            let until = |close: char, from: &'a str| from.split_once(close).unwrap_or((from, ""));
            let (value, behind, quoted) = if let Some(inside) = value.strip_prefix('"') {
                let (value, behind) = until('"', inside);
                (value, behind, true)
            } else if let Some(inside) = value.strip_prefix('\'') {
                let (inside, behind) = inside.rsplit_once('\'').unwrap_or((inside, ""));
                self.take(inside);
                (inside, behind, true)
            } else if value.starts_with('(') {
                let end = value.find(')').map_or(value.len(), |at| at + 1);
                let (value, behind) = value.split_at(end);
                (value, behind, false)
            } else {
                let end = value.find([' ', '\u{1d}']).unwrap_or(value.len());
                let (value, behind) = value.split_at(end);
                (value, behind, false)
            };
            self.all.push((key, value, quoted));
            rest = behind;
        }
    }

    /// The last value of this name, as it stands.
    fn raw(&self, key: &str) -> Option<&'a str> {
        let found = self.all.iter().rev().find(|(name, ..)| *name == key).map(|(_, value, _)| *value);
        found.filter(|value| !matches!(*value, "" | "?" | "(null)" | "(none)"))
    }

    /// A text, which the kernel writes in hex if it has a space or a quote in it.
    pub(super) fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        let (_, value, quoted) = self.all.iter().rev().find(|(name, ..)| *name == key)?;
        if matches!(*value, "" | "?" | "(null)" | "(none)") {
            return None;
        }
        let decoded = (!quoted && !self.interpreted).then(|| unhex(value)).flatten();
        Some(decoded.map_or(Cow::Borrowed(*value), Cow::Owned))
    }

    /// A user's number, unless there is none.
    fn uid(&self, key: &str) -> Option<&'a str> {
        self.raw(key).filter(|uid| !matches!(*uid, "4294967295" | "-1" | "unset"))
    }
}

fn unhex(text: &str) -> Option<String> {
    let digits = text.as_bytes();
    if digits.len() < 4 || !digits.len().is_multiple_of(2) {
        return None;
    }
    let bytes: Option<Vec<u8>> = digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .map(|byte| byte.map(|byte| if byte == 0 { b' ' } else { byte }))
        .collect();
    String::from_utf8(bytes?).ok()
}

/// Reads a record; `host` is where it was written, if what carried it says so.
pub(super) fn normalise<'a>(text: &'a str, context: &Context<'_>, host: Option<&'a str>) -> Result<Event<'a>, Reject> {
    let (node, rest) = match text.strip_prefix("node=").and_then(|rest| rest.split_once(' ')) {
        Some((node, rest)) => (Some(node), rest),
        None => (None, text),
    };
    let (kind, rest) = match rest.strip_prefix("type=").and_then(|rest| rest.split_once(' ')) {
        Some((kind, rest)) => (Some(kind).filter(|kind| !kind.is_empty()), rest),
        None => (None, rest),
    };
    let stamp = rest.split_once("audit(").and_then(|(_, rest)| rest.split_once(')'));
    let Some((stamp, body)) = stamp else {
        return Err(Reject::new(
            RejectKind::Shape,
            "audit( is missing; every record of the audit subsystem has its stamp",
        ));
    };
    let body = body.trim_start_matches([' ', ':']);
    let host = node.or(host);
    let at = context.authority.or(host).unwrap_or("unknown").to_owned();
    Ok(of_record(kind, stamp, body, &at, host))
}

/// A record of which what carries it has said type and stamp.
pub(super) fn of_record<'a>(
    kind: Option<&'a str>,
    stamp: &'a str,
    body: &'a str,
    at: &str,
    host: Option<&'a str>,
) -> Event<'a> {
    let (time, serial) = stamp.rsplit_once(':').filter(|(time, _)| !time.is_empty()).unwrap_or((stamp, ""));
    let pairs = Pairs::read(body, time.contains('/'));
    let name = kind.unwrap_or("unknown");
    let status = outcome(&pairs, body);
    let (class, activity, access) = act(name, &pairs, body);
    // In a record about accounts the account is what was changed.
    let on_account = matches!(class, 3006 | 3007);
    let who = actor(&pairs, at, status, on_account);
    let mut event = Event::new(Platform::Linux, Cow::Owned(at.to_owned()), who);
    (event.class_uid, event.activity_id, event.access) = (class, activity, access);
    event.status = status;
    event.status_code = ["res", "success"].iter().find_map(|key| pairs.raw(key)).map(Cow::Borrowed);
    event.api.service = Some(Cow::Borrowed("audit"));
    event.api.operation = kind.map(Cow::Borrowed);
    event.severity_id = if class == 1008 && matches!(activity, 7 | 10) { 4 } else { severity(name) };
    when(&mut event, time);
    if !serial.is_empty() {
        // All records of one act have one stamp.
        event.correlation_ids.push(Cow::Borrowed(stamp));
        let item = pairs.raw("item").map(|item| format!("/{item}")).unwrap_or_default();
        event.source_event_id = Some(Cow::Owned(format!("{stamp}/{name}{item}")));
    }
    event.workload.node = host.map(Cow::Borrowed);
    event.workload.name = pairs.text("comm").or_else(|| pairs.text("exe"));
    event.process = pairs.raw("pid").map(Cow::Borrowed);
    event.client_app = pairs.raw("terminal").or_else(|| pairs.raw("tty")).map(Cow::Borrowed);
    let op = pairs.raw("op").filter(|op| op.starts_with("PAM:"));
    event.authn.protocol = op.map(|_| Cow::Borrowed("pam"));
    event.authn.method = pairs.raw("grantors").filter(|_| op.is_some()).map(Cow::Borrowed);
    match pairs.raw("addr").filter(|addr| addr.parse::<std::net::IpAddr>().is_ok()) {
        Some(addr) => event.src.ip = Some(Cow::Borrowed(addr)),
        None => event.src.host = pairs.raw("hostname").map(Cow::Borrowed),
    }
    event.session = pairs.uid("ses").map(|session| session_of(at, session));
    if !on_account && name != "LOGIN" {
        whose(&mut event, &pairs, at);
    }
    what(&mut event, &pairs, name);
    decided(&mut event, &pairs, name, body);
    fill::missing(
        &mut event,
        &[(serial.is_empty(), "source_event_id"), (kind.is_none(), "api_operation"), (host.is_none(), "workload_node")],
    );
    event
}

/// `1795936686.763`, or `11/29/26 07:18:07.327` as `ausearch` prints it by the clock of its host.
fn when<'a>(event: &mut Event<'a>, text: &'a str) {
    fill::when(event, Some(Cow::Borrowed(text)).filter(|text| !text.is_empty()));
    let Some((date, clock)) = text.split_once(' ') else { return };
    let mut parts = date.split('/');
    let (Some(month), Some(day), Some(year), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return;
    };
    let year = if year.len() == 2 { format!("20{year}") } else { year.to_owned() };
    if let Some(parsed) = crate::time::parse(&format!("{year}-{month:0>2}-{day:0>2}T{clock}")) {
        (event.time, event.time_precision) = (Some(parsed.nanos), parsed.precision);
    }
}

fn outcome(pairs: &Pairs<'_>, body: &str) -> Status {
    match ["res", "success"].iter().find_map(|key| pairs.raw(key)) {
        Some("success" | "yes" | "1") => Status::Success,
        Some("failed" | "no" | "0") => Status::Failure,
        _ if body.contains("avc: ") || body.starts_with("apparmor=") => match () {
            () if body.contains(" denied ") || body.contains("\"DENIED\"") => Status::Failure,
            () if body.contains(" granted ") || body.contains("\"ALLOWED\"") => Status::Success,
            () => Status::Unknown,
        },
        _ => Status::Unknown,
    }
}

/// A user by number, and by name where a record has both.
fn user(uid: &str, name: Option<&str>, at: &str) -> String {
    match name {
        Some(name) => uri::principal_named(NAME, at, "user", name),
        None if uid == "0" => uri::principal_named(NAME, at, "user", "root"),
        None if uid.bytes().all(|byte| byte.is_ascii_digit()) => uri::principal_named(NAME, at, "unix-uid", uid),
        None => uri::principal_named(NAME, at, "user", uid),
    }
}

/// Who logged in, whatever they have become since; before that whom the record names.
fn actor<'a>(pairs: &Pairs<'a>, at: &str, status: Status, on_account: bool) -> Principal<'a> {
    let acct = pairs.text("acct").filter(|_| !on_account);
    let name_of = |key: &str| pairs.text(key);
    let id = pairs.uid("id").filter(|_| !on_account);
    let (uid, name) = match (pairs.uid("auid"), acct, id.or_else(|| pairs.uid("uid"))) {
        (Some(auid), ..) => (auid, name_of("AUID")),
        (None, Some(acct), _) => {
            let proved = status == Status::Success;
            let shared = acct == "root";
            return match proved {
                true => fill::named(NAME, at, acct, shared),
                false => fill::claimed(NAME, at, "user", Some(acct)),
            };
        }
        (None, None, Some(uid)) => (uid, name_of("UID")),
        (None, None, None) => return fill::itself(NAME, at, "host", "R1:linux-host"),
    };
    let kind = if uid == "0" || uid == "root" { ActorKind::Shared } else { ActorKind::Unknown };
    let uri = user(uid, name.as_deref(), at);
    Principal { uri, kind, name: name.or(Some(Cow::Borrowed(uid))), is_human: Human::Unknown, rule: "default" }
}

/// Programs that let people in: the account is that of who logged in.
fn lets_in(exe: &str) -> bool {
    matches!(exe.rsplit('/').next(), Some("sshd" | "sshd-session" | "login" | "systemd-logind" | "gdm-session-worker"))
}

/// The rights that were used, where they are not those of who logged in.
fn whose<'a>(event: &mut Event<'a>, pairs: &Pairs<'a>, at: &str) {
    let Some(auid) = pairs.uid("auid") else { return };
    if let Some(name) = pairs.text("AUID").filter(|_| auid.bytes().all(|byte| byte.is_ascii_digit())) {
        same(event, &name, auid, at);
    }
    let exe = pairs.text("exe").unwrap_or_default();
    let other = match pairs.text("acct") {
        Some(acct) if lets_in(&exe) => {
            same(event, &acct, auid, at);
            None
        }
        Some(acct) => Some((uri::principal_named(NAME, at, "user", &acct), acct)),
        None => {
            let uid = pairs.uid("euid").or_else(|| pairs.uid("uid")).filter(|uid| *uid != auid);
            uid.map(|uid| (user(uid, None, at), Cow::Borrowed(uid)))
        }
    };
    let Some((uri, name)) = other.filter(|(uri, _)| *uri != event.actor.uri) else { return };
    event.privileged = matches!(name.as_ref(), "root" | "0").then_some(true);
    event.subject = Some(uri);
}

fn same(event: &mut Event<'_>, name: &str, uid: &str, at: &str) {
    let a = uri::principal_named(NAME, at, "user", name);
    let b = uri::principal_named(NAME, at, "unix-uid", uid);
    event.aliases.push(Alias { a, b, rel: AliasRel::SameAs, rule: "linux:acct+auid" });
}

/// Files, programs and accounts that a record names.
fn what<'a>(event: &mut Event<'a>, pairs: &Pairs<'a>, kind: &str) {
    // Arguments may hold a secret.
    let program = |text: Cow<'a, str>| Cow::Owned(text.split(' ').next().unwrap_or_default().to_owned());
    fill::target(event, "command", pairs.text("cmd").map(program));
    match kind {
        "EXECVE" => fill::target(event, "command", pairs.text("a0")),
        "SYSCALL" | "AVC" | "USER_AVC" | "SECCOMP" | "ANOM_ABEND" => {
            fill::target(event, "file", pairs.text("path").or_else(|| pairs.text("name")));
            fill::target(event, "program", pairs.text("exe"));
        }
        "PATH" => fill::target(event, "file", pairs.text("name")),
        "CWD" => fill::target(event, "folder", pairs.text("cwd")),
        "SERVICE_START" | "SERVICE_STOP" => fill::target(event, "service", pairs.text("unit")),
        _ => {}
    }
    let account = pairs.text("acct").or_else(|| pairs.raw("id").map(Cow::Borrowed));
    if matches!(event.class_uid, 3006 | 3007) {
        let kind = if event.class_uid == 3006 && event.activity_id != 3 { "group" } else { "user" };
        fill::target(event, kind, account);
        event.privileged = Some(true);
    }
    if event.resources.is_empty() {
        let node = event.workload.node.clone();
        let host = node.or_else(|| Some(Cow::Owned(event.authority.to_string()))).filter(|host| host != "unknown");
        if let Some(host) = host {
            fill::resource(event, "host", host, ResourceRole::Related);
        }
    }
}

/// What was let through or not, and by which rule the kernel saw it.
fn decided<'a>(event: &mut Event<'a>, pairs: &Pairs<'a>, kind: &str, body: &'a str) {
    let denied = event.status == Status::Failure;
    if denied {
        event.error_code = pairs.raw("exit").map(Cow::Borrowed);
        event.error_message = pairs.raw("op").or_else(|| pairs.raw("reason")).map(Cow::Borrowed);
    }
    let effect = match kind {
        "AVC" | "USER_AVC" | "SECCOMP" | "1400" => (event.status != Status::Unknown).then_some(denied),
        "USER_LOGIN" | "USER_AUTH" | "USER_ACCT" | "USER_CMD" | "USER_START" => Some(denied),
        _ => None,
    };
    if let Some(denied) = effect {
        let reason = (kind == "AVC").then(|| body.split_once(" for ").map_or(body, |(reason, _)| reason));
        let effect = if denied { Effect::Deny } else { Effect::Allow };
        fill::decided(event, effect, reason.map(Cow::Borrowed));
    } else if let Some(key) = pairs.text("key") {
        fill::decided(event, Effect::Observed, None);
        event.decision.policies.push(key);
    }
}

fn severity(kind: &str) -> u8 {
    match kind {
        _ if kind.starts_with("ANOM_") => 4,
        "AVC" | "SECCOMP" => 3,
        _ => 1,
    }
}

/// Class, activity and access of a type of record.
fn act(kind: &str, pairs: &Pairs<'_>, body: &str) -> (u32, u8, Access) {
    let is_execve = match (pairs.raw("arch"), pairs.raw("syscall")) {
        (_, Some("execve" | "execveat")) => true,
        // The numbers of x86-64, arm64 and 32-bit x86.
        (Some("c000003e"), Some("59" | "322")) | (Some("c00000b7"), Some("221")) | (Some("40000003"), Some("11")) => {
            true
        }
        _ => false,
    };
    match kind {
        "USER_LOGIN" | "USER_AUTH" | "USER_START" | "LOGIN" => (3002, 1, Access::Authenticate),
        "USER_ACCT" => (3003, 99, Access::Authenticate),
        "CRED_ACQ" => (3002, 3, Access::Authenticate),
        "CRED_REFR" => (3002, 5, Access::Authenticate),
        "USER_END" | "USER_LOGOUT" | "CRED_DISP" => (3002, 2, Access::Other),
        "USER_ERR" => (3002, 1, Access::Authenticate),
        "USER_ROLE_CHANGE" | "USER_SELINUX_ERR" => (3002, 7, Access::Authenticate),
        "ADD_USER" => (3007, 1, Access::Create),
        "DEL_USER" => (3007, 3, Access::Delete),
        "USER_CHAUTHTOK" if body.contains("to group") => (3006, 3, Access::Grant),
        "USER_CHAUTHTOK" => (3007, 8, Access::Modify),
        "USER_MGMT" => (3007, 2, Access::Modify),
        "ACCT_LOCK" => (3007, 6, Access::Modify),
        "ACCT_UNLOCK" => (3007, 7, Access::Modify),
        "ROLE_ASSIGN" => (3007, 16, Access::Grant),
        "ROLE_REMOVE" => (3007, 17, Access::Grant),
        "ADD_GROUP" => (3006, 6, Access::Create),
        "DEL_GROUP" => (3006, 5, Access::Delete),
        "GRP_MGMT" => (3006, 9, Access::Modify),
        "USER_CMD" | "EXECVE" => (1007, 1, Access::Execute),
        "SYSCALL" if is_execve => (1007, 1, Access::Execute),
        "PATH" => match pairs.raw("nametype") {
            Some("CREATE") => (1001, 1, Access::Create),
            Some("DELETE") => (1001, 4, Access::Delete),
            _ => (1001, 99, Access::Other),
        },
        "AVC" | "USER_AVC" => (6003, 99, permission(body)),
        "DAEMON_START" | "DAEMON_RESUME" => (1008, 6, Access::Create),
        "DAEMON_END" | "DAEMON_ABORT" => (1008, 7, Access::Delete),
        "DAEMON_ROTATE" => (1008, 5, Access::Modify),
        "CONFIG_CHANGE" => match (pairs.raw("op"), pairs.raw("audit_enabled")) {
            (_, Some("0")) | (Some("remove_rule" | "remove-rule"), _) => (1008, 10, Access::Modify),
            (_, Some(_)) | (Some("add_rule" | "add-rule"), _) => (1008, 9, Access::Modify),
            _ => (1008, 99, Access::Modify),
        },
        "DAEMON_CONFIG" | "DAEMON_ERR" | "FEATURE_CHANGE" => (1008, 99, Access::Modify),
        "SERVICE_START" | "SYSTEM_BOOT" => (6002, 3, Access::Execute),
        "SERVICE_STOP" | "SYSTEM_SHUTDOWN" => (6002, 4, Access::Execute),
        _ => OTHER,
    }
}

/// The strongest of the permissions in braces.
fn permission(body: &str) -> Access {
    let inside = body.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map_or("", |(inside, _)| inside);
    let mut access = Access::Other;
    for word in inside.split_whitespace() {
        access = match word {
            "unlink" | "rmdir" => return Access::Delete,
            "write" | "append" | "setattr" | "create" | "add_name" | "remove_name" | "rename" => Access::Modify,
            "execute" | "execute_no_trans" | "transition" => Access::Execute,
            "read" | "open" | "getattr" | "search" | "map" if access == Access::Other => Access::Read,
            _ => access,
        };
    }
    access
}
