//! From bytes to events: one module per platform.
//!
//! A delivery is split into records ([`split`]), known secrets are replaced ([`scrub`]), the ledger
//! seals what is left; later, and only then, [`normalise`] reads an event off each record. Everything
//! here is a pure function of its arguments: this crate knows no I/O, no Merkle tree, no Arrow, no
//! HTTP and no clock.
//!
//! Each platform is a folder with a [`Module`]: how to recognise its records, how to read them, and
//! which JSON pointers each column comes from. A platform needs facts only, no special case elsewhere.

pub mod json;
pub mod number;
pub mod scrub;
pub mod split;
pub mod time;

mod aws;
mod azure;
mod entra;
mod gcp;
mod github;
mod gitlab;
mod grant;
mod hoop;
mod inventory;
mod k8s;
mod ldap;
mod listing;
mod mcp;
mod nesting;
mod oauth;
mod ocsf;
mod okta;
mod otel;
mod postgres;
mod probe;
mod scim;
mod spiffe;
mod spire;
mod sql;
mod syslog;
mod teleport;
mod unwrap;
mod url;
mod vault;

pub use probe::Probe;

use model::{Event, Millis, Platform};

/// What a normaliser may know besides the record itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// The platform the source is set to; `None` recognises each record by content.
    pub platform: Option<Platform>,
    /// Authority for platforms whose records do not name their own: a cluster id, a Vault cluster,
    /// an Okta host. Without one the authority is `unknown`.
    pub authority: Option<&'a str>,
    /// When the record was received: the base for times without a date or a year.
    pub received_at: Millis,
}

/// Buffers that an event may borrow from when its record had to be unwrapped or repaired first.
#[derive(Debug, Default)]
pub struct Scratch {
    unwrapped: unwrap::Buffers,
    repaired: String,
}

/// Why a record is no event. Sealed like any other record, listed with this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {detail}")]
pub struct Reject {
    /// The reason, from a closed list.
    pub kind: RejectKind,
    /// What exactly, with the byte where it is known.
    pub detail: String,
}

/// The reasons for which a record is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RejectKind {
    /// Over the size limit; only its beginning was kept.
    TooLarge,
    /// Nothing but white space.
    Empty,
    /// Not UTF-8.
    NotUtf8,
    /// Not JSON, or JSON that ends too early.
    NotJson,
    /// Nested deeper than 128 levels.
    TooDeep,
    /// JSON, but of no platform with a module here.
    UnknownPlatform,
    /// Of a known platform, but without what makes it a record of it.
    Shape,
}

impl RejectKind {
    /// The one spelling of this reason.
    pub const fn as_str(self) -> &'static str {
        match self {
            RejectKind::TooLarge => "too large",
            RejectKind::Empty => "empty",
            RejectKind::NotUtf8 => "not UTF-8",
            RejectKind::NotJson => "not JSON",
            RejectKind::TooDeep => "too deep",
            RejectKind::UnknownPlatform => "unknown platform",
            RejectKind::Shape => "shape",
        }
    }
}

impl std::fmt::Display for RejectKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Reject {
    /// A reject with its reason and detail.
    pub fn new(kind: RejectKind, detail: impl Into<String>) -> Reject {
        Reject { kind, detail: detail.into() }
    }
}

/// One platform.
pub struct Module {
    /// Its name.
    pub platform: Platform,
    /// Raised with every change of what [`Module::normalise`] returns: part of the normaliser's hash.
    pub version: u32,
    /// Whether a record is of this platform. No other module says yes to a record as its platform
    /// writes it; one put together of two platforms goes to the first of [`MODULES`] that does.
    pub recognise: fn(&Probe<'_>) -> bool,
    /// Reads the event off one record of this platform: JSON text, an object, unwrapped; or a line of
    /// another form that it recognises.
    pub normalise: for<'a> fn(&'a str, &Context<'_>) -> Result<Event<'a>, Reject>,
    /// Column by column, where values come from.
    pub origins: &'static [Origin],
}

/// Which values of a record fill a column.
pub struct Origin {
    /// Column of the event.
    pub column: &'static str,
    /// JSON pointers into the unwrapped record, the preferred one first. `*` stands for each index.
    pub pointers: &'static [&'static str],
}

