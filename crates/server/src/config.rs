//! What the operator sets, as one TOML file says it; the file of the documentation is the default of each field.
//!
//! No secret is in it: where one is needed it says `env:NAME` or `file:PATH`. So all of it can be sealed, and is.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

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
    /// Signed webhooks.
    pub webhook: Vec<Webhook>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            listen: vec![SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 7400))],
            plain: false,
            limits: Limits::default(),
            tls: None,
            webhook: Vec::new(),
        }
    }
}

impl Config {
    /// All secrets that are named.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.webhook.iter().map(|webhook| &webhook.secret)
    }
}

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
            stop_seconds_max: 8,
            questions_max: 4,
            question_seconds_max: 60,
            tails_max: 16,
        }
    }
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

/// A signed webhook.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Its source, and the last part of its path.
    pub source: String,
    /// What it is signed with.
    pub secret: Secret,
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
