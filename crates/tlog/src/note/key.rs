//! Verifier keys and signer keys, in the text forms that other tools read and write.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signature as Ed25519, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::{Error, Result, text};

use super::{Signature, check_name};

/// What a signer key's text begins with.
const PRIVATE: &str = "PRIVATE+KEY+";

/// Largest time of a cosignature.
const TIME_MAX: u64 = i64::MAX as u64;

/// How a key signs; the number is the type byte of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Algorithm {
    /// Ed25519 over the text of the note: how a log signs.
    Ed25519 = 0x01,
    /// Ed25519 over time and text: how a witness cosigns (c2sp.org/tlog-cosignature).
    Cosignature = 0x04,
}

impl Algorithm {
    fn from_number(number: u8) -> Result<Algorithm> {
        match number {
            0x01 => Ok(Algorithm::Ed25519),
            0x04 => Ok(Algorithm::Cosignature),
            _ => Err(Error::unknown_key(format!(
                "key type {number:#04x} is not known to this program, which knows Ed25519 (0x01) and its cosignature (0x04)"
            ))),
        }
    }
}

/// A public key with its name. Its text is a vkey, `name+id+base64(type || key)`.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: u32,
    algorithm: Algorithm,
    key: VerifyingKey,
}

/// A private key with its name.
pub struct SignerKey {
    name: String,
    algorithm: Algorithm,
    key: SigningKey,
}

/// `SHA-256(name || 0x0a || type || public key)`, its first four bytes.
fn key_id(name: &str, algorithm: Algorithm, key: &VerifyingKey) -> u32 {
    let mut hash = Sha256::new();
    hash.update(name);
    hash.update([b'\n', algorithm as u8]);
    hash.update(key.as_bytes());
    let [a, b, c, d, ..] = <[u8; 32]>::from(hash.finalize());
    u32::from_be_bytes([a, b, c, d])
}

impl VerifierKey {
    /// The key with these 32 public bytes.
    ///
    /// Errors: `Invalid` for a bad name, bytes that are no point of the curve, or a point of small
    /// order, under which anybody can sign.
    pub fn new(name: &str, algorithm: Algorithm, public: &[u8; 32]) -> Result<VerifierKey> {
        check_name(name)?;
        let key = VerifyingKey::from_bytes(public)
            .ok()
            .filter(|key| !key.is_weak())
            .ok_or_else(|| Error::invalid(format!("key {name} is not an Ed25519 public key that can be trusted")))?;
        Ok(VerifierKey { name: name.to_owned(), id: key_id(name, algorithm, &key), algorithm, key })
    }

