//! Canonical URIs: `nhi:<class>:<platform>:<authority>:<type>/<id>[/<sub>...]` (`identity.md` 3.2).
//!
//! An id that the platform never reuses stands bare; a name, which can be given to another, begins
//! with `~`; a claim that nobody checked begins with `?`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The scheme: a private name, kept in one place. Not part of what is hashed for [`stable_id`].
pub const SCHEME: &str = "nhi";

/// Longest URI in bytes; the ids of a longer one are replaced by their digest.
pub const URI_BYTES_MAX: usize = 2_048;

/// UUIDv5 namespace of [`stable_id`]: derived from `https://schema.invalid/nhi/identity/v1`.
pub const NAMESPACE: uuid::Uuid = uuid::uuid!("21f0011e-c577-5416-9425-88e5b22d8dff");

/// Everything outside RFC 3986 *unreserved* is escaped.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a URI names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// An identity that can act.
    Principal,
    /// What it acts with.
    Cred,
    /// A run of use.
    Session,
    /// A time-bound permission.
    Grant,
    /// What is acted on.
    Resource,
}

impl Class {
    /// The class part of a URI.
    pub const fn as_str(self) -> &'static str {
        match self {
            Class::Principal => "principal",
            Class::Cred => "cred",
            Class::Session => "session",
            Class::Grant => "grant",
            Class::Resource => "resource",
        }
    }
}

/// Builds one canonical URI, part by part.
#[derive(Clone, Debug)]
pub struct Builder {
    text: String,
    ids_at: usize,
}

/// Starts a URI. An empty authority becomes `unknown`, which is never merged with another.
///
/// `platform` and `kind` are lowercase constants of the module; `authority` is escaped like an id.
pub fn build(class: Class, platform: &str, authority: &str, kind: &str) -> Builder {
    let mut text = String::with_capacity(96);
    text.push_str(SCHEME);
    text.push(':');
    text.push_str(class.as_str());
    text.push(':');
    text.push_str(platform);
    text.push(':');
    escape(&mut text, if authority.is_empty() { "unknown" } else { authority });
    text.push(':');
    text.push_str(kind);
    let ids_at = text.len();
    Builder { text, ids_at }
}

impl Builder {
    /// Adds an id that the platform never gives to another.
    #[must_use]
    pub fn id(mut self, id: &str) -> Builder {
        self.text.push('/');
        // A native id that begins with `~` must not read as a name.
        let rest = match id.strip_prefix('~') {
            Some(rest) => {
                self.text.push_str("%7E");
                rest
            }
            None => id,
        };
        escape(&mut self.text, rest);
        self
    }

    /// Adds a name: mutable, may be given to another later.
    #[must_use]
    pub fn name(mut self, name: &str) -> Builder {
        self.text.push_str("/~");
        escape(&mut self.text, name);
        self
    }

    /// Adds a claim: whoever made the record did not check it.
    #[must_use]
    pub fn claim(mut self, claim: &str) -> Builder {
        self.text.push_str("/?");
        escape(&mut self.text, claim);
        self
    }

    /// Adds the segments of a path, each escaped; the slashes between them stay.
    #[must_use]
    pub fn path(mut self, path: &str) -> Builder {
        for segment in path.split('/') {
            self.text.push('/');
            escape(&mut self.text, segment);
        }
        self
    }

    /// The URI.
    pub fn finish(mut self) -> String {
        if self.text.len() > URI_BYTES_MAX {
            let digest = Sha256::digest(self.text.as_bytes());
            // A claim stays one, however long it is.
            let is_claim = self.text.get(self.ids_at..).is_some_and(|ids| ids.contains("/?"));
            self.text.truncate(self.ids_at);
            self.text.push_str(if is_claim { "/?sha256%3A" } else { "/~sha256%3A" });
            self.text.push_str(&crate::hex(&digest));
        }
        self.text
    }
}

/// A principal with an immutable id.
pub fn principal(platform: &str, authority: &str, kind: &str, id: &str) -> String {
    build(Class::Principal, platform, authority, kind).id(id).finish()
}

/// A principal known by a mutable name only.
pub fn principal_named(platform: &str, authority: &str, kind: &str, name: &str) -> String {
    build(Class::Principal, platform, authority, kind).name(name).finish()
}

/// A principal that is only claimed: an attempted, unproved identity.
pub fn principal_claimed(platform: &str, authority: &str, kind: &str, claim: &str) -> String {
    build(Class::Principal, platform, authority, kind).claim(claim).finish()
}

/// A credential.
pub fn cred(platform: &str, authority: &str, kind: &str, id: &str) -> String {
    build(Class::Cred, platform, authority, kind).id(id).finish()
}

/// A session.
pub fn session(platform: &str, authority: &str, kind: &str, id: &str) -> String {
    build(Class::Session, platform, authority, kind).id(id).finish()
}

/// A grant.
pub fn grant(platform: &str, authority: &str, kind: &str, id: &str) -> String {
    build(Class::Grant, platform, authority, kind).id(id).finish()
}

/// A resource, named as the platform names it.
pub fn resource(platform: &str, authority: &str, kind: &str, name: &str) -> String {
    build(Class::Resource, platform, authority, kind).name(name).finish()
}

/// The text behind the escapes of a part of a URI. An escape that is none stays as it is.
pub fn decoded(part: &str) -> String {
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}

/// UUIDv5 over the URI without its scheme: a join key that survives a new scheme name. Not evidence;
/// evidence uses SHA-256 of the URI.
pub fn stable_id(uri: &str) -> uuid::Uuid {
    let tail = uri.split_once(':').map_or(uri, |(_, tail)| tail);
    uuid::Uuid::new_v5(&NAMESPACE, tail.as_bytes())
}

/// OCSF `metadata.uid` of an event: UUIDv5 of `event:<log>-<index>` (`schema.md` 2.1).
pub fn event_uid(id: &crate::EventId) -> uuid::Uuid {
    uuid::Uuid::new_v5(&NAMESPACE, format!("event:{id}").as_bytes())
}

fn escape(out: &mut String, text: &str) {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        out.extend(utf8_percent_encode(text, ESCAPED));
    } else {
        let composed: String = text.nfc().collect();
        out.extend(utf8_percent_encode(&composed, ESCAPED));
    }
}
