//! The handshake of senders that share a key with us (*Forward Protocol Specification v1*, 2.5: HELO, PING, PONG).
//!
//! Each side proves the key with a digest over a number that the other chose; it never travels. A sender that fails is
//! told so, and the connection ends.

use sha2::{Digest as _, Sha512};

use super::wire::{Reader, Value};
use crate::signature::is_same;

/// Bytes of the number that a sender has to prove the key over.
pub(super) const NONCE_BYTES: usize = 16;

/// How we call ourselves.
const HOSTNAME: &str = "deedbook";

/// What we say first.
pub(super) fn helo(nonce: &[u8; NONCE_BYTES]) -> Vec<u8> {
    let mut out = vec![0x92];
    text(&mut out, b"HELO");
    out.push(0x83);
    text(&mut out, b"nonce");
    out.extend_from_slice(&[0xc4, NONCE_BYTES as u8]);
    out.extend_from_slice(nonce);
    // Names and passwords of users are not asked for.
    text(&mut out, b"auth");
    text(&mut out, b"");
    text(&mut out, b"keepalive");
    out.push(0xc3);
    out
}

/// What we answer to a PING, and whether the sender has the key.
pub(super) fn pong(ping: &[u8], nonce: &[u8; NONCE_BYTES], key: &str) -> (Vec<u8>, bool) {
    let proof = Ping::read(ping);
    let right = proof.as_ref().is_some_and(|ping| {
        let wanted = digest(&[ping.salt, ping.hostname, nonce, key.as_bytes()]);
        is_same(ping.digest, wanted.as_bytes())
    });
    let mut out = vec![0x95];
    text(&mut out, b"PONG");
    out.push(if right { 0xc3 } else { 0xc2 });
    text(&mut out, if right { b"" } else { b"shared_key mismatch" });
    text(&mut out, HOSTNAME.as_bytes());
    // Our own proof is for those alone who gave theirs.
    let ours = proof.filter(|_| right).map(|ping| digest(&[ping.salt, HOSTNAME.as_bytes(), nonce, key.as_bytes()]));
    text(&mut out, ours.unwrap_or_default().as_bytes());
    (out, right)
}

struct Ping<'a> {
    hostname: &'a [u8],
    salt: &'a [u8],
    digest: &'a [u8],
}

impl<'a> Ping<'a> {
    /// `["PING", hostname, salt, digest, user, password digest]`.
    fn read(bytes: &'a [u8]) -> Option<Ping<'a>> {
        let mut reader = Reader::new(bytes);
        let Value::List(6) = reader.next().ok()? else { return None };
        let mut part = || reader.next().ok()?.bytes();
        (part()? == b"PING").then_some(())?;
        Some(Ping { hostname: part()?, salt: part()?, digest: part()? })
    }
}

fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha512::new();
    parts.iter().for_each(|part| hash.update(part));
    model::hex(&hash.finalize())
}

/// A text of MessagePack.
pub(super) fn text(out: &mut Vec<u8>, bytes: &[u8]) {
    match u8::try_from(bytes.len()) {
        Ok(length @ 0..32) => out.push(0xa0 | length),
        Ok(length) => out.extend_from_slice(&[0xd9, length]),
        Err(_) => {
            out.push(0xdb);
            out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        }
    }
    out.extend_from_slice(bytes);
}
