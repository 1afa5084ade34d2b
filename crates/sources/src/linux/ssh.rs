//! Lines of sshd: who tried, with which key or certificate, and who was let in.

use std::borrow::Cow;

use model::{Access, Credential, Fingerprint, Status, uri};

use super::program::Said;

/// What sshd says a client proved itself with.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Proof<'a> {
    /// Digest of the public key, base64 of SHA-256.
    pub(super) key: Option<&'a str>,
    /// What the authority that signed it calls the certificate: free text.
    pub(super) key_id: Option<&'a str>,
    pub(super) serial: Option<&'a str>,
    /// Digest of the authority's key, as sshd writes it.
    pub(super) authority: Option<&'a str>,
}

impl<'a> Proof<'a> {
    /// `ED25519 SHA256:...`, or `ED25519-CERT SHA256:... ID deploy (serial 7) CA ED25519 SHA256:...`.
    pub(super) fn read(text: &'a str) -> Option<Proof<'a>> {
        let key = digest(text)?;
        let Some((_, rest)) = text.split_once(" ID ") else {
            return Some(Proof { key: Some(key), ..Proof::default() });
        };
        // The id is free text of whoever signs; the serial that sshd writes is behind its end.
        let (key_id, rest) = rest.rsplit_once(" (serial ")?;
        let (serial, rest) = rest.split_once(')')?;
        Some(Proof { key: Some(key), key_id: Some(key_id), serial: Some(serial), authority: digest(rest) })
    }

    /// `ID "deploy" (serial 7) signed by ED25519 CA SHA256:... via /etc/ssh/ca.pub`.
    fn accepted(text: &'a str) -> Option<Proof<'a>> {
        let (key_id, rest) = text.strip_prefix("ID \"")?.rsplit_once("\" (serial ")?;
        let (serial, rest) = rest.split_once(')')?;
        Some(Proof { key: None, key_id: Some(key_id), serial: Some(serial), authority: digest(rest) })
    }

    /// The credential. A certificate is its authority's, by its serial number; authorities that number nothing say 0.
    pub(super) fn credential(&self) -> Credential<'a> {
        let key = self.key.or(self.authority).unwrap_or("unknown");
        let fingerprint =
            self.key.map(|key| Fingerprint { algorithm: "sha256", encoding: "base64", value: Cow::Borrowed(key) });
        let at = self.authority.unwrap_or("unknown");
        let (uri, kind, native_id) = match (self.serial, self.key_id) {
            (Some(serial), _) if serial != "0" => (uri::cred("ssh", at, "cert", serial), "cert", serial),
            (_, Some(id)) => {
                let uri = uri::build(uri::Class::Cred, "ssh", at, "cert-key-id").name(id).finish();
                (uri, "cert-key-id", id)
            }
            // A key is nobody's but its holder's, and its digest is the same wherever it is used.
            _ => (uri::cred("ssh", "self", "key", key), "key", key),
        };
        Credential {
            uri,
            kind: Cow::Borrowed(kind),
            native_id: Some(Cow::Borrowed(native_id)),
            fingerprint,
            issuer: self.authority.map(Cow::Borrowed),
            ..Credential::default()
        }
    }
}

/// What is behind `SHA256:`.
fn digest(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("SHA256:")?;
    rest.split(' ').next().filter(|digest| !digest.is_empty())
}

const SSH: Said<'_> = Said {
    operation: "ssh:login",
    class: 3002,
    activity: 1,
    access: Access::Authenticate,
    status: Status::Success,
    protocol: Some("ssh"),
    ..Said::NOTHING
};

