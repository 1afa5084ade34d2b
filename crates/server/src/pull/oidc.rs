//! Providers of identities that publish what they are (OpenID Connect Discovery 1.0, section 4) and with which keys they sign
//! (RFC 7517): both are sealed when they change, so that the log says which key was whose when a token was signed.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use collect::Cut;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use super::Stop;
use super::poll::{self, Poll, Turn};
use crate::app::{App, parcel};
use crate::issuer::Jwks;

/// How long a provider has to answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Longest document and longest key set, bytes.
const BYTES_MAX: usize = 1 << 20;

/// Keys of one provider.
const KEYS_MAX: usize = 1_000;

/// A provider that is watched.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    /// The source of what it publishes.
    pub source: String,
    /// What its tokens say in `iss`: `https://...`; `http://` only on this machine.
    pub issuer: String,
    /// Certificates of those who vouch for it, as PEM; without them those that the operating system trusts.
    #[serde(default)]
    pub roots: Option<PathBuf>,
    /// How often it is asked, seconds.
    #[serde(default = "Oidc::poll_seconds")]
    pub poll_seconds: u64,
    /// How often all of it is sealed again, seconds.
    #[serde(default = "Oidc::full_seconds")]
    pub full_seconds: u64,
}

impl Oidc {
    const fn poll_seconds() -> u64 {
        900
    }

    const fn full_seconds() -> u64 {
        24 * 60 * 60
    }

    /// What can be known to be wrong with it before it is asked.
    fn check(&self) -> Result<(), String> {
        if !matches!(Jwks::try_from(self.issuer.clone()), Ok(Jwks::Url(_))) {
            return Err(format!("issuer `{}` is no https:// address; http:// only on this machine", self.issuer));
        }
        poll::check(self.poll_seconds, self.full_seconds)
    }

    /// As a delivery of it is called.
    fn name(&self) -> String {
        let address = self.issuer.split_once("://").map_or(self.issuer.as_str(), |(_, address)| address);
        format!("oidc://{}", address.trim_end_matches('/'))
    }
}

/// A provider being asked.
pub(crate) struct Provider {
    app: Arc<App>,
    settings: Oidc,
    client: reqwest::Client,
    stop: Stop,
    /// What was sealed last of it, by the thumbprints of its keys; the provider itself has none.
    known: BTreeMap<String, Value>,
    full: Option<Instant>,
}

impl Poll for Provider {
    /// Asks for its document and its keys, and has sealed what is new in them.
    async fn ask(&mut self) -> Result<(), String> {
        let stop = self.stop.clone();
        let Some(found) = stop.or(self.found()).await else { return Ok(()) };
        let found = found?;
        let again = self.full.is_none_or(|at| at.elapsed() >= Duration::from_secs(self.settings.full_seconds));
        let is_news = |name: &String, record: &Value| again || self.known.get(name) != Some(record);
        let mut lines: String = found
            .iter()
            .filter(|(name, record)| is_news(name, record))
            .map(|(_, record)| format!("{record}\n"))
            .collect();
        for (_, record) in self.known.iter().filter(|(name, _)| !found.contains_key(*name)) {
            let mut record = record.clone();
            record.as_object_mut().and_then(|record| record.insert("state".to_owned(), "withdrawn".into()));
            lines.push_str(&format!("{record}\n"));
        }
        if !lines.is_empty() {
            let parcel =
                parcel(self.settings.source.clone(), &self.settings.name(), None, Bytes::from(lines), Cut::Auto);
            super::seal(&self.app, &parcel).await.map_err(|problem| problem.detail)?;
        }
        self.known = found;
        if again {
            self.full = Some(Instant::now());
        }
        Ok(())
    }

    fn turn(&self) -> Turn<'_> {
        let Oidc { source, issuer, poll_seconds, .. } = &self.settings;
        Turn {
            app: &self.app,
            stop: &self.stop,
            source,
            what: "discovery",
            place: issuer,
            every_seconds: *poll_seconds,
        }
    }
}

