//! Lines of sshd, sudo and su about who came in, and as whom.

use model::{Access, Status};

/// What such a line tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Login<'a> {
    pub(super) operation: &'static str,
    pub(super) status: Status,
    pub(super) class: u32,
    pub(super) activity: u8,
    pub(super) access: Access,
    /// Who acted.
    pub(super) user: &'a str,
    /// As whom, if that is another.
    pub(super) target: Option<&'a str>,
    pub(super) ip: Option<&'a str>,
    pub(super) port: Option<u16>,
    pub(super) method: Option<&'a str>,
    /// What was run.
    pub(super) command: Option<&'a str>,
}

const ENTERED: Login<'_> = Login {
    operation: "ssh:login",
    status: Status::Success,
    class: 3002,
    activity: 1,
    access: Access::Authenticate,
    user: "",
    target: None,
    ip: None,
    port: None,
    method: None,
    command: None,
};

/// What a program says, if it is one of these and says it so.
pub(super) fn read<'a>(app: &str, message: &'a str) -> Option<Login<'a>> {
    match app.rsplit('/').next()? {
        "sshd" | "sshd-session" => ssh(message),
        "sudo" => sudo(message),
        "su" => su(message),
        _ => None,
    }
}

/// `Accepted publickey for alice from 192.0.2.1 port 50000 ssh2`, `Failed password for invalid user bob from ...`,
/// `Invalid user bob from ...`.
fn ssh(message: &str) -> Option<Login<'_>> {
    let (status, method, rest) = if let Some(rest) = message.strip_prefix("Accepted ") {
        let (method, rest) = rest.split_once(" for ")?;
        (Status::Success, Some(method), rest)
    } else if let Some(rest) = message.strip_prefix("Failed ") {
        let (method, rest) = rest.split_once(" for ")?;
        (Status::Failure, Some(method), rest.strip_prefix("invalid user ").unwrap_or(rest))
    } else {
        (Status::Failure, None, message.strip_prefix("Invalid user ")?)
    };
    // A name may be anything that a client sends, ` from ` too: what sshd itself wrote is behind the last one.
    let (user, place) = rest.rsplit_once(" from ")?;
    let mut words = place.split(' ');
    let ip = words.next().filter(|ip| ip.parse::<std::net::IpAddr>().is_ok());
    let port = (words.next() == Some("port")).then(|| words.next()?.parse().ok()).flatten();
    Some(Login { status, user, ip, port, method, ..ENTERED })
}

/// `alice : TTY=pts/0 ; PWD=/srv/app ; USER=root ; COMMAND=/usr/bin/id`, with what went wrong as the first part.
fn sudo(message: &str) -> Option<Login<'_>> {
    let (user, rest) = message.trim_start().split_once(" : ")?;
    let (rest, command) = rest.split_once("COMMAND=")?;
    let part = |name: &str| rest.split(" ; ").find_map(|part| part.strip_prefix(name)).map(str::trim);
    // Without a complaint the first part is where it was typed.
    let is_fine = rest.starts_with("TTY=") || rest.starts_with("PWD=") || rest.starts_with("HOST=");
    let status = if is_fine { Status::Success } else { Status::Failure };
    let (operation, class, activity, access) = ("sudo", 1007, 1, Access::Execute);
    Some(Login {
        operation,
        status,
        class,
        activity,
        access,
        user,
        target: part("USER="),
        command: Some(command),
        ..ENTERED
    })
}

/// `(to root) alice on pts/0`, `FAILED SU (to root) alice on pts/0`, `Successful su for root by alice`.
fn su(message: &str) -> Option<Login<'_>> {
    let (status, message) = match message.strip_prefix("FAILED SU ").or_else(|| message.strip_prefix("FAILED su ")) {
        Some(rest) => (Status::Failure, rest),
        None => (Status::Success, message.strip_prefix("Successful su ").unwrap_or(message)),
    };
    let (target, user) = match message.strip_prefix("(to ") {
        Some(rest) => {
            let (target, rest) = rest.split_once(") ")?;
            (target, rest.split(' ').next()?)
        }
        None => message.strip_prefix("for ")?.split_once(" by ")?,
    };
    Some(Login { operation: "su", status, activity: 7, user, target: Some(target), ..ENTERED })
}
