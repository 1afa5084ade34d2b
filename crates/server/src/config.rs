//! What the operator sets, as one TOML file says it; `deedbook config print --defaults` writes it.
//!
//! No secret is in it: where one is needed it says `env:NAME` or `file:PATH`. So all of it can be sealed, and is.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::issuer::Issuer;
pub use crate::pull::kafka::{Begin, Kafka};
pub use crate::pull::ldap::Ldap;
pub use crate::pull::oidc::Oidc;
pub use crate::pull::s3::S3;
pub use crate::receive::fluent::Fluent;
use crate::receive::socket::BATCH_BYTES_MAX;
pub use crate::receive::syslog::Syslog;
pub use crate::receive::vault::Vault;

/// All settings of a server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where HTTP comes in, OTLP over gRPC too. Port 0 chooses one.
    pub listen: Vec<SocketAddr>,
    /// Listen beyond this machine without TLS.
    pub plain: bool,
    /// Limits of all listeners.
    pub limits: Limits,
    /// With it, every HTTP listener speaks TLS.
    pub tls: Option<Tls>,
    /// Whose tokens of callers are believed.
    pub issuer: Vec<Issuer>,
    /// Signed webhooks.
    pub webhook: Vec<Webhook>,
    /// How often the log is verified.
    pub verify: Verify,
    /// Who is told of alarms.
    pub notify: Option<Notify>,
    /// Syslog over UDP, TCP and TLS.
    pub syslog: Vec<Syslog>,
    /// Fluentd, Fluent Bit and their libraries.
    pub fluent: Vec<Fluent>,
    /// Vault and OpenBao, over their socket device.
    pub vault: Vec<Vault>,
    /// Prefixes of buckets that are followed.
    pub s3: Vec<S3>,
    /// Topics that are followed.
    pub kafka: Vec<Kafka>,
    /// Directories that are asked.
    pub ldap: Vec<Ldap>,
    /// Providers of OpenID Connect whose documents and keys are watched.
    pub oidc: Vec<Oidc>,
    /// Files and folders that are followed.
    pub follow: Vec<Follow>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            listen: vec![SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 7400))],
            plain: false,
            limits: Limits::default(),
            tls: None,
            issuer: Vec::new(),
            webhook: Vec::new(),
            verify: Verify::default(),
            notify: None,
            syslog: Vec::new(),
            fluent: Vec::new(),
            vault: Vec::new(),
            s3: Vec::new(),
            kafka: Vec::new(),
            ldap: Vec::new(),
            oidc: Vec::new(),
            follow: Vec::new(),
        }
    }
}

impl Config {
    /// All secrets that are named.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let notify = self.notify.iter().filter_map(|notify| notify.secret.as_ref());
        let fluent = self.fluent.iter().filter_map(|fluent| fluent.shared_key.as_ref());
        self.webhook
            .iter()
            .map(|webhook| &webhook.secret)
            .chain(fluent)
            .chain(notify)
            .chain(self.s3.iter().flat_map(S3::secrets))
            .chain(self.ldap.iter().filter_map(|ldap| ldap.password.as_ref()))
    }

    /// Whether a server can run with these settings.
    ///
    /// # Errors
    /// The first setting with which it could not, its value, and the limit.
    pub fn check(&self) -> Result<(), String> {
        let Verify { new_seconds, all_seconds } = self.verify;
        self.limits.check()?;
        at_least_one("verify.new_seconds", new_seconds)?;
        at_least_one("verify.all_seconds", all_seconds)
    }

    /// All addresses at which no TLS is spoken.
    pub fn plain_addresses(&self) -> impl Iterator<Item = SocketAddr> {
        let http = self.listen.iter().copied().filter(|_| self.tls.is_none());
        let syslog = self.syslog.iter().flat_map(|syslog| [syslog.udp, syslog.tcp]).flatten();
        let fluent = self.fluent.iter().filter(|fluent| !fluent.tls).map(|fluent| fluent.listen);
        let vault = self.vault.iter().filter_map(|vault| vault.tcp);
        http.chain(syslog).chain(fluent).chain(vault)
    }
}

/// Decoded and cut, a body is in memory twice.
pub(crate) const BODY_COPIES: usize = 2;

/// Limits of the listeners; each is named in what it refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Connections at once, for each listener; more wait in the queue of the operating system.
    pub connections_max: usize,
    /// Bytes of one body, as it comes.
    pub body_bytes_max: usize,
    /// Bytes of all bodies in memory at once; more are told to come back.
    pub bodies_bytes_max: usize,
    /// How long a body may take to come, seconds.
    pub body_seconds_max: u64,
    /// How long the head of a request may take to come, seconds.
    pub head_seconds_max: u64,
    /// Longest message of syslog, bytes: of a longer one the beginning is kept, with the length and digest of all of it.
    pub message_bytes_max: usize,
    /// Bytes of all datagrams of a listener that wait to be sealed, with their overhead; those beyond are dropped and
    /// counted. One sender may have a quarter of it.
    pub datagrams_bytes_max: usize,
    /// How long requests under way have to end after a stop, seconds.
    pub stop_seconds_max: u64,
    /// Questions at once; more are told to come back. Each is a process of its own.
    pub questions_max: usize,
    /// How long a question may take, seconds.
    pub question_seconds_max: u64,
    /// Live tails at once; more are told to come back.
    pub tails_max: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections_max: 1_024,
            body_bytes_max: 32 << 20,
            bodies_bytes_max: 256 << 20,
            body_seconds_max: 60,
            head_seconds_max: 15,
            message_bytes_max: 64 << 10,
            datagrams_bytes_max: 32 << 20,
            stop_seconds_max: 8,
            questions_max: 4,
            question_seconds_max: 60,
            tails_max: 16,
        }
    }
}