    /// Its name; for a log, the origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its id.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// How it signs.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The 32 public bytes.
    pub fn public(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// True when a signature names this key.
    pub fn made(&self, signature: &Signature) -> bool {
        signature.key_id == self.id && signature.name == self.name
    }

    /// Name and id, to print.
    pub(crate) fn short_text(&self) -> String {
        format!("{}+{:08x}", self.name, self.id)
    }

    /// Checks one signature and returns the time of a cosignature.
    ///
    /// The strict rule of Ed25519: no small-order points and no scalar over the group order, so
    /// that all verifiers which follow it agree.
    pub(super) fn verify(&self, text: &str, signature: &Signature) -> Result<Option<u64>> {
        let wrong = || Error::mismatch(format!("signature of {} is not over this text", self.short_text()));
        let (time, bytes) = match self.algorithm {
            Algorithm::Ed25519 => (None, signature.bytes.as_slice()),
            Algorithm::Cosignature => {
                let (time, rest) = signature.bytes.split_first_chunk::<8>().ok_or_else(wrong)?;
                (Some(u64::from_be_bytes(*time)).filter(|time| *time <= TIME_MAX), rest)
            }
        };
        let message = match (self.algorithm, time) {
            (Algorithm::Ed25519, _) => text.to_owned(),
            (Algorithm::Cosignature, Some(time)) => cosigned(text, time),
            (Algorithm::Cosignature, None) => return Err(wrong()),
        };
        let signature = Ed25519::from_slice(bytes).map_err(|_| wrong())?;
        self.key.verify_strict(message.as_bytes(), &signature).map_err(|_| wrong())?;
        Ok(time)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.short_text(), typed_base64(self.algorithm, self.key.as_bytes()))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for VerifierKey {
    type Err = Error;

    /// Accepts exactly what `Display` writes; the id must be that of name and key.
    fn from_str(vkey: &str) -> Result<VerifierKey> {
        let wrong = || Error::invalid(format!("`{}` is not a verifier key, name+id+base64", text::shown(vkey)));
        let mut parts = vkey.splitn(3, '+');
        let (Some(name), Some(id), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(wrong());
        };
        let (algorithm, public) = typed_key(encoded).map_err(|e| e.at(format_args!("verifier key {name}")))?;
        let key = VerifierKey::new(name, algorithm, &public)?;
        if format!("{:08x}", key.id) != id {
            return Err(Error::invalid(format!(
                "verifier key {name} says its id is {}, name and key give {:08x}",
                text::shown(id),
                key.id
            )));
        }
        Ok(key)
    }
}

impl SignerKey {
    /// The key made of 32 random bytes, which the caller draws from the operating system.
    ///
    /// Errors: `Invalid` for a bad name.
    pub fn from_seed(name: &str, algorithm: Algorithm, seed: &[u8; 32]) -> Result<SignerKey> {
        check_name(name)?;
        Ok(SignerKey { name: name.to_owned(), algorithm, key: SigningKey::from_bytes(seed) })
    }

    /// Reads the text that [`SignerKey::to_secret_text`] writes. Messages never show the key.
    pub fn parse(secret: &str) -> Result<SignerKey> {
        let wrong = || Error::invalid("text is not a signer key, PRIVATE+KEY+name+id+base64");
        let rest = secret.strip_prefix(PRIVATE).ok_or_else(wrong)?;
        let mut parts = rest.splitn(3, '+');
        let (Some(name), Some(id), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(wrong());
        };
        let (algorithm, seed) = typed_key(encoded)?;
        let key = SignerKey::from_seed(name, algorithm, &seed)?;
        if format!("{:08x}", key.verifier().id) != id {
            return Err(Error::invalid(format!("signer key {name} has an id that is not that of name and key")));
        }
        Ok(key)
    }

    /// `PRIVATE+KEY+name+id+base64(type || seed)`: a secret, to be kept where only the owner reads.
    pub fn to_secret_text(&self) -> String {
        let id = self.verifier().id;
        format!("{PRIVATE}{}+{id:08x}+{}", self.name, typed_base64(self.algorithm, &self.key.to_bytes()))
    }

    /// Its name; for a log, the origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public half.
    pub fn verifier(&self) -> VerifierKey {
        let key = self.key.verifying_key();
        let id = key_id(&self.name, self.algorithm, &key);
        VerifierKey { name: self.name.clone(), id, algorithm: self.algorithm, key }
    }

    pub(super) fn sign(&self, text: &str) -> Result<Signature> {
        match self.algorithm {
            Algorithm::Ed25519 => Ok(self.signature(self.key.sign(text.as_bytes()).to_bytes().to_vec())),
            Algorithm::Cosignature => {
                Err(Error::invalid(format!("key {} makes cosignatures, which need a time", self.name)))
            }
        }
    }

    pub(super) fn cosign(&self, text: &str, time: u64) -> Result<Signature> {
        if self.algorithm != Algorithm::Cosignature {
            return Err(Error::invalid(format!("key {} does not make cosignatures", self.name)));
        }
        if time > TIME_MAX {
            return Err(Error::invalid(format!("time {time} is over the limit of {TIME_MAX}")));
        }
        let signature = self.key.sign(cosigned(text, time).as_bytes());
        let mut bytes = time.to_be_bytes().to_vec();
        bytes.extend_from_slice(&signature.to_bytes());
        Ok(self.signature(bytes))
    }

    fn signature(&self, bytes: Vec<u8>) -> Signature {
        Signature { name: self.name.clone(), key_id: self.verifier().id, bytes }
    }
}

impl fmt::Debug for SignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignerKey({}, secret)", self.verifier().short_text())
    }
}

/// What a cosigner signs: the time is inside.
fn cosigned(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

fn typed_base64(algorithm: Algorithm, key: &[u8; 32]) -> String {
    let mut bytes = vec![algorithm as u8];
    bytes.extend_from_slice(key);
    text::base64(&bytes)
}

fn typed_key(encoded: &str) -> Result<(Algorithm, [u8; 32])> {
    let bytes = text::from_base64(encoded).map_err(|_| Error::invalid("key is not canonical base64"))?;
    let (number, key) = bytes.split_first().ok_or_else(|| Error::invalid("key has no bytes"))?;
    let algorithm = Algorithm::from_number(*number)?;
    let key = <[u8; 32]>::try_from(key)
        .map_err(|_| Error::invalid(format!("key has {} bytes, an Ed25519 key has 32", key.len())))?;
    Ok((algorithm, key))
}
