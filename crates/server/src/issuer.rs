//! Whose tokens of callers are believed: configured issuers, and their public keys.
//!
//! Keys are a JSON Web Key Set (RFC 7517) from a file or over HTTPS. They are asked for when the first token of the
//! issuer comes, again once an hour, and when a token names a key that is not among them, but never twice a minute:
//! whoever makes up names of keys makes us ask nobody.

use std::fmt;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::{Deserialize, Deserializer, Serialize};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::app::blocking;

/// Longest key set, bytes.
const SET_BYTES_MAX: usize = 1 << 20;

/// How long an issuer has to answer; those who wait for its keys wait as long.
const PATIENCE: Duration = Duration::from_secs(5);

/// The least time between two tries to get the keys of an issuer.
const TRY_EVERY: Duration = Duration::from_secs(60);

/// Keys older than this are asked for again.
const FRESH_FOR: Duration = Duration::from_secs(60 * 60);

/// Keys older than this are not believed: one that was taken back would hold as long as nobody can be asked.
const BELIEVED_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// The least and the most bytes of the modulus of an RSA key: 2,048 bits (RFC 7518 section 3.3), and what is still
/// checked in good time.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=1_024;

/// An issuer whose tokens are believed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// What its tokens say in `iss`.
    pub url: String,
    /// Where its public keys are: `file:PATH` or `https://...`.
    pub jwks: Jwks,
    /// Its tokens are believed if they say one of these in `aud`: without one, a token for anybody would pass for ours.
    #[serde(deserialize_with = "one_or_more")]
    pub audience: Vec<String>,
}

fn one_or_more<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let audience = Vec::<String>::deserialize(from)?;
    if audience.is_empty() || audience.iter().any(String::is_empty) {
        return Err(serde::de::Error::custom("`audience` names one or more: whom the tokens are for"));
    }
    Ok(audience)
}

/// Where a key set is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum Jwks {
    /// In a file.
    File(PathBuf),
    /// At this URL.
    Url(String),
}

impl TryFrom<String> for Jwks {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Jwks, &'static str> {
        if let Some(path) = text.strip_prefix("file:").filter(|path| !path.is_empty()) {
            return Ok(Jwks::File(PathBuf::from(path)));
        }
        let url = reqwest::Url::parse(&text).map_err(|_| "a key set is given as `file:PATH` or `https://...`")?;
        let is_here = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
        match url.scheme() {
            _ if !url.username().is_empty() || url.password().is_some() => Err("the URL of a key set holds no secret"),
            "https" => Ok(Jwks::Url(text)),
            "http" if is_here => Ok(Jwks::Url(text)),
            _ => Err("a key set comes from `file:PATH` or `https://...`; `http://` only from this machine"),
        }
    }
}

impl From<Jwks> for String {
    fn from(jwks: Jwks) -> String {
        jwks.to_string()
    }
}

impl fmt::Display for Jwks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Jwks::File(path) => write!(f, "file:{}", path.display()),
            Jwks::Url(url) => f.write_str(url),
        }
    }
}

/// All configured issuers, with the keys that are known of each.
#[derive(Debug)]
pub(crate) struct Issuers {
    each: Vec<Known>,
    client: Option<reqwest::Client>,
}

#[derive(Debug)]
struct Known {
    issuer: Issuer,
    keys: Mutex<Keys>,
}

#[derive(Debug, Default)]
struct Keys {
    set: Option<(Instant, Arc<JwkSet>)>,
    tried: Option<Instant>,
}

impl Issuers {
    pub(crate) fn new(issuers: &[Issuer]) -> Issuers {
        let each: Vec<Known> =
            issuers.iter().map(|issuer| Known { issuer: issuer.clone(), keys: Mutex::default() }).collect();
        let is_asked = issuers.iter().any(|issuer| matches!(issuer.jwks, Jwks::Url(_)));
        let client = is_asked.then(|| {
            // Whom we trust does not send us on to somebody else.
            let redirects = reqwest::redirect::Policy::none();
            reqwest::Client::builder().timeout(PATIENCE).redirect(redirects).build()
        });
        let client = client.and_then(|client| {
            client.inspect_err(|error| tracing::error!(%error, "no keys of issuers can be asked for")).ok()
        });
        Issuers { each, client }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.each.is_empty()
    }

    /// The settings of the issuer that says so of itself.
    pub(crate) fn of(&self, url: &str) -> Option<&Issuer> {
        self.known(url).map(|known| &known.issuer)
    }