/// All modules, in the order in which they are asked.
pub static MODULES: &[&Module] = &[
    &aws::MODULE,
    &k8s::MODULE,
    &vault::MODULE,
    &gcp::MODULE,
    &okta::MODULE,
    &entra::MODULE,
    &azure::MODULE,
    &github::MODULE,
    &ocsf::MODULE,
    &teleport::MODULE,
    &spire::MODULE,
    &hoop::MODULE,
    &postgres::MODULE,
    &inventory::MODULE,
    &ldap::MODULE,
    &scim::MODULE,
    &otel::MODULE,
    &gitlab::MODULE,
    &mcp::MODULE,
    &grant::MODULE,
    &syslog::MODULE,
];

/// The module of a platform.
pub fn module(platform: Platform) -> Option<&'static Module> {
    MODULES.iter().copied().find(|module| module.platform == platform)
}

/// Reads the event off one record, or says why there is none. Exactly one of the two, always.
///
/// First the fast way: a typed parse that borrows. If that fails, the slow way: the record is
/// rewritten without duplicate keys (the last one counts) and parsed again. Only then a reject.
pub fn normalise<'a>(raw: &'a [u8], context: &Context<'_>, scratch: &'a mut Scratch) -> Result<Event<'a>, Reject> {
    let text = std::str::from_utf8(raw).map_err(|error| {
        Reject::new(RejectKind::NotUtf8, format!("invalid UTF-8 at byte {} of the record", error.valid_up_to()))
    })?;
    let Scratch { unwrapped, repaired } = scratch;
    let (text, module) = recognise(text, context, unwrapped)?;
    let first = match (module.normalise)(text, context) {
        Ok(event) => return Ok(event),
        Err(first) => first,
    };
    // What is wrong with a record that never was JSON is what its module says.
    let notes = match json::repair(text, repaired) {
        Err(_) if first.kind == RejectKind::Shape => return Err(first),
        repaired => repaired?,
    };
    if !notes.changed() {
        return Err(first);
    }
    let mut event = (module.normalise)(repaired, context)?;
    event.quality.duplicate_keys |= notes.duplicate_keys;
    Ok(event)
}

/// Takes the envelopes off a record, as [`normalise`] does before it reads it; a record without
/// one, or of no platform known here, comes back as it is. `None` if it is not UTF-8.
pub fn unwrapped<'a>(raw: &'a [u8], scratch: &'a mut Scratch) -> Option<&'a str> {
    let text = std::str::from_utf8(raw).ok()?;
    Some(unwrap::find(text, by_content, &mut scratch.unwrapped).map_or(text, |(inside, _)| inside))
}

fn by_content(text: &str) -> Option<&'static Module> {
    let probe = Probe::new(text);
    MODULES.iter().copied().find(|module| (module.recognise)(&probe))
}

/// The record inside its envelopes, and the module that reads it. A source that is set to a
/// platform has its records read by that module, recognised or not.
fn recognise<'a>(
    text: &'a str,
    context: &Context<'_>,
    buffers: &'a mut unwrap::Buffers,
) -> Result<(&'a str, &'static Module), Reject> {
    let found = match context.platform.and_then(module) {
        Some(set) => {
            let by_module = |text: &str| (set.recognise)(&Probe::new(text)).then_some(set);
            Some(unwrap::find(text, by_module, buffers).unwrap_or((text, set)))
        }
        None => unwrap::find(text, by_content, buffers),
    };
    found.ok_or_else(|| match json::check(text) {
        Err(reject) => reject,
        Ok(()) => Reject::new(RejectKind::UnknownPlatform, "no module recognises this JSON object"),
    })
}

/// Names what turns records into events here: 16 hex digits over all module versions. Rows made by
/// two equal normalisers are equal.
pub fn normaliser() -> String {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    for module in MODULES {
        hash.update(format!("{} {}\n", module.platform, module.version));
    }
    let mut hex = model::hex(&hash.finalize());
    hex.truncate(16);
    hex
}
