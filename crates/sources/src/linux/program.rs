//! What the programs of a host say, each in its own words.

use model::{Access, CredentialChangeKind, Status};

use super::OTHER;
use super::ssh::{self, Proof};

/// What a line tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Said<'a> {
    pub(super) operation: &'static str,
    pub(super) class: u32,
    pub(super) activity: u8,
    pub(super) access: Access,
    pub(super) status: Status,
    pub(super) severity: u8,
    /// Who acted.
    pub(super) user: Option<&'a str>,
    /// Who that is was settled before, whatever became of the act.
    pub(super) known: bool,
    /// The number of whom it names.
    pub(super) uid: Option<&'a str>,
    /// As whom, or on whose account.
    pub(super) target: Option<&'a str>,
    /// The target lends its rights.
    pub(super) acts_as: bool,
    pub(super) privileged: bool,
    pub(super) group: Option<&'a str>,
    pub(super) command: Option<&'a str>,
    pub(super) tty: Option<&'a str>,
    pub(super) ip: Option<&'a str>,
    pub(super) from_host: Option<&'a str>,
    pub(super) port: Option<u16>,
    pub(super) method: Option<&'a str>,
    pub(super) protocol: Option<&'static str>,
    pub(super) session: Option<&'a str>,
    pub(super) proof: Option<Proof<'a>>,
    /// The program decided: in the way that the status says.
    pub(super) denied: bool,
    pub(super) why: Option<&'a str>,
    pub(super) change: Option<CredentialChangeKind>,
}

impl Said<'_> {
    pub(super) const NOTHING: Said<'static> = Said {
        operation: "message",
        class: OTHER.0,
        activity: OTHER.1,
        access: OTHER.2,
        status: Status::Unknown,
        severity: 1,
        user: None,
        known: false,
        uid: None,
        target: None,
        acts_as: false,
        privileged: false,
        group: None,
        command: None,
        tty: None,
        ip: None,
        from_host: None,
        port: None,
        method: None,
        protocol: None,
        session: None,
        proof: None,
        denied: false,
        why: None,
        change: None,
    };
}

/// Programs about logins, rights and accounts.
const OURS: [&str; 22] = [
    "sshd",
    "sshd-session",
    "sshd-auth",
    "sudo",
    "su",
    "su-l",
    "runuser",
    "login",
    "systemd-logind",
    "polkitd",
    "pkexec",
    "useradd",
    "usermod",
    "userdel",
    "groupadd",
    "groupmod",
    "groupdel",
    "passwd",
    "chpasswd",
    "gpasswd",
    "chage",
    "auditd",
];

/// The program behind a tag: without its path.
fn name(app: &str) -> &str {
    app.rsplit('/').next().unwrap_or(app)
}

/// Whether a line is of one of these programs, of PAM in any program, or of the audit subsystem.
pub(super) fn is_ours(app: &str, message: &str) -> bool {
    let app = name(app);
    OURS.contains(&app) || pam(message).is_some() || (carries_audit(app) && super::audit::in_syslog(message).is_some())
}

/// Whether a program hands records of the audit subsystem on.
pub(super) fn carries_audit(app: &str) -> bool {
    matches!(name(app), "kernel" | "audit" | "audispd" | "audisp-syslog" | "auditd")
}

/// What a program says; `message` and nobody in particular if it is none of what is known here.
pub(super) fn read<'a>(app: &str, message: &'a str) -> Said<'a> {
    let said = pam(message).or_else(|| match name(app) {
        "sshd" | "sshd-session" | "sshd-auth" => ssh::read(message),
        "sudo" => sudo(message),
        "su" | "su-l" => su(message),
        "systemd-logind" => logind(message),
        "auditd" => auditd(message),
        app => account(app, message),
    });
    said.unwrap_or(Said::NOTHING)
}

const LOGIN: Said<'_> =
    Said { class: 3002, activity: 1, access: Access::Authenticate, status: Status::Success, ..Said::NOTHING };