    fn known(&self, url: &str) -> Option<&Known> {
        self.each.iter().find(|known| known.issuer.url == url)
    }

    /// The key with which this issuer signs by that algorithm.
    ///
    /// # Errors
    /// Why there is none, in words that can be sealed.
    pub(crate) async fn key(&self, url: &str, kid: Option<&str>, alg: Algorithm) -> Result<DecodingKey, &'static str> {
        let known = self.known(url).ok_or("its issuer is not configured")?;
        // Those who need the keys of this issuer wait for one who asks; others do not.
        let mut keys = known.keys.lock().await;
        let now = Instant::now();
        let fresh =
            keys.set.as_ref().is_some_and(|(at, set)| now - *at < FRESH_FOR && named(set, kid).next().is_some());
        if !fresh && keys.tried.is_none_or(|tried| now - tried >= TRY_EVERY) {
            keys.tried = Some(now);
            match self.fetch(&known.issuer.jwks).await {
                Ok(set) => keys.set = Some((now, Arc::new(set))),
                Err(why) => tracing::warn!(issuer = url, "no keys: {why}"),
            }
        }
        let set = keys.set.as_ref().filter(|(at, _)| now - *at < BELIEVED_FOR).map(|(_, set)| Arc::clone(set));
        drop(keys);
        let set = set.ok_or("the keys of its issuer are not known now")?;
        let mut fitting = named(&set, kid).peekable();
        if fitting.peek().is_none() {
            return Err("its issuer has no such key");
        }
        let key = fitting.find(|key| fits(key, alg)).ok_or("the key of its issuer is of another kind")?;
        DecodingKey::from_jwk(key).map_err(|_| "the key of its issuer cannot be used")
    }

    async fn fetch(&self, jwks: &Jwks) -> Result<JwkSet, String> {
        let bytes = match jwks {
            Jwks::File(path) => {
                let path = path.clone();
                let read = blocking(move || {
                    let mut bytes = Vec::new();
                    let file = std::fs::File::open(path)?;
                    file.take(SET_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
                    std::io::Result::Ok(bytes)
                });
                read.await.map_err(|problem| problem.detail)?.map_err(|error| error.to_string())?
            }
            Jwks::Url(url) => {
                let client = self.client.as_ref().ok_or("there is no client for HTTP")?;
                self.asked(client, url).await.map_err(|error| error.without_url().to_string())?
            }
        };
        if bytes.len() > SET_BYTES_MAX {
            return Err(format!("the key set has more than {SET_BYTES_MAX} bytes"));
        }
        set(&bytes).ok_or_else(|| "this is no JSON Web Key Set".to_owned())
    }

    /// At most one chunk more than a set may have.
    async fn asked(&self, client: &reqwest::Client, url: &str) -> reqwest::Result<Vec<u8>> {
        let mut answer = client.get(url).send().await?.error_for_status()?;
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > SET_BYTES_MAX {
                break;
            }
        }
        Ok(bytes)
    }
}

/// A set may hold keys of kinds that nobody here knows (RFC 7517 section 5): they are left out.
fn set(bytes: &[u8]) -> Option<JwkSet> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<serde_json::Value>,
    }
    let set: Set = serde_json::from_slice(bytes).ok()?;
    Some(JwkSet { keys: set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect() })
}

/// The keys of this name; all of them for a token that names none.
fn named<'s>(set: &'s JwkSet, kid: Option<&'s str>) -> impl Iterator<Item = &'s Jwk> {
    set.keys.iter().filter(move |key| kid.is_none() || key.common.key_id.as_deref() == kid)
}

/// Whether a key signs by this algorithm: what kind it is decides, not what the token says (RFC 8725 section 3.1).
fn fits(key: &Jwk, alg: Algorithm) -> bool {
    let kind = match &key.algorithm {
        AlgorithmParameters::RSA(rsa) => {
            // Four characters of base64 are three bytes.
            alg == Algorithm::RS256 && RSA_BYTES.contains(&(rsa.n.trim_end_matches('=').len() * 3 / 4))
        }
        AlgorithmParameters::EllipticCurve(curve) => alg == Algorithm::ES256 && curve.curve == EllipticCurve::P256,
        AlgorithmParameters::OctetKeyPair(pair) => alg == Algorithm::EdDSA && pair.curve == EllipticCurve::Ed25519,
        _ => false,
    };
    let told = key.common.key_algorithm.is_none_or(|told| told == KeyAlgorithm::from(alg));
    let signs = key.common.public_key_use.as_ref().is_none_or(|told| *told == PublicKeyUse::Signature);
    kind && told && signs
}