impl Provider {
    /// As set; asks nothing yet.
    pub(crate) fn new(app: &Arc<App>, settings: &Oidc, stopped: &watch::Receiver<bool>) -> io::Result<Provider> {
        let wrong = |what: String| io::Error::other(format!("[[oidc]] {}: {what}", settings.source));
        settings.check().map_err(wrong)?;
        // Whom we ask does not send us on to somebody else.
        let mut client = reqwest::Client::builder().timeout(ANSWER_MAX).redirect(reqwest::redirect::Policy::none());
        if let Some(path) = &settings.roots {
            let unusable = |error: &dyn std::fmt::Display| wrong(format!("roots {}: {error}", path.display()));
            let pem = std::fs::read(path).map_err(|error| unusable(&error))?;
            let roots = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| unusable(&error))?;
            client = roots
                .into_iter()
                .fold(client.tls_built_in_root_certs(false), |client, root| client.add_root_certificate(root));
        }
        let client = client.build().map_err(|error| wrong(error.to_string()))?;
        let (app, settings, stop) = (Arc::clone(app), settings.clone(), Stop::new(stopped));
        Ok(Provider { app, settings, client, stop, known: BTreeMap::new(), full: None })
    }

    /// The records of what it publishes now.
    async fn found(&self) -> Result<BTreeMap<String, Value>, String> {
        let issuer = self.settings.issuer.as_str();
        let at = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let document = self.fetch(&at).await?;
        match document.get("issuer").and_then(Value::as_str) {
            Some(said) if said == issuer => {}
            // Somebody else's document could name somebody else's keys (section 4.3).
            said => return Err(format!("its document is of issuer `{}`", said.unwrap_or_default())),
        }
        let keys = document.get("jwks_uri").and_then(Value::as_str).ok_or("its document has no `jwks_uri`")?.to_owned();
        if !matches!(Jwks::try_from(keys.clone()), Ok(Jwks::Url(_))) {
            return Err(format!("jwks_uri `{keys}` is no https:// address"));
        }
        let mut set = self.fetch(&keys).await?;
        let Some(Value::Array(keys)) = set.remove("keys") else { return Err("its key set has no `keys`".to_owned()) };
        if keys.len() > KEYS_MAX {
            return Err(format!("{} keys; {KEYS_MAX} are watched at most", keys.len()));
        }
        let provider = json!({ "issuer": issuer, "discovery": document });
        let keys = keys.into_iter().filter_map(|key| {
            let thumbprint = thumbprint(&key)?;
            let record = json!({ "issuer": issuer, "thumbprint": thumbprint, "state": "published", "jwk": key });
            Some((thumbprint, record))
        });
        Ok(std::iter::once((String::new(), provider)).chain(keys).collect())
    }

    /// A JSON object that is not too long.
    async fn fetch(&self, url: &str) -> Result<Map<String, Value>, String> {
        let told = |error: reqwest::Error| format!("{url}: {}", error.without_url());
        let mut answer =
            self.client.get(url).send().await.and_then(reqwest::Response::error_for_status).map_err(told)?;
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(told)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > BYTES_MAX {
                return Err(format!("{url}: more than {BYTES_MAX} bytes"));
            }
        }
        serde_json::from_slice(&bytes).map_err(|error| format!("{url}: no JSON object: {error}"))
    }
}

/// What a key is known by for good (RFC 7638); of a kind that nobody here knows, its name. A key without either cannot be told
/// from others.
fn thumbprint(key: &Value) -> Option<String> {
    let known = serde_json::from_value::<Jwk>(key.clone()).ok();
    let thumbprint = known.and_then(|key| key.thumbprint(ThumbprintHash::SHA256).ok());
    thumbprint.or_else(|| Some(key.get("kid")?.as_str()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_checked_before_anybody_is_asked() {
        let check = |issuer: &str, poll: u64| {
            let set = json!({ "source": "idp", "issuer": issuer, "poll_seconds": poll });
            serde_json::from_value::<Oidc>(set).unwrap().check()
        };
        assert_eq!(check("https://idp.acme.example/realms/a", 60), Ok(()));
        assert_eq!(check("http://127.0.0.1:8080", 60), Ok(()));
        assert!(check("http://idp.acme.example", 60).unwrap_err().contains("https://"));
        assert!(check("https://u:p@idp.acme.example", 60).is_err());
        assert!(check("https://idp.acme.example", 0).unwrap_err().contains("poll_seconds = 0"));
        assert!(check("https://idp.acme.example", 100_000).unwrap_err().contains("full_seconds = 86400"));
    }

    /// RFC 7638 section 3.1.
    #[test]
    fn the_thumbprint_is_the_one_of_the_specification() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3okn\
                 jhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQ\
                 vRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKn\
                 qDKgw";
        let key = json!({ "kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29" });
        assert_eq!(thumbprint(&key).as_deref(), Some("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"));
        assert_eq!(thumbprint(&json!({ "kty": "new", "kid": "k" })).as_deref(), Some("k"));
        assert_eq!(thumbprint(&json!({ "kty": "new" })), None);
    }
}