/// `pam_unix(sshd:session): session opened for user mira(uid=1001) by (uid=0)`.
fn pam(message: &str) -> Option<Said<'_>> {
    let (head, text) = message.split_once("): ")?;
    let (module, place) = head.split_once('(')?;
    if !module.starts_with("pam_") || module.contains(' ') {
        return None;
    }
    let kind = place.split_once(':').map_or("", |(_, kind)| kind);
    let base = Said { method: Some(module), protocol: Some("pam"), operation: "pam:message", ..Said::NOTHING };
    let who = |text: &'_ str| -> usize { text.find([' ', '(']).unwrap_or(text.len()) };
    if let Some(rest) = text.strip_prefix("session opened for user ") {
        let (user, rest) = rest.split_at_checked(who(rest))?;
        let (uid, by) = rest.strip_prefix("(uid=").and_then(|rest| rest.split_once(')')).unzip();
        let by = by.unwrap_or(rest).trim_start().strip_prefix("by ").map(|by| by.split_at(who(by)).0);
        let by = by.filter(|by| !by.is_empty() && *by != user);
        let base = Said { operation: "pam:session-open", ..LOGIN };
        let (method, protocol) = (Some(module), Some("pam"));
        return Some(match by {
            Some(by) => Said { user: Some(by), target: Some(user), acts_as: true, method, protocol, ..base },
            None => Said { user: Some(user), uid, method, protocol, ..base },
        });
    }
    if let Some(user) = text.strip_prefix("session closed for user ") {
        let (activity, access) = (2, Access::Other);
        return Some(Said { operation: "pam:session-close", activity, access, user: Some(user), ..LOGIN });
    }
    if text.starts_with("authentication failure") {
        let field = |key: &str| text.split([' ', ';']).find_map(|w| w.strip_prefix(key)).filter(|v| !v.is_empty());
        let (user, from) = (field("user=").or_else(|| field("ruser=")), field("rhost="));
        let ip = from.filter(|ip| ip.parse::<std::net::IpAddr>().is_ok());
        let from_host = from.filter(|_| ip.is_none());
        let (operation, status, denied) = ("pam:authenticate", Status::Failure, true);
        let base = Said { method: Some(module), protocol: Some("pam"), ..LOGIN };
        return Some(Said { operation, status, denied, user, ip, from_host, tty: field("tty="), ..base });
    }
    if text.starts_with("check pass; user unknown") || text.starts_with("auth could not identify password for ") {
        let user = text.rsplit_once('[').map(|(_, user)| user.trim_end_matches(']'));
        let (operation, status) = ("pam:authenticate", Status::Failure);
        return Some(Said { operation, status, user, method: Some(module), protocol: Some("pam"), ..LOGIN });
    }
    if let Some(user) = text.strip_prefix("password changed for ") {
        let (class, activity, access) = (3007, 8, Access::Modify);
        let change = Some(CredentialChangeKind::Rotated);
        let (operation, status) = ("pam:password", Status::Success);
        return Some(Said { operation, class, activity, access, status, target: Some(user), change, ..base });
    }
    if kind == "account" && (text.contains("expired") || text.contains("denied")) {
        return Some(Said { operation: "pam:account", status: Status::Failure, denied: true, ..LOGIN });
    }
    Some(base)
}

/// `mira : TTY=pts/0 ; PWD=/srv ; USER=root ; COMMAND=/usr/bin/id`, with what went wrong as the first part.
fn sudo(message: &str) -> Option<Said<'_>> {
    let (user, rest) = message.trim_start().split_once(" : ")?;
    let base = Said { operation: "sudo", user: Some(user), known: true, ..Said::NOTHING };
    let Some((rest, command)) = rest.split_once("COMMAND=") else { return Some(base) };
    let part = |name: &str| rest.split(" ; ").find_map(|part| part.trim().strip_prefix(name));
    // Without a complaint the first part is where it was typed.
    let first = rest.split(" ; ").next().unwrap_or_default().trim();
    let is_fine = ["TTY=", "PWD=", "HOST=", "USER=", "GROUP="].iter().any(|start| first.starts_with(start));
    let status = if is_fine { Status::Success } else { Status::Failure };
    Some(Said {
        class: 1007,
        activity: 1,
        access: Access::Execute,
        status,
        target: part("USER="),
        acts_as: true,
        group: part("GROUP="),
        tty: part("TTY="),
        command: Some(command),
        denied: true,
        why: (!is_fine).then_some(first),
        ..base
    })
}

/// `(to root) mira on pts/0`, `FAILED SU (to root) mira on pts/0`, `Successful su for root by mira`.
fn su(message: &str) -> Option<Said<'_>> {
    let failed = message.strip_prefix("FAILED SU ").or_else(|| message.strip_prefix("FAILED su "));
    let (status, rest) = match failed {
        Some(rest) => (Status::Failure, rest),
        None => (Status::Success, message.strip_prefix("Successful su ").unwrap_or(message)),
    };
    let (target, user, tty) = match rest.strip_prefix("(to ") {
        Some(rest) => {
            let (target, rest) = rest.split_once(") ")?;
            let (user, tty) = rest.split_once(" on ").unwrap_or((rest, "none"));
            (target, user, Some(tty).filter(|tty| *tty != "none"))
        }
        None => {
            let (target, user) = rest.strip_prefix("for ")?.split_once(" by ")?;
            (target, user, None)
        }
    };
    let (operation, activity, acts_as, known, denied) = ("su", 7, true, true, true);
    let (user, target) = (Some(user), Some(target));
    Some(Said { operation, activity, status, user, target, acts_as, known, denied, tty, ..LOGIN })
}