/// What a line of sshd says.
pub(super) fn read(message: &str) -> Option<Said<'_>> {
    let message = message.strip_suffix(" [preauth]").unwrap_or(message);
    let message = message.strip_prefix("error: ").or_else(|| message.strip_prefix("fatal: ")).unwrap_or(message);
    let (first, rest) = message.split_once(' ')?;
    match first {
        "Accepted" if rest.starts_with("key ") || rest.starts_with("certificate ") => {
            let proof = match rest.strip_prefix("certificate ") {
                Some(rest) => Proof::accepted(rest),
                None => Proof::read(rest),
            };
            // The client has still to prove that it has the key.
            Some(Said { operation: "ssh:key-known", activity: 6, status: Status::Other, proof, ..SSH })
        }
        "Accepted" => attempt(rest, Status::Success),
        "Failed" => attempt(rest, Status::Failure),
        "Postponed" => Some(Said { operation: "ssh:login-goes-on", activity: 6, ..attempt(rest, Status::Other)? }),
        "Invalid" => {
            let (user, place) = rest.strip_prefix("user ")?.rsplit_once(" from ")?;
            Some(Said { user: Some(user), status: Status::Failure, denied: true, ..placed(place) })
        }
        "User" => {
            let (user, place) = rest.split_once(" from ")?;
            let (place, why) = place.split_once(" not allowed because ").unwrap_or((place, rest));
            let why = Some(why);
            Some(Said { user: Some(user), status: Status::Failure, denied: true, why, ..placed(place) })
        }
        "maximum" => {
            let (_, rest) = rest.split_once(" for ")?;
            let (user, place) = rest.rsplit_once(" from ")?;
            let user = user.strip_prefix("invalid user ").unwrap_or(user);
            Some(Said { user: Some(user), status: Status::Failure, denied: true, ..placed(place) })
        }
        "Connection" | "Disconnected" | "Received" | "Disconnecting" => ended(first, rest),
        "Starting" => {
            let (what, rest) = rest.strip_prefix("session: ")?.split_once(" for ")?;
            let (user, place) = rest.rsplit_once(" from ")?;
            let command = what.strip_prefix("subsystem ").map(|name| name.trim_matches('\''));
            let operation = match what.split(' ').next() {
                Some("shell") => "ssh:shell",
                Some("subsystem") => "ssh:subsystem",
                Some("forced-command") => "ssh:forced-command",
                _ => "ssh:command",
            };
            let (class, activity, access) = (4007, 1, Access::Execute);
            Some(Said { operation, class, activity, access, user: Some(user), command, ..placed(place) })
        }
        "Server" if rest.starts_with("listening on ") => Some(service("ssh:start", 3)),
        _ => None,
    }
}

fn service(operation: &'static str, activity: u8) -> Said<'static> {
    Said { operation, class: 6002, activity, access: Access::Execute, status: Status::Success, ..Said::NOTHING }
}

/// `publickey for mira from 192.0.2.1 port 50000 ssh2: ED25519 SHA256:...`.
fn attempt(rest: &str, status: Status) -> Option<Said<'_>> {
    let (method, rest) = rest.split_once(" for ")?;
    let rest = rest.strip_prefix("invalid user ").unwrap_or(rest);
    let (rest, proof) = match rest.rsplit_once(" ssh2: ") {
        Some((rest, proof)) => (rest, Proof::read(proof)),
        None => (rest.strip_suffix(" ssh2").unwrap_or(rest), None),
    };
    // A name may be anything that a client sends, ` from ` too: what sshd itself wrote is behind the last one.
    let (user, place) = rest.rsplit_once(" from ")?;
    let denied = status != Status::Other;
    Some(Said { status, user: Some(user), method: Some(method), proof, denied, ..placed(place) })
}

/// `192.0.2.1 port 50000`.
fn placed(place: &str) -> Said<'_> {
    let mut words = place.split(' ');
    let from = words.next();
    let ip = from.filter(|ip| ip.parse::<std::net::IpAddr>().is_ok());
    let from_host = from.filter(|_| ip.is_none());
    let port =
        (words.next() == Some("port")).then(|| words.next()?.trim_end_matches([':', ',']).parse().ok()).flatten();
    Said { ip, from_host, port, ..SSH }
}

/// Connections that came and went: with a user only once one was let in.
fn ended<'a>(first: &str, rest: &'a str) -> Option<Said<'a>> {
    if first == "Received" && rest.starts_with("signal") {
        return Some(service("ssh:stop", 4));
    }
    let rest = rest.strip_prefix("disconnect ").unwrap_or(rest);
    let came = first == "Connection" && rest.starts_with("from ");
    let rest = ["from ", "closed by ", "reset by "].iter().find_map(|by| rest.strip_prefix(by)).unwrap_or(rest);
    let (user, refused, place) = if let Some(rest) = rest.strip_prefix("user ") {
        let (user, place) = rest.split_once(' ')?;
        (Some(user), false, place)
    } else if let Some(rest) = ["authenticating user ", "invalid user "].iter().find_map(|by| rest.strip_prefix(by)) {
        let (user, place) = rest.split_once(' ')?;
        (Some(user), true, place)
    } else {
        (None, false, rest)
    };
    let said = placed(place);
    said.ip?;
    let (operation, class, activity) = match (came, user, refused) {
        (true, ..) => ("ssh:connect", 4007, 1),
        (_, Some(_), false) => ("ssh:logout", 3002, 2),
        (_, Some(_), true) => ("ssh:login", 3002, 1),
        _ => ("ssh:disconnect", 4007, 2),
    };
    let access = if refused { Access::Authenticate } else { Access::Other };
    let status = if refused { Status::Failure } else { Status::Success };
    Some(Said { operation, class, activity, access, status, user, ..said })
}
