//! The values of Deedbook and their bytes.
//!
//! Everything the other crates pass to each other is defined here: the record and the leaf that
//! commits to it, the bodies of our own leaves, the event that a source module reads off a record,
//! and the canonical URIs that name principals, credentials, sessions, grants and resources.
//!
//! This crate knows no I/O, no configuration, no clock, no HTTP and no Arrow: each function is a
//! pure function of its arguments, and each encoding is written down in `docs/format/`.

mod body;
mod commitment;
mod event;
mod header;
mod intern;
mod inventory;
mod leaf;
mod names;
mod position;
mod time;
pub mod uri;

pub use body::{
    Actor, Audit, Beat, Caller, CanonicalJson, ClockNote, DamageNote, DeliveryBody, Directive, Gap, Heartbeat,
    LakeFile, Manifest, RecoveryNote, SourceGap, VerificationNote, ViewManifest, canonical_json,
};
pub use commitment::{Commitment, Prepared, SALT_BYTES, Salt, commitment};
pub use event::{
    Agent, Alias, Api, Authn, Change, Credential, CredentialChange, Decision, Device, Endpoint, Event, Fingerprint,
    GrantFact, Principal, Purpose, Quality, Related, Resource, SecretAccess, Step, Text, Tool, Workload,
};
pub use header::{FLAG_TRUNCATED, Header, HeaderError, Replacement};
pub use intern::{INTERNED_BYTES_MAX, intern};
pub use inventory::{Entitlement, HeldCredential, Inventory};
pub use leaf::{EventId, EventIdError, Kind, LEAF_BYTES, LEAF_VERSION, Leaf, LeafError, LeafIndex, TreeSize};
pub use names::{
    Access, ActorKind, AliasRel, CredentialChangeKind, Effect, EntitlementKind, GrantPhase, Human, InventoryState,
    MAPPED_NAME_BYTES_MAX, MAPPED_NAMES_MAX, MappedName, Mode, Party, Platform, ResourceRole, Status, StepKind,
    TimePrecision,
};
pub use position::Position;
pub use time::{Millis, rfc3339_from_millis, rfc3339_from_nanos};

/// The 8 hex digits that name a log on disk and in event ids: the first 4 bytes of
/// SHA-256(origin).
pub fn log_short(origin: &str) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(origin.as_bytes());
    digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// Lowercase hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            text.push(DIGITS.get(usize::from(nibble)).map_or('0', |digit| char::from(*digit)));
        }
    }
    text
}

/// The bytes of hexadecimal digits of either case; none, if they are not exactly so many.
pub fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let nibble = |digit: u8| char::from(digit).to_digit(16).and_then(|nibble| u8::try_from(nibble).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests;