/// `New session 12 of user mira.`, `Session 12 logged out. Waiting ...`, `Removed session 12.`
fn logind(message: &str) -> Option<Said<'_>> {
    if let Some(rest) = message.strip_prefix("New session ") {
        let (session, rest) = rest.split_once(" of user ")?;
        // Newer ones say of which class and type it is.
        let user = rest.split_once(" with class ").map_or(rest, |(user, _)| user).trim_end_matches('.');
        return Some(Said { operation: "login:session-open", user: Some(user), session: Some(session), ..LOGIN });
    }
    let ended = message.strip_prefix("Removed session ").or_else(|| message.strip_prefix("Session "));
    if let Some(rest) = ended {
        let session = Some(rest.split([' ', '.']).next()?);
        let operation = "login:session-close";
        return Some(Said { operation, activity: 2, access: Access::Other, session, ..LOGIN });
    }
    let (operation, activity) = match message {
        _ if message.contains("powering down") || message.contains("power off") => ("host:stop", 4),
        _ if message.contains("rebooting") || message.contains("reboot") => ("host:restart", 5),
        _ => return None,
    };
    Some(Said { operation, class: 6002, activity, access: Access::Execute, status: Status::Success, ..Said::NOTHING })
}

/// The audit daemon about itself: the trail begins and ends with it.
fn auditd(message: &str) -> Option<Said<'_>> {
    let (operation, activity, access, severity) = if message.contains("is exiting") {
        ("audit:stop", 7, Access::Delete, 3)
    } else if message.contains("started") || message.contains("initialized") || message.contains("Init complete") {
        ("audit:start", 6, Access::Create, 1)
    } else if message.contains("suspending") || message.contains("disk full") || message.contains("no space") {
        ("audit:disable", 10, Access::Modify, 5)
    } else if message.contains("rotat") {
        ("audit:rotate", 5, Access::Modify, 1)
    } else {
        return None;
    };
    Some(Said { operation, class: 1008, activity, access, severity, status: Status::Success, ..Said::NOTHING })
}

/// The tools that keep accounts; they seldom say who ran them.
fn account<'a>(app: &str, message: &'a str) -> Option<Said<'a>> {
    let quoted = |number: usize| message.split('\'').nth(number * 2 + 1);
    let field = |key: &str| {
        let (_, rest) = message.split_once(key)?;
        rest.split(',').next()
    };
    let base = Said { status: Status::Success, privileged: true, ..Said::NOTHING };
    let user = |operation, activity, access| Said { operation, class: 3007, activity, access, ..base };
    let group = |operation, activity, access| Said { operation, class: 3006, activity, access, ..base };
    Some(match app {
        "useradd" if message.starts_with("new user: ") => {
            let change = Some(CredentialChangeKind::Issued);
            let said = user("user:create", 1, Access::Create);
            Said { target: field("name="), uid: field("UID="), change, ..said }
        }
        "userdel" if message.starts_with("delete user ") => {
            let change = Some(CredentialChangeKind::Revoked);
            Said { target: quoted(0), change, ..user("user:delete", 3, Access::Delete) }
        }
        "passwd" | "chpasswd" if message.starts_with("password for ") => {
            let change = Some(CredentialChangeKind::Rotated);
            let (by, said) = (quoted(1), user("user:password", 8, Access::Modify));
            Said { user: by, known: by.is_some(), target: quoted(0), change, ..said }
        }
        "usermod" if message.starts_with("lock user ") => {
            let change = Some(CredentialChangeKind::Disabled);
            Said { target: quoted(0), change, ..user("user:lock", 6, Access::Modify) }
        }
        "usermod" if message.starts_with("unlock user ") => {
            let change = Some(CredentialChangeKind::Enabled);
            Said { target: quoted(0), change, ..user("user:unlock", 7, Access::Modify) }
        }
        "usermod" | "useradd" | "gpasswd" if message.starts_with("add '") => {
            Said { target: quoted(0), group: quoted(1), ..group("group:add-user", 3, Access::Grant) }
        }
        "userdel" | "usermod" | "gpasswd" if message.starts_with("delete '") => {
            Said { target: quoted(0), group: quoted(1), ..group("group:remove-user", 4, Access::Grant) }
        }
        "usermod" | "chage" => Said { target: quoted(0), ..user("user:change", 2, Access::Modify) },
        "groupadd" | "useradd" if message.starts_with("new group: ") || message.starts_with("group added to ") => {
            Said { group: field("name="), ..group("group:create", 6, Access::Create) }
        }
        "groupdel" | "userdel" if message.contains("group '") => {
            Said { group: quoted(0), ..group("group:delete", 5, Access::Delete) }
        }
        "groupmod" => Said { group: quoted(0), ..group("group:change", 9, Access::Modify) },
        _ => return None,
    })
}
