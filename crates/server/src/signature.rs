//! Signatures of webhooks, those that come and our own, and secrets compared in constant time.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

fn mac(key: &[u8], parts: &[&[u8]]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    parts.iter().for_each(|part| mac.update(part));
    Some(mac)
}

/// Whether `tag` is the HMAC-SHA-256 of the parts, in constant time.
pub(crate) fn is_right(key: &[u8], parts: &[&[u8]], tag: &[u8]) -> bool {
    mac(key, parts).is_some_and(|mac| mac.verify_slice(tag).is_ok())
}

/// Whether two secrets are one: the time it takes tells nothing of where they differ.
pub(crate) fn is_same(one: &[u8], two: &[u8]) -> bool {
    mac(two, &[two]).is_some_and(|mac| is_right(two, &[one], &mac.finalize().into_bytes()))
}

/// The key in a secret of Standard Webhooks (`whsec_` and base64).
pub(crate) fn standard_key(secret: &str) -> Option<Vec<u8>> {
    STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).ok()
}

/// Standard Webhooks, *Signing*: HMAC-SHA-256 over `id.timestamp.body`; `webhook-signature` is a list of `v1,` and base64.
pub(crate) struct Standard<'a> {
    pub(crate) id: &'a str,
    /// Seconds since 1970, as they are written.
    pub(crate) timestamp: &'a str,
    pub(crate) body: &'a [u8],
}

impl Standard<'_> {
    fn parts(&self) -> [&[u8]; 5] {
        [self.id.as_bytes(), b".", self.timestamp.as_bytes(), b".", self.body]
    }

    /// The value of the header; none for a secret that is no key.
    pub(crate) fn signed(&self, secret: &str) -> Option<String> {
        let mac = mac(&standard_key(secret)?, &self.parts())?;
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    }

    /// Whether one of the signatures in the header is right.
    pub(crate) fn is_signed(&self, key: &[u8], signatures: &str) -> bool {
        let mut tags = signatures.split(' ').filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
        tags.any(|tag| is_right(key, &self.parts(), &tag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_the_same_byte_for_byte() {
        assert!(is_same(b"", b"") && is_same(b"secret", b"secret"));
        for other in [&b"secreT"[..], b"secre", b"secret\0", b""] {
            assert!(!is_same(other, b"secret") && !is_same(b"secret", other), "{other:?}");
        }
    }

    /// The example of the Standard Webhooks specification, *Signature scheme*.
    #[test]
    fn a_delivery_is_signed_as_the_specification_signs_it() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let body = br#"{"test": 2432232314}"#;
        let delivery = Standard { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: "1614265330", body };
        let signature = delivery.signed(secret).unwrap();
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let key = standard_key(secret).unwrap();
        assert!(delivery.is_signed(&key, &format!("v1,AAAA v1a,x {signature}")));
        assert!(!Standard { timestamp: "1614265331", ..delivery }.is_signed(&key, &signature));
    }
}