/// Files that are followed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Follow {
    /// The source of their records.
    pub source: String,
    /// Absolute files and folders, and globs.
    pub paths: Vec<String>,
    /// The platform of all their records; each is recognised by itself for `auto`.
    #[serde(default = "Follow::auto")]
    pub platform: String,
}

impl Follow {
    fn auto() -> String {
        "auto".to_owned()
    }
}

impl Limits {
    fn check(&self) -> Result<(), String> {
        let seats = [
            ("limits.connections_max", self.connections_max),
            ("limits.questions_max", self.questions_max),
            ("limits.tails_max", self.tails_max),
        ];
        for (name, value) in seats {
            at_least_one(name, value as u64)?;
            if value > Semaphore::MAX_PERMITS {
                return Err(format!("{name} = {value}: it may be {} at most", Semaphore::MAX_PERMITS));
            }
        }
        at_least_one("limits.body_bytes_max", self.body_bytes_max as u64)?;
        at_least_one("limits.message_bytes_max", self.message_bytes_max as u64)?;
        at_least_one("limits.datagrams_bytes_max", self.datagrams_bytes_max as u64)?;
        at_least_one("limits.body_seconds_max", self.body_seconds_max)?;
        at_least_one("limits.head_seconds_max", self.head_seconds_max)?;
        at_least_one("limits.stop_seconds_max", self.stop_seconds_max)?;
        at_least_one("limits.question_seconds_max", self.question_seconds_max)?;
        // A delivery that comes over a bare socket needs the same room.
        let needed = self.body_bytes_max.max(BATCH_BYTES_MAX).saturating_mul(BODY_COPIES);
        if self.bodies_bytes_max < needed {
            return Err(format!(
                "limits.bodies_bytes_max = {}: a body of body_bytes_max = {} is in memory {BODY_COPIES} times while it is \
                 cut; it has to be {needed} at least",
                self.bodies_bytes_max, self.body_bytes_max,
            ));
        }
        Ok(())
    }
}

fn at_least_one(name: &str, value: u64) -> Result<(), String> {
    if value == 0 { Err(format!("{name} = 0: it has to be 1 at least")) } else { Ok(()) }
}

/// Certificates in PEM.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// Our certificate, followed by those between it and the root.
    pub certificates: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Roots of clients' certificates: with them, a client without one is refused (mTLS).
    #[serde(default)]
    pub client_roots: Option<PathBuf>,
}

/// How often a server verifies its own log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Verify {
    /// What has come since the last time, seconds.
    pub new_seconds: u64,
    /// Everything, seconds.
    pub all_seconds: u64,
}

impl Default for Verify {
    fn default() -> Verify {
        Verify { new_seconds: 3_600, all_seconds: 7 * 24 * 3_600 }
    }
}

/// Who is told of alarms.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// Where they are posted.
    pub url: String,
    /// What they are signed with, as Standard Webhooks are (`whsec_...`).
    #[serde(default)]
    pub secret: Option<Secret>,
}

/// A signed webhook.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Its source, and the last part of its path.
    pub source: String,
    /// What it is signed with.
    pub secret: Secret,
    /// How it is signed; without it GitHub's way and Standard Webhooks are told apart by their headers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Signature>,
}

/// How a webhook shows whose it is. A secret holds for one kind: Okta's goes over the wire with each delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Signature {
    /// `X-Hub-Signature-256`.
    Github,
    /// Standard Webhooks: `webhook-signature`.
    Standard,
    /// Event hooks of Okta: the secret is the value of `Authorization`.
    Okta,
}

/// Where a secret is: `env:NAME` or `file:PATH`, never the secret.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum Secret {
    /// In a variable of the environment.
    Env(String),
    /// In a file; white space at its end does not count.
    File(PathBuf),
}

impl TryFrom<String> for Secret {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Secret, &'static str> {
        match text.split_once(':') {
            Some(("env", name)) if !name.is_empty() => Ok(Secret::Env(name.to_owned())),
            Some(("file", path)) if !path.is_empty() => Ok(Secret::File(PathBuf::from(path))),
            // What was given may be the secret itself: it is not said again.
            _ => Err("a secret is given as `env:NAME` or `file:PATH`"),
        }
    }
}

impl From<Secret> for String {
    fn from(secret: Secret) -> String {
        secret.to_string()
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Secret::Env(name) => write!(f, "env:{name}"),
            Secret::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_with_which_no_server_can_run_are_refused_by_name() {
        let refused = |set: fn(&mut Config)| {
            let mut config = Config::default();
            set(&mut config);
            config.check().unwrap_err()
        };
        assert_eq!(Config::default().check(), Ok(()));
        assert_eq!(refused(|c| c.limits.connections_max = 0), "limits.connections_max = 0: it has to be 1 at least");
        assert_eq!(refused(|c| c.verify.all_seconds = 0), "verify.all_seconds = 0: it has to be 1 at least");
        assert_eq!(refused(|c| c.limits.head_seconds_max = 0), "limits.head_seconds_max = 0: it has to be 1 at least");
        assert!(refused(|c| c.limits.connections_max = usize::MAX).contains("at most"));
        let message = refused(|c| c.limits.bodies_bytes_max = 63 << 20);
        assert!(message.contains("has to be 67108864 at least"), "{message}");
    }
}
