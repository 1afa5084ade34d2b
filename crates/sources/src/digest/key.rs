//! Public keys of CloudTrail, and whether a signature holds.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::PublicKey;
use rsa::pkcs1::DecodeRsaPublicKey as _;
use rsa::pkcs1v15::VerifyingKey;
use rsa::pkcs8::DecodePublicKey as _;
use rsa::signature::Verifier as _;
use rsa::traits::PublicKeyParts as _;
use serde::Deserialize;
use sha2::Sha256;

use super::{Digest, from_hex};

/// Shorter keys prove nothing; CloudTrail's have 2048 bits.
const KEY_BYTES_MIN: usize = 256;

/// The keys an operator gives.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    keys: Vec<Key>,
}

#[derive(Clone, Debug)]
struct Key {
    /// As AWS names it; a key that came without is tried for every digest.
    fingerprint: Option<String>,
    key: VerifyingKey<Sha256>,
}

/// Why a file holds no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeyError(String);

/// What a signature says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signature {
    /// It is CloudTrail's, over exactly this digest.
    Verified,
    /// It is not.
    Wrong,
    /// None of the keys is the one it was made with.
    KeyUnknown,
    /// It was made in a way that is not known here.
    Unsupported,
}

/// `aws cloudtrail list-public-keys`.
#[derive(Deserialize)]
struct Listed {
    #[serde(rename = "PublicKeyList")]
    keys: Vec<ListedKey>,
}

#[derive(Deserialize)]
struct ListedKey {
    #[serde(rename = "Value")]
    value: String,
    #[serde(rename = "Fingerprint")]
    fingerprint: Option<String>,
}

impl Keys {
    /// Reads a file of keys: what `aws cloudtrail list-public-keys` prints, PEM, or base64 of DER. Each key is
    /// PKCS#1, as AWS hands it out, or SPKI, as other tools write it.
    pub fn read(file: &[u8]) -> Result<Keys, KeyError> {
        let wrong = |what: &str| KeyError(format!("no public key: {what}"));
        let text = std::str::from_utf8(file).map_err(|_| wrong("not text; give PEM, base64 or JSON"))?.trim();
        if text.starts_with('{') {
            let listed: Listed = serde_json::from_str(text).map_err(|error| wrong(&error.to_string()))?;
            let keys =
                listed.keys.into_iter().map(|key| Ok(Key { fingerprint: key.fingerprint, ..of_base64(&key.value)? }));
            return Ok(Keys { keys: keys.collect::<Result<_, KeyError>>()? });
        }
        if text.starts_with("-----BEGIN") {
            let key = PublicKey::from_pkcs1_pem(text).ok().or_else(|| PublicKey::from_public_key_pem(text).ok());
            return Ok(Keys { keys: vec![usable(key.ok_or_else(|| wrong("not PEM of an RSA key"))?)?] });
        }
        Ok(Keys { keys: vec![of_base64(text)?] })
    }

    /// Adds the keys of another file.
    pub fn add(&mut self, other: Keys) {
        self.keys.extend(other.keys);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Checks a signature in hex over a digest.
    pub fn check(&self, digest: &Digest, signature: &str) -> Signature {
        if digest.algorithm != "SHA256withRSA" {
            return Signature::Unsupported;
        }
        let named = |key: &&Key| {
            key.fingerprint.as_ref().is_none_or(|fingerprint| fingerprint.eq_ignore_ascii_case(&digest.fingerprint))
        };
        let mut keys = self.keys.iter().filter(named).peekable();
        if keys.peek().is_none() {
            return Signature::KeyUnknown;
        }
        let bytes = from_hex(signature).unwrap_or_default();
        let Ok(signature) = rsa::pkcs1v15::Signature::try_from(bytes.as_slice()) else { return Signature::Wrong };
        let signed = digest.signed();
        match keys.any(|key| key.key.verify(signed.as_bytes(), &signature).is_ok()) {
            true => Signature::Verified,
            false => Signature::Wrong,
        }
    }
}

fn of_base64(text: &str) -> Result<Key, KeyError> {
    let packed: String = text.split_whitespace().collect();
    let der = STANDARD.decode(packed).map_err(|error| KeyError(format!("no public key: {error}")))?;
    let key = PublicKey::from_pkcs1_der(&der).ok().or_else(|| PublicKey::from_public_key_der(&der).ok());
    usable(key.ok_or_else(|| KeyError("no public key: not DER of an RSA key".to_owned()))?)
}

fn usable(key: PublicKey) -> Result<Key, KeyError> {
    if key.size() < KEY_BYTES_MIN {
        let bits = key.size() * 8;
        return Err(KeyError(format!("a key of {bits} bits proves nothing, CloudTrail's have 2048")));
    }
    Ok(Key { fingerprint: None, key: VerifyingKey::new(key) })
}
